"""The rows of a run in memory, and what may become of them. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec.structs import replace

from qrt_async.sweep.piece import Piece, Pieces, without
from qrt_async.sweep.rows import Failure, Row, State
from qrt_async.sweep.shelf import Shelf
from qrt_async.sweep.split import Search, Step


class Standing:
    """Every change returns the rows that have to be written down for it: together, or not at all.

    ``ended`` are the rows with a result or an error, in the order in which that came. ``extra`` counts the jobs that
    were spent on searches.
    """

    def __init__(
        self, rows: Iterable[Row] = (), *, extra: int = 0, last: int = 0, fresh_key: Callable[[], str]
    ) -> None:
        self._shelf = Shelf(rows, last)
        self._fresh_key = fresh_key
        self.ended = [row for row in self if row.state in {"done", "failed"}]
        self.extra = extra

    def __iter__(self) -> Iterator[Row]:
        """All that count, in the order of their points."""
        return iter(self._shelf)

    def of_job(self, key: str) -> tuple[Row, ...]:
        """The rows of a job that has not ended, in the order of its PUBs."""
        return self._shelf.of_job(key, "planned")

    def jobs(self) -> list[str]:
        """Keys of the jobs that have not ended, in the order in which they were planned."""
        return self._shelf.jobs("planned")

    def points(self, *states: State) -> int:
        """How many points stand so."""
        return self._shelf.points(*states)

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

    def reopen(self, rows: Iterable[Row]) -> None:
        """Their job is looked after again. Nothing to write down: what failed so was not."""
        for row in rows:
            self._shelf.put(replace(row, state="planned", failure=None))
        self.ended = [row for row in self if row.state in {"done", "failed"}]

    def void(self, rows: Iterable[Row]) -> list[Row]:
        """What was said of these points holds no more: they are missing."""
        gone = [replace(row, state="void") for row in rows]
        for row in gone:
            self._shelf.take(row)
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
        rows = (row for row in self if row.origin == origin and row.state in {"suspect", "held"})
        failures = [row.failure for row in rows if row.failure is not None]
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
            self._shelf.put(row)
        self.ended += rows
        return rows

    def _add(
        self, pieces: Pieces, state: State, job: str, origin: str, failure: Failure | None = None
    ) -> list[Row]:
        rows = []
        for place, piece in enumerate(pieces):
            row = Row(
                id=self._shelf.next_id(),
                piece=piece,
                state=state,
                job=job,
                place=place,
                origin=origin,
                failure=failure,
            )
            self._shelf.put(row)
            rows.append(row)
        return rows
