"""What passes between the machine, which keeps the books, and the simulator, which runs circuits."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """One job's program, as it was posted."""

    program_id: str
    params: bytes
    """The ``params`` object of the POST, as JSON."""
    backend: str
    """The name and size of the device, as ``devices.parse`` reads it."""
    seed: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How the program ended."""

    kind: Literal["completed", "failed"]
    body: bytes
    """What ``GET /results`` sends: the result, or the text of the error."""
    quantum_seconds: float
    """What the run is charged, in seconds."""
    reason: str | None = None
    reason_code: int | None = None
    reason_solution: str | None = None
    circuits: int = 0
    qubits: tuple[int, ...] = ()
    depths: tuple[int, ...] = ()


class Simulates(Protocol):
    """What the emulator needs of a simulator; tests may bring their own."""

    async def run(self, work: Work) -> Outcome:
        """Run the program. A program that cannot run is a failed outcome, never an exception."""

    async def close(self) -> None:
        """End all worker processes."""
