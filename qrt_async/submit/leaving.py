"""What leaving a ``Submitter`` does, and what is said of those that were not sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from qrt_async.errors import NotSent
from qrt_async.events import Event, SubmissionsLeft
from qrt_async.submit.passage import Passage

Leave = Literal["drain", "detach", "cancel_waiting", "cancel_all"]
GIVES_UP: frozenset[Leave] = frozenset({"cancel_waiting", "cancel_all"})
"""What waits is not kept for a later process."""


def say_left(
    announce: Callable[[Event], None],
    left: Sequence[Passage],
    error: BaseException | None,
    leave: Leave,
    *,
    keeps: bool,
) -> None:
    """How many were not sent; of those that no journal has, in the words of an error where nothing else is under way.
    ``keeps``: there is a journal."""
    given_up = leave in GIVES_UP
    count = sum(given_up or not keeps or not passage.is_kept for passage in left)
    for number, kept in ((len(left) - count, True), (count, False)):
        if number:
            announce(SubmissionsLeft(count=number, kept=kept))
    if not count or (given_up and error is None):
        return
    words = f"{count} submission{'s were' if count > 1 else ' was'} not sent: their Submitter was left."
    if error is None:
        raise NotSent(words + ("" if keeps else " A journal would have kept them."), count=count)
    error.add_note(words)
