"""From a program to what is sent: checked against its backend, encoded, within a ceiling."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from msgspec import Raw

from qrt_async.api.pieces import PIECE, Long
from qrt_async.errors import InvalidInput, ServiceClosed, ServiceError, Throttled, Unavailable
from qrt_async.programs.isa import InstructionSet
from qrt_async.programs.program import Program
from qrt_async.transport.tasks import heard
from qrt_async.transport.whole import whole
from qrt_async.transport.worker import Worker

Isa: TypeAlias = Literal["check", "off"]
"""Whether circuits are compared with the backend's instruction set before they are sent."""

Configuration: TypeAlias = Callable[[str, str | None], Awaitable[Mapping[str, Any]]]

MAX_PAYLOAD = 64_000_000
"""Bytes of params in one job. The service documents no number today; its older pages said 64 MB."""

_BRIEF, _BRIEF_TO_CHECK = 16_384, 512
"""Characters of params that are encoded on the loop, or checked and encoded: a fifth of a millisecond or two. More
takes a thread."""
_FRESH = 900.0
"""Seconds for which a backend is believed to be as it said it is."""
_PAUSE = 10.0
"""Seconds before asking again where the service wants fewer requests and does not say when."""


class _Known(NamedTuple):
    instructions: InstructionSet | None
    until: float


class Intake:
    """One for a service. ``configuration`` asks for that of a backend."""

    def __init__(self, configuration: Configuration, worker: Worker, max_payload: int) -> None:
        self._configuration = configuration
        self.worker = worker
        self.max_payload = whole("max_payload", max_payload, of="bytes")
        self._known: dict[tuple[str, str | None], _Known] = {}
        self._asking: defaultdict[tuple[str, str | None], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._over = asyncio.Event()
        self._end: ServiceClosed | None = None

    def stop(self, error: ServiceClosed) -> None:
        """The service closes: nobody pauses here any longer, or asks again."""
        self._end = error
        self._over.set()

    async def params(
        self, program: Program[Any], backend: str, calibration_id: str | None = None, isa: Isa = "check"
    ) -> Raw | Long:
        """The params as JSON. ``NotISA`` for a circuit that does not fit, ``InvalidInput`` for too many bytes.

        Where the service will not say what the backend can do, the job is left to it, unchecked.
        """
        if isa not in get_args(Isa):
            raise InvalidInput(f"isa is {isa!r}; allowed are 'check' and 'off'.")
        check = isa == "check" and program.checkable and _has_qiskit()
        instructions = await self._instructions(backend, calibration_id) if check else None
        if program.bulk <= (_BRIEF if instructions is None else _BRIEF_TO_CHECK):
            encoded = _prepared(program, instructions)
        else:
            encoded = await self.worker.do(_prepared, program, instructions)
        if len(encoded) > self.max_payload:
            raise InvalidInput(
                f"The params of this job are {len(encoded):,} bytes; at most {self.max_payload:,} are sent "
                "(max_payload of RuntimeService). Make several jobs of it. Nothing was sent."
            )
        return Raw(encoded) if len(encoded) <= PIECE else Long.of(encoded)

    async def check(self, program: Program[Any], backend: str) -> None:
        """``NotISA`` for a circuit that does not fit; nothing is encoded."""
        if program.checkable and _has_qiskit():
            instructions = await self._instructions(backend, None)
            if instructions is not None:
                await self.worker.do(program.check, instructions)

    async def _instructions(self, backend: str, calibration_id: str | None) -> InstructionSet | None:
        """Asked for once, however many want it at the same time."""
        key = (backend, calibration_id)
        async with self._asking[key]:
            now = asyncio.get_running_loop().time()
            if key not in self._known or self._known[key].until <= now:
                self._known[key] = _Known(await self._read(backend, calibration_id), now + _FRESH)
            return self._known[key].instructions

    async def _read(self, backend: str, calibration_id: str | None) -> InstructionSet | None:
        while self._end is None:
            try:
                return InstructionSet.of(backend, await self._configuration(backend, calibration_id))
            except Throttled as error:  # delays a job, and never fails it
                await heard(self._over, _PAUSE if error.retry_after is None else error.retry_after)
            except Unavailable:
                raise
            except (
                ServiceError,
                AttributeError,
                LookupError,
                TypeError,
                ValueError,
            ):  # or nothing we understand
                return None
        raise self._end.with_traceback(None)


def _prepared(program: Program[Any], instructions: InstructionSet | None) -> bytes:
    if instructions is not None:
        program.check(instructions)
    return program.encode()


@cache
def _has_qiskit() -> bool:
    return find_spec("qiskit") is not None
