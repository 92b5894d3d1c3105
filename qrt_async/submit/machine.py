"""Permits that all processes of one machine share: the same arithmetic, in one SQLite file, by the wall clock."""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qrt_async.submit.bucket import RateLimit, TokenBucket, strictest
from qrt_async.submit.owners import Lock, is_alive, lock_of
from qrt_async.submit.permits import PermitStore, closed_for
from qrt_async.submit.writer import Work, Writer

if TYPE_CHECKING:
    import sqlite3

_POLL = 0.25
"""Seconds after which to ask again where another process has to give a permit back: it cannot tell us."""
_JUMP = 1.0
"""Seconds by which clocks are set back and nobody minds."""
_ON_THE_WIRE = 1 / 12
"""The part of a period (5 s of IBM's) for which a request may still be on its way when its process has died."""


class MachinePermits:
    """One file for each user of the service. A permit is a lease: it ends with the process that holds it, and as
    nobody knows what became of its request, its token returns one period after that was noticed, and what the
    request may still have been on its way.

    A wall clock that jumps back closes the store for one period. ``inline`` works without a thread, and blocks; it
    and ``clock`` are for tests.
    """

    def __init__(
        self,
        path: str | Path,
        limit: RateLimit = RateLimit(5),  # noqa: B008 - frozen
        *,
        clock: Callable[[], float] = time.time,
        inline: bool = False,
    ) -> None:
        self._path = Path(path).absolute()
        self._name = str(self._path.resolve())
        self._limit = limit
        self._clock = clock
        self._inline = inline
        self._seen = TokenBucket(limit.submissions, limit.per, limit.margin)
        self._missed: tuple[Work[None], ...] = ()
        """What could not be written, to be made up for: a permit that never comes back would be lost for good."""
        self._begin()

    @property
    def name(self) -> str:
        return self._name

    @property
    def limit(self) -> RateLimit:
        """As last seen in the file."""
        return self._limit

    async def take(self) -> float:
        missed, self._missed = self._missed, ()
        owner = self._owner

        def work(db: sqlite3.Connection) -> float:
            for write in missed:
                write(db)
            return self._take(db, owner)

        taking = self._writer.begin(work)
        taking.add_done_callback(lambda done: self._remember(done, *missed))
        try:
            await asyncio.wait([taking])
        except asyncio.CancelledError:
            taking.add_done_callback(self._not_wanted)
            raise
        return taking.result()

    def give_back(self) -> None:
        now, owner = self._clock(), self._owner

        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE permits SET replied = ? WHERE id ="
                " (SELECT min(id) FROM permits WHERE owner = ? AND replied IS NULL)",
                (now, owner),
            )

        self._write(write)

    def take_back(self) -> None:
        owner = self._owner

        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "DELETE FROM permits WHERE id ="
                " (SELECT max(id) FROM permits WHERE owner = ? AND replied IS NULL)",
                (owner,),
            )

        self._write(write)

    def close(self, seconds: float | None, stated: RateLimit | None) -> None:
        if stated is not None:
            self.tighten(stated)
        until = self._clock() + closed_for(seconds, self._limit)
        self._write(lambda db: _close(db, until))

    def tighten(self, limit: RateLimit) -> None:
        self._limit = strictest(self._limit, limit)
        self._write(lambda db: _tighten(db, limit))

    def count_in(self, ages: Sequence[float]) -> None:
        now = self._clock()

        def write(db: sqlite3.Connection) -> None:
            _forget_returned(db, now, _tighten(db, self._limit))
            _count_in(db, [now - age for age in ages])

        self._write(write)

    def forecast(self, ahead: int) -> float:
        return self._seen.forecast(self._clock(), ahead)

    async def aclose(self) -> None:
        await self._writer.flush()
        writer, lock = self._writer, self._lock
        self._begin()
        await writer.close()
        lock.drop()

    def _begin(self) -> None:
        """As somebody new, who has taken no permit yet; the file is opened by the first use."""
        self._owner = secrets.token_hex(6)
        self._lock = lock_of(self._path, self._owner)
        connect = partial(_connect, self._path, self._lock)
        self._writer = Writer(f"the store of permits {self._path}", connect, inline=self._inline)

    def _write(self, work: Work[Any]) -> None:
        self._writer.begin(work).add_done_callback(lambda done: self._remember(done, work))

    def _remember(self, done: asyncio.Future[Any], *works: Work[Any]) -> None:
        if done.cancelled() or done.exception() is not None:
            self._missed += works

    # --- in the writer's thread --------------------------------------------------------------------------

    def _take(self, db: sqlite3.Connection, owner: str) -> float:
        now = self._clock()
        limit = _tighten(db, self._limit)
        self._limit = limit
        _mind_the_clock(db, now, limit)
        _forget_returned(db, now, limit)
        bucket = _bucket(db, limit)
        if bucket.wait(now) > 0 and self._end_leases(db, now, owner):
            bucket = _bucket(db, limit)
        self._seen = bucket
        wait = bucket.wait(now)
        if wait == 0.0:
            bucket.take()
            db.execute("INSERT INTO permits (owner) VALUES (?)", (owner,))
        return _POLL if math.isinf(wait) else wait

    def _end_leases(self, db: sqlite3.Connection, now: float, ours: str) -> bool:
        """Permits of processes that died were used, for all we know, until now, and a little longer: what they sent
        last may reach the service after their end."""
        owners = db.execute(
            "SELECT DISTINCT owner FROM permits WHERE replied IS NULL AND owner != ?", (ours,)
        )
        ended = False
        for (owner,) in owners.fetchall():
            if not is_alive(self._path, owner):
                db.execute(
                    "UPDATE permits SET replied = ? WHERE owner = ? AND replied IS NULL",
                    (now + _ON_THE_WIRE * self._limit.per, owner),
                )
                ended = True
        return ended

    def _not_wanted(self, taken: asyncio.Future[float]) -> None:
        if not taken.cancelled() and taken.exception() is None and taken.result() == 0.0:
            self.take_back()


