"""The ground that tests of sweeps stand on: every shot of a point reads the value of its parameter ``x``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

import qrt_async as qrt
from qrt_async.emulator.work import Outcome, Work
from qrt_async.submit.journal import Journal
from tests.ground import Ground, ground

CIRCUIT = """OPENQASM 3.0;
input float x;
qubit[1] q;
bit[1] meas;
U(x, 0, 0) q[0];
meas[0] = measure q[0];
"""
BITS = 24
FAULT = 1517
"""A code that speaks of the input."""


class Reads:
    """Stands in for the simulator. ``bad`` values make their job fail with ``code``, and are named if ``names``."""

    def __init__(self, bad: Iterable[int] = (), *, code: int = FAULT, names: bool = False) -> None:
        self.bad = set(bad)
        self.code = code
        self.names = names
        self.jobs: list[list[list[int]]] = []
        """Of each job that ran, the values of each PUB."""

    async def run(self, work: Work) -> Outcome:
        params = msgspec.json.decode(work.params)
        pubs = [_values(pub) for pub in params["pubs"]]
        self.jobs.append(pubs)
        for pub, values in enumerate(pubs):
            for at, value in enumerate(values):
                if value in self.bad:
                    return self._failed(
                        f"PUB {pub}, point {at} cannot be run" if self.names else "it cannot be run"
                    )
        shots = params["pubs"][0][2] or 1
        data = [{"data": {"meas": _samples(values, shots)}, "metadata": {}} for values in pubs]
        body = msgspec.json.encode({"results": data, "metadata": {"version": 2}})
        return Outcome(kind="completed", body=body, quantum_seconds=2.0)

    def _failed(self, reason: str) -> Outcome:
        return Outcome(
            kind="failed", body=reason.encode(), quantum_seconds=2.0, reason=reason, reason_code=self.code
        )

    async def close(self) -> None:
        """Nothing to close."""


def _values(pub: Any) -> list[int]:
    values = pub[1]["x"]
    return [int(value[0] if isinstance(value, list) else value) for value in values]


def _samples(values: list[int], shots: int) -> dict[str, Any]:
    return {"samples": [[hex(value)] * shots for value in values], "num_bits": BITS}


def read(point: Any) -> int:
    """The value that a point's shots read."""
    (counted,) = point.result.data.meas.get_int_counts()
    value: int = counted
    return value


def sweep(count: int = 20, shots: int = 3) -> qrt.Sweep:
    return qrt.Sweep(CIRCUIT, {"x": range(count)}, shots=shots)


@asynccontextmanager
async def open_ground(
    simulator: Reads | None = None, journal: Path | None = None, **config: Any
) -> AsyncIterator[tuple[Ground, qrt.Submitter]]:
    async with (
        ground(
            simulator=simulator or Reads(),  # type: ignore[arg-type] # as Sampled
            config=config,
            rate_limit=qrt.RateLimit(config["rate_limit"][0], per=config["rate_limit"][1])
            if "rate_limit" in config
            else None,
        ) as here,
        qrt.Submitter(here.service, journal=inline(journal)) as submitter,
    ):
        yield here, submitter


def inline(journal: Path | None) -> Journal | None:
    """Without its thread, for which simulated time would not wait."""
    return None if journal is None else Journal(journal, inline=True)
