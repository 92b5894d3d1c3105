"""The backends of one emulator: their standing, and their large documents kept as bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from qrt_async.emulator.devices import device as devices
from qrt_async.emulator.devices.device import Device

from .wire import Problem

DOCUMENTS_KEPT = 64
CALIBRATED_EVERY = 3600
"""Properties are dated to the full hour, so they are written once an hour."""


class Standing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a backend takes jobs from its queue."""

    name: Literal["online", "paused", "offline"] = "online"
    reason: str = "available"


class Fleet:
    """Backends by name. Raises ``ValueError`` for a spec that names no device, and for a name given twice."""

    def __init__(self, specs: tuple[str, ...]) -> None:
        self._specs: dict[str, str] = {}
        self._devices: dict[str, Device] = {}
        for spec in specs or devices.DEFAULT_BACKENDS:
            device = devices.parse(spec)
            if device.name in self._devices:
                raise ValueError(f"The backend {device.name!r} is given twice; each needs a name of its own")
            self._specs[device.name], self._devices[device.name] = spec, device
        self._standing: dict[str, Standing] = {}
        self._documents: dict[tuple[str, str], bytes] = {}

    def names(self) -> list[str]:
        return list(self._devices)

    def knows(self, name: str) -> bool:
        return name in self._devices

    def spec(self, name: str) -> str:
        """The backend as the simulator wants it named."""
        return self._specs[name]

    def standing(self, name: str) -> Standing:
        return self._standing.get(name, Standing())

    def set_standing(self, name: str, standing: Standing) -> None:
        self.device(name)
        self._standing[name] = standing

    def device(self, name: str) -> Device:
        """A backend; raises the service's terse 404."""
        if name not in self._devices:
            raise Problem(404, "not_found", "device not found")
        return self._devices[name]

    def listing(self, name: str) -> dict[str, Any]:
        """What of ``GET /backends`` does not change."""
        return devices.listing(self.device(name))

    def configuration(self, name: str) -> bytes:
        device = self.device(name)
        return self._document(name, "configuration", lambda: devices.configuration(device))

    def properties(self, name: str, at: float) -> bytes:
        """The latest calibration at that moment."""
        device = self.device(name)
        hour = int(at) // CALIBRATED_EVERY * CALIBRATED_EVERY
        return self._document(
            name, f"properties {hour}", lambda: devices.properties(device, datetime.fromtimestamp(hour, UTC))
        )

    def _document(self, name: str, kind: str, make: Any) -> bytes:
        document = self._documents.get((name, kind))
        if document is None:
            if len(self._documents) >= DOCUMENTS_KEPT:
                self._documents.clear()
            document = self._documents[name, kind] = msgspec.json.encode(make())
        return document
