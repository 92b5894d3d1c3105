"""Points become jobs. No I/O: what the backend and the account said is given."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

from msgspec import Struct

from qrt_async.errors import InvalidInput
from qrt_async.submit.bucket import RateLimit
from qrt_async.sweep.ceilings import JOB_BYTES, JOB_SECONDS, Ceilings
from qrt_async.sweep.costs import Costs
from qrt_async.sweep.filling import EndedBy, Filled, Filler, evenly
from qrt_async.sweep.piece import Piece
from qrt_async.transport.whole import is_whole

Way: TypeAlias = Literal["auto", "throughput", "latency"]
Pack: TypeAlias = Way | int
"""How points are packed into jobs: ``"auto"`` and ``"throughput"`` need as few jobs as the ceilings allow, the first
spreads the points evenly over them, the second fills one after the other; ``"latency"`` makes at least as many jobs as
may be submitted at once, so that the first results come early; a number is the most points of a job."""


class PlannedJob(Struct, frozen=True):
    """One job: its pieces in order, what it is expected to take, and what kept it from holding more."""

    pieces: tuple[Piece, ...]
    executions: int
    seconds: float
    payload: int
    ended_by: EndedBy

    @property
    def points(self) -> int:
        return sum(piece.size for piece in self.pieces)


class Plan(Struct, frozen=True, kw_only=True):
    """What a sweep would send. ``str()`` is a line for people.

    ``seconds`` are those of QPU time that all jobs are expected to take, ``submitting_seconds`` the time until the last
    is submitted at this account's rate, ``remaining`` the seconds that the instance has left (``None``: not known, or
    not limited).
    """

    points: int
    jobs: tuple[PlannedJob, ...]
    seconds: float
    submitting_seconds: float
    remaining: float | None = None

    def __str__(self) -> str:
        line = f"{_many(self.points, 'point')} → {_many(len(self.jobs), 'job')}"
        if self.jobs:
            line += f", about {in_words(self.seconds)} of QPU time"
        if len(self.jobs) > 1:
            line += f"; submitted {_within(self.submitting_seconds)}; {self._reasons()}"
        return line

    def _reasons(self) -> str:
        """Of the jobs before the last one."""
        counts = Counter(job.ended_by for job in self.jobs[:-1])
        if len(counts) == 1:
            return f"jobs end {_WHY[next(iter(counts))]}"
        return "jobs end " + ", ".join(f"{_WHY[why]} ({count:,})" for why, count in counts.most_common())


_WHY: dict[EndedBy, str] = {
    "executions": "at the most executions",
    "payload": "at the most bytes",
    "seconds": "at the most seconds",
    "circuits": "at the most PUBs",
    "pack": "where pack= says",
    "end": "with the last point",
}


def plan(
    missing: Sequence[Piece],
    costs: Sequence[Costs],
    ceilings: Ceilings,
    pack: Pack = "auto",
    rate: RateLimit | None = None,
    remaining: float | None = None,
) -> Plan:
    """Jobs for the ``missing`` points, in their order; ``costs`` are those of each circuit. Takes time and memory for
    each job and each piece, never for each point.

    ``rate=None`` is no limit of submissions. ``InvalidInput`` where one point alone is more than a job may be.
    """
    check_pack(pack)
    pieces = [piece for piece in missing if piece.size > 0]
    for circuit in sorted({piece.circuit for piece in pieces}):
        _check_single(costs[circuit], ceilings)
    jobs = tuple(_planned(job, costs) for job in _cut(Filler(pieces, costs, ceilings), pack, rate))
    return Plan(
        points=sum(piece.size for piece in pieces),
        jobs=jobs,
        seconds=sum(job.seconds for job in jobs),
        submitting_seconds=submitting_seconds(len(jobs), rate),
        remaining=remaining,
    )


def check_pack(pack: Pack) -> None:
    """``InvalidInput`` unless it is one of the ways, or a number of points."""
    if is_whole(pack) or (isinstance(pack, str) and pack in get_args(Way)):
        return
    raise InvalidInput(
        f"pack is {pack!r}; allowed are 'auto', 'throughput', 'latency', and the most points of a job as a whole "
        "number from 1."
    )


def submitting_seconds(jobs: int, rate: RateLimit | None) -> float:
    """Until the last of so many is submitted, if none was in the period before."""
    if rate is None or jobs <= rate.submissions:
        return 0.0
    return (math.ceil(jobs / rate.submissions) - 1) * rate.hold


def _cut(filler: Filler, pack: Pack, rate: RateLimit | None) -> list[Filled]:
    full = list(filler.jobs(pack if isinstance(pack, int) else None))
    if isinstance(pack, int) or pack == "throughput" or not full:
        return full
    wished = 1 if pack == "auto" or rate is None else rate.submissions
    points = sum(job.size for job in full)
    return list(evenly(filler, full, max(len(full), min(wished, points))))


def _planned(job: Filled, costs: Sequence[Costs]) -> PlannedJob:
    executions, seconds, payload, circuit = 0, JOB_SECONDS, float(JOB_BYTES), -1
    for piece in job.pieces:
        each = costs[piece.circuit]
        payload += each.bytes_per_circuit + piece.size * each.bytes_per_point
        executions += piece.size * each.executions_per_point
        seconds += piece.size * each.seconds_per_point
        if piece.circuit != circuit:
            circuit = piece.circuit
            executions += each.fixed_executions
            seconds += each.fixed_seconds
    return PlannedJob(job.pieces, executions, seconds, math.ceil(payload), job.ended_by)


def _check_single(costs: Costs, ceilings: Ceilings) -> None:
    executions = 0 if costs.divisible else costs.fixed_executions + costs.executions_per_point
    payload = JOB_BYTES + costs.bytes_per_circuit + costs.bytes_per_point
    seconds = JOB_SECONDS + costs.fixed_seconds + costs.seconds_per_point
    for taken, most, what, advice in (
        (executions, ceilings.executions, "executions", "ask for fewer shots, or less precision"),
        (
            payload,
            ceilings.payload,
            "bytes",
            "send a smaller circuit, or raise max_payload of RuntimeService",
        ),
        (seconds, ceilings.most_seconds, "seconds of QPU time", "raise cost, or ask for fewer shots"),
    ):
        if taken > most:
            raise InvalidInput(
                f"One point of {costs.name} takes about {taken:,.0f} {what}; a job may have {most:,.0f}: {advice}. "
                "Nothing was sent."
            )


def in_words(seconds: float) -> str:
    """A time for people: three figures at most, and the unit that fits."""
    if seconds < 600:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:,.0f} min" if seconds < 7200 else f"{seconds / 3600:,.1f} h"


def _within(seconds: float) -> str:
    return "at once" if seconds == 0 else f"within {in_words(seconds)}"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
