"""Patterns, folders and files find what people expect, in the order in which people count."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.roles import Found
from runner.sources import SOURCES
from runner.sources.candidate import Candidate
from runner.sources.file import File
from runner.sources.folder import Folder
from runner.sources.order import natural, shown
from runner.sources.pattern import Pattern, split
from runner.sources.walk import walk
from runner.values.image import Image, UnreadableImage
from runner.values.result import Issue


def longer(candidates: Iterable[Candidate]) -> list[str]:
    return [candidate.longer for candidate in candidates]


def codes(found: Iterable[Found]) -> list[str]:
    return [
        f"{image.name}: {image.issue.code if isinstance(image, UnreadableImage) else image.mime}"
        for image in found
    ]


def files(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return folder


TREE = (
    "photos/img10.jpg",
    "photos/img2.JPG",
    "photos/Img1.jpg",
    "photos/b.jpeg",
    "photos/c.png",
    "photos/.hidden.jpg",
    "photos/notes.txt",
    "photos/deep/d.jpg",
    "photos/deep/er/e.jpg",
    "photos/.cache/f.jpg",
    "other/photo[1].jpg",
    "other/photo1.jpg",
)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("photos/*.jpg", ["photos/Img1.jpg", "photos/img2.JPG", "photos/img10.jpg"]),
        ("photos/*.JPG", ["photos/Img1.jpg", "photos/img2.JPG", "photos/img10.jpg"]),
        ("photos/img*.jpg", ["photos/img2.JPG", "photos/img10.jpg"]),
        ("photos/img?.jpg", ["photos/img2.JPG"]),
        ("photos/[a-c].*", ["photos/b.jpeg", "photos/c.png"]),
        ("photos/*.{png,jpeg}", ["photos/b.jpeg", "photos/c.png"]),
        ("photos/*/*.jpg", ["photos/deep/d.jpg"]),
        ("photos/.*.jpg", ["photos/.hidden.jpg"]),
        ("photos/.cache/*.jpg", ["photos/.cache/f.jpg"]),
        (
            "photos/**/*.jpg",
            [
                "photos/deep/d.jpg",
                "photos/deep/er/e.jpg",
                "photos/Img1.jpg",
                "photos/img2.JPG",
                "photos/img10.jpg",
            ],
        ),
        ("photos/**/er/*.jpg", ["photos/deep/er/e.jpg"]),
        ("photos/**/**/e.jpg", ["photos/deep/er/e.jpg"]),
        ("**/deep/**/*.jpg", ["photos/deep/d.jpg", "photos/deep/er/e.jpg"]),
        ("{photos,other}/**/[de].jpg", ["photos/deep/d.jpg", "photos/deep/er/e.jpg"]),
        ("other/photo[1].jpg", ["other/photo[1].jpg"]),
        ("photos/deep/**", ["photos/deep/d.jpg", "photos/deep/er/e.jpg"]),
        (
            "photos/*",
            [
                "photos/b.jpeg",
                "photos/c.png",
                "photos/Img1.jpg",
                "photos/img2.JPG",
                "photos/img10.jpg",
            ],
        ),
        ("photos/*.gif", []),
        ("nowhere/*.jpg", []),
    ],
)
def test_patterns(tmp_path: Path, pattern: str, expected: list[str]) -> None:
    """Endings match whatever their capitals, hidden files stay hidden, `**` means any depth."""
    base = files(tmp_path / "a [2026] {x,y}", *TREE)
    assert longer(Pattern(pattern).list(base)) == expected
    assert longer(Pattern(str(base / pattern)).list(base)) == expected


def test_a_pattern_beside_the_workflow(tmp_path: Path) -> None:
    """A pattern may lead out of the workflow's folder."""
    base = files(tmp_path / "[a]" / "flows", "../photos/x.jpg").joinpath()
    expected = ["../photos/x.jpg"]
    assert longer(Pattern("../photos/*.jpg").list(base)) == expected
    assert longer(Pattern(str(tmp_path / "[a]" / "photos" / "*.jpg")).list(base)) == expected


def test_where_a_pattern_starts(tmp_path: Path) -> None:
    """The folder before the first wildcard, and the rest."""
    assert split("a/b/**/*.jpg", tmp_path) == (str(tmp_path / "a" / "b"), ("**", "*.jpg"))


def test_links_to_folders_make_no_circles(tmp_path: Path) -> None:
    """`**` stays out of links to folders; a link to a file, and one that is named, are followed."""
    files(tmp_path, "a/x.jpg", "b/y.jpg")
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "self.jpg").symlink_to("self.jpg")
    (tmp_path / "a" / "z.jpg").symlink_to(tmp_path / "b" / "y.jpg")
    assert longer(Pattern("**/*.jpg").list(tmp_path)) == [
        "a/self.jpg",
        "a/x.jpg",
        "a/z.jpg",
        "b/y.jpg",
    ]
    assert longer(Pattern("a/loop/b/*.jpg").list(tmp_path)) == ["a/loop/b/y.jpg"]


