"""Templates, and what all of them are given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from .views import duration, until
from .visitors import newcomer, remember, settings_of, token_of, visitor_of

HERE = Path(__file__).parent
_TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(duration=duration, until=until)


def page(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A page. ``here``: where it can be asked for again; ``events``: where its changes are told; ``say``: what readers
    who only listen hear of them."""
    settings, known = settings_of(request), visitor_of(request)
    visitor = known or newcomer()
    shared = {
        "visitor": visitor,
        "token": token_of(visitor, settings.secret),
        "url_for": request.url_for,
        "here": request.url.path,
        "events": None,
        "say": "",
    }
    response = HTMLResponse(_TEMPLATES.get_template(template).render(shared | context), status)
    if known is None:
        remember(response, visitor, settings)
    return response
