"""slipway ecs rollback, against services in every state."""

import harness
from harness import service

BREAKER_ONLY = [service(deploymentConfiguration=harness.BREAKER_ONLY)]


class RollbackTest(harness.TestCase):
    def rollback(self, trial, *options):
        return trial.run("ecs", "rollback", "--cluster", "prod", "--service", "web", "--wait", "--poll-interval", "5s",
                         *options)

    def runs(self, trial):
        trial.standin.sleep({"ms": 60000})
        shown = trial.ask("DescribeServices", services=["web"])["services"][0]
        return shown["taskDefinition"].rpartition("/")[2], shown["runningCount"]

    def test_after_a_success(self):
        """Only the history knows: the old deployment has left the list."""
        trial = self.trial(definitions={"web": 3}, services=[service(taskDefinition="web:3")])
        trial.ask("UpdateService", service="web", taskDefinition="web:1")
        trial.standin.sleep({"ms": 120000})
        trial.ask("UpdateService", service="web", taskDefinition="web:3")
        trial.standin.sleep({"ms": 120000})
        self.check(trial, self.rollback(trial), 0,
                   said=["going back from web:3 to web:1: its rollout succeeded at 2026-01-01T00:00:44Z"])  # fmt: skip
        self.assertEqual(self.runs(trial), ("web:1", 2))

    def test_without_the_right_to_see_the_history(self):
        trial = self.trial(definitions={"web": 3}, services=[service(taskDefinition="web:3")],
                           denied=["ListServiceDeployments"])
        self.check(trial, self.rollback(trial), 0,
                   said=["going back from web:3 to web:2: no completed deployment of another"])
        self.assertEqual(self.runs(trial), ("web:2", 2))

    def test_while_a_rollout_goes_on(self):
        trial = self.trial(plans={"web:2": "pull"})
        trial.ask("UpdateService", service="web", taskDefinition="web:2")
        trial.standin.sleep({"ms": 15000})
        self.check(trial, self.rollback(trial), 0, said=[
            "going back from web:2 to web:1: its deployment ecs-svc/1000000000000000001 was completed and is still"
            " there"])  # fmt: skip
        self.assertEqual(self.runs(trial), ("web:1", 2))

    def test_of_a_stalled_rollout(self):
        trial = self.trial(plans={"web:2": "pull"}, services=BREAKER_ONLY)
        self.assertEqual(self.deploy(trial).returncode, 10)
        self.check(trial, self.rollback(trial), 0)
        self.assertEqual(self.runs(trial), ("web:1", 2))

    def test_to_a_revision_by_name(self):
        trial = self.trial(definitions={"web": 3}, services=[service(taskDefinition="web:3")])
        self.check(trial, self.rollback(trial, "--to", "1"), 0, said=["going back from web:3 to web:1: as asked for"])
        self.assertEqual(self.runs(trial), ("web:1", 2))

    def test_to_a_revision_that_fails(self):
        trial = self.trial(definitions={"web": 3}, services=[service(taskDefinition="web:3")], plans={"web:1": "pull"})
        result = self.rollback(trial, "--to", "1")
        self.assertEqual(result.returncode, 10, result.stderr)
        self.assertIn('the rollout of web:1 to service "web" failed: 4 tasks stopped for the same reason',
                      result.stderr)

    def test_by_a_shift(self):
        shift = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1}
        trial = self.trial(services=[service(taskDefinition="web:2", deploymentConfiguration=shift)],
                           denied=["ListServiceDeployments"])
        self.check(trial, self.rollback(trial), 0, said=["stage BAKE_TIME"])
        self.assertEqual(self.runs(trial), ("web:1", 2))

    def test_a_first_revision_has_nothing_before(self):
        trial = self.trial()
        self.check(trial, self.rollback(trial), 1, 'nothing to go back to: service "web" has no completed deployment of'
                   ' another revision, and no active revision of "web" is older than web:1')  # fmt: skip

    def test_of_what_codedeploy_deploys(self):
        balancers = [{"targetGroupArn": harness.server.TARGET_GROUP, "containerName": "web", "containerPort": 8080}]
        shifted = service(taskDefinition="web:2", deploymentController={"type": "CODE_DEPLOY"}, loadBalancers=balancers)
        trial = self.trial(services=[shifted], codedeploy={"before": True})
        self.check(trial, self.rollback(trial), 0, said=[
            'service "web": CodeDeploy\'s application app and group group, as of deployment d-000000001\n',
            "going back from web:2 to web:1: no completed deployment of another revision is left, and it is the newest"
            " active revision below; whether it ever ran well is not known (--to names another)\n",
            "service web: web:2 -> web:1, deployment d-000000002\n",
            'the rollout of web:1 to service "web" completed'])  # fmt: skip
        self.assertEqual(trial.standin.world.services["web"].task_definition.rpartition("/")[2], "web:1")
        trial = self.trial(services=[shifted])
        named = ("--codedeploy-application", "app", "--codedeploy-group", "group", "--to", "1")
        self.check(trial, self.rollback(trial, *named), 0, said=["going back from web:2 to web:1: as asked for\n"])
        again = self.rollback(trial, "--codedeploy-application", "app", "--codedeploy-group", "nope", "--to", "2")
        self.assertRegex(again.stderr, r"No Deployment Group found for name: nope \(.*\); deployment groups: group\n")

    def test_codedeploy_tells_what_succeeded_before(self):
        balancers = [{"targetGroupArn": harness.server.TARGET_GROUP, "containerName": "web", "containerPort": 8080}]
        shifted = service(taskDefinition="web:5", deploymentController={"type": "CODE_DEPLOY"}, loadBalancers=balancers)
        ended = [["web:1", "Succeeded"], ["web:2", "Succeeded"], ["web:3", "Failed"], ["web:4", "Stopped"]]
        world = {"definitions": {"web": 5}, "services": [shifted]}
        trial = self.trial(codedeploy={"history": ended, "before": True}, **world)
        said = [r"going back from web:5 to web:2: its rollout succeeded at "]
        self.check(trial, self.rollback(trial), 0, said=said)
        self.assertEqual(trial.standin.world.services["web"].task_definition.rpartition("/")[2], "web:2")
        # After web:2 comes web:1, not web:5, which was left.
        self.check(trial, self.rollback(trial), 0, said=["going back from web:2 to web:1: its rollout succeeded at "])
        for missing in ("ListDeployments", "BatchGetDeployments", "GetApplicationRevision"):
            trial = self.trial(codedeploy={"history": ended, "before": True}, denied=[missing], **world)
            self.check(trial, self.rollback(trial), 0, said=[
                "going back from web:5 to web:4: no completed deployment of another revision is left, and it is the"
                " newest active revision below; whether it ever ran well is not known (--to names another)\n"])  # fmt: skip

    def test_while_codedeploy_is_at_work(self):
        balancers = [{"targetGroupArn": harness.server.TARGET_GROUP, "containerName": "web", "containerPort": 8080}]
        shifted = service(taskDefinition="web:2", deploymentController={"type": "CODE_DEPLOY"}, loadBalancers=balancers)
        trial = self.trial(services=[shifted], codedeploy={"before": True, "terminateSeconds": 7200})
        self.assertEqual(self.rollback(trial, "--timeout", "1m").returncode, 13)
        self.check(trial, self.rollback(trial, "--to", "2"), 1, 'service "web": deployment d-000000002 by CodeDeploy'
                   " goes on (InProgress); wait for it with slipway ecs wait, or stop it and go back with slipway ecs"
                   " continue --rollback")  # fmt: skip


if __name__ == "__main__":
    harness.main()
