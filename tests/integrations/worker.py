"""One of several workers of an application. Run as a process of its own.

``python -m tests.integrations.worker URL JOURNAL`` serves the application of ``applications`` with uvicorn and prints
its own URL.
"""

from __future__ import annotations

import asyncio
import sys

import qrt_async as qrt
from qrt_async.integrations import asgi
from tests.integrations.applications import starlette_app
from tests.integrations.serving import serving


async def main(url: str, journal: str) -> None:
    lifespan = asgi.lifespan(
        lambda: qrt.RuntimeService(url=url, spool=False, rate_limit=None, poll=qrt.PollPolicy()),
        lambda service: qrt.Submitter(service, journal=journal),
    )
    async with serving(starlette_app(lifespan)) as own:
        sys.stdout.write(f"{own}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)  # until whoever began us closes it


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
