"""A point of a sweep with what became of it, and how a job's result is cut into points."""

from __future__ import annotations

from typing import Any

import numpy as np

from qrt_async.programs.bits import BitArray
from qrt_async.programs.containers import DataBin, PubResult


class SweepPoint:
    """One binding of parameters, and its result, its error, or neither where it is missing.

    ``index`` counts the points of the sweep in order, ``name`` is the same in each run of it, ``circuit`` the
    name of its circuit. ``result`` is as a job of this point alone would give it: bits of shape ``()``, expectation
    values in the shape of the observables. ``value`` is what ``transform`` made of it. ``job_id`` is the job it ran in.
    """

    __slots__ = ("circuit", "error", "index", "job_id", "name", "parameters", "result", "value")

    def __init__(
        self,
        index: int,
        name: str,
        circuit: str,
        parameters: dict[str, Any],
        *,
        result: Any = None,
        error: Exception | None = None,
        job_id: str | None = None,
    ) -> None:
        self.index = index
        self.name = name
        self.circuit = circuit
        self.parameters = parameters
        self.result: Any = result
        self.value: Any = None
        self.error = error
        self.job_id = job_id

    @property
    def missing(self) -> bool:
        """Has it neither a result nor an error, so far?"""
        return self.result is None and self.error is None

    def __repr__(self) -> str:
        said = "missing" if self.missing else "done" if self.error is None else f"{type(self.error).__name__}"
        return f"<SweepPoint {self.index} {self.name}: {said}>"


def result_at(pub: PubResult, place: int) -> PubResult:
    """The result of one point of a PUB whose first axis runs over points."""
    fields = {name: _at(value, place) for name, value in pub.data.items()}
    return PubResult(DataBin(fields, pub.data.shape[1:]), pub.metadata, pub.kind)


def _at(value: Any, place: int) -> Any:
    if isinstance(value, np.ndarray):
        return np.asarray(
            value[place]
        )  # a number alone would be no array any more, as that of a job of one point is
    return value[place] if isinstance(value, BitArray) else value
