"""Whatever goes in, in whatever form: the official decoder and the service's own models read what was meant.

Hypothesis makes the inputs here; the official client judges them in its own environment (official_inputs.py), and
what it would have sent itself is decoded here again.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from qiskit import QuantumCircuit
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.quantum_info import Pauli, SparseObservable, SparsePauliOp

from qrt_async.programs.program import Estimator, NoiseLearner, Program, Sampler
from qrt_async.programs.results import decode
from tests.programs.cases import Case, cases

SCRIPT = Path(__file__).with_name("official_inputs.py")
ROOT = SCRIPT.parents[2]

pytestmark = [
    pytest.mark.official,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        "QRT_OFFICIAL_PYTHON" not in os.environ, reason="QRT_OFFICIAL_PYTHON names no interpreter"
    ),
]

thorough = settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])


class Judge:
    """The official client's process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, name: str, **question: Any) -> Any:
        """What it would have sent; its traceback fails the test."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"ask": name, **question}) + "\n")
        self._process.stdin.flush()
        reply = json.loads(self._process.stdout.readline())
        assert reply["error"] is None, reply["error"]
        return reply["sent"]

    def judge(self, program: Program[Any], name: str = "", **question: Any) -> Any:
        params = program.encode().decode()
        return self.ask(name or program.program_id, program=program.program_id, params=params, **question)


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    command = [os.environ["QRT_OFFICIAL_PYTHON"], str(SCRIPT)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Judge(process)
        assert process.stdin is not None
        process.stdin.close()


@thorough
@given(case=cases(), shots=st.none() | st.integers(1, 1000), own=st.booleans())
def test_a_sampler_pub_is_received_as_it_was_meant(
    judge: Judge, case: Case, shots: int | None, own: bool
) -> None:
    circuit = not isinstance(case.circuit, str)
    if circuit and own:
        pub: Any = SamplerPub.coerce((case.circuit, case.table), shots)
    else:
        pub = (case.circuit, case.values, shots) if own else [case.circuit, case.values]
    asked = Sampler([pub], shots=shots)
    modelled = circuit and shots is not None
    sent = judge.judge(asked, **case.told(), shots=shots, options={}, modelled=modelled)
    if circuit:
        theirs = decode("any", json.dumps(sent).encode())
        assert theirs[0].to_qiskit() == case.circuit
        assert (theirs[1].shape, theirs[1].tobytes()) == (case.table.shape, case.table.tobytes())
        assert theirs[2] == shots


@st.composite
def observables(draw: st.DrawFn, width: int) -> tuple[Any, Any]:
    """In one of many forms, and as nested lists of ``{label: coefficient}``."""
    label = st.text("IXYZ", min_size=width, max_size=width)
    coefficient = st.floats(-10, 10, allow_nan=False).filter(lambda number: abs(number) > 1e-3)
    entry = st.dictionaries(label, coefficient, min_size=1, max_size=3)
    shape = draw(arrays.array_shapes(min_dims=0, max_dims=2, max_side=3))
    form = draw(st.sampled_from(["mapping", "text", "operator", "pauli", "sparse", "array", "objects"]))
    if form in ("text", "pauli"):
        entry = st.builds(lambda one: {one: 1.0}, label)
    flat = [draw(entry) for _ in range(int(np.prod(shape)))]
    made = [FORMS[form](one) for one in flat]
    if form == "array":
        return ObservablesArray(nested(made, shape)), nested(flat, shape)
    if form == "objects" and shape:
        array = np.empty(len(made), dtype=object)
        array[:] = made
        return array.reshape(shape), nested(flat, shape)
    return nested(made, shape), nested(flat, shape)


FORMS: dict[str, Any] = {
    "mapping": lambda terms: terms,
    "text": lambda terms: next(iter(terms)),
    "operator": lambda terms: SparsePauliOp(list(terms), list(terms.values())),
    "pauli": lambda terms: Pauli(next(iter(terms))),
    "sparse": lambda terms: SparseObservable.from_list(list(terms.items())),
    "array": lambda terms: terms,
    "objects": lambda terms: terms,
}


def nested(flat: list[Any], shape: tuple[int, ...]) -> Any:
    if not shape:
        return flat[0]
    step = len(flat) // shape[0]
    return [nested(flat[at : at + step], shape[1:]) for at in range(0, len(flat), step)]


@st.composite
def estimates(draw: st.DrawFn) -> tuple[Case, Any, Any]:
    case = draw(cases())
    width = (
        case.circuit.num_qubits
        if not isinstance(case.circuit, str)
        else int(re.findall(r"qubit\[(\d+)", case.circuit)[0])
    )
    given, meant = draw(observables(width))
    points = case.table.shape[:-1]
    try:
        np.broadcast_shapes(points, np.shape(np.array(meant, dtype=object)))
    except ValueError:
        given, meant = draw(observables(width).filter(lambda pair: np.array(pair[1], dtype=object).size == 1))
    return case, given, meant


@thorough
@given(made=estimates(), precision=st.none() | st.floats(1e-3, 1), own=st.booleans())
def test_an_estimator_pub_is_received_as_it_was_meant(
    judge: Judge, made: tuple[Case, Any, Any], precision: float | None, own: bool
) -> None:
    case, given_observables, meant = made
    circuit = not isinstance(case.circuit, str)
    pub: Any = (case.circuit, given_observables, case.values, precision)
    if circuit and own:
        pub = EstimatorPub.coerce((case.circuit, ObservablesArray(meant), case.table), precision)
    modelled = circuit and not (isinstance(meant, list) and isinstance(meant[0], list))
    about = {"observables": meant, "precision": precision, "modelled": modelled}
    sent = judge.judge(Estimator([pub], precision=precision), **case.told(), **about)
    if circuit:
        theirs = decode("any", json.dumps(sent).encode())
        assert theirs[0].to_qiskit() == case.circuit
        assert ObservablesArray(theirs[1]).equivalent(ObservablesArray(meant))
        assert (theirs[2].tobytes(), theirs[3]) == (case.table.tobytes(), precision)


@st.composite
def several(draw: st.DrawFn) -> list[Case]:
    kind = draw(st.sampled_from(["text", "circuit"]))
    return draw(st.lists(cases((kind,)), min_size=1, max_size=3))


@thorough
@given(pubs=several(), shots=st.integers(1, 1000), note=st.dictionaries(st.text(), st.integers()))
def test_the_executor_receives_a_samplers_pubs(judge: Judge, pubs: list[Case], shots: int, note: Any) -> None:
    for case in pubs:
        if not isinstance(case.circuit, str):
            case.circuit.metadata = note
    asked = Sampler([(case.circuit, case.values) for case in pubs], shots=shots, via="executor")
    metadata = [{} if isinstance(case.circuit, str) else note for case in pubs]
    for case in pubs:
        if not isinstance(case.circuit, str):
            case.circuit.metadata = {}
    judge.judge(asked, pubs=[case.told() for case in pubs], shots=shots, metadata=metadata)


OPTIONS: dict[str, list[dict[str, Any]]] = {
    "sampler": [
        {},
        {"default_shots": 10, "experimental": {"a": [1, {"b": None}]}},
        {"dynamical_decoupling": {"enable": True, "sequence_type": "XY4", "extra_slack_distribution": "edges",
                                  "scheduling_method": "asap", "skip_reset_qubits": True}},
        {"execution": {"init_qubits": False, "rep_delay": 1e-4, "meas_type": "avg_kerneled"}},
        {"execution": {"rep_delay": None}},
        {"twirling": {"enable_gates": True, "enable_measure": False, "num_randomizations": 3,
                      "shots_per_randomization": "auto", "strategy": "active-circuit"}},
        {"simulator": {"seed_simulator": 1, "coupling_map": [[0, 1]], "basis_gates": ["x"]}},
    ],
    "estimator": [
        {"resilience_level": 2, "default_precision": 0.1, "default_shots": None, "seed_estimator": 3},
        {"resilience": {"measure_mitigation": True, "zne_mitigation": True, "pec_mitigation": False,
                        "measure_noise_learning": {"num_randomizations": 1, "shots_per_randomization": "auto"},
                        "zne": {"amplifier": "pea", "noise_factors": [1.0, 1.5, 2.0, 3.0],
                                "extrapolator": ["double_exponential", "polynomial_degree_3"],
                                "extrapolated_noise_factors": [0.0, 0.5]},
                        "pec": {"max_overhead": None, "noise_gain": 0.5},
                        "layer_noise_learning": {"max_layers_to_learn": None, "shots_per_randomization": 1,
                                                 "num_randomizations": 2, "layer_pair_depths": [0, 2]}}},
        {"resilience": {"zne": {"extrapolator": "fallback", "extrapolated_noise_factors": "auto"}}},
        {"execution": {"init_qubits": True, "rep_delay": 0.0}, "simulator": {"seed_simulator": None}},
        {"twirling": {"strategy": "all"}, "experimental": {"x": 1}, "dynamical_decoupling": {"enable": False}},
    ],
    "noise-learner": [
        {},
        {"max_layers_to_learn": None, "shots_per_randomization": 5, "num_randomizations": 6,
         "layer_pair_depths": [0, 1, 7], "twirling_strategy": "active", "experimental": {"x": [1]}},
        {"simulator": {"seed_simulator": 5}},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("program", "options"), [(program, options) for program, found in OPTIONS.items() for options in found]
)
def test_every_option_is_one_of_the_services_own_model(judge: Judge, program: str, options: Any) -> None:
    circuit = QuantumCircuit(1, 1)
    made: dict[str, Any] = {
        "sampler": lambda: Sampler([circuit], shots=1, options=options),
        "estimator": lambda: Estimator([(circuit, "Z")], options=options),
        "noise-learner": lambda: NoiseLearner([circuit, "OPENQASM 3.0; qubit q;"], options=options),
    }
    judge.judge(made[program](), "options", options=options)


@pytest.mark.parametrize("seed", range(8))
def test_the_verdict_on_a_circuit_is_the_official_clients(judge: Judge, seed: int) -> None:
    judge.ask("instruction_sets", seed=seed)
    judge.ask("angles", seed=seed)


@pytest.mark.parametrize("backend", ["fez", "sherbrooke", "kingston", "nighthawk"])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_what_qiskit_transpiles_for_a_machine_fits_it(judge: Judge, backend: str, level: int) -> None:
    for seed in range(3):
        assert judge.ask("transpiled", backend=backend, level=level, seed=seed) > 50
