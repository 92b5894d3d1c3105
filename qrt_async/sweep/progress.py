"""How far a sweep is, in numbers for any display."""

from __future__ import annotations

from msgspec import Struct


class Progress(Struct, frozen=True, kw_only=True):
    """``points`` are ``done``, ``failed`` (have an error, be it one of ``transform``), ``running`` in a job that the
    service has accepted, or ``missing``: not submitted yet. ``jobs`` counts those submitted so far, ``jobs_done`` the
    ended ones of them, ``extra_jobs`` those that looked for a bad point. ``charged`` are the seconds of QPU time that
    were charged, as far as the service has settled it. ``why_waiting`` says what holds the next job, or who sends it;
    ``eta`` for how many seconds, where that is known."""

    points: int
    done: int = 0
    failed: int = 0
    running: int = 0
    missing: int = 0
    jobs: int = 0
    jobs_done: int = 0
    extra_jobs: int = 0
    charged: float = 0.0
    why_waiting: str | None = None
    eta: float | None = None

    @property
    def over(self) -> bool:
        """Has every point a result or an error?"""
        return self.done + self.failed == self.points

    def __str__(self) -> str:
        parts = [f"{self.done:,} of {self.points:,} points done"]
        parts += [f"{self.failed:,} failed"] if self.failed else []
        parts += [f"{self.running:,} running"] if self.running else []
        parts += [f"{self.charged:g} s charged"] if self.charged else []
        parts += [f"waiting for {self.why_waiting}"] if self.why_waiting and not self.running else []
        return ", ".join(parts)
