"""CodeDeploy for ECS: the actions that deployments need, and blue/green deployments by task sets.

The scenario's "codedeploy" member, or each of a list of them, is a deployment group:

    application, group, service   names ("app", "group", "web")
    before        what the service runs was deployed by the group (false)
    history       [[revision, status]] of deployments before that, oldest first
    waitSeconds   the traffic waits so long in status Ready (0: it does not)
    approval      ... for somebody, and the deployment stops when nobody comes (false)
    terminateSeconds  the old tasks are kept so long before the deployment succeeds (0)
    autoRollback  the group rolls back by itself on failure (false)
    fails         {"s": seconds, "code", "message"}: the deployment ends so
    rollbackFails the deployment that rolls back fails as well (false)
"""

import hashlib
import json

from deployments import Deployment
from world import Refusal

CREATED_S, QUEUED_S, ROLLBACK_S = 2, 4, 15
HISTORY_STEP_S = 3600
CONFIGURATIONS = (
    "CodeDeployDefault.ECSAllAtOnce", "CodeDeployDefault.ECSLinear10PercentEvery1Minutes",
    "CodeDeployDefault.ECSCanary10Percent5Minutes",
)  # fmt: skip


class BlueGreen:
    """One deployment; it is its service's `task_sets` as long as it goes on."""

    def __init__(self, group, deployment_id, definition, configuration, creator="user", triggered_by=None):
        world = group.world
        self.group, self.world = group, world
        self.id = deployment_id
        self.auto_rollback = group.settings.get("autoRollback", False)
        self.definition, self.configuration, self.creator = definition, configuration, creator
        self.triggered_by = triggered_by
        self.status = "Created"
        self.created = world.clock.now
        self.ready_since = self.shifted_since = self.completed = None
        self.approved = self.terminated = False  # somebody said so
        self.error = self.rollback = None
        self.green = None

    @property
    def over(self):
        return self.status in ("Succeeded", "Failed", "Stopped")

    @property
    def appspec(self):
        properties = {"TaskDefinition": self.definition["taskDefinitionArn"]}
        return json.dumps({"version": 0.0, "Resources": [{"TargetService": {"Properties": properties}}]})

    @property
    def digest(self):
        return hashlib.sha256(self.appspec.encode()).hexdigest()

    def tick(self):
        age = self.world.clock.now - self.created
        fails = self.group.settings.get("fails")
        if self.over:
            return
        if self.creator == "codeDeployRollback":
            self._roll_back(age)
        elif fails and age >= fails["s"]:
            self.fail(fails["code"], fails["message"])
        elif age < QUEUED_S:
            self.status = "Created" if age < CREATED_S else "Queued"
        else:
            self._provision()

    def _provision(self):
        service, now = self.group.service, self.world.clock.now
        if self.green is None:
            self.status = "InProgress"
            self.green = Deployment(service, self.definition, service.desired)
            self.green.external_id = self.id
            self.green.status = "ACTIVE"
            service.deployments.append(self.green)
        missing = self.green.desired - len(self.green.live())
        tasks = [service.start_task(self.green) for _ in range(missing)]
        if tasks:
            named = " ".join(f"(task {task.id})" for task in tasks)
            service.event(f"has started {missing} tasks: {named}.", f", taskSet {self.green.id}")
        if self.green.healthy() < self.green.desired:
            return
        if self.ready_since is None:
            self.ready_since = now
        wait_s = 0 if self.approved else self.group.settings.get("waitSeconds", 0)
        if self.shifted_since is None and now - self.ready_since < wait_s:
            self.status = "Ready"
            return
        if self.shifted_since is None and wait_s and self.group.settings.get("approval"):
            self.fail("TIMEOUT", "The deployment timed out while waiting for traffic to be rerouted.", "Stopped")
            return
        self.status = "InProgress"
        self._shift(now)

    def _shift(self, now):
        service = self.group.service
        if self.shifted_since is None:
            self.shifted_since = now
            for other in service.deployments:
                other.status = "ACTIVE"
            self.green.status = "PRIMARY"
            service.deployments.sort(key=lambda d: d.status != "PRIMARY")
        if not self.terminated and now - self.shifted_since < self.group.settings.get("terminateSeconds", 0):
            return
        for deployment in service.deployments:
            for task in deployment.live() if deployment is not self.green else []:
                service.stop_task(task)
        self._end("Succeeded")

    def _roll_back(self, age):
        self.status = "InProgress"
        if age >= ROLLBACK_S:
            if self.group.settings.get("rollbackFails"):
                self.error = {"code": "ECS_UPDATE_ERROR", "message": "The rollback could not update the ECS service."}
            self._end("Failed" if self.error else "Succeeded")

    def _end(self, status):
        self.status = status
        self.completed = self.world.clock.now

    def fail(self, code, message, status="Failed", rollback=False):
        service = self.group.service
        self.error = {"code": code, "message": message}
        for task in self.green.live() if self.green else []:
            service.stop_task(task)
        self._end(status)
        if self.shifted_since is not None:  # the traffic goes back to the old tasks
            old = next(d for d in service.deployments if d is not self.green)
            self.green.status, old.status = "ACTIVE", "PRIMARY"
            service.deployments.sort(key=lambda d: d.status != "PRIMARY")
        if rollback or (self.auto_rollback and status == "Failed"):
            other = self.group.start(service.primary.definition, self.configuration, "codeDeployRollback", self.id)
            self.rollback = {
                "rollbackDeploymentId": other.id,
                "rollbackMessage": f"The deployment {other.id} has been started to roll back this deployment.",
            }

    def describe(self):
        shown = {
            "applicationName": self.group.application,
            "deploymentGroupName": self.group.name,
            "deploymentConfigName": self.configuration,
            "deploymentId": self.id,
            "status": self.status,
            "createTime": self.created,
            "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": self.digest}},
            "creator": self.creator,
            "computePlatform": "ECS",
            "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
            "deploymentOverview": {"Pending": 0, "InProgress": 0 if self.over else 1, "Succeeded": 0, "Failed": 0,
                                   "Skipped": 0, "Ready": 0},
            "blueGreenDeploymentConfiguration": self.group.blue_green(),
            "instanceTerminationWaitTimeStarted": False,
        }  # fmt: skip
        rollback = dict(self.rollback or {})
        if self.triggered_by:
            rollback["rollbackTriggeringDeploymentId"] = self.triggered_by
        optional = {"completeTime": self.completed, "errorInformation": self.error, "rollbackInfo": rollback or None}
        return {**shown, **{name: value for name, value in optional.items() if value is not None}}


