"""Is a file on this machine's own disk? SQLite's locks and memory maps do not work over a network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path, PurePath

_NETWORK = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|smb3|afs|afpfs|9p|ncpfs|coda|ceph|glusterfs|lustre|gpfs|beegfs|orangefs|panfs|webdav|davfs"
    r"|fuse\.(?:sshfs|s3fs|gcsfuse|glusterfs|ceph|rclone|davfs|gvfsd-fuse|smbnetfs|nfs.*)"
)
_MOUNTS = Path("/proc/self/mountinfo")
_MOUNT = "/sbin/mount"
"""Names what is mounted on macOS and the BSDs, which have no such file."""
_REMOTE = 4
"""https://learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-getdrivetypew"""


def network_kind(path: Path) -> str | None:
    """The kind of network file system that ``path`` would lie on; ``None`` for a local disk, or where the platform
    does not tell. Runs a program on macOS: not for the loop."""
    if sys.platform == "win32":
        return "a network share" if _is_share(path) else None
    real = Path(os.path.realpath(path))
    try:
        kind = kind_at(real, _MOUNTS.read_text("utf-8", "replace")) if _MOUNTS.exists() else _kind_told(real)
    except (OSError, subprocess.SubprocessError):
        return None
    return kind if kind is not None and _NETWORK.fullmatch(kind) else None


def _is_share(path: Path) -> bool:
    """Named as one, or by a letter that stands for one."""
    import ctypes

    drive = path.absolute().drive
    if drive.startswith("\\\\"):
        return True
    windows = getattr(ctypes, "windll", None)
    return windows is not None and windows.kernel32.GetDriveTypeW(f"{drive}\\") == _REMOTE


def _kind_told(path: PurePath) -> str | None:
    told = subprocess.run([_MOUNT], capture_output=True, timeout=10, check=True)  # noqa: S603 - the system's own
    return kind_in(path, told.stdout.decode("utf-8", "replace"))


def kind_in(path: PurePath, told: str) -> str | None:
    """The file system that is mounted there, in the words of ``mount``: ``server:/home on /mnt/home (nfs, nodev)``."""
    mounts = re.findall(r"^.+? on (/.*?) \(([^,)]+)[^)]*\)$", told, re.MULTILINE)
    above = [
        (len(PurePath(where).parts), kind) for where, kind in mounts if path.is_relative_to(PurePath(where))
    ]
    return max(above, key=lambda mount: mount[0])[1].strip() if above else None


def kind_at(path: PurePath, mountinfo: str) -> str | None:
    """The file system that Linux has mounted there: of the mounts above the path the deepest, and of those the last.

    https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
    """
    found: tuple[int, str] | None = None
    for line in mountinfo.splitlines():
        before, dash, after = line.partition(" - ")
        fields, kinds = before.split(), after.split()
        if not dash or len(fields) < 5 or not kinds:
            continue
        where = PurePath(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4]))
        if path.is_relative_to(where) and (found is None or len(where.parts) >= found[0]):
            found = (len(where.parts), kinds[0])
    return None if found is None else found[1]
