"""Which folders lie on another machine: SQLite's write-ahead log needs memory shared by all of its
readers and writers, which a network file system does not give (https://sqlite.org/wal.html)."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

MOUNTS = Path("/proc/mounts")

NETWORK = frozenset(
    {
        "9p", "acfs", "afs", "beegfs", "ceph", "cifs", "davfs", "drvfs", "glusterfs", "gpfs",
        "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "prl_fs", "smb3", "smbfs", "vboxsf",
        "virtiofs", "vmhgfs",
    }
)  # fmt: skip
"""Types of file systems that live elsewhere; so do all of FUSE, as far as anyone can tell."""


def on_network(folder: PurePosixPath, mounts: str) -> bool:
    """True when this absolute folder lies on a network file system. `mounts` is the text of
    /proc/mounts; of several mounts at one point the last one counts."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = PurePosixPath(_OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[1]))
        if folder.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), fields[2]
    return kind in NETWORK or kind.startswith("fuse.")


def lies_elsewhere(file: Path) -> bool:
    """True when this file lies, or would lie, on another machine."""
    return on_network(PurePosixPath(file.resolve().parent.as_posix()), mounts())


def mounts() -> str:
    """The text of /proc/mounts; empty where there is none."""
    try:
        return MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


_OCTAL = re.compile(r"\\([0-7]{3})")
"""How a space, a tab, a line end and a backslash are written in /proc/mounts."""
