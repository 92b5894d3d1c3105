"""Draws of a samplex: the random values that a twirled template runs with, and what undoes them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np
from qiskit.quantum_info import PauliLindbladMap
from samplomatic.serialization import samplex_from_json

from qrt_async.emulator.failure import BAD_INPUT, UNREADABLE, ProgramFailed
from qrt_async.emulator.simulation.values import Values

from .quantum_program import SamplexItem, joined
from .tensors import Array

VALUES = "parameter_values"
PRECISION = 1e-6


class Drawn(msgspec.Struct, frozen=True):
    """Values for a template, of the shape ``(*item, parameters)``, and the other outputs, by name."""

    values: Values
    others: dict[str, Array]


def draw(item: SamplexItem, fresh: Callable[[bytes], int]) -> Drawn:
    """Randomizations for every element of the item.

    ``fresh`` turns the arguments a draw follows from, as bytes, into a seed. Elements that share their
    arguments are drawn together, independently of each other. Raises ``ProgramFailed``.
    """
    samplex = _samplex(item.samplex_json)
    inputs = _inputs(samplex, item.arguments)
    shape = item.shape
    if joined(shape, inputs.shape) != shape:
        raise ProgramFailed(
            BAD_INPUT, f"The shape {shape} of an item does not extend its arguments' {inputs.shape}"
        )
    number = len(item.circuit.parameters)
    arrays: dict[str, Array] = {VALUES: np.zeros((*shape, number))}
    for point, places in _elements(inputs.shape, shape):
        given = inputs[point]
        chance = np.random.default_rng(fresh(_described(given)))
        for name, values in samplex.sample(given, len(places[0]) if places else 1, chance).items():
            if name not in arrays or arrays[name].shape[len(shape) :] != values.shape[1:]:
                _check_width(name, values, number)
                arrays[name] = np.zeros((*shape, *values.shape[1:]), values.dtype)
            arrays[name][places] = values if places else values[0]
    return Drawn(_exact(arrays.pop(VALUES)), arrays)


def _exact(values: Values) -> Values:
    """Drawn in single precision, quarter turns come out a little off; here they are quarter turns again."""
    turns = values / (np.pi / 2.0)
    whole = np.round(turns)
    return np.where(np.abs(turns - whole) < PRECISION, whole * (np.pi / 2.0), values)


def _samplex(text: str) -> Any:
    try:
        return samplex_from_json(text).finalize()
    except Exception as error:  # whatever a damaged text makes the loader raise
        raise ProgramFailed(
            UNREADABLE, f"The samplex could not be loaded: {type(error).__name__}: {error}"[:500]
        ) from error


def _inputs(samplex: Any, arguments: dict[str, Any]) -> Any:
    """The samplex's interface with everything bound that it asks for."""
    try:
        inputs = samplex.inputs().make_broadcastable()
        for name, value in arguments.items():
            inputs[name] = _argument(value)
    except Exception as error:  # whatever a wrong argument makes it raise
        raise ProgramFailed(
            BAD_INPUT, f"The samplex_arguments do not fit the samplex: {error}"[:500]
        ) from error
    if not inputs.fully_bound:
        missing = inputs.describe(prefix="", include_bound=False)
        raise ProgramFailed(BAD_INPUT, f"The samplex_arguments lack: {missing}"[:500])
    return inputs


def _argument(value: Any) -> Any:
    if isinstance(value, dict):
        terms = [(letters, qubits, rate) for letters, qubits, rate in value["sparse_terms"]]
        return PauliLindbladMap.from_sparse_list(terms, value["num_qubits"])
    return value


def _check_width(name: str, values: Array, number: int) -> None:
    if name == VALUES and values.shape[1:] != (number,):
        raise ProgramFailed(
            BAD_INPUT, f"The samplex draws {values.shape[-1]} values for a circuit of {number} parameters"
        )


def _elements(
    implied: tuple[int, ...], shape: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], tuple[Any, ...]]]:
    """Each place in the arguments, and the places in the item that it serves: empty for one without axes."""
    size = np.prod(implied, dtype=np.intp)
    served = np.broadcast_to(np.arange(size).reshape(implied), shape)
    for number, point in enumerate(np.ndindex(implied)):
        places = np.nonzero(served == number) if shape else ()
        if not places or len(places[0]):
            yield point, places


def _described(inputs: Any) -> bytes:
    """What is bound, the same bytes in every process."""
    told = hashlib.blake2b(digest_size=16)
    for name in sorted(inputs):
        value = inputs[name]
        told.update(name.encode())
        told.update(
            repr(sorted(value.to_sparse_list())).encode()
            if isinstance(value, PauliLindbladMap)
            else np.ascontiguousarray(value).tobytes()
        )
    return told.digest()
