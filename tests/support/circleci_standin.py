"""A stand-in for CircleCI's orb registry and for the continuation of pipelines.

usage: circleci_standin.py     prints where it listens, serves until killed

It answers the GraphQL questions that CircleCI's own programs ask (POST /graphql-unstable), with the
registry's rules and words: production versions never change, development versions do, orbs and
namespaces are created first. Configurations are compiled by the program that SLIPWAY_PROGRAM names, with the orbs
that were published here (POST /api/v2/compile-config-with-defaults, which the 0.1 line asks, and /api/v3/configs/compile). Who may do what depends on the token:

    owner-token     an owner of the organisation      member-token    one of its members
    other-token     somebody of another organisation  anything else   nobody

Control: GET /_state shows what is registered, GET /_requests what was asked, POST /_fail makes the
next answers fail ({"status": 503, "times": 2} or {"body": "text"}).
"""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import uuid

from loopback import Handler, Server

OWNER, MEMBER = "owner-token", "member-token"
KNOWN = (OWNER, MEMBER, "other-token")
ORGANIZATION = "0fbf2e6c-0e1c-4a5e-9b3a-6a5d1b1f0a11"
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


class Registry:
    """Namespaces, orbs and versions."""

    def __init__(self):
        self.namespaces = {}  # name: id
        self.orbs = {}  # "namespace/name": {"id", "isPrivate", "versions": {version: source}}

    def find(self, variables):
        return self.orbs.get(f"{variables['namespaceName']}/{variables['orbName']}")

    def newest(self, orb):
        """Production versions, newest first."""
        numbers = [v for v in orb["versions"] if VERSION.fullmatch(v)]
        return sorted(numbers, key=lambda v: [int(n) for n in v.split(".")], reverse=True)


def refused(message, kind=None):
    return {"errors": [{"message": message, **({"type": kind} if kind else {})}]}


def publish_orb(registry, token, variables):
    orb, version = registry.find(variables), variables["version"]
    dev = version.startswith("dev:")
    if token not in (OWNER, MEMBER):
        return refused("AUTHORIZATION_FAILURE")
    if orb is None:
        return refused("Orb not found.")
    if not dev and token != OWNER:
        return refused("User does not have access to publish SemVer orbs in this namespace.")
    if not dev and not VERSION.fullmatch(version):
        return refused(f"Invalid version: {version}")
    if not dev and version in orb["versions"]:
        return refused("Cannot overwrite an existing version of the orb.")
    if "version:" not in variables["config"]:
        return refused("Your config is not valid: required key [version] not found")
    orb["versions"][version] = variables["config"]
    return {"orb": {"version": version, "highestVersion": version}, "errors": []}


def promote_orb(registry, token, variables):
    orb = registry.find(variables)
    if token != OWNER:
        return refused("AUTHORIZATION_FAILURE")
    source = (orb or {"versions": {}})["versions"].get(variables["devVersion"])
    if source is None:
        return refused("Cannot find the development version.")
    promoted = publish_orb(registry, token, {**variables, "version": variables["semanticVersion"], "config": source})
    if promoted["errors"]:
        return promoted
    return {"orb": {**promoted["orb"], "source": source}, "errors": []}


def create_orb(registry, token, variables):
    names = [n for n, key in registry.namespaces.items() if key == variables["registryNamespaceId"]]
    if token != OWNER or not names:
        return {"orb": None, **refused("AUTHORIZATION_FAILURE", "AUTHORIZATION_FAILURE")}
    name = f"{names[0]}/{variables['name']}"
    if name in registry.orbs:
        return {"orb": None, **refused("Orb already exists.", "ALREADY_EXISTS")}
    registry.orbs[name] = {"id": str(uuid.uuid4()), "isPrivate": variables["isPrivate"], "versions": {}}
    return {"orb": {"id": registry.orbs[name]["id"]}, "errors": []}


def create_namespace(registry, token, variables):
    if token != OWNER or variables["organizationId"] != ORGANIZATION:
        return {"namespace": None, **refused("AUTHORIZATION_FAILURE", "AUTHORIZATION_FAILURE")}
    if variables["name"] in registry.namespaces:
        return {"namespace": None, **refused("Namespace name is not available.", "ALREADY_EXISTS")}
    registry.namespaces[variables["name"]] = str(uuid.uuid4())
    return {"namespace": {"id": registry.namespaces[variables["name"]]}, "errors": []}


MUTATIONS = {
    "publishOrb": publish_orb,
    "promoteOrb": promote_orb,
    "createOrb": create_orb,
    "createNamespace": create_namespace,
}


