"""The options of the primitives: names, types and ranges as the service has them.

Options that describe work of a real machine only, such as dynamical decoupling, are accepted, repeated in the
metadata of a result, and change nothing. Of probabilistic cancellation the metadata says that it was not
applied.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from qrt_async.emulator.failure import OPTIONS, ProgramFailed

from .iq import Level

DEFAULT_SHOTS = 4096
DEFAULT_PRECISION = 1 / 64
FOLDING = Literal["gate_folding", "gate_folding_front", "gate_folding_back", "pea"]
Extrapolator = Literal[
    "exponential", "double_exponential", "linear", "fallback", "polynomial_degree_1", "polynomial_degree_2",
    "polynomial_degree_3", "polynomial_degree_4", "polynomial_degree_5", "polynomial_degree_6",
    "polynomial_degree_7",
]  # fmt: skip

Positive = Annotated[int, msgspec.Meta(ge=1)]
Many = Positive | Literal["auto"] | None


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A set of options; names that are not listed are refused."""


class Decoupling(Group, frozen=True):
    enable: bool | None = False
    sequence_type: Literal["XX", "XpXm", "XY4"] | None = "XX"
    extra_slack_distribution: Literal["middle", "edges"] | None = "middle"
    scheduling_method: Literal["alap", "asap"] | None = "alap"
    skip_reset_qubits: bool | None = False


class Execution(Group, frozen=True):
    init_qubits: bool | None = True
    rep_delay: Annotated[float, msgspec.Meta(ge=0)] | None = None
    meas_type: Level | None = "classified"


class EstimatorExecution(Group, frozen=True):
    init_qubits: bool | None = True
    rep_delay: Annotated[float, msgspec.Meta(ge=0)] | None = None


class Twirling(Group, frozen=True):
    enable_gates: bool | None = None
    enable_measure: bool | None = None
    num_randomizations: Many = "auto"
    shots_per_randomization: Many = "auto"
    strategy: Literal["active", "active-accum", "active-circuit", "all"] | None = "active-accum"


class Simulated(Group, frozen=True):
    noise_model: Any = None
    seed_simulator: int | None = None
    coupling_map: Any = None
    basis_gates: list[str] | None = None


class MeasureLearning(Group, frozen=True):
    num_randomizations: Positive | None = 32
    shots_per_randomization: Many = "auto"


class Extrapolation(Group, frozen=True):
    amplifier: FOLDING | None = "gate_folding"
    noise_factors: list[Annotated[float, msgspec.Meta(ge=1)]] | Literal["auto"] | None = None
    extrapolator: Extrapolator | list[Extrapolator] | None = None
    extrapolated_noise_factors: list[float] | Literal["auto"] | None = None


class Cancellation(Group, frozen=True):
    max_overhead: float | None = 100
    noise_gain: float | Literal["auto"] | None = "auto"


class LayerLearning(Group, frozen=True):
    max_layers_to_learn: int | None = 4
    shots_per_randomization: Positive | None = 128
    num_randomizations: Positive | None = 32
    layer_pair_depths: list[int] | None = None


class Resilience(Group, frozen=True):
    measure_mitigation: bool | None = None
    measure_noise_learning: MeasureLearning | None = None
    zne_mitigation: bool | None = None
    zne: Extrapolation | None = None
    pec_mitigation: bool | None = None
    pec: Cancellation | None = None
    layer_noise_learning: LayerLearning | None = None
    layer_noise_model: Any = None


class SamplerOptions(Group, frozen=True):
    default_shots: Positive | None = None
    dynamical_decoupling: Decoupling | None = None
    execution: Execution | None = None
    twirling: Twirling | None = None
    simulator: Simulated | None = None
    experimental: dict[str, Any] | None = None


class EstimatorOptions(Group, frozen=True):
    default_precision: Annotated[float, msgspec.Meta(gt=0)] | None = None
    default_shots: Positive | None = None
    seed_estimator: int | None = None
    dynamical_decoupling: Decoupling | None = None
    execution: EstimatorExecution | None = None
    twirling: Twirling | None = None
    resilience: Resilience | None = None
    simulator: Simulated | None = None
    experimental: dict[str, Any] | None = None


class SamplerParams(Group, frozen=True):
    """``params`` of a sampler job."""

    pubs: list[Any]
    options: SamplerOptions | None = None
    shots: Positive | None = None
    version: Literal[2] | None = 2
    support_qiskit: bool | None = False


class EstimatorParams(Group, frozen=True):
    """``params`` of an estimator job."""

    pubs: list[Any]
    options: EstimatorOptions | None = None
    precision: Annotated[float, msgspec.Meta(gt=0)] | None = None
    resilience_level: Literal[0, 1, 2] | None = None
    version: Literal[2] | None = 2
    support_qiskit: bool | None = False


Params = TypeVar("Params", SamplerParams, EstimatorParams)


def read_params(kind: type[Params], given: Any) -> Params:
    """The params of a program; raises ``ProgramFailed`` naming the key that does not fit."""
    try:
        params = msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise ProgramFailed(OPTIONS, f"The params of the job are not valid: {error}") from error
    if not params.pubs:
        raise ProgramFailed(OPTIONS, "The params of the job are not valid: there are no pubs")
    return params


def sampler_shots(params: SamplerParams) -> int:
    """Shots of a PUB that does not say."""
    options = params.options or SamplerOptions()
    return params.shots or _product(options.twirling) or options.default_shots or DEFAULT_SHOTS


def sampler_level(params: SamplerParams) -> Level:
    """What each shot is told as. Points cannot be twirled."""
    options = params.options or SamplerOptions()
    level = (options.execution or Execution()).meas_type or "classified"
    if level != "classified" and (options.twirling or Twirling()).enable_measure:
        raise ProgramFailed(OPTIONS, f"The options meas_type {level!r} and enable_measure exclude each other")
    return level


def estimator_precision(params: EstimatorParams) -> float:
    """Precision of a PUB that does not say."""
    options = params.options or EstimatorOptions()
    resilience = options.resilience or Resilience()
    if resilience.zne_mitigation and resilience.pec_mitigation:
        raise ProgramFailed(OPTIONS, "The options zne_mitigation and pec_mitigation cannot both be enabled")
    if params.precision is not None:
        return params.precision
    shots = _product(options.twirling) or options.default_shots
    if shots is not None:
        return 1.0 / math.sqrt(shots)
    return options.default_precision or DEFAULT_PRECISION


def _product(twirling: Twirling | None) -> int | None:
    """Shots that both numbers of randomizing name together, which come before ``default_shots``."""
    if twirling is None or not (twirling.enable_gates or twirling.enable_measure):
        return None
    count, each = twirling.num_randomizations, twirling.shots_per_randomization
    return count * each if isinstance(count, int) and isinstance(each, int) else None


def mitigates_measurement(params: EstimatorParams) -> bool:
    """Whether misreadings are corrected for: by its option, else from resilience level 1 on, the default."""
    options = params.options or EstimatorOptions()
    asked = (options.resilience or Resilience()).measure_mitigation
    level = 1 if params.resilience_level is None else params.resilience_level
    return level >= 1 if asked is None else asked


def seed_of(params: SamplerParams | EstimatorParams) -> int | None:
    """The seed that the user chose, if any."""
    options = params.options
    if options is None:
        return None
    chosen = options.seed_estimator if isinstance(options, EstimatorOptions) else None
    simulated = options.simulator.seed_simulator if options.simulator is not None else None
    return chosen if chosen is not None else simulated
