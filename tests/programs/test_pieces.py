from __future__ import annotations

import json
import zlib
from base64 import b64decode
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qrt_async.programs import pieces


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PIECE", 24)


@given(st.text(max_size=200))
def test_a_text_in_pieces_is_the_text(value: str) -> None:
    assert msgspec.json.decode(msgspec.json.encode(pieces.text(value))) == value


@given(st.lists(st.binary(max_size=100), max_size=5))
def test_base64_of_parts_is_that_of_all_of_them(parts: list[bytes]) -> None:
    assert b64decode(json.loads(bytes(pieces.base64(parts))), validate=True) == b"".join(parts)


@given(st.lists(st.binary(max_size=100), max_size=5))
def test_deflated_parts_inflate_to_all_of_them(parts: list[bytes]) -> None:
    assert zlib.decompress(b"".join(pieces.deflated(parts))) == b"".join(parts)


@settings(max_examples=50)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=3))
def test_numbers_in_pieces_are_the_numbers(shape: Any) -> None:
    array = np.random.default_rng(1).normal(size=shape)
    assert json.loads(msgspec.json.encode(pieces.numbers(array))) == array.tolist()


def test_what_is_short_stays_as_it_is() -> None:
    assert pieces.text("short") == "short"
    assert pieces.numbers(np.array([0.5])) == [0.5]
