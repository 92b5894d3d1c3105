"""The transport against a real server on loopback: what is sent, what comes back, and with what right."""

from __future__ import annotations

import asyncio
import gzip

import pytest
from aiohttp import web
from aioresponses import aioresponses

from qrt_async.errors import (
    NotAuthorized,
    Refused,
    Unavailable,
    Unreachable,
)
from qrt_async.events import RequestDone, TokenRenewed
from qrt_async.version import __version__
from tests.transport.lab import (
    CRN,
    KEY,
    ONCE,
    OPEN,
    SUBMISSION,
    Bench,
    cut,
    lab,
    reply,
    request,
)

# What is sent


async def test_every_request_says_who_asks_for_which_instance_at_which_date() -> None:
    async with lab() as (server, bench):
        await bench.send(request())
    (seen,) = server.seen
    assert seen.headers["User-Agent"] == f"qrt-async/{__version__}"
    assert seen.headers["Authorization"] == "Bearer token-1"
    assert seen.headers["Service-CRN"] == CRN
    assert seen.headers["IBM-API-Version"] == "2026-02-15"
    assert seen.headers["Accept"].startswith("application/json")
    assert "gzip" in seen.headers["Accept-Encoding"]
    assert seen.target == "/api/v1/jobs"


async def test_the_api_date_can_be_left_for_another() -> None:
    async with lab() as (server, bench):
        bench.transport.api_date = "2026-04-15"
        await bench.send(request())
    assert server.seen[0].headers["IBM-API-Version"] == "2026-04-15"


async def test_what_needs_no_authorization_carries_none_and_asks_for_no_token() -> None:
    async with lab() as (server, bench):
        await bench.send(OPEN)
    assert server.exchanges == []
    assert {"Authorization", "Service-CRN"}.isdisjoint(server.seen[0].headers)


async def test_the_exchange_with_iam_is_a_form_without_the_apis_headers() -> None:
    async with lab() as (server, bench):
        await bench.send(request())
    (exchange,) = server.exchanges
    assert exchange.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert KEY.encode() in exchange.body
    assert {"Authorization", "Service-CRN", "IBM-API-Version"}.isdisjoint(exchange.headers)
    assert exchange.headers["User-Agent"].startswith("qrt-async/")


async def test_segments_arrive_encoded_and_array_keys_repeated() -> None:
    async with lab() as (server, bench):
        query = (("tags", "a&b"), ("tags", "c d"), ("when", "2026-01-01T00:00:00+00:00"))
        await bench.send(request(path="/jobs/..%2Fbackends%3F", query=query))
    assert server.seen[0].target == (
        "/api/v1/jobs/..%2Fbackends%3F?tags=a%26b&tags=c%20d&when=2026-01-01T00%3A00%3A00%2B00%3A00"
    )


async def test_bodies_arrive_whole_small_large_and_none() -> None:
    large = bytes(3 * 2**20)
    async with lab() as (server, bench):
        for body in (b"{}", large, None):
            headers = (("Content-Type", "application/json"),) if body else ()
            await bench.send(request("POST", body=body, headers=headers))
    assert [seen.body for seen in server.seen] == [b"{}", large, b""]
    assert [seen.headers.get("Content-Length") for seen in server.seen] == ["2", str(len(large)), "0"]
    assert server.seen[1].headers["Content-Type"] == "application/json"


async def test_a_large_body_is_sent_again_whole() -> None:
    large = bytes(2**20 + 1)
    async with lab() as (server, bench):
        server.script.extend([reply(503), cut])
        await bench.send(request("PUT", body=large))
    assert [len(seen.body) for seen in server.seen] == [len(large)] * 3


# What comes back


async def test_a_reply_has_lower_case_headers_and_the_whole_body() -> None:
    async with lab() as (server, bench):
        server.script.append(reply(200, b"x" * 10**6, headers={"X-Thing": "1"}))
        found = await bench.send(request())
    assert (found.code, found.headers["x-thing"], len(found.body)) == (200, "1", 10**6)


async def test_compressed_replies_are_read() -> None:
    async with lab() as (server, bench):
        body = gzip.compress(b'{"jobs":[]}')
        server.script.append(reply(200, body, headers={"Content-Encoding": "gzip"}))
        assert (await bench.send(request())).body == b'{"jobs":[]}'


async def test_a_reply_that_only_claims_to_be_compressed_is_a_broken_connection() -> None:
    async with lab(retry=ONCE) as (server, bench):
        server.script.append(reply(200, b"not gzip at all", headers={"Content-Encoding": "gzip"}))
        with pytest.raises(Unreachable):
            await bench.send(request())


async def test_an_error_reply_becomes_its_error() -> None:
    async with lab() as (server, bench):
        body = {"errors": [{"code": 1352, "message": "No.", "solution": "Do."}], "trace": "abc"}
        server.script.append(reply(400, body))
        with pytest.raises(Refused) as caught:
            await bench.send(request())
    assert (caught.value.code, caught.value.solution, caught.value.trace) == (1352, "Do.", "abc")
    assert len(server.seen) == 1


async def test_the_same_through_a_mocked_session() -> None:
    bench = Bench("https://api.test")
    with aioresponses() as mocked:
        mocked.post("https://api.test/identity/token", payload={"access_token": "t", "expires_in": 60})
        mocked.get("https://api.test/api/v1/jobs?tags=a&tags=b", payload={"jobs": []})
        found = await bench.send(request(query=(("tags", "a"), ("tags", "b"))))
    assert found.body == b'{"jobs": []}'
    await bench.close()


