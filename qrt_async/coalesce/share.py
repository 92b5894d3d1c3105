"""One program that shares a job with others, from being handed in to its own end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

from msgspec.structs import replace

from qrt_async.coalesce.job import Lot
from qrt_async.coalesce.measure import Size
from qrt_async.errors import QrtError
from qrt_async.jobs.job import AsyncJob
from qrt_async.submit.diary import Intent
from qrt_async.submit.line import Place
from qrt_async.submit.passage import PREPARED, Passage


class Waits(Protocol):
    """Where one waits for others."""

    def why(self, share: Share) -> str | None: ...

    def eta(self, share: Share) -> float | None: ...

    def ahead(self, share: Share) -> int | None: ...

    def remove(self, share: Share) -> None: ...


class Share(Passage):
    """``intent`` is there once it is checked, encoded and written down. ``sent`` is called when it waits no more."""

    def __init__(
        self,
        key: str,
        backend: str,
        place: Place,
        told: Callable[[Passage], None],
        sent: Callable[[Share], None],
    ) -> None:
        super().__init__(key, backend, place, told)
        self.intent: Intent | None = None
        self.size = Size()
        self.since = 0.0
        """When it was handed in, by the loop's clock."""
        self.waits: Waits | None = None
        self.lot: Lot | None = None
        self.make_job: Callable[[Lot], AsyncJob[Any]] | None = None
        """A new handle on its lot, without what another one holds of the result."""
        self._gone = sent

    @property
    def why(self) -> str | None:
        if self.waits is None:
            return self.elsewhere or (PREPARED if self.unsent and not self.is_kept else None)
        return self.waits.why(self)

    @property
    def eta(self) -> float | None:
        return None if self.waits is None else self.waits.eta(self)

    @property
    def ahead(self) -> int | None:
        return None if self.waits is None else self.waits.ahead(self)

    @property
    def is_told(self) -> bool:
        return self.over

    @property
    def wanted(self) -> bool:
        """Does somebody still want its result?"""
        return not self.over

    @property
    def body(self) -> bytes:
        """The POST that it would be by itself."""
        assert self.intent is not None  # noqa: S101 - only who is packed gets so far
        return self.intent.body or b""

    def forget(self) -> None:
        """What was to be sent is needed no more."""
        if self.intent is not None:
            self.intent = replace(self.intent, body=None)

    def accept(self, job: AsyncJob[Any]) -> None:
        super().accept(job)
        self._gone(self)

    def fail(self, error: QrtError, state: Literal["failed", "withdrawn"] = "failed") -> None:
        self.waits = None
        super().fail(error, state)
        self._gone(self)

    def remake(self) -> Callable[[], Passage] | None:
        lot, make = self.lot, self.make_job
        if lot is None or make is None:
            return None
        key, backend, place, told = self.key, self.backend, self.place, self._told

        def again() -> Passage:
            share = Share(key, backend, place, told, lambda _: None)
            share.lot = lot
            share.accept(make(lot))
            share.end()
            return share

        return again

    def lose(self, error: QrtError) -> None:
        super().lose(error)
        if self.lot is not None:
            self.lot.end(error)
            self.end()

    async def bring(self, job: AsyncJob[Any]) -> None:
        """The slice is kept with those of the others."""
