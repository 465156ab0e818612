"""What is done about a rollout that failed, is hopeless or is not done in time."""

import tempfile

import harness
from harness import service

FAILED = 'the rollout of web:2 to service "web" failed: '
HOPELESS = FAILED + (
    "4 tasks stopped for the same reason and none is running; without a circuit breaker ECS tries for ever; "
    + harness.MISSING_IMAGE
)
STALLED = HOPELESS.replace(
    "4 tasks stopped for the same reason and none is running; without a circuit breaker ECS tries for ever",
    "ECS deployment circuit breaker: tasks failed to start",
)
OLD = "web:1 is back (deployment ecs-svc/1000000000000000001)"
BY_UPDATE = "slipway rolled the service back to web:1 (deployment ecs-svc/1000000000000000003, completed)"
SHIFT = {"strategy": "BLUE_GREEN"}


class OnFailureTest(harness.TestCase):
    def runs(self, trial):
        """What the service runs in the end: revision and number of tasks."""
        trial.standin.sleep({"ms": 60000})
        shown = trial.ask("DescribeServices", services=["web"])["services"][0]
        return shown["taskDefinition"].rpartition("/")[2], shown["runningCount"]

    def test_nothing_is_done_unless_asked(self):
        trial = self.trial(plans={"web:2": "pull"})
        self.check(trial, self.deploy(trial), 10, HOPELESS)
        self.assertEqual(trial.standin.report()["by_action"]["UpdateService"], 1)
        self.assertNotIn("StopServiceDeployment", trial.standin.report()["by_action"])

    def test_rollback_by_ecs(self):
        trial = self.trial(plans={"web:2": "pull"})
        with tempfile.NamedTemporaryFile() as report:
            result = self.deploy(trial, "--on-failure", "rollback", "--report", report.name)
            told = self.report(report.name)
        error = f"{HOPELESS}; slipway had ECS roll it back: {OLD}"
        self.check(trial, result, 11, error)
        self.assertEqual(self.runs(trial), ("web:1", 2))
        self.assertEqual(told["rollout"]["verdict"], "rolled back")
        self.assertEqual(told["rollout"]["onFailure"], {
            "done": True,
            "message": f"slipway had ECS roll it back: {OLD}"})  # fmt: skip

    def test_rollback_that_makes_a_deployment_of_its_own(self):
        trial = self.trial(plans={"web:2": "pull"}, rollbackMakesNew=True)
        new = OLD.replace("1000000000000000001", "1000000000000000003")
        error = f"{HOPELESS}; slipway had ECS roll it back: {new}"
        self.check(trial, self.deploy(trial, "--on-failure", "rollback"), 11, error)

    def test_rollback_by_update_without_the_right_to_stop(self):
        trial = self.trial(plans={"web:2": "pull"}, denied=["StopServiceDeployment"])
        error = f"{HOPELESS}; {BY_UPDATE}"
        self.check(trial, self.deploy(trial, "--on-failure", "rollback"), 11, error)
        self.assertEqual(self.runs(trial), ("web:1", 2))

    def test_rollback_of_a_stalled_deployment(self):
        """The breaker has ended the service deployment: there is nothing left to stop, only to update."""
        trial = self.trial(plans={"web:2": "pull"}, services=[service(deploymentConfiguration=harness.BREAKER_ONLY)])
        error = f"{STALLED}; {BY_UPDATE}"
        self.check(trial, self.deploy(trial, "--on-failure", "rollback"), 11, error)
        self.assertEqual(self.runs(trial), ("web:1", 2))

    def test_rollback_to_a_revision_that_fails_too(self):
        trial = self.trial(plans={"web": "pull"}, denied=["StopServiceDeployment"],
                           services=[service(deploymentConfiguration={"minimumHealthyPercent": 0,
                                                                      "maximumPercent": 100})])  # fmt: skip
        result = self.deploy(trial, "--on-failure", "rollback", "--timeout", "3m")
        error = next(line for line in result.stderr.splitlines() if line.startswith("error: "))
        self.assertEqual(result.returncode, 10, result.stderr)
        self.assertIn("; slipway updated the service back to web:1, but that was not seen to succeed: the rollout of"
                      ' web:1 to service "web" is not done after 3 min 00 s', error)  # fmt: skip

    def test_rollback_to_a_deregistered_revision(self):
        trial = self.trial(plans={"web:2": "pull"}, denied=["StopServiceDeployment"],
                           at=[{"s": 2, "do": "DeregisterTaskDefinition",
                                "with": {"taskDefinition": "web:1"}}])  # fmt: skip
        error = (f"{HOPELESS}; it was not rolled back: web:1 cannot be gone back to: it was deregistered (INACTIVE);"
                 " active revisions: web:2")  # fmt: skip
        self.check(trial, self.deploy(trial, "--on-failure", "rollback"), 10, error)

    def test_rollback_at_the_deadline(self):
        trial = self.trial(plans={"web:2": "port-taken"})
        result = self.deploy(trial, "--on-failure", "rollback", "--timeout", "2m")
        error = next(line for line in result.stderr.splitlines() if line.startswith("error: "))
        self.assertEqual(result.returncode, 11, result.stderr)
        self.assertTrue(error.startswith('error: the rollout of web:2 to service "web" is not done after 2 min 00 s; it'
                                         " stands at 0/2 running, 0 pending, 0 failed; most likely: the host port is taken"),
                        error)  # fmt: skip
        self.assertTrue(error.endswith(f"; slipway had ECS roll it back: {OLD}"))

    def test_stop(self):
        trial = self.trial(plans={"web:2": "pull"})
        error = f"{HOPELESS}; slipway stopped it as it stands: 0/2 running, 2 old"
        self.check(trial, self.deploy(trial, "--on-failure", "stop"), 10, error)
        self.assertEqual(trial.standin.world.services["web"].records[0].status, "STOPPED")

    def test_stop_of_what_ecs_ended_already(self):
        trial = self.trial(plans={"web:2": "pull"}, services=[service(deploymentConfiguration=harness.BREAKER_ONLY)])
        result = self.deploy(trial, "--on-failure", "stop")
        error = next(line for line in result.stderr.splitlines() if line.startswith("error: "))
        self.assertEqual(result.returncode, 10)
        self.assertTrue(error.startswith(f"error: {STALLED}; it was not stopped: ECS StopServiceDeployment:"
                                         " ConflictException: The service deployment cannot be stopped because its"
                                         " status is STOPPED."), error)  # fmt: skip

    def test_a_shift_goes_back(self):
        trial = self.trial(plans={"web:2": "pull"}, services=[service(deploymentConfiguration=SHIFT)])
        error = (f"{HOPELESS}; slipway had ECS roll it back: service deployment ROLLBACK_SUCCESSFUL: Service deployment"
                 " rolled back by user.")  # fmt: skip
        self.check(trial, self.deploy(trial, "--on-failure", "rollback"), 11, error)
        self.assertEqual(self.runs(trial), ("web:1", 2))

    def test_a_rollback_of_ecs_is_left_alone(self):
        trial = self.trial(plans={"web:2": "pull"}, services=[service(deploymentConfiguration=harness.BREAKER)])
        result = self.deploy(trial, "--on-failure", "rollback")
        self.assertEqual(result.returncode, 11)
        self.assertNotIn("StopServiceDeployment", trial.standin.report()["by_action"])
        self.assertEqual(trial.standin.report()["by_action"]["UpdateService"], 1)

    def test_wait_rolls_back_too(self):
        trial = self.trial(plans={"web:2": "pull"}, denied=["StopServiceDeployment"])
        trial.ask("UpdateService", service="web", taskDefinition="web:2")
        result = trial.run("ecs", "wait", "--cluster", "prod", "--service", "web", "--on-failure", "rollback")
        self.assertEqual(result.returncode, 11, result.stderr)
        self.assertEqual(self.runs(trial), ("web:1", 2))

    def test_needs_wait(self):
        trial = self.trial()
        result = trial.run("ecs", "deploy", "--cluster", "prod", "--service", "web", "--on-failure", "stop")
        self.check(trial, result, 2, "--on-failure needs --wait: only what is followed can fail")
        self.assertEqual(trial.standin.calls, [])


if __name__ == "__main__":
    harness.main()
