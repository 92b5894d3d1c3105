"""IBM's client on an emulator with ``--backend fake_fez``: run by an interpreter that has it.

    python official_recorded.py URL      prints one line of JSON: what differs, and what was counted

Compares the backend with the package's own fake one, and readings on three qubits with its properties.
"""

from __future__ import annotations

import json
import os
import sys
import warnings

URL = sys.argv[1]
os.environ["IAM_URL"] = URL
os.environ["QISKIT_FUNCTIONS_EXPERIMENTAL"] = "1"
warnings.simplefilter("ignore")

from qiskit import QuantumCircuit, generate_preset_pass_manager  # noqa: E402 - after the environment is set
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2  # noqa: E402
from qiskit_ibm_runtime.fake_provider import FakeFez  # noqa: E402

CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/acc0:inst0::"
SHOTS = 20_000
QUBITS = (0, 40, 155)

service = QiskitRuntimeService(
    channel="ibm_quantum_platform", token="any", instance=CRN, url_resolver=lambda *_: f"{URL}/api/v1"
)
backend, own = service.backend("fake_fez"), FakeFez()
here, there = backend.properties(), own.properties()
different = [
    what
    for what, mine, theirs in (
        ("coupling", set(backend.coupling_map.get_edges()), set(own.coupling_map.get_edges())),
        ("operations", set(backend.target.operation_names), set(own.target.operation_names)),
        ("dt", backend.target.dt, own.target.dt),
        ("T1", [here.t1(it) for it in QUBITS], [there.t1(it) for it in QUBITS]),
        ("cz", here.gate_error("cz", [3, 16]), there.gate_error("cz", [3, 16])),
        ("version", backend.backend_version, own.backend_version),
    )
    if mine != theirs
]

expected, counted = {}, {}
for qubit in QUBITS:
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    isa = generate_preset_pass_manager(0, backend, initial_layout=[qubit]).run(circuit)
    data = SamplerV2(backend).run([isa], shots=SHOTS).result()[0].data
    counted[str(qubit)] = data.c.get_counts().get("1", 0)
    excited = 1.0 - here.gate_error("x", qubit)
    misread, ghost = (
        here.qubit_property(qubit)[name][0] for name in ("prob_meas0_prep1", "prob_meas1_prep0")
    )
    expected[str(qubit)] = excited * (1.0 - misread) + (1.0 - excited) * ghost

told = {"differences": different, "expected": expected, "counts": counted, "shots": SHOTS}
sys.stdout.write(json.dumps(told) + "\n")