async def test_every_exchange_is_announced_with_its_template_and_its_time() -> None:
    async with lab() as (server, bench):
        server.script.append(cut)
        await bench.send(request(path="/jobs/abc", template="/jobs/{id}"))
    done = [event for event in bench.events if isinstance(event, RequestDone)]
    assert [(event.method, event.template, event.code) for event in done] == [
        ("POST", "/identity/token", 200),
        ("GET", "/jobs/{id}", None),
        ("GET", "/jobs/{id}", 200),
    ]
    assert all(event.seconds >= 0 for event in done)


async def test_cookies_are_not_kept() -> None:
    async with lab() as (server, _):
        bench = Bench(server.root.replace("127.0.0.1", "localhost"))  # an address gets no cookies anyway
        server.script.append(reply(200, headers={"Set-Cookie": "who=you; Path=/"}))
        await bench.send(OPEN)
        await bench.send(OPEN)
        await bench.close()
    assert "Cookie" not in server.seen[1].headers


# Authorization


async def test_a_hundred_tasks_share_one_exchange() -> None:
    async with lab() as (server, bench):
        await asyncio.gather(*(bench.send(request()) for _ in range(100)))
    assert len(server.exchanges) == 1
    assert len(server.seen) == 100


async def test_cancelling_the_first_of_them_hurts_nobody_else() -> None:
    async with lab() as (server, bench):
        gate = asyncio.Event()

        async def slow_grant(_: web.Request) -> web.StreamResponse:
            await gate.wait()
            return web.json_response({"access_token": "slow", "expires_in": 60})

        server.iam.append(slow_grant)
        tasks = [asyncio.create_task(bench.send(request())) for _ in range(5)]
        await server.until(exchanges=1)
        tasks[0].cancel()
        await asyncio.wait(tasks[:1])
        gate.set()
        assert [found.code for found in await asyncio.gather(*tasks[1:])] == [200] * 4
        assert tasks[0].cancelled()
    assert len(server.exchanges) == 1


@pytest.mark.virtual_clock
async def test_a_token_is_renewed_ahead_of_its_end_without_a_wait() -> None:
    async with lab() as (server, bench):
        server.life = 100
        for pause in (0, 85, 1):
            await asyncio.sleep(pause)
            await bench.send(request())
        assert [seen.token for seen in server.seen] == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]
        await asyncio.sleep(99)
        await bench.send(request())
    assert server.seen[-1].token == "Bearer token-3"
    assert [event.seconds for event in bench.events if isinstance(event, TokenRenewed)] == [100.0] * 3


async def test_a_401_brings_one_renewal_and_one_repetition() -> None:
    async with lab() as (server, bench):
        server.script.append(reply(401))
        await bench.send(SUBMISSION)
    assert [seen.token for seen in server.seen] == ["Bearer token-1", "Bearer token-2"]


async def test_a_401_for_all_brings_one_renewal_for_all() -> None:
    async with lab() as (server, bench):
        await bench.send(request())
        server.script.extend([reply(401)] * 20)
        await asyncio.gather(*(bench.send(request()) for _ in range(20)))
    assert len(server.exchanges) == 2


async def test_a_401_that_stays_is_not_authorized() -> None:
    async with lab() as (server, bench):
        server.script.extend([reply(401), reply(401)])
        with pytest.raises(NotAuthorized) as caught:
            await bench.send(request())
    assert (len(server.seen), len(server.exchanges)) == (2, 2)
    assert caught.value.retry == "never"


async def test_a_web_page_with_401_is_no_failure_of_the_credentials() -> None:
    async with lab() as (server, bench):
        server.script.append(reply(401, b"<html>blocked</html>", kind="text/html"))
        with pytest.raises(Refused, match="web page"):
            await bench.send(request())
    assert (len(server.seen), len(server.exchanges)) == (1, 1)


async def test_a_bad_key_is_not_authorized_at_once() -> None:
    body = {"errorCode": "BXNIM0415E", "errorMessage": "Provided API key could not be found."}
    async with lab() as (server, bench):
        server.iam.extend([reply(400, body)] * 9)
        with pytest.raises(NotAuthorized) as caught:
            await bench.send(request())
    assert (len(server.exchanges), len(server.seen)) == (1, 0)
    assert (caught.value.code, caught.value.retry) == ("BXNIM0415E", "never")


async def test_iam_that_cannot_just_now_is_asked_again() -> None:
    async with lab() as (server, bench):
        server.iam.extend([reply(429), reply(500), cut, reply(503, b"<html>", kind="text/html")])
        await bench.send(SUBMISSION)
    assert len(server.exchanges) == 5
    assert bench.repeats == ["429", "500", "cut", "503"]


async def test_iam_that_stays_away_leaves_nothing_submitted() -> None:
    async with lab(retry=ONCE) as (server, bench):
        server.iam.append(reply(500))
        with pytest.raises(Unavailable) as caught:
            await bench.send(SUBMISSION)
    assert (caught.value.submitted, caught.value.path) == ("no", "/identity/token")
    assert server.seen == []


async def test_a_token_source_of_ones_own() -> None:
    drawn = iter(["first", "second\n"])

    async def source() -> str:
        return next(drawn)

    async with lab(token=source) as (server, bench):
        server.script.append(reply(401))
        await bench.send(request())
    assert [seen.token for seen in server.seen] == ["Bearer first", "Bearer second"]
    assert server.exchanges == []


async def test_ready_has_a_token_so_that_the_next_request_leaves_at_once() -> None:
    async with lab() as (server, bench):
        await bench.transport.ready()
        assert (len(server.exchanges), len(server.seen)) == (1, 0)
        await bench.transport.ready()
        await bench.send(SUBMISSION)
    assert len(server.exchanges) == 1
