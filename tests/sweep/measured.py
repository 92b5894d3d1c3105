"""Sweeps with points whose results are made up, for tables of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from qrt_async.programs.bits import BitArray
from qrt_async.programs.containers import DataBin, PubResult
from qrt_async.sweep.points import SweepPoint
from qrt_async.sweep.sweep import Sweep

SHOTS = 8


def circuit(*names: str, bits: int = 1, registers: tuple[str, ...] = ("c",)) -> str:
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', *(f"input float[64] {name};" for name in names)]
    lines += [f"bit[{bits}] {register};" for register in registers] + [f"qubit[{bits}] q;"]
    lines += [f"rx({name}) q[0];" for name in names]
    return "\n".join([*lines, *(f"{register}[0] = measure q[0];" for register in registers)])


def shots(ones: int, bits: int = 1) -> BitArray:
    """So many of ``SHOTS`` read all ones, the others zeros."""
    return BitArray.from_samples(["1" * bits] * ones + ["0" * bits] * (SHOTS - ones), bits)


def at(sweep: Sweep, index: int, **fields: Any) -> SweepPoint:
    point = SweepPoint(index, sweep.label(index), sweep.circuit_of(index), sweep.parameters(index))
    if fields:
        point.result = PubResult(DataBin(fields), {})
        point.job_id = "job"
    return point


def estimated(sweep: Sweep, missing: Iterable[int] = ()) -> list[SweepPoint]:
    """``evs`` says which point and which observable it is: 100 x index + place."""
    shape = sweep.observables_shape
    places = np.arange(math.prod(shape), dtype=float).reshape(shape)
    return [
        at(sweep, index)
        if index in set(missing)
        else at(sweep, index, evs=(100.0 * index + places)[()], stds=(places / 10.0)[()])
        for index in range(sweep.size)
    ]


def product(**how: Any) -> Sweep:
    return Sweep(circuit("a", "b"), {"a": [0.0, 0.5], "b": [1.0, 2.0, 3.0]}, **how)
