"""Which file system a path lies on."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path, PurePosixPath
from types import SimpleNamespace

import pytest

from qrt_async.submit.disks import _NETWORK, kind_at, kind_in, network_kind

MOUNTS = r"""
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:25 / /home rw shared:5 - nfs4 server:/home rw
31 30 254:1 / /home/me/disk rw - xfs /dev/vdb rw
32 22 0:26 / /mnt/my\040share rw - cifs //server/share rw
33 22 0:27 / /mnt/ssh rw - fuse.sshfs me@there:/ rw
34 22 0:28 / /mnt/ssh rw - tmpfs none rw
nonsense
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/runs.db", "ext4"),
        ("/home/me/runs.db", "nfs4"),
        ("/home/me/disk/runs.db", "xfs"),
        ("/homework/runs.db", "ext4"),
        ("/mnt/my share/runs.db", "cifs"),
        ("/mnt/ssh/runs.db", "tmpfs"),
    ],
)
def test_the_deepest_mount_above_a_path_counts_and_of_those_the_last(path: str, kind: str) -> None:
    assert kind_at(PurePosixPath(path), MOUNTS) == kind


MACS = """\
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
devfs on /dev (devfs, local, nobrowse)
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
//me@server.local/my%20share on /Volumes/my share (smbfs, nodev, nosuid, mounted by me)
server:/exports/home on /Network/home (nfs, nodev, nosuid)
/dev/disk5s1 on /Volumes/Stick on a stick (msdos, local, nodev, nosuid, noowners)
nonsense
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/Users/me/runs.db", "apfs"),
        ("/Volumes/my share/deep/runs.db", "smbfs"),
        ("/Network/home/me/runs.db", "nfs"),
        ("/Network/homes/runs.db", "apfs"),
        ("/Volumes/Stick on a stick/runs.db", "msdos"),
    ],
)
def test_macs_tell_what_is_mounted_in_words_of_their_own(path: str, kind: str) -> None:
    assert kind_in(PurePosixPath(path), MACS) == kind


def test_where_there_is_no_such_file_the_program_mount_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount = tmp_path / "mount"
    mount.write_text(f"#!/bin/sh\necho 'server:/home on {os.path.realpath(tmp_path)} (nfs, nodev)'\n")
    mount.chmod(0o755)
    monkeypatch.setattr("qrt_async.submit.disks._MOUNTS", tmp_path / "missing")
    monkeypatch.setattr("qrt_async.submit.disks._MOUNT", str(mount))
    assert network_kind(tmp_path / "runs.db") == "nfs"
    mount.write_text("#!/bin/sh\nexit 1\n")
    assert network_kind(tmp_path / "runs.db") is None, "nobody tells"


@pytest.mark.parametrize(("drive", "kind"), [(4, "a network share"), (3, None)])
def test_windows_is_asked_what_a_drive_is(
    drive: int, kind: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what is asked: there is no Windows here."""
    windows = SimpleNamespace(kernel32=SimpleNamespace(GetDriveTypeW=lambda root: drive))
    monkeypatch.setattr(ctypes, "windll", windows, raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    assert network_kind(Path("runs.db")) == kind


@pytest.mark.parametrize(
    "kind", ["nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "webdav", "9p", "fuse.sshfs", "lustre", "ceph"]
)
def test_networks_are_known(kind: str) -> None:
    assert _NETWORK.fullmatch(kind)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "overlay", "tmpfs", "apfs", "fuse.ntfs-3g", "zfs"])
def test_disks_are_let_pass(kind: str) -> None:
    assert not _NETWORK.fullmatch(kind)


def test_the_folder_of_this_test_is_on_a_disk(tmp_path: Path) -> None:
    assert network_kind(tmp_path / "runs.db") is None
