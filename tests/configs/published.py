#!/usr/bin/env python3
"""Runs the configurations that the older orbs published, with nothing changed but the lines under "orbs:", and compares
what became of each job with what is expected.

    published.py [--write] [--verbose] [NAME...]

SLIPWAY_PUBLISHED_CONFIGS names a folder with a source tree of each version, aws-ecr-1.0.0, aws-ecr-9.8.1, aws-ecs-0.0.6
and aws-ecs-8.0.0; without it the test is skipped. The folder "published" holds a case for each configuration (see
case.py), "VERSION CONFIGURATION.txt"; a case with more behind a "+" shows how it goes on where something is refused.
Besides, a case says

    tree      true: the project is the published source tree
    also      jobs that run although they have nothing of the orb in them
    replace   {text of the configuration: what takes its place}
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "orb")]

import case as cases  # noqa: E402
import run  # noqa: E402
import test_published as published  # noqa: E402

OURS = ("aws-ecr", "aws-ecs")
VERSIONS = ("aws-ecr-1.0.0", "aws-ecr-9.8.1", "aws-ecs-0.0.6", "aws-ecs-8.0.0")
DEPLOYED = ("ecs:UpdateService", "ecs:CreateService", "codedeploy:CreateDeployment")


def configurations():
    """Each with its name and its source tree; those that use none of the two orbs are their own business."""
    for version in VERSIONS:
        tree = pathlib.Path(published.FOLDER) / version
        for name, config in published.configurations(tree):
            if set(OURS) & set(config.get("orbs", {})):
                yield f"{version} {name.removesuffix('.yml')}", config, tree


class Published(cases.Case):
    must_pass = False

    def __init__(self, path, config, tree):
        super().__init__(path, config)
        self.tree = tree if self.facts.get("tree") else None

    def compose(self, folder):
        """The configuration with our orb, and stand-ins for the others."""
        text = json.dumps(self.config)
        for old, new in self.facts.get("replace", {}).items():
            text = text.replace(old, new)
        self.config = json.loads(text)
        self.orbs, self.strangers, lines = {}, set(), {}
        folder.mkdir()
        for alias in self.config["orbs"]:
            lines[alias] = f"acme/{'slipway' if alias in OURS else alias}@1.0.0"
            if alias in OURS:
                continue
            path = HERE / "orbs" / f"{alias}.yml"
            if not path.exists():
                path = folder / f"{alias}.yml"
                path.write_text(json.dumps(published.made_up(self.config, alias)))
                self.strangers.add(alias)
            self.orbs[lines[alias]] = path
        self.config = {**self.config, "orbs": lines}

    def why_not(self, run, job):
        why = super().why_not(run, job)
        if why or job in self.facts.get("also", []) or "SLIPWAY_" in json.dumps(run.config["jobs"][job]):
            return why
        return None

    def run(self, ground, folder, log=None):
        folder = folder / self.name.replace(" ", "-")
        self.compose(folder)
        return super().run(ground, folder, log)


def table(name, text):
    """A line for each job of a story: what became of it."""
    job, lines = None, {}
    for line in text.splitlines():
        verdict = line.partition(": ")[2]
        if not line.startswith(" ") and verdict.startswith(("passed", "ended", "does not run")):
            job, _, lines[job] = line.partition(": ")
        elif not line.startswith(" "):
            job = None
        elif job and line.startswith("  step ") and line.endswith("(failed)"):
            lines[job] += f' in step "{line[7:-9]}"'
        elif job and line.startswith("  error: "):
            lines[job] += f": {line[9:]}"
        elif job and lines[job] == "passed" and line.startswith("  AWS: ") and any(call in line for call in DEPLOYED):
            lines[job] = "deployed"
        elif job and lines[job] == "passed" and line.startswith("  pushed to "):
            lines[job] = "pushed"
    for job, verdict in lines.items():
        yield f"{name} | {job} | {verdict}"
    if text.startswith("does not compile"):
        yield f"{name} | all | does not compile, with its own orb neither: {text.splitlines()[0].partition(': ')[2]}"


def main():
    if not published.FOLDER:
        print("SLIPWAY_PUBLISHED_CONFIGS is not set")
        return 77
    options = run.read_options(folder=False)
    trees = {name: (config, tree) for name, config, tree in configurations()}
    paths = sorted((HERE / "published").glob("*.txt"))
    missing = set(trees) ^ {path.stem.partition(" +")[0] for path in paths}
    if missing:
        sys.exit(f"configurations and their cases differ: {', '.join(sorted(missing))}")
    made = [Published(path, *trees[path.stem.partition(" +")[0]]) for path in paths]
    stories = {}
    status = run.run_all(made, options, stories)
    for case in made:
        if case.name in stories:
            print("\n".join(table(case.name, stories[case.name])))
    return status


if __name__ == "__main__":
    run.finish(main)
