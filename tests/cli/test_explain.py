"""`askpix explain` knows every word of the format and every code that a message can have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from runner.cli import group
from runner.cli.codes import pages
from runner.cli.explain import explain
from runner.cli.schema_words import words
from runner.text.source import read
from runner.values.problem import Rejected

ROOT = Path(__file__).resolve().parents[2]


def codes_of(text: str) -> set[str]:
    """The codes of everything that is wrong with the text itself."""
    try:
        problems = read(text.encode(), "x.yaml").problems
    except Rejected as rejected:
        problems = rejected.problems
    return {problem.code for problem in problems}


def test_a_key_is_explained_by_its_name() -> None:
    """What it means, its values, an example, and where it stands."""
    assert explain("media_resolution") == (
        "media_resolution\n"
        "  How finely the model looks at each image. Higher finds smaller things and costs more\n"
        "  tokens.\n"
        "\n"
        "  Values\n"
        "    low         Cheapest; enough for large, clear things\n"
        "    medium      In between\n"
        "    high        Small things and small print\n"
        "    ultra_high  Finest; not every model has it\n"
        "\n"
        "  Example\n"
        "    media_resolution: high\n"
        "\n"
        "  Stands in: defaults, steps, matrix, matrix_skip, steps.images, checks.only"
    )


def test_a_key_is_explained_by_its_path() -> None:
    """`steps.prompt` is the one of a step; `run.limit` is the one of `run`."""
    page = explain("run.limit")
    assert page is not None
    assert page.startswith("limit\n")
    assert page.endswith("  Stands in: run")
    assert explain("steps.prompt") == explain("prompt")


def test_a_value_is_explained_by_itself() -> None:
    """With the key that it belongs to."""
    page = explain("ultra_high")
    assert page is not None
    assert page.startswith("media_resolution: ultra_high\n  Finest; not every model has it\n")
    assert page.endswith("  More: askpix explain media_resolution")


def test_one_name_with_two_meanings_has_two_pages() -> None:
    """`images` are files at the top, and names of images in a step."""
    page = explain("images")
    assert page is not None
    assert page.count("Stands in:") >= 2


def test_a_code_is_explained_with_a_bad_and_a_good_example() -> None:
    """Capital letters do not matter."""
    page = (
        "W206: a number outside of its range\n"
        "  Shares are written 0.95 or 95%; a bare 95 would be 9,500%.\n"
        "\n"
        "  Not so\n"
        "    pass_rate: 95\n"
        "\n"
        "  But so\n"
        "    pass_rate: 95%"
    )
    assert explain("W206") == explain("w206") == page


@pytest.mark.parametrize("word", sorted({word.path[-1] for word in words()}))
def test_every_word_of_the_format_has_a_page(word: str) -> None:
    """None of them is empty."""
    page = explain(word)
    assert page is not None
    assert len(page.splitlines()) >= 4


def test_every_code_in_the_source_has_a_page_and_no_page_is_for_nothing() -> None:
    """Somebody who looks up a message finds it."""
    used = {
        code
        for path in (ROOT / "runner").rglob("*.py")
        for code in re.findall(r"\"(W[0-9]{3})\"", path.read_text(encoding="utf-8"))
    }
    assert used - set(pages()) == set()
    assert set(pages()) - used == set()


@pytest.mark.parametrize(
    "code", sorted(code for code in pages() if code < "W121" and pages()[code].bad)
)
def test_the_bad_example_gets_the_message_and_the_good_one_does_not(code: str) -> None:
    """Mistakes that can be seen in the text alone are made here."""
    page = pages()[code]
    assert code in codes_of(page.bad)
    assert codes_of(page.good) == set()


@pytest.mark.parametrize("code", sorted(code for code in pages() if pages()[code].good))
def test_every_good_example_can_be_read(code: str) -> None:
    """It is YAML without a complaint."""
    assert codes_of(pages()[code].good) == set()


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("promt", "error: there is no word or code `promt`; did you mean `prompt`?\n"),
        ("W100", "error: there is no word or code `W100`; did you mean"),
        ("xyzzy", "error: there is no word or code `xyzzy`; `askpix schema` prints all words\n"),
    ],
)
def test_an_unknown_word_gets_the_close_one(word: str, message: str) -> None:
    """On stderr, with exit code 2."""
    outcome = CliRunner().invoke(group, ["explain", word], standalone_mode=False)
    assert outcome.return_value == 2
    assert outcome.stdout == ""
    assert outcome.stderr.startswith(message)


def test_the_page_goes_to_stdout() -> None:
    """So that it can be piped."""
    outcome = CliRunner().invoke(group, ["explain", "W101"], standalone_mode=False)
    assert (outcome.return_value, outcome.stderr) == (0, "")
    assert outcome.stdout == f"{explain('W101')}\n"