class Group:
    """A deployment group, which has one service."""

    def __init__(self, codedeploy, settings):
        self.codedeploy, self.world, self.settings = codedeploy, codedeploy.world, settings
        self.application = settings.get("application", "app")
        self.name = settings.get("group", "group")
        for age, (reference, status) in enumerate(reversed(settings.get("history", [])), 1):
            deployment = self.start(self.world.definition(reference), CONFIGURATIONS[0])
            deployment.status = status
            deployment.created = deployment.completed = self.world.clock.now - age * HISTORY_STEP_S
        if settings.get("before"):
            deployment = self.start(self.service.primary.definition, CONFIGURATIONS[0])
            deployment.status, deployment.green = "Succeeded", self.service.primary
            deployment.completed = deployment.created
            deployment.green.external_id = deployment.id

    @property
    def service(self):
        return self.world.services[self.settings.get("service", "web")]

    def start(self, definition, configuration, creator="user", triggered_by=None):
        deployments = self.codedeploy.deployments
        deployment_id = f"d-{len(deployments) + 1:09X}"
        deployment = BlueGreen(self, deployment_id, definition, configuration, creator, triggered_by)
        deployments[deployment_id] = deployment
        self.service.task_sets = deployment
        return deployment

    def blue_green(self):
        return {
            "terminateBlueInstancesOnDeploymentSuccess": {
                "action": "TERMINATE",
                "terminationWaitTimeInMinutes": self.settings.get("terminateSeconds", 0) // 60,
            },
            "deploymentReadyOption": {
                "actionOnTimeout": "STOP_DEPLOYMENT" if self.settings.get("approval") else "CONTINUE_DEPLOYMENT",
                "waitTimeInMinutes": self.settings.get("waitSeconds", 0) // 60,
            },
        }

    def describe(self):
        return {
            "applicationName": self.application,
            "deploymentGroupName": self.name,
            "computePlatform": "ECS",
            "autoRollbackConfiguration": {"enabled": self.settings.get("autoRollback", False), "events": []},
            "blueGreenDeploymentConfiguration": self.blue_green(),
            "ecsServices": [{"serviceName": self.service.name, "clusterName": self.world.cluster}],
        }


