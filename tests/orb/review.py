"""Reviews an orb's source by the rules that CircleCI's orb-tools reviews orbs by (RC001 to RC012), without network,
and by one of its own, SW001: a step's title holds no text that may name variables.

usage: review.py ORB-FOLDER

Left out: RC010 (names in snake case), because the orb keeps the names of the orbs that it replaces. RC006 and
RC007 ask whether addresses answer; here they are checked for their form.
"""

import os
import pathlib
import re
import sys

import yaml

KINDS = ("commands", "jobs", "executors", "examples")
COMMAND_MAX = 64


def load(folder):
    with open(folder / "@orb.yml", encoding="utf-8") as file:
        root = yaml.safe_load(file)
    parts = {
        kind: {path: yaml.safe_load(path.read_text()) for path in sorted((folder / kind).glob("*.yml"))}
        for kind in KINDS
    }
    return root, parts


def steps_of(value):
    """All steps in a list of steps, those inside `when` and `unless` too."""
    for step in value if isinstance(value, list) else []:
        yield step
        if isinstance(step, dict):
            for inner in step.values():
                if isinstance(inner, dict):
                    yield from steps_of(inner.get("steps"))


def runs(parts):
    for kind in ("commands", "jobs"):
        for path, part in parts[kind].items():
            for step in steps_of(part.get("steps")):
                if isinstance(step, dict) and "run" in step:
                    yield path, step["run"]


def parameters(parts):
    for kind in ("commands", "jobs", "executors"):
        for path, part in parts[kind].items():
            for name, parameter in (part.get("parameters") or {}).items():
                yield path, name, parameter


def root_rules(root, parts):
    display = root.get("display") or {}
    if not display.get("source_url"):
        yield "RC001", "@orb.yml", "display.source_url is not set"
    if len(str(root.get("description", "")).strip()) < 64:
        yield "RC005", "@orb.yml", "the description has fewer than 64 characters"
    for rule, key in (("RC006", "source_url"), ("RC007", "home_url")):
        if not re.fullmatch(r"https://[\w.-]+/\S*", str(display.get(key, ""))):
            yield rule, "@orb.yml", f"display.{key} is no address"
    if not parts["examples"]:
        yield "RC003", "examples", "there is no example"


def description_rules(parts):
    for kind in KINDS:
        for path, part in parts[kind].items():
            if not str(part.get("description", "")).strip():
                yield "RC002", path, "there is no description"
    for path in parts["examples"]:
        if "example" in path.stem:
            yield "RC004", path, 'the name of an example need not say "example"'
    for path, name, parameter in parameters(parts):
        if not str(parameter.get("description", "")).strip():
            yield "RC002", path, f"the parameter {name} has no description"


def run_rules(parts):
    for path, run in runs(parts):
        if not isinstance(run, dict) or not run.get("name"):
            yield "RC008", path, "a run step has no name"
            continue
        command = str(run.get("command", ""))
        if len(command) > COMMAND_MAX and "<<include(" not in command.replace(" ", ""):
            yield "RC009", path, f"the command of \"{run['name']}\" is long and not included from a script"


def version_rule(parts):
    tag = re.fullmatch(r"v(\d+)\.\d+\.\d+", os.environ.get("CIRCLE_TAG", ""))
    for path, part in parts["examples"].items():
        for reference in (part["usage"].get("orbs") or {}).values():
            version = re.fullmatch(r"[\w-]+/[\w-]+@(\d+)(\.\d+){0,2}", str(reference))
            if not version:
                yield "RC011", path, f'"{reference}" is no orb at a version'
            elif tag and tag[1] != "0" and version[1] != tag[1]:
                yield "RC011", path, f'"{reference}" is not of major version {tag[1]}'


def key_rule(parts):
    """Text of a parameter is not expanded in the key of a cache: a default like $VAR would be the key itself."""
    for kind in ("commands", "jobs"):
        for path, part in parts[kind].items():
            variables = {
                name
                for name, parameter in (part.get("parameters") or {}).items()
                if str(parameter.get("default", "")).startswith("$")
            }
            for step in steps_of(part.get("steps")):
                for call in step.values() if isinstance(step, dict) else ():
                    key = str(call.get("key", "")) if isinstance(call, dict) else ""
                    for name in re.findall(r"<<\s*parameters\.([\w-]+)\s*>>", key):
                        if name in variables:
                            yield "RC012", path, f"the parameter {name} stands in a key, where its default is not expanded"


def title_rule(parts):
    """CircleCI shows a title as it is written, $VAR and all: it may hold words of an enum, and the label made for it."""
    for kind in ("commands", "jobs"):
        for path, part in parts[kind].items():
            declared = part.get("parameters") or {}
            for step in steps_of(part.get("steps")):
                run = step.get("run") if isinstance(step, dict) else None
                title = str(run.get("name")) if isinstance(run, dict) else ""
                for name in re.findall(r"<<\s*parameters\.([\w-]+)\s*>>", title):
                    if name != "extra_command_label" and declared.get(name, {}).get("type") != "enum":
                        yield "SW001", path, f"the parameter {name} stands in a title, where variables are not expanded"


def review(folder):
    root, parts = load(folder)
    for rule in (root_rules(root, parts), description_rules(parts), run_rules(parts), version_rule(parts),
                 key_rule(parts), title_rule(parts)):
        yield from rule


def main():
    findings = list(review(pathlib.Path(sys.argv[1])))
    for rule, place, text in findings:
        print(f"{place}: {rule}: {text}", file=sys.stderr)
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
