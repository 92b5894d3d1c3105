"""Rows, found by their job and counted by their state without looking at all of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from qrt_async.sweep.rows import Row, State


class Shelf:
    """By number; a row takes the place of the one of the same number. ``last`` is the highest that was ever given."""

    def __init__(self, rows: Iterable[Row], last: int = 0) -> None:
        self._rows: dict[int, Row] = {}
        self._of_job: defaultdict[str, dict[int, Row]] = defaultdict(dict)
        self._points: Counter[State] = Counter()
        self._highest = last
        for row in rows:
            self.put(row)

    def __iter__(self) -> Iterator[Row]:
        """In the order of their points."""
        return iter(sorted(self._rows.values(), key=lambda row: row.piece.start))

    def next_id(self) -> int:
        """One that no row ever had."""
        return self._highest + 1

    def put(self, row: Row) -> None:
        self.take(row)
        self._rows[row.id] = row
        self._of_job[row.job][row.id] = row
        self._points[row.state] += row.piece.size
        self._highest = max(self._highest, row.id)

    def take(self, row: Row) -> None:
        """The row of this number is none any more."""
        before = self._rows.pop(row.id, None)
        if before is not None:
            del self._of_job[before.job][before.id]
            self._points[before.state] -= before.piece.size
            if not self._of_job[before.job]:
                del self._of_job[before.job]

    def of_job(self, key: str, *states: State) -> tuple[Row, ...]:
        """Its rows in these states, in the order of its PUBs."""
        rows = [row for row in self._of_job.get(key, {}).values() if row.state in states]
        return tuple(sorted(rows, key=lambda row: row.place))

    def jobs(self, *states: State) -> list[str]:
        """Keys of the jobs that have a row in these states, in the order in which they were planned."""
        rows = (row for row in sorted(self._rows.values(), key=lambda row: row.id) if row.state in states)
        return list(dict.fromkeys(row.job for row in rows))

    def points(self, *states: State) -> int:
        """How many points stand so."""
        return sum(self._points[state] for state in states)
