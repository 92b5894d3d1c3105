"""The service as a machine: requests and a clock in, replies out. It never waits, never touches a socket."""

from __future__ import annotations

import msgspec

from . import control, faults
from .ask import Ask
from .books import Books, Orders
from .config import EmulatorConfig
from .faults import Rule
from .gate import admit
from .iam import forbidden
from .routes import Match, Route, match
from .wire import Problem, Reply, Request, html_reply, segments, text_reply
from .work import Outcome
from .world import World

HOME_PAGE = (
    b"<!doctype html><html><head><title>IBM Quantum</title></head><body><div id=app></div></body></html>"
)
"""What the edge answers where a path ends without an id: its web application."""


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A request that has arrived and not been answered."""

    request: Request
    path: tuple[str, ...]
    match: Match | None
    fault: Rule | None

    @property
    def template(self) -> str:
        return self.match.template if self.match else "(unknown)"

    @property
    def hold(self) -> float:
        """Seconds that have to pass before it is answered."""
        return 0.0 if self.fault is None else self.fault.hold

    @property
    def severed(self) -> bool:
        """Whether nobody is there any more to be answered; the request still does its work."""
        return self.fault is not None and self.fault.severs


class Machine:
    """Keeps the books. ``run`` are 16 random bytes that no other run has; times are seconds since 1970."""

    def __init__(self, config: EmulatorConfig, *, run: bytes, now: float) -> None:
        self._world = World(config, run, now)

    @property
    def books(self) -> Books:
        """Everything that the service remembers."""
        return self._world.books

    def handle(self, request: Request, now: float) -> Reply:
        """Answer at once, whatever a fault would hold back."""
        return self.answer(self.receive(request), now)

    def receive(self, request: Request) -> Visit:
        """What is asked for, and which trouble strikes it."""
        path = segments(request.target)
        if path[:1] == (control.ROOT,):
            return Visit(request=request, path=path, match=None, fault=None)
        found = match(request.method, path)
        template = found.template if found else "(unknown)"
        return Visit(
            request=request, path=path, match=found, fault=self._world.faults.pick(request.method, template)
        )

    def answer(self, visit: Visit, now: float) -> Reply:
        """Do what the request asks and say what it is answered; ``now`` never goes back."""
        now = round(now, 6)
        self.books.advance(now)
        if visit.path[:1] == (control.ROOT,):
            return control.answer(self._world, visit.request, visit.path, now)
        reply = self._troubled(visit, now)
        sent = 0 if reply.mishap is not None and reply.mishap.cut == "before" else reply.status
        self.books.chronicle.asked(visit.request.method, visit.template, sent, now)
        return reply

    def finished(self, job_id: str, outcome: Outcome, now: float) -> None:
        """A simulation that was ordered is over."""
        now = round(now, 6)
        self.books.advance(now)
        self.books.ledger.finished(job_id, outcome, now)

    def take_orders(self) -> Orders:
        """What the mounting is to simulate, and what no longer; each order is handed out once."""
        return self._world.take_orders()

    def _troubled(self, visit: Visit, now: float) -> Reply:
        rule = visit.fault
        if rule is None:
            return self._serve(visit, now)
        if rule.kind == "expire-tokens":
            self.books.iam.expire_all()
        if rule.silences:
            return faults.CUT if rule.kind == "cut" else faults.refusal(rule, self.books.trace())
        return faults.spoil(rule, self._serve(visit, now), self.books.trace())

    def _serve(self, visit: Visit, now: float) -> Reply:
        request = visit.request
        if request.oversize or len(request.body) > self.books.config.payload_ceiling:
            return html_reply(413, "413 Request Entity Too Large")
        found = visit.match
        if found is None:
            return self._nowhere(visit)
        try:
            if found.route is None:
                raise Problem(405, "method_not_allowed", "Method Not Allowed")
            return self._guarded(request, found.route, found.ids, now)
        except Problem as problem:
            return problem.reply(self.books.trace())

    def _guarded(self, request: Request, route: Route, ids: dict[str, str], now: float) -> Reply:
        """Let the request in, do what it asks, and note it for the auditors."""
        ask, key = admit(self.books, request, route, ids, now)
        try:
            if key is not None and not key.may(route.action):
                raise forbidden(route.action)
            reply = route.handler(self.books, ask)
        except Problem:
            self._audit(route, ask, ids.get("id"), "failure")
            raise
        created = msgspec.json.decode(reply.body)["id"] if route.creates_job else None
        self._audit(route, ask, created or ids.get("id"), "success")
        return reply

    def _audit(self, route: Route, ask: Ask, job_id: str | None, outcome: str) -> None:
        if route.action is not None:
            self.books.chronicle.audited(route.action, ask.user_id, job_id, ask.now, outcome)

    def _nowhere(self, visit: Visit) -> Reply:
        """A path that ends in nothing shows the web application; any other is not found."""
        if visit.request.method == "GET" and visit.path[-1:] == ("",):
            return text_reply(HOME_PAGE, kind="text/html")
        return Problem(404, "not_found", "Not Found").reply(self.books.trace())
