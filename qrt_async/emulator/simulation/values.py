"""Parameter values as they arrive on the wire."""

from __future__ import annotations

import base64
import binascii
import io
import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from qiskit.circuit import ParameterVectorElement
from qiskit.primitives.containers.bindings_array import BindingsArray

from qrt_async.emulator.failure import BAD_INPUT, ProgramFailed

from .circuits import Circuit

Values = np.ndarray[Any, np.dtype[np.float64]]
MAX_ARRAY = 256 * 2**20


def read_values(given: Any, circuit: Circuit) -> Values:
    """The values of each point: shape ``(*points, parameters)``, in the circuit's positional order.

    Raises ``ProgramFailed`` when names or counts do not fit the circuit.
    """
    try:
        return _read(_untyped(given), circuit)
    except (ValueError, TypeError, OverflowError) as error:
        raise ProgramFailed(BAD_INPUT, f"The parameter values do not fit the circuit: {error}") from error


def _read(given: Any, circuit: Circuit) -> Values:
    names = [parameter.name for parameter in circuit.parameters]
    if given is None:
        given = []
    if not isinstance(given, BindingsArray | Mapping):
        return _checked(_positional(_array(given), names))
    bindings = given if isinstance(given, BindingsArray) else BindingsArray.coerce(_named(given, circuit))
    bound = [name for key in bindings.data for name in key]
    if sorted(bound) != sorted(names):
        raise ValueError(_mismatch(bound, names))
    return _checked(bindings.as_array(names) if names else np.zeros((*bindings.shape, 0)))


def _positional(array: Values, names: list[str]) -> Values:
    """The last axis runs over the parameters; where there is only one, it may be left out."""
    if array.ndim and array.shape[-1] == len(names):
        return array
    if len(names) == 1 and array.size:
        return array[..., np.newaxis]
    given = array.shape[-1] if array.ndim else 1
    raise ValueError(
        f"{given} values for {len(names)} parameters" + (f": {', '.join(names)}"[:300] if names else "")
    )


def _checked(values: Values) -> Values:
    if not np.isfinite(values).all():
        raise ValueError("they are not all finite")
    return np.asarray(values, dtype=np.float64)


def _named(given: Mapping[str, Any], circuit: Circuit) -> dict[Any, Any]:
    """Values by name; the name of a parameter vector stands for all its elements."""
    vectors = {
        parameter.vector.name: parameter.vector
        for parameter in circuit.parameters
        if isinstance(parameter, ParameterVectorElement)
    }
    singles = {parameter.name for parameter in circuit.parameters}
    return {
        tuple(element.name for element in vectors[name]) if name in vectors and name not in singles else name:
        _array(values)
        for name, values in given.items()
    }  # fmt: skip


def _mismatch(bound: list[str], names: list[str]) -> str:
    unknown = sorted(set(bound) - set(names))
    missing = sorted(set(names) - set(bound))
    facts = (
        [f"the circuit has the {len(names)} parameters {names}"]
        if names
        else ["the circuit has no parameters"]
    )
    facts += [f"{missing} have no value"] if missing else []
    facts += [f"{unknown} are not among them"] if unknown else []
    return ", ".join(facts)[:500]


def _untyped(given: Any) -> Any:
    """What a typed value stands for: an array, or the bindings of several."""
    kind = given.get("__type__") if isinstance(given, dict) else None
    if kind is None:
        return given
    value = given.get("__value__")
    if kind == "ndarray":
        return _ndarray(value)
    if kind == "BindingsArray" and isinstance(value, dict):
        data = {tuple(json.loads(key)): _untyped(array) for key, array in value["data"].items()}
        return BindingsArray(data, shape=tuple(value["shape"]))
    raise ValueError(f"values of the type {kind!r:.40} are not understood")


def _ndarray(value: Any) -> Any:
    if not isinstance(value, str):
        return _array(value)
    try:
        inflate = zlib.decompressobj()
        data = inflate.decompress(base64.b64decode(value, validate=True), MAX_ARRAY)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"an ndarray is not base64 of zlib of npy: {error}") from error
    return _array(np.load(io.BytesIO(data), allow_pickle=False))


def _array(values: Any) -> Values:
    array = np.asarray(values)
    if array.dtype.kind not in "iuf" and array.size:
        raise ValueError("they are not all real numbers")
    return array.astype(np.float64)
