"""How tasks behave. A fate is what happens to one task; a plan gives each new task of a definition its
fate, the last one for ever.

A fate has
    start_s     seconds from creation to RUNNING (3)
    healthy_s   seconds from RUNNING to healthy (10 with a health check, else 40)
    stop_s      seconds that stopping takes (2)
    fails       None, or "start", "exit", "container", "elb": never starts, exits by itself, fails its
                container's or its load balancer's health check
    after_s     seconds until that happens: from creation ("start"), else from RUNNING (5)
    exit_code   of the container ("exit": 1)
    reason      the task's stoppedReason
    container_reason  the container's reason
    protected   protected from scale-in
    unplaceable why it cannot be placed, as the event says it; it is tried again until `placeable_s`
    placeable_s seconds since the world began after which it can be placed (never)
    log         lines of its container's log
"""

TARGET_GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef"

GOOD = {}
# The failures that rollouts know, in AWS's own words.
KNOWN = {
    "good": GOOD,
    "pull": {
        "fails": "start",
        "after_s": 4,
        "reason": "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref"
        " 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:nope:"
        " 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:nope: not found",
    },
    "exit": {"fails": "exit", "exit_code": 1, "log": ["panic: no configuration"]},
    "exit-late": {"fails": "exit", "exit_code": 1, "after_s": 300},
    "container-health": {"fails": "container", "after_s": 30},
    "elb-health": {"fails": "elb", "after_s": 60},
    "oom": {
        "fails": "exit",
        "exit_code": 137,
        "container_reason": "OutOfMemoryError: Container killed due to memory usage",
    },
    "secret": {
        "fails": "start",
        "after_s": 4,
        "reason": "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval"
        " failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret"
        " arn:aws:secretsmanager:eu-west-1:123456789012:secret:db from secrets manager: AccessDeniedException: not"
        " authorized to perform: secretsmanager:GetSecretValue",
    },
    "port-taken": {
        "unplaceable": "no container instance met all of its requirements. The closest matching (container-instance"
        " 0f3c9ae5a2a54a2a9c5d5f3d0a1b2c3d) is already using a port required by your task",
    },
    "protected": {"protected": True},
    "slow-stop": {"stop_s": 300},
}


class Plan:
    def __init__(self, fates):
        """`fates`: one fate or a list of them, each a dict or a name in KNOWN."""
        listed = fates if isinstance(fates, list) else [fates]
        self.fates = [dict(KNOWN[fate]) if isinstance(fate, str) else dict(fate) for fate in listed]
        self.used = 0

    def peek(self):
        return self.fates[min(self.used, len(self.fates) - 1)]

    def next(self):
        fate = self.peek()
        self.used += 1
        return fate
