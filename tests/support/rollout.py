"""How an ECS service behaves after UpdateService, one step per look (DescribeServices), with the field
names and texts of the real API."""

import random
import time

TROUBLESHOOTING = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."


def new_deployment_id():
    return f"ecs-svc/{random.randint(10**18, 10**19 - 1)}"


def new_id():
    return f"{random.getrandbits(128):032x}"


class Service:
    """The deployments, events and stopped tasks of one service."""

    def __init__(self, name, cluster_arn, task_definition, desired):
        self.name = name
        self.cluster_arn = cluster_arn
        self.desired = desired
        self.events = []
        self.tasks = []
        self.deployments = [self.deployment("PRIMARY", task_definition, "COMPLETED", desired)]
        self.event(f"(service {name}) has reached a steady state.")
        self.steps = []

    @property
    def primary(self):
        return next(d for d in self.deployments if d["status"] == "PRIMARY")

    def deployment(self, status, task_definition, state, running, reason=None):
        now = time.time()
        ident = new_deployment_id()
        default = {
            "COMPLETED": f"ECS deployment {ident} completed.",
            "IN_PROGRESS": f"ECS deployment {ident} in progress.",
        }
        return {
            "id": ident,
            "status": status,
            "taskDefinition": task_definition,
            "desiredCount": self.desired,
            "pendingCount": 0,
            "runningCount": running,
            "failedTasks": 0,
            "createdAt": now,
            "updatedAt": now,
            "launchType": "EC2",
            "rolloutState": state,
            "rolloutStateReason": reason or default.get(state, ""),
        }

    def event(self, message):
        entry = {"id": new_id(), "createdAt": time.time(), "message": message}
        self.events.insert(0, entry)
        del self.events[100:]

    def change(self, deployment, **fields):
        deployment.update(fields, updatedAt=time.time())

    def start(self, task_definition, scenario):
        """A new deployment takes over; `scenario` says how it goes on."""
        self.deployments = [d for d in self.deployments if d["status"] == "PRIMARY"]
        self.primary["status"] = "ACTIVE"
        self.deployments.insert(0, self.deployment("PRIMARY", task_definition, "IN_PROGRESS", 0))
        self.steps = list(SCENARIOS[scenario])

    def look(self):
        """One poll: the rollout goes one step further."""
        if self.steps:
            self.steps.pop(0)(self)

    # Steps. `ours` is the deployment that UpdateService made, `old` the one before it.

    def pair(self):
        ours = max(self.deployments, key=lambda d: d["createdAt"])
        old = next((d for d in self.deployments if d is not ours), None)
        return ours, old

    def launch(self):
        ours, _ = self.pair()
        self.change(ours, pendingCount=self.desired)
        tasks = " ".join(f"(task {new_id()})" for _ in range(self.desired))
        self.event(f"(service {self.name}) has started {self.desired} tasks: {tasks}.")

    def come_up(self):
        ours, _ = self.pair()
        self.change(ours, pendingCount=0, runningCount=self.desired)

    def drain(self):
        _, old = self.pair()
        if old is not None:
            self.change(old, runningCount=0, desiredCount=0)
            tasks = " ".join(f"(task {new_id()})" for _ in range(self.desired))
            self.event(f"(service {self.name}) has stopped {self.desired} running tasks: {tasks}.")

    def complete(self):
        ours, _ = self.pair()
        self.change(
            ours,
            pendingCount=0,
            runningCount=self.desired,
            rolloutState="COMPLETED",
            rolloutStateReason=f"ECS deployment {ours['id']} completed.",
        )
        self.deployments = [ours]
        self.event(f"(service {self.name}) (deployment {ours['id']}) deployment completed.")
        self.event(f"(service {self.name}) has reached a steady state.")

    def tasks_fail(self):
        ours, _ = self.pair()
        self.change(ours, pendingCount=0, runningCount=0, failedTasks=ours["failedTasks"] + self.desired)
        for _ in range(self.desired):
            self.tasks.append(self.stopped_task(ours))
        self.event(f"(service {self.name}) is unable to consistently start tasks successfully. {TROUBLESHOOTING}")

    def fail(self):
        ours, _ = self.pair()
        self.change(
            ours,
            rolloutState="FAILED",
            rolloutStateReason="ECS deployment circuit breaker: tasks failed to start.",
        )
        self.event(f"(service {self.name}) (deployment {ours['id']}) deployment failed: tasks failed to start.")

    def roll_back(self):
        ours, old = self.pair()
        self.fail()
        self.change(ours, status="ACTIVE")
        reason = f"ECS deployment circuit breaker: rolling back to deploymentId {old['id']}."
        back = self.deployment("PRIMARY", old["taskDefinition"], "IN_PROGRESS", self.desired, reason)
        self.deployments = [back, ours]
        self.event(f"(service {self.name}) rolling back to deployment {old['id']}.")

    def supersede(self):
        ours, old = self.pair()
        ours["status"] = "ACTIVE"
        other = self.deployment("PRIMARY", old["taskDefinition"], "IN_PROGRESS", 0)
        self.deployments = [other, ours, old]

    def cannot_place(self):
        self.event(
            f"(service {self.name}) was unable to place a task because no container instance met all of its"
            f" requirements. Reason: No Container Instances were found in your cluster. {TROUBLESHOOTING}"
        )

    def stopped_task(self, deployment):
        now = time.time()
        arn = self.cluster_arn.replace(":cluster/", ":task/") + "/" + new_id()
        return {
            "taskArn": arn,
            "clusterArn": self.cluster_arn,
            "taskDefinitionArn": deployment["taskDefinition"],
            "group": f"service:{self.name}",
            "startedBy": deployment["id"],
            "desiredStatus": "STOPPED",
            "lastStatus": "STOPPED",
            "launchType": "EC2",
            "createdAt": now,
            "startedAt": now,
            "stoppingAt": now,
            "stoppedAt": now,
            "stopCode": "EssentialContainerExited",
            "stoppedReason": "Essential container in task exited",
            "containers": [
                {
                    "containerArn": arn.replace(":task/", ":container/") + "/" + new_id(),
                    "taskArn": arn,
                    "name": "nginx",
                    "lastStatus": "STOPPED",
                    "exitCode": 1,
                    "essential": True,
                }
            ],
        }


S = Service
SCENARIOS = {
    "success": [S.launch, S.come_up, S.drain, S.complete],
    "slow": [S.launch, S.look, S.look, S.come_up, S.look, S.drain, S.look, S.complete],
    "fail-rollback": [S.launch, S.tasks_fail, S.roll_back, S.come_up, S.complete],
    "fail-no-rollback": [S.launch, S.tasks_fail, S.fail],
    "never": [S.launch, S.cannot_place],
    "superseded": [S.launch, S.supersede],
}
