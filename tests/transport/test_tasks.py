from __future__ import annotations

import asyncio
import os
import threading

import pytest

from qrt_async.errors import ServiceClosed
from qrt_async.events import Event, TaskCrashed
from qrt_async.transport.tasks import Crew, Home


async def for_ever() -> None:
    await asyncio.Event().wait()


async def broken() -> None:
    raise ValueError("oh")


class TestHome:
    async def test_is_where_it_is_first_used(self) -> None:
        home = Home()
        assert not home.entered
        assert home.enter() is asyncio.get_running_loop()
        assert home.entered
        assert home.enter() is asyncio.get_running_loop()

    async def test_tells_when_the_last_guest_has_left_also_by_an_error(self) -> None:
        home, told = Home(), list[int]()
        home.emptied = lambda: told.append(home.guests)
        with home:
            with pytest.raises(LookupError), home:
                raise LookupError
            assert (home.guests, told) == (1, [])
        assert (home.guests, told) == (0, [0])
        home.closed = True
        with pytest.raises(ServiceClosed), home:
            pass
        assert (home.guests, told) == (0, [0]), "who was not let in does not leave"

    def test_another_loop_is_told_what_to_do(self) -> None:
        home = Home()
        asyncio.run(self._enter(home))
        with pytest.raises(ServiceClosed, match=r"another event loop.*Make one RuntimeService for each loop"):
            asyncio.run(self._enter(home))

    async def test_another_thread_is_told_what_to_do(self) -> None:
        home = Home()
        home.enter()
        heard: list[BaseException] = []

        def elsewhere() -> None:
            try:
                asyncio.run(self._enter(home))
            except ServiceClosed as error:
                heard.append(error)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        await asyncio.to_thread(thread.join)
        assert "another thread" in str(heard[0])

    async def test_a_closed_one_is_told_what_to_do(self) -> None:
        home = Home()
        home.closed = True
        with pytest.raises(ServiceClosed, match=r"was closed; make a new one"):
            home.enter()

    async def test_a_forked_one_is_told_what_to_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        home = Home()
        home.enter()
        monkeypatch.setattr(os, "getpid", lambda: -1)
        with pytest.raises(ServiceClosed, match=r"forked.*make a new RuntimeService in the child"):
            home.enter()

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
    @pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
    def test_a_real_fork(self) -> None:
        used, unused = Home(), Home()
        asyncio.run(self._enter(used))
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:  # in the child: nothing may escape into pytest
            try:
                asyncio.run(self._enter(unused))
                asyncio.run(self._enter(used))
            except ServiceClosed as error:
                os.write(writing, str(error).encode())
            finally:
                os._exit(0)
        os.close(writing)
        os.waitpid(child, 0)
        with os.fdopen(reading, "rb") as pipe:
            assert b"before the process was forked" in pipe.read()

    async def _enter(self, home: Home) -> None:
        home.enter()


class TestCrew:
    async def test_a_crash_is_announced(self) -> None:
        heard: list[Event] = []
        task = Crew(heard.append).start(broken(), "pump")
        await asyncio.wait([task])
        await asyncio.sleep(0)
        assert heard == [TaskCrashed(task="qrt pump", error="ValueError: oh")]

    async def test_an_expected_error_is_no_crash_and_nobody_need_hear_it(self) -> None:
        heard: list[Event] = []
        task = Crew(heard.append).start(broken(), "question", expected=True)
        await asyncio.wait([task])
        await asyncio.sleep(0)
        assert heard == []

    @pytest.mark.virtual_clock
    async def test_finishing_cancels_at_once_and_lets_precious_work_end(self) -> None:
        crew = Crew(lambda _: None)
        plain = crew.start(for_ever(), "plain")
        precious = crew.start(asyncio.sleep(5, "done"), "precious", precious=True)
        await asyncio.sleep(0)
        await crew.finish(10.0)
        assert plain.cancelled()
        assert precious.result() == "done"
        assert asyncio.get_running_loop().time() == pytest.approx(5.0)

    @pytest.mark.virtual_clock
    async def test_grace_has_an_end(self) -> None:
        crew = Crew(lambda _: None)
        precious = crew.start(for_ever(), "precious", precious=True)
        await crew.finish(10.0)
        assert precious.cancelled()
        assert asyncio.get_running_loop().time() == pytest.approx(10.0)

    @pytest.mark.virtual_clock
    async def test_precious_work_may_start_more_and_none_of_it_is_left(self) -> None:
        crew = Crew(lambda _: None)
        late: list[asyncio.Task[None]] = []

        async def needy() -> None:
            late.append(crew.start(for_ever(), "late"))
            late.append(crew.start(for_ever(), "late and precious", precious=True))

        crew.start(needy(), "needy", precious=True)
        await crew.finish(10.0)
        assert [task.cancelled() for task in late] == [True, True]

    @pytest.mark.virtual_clock
    async def test_precious_work_that_begins_later_has_what_is_left_of_the_grace(self) -> None:
        crew = Crew(lambda _: None)
        late: list[asyncio.Task[str]] = []

        def begin() -> None:
            late.append(crew.start(asyncio.sleep(5, "read"), "late and precious", precious=True))

        crew.start(asyncio.sleep(2), "precious", precious=True)
        asyncio.get_running_loop().call_later(1.0, begin)
        await crew.finish(10.0)
        assert [task.result() for task in late] == ["read"]
        assert asyncio.get_running_loop().time() == pytest.approx(6.0)

    async def test_work_that_others_begin_while_they_are_cancelled_is_refused(self) -> None:
        crew = Crew(lambda _: None)
        refused: list[ServiceClosed] = []

        async def stubborn() -> None:
            try:
                await for_ever()
            finally:
                try:
                    crew.start(for_ever(), "more")
                except ServiceClosed as error:
                    refused.append(error)

        crew.start(stubborn(), "stubborn", precious=True)
        await asyncio.sleep(0)
        await crew.finish(0.0)
        assert len(refused) == 1
        with pytest.raises(ServiceClosed):
            crew.start(for_ever(), "afterwards")

    async def test_a_crew_without_tasks_is_finished_at_once(self) -> None:
        await Crew(lambda _: None).finish(10.0)
