"""A hundred services rolled side by side while ECS throttles: every verdict right, the rates kept, little memory."""

import pathlib
import shutil
import tempfile

import harness

# isort: split
import buckets

COUNT = 100
MEMORY_MAX_KB = 32 * 1024
EVENTS = 100
NAMES = [f"service-{i:03d}" for i in range(COUNT)]
# What becomes of some of them; the others succeed.
BREAKS, STALLS, HOPELESS, SUPERSEDED, GONE = NAMES[7], NAMES[23], NAMES[42], NAMES[64], NAMES[99]
EXPECTED = {BREAKS: ("rolled back", 11), STALLS: ("failed", 10), HOPELESS: ("failed", 10),
            SUPERSEDED: ("superseded", 12),
            GONE: ("service gone", 1)}  # fmt: skip
TIME = shutil.which("time")


def definition(family):
    """One that is as big as those of real services."""
    environment = [{"name": f"VARIABLE_{i}", "value": f"a value of some length, number {i}"} for i in range(40)]
    return {"family": family, "containerDefinitions": [
        {"name": "app", "image": f"r/{family}:1", "memory": 128, "environment": environment},
        {"name": "sidecar", "image": "r/sidecar:1", "memory": 64, "environment": environment}]}  # fmt: skip


def listed(name):
    configuration = {BREAKS: harness.BREAKER, STALLS: harness.BREAKER_ONLY}.get(name, {})
    return {"serviceName": name, "taskDefinition": f"{name}:1", "desiredCount": 2,
            "deploymentConfiguration": configuration}


def somebody_else(at):
    """Another update, and a deletion, in the middle of the rollouts."""
    return [
        {"s": at, "do": "UpdateService", "with": {"service": SUPERSEDED, "taskDefinition": f"{SUPERSEDED}:1"}},
        {"s": at + 1, "do": "DeleteService", "with": {"service": GONE, "force": True}},
    ]


class HundredTest(harness.TestCase):
    def world(self, meddled_s, **scenario):
        slow = {"start_s": 60, "healthy_s": 40}
        bad = {f"{name}:2": "pull" for name in (BREAKS, STALLS, HOPELESS)}
        trial = self.trial(
            definitions={name: [definition(name)] for name in NAMES}, services=[listed(name) for name in NAMES],
            plans={**bad, **{f"{name}:2": slow for name in (SUPERSEDED, GONE)}}, at=somebody_else(meddled_s),
            latencySeconds=0.03, **scenario
        )  # fmt: skip
        for service in trial.standin.world.services.values():
            for i in range(EVENTS - 5):
                service.event(f"has reached a steady state, for the time number {i}.")
        return trial

    def roll(self, trial, *options):
        """Rolls all; the facts of each by its name, and the process's peak memory in kB."""
        entries = "".join(f"  - {{service: {name}, family: {name}}}\n" for name in NAMES)
        text = "defaults: {cluster: prod, image: {app: 'r/app:2'}}\nservices:\n" + entries
        with tempfile.TemporaryDirectory() as folder:
            path, report, peak = (pathlib.Path(folder) / name for name in ("deploy.yml", "report.json", "peak"))
            path.write_text(text)
            wrap = [TIME, "-f", "%M", "-o", str(peak)] if TIME else []
            result = trial.run("ecs", "deploy", "--deploy-file", str(path), "--wait", "--report", str(report), *options,
                               wrap=wrap)
            told = self.report(report)
            memory = int(peak.read_text().split()[-1]) if TIME else 0
        return result, {fact["service"]: fact for fact in told["services"]}, memory

    def check_verdicts(self, trial, result, told):
        found = {name: (fact["rollout"]["verdict"], fact["exitCode"]) for name, fact in told.items()}
        self.assertEqual(found, {name: EXPECTED.get(name, ("succeeded", 0)) for name in NAMES})
        self.assertEqual(result.returncode, 11, result.stderr[-2000:])
        self.assertIn(f"error: {len(EXPECTED)} of {COUNT} services failed: the rollout of {BREAKS}:2 ", result.stderr)
        self.assertEqual(trial.standin.problems, [])

    def test_the_rates_of_ecs_are_kept(self):
        trial = self.world(140)
        result, told, memory = self.roll(trial)
        self.check_verdicts(trial, result, told)
        report = trial.standin.report()
        self.assertEqual(report["throttled"], 0, report["by_action"])
        # Looks at all services take a call for ten of them.
        looks = report["by_action"]["DescribeServices"]
        self.assertLess(looks, 10 * (2 + trial.elapsed / 4), report["by_action"])
        # Registering is what takes its time: twenty at once, then one each second.
        first, last = (at for at, action in (report["list"][0], report["list"][-1]))
        self.assertLess(last - first, 300)
        if TIME and b"__asan_init" not in pathlib.Path(harness.PROGRAM).read_bytes():
            self.assertLess(memory, MEMORY_MAX_KB)
        print(f"{COUNT} services in {last - first:.0f} simulated seconds, {report['total']} calls, peak"
              f" {memory / 1024:.1f} MB")

    def test_others_use_the_same_account(self):
        """They take more than half of what ECS allows, of everything, all the time."""
        drained = {name: refill * 0.6 for name, (_, refill, _) in buckets.GROUPS.items()}
        actions = {actions.split()[0]: drained[name] for name, (_, _, actions) in buckets.GROUPS.items()}
        trial = self.world(290, drained=actions,
                           drain={action: 50 for action in ("DescribeServices", "DescribeTaskDefinition")})
        result, told, _ = self.roll(trial)
        self.check_verdicts(trial, result, told)
        self.assertGreater(trial.standin.report()["throttled"], 0)


if __name__ == "__main__":
    harness.main()
