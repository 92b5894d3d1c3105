from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from qiskit.primitives import BitArray

from qrt_async.emulator.programs.encode import BitData, PubData, ResultData, Span, encode
from tests.emulator.lab import untyped

WHEN = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - as naive as the service


def sampled(bits: BitData, shape: tuple[int, ...]) -> ResultData:
    shots = bits.array.shape[-2]
    pub = PubData("SamplerPubResult", shape, {"meas": bits}, {"circuit_metadata": {}})
    return ResultData([pub], {"version": 2}, [Span(WHEN, WHEN, (*shape, shots))])


@pytest.mark.parametrize("width", [1, 2, 8, 9, 64, 65, 100])
@pytest.mark.parametrize("shape", [(), (3,), (2, 2)])
def test_both_encodings_hold_the_same_shots_as_qiskit_would_write_them(
    width: int, shape: tuple[int, ...]
) -> None:
    chance = np.random.default_rng(width)
    bits = chance.integers(0, 2, (*shape, 11, width), dtype=np.uint8).astype(bool)
    array = BitArray.from_bool_array(bits, order="little")
    result = sampled(BitData(array.array, width), shape)
    plain = json.loads(encode(result, typed=False))["results"][0]["data"]["meas"]
    whole = untyped(json.loads(encode(result, typed=True)))["pub_results"][0]["data"]["fields"]["meas"]
    assert np.array_equal(whole["array"], array.array)
    assert whole["num_bits"] == plain["num_bits"] == width
    for point in np.ndindex(shape):
        samples = plain["samples"]
        for place in point:
            samples = samples[place]
        assert [int(word, 16) for word in samples] == [int(word, 2) for word in array[point].get_bitstrings()]


def test_a_typed_sampler_result_names_every_type_and_when_it_ran() -> None:
    result = sampled(BitData(np.zeros((3, 4, 1), np.uint8), 2), (3,))
    document = json.loads(encode(result, typed=True))
    assert document["__type__"] == "PrimitiveResult"
    pub = document["__value__"]["pub_results"][0]
    assert pub["__type__"] == "SamplerPubResult"
    data = pub["__value__"]["data"]["__value__"]
    assert {key: data[key] for key in ("field_names", "field_types", "shape")} == {
        "field_names": ["meas"],
        "field_types": ["BitArray"],
        "shape": [3],
    }
    span = document["__value__"]["metadata"]["execution"]["execution_spans"]["__value__"]["spans"][0]
    assert span["__type__"] == "DoubleSliceSpan"
    assert span["__value__"]["data_slices"] == {"0": [[3, 4], 0, 3, 0, 4]}
    assert span["__value__"]["start"] == {"__type__": "datetime", "__value__": "2026-01-02T03:04:05"}
    assert document["__value__"]["metadata"]["version"] == 2


@pytest.mark.parametrize("values", [np.array(0.5), np.array([0.5, -1.0]), np.ones((2, 3))])
def test_expectation_values_keep_their_shape_in_both_encodings(values: Any) -> None:
    pub = PubData("PubResult", values.shape, {"evs": values}, {})
    result = ResultData([pub], {"version": 2}, [])
    assert json.loads(encode(result, typed=False))["results"][0]["data"]["evs"] == values.tolist()
    back = untyped(json.loads(encode(result, typed=True)))["pub_results"][0]["data"]["fields"]["evs"]
    assert back.shape == values.shape
    assert np.array_equal(back, values)


def test_samples_of_a_register_without_bits_are_zeros() -> None:
    result = sampled(BitData(np.zeros((3, 0), np.uint8), 0), ())
    assert json.loads(encode(result, typed=False))["results"][0]["data"]["meas"]["samples"] == ["0x0"] * 3
