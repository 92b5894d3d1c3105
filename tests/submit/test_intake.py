"""What a program goes through before it is sent: the check against its backend, the encoding, the ceiling."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from qiskit import QuantumCircuit

import qrt_async as qrt
from qrt_async.api.pieces import PIECE, document
from qrt_async.errors import (
    InvalidInput,
    NotAuthorized,
    NotISA,
    ServiceClosed,
    ServiceError,
    Throttled,
    Unavailable,
)
from qrt_async.submit import intake as module
from qrt_async.submit.intake import MAX_PAYLOAD, Intake
from qrt_async.transport.worker import Worker
from tests.ground import BACKEND, QASM, ground

WIDE = 'OPENQASM 3.0; include "stdgates.inc"; x $5;'
CONFIGURATION = {
    "n_qubits": 3, "simulator": False, "coupling_map": [[0, 1]], "basis_gates": ["x", "cz"], "gates": []
}  # fmt: skip


class Asked:
    """Answers like a service, and remembers what it was asked."""

    def __init__(self, *answers: Any, seconds: float = 0.0) -> None:
        self.answers = list(answers) or [CONFIGURATION]
        self.seconds = seconds
        self.calls: list[tuple[str, str | None]] = []

    async def __call__(self, backend: str, calibration_id: str | None) -> Mapping[str, Any]:
        self.calls.append((backend, calibration_id))
        await asyncio.sleep(self.seconds)
        answer = self.answers[min(len(self.calls), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        found: Mapping[str, Any] = answer
        return found


async def sent(intake: Intake, program: qrt.Program[Any], backend: str = "ibm_x", **how: Any) -> bytes:
    """What would be sent as its params."""
    params: bytes = document(await intake.params(program, backend, **how))
    return params


@pytest.mark.virtual_clock
async def test_a_circuit_that_does_not_fit_is_refused_and_one_that_does_encoded() -> None:
    intake = Intake(Asked(), Worker(), MAX_PAYLOAD)
    with pytest.raises(NotISA, match="no x on qubits"):
        await intake.params(qrt.Sampler([WIDE]), "ibm_x")
    program = qrt.Sampler([WIDE.replace("5", "2")])
    assert await sent(intake, program) == program.encode()
    program = qrt.Sampler([WIDE])
    assert await sent(intake, program, isa="off") == program.encode()


class Where(qrt.Program[Any]):
    """Notes the threads in which it was encoded."""

    def __init__(self, params: Any) -> None:
        super().__init__("x", params)
        self.threads: list[str] = []

    def encode(self) -> bytes:
        self.threads.append(threading.current_thread().name)
        return super().encode()


@pytest.mark.parametrize("size", [10, 16_384])
async def test_what_is_brief_is_encoded_without_a_thread(size: int) -> None:
    program = Where(b'{"a":"' + b"b" * (size - 8) + b'"}')
    await Intake(Asked(), Worker(), MAX_PAYLOAD).params(program, "x")
    assert program.threads == [threading.current_thread().name]


@pytest.mark.parametrize("params", [b'{"a":"' + b"b" * 16_384 + b'"}', {"how": "long is it?"}])
async def test_what_may_take_a_while_is_encoded_in_the_services_own_thread(params: Any) -> None:
    program = Where(params)
    await Intake(Asked(), Worker(), MAX_PAYLOAD).params(program, "x")
    (thread,) = program.threads
    assert thread.startswith("qrt worker")


async def test_two_hundred_jobs_start_no_thread_but_for_the_import_of_numpy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started, start = list[str](), threading.Thread.start

    def noting(thread: threading.Thread) -> None:
        started.append(thread.name)
        start(thread)

    async with ground(config={"queue_seconds": 0.0, "run_seconds": 0.1}) as here:
        monkeypatch.setattr(threading.Thread, "start", noting)
        jobs = await asyncio.gather(*(here.run() for _ in range(200)))
        await asyncio.gather(*jobs)
    assert len(started) <= 1


@pytest.mark.virtual_clock
async def test_one_request_for_a_backend_serves_everybody_for_a_while() -> None:
    asked = Asked(seconds=3.0)
    intake, program = Intake(asked, Worker(), MAX_PAYLOAD), qrt.Sampler([QASM])
    await asyncio.gather(*(intake.params(program, "ibm_x") for _ in range(20)))
    await intake.params(program, "ibm_x")
    assert asked.calls == [("ibm_x", None)]
    await intake.params(program, "ibm_y")
    await intake.params(program, "ibm_x", "calibration")
    assert asked.calls[1:] == [("ibm_y", None), ("ibm_x", "calibration")]
    await asyncio.sleep(901)
    await intake.params(program, "ibm_x")
    assert len(asked.calls) == 4


@pytest.mark.virtual_clock
async def test_nothing_is_asked_where_there_is_nothing_to_check(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked()
    intake = Intake(asked, Worker(), MAX_PAYLOAD)
    await intake.params(qrt.Program("sampler", {"pubs": [[WIDE]]}), "ibm_x")
    await intake.params(qrt.Sampler([WIDE]), "ibm_x", isa="off")
    monkeypatch.setattr(module, "_has_qiskit", lambda: False)
    await intake.params(qrt.Sampler([WIDE]), "ibm_x")
    assert asked.calls == []


@pytest.mark.virtual_clock
async def test_whoever_asks_may_be_cancelled_and_the_others_ask_again() -> None:
    asked = Asked(seconds=3.0)
    intake, program = Intake(asked, Worker(), MAX_PAYLOAD), qrt.Sampler([QASM])
    first = asyncio.create_task(intake.params(program, "ibm_x"))
    second = asyncio.create_task(intake.params(program, "ibm_x"))
    await asyncio.sleep(1)
    first.cancel()
    assert document(await second) == program.encode()
    assert first.cancelled()
    assert len(asked.calls) == 2


@pytest.mark.parametrize(
    "answer",
    [NotAuthorized("no"), ServiceError("odd"), {}, {"n_qubits": None}, {"n_qubits": 3, "gates": 5}, []],
)
@pytest.mark.virtual_clock
async def test_where_the_service_does_not_say_the_job_is_left_to_it(answer: Any) -> None:
    asked = Asked(answer)
    intake, program = Intake(asked, Worker(), MAX_PAYLOAD), qrt.Sampler([WIDE])
    for _ in range(2):
        assert await sent(intake, program) == program.encode()
    assert len(asked.calls) == 1


@pytest.mark.virtual_clock
async def test_being_refused_for_speed_delays_and_never_fails() -> None:
    asked = Asked(Throttled("slow", retry_after=20.0), Throttled("slow"), CONFIGURATION)
    intake = Intake(asked, Worker(), MAX_PAYLOAD)
    started = asyncio.get_running_loop().time()
    with pytest.raises(NotISA):
        await intake.params(qrt.Sampler([WIDE]), "ibm_x")
    assert asyncio.get_running_loop().time() - started == pytest.approx(30.0)


@pytest.mark.virtual_clock
async def test_closing_the_service_ends_the_pause_and_nobody_asks_again() -> None:
    async with ground(config={"backends": ("ibm_x",)}, retry=qrt.RetryPolicy(tries=1)) as here:
        path = "/v1/backends/{name}/configuration"
        await here.fault(kind="status", method="GET", path=path, status=429, retry_after=3600.0)
        program = qrt.Sampler([WIDE])
        runs = [asyncio.create_task(here.service.run(program, backend="ibm_x")) for _ in range(3)]
        await asyncio.sleep(60)
        started = asyncio.get_running_loop().time()
        await here.service.close()
        errors = await asyncio.gather(*runs, return_exceptions=True)
        assert {(type(error), str(error)) for error in errors} == {
            (ServiceClosed, "The service was closed before this was submitted.")
        }
        assert asyncio.get_running_loop().time() == started
        assert (await here.requests())[f"GET {path}"] == 1


@pytest.mark.virtual_clock
async def test_an_outage_is_told_before_anything_is_sent_and_not_remembered() -> None:
    intake = Intake(Asked(Unavailable("down"), CONFIGURATION), Worker(), MAX_PAYLOAD)
    with pytest.raises(Unavailable):
        await intake.params(qrt.Sampler([WIDE]), "ibm_x")
    with pytest.raises(NotISA):
        await intake.params(qrt.Sampler([WIDE]), "ibm_x")


@pytest.mark.virtual_clock
async def test_more_bytes_than_the_ceiling_are_refused_with_both_numbers() -> None:
    program = qrt.Program("x", {"a": "b" * 1000})
    size = len(program.encode())
    assert await sent(Intake(Asked(), Worker(), size), program) == program.encode()
    with pytest.raises(InvalidInput, match=r"are 1,008 bytes; at most 1,007 are sent \(max_payload"):
        await Intake(Asked(), Worker(), size - 1).params(program, "x")


@pytest.mark.parametrize("wrong", [0, -1, True, 1.5, None])
def test_a_ceiling_is_a_number_of_bytes(wrong: Any) -> None:
    with pytest.raises(InvalidInput, match="max_payload"):
        Intake(Asked(), Worker(), wrong)


async def test_another_word_for_isa_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'check' and 'off'"):
        await Intake(Asked(), Worker(), 10).params(qrt.Sampler([WIDE]), "x", isa="maybe")  # type: ignore[arg-type] # the mistake


@pytest.mark.virtual_clock
async def test_a_service_checks_what_it_runs_with_one_request_and_sends_nothing_that_does_not_fit() -> None:
    async with ground(config={"backends": ("ibm_x", BACKEND)}) as here:
        run = here.service.run
        for circuit in (WIDE.replace("x $5", "h $0"), QuantumCircuit(157)):
            with pytest.raises(NotISA, match="ibm_x"):
                await run(qrt.Sampler([circuit]), backend="ibm_x")
        assert await here.requests() == {
            "GET /v1/backends/{name}/configuration": 1,
            "POST /identity/token": 1,
        }
        await run(qrt.Sampler([WIDE.replace("x $5", "h $0")]), backend="ibm_x", isa="off")
        await run(qrt.Sampler([WIDE]), backend="ibm_x", watch=False)
        requests = await here.requests()
        assert requests["GET /v1/backends/{name}/configuration"] == 1
        assert requests["POST /v1/jobs"] == 2


@pytest.mark.virtual_clock
async def test_a_session_passes_the_wish_on() -> None:
    async with (
        ground(config={"backends": ("ibm_x",)}) as here,
        here.service.session(backend="ibm_x") as session,
    ):
        program = qrt.Sampler([WIDE.replace("x $5", "h $0")])
        with pytest.raises(NotISA):
            await session.run(program)
        await session.run(program, isa="off")


@pytest.mark.virtual_clock
async def test_other_mistakes_are_told_before_the_backend_is_asked() -> None:
    async with ground() as here:
        for wrong in ({"cost": -1}, {"tags": ["qrt:mine"]}, {"session_id": "x" * 37}):
            with pytest.raises(InvalidInput):
                await here.service.run(qrt.Sampler([QASM]), backend=BACKEND, **wrong)
        assert await here.requests() == {}


@pytest.mark.virtual_clock
async def test_the_ceiling_of_a_service_may_be_chosen() -> None:
    async with ground(max_payload=100) as here:
        with pytest.raises(InvalidInput, match="at most 100 are sent"):
            await here.run()
        assert "POST /v1/jobs" not in await here.requests()


@pytest.mark.virtual_clock
async def test_large_params_arrive_as_they_were_encoded() -> None:
    program = qrt.Program("sampler", {"pubs": [["x" * PIECE, None, 1], ["é" * PIECE]]})
    async with ground() as here:
        job = await here.service.run(program, backend=BACKEND, watch=False)
        record = await here.service.jobs.get(job.id)
        assert record.params == json.loads(program.encode())
