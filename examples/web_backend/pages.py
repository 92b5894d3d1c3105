"""What can be looked at. Nobody sees what is another's: there it is as if there were nothing (404)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

import qrt_async as qrt
from qrt_async.sweep.run import SweepRun

from .charts import Curve, Reading, curve, histogram
from .circuits import PRESETS, TILTED
from .desk import Desk
from .forms import Mistakes, Order, Typed
from .records import Record
from .rendering import page
from .views import PATIENCE, Standing, of_progress, of_record, of_submission, words
from .visitors import Visitor, logged_in, visitor_of

MOST_ROWS = 200

router = APIRouter(default_response_class=HTMLResponse)


def desk_of(request: Request) -> Desk:
    found: Desk = request.state.desk
    return found


Who = Annotated[Visitor, Depends(logged_in)]
At = Annotated[Desk, Depends(desk_of)]


async def record_of(id: str, who: Who, desk: At) -> Record:  # noqa: A002 - as in the path
    """Of the visitor's own."""
    record = await desk.records.find(id, who.tenant)
    if record is None:
        raise HTTPException(404, "You have no such job.")
    return record


Of = Annotated[Record, Depends(record_of)]


@router.get("/login", name="login")
async def login(request: Request) -> Response:
    visitor = visitor_of(request)
    if visitor is not None and visitor.name is not None:
        return RedirectResponse(request.url_for("home").path, 303)
    return page(request, "login.html", name="", mistakes={})


@router.get("/", name="home")
async def home(request: Request, who: Who, desk: At) -> Response:
    return await home_page(request, who, desk, Typed(), {})


@router.get("/jobs/{id}", name="job")
async def job(request: Request, record: Of, desk: At) -> Response:
    if record.order.kind == "sweep":
        standing, context = await _sweep(record, desk)
    else:
        standing, context = await _job(record, desk)
    to_come = not standing.final or (standing.state == "done" and not any(context.values()))
    return page(
        request,
        f"{record.order.kind}.html",
        events=request.url_for("job_events", id=record.id).path if to_come else None,
        say=f"{record.order.title}: {standing.word}",
        record=record,
        standing=standing,
        **context,
    )


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    record: Record
    standing: Standing

    @property
    def words(self) -> str:
        order = self.record.order
        shots = f"{order.shots:,} shot{'s' if order.shots > 1 else ''}"
        if order.kind == "sweep":
            return f"Sweep of {len(order.values)} points, {shots} each, on {order.backend}"
        return f"{shots} on {order.backend}"


async def home_page(
    request: Request, who: Visitor, desk: Desk, typed: Typed, mistakes: Mistakes
) -> HTMLResponse:
    """The form as it was filled in, and all that the visitor has."""
    rows, backends = await asyncio.gather(rows_of(who.tenant, desk), desk.backends.list())
    ended = sum(row.standing.final for row in rows)
    return page(
        request,
        "home.html",
        status=422 if mistakes else 200,
        here=request.url_for("home").path,
        events=request.url_for("events").path,
        say=f"{ended} of {len(rows)} jobs have ended" if rows else "",
        rows=rows,
        waiting=await _first_in_line(rows, desk),
        in_line=sum(row.standing.state == "waiting" for row in rows),
        backends=backends,
        presets=PRESETS.values(),
        example=TILTED.text,
        typed=typed,
        mistakes=mistakes,
    )


async def rows_of(tenant: str, desk: Desk) -> list[Row]:
    """The newest of a tenant's, with where they stand; makes no request."""
    records, listed = await asyncio.gather(
        desk.records.of(tenant, MOST_ROWS), desk.submitter.tenant(tenant).list(limit=5 * MOST_ROWS)
    )
    known = {one.id: one for one in listed}
    rows = []
    for record in records:
        if record.order.kind == "sweep":
            run = await desk.sweeps.find(record)
            ours = desk.sweeps.ours(record)
            rows.append(Row(record, of_progress(run.progress, ours=ours, ended=record.ended)))
        elif record.id in known:
            found = known[record.id]
            status = None if found.job_id is None else desk.service.job(found.job_id).status
            rows.append(Row(record, of_record(found, status)))
    return rows


async def _first_in_line(rows: list[Row], desk: Desk) -> Standing | None:
    """Of those that wait, the one that leaves next, with the seconds until then."""
    for row in reversed(rows):
        if row.standing.state == "waiting":
            if row.record.order.kind == "sweep":
                return row.standing
            return await of_submission(await desk.submitter.tenant(row.record.tenant).find(row.record.id))
    return None


async def _job(record: Record, desk: Desk) -> tuple[Standing, dict[str, Any]]:
    submission = await desk.submitter.tenant(record.tenant).find(record.id)
    standing, counted = await of_submission(submission), None
    if standing.state == "done":
        try:
            async with asyncio.timeout(PATIENCE):
                result = await submission
            counted = await asyncio.to_thread(lambda: histogram(result[0].join_data().get_counts()))
        except TimeoutError:
            pass  # it is fetched, which goes on
        except qrt.QrtError as error:
            standing = replace(
                standing, state="failed", detail="its result cannot be read", error=words(error)
            )
    return standing, {"histogram": counted}


async def _sweep(record: Record, desk: Desk) -> tuple[Standing, dict[str, Any]]:
    run = await desk.sweeps.find(record)
    ours = desk.sweeps.ours(record) or record.ended is not None
    standing = of_progress(run.progress, ours=ours, ended=record.ended)
    if standing.state != "waiting":
        standing = replace(standing, detail="")  # the count stands beside its bar
    standing = replace(standing, charged=run.progress.charged or None)
    drawn = await asyncio.to_thread(_curve, run, record.order) if run.progress.done else None
    return standing, {"progress": run.progress, "ours": ours, "curve": drawn}


def _curve(run: SweepRun, order: Order) -> Curve:
    """Reads the journal, and so belongs into a thread."""
    angle = str(order.angle)
    return curve(
        [
            Reading(
                point.parameters[angle],
                None if point.result is None else point.result.join_data().get_counts(),
                None if point.error is None else str(point.error),
            )
            for point in run.points()
        ]
    )
