"""One task, from its creation to its end."""

import hashlib

from plan import TARGET_GROUP

HEALTH_SIGNAL_S, NO_SIGNAL_S = 10, 40
STOP_CODES = {
    "start": "TaskFailedToStart",
    "exit": "EssentialContainerExited",
    "container": "ServiceSchedulerInitiated",
    "elb": "ServiceSchedulerInitiated",
}


def new_id(world):
    """Looks random and is the same in every run."""
    world.ids += 1
    return hashlib.md5(f"{world.ids}".encode()).hexdigest()


class Task:
    def __init__(self, world, cluster_arn, definition, fate, started_by, group, launch_type="EC2"):
        self.world = world
        self.id = new_id(world)
        self.arn = cluster_arn.replace(":cluster/", ":task/") + "/" + self.id
        self.cluster_arn = cluster_arn
        self.definition = definition
        self.fate = fate
        self.started_by = started_by
        self.group = group
        self.launch_type = launch_type
        self.created = world.clock.now
        self.started = self.stopping = self.stopped = None
        self.stop_code = self.stopped_reason = None
        self.exit_code = self.container_reason = None
        self.has_container_check = any("healthCheck" in c for c in definition["containerDefinitions"])
        self.signal = self.has_container_check  # whether anything tells that it is healthy
        self.failed = False
        self.drain_s = 0

    # What it is now.

    @property
    def live(self):
        return self.stopping is None

    @property
    def pending(self):
        return self.live and self.started is None

    @property
    def running(self):
        """Runs, and is not told to stop."""
        return self.live and self.started is not None

    @property
    def present(self):
        """Counts as running: a task that drains still does."""
        return self.started is not None and self.stopped is None

    @property
    def healthy(self):
        if not self.running or self.fate.get("fails") in ("container", "elb"):
            return False
        wait = self.fate.get("healthy_s", HEALTH_SIGNAL_S if self.signal else NO_SIGNAL_S)
        return self.world.clock.now - self.started >= wait

    # What happens to it.

    def tick(self):
        """Goes on; True when it has failed now."""
        now = self.world.clock.now
        fails, after = self.fate.get("fails"), self.fate.get("after_s", 5)
        if self.stopping is not None:
            if self.stopped is None and now - self.stopping >= self.drain_s + self.fate.get("stop_s", 2):
                self.stopped = now
            return False
        if self.started is None:
            if fails == "start" and now - self.created >= after:
                self._fail(self.fate.get("reason", "Task failed to start"))
                return True
            if fails != "start" and now - self.created >= self.fate.get("start_s", 3):
                self.started = now
            return False
        if fails and now - self.started >= after:
            self._fail(self.fate.get("reason") or self._default_reason(fails))
            return True
        return False

    def _default_reason(self, fails):
        return {
            "exit": "Essential container in task exited",
            "container": "Task failed container health checks",
            "elb": f"Task failed ELB health checks in (target-group {TARGET_GROUP})",
        }[fails]

    def _fail(self, reason):
        fails = self.fate["fails"]
        self.failed = True
        self.container_reason = self.fate.get("container_reason", reason if fails == "start" else None)
        self.exit_code = None if fails == "start" else self.fate.get("exit_code", 1 if fails == "exit" else 137)
        self.stop(STOP_CODES[fails], reason)
        if fails in ("start", "exit"):
            self.stopped = self.world.clock.now

    def stop(self, code, reason, drain_s=0):
        if self.stopping is None:
            self.stopping = self.world.clock.now
            self.stop_code, self.stopped_reason, self.drain_s = code, reason, drain_s
            if self.started is None:
                self.stopped = self.stopping
            elif self.exit_code is None:
                self.exit_code = self.fate.get("exit_code", 0)

    # What the API shows.

    @property
    def last_status(self):
        if self.stopped is not None:
            return "STOPPED"
        if self.stopping is not None:
            return "DEACTIVATING" if self.drain_s else "STOPPING"
        return "PENDING" if self.started is None else "RUNNING"

    def health(self):
        if not self.has_container_check or self.started is None:
            return "UNKNOWN"
        if self.fate.get("fails") == "container" and not self.live:
            return "UNHEALTHY"
        return "HEALTHY" if self.healthy else "UNKNOWN"

    def describe(self):
        shown = {
            "taskArn": self.arn,
            "clusterArn": self.cluster_arn,
            "taskDefinitionArn": self.definition["taskDefinitionArn"],
            "group": self.group,
            "startedBy": self.started_by,
            "desiredStatus": "RUNNING" if self.live else "STOPPED",
            "lastStatus": self.last_status,
            "launchType": self.launch_type,
            "createdAt": self.created,
            "healthStatus": self.health(),
            "containers": [self._container(c) for c in self.definition["containerDefinitions"]],
        }
        optional = {
            "startedAt": self.started,
            "stoppingAt": self.stopping,
            "stoppedAt": self.stopped,
            "executionStoppedAt": self.stopped,
            "stopCode": self.stop_code,
            "stoppedReason": self.stopped_reason,
        }
        return {**shown, **{name: value for name, value in optional.items() if value is not None}}

    def _container(self, definition):
        shown = {
            "containerArn": self.arn.replace(":task/", ":container/") + "/" + definition["name"],
            "taskArn": self.arn,
            "name": definition["name"],
            "image": definition["image"],
            "lastStatus": "STOPPED" if self.stopped is not None else self.last_status,
            "healthStatus": self.health(),
        }
        if self.stopped is not None:
            if self.exit_code is not None:
                shown["exitCode"] = self.exit_code
            if self.container_reason:
                shown["reason"] = self.container_reason
        return shown
