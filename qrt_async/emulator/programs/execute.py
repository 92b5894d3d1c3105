"""The programs that jobs run: params in, outcome out. Pure but for the time it takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from qiskit import QuantumCircuit

from qrt_async.emulator.devices import device as devices
from qrt_async.emulator.failure import BAD_INPUT, INTERNAL, LIMIT, OPTIONS, ProgramFailed, failed
from qrt_async.emulator.work import Outcome, Work

from .calibrate import run_calibrate
from .encode import encode
from .estimator import run_estimator
from .executor import run_executor
from .noise_learner import run_noise_learner
from .noise_learner_v3 import run_noise_learner_v3
from .options import EstimatorParams, SamplerParams, read_params
from .sampler import run_sampler

Ran = tuple[bytes, float, list[QuantumCircuit]]
"""The result as it is sent, the seconds charged, and the circuits that ran."""


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
    body, charged, circuits = _run(work.program_id, given, device, work.seed)
    return Outcome(
        kind="completed",
        body=body,
        quantum_seconds=charged,
        circuits=len(circuits),
        qubits=tuple(circuit.num_qubits for circuit in circuits),
        depths=tuple(circuit.depth() for circuit in circuits),
    )


def _run(program: str, given: Any, device: devices.Device, seed: int) -> Ran:
    if program not in PROGRAMS:
        known = ", ".join(PROGRAMS)
        raise ProgramFailed(OPTIONS, f"There is no program {program!r:.60}, only {known}")
    return PROGRAMS[program](given, device, seed)


def _sampler(given: Any, device: devices.Device, seed: int) -> Ran:
    params = read_params(SamplerParams, given)
    result, charged, circuits = run_sampler(params, device, seed)
    return encode(result, typed=bool(params.support_qiskit)), charged, circuits


def _estimator(given: Any, device: devices.Device, seed: int) -> Ran:
    params = read_params(EstimatorParams, given)
    result, charged, circuits = run_estimator(params, device, seed)
    return encode(result, typed=bool(params.support_qiskit)), charged, circuits


def _written(result: tuple[Any, float, list[QuantumCircuit]]) -> Ran:
    """A document that JSON has words for, as it is sent."""
    document, charged, circuits = result
    return json.dumps(document, separators=(",", ":")).encode(), charged, circuits


def _learner_of(given: Any) -> Any:
    """Version 3 has instructions where version 2 has circuits."""
    return run_noise_learner_v3 if isinstance(given, dict) and "instructions" in given else run_noise_learner


PROGRAMS: dict[str, Callable[[Any, devices.Device, int], Ran]] = {
    "sampler": _sampler,
    "estimator": _estimator,
    "executor": lambda given, device, seed: _written(run_executor(given, device, seed)),
    "noise-learner": lambda given, device, _: _written(_learner_of(given)(given, device)),
    "calibrate": lambda given, device, _: _written(run_calibrate(given, device)),
}
