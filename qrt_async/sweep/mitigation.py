"""What an Estimator's options, and the level that stands for some of them, ask to be executed (api.md 5.3)."""

from __future__ import annotations

import math
from typing import Any, Final

from qrt_async.programs.isa import Fitting
from qrt_async.sweep.bases import unique_layers
from qrt_async.sweep.shots import Options, part

_NOISE_FACTORS: Final = (1.0, 3.0, 5.0)
_MOST_OVERHEAD: Final = 100.0
_RANDOMIZATIONS, _DEPTHS, _LAYERS, _SHOTS = 32, 6, 4, 128
"""The service's defaults for learning noise."""
_CIRCUITS_A_LAYER: Final = 9
"""So many read all pairs of a layer in all the ways that its noise shows in (``LayerNoiseLearningOptions`` of IBM's
client)."""


class Mitigation:
    """Options may be unset, and then the level decides."""

    def __init__(self, options: Options) -> None:
        level = options.get("resilience_level", 1)
        self._resilience = part(options, "resilience")
        self._zne = part(self._resilience, "zne")
        self._learning = part(self._resilience, "layer_noise_learning")
        self.zne = self._asked("zne_mitigation", level == 2)
        self.pec = self._asked("pec_mitigation", False)
        self.readout = self._asked("measure_mitigation", level >= 1)
        self.twirling = part(options, "twirling")
        readings = self.twirling.get("enable_measure", level >= 1 or self.readout)
        self.twirled = bool(readings or self.twirling.get("enable_gates", level == 2) or self.injects_noise)

    def _asked(self, name: str, default: bool) -> bool:
        found: Any = self._resilience.get(name)
        return default if found is None else bool(found)

    @property
    def injects_noise(self) -> bool:
        """Does it inject noise that must have been learnt?"""
        return self.pec or self._injected_factors

    @property
    def _injected_factors(self) -> bool:
        return self.zne and self._zne.get("amplifier") == "pea"

    @property
    def noise_factors(self) -> tuple[float, ...]:
        return tuple(self._zne.get("noise_factors") or _NOISE_FACTORS) if self.zne else (1.0,)

    @property
    def stretch(self) -> float:
        """How many times as long a circuit is, on the average: folding repeats gates, injecting noise does not."""
        return 1.0 if self._injected_factors else math.fsum(self.noise_factors) / len(self.noise_factors)

    @property
    def overhead(self) -> float:
        """How many times the executions: the most that is allowed to probabilistic error cancellation, since the true
        number follows from noise that is not learnt yet. Where there is no limit, that of the default."""
        return float(part(self._resilience, "pec").get("max_overhead") or _MOST_OVERHEAD) if self.pec else 1.0

    def learning(self, each: int, circuit: Fitting) -> int:
        """Executions once in a job; ``each`` are the shots of one randomization."""
        readout = part(self._resilience, "measure_noise_learning")
        executions = int(readout.get("num_randomizations") or _RANDOMIZATIONS) * each if self.readout else 0
        if self.injects_noise and self._resilience.get("layer_noise_model") is None:
            executions += self._learning_of_layer * self._layers(circuit)
        return executions

    @property
    def _learning_of_layer(self) -> int:
        asked = self._learning
        depths = len(asked["layer_pair_depths"]) if "layer_pair_depths" in asked else _DEPTHS
        shots = int(asked.get("shots_per_randomization") or _SHOTS)
        return depths * _CIRCUITS_A_LAYER * int(asked.get("num_randomizations") or _RANDOMIZATIONS) * shots

    def _layers(self, circuit: Fitting) -> int:
        most = self._learning.get("max_layers_to_learn", _LAYERS)
        found = unique_layers(circuit)
        return found if most is None else min(found, int(most))
