"""What went wrong: a page for people, problem details (RFC 9457) for programs, by what they say they accept."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, RedirectResponse, Response

import qrt_async as qrt
from qrt_async.integrations import asgi

from .rendering import page
from .visitors import LoggedOut

TITLES = {
    403: "That did not come from here",
    404: "Nothing here",
    500: "Something broke on our side",
}
"""Friendlier than the protocol's own words."""


def install(app: FastAPI) -> None:
    app.add_exception_handler(qrt.QrtError, of_ours)
    app.add_exception_handler(HTTPException, of_protocol)
    app.add_exception_handler(LoggedOut, of_nobody)
    app.add_exception_handler(ClientDisconnect, of_one_who_left)
    app.add_exception_handler(Exception, of_surprise)


async def of_ours(request: Request, error: Exception) -> Response:
    """Its status and its advice are the library's: see ``asgi.problem``."""
    assert isinstance(error, qrt.QrtError)  # noqa: S101 - installed for these
    problem = asgi.problem(error, instance=request.url.path)
    if wants_page(request):
        return _page(request, problem.status, problem.title, problem.detail or "", problem.retry_after)
    return cast("Response", problem)


async def of_protocol(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - installed for these
    response = _answer(request, error.status_code, str(error.detail))
    response.headers.update(error.headers or {})
    return response


async def of_nobody(request: Request, error: Exception) -> Response:
    """People are asked who they are; programs are told that it matters."""
    if wants_page(request):
        return RedirectResponse(request.url_for("login").path, 303)
    return _answer(request, 401, "Log in first.")


async def of_one_who_left(request: Request, error: Exception) -> Response:
    """In the middle of a form. Nobody hears this, and nothing has to be noted."""
    return _answer(request, 400, "The form broke off. Nothing was done.")


async def of_surprise(request: Request, error: Exception) -> Response:
    """The server logs it, with its traceback; nobody else sees that."""
    return _answer(request, 500, "It was noted. What you sent before is safe.")


def wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _answer(request: Request, status: int, detail: str) -> Response:
    title = TITLES.get(status, HTTPStatus(status).phrase)
    if wants_page(request):
        return _page(request, status, title, detail)
    said = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return JSONResponse(said, status, media_type="application/problem+json")


def _page(request: Request, status: int, title: str, detail: str, wait: int | None = None) -> Response:
    response = page(request, "error.html", status, title=title, detail=detail, wait=wait, code=status)
    if wait is not None:
        response.headers["retry-after"] = str(wait)
    return response
