from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from qrt_async.programs.bits import BitArray
from qrt_async.programs.containers import DataBin, Packed, PrimitiveResult, PubResult

BITS = BitArray.from_samples([1, 2], 2)


def test_fields_are_attributes_and_items() -> None:
    data = DataBin({"meas": BITS, "shape": np.arange(3)}, (2,))
    assert data.meas is data["meas"] is data.bits("meas") is BITS
    assert data.shape == (2,)  # a field of that name is an item
    assert data.array("shape").tolist() == [0, 1, 2]
    assert list(data) == list(data.keys()) == ["meas", "shape"]
    assert [value for _, value in data.items()] == list(data.values())
    assert len(data) == data.size == 2
    assert data.ndim == 1
    assert "meas" in data
    assert "meas" in dir(data)
    assert repr(data) == "DataBin(meas, shape, shape=(2,))"


def test_a_missing_field_is_told_with_those_there_are() -> None:
    data = DataBin({"c": BITS})
    with pytest.raises(AttributeError, match="no field 'meas'; there is c"):
        _ = data.meas
    with pytest.raises(KeyError, match="there is c"):
        _ = data["meas"]
    with pytest.raises(AttributeError, match="there is none"):
        _ = DataBin({}).meas


def test_typed_access_refuses_the_other_type() -> None:
    data = DataBin({"c": BITS, "evs": np.zeros(2)})
    with pytest.raises(TypeError, match=r"bits\('c'\)"):
        data.array("c")
    with pytest.raises(TypeError, match=r"array\('evs'\)"):
        data.bits("evs")


def test_a_packed_field_is_read_once() -> None:
    read: list[Any] = []

    def unpack(node: Any) -> BitArray:
        read.append(node)
        return BITS

    data = DataBin({"c": Packed(3, unpack)})
    assert read == []
    assert data.c is data.c is BITS
    assert read == [3]


def test_results_survive_pickling_with_their_fields_unpacked() -> None:
    result = PrimitiveResult(
        [PubResult(DataBin({"c": Packed(3, lambda node: BITS)}, (1,)), {"a": 1})], {"version": 2}
    )
    back = pickle.loads(pickle.dumps(result))  # noqa: S301 # our own
    assert back[0].data.c == BITS
    assert back[0].data.shape == (1,)
    assert back[0].metadata == {"a": 1}
    assert back.metadata == {"version": 2}


def test_a_result_is_a_sequence() -> None:
    pubs = [PubResult(DataBin({}), {"n": index}) for index in range(3)]
    result = PrimitiveResult(pubs, {})
    assert list(result) == pubs
    assert result[-1] is pubs[2]
    assert result[1:] == pubs[1:]
    assert len(result) == 3


def test_registers_join_with_the_first_one_lowest() -> None:
    pub = PubResult(
        DataBin({"a": BitArray.from_samples([0b01], 2), "b": BitArray.from_samples([0b1], 1)}), {}
    )
    assert pub.join_data().get_counts() == {"101": 1}
    assert pub.join_data(["b"]).get_counts() == {"1": 1}