def store_of(permits: str | Path | PermitStore | None, limit: RateLimit | None) -> PermitStore | None:
    """As it was asked for: by the path of a file, or as a store that is made already."""
    if not isinstance(permits, str | Path):
        return permits
    return MachinePermits(permits) if limit is None else MachinePermits(permits, limit)


def _connect(path: Path, lock: Lock) -> sqlite3.Connection:
    from qrt_async.submit.ledger import PERMITS, connect

    connection = connect(path, PERMITS)
    lock.take()
    return connection


def _bucket(db: sqlite3.Connection, limit: RateLimit) -> TokenBucket:
    """What the file says, as the arithmetic that every store shares."""
    bucket = TokenBucket(limit.submissions, limit.per, limit.margin)
    for (replied,) in db.execute("SELECT replied FROM permits"):
        bucket.take()
        if replied is not None:
            bucket.give_back(replied)
    (until,) = db.execute("SELECT closed_until FROM state").fetchone()
    if until is not None:
        bucket.close(until)
    return bucket


def _tighten(db: sqlite3.Connection, limit: RateLimit) -> RateLimit:
    """The limit that keeps to all that any process knows."""
    known = db.execute("SELECT submissions, per, margin FROM state").fetchone()
    stored = None if known[0] is None else RateLimit(*known)
    kept = strictest(stored, limit)
    if kept != stored:
        db.execute(
            "UPDATE state SET submissions = ?, per = ?, margin = ?", (kept.submissions, kept.per, kept.margin)
        )
    return kept


def _close(db: sqlite3.Connection, until: float) -> None:
    db.execute("UPDATE state SET closed_until = max(coalesce(closed_until, ?), ?)", (until, until))


def _mind_the_clock(db: sqlite3.Connection, now: float, limit: RateLimit) -> None:
    (latest,) = db.execute("SELECT latest FROM state").fetchone()
    if latest is not None and now < latest - _JUMP:
        db.execute("UPDATE permits SET replied = ? WHERE replied > ?", (now, now))
        db.execute("UPDATE state SET closed_until = ?", (now + limit.hold,))
    db.execute("UPDATE state SET latest = ?", (now,))


def _forget_returned(db: sqlite3.Connection, now: float, limit: RateLimit) -> None:
    db.execute("DELETE FROM permits WHERE replied + ? <= ?", (limit.hold, now))


def _count_in(db: sqlite3.Connection, replies: list[float]) -> None:
    (known,) = db.execute("SELECT count(*) FROM permits").fetchone()
    for at in sorted(replies, reverse=True)[known:]:
        db.execute("INSERT INTO permits (owner, replied) VALUES ('others', ?)", (at,))
