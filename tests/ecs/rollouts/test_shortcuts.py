"""The common ways to wait for a rollout, each where it is wrong and this program is right; and how long each
takes to notice a rollout that cannot succeed."""

import pathlib
import shutil
import subprocess
import unittest

import harness
from harness import service

IN_TIME = pathlib.Path(__file__).parent / "in_time"
NEW = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:2"
BREAKER = [service(deploymentConfiguration=harness.BREAKER)]
BREAKER_ONLY = [service(deploymentConfiguration=harness.BREAKER_ONLY)]
TRANSIENT = {"web:2": [{"fails": "start", "after_s": 4, "reason": "CannotPullContainerError: i/o timeout"}, {}]}

SUCCESS, FAILURE, SILENCE = "success", "failure", "silence"


# What is said to be done, or to have failed, by one answer of DescribeServices (and of ListTasks).


def services_stable(shown, _tasks):
    """One deployment, and as many tasks run as are wanted: the waiters of the SDKs."""
    if len(shown["deployments"]) == 1 and shown["runningCount"] == shown["desiredCount"]:
        return SUCCESS
    return None


def steady_state_event(shown, _tasks):
    return SUCCESS if any("has reached a steady state" in event["message"] for event in shown["events"]) else None


def primary_has_our_definition(shown, _tasks):
    primary = next(d for d in shown["deployments"] if d["status"] == "PRIMARY")
    return SUCCESS if primary["taskDefinition"] == NEW else None


def any_failed_task(shown, tasks):
    primary = next(d for d in shown["deployments"] if d["status"] == "PRIMARY")
    return FAILURE if primary["failedTasks"] > 0 else services_stable(shown, tasks)


def unable_event(shown, tasks):
    newest = shown["events"][0]["message"]
    return FAILURE if "unable" in newest else services_stable(shown, tasks)


def one_new_task_runs(_shown, tasks):
    ours = [task for task in tasks if task["taskDefinitionArn"] == NEW and task["lastStatus"] == "RUNNING"]
    return SUCCESS if ours else None


def rollout_state_failed(shown, _tasks):
    primary = next(d for d in shown["deployments"] if d["status"] == "PRIMARY")
    return {"FAILED": FAILURE, "COMPLETED": SUCCESS}.get(primary["rolloutState"])


def old_orb(shown, _tasks):
    """The loop of circleci/aws-ecs: one deployment, of the wanted revision, with all its tasks."""
    only = shown["deployments"][0]
    if len(shown["deployments"]) == 1 and only["taskDefinition"] == NEW and only["runningCount"] == only["desiredCount"]:
        return SUCCESS
    return None


class Judged(harness.TestCase):
    def shortcut(self, judge, attempts=40, interval_s=15, **scenario):
        """The shortcut's verdict, and when it fell."""
        trial = self.trial(**scenario)
        trial.ask("UpdateService", service="web", taskDefinition="web:2")
        for _ in range(attempts):
            shown = trial.ask("DescribeServices", services=["web"])["services"][0]
            arns = trial.ask("ListTasks", serviceName="web")["taskArns"]
            verdict = judge(shown, trial.ask("DescribeTasks", tasks=arns)["tasks"] if arns else [])
            if verdict:
                return verdict, trial.elapsed
            trial.standin.sleep({"ms": interval_s * 1000})
        return SILENCE, trial.elapsed

    def ours(self, poll="5s", **scenario):
        trial = self.trial(**scenario)
        result = self.deploy(trial, poll=poll)
        self.assertEqual(trial.standin.problems, [])
        return result.returncode, trial

    def both(self, judge, wrong, right, interval_s=5, **scenario):
        verdict, _ = self.shortcut(judge, interval_s=interval_s, **scenario)
        code, _ = self.ours(**scenario)
        self.assertEqual((verdict, code), (wrong, right))


class ShortcutsTest(Judged):
    def test_stable_again_after_a_rollback(self):
        self.both(services_stable, SUCCESS, 11, plans={"web:2": "pull"}, services=BREAKER)

    def test_never_stable_when_stalled(self):
        self.both(services_stable, SILENCE, 10, plans={"web:2": "pull"}, services=BREAKER_ONLY)

    def test_not_stable_while_old_tasks_drain(self):
        slow = [service(drainSeconds=900)]
        self.both(services_stable, SILENCE, 0, services=slow)

    def test_a_steady_state_of_long_ago(self):
        self.both(steady_state_event, SUCCESS, 10, plans={"web:2": "pull"})

    def test_the_primary_has_our_definition_at_once(self):
        self.both(primary_has_our_definition, SUCCESS, 10, plans={"web:2": "pull"})

    def test_failed_tasks_that_heal(self):
        self.both(any_failed_task, FAILURE, 0, plans=TRANSIENT)

    def test_a_placement_that_comes_later(self):
        plans = {"web:2": {"unplaceable": harness.server.KNOWN["port-taken"]["unplaceable"], "placeable_s": 40}}
        self.both(unable_event, FAILURE, 0, plans=plans)

    def test_a_crash_loop_runs_now_and_then(self):
        self.both(one_new_task_runs, SUCCESS, 10, plans={"web:2": "exit"})

    def test_ecs_never_gives_up_by_itself(self):
        self.both(rollout_state_failed, SILENCE, 10, interval_s=60, plans={"web:2": "exit"})


