"""What the service's refusals tell of its limits. Pure."""

from __future__ import annotations

import re

from qrt_async.errors import ServiceError
from qrt_async.submit.bucket import RateLimit

TOO_MANY_PENDING = 3458
"""The code for a user who has as many pending jobs as the plan allows (api.md 2.9)."""

_UNITS = {"s": 1.0, "sec": 1.0, "second": 1.0, "m": 60.0, "min": 60.0, "minute": 60.0}
_UNITS |= {"h": 3600.0, "hr": 3600.0, "hour": 3600.0, "d": 86400.0, "day": 86400.0}
_UNITS |= {"ms": 1e-3, "msec": 1e-3, "millisecond": 1e-3}
_RATE = re.compile(
    r"limit\s+is\s+(?P<count>\d{1,9})(?:\s+\w+){0,3}?\s*(?:per|/|in|every)\s*"
    r"(?P<times>\d{1,9}(?:\.\d{1,9})?)?\s*(?P<unit>[a-z]+)",
    re.IGNORECASE,
)
_CAP = re.compile(r"limit\s+of\s+(\d{1,9})\s+pending\s+jobs", re.IGNORECASE)


def stated_limit(text: str) -> RateLimit | None:
    """The limit that the text of error 1202 names: ``limit is 5 per minute``, ``… per 60 seconds``."""
    found = _RATE.search(text)
    if found is None:
        return None
    unit = found["unit"].lower()
    seconds = _UNITS.get(unit, _UNITS.get(unit.removesuffix("s")))
    count, times = int(found["count"]), float(found["times"] or 1)
    if seconds is None or count < 1 or times <= 0:
        return None
    return RateLimit(count, per=times * seconds)


def stated_cap(error: ServiceError) -> int | None:
    """How many pending jobs the service allows, if that is why it refused. 1 where it does not say."""
    found = _CAP.search(error.message)
    if found is None:
        return 1 if error.code == TOO_MANY_PENDING else None
    return max(1, int(found[1]))


def usage_refused(error: ServiceError) -> bool:
    """Does the instance's usage limit stand in the way? The one 409 that is documented for a submission."""
    return error.status == 409 and "usage" in error.message.lower()
