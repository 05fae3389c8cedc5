"""`askpix explain` knows every word of the format and every code that a message can have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from click.testing import CliRunner

from runner import library
from runner.cli import group
from runner.cli.codes import pages
from runner.cli.explain import explain
from runner.cli.schema_words import words
from runner.cli.terms import terms
from runner.text.source import read
from runner.values.problem import Rejected
from runner.values.result import Status
from runner.values.shape import Space
from runner.values.verdict import Outcome

COMPARATORS = [
    "equals",
    "not_equals",
    "same_as",
    "contains",
    "not_contains",
    "matches",
    "one_of",
    "at_least",
    "at_most",
    "between",
    "is_empty",
]

ROOT = Path(__file__).resolve().parents[2]
RUNNER = ROOT / "runner"


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
    """`steps.prompt_file` is the one of a step; `run.limit` is the one of `run`."""
    page = explain("run.limit")
    assert page is not None
    assert page.startswith("limit\n")
    assert page.endswith("  Stands in: run")
    assert explain("steps.prompt_file") == explain("prompt_file")


def test_a_value_is_explained_by_itself() -> None:
    """With the key that it belongs to."""
    page = explain("ultra_high")
    assert page is not None
    assert page.startswith("media_resolution: ultra_high\n  Finest; not every model has it\n")
    assert page.endswith("  More: askpix explain media_resolution")


@pytest.mark.parametrize(
    ("word", "first", "last"),
    [
        ("overlay", "as: overlay", "  More: askpix explain as"),
        ("box", "type: box", "  Kind: place in an image"),
        ("refused", "refused", "  Kind: status"),
        ("passed", "passed", "  Kind: outcome of a check"),
        ("n", "n", "  Kind: column of a table"),
        ("item_dropped", "item_dropped", "  Kind: issue of a result"),
        ("not_cut", "not_cut", "  Kind: issue of a result"),
        ("item", "item", "  Kind: root of a reference"),
        ("each", "item", "  Kind: root of a reference"),
        ("item.label", "item.label", "  Stands in: checks.that, outputs.save, {{ }} in prompts"),
        ("crops.images", "cut-out", "  Kind: what a step with `do: crop` makes"),
        ("crop", "do: crop", "  More: askpix explain do"),
        ("exit code", "exit code", "  Kind: what a run ends with"),
        ("3", "exit code", "  Kind: what a run ends with"),
        ("cost_usd", "metric: cost_usd", "  Stands in results.jsonl, in: a line"),
        ("sha256", "sha256", "  Stands in results.jsonl, in: images.sent"),
        ("boxes", "schema: boxes", "  Kind: part of an answer"),
    ],
)
def test_words_of_results_and_outputs_are_explained(word: str, first: str, last: str) -> None:
    """Statuses, verdicts, columns, issues, formats, types of fields and exit codes."""
    page = explain(word)
    assert page is not None
    assert (page.splitlines()[0], page.splitlines()[-1]) == (first, last)


def test_a_shape_is_explained_with_what_its_answer_holds() -> None:
    """Under the names by which it comes back; what cannot run yet stands last and says so."""
    page = explain("count")
    assert page == (
        "schema: count\n"
        "  How many items there are, with a point on each one that was counted.\n"
        "\n"
        "  Its answer holds\n"
        "    points        One entry for each item that is counted.\n"
        "    points.label  A short, descriptive name of the item.\n"
        "    points.point  A place on the item, in pixels.\n"
        "    total         The number of entries in points.\n"
        "\n"
        "  Example\n"
        "    schema: count\n"
        "\n"
        "  An answer shape, which stands in: steps\n"
        "\n"
        "count\n"
        "  How many entries a list has.\n"
        "\n"
        "  Example\n"
        "    - that: find.boxes.count\n"
        "      at_least: 3\n"
        "\n"
        "  Kind: part of an answer"
    )


def test_a_reference_is_explained_part_by_part() -> None:
    """As it stands in a check or an output."""
    assert explain("find.boxes.count") == (
        "find.boxes.count\n"
        "  A reference: it points at a value of each image, part by part from the left.\n"
        "\n"
        "  Its parts\n"
        "    find   The id of a step.\n"
        "    boxes  Everything with a box, each with its label and the box in pixels.\n"
        "    count  How many entries a list has.\n"
        "\n"
        "  Example\n"
        "    - that: find.boxes.count\n"
        "      at_least: 1\n"
        "\n"
        "  Stands in: checks.that, outputs.save, {{ }} in prompts"
    )
    assert "same_as: row.city" in (explain("row.city") or "")
    assert "same_as: truth.cups.count" in (explain("truth.cups.count") or "")
    assert explain("runn.limit") is None


@pytest.mark.parametrize(
    "word",
    [
        "steps.upload",
    ],
)
def test_what_cannot_run_yet_says_so(word: str) -> None:
    """Nobody writes a workflow around it."""
    assert "Cannot run yet in this version." in (explain(word) or "")


@pytest.mark.parametrize(
    "word", ["prompt", "at_least", "metric", "fetch", "convert", "overlay", "csv"]
)
def test_what_runs_does_not_say_that_it_cannot(word: str) -> None:
    """Also when it cannot run in every place: that place says so."""
    assert "Cannot run yet" not in (explain(word) or "Cannot run yet")


def test_every_word_of_a_result_has_a_page() -> None:
    """Statuses, outcomes, shapes, values of keys, and every name in a line of results.jsonl."""
    said = {*get_args(Status), *get_args(Outcome), *library.response_schemas(), *COMPARATORS}
    said |= {value for word in words() for value, _ in word.values}
    said |= {word.path[-1] for word in words("result")}
    assert [word for word in sorted(said) if explain(word) is None] == []


def codes_in(file: Path) -> Iterator[str]:
    """The codes of issues that a module of the program makes, by themselves or by a function of
    its own that takes a `code` first."""
    tree = ast.parse(file.read_text("utf-8"))
    makers = {"Issue", "Unreadable"}
    for node in ast.walk(tree):
        names = [each.arg for each in node.args.args] if isinstance(node, ast.FunctionDef) else []
        if names[:1] == ["code"]:
            makers.add(node.name)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        given = [each.value for each in node.keywords if each.arg == "code" and name == "NotBuilt"]
        for code in [*(node.args[:1] if name in makers else []), *given]:
            yield from (
                each.value
                for each in ast.walk(code)
                if isinstance(each, ast.Constant) and isinstance(each.value, str)
            )


def test_every_code_that_is_printed_has_a_page() -> None:
    """Those of issues as the summary of a run shows them, and those of messages."""
    found = {code for file in RUNNER.rglob("*.py") for code in codes_in(file)}
    assert {"label_missing", "image_empty", "row_broken", "too_many_tiles"} <= found
    found |= {f"{space}_missing" for space in get_args(Space)}
    assert [code for code in sorted(found - {"_missing"}) if explain(code) is None] == []


def test_an_unknown_code_leads_to_the_list_of_codes() -> None:
    """Which holds all of them."""
    for word in ("Z000", "z_q_x_w_k"):
        done = CliRunner().invoke(group, ["explain", word], prog_name="askpix")
        why = f"there is no word or code `{word}`; `askpix explain codes` prints all codes"
        assert done.stderr == f"error: {why}\n"
    listed = explain("codes") or ""
    assert all(f"    {code} " in listed for code in (*pages(), "label_missing", "row_broken"))


@pytest.mark.parametrize("term", sorted(terms()))
def test_every_example_of_a_term_can_be_read(term: str) -> None:
    """It is YAML, or a command."""
    example = terms()[term].example
    assert example.startswith("askpix ") or codes_of(example) - {"W116"} == set()


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
        (
            "xyzzy",
            "error: there is no word or code `xyzzy`; `askpix schema` prints all words\n",
        ),
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
