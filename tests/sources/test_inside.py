"""Where a file really is: in the folder that it may not leave, or elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.sources.inside import is_inside, is_open_inside, real_folder
from runner.sources.opening import Unreadable, open_file


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with files and links, beside another one."""
    folder = tmp_path / "here"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "here-too").mkdir()
    (folder / "in.txt").write_text("inside")
    (folder / "sub" / "in.txt").write_text("inside")
    for out in (tmp_path / "out.txt", tmp_path / "here-too" / "out.txt"):
        out.write_text("outside")
    (folder / "to-out").symlink_to("../out.txt")
    (folder / "to-in").symlink_to("sub/in.txt")
    (folder / "up").symlink_to("..")
    (folder / "down").symlink_to("sub")
    (folder / "round").symlink_to("round")
    (tmp_path / "door").symlink_to("here")
    return folder


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("in.txt", True),
        (".", True),
        ("sub/../in.txt", True),
        ("to-in", True),
        ("down/in.txt", True),
        ("../here/in.txt", True),
        ("../door/in.txt", True),
        ("up/here/in.txt", True),
        ("missing/and/more.txt", True),
        ("round", True),
        ("a\0b", True),
        ("..", False),
        ("../out.txt", False),
        ("../here-too/out.txt", False),
        ("../missing.txt", False),
        ("to-out", False),
        ("up", False),
        ("up/out.txt", False),
        ("up/missing.txt", False),
        ("down/../../out.txt", False),
        ("/", False),
    ],
)
def test_a_path_is_judged_by_where_it_leads(here: Path, name: str, inside: bool) -> None:
    """Also when it does not exist; a folder whose name only begins alike is another one."""
    assert is_inside(here / name, real_folder(here)) == inside
    assert is_inside(here / name, real_folder(here.parent / "door")) == inside
    assert is_inside(here / name, None)


def test_a_file_that_is_open_is_judged_and_not_its_path(here: Path) -> None:
    """The path may lead elsewhere by now, in either direction."""
    path = here / "changing"
    path.symlink_to("../out.txt")
    number = os.open(path, os.O_RDONLY)
    try:
        path.unlink()
        path.write_text("inside")
        assert is_inside(path, here)
        assert not is_open_inside(number, path, here)
        path.unlink()
        assert not is_open_inside(number, path, here)
    finally:
        os.close(number)


PARTS = st.sampled_from(
    [
        "..",
        ".",
        "here",
        "here-too",
        "sub",
        "up",
        "down",
        "door",
        "round",
        "in.txt",
        "to-in",
        "to-out",
        "x",
    ]
)


@given(parts=st.lists(PARTS, min_size=1, max_size=6))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_path_opens_what_lies_outside(here: Path, parts: list[str]) -> None:
    """However it winds through folders and links."""
    path = here.joinpath(*parts)
    try:
        with open_file(path, real_folder(here)) as file:
            assert file.read() == b"inside"
    except Unreadable as error:
        if os.path.isfile(path) and path.read_text() == "inside":
            raise AssertionError(f"{path} lies inside") from error
