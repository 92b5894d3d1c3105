"""Whole numbers of one or more: one check, in one way of saying it."""

from __future__ import annotations

from typing import Any

import pytest

from qrt_async.errors import InvalidInput
from qrt_async.transport.whole import is_whole, whole


@pytest.mark.parametrize("given", [0, -1, True, 1.5, 1.0, float("nan"), "1", None])
def test_what_is_none_is_named_with_its_argument(given: Any) -> None:
    assert not is_whole(given)
    with pytest.raises(
        InvalidInput, match=f"max_result is {given!r}; it must be a whole number of bytes, 1 or more"
    ):
        whole("max_result", given, of="bytes")


def test_what_is_allowed_besides_is_said() -> None:
    with pytest.raises(InvalidInput, match=r"cap is 0; it must be a whole number, 1 or more, or None\.$"):
        whole("cap", 0, besides=", or None")


def test_where_none_is_allowed_none_is_one() -> None:
    assert whole("cost", 0, least=0) == 0
    with pytest.raises(InvalidInput, match="0 or more"):
        whole("cost", False, least=0)


@pytest.mark.parametrize("given", [1, 10**30])
def test_what_is_one_is_given_back(given: int) -> None:
    assert is_whole(given)
    assert whole("max_result", given) == given
