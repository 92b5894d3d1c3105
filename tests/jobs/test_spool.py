"""Where results that can be read only once are kept."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from qrt_async.errors import ResultError, ResultTooLong
from qrt_async.jobs.spool import Spool, chosen_spool, default_folder


def files(folder: Path) -> dict[str, bytes]:
    return {path.suffix: path.read_bytes() for path in folder.iterdir()}


async def test_what_arrived_is_whole_only_under_its_own_name_and_only_its_owners(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "deep" / "results")
    part = await spool.begin("job")
    assert await part.add(b"one ")
    assert await spool.load("job") is None
    assert files(part.path.parent) == {".part": b"one "}
    assert await part.add(b"two")
    assert await part.finish()
    assert await spool.load("job") == b"one two"
    assert stat.S_IMODE(spool.path("job").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "deep" / "results").stat().st_mode) == 0o700
    await part.leave()
    assert files(part.path.parent) == {".result": b"one two"}


async def test_a_read_that_was_cut_is_not_begun_again_unless_nothing_arrived(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    nothing = await spool.begin("job")
    await nothing.leave()
    assert files(tmp_path) == {}
    some = await spool.begin("job")
    await some.add(b"half")
    await some.leave()
    with pytest.raises(ResultError, match="4 bytes arrived") as caught:
        await spool.begin("job")
    assert str(some.path) in str(caught.value)
    another = await spool.begin("another")
    await another.leave()


async def test_two_who_read_at_once_have_a_file_each(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    first, second = await spool.begin("job"), await spool.begin("job")
    assert first.path != second.path
    await first.leave()
    await second.add(b"all")
    assert await second.finish()
    assert files(tmp_path) == {".result": b"all"}


async def test_an_id_cannot_point_elsewhere(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for job_id in ("../../etc/passwd", "/etc/passwd", "a\0b", "x" * 1000):
        assert spool.path(job_id).parent == tmp_path
    assert spool.path("a") != spool.path("b")


async def test_a_body_that_is_too_long_stays_where_it_is(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_result=3)
    part = await spool.begin("job")
    await part.add(b"four")
    await part.finish()
    with pytest.raises(ResultTooLong, match="4 bytes; at most 3") as caught:
        await spool.load("job")
    assert str(spool.path("job")) in str(caught.value)
    assert files(tmp_path) == {".result": b"four"}


async def test_where_nothing_can_be_written_that_is_said_before_the_read(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a folder cannot be here")
    with pytest.raises(ResultError, match=r"It was not read\. Give RuntimeService a writable folder"):
        await Spool(blocked).begin("job")


def test_the_folder_is_the_platforms_or_the_one_that_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert default_folder() == tmp_path / "qrt-async" / "results"
    assert chosen_spool(False) is None
    for given, folder in ((None, default_folder()), (True, default_folder()), (str(tmp_path), tmp_path)):
        spool = chosen_spool(given)
        assert spool is not None
        assert spool.path("job").parent == folder
