"""Options of the programs, in the service's own names (api.md 5.2 and 5.3). Only what is set is sent."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, StructMeta, UnsetType

from qrt_async.errors import InvalidInput

Count: TypeAlias = Annotated[int, Meta(ge=1)]
Seconds: TypeAlias = Annotated[float, Meta(ge=0)]
Strategy: TypeAlias = Literal["active-accum", "active", "active-circuit", "all"]
Extrapolator: TypeAlias = Literal[
    "exponential", "linear", "double_exponential", "fallback", "polynomial_degree_1", "polynomial_degree_2",
    "polynomial_degree_3", "polynomial_degree_4", "polynomial_degree_5", "polynomial_degree_6", "polynomial_degree_7",
]  # fmt: skip

# Options of the official client that are no options of the program, and where they went.
_ELSEWHERE = {
    "max_execution_time": "the time limit of a job is run(..., cost=seconds)",
    "environment": "tags, log_level and private are arguments of run()",
    "optimization_level": "circuits are sent as they are",
    "shots": "shots are an argument of Sampler, or default_shots among the options",
    "precision": "precision is an argument of Estimator, or default_precision among the options",
}


class OptionsMeta(StructMeta):
    """Refuses names that do not exist with the one that was probably meant."""

    def __call__(cls, *args: Any, **given: Any) -> Any:  # noqa: N805 # of a metaclass
        _known(cls, given, cls.__name__)
        return super().__call__(*args, **given)


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, metaclass=OptionsMeta):
    """What is left ``UNSET`` is not sent, and the service's default holds."""


class DynamicalDecouplingOptions(Options, frozen=True, kw_only=True):
    """Pulses on idle qubits."""

    enable: bool | UnsetType = UNSET
    """Default ``False``."""
    sequence_type: Literal["XX", "XpXm", "XY4"] | UnsetType = UNSET
    """Default ``"XX"``."""
    extra_slack_distribution: Literal["middle", "edges"] | UnsetType = UNSET
    """Where time left over by rounding goes. Default ``"middle"``."""
    scheduling_method: Literal["alap", "asap"] | UnsetType = UNSET
    """As late or as soon as possible. Default ``"alap"``."""
    skip_reset_qubits: bool | UnsetType = UNSET
    """Leave qubits alone that were just reset. Default ``False``."""


class TwirlingOptions(Options, frozen=True, kw_only=True):
    """Averaging over random Pauli frames."""

    enable_gates: bool | UnsetType = UNSET
    """Default ``False``; with the Estimator ``True`` at resilience level 2."""
    enable_measure: bool | UnsetType = UNSET
    """Default ``False``; with the Estimator ``True`` at resilience levels 1 and 2."""
    num_randomizations: Count | Literal["auto"] | UnsetType = UNSET
    """Default ``"auto"``."""
    shots_per_randomization: Count | Literal["auto"] | UnsetType = UNSET
    """Default ``"auto"``."""
    strategy: Strategy | UnsetType = UNSET
    """Which qubits are twirled in a layer of entangling gates. Default ``"active-accum"``."""


class ExecutionOptions(Options, frozen=True, kw_only=True):
    """How the machine repeats a circuit."""

    init_qubits: bool | UnsetType = UNSET
    """Reset the qubits before each shot. Default ``True``."""
    rep_delay: Seconds | UnsetType | None = UNSET
    """Seconds between shots, within the backend's ``rep_delay_range``. Default: the backend's own."""


class SamplerExecutionOptions(ExecutionOptions, frozen=True, kw_only=True):
    """How the machine repeats a circuit, and what it returns of a measurement."""

    meas_type: Literal["classified", "kerneled", "avg_kerneled"] | UnsetType = UNSET
    """``"classified"`` (default) gives a BitArray for each register; ``"kerneled"`` a complex array
    ``(*shape, shots, bits)``; ``"avg_kerneled"`` its mean over the shots, ``(*shape, bits)``."""


