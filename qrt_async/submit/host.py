"""What a ``Submitter`` needs of the service that it submits through."""

from __future__ import annotations

from typing import Protocol

from qrt_async.api.calls import SessionMode
from qrt_async.submit.counter import Counter
from qrt_async.submit.session import RuntimeSession


class Service(Protocol):
    """What a ``Submitter`` needs of a ``RuntimeService``."""

    @property
    def counter(self) -> Counter: ...

    def session(
        self, *, backend: str, mode: SessionMode = "batch", ttl: int | None = None
    ) -> RuntimeSession: ...
