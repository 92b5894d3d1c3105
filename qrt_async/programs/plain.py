"""Primitive results in the plain encoding, ``support_qiskit: false`` (api.md 5.7)."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from msgspec import Raw, Struct

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import LIMITS, Steps, finish
from qrt_async.programs.bits import BitArray
from qrt_async.programs.containers import DataBin, Packed, PrimitiveResult, PubResult
from qrt_async.programs.packing import pack_samples
from qrt_async.programs.samples import rows_in_pieces
from qrt_async.programs.typed import parse, plain_array, revive_values


_AT_ONCE = 1 << 12
"""Samples that are read in one step where each is an object of Python's."""


class _Pub(Struct):
    data: dict[str, Raw]
    metadata: Any = None


class _Outline(Struct):
    results: list[_Pub]
    metadata: Any = None


class _Register(Struct):
    samples: Raw
    num_bits: int


def parse_primitive(body: bytes) -> Any:
    """Data as :func:`parse` gives it; the fields of a plain result stay text, which a register is best read from."""
    if b'"__type__"' in body[:256]:
        return parse(body)
    try:
        outline = msgspec.json.decode(body, type=_Outline)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return parse(body)
    pubs = [{"data": pub.data, "metadata": pub.metadata} for pub in outline.results]
    return {"results": pubs, "metadata": outline.metadata}


def unpack_plain(tree: Any) -> Steps[Any]:
    """The same tree with every register read, a piece at a time."""
    for pub in tree["results"]:
        for name, node in pub["data"].items():
            pub["data"][name] = yield from _field_in_pieces(node)
    return tree


def read_plain(tree: Any) -> PrimitiveResult:
    return PrimitiveResult([_pub(pub) for pub in tree["results"]], _metadata(tree))


def _pub(pub: Any) -> PubResult:
    fields = {
        name: node if isinstance(node, (BitArray, np.ndarray)) else Packed(node, _field)
        for name, node in pub["data"].items()
    }
    if "evs" not in fields:
        return PubResult(DataBin(fields), _metadata(pub), "SamplerPubResult")
    evs = DataBin({"evs": fields["evs"]})["evs"]
    return PubResult(DataBin({**fields, "evs": evs}, np.shape(evs)), _metadata(pub))


def _metadata(node: Any) -> dict[str, Any]:
    metadata = revive_values(node.get("metadata"))
    if not isinstance(metadata, (dict, type(None))):
        raise ResultError(f"Metadata are {type(metadata).__name__}, not an object.")
    return metadata or {}


def _field(node: Any) -> Any:
    return finish(_field_in_pieces(node))


def _field_in_pieces(node: Any) -> Steps[Any]:
    if isinstance(node, Raw):
        try:
            register = msgspec.json.decode(node, type=_Register)
        except msgspec.DecodeError:
            node = msgspec.json.decode(node)
        else:
            if bytes(memoryview(register.samples)[:64]).translate(None, b" \t\r\n[").startswith(b'"0x'):
                rows = yield from rows_in_pieces(register.samples, _checked(register.num_bits))
                return BitArray(rows, register.num_bits)
            node = msgspec.json.decode(node)
        yield
    if isinstance(node, dict) and "samples" in node:
        bits = yield from _bits(node["samples"], _checked(node["num_bits"]))
        return bits
    return plain_array(node) if isinstance(node, (list, int, float)) else revive_values(node)


def _checked(num_bits: Any) -> int:
    if not isinstance(num_bits, int) or num_bits < 0:
        raise ResultError(f"A register declares {num_bits!r} bits.")
    return num_bits


def _bits(samples: Any, num_bits: int) -> Steps[BitArray]:
    """Of integers or bitstrings. Nested lists are the shape of the PUB, the innermost ones the shots."""
    if samples and isinstance(samples[0], list):
        points = []
        for point in samples:
            points.append((yield from _bits(point, num_bits)).array)
        return BitArray(np.stack(points), num_bits)
    if len(samples) * num_bits > 8 * LIMITS.array_bytes:
        raise ResultError(f"{len(samples)} samples of {num_bits} bits are beyond what is read here.")
    rows = [np.empty((0, -(-num_bits // 8)), dtype=np.uint8)]
    for begin in range(0, len(samples), _AT_ONCE):
        rows.append(pack_samples(samples[begin : begin + _AT_ONCE], num_bits)[0])
        yield
    return BitArray(np.concatenate(rows), num_bits)
