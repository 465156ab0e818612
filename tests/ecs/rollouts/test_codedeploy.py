"""Services whose deployment controller is CODE_DEPLOY, or somebody's own tool."""

import json
import tempfile

import harness
from harness import service

BALANCERS = [{"targetGroupArn": harness.server.TARGET_GROUP, "containerName": "web", "containerPort": 8080}]
BY_CODEDEPLOY = service(deploymentController={"type": "CODE_DEPLOY"}, loadBalancers=BALANCERS)
NAMES = ("--codedeploy-application", "app", "--codedeploy-group", "group")
HEALTH = {"s": 10, "code": "HEALTH_CONSTRAINTS", "message": "Too few tasks are healthy."}
FAILED = 'the rollout of web:2 to service "web" failed: '
ENDED = "CodeDeploy deployment d-000000001 Failed: HEALTH_CONSTRAINTS: Too few tasks are healthy"
DEFINITION = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:2"


class CodeDeployTest(harness.TestCase):
    def codedeploy(self, *options, poll="5s", services=(BY_CODEDEPLOY,), **scenario):
        trial = self.trial(services=list(services), **scenario)
        return trial, self.deploy(trial, *NAMES, *options, poll=poll)

    def test_success(self):
        with tempfile.NamedTemporaryFile() as report, tempfile.NamedTemporaryFile("r") as env:
            trial, result = self.codedeploy("--report", report.name, "--export-env", env.name)
            told, exported = self.report(report.name), env.read()
        self.check(trial, result, 0, said=["service web: web:1 -> web:2, deployment d-000000001",
                                           "CodeDeploy deployment d-000000001: InProgress",
                                           "2/2 running, 0 pending, 0 failed, 2 old",
                                           "CodeDeploy deployment d-000000001: Succeeded"])  # fmt: skip
        self.assertEqual((told["codeDeployDeploymentId"], told["rollout"]["verdict"]), ("d-000000001", "succeeded"))
        self.assertIn("export CCI_ORB_AWS_ECS_DEPLOYMENT_ID='d-000000001'\n", exported)
        self.assertNotIn("UpdateService", trial.standin.report()["by_action"])
        self.assertEqual(trial.standin.apis["codedeploy"].spec, {
            "version": 0.0,
            "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": {
                "TaskDefinition": DEFINITION,
                "LoadBalancerInfo": {"ContainerName": "web", "ContainerPort": 8080}}}}]})  # fmt: skip

    def test_again_with_nothing_to_deploy(self):
        trial, result = self.codedeploy()
        self.check(trial, result, 0)
        again = self.deploy(trial, *NAMES, "--allow-unchanged")
        self.check(trial, again, 0, said=['nothing to deploy: service web in cluster "prod" already runs web:2 with '
                                          "web=123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v2"])  # fmt: skip
        self.assertEqual(list(trial.standin.apis["codedeploy"].deployments), ["d-000000001"])

    def test_appspec_by_options(self):
        trial, result = self.codedeploy("--load-balanced-container", "sidecar", "--load-balanced-port", "9000",
                                        "--codedeploy-capacity-provider", "FARGATE_SPOT,1,2", "--codedeploy-config",
                                        "CodeDeployDefault.ECSCanary10Percent5Minutes")  # fmt: skip
        self.check(trial, result, 0)
        properties = trial.standin.apis["codedeploy"].spec["Resources"][0]["TargetService"]["Properties"]
        self.assertEqual(properties["LoadBalancerInfo"], {"ContainerName": "sidecar", "ContainerPort": 9000})
        self.assertEqual(properties["CapacityProviderStrategy"],
                         [{"Base": 1, "Weight": 2, "CapacityProvider": "FARGATE_SPOT"}])  # fmt: skip
        deployment = trial.standin.apis["codedeploy"].deployments["d-000000001"]
        self.assertEqual(deployment.configuration, "CodeDeployDefault.ECSCanary10Percent5Minutes")

    def test_appspec_from_a_file(self):
        text = ("version: 0.0\nresources:\n- targetService:\n    Type: AWS::ECS::Service\n    properties:\n"
                "      taskdefinition: replaced\n      LoadBalancerInfo: {ContainerName: web, ContainerPort: 80}\n"
                "      PlatformVersion: LATEST\nHooks:\n- AfterInstall: check\n")  # fmt: skip
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(text)
            file.flush()
            trial, result = self.codedeploy("--codedeploy-appspec", file.name)
        self.assertEqual(result.returncode, 1)  # the stand-in wants the names as the reference writes them
        trial, result = self.trial(services=[BY_CODEDEPLOY]), None
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(text.replace("resources", "Resources").replace("targetService", "TargetService")
                       .replace("properties", "Properties").replace("taskdefinition", "TaskDefinition"))  # fmt: skip
            file.flush()
            result = self.deploy(trial, *NAMES, "--codedeploy-appspec", file.name)
        self.check(trial, result, 0)
        self.assertEqual(trial.standin.apis["codedeploy"].spec, {
            "version": 0.0,
            "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": {
                "TaskDefinition": DEFINITION, "LoadBalancerInfo": {"ContainerName": "web", "ContainerPort": 80},
                "PlatformVersion": "LATEST"}}}],
            "Hooks": [{"AfterInstall": "check"}]})  # fmt: skip

    def test_wrong_options_before_anything_is_done(self):
        cases = [
            (("--codedeploy-application", "app"),
             "--codedeploy-application and --codedeploy-group go together"),
            ((*NAMES, "--codedeploy-capacity-provider", "FARGATE,1"),
             '--codedeploy-capacity-provider: "FARGATE,1" is not NAME,BASE,WEIGHT with a base from 0 to 100000 and a'
             " weight from 0 to 1000, e.g. FARGATE_SPOT,0,1"),
            ((*NAMES, "--desired-count", "3"),
             'a deployment of service "web" by CodeDeploy changes the task definition only; leave out the options that'
             " create or change the service"),
        ]  # fmt: skip
        for options, error in cases:
            trial = self.trial(services=[BY_CODEDEPLOY])
            self.check(trial, self.deploy(trial, *options), 2, error)
            self.assertNotIn("CreateDeployment", trial.standin.report()["by_action"])
        bare = {**BY_CODEDEPLOY, "loadBalancers": []}
        trial = self.trial(services=[bare])
        self.check(trial, self.deploy(trial, *NAMES), 2,
                   "which container gets the traffic is not known; give --load-balanced-container and"
                   " --load-balanced-port")  # fmt: skip

    def test_unknown_names_name_what_exists(self):
        trial = self.trial(services=[BY_CODEDEPLOY])
        result = self.deploy(trial, "--codedeploy-application", "nope", "--codedeploy-group", "group")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"No application found for name: nope \(request id .*\); applications: app\n")
        result = self.deploy(trial, "--codedeploy-application", "app", "--codedeploy-group", "nope")
        self.assertRegex(result.stderr, r"No Deployment Group found for name: nope \(.*\); deployment groups: group\n")

    def test_failed(self):
        trial, result = self.codedeploy(codedeploy={"fails": HEALTH})
        self.check(trial, result, 10, FAILED + ENDED)

    def test_failed_and_rolled_back_by_the_group(self):
        trial, result = self.codedeploy(codedeploy={"fails": HEALTH, "autoRollback": True})
        error = FAILED.replace("failed: ", "failed and was rolled back: ") + ENDED
        self.check(trial, result, 11, error + "; deployment d-000000002 rolled it back")

    def test_failed_and_rolled_back_because_it_was_asked_for(self):
        trial, result = self.codedeploy("--on-failure", "rollback", codedeploy={"fails": HEALTH})
        error = FAILED.replace("failed: ", "failed and was rolled back: ") + ENDED
        self.check(trial, result, 11, error + "; deployment d-000000002 rolled it back")

    def test_the_rollback_fails_too(self):
        settings = {"fails": HEALTH, "autoRollback": True, "rollbackFails": True}
        trial, result = self.codedeploy(codedeploy=settings)
        self.check(trial, result, 10, FAILED + ENDED + "; the rollback by deployment d-000000002 Failed as well: The"
                   " rollback could not update the ECS service")  # fmt: skip

    def test_hopeless_tasks_are_not_waited_for(self):
        trial, result = self.codedeploy(plans={"web:2": "pull"})
        self.assertEqual(result.returncode, 10, result.stderr)
        self.assertIn('tasks stopped for the same reason and none is running; CodeDeploy would go on trying; most'
                      ' likely: container "web": the image does not exist', result.stderr)  # fmt: skip
        self.assertLess(trial.elapsed, 25)

    def test_timeout_stops_and_rolls_back(self):
        slow = {"web:2": {"healthy_s": 7200}}
        trial, result = self.codedeploy("--timeout", "2m", plans=slow)
        self.assertEqual(result.returncode, 13, result.stderr)
        self.assertIn('the rollout of web:2 to service "web" is not done after 2 min 00 s; it stands at 2/2 running, 0'
                      " pending, 0 failed, and goes on; last event: 00:00:05 has started 2 tasks: ",
                      result.stderr)  # fmt: skip
        trial, result = self.codedeploy("--timeout", "2m", "--on-failure", "rollback", plans=slow)
        self.assertEqual(result.returncode, 11, result.stderr)
        self.assertIn("; slipway stopped it, and deployment d-000000002 rolled it back (Succeeded)\n", result.stderr)
        trial, result = self.codedeploy("--timeout", "2m", "--on-failure", "stop", plans=slow)
        self.assertEqual(result.returncode, 10, result.stderr)
        self.assertTrue(result.stderr.endswith("; slipway stopped it\n"), result.stderr)
        self.assertEqual(trial.standin.apis["codedeploy"].deployments["d-000000001"].status, "Stopped")

    def test_waits_as_long_as_the_group_does(self):
        """Half an hour at least; the group's own waiting times and ten minutes."""
        trial, result = self.codedeploy(poll=None, codedeploy={"terminateSeconds": 3600})
        self.check(trial, result, 0)
        self.assertGreater(trial.elapsed, 3600)
        trial, result = self.codedeploy(poll=None, plans={"web:2": {"healthy_s": 7200}})
        self.assertEqual(result.returncode, 13)
        self.assertIn("is not done after 30 min 00 s", result.stderr)

    def test_ready_waits_for_somebody(self):
        trial, result = self.codedeploy(codedeploy={"waitSeconds": 3600, "approval": True})
        self.check(trial, result, 14, 'the rollout of web:2 to service "web" is paused: CodeDeploy deployment'
                   " d-000000001 is Ready and waits 60 min for somebody to have the traffic shifted, then it is"
                   " stopped; go on with slipway ecs continue --cluster prod --service web, or back with --rollback")  # fmt: skip

    def command(self, trial, name, *options):
        return trial.run("ecs", name, "--cluster", "prod", "--service", "web", *options)

    def test_ready_goes_on_when_somebody_says_so(self):
        trial, result = self.codedeploy(codedeploy={"waitSeconds": 3600, "approval": True})
        self.assertEqual(result.returncode, 14)
        went = self.command(trial, "continue")
        self.check(trial, went, 0, said=["service web: CodeDeploy deployment d-000000001 goes on from READY_WAIT\n"])
        self.assertEqual(went.stdout, "d-000000001\n")
        self.check(trial, self.command(trial, "wait", "--poll-interval", "5s"), 0, said=[
            "CodeDeploy deployment d-000000001: Succeeded\n",
            'the rollout of web:2 to service "web" completed after '])  # fmt: skip
        self.assertLess(trial.elapsed, 120)
        self.check(trial, self.command(trial, "continue"), 1, 'no deployment of service "web" by CodeDeploy is in'
                   " progress: d-000000001, the newest that has tasks, has Succeeded")  # fmt: skip

    def test_ready_goes_back_when_somebody_says_so(self):
        trial, result = self.codedeploy(codedeploy={"waitSeconds": 3600, "approval": True})
        went = self.command(trial, "continue", "--rollback", "--output", "json")
        self.check(trial, went, 0, said=["service web: CodeDeploy deployment d-000000001 goes back from READY_WAIT\n"])
        self.assertEqual(json.loads(went.stdout), {"cluster": "prod", "service": "web", "stage": "READY_WAIT",
                                                   "action": "ROLLBACK",
                                                   "codeDeployDeploymentId": "d-000000001"})  # fmt: skip
        self.assertEqual(trial.standin.apis["codedeploy"].deployments["d-000000001"].status, "Stopped")

    def test_old_tasks_are_ended_when_somebody_says_so(self):
        trial, result = self.codedeploy("--timeout", "1m", codedeploy={"terminateSeconds": 7200})
        self.assertEqual(result.returncode, 13)
        self.check(trial, self.command(trial, "continue"), 0, said=["d-000000001 goes on from TERMINATION_WAIT\n"])
        self.check(trial, self.command(trial, "wait"), 0)
        self.assertLess(trial.elapsed, 120)

    def test_what_does_not_wait(self):
        trial, result = self.codedeploy("--timeout", "1m", plans={"web:2": {"healthy_s": 7200}})
        self.check(trial, self.command(trial, "continue"), 1, 'deployment d-000000001 of service "web" waits for'
                   " nobody: it is InProgress; --rollback stops it and goes back")  # fmt: skip
        hook = self.command(trial, "continue", "--hook", "h")
        self.check(trial, hook, 2, 'service "web" is deployed by AWS CodeDeploy, whose deployments have no hooks to'
                   " choose from; leave --hook out")  # fmt: skip
        self.check(trial, self.command(trial, "continue", "--rollback"), 0, said=["goes back from InProgress\n"])
        trial = self.trial(services=[BY_CODEDEPLOY])
        self.check(trial, self.command(trial, "continue"), 1,
                   'no deployment of service "web" by CodeDeploy is in progress')

    def test_waiting_for_a_rollback(self):
        trial, result = self.codedeploy("--timeout", "1m", plans={"web:2": {"healthy_s": 7200}})
        self.check(trial, self.command(trial, "continue", "--rollback"), 0)
        error = FAILED.replace("failed: ", "failed and was rolled back: ") + (
            "CodeDeploy deployment d-000000001 Stopped: MANUAL_STOP: The deployment was stopped by the user;"
            " deployment d-000000002 rolled it back")  # fmt: skip
        self.check(trial, self.command(trial, "wait", "--deployment", "d-000000001"), 11, error)

    def test_status_shows_the_task_sets(self):
        trial, result = self.codedeploy("--timeout", "1m", codedeploy={"terminateSeconds": 7200})
        shown = self.command(trial, "status")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertRegex(shown.stdout,
                         r"^service web is ACTIVE: 4 of 2 tasks running, 0 pending; it runs web:2\ndeployments\n"
                         r"  PRIMARY  web:2  ecs-svc/1000000000000000002  2/2 running, 0 pending, 0 failed "
                         r" STEADY_STATE\n"
                         r"           CodeDeploy deployment d-000000001: InProgress\n"
                         r"  ACTIVE   web:1  ecs-svc/1000000000000000001  2/2 running, 0 pending, 0 failed "
                         r" STEADY_STATE\n"
                         r"images\n  web: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v2\n")  # fmt: skip
        facts = json.loads(self.command(trial, "status", "--output", "json").stdout)
        self.assertEqual([(d["status"], d.get("externalId")) for d in facts["deployments"]],
                         [("PRIMARY", "d-000000001"), ("ACTIVE", None)])  # fmt: skip

    def test_status_tells_why_tasks_stopped(self):
        trial, result = self.codedeploy("--fail-fast", "0", "--timeout", "1m", plans={"web:2": "pull"})
        shown = self.command(trial, "status")
        self.assertIn("causes of failures\n", shown.stdout)
        self.assertIn("the image does not exist", shown.stdout)

    def test_ready_that_goes_on_by_itself(self):
        trial, result = self.codedeploy(codedeploy={"waitSeconds": 120})
        self.check(trial, result, 0, said=["CodeDeploy deployment d-000000001: Ready"])

    def test_a_deployment_that_runs_already(self):
        """Nothing is registered then; CodeDeploy itself refuses when there was no sign of it yet."""
        trial, result = self.codedeploy("--timeout", "1m", plans={"web:2": {"healthy_s": 7200}})
        result = self.deploy(trial, *NAMES, "--set", "/cpu=256")
        self.check(trial, result, 1, 'service "web": deployment d-000000001 by CodeDeploy goes on (InProgress); wait'
                   " for it with slipway ecs wait, or stop it and go back with slipway ecs continue --rollback")  # fmt: skip
        self.assertNotIn("RegisterTaskDefinition", trial.standin.report()["by_action"])
        trial = self.trial(services=[BY_CODEDEPLOY], plans={"web:2": {"healthy_s": 7200}})
        for _ in range(2):
            result = trial.run("ecs", "deploy", "--cluster", "prod", "--service", "web", "--task-definition", "web:2",
                               *NAMES)
        self.assertEqual(result.returncode, 1)
        self.assertIn("DeploymentLimitExceededException: The Deployment Group 'group' already has an active Deployment"
                      " 'd-000000001'", result.stderr)  # fmt: skip
        result = trial.run("ecs", "wait", "--cluster", "prod", "--service", "web", "--deployment", "d-000000001",
                           "--timeout", "1m", "--on-failure", "stop")  # fmt: skip
        self.assertEqual(result.returncode, 10, result.stderr)
        self.assertTrue(result.stderr.endswith("; slipway stopped it\n"), result.stderr)

    def test_refusals(self):
        plain = ("ecs", "deploy", "--cluster", "prod", "--service", "web", "--task-definition", "web:2")
        external = service(deploymentController={"type": "EXTERNAL"})
        words = {
            "CODE_DEPLOY": 'service "web" is deployed by AWS CodeDeploy, and by which application and deployment group'
            " is not known: CodeDeploy made none of its task sets, and AppECS-prod-web with DgpECS-prod-web does not"
            " exist; give --codedeploy-application NAME and --codedeploy-group NAME; applications: app",
            "EXTERNAL": 'service "web" has the deployment controller EXTERNAL: its task sets are made by somebody\'s'
            " own tool, which slipway is not; only services that ECS itself or CodeDeploy deploys can be updated",
        }
        for kind, scene in (("CODE_DEPLOY", BY_CODEDEPLOY), ("EXTERNAL", external)):
            trial = self.trial(services=[scene])
            self.check(trial, trial.run(*plain), 1, words[kind])
            self.assertNotIn("UpdateService", trial.standin.report()["by_action"])
        wait = trial.run("ecs", "wait", "--cluster", "prod", "--service", "web")
        self.check(trial, wait, 1, words["EXTERNAL"])
        trial = self.trial(services=[BY_CODEDEPLOY])
        self.check(trial, trial.run("ecs", "wait", "--cluster", "prod", "--service", "web"), 1,
                   'service "web" is deployed by AWS CodeDeploy, and which deployment is its newest is not known; name'
                   " it, --deployment d-...")  # fmt: skip
        trial = self.trial()
        self.check(trial, self.deploy(trial, *NAMES), 1, 'service "web" is not deployed by CodeDeploy: its deployment'
                   " controller is ECS; leave --codedeploy-application out")  # fmt: skip


if __name__ == "__main__":
    harness.main()
