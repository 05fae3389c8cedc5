"""Names that look the same are the same, however a disk stores them."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Literal
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.sources.normal import composed, stored

FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")


@pytest.mark.parametrize(("folder", "file"), list(product(FORMS, FORMS)))
def test_a_path_is_found_in_the_form_in_which_it_is_stored(
    tmp_path: Path, folder: Literal["NFC", "NFD"], file: Literal["NFC", "NFD"]
) -> None:
    """Folder by folder, as each may come from another computer."""
    path = tmp_path / normalize(folder, "Bücher") / normalize(file, "größe.jpg")
    path.parent.mkdir()
    path.touch()
    for form in FORMS:
        assert stored(normalize(form, str(path))) == str(path)


@pytest.mark.parametrize("name", ["größe.jpg", "ü/ö.jpg", "a\x00ü", "\ud800", "", "ü"])
def test_a_path_that_is_not_there_stays_as_it_is(tmp_path: Path, name: str) -> None:
    """Messages show what was written."""
    path = f"{tmp_path}/{name}"
    assert stored(path) == path


def test_two_files_that_look_the_same_are_told_apart(tmp_path: Path) -> None:
    """Where a disk holds both, each is found by its own form."""
    for form in FORMS:
        (tmp_path / normalize(form, "ü.jpg")).touch()
    for path in tmp_path.iterdir():
        assert stored(str(path)) == str(path)


@given(st.text())
def test_names_that_look_the_same_are_shown_the_same(name: str) -> None:
    """Whatever the form."""
    assert composed(normalize("NFD", name)) == composed(name)
