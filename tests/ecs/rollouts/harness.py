"""Runs the program against the ECS stand-in, both in simulated time."""

import json
import os
import pathlib
import subprocess
import sys
import threading
import unittest

SUPPORT = pathlib.Path(__file__).resolve().parents[2] / "support"
sys.path[:0] = [str(SUPPORT / "ecs_standin"), str(SUPPORT)]

try:
    import server
    import sigv4_check
except ImportError as missing:
    print(f"the stand-in cannot run: {missing}")
    sys.exit(77)

PROGRAM = os.environ["SLIPWAY_SIMULATED"]
KEY = "AKIASLIPWAYSANDBOX00"
# How a rollout ends whose tasks have the fate "pull".
MISSING_IMAGE = (
    'most likely: container "web": the image does not exist: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:nope";'
    " check repository, tag and registry; was the image pushed by an earlier job, and under this tag?"
)
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
BREAKER_ONLY = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}


def service(**changes):
    """The service of a scenario: two tasks of web:1."""
    return {"serviceName": "web", "taskDefinition": "web:1", "desiredCount": 2, **changes}


class Trial:
    """One scenario on its own server."""

    def __init__(self, **scenario):
        self.server = server.Server(scenario)
        self.url = f"http://{self.server.address}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    @property
    def standin(self):
        return self.server.standin

    @property
    def elapsed(self):
        """Simulated seconds since the scenario began."""
        return self.standin.world.clock.elapsed

    def environment(self):
        names = ("PATH", "HOME", "LD_LIBRARY_PATH", "ASAN_OPTIONS")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        return {
            **kept,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": sigv4_check.IDENTITIES[KEY][0],
            "AWS_REGION": "eu-west-1",
            "SLIPWAY_SIMULATION": self.url,
        }

    def run(self, *arguments, stdin=None, environment=None, wrap=()):
        return subprocess.run(
            [*wrap, PROGRAM, *arguments], env={**self.environment(), **(environment or {})}, input=stdin,
            capture_output=True, text=True, timeout=120,
            check=False,
        )  # fmt: skip

    def ask(self, action, /, **request):
        """A call of somebody else, which takes no time."""
        with self.server.lock:
            return self.standin.apis["ecs"].call(action, {"cluster": "prod", **request})


class TestCase(unittest.TestCase):
    maxDiff = None

    def trial(self, **scenario):
        trial = Trial(**scenario)
        self.addCleanup(trial.close)
        return trial

    def deploy(self, trial, *options, poll="5s"):
        """Rolls web:2 out and waits."""
        arguments = ["--cluster", "prod", "--service", "web", "--task-definition", "web:2", "--wait"]
        interval = ["--poll-interval", poll] if poll else []
        return trial.run("ecs", "deploy", *arguments, *interval, *options)

    def check(self, trial, result, exit_code, error="", said=()):
        """`error` is the one line that says how it ended, `said` are lines of what people are told."""
        lines = result.stderr.splitlines()
        errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
        self.assertEqual(result.returncode, exit_code, result.stderr)
        self.assertEqual(errors[:1], [error] if error else [], result.stderr)
        for text in said:
            self.assertIn(text, result.stderr)
        self.assertEqual(trial.standin.problems, [])

    @staticmethod
    def report(path):
        return json.loads(pathlib.Path(path).read_text())


def main():
    unittest.main(verbosity=1)
