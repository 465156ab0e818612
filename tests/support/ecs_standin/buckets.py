"""Throttling: the token buckets of the ECS API, per account and region (burst, refill per second)."""

GROUPS = {
    "service read": (100, 20, "DescribeServices ListServices"),
    "service modify": (50, 5, "CreateService UpdateService DeleteService"),
    "service deployment": (50, 20, "DescribeServiceDeployments ListServiceDeployments StopServiceDeployment"
                                   " ContinueServiceDeployment"),
    "service revision": (50, 20, "DescribeServiceRevisions"),
    "cluster resource read": (100, 20, "DescribeTasks ListTasks DescribeContainerInstances ListContainerInstances"
                                       " ListAttributes"),
    "cluster resource modify": (100, 40, "RunTask StopTask ExecuteCommand"),
    "cluster read": (50, 20, "DescribeClusters ListClusters"),
    "task definition read": (50, 20, "DescribeTaskDefinition ListTaskDefinitions"),
    "task definition modify": (20, 1, "RegisterTaskDefinition DeregisterTaskDefinition"),
    "task definition delete": (5, 1, "DeleteTaskDefinitions"),
    "tag modify": (20, 10, "TagResource UntagResource"),
    "tag read": (50, 20, "ListTagsForResource"),
    "capacity provider read": (50, 20, "DescribeCapacityProviders"),
}  # fmt: skip
GROUP_OF = {action: name for name, (_, _, actions) in GROUPS.items() for action in actions.split()}


class Buckets:
    """Tokens left in each bucket. `drain` takes tokens away, as other users of the account do."""

    def __init__(self, clock):
        self.clock = clock
        self.left = {name: float(burst) for name, (burst, _, _) in GROUPS.items()}
        self.filled = {name: clock.now for name in GROUPS}
        self.refused = 0
        self.shared = {}

    def take(self, action):
        """Whether the call may be made."""
        name = GROUP_OF.get(action)
        if name is None:
            return True
        self._fill(name)
        if self.left[name] < 1:
            self.refused += 1
            return False
        self.left[name] -= 1
        return True

    def drain(self, action, tokens):
        name = GROUP_OF[action]
        self._fill(name)
        self.left[name] -= tokens

    def share(self, action, per_second):
        """Others take so many tokens all the time."""
        self.shared[GROUP_OF[action]] = per_second

    def _fill(self, name):
        burst, refill, _ = GROUPS[name]
        now = self.clock.now
        self.left[name] = min(burst, self.left[name] + (now - self.filled[name]) * (refill - self.shared.get(name, 0)))
        self.filled[name] = now
