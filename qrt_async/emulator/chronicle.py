"""What happened, for the control endpoints: requests, changes of jobs, auditing events."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

from .dates import written
from .job import Job

KEPT = 200_000


class Chronicle:
    """Counts everything and keeps the latest entries of each kind."""

    def __init__(self) -> None:
        self._requests: Counter[str] = Counter()
        self._replies: dict[str, Counter[str]] = {}
        self._timeline: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._audit: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def asked(self, method: str, template: str, status: int, at: float) -> None:
        """A request was handled; status 0 means that it was cut off unheard."""
        name = f"{method} {template}"
        self._requests[name] += 1
        self._replies.setdefault(name, Counter())[str(status)] += 1
        self._timeline.append({"at": at, "kind": "request", "request": name, "status": status})

    def changed(self, job: Job, at: float) -> None:
        self._timeline.append({"at": at, "kind": "job", "job": job.id, "status": job.status})

    def audited(self, action: str, user_id: str, job_id: str | None, at: float, outcome: str) -> None:
        entry = {"action": action, "job": job_id, "user": user_id, "time": written(at), "outcome": outcome}
        self._audit.append(entry)

    def stats(self) -> dict[str, Any]:
        """Requests by method and template, and what they were answered."""
        return {
            "total": self._requests.total(),
            "requests": dict(self._requests),
            "replies": {name: dict(counts) for name, counts in self._replies.items()},
        }

    def timeline(self) -> list[dict[str, Any]]:
        """Requests and changes of jobs in order of time; ``at`` is in seconds since 1970."""
        return sorted(self._timeline, key=lambda entry: entry["at"])

    def audit(self) -> list[dict[str, Any]]:
        return list(self._audit)
