"""A deployment as DescribeServices shows it, and its service deployment and service revision."""

import breaker

STATES_OVER = ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")


class Deployment:
    def __init__(self, service, definition, desired):
        world = service.world
        world.deployments += 1
        self.service = service
        self.id = f"ecs-svc/{1000000000000000000 + world.deployments}"
        self.status = "PRIMARY"
        self.definition = definition
        self.desired = desired
        self.tasks = []
        self.failed = 0
        self.created = self.updated = world.clock.now
        self.rollout_state = None
        self.reason = None
        self.record = None  # its service deployment
        self.external_id = None  # the deployment of CodeDeploy that made it a task set
        self.set_state("IN_PROGRESS")

    def set_state(self, state, reason=None):
        texts = {
            "IN_PROGRESS": f"ECS deployment {self.id} in progress.",
            "COMPLETED": f"ECS deployment {self.id} completed.",
        }
        self.rollout_state = state
        self.reason = reason or texts.get(state, "")
        self.updated = self.service.world.clock.now

    # Its tasks, by what they do.

    def live(self):
        return [task for task in self.tasks if task.live]

    def running(self):
        return sum(task.present for task in self.tasks)

    def pending(self):
        return sum(task.pending for task in self.tasks)

    def healthy(self):
        return sum(task.healthy for task in self.tasks)

    def gone(self):
        return all(task.stopped is not None for task in self.tasks)

    def describe(self):
        shown = {
            "id": self.id,
            "status": self.status,
            "taskDefinition": self.definition["taskDefinitionArn"],
            "desiredCount": self.desired,
            "pendingCount": self.pending(),
            "runningCount": self.running(),
            "failedTasks": self.failed,
            "createdAt": self.created,
            "updatedAt": self.updated,
            "launchType": self.service.launch_type,
        }
        if not self.service.classic_elb:
            shown["rolloutState"], shown["rolloutStateReason"] = self.rollout_state, self.reason
        return shown


class Revision:
    """What DescribeServiceRevisions shows."""

    def __init__(self, service, definition):
        world = service.world
        world.ids += 1
        self.service = service
        self.definition = definition
        self.created = world.clock.now
        self.arn = service.arn.replace(":service/", ":service-revision/") + f"/{world.ids:019d}"

    def describe(self):
        return {
            "serviceRevisionArn": self.arn,
            "serviceArn": self.service.arn,
            "clusterArn": self.service.cluster_arn,
            "taskDefinition": self.definition["taskDefinitionArn"],
            "launchType": self.service.launch_type,
            "containerImages": [
                {"containerName": c["name"], "image": c["image"]} for c in self.definition["containerDefinitions"]
            ],
            "createdAt": self.created,
        }


class Record:
    """A service deployment."""

    def __init__(self, service, deployment, source, target):
        world = service.world
        self.service, self.deployment = service, deployment
        self.source, self.target = source, target  # revisions; the source may be None
        self.arn = service.arn.replace(":service/", ":service-deployment/") + "/" + deployment.id.split("/")[1]
        self.status, self.status_reason = "IN_PROGRESS", None
        self.created = self.started = self.updated = world.clock.now
        self.finished = self.stopped = None
        self.stage = None
        self.hooks = []
        self.weights = [0.0, 0.0]  # test and production traffic on the target
        self.rollback = None
        self.configuration = dict(service.configuration)
        self.threshold = breaker.threshold(service.breaker, deployment.desired)
        self.triggered_alarms = []
        self.breaker_triggered = False

    @property
    def over(self):
        return self.status in STATES_OVER

    def set(self, status, reason=None):
        now = self.service.world.clock.now
        self.status, self.status_reason, self.updated = status, reason, now
        if self.over:
            self.finished = now
        if status == "STOPPED":
            self.stopped = now
        if status in ("ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS") and self.rollback is None and self.source:
            self.rollback = {"reason": reason or "", "startedAt": now, "serviceRevisionArn": self.source.arn}

    def describe(self):
        shown = {
            **self.listed(),
            "updatedAt": self.updated,
            "targetServiceRevision": self._revision(self.target, self.deployment, self.weights),
            "sourceServiceRevisions": [],
            "deploymentConfiguration": self.configuration,
            "deploymentCircuitBreaker": self._breaker(),
        }
        del shown["targetServiceRevisionArn"]
        if self.source:
            others = [1 - weight for weight in self.weights] if self.stage else self.weights
            before = self.service.previous_of(self.deployment)
            shown["sourceServiceRevisions"] = [self._revision(self.source, before, others)]
        if self.stage:
            shown["lifecycleStage"] = self.stage
        if self.hooks:
            shown["lifecycleHookDetails"] = [hook.describe() for hook in self.hooks]
        if self.rollback:
            shown["rollback"] = self.rollback
        if self.stopped is not None:
            shown["stoppedAt"] = self.stopped
        alarms = self.configuration.get("alarms")
        if alarms and alarms["enable"]:
            shown["alarms"] = {"status": "TRIGGERED" if self.triggered_alarms else "MONITORING",
                               "alarmNames": alarms["alarmNames"],
                               "triggeredAlarmNames": self.triggered_alarms}  # fmt: skip
        return shown

    def listed(self):
        """As ListServiceDeployments shows it."""
        shown = {
            "serviceDeploymentArn": self.arn,
            "serviceArn": self.service.arn,
            "clusterArn": self.service.cluster_arn,
            "createdAt": self.created,
            "startedAt": self.started,
            "targetServiceRevisionArn": self.target.arn,
            "status": self.status,
        }
        if self.status_reason:
            shown["statusReason"] = self.status_reason
        if self.finished is not None:
            shown["finishedAt"] = self.finished
        return shown

    def _breaker(self):
        if not self.service.breaker.get("enable"):
            return {"status": "DISABLED", "failureCount": 0, "threshold": self.threshold}
        status = "TRIGGERED" if self.breaker_triggered else "MONITORING_COMPLETE" if self.over else "MONITORING"
        return {"status": status, "failureCount": self.deployment.failed, "threshold": self.threshold}

    @staticmethod
    def _revision(revision, deployment, weights):
        tasks = deployment.tasks if deployment else []
        return {
            "arn": revision.arn,
            "requestedTaskCount": deployment.desired if deployment else 0,
            "runningTaskCount": sum(task.present for task in tasks),
            "pendingTaskCount": sum(task.pending for task in tasks),
            "requestedTestTrafficWeight": weights[0] * 100.0,
            "requestedProductionTrafficWeight": weights[1] * 100.0,
        }
