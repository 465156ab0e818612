"""Configurations that the older orbs published, their examples and integration tests: what compiles against
the orb it was written for compiles against this one, with only the lines under "orbs:" changed.

SLIPWAY_PUBLISHED_CONFIGS names a folder with a source tree of each, aws-ecr-1.0.0, aws-ecr-9.8.1,
aws-ecs-0.0.6 and aws-ecs-8.0.0; without it the test is skipped. Other orbs that a configuration uses are
made up: their jobs and commands take whatever they are given.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("SLIPWAY_PROGRAM", "slipway")
FOLDER = os.environ.get("SLIPWAY_PUBLISHED_CONFIGS", "")
OURS = ("aws-ecr", "aws-ecs")
BUILT_IN = {"when", "unless", "run", "checkout", "steps"}


class Loader(yaml.SafeLoader):
    """YAML 1.2's booleans: "on" is a text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":bool", ":timestamp"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


def load(text):
    return yaml.load(text, Loader)  # noqa: S506 a safe loader


def configurations(tree):
    """Name and content of each configuration in an orb's source tree."""
    for path in sorted(tree.glob(".circleci/*.yml")):
        yield path.name, load(path.read_text())
    for path in sorted(tree.glob("src/examples/*.yml")):
        yield f"example {path.stem}", load(path.read_text())["usage"]
    for path in [*tree.glob("src/@orb.yml"), *tree.glob("src/*.hbs")]:
        # In a template, what stands for other files is left out.
        orb = load(re.sub(r"\{\{.*?\}\}", "x", path.read_text(), flags=re.S))
        for name, example in (orb.get("examples") or {}).items():
            yield f"example {name}", example["usage"]


def uses(value, alias, found):
    """What a configuration gives to the jobs and commands of an orb: {name: {parameter: value}}."""
    if isinstance(value, list):
        for child in value:
            uses(child, alias, found)
    elif isinstance(value, dict):
        for key, child in value.items():
            if isinstance(key, str) and key.startswith(alias + "/"):
                found.setdefault(key.partition("/")[2], {}).update(child or {})
            uses(child, alias, found)
    elif isinstance(value, str) and value.startswith(alias + "/"):
        found.setdefault(value.partition("/")[2], {})


def kind_of(value):
    for python, kind in ((bool, "boolean"), (int, "integer"), (list, "steps")):
        if isinstance(value, python):
            return kind
    return "string"


WORKFLOW_KEYS = {"name", "requires", "context", "filters", "matrix", "type", "pre-steps", "post-steps"}


def made_up(config, alias):
    """An orb with what the configuration uses of it."""
    found = {}
    uses(config, alias, found)
    orb = {"version": 2.1, "commands": {}, "jobs": {}}
    for name, given in found.items():
        parameters = {
            key: {"type": kind_of(value), "default": value}
            for key, value in given.items()
            if key not in WORKFLOW_KEYS
        }
        steps = [{"run": {"name": name, "command": "true"}}]
        orb["commands"][name] = {"parameters": parameters, "steps": steps}
        orb["jobs"][name] = {"parameters": parameters, "docker": [{"image": "cimg/base:current"}], "steps": steps}
    return orb


def compiles(folder, config, sources):
    """The program's complaints about a configuration whose orbs are taken from `sources`; "" when it compiles."""
    config = {**config, "orbs": {**config.get("orbs", {})}}
    words = []
    for alias in config["orbs"]:
        source = sources.get(alias)
        if source is None:
            source = folder / f"{alias}.yml"
            source.write_text(yaml.safe_dump(made_up(config, alias)))
        config["orbs"][alias] = f"acme/{alias}@1.0.0"
        words += ["--orb", f"acme/{alias}@1.0.0={source}"]
    path = folder / "config.yml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    done = subprocess.run([PROGRAM, "config", "process", str(path), *words], capture_output=True, text=True,
                          check=False)
    return done.stderr if done.returncode else ""


class Published(unittest.TestCase):
    def check(self, version, partner):
        """All configurations of one version; those that use the other orb too take that of the same time."""
        folder = pathlib.Path(FOLDER)
        alias = version.rpartition("-")[0]
        old = {name.rpartition("-")[0]: folder / name / "src" for name in (version, partner)}
        new = {name: ROOT / "orb" for name in OURS}
        compiled = 0
        for name, config in configurations(folder / version):
            if alias not in config.get("orbs", {}):
                continue
            with self.subTest(version=version, configuration=name), tempfile.TemporaryDirectory() as scratch:
                before = "x" if version == "aws-ecs-0.0.6" else compiles(pathlib.Path(scratch), config, old)
                after = compiles(pathlib.Path(scratch), config, new)
                print(f"{version}, {name}:"
                      f" {'compiles' if not after else 'does not compile' + (', as before' if before else '')}")
                compiled += not after
                # What its own orb refuses may be refused.
                self.assertTrue(not after or (before and before != "x"), after)
        return compiled

    def test_aws_ecr_1(self):
        self.assertGreaterEqual(self.check("aws-ecr-1.0.0", "aws-ecs-0.0.6"), 2)

    def test_aws_ecr_9(self):
        self.assertGreaterEqual(self.check("aws-ecr-9.8.1", "aws-ecs-8.0.0"), 2)

    def test_aws_ecs_0(self):
        self.assertGreaterEqual(self.check("aws-ecs-0.0.6", "aws-ecr-1.0.0"), 4)

    def test_aws_ecs_8(self):
        self.assertGreaterEqual(self.check("aws-ecs-8.0.0", "aws-ecr-9.8.1"), 9)


if __name__ == "__main__":
    if not FOLDER:
        print("SLIPWAY_PUBLISHED_CONFIGS is not set")
        sys.exit(77)
    unittest.main()
