"""Uses of the orb's commands, jobs and executors: what there is to use, compiled by the program, and run step by step as
CircleCI runs them, with stand-ins for the programs that the steps call."""

import json
import os
import pathlib
import subprocess

import yaml

ORB = pathlib.Path(__file__).resolve().parent.parent.parent / "orb"
PROGRAM = os.environ.get("SLIPWAY_PROGRAM", "slipway")


# Each call: the program, its words, and the variable that tells later steps of an image.
RECORD = """\
#!/bin/sh
{
    [ -z "${SLIPWAY_IMAGE:-}" ] || printf 'SLIPWAY_IMAGE=%s\\037' "$SLIPWAY_IMAGE"
    printf '%s' "${0##*/}"
    for word do printf '\\037%s' "$word"; done
    printf '\\036'
} >>"$CALLS"
"""
SLIPWAY = (
    """\
#!/bin/sh
[ "$1 ${2:-}" != "env subst" ] || exec "$PROGRAM" "$@"
"""
    + RECORD.partition("\n")[2]
    + """\
case "$1 ${2:-}" in
    "ecr login") echo registry.example ;;
    "image push") echo registry.example/web:1@sha256:2 ;;
    "image index") echo registry.example/web:1@sha256:3 ;;
    "image copy") echo registry.example/web:1@sha256:4 ;;
    "image exists") [ -n "${TAGS_EXIST:-}" ] && echo registry.example/web:1@sha256:5 || exit 1 ;;
    "ecs run-task") case "$*" in *"--output json"*) printf '{\\n  "taskArn": "arn"\\n}\\n' ;; *) echo arn ;; esac ;;
    "--version ") echo "slipway 0.1.0" && exit ;;
esac
exit "${STATUS:-0}"
"""
)
# A release whose program says its version and else writes down its words.
CURL = (
    RECORD
    + """\
for word do
    [ "${before:-}" != --output ] || to=$word
    before=$word url=$word
done
version=${url#*/v} version=${version%%/*}
printf '#!/bin/sh\\n[ "$1" != --version ] || { echo "slipway %s"; exit; }\\nexec recorded "$@"\\n' "$version" >"$to"
case $url in *.gz) gzip -c "$to" >"$to.packed" && mv "$to.packed" "$to" ;; esac
"""
)
PROGRAMS = {
    "slipway": SLIPWAY,
    "recorded": SLIPWAY,
    "curl": CURL,
    "docker": RECORD + '[ "$1 $2" != "buildx inspect" ]\n',
    "sudo": RECORD + '"$@"\n',
    # The machine's own folders stay as they are.
    "cp": RECORD + 'case $2 in /usr/*) ;; *) exec /bin/cp "$@" ;; esac\n',
    "chmod": '#!/bin/sh\ncase $2 in /usr/*) ;; *) exec /bin/chmod "$@" ;; esac\n',
    "ecs-cli": "#!/bin/sh\necho ecs-cli\n",
    "uname": '#!/bin/sh\n[ "$1" != -m ] && echo Linux || echo "${MACHINE:-x86_64}"\n',
}


def components(folders=("commands", "jobs", "executors")):
    """All of the orb's components: folder, name, parameters."""
    for folder in folders:
        for path in sorted((ORB / folder).glob("*.yml")):
            yield folder, path.stem, yaml.safe_load(path.read_text()).get("parameters", {})


# What a component must be given although each of it has a default: it can be said in other ways.
NEEDED = {"deploy_services": {"cluster": "web", "services": "web"}}


def required(component, parameters):
    """The use with nothing but what must be given."""
    given = {name: {"integer": 1, "boolean": True}.get(d["type"], "web") for name, d in parameters.items() if "default" not in d}
    return {**given, **NEEDED.get(component, {})}


def write_programs(folder, more=()):
    """The stand-ins, each one a file of that folder; `more` are others, or others in their place."""
    for name, text in {**PROGRAMS, **dict(more)}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


def pack(folder):
    """The orb as one file in that folder."""
    packed = folder / "orb.yml"
    subprocess.run([PROGRAM, "orb", "pack", "--quiet", str(ORB), "--output-file", str(packed)], check=True)
    return packed


def configuration(folder, name, uses):
    """One job for each use, which is a mapping of parameters."""
    jobs, calls = {}, []
    for i, values in enumerate(uses):
        job = f"use-{i}"
        if folder == "jobs":
            calls.append({f"s/{name}": {"name": job, **values}})
            continue
        calls.append(job)
        if folder == "commands":
            jobs[job] = {"machine": {"image": "m"}, "steps": [{f"s/{name}": values}]}
        else:
            jobs[job] = {"executor": {"name": f"s/{name}", **values}, "steps": ["checkout"]}
    return {"version": 2.1, "orbs": {"s": "acme/slipway@1.0.0"}, "jobs": jobs, "workflows": {"w": {"jobs": calls}}}


def compiled(folder, name, uses, packed, scratch):
    """The compiled job of each use."""
    path = scratch / f"{folder}-{name}.yml"
    path.write_text(json.dumps(configuration(folder, name, uses)))
    words = [PROGRAM, "config", "process", str(path), "--orb", f"acme/slipway@1.0.0={packed}", "--output", "json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{folder}/{name}: {done.stderr}")
    found = json.loads(done.stdout)["jobs"]
    return [found[f"use-{i}"] for i in range(len(uses))]


def runs(job):
    """The run steps of a compiled job."""
    return [step["run"] for step in job["steps"] if isinstance(step, dict) and "run" in step]


def variable(value):
    """The value of a step's environment as CircleCI sets it."""
    return str(int(value)) if isinstance(value, bool) else str(value)


def execute(run, work, folder, environment):
    """Runs a step in the folder `work`; `folder` has its script, its home and BASH_ENV."""
    environment = {
        "HOME": str(folder),
        "BASH_ENV": str(folder / "bash_env"),
        **environment,
        **{name: variable(value) for name, value in run.get("environment", {}).items()},
    }
    (folder / "step").write_text(run["command"])
    words = ["bash", "-eo", "pipefail", str(folder / "step")]
    return subprocess.run(
        words, cwd=work, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
    )
