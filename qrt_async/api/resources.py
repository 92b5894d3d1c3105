"""``service.backends``, ``.sessions``, ``.instances`` and the rest: one method for each endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from qrt_async.api import calls
from qrt_async.api.call import Ask
from qrt_async.api.records import (
    ApiDate,
    BackendStatus,
    Device,
    InstanceConfiguration,
    InstanceRecord,
    InstanceUsage,
    SessionRecord,
    TagPage,
    WorkloadPage,
)


class Resource:
    """A group of endpoints."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask


class Sessions(Resource):
    """``service.sessions``: reserved windows (dedicated) and groups of jobs (batch)."""

    async def create(
        self,
        backend: str,
        *,
        mode: calls.SessionMode = "batch",
        max_ttl: int | None = None,
        backend_name: str | None = None,
        instance: str | None = None,
        interactive_ttl: int | None = None,
        active_ttl: int | None = None,
    ) -> SessionRecord:
        """``POST /v1/sessions``. ``max_ttl`` is seconds, by default the plan's; only channel partners
        set the other two times."""
        new = calls.NewSession(
            mode=mode,
            backend=backend,
            backend_name=backend_name,
            instance=instance,
            max_ttl=max_ttl,
            interactive_ttl=interactive_ttl,
            active_ttl=active_ttl,
        )
        return await self._ask(calls.create_session(new))

    async def get(self, session_id: str) -> SessionRecord:
        """``GET /v1/sessions/{id}``."""
        return await self._ask(calls.get_session(session_id))

    async def update(self, session_id: str, *, accepting_jobs: bool) -> None:
        """``PATCH /v1/sessions/{id}``. ``False`` closes it gracefully: queued jobs still run."""
        await self._ask(calls.update_session(session_id, accepting_jobs=accepting_jobs))

    async def close(self, session_id: str) -> None:
        """No new jobs; what is queued still runs."""
        await self.update(session_id, accepting_jobs=False)

    async def cancel(self, session_id: str) -> None:
        """``DELETE /v1/sessions/{id}/close``: queued jobs fail with 1217, running ones finish."""
        await self._ask(calls.cancel_session(session_id))


class Instances(Resource):
    """``service.instances``: the service instance that the CRN names."""

    async def get(self) -> InstanceRecord:
        """``GET /v1/instance``."""
        return await self._ask(calls.instance())

    async def usage(self) -> InstanceUsage:
        """``GET /v1/instances/usage``, in seconds of QPU time."""
        return await self._ask(calls.instance_usage())

    async def configuration(self) -> InstanceConfiguration:
        """``GET /v1/instances/configuration``; deprecated by the service."""
        return await self._ask(calls.instance_configuration())

    async def update_configuration(self, *, instance_limit: float | None) -> None:
        """``PUT /v1/instances/configuration``: the limit in seconds, ``None`` for no limit.

        Deprecated by the service, which of late let this call hang for minutes (api.md 4.3).
        """
        await self._ask(calls.update_instance_configuration(instance_limit))


class Accounts(Resource):
    """``service.accounts``."""

    async def get(self, account_id: str, *, plan_id: str | None = None) -> dict[str, Any]:
        """``GET /v1/accounts/{id}``: limits of the account's plans. The id is the CRN's part after ``a/``."""
        return await self._ask(calls.account(account_id, plan_id))


class Tags(Resource):
    """``service.tags``."""

    async def list(self, search: str) -> TagPage:
        """``GET /v1/tags``: tags of jobs that contain ``search``, 3 to 100 characters."""
        return await self._ask(calls.list_tags(search))


class Workloads(Resource):
    """``service.workloads``: jobs, batches and sessions as the dashboard shows them."""

    async def list(
        self,
        *,
        user: Literal["me"] | None = None,
        sort: Literal["createdAt", "-createdAt"] | None = None,
        limit: int | None = None,
        next: str | None = None,  # noqa: A002 - the service's own word
        previous: str | None = None,
        backend: str | None = None,
        search: str | None = None,
        status: Sequence[str] = (),
        mode: Sequence[str] = (),
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        tags: Sequence[str] = (),
    ) -> WorkloadPage:
        """``GET /v1/workloads``: one page of at most 50 rows, the oldest first by default."""
        chosen = calls.WorkloadFilter(
            user=user,
            sort=sort,
            limit=limit,
            next=next,
            previous=previous,
            backend=backend,
            search=search,
            status=status,
            mode=mode,
            created_after=created_after,
            created_before=created_before,
            tags=tags,
        )
        return await self._ask(calls.list_workloads(chosen))


class Versions(Resource):
    """``service.versions``."""

    async def get(self) -> tuple[ApiDate, ...]:
        """``GET /v1/versions``: the API's dates and when they end. Needs no authorization."""
        return await self._ask(calls.versions())


class Endpoints(Resource):
    """The part of ``service.backends`` that is one request each."""

    async def list(self, *, wait_times: bool = False) -> tuple[Device, ...]:
        """``GET /v1/backends``: the backends of the instance, with their queues."""
        return await self._ask(calls.list_backends(wait_times=wait_times))

    async def status(self, name: str) -> BackendStatus:
        """``GET /v1/backends/{name}/status``."""
        return await self._ask(calls.backend_status(name))

    async def configuration(self, name: str, *, calibration_id: str | None = None) -> dict[str, Any]:
        """``GET /v1/backends/{name}/configuration``, in the words of Qiskit's backend configuration."""
        return await self._ask(calls.backend_configuration(name, calibration_id))

    async def properties(
        self, name: str, *, updated_before: datetime | None = None, calibration_id: str | None = None
    ) -> dict[str, Any] | None:
        """``GET /v1/backends/{name}/properties``: calibration data; ``None`` for a simulator."""
        call = calls.backend_properties(name, updated_before=updated_before, calibration_id=calibration_id)
        return await self._ask(call)

    async def defaults(self, name: str) -> dict[str, Any] | None:
        """``GET /v1/backends/{name}/defaults``: ``None`` on today's devices."""
        return await self._ask(calls.backend_defaults(name))
