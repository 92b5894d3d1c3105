"""Programs: what the service is asked to run, checked before anything is sent."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeAlias, get_args

import msgspec

from qrt_async.api import pieces
from qrt_async.api.payload import encoded, lossless
from qrt_async.errors import InvalidInput
from qrt_async.programs import quantum_program
from qrt_async.programs.isa import Fits, InstructionSet, check_width
from qrt_async.programs.options import EstimatorOptions, NoiseLearnerOptions, SamplerOptions, read_options
from qrt_async.programs.pubs import (
    EstimatorPub,
    SamplerPub,
    read_circuits,
    read_estimator_pubs,
    read_sampler_pubs,
)
from qrt_async.programs.values import Parameters

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from qrt_async.programs.circuits import Circuit
    from qrt_async.programs.noise import NoiseLearnerResult  # noqa: F401 # named by the bases below
    from qrt_async.programs.results import PrimitiveResult  # noqa: F401 # as above

    R_co = TypeVar("R_co", covariant=True, default=Any)
else:
    from typing import TypeVar

    R_co = TypeVar("R_co", covariant=True)

Pubs: TypeAlias = Iterable[Any]
"""A list of PUBs; what a PUB is stands at :class:`Sampler` and :class:`Estimator`."""


class Program(Generic[R_co]):
    """Any program of the service, with its ``params`` passed through untouched.

    ``params`` is whatever makes a JSON object: a mapping, a msgspec struct, or JSON that is already
    encoded (``bytes`` or ``msgspec.Raw``). NumPy arrays and Qiskit circuits in it are sent in the
    service's typed encoding. What the result is depends on the program, hence ``Program[Any]``.
    """

    checkable = False
    """Whether ``check`` has anything to look at."""

    def __init__(self, program_id: str, params: Any) -> None:
        if not program_id or not isinstance(program_id, str):
            raise InvalidInput(f"Got the program id {program_id!r}; needed is a name such as 'sampler'.")
        if isinstance(params, (bytes, msgspec.Raw)) and not bytes(params).lstrip()[:1] == b"{":
            raise InvalidInput("Got encoded params that are no JSON object; they must begin with '{'.")
        self.program_id = program_id
        self._params = params

    def encode(self) -> bytes:
        """The JSON of ``params``: the same bytes each time. May take a while, and may run in a thread."""
        if isinstance(self._params, (bytes, msgspec.Raw)):
            return bytes(self._params)
        found = lossless(self._params, self._what, _typed)
        if found[:1] != b"{":
            kind = type(self._params).__name__
            raise InvalidInput(f"Got params of type {kind}; needed is what makes a JSON object.")
        return found

    @property
    def bulk(self) -> float:
        """About how many characters ``encode`` will give; infinite where only encoding tells. Quick."""
        return memoryview(self._params).nbytes if isinstance(self._params, (bytes, msgspec.Raw)) else math.inf

    def check(self, backend: InstructionSet) -> None:
        """``NotISA`` where a circuit does not fit. May take a while, and may run in a thread."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.program_id!r}>"

    @property
    def _what(self) -> str:
        return f"The params of {self.program_id!r}"


class CircuitProgram(Program[R_co], ABC):
    """What the programs of ours have in common: params are made of circuits, and these can be checked."""

    checkable = True

    def encode(self) -> bytes:
        """As for :class:`Program`. The numbers were looked at when they were read."""
        return encoded(self._build(), self._what, _typed)

    @abstractmethod
    def _build(self) -> dict[str, Any]:
        """What becomes the JSON of the params."""


Via: TypeAlias = Literal["sampler", "executor"]

SAMPLER_VIA: Final[Via] = "sampler"
"""The program that runs a Sampler where its maker does not say."""

DEFAULT_SHOTS = 4096
"""Of the service, where neither the job nor its options name any (api.md 5.2)."""
MOST_EXECUTIONS = 10_000_000
"""Shots times points of one Sampler job; the service accepts more, then fails the job for it (api.md 2.9)."""


