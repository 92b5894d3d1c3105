"""PUBs: a circuit, the values of its parameters, what to measure, and how well."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from msgspec import Struct

from qrt_async.errors import InvalidInput
from qrt_async.programs.circuits import Circuit, is_circuit, read_circuit
from qrt_async.programs.observables import Observables
from qrt_async.programs.values import Parameters, Shape, broadcast, listed, named, positional

P = TypeVar("P")


class SamplerPub(Struct, frozen=True):
    circuit: Circuit
    parameters: Parameters
    shots: int | None

    @property
    def shape(self) -> Shape:
        return self.parameters.shape


class EstimatorPub(Struct, frozen=True):
    circuit: Circuit
    observables: Observables
    parameters: Parameters
    precision: float | None

    @property
    def shape(self) -> Shape:
        return broadcast([self.parameters.shape, self.observables.shape], "Values and observables")


def read_sampler_pubs(given: Any, shots: int | None) -> tuple[SamplerPub, ...]:
    """``InvalidInput`` unless every PUB is right and all ask for the same number of shots."""
    default = _shots(shots, "shots")
    circuits = _Circuits()
    pubs = _each(given, "PUB", lambda pub, where: _sampler_pub(pub, circuits, default, where))
    _one_for_all([pub.shots for pub in pubs], default, "shots")
    return pubs


def read_estimator_pubs(given: Any, precision: float | None) -> tuple[EstimatorPub, ...]:
    """``InvalidInput`` unless every PUB is right and all ask for the same precision."""
    default = _precision(precision, "precision")
    circuits = _Circuits()
    pubs = _each(given, "PUB", lambda pub, where: _estimator_pub(pub, circuits, default, where))
    _one_for_all([pub.precision for pub in pubs], default, "precision")
    return pubs


def read_circuits(given: Any) -> tuple[Circuit, ...]:
    """A list of circuits without parameters."""
    circuits = _Circuits()
    return _each(given, "circuit", lambda one, where: _bare_circuit(one, circuits, where))


def _each(given: Any, what: str, read: Callable[[Any, str], P]) -> tuple[P, ...]:
    if is_circuit(given) or isinstance(given, Mapping) or not isinstance(given, Iterable):
        raise InvalidInput(f"Got a single {type(given).__name__}; needed is a list: wrap it in [ ].")
    entries = list(given)
    if not entries:
        raise InvalidInput("Got an empty list; at least one entry is needed.")
    if (
        isinstance(given, tuple)
        and is_circuit(entries[0])
        and not all(_starts_pub(entry) for entry in entries)
    ):
        raise InvalidInput("Got what looks like a single PUB; needed is a list of PUBs: wrap it in [ ].")
    return tuple(read(entry, f"{what} {index}") for index, entry in enumerate(entries))


def _starts_pub(entry: Any) -> bool:
    return is_circuit(entry) or (isinstance(entry, (tuple, list)) and len(entry) > 0 and is_circuit(entry[0]))


class _Circuits:
    """Reads each circuit object once, however many PUBs share it."""

    def __init__(self) -> None:
        self._read: dict[int, tuple[Any, Circuit]] = {}  # the object too, so that its id stays its own

    def __call__(self, given: Any, where: str) -> Circuit:
        try:
            if id(given) not in self._read:
                self._read[id(given)] = (given, read_circuit(given))
        except InvalidInput as error:
            raise InvalidInput(f"{where}: {error}") from None
        return self._read[id(given)][1]


def _sampler_pub(given: Any, circuits: _Circuits, default: int | None, where: str) -> SamplerPub:
    given = _untied(given, ("circuit", "parameter_values", "shots"))
    parts = _parts(given, 1, 3, "(circuit, values, shots)", where)
    circuit = circuits(parts[0], where)
    shots = _shots(parts[2], f"{where}, shots")
    return SamplerPub(circuit, _parameters(circuit, parts[1], where), default if shots is None else shots)


def _estimator_pub(given: Any, circuits: _Circuits, default: float | None, where: str) -> EstimatorPub:
    given = _untied(given, ("circuit", "observables", "parameter_values", "precision"))
    parts = _parts(given, 2, 4, "(circuit, observables, values, precision)", where)
    circuit = circuits(parts[0], where)
    observables = _observables(circuit, parts[1], where)
    precision = _precision(parts[3], f"{where}, precision")
    pub = EstimatorPub(
        circuit,
        observables,
        _parameters(circuit, parts[2], where),
        default if precision is None else precision,
    )
    broadcast([pub.parameters.shape, observables.shape], f"{where}: values and observables")
    return pub


def _untied(given: Any, parts: tuple[str, ...]) -> Any:
    """Qiskit's own PUBs as tuples; whoever holds one has imported it."""
    qiskits = type(given).__module__.startswith("qiskit.") and all(hasattr(given, part) for part in parts)
    return tuple(getattr(given, part) for part in parts) if qiskits else given


