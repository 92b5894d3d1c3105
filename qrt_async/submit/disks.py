"""Is a file on this machine's own disk? SQLite's locks and memory maps do not work over a network."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path, PurePath

_NETWORK = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|smb3|afs|afpfs|9p|ncpfs|coda|ceph|glusterfs|lustre|gpfs|beegfs|orangefs|panfs|webdav|davfs"
    r"|fuse\.(?:sshfs|s3fs|gcsfuse|glusterfs|ceph|rclone|davfs|gvfsd-fuse|smbnetfs|nfs.*)"
)
_MOUNTS = Path("/proc/self/mountinfo")


def network_kind(path: Path) -> str | None:
    """The kind of network file system that ``path`` would lie on; ``None`` for a local disk, or where the platform
    does not tell."""
    if sys.platform == "win32":
        return "a network share" if str(path.absolute()).startswith("\\\\") else None
    try:
        real = Path(os.path.realpath(path))
        mounts = _MOUNTS.read_text("utf-8", "replace")
    except OSError:
        return None
    kind = kind_at(real, mounts)
    return kind if kind is not None and _NETWORK.fullmatch(kind) else None


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
