"""What does the import cost? Each in fresh processes, by turns; of the times the shortest counts."""

from __future__ import annotations

from collections.abc import Sequence

from .race import Contender, Field, run
from .report import MIB, Column, Report, Row
from .stage import CRN, KEY

CONTENDERS = (
    Contender(name="import qrt_async", script="ours"),
    Contender(name="... and a service constructed", script="ours", manner="service"),
    Contender(name="import aiohttp", script="by_hand"),
    Contender(name="import qiskit_ibm_runtime", script="official"),
)
COLUMNS = (Column("seconds", "ms", unit=1e-3), Column("memory", "RSS MiB", unit=MIB, decimals=1))
RUNS = 5
NOWHERE = "http://127.0.0.1:9"
"""Constructing a service makes no request."""


async def answer(field: Field, runs: int = RUNS) -> Report:
    """The shortest time, and the least memory, of so many runs."""
    runners, skipped = field.divide(CONTENDERS)
    found: dict[str, list[dict[str, float | None]]] = {runner.name: [] for runner in runners}
    for _ in range(runs):
        for runner in runners:
            task = {"manner": runner.manner, "url": NOWHERE, "key": KEY, "instance": CRN}
            finish = await run(field, runner, "load", task)
            found[runner.name].append(finish.answer)
    return Report(
        name="imports",
        question="what does the import cost?",
        setting={"runs": runs},
        columns=COLUMNS,
        rows=[Row(contender=name, measures=_least(answers)) for name, answers in found.items()],
        skipped=skipped,
        notes=("RSS: the whole process after the import, the interpreter included.",),
    )


def _least(answers: Sequence[dict[str, float | None]]) -> dict[str, float | None]:
    fields = ("seconds", "memory")
    values = {name: [value for found in answers if (value := found[name]) is not None] for name in fields}
    return {name: min(measured, default=None) for name, measured in values.items()}
