"""The same deployment with the steps of circleci/aws-ecr and circleci/aws-ecs and with this orb's: how long the
steps take outside `docker build`. Runs inside the sandbox; tests/bench/run --steps starts it.

The older orbs are not here: SLIPWAY_AWS_ECR_ORB and SLIPWAY_AWS_ECS_ORB name their source folders (the `src` of
versions 9 and 8). The AWS command line is installed already, and is given the fastest way to start. A docker of our
own stands before the real one: it says how long `docker build` took, builds without buildx what buildx would build
and push, and takes ECR's host name for the sandbox's registry. It costs both sides the same.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ACCOUNT, REGION = "123456789012", "us-east-1"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"

JOBS = {
    "old": f"""
version: 2.1
orbs: {{aws-ecr: circleci/aws-ecr@9.8.1, aws-ecs: circleci/aws-ecs@8.0.0}}
workflows:
  deploy:
    jobs:
      - aws-ecr/build_and_push_image:
          name: image
          auth: []
          account_id: "{ACCOUNT}"
          region: {REGION}
          use_credentials_helper: false
          repo: nginx
          tag: ${{CIRCLE_SHA1}}
      - aws-ecs/deploy_service_update:
          name: deploy
          auth: []
          region: {REGION}
          family: kim-app-nginx
          cluster: default-kim5
          container_image_name_updates: container=nginx,tag=${{CIRCLE_SHA1}}
""",
    "new": """
version: 2.1
orbs: {aws-ecr: acme/slipway@1.0.0, aws-ecs: acme/slipway@1.0.0}
workflows:
  deploy:
    jobs:
      - aws-ecr/build_and_push_image:
          name: image
          auth: []
          account-url: AWS_ECR_ACCOUNT_URL
          repo: nginx
          tag: ${CIRCLE_SHA1}
      - aws-ecs/deploy_service_update:
          name: deploy
          auth: []
          family: kim-app-nginx
          cluster: default-kim5
          container_image_name_updates: container=nginx,tag=${CIRCLE_SHA1}
""",
}

DOCKER = """#!/bin/bash
# buildx build [...] --push is build and push; ECR's host is the sandbox's registry.
args=() push=no skip=no
for word; do
    case $skip$word in
        yes*) skip=no ;;
        no--push) push=yes ;;
        no--progress | no--platform) skip=yes ;;
        no*) args+=("${word//@HOST@/@REGISTRY@}") ;;
    esac
done
if [ "${args[0]}" = buildx ]; then
    [ "${args[1]}" = build ] || { echo "default * docker"; exit; }
    args=("${args[@]:1}")
