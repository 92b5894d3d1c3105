"""A program's way to the emulator and back, without a service in between."""

from __future__ import annotations

from typing import Any

from qrt_async.emulator.programs.execute import execute
from qrt_async.emulator.work import Work
from qrt_async.programs.program import Program
from qrt_async.programs.results import decode


def simulated(program: Program[Any], backend: str = "ideal", seed: int = 7) -> Any:
    """The decoded result of a program that must complete."""
    outcome = execute(
        Work(program_id=program.program_id, params=program.encode(), backend=backend, seed=seed)
    )
    assert outcome.kind == "completed", outcome.reason
    return decode(program.program_id, outcome.body)