def test_deep_folders(tmp_path: Path) -> None:
    """Depth is no problem: nothing is recursive."""
    folder = str(tmp_path)
    fd = os.open(folder, os.O_RDONLY)
    try:
        for _ in range(300):
            os.mkdir("d", dir_fd=fd)
            deeper = os.open("d", os.O_RDONLY, dir_fd=fd)
            os.close(fd)
            fd = deeper
        os.close(os.open("x.jpg", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
    finally:
        os.close(fd)
    assert len(list(walk(folder, ("**", "*.jpg")))) == 1


def test_walking_is_lazy(tmp_path: Path) -> None:
    """The first file comes before the other folders are read."""
    files(tmp_path, "a/x.jpg", "b/y.jpg")
    found = walk(str(tmp_path), ("**", "*.jpg"))
    first = next(found)
    files(tmp_path, "b/z.jpg")
    assert [os.path.basename(str(path)) for path in (first, *found)] == ["x.jpg", "y.jpg", "z.jpg"]


def test_a_folder_takes_its_images(draw: ModuleType, tmp_path: Path) -> None:
    """By ending, or by bytes where the ending says nothing; broken images are not missed."""
    draw.write(tmp_path / "b.jpg")
    draw.write(tmp_path / "a")
    draw.write(tmp_path / "c.bak")
    draw.write(tmp_path / "d.gif", draw.encoded(draw.scene(), "GIF"))
    draw.write(tmp_path / "e.jpg", b"")
    draw.write(tmp_path / "notes.txt", b"hello")
    draw.write(tmp_path / "deep" / "f.jpg")
    assert codes(Folder(".").find(tmp_path)) == [
        "a: image/jpeg",
        "b.jpg: image/jpeg",
        "c.bak: image/jpeg",
        "d.gif: image_type_unsupported",
        "e.jpg: image_empty",
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_in_a_folder(draw: ModuleType, tmp_path: Path) -> None:
    """A pipe without an image's ending is skipped; neither kind hangs."""
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe.jpg")
    assert codes(Folder(str(tmp_path)).find(tmp_path)) == ["pipe.jpg: image_not_a_file"]


def test_a_missing_folder(tmp_path: Path) -> None:
    """It is an image that cannot be used: nothing never looks like something."""
    assert list(Folder("photos/").find(tmp_path)) == [
        UnreadableImage(
            "photos",
            "image",
            Issue("folder_missing", "there is no such folder"),
            tmp_path / "photos",
        )
    ]


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="there are no permissions here")
def test_a_folder_that_may_not_be_listed(tmp_path: Path) -> None:
    """Its images are not silently left out."""
    files(tmp_path, "open/x.jpg", "closed/y.jpg")
    tmp_path.chmod(0o755)
    for folder in (tmp_path, *tmp_path.parents):
        folder.chmod(0o755)
        if folder.name.startswith("pytest-of-"):
            break
    (tmp_path / "closed").chmod(0)
    root = os.geteuid() == 0
    try:
        if root:
            os.seteuid(65534)
        found = list(Pattern("**/*.jpg").list(tmp_path))
    finally:
        if root:
            os.seteuid(0)
        (tmp_path / "closed").chmod(0o755)
    assert [(item.longer, item.problem) for item in found] == [
        ("closed", Issue("folder_unreadable", "the folder cannot be listed: Permission denied")),
        ("open/x.jpg", None),
    ]


def test_a_file(draw: ModuleType, tmp_path: Path) -> None:
    """Found by its path; a missing one says which."""
    draw.write(tmp_path / "a" / "x.jpg")
    (found,) = File("a/x.jpg").find(tmp_path)
    assert isinstance(found, Image)
    assert found.name == "x.jpg"
    (missing,) = File("a/y.jpg").find(tmp_path)
    assert missing == UnreadableImage(
        "y.jpg",
        "image",
        Issue("image_missing", "there is no file `a/y.jpg`"),
        tmp_path / "a" / "y.jpg",
    )


@pytest.mark.skipif(os.sep != "/", reason="there `\\` is right")
def test_a_name_written_on_windows(tmp_path: Path) -> None:
    """The message says what to write."""
    files(tmp_path, "a/x.jpg")
    (missing,) = File("a\\x.jpg").find(tmp_path)
    assert isinstance(missing, UnreadableImage)
    assert missing.issue.why == "there is no file `a\\x.jpg`; write `/` for `\\`: `a/x.jpg`"


@pytest.mark.skipif(sys.platform != "linux", reason="only there are names any bytes")
def test_names_that_are_not_utf8(draw: ModuleType, tmp_path: Path) -> None:
    """They are read like any other, and shown in a way that can be written."""
    raw = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    with open(raw, "wb") as stream:
        stream.write(draw.encoded(draw.scene(), "JPEG"))
    assert codes(Pattern("*.jpg").find(tmp_path)) == ["caf\\xe9.jpg: image/jpeg"]


def test_every_kind_of_entry_has_its_source() -> None:
    """The dictionary of the room."""
    assert {name: plugin.__name__ for name, plugin in SOURCES.items()} == {  # type: ignore[attr-defined]
        "file": "File",
        "pattern": "Pattern",
        "folder": "Folder",
        "web": "Web",
        "data": "Inline",
    }


NAMES = st.lists(st.text("aAbB0129-_.", min_size=1, max_size=6), unique=True)


@given(NAMES.flatmap(lambda names: st.tuples(st.just(names), st.permutations(names))))
def test_the_order_never_depends_on_the_disk(both: tuple[list[str], list[str]]) -> None:
    """Whatever order the names come in, they leave in the same one."""
    names, shuffled = both
    assert sorted(names, key=natural) == sorted(shuffled, key=natural)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_numbers_in_names_count(one: int, other: int) -> None:
    """`img2` stands before `img10`."""
    assert (natural(f"img{one}.jpg") < natural(f"img{other}.jpg")) == (one < other)


@given(st.binary(min_size=1, max_size=8))
def test_any_name_can_be_shown(name: bytes) -> None:
    """Whatever bytes a name has, what is shown is a text that can be written."""
    assert shown(os.fsdecode(name)).encode()
