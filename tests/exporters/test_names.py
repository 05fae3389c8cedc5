"""Names of outputs are safe on every system, whatever a person, an address or a model wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.exporters.names import LONGEST, Names, case_stem, safe_name
from runner.values.result import Result


def result(case: str, combination: dict[str, object] | None = None, repeat: int = 1) -> Result:
    return Result(0, case, "find", combination or {}, repeat, (), "ok")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("healthy", "healthy"),
        ("red car", "red-car"),
        ("Käse 猫", "Käse-猫"),
        ("e\u0301", "\u00e9"),
        ("../../etc/passwd", "etc-passwd"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("   ", "unnamed"),
        (".hidden", "hidden"),
        ("-rf", "rf"),
        ("a:b*c?d", "a-b-c-d"),
        ("C:\\temp\\x", "C-temp-x"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1", "_com1"),
        ("COM\u00b2", "_COM\u00b2"),
        ("console", "console"),
        ("a\x00b\x1bc\u202ed", "a-b-c-d"),
        ("file\udcff", "file%FF"),
        ("trailing. .", "trailing"),
    ],
)
def test_a_name_is_made_safe(text: str, name: str) -> None:
    """Signs that some system reads in its own way become dashes."""
    assert safe_name(text) == name


@given(st.text(max_size=400), st.sampled_from(["", ".txt", ".png"]))
def test_a_safe_name_is_one_name_everywhere(text: str, ending: str) -> None:
    """Not empty, not too long, no way out of the folder, no device, nothing that cannot be seen."""
    name = safe_name(text, ending)
    stem = name.removesuffix(ending)
    assert 0 < len(name.encode()) <= LONGEST
    assert Path(name).name == name
    assert not set(name) & set('<>:"/\\|?*\x00\n\r\t')
    assert name.isprintable()
    assert not stem.startswith((".", "-", " "))
    assert not stem.endswith((".", " "))
    assert stem.split(".")[0].upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT9"}
    assert safe_name(stem) == stem


def test_what_is_cut_off_still_tells_names_apart() -> None:
    """Two long names with the same beginning get different files."""
    one, two = safe_name("猫" * 200 + "1", ".txt"), safe_name("猫" * 200 + "2", ".txt")
    assert one != two
    assert len(one.encode()) <= LONGEST


@pytest.mark.parametrize(
    ("case", "stem"),
    [
        ("greenhouse/bed-1.jpg", "bed-1"),
        ("bed.1.JPEG", "bed.1"),
        ("C:\\photos\\a.png", "a"),
        ("shop 12/7", "shop-12-7"),
        ("https://example.com/a/b%20c.jpg?size=1", "b-c"),
        ("https://example.com/", "example.com"),
        ("gs://bucket/x.webp", "x"),
        ("data.csv row 3", "data.csv-row-3"),
        (".jpg", "unnamed"),
    ],
)
def test_the_files_of_a_case_are_named_after_its_image(case: str, stem: str) -> None:
    """Folders and the ending are left out of an image's name, and only of an image's."""
    assert case_stem(case) == stem


def test_names_that_differ_only_in_capitals_are_numbered() -> None:
    """Windows and macOS would take them for one file; a case keeps its name wherever it comes."""
    names = Names()
    cases = ["a/x.jpg", "b/x.jpg", "X.png", "x-2.jpg", "stra\u00dfe.jpg", "STRASSE.jpg", "a/x.jpg"]
    assert [names.name(case) for case in cases] == [
        "x",
        "x-2",
        "X-3",
        "x-2-2",
        "straße",
        "STRASSE-2",
        "x",
    ]


def test_combinations_and_repeats_have_folders_of_their_own() -> None:
    """The same case never writes over itself."""
    names = Names()
    small = {"model": "gemini-3.5-flash", "vars.thing": "a/b"}
    assert names.path(result("p/x.jpg")) == Path("x")
    assert names.path(result("p/x.jpg", repeat=2)) == Path("repeat-2/x")
    assert names.path(result("p/x.jpg", small, 3)) == Path(
        "model=gemini-3.5-flash_vars.thing=a-b/repeat-3/x"
    )


@given(st.lists(st.text(max_size=300), unique=True, max_size=20))
def test_every_case_has_a_file_of_its_own(cases: list[str]) -> None:
    """Also where capitals do not count, and short enough for an ending."""
    names = Names()
    given_names = [names.name(case).casefold() for case in cases]
    assert len(set(given_names)) == len(cases)
    assert all(len(name.encode()) <= LONGEST for name in given_names)
