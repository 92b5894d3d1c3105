from __future__ import annotations

import msgspec
import pytest

from qrt_async.emulator.wire import Problem, form, html_reply, invalid, json_reply, query, segments


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/api/v1/jobs?limit=3", ("api", "v1", "jobs")),
        ("/api/v1/jobs/", ("api", "v1", "jobs", "")),
        ("/api/v1/jobs/a%2Fb", ("api", "v1", "jobs", "a/b")),
        ("/api/v1/jobs/%2E%2E%2Fbackends", ("api", "v1", "jobs", "../backends")),
        ("/api/v1/jobs/../backends", ("api", "v1", "backends")),
        ("/../../x", ("x",)),
        ("/", ("",)),
    ],
)
def test_segments_are_decoded_and_climb_only_where_dots_stand_unencoded(
    target: str, expected: tuple[str, ...]
) -> None:
    assert segments(target) == expected


def test_query_keys_repeat_and_keep_blank_values() -> None:
    assert query("/x?tags=a&tags=b&sort=") == {"tags": ["a", "b"], "sort": [""]}


def test_a_form_gives_its_first_fields_and_survives_what_is_no_text() -> None:
    assert "apikey" not in form(b"\xff\xfe")
    assert form(b"apikey=a%2Bb&apikey=c") == {"apikey": "a+b"}


def test_a_problem_is_told_with_code_solution_and_trace() -> None:
    reply = Problem(404, 1291, "Job not found. Job ID: x", "Look again.").reply("a-trace")
    body = msgspec.json.decode(reply.body)
    assert reply.status == 404
    assert body["trace"] == "a-trace"
    assert body["errors"] == [
        {
            "code": 1291,
            "message": "Job not found. Job ID: x",
            "solution": "Look again.",
            "more_info": "https://cloud.ibm.com/apidocs/quantum-computing#error-handling",
        }
    ]


def test_a_terse_problem_has_no_solution() -> None:
    body = msgspec.json.decode(Problem(404, "not_found", "logs not found").reply("t").body)
    assert "solution" not in body["errors"][0]


def test_an_invalid_part_is_code_1208_and_names_the_cause() -> None:
    problem = invalid("body", "it is empty")
    assert (problem.status, problem.code) == (400, 1208)
    assert problem.message == "Request validation of body failed, because: it is empty"


def test_replies_say_what_they_are() -> None:
    assert dict(json_reply({}).headers)["Content-Type"] == "application/json"
    assert dict(html_reply(413, "too large").headers)["Content-Type"] == "text/html"
