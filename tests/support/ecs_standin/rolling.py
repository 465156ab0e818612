"""Rolling updates: starts new tasks and stops old ones within the percentages, counts failures, lets the
circuit breaker or an alarm end the rollout, and rolls back."""

import math

from plan import TARGET_GROUP

MORE = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
# ECS starts tasks more and more slowly while they keep failing: up to a quarter of an hour.
MANY, SLOWEST_S = 3, 900
# A rollback that finds its tasks still running is not over at once.
ROLLBACK_S = 20
EVENT_AGAIN_S = 6 * 3600


class Engine:
    def __init__(self, service, deployment):
        self.service, self.deployment = service, deployment
        self.world = service.world
        self.failures = 0  # of all kinds, in a row; the breaker counts its own
        self.next_start = 0.0
        self.said = {}
        self.done = self.failed = False
        self.steady_since = None
        self.rolling_back = False

    # One second.

    def tick(self):
        service = self.service
        if service.scheduling == "DAEMON":
            self.deployment.desired = service.desired = self.world.instances
        if self.deployment.healthy() > 0 and service.breaker.get("resetOnHealthyTask", True):
            self.deployment.failed = self.failures = 0
        if not self.failed:
            self._start()
            self._stop_old()
            self._trim()
        self._judge()

    def _say_once(self, key, text):
        """Equal events are suppressed for hours."""
        now = self.world.clock.now
        if now - self.said.get(key, -EVENT_AGAIN_S) >= EVENT_AGAIN_S:
            self.said[key] = now
            self.service.event(text)

    def _start(self):
        service, ours = self.service, self.deployment
        most = math.floor(ours.desired * service.configuration["maximumPercent"] / 100)
        live = sum(len(d.live()) for d in service.deployments)
        missing = min(ours.desired - len(ours.live()), max(0, most - live))
        if missing <= 0 or self.world.clock.now < self.next_start:
            return
        unplaceable = self._cannot_place()
        if unplaceable:
            self._say_once(unplaceable, f"was unable to place a task because {unplaceable}. {MORE}")
            return
        tasks = [service.start_task(ours) for _ in range(missing)]
        named = " ".join(f"(task {task.id})" for task in tasks)
        service.event(f"has started {missing} tasks: {named}.")

    def _cannot_place(self):
        fate = self.world.plan_of(self.deployment.definition).peek()
        placeable = self.world.clock.elapsed >= fate.get("placeable_s", math.inf)
        return None if placeable else fate.get("unplaceable")

    def _stop_old(self):
        """As many old tasks as leave enough healthy ones."""
        service, ours = self.service, self.deployment
        least = math.ceil(ours.desired * service.configuration["minimumHealthyPercent"] / 100)
        old = [task for d in service.deployments if d is not ours for task in d.live()]
        spare = ours.healthy() + sum(task.running for task in old) - least
        if ours.healthy() >= ours.desired:
            spare = len(old)
        guarded = [task for task in old if task.fate.get("protected")]
        old = [task for task in old if not task.fate.get("protected")]
        stopped = [task for task in old if task.pending] + [task for task in old if task.running][: max(0, spare)]
        for task in stopped:
            service.stop_task(task)
        if stopped:
            named = " ".join(f"(task {task.id})" for task in stopped)
            service.event(f"has stopped {len(stopped)} running tasks: {named}.")
        if guarded and ours.healthy() >= ours.desired:
            self._say_once(
                "protected",
                f"was unable to reach steady state because task set (taskSet {ours.id}) was unable to scale in. Reason:"
                " The number of protected tasks are more than the desired count of tasks",
            )

    def _trim(self):
        """Fewer tasks are wanted than run."""
        extra = len(self.deployment.live()) - self.deployment.desired
        for task in self.deployment.live()[:max(0, extra)]:
            self.service.stop_task(task)

    # Failures.

    def task_failed(self, deployment, task):
        if deployment is not self.deployment:
            return
        self.failures += 1
        fails = task.fate["fails"]
        signal = self.service.has_health_signal or task.has_container_check
        if fails == "start" or fails in ("container", "elb") or (signal and fails == "exit"):
            deployment.failed += 1
        if fails in ("container", "elb"):
            self._say_unhealthy(task, fails)
        if self.failures == MANY:
            self.service.event(f"is unable to consistently start tasks successfully. {MORE}")
        if self.failures >= MANY:
            self.next_start = self.world.clock.now + min(SLOWEST_S, 10 * 2 ** min(10, self.failures - MANY))

    def _say_unhealthy(self, task, fails):
        if fails == "container":
            self.service.event(f"(task {task.id}) failed container health checks.")
            return
        self.service.event(
            f"(port 8080) is unhealthy in (target-group {TARGET_GROUP}) due to (reason Health checks failed with these"
            " codes: [502])."
        )

    # The end.

    def _judge(self):
        ours, record, service = self.deployment, self.deployment.record, self.service
        if self.done or self.failed:
            return
        if service.breaker.get("enable") and ours.failed >= record.threshold and not self.rolling_back:
            record.breaker_triggered = True
            self.fail("tasks failed to start.", "ECS deployment circuit breaker: tasks failed to start.",
                      service.breaker.get("rollback"), "circuit breaker")  # fmt: skip
            return
        if ours.healthy() < ours.desired:
            self.steady_since = None
            return
        now = self.world.clock.now
        self.steady_since = now if self.steady_since is None else self.steady_since
        if now - self.steady_since < self._bake_s():
            return
        self._complete()

    def _bake_s(self):
        if self.rolling_back:
            return ROLLBACK_S
        alarms = self.service.configuration.get("alarms") or {}
        return self.world.alarm_bake_s if alarms.get("enable") else 0

    def _complete(self):
        ours, service = self.deployment, self.service
        self.done = True
        ours.set_state("COMPLETED")
        if self.rolling_back:
            self.rolling_back.set("ROLLBACK_SUCCESSFUL", self.rolling_back.status_reason)
        else:
            ours.record.set("SUCCESSFUL")
        service.event(f"(deployment {ours.id}) deployment completed.")
        service.event("has reached a steady state.")

    def fail(self, event, reason, rollback, what):
        """The rollout has failed; ECS goes back when it is to and there is something to go back to."""
        ours, service = self.deployment, self.service
        ours.set_state("FAILED", reason)
        service.event(f"(deployment {ours.id}) deployment failed: {event}")
        target = service.completed_target(ours) if rollback else None
        if target is None:
            self.failed = True
            ours.record.set("STOPPED", f"Service deployment failed: {event}")
            return
        self.roll_back(target, f"ECS deployment {what}: rolling back to deploymentId {target.id}.")

    def request_rollback(self, reason):
        self.deployment.record.set("ROLLBACK_REQUESTED", reason)
        target = self.service.completed_target(self.deployment)
        self.roll_back(target, f"ECS deployment rolling back to deploymentId {target.id}.")

    def roll_back(self, target, reason):
        ours, service = self.deployment, self.service
        ours.status = "ACTIVE"
        ours.desired = 0
        ours.record.set("ROLLBACK_IN_PROGRESS", reason)
        service.event(f"rolling back to deployment {target.id}.")
        target = service.return_to(target, reason)
        for task in ours.live():
            service.stop_task(task)
        engine = Engine(service, target)
        engine.rolling_back = ours.record
        service.engine = engine
