"""What the handles of one service share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from qrt_async.api.call import Ask
from qrt_async.api.jobs import Jobs
from qrt_async.events import CallbackFailed, Event
from qrt_async.jobs.decoder import Decode, Decoder
from qrt_async.jobs.delivery import Delivery
from qrt_async.jobs.known import Known
from qrt_async.jobs.spool import Spool
from qrt_async.jobs.watcher import Watcher
from qrt_async.transport.tasks import Crew, Home
from qrt_async.transport.worker import Worker

D = TypeVar("D", bound=Delivery)


class Desk:
    """Hands each job its delivery, and every handle the way to the service."""

    def __init__(
        self,
        ask: Ask,
        home: Home,
        crew: Crew,
        watcher: Watcher,
        announce: Callable[[Event], None],
        *,
        spool: Spool | None,
        keep_results: bool,
        worker: Worker,
    ) -> None:
        self.jobs = Jobs(ask)
        self.watcher = watcher
        self._ask = ask
        self.home = home
        self._crew = crew
        self._announce = announce
        self._spool = spool
        self.decoders: dict[str, Decode] = {}
        self._decoder = Decoder(self.decoders, worker)
        self._keep_results = keep_results
        self._deliveries: WeakKeyDictionary[Known, Delivery] = WeakKeyDictionary()

    def enter(self) -> asyncio.AbstractEventLoop:
        """The service's loop; raises ``ServiceClosed`` where it is not at home."""
        return self.home.enter()

    def delivery(self, known: Known) -> Delivery:
        """The one delivery of this job."""
        found = self._deliveries.get(known)
        if found is None:
            found = self._deliveries[known] = self.new_delivery(Delivery)
        return found

    def new_delivery(self, kind: type[D]) -> D:
        """One that is not known by its job: for who holds it."""
        return kind(
            self._ask, self._crew, self._decoder, self._spool, self._announce, keep=self._keep_results
        )

    async def decode(self, program_id: str, body: bytes) -> Any:
        """A result that is read point by point. Raises ``ResultError``."""
        return await self._decoder.decode(program_id, body, count=False)

    def call_back(self, job_id: str, callback: Callable[[], object]) -> None:
        """Run a user's callback; its mistake is told and hurts nobody."""
        try:
            callback()
        except Exception as error:  # noqa: BLE001 - a stranger's mistake must not end our task
            self._announce(CallbackFailed(job_id=job_id, error=f"{type(error).__name__}: {error}"))
