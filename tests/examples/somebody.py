"""Somebody who uses the web example over plain HTTP, as programs and forms do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import aiohttp

from tests.examples.site import BACKEND, Site

HTML = {"accept": "text/html,application/xhtml+xml"}


class Begun:
    """A form on its way."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rest: bytes) -> None:
        self._reader, self._writer, self._rest = reader, writer, rest

    async def end(self) -> int:
        """Send what is left of it; the status of the answer."""
        self._writer.write(self._rest)
        return int((await self.answer()).split()[1])

    def break_off(self) -> None:
        """As one who goes away."""
        self._writer.close()

    async def answer(self) -> bytes:
        """All that comes until the connection is closed."""
        try:
            return await self._reader.read()
        finally:
            self._writer.close()


class Somebody:
    """One who has a cookie, reads tokens out of forms, and follows no redirect unasked."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session
        self._token = ""

    async def get(self, path: str, **headers: str) -> tuple[int, str, Any]:
        return await self._ask("GET", path, None, headers)

    async def post(self, path: str, fields: dict[str, str], **headers: str) -> tuple[int, str, Any]:
        return await self._ask("POST", path, {"token": self._token, **fields}, headers)

    async def log_in(self, name: str = "Ada") -> Somebody:
        await self.get("/login")
        status, _, headers = await self.post("/login", {"name": name})
        assert (status, headers["location"]) == (303, "/")
        await self.get("/")
        return self

    async def submit(self, **fields: str) -> str:
        """The path of the job's page."""
        status, text, headers = await self.post("/jobs", {"backend": BACKEND, **fields})
        assert status == 303, text
        path: str = headers["location"]
        return path

    async def begin(self, path: str, fields: dict[str, str]) -> Begun:
        """A form whose end has not come yet; the application is waiting for it."""
        body = urlencode({"token": self._token, "backend": BACKEND, **fields}).encode()
        url = self.session._base_url
        assert url is not None
        cookies = self.session.cookie_jar.filter_cookies(url)
        head = [
            f"POST {path} HTTP/1.1",
            f"Host: {url.host}:{url.port}",
            f"Cookie: {'; '.join(f'{one.key}={one.value}' for one in cookies.values())}",
            "Content-Type: application/x-www-form-urlencoded",
            f"Content-Length: {len(body)}",
            "Expect: 100-continue",
        ]
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write("\r\n".join([*head, "", ""]).encode() + body[:-1])
        assert b" 100 " in await reader.readuntil(b"\r\n\r\n")
        return Begun(reader, writer, body[-1:])

    async def until(self, path: str, words: str) -> str:
        """Hear what happens until the stream ends, and find the words on the page."""
        async with self.session.get(f"{path}/events", headers={"accept": "text/event-stream"}) as reply:
            assert reply.status == 200
            stream = (await reply.content.read()).decode()
        assert "event: end" in stream
        _, text, _ = await self.get(path)
        while words not in text and "data-events" in text:  # by its own word there is more to come
            _, text, _ = await self.get(path)
        assert words in text
        return stream

    async def hear(self, path: str, words: str) -> None:
        """Hear what happens until it is this."""
        async with self.session.get(f"{path}/events", headers={"accept": "text/event-stream"}) as reply:
            async for line in reply.content:
                if line.decode().strip() == words:
                    return
        raise AssertionError(f"the stream ended without {words!r}")

    async def _ask(self, method: str, path: str, form: Any, headers: dict[str, str]) -> tuple[int, str, Any]:
        asked = HTML | {name.replace("_", "-"): text for name, text in headers.items()}
        async with self.session.request(
            method, path, data=form, headers=asked, allow_redirects=False
        ) as reply:
            text = await reply.text()
            found = re.search(r'name="token" value="([^"]+)"', text)
            self._token = found[1] if found else self._token
            return reply.status, text, reply.headers


@asynccontextmanager
async def somebody(site: Site) -> AsyncIterator[Somebody]:
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
    async with aiohttp.ClientSession(site.url, cookie_jar=jar) as session:
        yield Somebody(session)