@unittest.skipUnless(shutil.which("aws"), "aws (PyPI: awscli) is not installed")
class RealWaiterTest(Judged):
    def aws_wait(self, **scenario):
        """`aws ecs wait services-stable`, in simulated time."""
        trial = self.trial(**scenario)
        trial.ask("UpdateService", service="web", taskDefinition="web:2")
        result = subprocess.run(
            ["aws", "ecs", "wait", "services-stable", "--cluster", "prod", "--services", "web"],
            env={**trial.environment(), "PYTHONPATH": str(IN_TIME), "AWS_DEFAULT_REGION": "eu-west-1"},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        return result, trial

    def test_success_after_a_rollback(self):
        result, _ = self.aws_wait(plans={"web:2": "pull"}, services=BREAKER)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.ours(plans={"web:2": "pull"}, services=BREAKER)[0], 11)

    def test_ten_minutes_of_silence(self):
        result, trial = self.aws_wait(plans={"web:2": "pull"})
        self.assertEqual(result.returncode, 255)
        self.assertIn("Max attempts exceeded", result.stderr)
        self.assertGreater(trial.elapsed, 580)


class FailFastTest(Judged):
    """A rollout that cannot succeed is reported within ten seconds of the third equal failure."""

    LATER = {"unplaceable": harness.server.KNOWN["port-taken"]["unplaceable"], "placeable_s": 150}
    HEALTH = {"fails": "container", "after_s": 30}
    scenarios = {
        "missing image": {"plans": {"web:2": "pull"}},
        "exit at the start": {"plans": {"web:2": "exit"}},
        "out of memory": {"plans": {"web:2": "oom"}},
        "a secret that may not be read": {"plans": {"web:2": "secret"}},
        "exit after a while": {"plans": {"web:2": {"healthy_s": 600, "fails": "exit", "exit_code": 2, "after_s": 70}}},
        "one task only": {"plans": {"web:2": "exit"}, "services": [service(desiredCount=1)]},
        "one of many at a time": {"plans": {"web:2": "exit"},
                                  "services": [service(desiredCount=10,
                                                       deploymentConfiguration={"maximumPercent": 110})]},
        "first placed after minutes": {"plans": {"web:2": [{**LATER, "fails": "exit", "exit_code": 1}]}},
        "failures that the breaker does not count": {"plans": {"web:2": "exit"}, "services": BREAKER},
        "under lag": {"plans": {"web:2": "pull"}, "lagSeconds": 3},
    }  # fmt: skip

    def third_failure(self, trial):
        deployment = trial.standin.world.services["web"].history[0]
        stopped = sorted(task.stopped for task in deployment.tasks if task.stopped is not None)
        return stopped[2] - trial.standin.world.clock.start

    def test_within_ten_seconds(self):
        for name, scenario in self.scenarios.items():
            with self.subTest(name):
                code, trial = self.ours(poll=None, **scenario)
                self.assertEqual(code, 10)
                self.assertLessEqual(trial.elapsed - self.third_failure(trial), 10)

    def test_beside_the_others(self):
        """The same rollout: this program, the waiter's rule (15 s, 40 times) and the old orb's (20 s, 50 times)."""
        scenario = {"plans": {"web:2": "pull"}}
        code, trial = self.ours(poll=None, **scenario)
        stable, stable_s = self.shortcut(services_stable, attempts=40, interval_s=15, **scenario)
        orb, orb_s = self.shortcut(old_orb, attempts=50, interval_s=20, **scenario)
        print(f"\nnoticed after: slipway {trial.elapsed:.0f} s (failed, with the reason), aws ecs wait {stable_s:.0f} s"
              f" ({stable}), the old orb {orb_s:.0f} s ({orb})")  # fmt: skip
        self.assertEqual((code, stable, orb), (10, SILENCE, SILENCE))
        self.assertLess(trial.elapsed, 20)
        self.assertEqual((round(stable_s), round(orb_s)), (600, 1000))

    def test_one_healthy_task_is_hope(self):
        """A flaky start is no reason to give up while one task is healthy."""
        fates = [{"healthy_s": 20}, {"fails": "exit", "exit_code": 1}, {"fails": "exit", "exit_code": 1},
                 {"fails": "exit", "exit_code": 1}, {"fails": "exit", "exit_code": 1}, {}]  # fmt: skip
        health = {"family": "web", "containerDefinitions": [
            {"name": "web", "image": "web:1", "memory": 64, "essential": True,
             "healthCheck": {"command": ["CMD", "true"]}}]}  # fmt: skip
        code, _ = self.ours(plans={"web:2": fates}, definitions={"web": [health, health]})
        self.assertEqual(code, 0)

    def test_switched_off(self):
        trial = self.trial(plans={"web:2": "pull"})
        result = self.deploy(trial, "--fail-fast", "0", "--timeout", "10m")
        self.assertEqual(result.returncode, 13, result.stderr)


if __name__ == "__main__":
    harness.main()