class Sampler(CircuitProgram["PrimitiveResult"]):
    """Measure circuits: each PUB is ``circuit``, ``(circuit, values)``, ``(circuit, values, shots)``, or a
    ``SamplerPub`` of Qiskit's.

    A circuit is an OpenQASM 3 string or a ``QuantumCircuit`` that fits the backend; nothing is
    transpiled. Values go by name, ``{"theta": 0.3, "phi": [0.1, 0.2]}``, and broadcast to the shape of
    the PUB; as in Qiskit, a last axis of length one stands for the parameter itself, and the name of a
    ``ParameterVector`` for all its elements. They may go by position, the last axis in the order of
    ``circuit.parameters``; for a text only where its inputs are declared in alphabetical order.

    ``shots`` holds for the whole job; a PUB may repeat it but not differ. ``None`` leaves the choice to
    ``options.default_shots``, which is 4096 where unset. At most 10,000,000 shots over all points.

    ``via="executor"`` runs the same as the service's newer program ``executor``, which knows no twirling, no
    dynamical decoupling and no simulator options here; the result is the same ``PrimitiveResult``.
    Raises ``InvalidInput`` for what cannot be sent.
    """

    def __init__(
        self,
        pubs: Pubs,
        *,
        shots: int | None = None,
        options: SamplerOptions | Mapping[str, Any] | None = None,
        via: Via = SAMPLER_VIA,
    ) -> None:
        if via not in get_args(Via):
            raise InvalidInput(f"via is {via!r}; allowed are 'sampler' and 'executor'.")
        self._pubs = read_sampler_pubs(pubs, shots)
        super().__init__(via, read_options(options, SamplerOptions))
        _check_executions(self._pubs, self._params)
        if via == "executor":
            quantum_program.check_options(self._params)
            quantum_program.check_circuits(self._pubs)

    @property
    def bulk(self) -> float:
        if self.program_id == "executor":  # whose circuits are always QPY
            return math.inf
        return sum(pub.circuit.bulk + pub.parameters.bulk for pub in self._pubs)

    @property
    def pubs(self) -> tuple[SamplerPub, ...]:
        """As they were read."""
        return self._pubs

    @property
    def options(self) -> Mapping[str, Any]:
        """As the service has them; those that were left to it are not there."""
        options: Mapping[str, Any] = self._params
        return options

    def check(self, backend: InstructionSet) -> None:
        fits = Fits(backend)
        for index, pub in enumerate(self._pubs):
            fits.check(pub.circuit, pub.parameters, f"PUB {index}")

    def _build(self) -> dict[str, Any]:
        if self.program_id == "executor":
            return quantum_program.sampler_params(self._pubs, self._params, _shots(self._pubs, self._params))
        circuits = _Circuits()
        pubs = [[circuits[pub.circuit], pub.circuit.values(pub.parameters), pub.shots] for pub in self._pubs]
        return {"pubs": pubs, "options": self._params, "version": 2, "support_qiskit": True}


def _shots(pubs: Sequence[SamplerPub], options: Mapping[str, Any]) -> int:
    shots: int = pubs[0].shots or options.get("default_shots", DEFAULT_SHOTS)
    return shots


def _check_executions(pubs: Sequence[SamplerPub], options: Mapping[str, Any]) -> None:
    if pubs[0].shots is None and options.get("twirling"):  # which may say something else than the default
        return
    points, shots = sum(math.prod(pub.shape) for pub in pubs), _shots(pubs, options)
    if points * shots > MOST_EXECUTIONS:
        raise InvalidInput(
            f"Got {points:,} points of {shots:,} shots, which are {points * shots:,} executions; the service "
            f"runs at most {MOST_EXECUTIONS:,} in a job: send several jobs."
        )


