"""What can be done: each ends in a redirect to the page that shows it, so that loading again repeats nothing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

import qrt_async as qrt

from .forms import Order, Typed, read, read_name
from .pages import At, Of, Who, home_page
from .rendering import page
from .visitors import form_of, newcomer, remember, settings_of

Form = Annotated[FormData, Depends(form_of)]

router = APIRouter()


@router.post("/login", name="log_in")
async def log_in(request: Request, form: Form) -> Response:
    said = str(form.get("name", ""))
    name = read_name(said)
    if not isinstance(name, str):
        return page(request, "login.html", 422, name=said, mistakes=name)
    response = _to(request, "home")
    remember(response, newcomer(name), settings_of(request))
    return response


@router.post("/logout", name="log_out")
async def log_out(request: Request, form: Form) -> Response:
    response = _to(request, "login")
    remember(response, newcomer(), settings_of(request))
    return response


@router.post("/jobs", name="submit")
async def submit(request: Request, form: Form, who: Who, desk: At) -> Response:
    typed = Typed.of(form)
    backends = [backend.name for backend in await desk.backends.list()]
    order = read(typed, backends)
    if not isinstance(order, Order):
        return await home_page(request, who, desk, typed, order)
    try:
        record = await desk.order(who.tenant, order)
    except qrt.errors.InvalidInput as error:  # a gate that is not there, say: nothing was sent
        return await home_page(request, who, desk, typed, {"form": str(error)})
    return _to(request, "job", id=record.id)


@router.post("/jobs/{id}/cancel", name="cancel")
async def cancel(request: Request, form: Form, record: Of, desk: At) -> Response:
    await desk.cancel(record)
    return _to(request, "job", id=record.id)


def _to(request: Request, name: str, **path: str) -> RedirectResponse:
    return RedirectResponse(request.url_for(name, **path).path, 303)
