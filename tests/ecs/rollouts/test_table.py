"""Every way in which a rollout can end or stand: a scenario each, with the exit code and the sentence.

The names are those of the decision table that sw_rollout_judge() follows: a deployment D of ours, seen in
DescribeServices from the top of the table to its end.
"""

import json
import re

import harness
from harness import service

TD = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:"
ROLLOUT = 'the rollout of web:2 to service "web" '
FIRST, OURS, THIRD = (f"ecs-svc/100000000000000000{n}" for n in (1, 2, 3))
IMAGE = f"; {harness.MISSING_IMAGE}"
BREAKER, BREAKER_ONLY = harness.BREAKER, harness.BREAKER_ONLY
ALARMS = {"alarms": {"alarmNames": ["5xx"], "enable": True, "rollback": True}}
UNPLACEABLE = harness.server.KNOWN["port-taken"]["unplaceable"]


def at(s, action, **request):
    return {"s": s, "do": action, "with": {"service": "web", **request}}


def shift(strategy="BLUE_GREEN", **more):
    return service(deploymentConfiguration={"strategy": strategy, **more})


def pause(stage, **more):
    return {"lifecycleHooks": [{"targetType": "PAUSE", "lifecycleStages": [stage], **more}]}


def hook(stage):
    return {"lifecycleHooks": [{"targetType": "AWS_LAMBDA",
                                "hookTargetArn": "arn:aws:lambda:eu-west-1:123456789012:function:check",
                                "roleArn": "arn:aws:iam::123456789012:role/ecs",
                                "lifecycleStages": [stage]}]}  # fmt: skip


