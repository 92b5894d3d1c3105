"""How far submissions that share jobs may go. The rules are in ``coalesce``."""

from __future__ import annotations

import math

import msgspec

from qrt_async.errors import InvalidInput
from qrt_async.transport.whole import whole


class Coalesce(msgspec.Struct, frozen=True, kw_only=True):
    """Submissions with ``share=True`` wait up to ``max_wait`` seconds for others to share a job with, and longer only
    while there is no permit for them to leave with: that wait costs nothing. A job holds at most ``max_points`` points
    of all that share it (a point is one set of parameter values), and no more executions, bytes or expected seconds of
    QPU time than a job of a sweep.

    What is bad makes the whole job fail, and finding it takes up to ``ceil(log2 n) + 1`` jobs more for n programs: that
    is what ``max_points`` bounds.
    """

    max_wait: float = 2.0
    max_points: int = 200

    def __post_init__(self) -> None:
        whole("max_points", self.max_points)
        if isinstance(self.max_wait, bool) or not 0 <= self.max_wait < math.inf:
            raise InvalidInput(f"{self!r}: max_wait must be seconds, 0 or more.")
