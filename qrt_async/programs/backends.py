"""``service.backends``: the endpoints, and what a program needs to know of a backend."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from qrt_async.api.records import Device
from qrt_async.api.resources import Endpoints
from qrt_async.api.status import DeviceStatus
from qrt_async.errors import NotFound

if TYPE_CHECKING:
    from qiskit.transpiler import Target


class Backends(Endpoints):
    """The backends of the instance."""

    async def least_busy(self, *, min_qubits: int = 0, simulator: bool | None = None) -> Device:
        """The backend in operation with the shortest queue that has at least ``min_qubits`` qubits.

        ``simulator``: ``True`` for simulators only, ``False`` for devices only. Raises ``NotFound`` if there
        is none.
        """
        devices = await self.list()
        found = shortest_queue(devices, min_qubits, simulator)
        if found is None:
            offered = ", ".join(f"{d.name} ({d.qubits} qubits)" for d in devices) or "none at all"
            raise NotFound(f"No backend in operation has {min_qubits} qubits or more. There are: {offered}.")
        return found

    async def target(self, name: str) -> Target:
        """Qiskit's ``Target`` of a backend, which is what its transpiler needs. Needs the extra ``qiskit``."""
        from qrt_async.programs.target import build_target

        configuration, properties = await asyncio.gather(self.configuration(name), self.properties(name))
        return await asyncio.to_thread(build_target, configuration, properties)


def shortest_queue(devices: Iterable[Device], min_qubits: int, simulator: bool | None) -> Device | None:
    """The choice of ``least_busy``; of equals the first listed."""
    fit = [
        device
        for device in devices
        if (device.status is None or device.status.name is DeviceStatus.ONLINE)
        and (device.qubits or 0) >= min_qubits
        and (simulator is None or bool(device.is_simulator) is simulator)
    ]
    return min(fit, key=lambda device: device.queue_length or 0, default=None)
