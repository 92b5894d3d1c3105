"""The ground that tests of sweeps stand on: every shot of a point reads the value of its parameter ``x``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from qrt_async.emulator.work import Outcome, Work

CIRCUIT = """OPENQASM 3.0;
include "stdgates.inc";
input float x;
qubit[1] q;
bit[1] meas;
rx(x) q[0];
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
