"""Execution spans: when the machine worked on which part of a Sampler's data (api.md 5.5)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, overload

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import LIMITS
from qrt_async.programs.typed import Reader, Revive


class Portion(Struct, frozen=True):
    """A part of one PUB's data. ``shape`` ends with the shots; the axes before it are flattened for ``points``."""

    shape: tuple[int, ...]
    points: tuple[int, int]
    shots: tuple[int, int] | None = None
    """``None``: ``points`` runs over the whole flattened shape, shots included."""
    at_front: bool | None = None
    """With twirling: whether the axis of randomizations is the first one, or stands before the shots."""
    pub_shots: int | None = None
    """With twirling: the shots asked for, where fewer than randomizations times shots."""

    @property
    def size(self) -> int:
        """How many shots."""
        if self.shots is None:
            return len(range(math.prod(self.shape))[slice(*self.points)])
        points = len(range(math.prod(self.shape[:-1]))[slice(*self.points)])
        return points * len(range(self.shape[-1])[slice(*self.shots)])

    def mask(self) -> NDArray[np.bool_]:
        """True where the data lie, in the shape of the PUB's data without its bits."""
        if math.prod(self.shape) > LIMITS.array_bytes:
            raise ResultError(f"An execution span declares the shape {self.shape}, beyond what is read here.")
        mask = np.zeros(self.shape, dtype=np.bool_)
        if self.shots is None:
            mask.reshape(-1)[slice(*self.points)] = True
            return mask
        mask.reshape(math.prod(self.shape[:-1]), self.shape[-1])[slice(*self.points), slice(*self.shots)] = (
            True
        )
        if self.at_front is None:
            return mask
        if self.at_front:
            mask = np.moveaxis(mask, 0, -2)
        merged = mask.reshape(*mask.shape[:-2], math.prod(mask.shape[-2:]))
        return merged[..., : self.pub_shots]


class ExecutionSpan(Struct, frozen=True):
    """A window of time and the data taken in it. Times are UTC. ``kind`` is the service's name for its layout."""

    kind: str
    start: datetime
    stop: datetime
    portions: dict[int, Portion]

    @property
    def duration(self) -> float:
        """Seconds."""
        return (self.stop - self.start).total_seconds()

    @property
    def pub_idxs(self) -> list[int]:
        """The PUBs with data in this window."""
        return sorted(self.portions)

    @property
    def size(self) -> int:
        """Shots in this window, over all PUBs."""
        return sum(portion.size for portion in self.portions.values())

    def mask(self, pub_idx: int) -> NDArray[np.bool_]:
        """Which shots of this PUB lie in the window; ``KeyError`` where none do."""
        return self.portions[pub_idx].mask()

    def contains_pub(self, pub_idx: int | Iterable[int]) -> bool:
        return not _set(pub_idx).isdisjoint(self.portions)

    def filter_by_pub(self, pub_idx: int | Iterable[int]) -> ExecutionSpan:
        """The same window with these PUBs only."""
        wanted = _set(pub_idx)
        return structs.replace(self, portions={i: part for i, part in self.portions.items() if i in wanted})


class ExecutionSpans(Sequence[ExecutionSpan]):
    """The windows of a job. Windows may overlap: classical work runs beside the machine's."""

    def __init__(self, spans: Iterable[ExecutionSpan]) -> None:
        self._spans = list(spans)

    @overload
    def __getitem__(self, index: int) -> ExecutionSpan: ...
    @overload
    def __getitem__(self, index: slice) -> ExecutionSpans: ...
    def __getitem__(self, index: int | slice) -> ExecutionSpan | ExecutionSpans:
        return ExecutionSpans(self._spans[index]) if isinstance(index, slice) else self._spans[index]

    def __len__(self) -> int:
        return len(self._spans)

    def __iter__(self) -> Iterator[ExecutionSpan]:
        return iter(self._spans)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExecutionSpans) and self._spans == other._spans

    __hash__ = None  # type: ignore[assignment] # compared by value, and holds a list

    def __repr__(self) -> str:
        return f"ExecutionSpans({self._spans!r})"

    @property
    def start(self) -> datetime:
        return min(span.start for span in self)

    @property
    def stop(self) -> datetime:
        return max(span.stop for span in self)

    @property
    def duration(self) -> float:
        """Seconds from the first start to the last stop."""
        return (self.stop - self.start).total_seconds()

    @property
    def pub_idxs(self) -> list[int]:
        return sorted({index for span in self for index in span.pub_idxs})

    def filter_by_pub(self, pub_idx: int | Iterable[int]) -> ExecutionSpans:
        wanted = _set(pub_idx)
        return ExecutionSpans(span.filter_by_pub(wanted) for span in self)

    def sort(self) -> ExecutionSpans:
        """By start, then stop."""
        return ExecutionSpans(sorted(self._spans, key=lambda span: (span.start, span.stop)))

    def to_qiskit(self) -> Any:
        """The official client's ``ExecutionSpans`` where that client is installed; otherwise these."""
        from qrt_async.programs import official  # imports Qiskit

        return official.execution_spans(self)


def _set(pub_idx: int | Iterable[int]) -> set[int]:
    return {pub_idx} if isinstance(pub_idx, int) else set(pub_idx)


def _double(shape: Any, first: int, last: int, shot: int, end: int) -> Portion:
    return Portion(tuple(shape), (first, last), (shot, end))


def _twirled(
    shape: Any, front: bool, first: int, last: int, shot: int, end: int, asked: int | None = None
) -> Portion:
    return Portion(tuple(shape), (first, last), (shot, end), front, asked)


def _flat(shape: Any, first: int, last: int) -> Portion:
    return Portion(tuple(shape), (first, last))


def _span(kind: str, portion: Any) -> Reader:
    def read(value: Any, revive: Revive) -> ExecutionSpan:
        portions = {int(index): _checked(portion(*entry)) for index, entry in value["data_slices"].items()}
        start, stop = revive(value["start"]), revive(value["stop"])
        if not isinstance(start, datetime) or not isinstance(stop, datetime):
            raise ResultError("An execution span has no times.")
        return ExecutionSpan(kind, start, stop, portions)

    return read


def _checked(portion: Portion) -> Portion:
    numbers = [*portion.shape, *portion.points, *(portion.shots or ()), portion.pub_shots or 0]
    if not portion.shape or not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise ResultError(f"An execution span names the data {portion}.")
    return portion


def _spans(value: Any, revive: Revive) -> ExecutionSpans:
    spans = [revive(span) for span in value["spans"]]
    if not all(isinstance(span, ExecutionSpan) for span in spans):
        raise ResultError("The execution spans hold what is none.")
    return ExecutionSpans(spans)


SPANS: Mapping[str, Reader] = {
    "ExecutionSpans": _spans,
    "ExecutionSpanCollection": _spans,  # the name until 2025
    "DoubleSliceSpan": _span("DoubleSliceSpan", _double),
    "TwirledSliceSpan": _span("TwirledSliceSpan", _twirled),
    "TwirledSliceSpanV2": _span("TwirledSliceSpanV2", _twirled),
    "ExecutionSpan": _span("SliceSpan", _flat),
}
