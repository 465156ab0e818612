"""How an ECS service behaves after UpdateService when time goes by with every look (DescribeServices): the
services of ecs_standin, for a stand-in that keeps everything else elsewhere."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "ecs_standin"))

import service as engine  # noqa: E402
from plan import KNOWN  # noqa: E402
from world import World  # noqa: E402

LOOK_S = 10
NOWHERE = {"unplaceable": "no container instance met all of its requirements. Reason: No Container Instances were"
                          " found in your cluster"}  # fmt: skip
# Each a fate of the new tasks, and whether the circuit breaker ends the rollout, and rolls back.
SCENARIOS = {
    "success": ({}, None),
    "slow": ({"start_s": 35, "healthy_s": 25}, None),
    "fail-rollback": (KNOWN["exit"], True),
    "fail-no-rollback": (KNOWN["exit"], False),
    "never": (NOWHERE, None),
    "superseded": ({"start_s": 60}, None),
}


class Service:
    """One service in a world of its own, whose clock moves by looking."""

    def __init__(self, name, cluster_arn, definition, desired):
        self.world = World({"definitions": {}, "services": []})
        self.world.definition = lambda reference: reference
        # A load balancer's health checks make the breaker count tasks that exit.
        request = {"serviceName": name, "taskDefinition": definition, "desiredCount": desired, "loadBalancers": [{}]}
        self.service = engine.Service(self.world, cluster_arn, request)
        self.superseded_by = None

    @property
    def task_definition(self):
        return self.service.task_definition

    def resize(self, desired):
        self.service.desired = self.service.primary.desired = desired
        self.service.resize()

    def rest(self):
        """What is under way is left to itself."""
        self.superseded_by = None
        self.world.set_plans({self.service.primary.definition["family"]: {}})

    def start(self, definition, scenario):
        """A new deployment takes over; `scenario` says how it goes on."""
        fate, rollback = SCENARIOS[scenario]
        self.superseded_by = self.service.primary.definition if scenario == "superseded" else None
        self.world.set_plans({definition["family"]: fate})
        breaker = {"enable": rollback is not None, "rollback": bool(rollback)}
        self.service.configuration["deploymentCircuitBreaker"] = breaker
        self.service.deploy(definition)

    def look(self):
        """One poll: time goes on."""
        for _ in range(LOOK_S):
            self.world.clock.now += 1
            self.service.tick()
        if self.superseded_by:
            definition, self.superseded_by = self.superseded_by, None
            self.service.deploy(definition)

    def stopped_tasks(self):
        return [task.describe() for task in self.world.tasks if task.stopped is not None]

    def show(self, shown):
        """Writes what is acted out here over somebody else's description of the service."""
        ours = self.service.describe()
        for name in ("deployments", "events", "taskDefinition", "desiredCount", "runningCount", "pendingCount"):
            shown[name] = ours[name]
