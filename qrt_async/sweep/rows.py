"""How each piece of a sweep stands: what a run keeps in memory, and a journal on disk."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from qrt_async import errors
from qrt_async.errors import JobError, QrtError
from qrt_async.sweep.piece import Piece

State = Literal["planned", "done", "failed", "suspect", "held", "void"]
"""``planned``: of a job that was or will be submitted. ``suspect`` and ``held``: of a search for a bad point, see
``split``. ``void``: what became of it stands in later rows."""


class Failure(Struct, frozen=True, omit_defaults=True):
    """An error that can be written down."""

    kind: str
    text: str
    job_id: str = ""
    reason: str | None = None
    reason_code: int | None = None
    solution: str | None = None

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        if isinstance(error, JobError):
            facts = (error.job_id, error.reason, error.reason_code, error.solution)
            return cls(_kind(error), error.args[0], *facts)
        return cls(_kind(error), str(error))

    def error(self) -> QrtError:
        """The error again: of the same class where only a text makes it."""
        kind: Any = getattr(errors, self.kind, QrtError)
        facts: dict[str, Any] = {}
        if issubclass(kind, JobError):
            facts = {"job_id": self.job_id, "reason": self.reason, "reason_code": self.reason_code}
            facts["solution"] = self.solution
        try:
            made = kind(self.text, **facts)
        except TypeError:
            made = QrtError(f"{self.kind}: {self.text}")
        return made if isinstance(made, QrtError) else QrtError(self.text)


def _kind(error: BaseException) -> str:
    """Its class, or the one of those users know that it belongs to."""
    names = [kind.__name__ for kind in type(error).__mro__]
    return next((name for name in names if hasattr(errors, name)), names[0])


class Row(Struct, frozen=True, kw_only=True):
    """A piece, and how it stands. ``job`` is the key of its submission, in which it is PUB ``place``; ``origin``
    the key of the job whose failure is searched for, where it belongs to a search."""

    id: int
    piece: Piece
    state: State
    job: str = ""
    place: int = 0
    origin: str = ""
    failure: Failure | None = None


class JobRow(Struct, frozen=True, kw_only=True):
    """A job of a sweep as the service knows it."""

    key: str
    job_id: str | None = None
    charged: float | None = None
