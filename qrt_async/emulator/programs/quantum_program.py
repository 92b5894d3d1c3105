"""Quantum programs as they arrive on the wire: items to run, each a circuit with what it is run with."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import msgspec
import numpy as np

from qrt_async.emulator.devices.device import Device
from qrt_async.emulator.devices.documents import MAX_SHOTS
from qrt_async.emulator.failure import BAD_INPUT, LIMIT, OPTIONS, UNREADABLE, ProgramFailed
from qrt_async.emulator.simulation.circuits import Circuit, all_from_qpy
from qrt_async.emulator.simulation.isa import check_fit
from qrt_async.emulator.simulation.values import Values

from .iq import Level
from .pubs import from_text
from .tensors import is_tensor, read_tensor

Version = Literal["v0.1", "v0.2", "v1.0", "v1.1", "v2.0"]
Length = Annotated[int, msgspec.Meta(ge=0)]


class CircuitItem(msgspec.Struct, frozen=True):
    """A circuit, run at each point of ``values``, which have the shape ``(*shape, parameters)``."""

    circuit: Circuit
    values: Values
    shape: tuple[int, ...]


class SamplexItem(msgspec.Struct, frozen=True):
    """A template, and the samplex that draws its values; where ``shape`` exceeds the arguments', anew."""

    circuit: Circuit
    samplex_json: str
    arguments: dict[str, Any]
    """Arrays, numbers, and Pauli-Lindblad maps as JSON has them."""
    shape: tuple[int, ...]


Item = CircuitItem | SamplexItem


class QuantumProgram(msgspec.Struct, frozen=True):
    """``items``, each executed ``shots`` times a point; the rest is handed back with the result."""

    version: Version
    shots: int
    items: list[Item]
    passthrough: Any
    role: str | None
    level: Level | Literal["both"]

    @property
    def compressed(self) -> bool:
        return self.version == "v2.0"


class _Samplex(msgspec.Struct, frozen=True):
    samplex_json: str


class _Item(msgspec.Struct, frozen=True):
    item_type: Literal["circuit", "samplex"] = "circuit"
    circuit: Any = None
    circuit_arguments: dict[str, Any] | None = None
    samplex: _Samplex | None = None
    samplex_arguments: dict[str, Any] = {}
    shape: list[Length] = []
    chunk_size: Annotated[int, msgspec.Meta(ge=1)] | Literal["auto"] = "auto"


class _Program(msgspec.Struct, frozen=True):
    shots: Annotated[int, msgspec.Meta(ge=1)]
    items: list[_Item]
    circuits: Any = None
    semantic_role: str | None = None
    meas_level: Level | Literal["both"] = "classified"
    passthrough_data: Any = None


class _Options(msgspec.Struct, frozen=True):
    init_qubits: bool = True
    rep_delay: Annotated[float, msgspec.Meta(ge=0)] | None = None
    scheduler_timing: bool = False
    stretch_values: bool = False
    experimental: dict[str, Any] = {}


class _Params(msgspec.Struct, frozen=True):
    schema_version: Version
    quantum_program: _Program
    options: _Options


def read_program(given: Any, device: Device) -> QuantumProgram:
    """The program of an executor job; raises ``ProgramFailed`` for what the service would fail it for."""
    try:
        params = msgspec.convert(given, _Params)
    except msgspec.ValidationError as error:
        raise ProgramFailed(OPTIONS, f"The params of the job are not valid: {error}") from error
    program, version = params.quantum_program, params.schema_version
    if len({item.chunk_size == "auto" for item in program.items}) > 1:
        raise ProgramFailed(BAD_INPUT, "Either all items have a chunk_size of their own, or all have 'auto'")
    circuits = _circuits(program, version)
    for circuit in circuits:
        check_fit(circuit.circuit, device)
    items = [
        _item(item, circuit, compressed=version == "v2.0")
        for item, circuit in zip(program.items, circuits, strict=True)
    ]
    _check_shots(items, program.shots)
    return QuantumProgram(
        version,
        program.shots,
        items,
        program.passthrough_data,
        program.semantic_role,
        program.meas_level,
    )


def _circuits(program: _Program, version: Version) -> list[Circuit]:
    """One for each item: before version 1.0 they came with their items, since then in one file."""
    if version in ("v0.1", "v0.2"):
        circuits = [
            it
            for item in program.items
            for it in all_from_qpy(_member(item.circuit, "circuit_b64"), compressed=False)
        ]
    elif version == "v2.0" and isinstance(program.circuits, dict) and "data" in program.circuits:
        circuits = [_from_text(text) for text in program.circuits["data"]]
    else:
        circuits = all_from_qpy(_member(program.circuits, "b64_data"), compressed=version == "v2.0")
    if len(circuits) != len(program.items):
        raise ProgramFailed(BAD_INPUT, f"There are {len(circuits)} circuits for {len(program.items)} items")
    return circuits


def _member(given: Any, name: str) -> Any:
    if not isinstance(given, dict) or name not in given:
        raise ProgramFailed(UNREADABLE, f"The circuits of a quantum program are an object with {name!r}")
    return given[name]


def _from_text(text: Any) -> Circuit:
    if not isinstance(text, str):
        raise ProgramFailed(UNREADABLE, "The circuits of a quantum program are OpenQASM 3 texts, or QPY")
    return from_text(text)


def _item(item: _Item, circuit: Circuit, *, compressed: bool) -> Item:
    if item.item_type == "samplex":
        if item.samplex is None:
            raise ProgramFailed(BAD_INPUT, "A samplex item has a samplex")
        arguments = {
            name: read_tensor(value, compressed=compressed) if is_tensor(value) else value
            for name, value in item.samplex_arguments.items()
        }
        return SamplexItem(circuit, item.samplex.samplex_json, arguments, tuple(item.shape))
    if item.circuit_arguments is None:
        raise ProgramFailed(BAD_INPUT, "A circuit item has circuit_arguments, also without parameters")
    return _circuit_item(item, circuit, read_tensor(item.circuit_arguments, compressed=compressed))


def _circuit_item(item: _Item, circuit: Circuit, values: Values) -> CircuitItem:
    number = len(circuit.parameters)
    if values.dtype != np.float64 or not values.ndim or values.shape[-1] != number:
        raise ProgramFailed(
            BAD_INPUT,
            f"The circuit_arguments have the shape {values.shape}, but the circuit has {number} parameters",
        )
    if not np.isfinite(values).all():
        raise ProgramFailed(BAD_INPUT, "The circuit_arguments are not all finite")
    shape = joined(tuple(item.shape), values.shape[:-1])
    return CircuitItem(circuit, np.broadcast_to(values, (*shape, number)), shape)


def joined(shape: tuple[int, ...], implied: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of an item: the one given, extended by that of its arguments. Raises ``ProgramFailed``."""
    try:
        return np.broadcast_shapes(shape, implied)
    except ValueError as error:
        raise ProgramFailed(
            BAD_INPUT, f"The shape {shape} of an item does not fit its arguments' {implied}"
        ) from error


def _check_shots(items: list[Item], shots: int) -> None:
    total = shots * sum(math.prod(item.shape) for item in items)
    if total > MAX_SHOTS:
        raise ProgramFailed(
            LIMIT, f"The number of circuit shots {total} exceeds the system limit {MAX_SHOTS}"
        )
