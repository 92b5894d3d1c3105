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
from qrt_async.submit.passage import Passage


class Waits(Protocol):
    """Where one waits for others."""

    def why(self, share: Share) -> str | None: ...

    def eta(self, share: Share) -> float | None: ...

    def ahead(self, share: Share) -> int | None: ...

    def remove(self, share: Share) -> None: ...


class Share(Passage):
    """``intent`` is there once it is checked, encoded and written down. ``sent`` is called when it waits no more."""

    lasts = True

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
        self._gone = sent

    @property
    def why(self) -> str | None:
        return self.elsewhere if self.waits is None else self.waits.why(self)

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

    def lose(self, error: QrtError) -> None:
        super().lose(error)
        if self.lot is not None:
            self.lot.end(error)
            self.end()

    async def bring(self, job: AsyncJob[Any]) -> None:
        """The slice is kept with those of the others."""
