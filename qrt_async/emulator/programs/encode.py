"""Results in the service's two encodings: typed as Qiskit's, and plain JSON."""

from __future__ import annotations

import base64
import io
import json
import math
import zlib
from datetime import datetime
from typing import Any

import msgspec
import numpy as np

Array = np.ndarray[Any, Any]


class BitData(msgspec.Struct, frozen=True):
    """Shots of one register: ``uint8`` of shape ``(*points, shots, bytes)``, big-endian, padded on the left."""

    array: Array
    num_bits: int


class PubData(msgspec.Struct, frozen=True):
    """The result of one PUB: a sampler's bits, or points before they are classified; an estimator's numbers."""

    kind: str
    shape: tuple[int, ...]
    fields: dict[str, BitData | Array]
    metadata: dict[str, Any]


class Span(msgspec.Struct, frozen=True):
    """When a PUB's executions took place, all of them at once."""

    start: datetime
    stop: datetime
    shape: tuple[int, ...]
    """The points, and the shots as the last number."""
    spread: tuple[int, int] | None = None
    """Randomizations, and the shots of each, where it was twirled."""


class ResultData(msgspec.Struct, frozen=True):
    """The result of a program. ``spans`` are per PUB; an estimator has none."""

    pubs: list[PubData]
    metadata: dict[str, Any]
    spans: list[Span]


def encode(result: ResultData, *, typed: bool) -> bytes:
    """The body of ``GET /results``; ``typed`` is what the job's ``support_qiskit`` asked for."""
    document = _typed(result) if typed else _plain(result)
    return json.dumps(document, separators=(",", ":")).encode()


def of_type(name: str, value: Any) -> dict[str, Any]:
    """A value with its type, as the official encoder writes it."""
    return {"__type__": name, "__value__": value}


def _typed(result: ResultData) -> dict[str, Any]:
    metadata = dict(result.metadata)
    if result.spans:
        spans = of_type("ExecutionSpans", {"spans": [_span(at, it) for at, it in enumerate(result.spans)]})
        metadata = {"execution": {"execution_spans": spans}} | metadata
    return of_type(
        "PrimitiveResult", {"pub_results": [_typed_pub(pub) for pub in result.pubs], "metadata": metadata}
    )


def _typed_pub(pub: PubData) -> dict[str, Any]:
    fields = {name: _typed_field(value) for name, value in pub.fields.items()}
    data = {
        "field_names": list(fields),
        "field_types": [field["__type__"] for field in fields.values()],
        "shape": list(pub.shape),
        "fields": fields,
    }
    return of_type(pub.kind, {"data": of_type("DataBin", data), "metadata": pub.metadata})


def _typed_field(value: BitData | Array) -> dict[str, Any]:
    if isinstance(value, BitData):
        return of_type("BitArray", {"array": ndarray(value.array), "num_bits": value.num_bits})
    return ndarray(value)


def ndarray(array: Array) -> dict[str, Any]:
    """An array, typed."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asanyarray(array), version=(1, 0), allow_pickle=False)
    return of_type("ndarray", base64.b64encode(zlib.compress(buffer.getvalue())).decode())


def _span(pub: int, span: Span) -> dict[str, Any]:
    *points, shots = span.shape
    size = math.prod(points)
    kind, data = "DoubleSliceSpan", [list(span.shape), 0, size, 0, shots]
    if span.spread is not None:
        count, each = span.spread
        kind, data = "TwirledSliceSpanV2", [[count, *points, each], True, 0, count * size, 0, each, shots]
    return of_type(
        kind,
        {
            "start": of_type("datetime", span.start.isoformat()),
            "stop": of_type("datetime", span.stop.isoformat()),
            "data_slices": {str(pub): data},
        },
    )


def _plain(result: ResultData) -> dict[str, Any]:
    return {
        "results": [
            {
                "data": {name: _plain_field(value) for name, value in pub.fields.items()},
                "metadata": pub.metadata,
            }
            for pub in result.pubs
        ],
        "metadata": result.metadata,
    }


def _plain_field(value: BitData | Array) -> Any:
    if isinstance(value, BitData):
        return {"samples": _samples(value.array), "num_bits": value.num_bits}
    array = np.asarray(value)
    if array.dtype.kind == "c":  # JSON has no complex numbers: pairs of a real and an imaginary part
        array = np.stack([array.real, array.imag], axis=-1)
    return array.tolist()


def _samples(array: Array) -> Any:
    """One hexadecimal string a shot, in lists nested as the points are."""
    *outer, width = array.shape
    flat = np.ascontiguousarray(array).reshape(math.prod(outer), width)
    rows = flat.view(f"V{width}").reshape(-1) if width else np.zeros(len(flat), "V1")
    distinct, picks = np.unique(rows, return_inverse=True)
    words = np.array([hex(int.from_bytes(row.tobytes(), "big")) for row in distinct], dtype=object)
    return words[picks].reshape(outer).tolist()
