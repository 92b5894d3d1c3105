"""What does a large result cost, from its bytes until its counts, or its numbers, are in hand?

Two encodings, typed as Qiskit's and plain. A Sampler's outcomes are of two kinds: *spread* evenly over a register of
20 bits, so that nearly every shot has an outcome of its own, and *peaked* on two thousand of them. An Estimator's
result has 200 PUBs of 100 points each.
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
LARGER = 10
"""So many times as large is the other size."""
RUNS = 5
QUBITS = 20
PEAKS = 2000
PUBS, POINTS = 200, 100
CASES = ("typed, spread", "typed, peaked", "plain, spread", "plain, peaked")
ESTIMATES = ("typed, 200 PUBs", "plain, 200 PUBs")


async def answer(field: Field, size: int = SIZE, runs: int = RUNS) -> Report:
    """Each contender and each case in a process of its own."""
    runners, skipped = field.divide(CONTENDERS)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        body = Path(folder, "body.json")
        for factor in (1, LARGER):
            for case in CASES:
                expected = write(body, case, factor * size)
                title = f"{case}, {factor * size / 1e6:g} MB"
                task = {
                    "typed": case.startswith("typed"),
                    "runs": max(1, runs // factor),
                    "program": "sampler",
                }
                rows += await _race(field, runners, body, title, expected, task)
        for case in ESTIMATES:
            _write_estimates(body, case)
            task = {"typed": case.startswith("typed"), "runs": runs, "program": "estimator"}
            rows += await _race(field, runners, body, case, PUBS * POINTS, task)
    return Report(
        name="decoding",
        question="what does a large result cost, from its bytes until its counts or numbers are in hand?",
        setting={"bytes": size, "runs": runs, "qubits": QUBITS, "peaks": PEAKS, "points": PUBS * POINTS},
        columns=COLUMNS,
        rows=rows,
        skipped=skipped,
        notes=(
            "ms: the best of the runs; memory: above what was resident before the first of them.",
            "Spread, most of the memory is the dictionary of several hundred thousand outcomes that both give back.",
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


def _write_estimates(file: Path, case: str) -> None:
    rng = np.random.default_rng(5)
    names = ("evs", "stds", "ensemble_standard_error")
    pubs = []
    for _ in range(PUBS):
        fields: dict[str, Any] = {name: rng.normal(size=POINTS) for name in names}
        pubs.append(PubData(kind="PubResult", shape=(POINTS,), fields=fields, metadata={}))
    result = ResultData(pubs=pubs, metadata={"version": 2}, spans=[])
    file.write_bytes(encode(result, typed=case.startswith("typed")))


async def _race(
    field: Field, runners: list[Contender], body: Path, case: str, expected: int, task: dict[str, Any]
) -> list[Row]:
    """All contenders on one body: each must find all of it, and the same."""
    rows = []
    for runner in runners:
        found = (await run(field, runner, "decode", {"body": str(body), "qubits": QUBITS, **task})).answer
        if found["shots"] != expected:
            raise Lost(f"{runner.name}, {case}: {found['shots']} in hand, {expected} sent")
        rows.append(Row(contender=runner.name, case=case, measures=found))
    if len({row.measures["outcomes"] for row in rows}) > 1:
        raise Lost(f"{case}: contenders count different outcomes: {rows}")
    return rows
