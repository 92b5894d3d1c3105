"""Random circuits, and what Qiskit's statevector says of them, branch by branch where they measure on their way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import ClassicalRegister as Register
from qiskit.circuit import Gate, IfElseOp, Parameter, ParameterVector, SwitchCaseOp
from qiskit.circuit.library import UnitaryGate, XGate, get_standard_gate_name_mapping
from qiskit.quantum_info import Operator, Pauli, Statevector, random_unitary

STANDARD = get_standard_gate_name_mapping()
GATES = tuple(name for name, gate in STANDARD.items() if isinstance(gate, Gate) and 1 <= gate.num_qubits <= 3)
"""The ideal backend takes any standard gate."""
TWIRLED_GATES = ("rz", "sx", "x", "rx", "cx", "cz", "ecr")
"""What IBM's client can twirl."""


class Branch(NamedTuple):
    """One way things went: its chance, the state, and the classical bits as a number, bit 0 least significant."""

    chance: float
    state: Statevector
    bits: int


class Case(NamedTuple):
    """A circuit and the values of its parameters, a row a point; a circuit without parameters has one."""

    circuit: QuantumCircuit
    values: np.ndarray[Any, np.dtype[np.float64]]

    @property
    def pub(self) -> tuple[Any, ...]:
        return (self.circuit, self.values) if self.circuit.parameters else (self.circuit,)

    def bound(self) -> list[QuantumCircuit]:
        """The circuit at each point; values are in the order of ``circuit.parameters``."""
        return [self.circuit.assign_parameters(row) for row in self.values]


def case(
    rng: np.random.Generator, *, measured: bool, dynamic: bool = False, gates: tuple[str, ...] = GATES
) -> Case:
    """One to five qubits under random gates, whose angles are numbers, parameters and sums of both."""
    qubits = QuantumRegister(int(rng.integers(1, 6)), "q")
    circuit = QuantumCircuit(qubits)
    parameters = list(ParameterVector("v", int(rng.integers(0, 4)))) + [Parameter("a")] * int(
        rng.integers(0, 2)
    )
    if measured:
        _registers(rng, circuit)
    for step in range(3 * len(qubits) + 3):
        if dynamic and step % 3 == 2:
            _glance(rng, circuit, parameters)
        else:
            _gate(rng, circuit, parameters, gates)
    if measured:
        bits = rng.permutation(circuit.num_clbits)[: len(qubits)]
        circuit.measure(rng.permutation(len(qubits))[: len(bits)].tolist(), bits.tolist())
    points = int(rng.integers(1, 4)) if circuit.parameters else 1
    return Case(circuit, rng.uniform(-2 * np.pi, 2 * np.pi, (points, len(circuit.parameters))))


def _registers(rng: np.random.Generator, circuit: QuantumCircuit) -> None:
    for number in range(int(rng.integers(1, 4))):
        circuit.add_register(ClassicalRegister(int(rng.integers(1, 4)), f"c{number}"))


def _gate(
    rng: np.random.Generator,
    circuit: QuantumCircuit,
    parameters: list[Parameter],
    gates: tuple[str, ...] = GATES,
) -> None:
    gate = STANDARD[
        str(rng.choice([name for name in gates if STANDARD[name].num_qubits <= circuit.num_qubits]))
    ]
    places = rng.permutation(circuit.num_qubits)[: gate.num_qubits].tolist()
    if gates is GATES and rng.random() < 0.05:
        circuit.append(UnitaryGate(random_unitary(2 ** len(places), seed=int(rng.integers(2**31)))), places)
    else:
        circuit.append(gate.base_class(*(_angle(rng, parameters) for _ in gate.params)), places)


def _angle(rng: np.random.Generator, parameters: list[Parameter]) -> Any:
    number = float(rng.choice([rng.uniform(-np.pi, np.pi), rng.integers(-2, 3) * np.pi / 2]))
    if not parameters or rng.random() < 0.4:
        return number
    one, other = (parameters[int(rng.integers(len(parameters)))] for _ in range(2))
    return [one, number - one, 2 * one + other][int(rng.integers(3))]