class Estimator(CircuitProgram["PrimitiveResult"]):
    """Expectation values: each PUB is ``(circuit, observables)``, plus ``values``, plus ``precision``, or an
    ``EstimatorPub`` of Qiskit's.

    Circuits and values are as for :class:`Sampler`. Observables are Pauli strings (qubit 0 rightmost),
    ``{pauli: coefficient}``, Qiskit operators, or nested lists of these, whose shape broadcasts against
    that of the values. ``precision`` is the wanted standard error and holds for the whole job; ``None``
    leaves it to ``options.default_precision``, 1/64 where unset. A PUB may repeat it but not differ. Raises
    ``InvalidInput``.
    """

    def __init__(
        self,
        pubs: Pubs,
        *,
        precision: float | None = None,
        options: EstimatorOptions | Mapping[str, Any] | None = None,
    ) -> None:
        self._pubs = read_estimator_pubs(pubs, precision)
        super().__init__("estimator", read_options(options, EstimatorOptions))

    @property
    def bulk(self) -> float:
        return sum(pub.circuit.bulk + pub.parameters.bulk + pub.observables.bulk for pub in self._pubs)

    @property
    def pubs(self) -> tuple[EstimatorPub, ...]:
        """As they were read."""
        return self._pubs

    @property
    def options(self) -> Mapping[str, Any]:
        """As the service has them; those that were left to it are not there."""
        options: Mapping[str, Any] = self._params
        return options

    def check(self, backend: InstructionSet) -> None:
        fits = Fits(backend)
        for index, pub in enumerate(self._pubs):
            reach = fits.check(pub.circuit, pub.parameters, f"PUB {index}")
            if pub.circuit.num_qubits is None:
                check_width(pub.observables.width, reach, backend, f"PUB {index}")

    def _build(self) -> dict[str, Any]:
        circuits = _Circuits()
        pubs = [
            [
                circuits[pub.circuit],
                pub.observables.nested(),
                pub.circuit.values(pub.parameters),
                pub.precision,
            ]
            for pub in self._pubs
        ]
        options = dict(self._params)
        # The service takes this one beside the options, users know it among them (api.md 5.3).
        level = {"resilience_level": options.pop("resilience_level")} if "resilience_level" in options else {}
        return {"pubs": pubs, "options": options, **level, "version": 2, "support_qiskit": True}


class NoiseLearner(CircuitProgram["NoiseLearnerResult"]):
    """Learn the noise of the layers in ``circuits``, which have no free parameters. Raises ``InvalidInput``."""

    def __init__(
        self,
        circuits: Iterable[Any],
        *,
        options: NoiseLearnerOptions | Mapping[str, Any] | None = None,
    ) -> None:
        self._circuits = read_circuits(circuits)
        super().__init__("noise-learner", read_options(options, NoiseLearnerOptions))

    @property
    def bulk(self) -> float:
        return sum(circuit.bulk for circuit in self._circuits)

    def check(self, backend: InstructionSet) -> None:
        fits = Fits(backend)
        for index, circuit in enumerate(self._circuits):
            fits.check(circuit, Parameters((), {}), f"circuit {index}")

    def _build(self) -> dict[str, Any]:
        circuits = _Circuits()
        options = {**self._params, "support_qiskit": True}
        return {"circuits": [circuits[circuit] for circuit in self._circuits], "options": options}


class _Circuits:
    """Each circuit object encoded once, however many PUBs share it."""

    def __init__(self) -> None:
        self._done: dict[int, Any] = {}

    def __getitem__(self, circuit: Circuit) -> Any:
        if id(circuit) not in self._done:
            self._done[id(circuit)] = circuit.encode()
        return self._done[id(circuit)]


def _typed(value: Any) -> Any:
    """What msgspec cannot encode, as the service's typed JSON."""
    if isinstance(value, pieces.Long):  # written already; looked at once more where some number was lost
        return None
    from qrt_async.programs import npy  # imports NumPy

    return npy.encode(value)
