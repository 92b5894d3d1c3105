from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest

from qrt_async.emulator.recorder import Recorder, line
from qrt_async.emulator.wire import NO_CONTENT, Reply, Request, json_reply
from tests.emulator.driver import GRANT

SECRET = "must-not-be-seen"


def test_an_exchange_is_one_line_with_both_sides() -> None:
    request = Request(
        method="POST", target="/api/v1/jobs?x=1", headers={"service-crn": "crn"}, body=b'{"a":1}'
    )
    written = line(request, json_reply({"id": "j"}), 5.0)
    assert written.count(b"\n") == 1
    entry = msgspec.json.decode(written)
    assert (entry["method"], entry["target"], entry["status"], entry["at"]) == (
        "POST",
        "/api/v1/jobs?x=1",
        200,
        5.0,
    )
    assert (entry["request_body"], entry["reply_body"]) == ('{"a":1}', '{"id":"j"}')
    assert entry["request_headers"] == {"service-crn": "crn"}


def test_secrets_are_removed_wherever_they_travel() -> None:
    bearer = Request(method="GET", target="/", headers={"authorization": f"Bearer {SECRET}"})
    form = Request(
        method="POST",
        target="/identity/token",
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=urlencode({"grant_type": GRANT, "apikey": SECRET}).encode(),
    )
    config = Request(
        method="POST", target="/_emulator/config", headers={}, body=msgspec.json.encode({"token": SECRET})
    )
    token = json_reply({"access_token": SECRET, "token_type": "Bearer"})
    cut = Reply(status=200, body=f'{{"access_token":"{SECRET}'.encode())
    lines = [
        line(bearer, NO_CONTENT, 0.0),
        line(form, token, 0.0),
        line(config, NO_CONTENT, 0.0),
        line(form, cut, 0.0),
    ]
    assert all(SECRET.encode() not in written for written in lines)
    assert b"grant_type" in lines[1]
    assert b"Bearer" in lines[1]


def test_a_file_that_cannot_be_written_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Recorder(tmp_path / "missing" / "exchanges.jsonl")


async def test_lines_are_in_the_file_when_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "exchanges.jsonl"
    recorder = Recorder(path)
    for number in range(50):
        recorder.add(Request(method="GET", target=f"/{number}", headers={}), NO_CONTENT, float(number))
    await recorder.close()
    targets = [msgspec.json.decode(text)["target"] for text in path.read_bytes().splitlines()]
    assert targets == [f"/{number}" for number in range(50)]
