"""The stand-in itself: what scenarios rest on."""

import harness
import breaker
import buckets
import model
from clock import Clock


class StandinTest(harness.TestCase):
    def test_breaker_thresholds(self):
        for desired, threshold in ((1, 3), (6, 3), (7, 4), (20, 10), (399, 200), (1000, 200)):
            self.assertEqual(breaker.threshold({}, desired), threshold)
        own = {"thresholdConfiguration": {"type": "UNBOUNDED_PERCENT", "value": 10}}
        self.assertEqual(breaker.threshold(own, 10), 1)
        own["thresholdConfiguration"].update(type="COUNT", value=7)
        self.assertEqual(breaker.threshold(own, 1000), 7)

    def test_buckets_empty_and_fill_again(self):
        clock = Clock()
        bucket = buckets.Buckets(clock)
        taken = [bucket.take("RegisterTaskDefinition") for _ in range(22)]
        self.assertEqual(taken, [True] * 20 + [False] * 2)
        clock.advance(1)
        self.assertTrue(bucket.take("DeregisterTaskDefinition"))
        self.assertFalse(bucket.take("RegisterTaskDefinition"))
        self.assertTrue(bucket.take("DescribeServices"))
        self.assertEqual(bucket.refused, 3)

    def test_the_model_knows_every_member(self):
        self.assertEqual(model.request_problems("ecs", "UpdateService", {"service": "web", "desiredCount": 2}), [])
        self.assertEqual(
            model.request_problems("ecs", "UpdateService", {"desiredCount": "2", "taskDefinitions": "web"}),
            ["UpdateService request.desiredCount: '2' is no integer",
             "UpdateService request.taskDefinitions: the model has no such member",
             "UpdateService request.service: is required"])  # fmt: skip
        reply = {"services": [{"deployments": [{"rolloutState": "DONE"}]}]}
        self.assertEqual(
            model.reply_problems("ecs", "DescribeServices", reply),
            ["DescribeServices reply.services[0].deployments[0].rolloutState: 'DONE' is none of COMPLETED, FAILED,"
             " IN_PROGRESS"])  # fmt: skip

    def test_a_misspelt_member_fails_the_call(self):
        trial = self.trial()
        status, answer = trial.standin.ask("ecs", "DescribeServices", {"cluster": "prod", "services": ["web"]})
        self.assertEqual((status, answer["services"][0]["runningCount"]), (200, 2))
        with self.assertRaises(harness.server.Refusal):
            trial.standin.ask("ecs", "DescribeServices", {"cluster": "prod", "service": ["web"]})
        self.assertEqual(len(trial.standin.problems), 2)

    def test_time_goes_by_in_ticks_and_plans(self):
        clock, seen = Clock(), []
        clock.tick = lambda: seen.append(clock.elapsed)
        clock.at(1.5, lambda: seen.append("plan"))
        clock.advance(0.9)
        clock.advance(1.2)
        self.assertEqual(seen, [1.0, "plan", 2.0])

    def test_answers_may_lag(self):
        trial = self.trial(lagSeconds=8)
        trial.ask("UpdateService", service="web", taskDefinition="web:2")
        ages = set()
        for _ in range(40):
            trial.standin.sleep({"ms": 1000})
            shown = trial.ask("DescribeServices", services=["web"])["services"][0]
            ages.add(shown["deployments"][0]["runningCount"])
        self.assertEqual(ages, {0, 2})


if __name__ == "__main__":
    harness.main()
