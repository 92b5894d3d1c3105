"""Makes a program ready to share a job: checked, encoded, measured, and written down."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from qrt_async.api.job_calls import NewJob
from qrt_async.coalesce.bodies import kind_of, read_body
from qrt_async.coalesce.measure import Size, size_of
from qrt_async.coalesce.share import Share
from qrt_async.programs.program import Program
from qrt_async.submit.counter import Counter, Wishes
from qrt_async.submit.diary import Diary, Intent
from qrt_async.submit.key import tag_of
from qrt_async.sweep.ceilings import Ceilings, ceilings_for
from qrt_async.sweep.facts import Facts, facts_of
from qrt_async.transport.flight import Flight

_FRESH = 900.0
"""Seconds for which a backend is believed to be as it said it is."""


class Loader:
    """For one ``Submitter``."""

    def __init__(self, counter: Counter, diary: Diary) -> None:
        self._counter = counter
        self._diary = diary
        self._facts: dict[str, tuple[Facts, float]] = {}
        self._asking: dict[str, Flight[Facts]] = {}
        self._reading = asyncio.Lock()
        """One after the other: so they come into the pool as they were handed in."""

    async def load(
        self, share: Share, program: Program[Any], new: NewJob, wishes: Wishes
    ) -> tuple[str, Ceilings]:
        """Its kind, and what a job of that may hold. Raises ``InvalidInput``, ``NotISA``."""
        tag = tag_of(share.key, share.place.tenant)
        isa = wishes.get("isa", "check")
        call = await self._counter.sender.patiently(lambda: self._counter.written(program, new, isa, tag))
        body = call.request.body or b""
        async with self._reading:
            facts = await self.facts(share.backend)
            kind, size = await asyncio.to_thread(_read, program, body, facts)
        intent = Intent(
            key=share.key,
            program_id=new.program_id,
            backend=new.backend,
            body=body,
            priority=share.place.priority,
            tenant=share.place.tenant,
            cost=new.cost,
            tags=new.tags or (),
            session_id=new.session_id,
            instance=self._counter.instance,
            shared="member",
            size=msgspec.json.encode(size).decode(),
        )
        ceilings = await self._ceilings(intent)
        await self._diary.intend(intent)
        put(share, intent)
        return kind, ceilings

    async def reload(self, share: Share, intent: Intent) -> tuple[str, Ceilings]:
        """The same of one that an earlier process wrote down."""
        kind = await asyncio.to_thread(lambda: kind_of(read_body(intent.body or b"")))
        ceilings = await self._ceilings(intent)
        put(share, intent)
        return kind, ceilings

    async def _ceilings(self, intent: Intent) -> Ceilings:
        """What a job of its kind may hold."""
        facts = await self.facts(intent.backend)
        return ceilings_for(
            max_payload=self._counter.max_payload, cost=intent.cost, most_seconds=facts.most_seconds
        )

    async def facts(self, backend: str) -> Facts:
        """What the backend and the account say; asked for once, however many want it."""
        now = asyncio.get_running_loop().time()
        found = self._facts.get(backend)
        if found is None or found[1] <= now:
            means = self._counter.means
            flight = self._asking.setdefault(backend, Flight(means.crew, "facts of a backend"))
            self._facts[backend] = found = (
                await flight.join(lambda: facts_of(means.ask, backend)),
                now + _FRESH,
            )
        return found[0]


def _read(program: Program[Any], body: bytes, facts: Facts) -> tuple[str, Size]:
    return kind_of(read_body(body)), size_of(program, len(body), facts.machine)


def put(share: Share, intent: Intent) -> None:
    """As it was written down."""
    share.intent = intent
    share.size = msgspec.json.decode(intent.size or "{}", type=Size)
    share.keep()
