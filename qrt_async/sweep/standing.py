"""The rows of a run in memory, and what may become of them. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec.structs import replace

from qrt_async.sweep.piece import Piece, Pieces, size_of, without
from qrt_async.sweep.rows import Failure, Row, State
from qrt_async.sweep.split import Search, Step

_OPEN = frozenset({"planned", "suspect", "held"})


class Standing:
    """Every change returns the rows that have to be written down for it: together, or not at all.

    ``ended`` are the rows with a result or an error, in the order in which that came. ``extra`` counts the jobs that
    were spent on searches.
    """

    def __init__(self, rows: Iterable[Row] = (), *, extra: int = 0, fresh_key: Callable[[], str]) -> None:
        self._rows = {row.id: row for row in rows}
        self._next = max(self._rows, default=0) + 1
        self._fresh_key = fresh_key
        self.ended = [row for row in self if row.state in {"done", "failed"}]
        self.extra = extra

    def __iter__(self) -> Iterator[Row]:
        """All that count, in the order of their points."""
        return iter(sorted(self._rows.values(), key=lambda row: row.piece.start))

    def of_job(self, key: str) -> tuple[Row, ...]:
        """The rows of a job that has not ended, in the order of its PUBs."""
        rows = [row for row in self._rows.values() if row.job == key and row.state == "planned"]
        return tuple(sorted(rows, key=lambda row: row.place))

    def jobs(self) -> list[str]:
        """Keys of the jobs that have not ended, in the order in which they were planned."""
        rows = [row for row in sorted(self._rows.values(), key=lambda row: row.id) if row.state == "planned"]
        return list(dict.fromkeys(row.job for row in rows))

    def points(self, *states: State) -> int:
        """How many points stand so."""
        return size_of(row.piece for row in self._rows.values() if row.state in states)

    def missing(self, pieces: Iterable[Piece]) -> Pieces:
        """What of ``pieces`` no row speaks of."""
        return without(pieces, [row.piece for row in self])

    # --- changes -----------------------------------------------------------------------------------------

    def plan(self, jobs: Iterable[Pieces], origin: str = "") -> list[Row]:
        """These jobs are to be sent."""
        return [row for pieces in jobs for row in self._add(pieces, "planned", self._fresh_key(), origin)]

    def end(self, key: str) -> list[Row]:
        """The job completed."""
        return self._finish([replace(row, state="done") for row in self.of_job(key)])

    def fail(self, rows: Iterable[Row], failure: Failure) -> list[Row]:
        """The points of these rows will have no result."""
        return self._finish([replace(row, state="failed", failure=failure) for row in rows])

    def void(self, rows: Iterable[Row]) -> list[Row]:
        """What was said of these points holds no more: they are missing."""
        gone = [replace(row, state="void") for row in rows]
        for row in gone:
            self._rows.pop(row.id, None)
        ids = {row.id for row in gone}
        self.ended = [row for row in self.ended if row.id not in ids]
        return gone

    def give_up(self, pieces: Pieces, failure: Failure) -> list[Row]:
        """Points that no row speaks of will have no result in this run."""
        rows = self._add(pieces, "failed", "", "", failure)
        self.ended += rows
        return rows

    # --- searching for a bad point -----------------------------------------------------------------------

    def origin_of(self, key: str) -> str:
        """Whose failure this job looks into; empty for a job of the plan."""
        rows = self.of_job(key)
        return rows[0].origin if rows else ""

    def search(self, origin: str) -> Search:
        """How it stands."""
        found = [row for row in self if row.origin == origin]
        suspects = tuple(row.piece for row in found if row.state == "suspect")
        return Search(suspects, tuple(row.piece for row in found if row.state == "held"))

    def failure_of(self, origin: str) -> Failure:
        """Why it was begun, in the words of the last job that failed."""
        failures = [row.failure for row in self if row.origin == origin and row.failure is not None]
        return failures[-1] if failures else Failure(kind="JobFailed", text="A job of the sweep failed.")

    def searches(self) -> dict[str, Failure]:
        """Those that are open, with no job out to test, and why they were begun."""
        out = {row.origin for row in self if row.state == "planned"}
        return {
            row.origin: row.failure
            for row in self
            if row.state in {"suspect", "held"} and row.origin not in out and row.failure is not None
        }

    def go_on(self, origin: str, step: Step, failure: Failure, tested: Sequence[Row] = ()) -> list[Row]:
        """What the search says next, in the place of what it said before and of the rows that were ``tested``."""
        before = [row for row in self if row.origin == origin and row.state in {"suspect", "held"}]
        changed = self.void([*before, *tested])
        given_up = self._add(step.failed, "failed", origin, origin, failure)
        self.ended += given_up
        changed += given_up
        if step.send:
            self.extra += 1
            changed += self.plan([step.send], origin)
        if step.search is not None:
            changed += self._add(step.search.suspects, "suspect", "", origin, failure)
            changed += self._add(step.search.held, "held", "", origin, failure)
        return changed

    def _finish(self, rows: list[Row]) -> list[Row]:
        for row in rows:
            self._rows[row.id] = row
        self.ended += rows
        return rows

    def _add(
        self, pieces: Pieces, state: State, job: str, origin: str, failure: Failure | None = None
    ) -> list[Row]:
        rows = []
        for place, piece in enumerate(pieces):
            fields = {"job": job, "place": place, "origin": origin, "failure": failure}
            rows.append(Row(id=self._next, piece=piece, state=state, **fields))  # type: ignore[arg-type] # as named
            self._next += 1
        self._rows |= {row.id: row for row in rows}
        return rows
