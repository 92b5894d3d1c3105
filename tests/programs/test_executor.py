from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import numpy as np
import pytest

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import finish
from qrt_async.programs.executor import ExecutorResult
from qrt_async.programs.results import PrimitiveResult, decode, decode_in_pieces


def tensor(array: Any, version: str = "v2.0") -> dict[str, Any]:
    names = {"bool": "bool", "float64": "f64", "complex128": "c128"}
    data = (
        np.packbits(array.reshape(-1), bitorder="little").tobytes()
        if array.dtype == bool
        else array.tobytes()
    )
    data = zlib.compress(data) if version == "v2.0" else data
    return {
        "data": base64.b64encode(data).decode(),
        "shape": list(array.shape),
        "dtype": names[str(array.dtype)],
    }


def result(
    results: dict[str, Any], version: str = "v2.0", role: str | None = "sampler_v2", **recipe: Any
) -> dict[str, Any]:
    recipe = {
        "version": "v0.1",
        "twirling": False,
        "meas_type": "classified",
        "shots": 4,
        "options": {},
        **recipe,
    }
    part = {"idx_item": 0, "size": 1, "permutation": [], "element_range": [0, 1, 1]}
    return {
        "schema_version": version,
        "data": [{"results": results, "metadata": {"scheduler_timing": None, "stretch_values": None}}],
        "metadata": {
            "chunk_timing": [{"start": "2026-01-02T03:04:05", "stop": "2026-01-02T03:04:06", "parts": [part]}]
        },
        "passthrough_data": {"post_processor": {"circuits_metadata": [{"k": 1}], **recipe}},
        "semantic_role": role,
    }


def read(tree: Any) -> list[Any]:
    body = json.dumps(tree).encode()
    return [decode("executor", body), finish(decode_in_pieces("executor", body))]


FLAGS = np.array([[0, 0], [1, 0], [1, 0], [1, 1]]).astype(bool)


@pytest.mark.parametrize("version", ["v1.0", "v1.1", "v2.0"])
@pytest.mark.parametrize("role", ["sampler_v2", "sampler-v2"])
def test_a_sampler_gets_a_samplers_result(version: str, role: str) -> None:
    for got in read(result({"meas": tensor(FLAGS, version)}, version, role)):
        assert isinstance(got, PrimitiveResult)
        assert got[0].data.meas.get_counts() == {"00": 1, "01": 2, "11": 1}
        assert got[0].metadata == {"circuit_metadata": {"k": 1}}
        assert got.metadata["shots"] == 4
        assert got.metadata["executor"]["chunk_timing"][0]["start"].tzinfo is not None


def test_other_programs_get_their_tensors() -> None:
    for got in read(result({"meas": tensor(FLAGS)}, role=None)):
        assert isinstance(got, ExecutorResult)
        assert len(got) == 1
        assert got[0].data.array("meas").tolist() == FLAGS.tolist()
        assert got.semantic_role is None
        assert got.passthrough_data["post_processor"]["shots"] == 4


def test_arrays_passed_through_come_back_as_arrays() -> None:
    tree = result({"meas": tensor(FLAGS)}, role="mine")
    tree["passthrough_data"]["kept"] = [tensor(np.arange(3.0))]
    for got in read(tree):
        assert got.passthrough_data["kept"][0].tolist() == [0, 1, 2]


def test_random_flips_are_undone_and_randomizations_join_the_shots() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, (3, 2, 5, 4)).astype(bool)  # randomizations, points, shots, bits
    flips = rng.integers(0, 2, truth.shape).astype(bool)
    results = {"meas": tensor(truth ^ flips), "measurement_flips.meas": tensor(flips)}
    for got in read(result(results, twirling=True)):
        bits = got[0].data.meas
        assert bits.shape == got[0].data.shape == (2,)
        assert bits.num_shots == 15
        assert (bits.to_bool_array("little")[1] == truth[:, 1].reshape(15, 4)).all()
        assert got[0].metadata["num_randomizations"] == 3


@pytest.mark.parametrize(
    ("meas_type", "suffix", "shape"), [("kerneled", "_iq", (2, 5, 3)), ("avg_kerneled", "_avg_iq", (2, 3))]
)
def test_kerneled_data_are_complex(meas_type: str, suffix: str, shape: tuple[int, ...]) -> None:
    for got in read(result({"meas" + suffix: tensor(np.ones(shape, dtype=complex))}, meas_type=meas_type)):
        assert got[0].data.array("meas").shape == shape
        assert got[0].data.shape == (2,)


def test_averages_over_randomizations_are_averaged() -> None:
    data = np.arange(6.0).reshape(3, 2).astype(complex)
    for got in read(result({"meas_avg_iq": tensor(data)}, meas_type="avg_kerneled", twirling=True)):
        assert got[0].data.array("meas").tolist() == [2, 3]


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": "new"},
        {"data": 3},
        {"data": []},
        {"data": [{}]},
        {"passthrough_data": {"post_processor": {"version": "v0.1"}}},
        {"metadata": {"chunk_timing": [3]}},
    ],
)
def test_what_is_no_result_is_an_error(change: dict[str, Any]) -> None:
    body = json.dumps({**result({"meas": tensor(FLAGS)}), **change}).encode()
    with pytest.raises(ResultError):
        decode("executor", body)


def test_registers_that_do_not_fit_together_are_an_error() -> None:
    flips = {"meas": tensor(FLAGS), "measurement_flips.other": tensor(FLAGS)}
    shapes = {"a": tensor(FLAGS.reshape(2, 2, 2)), "b": tensor(FLAGS)}
    for results in (flips, shapes, {}):
        with pytest.raises(ResultError):
            decode("executor", json.dumps(result(results)).encode())
