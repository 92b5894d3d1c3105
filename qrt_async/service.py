"""``RuntimeService``: the front door. Builds the layers and hands each what it needs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from qrt_async.api.call import Call, ask
from qrt_async.api.calls import NewSession, SessionMode
from qrt_async.api.dates import DOCUMENTED, check_date
from qrt_async.api.job_calls import LogLevel
from qrt_async.api.negotiate import negotiate
from qrt_async.api.resources import Accounts, Instances, Sessions, Tags, Versions, Workloads
from qrt_async.errors import InvalidInput, ServiceClosed
from qrt_async.events import Announcer, Observer
from qrt_async.jobs.cadence import PollPolicy
from qrt_async.jobs.desk import Desk
from qrt_async.jobs.job import AsyncJob
from qrt_async.jobs.spool import Spool, chosen_spool
from qrt_async.jobs.watcher import Watcher
from qrt_async.programs.backends import Backends
from qrt_async.programs.program import Program
from qrt_async.submit.arrivals import Arrivals
from qrt_async.submit.bucket import RateLimit
from qrt_async.submit.counter import Counter, Wishes
from qrt_async.submit.errand import Means
from qrt_async.submit.intake import MAX_PAYLOAD, Intake, Isa
from qrt_async.submit.session import RuntimeSession
from qrt_async.transport.account import Account, find_account
from qrt_async.transport.asked import LOCAL, TokenSource
from qrt_async.transport.bodies import MAX_RESULT
from qrt_async.transport.retry import RetryPolicy
from qrt_async.transport.tasks import Crew, Home
from qrt_async.transport.timeouts import Timeouts
from qrt_async.transport.whole import whole
from qrt_async.transport.wire import segment
from qrt_async.transport.worker import Worker

if TYPE_CHECKING:
    from qrt_async.emulator import Emulator
    from qrt_async.transport.connections import Connections

T = TypeVar("T")

_GRACE = 10.0
"""Seconds that closing waits for submissions and private results that are on their way."""
_IBM_LIMIT = RateLimit(5, per=60.0)


class RuntimeService:
    """An asyncio-native client of the Qiskit Runtime service, whose jobs are futures.

    Credentials, first hit wins: ``account=``; the arguments; ``QISKIT_IBM_TOKEN``, ``…_INSTANCE``,
    ``…_URL``, ``…_CHANNEL`` and ``IAM_URL``; the account file of IBM's own client. ``channel="local"`` starts
    an emulator of the service in this process and needs no account; it sets no limit on submitting unless
    ``rate_limit`` is given. ``token`` may be an async callable that returns a bearer token. ``max_payload``
    is the most bytes of params that a job may have, 64,000,000 unless said otherwise, ``max_result`` the most
    bytes of a result that are held in memory, 1 GiB; a longer one is ``ResultTooLong``, and nothing is lost.

    Making one touches no loop and makes no request. It belongs to the event loop that uses it first, with
    or without ``async with``; without, ``await service.close()`` when done. Closing ends pending waits
    with ``ServiceClosed``; jobs at IBM run on. Raises ``NoAccount`` where no credentials are found.
    """

    _lent: Connections | None = None
    """For those who add to this class: connections that are shared with other services."""

    def __init__(
        self,
        *,
        channel: str | None = None,
        token: str | TokenSource | None = None,
        instance: str | None = None,
        url: str | None = None,
        name: str | None = None,
        account: Account | None = None,
        verify: bool | str = True,
        proxy: str | None = None,
        api_version: str | None = None,
        rate_limit: RateLimit | None = _IBM_LIMIT,
        poll: PollPolicy = PollPolicy(),  # noqa: B008 - frozen
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
        keep_results: bool = True,
        spool: str | Path | bool | None = None,
        observers: Iterable[Observer] = (),
        max_payload: int = MAX_PAYLOAD,
        max_result: int = MAX_RESULT,
    ) -> None:
        self.account = find_account(
            channel=channel,
            token=token,
            instance=instance,
            url=url,
            name=name,
            account=account,
            verify=verify,
            proxy=proxy,
            environ=os.environ,
            path=Path.home() / ".qiskit" / "qiskit-ibm.json",
        )
        self._emulator = _embedded() if self.account.channel == LOCAL else None
        self._announce = Announcer(observers)
        self._home, self._crew, self._worker = Home(), Crew(self._announce), Worker()
        self._closing: asyncio.Task[None] | None = None
        self._free_date = api_version is None
        date = DOCUMENTED if api_version is None else check_date(api_version)
        self._max_result = whole("max_result", max_result, of="bytes")
        self._build_transport(retry, timeouts, date)
        self._build_jobs(poll, keep_results, chosen_spool(spool, max_result))
        if self._emulator is not None and rate_limit is _IBM_LIMIT:
            rate_limit = None
        self._build_resources()
        self._build_counter(rate_limit, max_payload)

    def _build_transport(self, retry: RetryPolicy, timeouts: Timeouts, date: str) -> None:
        # Imported here and not above: `import qrt_async` must stay quick, and no request may wait for it.
        from qrt_async.transport.http import HttpTransport

        self._transport = HttpTransport(
            self._locate,
            home=self._home,
            crew=self._crew,
            announce=self._announce,
            retry=retry,
            timeouts=timeouts,
            api_date=date,
            max_reply=self._max_result,
            lent=self._lent,
        )

    def _build_jobs(self, poll: PollPolicy, keep_results: bool, spool: Spool | None) -> None:
        self._watcher = Watcher(self._ask, self._crew, self._announce, poll, self._check_date)
        self._desk = Desk(
            self._ask,
            self._home,
            self._crew,
            self._watcher,
            self._announce,
            spool=spool,
            keep_results=keep_results,
            worker=self._worker,
        )
        self.jobs = self._desk.jobs
        self.decoders = self._desk.decoders
        """Your own decoders by program id, such as ``service.decoders["my-program"] = json.loads``: each is called in a
        thread with the bytes of a result, and what it returns is the result."""
        self._arrivals = Arrivals(self._desk, self._announce, spool)
        self.unclaimed = self._arrivals.unclaimed
        """Jobs whose ``run`` was cancelled after they were submitted."""

    def _build_counter(self, rate_limit: RateLimit | None, max_payload: int) -> None:
        means = Means(self._ask, self._crew, self._announce, self._transport.ready)
        intake = Intake(self._configuration, self._worker, max_payload)
        self.counter = Counter(means, self._home, intake, self._arrivals, rate_limit, self.account.instance)
        """Where a ``Submitter`` hands in."""

    def _build_resources(self) -> None:
        self.backends = Backends(self._ask)
        self.sessions = Sessions(self._ask)
        self.instances, self.accounts = Instances(self._ask), Accounts(self._ask)
        self.tags, self.workloads = Tags(self._ask), Workloads(self._ask)
        self.versions = Versions(self._ask)

    async def run(
        self,
        program: Program[T],
        *,
        backend: str,
        tags: Sequence[str] = (),
        session_id: str | None = None,
        private: bool = False,
        cost: int | None = None,
        log_level: LogLevel | None = None,
        calibration_id: str | None = None,
        runtime: str | None = None,
        isa: Isa = "check",
        watch: bool = True,
    ) -> AsyncJob[T]:
        """Submit, and return the job once the service has accepted it.

        Waits for its turn under the rate limit; being refused for speed delays, it never fails. ``tags``:
        at most 7 of 86 characters. ``cost``: the longest the job may run, in seconds of QPU time; ``None``
        leaves it to the plan. ``private``: the params are kept by nobody, the result can be read once.
        ``isa``: with the extra ``qiskit`` circuits are compared with what the backend can run, which costs a
        request now and then; ``"off"`` leaves that to the service, which charges for its no.
        ``watch=False`` leaves the job alone until somebody awaits it.

        Raises ``InvalidInput``, or ``NotISA``, before anything is sent, or the ``ServiceError`` that fits; where its
        ``.submitted`` is ``"unknown"``, it was sent three times, looked for by its tag each time, and not found.
        Cancelled before the POST leaves, nothing is sent; cancelled later, the job is in ``unclaimed``.
        """
        self._enter()
        wishes = Wishes(
            tags=tags,
            session_id=session_id,
            private=private,
            cost=cost,
            log_level=log_level,
            calibration_id=calibration_id,
            runtime=runtime,
            isa=isa,
            watch=watch,
        )
        with self._home:
            job: AsyncJob[T] = await self.counter.run(program, backend, wishes)
        return job

    def job(self, job_id: str) -> AsyncJob[Any]:
        """A handle on a job by its id. Makes no request."""
        segment(job_id, "The job id")
        return AsyncJob(self._watcher.know(job_id), self._desk)

    def session(self, *, backend: str, mode: SessionMode = "batch", ttl: int | None = None) -> RuntimeSession:
        """A session (``mode="dedicated"``) or batch, for ``async with``; leaving closes it gracefully.

        ``ttl``: how long it may live, in seconds; ``None`` leaves it to the plan.
        """
        new = NewSession(mode=mode, backend=backend, instance=self.account.instance, max_ttl=ttl)
        return RuntimeSession(self.sessions, new, self.run, self.counter.journals)

    async def trouble(self) -> str | None:
        """What keeps it from being used now, in words; asks nothing of the service."""
        return "It was closed." if self._closing is not None or self._home.closed else None

    async def close(self) -> None:
        """Release everything local. Submissions and private results on their way get up to 10 s.

        May be called more than once. A service that was never used has nothing to close.
        """
        if not self._home.entered:
            self._home.closed = True
        elif self._closing is not None or not self._home.closed:
            if self._closing is None:
                self._home.enter()
                self._closing = asyncio.get_running_loop().create_task(self._shut(), name="qrt closing")
            await asyncio.shield(self._closing)

    async def __aenter__(self) -> RuntimeService:
        self._enter()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<RuntimeService {self.account.channel} {self.account.url or '(not started)'}>"

    def _enter(self) -> None:
        if self._closing is not None:
            raise ServiceClosed("This RuntimeService was closed; make a new one.")
        self._home.enter()

    async def _configuration(self, backend: str, calibration_id: str | None) -> dict[str, Any]:
        return await self.backends.configuration(backend, calibration_id=calibration_id)

    async def _ask(self, call: Call[T]) -> T:
        return await ask(self._transport.send, call)

    async def _locate(self) -> Account:
        """Where the service is; the embedded emulator is started by the first request."""
        if self._emulator is not None:
            self.account = self.account.at(await self._emulator.start())
        return self.account

    async def _check_date(self) -> None:
        """With the first look: does the service still offer the date we speak?"""
        if self._free_date:
            self._transport.api_date = await negotiate(self._ask, self._transport.api_date, self._announce)

    async def _shut(self) -> None:
        self._watcher.stop(ServiceClosed("The service was closed; the job runs on at the service."))
        self.counter.stop(ServiceClosed("The service was closed before this was submitted."))
        try:
            await self._crew.finish(_GRACE)
            await self.counter.close()
        finally:  # also where the loop ends and cancels all that is left
            self._home.closed = True
            await self._transport.close()
            if self._emulator is not None:
                await self._emulator.close()


def _embedded() -> Emulator:
    """The one place where the client meets the emulator."""
    if find_spec("qiskit_aer") is None:
        raise InvalidInput(
            "channel='local' simulates circuits with Qiskit Aer: pip install 'qrt-async[local]'."
        )
    from qrt_async.emulator import Emulator, EmulatorConfig

    return Emulator(EmulatorConfig(rate_limit=None))
