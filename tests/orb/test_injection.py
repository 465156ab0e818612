"""No text of a parameter is ever run by a shell: every string parameter of every command and job of the orb is fed with
quotes, substitutions, new lines and globs, alone and together with all others, and the steps are run as CircleCI
runs them. Where the text would be evaluated, a marker file appears.

What the steps call is replaced by stand-ins, so that all of them run to their ends.
"""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import yaml

ORB = pathlib.Path(__file__).resolve().parent.parent.parent / "orb"
PROGRAM = os.environ.get("SLIPWAY_PROGRAM", "slipway")

EVIL = [
    "$(touch marker)",
    "`touch marker`",
    "'; touch marker; '",
    '"; touch marker; "',
    "x\ntouch marker\n",
    "x; touch marker & touch marker | touch marker",
    "'\"$(touch marker)\"'`touch marker`\\",
    "a[$(touch marker)]",
    "* ? [a-z] {a,b} ~ $PATH --output marker",
    "${x:=$(touch marker)}",
]
# Says where an image is, answers what is asked of the program in the form it answers, and hands back texts it is to expand:
# the worst that a variable could hold.
STAND_IN = """\
#!/bin/sh
case "$1 ${2:-}" in
    "env subst") for word do :; done; printf '%s\\n' "$word" ;;
    "ecr login") echo 127.0.0.1:5000 ;;
    "image push" | "image copy" | "image exists") echo 127.0.0.1:5000/web:1@sha256:0 ;;
    "image digest") echo sha256:0 ;;
    "ecs run-task") printf '{\\n  "taskArn": "arn"\\n}\\n' ;;
    "--version "*) echo "slipway 0.1.0" ;;
esac
"""


def components():
    for folder in ("commands", "jobs"):
        for path in sorted((ORB / folder).glob("*.yml")):
            yield folder, path.stem, yaml.safe_load(path.read_text()).get("parameters", {})


def plain(declared):
    """A harmless value for a parameter that has no default."""
    return {"integer": 1, "boolean": True}.get(declared["type"], "web")


class Case:
    """A use of a command or job with some of its parameters set to `text`."""

    def __init__(self, name, parameters, chosen, text, switched):
        self.values = {n: plain(d) for n, d in parameters.items() if "default" not in d}
        # Every branch that a switch opens is to be gone through.
        self.values.update({n: True for n, d in parameters.items() if switched and d["type"] == "boolean"})
        self.values.update({n: text for n in chosen})
        self.title = f"{name}, {chosen[0] if len(chosen) == 1 else 'all'}: {text!r}"

    def run(self, steps, tools):
        """What went wrong, or ""."""
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            work = folder / "work"
            work.mkdir()
            (work / "Dockerfile").touch()
            (folder / "bash_env").touch()
            # The last one reads what the others left for later steps.
            for run in [*(step["run"] for step in steps if "run" in step), {"command": ":"}]:
                execute(run, work, folder, tools)
            return f"ran text of {self.title}" if list(folder.rglob("marker")) else ""


def variable(value):
    return str(int(value)) if isinstance(value, bool) else str(value)


def execute(run, work, folder, tools):
    environment = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "HOME": str(folder),
        "BASH_ENV": str(folder / "bash_env"),
        **{name: variable(value) for name, value in run.get("environment", {}).items()},
    }
    (folder / "step").write_text(run["command"])
    words = ["bash", "-eo", "pipefail", str(folder / "step")]
    null = subprocess.DEVNULL
    subprocess.run(words, cwd=work, env=environment, stdin=null, stdout=null, stderr=null, timeout=60, check=False)


def cases(name, parameters):
    texts = [n for n, d in parameters.items() if d["type"] == "string"]
    for text in EVIL:
        for switched in (False, True):
            yield Case(name, parameters, texts, text, switched)
    for parameter in texts:
        yield Case(name, parameters, [parameter], EVIL[6], switched=True)


def compiled(folder, name, uses, packed, scratch):
    """The steps of each use, compiled together: a job of its own for each."""
    jobs, calls = {}, []
    for i, case in enumerate(uses):
        if folder == "commands":
            jobs[f"use-{i}"] = {"machine": {"image": "m"}, "steps": [{f"s/{name}": case.values}]}
            calls.append(f"use-{i}")
        else:
            calls.append({f"s/{name}": {"name": f"use-{i}", **case.values}})
    config = {"version": 2.1, "orbs": {"s": "acme/slipway@1.0.0"}, "jobs": jobs, "workflows": {"w": {"jobs": calls}}}
    path = scratch / f"{folder}-{name}.yml"
    path.write_text(yaml.safe_dump(config))
    words = [PROGRAM, "config", "process", str(path), "--orb", f"acme/slipway@1.0.0={packed}", "--output", "json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    found = json.loads(done.stdout)["jobs"]
    return [[step for step in found[f"use-{i}"]["steps"] if isinstance(step, dict)] for i in range(len(uses))]


class Injection(unittest.TestCase):
    def test_no_text_of_a_parameter_is_run(self):
        with tempfile.TemporaryDirectory() as scratch:
            tools = pathlib.Path(scratch)
            for name in ("slipway", "docker", "curl", "wget", "sudo", "ecs-cli"):
                (tools / name).write_text(STAND_IN if name == "slipway" else "#!/bin/sh\nexit 0\n")
                (tools / name).chmod(0o755)
            packed = tools / "orb.yml"
            subprocess.run([PROGRAM, "orb", "pack", str(ORB), "--output-file", str(packed)], check=True)
            count, problems = 0, []
            with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
                for folder, name, parameters in components():
                    uses = list(cases(name, parameters))
                    steps = compiled(folder, name, uses, packed, tools)
                    problems += filter(None, pool.map(lambda case, each: case.run(each, tools), uses, steps))
                    count += len(uses)
            print(f"{count} uses")
            self.assertGreater(count, 1500)
            self.assertEqual(problems[:20], [])


if __name__ == "__main__":
    unittest.main()
