"""CodeDeploy for ECS: the actions that deployments need, and blue/green deployments by task sets.

The scenario's "codedeploy" member:

    application, group, service   names ("app", "group", "web")
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
CONFIGURATIONS = (
    "CodeDeployDefault.ECSAllAtOnce", "CodeDeployDefault.ECSLinear10PercentEvery1Minutes",
    "CodeDeployDefault.ECSCanary10Percent5Minutes",
)  # fmt: skip


class BlueGreen:
    """One deployment; it is its service's `task_sets` as long as it goes on."""

    def __init__(self, codedeploy, definition, configuration, creator="user", triggered_by=None):
        world = codedeploy.world
        self.codedeploy, self.world = codedeploy, world
        self.id = f"d-{len(codedeploy.deployments) + 1:09X}"
        self.auto_rollback = codedeploy.settings.get("autoRollback", False)
        self.definition, self.configuration, self.creator = definition, configuration, creator
        self.triggered_by = triggered_by
        self.status = "Created"
        self.created = world.clock.now
        self.ready_since = self.shifted_since = self.completed = None
        self.error = self.rollback = None
        self.green = None

    @property
    def over(self):
        return self.status in ("Succeeded", "Failed", "Stopped")

    def tick(self):
        age = self.world.clock.now - self.created
        fails = self.codedeploy.settings.get("fails")
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
        service, now = self.codedeploy.service, self.world.clock.now
        if self.green is None:
            self.status = "InProgress"
            self.green = Deployment(service, self.definition, service.desired)
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
        wait_s = self.codedeploy.settings.get("waitSeconds", 0)
        if now - self.ready_since < wait_s:
            self.status = "Ready"
            return
        if wait_s and self.codedeploy.settings.get("approval"):
            self.fail("TIMEOUT", "The deployment timed out while waiting for traffic to be rerouted.", "Stopped")
            return
        self.status = "InProgress"
        self._shift(now)

    def _shift(self, now):
        service = self.codedeploy.service
        if self.shifted_since is None:
            self.shifted_since = now
            for other in service.deployments:
                other.status = "ACTIVE"
            self.green.status = "PRIMARY"
            service.deployments.sort(key=lambda d: d.status != "PRIMARY")
        if now - self.shifted_since < self.codedeploy.settings.get("terminateSeconds", 0):
            return
        for deployment in service.deployments:
            for task in deployment.live() if deployment is not self.green else []:
                service.stop_task(task)
        self._end("Succeeded")

    def _roll_back(self, age):
        self.status = "InProgress"
        if age >= ROLLBACK_S:
            if self.codedeploy.settings.get("rollbackFails"):
                self.error = {"code": "ECS_UPDATE_ERROR", "message": "The rollback could not update the ECS service."}
            self._end("Failed" if self.error else "Succeeded")

    def _end(self, status):
        self.status = status
        self.completed = self.world.clock.now

    def fail(self, code, message, status="Failed", rollback=False):
        service = self.codedeploy.service
        self.error = {"code": code, "message": message}
        for task in self.green.live() if self.green else []:
            service.stop_task(task)
        self._end(status)
        if rollback or (self.auto_rollback and status == "Failed"):
            other = self.codedeploy.start(service.primary.definition, self.configuration, "codeDeployRollback", self.id)
            self.rollback = {
                "rollbackDeploymentId": other.id,
                "rollbackMessage": f"The deployment {other.id} has been started to roll back this deployment.",
            }

    def describe(self):
        shown = {
            "applicationName": self.codedeploy.application,
            "deploymentGroupName": self.codedeploy.group,
            "deploymentConfigName": self.configuration,
            "deploymentId": self.id,
            "status": self.status,
            "createTime": self.created,
            "creator": self.creator,
            "computePlatform": "ECS",
            "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
            "deploymentOverview": {"Pending": 0, "InProgress": 0 if self.over else 1, "Succeeded": 0, "Failed": 0,
                                   "Skipped": 0, "Ready": 0},
            "blueGreenDeploymentConfiguration": self.codedeploy.blue_green(),
        }  # fmt: skip
        rollback = dict(self.rollback or {})
        if self.triggered_by:
            rollback["rollbackTriggeringDeploymentId"] = self.triggered_by
        optional = {"completeTime": self.completed, "errorInformation": self.error, "rollbackInfo": rollback or None}
        return {**shown, **{name: value for name, value in optional.items() if value is not None}}


class CodeDeploy:
    def __init__(self, world):
        self.world = world
        self.settings = world.scenario.get("codedeploy", {})
        self.application = self.settings.get("application", "app")
        self.group = self.settings.get("group", "group")
        self.deployments = {}
        self.spec = None  # the newest AppSpec

    @property
    def service(self):
        return self.world.services[self.settings.get("service", "web")]

    def call(self, action, request):
        function = getattr(self, action, None) if action[0].isupper() else None
        if function is None:
            raise Refusal("UnknownOperationException", f"The stand-in does not act out {action}.")
        return function(request)

    def start(self, definition, configuration, creator="user", triggered_by=None):
        deployment = BlueGreen(self, definition, configuration, creator, triggered_by)
        self.deployments[deployment.id] = deployment
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

    def _check(self, request):
        if request["applicationName"] != self.application:
            raise Refusal("ApplicationDoesNotExistException",
                          f"No application found for name: {request['applicationName']}")  # fmt: skip
        if request.get("deploymentGroupName") != self.group:
            raise Refusal("DeploymentGroupDoesNotExistException",
                          f"No Deployment Group found for name: {request.get('deploymentGroupName')}")  # fmt: skip

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
        self._check(request)
        configuration = request.get("deploymentConfigName", CONFIGURATIONS[0])
        if configuration not in CONFIGURATIONS:
            raise Refusal("DeploymentConfigDoesNotExistException",
                          f"No deployment configuration found for name: {configuration}")  # fmt: skip
        going = self.service.task_sets
        if going and not going.over:
            raise Refusal("DeploymentLimitExceededException",
                          f"The Deployment Group '{self.group}' already has an active Deployment '{going.id}'")  # fmt: skip
        deployment = self.start(self._definition(request), configuration)
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

    def ListApplications(self, request):
        return {"applications": [self.application]}

    def ListDeploymentGroups(self, request):
        return {"applicationName": request["applicationName"], "deploymentGroups": [self.group]}

    def StopDeployment(self, request):
        deployment = self._deployment(request)
        if deployment.over:
            raise Refusal("DeploymentAlreadyCompletedException",
                          f"The deployment {deployment.id} has already completed.")  # fmt: skip
        deployment.fail("MANUAL_STOP", "The deployment was stopped by the user.", "Stopped",
                        request.get("autoRollbackEnabled", False))  # fmt: skip
        return {"status": "Succeeded", "statusMessage": "The deployment was stopped."}

    def GetDeploymentGroup(self, request):
        self._check(request)
        return {
            "deploymentGroupInfo": {
                "applicationName": self.application,
                "deploymentGroupName": self.group,
                "computePlatform": "ECS",
                "autoRollbackConfiguration": {"enabled": self.settings.get("autoRollback", False), "events": []},
                "blueGreenDeploymentConfiguration": self.blue_green(),
                "ecsServices": [{"serviceName": self.service.name, "clusterName": self.world.cluster}],
            }
        }
