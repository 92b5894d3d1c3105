"""What does a large Sampler result cost, from its bytes until ``get_counts()`` has returned?

Two encodings, typed as Qiskit's and plain, and two kinds of outcomes: *spread* evenly over a register of 20
bits, so that nearly every shot has an outcome of its own, and *peaked* on two thousand of them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from qrt_async.emulator.programs.encode import BitData, PubData, ResultData, encode

from .race import Contender, Field, Lost, run
from .report import MIB, Column, Report, Row

CONTENDERS = (Contender(name="ours", script="ours"), Contender(name="official", script="official"))
COLUMNS = (
    Column("seconds", "ms", unit=1e-3),
    Column("growth", "peak memory, + MiB", unit=MIB, decimals=1),
    Column("peak", "peak RSS MiB", unit=MIB),
)
SIZE = 5_000_000
"""Bytes of a body, about."""
RUNS = 5
QUBITS = 20
PEAKS = 2000
CASES = ("typed, spread", "typed, peaked", "plain, spread", "plain, peaked")


async def answer(field: Field, size: int = SIZE, runs: int = RUNS) -> Report:
    """Each contender and each case in a process of its own."""
    runners, skipped = field.divide(CONTENDERS)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            body = Path(folder, f"{case}.json")
            shots = write(body, case, size)
            rows += [await _row(field, runner, case, body, shots, runs) for runner in runners]
            _agree(rows, case)
    return Report(
        name="decoding",
        question="what does a large Sampler result cost, from its bytes until get_counts() has returned?",
        setting={"bytes": size, "runs": runs, "qubits": QUBITS, "peaks": PEAKS},
        columns=COLUMNS,
        rows=rows,
        skipped=skipped,
        notes=(
            "ms: the best of the runs; memory: above what was resident before the first of them.",
            "The official client reads plain results as bare JSON; BitArray.from_samples() makes counts of it.",
        ),
    )


def write(file: Path, case: str, size: int) -> int:
    """Write about so many bytes; the number of shots in them."""
    per_shot = 3.15 if "peaked" in case else 3.7
    shots = int(size / (per_shot if "typed" in case else 9.9))
    file.write_bytes(encode(_result(shots, peaked="peaked" in case), typed="typed" in case))
    return shots


def _result(shots: int, *, peaked: bool) -> ResultData:
    rng = np.random.default_rng(5)
    outcomes = rng.integers(0, 2**QUBITS, PEAKS if peaked else shots, dtype=np.uint32)
    if peaked:
        outcomes = outcomes[rng.integers(0, PEAKS, shots)]
    octets = outcomes.astype(">u4").view(np.uint8).reshape(shots, 4)[:, 1:]
    pub = PubData(kind="SamplerPubResult", shape=(), fields={"meas": BitData(octets, QUBITS)}, metadata={})
    return ResultData(pubs=[pub], metadata={"version": 2}, spans=[])


async def _row(field: Field, runner: Contender, case: str, body: Path, shots: int, runs: int) -> Row:
    task = {"body": str(body), "runs": runs, "typed": case.startswith("typed"), "qubits": QUBITS}
    found: dict[str, Any] = (await run(field, runner, "decode", task)).answer
    if found["shots"] != shots:
        raise Lost(f"{runner.name}, {case}: {found['shots']} shots counted, {shots} sent")
    return Row(contender=runner.name, case=case, measures=found)


def _agree(rows: list[Row], case: str) -> None:
    distinct = {row.contender: row.measures["outcomes"] for row in rows if row.case == case}
    if len(set(distinct.values())) > 1:
        raise Lost(f"{case}: contenders count different outcomes: {distinct}")
