"""Before anything is sent: does it fit the backend, what does it take, and may it be?"""

from __future__ import annotations

import asyncio

from qrt_async.errors import NotISA, OverUsage
from qrt_async.programs.circuits import read_circuit
from qrt_async.submit.budget import Budget
from qrt_async.submit.counter import Counter
from qrt_async.sweep.ceilings import ceilings_for, check_cost
from qrt_async.sweep.costs import Asked, Costs, costs_of
from qrt_async.sweep.entries import Title
from qrt_async.sweep.facts import Facts, check_batch, check_usage, facts_of
from qrt_async.sweep.order import Hands, Order
from qrt_async.sweep.piece import Piece, Pieces, size_of
from qrt_async.sweep.plan import Plan, in_words, plan
from qrt_async.sweep.sweep import Sweep


async def title_of(sweep: Sweep, order: Order, instance: str | None) -> Title:
    """Which sweep it is: a million points take a while to be told apart."""
    key = await asyncio.to_thread(
        sweep.key, backend=order.backend, instance=instance or "", name=order.name, tenant=order.tenant
    )
    return Title(key=key, name=order.name, backend=order.backend, points=sweep.size)


async def planned(sweep: Sweep, order: Order, hands: Hands, missing: Pieces) -> Plan:
    """Sends no job. Raises ``NotISA``, ``InvalidInput``, ``OverUsage``."""
    counter = hands.counter
    if order.pack != 1:
        check_cost(order.cost, size_of(missing))
    facts = await facts_of(counter.means.ask, order.backend, batch=order.mode == "batch")
    costs = await asyncio.to_thread(_costs, sweep, facts)
    made = await asyncio.to_thread(
        plan,
        missing,
        costs,
        ceilings_for(max_payload=counter.max_payload, cost=order.cost, most_seconds=facts.most_seconds),
        order.pack,
        counter.limit,
        facts.remaining_seconds,
    )
    if order.over_usage == "refuse":
        check_usage(made)
        _check_budget(made, order.budget)
    if order.mode == "batch":
        check_batch(made, facts)
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


def _costs(sweep: Sweep, facts: Facts) -> tuple[Costs, ...]:
    asked = Asked(
        shots=sweep.shots,
        precision=sweep.precision,
        observables=sweep.observables,
        options=sweep.options,
        numbers=sum(width or 1 for width in sweep.grid.widths.values()),
    )
    return costs_of(asked, {name: read_circuit(given) for name, given in sweep.circuits}, facts.machine)


def _check_budget(made: Plan, budget: Budget | None) -> None:
    if budget is not None and made.seconds > budget.seconds:
        raise OverUsage(
            f"This sweep is expected to take about {in_words(made.seconds)} of QPU time ({made}); its budget is"
            f" {in_words(budget.seconds)}. over_usage='allow' runs what the budget covers. Nothing was sent."
        )
