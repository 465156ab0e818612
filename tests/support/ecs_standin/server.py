"""The stand-in behind HTTP: one server is one account with one cluster.

Control, besides the APIs:

    POST /_sim/sleep      {"ms": N}: time goes on; {"now_ms", "signals": [names that are due]}
    GET  /_sim/now        {"now_ms"}
    POST /_sim/scenario   begins anew with a scenario, see world.py
    GET  /_sim/calls      {"total", "by_action", "list": [[seconds, action]...], "throttled", "problems"}; problems are
                          requests and replies that botocore's models do not know
    POST /_sim/do         one entry of the scenario's "at", now
"""

import copy
import json
import sys
import threading
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

import loopback  # noqa: E402
import model  # noqa: E402
import sigv4_check  # noqa: E402
from api import Api  # noqa: E402
from buckets import Buckets  # noqa: E402
from codedeploy import CodeDeploy  # noqa: E402
from plan import KNOWN, TARGET_GROUP  # noqa: E402, F401
from world import Refusal, World  # noqa: E402


class Logs:
    """CloudWatch Logs, as far as containers of the world's tasks wrote something."""

    def __init__(self, world):
        self.world = world

    def call(self, action, request):
        if action != "GetLogEvents":
            raise Refusal("UnknownOperationException", f"The stand-in does not act out {action}.")
        task = next((t for t in self.world.tasks if request["logStreamName"].endswith(f"/{t.id}")), None)
        if task is None or task.started is None:
            raise Refusal("ResourceNotFoundException", "The specified log stream does not exist.")
        when = int(task.started * 1000)
        lines = [{"timestamp": when, "message": line, "ingestionTime": when} for line in task.fate.get("log", [])]
        begin = int(request.get("nextToken", "f/0").rpartition("/")[2])
        return {"events": lines[begin:], "nextForwardToken": f"f/{len(lines)}", "nextBackwardToken": "b/0"}


class Standin:
    """A world with its APIs; what a server, or a test in the same process, asks."""

    def __init__(self, scenario=None):
        self.begin(scenario or {})

    def begin(self, scenario):
        self.scenario = copy.deepcopy(scenario)
        self.world = World(self.scenario)
        self.buckets = Buckets(self.world.clock)
        self.apis = {"ecs": Api(self.world), "codedeploy": CodeDeploy(self.world), "logs": Logs(self.world)}
        self.calls, self.problems = [], []
        for entry in self.scenario.get("at", []):
            self.world.clock.at(entry["s"], lambda entry=entry: self.do(entry))
        for action, tokens in self.scenario.get("drain", {}).items():
            self.buckets.drain(action, tokens)
        for action, rate in self.scenario.get("drained", {}).items():
            self.buckets.share(action, rate)
        return {}

    def do(self, entry):
        """Something that somebody else does."""
        action, value = entry["do"], entry.get("with")
        if action == "signal":
            self.world.signals.append(value)
        elif action == "instances":
            self.world.instances = value
        elif action == "plan":
            self.world.set_plans(value)
        elif action == "drain":
            for other, tokens in value.items():
                self.buckets.drain(other, tokens)
        elif action == "alarm":
            for service in self.world.services.values():
                service.alarm(value)
        else:
            return self.apis["ecs"].call(action, {"cluster": self.world.cluster, **value})
        return {}

    def sleep(self, request):
        self.world.clock.advance(request["ms"] / 1000)
        signals, self.world.signals = self.world.signals, []
        return {"now_ms": self.now_ms(), "signals": signals}

    def now_ms(self):
        return int(self.world.clock.now * 1000)

    def report(self):
        actions = Counter(action for _, action in self.calls)
        return {"total": len(self.calls), "by_action": actions, "list": self.calls, "throttled": self.buckets.refused,
                "problems": self.problems}  # fmt: skip

    def ask(self, service, action, request):
        """One call: (status, answer)."""
        clock = self.world.clock
        clock.advance(self.scenario.get("latencySeconds", 0.05))
        self.calls.append((round(clock.elapsed, 3), action))
        self._note(model.request_problems(service, action, request))
        try:
            self._refuse(service, action)
            answer = self.apis[service].call(action, request)
        except Refusal as refusal:
            self._note(model.error_problems(service, action, refusal.code))
            return refusal.status, {"__type": refusal.code, "message": refusal.message}
        self._note(model.reply_problems(service, action, answer))
        return 200, answer

    def _note(self, problems):
        self.problems += problems
        if any(" request" in problem for problem in problems):
            raise Refusal("SerializationException", "; ".join(problems))

    def _refuse(self, service, action):
        error = self.scenario.get("errors", {}).get(action)
        if error and error.get("times", 1) > 0:
            error["times"] = error.get("times", 1) - 1
            raise Refusal(error["code"], error.get("message", ""), error.get("status", 400))
        if action in self.scenario.get("denied", []):
            raise Refusal(
                "AccessDeniedException",
                f"User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: {service}:{action}"
                " because no identity-based policy allows the action",
            )
        if service == "ecs" and self.scenario.get("throttle", True) and not self.buckets.take(action):
            raise Refusal("ThrottlingException", "Rate exceeded")


class Server(loopback.Server):
    def __init__(self, scenario=None):
        super().__init__(Handler)
        self.lock = threading.RLock()
        self.standin = Standin(scenario)
        self.control = {
            ("POST", "/_sim/sleep"): self._locked(lambda value: self.standin.sleep(value)),
            ("GET", "/_sim/now"): self._locked(lambda _: {"now_ms": self.standin.now_ms()}),
            ("POST", "/_sim/scenario"): self._locked(lambda value: self.standin.begin(value)),
            ("GET", "/_sim/calls"): self._locked(lambda _: self.standin.report()),
            ("POST", "/_sim/do"): self._locked(lambda value: self.standin.do(value)),
        }

    def _locked(self, function):
        def call(value):
            with self.lock:
                return function(value)

        return call


class Handler(loopback.Handler):
    def serve(self):
        body = self.body()
        prefix, _, action = self.headers.get("X-Amz-Target", "").rpartition(".")
        service = model.TARGETS.get(prefix)
        refusal = sigv4_check.verdict(self.command, self.path, self.headers, body)
        if refusal:
            status, answer = 400, {"__type": refusal[0], "message": refusal[1]}
        elif service is None:
            status, answer = 400, {"__type": "UnknownOperationException", "message": "no such API here"}
        else:
            status, answer = self._ask(service, action, json.loads(body or b"{}"))
        self.reply(status, json.dumps(answer).encode(),
                   [("Content-Type", "application/x-amz-json-1.1"),
                    ("x-amzn-RequestId", loopback.request_id())])  # fmt: skip

    def _ask(self, service, action, request):
        with self.server.lock:
            try:
                return self.server.standin.ask(service, action, request)
            except Refusal as refusal:
                return refusal.status, {"__type": refusal.code, "message": refusal.message}
