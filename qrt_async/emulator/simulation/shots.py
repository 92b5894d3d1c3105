"""Bound circuits, run for a number of shots."""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
from qiskit import QuantumCircuit, generate_preset_pass_manager
from qiskit.circuit import ControlFlowOp
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel

from qrt_async.emulator.failure import INTERNAL, LIMIT, ProgramFailed

from .clifford import as_clifford

STATEVECTOR_QUBITS = 24
CLIFFORD_ABOVE = 16
"""Active qubits beyond which a Clifford circuit runs on the stabilizer method."""
BOND_DIMENSION = 128
"""Matrix product states keep this many Schmidt values, and none below ``TRUNCATION``."""
TRUNCATION = 1e-12
MEMORY_MB = 4096

Bits = np.ndarray[Any, np.dtype[np.uint8]]
Places = np.ndarray[Any, np.dtype[np.intp]]


class Samples(msgspec.Struct, frozen=True):
    """What was read: the distinct outcomes, and which of them each shot was.

    ``outcomes`` has shape ``(distinct, classical bits)``, one 0 or 1 a bit, bit 0 first; ``picks`` has
    shape ``(shots,)``.
    """

    outcomes: Bits
    picks: Places

    def packed(self, bits: tuple[int, ...]) -> Bits:
        """These bits of each shot, bit 0 last, packed big-endian into bytes: ``(shots, bytes)``."""
        chosen = self.outcomes[:, list(reversed(bits))]
        padding = -len(bits) % 8
        padded = np.pad(chosen, ((0, 0), (padding, 0)))
        return np.packbits(padded, axis=1)[self.picks]


def sample(circuit: QuantumCircuit, shots: int, seed: int, noise: NoiseModel | None = None) -> Samples:
    """Run a circuit without free parameters. The same arguments give the same shots."""
    chance = np.random.default_rng(seed)
    if not _measures(circuit):
        return Samples(np.zeros((1, circuit.num_clbits), np.uint8), np.zeros(shots, np.intp))
    method, ready = _prepared(circuit, noise is not None)
    result = _simulator(method).run(
        ready, shots=shots, seed_simulator=int(chance.integers(2**31 - 1)), noise_model=noise
    ).result()  # fmt: skip
    if not result.success:
        text = str(result.status)
        raise ProgramFailed(LIMIT if "memory" in text.lower() else INTERNAL, f"The simulation failed: {text}")
    counts = sorted((int(key, 16), count) for key, count in result.data(0)["counts"].items())
    picks = np.repeat(np.arange(len(counts)), [count for _, count in counts])
    # shots are independent of each other, so any order of them is as likely as the one they were drawn in
    return Samples(_bits([key for key, _ in counts], circuit.num_clbits), chance.permutation(picks))


def digest(seed: int, circuit: QuantumCircuit, *more: Any) -> int:
    """A seed that follows from a bound circuit and what else is given, the same in every process."""
    told = json.dumps([seed, _described(circuit), *more], separators=(",", ":"))
    return int.from_bytes(hashlib.blake2b(told.encode(), digest_size=16).digest(), "big")


def dynamic(circuit: QuantumCircuit) -> bool:
    """Whether something follows a measurement on its qubit, or is decided by one: each shot then runs alone."""
    measured: set[Any] = set()
    for instruction in circuit.data:
        if isinstance(instruction.operation, ControlFlowOp) or instruction.operation.name == "store":
            return True
        if instruction.operation.name == "barrier":
            continue
        if not measured.isdisjoint(instruction.qubits):
            return True
        if instruction.operation.name == "measure":
            measured.update(instruction.qubits)
    return False


def _measures(circuit: QuantumCircuit) -> bool:
    return any(
        instruction.operation.name == "measure" or isinstance(instruction.operation, ControlFlowOp)
        for instruction in circuit.data
    )


def _prepared(circuit: QuantumCircuit, noisy: bool) -> tuple[str, QuantumCircuit]:
    """The method to run a circuit with, and the circuit in gates that this method takes."""
    if noisy:
        method = "statevector" if dynamic(circuit) else "density_matrix"
        return method, _lowered(circuit, method)
    if circuit.num_qubits > CLIFFORD_ABOVE:
        clifford = as_clifford(circuit)
        if clifford is not None:
            return "stabilizer", clifford
    method = "statevector" if circuit.num_qubits <= STATEVECTOR_QUBITS else "matrix_product_state"
    return method, _lowered(circuit, method)


def _lowered(circuit: QuantumCircuit, method: str) -> QuantumCircuit:
    """Gates that the method does not know, in terms of those it knows."""
    known = _known(method)
    if all(_speaks(instruction.operation, known) for instruction in circuit.data):
        return circuit
    lowered: QuantumCircuit = _lowering(method).run(circuit)
    return lowered


def _speaks(operation: Any, known: frozenset[str]) -> bool:
    if isinstance(operation, ControlFlowOp):
        blocks = operation.blocks
        return operation.name in known and all(
            _speaks(instruction.operation, known) for block in blocks for instruction in block.data
        )
    return operation.name in known


@lru_cache(maxsize=8)
def _lowering(method: str) -> Any:
    """Kept, because to describe the simulator to the transpiler takes about 0.1 s."""
    return generate_preset_pass_manager(optimization_level=0, backend=_simulator(method))


@lru_cache(maxsize=8)
def _simulator(method: str) -> AerSimulator:
    return AerSimulator(
        method=method,
        max_parallel_threads=1,
        max_memory_mb=MEMORY_MB,
        matrix_product_state_max_bond_dimension=BOND_DIMENSION,
        matrix_product_state_truncation_threshold=TRUNCATION,
    )


@lru_cache(maxsize=8)
def _known(method: str) -> frozenset[str]:
    return frozenset(_simulator(method).configuration().basis_gates) | {"measure", "barrier"}


def _bits(values: list[int], width: int) -> Bits:
    """Whole numbers as rows of bits, bit 0 first."""
    size = (width + 7) // 8
    rows = np.frombuffer(b"".join(value.to_bytes(size, "little") for value in values), np.uint8)
    return np.unpackbits(rows.reshape(len(values), size), axis=1, bitorder="little")[:, :width]


def _described(circuit: QuantumCircuit) -> list[Any]:
    """What a circuit does, in plain values: no names of registers, no identities of this process."""
    return [circuit.num_qubits, circuit.num_clbits] + [
        [
            instruction.operation.name,
            [circuit.find_bit(qubit).index for qubit in instruction.qubits],
            [circuit.find_bit(clbit).index for clbit in instruction.clbits],
            [_plain(value) for value in instruction.operation.params],
            _plain(getattr(instruction.operation, "condition", None)),
            _plain(getattr(instruction.operation, "target", None)),
        ]
        for instruction in circuit.data
    ]


IDENTITIES = re.compile(r"UUID\('[^']*'\)|uid=\d+|0x[0-9a-f]{6,}")


def _plain(value: Any) -> Any:
    if isinstance(value, QuantumCircuit):
        return _described(value)
    if isinstance(value, np.ndarray):
        return hashlib.blake2b(np.ascontiguousarray(value).tobytes(), digest_size=16).hexdigest()
    try:
        return f"{float(value):.12g}"
    except (TypeError, ValueError):
        return IDENTITIES.sub("", repr(value))
