"""Clusters, task definitions, services and tasks, made from a scenario.

A scenario is a JSON object; every member may be left out:

    account, region  whose world it is ("123456789012", "eu-west-1")
    cluster       name of the cluster ("prod")
    aliases       other names that it goes by ([])
    definitions   {family: number of revisions} ({"web": 2}), or {family: [definition...]}
    services      CreateService requests with the extra members that service.py names
                  ([web on web:1 with 2 tasks])
    plans         {what: fate or list of fates}, see plan.py; `what` is "family:revision", a family or a text
                  that stands in an image
    instances     container instances: how many tasks a daemon has (2)
    lagSeconds    DescribeServices may answer with what was so long ago (0)
    latencySeconds  what every call takes (0.05)
    throttle      calls are throttled as ECS does it (true)
    drain         {action: tokens that somebody else takes from its bucket, once}
    drained       {action: tokens that somebody else takes each second}
    denied        actions that may not be called
    errors        {action: {status, code, message, times}}
    at            [{"s": seconds, "do": action, "with": request}] of the ECS API by somebody else; or "signal" with
                  the name of a signal that the program gets; or "instances", "alarm", "plan", "drain" with a value
    rollbackMakesNew  a rollback makes a deployment of its own (false)
    lateRecord    the answer to UpdateService names the service deployment before (false)
    rollbackFails     a blue/green rollback fails (false)
    failingHooks  stages whose Lambda hook fails ([])
    alarmBakeSeconds  how long alarms are watched after the tasks are healthy (60)
    codedeploy    {"application", "group", "service", "fails", ...}, or a list of such; see codedeploy.py
"""

import random

from clock import Clock
from plan import GOOD, Plan
from service import Service
from tasks import Task

ACCOUNT, REGION = "123456789012", "eu-west-1"


class Refusal(Exception):
    """An error answer."""

    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class World:
    def __init__(self, scenario=None):
        scenario = scenario or {}
        self.scenario = scenario
        self.account, self.region = scenario.get("account", ACCOUNT), scenario.get("region", REGION)
        self.clock = Clock()
        self.clock.tick = self._tick
        self.ids = self.deployments = 0
        self.chance = random.Random(scenario.get("seed", 1))
        self.instances = scenario.get("instances", 2)
        self.lag_s = scenario.get("lagSeconds", 0)
        self.rollback_makes_new = scenario.get("rollbackMakesNew", False)
        self.late_record = scenario.get("lateRecord", False)
        self.rollback_fails = scenario.get("rollbackFails", False)
        self.failing_hooks = scenario.get("failingHooks", [])
        self.alarm_bake_s = scenario.get("alarmBakeSeconds", 60)
        self.cluster = scenario.get("cluster", "prod")
        self.names = (self.cluster, *scenario.get("aliases", []))
        self.cluster_arn = self.arn("cluster", self.cluster)
        self.definitions = {}  # family: list of definitions, revision 1 first
        self.tags = {}
        self.plans = {}
        self.set_plans(scenario.get("plans", {}))
        self.good = Plan(GOOD)
        self.tasks = []
        self.services = {}
        self.signals = []
        for family, revisions in scenario.get("definitions", {"web": 2}).items():
            listed = revisions if isinstance(revisions, list) else range(revisions)
            for entry in listed:
                self.register(entry if isinstance(entry, dict) else self._example(family, entry + 1))
        for request in scenario.get("services", [{"serviceName": "web", "taskDefinition": "web:1", "desiredCount": 2}]):
            self.create(request)

    def arn(self, kind, name):
        return f"arn:aws:ecs:{self.region}:{self.account}:{kind}/{name}"

    def _example(self, family, revision):
        options = {"awslogs-group": f"/ecs/{family}", "awslogs-region": self.region, "awslogs-stream-prefix": "ecs"}
        return {
            "family": family,
            "containerDefinitions": [
                {
                    "name": family,
                    "image": f"{self.account}.dkr.ecr.{self.region}.amazonaws.com/{family}:v{revision}",
                    "memory": 128,
                    "essential": True,
                    "portMappings": [{"containerPort": 8080, "hostPort": 0, "protocol": "tcp"}],
                    "logConfiguration": {"logDriver": "awslogs", "options": options},
                }
            ],
        }

    # Task definitions.

    def register(self, request):
        family = request["family"]
        revisions = self.definitions.setdefault(family, [])
        definition = {name: value for name, value in request.items() if name != "tags"}
        definition["revision"] = len(revisions) + 1
        definition["taskDefinitionArn"] = self.arn("task-definition", f"{family}:{definition['revision']}")
        definition["status"] = "ACTIVE"
        definition["registeredAt"] = self.clock.now
        definition.setdefault("volumes", [])
        definition.setdefault("placementConstraints", [])
        definition.setdefault("compatibilities", ["EXTERNAL", "EC2"])
        revisions.append(definition)
        self.tags[definition["taskDefinitionArn"]] = request.get("tags", [])
        return definition

    def find_definition(self, reference):
        """By ARN, family:revision, or family (the newest active one); None when there is none."""
        family, _, revision = reference.rpartition("/")[2].partition(":")
        revisions = self.definitions.get(family, [])
        if revision:
            number = int(revision) if revision.isdigit() else 0
            return revisions[number - 1] if 0 < number <= len(revisions) else None
        active = [definition for definition in revisions if definition["status"] == "ACTIVE"]
        return active[-1] if active else None

    def definition(self, reference):
        found = self.find_definition(reference)
        if found is None:
            raise Refusal("ClientException", "Unable to describe task definition.")
        return found

    # Tasks.

    def set_plans(self, plans):
        self.plans.update({what: Plan(fates) for what, fates in plans.items()})

    def plan_of(self, definition):
        named = f"{definition['family']}:{definition['revision']}"
        for what in (named, definition["family"]):
            if what in self.plans:
                return self.plans[what]
        images = " ".join(c["image"] for c in definition["containerDefinitions"])
        return next((plan for what, plan in self.plans.items() if what in images), self.good)

    def new_task(self, cluster_arn, definition, started_by, group, fate=None):
        fate = self.plan_of(definition).next() if fate is None else fate
        task = Task(self, cluster_arn, definition, fate, started_by, group)
        self.tasks.append(task)
        return task

    # Services.

    def create(self, request):
        service = Service(self, self.cluster_arn, request)
        self.services[service.name] = service
        return service

    def service(self, reference):
        return self.services.get(reference.rpartition("/")[2])

    def _tick(self):
        for service in list(self.services.values()):
            service.tick()
        for task in self.tasks:
            if not task.group.startswith("service:"):
                task.tick()
