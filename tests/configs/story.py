"""What became of a configuration, as a text that is the same in every run: each job with its steps and what it asked of
AWS and the registry, then what is new in both."""

import base64
import collections
import json
import re

import loopback
import parts


# What is asked again and again while something goes on; how often is a matter of chance.
POLLED = ("ecs:Describe", "codedeploy:Get", "logs:Get")

# What $(date) gives; how far it is depends on how often something was asked.
SIMULATED_TIME = re.compile(r"Thu Jan  1 \d\d:\d\d:\d\d UTC 2026")


def counted(names):
    shown = []
    for name, n in collections.Counter(names).items():
        often = "x..." if n > 2 and name.startswith(POLLED) else f"x{n}"
        shown.append(name if n == 1 else f"{name} {often}")
    return ", ".join(shown)


def flat(value, path=""):
    """Each leaf of a JSON value with its path; lists of named things by their names."""
    if isinstance(value, dict) and value:
        for key, child in value.items():
            yield from flat(child, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for i, child in enumerate(value):
            name = child.get("name", child.get("key", i)) if isinstance(child, dict) else i
            yield from flat(child, f"{path}[{name}]")
    else:
        yield path, value


class Story:
    def __init__(self, ground, accounts):
        self.ground, self.accounts = ground, accounts
        self.lines = []
        self.of_others = []
        self.digests = {}
        self.before = {account.id: self.revisions(account) for account in accounts}
        ground.aws.take_calls()

    def text(self):
        text = "\n".join(self.lines) + "\n"
        for digest, name in self.digests.items():
            text = text.replace(digest, name)
        return SIMULATED_TIME.sub("the simulated time", text)

    # Jobs.

    def left_out(self, name, why):
        self.lines.append(f"{name}: does not run: {why}")

    def job(self, name, result, skip):
        self.lines.append(f"{name}: " + ("passed" if result.status == 0 else f"ended with exit code {result.status}"))
        for step in result.steps:
            title = " ".join(step["name"].split())[:100]
            how = f" (left out: {skip[step['name']]})" if step["name"] in skip else f" ({step['status']})"
            if title != "Install slipway":
                self.lines.append(f"  step {title}{'' if step['status'] == 'ok' else how}")
        self.lines += [f"  error: {error}" for error in result.errors]
        calls = self.ground.aws.take_calls()
        if calls:
            self.lines.append(f"  AWS: {counted(calls)}")
        self.lines += [f"  {line}" for line in self.pushed()]

    def pushed(self):
        """What was written to the registries since the last time."""
        blobs, manifests = collections.Counter(), collections.defaultdict(list)
        for entry in self.ground.proxy.take_log():
            name = entry["path"].split("/v2/", 1)[1].rsplit("/manifests/", 1)[0].split("/blobs/", 1)[0]
            place = f"{entry['registry']}/{name}"
            if entry["method"] == "PUT" and entry["status"] == 201 and "/manifests/" in entry["path"]:
                manifests[place].append(entry["path"].rpartition("/")[2])
            elif entry["status"] == 201:
                blobs[place] += 1
        for place, references in sorted(manifests.items()):
            shown = [reference if ":" not in reference else "by digest" for reference in references]
            yield f"pushed to {place}: {blobs[place]} blobs, manifests {counted(shown)}"

    # What there is afterwards.

    def end(self):
        if self.of_others:
            self.lines.append(f"nothing of the orb is in: {', '.join(sorted(self.of_others))}")
        self.images()
        for account in self.accounts:
            self.repositories(account)
            self.definitions(account)
            for service in account.ecs.world.services.values():
                running = sum(task.running for task in account.ecs.world.tasks if task.group == f"service:{service.name}")
                revision = service.task_definition.rpartition("/")[2]
                self.lines.append(f"service {service.name} of {account.id}: {revision}, {running} of {service.desired}"
                                  " tasks")
            self.rules(account)

    def registry(self, path, method="GET"):
        word = base64.b64encode(f"AWS:{parts.REGISTRY_PASSWORD}".encode()).decode()
        accept = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.index.v1+json," \
                 " application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.list.v2+json"  # fmt: skip
        return loopback.exchange(
            self.ground.proxy.registry, method, f"/v2/{path}", {"Authorization": f"Basic {word}", "Accept": accept}, b""
        )

    def images(self):
        names = json.loads(self.registry("_catalog")[2])["repositories"]
        for name in names:
            tags = json.loads(self.registry(f"{name}/tags/list")[2]).get("tags") or []
            for tag in sorted(tags):
                status, headers, body = self.registry(f"{name}/manifests/{tag}")
                digest = dict((n.lower(), v) for n, v in headers)["docker-content-digest"]
                called = self.digests.setdefault(digest, f"DIGEST-{len(self.digests) + 1}")
                parts_of = json.loads(body).get("manifests")
                platforms = [f"{p['platform']['os']}/{p['platform']['architecture']}" for p in parts_of or []]
                self.lines.append(f"image {name}:{tag}: {called}" + (f" of {', '.join(platforms)}" if platforms else ""))

    def repositories(self, account):
        listed = account.ask(self.ground.aws, "ecr", "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories", {})
        for repository in listed["repositories"]:
            name = repository["repositoryName"]
            if name in account.seeded:
                continue
            tags = account.ask(self.ground.aws, "ecr", "AmazonEC2ContainerRegistry_V20150921.ListTagsForResource",
                               {"resourceArn": repository["repositoryArn"]})["tags"]  # fmt: skip
            facts = [
                "scanned" if repository["imageScanningConfiguration"]["scanOnPush"] else "not scanned",
                repository["imageTagMutability"].lower(),
                *repository.get("encryptionConfiguration", {}).values(),
                *(f"{tag['Key']}={tag['Value']}" for tag in tags),
            ]
            self.lines.append(f"repository {name} of {account.id}: {', '.join(facts)}")

    @staticmethod
    def revisions(account):
        return {family: len(revisions) for family, revisions in account.ecs.world.definitions.items()}

    def definitions(self, account):
        world = account.ecs.world
        for family, revisions in world.definitions.items():
            states = collections.Counter(definition["status"].lower() for definition in revisions)
            if set(states) != {"active"}:
                self.lines.append(f"revisions of {family} of {account.id}: {counted(states.elements())}")
            for definition in revisions[self.before[account.id].get(family, 0) :]:
                number = definition["revision"]
                old = revisions[number - 2] if number > 1 else {}
                self.lines.append(f"revision {family}:{number} of {account.id}:")
                self.lines += [f"  {line}" for line in self.changes(world, old, definition)]

    @staticmethod
    def changes(world, old, new):
        def facts(definition):
            left_out = ("revision", "taskDefinitionArn", "registeredAt", "deregisteredAt")
            shown = {n: v for n, v in definition.items() if n not in left_out}
            return dict(flat({**shown, "tags": world.tags.get(definition.get("taskDefinitionArn"), [])}))

        before, after = facts(old), facts(new)
        for path in sorted({*before, *after}):
            if before.get(path) != after.get(path):
                yield f"{path} = {json.dumps(after[path])}" if path in after else f"{path} is gone"

    def rules(self, account):
        for rule in account.rules:
            found = account.ask(self.ground.aws, "events", "AWSEvents.ListTargetsByRule", {"Rule": rule})
            for target in found["Targets"]:
                revision = target["EcsParameters"]["TaskDefinitionArn"].rpartition("/")[2]
                self.lines.append(f"rule {rule} of {account.id}: {revision}")
