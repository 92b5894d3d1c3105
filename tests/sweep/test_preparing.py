"""What is refused before anything is sent, by the emulator's own word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import InvalidInput, NotISA, OverUsage
from tests.ground import BACKEND, ground
from tests.sweep.ground import CIRCUIT, Reads, open_ground

pytestmark = pytest.mark.virtual_clock
RZZ = "OPENQASM 3.0; input float a; bit[1] c; rzz(a) $0, $1; c[0] = measure $0;"


def sweep(count: int = 2_500, **how: Any) -> qrt.Sweep:
    return qrt.Sweep(CIRCUIT, {"x": range(count)}, **{"shots": 100, **how})


async def test_a_landscape_is_one_job_of_about_a_minute() -> None:
    async with ground(simulator=Reads()) as here, qrt.Submitter(here.service) as submitter:  # type: ignore[arg-type]
        plan = await submitter.sweep(sweep(), backend=BACKEND, name="landscape").plan()
        assert str(plan).startswith("2,500 points → 1 job, about 6")
        assert len(plan.jobs) == 1
        assert await here.jobs() == []


async def test_a_plan_over_the_remaining_usage_is_refused_unless_it_is_allowed() -> None:
    async with (
        ground(simulator=Reads(), config={"usage_limit": 30.0}) as here,  # type: ignore[arg-type] # as Sampled
        qrt.Submitter(here.service) as submitter,
    ):
        with pytest.raises(OverUsage, match="30 s left"):
            await submitter.sweep(sweep(), backend=BACKEND, name="over").plan()
        with pytest.raises(OverUsage, match="30 s left"):
            await submitter.sweep(sweep(), backend=BACKEND, name="over")
        assert await here.jobs() == []
        plan = await submitter.sweep(sweep(), backend=BACKEND, name="over", over_usage="allow").plan()
        assert plan.remaining == 30.0
        assert max(job.seconds for job in plan.jobs) <= 15.0, "never more than half of what a job may take"


async def test_a_plan_over_its_budget_is_refused() -> None:
    async with ground(simulator=Reads()) as here, qrt.Submitter(here.service) as submitter:  # type: ignore[arg-type]
        budget = qrt.Budget(seconds=40.0)
        with pytest.raises(OverUsage, match="its budget is 40 s"):
            await submitter.sweep(sweep(), backend=BACKEND, name="over", budget=budget).plan()
        assert await here.jobs() == []


async def test_a_misspelt_backend_is_told_before_anything_is_sent(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (here, submitter):
        with pytest.raises(InvalidInput, match=f"'idael'.*Did you mean '{BACKEND}'"):
            await submitter.sweep(sweep(), backend="idael", name="misspelt")
        assert await here.jobs() == []


@pytest.mark.parametrize("how", [{"cost": 4}, {"budget": qrt.Budget(seconds=4)}])
async def test_a_cost_that_makes_a_job_of_each_point_is_refused(how: dict[str, Any]) -> None:
    async with open_ground() as (here, submitter):
        with pytest.raises(InvalidInput, match=r"cost of 4 s makes a job of each of 30 points.*above 4 s"):
            await submitter.sweep(sweep(30), backend=BACKEND, name="cheap", over_usage="allow", **how)
        plan = await submitter.sweep(sweep(30), backend=BACKEND, name="one", pack=1, cost=4).plan()
        assert len(plan.jobs) == 30
        assert len((await submitter.sweep(sweep(1), backend=BACKEND, name="single", cost=4).plan()).jobs) == 1
        assert await here.jobs() == []


@pytest.mark.parametrize(
    ("plan", "refused"), [({"plan": "open"}, True), ({"plan": "premium", "usage_limit": 600.0}, False)]
)
async def test_a_batch_that_would_end_too_early_is_refused(plan: dict[str, Any], refused: bool) -> None:
    async with (
        ground(simulator=Reads(), config=plan, rate_limit=qrt.RateLimit(5, per=60.0)) as here,  # type: ignore[arg-type]
        qrt.Submitter(here.service) as submitter,
    ):
        run = submitter.sweep(sweep(60), backend=BACKEND, name="batch", mode="batch", pack=1)
        if refused:
            with pytest.raises(InvalidInput, match=r"lives for 10 min.*mode='batch'"):
                await run.plan()
        else:
            assert len((await run.plan()).jobs) == 60
        assert sum("sessions" in what for what in await here.requests()) == 0


async def test_a_point_that_does_not_fit_is_named_before_anything_is_sent() -> None:
    async with (
        ground(simulator=Reads(), config={"backends": ("emulator_heron",)}) as here,  # type: ignore[arg-type]
        qrt.Submitter(here.service) as submitter,
    ):
        angles = [at / 100 for at in range(50)]
        angles[37] = 2.0
        run = submitter.sweep(
            qrt.Sweep(RZZ, {"a": angles}, shots=10), backend="emulator_heron", name="isa", pack=20
        )
        with pytest.raises(NotISA, match=r"Point 37 of the sweep \(a=2.0\).*Nothing was sent") as caught:
            await run
        assert (caught.value.instruction, caught.value.qubits) == ("rzz", (0, 1))
        with pytest.raises(NotISA, match="Point 37"):
            await anext(aiter(run))
        assert await here.jobs() == []
