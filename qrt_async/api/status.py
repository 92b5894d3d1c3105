"""The service's words for states. A word of tomorrow becomes ``UNKNOWN``; its text stays in the record."""

from __future__ import annotations

from enum import Enum
from typing import Self

RAN_TOO_LONG = 1305
"""``reason_code`` of a job that the service ended for its length: the only code to branch on (api.md 2.5)."""


class Word(Enum):
    """An enumeration that meets words it does not know."""

    @classmethod
    def read(cls, text: str | None) -> Self:
        """The member for the service's text, whatever its case, and whatever it adds after `` - ``."""
        word = (text or "").partition(" - ")[0].strip().upper().replace(" ", "_").replace("-", "_")
        found = cls.__members__.get(word)
        return cls.__members__["UNKNOWN"] if found is None else found


class JobStatus(Word):
    """Where a job stands (api.md 2.5). The values are the service's own words."""

    QUEUED = "Queued"
    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    UNKNOWN = "Unknown"

    @property
    def final(self) -> bool:
        """Can it no longer change?"""
        return self in _FINAL


_FINAL = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED})


class UsageStatus(Word):
    """Is the charge of a job settled?"""

    PENDING = "pending"
    COMPLETE = "complete"
    UNKNOWN = "unknown"


class SessionState(Word):
    """Where a session or batch stands (api.md 4.1)."""

    OPEN = "open"
    ACTIVE = "active"
    INACTIVE = "inactive"
    PENDING_INACTIVE = "pending_inactive"
    PENDING_CLOSED = "pending_closed"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class DeviceStatus(Word):
    """Does a backend take work?"""

    ONLINE = "online"
    PAUSED = "paused"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


class WorkloadStatus(Word):
    """Where a workload stands; the service's own spelling."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"
    UNKNOWN = "unknown"
