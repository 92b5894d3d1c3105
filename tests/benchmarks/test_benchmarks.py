"""Smoke tests: every benchmark runs, says what it should, and takes its counts from the server.

No number that a clock gave decides anything here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.race import Contender, Field, Lost, run
from benchmarks.report import Column, Report, Row
from benchmarks.stage import STATUS, stage
from benchmarks.waiting import Setting, answer

ROOT = Path(__file__).resolve().parents[2]
OFFICIAL = "QRT_OFFICIAL_PYTHON"
OURS_AND_BY_HAND = ("--only", "ours", "--only", "by_hand")

pytestmark = pytest.mark.timeout(120)


def benchmarks(*arguments: str, status: int = 0) -> str:
    """What ``python -m benchmarks`` says."""
    environment = {name: value for name, value in os.environ.items() if name != OFFICIAL}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout if status == 0 else done.stderr


def found(*arguments: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(benchmarks(*arguments, "--quick", "--json"))
    assert said["machine"]["cpus"] >= 1
    benchmarked: dict[str, Any] = said["benchmarks"]
    return benchmarked


def rows(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {f"{row['case']}: {row['contender']}".removeprefix(": "): row for row in report["rows"]}


# --- each benchmark ---------------------------------------------------------------------------------------


def test_waiting_measures_each_contender_on_a_server_of_its_own() -> None:
    report = found("waiting", "--jobs", "2", *OURS_AND_BY_HAND)["waiting"]
    by_name = rows(report)
    assert list(by_name) == ["ours", "ours, after one such job", "aiohttp by hand, batched"]
    assert report["setting"]["jobs"] == 2
    for row in by_name.values():
        assert row["submissions"] == 2, "the warm-up of a contender must not count"
        assert row["requests"] >= row["submissions"] + row["status"] + 2
        assert row["status"] >= 1
        assert row["p50"] <= row["p95"] <= row["max"] <= row["wall"]
        assert row["cpu"] > 0
    assert set(report["skipped"].values()) == {"not asked for"}


def test_the_bound_is_computed_for_what_anybody_and_for_what_a_payer_could_reach() -> None:
    free, paid = found("bound")["bound"]["rows"]
    assert free["spare"] == paid["spare"] == 23
    assert 0 < free["p50"] <= paid["p50"] < paid["p95"]
    assert free["p95"] <= paid["p95"]


def test_imports_are_timed_in_processes_of_their_own() -> None:
    by_name = rows(found("imports", *OURS_AND_BY_HAND)["imports"])
    assert set(by_name) == {"import qrt_async", "... and a service constructed", "import aiohttp"}
    assert all(row["seconds"] > 0 for row in by_name.values())


def test_decoding_counts_every_shot_of_both_encodings() -> None:
    by_name = rows(found("decoding", "--only", "ours")["decoding"])
    assert {name.split(",")[0] for name in by_name} == {"typed", "plain"}
    assert sum("200 PUBs" in name for name in by_name) == 2
    for name, row in by_name.items():
        assert row["shots"] > 1000
        assert row["outcomes"] <= min(row["shots"], 2000 if "peaked" in name else 2**20)


def test_stall_counts_every_shot_while_a_heart_beats() -> None:
    by_name = rows(found("stall")["stall"])
    assert len(by_name) == 4
    for name, row in by_name.items():
        assert row["results"] >= 1
        assert 0 <= row["arriving"] < 60
        assert 0 < row["busy"] < 60
        assert ("in a thread" in name) == ("spread" in name)


def test_backend_visits_a_page_while_every_user_hears_of_every_job() -> None:
    report = found("backend")["backend"]
    by_name = rows(report)
    assert list(by_name) == ["idle", "loaded"]
    assert report["setting"]["users"] * report["setting"]["jobs"] == 4
    for row in by_name.values():
        assert row["visits"] >= 1
        assert 0 < row["p50"] <= row["p99"] <= row["max"]


def test_requests_are_made_by_both_sides_in_turn() -> None:
    by_name = rows(found("requests")["requests"])
    assert list(by_name) == ["aiohttp, read and decode", "ours, jobs.get()"]
    for row in by_name.values():
        assert row["cpu"] > 0
        assert row["served"] >= 2 * 3 * 3, "two sides, three blocks, three requests each"


def test_watching_counts_in_simulated_time() -> None:
    by_name = rows(found("watching")["watching"])
    assert set(by_name) == {"3 × 5 s ± 10 %, lag 0-1: never seen", "3 × 5 s ± 10 %, lag 0-1: seen"}
    for row in by_name.values():
        assert row["requests"] >= 3 + row["status"] + 3 + row["vain"]
        assert 0 < row["p50"] <= row["p95"] <= row["max"] < 5


def test_a_day_of_watching_stays_within_its_allowance() -> None:
    (row,) = rows(found("day")["day"]).values()
    assert row["news"] > 20
    assert row["minute"] <= 80
    assert 0 < row["p50"] <= row["max"] < 400


# --- the official client ----------------------------------------------------------------------------------


def test_without_the_official_client_its_rows_are_skipped_and_say_why() -> None:
    report = found("waiting", "--jobs", "1", "--only", "official")["waiting"]
    assert report["rows"] == []
    reasons = [why for name, why in report["skipped"].items() if name.startswith("official")]
    assert len(reasons) == 4
    assert all("--official" in why and OFFICIAL in why for why in reasons)


@pytest.mark.official
@pytest.mark.skipif(OFFICIAL not in os.environ, reason=f"{OFFICIAL} names no interpreter")
def test_the_official_client_takes_part_in_every_manner() -> None:
    interpreter = ("--official", os.environ[OFFICIAL])
    reports = found("waiting", "imports", "decoding", "--jobs", "2", *interpreter)
    waiting = rows(reports["waiting"])
    assert sum(name.startswith("official") for name in waiting) == 4
    assert all(row["submissions"] == 2 for row in waiting.values())
    assert "import qiskit_ibm_runtime" in rows(reports["imports"])
    decoding = rows(reports["decoding"])
    for case in (
        "typed, spread, 0.02 MB",
        "typed, peaked, 0.02 MB",
        "plain, spread, 0.02 MB",
        "typed, 200 PUBs",
    ):
        assert decoding[f"{case}: ours"]["outcomes"] == decoding[f"{case}: official"]["outcomes"]


# --- what they stand on -----------------------------------------------------------------------------------


async def test_counts_come_from_the_server() -> None:
    """The same requests, counted by hand on a stage that the test itself asks."""
    async with stage(queue_seconds=0.0, run_seconds=0.0) as ground:
        before = await ground.requests()
        await ground.age(3)
        await run(Field(), Contender(name="x", script="by_hand"), "wait", ground.task(jobs=3))
        counts = await ground.requests()
        ended = await ground.ended()
    assert before == {}
    assert counts["POST /v1/jobs"] == counts["GET /v1/jobs/{id}/results"] == len(ended) == 3
    assert sum(counts.get(name, 0) for name in STATUS) == counts["GET /v1/jobs"] >= 1


async def test_a_contender_that_breaks_is_named_with_what_it_said() -> None:
    with pytest.raises(Lost, match=r"(?s)the lame one: EOFError.*KeyError: 'no such question'"):
        await run(Field(), Contender(name="the lame one", script="by_hand"), "no such question", {})


async def test_a_row_needs_every_job_in_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.stage.Stage.ended", _none)
    setting = Setting(jobs=1, queue_seconds=0.0, run_seconds=0.0, older=0, lag=(0.0, 0.0))
    with pytest.raises(Lost, match="1 jobs wanted, 0 completed on the server, 1 in hand"):
        await answer(Field(only=("by_hand",)), setting)


async def _none(_: object) -> dict[str, Any]:
    return {}


def test_a_name_that_is_none_is_refused_with_those_that_are() -> None:
    assert (
        "waiting, imports, decoding, requests, stall, bound, watching, day, submitting, sweeping, backend"
        in benchmarks("wating", status=2)
    )


def test_a_table_sets_ratios_beside_numbers_case_by_case() -> None:
    report = Report(
        name="speed",
        question="how fast?",
        setting={"runs": 1},
        columns=(Column("seconds", "ms", unit=1e-3), Column("memory", "MiB")),
        rows=[
            Row(contender="we", case="a", measures={"seconds": 0.010, "memory": 3.0}),
            Row(contender="they", case="a", measures={"seconds": 0.025, "memory": None}),
            Row(contender="we", case="b", measures={"seconds": 0.040, "memory": 0.0}),
            Row(contender="they", case="b", measures={"seconds": 0.020, "memory": 1.0}),
        ],
        skipped={"nobody": "not there"},
    )
    assert [line.split() for line in report.text().splitlines()[3:]] == [
        ["ms", "MiB"],
        ["a:", "we", "10", "3"],
        ["a:", "they", "25", "(x2.50)", "-"],
        ["b:", "we", "40", "0"],
        ["b:", "they", "20", "(x0.50)", "1"],
        [],
        ["skipped:", "nobody:", "not", "there"],
    ]
