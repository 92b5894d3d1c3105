"""The submissions of one ``Submitter`` in this process: those on their way, and the newest of those that are over."""

from __future__ import annotations

import asyncio
import traceback
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from qrt_async.api.job_calls import NewJob
from qrt_async.errors import LineFull, QrtError
from qrt_async.submit.line import Place
from qrt_async.submit.passage import Passage, State
from qrt_async.submit.records import SubmissionRecord

_PAST = 1000
"""So many that are over are remembered where no journal has them."""


class Past(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One that is over: enough to give a handle on it once more."""

    record: SubmissionRecord
    new: NewJob
    place: Place
    error: QrtError | None
    again: Callable[[], Passage] | None = None
    """Makes it anew, where a job's id does not tell enough for that."""


class _Entry(msgspec.Struct, frozen=True, eq=False):
    passage: Passage
    new: NewJob
    made: datetime


class Register:
    """With a journal (``keeps``), what is written down there is forgotten here once it is over."""

    def __init__(self, *, keeps: bool, most: int | None = None) -> None:
        self._keeps = keeps
        self._most = most
        self._entries: dict[str, _Entry] = {}
        self._tenants: dict[str | None, dict[str, _Entry]] = {}
        self._past: OrderedDict[str, Past] = OrderedDict()

    def add(self, passage: Passage, new: NewJob) -> None:
        """It sets out. Raises ``LineFull`` where as many of its tenant wait as may."""
        tenant = passage.place.tenant
        if self._most is not None and tenant is not None:
            self._check(tenant, self._most)
        entry = self._entries[passage.key] = _Entry(passage, new, datetime.now(UTC))
        self._tenants.setdefault(tenant, {})[passage.key] = entry
        passage.listen(self._over)

    def _check(self, tenant: str, most: int) -> None:
        waiting = [entry.passage for entry in self._tenants.get(tenant, {}).values() if entry.passage.unsent]
        if len(waiting) >= most:
            etas = [eta for passage in waiting if (eta := passage.eta) is not None]
            wait = max(1.0, min([*etas, 3600.0]) if etas else 1.0)
            raise LineFull(
                f"Of at most {most} submissions (max_waiting_per_tenant), tenant {tenant!r} has {len(waiting)} waiting"
                f" already. There may be room in {wait:g} s. Nothing was sent.",
                retry_after=wait,
            )

    def passage(self, key: str) -> Passage | None:
        """The one on its way."""
        entry = self._entries.get(key)
        return None if entry is None else entry.passage

    def past(self, key: str) -> Past | None:
        """One that is over."""
        return self._past.get(key)

    def records(self, tenant: str | None) -> list[SubmissionRecord]:
        """All of a tenant, the newest first."""
        past = [one.record for one in self._past.values() if one.place.tenant == tenant]
        entries = self._tenants.get(tenant, {})
        return sorted([*past, *map(_record, entries.values())], key=lambda record: record.made, reverse=True)

    def as_here(self, record: SubmissionRecord) -> SubmissionRecord:
        """With what holds it, if that is here."""
        entry = self._entries.get(record.id)
        why = None if entry is None else entry.passage.why
        return record if why is None else msgspec.structs.replace(record, why_waiting=why)

    def _over(self, passage: Passage) -> None:
        entry, tenants = self._entries.pop(passage.key), self._tenants[passage.place.tenant]
        del tenants[passage.key]
        if not tenants:
            del self._tenants[passage.place.tenant]
        if self._keeps and passage.is_kept and not _unclear(passage.error):
            return
        error = passage.error
        if error is not None:  # the frames that it came through hold all that was to be sent
            asyncio.get_running_loop().call_soon(traceback.clear_frames, error.__traceback__)
        past = Past(
            record=_record(entry),
            new=entry.new,
            place=passage.place,
            error=error,
            again=passage.remake(),
        )
        self._past[passage.key] = past
        while len(self._past) > _PAST:
            self._past.popitem(last=False)


def _unclear(error: QrtError | None) -> bool:
    """The journal does not say that it came to an end."""
    return error is not None and error.submitted == "unknown"


def _record(entry: _Entry) -> SubmissionRecord:
    passage, new = entry.passage, entry.new
    state: State = passage.state
    return SubmissionRecord(
        id=passage.key,
        tenant=passage.place.tenant,
        backend=passage.backend,
        program_id=new.program_id,
        state=state,
        made=entry.made,
        changed=datetime.now(UTC),
        job_id=None if passage.job is None else passage.job.id,
        detail=_detail(passage),
        tags=tuple(new.tags or ()),
        why_waiting=passage.why,
    )


def _detail(passage: Passage) -> str | None:
    if passage.error is not None:
        return str(passage.error)
    status = None if passage.job is None else passage.job.status
    return status.value if status is not None and status.final else None