def _glance(rng: np.random.Generator, circuit: QuantumCircuit, parameters: list[Parameter]) -> None:
    """A measurement or reset on the way, and what may follow from the bits."""
    qubit, bit = int(rng.integers(circuit.num_qubits)), int(rng.integers(circuit.num_clbits))
    if rng.random() < 0.2:
        circuit.reset(qubit)
        return
    circuit.measure(qubit, bit)
    register = circuit.cregs[int(rng.integers(len(circuit.cregs)))]
    blocks = [QuantumCircuit(circuit.qubits, circuit.clbits, *circuit.cregs) for _ in range(2)]
    for block in blocks:
        _gate(rng, block, parameters)
    match int(rng.integers(3)):
        case 0:
            circuit.if_else(
                (circuit.clbits[bit], int(rng.integers(2))), *blocks, circuit.qubits, circuit.clbits
            )
        case 1:
            value = int(rng.integers(2**register.size))
            circuit.if_test((register, value), blocks[0], circuit.qubits, circuit.clbits)
        case 2:
            cases = [(0, blocks[0]), (1, blocks[1])]
            circuit.switch(register, cases, circuit.qubits, circuit.clbits)


def distribution(circuit: QuantumCircuit) -> dict[int, float]:
    """The chance of each value of all classical bits together, by Born's rule."""
    branches = [Branch(1.0, Statevector.from_int(0, 2**circuit.num_qubits), 0)]
    chances: dict[int, float] = defaultdict(float)
    for branch in _run(circuit, branches, circuit, range(circuit.num_qubits), range(circuit.num_clbits)):
        chances[branch.bits] += branch.chance
    return dict(chances)


def _run(
    block: QuantumCircuit, branches: list[Branch], whole: QuantumCircuit, qubits: Any, clbits: Any
) -> list[Branch]:
    """Follow a block, whose qubits and bits stand for these of the whole circuit."""
    for instruction in block.data:
        operation = instruction.operation
        places = [qubits[block.find_bit(qubit).index] for qubit in instruction.qubits]
        bits = [clbits[block.find_bit(bit).index] for bit in instruction.clbits]
        if operation.name == "measure":
            branches = [new for old in branches for new in _measured(old, places[0], bits[0])]
        elif operation.name == "reset":
            branches = [new for old in branches for new in _reset(old, places[0])]
        elif isinstance(operation, (IfElseOp, SwitchCaseOp)):
            branches = [
                new
                for old in branches
                for chosen in _chosen(operation, old.bits, whole)
                for new in (_run(chosen, [old], whole, places, bits) if chosen is not None else [old])
            ]
        else:
            matrix = Operator(operation)
            branches = [old._replace(state=old.state.evolve(matrix, places)) for old in branches]
    return branches


def _measured(branch: Branch, qubit: int, bit: int) -> Iterable[Branch]:
    for outcome, chance in enumerate(branch.state.probabilities([qubit])):
        if chance > 1e-14:
            kept = branch.state.evolve(Operator(np.diag([1.0 - outcome, outcome])), [qubit]) / np.sqrt(chance)
            bits = branch.bits & ~(1 << bit) | outcome << bit
            yield Branch(branch.chance * float(chance), kept, bits)


def _reset(branch: Branch, qubit: int) -> Iterable[Branch]:
    hidden = 1 << 62
    for found in _measured(branch, qubit, 62):
        flipped = found.state.evolve(Operator(XGate()), [qubit]) if found.bits & hidden else found.state
        yield Branch(found.chance, flipped, branch.bits)


def _chosen(operation: Any, bits: int, whole: QuantumCircuit) -> list[QuantumCircuit | None]:
    """The block that these bits choose; ``None`` for none."""
    if isinstance(operation, IfElseOp):
        target, wanted = operation.condition
        return [operation.params[0] if _value(target, bits, whole) == wanted else operation.params[1]]
    value = _value(operation.target, bits, whole)
    return [next((block for values, block in operation.cases_specifier() if value in values), None)]


def _value(target: Any, bits: int, whole: QuantumCircuit) -> int:
    members = target if isinstance(target, Register) else [target]
    return sum((bits >> whole.find_bit(bit).index & 1) << place for place, bit in enumerate(members))


def means(state: Statevector, paulis: Iterable[str]) -> list[float]:
    """The expectation value of each."""
    return [float(np.clip(state.expectation_value(Pauli(pauli)).real, -1.0, 1.0)) for pauli in paulis]
