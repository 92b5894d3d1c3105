"""How many shots options ask for, and how twirling spreads them. As IBM's own client has it:
https://github.com/Qiskit/qiskit-ibm-runtime, ``executor/calculate_twirling_shots.py`` and ``options``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from qrt_async.programs.program import DEFAULT_SHOTS

Options = Mapping[str, Any]
DEFAULT_PRECISION: Final = 1 / 64
_FEWEST, _USUAL = 64, 32
"""Shots of a randomization at least, else so many randomizations, where options leave both to the service."""


def sampler_shots(shots: int | None, options: Options) -> int:
    """The shots of a point; those of a job come before what options say."""
    return int(shots or _product(part(options, "twirling")) or options.get("default_shots") or DEFAULT_SHOTS)


def estimator_shots(precision: float | None, options: Options) -> int:
    """The shots of a point in one basis: as many as make the standard error of a Pauli at most the precision."""
    default = _product(part(options, "twirling")) or options.get("default_shots")
    if precision is None and default:
        return int(default)
    wanted = precision or options.get("default_precision") or DEFAULT_PRECISION
    return max(1, math.ceil(1.0 / wanted**2 - 1e-6))


def spread(shots: int, twirling: Options, each: int | None = None) -> tuple[int, int]:
    """Randomizations, and the shots of each: together at least ``shots``. ``each`` is what they are where options
    leave both to the service."""
    count, asked = twirling.get("num_randomizations"), twirling.get("shots_per_randomization")
    if isinstance(asked, int):
        each = asked
    elif isinstance(count, int):
        return count, math.ceil(shots / count)
    else:
        each = each or max(_FEWEST, math.ceil(shots / _USUAL))
    return max(math.ceil(shots / each), count if isinstance(count, int) else 0), each


def part(options: Options, name: str) -> Options:
    """A group of options, empty where it is not set."""
    found: Options = options.get(name) or {}
    return found


def _product(twirling: Options) -> int | None:
    """Where both are given, they come before any default."""
    count, each = twirling.get("num_randomizations"), twirling.get("shots_per_randomization")
    return count * each if isinstance(count, int) and isinstance(each, int) else None
