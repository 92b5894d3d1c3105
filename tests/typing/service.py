"""The front door and its namespaces. Checked by mypy, never run."""

from __future__ import annotations

from typing import Any, assert_type

import qrt_async as qrt
from qrt_async.api.models import CreatedJob
from qrt_async.api.records import Device


async def a_service_is_entered_as_itself() -> None:
    async with qrt.RuntimeService(channel="local", max_payload=10**6) as service:
        assert_type(service, qrt.RuntimeService)
        assert_type(service.unclaimed, list[qrt.AsyncJob[Any]])
    qrt.RuntimeService(chanel="local")  # type: ignore[call-arg] # a slip of the pen


async def a_pool_lends_services(account: qrt.Account) -> None:
    async with qrt.RuntimePool(5, wait=None, spool=False) as pool:
        assert_type(pool, qrt.RuntimePool)
        async with pool.service(token="key", instance="crn:v1:") as service, pool.service(account) as other:
            assert_type(service, qrt.RuntimeService)
            assert_type(other, qrt.RuntimeService)
    qrt.RuntimePool(5, spol=False)  # type: ignore[call-arg] # a slip of the pen


async def endpoints_give_records(service: qrt.RuntimeService) -> None:
    assert_type((await service.backends.list())[0], Device)
    assert_type(await service.backends.least_busy(), Device)
    assert_type(await service.backends.configuration("ibm_fez"), dict[str, Any])
    assert_type(await service.jobs.get("d0"), qrt.JobRecord)
    assert_type(await service.jobs.create("sampler", backend="x", params={}), CreatedJob)
    async for record in service.jobs.iter(pending=True):
        assert_type(record, qrt.JobRecord)


def errors_answer_what_to_do(error: qrt.QrtError, misfit: qrt.errors.NotISA) -> None:
    assert_type(error.submitted, qrt.errors.Answer)
    assert_type(error.retry, qrt.errors.Advice)
    assert_type(misfit.instruction, str | None)
    assert_type(misfit.qubits, tuple[int, ...] | None)
    assert_type(misfit.point, tuple[int, ...] | None)
