from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import finish, typed_array
from qrt_async.programs.results import DECODERS, Decoder, PrimitiveResult, decode, decode_in_pieces

BITS = "eJyb7BfqGxDJyFDGUK2eklqcXKRupaBeU2qorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RomOgqGmjoKtQpkAy4GZmYGAOUhG74="


def typed(kind: str, value: Any) -> dict[str, Any]:
    return {"__type__": kind, "__value__": value}


def sampler_result(array: Any = BITS, num_bits: int = 2) -> dict[str, Any]:
    """The documented minimal result (api.md 5.6), or the same around another array."""
    array = typed("ndarray", array) if isinstance(array, str) else typed_array(array)
    bits = typed("BitArray", {"array": array, "num_bits": num_bits})
    fields = {"field_names": ["meas"], "field_types": ["BitArray"], "shape": [], "fields": {"meas": bits}}
    pub = typed("SamplerPubResult", {"data": typed("DataBin", fields), "metadata": {"circuit_metadata": {}}})
    start, stop = typed("datetime", "2026-01-02T03:04:05"), typed("datetime", "2026-01-02T03:04:06")
    span = typed("DoubleSliceSpan", {"start": start, "stop": stop, "data_slices": {"0": [[4], 0, 1, 0, 4]}})
    metadata = {"execution": {"execution_spans": typed("ExecutionSpans", {"spans": [span]})}, "version": 2}
    return typed("PrimitiveResult", {"pub_results": [pub], "metadata": metadata})


def estimator_result() -> dict[str, Any]:
    fields = {"evs": typed_array(np.array([0.5, np.nan])), "stds": typed_array(np.array([0.1, np.inf]))}
    data = typed(
        "DataBin", {"field_names": ["evs", "stds"], "field_types": ["a", "b"], "shape": [2], "fields": fields}
    )
    pub = typed("PubResult", {"data": data, "metadata": {"shots": 4096, "target_precision": 0.015625}})
    return typed("PrimitiveResult", {"pub_results": [pub], "metadata": {"version": 2}})


def read(tree: Any, program_id: str = "sampler") -> list[Any]:
    """By both ways in."""
    body = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    return [decode(program_id, body), finish(decode_in_pieces(program_id, body))]


def test_the_documented_sampler_result_counts_as_documented() -> None:
    for result in read(sampler_result()):
        assert len(result) == 1
        assert result[0].data.meas.get_counts() == {"00": 2, "11": 2}
        assert result[0].data.bits("meas").num_shots == 4
        assert result[0].data.shape == ()
        assert result[0].metadata == {"circuit_metadata": {}}
        assert result.metadata["version"] == 2
        assert result.metadata["execution"]["execution_spans"][0].size == 4


def test_an_estimator_result_has_numbers_that_may_be_no_numbers() -> None:
    for result in read(estimator_result(), "estimator"):
        assert result[0].data.evs[0] == 0.5
        assert np.isnan(result[0].data.array("evs")[1])
        assert np.isinf(result[0].data.stds[1])
        assert result[0].data.shape == (2,)
        assert result[0].metadata["shots"] == 4096


def test_bare_nan_and_infinity_are_read() -> None:
    body = json.dumps(estimator_result()).replace('"shots": 4096', '"x": NaN, "y": -Infinity').encode()
    for result in read(body, "estimator"):
        assert np.isnan(result[0].metadata["x"])
        assert result[0].metadata["y"] == -np.inf


def test_kerneled_data_are_complex_arrays() -> None:
    tree = sampler_result()
    fields = tree["__value__"]["pub_results"][0]["__value__"]["data"]["__value__"]["fields"]
    fields["meas"] = typed_array(np.ones((5, 2), dtype=complex))
    for result in read(tree):
        assert result[0].data.array("meas").shape == (5, 2)
        with pytest.raises(TypeError, match=r"array\('meas'\)"):
            result[0].data.bits("meas")


def test_types_that_nobody_knows_survive_as_data() -> None:
    tree = sampler_result()
    tree["__value__"]["metadata"]["new"] = {
        "__type__": "Later",
        "__value__": {"a": typed("complex", [1, 2])},
        "more": 3,
    }
    for result in read(tree):
        assert result.metadata["new"] == {"__type__": "Later", "__value__": {"a": 1 + 2j}, "more": 3}


def test_a_program_that_nobody_knows_gives_data_or_text() -> None:
    assert read({"a": typed("set", [1, 2])}, "mine") == [{"a": {1, 2}}] * 2
    assert read(b"Traceback (most recent call last)", "mine") == ["Traceback (most recent call last)"] * 2
    assert read(b"\xff", "mine") == ["\N{REPLACEMENT CHARACTER}"] * 2
    assert read(b"NaN", "mine")[0] != read(b"NaN", "mine")[0]


def test_a_decoder_may_be_given_for_a_program() -> None:
    mine = {**DECODERS, "mine": Decoder(lambda tree: tree["a"] + 1)}
    assert decode("mine", b'{"a": 1}', mine) == 2
    assert finish(decode_in_pieces("mine", b'{"a": 1}', mine)) == 2
    for wrong in (b'{"b": 1}', b"text"):
        with pytest.raises(ResultError, match="'mine'"):
            decode("mine", wrong, mine)


def test_arrays_stay_packed_until_they_are_asked_for() -> None:
    damaged = decode("sampler", json.dumps(sampler_result("AAAA")).encode())
    assert list(damaged[0].data) == ["meas"]
    for _ in range(2):
        with pytest.raises(ResultError, match="inflated"):
            damaged[0].data.meas.get_counts()
    with pytest.raises(ResultError, match="inflated"):
        finish(decode_in_pieces("sampler", json.dumps(sampler_result("AAAA")).encode()))


