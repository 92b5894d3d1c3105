"""One session or batch and how it moves from open to closed; pure."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["open", "active", "inactive", "closed"]
Mode = Literal["batch", "dedicated"]


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A session as it stands. It is replaced, never changed."""

    id: str
    user_id: str
    crn: str
    backend: str | None
    mode: Mode
    created: float
    max_ttl: int
    interactive_ttl: int
    active_ttl: int
    state: State = "open"
    reason: str = "session_created"
    accepting: bool = True
    activated_at: float | None = None
    closed_at: float | None = None
    last_job_started: float | None = None
    last_job_completed: float | None = None
    stamps: tuple[tuple[State, float], ...] = ()
    spent: float = 0.0
    """Quantum seconds of its jobs."""
    active_before: float = 0.0
    """Seconds in which it was active, up to the last change of state."""

    def elapsed(self, now: float) -> float:
        """What it is charged for: a batch its jobs, a dedicated session the time in which it was active."""
        if self.mode == "batch":
            return self.spent
        return self.active_before + (now - self.stamps[-1][1] if self.state == "active" else 0.0)


def activate(session: Session, at: float) -> Session:
    """A job of it starts to run."""
    session = msgspec.structs.replace(
        session,
        last_job_started=at,
        activated_at=at if session.activated_at is None else session.activated_at,
    )
    return session if session.state == "active" else _move(session, at, "active", "session_activated")


def note_end(session: Session, at: float, charged: float) -> Session:
    """A job of it has ended."""
    return msgspec.structs.replace(session, last_job_completed=at, spent=session.spent + charged)


def inactivate(session: Session, at: float) -> Session:
    return _move(session, at, "inactive", "session_inactivated_by_interactive_ttl")


def close(session: Session, at: float, reason: str) -> Session:
    closed = _move(session, at, "closed", reason)
    return msgspec.structs.replace(closed, closed_at=at, accepting=False)


def _move(session: Session, at: float, state: State, reason: str) -> Session:
    return msgspec.structs.replace(
        session,
        active_before=session.elapsed(at) if session.mode == "dedicated" else session.active_before,
        state=state,
        reason=reason,
        stamps=(*session.stamps, (state, at)),
    )
