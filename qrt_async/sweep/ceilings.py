"""What one job may hold."""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct

from qrt_async.errors import InvalidInput
from qrt_async.programs.program import MOST_EXECUTIONS

WISHED_SECONDS: Final = 300.0
"""QPU seconds of a job where nothing asks for less: long enough that its overhead does not count, short enough that
a failed one is no month's quota."""
JOB_SECONDS: Final = 2.0
"""What each job takes besides its executions (api.md 2.6)."""
JOB_BYTES: Final = 2_000
"""What each job sends besides its PUBs: options, tags, the backend's name."""
_FILLED: Final = 0.9
"""Of the bytes that may be sent: those of a point are an estimate."""
_SAFE: Final = 0.5
"""Of the seconds after which the service ends a job: those of a point are an estimate, too."""


class Ceilings(Struct, frozen=True, kw_only=True):
    """``executions``, ``payload`` and ``most_seconds`` are never passed (an Estimator's executions are, by one point
    alone: the service divides such jobs); ``seconds`` is, where one point alone takes longer. ``None`` or infinity is
    no ceiling."""

    executions: int = MOST_EXECUTIONS
    payload: float = math.inf
    seconds: float = WISHED_SECONDS
    most_seconds: float = math.inf
    pubs: int | None = None


def ceilings_for(
    *,
    max_payload: int | None = None,
    cost: float | None = None,
    most_seconds: float | None = None,
    pubs: int | None = None,
) -> Ceilings:
    """``max_payload`` bytes are sent at most; ``cost`` is what the user allows a job, ``most_seconds`` what the plan
    does: half of the lesser is planned with, so that a job that takes longer than expected is not cancelled for it."""
    most = min(cost or math.inf, most_seconds or math.inf)
    return Ceilings(
        payload=math.inf if max_payload is None else max_payload * _FILLED,
        seconds=min(WISHED_SECONDS, most * _SAFE),
        most_seconds=most,
        pubs=pubs,
    )


def check_cost(cost: float | None, points: int) -> None:
    """``InvalidInput`` where the overhead of a job alone fills what may be planned with, so that each would have one
    point, and each of them that overhead."""
    if cost and cost * _SAFE <= JOB_SECONDS and points > 1:
        raise InvalidInput(
            f"A cost of {cost:g} s makes a job of each of {points:,} points: half of it is planned with, and"
            f" {JOB_SECONDS:g} s of that go to the job itself. Raise it above {JOB_SECONDS / _SAFE:g} s, or say pack=1"
            " where that is meant. Nothing was sent."
        )
