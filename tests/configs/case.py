"""A case: what is there, which configuration runs, and the story that is expected of it. Its file is YAML, a line "---",
and the story:

    accounts      list of:
        id, region    "123456789012", "eu-west-1"
        keys          the names of the variables with its keys ("AWS": AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY); the
                      keys are not set at all with ""
        repositories  names
        findings      what the scans of their images find: {severity: how often}
        cluster       name ("production"); "aliases": further ones
        services      {name: members of CreateService, or {}}: on family and container of that name
        families      task definitions: {name: more of its definition; "container": of its container; "revisions": number}
        plans         fates of tasks, see ecs_standin/plan.py
        codedeploy    see ecs_standin/codedeploy.py
        rules         {rule: family that it runs}
    variables     of the project
    files         of the project
    images        images that Dockerfiles begin with, which a small one takes the place of
    archives      {file of the workspace: image that is in it}
    config        the configuration; left out where it is somewhere else
    left_out      {job: why it does not run}
    skip          {step: why it is left out of every job}
"""

import difflib
import json
import pathlib

import aws
import ground as place
import loopback
import story
import yaml

ACCOUNT, REGION = "123456789012", "eu-west-1"
ECR = "AmazonEC2ContainerRegistry_V20150921."
# Orbs that stand in for others that configurations use, by their names there.
PARTNERS = pathlib.Path(__file__).resolve().parent / "orbs"
MARK = "\n---\n"


def definitions(name, account, more):
    """The revisions of a family."""
    count = more.pop("revisions", 1)
    return [definition(name, account, dict(more)) for _ in range(count)]


def definition(name, account, more):
    options = {"awslogs-group": f"/ecs/{name}", "awslogs-region": account["region"], "awslogs-stream-prefix": "ecs"}
    container = {
        "name": name,
        "image": f"{account['id']}.dkr.ecr.{account['region']}.amazonaws.com/{name}:before",
        "memory": 128,
        "essential": True,
        "portMappings": [{"containerPort": 80, "hostPort": 0, "protocol": "tcp"}],
        "environment": [{"name": "COLOR", "value": "blue"}],
        "logConfiguration": {"logDriver": "awslogs", "options": options},
    }
    return {"family": name, "containerDefinitions": [{**container, **more.pop("container", {})}], **more}


def make(given):
    """An account of a case."""
    given = {"id": ACCOUNT, "region": REGION, "keys": "AWS", "cluster": "production", **given}
    services = given.get("services", {})
    families = {**{name: {} for name in services}, **given.get("families", {})}
    scenario = {
        "cluster": given["cluster"],
        "definitions": {name: definitions(name, given, dict(more)) for name, more in families.items()},
        "services": [
            {"serviceName": name, "taskDefinition": name, "desiredCount": 2, **more} for name, more in services.items()
        ],
        **{name: given[name] for name in ("aliases", "plans", "codedeploy") if name in given},
    }
    account = aws.Account(given["id"], f"AKIA{given['id']}0000", place.SECRET.format(given["id"]), given["region"],
                          scenario)
    account.variables = given["keys"]
    account.seeded, account.rules = given.get("repositories", []), given.get("rules", {})
    account.findings = given.get("findings")
    return account


def furnish(ground, account):
    """What moto keeps of an account."""
    for name in account.seeded:
        account.ask(ground.aws, "ecr", f"{ECR}CreateRepository",
                    {"repositoryName": name, "imageScanningConfiguration": {"scanOnPush": True}})  # fmt: skip
    if account.findings is not None:
        result = {"imageId": {}, "registryId": account.id, "imageScanStatus": {"status": "COMPLETE"},
                  "imageScanFindings": {"findings": [], "findingSeverityCounts": account.findings}}  # fmt: skip
        results = [{**result, "repositoryName": name} for name in account.seeded for _ in range(3)]
        body = json.dumps({"region": account.region, "account_id": account.id, "results": results})
        loopback.exchange(ground.aws.moto, "POST", "/moto-api/static/ecr/scan-finding-results", {}, body)
    for rule, family in account.rules.items():
        account.ask(ground.aws, "events", "AWSEvents.PutRule", {"Name": rule, "ScheduleExpression": "rate(1 day)"})
        target = {
            "Id": "task",
            "Arn": account.ecs.world.cluster_arn,
            "RoleArn": f"arn:aws:iam::{account.id}:role/events",
            "EcsParameters": {"TaskDefinitionArn": account.ecs.world.arn("task-definition", f"{family}:1"),
                              "TaskCount": 1},
        }
        account.ask(ground.aws, "events", "AWSEvents.PutTargets", {"Rule": rule, "Targets": [target]})


class Case:
    tree = None  # the project is this one
    must_pass = True  # what a failed job is needed for does not run

    def __init__(self, path, config=None):
        self.path = pathlib.Path(path)
        self.name = self.path.stem
        head, _, self.expected = self.path.read_text().partition(MARK)
        self.facts = yaml.safe_load(head) or {}
        self.head = head
        self.config = config or self.facts["config"]
        self.orbs = {}
        for alias, reference in self.config.get("orbs", {}).items():
            if (PARTNERS / f"{alias}.yml").exists():
                self.orbs[reference] = PARTNERS / f"{alias}.yml"

    def why_not(self, run, job):
        """Why a job does not run; "" when it does, and None when nothing of the orb is in it."""
        return self.facts.get("left_out", {}).get(job, "")

    def run(self, ground, folder, log=None):
        """The story. `log` gets what the jobs said."""
        accounts = [make(given) for given in self.facts.get("accounts", [{}])]
        ground.begin(accounts)
        for account in accounts:
            furnish(ground, account)
        variables = dict(self.facts.get("variables", {}))
        for account in accounts:
            if account.variables:
                variables.setdefault(f"{account.variables}_ACCESS_KEY_ID", account.key)
                variables.setdefault(f"{account.variables}_SECRET_ACCESS_KEY", account.secret)
        run = place.Run(ground, folder / self.name, self.config, variables, self.orbs)
        run.project = place.Project(run.folder / "project", self.facts.get("files", {}), self.tree)
        run.skip = self.facts.get("skip", {})
        for image in self.facts.get("images", []):
            run.stand_in(image)
        for path, image in self.facts.get("archives", {}).items():
            run.archive(path, image)
        told = story.Story(ground, accounts)
        failed = set()
        for job, requires, approval in run.jobs():
            lacking = sorted(failed.intersection(requires)) if self.must_pass else []
            why = self.why_not(run, job)
            if why is None:
                told.of_others.append(job)
            elif why:
                told.left_out(job, why)
            elif lacking:
                told.left_out(job, f"it needs {', '.join(lacking)}")
                failed.add(job)
            elif not approval:
                result = run.execute(job, accounts[0])
                told.job(job, result, run.skip)
                if result.status:
                    failed.add(job)
                if log:
                    log(f"== {self.name}: {job}\n{result.output}")
        told.end()
        told.lines += [f"the stand-in: {problem}" for problem in ground.aws.problems()]
        return told.text()

    def difference(self, text):
        if text == self.expected:
            return ""
        lines = difflib.unified_diff(self.expected.splitlines(), text.splitlines(), "expected", "came", lineterm="",
                                     n=3)
        return f"{self.name}:\n" + "\n".join(lines)

    def write(self, text):
        self.path.write_text(self.head + MARK + text)
