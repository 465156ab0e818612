"""Native blue/green, linear and canary deployments: a second set of tasks, stages with hooks, traffic that
shifts in steps, bake time, and the way back."""

import rolling
from tasks import new_id

STAGES = (
    "RECONCILE_SERVICE", "PRE_SCALE_UP", "SCALE_UP", "POST_SCALE_UP", "TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP",
)  # fmt: skip
SHIFT_S, ROLLBACK_S, LAMBDA_S = 10, 20, 5


class Hook:
    """A lifecycle hook that was reached."""

    def __init__(self, engine, configured, stage):
        self.id = new_id(engine.world)
        self.kind = configured.get("targetType", "AWS_LAMBDA")
        self.target = configured.get("hookTargetArn")
        self.stage = stage
        self.began = engine.world.clock.now
        limit = configured.get("timeoutConfiguration", {})
        self.expires = self.began + limit.get("timeoutInMinutes", 1440) * 60
        self.at_timeout = limit.get("action", "ROLLBACK")
        self.status = "AWAITING_ACTION" if self.kind == "PAUSE" else "IN_PROGRESS"
        self.ends = "FAILED" if stage in engine.world.failing_hooks else "SUCCEEDED"

    def tick(self, now):
        if self.status == "IN_PROGRESS" and now - self.began >= LAMBDA_S:
            self.status = self.ends
        if self.status == "AWAITING_ACTION" and now >= self.expires:
            self.status = "TIMED_OUT" if self.at_timeout == "ROLLBACK" else "SUCCEEDED"

    def describe(self):
        shown = {"hookId": self.id, "targetType": self.kind, "status": self.status}
        if self.target:
            shown["targetArn"] = self.target
        if self.kind == "PAUSE":
            shown["expiresAt"], shown["timeoutAction"] = self.expires, self.at_timeout
        return shown


class Engine(rolling.Engine):
    def __init__(self, service, deployment):
        super().__init__(service, deployment)
        self.configuration = service.configuration
        self.stage_began = self.world.clock.now
        self.shifted = 0.0
        deployment.record.stage = STAGES[0]

    @property
    def record(self):
        return self.deployment.record

    def tick(self):
        record = self.record
        now = self.world.clock.now
        if record.over:
            return
        if record.status.startswith("ROLLBACK"):
            self._go_back(now)
            return
        if self.deployment.healthy() > 0:
            self.deployment.failed = self.failures = 0
        for hook in record.hooks:
            hook.tick(now)
        if any(hook.status in ("FAILED", "TIMED_OUT") for hook in record.hooks):
            self.request_rollback(f"Lifecycle hook of {record.stage} failed.")
        elif self.service.breaker.get("enable") and self.deployment.failed >= record.threshold:
            record.breaker_triggered = True
            self.fail("tasks failed to start.", "", True, "circuit breaker")
        elif all(hook.status == "SUCCEEDED" for hook in record.hooks):
            self._stage(now)

    # Stages.

    def _stage(self, now):
        if getattr(self, f"_{self.record.stage.lower()}", self._at_once)(now - self.stage_began):
            self._next(now)

    def _next(self, now):
        record = self.record
        at = STAGES.index(record.stage) + 1
        if at == len(STAGES):
            record.set("SUCCESSFUL")
            self._complete()
            return
        record.stage, self.stage_began = STAGES[at], now
        record.hooks = [
            Hook(self, hook, record.stage)
            for hook in self.configuration.get("lifecycleHooks", [])
            if record.stage in hook["lifecycleStages"]
        ]
        record.updated = now

    def _at_once(self, since):
        return since >= 1

    def _scale_up(self, _since):
        """A whole second set of tasks: the old one stays as it is."""
        ours = self.deployment
        missing = ours.desired - len(ours.live())
        if missing > 0 and self.world.clock.now >= self.next_start:
            unplaceable = self._cannot_place()
            if unplaceable:
                text = f"was unable to place a task because {unplaceable}. {rolling.MORE}"
                self._say_once(unplaceable, text)
                return False
            tasks = [self.service.start_task(ours) for _ in range(missing)]
            named = " ".join(f"(task {task.id})" for task in tasks)
            self.service.event(f"has started {missing} tasks: {named}.")
        return ours.healthy() >= ours.desired

    def _test_traffic_shift(self, since):
        self.record.weights[0] = 1.0
        return since >= SHIFT_S

    def _production_traffic_shift(self, since):
        strategy = self.configuration["strategy"]
        if strategy == "LINEAR":
            linear = self.configuration.get("linearConfiguration", {})
            step_s = linear.get("stepBakeTimeInMinutes", 6) * 60
            self.shifted = min(1.0, linear.get("stepPercent", 10.0) / 100 * (1 + since // step_s))
        elif strategy == "CANARY":
            canary = self.configuration.get("canaryConfiguration", {})
            bake_s = canary.get("canaryBakeTimeInMinutes", 10) * 60
            self.shifted = canary.get("canaryPercent", 5.0) / 100 if since < bake_s else 1.0
        else:
            self.shifted = 1.0
        self.record.weights[1] = self.shifted
        return self.shifted >= 1.0 and since >= SHIFT_S

    def _bake_time(self, since):
        return since >= self.configuration.get("bakeTimeInMinutes", 0) * 60

    def _clean_up(self, _since):
        old = [task for d in self.service.deployments if d is not self.deployment for task in d.tasks]
        for task in old:
            self.service.stop_task(task)
        return all(task.stopped is not None for task in old)

    def _complete(self):
        self.done = True
        self.deployment.set_state("COMPLETED")
        self.service.event(f"(deployment {self.deployment.id}) deployment completed.")
        self.service.event("has reached a steady state.")

    # The way back.

    def fail(self, event, reason, rollback, what):
        self.service.event(f"(deployment {self.deployment.id}) deployment failed: {event}")
        self.request_rollback(f"Service deployment rolled back because of the {what}.")

    def request_rollback(self, reason):
        self.record.set("ROLLBACK_REQUESTED", reason)
        self.stage_began = self.world.clock.now

    def _go_back(self, now):
        record = self.record
        since = now - self.stage_began
        if record.status == "ROLLBACK_REQUESTED":
            record.set("ROLLBACK_IN_PROGRESS", record.status_reason)
            record.weights = [0.0, 0.0]
            for task in self.deployment.live():
                self.service.stop_task(task)
        elif since >= ROLLBACK_S and self.deployment.gone():
            if self.world.rollback_fails:
                record.set("ROLLBACK_FAILED", "Service deployment rollback failed.")
                return
            target = self.service.completed_target(self.deployment)
            self.deployment.set_state("FAILED", record.status_reason)
            self.deployment.desired = 0
            self.service.return_to(target, record.status_reason).set_state("COMPLETED")
            record.set("ROLLBACK_SUCCESSFUL", record.status_reason)
            self.done = True
