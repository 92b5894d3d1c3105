"""The machines the emulator pretends to have, as the service describes them.

``ideal`` takes any standard gate on any qubits, without noise. ``heron`` (156 qubits) and ``falcon`` (27)
have the topology and the instruction set of those processors; their noise is drawn around stated medians
(``calibration.py``) and does not change with time. ``fake_*`` are processors that IBM recorded (``recorded.py``).
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

import msgspec

from . import recorded
from .emulated import Emulated
from .families import FALCON, HERON, REP_DELAY, Family, processor
from .ideal import Ideal
from .processor import Processor

DEFAULT_BACKENDS = ("emulator_ideal", "emulator_falcon", "emulator_heron")
IDEAL_QUBITS = 127
MAX_QUBITS = 1000


class Model(Protocol):
    """What stands behind a device: its documents, and what its simulation needs unless it is ideal."""

    @property
    def processor(self) -> Processor | None: ...
    def listing(self) -> dict[str, Any]: ...
    def configuration(self, name: str) -> dict[str, Any]: ...
    def properties(self, name: str, at: datetime) -> dict[str, Any]: ...


class Device(msgspec.Struct, frozen=True, eq=False):
    """One backend: what it is called and what it can do."""

    name: str
    num_qubits: int
    model: Model

    @property
    def processor(self) -> Processor | None:
        """Gates, topology and noise; ``None`` for an ideal machine."""
        return self.model.processor

    @property
    def rep_delay(self) -> float:
        """Seconds between two executions."""
        return REP_DELAY if self.processor is None else self.processor.rep_delay


@lru_cache(maxsize=64)
def parse(spec: str) -> Device:
    """Read ``NAME[:QUBITS]``; the same text gives the same object.

    27 qubits are a Falcon, 156 a Heron, any other number an ideal machine of that width. Without a number
    the name decides: ``fake_`` before it is a recorded processor, with ``falcon`` in it a Falcon, with
    ``heron`` in it or ``ibm_`` before it a Heron, else an ideal machine of 127 qubits. Raises ``ValueError``.
    """
    name, colon, size = spec.partition(":")
    if not name or not all(letter.isalnum() or letter in "_-." for letter in name):
        raise ValueError(_refusal(spec, "the name has letters, digits and any of _ - . only"))
    if name.startswith(recorded.PREFIX):
        return _recorded(spec, name, sized=bool(colon))
    if not colon:
        family = _family_of(name)
        return _ideal(name, IDEAL_QUBITS) if family is None else _emulated(name, family)
    if not (size.isascii() and size.isdigit()) or not 1 <= int(size) <= MAX_QUBITS:
        raise ValueError(_refusal(spec, f"QUBITS is a number from 1 to {MAX_QUBITS}"))
    sizes = {family.num_qubits: family for family in (FALCON, HERON)}
    return _emulated(name, sizes[int(size)]) if int(size) in sizes else _ideal(name, int(size))


def listing(device: Device) -> dict[str, Any]:
    """What ``GET /backends`` says of it, apart from name, status and queue."""
    return device.model.listing()


def configuration(device: Device) -> dict[str, Any]:
    """The backend's configuration, in the keys of ``QasmBackendConfiguration``."""
    return device.model.configuration(device.name)


def properties(device: Device, at: datetime) -> dict[str, Any]:
    """The backend's properties in the keys of ``BackendProperties``, dated ``at`` unless they were recorded."""
    return device.model.properties(device.name, at)


def _ideal(name: str, num_qubits: int) -> Device:
    return Device(name, num_qubits, Ideal(num_qubits))


def _emulated(name: str, family: Family) -> Device:
    return Device(name, family.num_qubits, Emulated(family, processor(name, family)))


def _recorded(spec: str, name: str, *, sized: bool) -> Device:
    if sized:
        raise ValueError(_refusal(spec, "a recorded backend has the size that it has, so leave out QUBITS"))
    model = recorded.load(name)
    return Device(name, len(model.processor.qubits), model)


def _family_of(name: str) -> Family | None:
    if "falcon" in name.lower():
        return FALCON
    return HERON if "heron" in name.lower() or name.startswith("ibm_") else None


def _refusal(spec: str, rule: str) -> str:
    return f"A backend is given as NAME[:QUBITS], not {spec!r}: {rule}. Example: emulator_heron:156"
