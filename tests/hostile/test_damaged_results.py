"""Every byte of a recorded result, cut off and flipped in turn: a value or a ``ResultError``, within bounds.

The suite takes every so many-th byte; ``QRT_HOSTILE=all`` takes them all, which needs some minutes.
"""

from __future__ import annotations

import base64
import json
import os
import random
import tracemalloc
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import LIMITS, finish, typed_array
from qrt_async.programs.noise import EncodedCircuit, LayerError, PauliLindbladError
from qrt_async.programs.results import (
    BitArray,
    DataBin,
    ExecutionSpan,
    ExecutionSpans,
    ExecutorResult,
    LearnedLayer,
    LearnedNoise,
    NoiseLearnerResult,
    PrimitiveResult,
    PubResult,
    decode,
    decode_in_pieces,
)

SAMPLES = sorted((Path(__file__).parents[1] / "samples" / "results").glob("*.json"))
EVERY = 1 if os.environ.get("QRT_HOSTILE") == "all" else 97
MOST = 64 << 20


def program(sample: Path) -> str:
    """The program whose result this is."""
    return next(
        name for name in ("sampler", "estimator", "noise-learner", "executor") if sample.name.startswith(name)
    )


def damages(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Each cut, and each byte with one, several or all of its bits flipped."""
    rng = random.Random(len(body))
    for at in range(rng.randrange(EVERY), len(body), EVERY):
        yield at, body[:at]
        for flip in {1 << rng.randrange(8), 0xFF, rng.randrange(1, 256)}:
            yield at, body[:at] + bytes([body[at] ^ flip]) + body[at + 1 :]


def read(value: Any) -> None:
    """Use all there is, as a user would. Whatever fails is a ``ResultError``."""
    for kind, use in USES.items():
        if isinstance(value, kind):
            use(value)
            return
    assert value is None or isinstance(value, str | int | float | complex | datetime)


def read_all(values: Iterable[Any]) -> None:
    for value in values:
        read(value)


def read_fields(data: DataBin) -> None:
    for name in data:
        with suppress(ResultError):
            read(data[name])


def read_bits(bits: BitArray) -> None:
    assert sum(bits.get_counts().values()) == bits.size * bits.num_shots
    assert len(bits.get_bitstrings()) == bits.size * bits.num_shots


def read_array(array: Any) -> None:
    assert not array.dtype.hasobject
    repr(array)


def read_span(span: ExecutionSpan) -> None:
    assert span.size >= 0
    for index in span.pub_idxs:
        with suppress(ResultError):
            span.mask(index)


def read_circuit(circuit: EncodedCircuit) -> None:
    with suppress(ResultError):
        circuit.qpy()


USES: dict[Any, Callable[[Any], None]] = {
    DataBin: read_fields,
    PubResult: lambda pub: read_all([pub.data, pub.metadata]),
    BitArray: read_bits,
    np.ndarray: read_array,
    ExecutionSpan: read_span,
    LayerError: lambda layer: read_all([layer.circuit, layer.error]),
    PauliLindbladError: lambda error: read_all([*error.generators, error.rates]),
    LearnedLayer: lambda layer: read_all([*layer.generators, layer.rates, layer.rates_std, layer.metadata]),
    EncodedCircuit: read_circuit,
    (PrimitiveResult, NoiseLearnerResult, ExecutorResult): lambda result: read_all(
        [*result, result.metadata]
    ),
    dict: lambda found: read_all(found.values()),
    (list, set, tuple, ExecutionSpans, LearnedNoise): read_all,
}


@pytest.mark.timeout(3600 if EVERY == 1 else 120)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_every_byte_cut_off_and_flipped(sample: Path) -> None:
    body, name = sample.read_bytes(), program(sample)
    read(decode(name, body))
    outcomes = {"value": 0, "error": 0}
    tracemalloc.start()
    try:
        for at, damaged in damages(body):
            tracemalloc.reset_peak()
            for way in (decode, lambda *given: finish(decode_in_pieces(*given))):
                try:
                    read(way(name, damaged))
                    outcomes["value"] += 1
                except ResultError:
                    outcomes["error"] += 1
            assert tracemalloc.get_traced_memory()[1] < MOST, f"too much memory for byte {at}"
    finally:
        tracemalloc.stop()
    assert outcomes["error"] > outcomes["value"] / 4, outcomes


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_the_samples_are_read_the_same_in_both_ways(sample: Path) -> None:
    body, name = sample.read_bytes(), program(sample)
    lazy, stepped = decode(name, body), finish(decode_in_pieces(name, body))
    read(lazy)
    assert type(lazy) is type(stepped)
    assert repr(lazy) == repr(stepped)


def npy(header: str, data: bytes) -> str:
    text = header.encode().ljust(117) + b"\n"
    file = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data
    return base64.b64encode(zlib.compress(file)).decode()


@pytest.mark.parametrize("shape", ["(8,)", "(999999999,)", "(2000000000,)"])
def test_a_bomb_does_not_go_off(shape: str) -> None:
    """Neither by what would come out of it nor by what it says would."""
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    bomb = npy(header, bytes(64 << 20))
    body = json.dumps({"__type__": "ndarray", "__value__": bomb}).encode()
    tracemalloc.start()
    try:
        with pytest.raises(ResultError):
            decode("any", body)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


ZEROS = np.zeros((1 << 17, 8), dtype=np.uint8)
"""One MiB, which takes less than two KiB on the wire."""
LOW = structs.replace(LIMITS, result_bytes=4 * ZEROS.nbytes)
TENSOR = {
    "data": base64.b64encode(zlib.compress(ZEROS.tobytes())).decode(),
    "shape": ZEROS.shape,
    "dtype": "u8",
}


def register(number: int, arrays: int = 1) -> dict[str, Any]:
    """A typed PUB result of so many registers, numbered."""
    bits = {"__type__": "BitArray", "__value__": {"array": typed_array(ZEROS), "num_bits": 64}}
    fields = {f"c{number}_{at}": bits for at in range(arrays)}
    data = {"__type__": "DataBin", "__value__": {"field_names": list(fields), "shape": [], "fields": fields}}
    return {"__type__": "SamplerPubResult", "__value__": {"data": data, "metadata": {}}}


def primitive(pubs: list[Any], metadata: Any) -> Any:
    return {"__type__": "PrimitiveResult", "__value__": {"pub_results": pubs, "metadata": metadata}}


def tensors(number: int, where: str) -> Any:
    """The result of an executor."""
    items = [{"results": {f"a{at}": TENSOR for at in range(number)}}]
    passed = {"more": [TENSOR] * number}
    parts = {
        "data": items if where == "items" else [],
        "passthrough_data": passed if where == "passed" else {},
    }
    return {"schema_version": "v2.0", **parts}


def swollen(number: int) -> dict[str, tuple[str, Any]]:
    """Results with so many arrays of one MiB, wherever a result may hold some."""
    arrays = [typed_array(ZEROS) for _ in range(number)]
    return {
        "fields": ("sampler", primitive([register(0, number)], {})),
        "PUBs": ("sampler", primitive([register(at) for at in range(number)], {})),
        "metadata": ("estimator", primitive([], {"arrays": arrays})),
        "plain metadata": ("sampler", {"results": [], "metadata": {"arrays": arrays}}),
        "metadata of a PUB": ("sampler", {"results": [{"data": {}, "metadata": {"arrays": arrays}}]}),
        "plain field": ("estimator", {"results": [{"data": {"evs": {"arrays": arrays}}}]}),
        "items": ("executor", tensors(number, "items")),
        "passed": ("executor", tensors(number, "passed")),
        "layers": ("noise-learner", {"data": [], "metadata": {"arrays": arrays}}),
        "any": ("another", {"arrays": arrays}),
    }


@pytest.mark.parametrize("where", swollen(0))
def test_many_arrays_that_are_each_allowed_are_not_read_beyond_what_a_result_may_take(where: str) -> None:
    program_id, tree = swollen(40)[where]
    body = json.dumps(tree).encode()
    assert len(body) < 40 * ZEROS.nbytes / 100
    tracemalloc.start()
    try:
        with pytest.raises(ResultError, match=r"more than 4,194,304 bytes"):
            finish(decode_in_pieces(program_id, body, limits=LOW))
        assert tracemalloc.get_traced_memory()[1] < LOW.result_bytes + 3 * ZEROS.nbytes
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("where", swollen(0))
def test_as_many_as_a_result_may_take_are_read(where: str) -> None:
    program_id, tree = swollen(4)[where]
    finish(decode_in_pieces(program_id, json.dumps(tree).encode(), limits=LOW))


@pytest.mark.parametrize("samples", ['["0x0"]', "[0]", '["0"]', "[[0],[0]]"])
def test_few_samples_do_not_declare_a_wide_register(samples: str) -> None:
    body = b'{"results":[{"data":{"c":{"samples":%b,"num_bits":800000000}}}]}' % samples.encode()
    tracemalloc.start()
    try:
        with pytest.raises(ResultError, match="declared"):
            finish(decode_in_pieces("sampler", body))
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f8', 'fortran_order': __import__('os'), 'shape': (3,), }",
    ],
)
def test_no_header_makes_objects_or_more_room_than_its_data(header: str) -> None:
    value = npy(header, bytes(24))
    with pytest.raises(ResultError, match=r"no structure|names no type|declared|beyond what is read"):
        decode("any", json.dumps({"__type__": "ndarray", "__value__": value}).encode())
