"""Does a circuit fit a backend? The service asks only after queueing, and charges for a no (design 1.3)."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from msgspec import Struct, field

from qrt_async.errors import NotISA
from qrt_async.programs.values import Parameters, Shape

Qubits = tuple[int, ...]

_ALWAYS = frozenset({"barrier", "store"})
"""These are no instructions of the machine."""
_SHORT, _REMEMBERED = 16_384, 64
"""Characters of a text whose walk is remembered, and how many are: a megabyte at most."""
_MOST_TURN = math.pi / 2 + 1e-10  # what rounding does to pi/2 hurts nobody


class Unreadable(Exception):
    """A text that this checker cannot follow; only the service can say what is wrong with it, if anything."""


class Step(NamedTuple):
    """An instruction on qubits of the backend, ``None`` where these cannot be told. ``angle`` is given for
    ``rzz`` only, in the words of its circuit; ``length`` for ``delay`` only, as a number and its unit, and not where
    it is still open."""

    name: str
    qubits: Qubits | None
    angle: Hashable | None = None
    length: tuple[float, str] | None = None


class Fitting(Protocol):
    """What is asked of a circuit."""

    @property
    def text(self) -> str | None:
        """What it is known by, besides its own identity; ``None`` where nothing is at hand."""

    @property
    def num_qubits(self) -> int | None:
        """``None`` where the backend's own qubits are named."""

    def steps(self) -> Iterator[Step]:
        """In the order of the circuit, bodies of control flow included. May raise ``Unreadable``."""

    def turn(self, angle: Any, points: Points) -> Any:
        """An angle as a number, or as a NumPy array of one a point; ``None`` where it cannot be told."""


class Walk(NamedTuple):
    """How far a circuit reaches, and for each angle the first step that turns by it."""

    reach: int
    turning: dict[Hashable, Step]


class Walks:
    """Of short texts that fit one backend: many jobs send the same one. The least recently used is forgotten first."""

    def __init__(self) -> None:
        self._found: dict[str, Walk] = {}

    def get(self, text: str | None) -> Walk | None:
        found = None if text is None else self._found.pop(text, None)
        if found is not None and text is not None:
            self._found[text] = found
        return found

    def add(self, text: str | None, walk: Walk) -> None:
        if text is not None and len(text) <= _SHORT:
            self._found[text] = walk
            if len(self._found) > _REMEMBERED:
                with suppress(RuntimeError):  # a thread may be here, too: then it forgets one
                    self._found.pop(next(iter(self._found)), None)


class InstructionSet(Struct, frozen=True, eq=False):
    """What a backend can run. ``names`` maps to the only sites of an instruction, or ``None`` for any.

    A simulator may restrict the pairs, and nothing else. ``walks`` are remembered for as long as it is.
    """

    name: str
    num_qubits: int
    simulator: bool
    names: dict[str, frozenset[Qubits] | None]
    pairs: frozenset[Qubits] | None
    walks: Walks = field(default_factory=Walks)

    @classmethod
    def of(cls, name: str, configuration: Mapping[str, Any]) -> InstructionSet:
        """From the service's words (api.md 4.2)."""
        named = [*configuration.get("basis_gates", ()), *(configuration.get("supported_instructions") or ())]
        signed = [entry.get("name") for entry in configuration.get("instruction_signatures") or ()]
        names: dict[str, frozenset[Qubits] | None] = dict.fromkeys([*named, *signed, "measure", "delay"])
        for gate in configuration.get("gates") or ():
            if gate.get("name") in names and gate.get("coupling_map"):
                names[gate["name"]] = _places(gate["coupling_map"])
        coupling = configuration.get("coupling_map")
        return cls(
            name,
            int(configuration["n_qubits"]),
            bool(configuration.get("simulator")),
            names,
            _places(coupling) if coupling else None,
        )

    @property
    def free(self) -> bool:
        """Whether anything goes anywhere."""
        return self.simulator and self.pairs is None

    def allows(self, name: str, qubits: Qubits | None) -> bool:
        if name in _ALWAYS:
            return True
        if not self.simulator and name not in self.names:
            return False
        if qubits is None:
            return True
        sites = self.names.get(name)
        if sites is None and len(qubits) == 2:
            sites = self.pairs
        return max(qubits, default=0) < self.num_qubits and (sites is None or qubits in sites)


def _places(rows: Any) -> frozenset[Qubits]:
    return frozenset(tuple(row) for row in rows)


