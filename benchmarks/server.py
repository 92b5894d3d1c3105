"""``python -m benchmarks.server CONFIG [BODY]``: an emulator whose jobs cost nothing, until stdin closes.

Circuits are not simulated, so that the machine's CPU time belongs to the contender: every job's result is one
and the same drawn sample, in the encoding that the job asked for, or what the file ``BODY`` holds.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import msgspec
import numpy as np

from qrt_async.emulator import Emulator, EmulatorConfig
from qrt_async.emulator.programs.encode import BitData, PubData, ResultData, encode
from qrt_async.emulator.work import Outcome, Work

from .lane import say

SHOTS = 1024
QUBITS = 2


class _Asked(msgspec.Struct):
    support_qiskit: bool = False


class Sampled:
    """Stands in for the simulator."""

    def __init__(self, body: bytes | None = None) -> None:
        drawn = np.random.default_rng(5).integers(0, 2**QUBITS, (SHOTS, 1), dtype=np.uint8)
        pub = PubData(kind="SamplerPubResult", shape=(), fields={"meas": BitData(drawn, QUBITS)}, metadata={})
        result = ResultData(pubs=[pub], metadata={"version": 2}, spans=[])
        self._bodies = {typed: body or encode(result, typed=typed) for typed in (False, True)}

    async def run(self, work: Work) -> Outcome:
        typed = msgspec.json.decode(work.params, type=_Asked).support_qiskit
        return Outcome(kind="completed", body=self._bodies[typed], quantum_seconds=2.0)

    async def close(self) -> None:
        """Nothing to close."""


async def serve(config: EmulatorConfig, body: bytes | None) -> None:
    async with Emulator(config, simulator=Sampled(body)) as emulator:
        say({"url": emulator.url})
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    body = Path(sys.argv[2]).read_bytes() if sys.argv[2:] else None
    asyncio.run(serve(msgspec.convert(json.loads(sys.argv[1]), EmulatorConfig), body))
