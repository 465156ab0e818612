"""One service: its deployments, events and service deployments. How a rollout goes on is rolling.py's or
shifting.py's business."""

import copy

import rolling
import shifting
from deployments import Deployment, Record, Revision
from plan import GOOD, Plan
from tasks import new_id

EVENTS_MAX = 100
SNAPSHOTS_MAX = 40


class Service:
    def __init__(self, world, cluster_arn, request):
        """`request` is that of CreateService, with more members that set the scene:
        classicElb    ECS gives no rolloutState
        atRest        tasks run already (true), with the fate `restingFate`
        drainSeconds  deregistration delay of the target group (0)"""
        self.world = world
        self.name = request["serviceName"]
        self.cluster_arn = cluster_arn
        self.arn = cluster_arn.replace(":cluster/", ":service/") + "/" + self.name
        self.status = "ACTIVE"
        self.request = request
        self.launch_type = request.get("launchType", "EC2")
        self.scheduling = request.get("schedulingStrategy", "REPLICA")
        self.controller = request.get("deploymentController", {}).get("type", "ECS")
        self.configuration = {"maximumPercent": 200, "minimumHealthyPercent": 100}
        if self.scheduling == "DAEMON":
            self.configuration = {"maximumPercent": 100, "minimumHealthyPercent": 0}
        self.configuration.update(request.get("deploymentConfiguration", {}))
        self.load_balancers = request.get("loadBalancers", [])
        self.classic_elb = request.get("classicElb", False)
        self.drain_s = request.get("drainSeconds", 0)
        self.desired = world.instances if self.scheduling == "DAEMON" else request.get("desiredCount", 1)
        self.created = world.clock.now
        self.events, self.deployments, self.records, self.revisions = [], [], [], []
        self.history = []  # deployments, also those that have gone; the newest stands first
        self.snapshots = []
        self.engine = None
        self.task_sets = None  # a deployment by CodeDeploy that goes on
        self._begin(world.definition(request["taskDefinition"]), request.get("atRest", True))

    @property
    def breaker(self):
        return self.configuration.get("deploymentCircuitBreaker") or {}

    @property
    def primary(self):
        return next(d for d in self.deployments if d.status == "PRIMARY")

    @property
    def task_definition(self):
        return self.primary.definition["taskDefinitionArn"]

    @property
    def has_health_signal(self):
        return bool(self.load_balancers)

    def previous_of(self, deployment):
        """The deployment that was there before, if it still is."""
        older = [d for d in self.history if d is not deployment and d.created <= deployment.created]
        return older[0] if older else None

    # Deployments begin.

    def _begin(self, definition, at_rest):
        deployment = self.deploy(definition)
        if not at_rest:
            return
        for _ in range(self.desired):
            task = self.start_task(deployment, Plan(self.request.get("restingFate", GOOD)).next())
            task.created = task.started = self.created - 3600
        deployment.created -= 3600
        deployment.set_state("COMPLETED")
        deployment.record.set("SUCCESSFUL")
        self.engine = None
        self.event("has reached a steady state.")

    def deploy(self, definition):
        """A new deployment takes over from those that are there."""
        for other in self.deployments:
            other.status = "ACTIVE"
        for record in self.records:
            if not record.over:
                record.set("STOPPED", "Service deployment stopped because a new service deployment was started.")
        source = self.revisions[-1] if self.revisions else None
        revision = Revision(self, definition)
        self.revisions.append(revision)
        deployment = Deployment(self, definition, self.desired)
        deployment.record = Record(self, deployment, source, revision)
        self.deployments.insert(0, deployment)
        self.history.insert(0, deployment)
        self.records.insert(0, deployment.record)
        shifts = self.configuration.get("strategy", "ROLLING") != "ROLLING" and source
        self.engine = (shifting if shifts else rolling).Engine(self, deployment)
        return deployment

    def completed_target(self, failed):
        """What a rollback goes to: the newest deployment that was completed, or None."""
        done = [d for d in self.history if d is not failed and d.rollout_state == "COMPLETED"]
        return done[0] if done else None

    def return_to(self, target, reason):
        """The deployment becomes PRIMARY again. Some rollbacks make a deployment of their own instead."""
        if self.world.rollback_makes_new:
            old = target
            target = Deployment(self, old.definition, self.desired)
            target.record = old.record
            self.history.insert(0, target)
        for other in self.deployments:
            other.status = "ACTIVE"
        target.status = "PRIMARY"
        target.desired = self.desired
        target.set_state("IN_PROGRESS", reason)
        self.deployments = [target] + [d for d in self.deployments if d is not target]
        return target

    def start_task(self, deployment, fate=None):
        group = f"service:{self.name}"
        task = self.world.new_task(self.cluster_arn, deployment.definition, deployment.id, group, fate)
        task.launch_type = self.launch_type
        task.signal = task.signal or self.has_health_signal
        deployment.tasks.append(task)
        return task

    def stop_task(self, task):
        drain_s = self.drain_s if task.started is not None else 0
        task.stop("ServiceSchedulerInitiated", f"Scaling activity initiated by (deployment {task.started_by})", drain_s)

    # Time goes by.

    def tick(self):
        for deployment in self.deployments:
            for task in deployment.tasks:
                if task.tick() and self.engine:
                    self.engine.task_failed(deployment, task)
        if self.engine:
            self.engine.tick()
        if self.task_sets:
            self.task_sets.tick()
        self.deployments = [d for d in self.deployments if d.status == "PRIMARY" or not d.gone() or d.live()]
        if self.status == "DRAINING" and all(d.gone() for d in self.deployments):
            self.status = "INACTIVE"
        self._remember()

    def resize(self):
        """Another number of tasks for the deployment that is there."""
        if self.engine is None or self.engine.done:
            self.engine = rolling.Engine(self, self.primary)
            self.engine.done = True

    def stop_deployment(self, record, how):
        """StopServiceDeployment: ROLLBACK goes back to the last completed deployment, ABORT leaves things as they are."""
        target = self.completed_target(record.deployment)
        if how == "ABORT" or target is None:
            record.set("STOPPED", "Service deployment stopped by user.")
            self.engine.failed = True
            return
        self.engine.request_rollback("Service deployment rolled back by user.")

    def alarm(self, name):
        """A CloudWatch alarm goes off while it is watched."""
        alarms = self.configuration.get("alarms") or {}
        if alarms.get("enable") and name in alarms["alarmNames"] and self.engine and not self.engine.done:
            self.primary.record.triggered_alarms.append(name)
            self.engine.fail("alarm detected.", "ECS deployment alarm detected.", alarms["rollback"], "alarm")

    def delete(self):
        self.status = "DRAINING"
        self.engine = None
        for deployment in self.deployments:
            deployment.desired = 0
            for task in deployment.tasks:
                self.stop_task(task)

    def event(self, text, more=""):
        message = f"(service {self.name}{more}) {text}"
        entry = {"id": new_id(self.world), "createdAt": self.world.clock.now, "message": message}
        self.events.insert(0, entry)
        del self.events[EVENTS_MAX:]

    # What the API shows.

    def _remember(self):
        """Keeps what is shown, for answers that lag behind."""
        if not self.world.lag_s:
            return
        shown = self.describe()
        if not self.snapshots or self.snapshots[-1][1] != shown:
            self.snapshots.append((self.world.clock.now, copy.deepcopy(shown)))
            del self.snapshots[:-SNAPSHOTS_MAX]

    def describe_lagging(self):
        """DescribeServices is eventually consistent: an answer may be some seconds old."""
        lag_s = self.world.chance.uniform(0, self.world.lag_s) if self.world.lag_s else 0
        seen = [shown for when, shown in self.snapshots if when <= self.world.clock.now - lag_s]
        return seen[-1] if lag_s and seen else self.describe()

    def describe(self):
        shown = {
            "serviceArn": self.arn,
            "serviceName": self.name,
            "clusterArn": self.cluster_arn,
            "loadBalancers": self.load_balancers,
            "serviceRegistries": [],
            "status": self.status,
            "desiredCount": self.desired,
            "runningCount": sum(d.running() for d in self.deployments),
            "pendingCount": sum(d.pending() for d in self.deployments),
            "launchType": self.launch_type,
            "taskDefinition": self.task_definition,
            "deploymentConfiguration": self.configuration,
            "deployments": [],
            "events": list(self.events),
            "createdAt": self.created,
            "schedulingStrategy": self.scheduling,
            "deploymentController": {"type": self.controller},
            "propagateTags": "NONE",
            "enableECSManagedTags": False,
            "enableExecuteCommand": False,
        }
        for name in ("networkConfiguration", "healthCheckGracePeriodSeconds", "roleArn", "capacityProviderStrategy"):
            if name in self.request:
                shown[name] = self.request[name]
        if self.controller == "ECS":
            shown["deployments"] = [d.describe() for d in self.deployments]
            shown["currentServiceDeployment"] = self.primary.record.arn
            shown["currentServiceRevisions"] = [self._shown_revision(d) for d in self.deployments]
        else:
            shown["taskSets"] = [self._task_set(d) for d in self.deployments]
        return shown

    @staticmethod
    def _shown_revision(deployment):
        return {
            "arn": deployment.record.target.arn,
            "requestedTaskCount": deployment.desired,
            "runningTaskCount": deployment.running(),
            "pendingTaskCount": deployment.pending(),
        }

    def _task_set(self, deployment):
        steady = deployment.healthy() >= deployment.desired
        maker = {"externalId": deployment.external_id, "startedBy": "CODE_DEPLOY"} if deployment.external_id else {}
        return {
            **maker,
            "id": deployment.id,
            "taskSetArn": self.arn.replace(":service/", ":task-set/") + "/" + deployment.id,
            "serviceArn": self.arn,
            "clusterArn": self.cluster_arn,
            "status": deployment.status,
            "taskDefinition": deployment.definition["taskDefinitionArn"],
            "computedDesiredCount": deployment.desired,
            "pendingCount": deployment.pending(),
            "runningCount": deployment.running(),
            "createdAt": deployment.created,
            "updatedAt": deployment.updated,
            "launchType": self.launch_type,
            "stabilityStatus": "STEADY_STATE" if steady else "STABILIZING",
        }
