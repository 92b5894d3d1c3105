"""The outline of a primitive's result: which PUBs there are, and which fields. What a field holds stays text.

Texts are views of the bytes that arrived: nothing is copied before somebody asks, and a body of many PUBs is
read one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec import Raw, Struct, field

from qrt_async.programs.typed import parse

_NESTED = re.compile(rb'\s*\{(?:\s*"num_bits"\s*:\s*\d+\s*,)?\s*"samples"\s*:\s*\[\s*\[')


class Outline(Struct, frozen=True):
    """``pubs``: texts, or what became of them. ``plain`` is the encoding of ``support_qiskit: false``."""

    pubs: list[Any]
    metadata: Any
    plain: bool


class PubOutline(Struct, frozen=True):
    """One PUB result. ``shape`` is what was declared, ``kind`` the service's word for it."""

    fields: dict[str, Any]
    metadata: Any
    kind: str
    shape: Any = None

    @property
    def is_shaped(self) -> bool:
        """Of a plain one: do lists in lists say how its points are?"""
        return any(
            not isinstance(node, Raw) or _NESTED.match(memoryview(node)) for node in self.fields.values()
        )


class _PlainResult(Struct):
    results: list[Raw]
    metadata: Any = None


class _PlainPub(Struct):
    data: dict[str, Raw]
    metadata: Any = None


class _TypedValue(Struct):
    pub_results: list[Raw]
    metadata: Any = None


class _TypedResult(Struct):
    kind: Literal["PrimitiveResult"] = field(name="__type__")
    value: _TypedValue = field(name="__value__")


class _Fields(Struct):
    fields: dict[str, Raw]
    field_names: list[str] = []
    shape: Any = None


class _DataBin(Struct):
    kind: Literal["DataBin"] = field(name="__type__")
    value: _Fields = field(name="__value__")


class _PubValue(Struct):
    data: _DataBin
    metadata: Any = None


class _TypedPub(Struct):
    kind: Literal["PubResult", "SamplerPubResult", "EstimatorPubResult"] = field(name="__type__")
    value: _PubValue = field(name="__value__")


def parse_primitive(body: bytes) -> Any:
    """An :class:`Outline`, or data where the body has another form. ``ValueError`` where it is no JSON."""
    plain = b'"__type__"' not in body[:256]
    outline = _outline(body, plain)
    if outline is None and (spelled := _spelled(body)) is not None:
        outline = _outline(spelled, plain)
    return parse(body) if outline is None else outline


def _outline(body: bytes, plain: bool) -> Outline | None:
    try:
        if plain:
            result = msgspec.json.decode(body, type=_PlainResult)
            return Outline(result.results, result.metadata, plain=True)
        value = msgspec.json.decode(body, type=_TypedResult).value
        return Outline(value.pub_results, value.metadata, plain=False)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _spelled(body: bytes) -> bytes | None:
    """With bare ``NaN`` and ``Infinity``, which are no JSON and occur in real results (api.md 2.7), as typed values.
    ``None`` where there is none, or where escapes hide which quotes are the ends of strings."""
    if b"\\" in body:
        return None
    pieces, done, counted, quotes = [], 0, 0, 0
    for begin, end in sorted((*_places(body, b"NaN"), *_places(body, b"Infinity"))):
        quotes += body.count(b'"', counted, begin)
        counted = begin
        if quotes % 2 == 0:
            pieces += [body[done:begin], b'{"__type__":"float","__value__":"%b"}' % body[begin:end]]
            done = end
    return b"".join([*pieces, body[done:]]) if pieces else None


def _places(body: bytes, word: bytes) -> Iterator[tuple[int, int]]:
    at = body.find(word)
    while at >= 0:
        yield at - (word != b"NaN" and body[at - 1 : at] == b"-"), at + len(word)
        at = body.find(word, at + 1)


def typed_pub(text: Raw) -> PubOutline | None:
    """``None`` where it is none in its usual form."""
    try:
        pub = msgspec.json.decode(text, type=_TypedPub)
    except msgspec.ValidationError:
        return None
    held = pub.value.data.value
    fields = {name: held.fields[name] for name in held.field_names or held.fields}
    return PubOutline(fields, pub.value.metadata, pub.kind, held.shape)


def plain_pub(node: Any) -> PubOutline:
    """From text, or from data that were read already."""
    if isinstance(node, Raw):
        pub = msgspec.json.decode(node, type=_PlainPub)
        fields, metadata = pub.data, pub.metadata
    else:
        fields, metadata = dict(node["data"].items()), node.get("metadata")
    return PubOutline(fields, metadata, "PubResult" if "evs" in fields else "SamplerPubResult")
