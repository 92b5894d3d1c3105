"""What a program takes of a job, and when a job is full. No I/O; measuring reads circuits, and may run in a thread."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from qrt_async.programs.program import Estimator, Program, Sampler
from qrt_async.sweep.ceilings import JOB_BYTES, JOB_SECONDS, Ceilings
from qrt_async.sweep.costs import Asked, delay_of, work_of
from qrt_async.sweep.timing import Machine, circuit_seconds

T = TypeVar("T")


class Size(Struct, frozen=True, kw_only=True):
    """PUBs and points, as the service counts executions and bytes, and the seconds of QPU time that are expected."""

    pubs: int = 0
    points: int = 0
    executions: int = 0
    seconds: float = 0.0
    payload: int = 0

    def __add__(self, other: Size) -> Size:
        return Size(
            pubs=self.pubs + other.pubs,
            points=self.points + other.points,
            executions=self.executions + other.executions,
            seconds=self.seconds + other.seconds,
            payload=self.payload + other.payload,
        )


EMPTY = Size(seconds=JOB_SECONDS, payload=JOB_BYTES)
"""A job with nothing in it."""


def size_of(program: Program[Any], payload: int, machine: Machine) -> Size:
    """Of a Sampler or an Estimator whose params are so many bytes."""
    size = Size(payload=payload)
    if isinstance(program, Sampler):
        for pub in program.pubs:
            asked = Asked(shots=pub.shots, options=program.options)
            size += _of_pub(asked, pub.circuit, math.prod(pub.shape), machine)
    elif isinstance(program, Estimator):
        for one in program.pubs:
            asked = Asked(precision=one.precision, observables=one.observables, options=program.options)
            size += _of_pub(asked, one.circuit, math.prod(one.parameters.shape), machine)
    return size


def _of_pub(asked: Asked, circuit: Any, points: int, machine: Machine) -> Size:
    work, seconds = work_of(asked, circuit), circuit_seconds(circuit, machine)
    delay = delay_of(asked.options, machine)
    return Size(
        pubs=1,
        points=points,
        executions=points * work.each + work.learning,
        seconds=points * work.each * (delay + work.stretch * seconds) + work.learning * (delay + seconds),
    )


def fits(held: Size, more: Size, ceilings: Ceilings, max_points: int) -> bool:
    """May a job that holds so much hold that, too?"""
    both = held + more
    return (
        both.points <= max_points
        and both.executions <= ceilings.executions
        and both.payload <= ceilings.payload
        and both.seconds <= min(ceilings.seconds, ceilings.most_seconds)
    )


def filled(waiting: Iterable[tuple[T, Size]], ceilings: Ceilings, max_points: int) -> tuple[list[T], bool]:
    """Who goes into the next job, of those who wait, in the order of their turns; and whether somebody has to stay.
    Nobody is overtaken by one who would fit better, and the first goes, whatever it takes."""
    chosen: list[T] = []
    held = EMPTY
    for one, size in waiting:
        if chosen and not fits(held, size, ceilings, max_points):
            return chosen, True
        chosen.append(one)
        held += size
    return chosen, held.points >= max_points


def leaves_at(since: float, max_wait: float, *, full: bool) -> float:
    """The moment from which a job takes whatever permit there is, if its first has waited ``since`` then. Until it has
    one it stays open for more."""
    return since if full else since + max_wait


def parts_of(executions: Sequence[int]) -> list[float]:
    """Which part of a job's charge is whose: by executions."""
    whole = sum(executions)
    return [each / whole if whole else 1.0 / len(executions) for each in executions]