def ask(registry, query, variables):
    """The parts of a query that change nothing."""
    data = {}
    if re.search(r"\borb\(name:", query):
        orb = registry.orbs.get(variables["name"])
        data["orb"] = orb and {
            "id": orb["id"],
            "isPrivate": orb["isPrivate"],
            "versions": [{"version": v} for v in registry.newest(orb)[:1]],
        }
    if "registryNamespace(" in query:
        name = variables.get("namespace") or variables["name"].split("/")[0]
        data["registryNamespace"] = {"id": registry.namespaces[name]} if name in registry.namespaces else None
    if "orbVersion(" in query:
        name, _, version = variables["orbVersionRef"].partition("@")
        orb = registry.orbs.get(name, {"versions": {}})
        source = orb["versions"].get(version)
        found = {"id": str(uuid.uuid4()), "version": version, "source": source, "orb": {"id": orb.get("id")}}
        data["orbVersion"] = found if source is not None else None
    if "orbConfig(" in query:
        text = variables["config"]
        data["orbConfig"] = {"valid": True, "errors": [], "sourceYaml": text, "outputYaml": text}
    return data


def compiled(registry, text, parameters, values):
    """What a configuration compiles to, and what is wrong with it."""
    with tempfile.TemporaryDirectory() as folder:
        words = []
        for name, orb in registry.orbs.items():
            for version, source in orb["versions"].items():
                path = pathlib.Path(folder, f"{len(words)}.yml")
                path.write_text(source, encoding="utf-8")
                words += ["--orb", f"{name}@{version}={path}"]
        if parameters:
            words += ["--pipeline-parameters", json.dumps(parameters)]
        for name, value in (values or {}).items():
            words += ["--pipeline-value", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
        program = [os.environ["SLIPWAY_PROGRAM"], "config", "process", "-", *words]
        done = subprocess.run(program, input=text, capture_output=True, text=True, check=False)
    return done.stdout, done.stderr.splitlines() if done.returncode else []


def compiled_v2(registry, question):
    text, options = question["config_yaml"], question.get("options") or {}
    output, errors = compiled(registry, text, options.get("pipeline_parameters"), options.get("pipeline_values"))
    told = [{"message": line} for line in errors]
    return {"valid": not errors, "source-yaml": text, "output-yaml": "" if errors else output, "errors": told}


def compiled_v3(registry, question):
    given = question["data"]["attributes"]
    output, errors = compiled(registry, given["config"], given.get("pipeline_parameters"), given.get("pipeline_values"))
    facts = {"phase": "ended", "outcome": "failed"} if errors else {"phase": "ended", "outcome": "succeeded", "compiled_config": output}
    return {"data": {"attributes": facts}, "meta": {"messages": [{"title": line} for line in errors]}}


def answer(registry, token, question):
    """What the API says to a question, as the whole answer's body."""
    query, variables = question["query"], question.get("variables") or {}
    for name, change in MUTATIONS.items():
        if re.search(rf"\b{name}\(", query):
            if token not in KNOWN:
                return {"data": None, "errors": [{"message": "You must log in first."}]}
            return {"data": {name: {"errors": [], **change(registry, token, variables)}}}
    return {"data": ask(registry, query, variables)}


class Circleci(Handler):
    def failure(self):
        failure = self.server.failure
        if not failure or failure["times"] == 0:
            return False
        failure["times"] -= 1
        self.reply(failure.get("status", 200), failure.get("body", "").encode(), [("Content-Type", "text/plain")])
        return True

    def serve(self):
        data = self.body()
        token = self.headers.get("Authorization") or self.headers.get("Circle-Token") or ""
        self.server.requests.append({"path": self.path, "token": token, "body": data.decode()})
        if self.failure():
            return
        if self.command == "POST" and self.path == "/graphql-unstable":
            self.reply_json(200, answer(self.server.registry, token, json.loads(data)))
        elif self.command == "POST" and self.path == "/api/v2/compile-config-with-defaults":
            # CircleCI's program first asks with nothing, whether a host of its own compiles at all.
            if data:
                self.reply_json(200, compiled_v2(self.server.registry, json.loads(data)))
            else:
                self.reply_json(400, {"message": "Malformed JSON"})
        elif self.command == "POST" and self.path == "/api/v3/configs/compile":
            self.reply_json(200, compiled_v3(self.server.registry, json.loads(data)))
        elif self.command == "POST" and self.path == "/api/v2/pipeline/continue":
            self.reply_json(200, {"message": "Success"})
        else:
            self.reply_json(404, {"message": "Not found."})


def main():
    server = Server(Circleci)
    server.registry, server.requests, server.failure = Registry(), [], None

    def fail(wanted):
        server.failure = {"times": 1, **wanted}
        return {}

    server.control = {
        ("GET", "/_state"): lambda _: {"namespaces": server.registry.namespaces, "orbs": server.registry.orbs},
        ("GET", "/_requests"): lambda _: server.requests,
        ("POST", "/_fail"): fail,
    }
    server.run()


if __name__ == "__main__":
    main()
