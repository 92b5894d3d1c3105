"""What the points of a sweep take: executions, seconds of QPU time, and bytes. No I/O.

Reading a circuit may take a while, and may run in a thread; nothing here grows with the number of points.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from qrt_async.api.payload import encoded
from qrt_async.programs.circuits import Circuit, Qasm
from qrt_async.programs.observables import Observables
from qrt_async.sweep.bases import commuting_bases
from qrt_async.sweep.mitigation import Mitigation
from qrt_async.sweep.shots import estimator_shots, part, sampler_shots, spread
from qrt_async.sweep.timing import Machine, circuit_seconds

_TEXT_BYTES: Final = 25.0
"""Of a number written in full, with its comma and brackets."""
_ARRAY_BYTES: Final = 10.8
"""Of a number of eight bytes in base64, when compression finds nothing."""
_PEC_SHOTS: Final = 64
"""Of a randomization, where options leave it to the service."""


class Costs(Struct, frozen=True, kw_only=True):
    """What the points of one circuit take. ``fixed_…`` is spent once in each job that holds any of them. Of jobs that
    are ``divisible`` the service makes several where there are too many executions."""

    executions_per_point: int
    seconds_per_execution: float
    bytes_per_point: float = 0.0
    bytes_per_circuit: int = 0
    fixed_executions: int = 0
    fixed_seconds: float = 0.0
    divisible: bool = False
    name: str = "circuit"

    @property
    def seconds_per_point(self) -> float:
        return self.executions_per_point * self.seconds_per_execution


class Asked(Struct, frozen=True, kw_only=True):
    """What is asked of every circuit. ``observables`` make it an Estimator; ``options`` are as the service has them;
    ``numbers`` is how many parameter values a point has."""

    shots: int | None = None
    precision: float | None = None
    observables: Observables | None = None
    options: Mapping[str, Any] = {}
    numbers: int = 0


class Work(Struct, frozen=True, kw_only=True):
    """``each`` executions a point, with a circuit ``stretch`` times as long on the average, and ``learning`` executions
    once in a job."""

    each: int
    stretch: float = 1.0
    learning: int = 0


def costs_of(asked: Asked, circuits: Mapping[str, Circuit], machine: Machine) -> tuple[Costs, ...]:
    """One for each circuit, which are given by their names."""
    return tuple(_costs(asked, name, circuit, machine) for name, circuit in circuits.items())


def work_of(asked: Asked, circuit: Circuit) -> Work:
    """Shots are rounded up to whole randomizations where there is twirling. An Estimator needs them for each basis that
    measures all its observables, and for each noise factor."""
    if asked.observables is None:
        twirling = part(asked.options, "twirling")
        shots = sampler_shots(asked.shots, asked.options)
        twirled = twirling.get("enable_gates") or twirling.get("enable_measure")
        return Work(each=math.prod(spread(shots, twirling)) if twirled else shots)
    mitigation = Mitigation(asked.options)
    shots = estimator_shots(asked.precision, asked.options)
    count, each = spread(shots, mitigation.twirling, _PEC_SHOTS if mitigation.pec else None)
    bases = commuting_bases(label for terms in asked.observables.flat for label in terms)
    executions = (count * each if mitigation.twirled else shots) * bases * len(mitigation.noise_factors)
    return Work(
        each=math.ceil(executions * mitigation.overhead),
        stretch=mitigation.stretch,
        learning=mitigation.learning(each, circuit),
    )


def delay_of(options: Mapping[str, Any], machine: Machine) -> float:
    """Seconds between two executions."""
    wished = part(options, "execution").get("rep_delay")
    return machine.rep_delay if wished is None else float(wished)


def _costs(asked: Asked, name: str, circuit: Circuit, machine: Machine) -> Costs:
    work, seconds = work_of(asked, circuit), circuit_seconds(circuit, machine)
    delay = delay_of(asked.options, machine)
    measured = None if asked.observables is None else asked.observables.nested()
    return Costs(
        executions_per_point=work.each,
        seconds_per_execution=delay + work.stretch * seconds,
        bytes_per_point=asked.numbers * (_TEXT_BYTES if isinstance(circuit, Qasm) else _ARRAY_BYTES),
        bytes_per_circuit=len(
            encoded([circuit.encode(), measured, circuit.names, None], f"The circuit {name}")
        ),
        fixed_executions=work.learning,
        fixed_seconds=work.learning * (delay + seconds),
        # Estimator jobs have no limit of their own: https://quantum.cloud.ibm.com/docs/guides/job-limits
        divisible=asked.observables is not None,
        name=name,
    )
