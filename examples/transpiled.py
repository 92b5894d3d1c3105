"""A logical circuit, fitted to a 156-qubit device once and unbound, then swept: observables follow its layout.

No account needed; Qiskit comes with the extra `local`.
"""

import asyncio
import math
import os

import numpy as np
from qiskit.circuit import Parameter, QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager

import qrt_async as qrt

QUBITS = 4
ANGLES = np.linspace(0, 2 * math.pi, 13)


def logical() -> QuantumCircuit:
    """A GHZ state whose phase turns by theta."""
    circuit = QuantumCircuit(QUBITS)
    circuit.h(0)
    for qubit in range(QUBITS - 1):
        circuit.cx(qubit, qubit + 1)
    circuit.rz(Parameter("theta"), 0)
    return circuit


async def main() -> None:
    own = any(name.startswith("QISKIT_IBM_") for name in os.environ)
    async with (
        qrt.RuntimeService(channel=None if own else "local") as service,
        qrt.Submitter(service) as submitter,
    ):
        names = [backend.name for backend in await service.backends.list()]
        backend = (
            "emulator_heron" if "emulator_heron" in names else (await service.backends.least_busy()).name
        )
        target = await service.backends.target(backend)
        fitted = generate_preset_pass_manager(optimization_level=3, target=target, seed_transpiler=7).run(
            logical()
        )
        named = {"parity": SparsePauliOp("X" * QUBITS), "ends": SparsePauliOp("Z" + "I" * (QUBITS - 2) + "Z")}
        observables = [operator.apply_layout(fitted.layout) for operator in named.values()]
        print(f"on qubits {fitted.layout.final_index_layout()} of {backend}, {dict(fitted.count_ops())}")

        sweep = qrt.Sweep(fitted, {"theta": ANGLES}, observables=observables, precision=0.03)
        run = submitter.sweep(sweep, backend=backend, name="ghz")
        print(await run.plan())
        for point in await run:
            parity, ends = point.result.data.evs
            theta = point.parameters["theta"]
            print(
                f"{theta:6.3f}  <XXXX> {parity:6.3f}  of {math.cos(theta):6.3f}   <ZIIZ> {ends:6.3f}  of  1.000"
            )


asyncio.run(main())
