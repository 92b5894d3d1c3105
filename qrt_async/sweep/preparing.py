"""Before anything is sent: does it fit the backend, what does it take, and may it be?"""

from __future__ import annotations

import asyncio

from qrt_async.errors import NotISA
from qrt_async.submit.counter import Counter
from qrt_async.sweep.book import Title
from qrt_async.sweep.ceilings import ceilings_for
from qrt_async.sweep.costs import Costs
from qrt_async.sweep.order import Hands, Order
from qrt_async.sweep.piece import Piece, Pieces
from qrt_async.sweep.plan import Plan, plan
from qrt_async.sweep.sweep import Sweep


async def title_of(sweep: Sweep, order: Order, instance: str | None) -> Title:
    """Which sweep it is: a million points take a while to be told apart."""
    key = await asyncio.to_thread(sweep.key, backend=order.backend, instance=instance or "", name=order.name)
    return Title(key=key, name=order.name, backend=order.backend, points=sweep.size)


async def planned(sweep: Sweep, order: Order, hands: Hands, missing: Pieces) -> Plan:
    """Sends no job. Raises ``NotISA``, ``InvalidInput``, ``OverUsage``."""
    counter = hands.counter
    costs = [
        Costs(executions_per_point=sweep.shots or 4096, seconds_per_execution=250e-6, name=name)
        for name, _ in sweep.circuits
    ]
    made = plan(
        missing,
        costs,
        ceilings_for(max_payload=counter.max_payload, cost=order.cost),
        order.pack,
        counter.limit,
    )
    if order.isa == "check":
        for piece in (piece for job in made.jobs for piece in job.pieces):
            await _check(sweep, piece, order.backend, counter)
    return made


async def _check(sweep: Sweep, piece: Piece, backend: str, counter: Counter) -> None:
    """Does it fit the backend? What does not is named as the sweep names it."""
    try:
        await counter.check(await asyncio.to_thread(sweep.program, [piece]), backend)
    except NotISA as error:
        where = f"Circuit {sweep.circuit_of(piece.start)!r}"
        if error.point:
            index = piece.start + error.point[0]
            where = f"Point {index} of the sweep ({sweep.label(index)})"
        raise NotISA(
            f"{where} does not fit: {str(error).removeprefix('PUB 0: ')} Nothing was sent.",
            instruction=error.instruction,
            qubits=error.qubits,
            point=error.point,
        ) from None
