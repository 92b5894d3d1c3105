"""What is to be measured: circuits, points, and how well; checked when it is made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from qrt_async.errors import InvalidInput
from qrt_async.programs.circuits import is_circuit, is_quantum_circuit
from qrt_async.programs.observables import Observables
from qrt_async.programs.options import EstimatorOptions, SamplerOptions, read_options
from qrt_async.programs.program import Estimator, Sampler
from qrt_async.sweep.grid import read_grid
from qrt_async.sweep.piece import Piece


class Sweep:
    """One or several circuits at many points."""

    def __init__(
        self,
        circuit: Any,
        parameters: Any = None,
        *,
        observables: Any = None,
        shots: int | None = None,
        precision: float | None = None,
        combine: Any = "product",
        options: SamplerOptions | EstimatorOptions | Mapping[str, Any] | None = None,
    ) -> None:
        self.program_id: Literal["sampler", "estimator"] = "sampler" if observables is None else "estimator"
        self.circuits = _named(circuit)
        self.grid = read_grid(parameters, combine)
        self.size = len(self.circuits) * self.grid.size
        self.shots, self.precision = shots, precision
        self.observables = None if observables is None else Observables.read(observables)
        kind = SamplerOptions if observables is None else EstimatorOptions
        self.options = read_options(options, kind)
        if shots is not None and (precision is not None or observables is not None):
            raise InvalidInput("shots are for sweeps without observables, precision for those with.")
        for piece in self.pieces():
            self.program([Piece(piece.circuit, piece.start, piece.start + 1)])

    @property
    def observables_shape(self) -> tuple[int, ...]:
        return () if self.observables is None else self.observables.shape

    def circuit_of(self, index: int) -> str:
        """The name of the circuit that the point belongs to."""
        return self.circuits[index // self.grid.size][0]

    def parameters(self, index: int) -> dict[str, Any]:
        """The values at a point."""
        return self.grid.point(index % self.grid.size)

    def label(self, index: int) -> str:
        """A name for the point: ``theta=0.1``, with several circuits ``name: theta=0.1``."""
        values = self.grid.label(index % self.grid.size)
        if len(self.circuits) == 1:
            return values or self.circuits[0][0]
        return f"{self.circuit_of(index)}: {values}" if values else self.circuit_of(index)

    def pieces(self) -> list[Piece]:
        """All points, one piece for each circuit."""
        size = self.grid.size
        return [Piece(at, at * size, (at + 1) * size) for at in range(len(self.circuits))]

    def program(self, pieces: Sequence[Piece]) -> Sampler | Estimator:
        """What one job runs for these pieces, one PUB for each."""
        if self.observables is None:
            pubs = [(self.circuits[piece.circuit][1], self._values(piece)) for piece in pieces]
            return Sampler(pubs, shots=self.shots, options=self.options)
        nested = self.observables.nested()
        measured = [(self.circuits[piece.circuit][1], nested, self._values(piece)) for piece in pieces]
        return Estimator(measured, precision=self.precision, options=self.options)

    def key(self, *, backend: str, instance: str, name: str) -> str:
        """What the same sweep has in every process."""
        said = (self.circuits, self.size, self.grid.names, backend, instance, name)
        return hashlib.blake2b(repr(said).encode(), digest_size=20).hexdigest()

    def _values(self, piece: Piece) -> dict[str, Any] | None:
        """With one axis for each of the observables', which are never zipped with the points, and a last one for the
        parameter itself or the elements of its vector."""
        offset = piece.circuit * self.grid.size
        columns = self.grid.columns(piece.start - offset, piece.stop - offset)
        between = (1,) * len(self.observables_shape)
        return {
            name: column.reshape(len(column), *between, *(column.shape[1:] or (1,)))
            for name, column in columns.items()
        }


def _named(given: Any) -> tuple[tuple[str, Any], ...]:
    if is_circuit(given):
        named = {"circuit": given}
    elif isinstance(given, Mapping):
        named = dict(given)
    else:
        named = {str(at): circuit for at, circuit in enumerate(given)}
    return tuple(
        (name, circuit.copy() if is_quantum_circuit(circuit) else circuit) for name, circuit in named.items()
    )
