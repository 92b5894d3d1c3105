"""Which of those who share a job made it fail, and what each is told. The search itself is that of sweeps. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from qrt_async.errors import JobError, JobFailed, QrtError, Refused, ServiceError
from qrt_async.programs.slicing import Span
from qrt_async.sweep.piece import Piece, Pieces
from qrt_async.sweep.split import Naming, is_worth_splitting

E = TypeVar("E", bound=QrtError)

_MALFORMED = frozenset({400, 422})
"""What the service answers where it reads the input before it takes the job."""
_PUB = re.compile(r"(\bPUB\s*#?\s*)(\d+)\b", re.IGNORECASE)


def pieces_of(places: Sequence[int]) -> Pieces:
    """Programs as the search for bad points knows them: each is one point, of a circuit of its own."""
    return tuple(Piece(place, place, place + 1) for place in places)


def places_of(pieces: Pieces) -> list[int]:
    """The programs again."""
    return [place for piece in pieces for place in range(piece.start, piece.stop)]


def is_of_one(error: BaseException) -> bool:
    """Did the job fail, or was it refused, for something in the input of one that the others need not have?"""
    malformed = isinstance(error, Refused) and error.status in _MALFORMED
    return malformed or is_worth_splitting(error, pieces_of(range(2)))


def naming(spans: Sequence[Span]) -> Naming:
    """Whom a reason means that speaks of a PUB; ``spans`` are the PUBs of each piece."""

    def named(pieces: Pieces, error: BaseException) -> Pieces:
        found = _PUB.search(_reason(error))
        pub = -1 if found is None else int(found[2])
        for piece, (first, count) in zip(pieces, spans, strict=True):
            if first <= pub < first + count:
                return (piece,)
        return ()

    return named


def copied(error: E) -> E:
    """Another object that says the same, for somebody else. Not by ``copy``, which libraries teach otherwise: once
    ``distributed`` is imported, copies of exceptions share what they know."""
    new = type(error).__new__(type(error), *error.args)
    new.__dict__.update(error.__dict__)
    return new


def in_own_words(error: E, span: Span) -> E:
    """A copy that counts PUBs as this one does."""
    own = copied(error)
    own.args = tuple(_renumbered(arg, span) if isinstance(arg, str) else arg for arg in error.args)
    if isinstance(own, JobError) and own.reason is not None:
        own.reason = _renumbered(own.reason, span)
    if isinstance(own, ServiceError):
        own.message = _renumbered(own.message, span)
    return own


def unproven(error: QrtError) -> JobFailed:
    """For one of several that may have been to blame: the reason speaks of another's program, perhaps."""
    code = error.reason_code if isinstance(error, JobError) else None
    job_id = error.job_id if isinstance(error, JobError) else ""
    reason = (
        "the jobs that this program shared with others failed for their input, and which of them is to blame was not"
        " found within the jobs that may be spent on it"
    )
    return JobFailed(
        f"Job {job_id} failed: {reason}", job_id=job_id, reason=reason, reason_code=code, solution=None
    )


def _reason(error: BaseException) -> str:
    return str(getattr(error, "reason", None) or getattr(error, "message", None) or "")


def _renumbered(text: str, span: Span) -> str:
    first, count = span

    def own(found: re.Match[str]) -> str:
        pub = int(found[2]) - first
        return f"{found[1]}{pub}" if 0 <= pub < count else f"{found[1]}of another"

    return _PUB.sub(own, text)
