"""How far one job reaches along the missing points, and how to cut them into jobs. O(jobs + pieces)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from qrt_async.sweep.ceilings import JOB_BYTES, JOB_SECONDS, Ceilings
from qrt_async.sweep.costs import Costs
from qrt_async.sweep.piece import Piece

EndedBy: TypeAlias = Literal["executions", "payload", "seconds", "circuits", "pack", "end"]


class Filled(Struct, frozen=True):
    """One job: its pieces, why it ends there, and where the next one begins: in that piece, so many points in."""

    pieces: tuple[Piece, ...]
    ended_by: EndedBy
    piece: int
    offset: int

    @property
    def size(self) -> int:
        return sum(piece.size for piece in self.pieces)


class Spent:
    """What one job holds so far."""

    def __init__(self) -> None:
        self.executions = 0
        self.seconds = JOB_SECONDS
        self.payload = float(JOB_BYTES)
        self.points = 0
        self._circuit = -1

    def begin(self, piece: Piece, costs: Costs) -> None:
        """One more PUB. What its circuit costs once is paid with its first one."""
        self.payload += costs.bytes_per_circuit
        if piece.circuit != self._circuit:
            self._circuit = piece.circuit
            self.executions += costs.fixed_executions
            self.seconds += costs.fixed_seconds

    def add(self, points: int, costs: Costs) -> None:
        self.points += points
        self.executions += points * costs.executions_per_point
        self.seconds += points * costs.seconds_per_point
        self.payload += points * costs.bytes_per_point


class Filler:
    """Fills jobs as full as the ceilings allow, in the order of the points."""

    def __init__(self, pieces: Sequence[Piece], costs: Sequence[Costs], ceilings: Ceilings) -> None:
        self.pieces = pieces
        self.costs = costs
        self.ceilings = ceilings

    def jobs(self, most_points: int | None = None) -> Iterator[Filled]:
        """One after the other. Since what a job holds only grows with each point, no other way needs fewer."""
        index, offset = 0, 0
        while index < len(self.pieces):
            filled = self.fill(index, offset, most_points)
            index, offset = filled.piece, filled.offset
            yield filled

    def fill(self, index: int, offset: int, most_points: int | None) -> Filled:
        """One job from there on; at least one point, whatever that takes."""
        spent, held = Spent(), list[Piece]()
        while index < len(self.pieces):
            if self.ceilings.pubs is not None and len(held) >= self.ceilings.pubs:
                return Filled(tuple(held), "circuits", index, offset)
            piece = self.pieces[index]
            costs, start = self.costs[piece.circuit], piece.start + offset
            spent.begin(piece, costs)
            room, ended_by = self._room(spent, costs, most_points)
            stop = min(piece.stop, start + max(room, 0 if held else 1))
            if stop > start:
                held.append(Piece(piece.circuit, start, stop))
                spent.add(stop - start, costs)
            if stop < piece.stop:
                return Filled(tuple(held), ended_by, index, stop - piece.start)
            index, offset = index + 1, 0
        return Filled(tuple(held), "end", index, 0)

    def _room(self, spent: Spent, costs: Costs, most_points: int | None) -> tuple[int, EndedBy]:
        """How many more points of this circuit fit, and which ceiling is reached then."""
        rooms: list[tuple[int, EndedBy]] = [
            (_times(self.ceilings.executions - spent.executions, costs.executions_per_point), "executions"),
            (_times(self.ceilings.payload - spent.payload, costs.bytes_per_point), "payload"),
            (_times(self.ceilings.seconds - spent.seconds, costs.seconds_per_point), "seconds"),
            (_ENDLESS if most_points is None else most_points - spent.points, "pack"),
        ]
        return min(rooms, key=lambda found: found[0])


_ENDLESS = 2**63


def _times(room: float, each: float) -> int:
    """How often ``each`` fits, forgiving what is lost in adding up floats."""
    if room < 0:
        return 0
    return math.floor(room / each + 1e-9) if each and room < math.inf else _ENDLESS


def evenly(filler: Filler, ahead: Sequence[Filled], jobs: int) -> Iterator[Filled]:
    """The same points in ``jobs`` jobs, as even in points as the ceilings allow; ``ahead`` are the full ones.

    No job ends before what follows it fits into the jobs that are left, which is known from jobs filled from the
    last point backwards.
    """
    size = sum(job.size for job in ahead)
    least = _least_ends(filler, size, jobs)
    index, offset, at = 0, 0, 0
    for number in range(jobs):
        end = max(least[number], (number + 1) * size // jobs)
        filled = filler.fill(index, offset, end - at)
        index, offset, at = filled.piece, filled.offset, at + filled.size
        if filled.ended_by == "pack" and jobs == len(ahead):
            filled = replace(filled, ended_by=ahead[number].ended_by)
        yield filled


def _least_ends(filler: Filler, size: int, jobs: int) -> list[int]:
    """Where each of so many jobs must end at least, counted in points."""
    mirrored = [Piece(piece.circuit, -piece.stop, -piece.start) for piece in reversed(filler.pieces)]
    ends, left = [size], size
    for job in Filler(mirrored, filler.costs, filler.ceilings).jobs():
        left -= job.size
        ends.append(left)
    ends = ends[:jobs] + [0] * (jobs - len(ends))
    return ends[::-1]