class SimulatorOptions(Options, frozen=True, kw_only=True):
    """What only simulators heed."""

    noise_model: Any | UnsetType = UNSET
    """A ``qiskit_aer.noise.NoiseModel``, or its typed JSON."""
    seed_simulator: int | UnsetType | None = UNSET
    coupling_map: list[tuple[int, int]] | UnsetType | None = UNSET
    """Directed pairs of qubits. Default: any two."""
    basis_gates: list[str] | UnsetType | None = UNSET


class MeasureNoiseLearningOptions(Options, frozen=True, kw_only=True):
    """How readout errors are learnt."""

    num_randomizations: Count | UnsetType = UNSET
    """Default 32."""
    shots_per_randomization: Count | Literal["auto"] | UnsetType = UNSET
    """Default ``"auto"``."""


class LayerNoiseLearningOptions(Options, frozen=True, kw_only=True):
    """How the noise of layers of entangling gates is learnt."""

    max_layers_to_learn: Annotated[int, Meta(ge=0)] | UnsetType | None = UNSET
    """Default 4; ``None`` for no limit."""
    shots_per_randomization: Count | UnsetType = UNSET
    """Default 128."""
    num_randomizations: Count | UnsetType = UNSET
    """Default 32."""
    layer_pair_depths: list[Annotated[int, Meta(ge=0)]] | UnsetType = UNSET
    """Depths in pairs of layers. Default ``[0, 1, 2, 4, 16, 32]``."""


class ZneOptions(Options, frozen=True, kw_only=True):
    """Zero-noise extrapolation."""

    amplifier: Literal["gate_folding", "gate_folding_front", "gate_folding_back", "pea"] | UnsetType = UNSET
    """Default ``"gate_folding"``."""
    noise_factors: list[Annotated[float, Meta(ge=1)]] | UnsetType = UNSET
    """Default ``[1, 3, 5]``."""
    extrapolator: Extrapolator | Annotated[list[Extrapolator], Meta(min_length=1)] | UnsetType = UNSET
    """Tried in this order; one of degree k needs k + 1 noise factors. Default ``["exponential", "linear"]``."""
    extrapolated_noise_factors: list[float] | Literal["auto"] | UnsetType = UNSET
    """Where the fits are evaluated. Default ``"auto"``: 0 and the noise factors."""


class PecOptions(Options, frozen=True, kw_only=True):
    """Probabilistic error cancellation."""

    max_overhead: Annotated[float, Meta(gt=0)] | UnsetType | None = UNSET
    """Default 100; ``None`` for no limit."""
    noise_gain: Annotated[float, Meta(ge=0)] | Literal["auto"] | UnsetType = UNSET
    """0 removes all of the learnt noise, 1 none. Default ``"auto"``."""


class ResilienceOptions(Options, frozen=True, kw_only=True):
    """Error mitigation in detail. ``zne_mitigation`` and ``pec_mitigation`` exclude each other."""

    measure_mitigation: bool | UnsetType | None = UNSET
    """Default ``True`` from resilience level 1."""
    measure_noise_learning: MeasureNoiseLearningOptions | UnsetType = UNSET
    zne_mitigation: bool | UnsetType | None = UNSET
    """Default ``True`` at resilience level 2."""
    zne: ZneOptions | UnsetType = UNSET
    pec_mitigation: bool | UnsetType = UNSET
    """Default ``False``."""
    pec: PecOptions | UnsetType = UNSET
    layer_noise_learning: LayerNoiseLearningOptions | UnsetType = UNSET
    layer_noise_model: Any | UnsetType = UNSET
    """A ``NoiseLearnerResult``, or a list of ``LayerError``: then nothing is learnt anew."""


class SamplerOptions(Options, frozen=True, kw_only=True):
    """Options of the program ``sampler``."""

    default_shots: Count | UnsetType = UNSET
    """Where the Sampler names no shots. Default 4096."""
    dynamical_decoupling: DynamicalDecouplingOptions | UnsetType = UNSET
    execution: SamplerExecutionOptions | UnsetType = UNSET
    twirling: TwirlingOptions | UnsetType = UNSET
    simulator: SimulatorOptions | UnsetType = UNSET
    experimental: dict[str, Any] | UnsetType = UNSET
    """Passed on unchecked."""


