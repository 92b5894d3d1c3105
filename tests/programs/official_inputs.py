"""Run by the official client's Python (see test_official_inputs.py): judges the params of programs of ours.

Reads a question a line, ``{"ask": name, …}``, and answers each with a line: ``{"error": traceback or null}``, and what
the official client would have sent in the same place as ``"sent"``. Ends with its input.
"""

from __future__ import annotations

import base64
import importlib
import io
import json
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import qiskit_ibm_runtime
from qiskit import QuantumCircuit, qasm3, qpy
from qiskit.circuit import Parameter
from qiskit.circuit.random import random_circuit
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime.json import RuntimeDecoder, RuntimeEncoder
from qiskit_ibm_runtime.models import QasmBackendConfiguration
from qiskit_ibm_runtime.utils.backend_converter import convert_to_target
from qiskit_ibm_runtime.utils.utils import is_isa_circuit, is_valid_rzz_pub

from qrt_async.errors import NotISA
from qrt_async.programs.isa import InstructionSet
from qrt_async.programs.program import Sampler

# By name, because the linter's environment has no stubs for it and must not need it.
SCHEMAS = "ibm_quantum_schemas"
MODELS = {
    "sampler": f"{SCHEMAS}.sampler.version_0_1.params",
    "estimator": f"{SCHEMAS}.estimator.version_0_1.params",
    "noise-learner": f"{SCHEMAS}.noise_learner_v2.version_0_1.models",
    "executor": f"{SCHEMAS}.executor.version_2_0",
}

Question = dict[str, Any]
ANSWERS: dict[str, Callable[[Question], Any]] = {}


def answer(function: Callable[[Question], Any]) -> Callable[[Question], Any]:
    ANSWERS[function.__name__] = function
    return function


def validated(question: Question) -> Any:
    """The params as the service's own model of the program reads them."""
    model = importlib.import_module(MODELS[question["program"]]).ParamsModel
    return model.model_validate_json(question["params"])


def received(question: Question) -> Any:
    return json.loads(question["params"], cls=RuntimeDecoder)


def official(value: Any) -> Any:
    return json.loads(json.dumps(value, cls=RuntimeEncoder))


def circuit_of(given: Any) -> Any:
    """A text, or a circuit from QPY."""
    return given["text"] if "text" in given else qpy.load(io.BytesIO(base64.b64decode(given["qpy"])))[0]


def array_of(given: Any) -> Any:
    return np.array(given["data"], dtype=float).reshape(given["shape"])


def check_circuit_and_values(pub: Any, given: Any) -> Any:
    """The circuit as it was, the values as Qiskit reads them; the PUB of the official client for the same."""
    circuit, values = circuit_of(given["circuit"]), array_of(given["values"])
    assert pub[0] == circuit
    if isinstance(circuit, str):
        bound = BindingsArray.coerce({name: np.array(value) for name, value in (pub[1] or {}).items()})
        found = bound.as_array(given["names"]) if given["names"] else np.zeros(values.shape)
        parsed = qasm3.loads(circuit)
        assert {parameter.name for parameter in parsed.parameters} == set(given["names"])
    else:
        found = pub[1]
        assert [parameter.name for parameter in circuit.parameters] == given["names"]
    assert found.dtype == float
    assert found.shape == values.shape
    assert found.tobytes() == values.tobytes()
    return circuit, values


@answer
def sampler(question: Question) -> Any:
    params = received(question)
    if question["modelled"]:  # the model knows arrays and a number of shots, the service more than that
        validated(question)
    (pub,) = params["pubs"]
    circuit, values = check_circuit_and_values(pub, question)
    assert pub[2] == question["shots"]
    assert params["options"] == question["options"]
    if isinstance(circuit, str):
        return None
    return official(SamplerPub.coerce((circuit, values), shots=question["shots"]))


@answer
def estimator(question: Question) -> Any:
    params = received(question)
    if question["modelled"]:
        validated(question)
    (pub,) = params["pubs"]
    circuit, values = check_circuit_and_values([pub[0], pub[2]], question)
    found, wanted = ObservablesArray.coerce(pub[1]), ObservablesArray.coerce(question["observables"])
    assert found.shape == wanted.shape
    assert found.equivalent(wanted)
    assert pub[3] == question["precision"]
    if isinstance(circuit, str):
        return None
    return official(EstimatorPub.coerce((circuit, wanted, values), precision=question["precision"]))


@answer
def executor(question: Question) -> None:
    program = validated(question).quantum_program
    circuits = [circuit_of(pub["circuit"]) for pub in question["pubs"]]
    if isinstance(circuits[0], str):
        assert program.circuits.data == circuits
        circuits = program.circuits.to_python()
    else:
        assert program.circuits.to_python() == circuits
    assert program.shots == question["shots"]
    for pub, item, circuit in zip(question["pubs"], program.items, circuits, strict=True):
        values, found = array_of(pub["values"]), item.circuit_arguments.to_numpy()
        # The last axis is over the parameters in the order of the circuit that the service has read.
        order = [pub["names"].index(parameter.name) for parameter in circuit.parameters]
        assert found.shape == values.shape
        assert found.tobytes() == np.ascontiguousarray(values[..., order]).tobytes()
        assert tuple(item.shape) == values.shape[:-1]
    recipe = program.passthrough_data["post_processor"]
    assert recipe["circuits_metadata"] == question["metadata"]


@answer
def options(question: Question) -> None:
    model = validated(question)
    found = model.options.model_dump(exclude_unset=True, by_alias=True)
    if question["program"] == "estimator" and "resilience_level" in question["options"]:
        found["resilience_level"] = model.resilience_level
    found.pop("support_qiskit", None)
    assert json.loads(json.dumps(found)) == question["options"]


