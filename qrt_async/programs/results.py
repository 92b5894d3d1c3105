"""Results: from the bytes of ``GET /v1/jobs/{id}/results`` to what Qiskit users know.

Decoding is pure and may run in any thread. It validates the outline at once and leaves arrays packed until
they are asked for; :func:`decode_in_pieces` reads them too, in steps short enough for an event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import numpy as np
from msgspec import Raw, Struct, structs

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import LIMITS, Limits, Steps, bounded, finish
from qrt_async.programs.bits import BitArray
from qrt_async.programs.containers import DataBin, Packed, PrimitiveResult, PubResult
from qrt_async.programs.executor import ExecutorResult, read_executor_in_pieces
from qrt_async.programs.fields import bit_array, field_in_pieces
from qrt_async.programs.learned import LearnedLayer, LearnedNoise, read_learned_in_pieces
from qrt_async.programs.noise import NOISE, NoiseLearnerResult, read_layers
from qrt_async.programs.operators import OPERATORS
from qrt_async.programs.outlines import Outline, PubOutline, parse_primitive, plain_pub, typed_pub
from qrt_async.programs.plain import plain_field_in_pieces
from qrt_async.programs.spans import SPANS, ExecutionSpan, ExecutionSpans
from qrt_async.programs.typed import VALUES, Reader, Revive, Tree, parse, reading, unpack

__all__ = [
    "DECODERS",
    "BitArray",
    "DataBin",
    "Decoder",
    "ExecutionSpan",
    "ExecutionSpans",
    "ExecutorResult",
    "LearnedLayer",
    "LearnedNoise",
    "NoiseLearnerResult",
    "PrimitiveResult",
    "PubResult",
    "decode",
    "decode_in_pieces",
]


class Decoder(Struct, frozen=True):
    """How the results of a program are read.

    ``parse`` makes data of a body, ``interpret`` a result of the data, which may leave arrays in it packed.
    In between, ``unpack`` may read those arrays, in short steps.
    """

    interpret: Callable[[Any], Any]
    unpack: Callable[[Any], Steps[Any]] = unpack
    parse: Callable[[bytes], Any] = parse


def _bit_array(value: Any, revive: Revive) -> BitArray:
    return bit_array(revive(value["array"]), value["num_bits"])


def _data_bin(value: Any, revive: Revive) -> DataBin:
    fields = value["fields"]
    names = value.get("field_names") or list(fields)
    shape = _shape(value.get("shape"))
    return DataBin({str(name): Packed(fields[name], revive) for name in names}, shape)


def _shape(value: Any) -> tuple[int, ...]:
    shape = () if value is None else tuple(value) if isinstance(value, list) else (value,)
    if not all(isinstance(size, int) and size >= 0 for size in shape):
        raise ResultError(f"A shape reads {str(value)[:60]}.")
    return shape


def _pub_result(kind: str) -> Reader:
    def read(value: Any, revive: Revive) -> PubResult:
        data = revive(value["data"])
        if not isinstance(data, DataBin):
            raise ResultError("The data of a PUB result are no DataBin.")
        return PubResult(data, _mapping(revive(value.get("metadata"))), kind)

    return read


def _primitive_result(value: Any, revive: Revive) -> PrimitiveResult:
    pubs = revive(value["pub_results"])
    if not isinstance(pubs, list) or not all(isinstance(pub, PubResult) for pub in pubs):
        raise ResultError("The pub_results of a result are not what they should be.")
    return PrimitiveResult(pubs, _mapping(revive(value.get("metadata"))))


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, (dict, type(None))):
        raise ResultError(f"Metadata are {type(value).__name__}, not an object.")
    return value or {}


READERS: Mapping[str, Reader] = {
    **VALUES,
    **SPANS,
    **NOISE,
    **OPERATORS,
    "BitArray": _bit_array,
    "DataBin": _data_bin,
    "PubResult": _pub_result("PubResult"),
    "SamplerPubResult": _pub_result("SamplerPubResult"),
    "EstimatorPubResult": _pub_result("EstimatorPubResult"),
    "PrimitiveResult": _primitive_result,
}

TREE = Tree(READERS)


_PUBS = 64
"""PUB results that are read in one step."""


def _unpack_primitive(tree: Any) -> Steps[Any]:
    """Every field of every PUB read."""
    if not isinstance(tree, Outline):
        tree = yield from unpack(tree)
        tree = _outline(tree)
    pubs = []
    for at, node in enumerate(tree.pubs, start=1):
        pub = yield from _pub_in_pieces(node, tree.plain)
        pubs.append(pub)
        if at % _PUBS == 0:
            yield 0
    metadata = yield from unpack(tree.metadata)
    return structs.replace(tree, pubs=pubs, metadata=metadata)


def _pub_in_pieces(node: Any, plain: bool) -> Steps[Any]:
    outline = _pub_outline(node, plain)
    if outline is None:
        node = msgspec.json.decode(node) if isinstance(node, Raw) else node
        node = yield from unpack(node)
        return TREE.revive(node)
    fields = {}
    for name, text in outline.fields.items():
        with reading(f"The field {name!r}"):
            fields[name] = yield from (
                plain_field_in_pieces(text) if plain else field_in_pieces(text, TREE.revive)
            )
    metadata = yield from unpack(outline.metadata)
    return _assembled(structs.replace(outline, metadata=metadata), fields, plain)


def _pub_outline(node: Any, plain: bool) -> PubOutline | None:
    return plain_pub(node) if plain else typed_pub(node) if isinstance(node, Raw) else None


def _pub(node: Any, plain: bool) -> Any:
    """A PUB whose fields are read when they are asked for, unless its shape is only to be seen in them."""
    outline = _pub_outline(node, plain)
    if plain and outline is not None and outline.is_shaped:
        return finish(_pub_in_pieces(node, plain))
    if outline is None:
        return TREE.revive(msgspec.json.decode(node) if isinstance(node, Raw) else node)
    read = _plain_field if plain else _typed_field
    return _assembled(outline, {name: Packed(text, read) for name, text in outline.fields.items()}, plain)


def _plain_field(text: Any) -> Any:
    return finish(plain_field_in_pieces(text))


def _typed_field(text: Any) -> Any:
    return finish(field_in_pieces(text, TREE.revive))


def _assembled(outline: PubOutline, fields: dict[str, Any], plain: bool) -> PubResult:
    if plain and "evs" in fields:  # which is as the points are, and nothing else says how these are
        fields["evs"] = DataBin(fields)["evs"]
        shape = np.shape(fields["evs"])
    else:
        shapes = {value.shape for value in fields.values() if isinstance(value, BitArray)}
        shape = shapes.pop() if plain and len(shapes) == 1 else _shape(outline.shape)
    return PubResult(DataBin(fields, shape), _mapping(TREE.revive(outline.metadata)), outline.kind)


def _outline(tree: Any) -> Outline:
    """Of data, where a body was not in its usual form."""
    if isinstance(tree, dict) and "results" in tree:
        return Outline(list(tree["results"]), tree.get("metadata"), plain=True)
    result = TREE.revive(tree)
    if not isinstance(result, PrimitiveResult):
        raise ResultError("The result of a primitive is neither typed nor plain: no pub_results, no results.")
    return Outline(list(result), result.metadata, plain=False)


def _primitive(tree: Any) -> PrimitiveResult:
    outline = tree if isinstance(tree, Outline) else _outline(tree)
    pubs = [node if isinstance(node, PubResult) else _pub(node, outline.plain) for node in outline.pubs]
    if not all(isinstance(pub, PubResult) for pub in pubs):
        raise ResultError("The pub_results of a result are not what they should be.")
    return PrimitiveResult(pubs, _mapping(TREE.revive(outline.metadata)))


def _unpack_noise(tree: Any) -> Steps[Any]:
    third = isinstance(tree, dict) and "schema_version" in tree
    found = yield from read_learned_in_pieces(tree) if third else unpack(tree)
    return found


def _noise(tree: Any) -> NoiseLearnerResult | LearnedNoise:
    """Version 2, typed or plain; or version 3."""
    if isinstance(tree, dict) and "schema_version" in tree:
        tree = finish(read_learned_in_pieces(tree))
    if isinstance(tree, LearnedNoise):
        return tree
    result = TREE.revive(tree)
    if isinstance(result, dict) and "data" in result:
        result = read_layers(tree, TREE.revive)
    if not isinstance(result, NoiseLearnerResult):
        raise ResultError("The result of a noise learner holds no layers.")
    return result


def _executor(tree: Any) -> ExecutorResult | PrimitiveResult:
    done = isinstance(tree, (ExecutorResult, PrimitiveResult))
    result: ExecutorResult | PrimitiveResult = tree if done else finish(read_executor_in_pieces(tree))
    return result


_OTHERS = Decoder(TREE.revive)

DECODERS: Mapping[str, Decoder] = {
    "sampler": Decoder(_primitive, _unpack_primitive, parse_primitive),
    "estimator": Decoder(_primitive, _unpack_primitive, parse_primitive),
    "noise-learner": Decoder(_noise, _unpack_noise),
    "executor": Decoder(_executor, read_executor_in_pieces),
}
"""By program id. A program that is not here gives data: JSON with its typed values revived, or text."""


def decode(program_id: str, body: bytes, decoders: Mapping[str, Decoder] = DECODERS) -> Any:
    """The result in ``body``; ``ResultError``, and nothing else, where it cannot be read."""
    with reading(f"The result of {program_id!r}"):
        return decoders.get(program_id, _OTHERS).interpret(_parsed(program_id, body, decoders))


def decode_in_pieces(
    program_id: str,
    body: bytes,
    decoders: Mapping[str, Decoder] = DECODERS,
    limits: Limits = LIMITS,
    *,
    count: bool = True,
) -> Steps[Any]:
    """As :func:`decode`, with every array unpacked and, for ``count``, large registers counted, at most 64 KiB a step
    (after one step that parses). ``ResultError`` where the arrays together are beyond ``limits.result_bytes``."""
    with reading(f"The result of {program_id!r}"):
        decoder = decoders.get(program_id, _OTHERS)
        tree = _parsed(program_id, body, decoders)
        yield 0
        tree = yield from bounded(decoder.unpack(tree), limits.result_bytes)
        result = decoder.interpret(tree)
        if count:
            yield from _count_ahead(result)
        return result


def _count_ahead(result: Any) -> Steps[None]:
    """What most users ask of large registers, and what would then hold their loop."""
    for pub in result if isinstance(result, PrimitiveResult) else ():
        for value in pub.data.values():
            if isinstance(value, BitArray) and value.array.size > _COUNTED_AHEAD:
                yield from value.count_in_pieces()


_COUNTED_AHEAD = 1 << 17
"""Bytes of a register whose counts take more than a millisecond."""


def _parsed(program_id: str, body: bytes, decoders: Mapping[str, Decoder]) -> Any:
    try:
        return decoders.get(program_id, _OTHERS).parse(body)
    except ValueError:
        if program_id in decoders:
            raise ResultError(f"The result of {program_id!r} is no JSON: {_excerpt(body)}") from None
        return str(body, "utf-8", "replace")


def _excerpt(body: bytes) -> str:
    text = str(body[:200], "utf-8", "replace").strip()
    return repr(text) + ("..." if len(body) > 200 else "")
