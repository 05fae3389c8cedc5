"""Which folders lie on another machine."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from runner.store.mounts import on_network

MOUNTS = r"""
/dev/vda1 / ext4 rw,relatime 0 0
tmpfs /tmp tmpfs rw 0 0
server:/home /home nfs4 rw,vers=4.2 0 0
/dev/vdb /home/ann/local xfs rw 0 0
//server/share /mnt/my\040pictures cifs rw 0 0
me@host: /mnt/far fuse.sshfs rw 0 0
/dev/sdc1 /mnt/stick fuseblk rw 0 0
C:\134 /mnt/c 9p rw,aname=drvfs 0 0
server:/old /srv nfs rw 0 0
/dev/vdd /srv ext4 rw 0 0
broken line
"""


@pytest.mark.parametrize(
    ("folder", "elsewhere"),
    [
        ("/", False),
        ("/tmp/run", False),
        ("/home", True),
        ("/home/ann/runs", True),
        ("/home/ann/local/runs", False),
        ("/home/ann/localruns", True),
        ("/homework", False),
        ("/mnt/my pictures/runs", True),
        ("/mnt/my", False),
        ("/mnt/far", True),
        ("/mnt/stick/runs", False),
        ("/mnt/c/Users/ann", True),
        ("/srv/runs", False),
    ],
)
def test_a_folder_is_where_its_innermost_mount_is(folder: str, elsewhere: bool) -> None:
    """Of two mounts at one point the later one counts; spaces are written as octal."""
    assert on_network(PurePosixPath(folder), MOUNTS) is elsewhere


def test_without_a_list_every_folder_is_here() -> None:
    """Other systems have no /proc/mounts."""
    assert not on_network(PurePosixPath("/home/ann"), "")
