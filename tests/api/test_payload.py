from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import pytest

from qrt_async.api.payload import as_json, encoded
from qrt_async.errors import InvalidInput


def test_json_that_is_ready_passes_untouched() -> None:
    ready = b'{"pubs": [NaN]}'
    assert (
        bytes(as_json(ready))
        == bytes(as_json(bytearray(ready)))
        == bytes(as_json(memoryview(ready)))
        == ready
    )
    raw = msgspec.Raw(b"{}")
    assert as_json(raw) is raw


def test_values_become_json() -> None:
    params = {"pubs": [["OPENQASM 3.0;", {"t": 0.5}, None]], "text": "null", "version": 2}
    assert json.loads(bytes(as_json(params))) == params


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("where", ["list", "deep"])
def test_what_json_cannot_say_is_refused_and_does_not_become_null(wrong: float, where: str) -> None:
    params = {"pubs": [wrong]} if where == "list" else {"a": ({"b": [None, {"c": wrong}]},)}
    with pytest.raises(InvalidInput, match="NaN or an infinity"):
        as_json(params)


@pytest.mark.parametrize("wrong", [object(), {"x": {1j}}, "\ud800", {(1, 2): 3}])
def test_what_has_no_json_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidInput, match=r"params cannot be sent as JSON.*Nothing was sent"):
        as_json({"x": wrong})


def test_a_circle_is_refused() -> None:
    params: list[Any] = []
    params.append(params)
    with pytest.raises(InvalidInput, match="The request cannot be sent"):
        encoded(params, "The request")
