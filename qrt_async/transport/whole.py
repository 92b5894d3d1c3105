"""Whole numbers, as users give them."""

from __future__ import annotations

from typing import TypeGuard

from qrt_async.errors import InvalidInput


def is_whole(given: object, *, least: int = 1) -> TypeGuard[int]:
    """Is it one, and large enough? ``True`` is none."""
    return isinstance(given, int) and not isinstance(given, bool) and given >= least


def whole(name: str, given: object, *, of: str = "", least: int = 1, besides: str = "") -> int:
    """The argument ``name``, which has to be one. Raises ``InvalidInput``, which may say of what it is a number, and
    what is allowed besides."""
    if not is_whole(given, least=least):
        kind = f"a whole number of {of}" if of else "a whole number"
        raise InvalidInput(f"{name} is {given!r}; it must be {kind}, {least} or more{besides}.")
    return given
