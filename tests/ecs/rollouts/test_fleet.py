"""Several services deployed in one go: planned together, registered once, followed side by side."""

import json
import pathlib
import re
import tempfile

import harness

REGISTERED = "RegisterTaskDefinition"


def services(*names, **changes):
    """Services that run the first revision of families of their own names."""
    return [harness.service(serviceName=name, taskDefinition=f"{name}:1", **changes) for name in names]


def families(*names, revisions=2):
    return {name: revisions for name in names}


class FleetTest(harness.TestCase):
    def fleet(self, *names, **scenario):
        return self.trial(**{"definitions": families(*names), "services": services(*names), **scenario})

    def run_fleet(self, trial, *options, wait=True):
        return trial.run("ecs", "deploy", "--cluster", "prod", *(["--wait"] if wait else []), *options)

    def run_file(self, trial, text, *options, wait=True, environment=None):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "deploy.yml"
            path.write_text(text)
            result = trial.run(
                "ecs", "deploy", "--deploy-file", str(path), *(["--wait"] if wait else []), *options,
                environment=environment
            )
        result.stderr = result.stderr.replace(str(path), "deploy.yml")
        return result

    @staticmethod
    def calls(trial, action):
        return trial.standin.report()["by_action"][action]

    def updated(self, trial):
        """Seconds and services of the updates, in their order."""
        return [at for at, action in trial.standin.calls if action == "UpdateService"]

    # Two services.

    def test_both_are_followed_with_one_call_each_time(self):
        trial = self.fleet("web", "api")
        result = self.run_fleet(trial, "--service", "web", "--service", "api", "--set", "/cpu=256")
        self.check(trial, result, 0, said=[
            "web: the rollout of web:3 to service \"web\" completed after ",
            "api: the rollout of api:3 to service \"api\" completed",
            "SERVICE  RUNNING  PENDING  FAILED  OLD\nweb        0/2"])  # fmt: skip
        self.assertEqual([line.rpartition("/")[2] for line in result.stdout.splitlines()], ["web:3", "api:3"])
        self.assertEqual(self.calls(trial, "UpdateService"), 2)
        looks = [at for at, action in trial.standin.calls if action == "DescribeServices"]
        self.assertTrue(all(b - a > 3 for a, b in zip(looks[1:], looks[2:])), looks)

    def test_an_equal_definition_is_registered_once(self):
        trial = self.trial(definitions={"app": 1}, services=[
            harness.service(serviceName=name, taskDefinition="app:1") for name in ("web", "worker")])  # fmt: skip
        result = self.run_fleet(trial, "--service", "web", "--service", "worker", "--tag-image", "app=v2")
        self.check(trial, result, 0)
        self.assertEqual([line.rpartition("/")[2] for line in result.stdout.splitlines()], ["app:2", "app:2"])
        self.assertEqual((self.calls(trial, REGISTERED), self.calls(trial, "DescribeTaskDefinition")), (1, 1))

    def test_one_fails_and_the_other_is_followed_to_its_end(self):
        trial = self.fleet("web", "api", plans={"web:3": "pull"})
        with tempfile.NamedTemporaryFile() as report:
            result = self.run_fleet(trial, "--service", "web", "--service", "api", "--set", "/cpu=256", "--report",
                                    report.name)
            told = self.report(report.name)
        self.assertEqual(result.returncode, 10, result.stderr)
        self.assertIn('error: 1 of 2 services failed: the rollout of web:3 to service "web" failed: 4 tasks stopped'
                      " for the same reason and none is running; ", result.stderr)  # fmt: skip
        self.assertIn('api: the rollout of api:3 to service "api" completed after ', result.stderr)
        self.assertEqual([(s["service"], s["state"], s["exitCode"]) for s in told["services"]],
                         [("web", "failed", 10), ("api", "done", 0)])  # fmt: skip
        self.assertEqual((told["status"], told["exitCode"]), ("rollout-failed", 10))
        self.assertIn("image-missing", [cause["id"] for cause in told["services"][0]["rollout"]["causes"]])

    def test_the_one_that_fails_is_rolled_back(self):
        trial = self.fleet("web", "api", plans={"web:3": "pull"})
        result = self.run_fleet(trial, "--service", "web", "--service", "api", "--set", "/cpu=256", "--on-failure",
                                "rollback")
        self.assertEqual(result.returncode, 11, result.stderr)
        shown = trial.ask("DescribeServices", services=["web", "api"])["services"]
        self.assertEqual([s["taskDefinition"].rpartition("/")[2] for s in shown], ["web:1", "api:3"])

    def test_what_is_done_about_each_that_fails(self):
        """One succeeds and stays; the ones that fail or are not done in time are rolled back, each by itself."""
        plans = {"web:3": "pull", "job:3": "port-taken"}
        trial = self.fleet("web", "api", "job", plans=plans)
        result = self.run_fleet(trial, "--service", "web,api,job", "--set", "/cpu=256", "--on-failure", "rollback",
                                "--timeout",
                                "3m", "--poll-interval", "5s")  # fmt: skip
        web = ('the rollout of web:3 to service "web" failed: 4 tasks stopped for the same reason and none is running;'
               " without a circuit breaker ECS tries for ever; " + harness.MISSING_IMAGE)  # fmt: skip
        job = ('the rollout of job:3 to service "job" is not done after 3 min 00 s; it stands at 0/2 running, 0'
               " pending, 0 failed; most likely: the host port is taken on every suitable instance;"
               " use hostPort 0 with a target group of type instance, lower minimumHealthyPercent so that an old task"
               " may stop first, or add an instance")  # fmt: skip
        back = ("; slipway had ECS roll it back: {1}:1 is back (deployment ecs-svc/100000000000000000{0})")
        told = [line for line in result.stderr.splitlines() if re.match("(web|api|job): .*roll", line)]
        self.assertEqual(told, [
            f"web: {web}", "web: asked ECS to roll the deployment back",
            "web: the rollout failed; ECS deployment rolling back to deploymentId ecs-svc/1000000000000000001.",
            f"web: {web}{back.format(1, 'web')}", 'api: the rollout of api:3 to service "api" completed after 46.4 s',
            f"job: {job}", "job: asked ECS to roll the deployment back",
            "job: the rollout failed; ECS deployment rolling back to deploymentId ecs-svc/1000000000000000003.",
            f"job: {job}{back.format(3, 'job')}"])  # fmt: skip
        self.check(trial, result, 11, f"2 of 3 services failed: {web}{back.format(1, 'web')}; job: rolled-back")
        self.assertEqual([line.rpartition("/")[2] for line in result.stdout.splitlines()], ["web:3", "api:3", "job:3"])
        self.assertEqual((self.calls(trial, "UpdateService"), self.calls(trial, "StopServiceDeployment")), (3, 2))
        shown = trial.ask("DescribeServices", services=["web", "api", "job"])["services"]
        self.assertEqual([s["taskDefinition"].rpartition("/")[2] for s in shown], ["web:1", "api:3", "job:1"])

    def test_what_is_stopped_stays_as_it_stands(self):
        trial = self.fleet("web", "api", "job", plans={"web:3": "pull"})
        options = ["--service", "web,api,job", "--set", "/cpu=256", "--on-failure", "stop", "--one-by-one"]
        result = self.run_fleet(trial, *options)
        self.assertEqual(result.returncode, 10, result.stderr)
        self.assertTrue(result.stderr.endswith("; slipway stopped it as it stands: 0/2 running, 2 old; 2 not begun\n"),
                        result.stderr)
        self.assertEqual((self.calls(trial, "UpdateService"), self.calls(trial, "StopServiceDeployment")), (1, 1))

    def test_others_get_done_while_one_is_rolled_back(self):
        """The rollback of "web" ends after the deadline of "api", which was done before it."""
        late = {"fails": "start", "after_s": 22, "reason": "CannotPullContainerError: manifest unknown"}
        trial = self.fleet("web", "api", plans={"web:3": late, "api:3": {"healthy_s": 50}})
        result = self.run_fleet(trial, "--service", "web,api", "--set", "/cpu=256", "--on-failure", "rollback",
                                "--timeout", "1m",
                                "--poll-interval", "5s")  # fmt: skip
        self.assertEqual(result.returncode, 11, result.stderr)
        self.assertIn("error: 1 of 2 services failed: ", result.stderr)
        self.assertIn('api: the rollout of api:3 to service "api" completed after ', result.stderr)

    def test_nothing_is_registered_when_one_cannot_be_planned(self):
        trial = self.fleet("web", "api")
        result = self.run_fleet(trial, "--service", "web", "--service", "nope", "--set", "/cpu=256")
        self.check(trial, result, 1, '1 of 2 services cannot be deployed, so none was: service "nope" does not exist'
                   ' in cluster "prod"; services in it: web, api; --create (create_service in the orb) would make it; 1 not begun')  # fmt: skip
        self.assertEqual(self.calls(trial, REGISTERED), 0)
        result = self.run_fleet(trial, "--service", "web", "--service", "web", "--set", "/cpu=256")
        self.check(trial, result, 2, '1 of 2 services cannot be deployed, so none was: service "web" of cluster "prod"'
                   " is given twice; 1 not begun")  # fmt: skip

    def test_what_runs_already_is_left_alone(self):
        trial = self.fleet("web", "api", definitions=families("web", "api", revisions=1))
        result = self.run_fleet(trial, "--service", "web", "--service", "api")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("2 of 2 services cannot be deployed, so none was: nothing to deploy: ", result.stderr)
        result = self.run_fleet(trial, "--service", "web", "--service", "api", "--allow-unchanged")
        self.check(trial, result, 0)
        self.assertEqual(self.calls(trial, "UpdateService"), 0)

    def test_without_waiting(self):
        trial = self.fleet("web", "api")
        result = self.run_fleet(trial, "--service", "web", "--service", "api", "--set", "/cpu=256", wait=False)
        self.check(trial, result, 0)
        self.assertEqual(self.calls(trial, "UpdateService"), 2)
        self.assertEqual(self.calls(trial, "DescribeServices"), 1)

    # One after the other, and waves.

    def test_one_by_one(self):
        trial = self.fleet("web", "api")
        result = self.run_fleet(trial, "--service", "web", "--service", "api", "--set", "/cpu=256", "--one-by-one")
        self.check(trial, result, 0)
        first, second = self.updated(trial)
        self.assertGreater(second - first, 40)

    def test_a_wave_that_fails_is_the_last(self):
        trial = self.fleet("web", "api", "job", plans={"web:3": "pull"})
        options = ["--service", "web", "--service", "api", "--service", "job", "--set", "/cpu=256", "--one-by-one"]
        result = self.run_fleet(trial, *options)
        self.assertEqual(result.returncode, 10, result.stderr)
        self.assertIn("; 2 not begun", result.stderr)
        self.assertEqual(self.calls(trial, "UpdateService"), 1)
        self.assertEqual(result.stdout, "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:3\n")
        trial = self.fleet("web", "api", "job", plans={"web:3": "pull"})
        result = self.run_fleet(trial, *options, "--keep-going")
        self.assertEqual(result.returncode, 10, result.stderr)
        self.assertIn("error: 1 of 3 services failed: ", result.stderr)
        self.assertEqual(self.calls(trial, "UpdateService"), 3)

    def test_waves_need_wait(self):
        trial = self.fleet("web", "api")
        result = self.run_fleet(trial, "--service", "web", "--service", "api", "--one-by-one", wait=False)
        self.assertEqual(result.returncode, 2)
        self.assertIn("error: services one after the other, or in waves, need --wait", result.stderr)

    # Trouble.

    def test_a_stop_signal_says_where_each_stands(self):
        trial = self.fleet("web", "api", at=[{"s": 20, "do": "signal", "with": "TERM"}])
        result = self.run_fleet(trial, "--service", "web", "--service", "api", "--set", "/cpu=256")
        self.assertEqual(result.returncode, 15, result.stderr)
        for name in ("web", "api"):
            self.assertIn(f'{name}: stopped waiting for the rollout of {name}:3 to service "{name}"; it stands at 2/2'
                          ' running', result.stderr)

    def test_the_deadline_is_everyones(self):
        trial = self.fleet("web", "api", plans={"api:3": "port-taken"})
        options = ["--service", "web", "--service", "api", "--set", "/cpu=256", "--timeout", "3m"]
        result = self.run_fleet(trial, *options)
        self.assertEqual(result.returncode, 13, result.stderr)
        self.assertIn('error: 1 of 2 services failed: the rollout of api:3 to service "api" is not done after 3 min 00'
                      ' s', result.stderr)
        trial = self.fleet("web", "api", plans={"api:3": "port-taken"})
        result = self.run_fleet(trial, *options, "--no-fail-on-timeout")
        self.check(trial, result, 0,
                   said=['warning: the rollout of api:3 to service "api" is not done after 3 min 00 s'])

    def test_one_of_them_is_superseded(self):
        newer = {"service": "api", "taskDefinition": "api:1"}
        trial = self.fleet("web", "api", at=[{"s": 20, "do": "UpdateService", "with": newer}])
        result = self.run_fleet(trial, "--service", "web", "--service", "api", "--set", "/cpu=256")
        self.assertEqual(result.returncode, 12, result.stderr)

    def test_a_server_that_stumbles(self):
        trial = self.fleet("web", "api",
                           errors={"DescribeServices": {"status": 500, "code": "ServerException", "times": 4}})
        result = self.run_fleet(trial, "--service", "web", "--service", "api", "--set", "/cpu=256")
        self.check(trial, result, 0)

    # Deploy files.

    FILE = """\
defaults:
  cluster: prod
  cpu: 256
services:
  - service: api
    image: {api: "api:${VERSION}"}
    env:
      api: {LEVEL: debug, EMPTY: "", RATIO: 1.10}
  - service: web
    wave: 1
    tag-image: [web=v7]
    desired-count: 3
    tags: {team: shop}
    set: {/containerDefinitions/web/dockerLabels: {a: b}}
"""

    def test_a_file_says_what_each_service_gets(self):
        trial = self.fleet("web", "api")
        result = self.run_file(trial, self.FILE, "--expand", environment={"VERSION": "1.2"})
        self.check(trial, result, 0)
        api, web = trial.standin.world.definition("api"), trial.standin.world.definition("web")
        self.assertEqual((api["cpu"], web["cpu"]), ("256", "256"))
        self.assertEqual(api["containerDefinitions"][0]["image"], "api:1.2")
        self.assertEqual(api["containerDefinitions"][0]["environment"], [
            {"name": "LEVEL", "value": "debug"}, {"name": "EMPTY", "value": ""},
            {"name": "RATIO", "value": "1.10"}])  # fmt: skip
        self.assertTrue(web["containerDefinitions"][0]["image"].endswith("/web:v7"))
        self.assertEqual(web["containerDefinitions"][0]["dockerLabels"], {"a": "b"})
        self.assertEqual(trial.standin.world.tags[web["taskDefinitionArn"]], [{"key": "team", "value": "shop"}])
        self.assertEqual(trial.standin.world.services["web"].desired, 3)
        first, second = self.updated(trial)
        self.assertGreater(second - first, 40)

    def test_mistakes_in_a_file_are_told_with_their_place(self):
        for text, error in (
            ("", "deploy.yml:1:1: expected a mapping with the key services, got a null"),
            ("service: web\n", 'deploy.yml:1:1: unknown key "service"; there are: defaults, services'),
            ("services: web\n", "deploy.yml:1:11: expected a list of services under the key services"),
            ("services:\n  - web\n", "deploy.yml:2:5: expected a mapping such as {service: web}, got a string"),
            ("services:\n  - sevice: web\n", 'deploy.yml:2:5: unknown key "sevice"; did you mean "service"?'),
            ("services:\n  - service: web\n    xyzzyxyzzy: 1\n",
             'deploy.yml:3:5: unknown key "xyzzyxyzzy"; keys are named like the options of ecs deploy'),
            ("services:\n  - service: web\n",
             "deploy.yml:2:5: which cluster the service is in is not known; give cluster"),
            ("services:\n  - cluster: prod\n",
             "deploy.yml:2:5: what to deploy is not known; give service, or family or file"),
            ("services:\n  - service:\n", "deploy.yml:2:13: service has no value"),
            ("services:\n  - service: [web]\n", "deploy.yml:2:14: service: expected a text, got a sequence"),
            ("services:\n  - service: web\n    desired-count: many\n",
             'deploy.yml:3:20: option "--desired-count" does not take "many"; give a whole number from 0 to 100000'),
            ("services:\n  - service: web\n    image: {web: [1, 2]}\n    cluster: prod\n",
             None),
            ("services:\n  - service: web\n    cluster: prod\n    env: {web: {A: '${NOPE}'}}\n",
             'deploy.yml:4:20: env: variable "NOPE" is not set; set it (on CircleCI: in the project or in a context), or give a default: ${NOPE:-text}'),
            ("services:\n  - {service: web, cluster: prod, env: [x]}\n",
             "deploy.yml:2:5: --env: expected CONTAINER:NAME=VALUE, e.g. web:LOG_LEVEL=info"),
            ("services:\n  - {service: web, cluster: prod, force: perhaps}\n",
             'deploy.yml:2:42: option "--force" does not take "perhaps"; give true, false, 1 or 0'),
            ("services: [\n", None),
        ):  # fmt: skip
            trial = self.fleet("web", "api")
            result = self.run_file(trial, text, "--expand")
            with self.subTest(text):
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertTrue(result.stderr.startswith("error: deploy.yml:"), result.stderr)
                if error:
                    self.assertEqual(result.stderr.splitlines()[0], f"error: {error}")
                self.assertEqual(trial.standin.calls, [])

    def test_options_that_a_file_leaves_no_room_for(self):
        trial = self.fleet("web", "api")
        for option in (["--service", "web"], ["--family", "web"], ["--set", "/cpu=256"], ["--desired-count", "1"],
                       ["--create"],
                       ["--pin"]):  # fmt: skip
            result = self.run_file(trial, self.FILE, *option)
            self.assertEqual(result.returncode, 2, option)
        self.assertEqual(trial.standin.calls, [])

    def test_several_services_in_one_text(self):
        trial = self.fleet("web", "api", "log")
        result = self.run_fleet(trial, "--service", " web, api,", "--service", "", "--service", "log", "--set",
                                "/cpu=256")
        self.check(trial, result, 0)
        self.assertEqual([line.rpartition("/")[2] for line in result.stdout.splitlines()], ["web:3", "api:3", "log:3"])

    def test_later_steps_and_people_are_told_of_all(self):
        trial = self.fleet("web", "api", events=[])
        with tempfile.TemporaryDirectory() as folder:
            export, summary = pathlib.Path(folder) / "env", pathlib.Path(folder) / "summary.md"
            result = self.run_fleet(
                trial, "--service", "web,api", "--set", "/cpu=256", "--export-env", str(export), "--summary",
                str(summary)
            )
            self.check(trial, result, 0)
            web, api = result.stdout.split()
            self.assertEqual(
                export.read_text(),
                f"export CCI_ORB_AWS_ECS_REGISTERED_TASK_DFN='{web} {api}'\n"
                f"export CCI_ORB_AWS_ECS_DEPLOYED_REVISION='{web} {api}'\n",
            )
            headings = [line for line in summary.read_text().splitlines() if line.startswith("## ")]
            self.assertEqual(headings, ["## Deployment of web: done", "## Deployment of api: done"])

    def test_the_facts_as_json(self):
        trial = self.fleet("web", "api")
        result = self.run_fleet(trial, "--service", "web", "--service", "api", "--set", "/cpu=256", "--output", "json")
        told = json.loads(result.stdout)
        self.assertEqual([s["rollout"]["verdict"] for s in told["services"]], ["succeeded", "succeeded"])


if __name__ == "__main__":
    harness.main()
