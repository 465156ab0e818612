"""Rolling updates, from the command to the exit code."""

import re
import tempfile

import harness
from harness import service


class RollingTest(harness.TestCase):
    def test_success(self):
        trial = self.trial()
        result = self.deploy(trial)
        self.check(trial, result, 0, said=['the rollout of web:2 to service "web" completed after '])
        self.assertEqual(result.stdout, "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:2\n")
        self.assertTrue(44 <= trial.elapsed <= 60, trial.elapsed)

    def test_success_does_not_wait_for_old_tasks_that_drain(self):
        trial = self.trial(services=[service(drainSeconds=300)])
        self.check(trial, self.deploy(trial), 0)
        self.assertLess(trial.elapsed, 60)

    def test_breaker_rolls_back(self):
        trial = self.trial(plans={"web:2": "pull"}, services=[service(deploymentConfiguration=harness.BREAKER)])
        self.check(
            trial, self.deploy(trial), 11,
            'the rollout of web:2 to service "web" failed and was rolled back: web:1 is back'
            " (deployment ecs-svc/1000000000000000001); "
            + harness.MISSING_IMAGE,
            said=["the rollout failed; ECS deployment circuit breaker: rolling back to deploymentId"],
        )  # fmt: skip

    def test_breaker_without_rollback(self):
        trial = self.trial(plans={"web:2": "pull"}, services=[service(deploymentConfiguration=harness.BREAKER_ONLY)])
        self.check(
            trial, self.deploy(trial), 10,
            'the rollout of web:2 to service "web" failed: ECS deployment circuit breaker: tasks failed to start; '
            + harness.MISSING_IMAGE,
        )  # fmt: skip

    def test_the_end_of_a_failure_says_what_runs_and_how_to_go_back(self):
        trial = self.trial(plans={"web:2": "port-taken"})
        with tempfile.NamedTemporaryFile("r") as report:
            result = self.deploy(trial, "--timeout", "1m", "--report", report.name)
            told = self.report(report.name)
        self.assertEqual(result.stderr.splitlines()[-4:-1], [
            'service "web" now runs web:1 with 2 tasks; web:2 is not live',
            "to go on waiting: slipway ecs wait --cluster prod --service web",
            "to go back: slipway ecs rollback --cluster prod --service web --to web:1 --wait"])  # fmt: skip
        self.assertEqual(told["rollout"]["runs"], "web:1 with 2 tasks; web:2 is not live")
        command = result.stderr.splitlines()[-2].removeprefix("to go back: slipway ").split()
        self.assertEqual(trial.run(*command).returncode, 0)
        self.assertEqual(self.deploy(trial, "--timeout", "1s", "--quiet").stderr.count("\n"), 1)

    def test_the_end_of_a_failure_counts_old_and_new_tasks(self):
        trial = self.trial(plans={"web:2": [{}, {"start_s": 3600}]})
        result = self.deploy(trial, "--timeout", "1m")
        self.assertIn('service "web" now runs web:2 with 1 of 2 tasks and web:1 with 1 task\n', result.stderr)

    def test_signs_of_life_tell_the_time_as_people_do(self):
        result = self.deploy(self.trial(plans={"web:2": "port-taken"}), "--timeout", "3m")
        told = re.findall(r"^waiting for web: .* \((.*)\)$", result.stderr, re.MULTILINE)
        self.assertRegex(told[0], r"^[3-5][0-9] s$")
        self.assertRegex(told[-1], r"^2 min [0-5][0-9] s$")

    def test_events_are_told_once(self):
        trial = self.trial(plans={"web:2": "port-taken"})
        result = self.deploy(trial, "--timeout", "1m")
        self.assertEqual(result.stderr.count("is already using a port"), 1, result.stderr)
        self.assertNotIn("Developer Guide", result.stderr)
        trial = self.trial(plans={"web:2": "secret"}, services=[service(deploymentConfiguration=harness.BREAKER)])
        result = self.deploy(trial)
        self.assertNotIn("gave the deployment up", result.stderr)
        self.assertNotIn("slowing down", result.stderr)

    def test_superseded(self):
        trial = self.trial(
            services=[service(drainSeconds=60)], definitions={"web": 3},
            at=[{"s": 20, "do": "UpdateService", "with": {"service": "web", "taskDefinition": "web:3"}}]
        )
        self.check(
            trial, self.deploy(trial), 12,
            'the rollout of web:2 to service "web" was superseded: web:3 (deployment'
            " ecs-svc/1000000000000000003) took over",
        )  # fmt: skip

    def test_wait_sees_a_rollback_that_ended_between_two_looks(self):
        for denied in ([], ["DescribeServiceDeployments"]):
            trial = self.trial(plans={"web:2": "pull"}, services=[service(deploymentConfiguration=harness.BREAKER)],
                               denied=denied)
            trial.ask("UpdateService", service="web", taskDefinition="web:2")
            trial.standin.world.clock.at(0.08, lambda trial=trial: trial.standin.world.clock.advance(120))
            result = trial.run("ecs", "wait", "--cluster", "prod", "--service", "web", "--poll-interval", "5s")
            self.check(
                trial, result, 11,
                'the rollout of web:2 to service "web" failed and was rolled back: web:1 is back'
                " (deployment ecs-svc/1000000000000000001); "
            + harness.MISSING_IMAGE,
            )  # fmt: skip

    def test_timeout(self):
        trial = self.trial(plans={"web:2": "port-taken"})
        result = self.deploy(trial, "--timeout", "10m")
        self.assertEqual(result.returncode, 13, result.stderr)
        self.assertIn('the rollout of web:2 to service "web" is not done after 10 min 00 s', result.stderr)
        self.assertIn("hostPort 0", result.stderr)
        self.assertEqual(trial.standin.problems, [])

    def test_signals_say_where_it_stands(self):
        for name in ("INT", "TERM"):
            trial = self.trial(at=[{"s": 12, "do": "signal", "with": name}])
            self.check(
                trial, self.deploy(trial), 15,
                'stopped waiting for the rollout of web:2 to service "web"; it stands at 2/2 running, 0 pending, 0'
                " failed, and goes on",
            )  # fmt: skip
            self.assertLess(trial.elapsed, 20)


if __name__ == "__main__":
    harness.main()