class Points:
    """The parameter values of a PUB, one point after the other."""

    def __init__(self, parameters: Parameters) -> None:
        self.shape: Shape = parameters.shape
        self._parameters = parameters
        self._flat: dict[str, Any] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._parameters.boxes

    def __getitem__(self, name: str) -> Any:
        """A NumPy array of one number a point."""
        if name not in self._flat:
            self._flat[name] = self._parameters.table([name]).reshape(-1)
        return self._flat[name]


class Fits:
    """The circuits of a program on one backend; each is walked once, however many PUBs share it."""

    def __init__(self, backend: InstructionSet) -> None:
        self._backend = backend
        self._walked: dict[int, Walk] = {}

    def check(self, circuit: Fitting, parameters: Parameters, where: str) -> int:
        """``NotISA`` names the first instruction that does not fit, its qubits, and the point if an angle is to
        blame. Answers with how many qubits the circuit reaches over, as far as that can be told."""
        if id(circuit) not in self._walked:
            self._walked[id(circuit)] = self._walk(circuit, where)
        reach, turning = self._walked[id(circuit)]
        points = Points(parameters)
        for angle, step in turning.items():
            _check_turn(step, circuit.turn(angle, points), points.shape, f"{where}: {self._backend.name}")
        return reach

    def _walk(self, circuit: Fitting, where: str) -> Walk:
        found = self._backend.walks.get(circuit.text)
        if found is None:
            found = _walk(circuit, self._backend, where)
            self._backend.walks.add(circuit.text, found)
        return found


def _walk(circuit: Fitting, backend: InstructionSet, where: str) -> Walk:
    reach, turning = circuit.num_qubits or 0, dict[Hashable, Step]()
    if reach > backend.num_qubits:
        raise NotISA(f"{where} has {reach} qubits; {backend.name} has {backend.num_qubits}. {_WAY_OUT}")
    if backend.free and reach:
        return Walk(reach, turning)
    with suppress(Unreadable):
        for step in circuit.steps():
            if not backend.allows(step.name, step.qubits):
                raise _misfit(step, backend, where)
            if step.angle is not None and not backend.simulator:
                turning.setdefault(step.angle, step)
            reach = max(reach, *(qubit + 1 for qubit in step.qubits or (-1,)))
    return Walk(reach, turning)


def check_width(letters: int, reach: int, backend: InstructionSet, where: str) -> None:
    """Observables on a circuit that names hardware qubits, so that its width is not its author's choice."""
    if not reach <= letters <= backend.num_qubits:
        raise NotISA(
            f"{where}: got observables on {letters} qubits for a circuit that reaches over {reach} of the "
            f"{backend.num_qubits} qubits of {backend.name}; they must name each of these."
        )


def _check_turn(step: Step, turn: Any, shape: Shape, where: str) -> None:
    """Hardware turns ``rzz`` by 0 to pi/2 only. ``turn`` is a number, one for each point, or unknown."""
    wrong = _first_wrong(turn)
    if wrong is None:
        return
    at, turned = wrong
    point = None if isinstance(turn, (int, float)) or not shape else _index(at, shape)
    raise NotISA(
        f"{where} turns rzz by 0 to pi/2; on qubits {step.qubits} it was asked for {turned:g}"
        f"{'' if point is None else f' at point {point}'}. {_WAY_OUT}",
        instruction=step.name,
        qubits=step.qubits,
        point=point,
    )


def _first_wrong(turn: Any) -> tuple[int, float] | None:
    if turn is None:
        return None
    if isinstance(turn, (int, float)):
        return None if 0 <= turn <= _MOST_TURN else (0, turn)
    wrong = (turn < 0) | (turn > _MOST_TURN)
    at = int(wrong.argmax())
    return (at, float(turn[at])) if wrong[at] else None


def _index(flat: int, shape: Shape) -> tuple[int, ...]:
    index = []
    for size in reversed(shape):
        flat, place = divmod(flat, size)
        index.append(place)
    return tuple(reversed(index))


def _misfit(step: Step, backend: InstructionSet, where: str) -> NotISA:
    if not backend.simulator and step.name not in backend.names:
        said = f"{backend.name} has no instruction {step.name}; it has {', '.join(sorted(backend.names))}"
    else:
        said = f"{backend.name} has no {step.name} on qubits {step.qubits}"
    if step.qubits and backend.allows(step.name, step.qubits[::-1]):
        said += f"; it has one on {step.qubits[::-1]}"
    return NotISA(f"{where}: {said}. {_WAY_OUT}", instruction=step.name, qubits=step.qubits)


_WAY_OUT = "Transpile for service.backends.target(name), or send it unchecked with isa='off'."
