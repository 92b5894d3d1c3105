"""Permits that all processes of one machine share: the same arithmetic, in one SQLite file, by the wall clock."""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qrt_async.submit.bucket import RateLimit, TokenBucket
from qrt_async.submit.owners import Lock, lock_of
from qrt_async.submit.permits import closed_for
from qrt_async.submit.writer import Writer

if TYPE_CHECKING:
    import sqlite3

_POLL = 0.25
"""Seconds after which to ask again where another process has to give a permit back: it cannot tell us."""
_JUMP = 1.0
"""Seconds by which clocks are set back and nobody minds."""


class MachinePermits:
    """One file for each user of the service. A permit is a lease: it ends with the process that holds it, and as
    nobody knows what became of its request, its token returns one period after that was noticed.

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
        self._path = Path(path)
        self._limit = limit
        self._clock = clock
        self._owner = secrets.token_hex(6)
        self._lock: Lock = lock_of(self._path, self._owner)
        self._writer = Writer(f"the store of permits {self._path}", self._connect, inline=inline)
        self._seen = TokenBucket(limit.submissions, limit.per, limit.margin)

    @property
    def name(self) -> str:
        return str(self._path.absolute())

    @property
    def limit(self) -> RateLimit:
        """As last seen in the file."""
        return self._limit

    async def take(self) -> float:
        taking = self._writer.begin(self._take)
        try:
            await asyncio.wait([taking])
        except asyncio.CancelledError:
            taking.add_done_callback(self._not_wanted)
            raise
        return taking.result()

    def give_back(self) -> None:
        now = self._clock()

        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE permits SET replied = ? WHERE id ="
                " (SELECT min(id) FROM permits WHERE owner = ? AND replied IS NULL)",
                (now, self._owner),
            )

        self._writer.begin(write)

    def take_back(self) -> None:
        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "DELETE FROM permits WHERE id ="
                " (SELECT max(id) FROM permits WHERE owner = ? AND replied IS NULL)",
                (self._owner,),
            )

        self._writer.begin(write)

    def close(self, seconds: float | None, stated: RateLimit | None) -> None:
        if stated is not None:
            self.tighten(stated)
        until = self._clock() + closed_for(seconds, self._limit)
        self._writer.begin(lambda db: _close(db, until))

    def tighten(self, limit: RateLimit) -> None:
        if limit.stricter_than(self._limit):
            self._limit = limit
        self._writer.begin(lambda db: _tighten(db, limit))

    def count_in(self, ages: Sequence[float]) -> None:
        now = self._clock()
        self._writer.begin(lambda db: _count_in(db, [now - age for age in ages]))

    def forecast(self, ahead: int) -> float:
        return self._seen.forecast(self._clock(), ahead)

    # --- in the writer's thread --------------------------------------------------------------------------

    def _connect(self) -> sqlite3.Connection:
        from qrt_async.submit.ledger import PERMITS, connect

        connection = connect(self._path, PERMITS)
        self._lock.take()
        return connection

    def _take(self, db: sqlite3.Connection) -> float:
        now = self._clock()
        limit = _tighten(db, self._limit)
        self._limit = limit
        _mind_the_clock(db, now, limit)
        db.execute("DELETE FROM permits WHERE replied + ? <= ?", (limit.hold, now))
        bucket = _bucket(db, limit)
        if bucket.wait(now) > 0 and self._end_leases(db, now):
            bucket = _bucket(db, limit)
        self._seen = bucket
        wait = bucket.wait(now)
        if wait == 0.0:
            bucket.take()
            db.execute("INSERT INTO permits (owner) VALUES (?)", (self._owner,))
        return _POLL if math.isinf(wait) else wait

    def _end_leases(self, db: sqlite3.Connection, now: float) -> bool:
        """Permits of processes that died were used, for all we know, until now."""
        owners = db.execute(
            "SELECT DISTINCT owner FROM permits WHERE replied IS NULL AND owner != ?", (self._owner,)
        )
        ended = False
        for (owner,) in owners.fetchall():
            lock = lock_of(self._path, owner)
            if lock.take():
                lock.drop()
                db.execute("UPDATE permits SET replied = ? WHERE owner = ? AND replied IS NULL", (now, owner))
                ended = True
        return ended

    def _not_wanted(self, taken: asyncio.Future[float]) -> None:
        if not taken.cancelled() and taken.exception() is None and taken.result() == 0.0:
            self.take_back()


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
    """The strictest limit that any process knows."""
    known = db.execute("SELECT submissions, per, margin FROM state").fetchone()
    stored = None if known[0] is None else RateLimit(*known)
    if stored is not None and not limit.stricter_than(stored):
        return stored
    db.execute(
        "UPDATE state SET submissions = ?, per = ?, margin = ?", (limit.submissions, limit.per, limit.margin)
    )
    return limit


def _close(db: sqlite3.Connection, until: float) -> None:
    db.execute("UPDATE state SET closed_until = max(coalesce(closed_until, ?), ?)", (until, until))


def _mind_the_clock(db: sqlite3.Connection, now: float, limit: RateLimit) -> None:
    (latest,) = db.execute("SELECT latest FROM state").fetchone()
    if latest is not None and now < latest - _JUMP:
        db.execute("UPDATE permits SET replied = ? WHERE replied > ?", (now, now))
        db.execute("UPDATE state SET closed_until = ?", (now + limit.hold,))
    db.execute("UPDATE state SET latest = ?", (now,))


def _count_in(db: sqlite3.Connection, replies: list[float]) -> None:
    (known,) = db.execute("SELECT count(*) FROM permits").fetchone()
    for at in sorted(replies, reverse=True)[known:]:
        db.execute("INSERT INTO permits (owner, replied) VALUES ('others', ?)", (at,))
