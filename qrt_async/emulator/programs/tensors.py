"""Arrays in the encoding of the executor: base64 of little-endian bytes, from version 2.0 on compressed."""

from __future__ import annotations

import base64
import binascii
import math
import zlib
from typing import Any

import numpy as np

from qrt_async.emulator.failure import BAD_INPUT, ProgramFailed

Array = np.ndarray[Any, Any]

DTYPES = {
    "f16": "<f2", "f32": "<f4", "f64": "<f8", "c64": "<c8", "c128": "<c16",
    "i8": "<i1", "i16": "<i2", "i32": "<i4", "i64": "<i8",
    "u8": "<u1", "u16": "<u2", "u32": "<u4", "u64": "<u8",
}  # fmt: skip
"""Apart from ``bool``, which is packed eight to a byte, the first one in the lowest bit."""
NAMES = {np.dtype(numpy): name for name, numpy in DTYPES.items()}
MAX_BYTES = 256 * 2**20


def is_tensor(given: Any) -> bool:
    return isinstance(given, dict) and {"data", "shape", "dtype"} <= given.keys()


def read_tensor(given: Any, *, compressed: bool) -> Array:
    """The array of ``{data, shape, dtype}``; raises ``ProgramFailed``."""
    try:
        shape = tuple(int(length) for length in given["shape"])
        size = math.prod(shape)
        data = _bytes(given["data"], compressed=compressed)
        if min(shape, default=0) < 0:
            raise ValueError(f"the shape {shape} has a negative length")
        if given["dtype"] == "bool":
            return _unpacked(data, size).reshape(shape)
        return np.frombuffer(data, DTYPES[given["dtype"]]).reshape(shape)
    except (KeyError, TypeError, ValueError, OverflowError, binascii.Error, zlib.error) as error:
        raise ProgramFailed(BAD_INPUT, f"A tensor could not be read: {error}"[:500]) from error


def write_tensor(array: Array, *, compressed: bool) -> dict[str, Any]:
    """``{data, shape, dtype}`` of an array of one of ``DTYPES`` or of ``bool``."""
    if array.dtype == np.bool_:
        name, data = "bool", np.packbits(array, bitorder="little").tobytes()
    else:
        name = NAMES[array.dtype.newbyteorder("<")]
        data = np.ascontiguousarray(array, DTYPES[name]).tobytes()
    text = base64.b64encode(zlib.compress(data) if compressed else data).decode()
    return {"data": text, "shape": list(array.shape), "dtype": name}


def _bytes(text: Any, *, compressed: bool) -> bytes:
    data = base64.b64decode(text, validate=True)
    if not compressed:
        return data
    inflate = zlib.decompressobj()
    inflated = inflate.decompress(data, MAX_BYTES)
    if inflate.unconsumed_tail or not inflate.eof:
        raise ValueError("its compressed data is cut off or too large")
    return inflated


def _unpacked(data: bytes, size: int) -> Array:
    if len(data) != (size + 7) // 8:
        raise ValueError(f"{len(data)} bytes are not {size} packed bits")
    return np.unpackbits(np.frombuffer(data, np.uint8), count=size, bitorder="little").astype(np.bool_)
