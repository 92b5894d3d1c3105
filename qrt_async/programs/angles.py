"""Angles as OpenQASM writes them, ``2*theta - pi/4``, over numbers or arrays of them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

_WORD = re.compile(
    r"\s*(?:(\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([^\W\d]\w*)|(\*\*|[-+*/()]))"
)
_CONSTANTS = {"pi": math.pi, "π": math.pi, "tau": math.tau, "τ": math.tau, "euler": math.e, "ℇ": math.e}
_FUNCTIONS = {"sin", "cos", "tan", "arcsin", "arccos", "arctan", "exp", "log", "sqrt"}
_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 4}
_SIGN = 3


def value(text: str, names: Callable[[str], Any]) -> Any:
    """A number, or an array where ``names`` gives some. ``ValueError`` for what is not understood, and whatever
    ``names`` raises for what it does not know."""
    with suppress(ValueError):
        return float(text)
    import numpy as np

    words = _words(text)
    with np.errstate(all="ignore"):
        found = _expression(words, 0, names)
    if words or isinstance(found, complex):
        raise ValueError(f"{text[:40]!r} is no real number")
    return found


def _words(text: str) -> list[str]:
    """The last one first."""
    text, at, found = text.rstrip(), 0, []
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            raise ValueError(f"{text[at : at + 20]!r} is not understood")
        found.append(match[0].strip())
        at = match.end()
    return found[::-1]


def _expression(words: list[str], strength: int, names: Callable[[str], Any]) -> Any:
    left = _operand(words, names)
    while words and _STRENGTH.get(words[-1], 0) > strength:
        operator = words.pop()
        weaker = operator == "**"  # the only one that groups from the right
        left = _apply(operator, left, _expression(words, _STRENGTH[operator] - weaker, names))
    return left


def _operand(words: list[str], names: Callable[[str], Any]) -> Any:
    if not words:
        raise ValueError("it ends too early")
    word = words.pop()
    if word in "+-":
        sign = -1 if word == "-" else 1
        return sign * _expression(words, _SIGN, names)
    if word == "(":
        return _closed(words, names)
    if word[0].isdigit() or word[0] == ".":
        return int(word) if word.replace("_", "").isdigit() else float(word)
    if word in _FUNCTIONS and words and words[-1] == "(":
        words.pop()
        import numpy as np

        return getattr(np, word)(_closed(words, names))
    return _CONSTANTS[word] if word in _CONSTANTS else names(word)


def _closed(words: list[str], names: Callable[[str], Any]) -> Any:
    found = _expression(words, 0, names)
    if not words or words.pop() != ")":
        raise ValueError("a bracket is left open")
    return found


def _apply(operator: str, left: Any, right: Any) -> Any:
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    if operator == "**":
        return float(left) ** right if isinstance(left, int) else left**right  # of whole ones, without end
    if isinstance(left, int) and isinstance(right, int):
        raise ValueError("whether whole numbers divide to a whole number is the service's to say")
    return left / right