# name, exit code, sentence (an expression), scenario; "options" and "poll" are those of the command.
ROLLING = [
    ("row 1, the service is deleted meanwhile", 1,
     ROLLOUT + "ended: the service is DRAINING: it is being or was deleted",
     {"at": [at(15, "DeleteService", force=True)], "services": [service(drainSeconds=300)]}),
    ("row 1, the service was deleted and is gone", 1,
     ROLLOUT + "ended: the service is INACTIVE: it is being or was deleted",
     {"at": [at(16, "DeleteService", force=True)]}),
    ("row 2, completed", 0, "", {}),
    ("row 2, completed while old tasks drain", 0, "", {"services": [service(drainSeconds=300)]}),
    ("row 2, drained", 0, "",
     {"services": [service(drainSeconds=300)], "options": ["--wait-for", "drained"], "least_s": 340}),
    ("row 3, the breaker without rollback", 10,
     ROLLOUT + "failed: ECS deployment circuit breaker: tasks failed to start" + IMAGE,
     {"plans": {"web:2": "pull"}, "services": [service(deploymentConfiguration=BREAKER_ONLY)]}),
    ("row 4, rolled back", 11, f"{ROLLOUT}failed and was rolled back: web:1 is back (deployment"
     f" {FIRST})" + IMAGE, {"plans": {"web:2": "pull"}, "services": [service(deploymentConfiguration=BREAKER)]}),
    ("row 4, rolled back by a deployment of its own", 11, f"{ROLLOUT}failed and was rolled back: web:1 is"
     f" back (deployment {THIRD})" + IMAGE,
     {"plans": {"web:2": "pull"}, "services": [service(deploymentConfiguration=BREAKER)], "rollbackMakesNew": True}),
    ("row 4, rolled back by an alarm", 11, f"{ROLLOUT}failed and was rolled back: web:1 is back"
     f' \(deployment {FIRST}\); raised: alarm "5xx"; most likely: .*',
     {"at": [{"s": 70, "do": "alarm", "with": "5xx"}], "services": [service(deploymentConfiguration=ALARMS)]}),
    ("row 3, failed by an alarm without rollback", 10,
     ROLLOUT + 'failed: ECS deployment alarm detected; raised: alarm "5xx"; most likely: .*',
     {"at": [{"s": 70, "do": "alarm", "with": "5xx"}],
      "services": [service(deploymentConfiguration={"alarms": {**ALARMS["alarms"], "rollback": False}})]}),
    ("row 4, the rollback does not end", 11, ROLLOUT + "failed and is being rolled back: ECS deployment circuit"
     f" breaker: rolling back to deploymentId {FIRST}" + IMAGE,
     {"plans": {"web": "pull"}, "options": ["--timeout", "5m"], "services": [
         service(deploymentConfiguration={**BREAKER, "minimumHealthyPercent": 0, "maximumPercent": 100})]}),
    ("row 5, superseded by another revision", 12, f"{ROLLOUT}was superseded: web:3 (deployment {THIRD}) took over",
     {"definitions": {"web": 3}, "at": [at(20, "UpdateService", taskDefinition="web:3")],
      "services": [service(drainSeconds=60)]}),
    ("row 5, superseded by the same revision", 12, f"{ROLLOUT}was superseded: web:2 (deployment {THIRD}) took over",
     {"at": [at(20, "UpdateService", forceNewDeployment=True)], "services": [service(drainSeconds=60)]}),
    ("row 6, gone: superseded between two looks", 12, ROLLOUT + "was superseded: service deployment STOPPED: Service"
     " deployment stopped because a new service deployment was started",
     {"definitions": {"web": 3}, "poll": "50s", "at": [at(20, "UpdateService", taskDefinition="web:3")]}),
    ("row 5, completed before another took over", 0, "",
     {"definitions": {"web": 3}, "poll": "90s", "at": [at(60, "UpdateService", taskDefinition="web:3")]}),
    ("row 6, gone: completed and replaced between two looks", 0, "",
     {"definitions": {"web": 3}, "poll": "4m", "at": [at(60, "UpdateService", taskDefinition="web:3")]}),
    ("row 6, gone: rolled back between two looks", 11, f"{ROLLOUT}failed and was rolled back: web:1 is back"
     f" (deployment {FIRST})" + IMAGE,
     {"plans": {"web:2": "pull"}, "poll": "3m", "services": [service(deploymentConfiguration=BREAKER)]}),
    ("row 6, gone, and the witness may not be asked", 10, f"{ROLLOUT}failed: deployment {OURS} was rolled back or"
     f" replaced: the service now runs {TD}3",
     {"definitions": {"web": 3}, "poll": "4m", "at": [at(60, "UpdateService", taskDefinition="web:3")],
      "denied": ["DescribeServiceDeployments"]}),
    ("row 6, gone, rolled anew, and the witness may not be asked", 12, f"{ROLLOUT}was superseded: deployment {THIRD}"
     " rolls out the same task definition anew",
     {"poll": "4m", "at": [at(60, "UpdateService", forceNewDeployment=True)],
      "denied": ["DescribeServiceDeployments"]}),
    ("row 7, in progress at the deadline", 13, ROLLOUT + "is not done after 5 min 00 s; it stands at 0/2 running, 0"
     " pending, 0 failed, and goes on; most likely: the host port is taken on every .*",
     {"plans": {"web:2": "port-taken"}, "options": ["--timeout", "5m"]}),
    ("row 7, in progress at the deadline, which is no failure", 0, "",
     {"plans": {"web:2": "port-taken"}, "options": ["--timeout", "5m", "--no-fail-on-timeout"]}),
    ("row 8, no rollout state, settled", 0, "", {"services": [service(classicElb=True)]}),
    ("row 8, no rollout state, never settled", 13, ROLLOUT + "is not done after 3 min 00 s; .*",
     {"services": [service(classicElb=True)], "plans": {"web:2": "port-taken"}, "options": ["--timeout", "3m"]}),
    ("fail fast", 10, ROLLOUT + "failed: 4 tasks stopped for the same reason and none is running; without a circuit"
     " breaker ECS tries for ever" + IMAGE, {"plans": {"web:2": "pull"}}),
    ("fail fast, of what the breaker does not count", 10, ROLLOUT + "failed: 4 tasks stopped for the same reason and"
     " none is running; the circuit breaker does not count such failures, so ECS tries for ever; most likely: .*",
     {"plans": {"web:2": "exit"}, "services": [service(deploymentConfiguration=BREAKER)]}),
    ("interrupted", 15, 'stopped waiting for the rollout of web:2 to service "web"; it stands at 2/2 running, 0'
     " pending, 0 failed, and goes on", {"at": [{"s": 12, "do": "signal", "with": "INT"}]}),
    ("terminated", 15, 'stopped waiting for the rollout of web:2 to service "web"; it stands at 2/2 running, 0'
     " pending, 0 failed, and goes on", {"at": [{"s": 12, "do": "signal", "with": "TERM"}]}),
    ("credentials that expire", 3, 'the deployment of service "web" goes on, but its state is not known: ECS'
     " DescribeServices: ExpiredTokenException: .*",
     {"later": {"DescribeServices": {"code": "ExpiredTokenException", "message": "The security token is expired",
                                     "times": 99}}}),
]  # fmt: skip

