"""The calibrator: takes its time and says when. Emulated devices do not drift, so it changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import msgspec
from qiskit import QuantumCircuit

from qrt_async.emulator.devices.device import Device
from qrt_async.emulator.failure import OPTIONS, ProgramFailed
from qrt_async.emulator.simulation.timing import charged_seconds, utc_now

EXECUTIONS = 4096
"""What it is charged for: so many executions of an empty circuit."""


class CalibrateOptions(msgspec.Struct, frozen=True):
    experimental: dict[str, Any] = {}


class CalibrateParams(msgspec.Struct, frozen=True):
    """``params`` of a calibrate job."""

    options: CalibrateOptions
    schema_version: Literal["v0.1"] = "v0.1"


def run_calibrate(given: Any, device: Device) -> tuple[dict[str, Any], float, list[QuantumCircuit]]:
    """The result as JSON has it, the seconds charged, and no circuits."""
    try:
        params = msgspec.convert(given, CalibrateParams)
    except msgspec.ValidationError as error:
        raise ProgramFailed(OPTIONS, f"The params of the job are not valid: {error}") from error
    charged = charged_seconds([(EXECUTIONS, 0.0)], device)
    stop = utc_now()
    times = {"start": (stop - timedelta(seconds=charged)).isoformat(), "stop": stop.isoformat()}
    return {"schema_version": params.schema_version} | times, charged, []