@answer
def instruction_sets(question: Question) -> None:
    """Our verdict is the official client's, on what real machines said of themselves."""
    rng = np.random.default_rng(question["seed"])
    for name in ("fez", "sherbrooke", "torino", "nighthawk", "kingston", "fractional"):
        told = configuration(name)
        target = convert_to_target(QasmBackendConfiguration.from_dict(told))
        ours = InstructionSet.of(name, told)
        seen = [a_verdict(a_circuit(told, rng), target, ours) for _ in range(40)]
        assert set(seen) == {True, False}, f"{name}: {seen}"


def configuration(name: str) -> Any:
    """What a real machine said of itself."""
    folder = Path(qiskit_ibm_runtime.__file__).parent / "fake_provider" / "backends" / name
    return json.loads((folder / f"conf_{name}.json").read_text())


def a_circuit(told: Any, rng: np.random.Generator) -> QuantumCircuit:
    """On sites of the machine, and now and then a little beside."""
    circuit = QuantumCircuit(told["n_qubits"] + int(rng.random() < 0.03), 1)
    names = [
        *told["basis_gates"],
        "measure",
        "reset",
        "barrier",
        *(["h", "cx", "rzz"] if rng.random() < 0.2 else []),
    ]
    body = QuantumCircuit(circuit.qubits, circuit.clbits)
    for _ in range(int(rng.integers(1, 7))):
        site = told["coupling_map"][rng.integers(len(told["coupling_map"]))]
        site = site[::-1] if rng.random() < 0.2 else site
        name = names[rng.integers(len(names))]
        inside = body if rng.random() < 0.2 else circuit
        if name == "measure":
            inside.measure(site[0], 0)
        elif name == "barrier":
            inside.barrier(site)
        else:
            angle = [float(rng.uniform(-0.2, 1.8))] if name in ("rz", "rx", "rzz") else []
            getattr(inside, name)(*angle, *(site if name in ("cz", "cx", "ecr", "rzz") else site[:1]))
    if rng.random() < 0.3:
        circuit.if_test((circuit.clbits[0], 1), body, circuit.qubits, circuit.clbits)
    return circuit


def a_verdict(circuit: QuantumCircuit, target: Any, ours: InstructionSet) -> bool:
    theirs, refused = is_isa_circuit(circuit, target), refusal(Sampler([circuit]), ours)
    assert bool(theirs) == bool(refused), (theirs, refused)
    return refused is None


def refusal(program: Sampler, backend: InstructionSet) -> NotISA | None:
    try:
        program.check(backend)
    except NotISA as error:
        return error
    return None


@answer
def transpiled(question: Question) -> int:
    """What Qiskit's transpiler made for a machine fits it, as a circuit and as the text that Qiskit writes of it."""
    told = configuration(question["backend"])
    target = convert_to_target(QasmBackendConfiguration.from_dict(told))
    ours = InstructionSet.of(question["backend"], told)
    manager = generate_preset_pass_manager(
        optimization_level=question["level"], target=target, seed_transpiler=question["seed"]
    )
    circuit = QuantumCircuit(6, 6)
    circuit.compose(random_circuit(6, 5, max_operands=3, reset=True, seed=question["seed"]), inplace=True)
    circuit.rzz(Parameter("theta"), 0, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.cx(1, 2)
    with otherwise:
        circuit.h(3)
    circuit.measure(range(6), range(6))
    fitted = manager.run(circuit)
    text = qasm3.dumps(fitted)
    assert "$" in text
    for form in (fitted, text):
        Sampler([(form, {"theta": [0.1, 0.3]})]).check(ours)
    assert [step[:2] for step in Sampler([(text, {"theta": 0})])._pubs[0].circuit.steps()] == [
        step[:2]
        for step in Sampler([(fitted, {"theta": 0})])._pubs[0].circuit.steps()
        if step.name != "barrier"
    ]
    return len(fitted)


@answer
def angles(question: Question) -> None:
    """Of bound parameters, at every point."""
    rng = np.random.default_rng(question["seed"])
    backend = InstructionSet.of("x", {"n_qubits": 2, "basis_gates": ["rzz"], "coupling_map": [[0, 1]]})
    seen = set()
    for _ in range(40):
        a, b = Parameter("a"), Parameter("b")
        forms = [a + 0 * b, a + b, 2 * a - b / 3, a * b, a.sin() + b, (a + b) ** 2, -(a - b)]
        circuit = QuantumCircuit(2)
        circuit.rzz(forms[rng.integers(len(forms))], 0, 1)
        values = rng.uniform(-0.02, 0.9, (*rng.integers(1, 4, rng.integers(0, 3)), 2))
        theirs = is_valid_rzz_pub(SamplerPub.coerce((circuit, values)))
        refused = refusal(Sampler([(circuit, values)]), backend)
        assert bool(theirs) == bool(refused), (theirs, refused)
        points = list(np.ndindex(values.shape[:-1]))
        wrong = [point for point in points if refusal(Sampler([(circuit, values[point])]), backend)]
        assert refused is None or refused.point == (wrong[0] or None)
        seen.add(bool(theirs))
    assert seen == {True, False}


def main() -> None:
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        question = json.loads(line)
        try:
            reply = {"error": None, "sent": ANSWERS[question["ask"]](question)}
        except BaseException:  # noqa: BLE001 # whatever it is, the test shows it
            reply = {"error": traceback.format_exc(), "sent": None}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
