"""Before anything is sent: does it fit the backend, what does it take, and may it be?"""

from __future__ import annotations

import asyncio

from qrt_async.sweep.book import Title
from qrt_async.sweep.ceilings import ceilings_for
from qrt_async.sweep.filling import Costs
from qrt_async.sweep.order import Hands, Order
from qrt_async.sweep.piece import Pieces
from qrt_async.sweep.plan import Plan, plan
from qrt_async.sweep.sweep import Sweep


async def title_of(sweep: Sweep, order: Order, instance: str | None) -> Title:
    """Which sweep it is: a million points take a while to be told apart."""
    key = await asyncio.to_thread(sweep.key, backend=order.backend, instance=instance or "", name=order.name)
    return Title(key=key, name=order.name, backend=order.backend, points=sweep.size)


async def planned(sweep: Sweep, order: Order, hands: Hands, missing: Pieces) -> Plan:
    """Sends no job. Raises ``NotISA``, ``InvalidInput``, ``OverUsage``."""
    counter = hands.counter
    if order.isa == "check" and missing:
        await counter.check(await asyncio.to_thread(sweep.program, missing), order.backend)
    costs = [
        Costs(executions_per_point=sweep.shots or 4096, seconds_per_execution=250e-6, name=name)
        for name, _ in sweep.circuits
    ]
    return plan(
        missing,
        costs,
        ceilings_for(max_payload=counter.max_payload, cost=order.cost),
        order.pack,
        counter.limit,
    )
