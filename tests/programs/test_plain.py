from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import finish
from qrt_async.programs.results import decode, decode_in_pieces


def register(samples: Any, num_bits: Any = 2) -> dict[str, Any]:
    data = {"c": {"samples": samples, "num_bits": num_bits}}
    return {"results": [{"data": data, "metadata": {"circuit_metadata": {}}}], "metadata": {"version": 2}}


def read(tree: Any, program_id: str = "sampler") -> list[Any]:
    body = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    return [decode(program_id, body), finish(decode_in_pieces(program_id, body))]


def test_the_documented_sampler_result_counts_as_documented() -> None:
    for result in read(register(["0x0", "0x3", "0x3"])):
        assert result[0].data.c.get_counts() == {"00": 1, "11": 2}
        assert result[0].metadata == {"circuit_metadata": {}}
        assert result.metadata == {"version": 2}


def test_the_documented_estimator_result_reads_as_documented() -> None:
    tree = {"results": [{"data": {"evs": 0.74, "stds": 0.03}, "metadata": {"shots": 4096}},
                        {"data": {"evs": [0.1, 0.2], "stds": [0, 1]}, "metadata": {}}], "metadata": {}}  # fmt: skip
    for result in read(tree, "estimator"):
        assert result[0].data.evs.shape == result[0].data.shape == ()
        assert float(result[0].data.evs) == 0.74
        assert result[1].data.array("stds").tolist() == [0, 1]
        assert result[1].data.shape == (2,)
        assert result[0].metadata["shots"] == 4096


def test_bare_nan_and_infinity_are_read() -> None:
    evs = b'{"data": {"evs": [NaN, 1], "stds": [Infinity, 2]}}'
    body = b'{"results": [' + evs + b', {"data": {"c": {"samples": ["0x1"], "num_bits": 1}}}]}'
    for result in read(body, "estimator"):
        assert np.isnan(result[0].data.evs[0])
        assert np.isinf(result[0].data.stds[0])
        assert result[1].data.c.get_counts() == {"1": 1}
        assert result.metadata == {}


def test_nested_samples_are_points_of_the_pub() -> None:
    for result in read(register([["0x0", "0x1"], ["0x3", "0x3"]])):
        assert result[0].data.c.shape == result[0].data.shape == (2,)
        assert result[0].data.c.get_counts(1) == {"11": 2}


def test_bitstrings_and_spaced_json_are_read_too() -> None:
    for result in read(json.dumps(register(["00", "11"]), indent=2).encode()):
        assert result[0].data.c.get_counts() == {"00": 1, "11": 1}


def test_no_samples_are_no_shots() -> None:
    for result in read(register([])):
        assert result[0].data.c.num_shots == 0


def test_data_of_another_kind_stay_data() -> None:
    tree = {"results": [{"data": {"x": {"y": 1}, "s": "text", "l": ["a"]}, "metadata": None}]}
    for result in read(tree):
        assert dict(result[0].data.items()) == {"x": {"y": 1}, "s": "text", "l": ["a"]}


@pytest.mark.parametrize(
    ("samples", "num_bits"),
    [
        *((["0x4"], 2), (["0xg"], 4), (["0x"], 4), ([1.5], 4), ([None], 4), ("0x1", 4), ({"a": 1}, 2)),
        *((["0x1", 3], 4), (["0x1", ["0x1"]], 4), ([[["0x1"], ["0x1", "0x2"]]], 4)),
        *((["0x1"], "4"), (["0x1"], -1), (["0x1"], 10**15), (["0x1"], None)),
    ],
)
def test_samples_that_are_none_are_an_error_when_read(samples: Any, num_bits: Any) -> None:
    body = json.dumps(register(samples, num_bits)).encode()
    with pytest.raises(ResultError):
        decode("sampler", body)[0].data.bits("c").get_counts()
    with pytest.raises(ResultError):
        finish(decode_in_pieces("sampler", body))[0].data.bits("c")


def test_a_million_samples_are_read_in_short_steps() -> None:
    samples = [hex(value) for value in np.random.default_rng(1).integers(0, 1000, 200_000).tolist()]
    body = json.dumps(register(samples, 10)).encode()
    assert sum(1 for _ in decode_in_pieces("sampler", body)) > len(body) // 131_072
    assert decode("sampler", body)[0].data.c.get_bitstrings() == [
        format(int(sample, 16), "010b") for sample in samples
    ]