def test_a_long_result_is_read_in_short_steps() -> None:
    array = np.random.default_rng(1).integers(0, 256, (300_000, 2), dtype=np.uint8)
    body = json.dumps(sampler_result(array, 16)).encode()
    assert sum(1 for _ in decode_in_pieces("sampler", body)) >= len(body) // 131_072


@pytest.mark.parametrize("num_bits", [16, 100])
def test_large_registers_are_counted_ahead_and_stay_as_they_are(num_bits: int) -> None:
    rng = np.random.default_rng(1)
    outcomes = rng.integers(0, 256, (50, -(-num_bits // 8)), dtype=np.uint8)
    array = outcomes[rng.integers(0, 50, 200_000)]
    body = json.dumps(sampler_result(array, num_bits)).encode()
    lazy, counted = (
        decode("sampler", body)[0].data.meas,
        finish(decode_in_pieces("sampler", body))[0].data.meas,
    )
    with pytest.raises(ValueError, match="read-only"):
        counted.array[0] = 0
    assert counted.get_counts() == lazy.get_counts()
    assert counted.get_int_counts() == lazy.get_int_counts()
    assert counted.slice_shots([0, 1]).get_counts() == lazy.slice_shots([0, 1]).get_counts()
    assert counted == lazy


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b"3", b'"text"', b"[", b"Traceback: boom", b'{"results": 3}', b'{"results": [3]}',
     b'{"results": [{"data": 3}]}', b'{"results": [{}]}', b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, b"NaN",
     b'{"quasi_dists": []}', b'{"results": [], "metadata": 3}'],
)  # fmt: skip
@pytest.mark.parametrize("program_id", ["sampler", "estimator", "noise-learner", "executor"])
def test_what_is_no_result_is_an_error(program_id: str, body: bytes) -> None:
    with pytest.raises(ResultError):
        decode(program_id, body)
    with pytest.raises(ResultError):
        finish(decode_in_pieces(program_id, body))


SPAN = ["metadata", "execution", "execution_spans", "__value__", "spans", 0, "__value__"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["pub_results"], {}),
        (["pub_results"], [3]),
        (["metadata"], [3]),
        (["pub_results", 0, "__value__"], 3),
        (["pub_results", 0, "__value__", "data"], {}),
        (["pub_results", 0, "__value__", "metadata"], "x"),
        (["pub_results", 0, "__value__", "data", "__value__", "fields"], []),
        (["pub_results", 0, "__value__", "data", "__value__", "fields"], {}),
        (["pub_results", 0, "__value__", "data", "__value__", "shape"], "x"),
        (["pub_results", 0, "__value__", "data", "__value__", "shape"], [-1]),
        (["pub_results", 0, "__value__", "data", "__value__", "field_names"], [[]]),
        (["metadata", "execution", "execution_spans", "__value__"], {}),
        (["metadata", "execution", "execution_spans", "__value__", "spans"], [3]),
        ([*SPAN, "start"], 3),
        ([*SPAN, "data_slices"], {"0": [[4], 0]}),
        ([*SPAN, "data_slices"], {"x": [[4], 0, 1, 0, 4]}),
        ([*SPAN, "data_slices"], {"0": [[4], -1, 1, 0, 4]}),
    ],
)
def test_an_outline_that_is_wrong_is_an_error_at_once(path: list[Any], value: Any) -> None:
    tree = sampler_result()
    node: Any = tree["__value__"]
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    with pytest.raises(ResultError):
        decode("sampler", json.dumps(tree).encode())


@pytest.mark.parametrize(
    ("num_bits", "array"), [("2", BITS), (-1, BITS), (9, BITS), (2, "x"), (2, [[1.5]]), (2, {})]
)
def test_bits_that_do_not_fit_are_an_error_when_read(num_bits: Any, array: Any) -> None:
    tree = sampler_result()
    fields = tree["__value__"]["pub_results"][0]["__value__"]["data"]["__value__"]["fields"]
    fields["meas"] = typed("BitArray", {"array": typed("ndarray", array), "num_bits": num_bits})
    with pytest.raises(ResultError):
        decode("sampler", json.dumps(tree).encode())[0].data.bits("meas")


def everything(result: Any) -> None:
    """Read all there is."""
    if isinstance(result, PrimitiveResult):
        for pub in result:
            for value in pub.data.values():
                if hasattr(value, "get_counts"):
                    value.get_counts()
                    value.get_bitstrings()
                repr(value)


PLAIN = {
    "results": [{"data": {"c": {"samples": ["0x0", "0x3", "0x3"], "num_bits": 2}}, "metadata": {}}],
    "metadata": {},
}


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_damaged_bodies_are_a_result_or_an_error_within_bounds(data: st.DataObject) -> None:
    program_id, tree = data.draw(
        st.sampled_from(
            [("sampler", sampler_result()), ("estimator", estimator_result()), ("sampler", PLAIN)]
        )
    )
    body = json.dumps(tree).encode()
    at = data.draw(st.integers(0, len(body) - 1))
    damaged = data.draw(
        st.sampled_from(
            [body[:at], body[:at] + bytes([body[at] ^ 1 << data.draw(st.integers(0, 7))]) + body[at + 1 :]]
        )
    )
    tracemalloc.start()
    ways: list[Callable[[str, bytes], Any]] = [decode, lambda *given: finish(decode_in_pieces(*given))]
    for way in ways:
        with suppress(ResultError):
            everything(way(program_id, damaged))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20
