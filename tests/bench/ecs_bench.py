"""A whole deployment to ECS, described, registered and updated, by slipway and by what it replaces, against moto."""

import argparse
import http.client
import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from bench import median
from machines import MB, Measure, free_port, machine

REGION, CLUSTER, FAMILY, CONTAINER = "us-east-1", "prod", "web", "web"
GOALS = {"aws + shell": (0.1, 0.2), "ecs-deploy": (0.25, 0.2)}  # wall, memory

# What the older orb's three steps do: read the family's newest revision, put the image into its containers and
# carry the other members over one by one, register, update. The Python in between is as short as it can be.
SHELL = r"""
set -euo pipefail
previous=$(aws ecs describe-task-definition --task-definition "$FAMILY")
containers=$(python3 -c '
import json, sys
definition = json.loads(sys.argv[1])["taskDefinition"]
for container in definition["containerDefinitions"]:
    if container["name"] == sys.argv[2]:
        container["image"] = sys.argv[3]
print(json.dumps(definition["containerDefinitions"]))
' "$previous" "$CONTAINER" "$IMAGE")
values=$(python3 -c '
import json, shlex, sys
definition = json.loads(sys.argv[1])["taskDefinition"]
for name in ("taskRoleArn", "executionRoleArn", "networkMode", "cpu", "memory"):
    print(name + "=" + shlex.quote(definition.get(name, "")))
for name in ("volumes", "placementConstraints"):
    print(name + "=" + shlex.quote(json.dumps(definition.get(name, []))))
' "$previous")
eval "$values"
set -- --family "$FAMILY" --container-definitions "$containers" --volumes "$volumes" \
    --placement-constraints "$placementConstraints"
[ -z "$taskRoleArn" ] || set -- "$@" --task-role-arn "$taskRoleArn"
[ -z "$executionRoleArn" ] || set -- "$@" --execution-role-arn "$executionRoleArn"
[ -z "$networkMode" ] || set -- "$@" --network-mode "$networkMode"
[ -z "$cpu" ] || set -- "$@" --cpu "$cpu"
[ -z "$memory" ] || set -- "$@" --memory "$memory"
revision=$(aws ecs register-task-definition "$@" --query taskDefinition.taskDefinitionArn --output text)
deployed=$(aws ecs update-service --cluster "$CLUSTER" --service "$FAMILY" --task-definition "$revision" \
    --query service.taskDefinition --output text)
echo "$deployed"
"""


def definition():
    """As big as those of real services."""
    environment = [{"name": f"VARIABLE_{i}", "value": f"a value of some length, number {i}"} for i in range(30)]
    log = {"logDriver": "awslogs", "options": {"awslogs-group": "/web", "awslogs-region": REGION, "awslogs-stream-prefix": "ecs"}}
    return {
        "family": FAMILY, "networkMode": "bridge", "taskRoleArn": "arn:aws:iam::123456789012:role/task",
        "containerDefinitions": [
            {"name": name, "image": f"r/{name}:0", "memory": 128, "essential": name == CONTAINER, "environment": environment,
             "logConfiguration": log, "portMappings": [{"containerPort": port, "hostPort": 0}]}
            for name, port in ((CONTAINER, 80), ("proxy", 8080))],
    }  # fmt: skip


