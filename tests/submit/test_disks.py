"""Which file system a path lies on."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from qrt_async.submit.disks import _NETWORK, kind_at, network_kind

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


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "lustre", "ceph"])
def test_networks_are_known(kind: str) -> None:
    assert _NETWORK.fullmatch(kind)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "overlay", "tmpfs", "apfs", "fuse.ntfs-3g", "zfs"])
def test_disks_are_let_pass(kind: str) -> None:
    assert not _NETWORK.fullmatch(kind)


def test_the_folder_of_this_test_is_on_a_disk(tmp_path: Path) -> None:
    assert network_kind(tmp_path / "runs.db") is None
