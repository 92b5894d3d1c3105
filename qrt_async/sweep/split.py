"""Which points made a job fail? A search that costs one small job a step. Pure.

A job of n points that failed for something in its input is split in two, and only the first half is sent. If that
completes, the bad point is in the second; if it fails, the second half is held back. So ceil(log2 n) jobs find one bad
point, and one more runs all that was held back. Where that one fails, too, there are bad points in both halves of a
split, and the search stops: every step costs a failed job's charge.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from msgspec import Struct

from qrt_async.errors import JobFailed
from qrt_async.sweep.piece import Piece, Pieces, halves, size_of, without

_OF_A_POINT = frozenset({1515, 1517, 1520, 5302, *range(8000, 9000)})
"""Bad input of a private job, ISA (an angle, too), limits of the system, payload, pulses (api.md section 3)."""
_OF_A_CIRCUIT = frozenset({1501, 1506, 1519, 1522, 1524, 1603, *range(7000, 7007)})
"""Observables, OpenQASM and QPY, gates and instructions, dynamic circuits: the values have no part in it."""


Naming = Callable[[Pieces, BaseException], Pieces]


class Search(Struct, frozen=True):
    """One of ``suspects`` is bad, as far as is known; ``held`` are still to be run. While a job is out to test,
    the suspects are those that are not in it."""

    suspects: Pieces
    held: Pieces = ()


class Step(Struct, frozen=True):
    """What follows: points that are given up, and a job to send, if any. ``search`` is what stays open beside it."""

    failed: Pieces = ()
    send: Pieces = ()
    search: Search | None = None


def is_worth_splitting(error: BaseException, pieces: Pieces) -> bool:
    """Did the job fail for something in what was sent that other points of it need not have?"""
    if not isinstance(error, JobFailed):
        return False
    several = len({piece.circuit for piece in pieces}) > 1
    return error.reason_code in _OF_A_POINT or (several and error.reason_code in _OF_A_CIRCUIT)


def extra_jobs(points: int) -> int:
    """How many jobs a sweep may spend on searching unless it was allowed more."""
    return math.ceil(math.log2(points)) + 1 if points > 1 else 0


def begin(pieces: Pieces, error: BaseException, naming: Naming | None = None) -> Search:
    """The job with these pieces failed for its input. ``naming`` says whom the reason names, else ``named_point``."""
    named = (naming or named_point)(pieces, error)
    return Search(named, without(pieces, named)) if named else Search(pieces)


def next_step(search: Search, left: int) -> Step:
    """With nothing out to test, and ``left`` more jobs to spend."""
    if left < 1:
        return Step(failed=(*search.suspects, *search.held))
    if size_of(search.suspects) == 1:
        return Step(search.suspects, search.held, Search((), ()) if search.held else None)
    tested, rest = halves(search.suspects)
    return Step(send=tested, search=Search(rest, search.held))


def passed(search: Search) -> Search | None:
    """The job that was out completed. ``None``: nothing is left to look for."""
    return search if search.suspects else None


def fell(search: Search, tested: Pieces, error: BaseException, naming: Naming | None = None) -> Search | None:
    """The job that was out failed for its input. ``None``: stop, both halves of a split have failed."""
    if search.suspects:
        return Search(tested, (*search.held, *search.suspects))
    named = (naming or named_point)(tested, error)
    return Search(named, without(tested, named)) if named else None


_NAMED = re.compile(
    r"(?:\bPUB\s*\#?\s*(?P<pub>\d+)\b.*?)?"
    r"\b(?:point|parameter\ set)\s*\#?\s*(?:(?P<at>\d+)\b(?!\s*,\s*\d)|\(\s*(?P<of>\d+)\s*,?\s*\))",
    re.IGNORECASE | re.VERBOSE,
)


def named_point(pieces: Pieces, error: BaseException) -> Pieces:
    """The point that the reason names, such as ``PUB 0, point 17``, or ``point (17,)`` of the only PUB; else none."""
    found = _NAMED.search(getattr(error, "reason", None) or "")
    if found is None or (found["pub"] is None and len(pieces) > 1):
        return ()
    pub, at = int(found["pub"] or 0), int(found["at"] or found["of"])
    if pub >= len(pieces) or at >= pieces[pub].size:
        return ()
    start = pieces[pub].start + at
    return (Piece(pieces[pub].circuit, start, start + 1),)