def _parts(given: Any, least: int, most: int, form: str, where: str) -> list[Any]:
    parts = [given] if is_circuit(given) else list(given) if isinstance(given, (tuple, list)) else None
    if parts is None:
        raise InvalidInput(f"{where}: got {type(given).__name__}; a PUB is a tuple {form}.")
    if not least <= len(parts) <= most:
        raise InvalidInput(f"{where}: got {len(parts)} entries; a PUB is {form}, {least} to {most} of these.")
    return parts + [None] * (most - len(parts))


def _bare_circuit(given: Any, circuits: _Circuits, where: str) -> Circuit:
    circuit = circuits(given, where)
    if circuit.names:
        raise InvalidInput(f"{where} has the free parameters {list(circuit.names)}; bind them first.")
    return circuit


def _observables(circuit: Circuit, given: Any, where: str) -> Observables:
    try:
        observables = Observables.read(given)
    except InvalidInput as error:
        raise InvalidInput(f"{where}: {error}") from None
    if circuit.num_qubits not in (None, observables.width):
        raise InvalidInput(
            f"{where}: got observables on {observables.width} qubits for a circuit of {circuit.num_qubits}; they must "
            "agree. observable.apply_layout(circuit.layout) widens one to a transpiled circuit."
        )
    return observables


def _parameters(circuit: Circuit, given: Any, where: str) -> Parameters:
    parameters = _read_parameters(circuit, given, where)
    if 0 in parameters.shape:
        raise InvalidInput(f"{where}: got values of shape {parameters.shape}, which is no point at all.")
    return parameters


def _read_parameters(circuit: Circuit, given: Any, where: str) -> Parameters:
    names = circuit.names
    if given is None:
        return named({}, names, where)
    if isinstance(given, Mapping):
        return named(given, names, where)
    if hasattr(given, "as_array") and isinstance(getattr(given, "data", None), Mapping):
        bound = named(given.data, names, where)  # Qiskit's BindingsArray, which may have a shape and no names
        return Parameters(broadcast([bound.shape, tuple(given.shape)], f"{where}: values"), bound.boxes)
    if circuit.positional:
        return positional(given, names or (), where)
    raise InvalidInput(f"{where}: {_without_order(names)}")


def _without_order(names: tuple[str, ...] | None) -> str:
    if names is None:
        return "got values by position for a text whose inputs cannot be told; name them, such as {'theta': 0.3}."
    return (
        "got values by position for an OpenQASM text whose inputs are not declared in alphabetical order: it says "
        f"{listed(names)}, the service would read {listed(sorted(names))}. Give them by name, such as "
        f"{{{names[0]!r}: 0.3}}."
    )


def _shots(given: Any, what: str) -> int | None:
    if given is None:
        return None
    if isinstance(given, bool) or not hasattr(given, "__index__") or int(given) <= 0:
        raise InvalidInput(f"{what}: got {given!r}; allowed are whole numbers above 0.")
    return int(given)


def _precision(given: Any, what: str) -> float | None:
    if given is None:
        return None
    try:
        number = float(given) if not isinstance(given, (bool, str)) else math.nan
    except (TypeError, ValueError):
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise InvalidInput(f"{what}: got {given!r}; allowed are numbers above 0, such as 0.01.")
    return number


def _one_for_all(asked: list[Any], default: Any, what: str) -> None:
    different = sorted(set(asked), key=str)
    if len(different) > 1:
        raise InvalidInput(
            f"Got PUBs with different {what} ({', '.join(map(str, different))}); a job has one value of {what}: "
            "send one job for each."
        )
    if default is not None and asked[0] != default:
        raise InvalidInput(
            f"Got {what}={default} and PUBs that ask for {asked[0]}; a job has one value of {what}: leave one out."
        )
