"""Every point in one job, in order, and no more jobs than needed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qrt_async.errors import InvalidInput
from qrt_async.submit.bucket import RateLimit
from qrt_async.sweep.ceilings import JOB_BYTES, JOB_SECONDS, Ceilings, ceilings_for
from qrt_async.sweep.costs import Costs
from qrt_async.sweep.piece import Piece
from qrt_async.sweep.plan import Pack, Plan, PlannedJob, plan

IBM = RateLimit(5)
HUNDRED_SHOTS = Costs(executions_per_point=100, seconds_per_execution=250e-6, bytes_per_point=20.0)


def points_of(made: Plan) -> list[tuple[int, int]]:
    return [
        (piece.circuit, point)
        for job in made.jobs
        for piece in job.pieces
        for point in range(piece.start, piece.stop)
    ]


def fits(job: PlannedJob, ceilings: Ceilings) -> bool:
    return (
        job.executions <= ceilings.executions
        and job.payload < ceilings.payload + 1  # rounded up
        and job.seconds <= ceilings.seconds * (1 + 1e-6)
        and (ceilings.pubs is None or len(job.pieces) <= ceilings.pubs)
    )


def fewest(pieces: Sequence[Piece], costs: Sequence[Costs], ceilings: Ceilings) -> int:
    """By trying every last job, point by point: slow, and right."""
    points = [(piece.circuit, index, at) for index, piece in enumerate(pieces) for at in range(piece.size)]
    best = [0] + [len(points)] * len(points)
    for stop in range(1, len(points) + 1):
        for start in range(stop):
            if stop - start == 1 or holds(points[start:stop], costs, ceilings):
                best[stop] = min(best[stop], best[start] + 1)
    return best[-1]


def holds(points: list[tuple[int, int, int]], costs: Sequence[Costs], ceilings: Ceilings) -> bool:
    circuits, pubs = {point[0] for point in points}, {point[:2] for point in points}
    each = [costs[point[0]] for point in points]
    once = [costs[circuit] for circuit in circuits]
    executions = sum(one.executions_per_point for one in each) + sum(one.fixed_executions for one in once)
    seconds = (
        JOB_SECONDS + sum(one.seconds_per_point for one in each) + sum(one.fixed_seconds for one in once)
    )
    payload = JOB_BYTES + sum(one.bytes_per_point for one in each)
    payload += sum(costs[circuit].bytes_per_circuit for circuit, _ in pubs)
    return (
        executions <= ceilings.executions
        and payload <= ceilings.payload
        and seconds <= ceilings.seconds + 1e-6
        and (ceilings.pubs is None or len(pubs) <= ceilings.pubs)
    )


COSTS = st.builds(
    Costs,
    executions_per_point=st.integers(1, 50),
    seconds_per_execution=st.sampled_from([0.0, 0.1, 0.25, 1.0]),
    bytes_per_point=st.sampled_from([0.0, 10.0, 250.5]),
    bytes_per_circuit=st.integers(0, 500),
    fixed_executions=st.integers(0, 20),
    fixed_seconds=st.sampled_from([0.0, 3.0]),
)
CEILINGS = st.builds(
    Ceilings,
    executions=st.integers(70, 300),
    payload=st.sampled_from([3_000.0, 5_000.0, math.inf]),
    seconds=st.sampled_from([4.0, 20.0, 100.0]),
    pubs=st.sampled_from([None, None, 1, 2]),
)


@st.composite
def gaps(draw: st.DrawFn) -> list[Piece]:
    """What is missing of three circuits of 20 points each."""
    pieces = []
    for circuit in range(3):
        edges = sorted(draw(st.sets(st.integers(0, 20), max_size=4)))
        for start, stop in zip(edges[::2], edges[1::2], strict=False):
            pieces.append(Piece(circuit, circuit * 20 + start, circuit * 20 + stop))
    return pieces


@settings(max_examples=400, deadline=None)
@given(
    gaps(), st.tuples(COSTS, COSTS, COSTS), CEILINGS, st.sampled_from(["auto", "throughput", "latency", 3])
)
def test_each_point_is_in_one_job_in_order_and_no_job_is_too_many(
    pieces: list[Piece], costs: tuple[Costs, ...], ceilings: Ceilings, pack: Pack
) -> None:
    made = plan(pieces, costs, ceilings, pack, IBM)
    assert points_of(made) == [
        (piece.circuit, point) for piece in pieces for point in range(piece.start, piece.stop)
    ]
    assert all(fits(job, ceilings) or job.points == 1 for job in made.jobs)
    assert all(job.points for job in made.jobs)
    least = fewest(pieces, costs, ceilings)
    if pack in ("auto", "throughput"):
        assert len(made.jobs) == least
    elif pack == "latency":
        assert len(made.jobs) == max(least, min(5, made.points))
    else:
        assert all(job.points <= 3 for job in made.jobs)
    assert made.seconds == pytest.approx(sum(job.seconds for job in made.jobs))


def test_a_sweep_of_the_readme_is_one_job() -> None:
    made = plan([Piece(0, 0, 2500)], [HUNDRED_SHOTS], ceilings_for(max_payload=64_000_000), "auto", IBM)
    assert str(made) == "2,500 points → 1 job, about 64 s of QPU time"
    assert made.jobs[0].executions == 250_000
    assert made.seconds == pytest.approx(64.5)


def test_a_billion_points_are_planned_by_their_jobs() -> None:
    one = Costs(executions_per_point=1, seconds_per_execution=1e-4)
    made = plan([Piece(0, 0, 10**9)], [one], Ceilings(), "auto", IBM)
    assert made.points == 10**9
    assert len(made.jobs) == math.ceil(10**9 * 1e-4 / 298)
    assert {job.points for job in made.jobs} <= {10**9 // 336, 10**9 // 336 + 1}


def test_one_point_above_what_a_job_may_be_is_refused() -> None:
    big = Costs(executions_per_point=20_000_000, seconds_per_execution=1e-6, name="ansatz")
    with pytest.raises(InvalidInput, match="One point of ansatz takes about 20,000,000 executions"):
        plan([Piece(0, 0, 1)], [big], Ceilings())


@pytest.mark.parametrize("pack", ["fast", 0, -1, True, 2.5, None])
def test_a_pack_that_does_not_exist_is_refused(pack: Pack) -> None:
    with pytest.raises(InvalidInput, match="'latency'"):
        plan([], [], Ceilings(), pack)
