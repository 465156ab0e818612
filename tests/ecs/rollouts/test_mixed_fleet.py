"""Several services deployed in one go, of which CodeDeploy deploys some."""

import pathlib
import tempfile

import harness

WEB, SHOP = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:3", "d-000000002"
FAILS = {"s": 10, "code": "HEALTH_CONSTRAINTS", "message": "Too few tasks are healthy."}
ENDED = "CodeDeploy deployment d-000000002 Failed: HEALTH_CONSTRAINTS: Too few tasks are healthy"
FOUND = 'service "web": CodeDeploy\'s application shop and group web, as of deployment d-000000001'
BOTH = ("--service", "web", "--service", "api")


def group(name, **settings):
    """A deployment group of the application "shop", which deployed its service before."""
    return {"application": "shop", "group": name, "service": name, "before": True, **settings}


def shifted(name):
    balancers = [{"targetGroupArn": harness.server.TARGET_GROUP, "containerName": name, "containerPort": 8080}]
    return harness.service(
        serviceName=name, taskDefinition=f"{name}:1", deploymentController={"type": "CODE_DEPLOY"},
        loadBalancers=balancers
    )


class MixedFleetTest(harness.TestCase):
    def fleet(self, *groups, **scenario):
        """The service "web", which CodeDeploy deploys, and "api", which ECS does."""
        defaults = {
            "definitions": {"web": 2, "api": 2},
            "services": [shifted("web"), harness.service(serviceName="api", taskDefinition="api:1")],
            "codedeploy": list(groups) or [group("web")],
        }
        return self.trial(**{**defaults, **scenario})

    def run_fleet(self, trial, *options, wait=True):
        waits = ["--wait"] if wait else []
        return trial.run("ecs", "deploy", "--cluster", "prod", *waits, "--set", "/cpu=256", *options)

    @staticmethod
    def calls(trial, action):
        return trial.standin.report()["by_action"].get(action, 0)

    def runs(self, trial, name):
        """The revision that the traffic goes to."""
        return trial.standin.world.services[name].task_definition.rpartition("/")[2]

    # To a good end.

    def test_each_is_deployed_in_its_way(self):
        trial = self.fleet()
        with tempfile.TemporaryDirectory() as folder:
            report, export, summary = (pathlib.Path(folder) / name for name in ("report", "export", "summary"))
            files = ["--report", str(report), "--export-env", str(export), "--summary", str(summary)]
            result = self.run_fleet(trial, *BOTH, *files)
            told, exported, people = self.report(report), export.read_text(), summary.read_text()
        self.check(trial, result, 0, said=[
            FOUND, "service web: web:1 -> web:3, deployment d-000000002\n",
            "service api: api:1 -> api:3, deployment ecs-svc/",
            "web: CodeDeploy deployment d-000000002: InProgress\n",
            "web: CodeDeploy deployment d-000000002: Succeeded\n",
            'web: the rollout of web:3 to service "web" completed after ',
            'api: the rollout of api:3 to service "api" completed after '])  # fmt: skip
        self.assertEqual([line.rpartition("/")[2] for line in result.stdout.splitlines()], ["web:3", "api:3"])
        self.assertEqual([(s["service"], s["state"], s.get("codeDeployDeploymentId")) for s in told["services"]],
                         [("web", "done", "d-000000002"), ("api", "done", None)])  # fmt: skip
        self.assertEqual([s["rollout"]["running"] for s in told["services"]], [2, 2])
        self.assertIn("export CCI_ORB_AWS_ECS_DEPLOYMENT_ID='d-000000002'\n", exported)
        self.assertIn("## Deployment of web: done", people)
        self.assertEqual((self.calls(trial, "UpdateService"), self.calls(trial, "CreateDeployment")), (1, 1))
        self.assertEqual((self.runs(trial, "web"), self.runs(trial, "api")), ("web:3", "api:3"))

    def test_one_look_at_the_services_for_all(self):
        trial = self.fleet()
        self.check(trial, self.run_fleet(trial, *BOTH), 0)
        looks = [at for at, action in trial.standin.calls if action == "DescribeServices"]
        self.assertTrue(all(b - a > 3 for a, b in zip(looks[1:], looks[2:])), looks)
        self.assertLess(self.calls(trial, "GetDeployment"), len(looks))

    def test_two_groups(self):
        names = ("web", "api")
        trial = self.fleet(*map(group, names), services=list(map(shifted, names)))
        result = self.run_fleet(trial, *BOTH)
        self.check(trial, result, 0, said=["deployment d-000000003\n", "deployment d-000000004\n"])
        self.assertEqual((self.runs(trial, "web"), self.runs(trial, "api")), ("web:3", "api:3"))

    def test_the_group_takes_its_time(self):
        """Longer than a rollout of ECS may take, with a look every ten seconds, not without a pause."""
        trial = self.fleet(group("web", terminateSeconds=3600))
        self.check(trial, self.run_fleet(trial, *BOTH), 0)
        self.assertGreater(trial.elapsed, 3600)
        self.assertLess(self.calls(trial, "GetDeployment"), 500)

    def test_attempts_are_those_of_ecs(self):
        """The orb always names a number of looks; the tasks that the group keeps for an hour are no failure."""
        attempts = ("--max-poll-attempts", "10", "--poll-interval", "20s", "--on-failure", "rollback")
        trial = self.fleet(group("web", terminateSeconds=3600))
        self.check(trial, self.run_fleet(trial, *BOTH, *attempts), 0)
        self.assertGreater(trial.elapsed, 3600)
        trial = self.fleet(group("web", terminateSeconds=3600), plans={"api:3": {"healthy_s": 7200}})
        result = self.run_fleet(trial, *BOTH, *attempts[:4])
        self.assertEqual(result.returncode, 13, result.stderr)
        self.assertIn('the rollout of api:3 to service "api" is not done after 3 min 20 s', result.stderr)
        self.assertIn('web: the rollout of web:3 to service "web" completed after ', result.stderr)

    def test_without_waiting(self):
        trial = self.fleet()
        self.check(trial, self.run_fleet(trial, *BOTH, wait=False), 0, said=["deployment d-000000002\n"])
        self.assertEqual((self.calls(trial, "CreateDeployment"), self.calls(trial, "GetDeployment")), (1, 1))

    def test_by_the_names_that_the_console_gives(self):
        names = {"application": "AppECS-prod-web", "group": "DgpECS-prod-web"}
        trial = self.fleet({**group("web"), **names, "before": False})
        self.check(trial, self.run_fleet(trial, *BOTH), 0,
                   said=["service web: web:1 -> web:3, deployment d-000000001\n"])

    def test_as_a_file_says(self):
        text = ("defaults: {cluster: prod, cpu: 256}\nservices:\n- service: web\n  codedeploy-application: shop\n"
                "  codedeploy-group: web\n  load-balanced-container: web\n  load-balanced-port: 9000\n- service: api\n")  # fmt: skip
        trial = self.fleet(group("web", before=False))
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(text)
            file.flush()
            result = trial.run("ecs", "deploy", "--wait", "--deploy-file", file.name)
        self.check(trial, result, 0)
        self.assertEqual(self.calls(trial, "GetDeploymentGroup"), 0)
        properties = trial.standin.apis["codedeploy"].spec["Resources"][0]["TargetService"]["Properties"]
        self.assertEqual(properties,
                         {"TaskDefinition": WEB, "LoadBalancerInfo": {"ContainerName": "web", "ContainerPort": 9000}})

    # What is refused before anything is done.

    def refused(self, trial, exit_code, error, *options):
        self.check(trial, self.run_fleet(trial, *options), exit_code, error)
        self.assertEqual((self.calls(trial, "RegisterTaskDefinition"), self.calls(trial, "CreateDeployment")), (0, 0))

    def test_an_unknown_group(self):
        error = ('1 of 2 services cannot be deployed, so none was: service "web" is deployed by AWS CodeDeploy, and by'
                 " which application and deployment group is not known: CodeDeploy made none of its task sets, and"
                 " AppECS-prod-web with DgpECS-prod-web does not exist; give --codedeploy-application NAME and"
                 " --codedeploy-group NAME; applications: shop; 1 not begun")  # fmt: skip
        self.refused(self.fleet(group("web", before=False)), 1, error, *BOTH)

    def test_without_the_right_to_ask(self):
        trial = self.fleet(denied=["GetDeployment", "GetDeploymentGroup"])
        result = self.run_fleet(trial, *BOTH)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertRegex(result.stderr, "is not known: .*AccessDeniedException.*, and AppECS-prod-web with"
                         " DgpECS-prod-web cannot be asked for; give --codedeploy-application NAME and")  # fmt: skip

    def test_options_for_one_service(self):
        error = ("the options of CodeDeploy are for one service: leave them out to have each deployed by the"
                 " application and group of its last deployment, or put them into its entry of a --deploy-file")  # fmt: skip
        for options in (("--codedeploy-application", "shop", "--codedeploy-group", "web"),
                        ("--codedeploy-group", "web"),
                        ("--codedeploy-config", "CodeDeployDefault.ECSAllAtOnce")):  # fmt: skip
            self.refused(self.fleet(), 2, error, *BOTH, *options)

    def test_one_that_is_deployed_just_now(self):
        trial = self.fleet(group("web", terminateSeconds=7200))
        self.assertEqual(self.run_fleet(trial, *BOTH, "--timeout", "2m").returncode, 13)
        result = trial.run("ecs", "deploy", "--cluster", "prod", "--set", "/cpu=512", *BOTH)
        self.check(trial, result, 1, '1 of 2 services cannot be deployed, so none was: service "web": deployment'
                   " d-000000002 by CodeDeploy goes on (InProgress); wait for it with slipway ecs wait, or stop it and"
                   " go back with slipway ecs continue --rollback; 1 not begun")  # fmt: skip
        self.assertEqual(self.calls(trial, "RegisterTaskDefinition"), 2)

    def test_settings_that_codedeploy_does_not_change(self):
        error = ("1 of 2 services cannot be deployed, so none was: a deployment of service \"web\" by CodeDeploy"
                 " changes the task definition only; leave out the options that create or change the service; 1 not"
                 " begun")  # fmt: skip
        self.refused(self.fleet(), 2, error, *BOTH, "--desired-count", "3")

    # To a bad one.

    def test_one_fails_and_the_other_is_followed_to_its_end(self):
        trial = self.fleet(group("web", fails=FAILS))
        result = self.run_fleet(trial, *BOTH)
        self.check(trial, result, 10, f'1 of 2 services failed: the rollout of web:3 to service "web" failed: {ENDED}',
                   said=['api: the rollout of api:3 to service "api" completed after '])  # fmt: skip

    def test_the_other_way_round(self):
        trial = self.fleet(plans={"api:3": "pull"})
        result = self.run_fleet(trial, *BOTH)
        self.assertEqual(result.returncode, 10, result.stderr)
        self.assertIn('web: the rollout of web:3 to service "web" completed after ', result.stderr)

    def test_a_rollback_by_codedeploy(self):
        trial = self.fleet(group("web", fails=FAILS))
        result = self.run_fleet(trial, *BOTH, "--on-failure", "rollback")
        error = f'1 of 2 services failed: the rollout of web:3 to service "web" failed and was rolled back: {ENDED}'
        self.check(trial, result, 11, error + "; deployment d-000000003 rolled it back")
        self.assertEqual((self.runs(trial, "web"), self.runs(trial, "api")), ("web:1", "api:3"))

    def test_a_circuit_breaker_is_a_rollback_by_codedeploy(self):
        trial = self.fleet(group("web", fails=FAILS))
        result = self.run_fleet(trial, *BOTH, "--circuit-breaker")
        error = f'1 of 2 services failed: the rollout of web:3 to service "web" failed and was rolled back: {ENDED}'
        self.check(trial, result, 11, error + "; deployment d-000000003 rolled it back")
        breaker = trial.standin.world.services["api"].configuration["deploymentCircuitBreaker"]
        self.assertEqual(breaker, {"enable": True, "rollback": True})
        again = self.run_fleet(trial, *BOTH, "--circuit-breaker", "--maximum-percent", "150")
        self.assertEqual(again.returncode, 2)

    def test_what_is_not_done_in_time_is_stopped(self):
        slow = {"web:3": {"healthy_s": 7200}}
        trial = self.fleet(plans=slow)
        result = self.run_fleet(trial, *BOTH, "--timeout", "3m", "--on-failure", "rollback")
        self.assertEqual(result.returncode, 11, result.stderr)
        self.assertTrue(result.stderr.endswith("; slipway stopped it, and deployment d-000000003 rolled it back"
                                               " (Succeeded)\n"),
                        result.stderr)  # fmt: skip
        trial = self.fleet(plans=slow)
        result = self.run_fleet(trial, *BOTH, "--timeout", "3m", "--on-failure", "stop")
        self.assertEqual(result.returncode, 10, result.stderr)
        self.assertTrue(result.stderr.endswith("; slipway stopped it\n"), result.stderr)
        trial = self.fleet(plans=slow)
        result = self.run_fleet(trial, *BOTH, "--timeout", "3m", "--no-fail-on-timeout")
        self.check(trial, result, 0,
                   said=['warning: the rollout of web:3 to service "web" is not done after 3 min 00 s'])

    def test_a_stop_signal_says_where_each_stands(self):
        trial = self.fleet(at=[{"s": 15, "do": "signal", "with": "TERM"}])
        result = self.run_fleet(trial, *BOTH)
        self.assertEqual(result.returncode, 15, result.stderr)
        for name in ("web", "api"):
            self.assertIn(f'{name}: stopped waiting for the rollout of {name}:3 to service "{name}"; it stands at ',
                          result.stderr)
        self.assertEqual(self.calls(trial, "StopDeployment"), 0)

    def test_one_waits_for_somebody(self):
        trial = self.fleet(group("web", waitSeconds=3600, approval=True))
        result = self.run_fleet(trial, *BOTH)
        self.check(trial, result, 14, '1 of 2 services failed: the rollout of web:3 to service "web" is paused:'
                   " CodeDeploy deployment d-000000002 is Ready and waits 60 min for somebody to have the traffic"
                   " shifted, then it is stopped; go on with slipway ecs continue --cluster prod --service web, or"
                   " back with --rollback",
                   said=['api: the rollout of api:3 to service "api" completed after '])  # fmt: skip

    def test_without_the_right_to_look(self):
        """What CodeDeploy does is told by CodeDeploy."""
        trial = self.fleet(denied=["DescribeServices"])
        result = self.run_fleet(trial, "--family", "web", "--codedeploy-application", "shop", "--codedeploy-group",
                                "web",
                                "--load-balanced-container", "web", "--load-balanced-port", "8080")  # fmt: skip
        self.check(trial, result, 0, said=["CodeDeploy deployment d-000000002: Succeeded\n"])

    def test_codedeploy_stumbles(self):
        for code, status in (("ThrottlingException", 400), ("InternalFailure", 500)):
            trial = self.fleet(errors={"GetDeployment": {"status": status, "code": code, "times": 3}})
            self.check(trial, self.run_fleet(trial, *BOTH), 0)


if __name__ == "__main__":
    harness.main()