class Moto:
    """A server of its own with a cluster and a service."""

    def __init__(self, program):
        self.port = free_port()
        self.process = subprocess.Popen(
            [program, "-H", "127.0.0.1", "-p", str(self.port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        self.call("CreateCluster", clusterName=CLUSTER)
        self.call("RegisterTaskDefinition", **definition())
        self.call("CreateService", cluster=CLUSTER, serviceName=FAMILY, taskDefinition=FAMILY, desiredCount=1)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def call(self, action, **request):
        return self.calls([(action, request)])[0]

    def calls(self, calls):
        """Answers to (action, request), over one connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        answers = []
        for action, request in calls:
            connection.request("POST", "/", json.dumps(request), {
                "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{action}", "Content-Type": "application/x-amz-json-1.1",
                "Authorization": f"AWS4-HMAC-SHA256 Credential=AKIA/20260101/{REGION}/ecs/aws4_request"})  # fmt: skip
            answers.append(json.load(connection.getresponse()))
        connection.close()
        return answers

    def alone(self):
        """Seconds that it takes for the four calls of a deployment when nothing else does."""
        register = {**definition(), "cpu": "256"}
        start = time.perf_counter()
        self.calls([
            ("DescribeServices", {"cluster": CLUSTER, "services": [FAMILY]}),
            ("DescribeTaskDefinition", {"taskDefinition": FAMILY, "include": ["TAGS"]}),
            ("RegisterTaskDefinition", register),
            ("UpdateService", {"cluster": CLUSTER, "service": FAMILY, "taskDefinition": FAMILY})])  # fmt: skip
        return time.perf_counter() - start

    def image(self):
        """What the service runs."""
        service = self.call("DescribeServices", cluster=CLUSTER, services=[FAMILY])["services"][0]
        shown = self.call("DescribeTaskDefinition", taskDefinition=service["taskDefinition"])["taskDefinition"]
        return next(c["image"] for c in shown["containerDefinitions"] if c["name"] == CONTAINER)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Figure(Measure):
    """CPU time in more than hundredths of a second."""

    def __init__(self, argv, env):
        before = self._used()
        super().__init__(argv, env)
        self.cpu = self._used() - before

    @staticmethod
    def _used():
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime


def commands(slipway, ecs_deploy):
    """Name -> function of the image giving argv; those whose programs are here."""
    tools = {"slipway": lambda image: [slipway, "ecs", "deploy", "--cluster", CLUSTER, "--family", FAMILY,
                                       "--image", f"{CONTAINER}={image}"]}  # fmt: skip
    if shutil.which("aws"):
        tools["aws + shell"] = lambda _: ["bash", "-c", SHELL]
    if ecs_deploy:
        tools["ecs-deploy"] = lambda image: [ecs_deploy, "deploy", CLUSTER, FAMILY, "--image", CONTAINER, image,
                                             "--no-deregister", "--timeout", "-1"]  # fmt: skip
    return tools


def environment(moto, folder, image):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    # Programs of this Python's own folder, not what only finds and starts them.
    path = os.path.dirname(os.path.realpath(sys.executable)) + ":" + os.environ["PATH"]
    return {
        **kept, "HOME": folder, "PATH": path, "AWS_ENDPOINT_URL": moto.url, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_PAGER": "",
        "AWS_EC2_METADATA_DISABLED": "true", "CLUSTER": CLUSTER, "FAMILY": FAMILY, "CONTAINER": CONTAINER, "IMAGE": image,
    }  # fmt: skip


def measure(tools, moto, folder, runs):
    """In turn, so that what else happens on the machine happens to all of them."""
    figures, alone = {name: [] for name in tools}, []
    for run in range(runs + 1):
        for name, command in tools.items():
            image = f"r/{name.split()[0]}:{run}"
            figure = Figure(command(image), environment(moto, folder, image))
            if moto.image() != image:
                sys.exit(f"bench: {name} did not deploy {image}")
            if run > 0:  # the first warms caches up
                figures[name].append(figure)
        alone.append(moto.alone())
    return figures, statistics.median(alone)


def show(figures, alone, runs):
    print(f"\n### A deployment to ECS: described, registered, updated, against moto; medians of {runs} runs, in turn\n")
    print("| tool | wall s | slipway/tool | CPU s | peak MB | slipway/tool |")
    print("| --- " * 6 + "|")
    ours, our_peak = median(figures["slipway"], "wall"), median(figures["slipway"], "peak")
    for name, taken in figures.items():
        wall, cpu, peak = (median(taken, field) for field in ("wall", "cpu", "peak"))
        print(f"| {name} | {wall:.3f} | {ours / wall:.3f} | {cpu:.3f} | {peak / MB:.1f} | {our_peak / peak:.3f} |")
    own = median(figures["slipway"], "cpu")
    print(f"\nOf slipway's {ours * 1000:.0f} ms it computes for {own * 1000:.0f} ms; the rest is waiting. The server alone takes"
          f" {alone * 1000:.0f} ms for the four calls, asked by a client that only asks.")  # fmt: skip
    for name, (wall_goal, peak_goal) in GOALS.items():
        if name in figures:
            wall = ours / median(figures[name], "wall")
            peak = our_peak / median(figures[name], "peak")
            verdict = "met" if wall <= wall_goal and peak <= peak_goal else "missed"
            print(f"- {name}: wall {wall:.3f} (goal {wall_goal}), memory {peak:.3f} (goal {peak_goal}): {verdict}")


def main():
    parser = argparse.ArgumentParser(prog="run --ecs")
    parser.add_argument("--slipway", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--moto", default="moto_server", help=argparse.SUPPRESS)
    parser.add_argument("--ecs-deploy", help=argparse.SUPPRESS)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    print(f"Machine: {machine()}.")
    moto = Moto(arguments.moto)
    folder = tempfile.mkdtemp(prefix="slipway-bench-")
    try:
        tools = commands(os.path.abspath(arguments.slipway), arguments.ecs_deploy)
        show(*measure(tools, moto, folder, arguments.runs), arguments.runs)
    finally:
        moto.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
