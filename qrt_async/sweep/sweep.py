"""What is to be measured: circuits, points, and how well; checked when it is made. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from qrt_async.errors import InvalidInput
from qrt_async.programs.circuits import is_circuit, is_quantum_circuit, read_circuit
from qrt_async.programs.observables import Observables
from qrt_async.programs.options import EstimatorOptions, SamplerOptions, read_options
from qrt_async.programs.program import Estimator, Sampler
from qrt_async.programs.values import elements, listed
from qrt_async.sweep.axes import UNKNOWN, Lengths
from qrt_async.sweep.canonical import sweep_key
from qrt_async.sweep.grid import Grid
from qrt_async.sweep.piece import Piece
from qrt_async.sweep.reading import read_grid

Named = tuple[tuple[str, Any], ...]


class Sweep:
    """One circuit, or several, measured at many points of parameter values. Checked when it is made; nothing is sent.

    ``circuit`` is an OpenQASM 3 text or a ``QuantumCircuit`` that fits the backend; a list of circuits, or a mapping
    of names to them, runs each at all points.

    ``parameters`` and ``combine`` describe the points. Names are the circuit's, or Qiskit's ``Parameter`` and
    ``ParameterVector`` objects, or tuples of names, whose values stand side by side. Under each name stands a number
    (the same for all points), or a list, range or array of them. For a vector ``k`` numbers are one value, an array
    ``(n, k)`` is ``n`` of them.

    - ``"product"`` (default): every combination, the last name fastest, as ``itertools.product``. Points have the
      shape ``(len(first), len(second), …)``.
    - ``"zip"``: values side by side, as many of each; arrays of one shape, as ``np.meshgrid`` makes them, give the
      points that shape.
    - A list of mappings in place of one, nested freely: one grid after the other, each combined so.
    - ``combine=[…]``, a list of points, or an array of one row each: a point is a mapping, or a tuple in the order of
      ``parameters``, which are then the names. As a mapping, these say what is fixed (a number) and what a point may
      have (a list); ``None`` leaves the names to the first point.
    - ``parameters=None``: one point, for circuits without parameters.

    Without ``observables`` the sweep is a Sampler's, with ``shots`` a point; with them an Estimator's, with
    ``precision``: every point is measured in all observables, so ``N`` points and ``M`` observables are ``N × M``
    values. ``None`` leaves shots and precision to ``options``, and these to the service. All points share them.

    ``size`` counts the points, circuit by circuit; ``parameters(index)`` and ``label(index)`` say what a point is.
    Axes are kept, points are not listed: a million points of a product take the memory of its axes. What is given is
    copied. Raises ``InvalidInput``, which names the parameter, entry or point that is wrong.
    """

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
        _check_wish(observables, shots, precision)
        self.program_id: Literal["sampler", "estimator"] = "sampler" if observables is None else "estimator"
        self.options = read_options(options, SamplerOptions if observables is None else EstimatorOptions)
        self.shots, self.precision = shots, precision
        self.observables = None if observables is None else Observables.read(observables)
        self.circuits = _named(circuit)
        self.grid = read_grid(parameters, combine, _lengths(self.circuits))
        self.size = len(self.circuits) * self.grid.size
        _check_vectors(self.grid, self.circuits)
        self._try_each()

    def __repr__(self) -> str:
        return f"<Sweep {self.program_id} of {self.size:,} points, {len(self.circuits)} circuits>"

    @property
    def observables_shape(self) -> tuple[int, ...]:
        return () if self.observables is None else self.observables.shape

    def circuit_of(self, index: int) -> str:
        """The name of the circuit that the point belongs to: ``"circuit"`` where there is one, its place in a list,
        or its name in a mapping."""
        return self.circuits[self._place(index)[0]][0]

    def parameters(self, index: int) -> dict[str, Any]:
        """The values at a point: plain floats, arrays for vectors."""
        return self.grid.point(self._place(index)[1])

    def label(self, index: int) -> str:
        """A name for the point: ``theta=0.1``, with several circuits ``name: theta=0.1``. Equal values have equal
        names on every machine."""
        circuit, values = self.circuit_of(index), self.grid.label(self._place(index)[1])
        if len(self.circuits) == 1:
            return values or circuit
        return f"{circuit}: {values}" if values else circuit

    def pieces(self) -> list[Piece]:
        """All points, one piece for each circuit."""
        size = self.grid.size
        return [Piece(at, at * size, (at + 1) * size) for at in range(len(self.circuits))]

    def program(self, pieces: Sequence[Piece]) -> Sampler | Estimator:
        """What one job runs for these pieces, one PUB for each, of the shape ``(points, *observables_shape)``.
        Without parameters there is one point, and no axis for it."""
        circuits = [self.circuits[piece.circuit][1] for piece in pieces]
        values = [self._values(piece) for piece in pieces]
        if self.observables is None:
            return Sampler(list(zip(circuits, values, strict=True)), shots=self.shots, options=self.options)
        nested = self.observables.nested()
        pubs = [(circuit, nested, at) for circuit, at in zip(circuits, values, strict=True)]
        return Estimator(pubs, precision=self.precision, options=self.options)

    def key(self, *, backend: str, instance: str, name: str, tenant: str | None = None) -> str:
        """What the same sweep has in every process and with every version of Qiskit; another one for each tenant. Reads
        every point: a second for some millions, so it belongs in a thread."""
        return sweep_key(
            program=self.program_id,
            circuits=self.circuits,
            grid=self.grid,
            observables=self.observables,
            shots=self.shots,
            precision=self.precision,
            options=self.options,
            backend=backend,
            instance=instance,
            name=name,
            tenant=tenant,
        )

    def _place(self, index: int) -> tuple[int, int]:
        if not 0 <= index < self.size:
            raise IndexError(f"Got the point {index}; there are {self.size}.")
        return divmod(index, self.grid.size)

    def _try_each(self) -> None:
        """Builds the first point of each circuit: what is wrong with names, observables or shots is so for all."""
        for piece in self.pieces():
            try:
                self.program([Piece(piece.circuit, piece.start, piece.start + 1)])
            except InvalidInput as error:
                where = "" if len(self.circuits) == 1 else f"circuit {self.circuits[piece.circuit][0]!r}: "
                raise InvalidInput(where + str(error).removeprefix("PUB 0: ")) from None

    def _values(self, piece: Piece) -> dict[str, Any]:
        """With one axis for each of the observables', which are never zipped with the points, and a last one for the
        parameter itself or the elements of its vector."""
        offset = piece.circuit * self.grid.size
        columns = self.grid.columns(piece.start - offset, piece.stop - offset)
        between = (1,) * len(self.observables_shape)
        return {
            name: column.reshape(len(column), *between, *(column.shape[1:] or (1,)))
            for name, column in columns.items()
        }


def _check_wish(observables: Any, shots: Any, precision: Any) -> None:
    if shots is not None and precision is not None:
        raise InvalidInput("Got shots and precision; shots go without observables, precision with them.")
    if observables is None and precision is not None:
        raise InvalidInput(
            "Got precision and no observables; give observables, or shots in place of precision."
        )
    if observables is not None and shots is not None:
        raise InvalidInput(
            "Got shots beside observables, whose wanted standard error is precision: 1 / sqrt(shots) is about that of "
            "so many shots."
        )


def _named(given: Any) -> Named:
    if is_circuit(given):
        named: Mapping[Any, Any] = {"circuit": given}
    elif isinstance(given, Mapping):
        named = given
    elif isinstance(given, (list, tuple)):
        named = {str(at): circuit for at, circuit in enumerate(given)}
    else:
        raise InvalidInput(
            f"Got a circuit of type {type(given).__name__}; allowed are an OpenQASM 3 string, a QuantumCircuit, a list "
            "of these, and a mapping of names to them."
        )
    if not named or not all(isinstance(name, str) and name for name in named):
        raise InvalidInput(
            f"Got the circuits {list(named)!r:.60}; at least one is needed, and names are texts."
        )
    return tuple(
        (name, circuit.copy() if is_quantum_circuit(circuit) else circuit) for name, circuit in named.items()
    )


def _lengths(circuits: Named) -> Lengths:
    known: list[tuple[str, ...] | None] = []
    for name, given in circuits:
        try:
            known.append(read_circuit(given).names)
        except InvalidInput as error:
            raise InvalidInput(f"{name if len(circuits) > 1 else 'The circuit'}: {error}") from None

    def length(name: str) -> int | None:
        for names in known:
            if names is not None and name in names:
                return None
            if names is not None and (found := elements(name, names)):
                return len(found)
        return UNKNOWN

    return length


def _check_vectors(grid: Grid, circuits: Named) -> None:
    """Of a text whose inputs cannot be told, a vector's elements would be taken for more points."""
    vectors = [name for name, width in grid.widths.items() if width is not None]
    if vectors and any(read_circuit(given).names is None for _, given in circuits):
        raise InvalidInput(
            f"Got vectors for {listed(vectors)} and a text whose inputs cannot be told; give numbers, under the name "
            "of each input."
        )
