"""The ground that tests of shared jobs stand on: users whose circuits read a value of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import qrt_async as qrt
from tests.ground import Ground, ground
from tests.sweep.ground import CIRCUIT, Reads, inline

LIMIT = (5, 60.0)
"""IBM's."""


def program(*values: int, shots: int = 3, **how: Any) -> qrt.Sampler:
    """Each shot of PUB n reads the nth value."""
    return qrt.Sampler([(CIRCUIT, {"x": [[value]]}) for value in values], shots=shots, **how)


def read(result: Any) -> list[int]:
    """The value that the shots of each PUB read."""
    return [int(next(iter(pub.data.bits("meas").get_int_counts()))) for pub in result]


@asynccontextmanager
async def open_ground(
    simulator: Reads | None = None,
    journal: Path | None = None,
    *,
    coalesce: qrt.Coalesce | None = qrt.Coalesce(),  # noqa: B008 - frozen
    config: dict[str, Any] | None = None,
    observers: Any = (),
    **how: Any,
) -> AsyncIterator[tuple[Ground, qrt.Submitter]]:
    limit = (config or {}).get("rate_limit")
    async with (
        ground(
            simulator=simulator or Reads(),  # type: ignore[arg-type] # as Sampled
            config=config,
            rate_limit=None if limit is None else qrt.RateLimit(limit[0], per=limit[1]),
            observers=observers,
        ) as here,
        qrt.Submitter(here.service, journal=inline(journal), coalesce=coalesce, **how) as submitter,
    ):
        yield here, submitter
