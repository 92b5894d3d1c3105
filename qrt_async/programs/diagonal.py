"""Expectation values of diagonal observables, from packed bits."""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from qrt_async.programs.observables import Observables, Terms
from qrt_async.programs.values import broadcast

Bytes = NDArray[np.uint8]


def expectations(array: Bytes, observables: Observables) -> NDArray[np.float64]:
    """For bits ``(*shape, shots, bytes)``: the means in the shape to which ``shape`` and the observables broadcast."""
    points = array.shape[:-2]
    shape = broadcast([points, observables.shape], "Bits and observables")
    flat = array.reshape(prod(points), *array.shape[-2:])
    point_at = np.broadcast_to(np.arange(len(flat)).reshape(points), shape).reshape(-1)
    which_at = np.broadcast_to(np.arange(len(observables.flat)).reshape(observables.shape), shape).reshape(-1)
    means = np.zeros(prod(shape))
    for which, terms in enumerate(observables.flat):
        here = np.flatnonzero(which_at == which)
        needed, back = np.unique(point_at[here], return_inverse=True)
        means[here] = _means(flat[needed], terms)[back]
    return means.reshape(shape)


def _means(rows: Bytes, terms: Terms) -> NDArray[np.float64]:
    total = np.zeros(len(rows))
    for label, coefficient in terms.items():
        total += coefficient * _signs(rows, label).mean(axis=-1)
    return total


def _signs(rows: Bytes, label: str) -> NDArray[np.float64]:
    """Per shot: 1 or -1 by the parity under the Z, and 0 where a projector 0 or 1 does not match."""
    signs = 1.0 - 2.0 * (np.bitwise_count(rows & _mask(label, "Z")).sum(axis=-1) & 1)
    fixed = _mask(label, "01")
    if fixed.any():
        signs *= ((rows & fixed) == _mask(label, "1")).all(axis=-1)
    return np.asarray(signs, dtype=np.float64)


def _mask(label: str, letters: str) -> Bytes:
    number = int("".join("1" if letter in letters else "0" for letter in label), 2)
    return np.frombuffer(number.to_bytes(-(-len(label) // 8), "big"), dtype=np.uint8)
