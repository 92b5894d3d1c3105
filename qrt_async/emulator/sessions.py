"""All sessions and batches: opened by their first job, idle without one, closed at last."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from . import session as life
from .agenda import Agenda, Due
from .job import Job
from .ledger import Ledger
from .session import Session
from .wire import Problem

UNUSED_TTL = 1800.0
"""A session that no job ever ran in is closed after this many seconds."""


class Sessions:
    """Sessions by id; the only place where one is replaced by its next state."""

    def __init__(self, agenda: Agenda, ledger: Ledger) -> None:
        self._agenda = agenda
        self._ledger = ledger
        self._sessions: dict[str, Session] = {}

    def add(self, session: Session) -> None:
        self._sessions[session.id] = session
        self._agenda.add(session.created + UNUSED_TTL, "session-unused", session.id)

    def find(self, session_id: str, crn: str) -> Session:
        """A session of this instance; raises 404."""
        session = self._sessions.get(session_id)
        if session is None or session.crn != crn:
            raise Problem(
                404,
                "not_found",
                f"Session not found. Session ID: {session_id}",
                "Verify the session ID is correct and that you have the correct access permissions.",
            )
        return session

    def owned(self, user_id: str, crn: str) -> Iterator[Session]:
        """A user's sessions of one instance, oldest first."""
        for session in self._sessions.values():
            if session.user_id == user_id and session.crn == crn:
                yield session

    def accept(self, session_id: str, crn: str) -> None:
        """Whether a job may be submitted into it; raises 400 with code 1217 once it is closing."""
        session = self.find(session_id, crn)
        if session.state == "closed" or not session.accepting:
            raise Problem(400, 1217, "Session has been closed.", "Submit the job to an open session.")

    def job_changed(self, job: Job, at: float) -> None:
        """A job of a session has been accepted, started or ended."""
        session = self._sessions.get(job.posted.session_id or "")
        if session is None:
            return
        if job.status == "Running":
            self._started(session, at)
        elif job.final:
            self._ended(session, job, at)

    def set_accepting(self, session: Session, accepting: bool, now: float) -> None:
        """Closing gracefully lets queued jobs run; accepting again does not reopen what is closed."""
        session = self._store(msgspec.structs.replace(session, accepting=accepting))
        if not accepting:
            self._close_when_done(session, now, "session_closed_early")

    def cancel(self, session: Session, now: float) -> None:
        """No new jobs, queued ones fail, running ones finish."""
        self._store(msgspec.structs.replace(session, accepting=False))
        self._fail_queued(session, now)
        self._close_when_done(self._sessions[session.id], now, "session_closed_early")

    def due(self, due: Due) -> None:
        """One of the session's times has come; whether it still matters is judged here."""
        session = self._sessions[due.key]
        if session.state == "closed":
            return
        busy = bool(self._ledger.in_session(session.id))
        match due.what:
            case "session-unused" if session.activated_at is None and not busy:
                self._store(life.close(session, due.at, "session_closed_by_inactivity"))
            case "session-idle" if (
                not busy and session.state == "active" and self._idle_since(session, due.at)
            ):
                self._store(life.inactivate(session, due.at))
            case "session-limit":
                self.expire(session, due.at)

    def expire(self, session: Session, at: float) -> None:
        """The longest life is over: running jobs finish, queued ones fail."""
        self._store(msgspec.structs.replace(session, accepting=False))
        self._fail_queued(session, at)
        self._close_when_done(self._sessions[session.id], at, "session_closed_by_max_ttl")

    def _idle_since(self, session: Session, at: float) -> bool:
        last = session.last_job_completed
        return last is not None and last + session.interactive_ttl <= at

    def _started(self, session: Session, at: float) -> None:
        if session.activated_at is None:
            self._agenda.add(at + session.max_ttl, "session-limit", session.id)
        self._store(life.activate(session, at))

    def _ended(self, session: Session, job: Job, at: float) -> None:
        session = self._store(life.note_end(session, at, job.charged))
        if not session.accepting:
            self._close_when_done(session, at, "session_closed_early")
        elif not self._ledger.in_session(session.id):
            self._agenda.add(at + session.interactive_ttl, "session-idle", session.id)

    def _fail_queued(self, session: Session, at: float) -> None:
        for job in self._ledger.in_session(session.id):
            if job.status == "Queued":
                self._ledger.close(job, at)

    def _close_when_done(self, session: Session, at: float, reason: str) -> None:
        if session.state != "closed" and not self._ledger.in_session(session.id):
            self._store(life.close(session, at, reason))

    def _store(self, session: Session) -> Session:
        self._sessions[session.id] = session
        return session
