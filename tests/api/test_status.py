from __future__ import annotations

import pytest

from qrt_async.api.status import (
    DeviceStatus,
    JobStatus,
    SessionState,
    UsageStatus,
    Word,
    WorkloadStatus,
)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Queued", JobStatus.QUEUED),
        ("RUNNING", JobStatus.RUNNING),
        (" completed ", JobStatus.COMPLETED),
        ("Failed", JobStatus.FAILED),
        ("Cancelled", JobStatus.CANCELLED),
        ("Cancelled - Ran too long", JobStatus.CANCELLED),
        ("Paused", JobStatus.UNKNOWN),
        ("", JobStatus.UNKNOWN),
        (None, JobStatus.UNKNOWN),
        ("__class__", JobStatus.UNKNOWN),
    ],
)
def test_words_are_read_in_any_case_and_new_ones_are_unknown(text: str | None, status: JobStatus) -> None:
    assert JobStatus.read(text) is status


def test_three_states_are_final_and_an_unknown_one_is_not() -> None:
    assert {status for status in JobStatus if status.final} == {
        JobStatus.COMPLETED,
        JobStatus.FAILED,
        JobStatus.CANCELLED,
    }


@pytest.mark.parametrize("kind", [JobStatus, UsageStatus, SessionState, DeviceStatus, WorkloadStatus])
def test_every_word_reads_itself(kind: type[Word]) -> None:
    assert [kind.read(word.value) for word in kind] == list(kind)