fi
if [ "${args[0]}" != build ]; then exec @DOCKER@ "${args[@]}"; fi
start=${EPOCHREALTIME/./}
@DOCKER@ "${args[@]}" || exit
echo $((${EPOCHREALTIME/./} - start)) >>"$BUILD_TIMES"
[ "$push" = yes ] || exit 0
for ((i = 0; i < ${#args[@]}; i++)); do
    [ "${args[i]}" != -t ] || @DOCKER@ push "${args[i + 1]}" || exit
done
"""


def make_tools(folder, slipway):
    """The docker of our own, slipway, and the folder of the AWS command line's own program."""
    folder.mkdir()
    text = DOCKER.replace("@DOCKER@", shutil.which("docker"))
    text = text.replace("@HOST@", HOST).replace("@REGISTRY@", os.environ["AWS_ECR_ACCOUNT_URL"])
    (folder / "docker").write_text(text)
    (folder / "docker").chmod(0o755)
    (folder / "slipway").symlink_to(slipway)
    (folder / "docker-credential-slipway").symlink_to(slipway)
    return f"{folder}:{pathlib.Path(sys.prefix) / 'bin'}:{os.environ['PATH']}"


def make_project(folder):
    shutil.copytree(ROOT / "tests" / "demo-project", folder)
    shutil.copy(shutil.which("busybox"), folder / "busybox")
    shutil.rmtree(folder / ".circleci", ignore_errors=True)


def run(slipway, name, job, work, project, environment, orbs):
    """A job's steps and their seconds, in their order, without docker build."""
    times, timings = work / "build-times", work / "timings.json"
    times.write_text("")
    command = [slipway, "local", "execute", job, "--config", str(work / f"{name}.yml"), "--checkout", str(project)]
    command += ["--timings", str(timings), "--workdir", str(work / f"job-{time.time_ns()}")]
    for orb in orbs:
        command += ["--orb", orb]
    done = subprocess.run(command, env={**environment, "BUILD_TIMES": str(times)}, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench: {name} {job} failed:\n{done.stdout.decode()}{done.stderr.decode()}")
    steps = {}
    for step in json.loads(timings.read_text()):
        if step["status"] != "skipped":
            steps[step["name"]] = steps.get(step["name"], 0) + step["seconds"]
    for step in steps:
        if "Build" in step:
            steps[step] -= sum(int(line) for line in times.read_text().split()) / 1e6
    return steps


def print_steps(taken):
    """What the medians of a job's steps are, for one side below the other."""
    for (name, job), runs in taken.items():
        print(f"\n{job} of {'the older orbs' if name == 'old' else 'this orb'}")
        for step in runs[0]:
            print(f"  {statistics.median(steps.get(step, 0) for steps in runs) * 1000:>6.0f} ms  {step}")


def print_jobs(taken):
    medians = {key: statistics.median(sum(steps.values()) for steps in runs) for key, runs in taken.items()}
    print(f"\n{'steps outside docker build':<28}{'older orbs':>12}{'this orb':>12}{'ratio':>8}")
    for job in ("image", "deploy"):
        before, now = medians["old", job], medians["new", job]
        print(f"{job:<28}{before:>10.2f} s{now:>10.2f} s{now / before:>8.3f}")
    before, now = (sum(medians[name, job] for job in ("image", "deploy")) for name in ("old", "new"))
    print(f"{'both':<28}{before:>10.2f} s{now:>10.2f} s{now / before:>8.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slipway", required=True)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    old = [os.environ.get("SLIPWAY_AWS_ECR_ORB"), os.environ.get("SLIPWAY_AWS_ECS_ORB")]
    if not all(old):
        sys.exit("bench: SLIPWAY_AWS_ECR_ORB and SLIPWAY_AWS_ECS_ORB name the source folders of the older orbs")
    slipway = str(pathlib.Path(options.slipway).resolve())
    orbs = {
        "old": [f"circleci/aws-ecr@9.8.1={old[0]}", f"circleci/aws-ecs@8.0.0={old[1]}"],
        "new": [f"acme/slipway@1.0.0={ROOT / 'orb'}"],
    }
    with tempfile.TemporaryDirectory(prefix="slipway-steps-") as folder:
        work = pathlib.Path(folder)
        home = work / "home"
        (home / ".aws").mkdir(parents=True)
        # As aws-cli/setup leaves it, which is not counted.
        keys = f"aws_access_key_id = {os.environ['AWS_ACCESS_KEY_ID']}\naws_secret_access_key = {os.environ['AWS_SECRET_ACCESS_KEY']}\n"
        (home / ".aws" / "config").write_text(f"[default]\nregion = {REGION}\n{keys}")
        environment = {**os.environ, "HOME": str(home), "PATH": make_tools(work / "bin", slipway)}
        environment |= {"AWS_PAGER": "", "AWS_CONFIG_FILE": str(home / ".aws" / "config"), "DOCKER_CONFIG": str(home / ".docker")}
        make_project(work / "project")
        for name, text in JOBS.items():
            (work / f"{name}.yml").write_text(text)
        taken = {(name, job): [] for name in JOBS for job in ("image", "deploy")}
        for number in range(options.runs + 1):
            for name in JOBS:
                environment["CIRCLE_SHA1"] = f"{number:039x}{'a' if name == 'old' else 'b'}"
                (work / "project" / "site" / "number").write_text(f"{name} {number}\n")
                for job in ("image", "deploy"):
                    steps = run(slipway, name, job, work, work / "project", environment, orbs[name])
                    if number > 0:  # the first run warms up
                        taken[name, job].append(steps)
        print_steps(taken)
        print_jobs(taken)


if __name__ == "__main__":
    main()
