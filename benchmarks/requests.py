"""What CPU time does one small request cost, against bare ``aiohttp`` that reads and decodes?

``GET /v1/jobs/{id}``, one after the other, in one process and by turns, so that whatever else the machine does
meets both.
"""

from __future__ import annotations

from .race import Contender, Field, run
from .report import Column, Report, Row
from .stage import stage

CONTENDERS = (Contender(name="by turns", script="by_turns"),)
COLUMNS = (Column("cpu", "CPU us/request", unit=1e-6),)
ROUNDS = 40
BLOCK = 50


async def answer(field: Field, rounds: int = ROUNDS, block: int = BLOCK) -> Report:
    """``rounds`` blocks of ``block`` requests each way; the median block counts."""
    async with stage(queue_seconds=0.0, run_seconds=0.0) as ground:
        task = ground.task(rounds=rounds, block=block)
        found = (await run(field, CONTENDERS[0], "ask", task)).answer
        served = (await ground.requests()).get("GET /v1/jobs/{id}", 0)
    names = {"by_hand": "aiohttp, read and decode", "ours": "ours, jobs.get()"}
    return Report(
        name="requests",
        question="what CPU time does one small request cost?",
        setting={"rounds": rounds, "block": block},
        columns=COLUMNS,
        rows=[Row(contender=names[name], measures={"cpu": found[name], "served": served}) for name in names],
        skipped={},
    )
