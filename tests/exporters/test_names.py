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
        ("bed-1.jpg", "bed-1"),
        ("bed-1.png", "bed-1.png"),
        ("bed-1.HEIC", "bed-1.HEIC"),
        ("greenhouse/bed-1.jpg", "greenhouse/bed-1"),
        ("my photos/../.hidden//bed 1.webp", "my-photos/hidden/bed-1.webp"),
        ("../../etc/x.jpg", "etc/x"),
        ("/etc/x.png", "etc/x.png"),
        ("repeat-2/x.jpg", "_repeat-2/x"),
        ("model=a/x.jpg", "_model=a/x"),
        ("nul/aux.jpg", "_nul/_aux"),
        ("a\u202egpj.jpg", "a-gpj"),
        ("a\x1b[31m/b.jpg", "a-[31m/b"),
        ("bed.1.JPEG", "bed.1"),
        ("C:\\photos\\a.png", "C/photos/a.png"),
        ("shop 12/7", "shop-12-7"),
        ("=cmd|' /C calc'!A0", "=cmd-'-C-calc'!A0"),
        ("https://example.com/a/b%20c.jpg?size=1", "example.com/a/b-c"),
        ("https://example.com/", "example.com"),
        ("gs://bucket/x.webp", "bucket/x.webp"),
        ("data.csv row 3", "data.csv-row-3"),
        (".jpg", "unnamed"),
    ],
)
def test_the_files_of_a_case_are_named_after_its_image(case: str, stem: str) -> None:
    """It keeps its folders, and its ending unless that is a JPEG's; any other name is one name."""
    assert case_stem(case) == stem


@given(st.text(max_size=300), st.sampled_from(["", ".jpg", ".png"]))
def test_the_files_of_a_case_stay_in_their_folder(text: str, ending: str) -> None:
    """Whatever a case is called, every part of its name is safe, and the whole is not too long."""
    stem = case_stem(text + ending)
    assert 0 < len(stem.encode()) <= LONGEST
    for part in stem.split("/"):
        assert part not in ("", ".", "..")
        assert part.isprintable()
        assert not set(part) & set('<>:"\\|?*')


def test_a_name_of_ten_megabytes_is_cut() -> None:
    """What was cut off still counts."""
    long = "猫/" * 5_000_000
    assert len(case_stem(f"{long}a.jpg").encode()) <= LONGEST
    assert case_stem(f"{long}a.jpg") != case_stem(f"{long}b.jpg")


def test_a_file_is_named_after_its_image_whichever_comes_first() -> None:
    """The same name in every order, so that one sees which file belongs to which image."""
    cases = ["coffee.heic", "coffee.jpg", "coffee.png", "coffee.webp", "a/katze.jpg", "b/katze.jpg"]
    expected = {
        "coffee.heic": "coffee.heic",
        "coffee.jpg": "coffee",
        "coffee.png": "coffee.png",
        "coffee.webp": "coffee.webp",
        "a/katze.jpg": "a/katze",
        "b/katze.jpg": "b/katze",
    }
    for order in (cases, cases[::-1]):
        names = Names()
        assert {case: names.name(case) for case in order} == expected


def test_names_that_differ_only_in_capitals_get_a_digest() -> None:
    """Windows and macOS would take them for one file; a case keeps its name wherever it comes."""
    names = Names()
    cases = ["x.jpg", "X.JPG", "a b.jpg", "a-b.jpg", "stra\u00dfe.jpg", "STRASSE.jpg", "x.jpg"]
    assert [names.name(case) for case in cases] == [
        "x",
        "X-6286249c",
        "a-b",
        "a-b-d16113db",
        "straße",
        "STRASSE-f320151e",
        "x",
    ]


def test_combinations_and_repeats_have_folders_of_their_own() -> None:
    """The same case never writes over itself."""
    names = Names()
    small = {"model": "gemini-3.5-flash", "vars.thing": "a/b"}
    assert names.path(result("p/x.jpg")) == Path("p/x")
    assert names.path(result("p/x.jpg", repeat=2)) == Path("repeat-2/p/x")
    assert names.path(result("p/x.jpg", small, 3)) == Path(
        "model=gemini-3.5-flash_vars.thing=a-b/repeat-3/p/x"
    )


@given(st.lists(st.text(max_size=300), unique=True, max_size=20))
def test_every_case_has_a_file_of_its_own(cases: list[str]) -> None:
    """Also where capitals do not count, and short enough for an ending."""
    names = Names()
    given_names = [names.name(case).casefold() for case in cases]
    assert len(set(given_names)) == len(cases)
    assert all(len(name.encode()) <= LONGEST for name in given_names)