class CodeDeploy:
    def __init__(self, world):
        self.world = world
        settings = world.scenario.get("codedeploy", {})
        self.deployments = {}
        self.spec = None  # the newest AppSpec
        self.groups = []
        for member in settings if isinstance(settings, list) else [settings]:
            self.groups.append(Group(self, member))

    def call(self, action, request):
        function = getattr(self, action, None) if action[0].isupper() else None
        if function is None:
            raise Refusal("UnknownOperationException", f"The stand-in does not act out {action}.")
        return function(request)

    def _group(self, request):
        application, name = request["applicationName"], request.get("deploymentGroupName")
        groups = [group for group in self.groups if group.application == application]
        if not groups:
            raise Refusal("ApplicationDoesNotExistException", f"No application found for name: {application}")
        for group in groups:
            if group.name == name:
                return group
        raise Refusal("DeploymentGroupDoesNotExistException", f"No Deployment Group found for name: {name}")

    def _definition(self, request):
        """That of the AppSpec, which is checked as CodeDeploy does."""
        revision = request.get("revision", {})
        content = revision.get("appSpecContent", {}).get("content", "")
        if revision.get("revisionType") != "AppSpecContent" or not content:
            raise Refusal("InvalidRevisionException", "The revision was not correctly specified.")
        digest = revision["appSpecContent"].get("sha256")
        if digest and digest != hashlib.sha256(content.encode()).hexdigest():
            raise Refusal("InvalidRevisionException", "The SHA256 hash of the AppSpec does not match its content.")
        try:
            spec = json.loads(content)
            properties = spec["Resources"][0]["TargetService"]["Properties"]
            balancer = properties["LoadBalancerInfo"]
            complete = spec["version"] in ("0.0", 0.0) and balancer["ContainerName"] and balancer["ContainerPort"] > 0
            reference = properties["TaskDefinition"]
        except (ValueError, KeyError, IndexError, TypeError):
            complete = False
        if not complete:
            raise Refusal("InvalidRevisionException", "The AppSpec file is not valid.")
        return self.world.definition(reference)

    # Actions.

    def CreateDeployment(self, request):
        group = self._group(request)
        configuration = request.get("deploymentConfigName", CONFIGURATIONS[0])
        if configuration not in CONFIGURATIONS:
            raise Refusal("DeploymentConfigDoesNotExistException",
                          f"No deployment configuration found for name: {configuration}")  # fmt: skip
        going = group.service.task_sets
        if going and not going.over:
            raise Refusal("DeploymentLimitExceededException",
                          f"The Deployment Group '{group.name}' already has an active Deployment '{going.id}'")  # fmt: skip
        deployment = group.start(self._definition(request), configuration)
        own = request.get("autoRollbackConfiguration", {})
        if own.get("enabled") and "DEPLOYMENT_FAILURE" in own.get("events", []):
            deployment.auto_rollback = True
        self.spec = json.loads(request["revision"]["appSpecContent"]["content"])
        return {"deploymentId": deployment.id}

    def _deployment(self, request):
        deployment = self.deployments.get(request["deploymentId"])
        if deployment is None:
            raise Refusal("DeploymentDoesNotExistException",
                          f"The deployment {request['deploymentId']} could not be found")  # fmt: skip
        return deployment

    def GetDeployment(self, request):
        return {"deploymentInfo": self._deployment(request).describe()}

    def ListDeployments(self, request):
        group, wanted = self._group(request), request["includeOnlyStatuses"]
        found = [d for d in self.deployments.values() if d.group is group and d.status in wanted]
        return {"deployments": [d.id for d in sorted(found, key=lambda d: -d.created)]}

    def BatchGetDeployments(self, request):
        known = [self.deployments[name] for name in request["deploymentIds"] if name in self.deployments]
        return {"deploymentsInfo": [deployment.describe() for deployment in known]}

    def GetApplicationRevision(self, request):
        """Deployments show the digest of their AppSpec only; its text is here."""
        digest = request["revision"]["appSpecContent"]["sha256"]
        for deployment in self.deployments.values():
            if deployment.group.application == request["applicationName"] and deployment.digest == digest:
                return {"applicationName": request["applicationName"], "revision": {
                    "revisionType": "AppSpecContent",
                    "appSpecContent": {"content": deployment.appspec, "sha256": digest}}}  # fmt: skip
        raise Refusal("RevisionDoesNotExistException", "No revision found.")

    def ListApplications(self, request):
        return {"applications": sorted({group.application for group in self.groups})}

    def ListDeploymentGroups(self, request):
        application = request["applicationName"]
        names = [group.name for group in self.groups if group.application == application]
        return {"applicationName": application, "deploymentGroups": names}

    def ContinueDeployment(self, request):
        """The traffic, or the end of the old tasks, is waited for no longer."""
        deployment = self._deployment(request)
        if deployment.over:
            raise Refusal("DeploymentAlreadyCompletedException",
                          f"The deployment {deployment.id} has already completed.")  # fmt: skip
        terminates = request.get("deploymentWaitType", "READY_WAIT") == "TERMINATION_WAIT"
        if (deployment.shifted_since is None) if terminates else (deployment.status != "Ready"):
            raise Refusal("DeploymentIsNotInReadyStateException",
                          f"The deployment {deployment.id} is not in a ready state.")  # fmt: skip
        deployment.approved = True
        deployment.terminated = deployment.terminated or terminates
        return {}

    def StopDeployment(self, request):
        deployment = self._deployment(request)
        if deployment.over:
            raise Refusal("DeploymentAlreadyCompletedException",
                          f"The deployment {deployment.id} has already completed.")  # fmt: skip
        deployment.fail("MANUAL_STOP", "The deployment was stopped by the user.", "Stopped",
                        request.get("autoRollbackEnabled", False))  # fmt: skip
        return {"status": "Succeeded", "statusMessage": "The deployment was stopped."}

    def GetDeploymentGroup(self, request):
        return {"deploymentGroupInfo": self._group(request).describe()}
