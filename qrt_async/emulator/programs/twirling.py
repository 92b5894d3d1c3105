"""Twirling: how shots are spread over randomizations, and what the metadata of results says of it.

The noise of the emulated gates is that of twirled gates already, so twirling them changes nothing; twirled readings
are wrong equally often either way.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from .options import Decoupling, EstimatorOptions, EstimatorParams, SamplerOptions, SamplerParams, Twirling

FEWEST_SHOTS, USUAL_COUNT = 64, 32
"""The service's numbers for ``auto``: so many shots a randomization at least, else so many randomizations."""


class Twirls(msgspec.Struct, frozen=True):
    """What is twirled, and as the options ask."""

    gates: bool
    readings: bool
    options: Twirling

    @property
    def any(self) -> bool:
        return self.gates or self.readings

    def spread(self, shots: int) -> tuple[int, int]:
        """The number of randomizations of a PUB, and the shots of each."""
        count, each = self.options.num_randomizations, self.options.shots_per_randomization
        if isinstance(count, int):
            return count, each if isinstance(each, int) else math.ceil(shots / count)
        if not isinstance(each, int):
            each = max(FEWEST_SHOTS, math.ceil(shots / USUAL_COUNT))
        return math.ceil(shots / each), each

    def told(self) -> dict[str, Any]:
        """What the metadata of a job says."""
        return {
            "enable_gates": self.gates,
            "enable_measure": self.readings,
            "num_randomizations": self.options.num_randomizations or "auto",
            "shots_per_randomization": self.options.shots_per_randomization or "auto",
            "interleave_randomizations": True,
            "strategy": self.options.strategy or "active-accum",
        }

    def told_of_pub(self, shots: int) -> dict[str, Any]:
        """What the metadata of a PUB says."""
        return {"num_randomizations": self.spread(shots)[0]} if self.any else {}


def of_sampler(params: SamplerParams) -> Twirls:
    """A sampler twirls what its options enable."""
    options = (params.options or SamplerOptions()).twirling or Twirling()
    return Twirls(bool(options.enable_gates), bool(options.enable_measure), options)


def of_estimator(params: EstimatorParams, *, mitigate: bool) -> Twirls:
    """An estimator twirls readings where it corrects them, and gates from level 2 on, unless its options say."""
    options = (params.options or EstimatorOptions()).twirling or Twirling()
    gates = params.resilience_level == 2 if options.enable_gates is None else options.enable_gates
    return Twirls(gates, mitigate if options.enable_measure is None else options.enable_measure, options)


def decoupling_told(params: EstimatorParams) -> dict[str, Any]:
    """What the metadata of a job says of dynamical decoupling: what was asked. Idle qubits have no noise here."""
    asked = (params.options or EstimatorOptions()).dynamical_decoupling or Decoupling()
    return {
        "enable": bool(asked.enable),
        "sequence_type": asked.sequence_type or "XX",
        "extra_slack_distribution": asked.extra_slack_distribution or "middle",
        "scheduling_method": asked.scheduling_method or "alap",
    }