SHIFTING = [
    ("blue/green", 0, "", {"services": [shift(bakeTimeInMinutes=2)], "poll": "1s", "said": [
        "stage PRE_SCALE_UP", "stage SCALE_UP", "stage TEST_TRAFFIC_SHIFT",
        "traffic to the new tasks: production 0 %, test 100 %",
        "traffic to the new tasks: production 100 %, test 100 %",
        "stage BAKE_TIME: both sets of tasks run for 2 min more", "stage CLEAN_UP"]}),
    ("linear", 0, "",
     {"services": [shift("LINEAR", linearConfiguration={"stepPercent": 25.0, "stepBakeTimeInMinutes": 1})],
                       "said": [f"traffic to the new tasks: production {n} %, test 100 %" for n in (25, 50, 75, 100)]}),
    ("canary", 0, "",
     {"services": [shift("CANARY", canaryConfiguration={"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 3})],
                       "said": [f"traffic to the new tasks: production {n} %, test 100 %" for n in (10, 100)]}),
    ("a hook that succeeds", 0, "", {"services": [shift(**hook("POST_SCALE_UP"))], "said": [
        "hook arn:aws:lambda:eu-west-1:123456789012:function:check: IN_PROGRESS"]}),
    ("a hook that fails", 11, ROLLOUT + "failed and was rolled back: service deployment ROLLBACK_SUCCESSFUL: Lifecycle"
     " hook of POST_TEST_TRAFFIC_SHIFT failed",
     {"services": [shift(**hook("POST_TEST_TRAFFIC_SHIFT"))], "failingHooks": ["POST_TEST_TRAFFIC_SHIFT"], "poll": "1s",
      "said": ["the rollout failed; service deployment ROLLBACK_"]}),
    ("ROLLBACK_FAILED", 10, ROLLOUT + "failed: service deployment ROLLBACK_FAILED: Service deployment rollback failed",
     {"services": [shift(**hook("POST_SCALE_UP"))], "failingHooks": ["POST_SCALE_UP"], "rollbackFails": True}),
    ("the breaker of a shift", 11, ROLLOUT + "failed and was rolled back: service deployment ROLLBACK_SUCCESSFUL:"
     " Service deployment rolled back because of the circuit breaker" + IMAGE,
     {"plans": {"web:2": "pull"}, "services": [shift(**BREAKER)], "said": ["circuit breaker: 4 of 3 failed tasks"]}),
    ("paused", 14,
     ROLLOUT + r"is paused: a hook of stage POST_SCALE_UP waits for an action until 2026-01-0\dT\S+Z, then"
     r" ROLLBACK; go on with slipway ecs continue --cluster prod --service web, or back with --rollback",
     {"services": [shift(**pause("POST_SCALE_UP"))]}),
    ("STOPPED: superseded", 12, ROLLOUT + "was superseded: service deployment STOPPED: Service deployment stopped"
     " because a new service deployment was started",
     {"definitions": {"web": 3}, "services": [shift()], "at": [at(20, "UpdateService", taskDefinition="web:3")]}),
    ("not done in time", 13, ROLLOUT + "is not done after 1 min 00 s; it stands at 2/2 running, 0 pending, 0 failed,"
     " and goes on; .*", {"services": [shift(bakeTimeInMinutes=10)], "options": ["--timeout", "1m"]}),
    ("without the right to see service deployments", 0, "",
     {"services": [shift(bakeTimeInMinutes=1)], "denied": ["DescribeServiceDeployments"]}),
    ("fail fast", 10, ROLLOUT + "failed: 4 tasks stopped for the same reason .*",
     {"plans": {"web:2": "pull"}, "services": [shift()]}),
]  # fmt: skip

SPECIAL = [
    ("a daemon", 0, "", {"services": [service(schedulingStrategy="DAEMON")], "instances": 3}),
    ("a daemon without an instance", 0, "", {
        "services": [service(schedulingStrategy="DAEMON")], "instances": 0,
        "said": ['service "web" is a daemon and no container instance is eligible: nothing was started']}),
    ("a daemon that grows meanwhile", 0, "", {
        "services": [service(schedulingStrategy="DAEMON")], "at": [{"s": 10, "do": "instances", "with": 4}],
        "said": ["4/4 running"]}),
    ("desired count 0", 0, "", {
        "services": [service(desiredCount=0)],
        "said": ['service "web" wants 0 tasks: the rollout was accepted, but nothing was started']}),
    ("auto scaling changes the number meanwhile", 0, "", {
        "at": [at(20, "UpdateService", desiredCount=5)], "said": ["5/5 running"]}),
    ("protected tasks do not hold it up", 0, "", {"services": [service(restingFate="protected")]}),
    ("protected tasks are waited for when asked", 13, ROLLOUT + "is not done after 5 min 00 s; .*; most likely: tasks"
     " under scale-in protection may not be stopped; .*", {
         "services": [service(restingFate="protected")], "options": ["--wait-for", "drained", "--timeout", "5m"]}),
    ("tasks that take long to stop", 0, "", {"services": [service(restingFate="slow-stop")], "most_s": 60}),
    ("no health check at all", 0, "", {"least_s": 40}),
    ("a container health check that fails", 13,
     ROLLOUT + "is not done after 20 min 00 s; .*the container's own health check.*", {
        "plans": {"web:2": "container-health"}, "options": ["--timeout", "20m"]}),
    ("a load balancer's health check that fails", 11, ROLLOUT + "failed and was rolled back: .*", {
        "plans": {"web:2": "elb-health"}, "services": [service(
            loadBalancers=[{"targetGroupArn": harness.server.TARGET_GROUP, "containerName": "web",
                            "containerPort": 8080}],
            deploymentConfiguration=BREAKER)]}),
    ("transient placement trouble", 0, "", {"plans": {"web:2": {"unplaceable": UNPLACEABLE, "placeable_s": 60}}}),
    ("answers that lag", 0, "", {"lagSeconds": 8}),
    ("answers that lag, rolled back", 11, ROLLOUT + "failed and was rolled back: .*", {
        "lagSeconds": 8, "plans": {"web:2": "pull"}, "services": [service(deploymentConfiguration=BREAKER)]}),
    ("answers that lag, shifted", 0, "", {"lagSeconds": 8, "services": [shift(bakeTimeInMinutes=1)]}),
    ("throttled by others", 0, "", {
        "at": [{"s": 4, "do": "drain", "with": {"DescribeServices": 500}}], "drained": {"DescribeServices": 10}}),
    ("the API is down for a while", 0, "", {
        "later": {"DescribeServices": {"code": "ServerException", "message": "down", "status": 500, "times": 12}}}),
]  # fmt: skip


class TableTest(harness.TestCase):
    def walk(self, table):
        for name, code, sentence, scenario in table:
            with self.subTest(name):
                self.one(code, sentence, dict(scenario))

    def one(self, code, sentence, scenario):
        options, poll = scenario.pop("options", []), scenario.pop("poll", "5s")
        said, later = scenario.pop("said", []), scenario.pop("later", {})
        least_s, most_s = scenario.pop("least_s", 0), scenario.pop("most_s", 3600)
        trial = self.trial(**scenario)
        trial.standin.world.clock.at(8, lambda: trial.standin.scenario.setdefault("errors", {}).update(later))
        result = self.deploy(trial, *options, poll=poll)
        errors = [line.removeprefix("error: ") for line in result.stderr.splitlines() if line.startswith("error: ")]
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(len(errors), 1 if sentence else 0, result.stderr)
        if sentence and errors[0] != sentence:
            self.assertRegex(errors[0], re.compile("^" + sentence + "$"))
        for text in said:
            self.assertIn(text, result.stderr)
        self.assertEqual(trial.standin.problems, [])
        self.assertTrue(least_s <= trial.elapsed <= most_s, trial.elapsed)

    def test_rolling(self):
        self.walk(ROLLING)

    def test_shifting(self):
        self.walk(SHIFTING)

    def test_special_services(self):
        self.walk(SPECIAL)

    def test_stages_come_in_order(self):
        trial = self.trial(services=[shift(bakeTimeInMinutes=1)])
        result = self.deploy(trial, poll="1s")
        stages = [line.split()[1].rstrip(":") for line in result.stderr.splitlines() if line.startswith("stage ")]
        self.assertEqual(stages, [
            "RECONCILE_SERVICE", "PRE_SCALE_UP", "SCALE_UP", "POST_SCALE_UP", "TEST_TRAFFIC_SHIFT",
            "POST_TEST_TRAFFIC_SHIFT",
            "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP"])  # fmt: skip

    def test_a_pause_that_goes_on(self):
        trial = self.trial(services=[shift(**pause("POST_SCALE_UP"))])
        self.assertEqual(self.deploy(trial).returncode, 14)
        arn, hook = (lambda record: (record.arn, record.hooks[0].id))(trial.standin.world.services["web"].records[0])
        web = ("--cluster", "prod", "--service", "web")
        result = trial.run("ecs", "continue", *web, "--hook", "another")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn(f'hook "another" does not wait in the deployment of service "web"; waiting: {hook}',
                      result.stderr)
        result = trial.run("ecs", "continue", *web)
        self.assertEqual((result.returncode, result.stdout), (0, f"{arn}\n"))
        self.assertIn(f"service web: hook {hook} of stage POST_SCALE_UP lets the deployment go on\n", result.stderr)
        result = trial.run("ecs", "continue", *web)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn('the deployment of service "web" waits at no hook: it is IN_PROGRESS', result.stderr)
        self.check(trial, trial.run("ecs", "wait", *web), 0)

    def test_a_pause_that_goes_back(self):
        trial = self.trial(services=[shift(**pause("POST_SCALE_UP"))])
        self.assertEqual(self.deploy(trial).returncode, 14)
        hook = trial.standin.world.services["web"].records[0].hooks[0].id
        web = ("--cluster", "prod", "--service", "web")
        result = trial.run("ecs", "continue", *web, "--rollback", "--hook", hook, "-o", "json")
        self.assertEqual(result.returncode, 0, result.stderr)
        facts = json.loads(result.stdout)
        self.assertEqual((facts["action"], facts["stage"], facts["hooks"]), ("ROLLBACK", "POST_SCALE_UP", [hook]))
        self.check(trial, trial.run("ecs", "wait", *web), 11,
                   ROLLOUT + "failed and was rolled back: service deployment ROLLBACK_SUCCESSFUL: Lifecycle hook of"
                   " POST_SCALE_UP failed")  # fmt: skip

    def test_nothing_that_waits(self):
        trial = self.trial(services=[service()])
        result = trial.run("ecs", "continue", "--cluster", "prod", "--service", "web")
        self.check(trial, result, 1, 'the deployment of service "web" waits at no hook: it is SUCCESSFUL')
        result = trial.run("ecs", "continue", "--cluster", "prod", "--service", "lost")
        self.check(trial, result, 1, 'service "lost" does not exist in cluster "prod"; services in it: web')

    def test_a_pause_that_nobody_ends(self):
        hooks = pause("POST_SCALE_UP", timeoutConfiguration={"timeoutInMinutes": 5, "action": "ROLLBACK"})
        trial = self.trial(services=[shift(**hooks)])
        self.assertEqual(self.deploy(trial).returncode, 14)
        trial.standin.sleep({"ms": 330000})
        result = trial.run("ecs", "wait", "--cluster", "prod", "--service", "web", "--deployment", OURS)
        self.assertEqual(result.returncode, 10, result.stderr)
        self.assertIn(f'service "web" has no deployment of {OURS}: it was rolled back or replaced', result.stderr)

    def test_stopped_by_hand(self):
        trial = self.trial(services=[shift(bakeTimeInMinutes=10)])
        trial.ask("UpdateService", service="web", taskDefinition="web:2")
        record = trial.standin.world.services["web"].records[0]
        trial.standin.world.clock.at(
            30, lambda: trial.ask("StopServiceDeployment", serviceDeploymentArn=record.arn,
                                  stopType="ABORT"))  # fmt: skip
        result = trial.run("ecs", "wait", "--cluster", "prod", "--service", "web")
        self.check(trial, result, 10,
                   ROLLOUT + "failed: service deployment STOPPED: Service deployment stopped by user")

    def test_a_first_deployment_has_nothing_to_roll_back_to(self):
        trial = self.trial(services=[service(atRest=False, deploymentConfiguration=BREAKER)], plans={"web:1": "pull"})
        result = trial.run("ecs", "wait", "--cluster", "prod", "--service", "web", "--poll-interval", "5s")
        self.check(trial, result, 10, 'the rollout of web:1 to service "web" failed: ECS deployment circuit breaker:'
                   " tasks failed to start" + IMAGE)  # fmt: skip

    def test_a_daemon_takes_no_number(self):
        trial = self.trial(services=[service(schedulingStrategy="DAEMON")])
        result = self.deploy(trial, "--desired-count", "3")
        self.assertNotEqual(result.returncode, 0)
        self.assertRegex(result.stderr, "(?i)daemon")

    def test_a_deregistered_definition(self):
        trial = self.trial()
        trial.ask("DeregisterTaskDefinition", taskDefinition="web:2")
        result = trial.run("ecs", "rollback", "--cluster", "prod", "--service", "web", "--to", "2", "--wait")
        self.check(trial, result, 1,
                   "web:2 cannot be gone back to: it was deregistered (INACTIVE); active revisions: web:1")

    def test_the_answer_to_an_update_may_name_the_deployment_before(self):
        trial = self.trial(services=[shift(bakeTimeInMinutes=1)], plans={"web:2": "pull"}, lateRecord=True)
        self.assertEqual(self.deploy(trial, "--fail-fast", "0", "--timeout", "2m").returncode, 13)

    def test_polls_within_the_quotas(self):
        """Twenty minutes of waiting: a call every five to ten seconds, none refused."""
        trial = self.trial(plans={"web:2": "port-taken"})
        self.assertEqual(self.deploy(trial, poll=None).returncode, 13)
        calls = trial.standin.report()
        self.assertEqual(calls["throttled"], 0)
        self.assertLess(calls["by_action"]["DescribeServices"], 20 * 60 / 5 + 12)
        self.assertLess(calls["by_action"].get("ListTasks", 0), 5)


if __name__ == "__main__":
    harness.main()
