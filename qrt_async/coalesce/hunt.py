"""A search for what made a shared job fail: who is suspected, who is held back, what it may still cost. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from qrt_async.coalesce.faults import in_own_words, naming, pieces_of, places_of, unproven
from qrt_async.coalesce.share import Share
from qrt_async.errors import QrtError
from qrt_async.programs.slicing import Span
from qrt_async.sweep import split
from qrt_async.sweep.piece import Pieces
from qrt_async.sweep.split import Search


class Found(Struct, frozen=True):
    """What comes next: whose program is bad, or may be, with what each is told; and who is to be tested."""

    failed: list[tuple[Share, QrtError]]
    send: list[Share]
    suspects: list[Share]
    held: list[Share]
    over: bool


class Hunt:
    """``shares`` are those of the job ``origin``, by their places; ``left`` jobs may be spent. The search itself is
    that of sweeps, with a program in the place of a point."""

    def __init__(self, origin: str, shares: Sequence[Share], left: int) -> None:
        self.origin = origin
        self.left = left
        self.shares = list(shares)
        self._search = Search(())
        self._errors: dict[int, QrtError] = {}

    def places(self, shares: Iterable[Share]) -> list[int]:
        """Where these are."""
        return [self.shares.index(share) for share in shares]

    def resume(self, suspects: Sequence[Share], held: Sequence[Share], errors: dict[str, QrtError]) -> None:
        """As an earlier process left it."""
        self._search = Search(self._pieces(suspects), self._pieces(held))
        self._errors = {at: errors[s.key] for at, s in enumerate(self.shares) if s.key in errors}

    def error_of(self, share: Share) -> QrtError:
        """Why its last job failed, in its own words."""
        return self._errors[self.shares.index(share)]

    def begin(self, error: QrtError, spans: Sequence[Span]) -> Found:
        """The job of all failed."""
        pieces = self._pieces(self.shares)
        self._note(pieces, error, spans)
        self._search = split.begin(pieces, error, naming(spans))
        return self._next(error)

    def passed(self) -> Found | None:
        """The job that was out completed. ``None``: nothing is left to look for."""
        if split.passed(self._search) is None:
            return None
        return self._next(self._errors[places_of(self._search.suspects)[0]])

    def fell(self, tested: Pieces, error: QrtError, spans: Sequence[Span]) -> Found:
        """The job that was out failed for its input, too."""
        self._note(tested, error, spans)
        search = split.fell(self._search, tested, error, naming(spans))
        if search is not None:
            self._search = search
            return self._next(error)
        return self._give_up(tested, error)

    def broken_off(self, error: QrtError) -> Found:
        """The job that was out came to nothing for another reason."""
        return self._give_up((), error)

    def _next(self, error: QrtError) -> Found:
        search = self._search
        step = split.next_step(search, self.left)
        self.left -= bool(step.send)
        proven = len(search.suspects) == 1
        self._search = step.search or Search(())
        suspects = set(places_of(search.suspects)) if proven else set[int]()
        failed = [
            (self.shares[at], self._errors.get(at, error) if at in suspects else unproven(error))
            for at in places_of(step.failed)
        ]
        return Found(
            failed,
            self._at(step.send),
            self._at(self._search.suspects),
            self._at(self._search.held),
            over=not step.send,
        )

    def _give_up(self, tested: Pieces, error: QrtError) -> Found:
        rest = (*tested, *self._search.suspects, *self._search.held)
        self._search = Search(())
        return Found([(share, unproven(error)) for share in self._at(rest)], [], [], [], over=True)

    def _note(self, pieces: Pieces, error: QrtError, spans: Sequence[Span]) -> None:
        for place, span in zip(places_of(pieces), spans, strict=True):
            self._errors[place] = in_own_words(error, span)

    def _pieces(self, shares: Sequence[Share]) -> Pieces:
        return pieces_of(self.places(shares))

    def _at(self, pieces: Pieces) -> list[Share]:
        return [self.shares[place] for place in places_of(pieces)]
