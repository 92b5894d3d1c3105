"""One field of a plain primitive result, ``support_qiskit: false`` (api.md 5.7): a register, or numbers."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from msgspec import Raw, Struct

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import LIMITS, Steps, check_declared
from qrt_async.programs.bits import BitArray
from qrt_async.programs.packing import pack_samples
from qrt_async.programs.samples import rows_in_pieces
from qrt_async.programs.typed import plain_array, revive_values, unpack

_AT_ONCE = 1 << 12
"""Samples that are read in one step where each is an object of Python's."""


class _Register(Struct):
    samples: Raw
    num_bits: int


def plain_field_in_pieces(node: Any) -> Steps[Any]:
    """The field that a text holds, or data that were read already."""
    if isinstance(node, Raw):
        yield 0
        try:
            register = msgspec.json.decode(node, type=_Register)
        except msgspec.DecodeError:
            node = msgspec.json.decode(node)
        else:
            if bytes(memoryview(register.samples)[:64]).translate(None, b" \t\r\n[").startswith(b'"0x'):
                rows = yield from rows_in_pieces(register.samples, _checked(register.num_bits))
                return BitArray(rows, register.num_bits)
            node = msgspec.json.decode(node)
        yield 0
    if isinstance(node, dict) and "samples" in node:
        bits = yield from _bits(node["samples"], _checked(node["num_bits"]))
        return bits
    found = plain_array(node)
    if not isinstance(found, np.ndarray):
        node = yield from unpack(node)
        found = plain_array(revive_values(node))
    return found


def _checked(num_bits: Any) -> int:
    if not isinstance(num_bits, int) or num_bits < 0:
        raise ResultError(f"A register declares {num_bits!r} bits.")
    return num_bits


def _bits(samples: Any, num_bits: int) -> Steps[BitArray]:
    """Of integers or bitstrings. Nested lists are the shape of the PUB, the innermost ones the shots."""
    if samples and isinstance(samples[0], list):
        points = []
        for point in samples:
            array = (yield from _bits(point, num_bits)).array
            points.append(array)
        return BitArray(np.stack(points), num_bits)
    if len(samples) * num_bits > 8 * LIMITS.array_bytes:
        raise ResultError(f"{len(samples)} samples of {num_bits} bits are beyond what is read here.")
    size = len(samples) * -(-num_bits // 8)
    check_declared(size, len(samples))  # of which each took a character or more
    yield size
    rows = [np.empty((0, -(-num_bits // 8)), dtype=np.uint8)]
    for begin in range(0, len(samples), _AT_ONCE):
        rows.append(pack_samples(samples[begin : begin + _AT_ONCE], num_bits)[0])
        yield 0
    return BitArray(np.concatenate(rows), num_bits)
