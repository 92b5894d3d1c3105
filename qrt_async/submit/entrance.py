"""What all submissions of one user pass, from whichever service object of a loop: one line, one bucket, the
same gates."""

from __future__ import annotations

import asyncio
import math
from weakref import WeakSet

from qrt_async.errors import InvalidInput, JournalError, OverUsage, QrtError
from qrt_async.events import PermitAwaited
from qrt_async.jobs.known import Known
from qrt_async.submit.bucket import RateLimit
from qrt_async.submit.errand import Errand, Means
from qrt_async.submit.gates import Gate, Hold, PendingCap, Shut
from qrt_async.submit.line import Line, Place
from qrt_async.submit.permits import PermitStore, ProcessPermits
from qrt_async.submit.recent import recent_ages
from qrt_async.transport.tasks import heard

Kind = tuple[object, ...]

_THE_RATE = "the rate limit of submissions"


class Entrance:
    """Gives turns: to the first in line whose gates are open, when there is a permit."""

    def __init__(self, limit: RateLimit | None) -> None:
        self.permits: PermitStore = ProcessPermits(limit)
        self.usage = Shut(lambda load: load.instance, first=300.0, longest=3600.0)
        self.backends = Shut(lambda load: load.backend, first=60.0, longest=300.0)
        self.outage = Shut(lambda _: None, first=15.0, longest=120.0)
        self.cap = PendingCap(self._pending)
        self._gates: tuple[Gate, ...] = (self.outage, self.usage, self.backends, self.cap)
        self._line: Line[Errand] = Line()
        self._kinds: dict[Kind, dict[Errand, None]] = {}
        """Who is in line, by kind: there may be ten thousand of them, and of three kinds."""
        self._jobs: WeakSet[Known] = WeakSet()
        self._news = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None
        self._begun = False
        self._users: WeakSet[object] = WeakSet()

    def share(self, store: PermitStore) -> None:
        """Keep the permits of this user in ``store`` from now on, for everybody who passes here."""
        if store.name == self.permits.name:
            self.meet(store.limit)
            return
        if not isinstance(self.permits, ProcessPermits):
            raise InvalidInput("The permits of this user are kept in another store already: share that one.")
        if self.permits.limit is not None:
            store.tighten(self.permits.limit)
        self.permits, self._begun = store, False
        self._news.set()

    def meet(self, limit: RateLimit | None) -> None:
        """One more service of the same user: of several limits the strictest is kept to."""
        if limit is not None:
            self.permits.tighten(limit)

    def join(self, user: object) -> None:
        """One more passes here, until it parts."""
        self._users.add(user)

    async def part(self, user: object) -> None:
        """With the last one the store of permits is closed."""
        self._users.discard(user)
        if not self._users:
            await self.permits.aclose()

    async def enter(self, errand: Errand, *, again: bool = False) -> None:
        """Return when it is the errand's turn, with a permit taken and its gates passed.

        Cancelled before, nothing was taken. ``again``: it had its turn and keeps its place.
        """
        if not self._line and self._goes_at_once(errand):
            return
        errand.turn = asyncio.get_running_loop().create_future()
        self._line.add(errand, errand.place, front=again)
        self._kinds.setdefault(errand.kind, {})[errand] = None
        self._announce_wait(errand)
        self.kick()
        try:
            await errand.turn
        except asyncio.CancelledError:
            self._leave(errand)
            raise

    def left(self, errand: Errand) -> None:
        """The fate of the request is known: its permit goes home."""
        errand.store.give_back()
        self._news.set()

    def step_back(self, errand: Errand) -> None:
        """It had its turn and sent nothing."""
        errand.store.take_back()
        self.release(errand)

    def release(self, errand: Errand, *, unclear: bool = False) -> None:
        """It holds no place behind the gates any more: refused, or over. ``unclear``: there may be a job of it."""
        for gate in (*errand.gates, *self._gates):
            gate.free(errand.key, unclear=unclear)
        self.kick()

    def accepted(self, errand: Errand, known: Known) -> None:
        """The service took it in."""
        self._jobs.add(known)
        self.cap.free(errand.key)
        self.cap.accepted(_now())
        for trouble in (self.outage, self.usage):
            trouble.open(errand.load)

    def kick(self) -> None:
        """Something has changed."""
        self._news.set()
        if self._line and (self._serving is None or self._serving.done()):
            crew = next(iter(self._line)).means.crew
            self._serving = crew.start(self._serve(), "line of submissions")
            self._serving.add_done_callback(self._served)

    def move(self, errand: Errand, place: Place) -> None:
        """It stands somewhere else from now on."""
        errand.place = place
        if errand in self._line:
            self._line.remove(errand)
            self._line.add(errand, place)
            self.kick()

    def evict(self, means: Means, error: QrtError) -> None:
        """A service closes: those in line who came from it are told why."""
        for errand in [errand for errand in self._line if errand.means is means]:
            self._dismiss(errand, error)
        self.kick()

    def why(self, errand: Errand) -> str | None:
        """What holds it; ``None`` if it is not in line."""
        if errand not in self._line:
            return None
        hold = self._hold(errand, _now())
        if hold is not None:
            return hold.why
        ahead = self._line.ahead(errand)
        return f"{ahead} before it in line" if ahead else _THE_RATE

    def ahead(self, errand: Errand) -> int | None:
        """How many go before it; ``None`` if it is not in line."""
        return self._line.ahead(errand) if errand in self._line else None

    def eta(self, errand: Errand | None) -> float | None:
        """Seconds until its turn, were nothing else in the way; of a newcomer for ``None``."""
        ahead = len(self._line) if errand is None else self._line.ahead(errand)
        wait = self.permits.forecast(ahead)
        hold = None if errand is None else self._hold(errand, _now())
        if hold is not None:
            wait = max(wait, hold.until - _now())
        return None if math.isinf(wait) else wait

    # --- giving turns -----------------------------------------------------------------------------------

    def _goes_at_once(self, errand: Errand) -> bool:
        """Nobody waits, nothing holds it, and whether there is a permit can be told without waiting."""
        store = self.permits
        if not isinstance(store, ProcessPermits) or not (self._begun or store.limit is None):
            return False
        if self._hold(errand, _now()) is not None or store.take_nowait() > 0:
            return False
        self._admit(errand, store)
        return True

    async def _serve(self) -> None:
        while self._line:
            self._news.clear()
            errand = self._next()
            if errand is None:
                await heard(self._news, self.opens())
                continue
            if not self._begun:
                await self._begin(errand)
            store = self.permits
            wait = await store.take()
            if wait > 0:
                await heard(self._news, wait)
                continue
            errand = self._next()  # Taking may have taken a while.
            if errand is None:
                store.take_back()
                continue
            self._line.take(errand)
            self._forget(errand)
            self._admit(errand, store)
            if errand.turn is not None and not errand.turn.done():
                errand.turn.set_result(None)
            else:
                self.step_back(errand)

    async def _begin(self, errand: Errand) -> None:
        """The bucket starts with what the user's recent submissions left in it."""
        limit = self.permits.limit
        if limit is not None:
            self.permits.count_in(await recent_ages(errand.means.ask, limit))
        self._begun = True

    def _next(self) -> Errand | None:
        """The first whose gates are open. Those whom waiting will not help are told so."""
        now = _now()
        holds = {kind: self._hold(next(iter(errands)), now) for kind, errands in self._kinds.items()}
        for kind, hold in holds.items():
            if hold is not None and hold.hopeless:
                for errand in list(self._kinds[kind]):
                    self._dismiss(errand, OverUsage(f"Not submitted: {hold.why}."))
        if all(hold is not None for hold in holds.values()):
            return None
        return self._line.first(lambda errand: holds[errand.kind] is None)

    def opens(self) -> float:
        """Seconds until the gates may let somebody in line pass; ``inf`` where only news can tell."""
        now = _now()
        holds = [self._hold(next(iter(errands)), now) for errands in self._kinds.values()]
        return max(0.0, min((now if hold is None else hold.until for hold in holds), default=now) - now)

    def _dismiss(self, errand: Errand, error: QrtError) -> None:
        """Out of the line, told why."""
        self._line.remove(errand)
        self._forget(errand)
        if errand.turn is not None and not errand.turn.done():
            errand.turn.set_exception(error)

    def _forget(self, errand: Errand) -> None:
        errands = self._kinds[errand.kind]
        del errands[errand]
        if not errands:
            del self._kinds[errand.kind]

    def _hold(self, errand: Errand, now: float) -> Hold | None:
        for gate in (*errand.gates, *self._gates):
            hold = gate.hold(errand.load, now)
            if hold is not None:
                return hold
        return None

    def _admit(self, errand: Errand, store: PermitStore) -> None:
        errand.store = store
        for gate in (*errand.gates, *self._gates):
            gate.take(errand.key, errand.load)

    def _leave(self, errand: Errand) -> None:
        """Cancelled: out of the line, or back with what it was just given."""
        if errand in self._line:
            self._line.remove(errand)
            self._forget(errand)
        elif errand.turn is not None and _given(errand.turn):
            self.step_back(errand)
        self.kick()

    def _announce_wait(self, errand: Errand) -> None:
        hold = self._hold(errand, _now())
        seconds = self.eta(errand)
        why = _THE_RATE if hold is None else hold.why
        errand.means.announce(PermitAwaited(seconds=math.inf if seconds is None else seconds, why=why))

    def _served(self, task: asyncio.Task[None]) -> None:
        """Its crew was the one of whoever came first: while others wait, theirs takes over."""
        if task.cancelled() or task.exception() is None:
            if self._line:
                self.kick()
            return
        error = task.exception()
        if not isinstance(error, JournalError):
            error = QrtError(f"Submitting crashed ({task.exception()!r}). Nothing of this was sent.")
            error.__cause__ = task.exception()
        for errand in list(self._line):
            self._dismiss(errand, error)

    def _pending(self) -> int:
        return sum(not known.settled for known in self._jobs)


def _given(turn: asyncio.Future[None]) -> bool:
    return turn.done() and not turn.cancelled() and turn.exception() is None


def _now() -> float:
    return asyncio.get_running_loop().time()
