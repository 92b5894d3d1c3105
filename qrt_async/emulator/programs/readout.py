"""Correction of misreadings, as resilience level 1 asks: readings twirled, then scaled by what a calibration found.

Twirling makes misreading as likely either way, which only shrinks the value of a Pauli string, by a factor
that is one product over its qubits. The service learns the factor from circuits that prepare zeros; so
the emulator draws what such a calibration of ``CALIBRATION_SHOTS`` would have found.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np

from qrt_async.emulator.devices.processor import Processor

from .bases import Term

CALIBRATION_SHOTS = 4096


class Shrinkage(msgspec.Struct, frozen=True):
    """The factor a calibration found for a Pauli string, and its standard error."""

    factor: float
    error: float


NONE = Shrinkage(1.0, 0.0)


def calibrated(
    term: Term, processor: Processor, qubits: tuple[int, ...], chance: np.random.Generator
) -> Shrinkage:
    """What a calibration would find for this term; ``qubits`` are the physical ones that are read."""
    true = math.prod(1.0 - 2.0 * processor.qubits[qubits[place]].readout_error for place in term.qubits)
    odd = int(chance.binomial(CALIBRATION_SHOTS, (1.0 - true) / 2.0))
    found = 1.0 - 2.0 * odd / CALIBRATION_SHOTS
    return Shrinkage(found, math.sqrt((1.0 - found**2) / CALIBRATION_SHOTS))
