"""The deployment circuit breaker: how many failed tasks it takes."""

import math

LEAST, MOST = 3, 200


def threshold(configuration, desired):
    """clamp(ceil(half of the desired tasks), 3, 200) unless the service sets another threshold."""
    own = (configuration or {}).get("thresholdConfiguration") or {}
    kind, value = own.get("type", "BOUNDED_PERCENT"), own.get("value", 50)
    if kind == "COUNT":
        return max(1, int(value))
    count = math.ceil(desired * value / 100)
    return max(1, count) if kind == "UNBOUNDED_PERCENT" else max(LEAST, min(MOST, count))
