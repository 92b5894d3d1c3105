"""The programs that jobs run: params in, outcome out. Pure but for the time it takes."""

from __future__ import annotations

import json
from typing import Any

from qiskit import QuantumCircuit

from . import devices
from .encode import ResultData, encode
from .estimator import run_estimator
from .failure import BAD_INPUT, INTERNAL, LIMIT, OPTIONS, ProgramFailed, failed
from .options import EstimatorParams, SamplerParams, read_params
from .sampler import run_sampler
from .work import Outcome, Work

NOT_YET = {
    "noise-learner": "The emulator does not run noise-learner",
    "executor": "The emulator does not run executor",
}


def execute(work: Work) -> Outcome:
    """Run a program to its end. Whatever is wrong with it is a failed outcome; only a crash is not."""
    try:
        return _execute(work)
    except ProgramFailed as failure:
        return failed(failure.code, failure.reason)
    except MemoryError:
        return failed(LIMIT, "The program needs more memory than there is")
    except Exception as error:  # noqa: BLE001 - a job must end, whatever its circuit made Qiskit raise
        return failed(INTERNAL, f"The program could not be run: {type(error).__name__}: {error}"[:1000])


def _execute(work: Work) -> Outcome:
    device = devices.parse(work.backend)
    try:
        given = json.loads(work.params)  # as lenient as the official client, which writes bare NaN
    except (ValueError, RecursionError) as error:
        raise ProgramFailed(BAD_INPUT, f"The params of the job are not JSON: {error}") from error
    result, charged, circuits, typed = _run(work.program_id, given, device, work.seed)
    return Outcome(
        kind="completed",
        body=encode(result, typed=typed),
        quantum_seconds=charged,
        circuits=len(circuits),
        qubits=tuple(circuit.num_qubits for circuit in circuits),
        depths=tuple(circuit.depth() for circuit in circuits),
    )


def _run(
    program: str, given: Any, device: devices.Device, seed: int
) -> tuple[ResultData, float, list[QuantumCircuit], bool]:
    if program == "sampler":
        sampling = read_params(SamplerParams, given)
        return (*run_sampler(sampling, device, seed), bool(sampling.support_qiskit))
    if program == "estimator":
        estimating = read_params(EstimatorParams, given)
        return (*run_estimator(estimating, device, seed), bool(estimating.support_qiskit))
    known = "sampler and estimator"
    raise ProgramFailed(
        OPTIONS, f"{NOT_YET.get(program, f'There is no program {program!r:.60}')}, only {known}"
    )
