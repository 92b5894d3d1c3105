"""Moments as the wire writes them, and the API's own dates."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

API_DATES = (
    "2025-01-01",
    "2025-05-01",
    "2025-06-01",
    "2026-02-01",
    "2026-02-15",
    "2026-03-15",
    "2026-04-15",
)
"""What ``IBM-API-Version`` may say. Dates are compared as text."""

NEWEST = API_DATES[-1]
BACKENDS_AS_OBJECTS = "2025-01-01"
USAGE_WITH_STATUS = "2026-03-15"
EXECUTION_TIME_AT_ROOT = "2026-04-15"


def versions(dates: tuple[str, ...], end: float) -> list[dict[str, Any]]:
    """What ``GET /versions`` lists: the newest date is live, every other one has an end."""
    sunset = datetime.fromtimestamp(end, UTC).date().isoformat()
    newest_first = sorted(dates, reverse=True)
    older = [{"version": date, "status": "deprecated", "sunset_date": sunset} for date in newest_first[1:]]
    return [{"version": newest_first[0], "status": "live"}, *older]


def written(at: float) -> str:
    """UTC with microseconds and ``Z``."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read(text: str) -> float:
    """The moment a client wrote; without an offset it is UTC. Raises ``ValueError``."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
