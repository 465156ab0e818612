"""Simulated time."""

import heapq

START = 1767225600  # 2026-01-01T00:00:00Z


class Clock:
    """Seconds since 1970. Whole seconds are ticks: `tick` is called at each of them."""

    def __init__(self, start=START):
        self.start = start
        self.now = float(start)
        self.tick = None
        self.plans = []
        self.count = 0

    @property
    def elapsed(self):
        return self.now - self.start

    def at(self, elapsed, action):
        """Has `action` called when so many seconds are over."""
        self.count += 1
        heapq.heappush(self.plans, (self.start + elapsed, self.count, action))

    def advance(self, seconds):
        end = self.now + seconds
        while True:
            second = float(int(self.now) + 1)
            if self.plans and self.plans[0][0] <= min(second, end):
                when, _, action = heapq.heappop(self.plans)
                self.now = max(self.now, float(when))
                action()
                continue
            if second > end:
                break
            self.now = second
            if self.tick:
                self.tick()
        self.now = end
