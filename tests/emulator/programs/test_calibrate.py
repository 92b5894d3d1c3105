from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from qrt_async.emulator.programs.execute import execute
from qrt_async.emulator.work import Outcome, Work


def calibrate(params: Any) -> Outcome:
    work = Work(program_id="calibrate", params=json.dumps(params).encode(), backend="emulator_heron", seed=1)
    return execute(work)


def test_a_calibration_says_when_it_took_place_and_is_charged_for_it() -> None:
    outcome = calibrate({"schema_version": "v0.1", "options": {"experimental": {}}})
    document = json.loads(outcome.body)
    assert document["schema_version"] == "v0.1"
    took = datetime.fromisoformat(document["stop"]) - datetime.fromisoformat(document["start"])
    assert took.total_seconds() == outcome.quantum_seconds >= 2.0
    assert (outcome.kind, outcome.circuits) == ("completed", 0)


@pytest.mark.parametrize("params", [{}, {"options": {}, "schema_version": "v9"}, {"options": []}, []])
def test_params_that_the_service_does_not_know_are_refused(params: Any) -> None:
    outcome = calibrate(params)
    assert (outcome.kind, outcome.reason_code) == ("failed", 1521)
