"""The executor itself, with programs that are written by hand, and readings that are not bits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from qiskit_ibm_runtime import Executor, QuantumProgram, SamplerV2
from samplomatic import build
from samplomatic.transpiler import generate_boxing_pass_manager

from tests.journeys.chance import likely
from tests.journeys.official.ground import (
    HERON,
    IDEAL,
    check,
    fitted,
    flip,
    main,
    pair,
    result,
    service,
    tilted,
)


@check
def circuit_items_are_run_element_by_element() -> None:
    angles = np.array([[0.3], [1.1], [2.4]])
    program = QuantumProgram(shots=2000, passthrough_data={"who": ["a journey", 1, None, {"deep": True}]})
    program.append_circuit_item(tilted(), circuit_arguments=angles)
    program.append_circuit_item(pair())
    job = Executor(service.backend(IDEAL)).run(program)
    found = result(job)
    assert job.primitive_id == "executor"
    assert found[0]["meas"].shape == (3, 2000, 2)
    assert found[1]["meas"].shape == (2000, 2)
    for bits, angle in zip(found[0]["meas"], angles[:, 0], strict=True):
        assert (bits[:, 0] == bits[:, 1]).all()
        assert likely(int(bits[:, 0].sum()), 2000, math.sin(angle / 2) ** 2)
    assert found.passthrough_data == program.passthrough_data


@check
def samplex_items_are_drawn_and_flips_undo_them() -> None:
    boxed = generate_boxing_pass_manager(enable_gates=True, enable_measures=True).run(tilted())
    template, samplex = build(boxed)
    program = QuantumProgram(shots=300)
    angles = np.array([[[0.3]], [[1.1]], [[2.4]]])
    program.append_samplex_item(
        template, samplex=samplex, samplex_arguments={"parameter_values": angles}, shape=(3, 8)
    )
    found = result(Executor(service.backend(IDEAL)).run(program))[0]
    assert found["meas"].shape == (3, 8, 300, 2)
    flips = found["measurement_flips.meas"]
    assert flips.shape == (3, 8, 1, 2)
    assert flips.any()
    assert not flips.all()
    bits = found["meas"] ^ flips
    for point, angle in zip(bits, angles[:, 0, 0], strict=True):
        assert (point[..., 0] == point[..., 1]).all()
        assert likely(int(point[..., 0].sum()), 2400, math.sin(angle / 2) ** 2)


@check
def kerneled_readings_are_points_on_the_side_of_their_bit() -> None:
    backend = service.backend(HERON)
    shapes: dict[str, Any] = {"kerneled": (500, 1), "avg_kerneled": (1,)}
    for kind, shape in shapes.items():
        options = {"execution": {"meas_type": kind}}
        points = result(SamplerV2(backend, options=options).run([fitted(flip(), backend)], shots=500))[
            0
        ].data.meas
        assert points.dtype == np.complex128
        assert points.shape == shape, (kind, points.shape)


if __name__ == "__main__":
    main()
