"""Circuits whose canonical forms are known, the key of a sweep of them, and a program that prints both: run by several
processes and versions of Qiskit, from 1.4 on."""

from __future__ import annotations

import math
from collections.abc import Callable
from hashlib import blake2b

import numpy as np
from qiskit.circuit import (
    ClassicalRegister,
    Gate,
    Parameter,
    ParameterVector,
    QuantumCircuit,
    QuantumRegister,
)
from qiskit.circuit.classical import expr
from qiskit.circuit.library import CXGate, RXGate, UnitaryGate
from qiskit.quantum_info import Pauli, SparsePauliOp

from qrt_async.sweep.gates import quantum_form
from qrt_async.sweep.sweep import Sweep


def angles() -> QuantumCircuit:
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(2)
    circuit.rx(2 * a + math.pi / 4, 0)
    circuit.ry(b / 3, 1)
    circuit.rz(a * b - 0.5, 1)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def functions() -> QuantumCircuit:
    v = ParameterVector("v", 3)
    circuit = QuantumCircuit(QuantumRegister(3), ClassicalRegister(3, "out"))
    for qubit, angle in enumerate(v):
        circuit.rx(angle.sin() * 2 + angle**2, qubit)
    circuit.rzz(v[0] * v[1], 0, 2)
    circuit.delay(100, 0, unit="dt")
    circuit.barrier()
    circuit.measure(range(3), range(3))
    return circuit


def flow() -> QuantumCircuit:
    t = Parameter("t")
    circuit = QuantumCircuit(2, 2)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.x(0)
    with otherwise:
        circuit.ry(t, 1)
    with circuit.if_test(expr.bit_not(circuit.clbits[0])):
        circuit.x(1)
    with circuit.for_loop(range(3)) as turn:
        circuit.rx(turn * t, 0)
    with circuit.switch(circuit.cregs[0]) as case:
        with case(0, 1):
            circuit.x(0)
        with case(case.DEFAULT):
            circuit.y(0)
    with circuit.while_loop((circuit.cregs[0], 1)):
        circuit.x(0)
    with circuit.if_test(expr.less(circuit.cregs[0], 2)):
        circuit.reset(1)
    return circuit


def gates() -> QuantumCircuit:
    own = QuantumCircuit(2, name="own")
    own.h(0)
    own.rx(Parameter("t"), 0)
    own.cx(0, 1)
    circuit = QuantumCircuit(3)
    circuit.append(own.to_gate(), [0, 2])
    circuit.append(CXGate(ctrl_state=0), [0, 1])
    circuit.append(RXGate(0.3).control(2, annotated=False), [0, 1, 2])
    circuit.append(UnitaryGate(np.eye(2)[::-1]), [0])
    circuit.append(Gate("opaque", 1, [0.5]), [1])
    return circuit


CIRCUITS: list[Callable[[], QuantumCircuit]] = [angles, functions, flow, gates]


def forms() -> dict[str, str]:
    found = {make.__name__: blake2b(quantum_form(make()), digest_size=8).hexdigest() for make in CIRCUITS}
    return {**found, "key": key()}


def key() -> str:
    """Of a sweep of two circuits over a product, with observables that Qiskit made."""
    observables = [SparsePauliOp(["XX", "ZI"], [0.5, -1.5]), Pauli("ZZ")]
    sweep = Sweep(
        {"first": angles(), "second": angles()},
        {Parameter("a"): np.linspace(0, 1, 5), "b": [0.25, 3]},
        observables=observables,
        precision=0.1,
        options={"resilience_level": 1},
    )
    return sweep.key(backend="ibm_fez", instance="crn", name="landscape", tenant="alice")


if __name__ == "__main__":
    QuantumRegister(1)  # counts up what names the next register
    print("\n".join(f"{name} {form}" for name, form in forms().items()))  # noqa: T201