class EstimatorOptions(Options, frozen=True, kw_only=True):
    """Options of the program ``estimator``."""

    resilience_level: Annotated[int, Meta(ge=0, le=2)] | UnsetType = UNSET
    """0 none, 1 (default) mitigates readout, 2 adds zero-noise extrapolation and gate twirling."""
    default_precision: Annotated[float, Meta(gt=0)] | UnsetType = UNSET
    """Where the Estimator names no precision. Default 1/64, which is 4096 shots."""
    default_shots: Count | UnsetType | None = UNSET
    """Overrides ``default_precision``."""
    seed_estimator: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    dynamical_decoupling: DynamicalDecouplingOptions | UnsetType = UNSET
    resilience: ResilienceOptions | UnsetType = UNSET
    execution: ExecutionOptions | UnsetType = UNSET
    twirling: TwirlingOptions | UnsetType = UNSET
    simulator: SimulatorOptions | UnsetType = UNSET
    experimental: dict[str, Any] | UnsetType = UNSET
    """Passed on unchecked."""


class NoiseLearnerOptions(LayerNoiseLearningOptions, frozen=True, kw_only=True):
    """Options of the program ``noise-learner``."""

    twirling_strategy: Strategy | UnsetType = UNSET
    """Default ``"active-accum"``."""
    simulator: SimulatorOptions | UnsetType = UNSET
    experimental: dict[str, Any] | UnsetType = UNSET
    """Passed on unchecked."""


def read_options(given: Options | Mapping[str, Any] | None, kind: type[Options]) -> dict[str, Any]:
    """What is set, checked, as JSON has it. ``InvalidInput`` names the option and what is allowed."""
    if given is None:
        return {}
    if not isinstance(given, (kind, Mapping)):
        raise InvalidInput(
            f"Got options of type {type(given).__name__}; needed is {kind.__name__} or a mapping."
        )
    options: dict[str, Any] = _plain(given)
    _known(kind, options, "options")
    try:
        msgspec.convert(options, kind)
    except msgspec.ValidationError as error:
        said = str(error).replace(" - at `$", " - at `options")
        raise InvalidInput(f"The options cannot be sent: {said}.") from None
    _check_resilience(options.get("resilience", {}))
    return options


def _check_resilience(options: Mapping[str, Any]) -> None:
    """Rules between options, which the service applies after queueing."""
    if options.get("zne_mitigation") and options.get("pec_mitigation"):
        raise InvalidInput("Got zne_mitigation and pec_mitigation both on; turn one of them off.")
    zne = options.get("zne", {})
    asked = zne.get("extrapolator", ["exponential", "linear"])
    factors = len(zne.get("noise_factors", [1, 3, 5]))
    for extrapolator in [asked] if isinstance(asked, str) else asked:
        if factors < _needed_factors(extrapolator):
            raise InvalidInput(
                f"The extrapolator {extrapolator!r} needs {_needed_factors(extrapolator)} noise_factors or more; "
                f"there are {factors}."
            )


def _needed_factors(extrapolator: str) -> int:
    degree = extrapolator.removeprefix("polynomial_degree_")
    return int(degree) + 1 if degree.isdecimal() else 4 if extrapolator == "double_exponential" else 2


def _plain(value: Any) -> Any:
    """Structs and mappings as dictionaries without what is unset, NumPy's as numbers and lists."""
    if isinstance(value, Options):
        value = {name: getattr(value, name) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {name: _plain(entry) for name, entry in value.items() if entry is not UNSET}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if hasattr(value, "tolist") and hasattr(value, "shape"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidInput(f"Got {value} among the options; JSON has finite numbers only.")
    return value


def _known(kind: Any, given: Mapping[str, Any], where: str) -> None:
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    for name, value in given.items():
        if name not in fields:
            raise InvalidInput(
                f"{where} got {name!r}, which does not exist; {_advice(str(name), list(fields))}."
            )
        inner = next((part for part in get_args(fields[name]) if isinstance(part, OptionsMeta)), None)
        if inner is not None and isinstance(value, Mapping):
            _known(inner, value, f"{where}.{name}")


def _advice(name: str, names: list[str]) -> str:
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    close = difflib.get_close_matches(name, names, n=1)
    return f"{close[0]!r} was probably meant" if close else f"allowed are {', '.join(names)}"
