"""`vars:` — from the file, from the environment, from the command line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runner.workflow.spec import Workflow

Loaded = Callable[..., Workflow]
Told = Callable[..., list[str]]

TEXT = (
    "version: 1\nimages: a.png\n"
    "vars: {word: cat, number: 5, share: 0.5, strict: true, list: [a, b], old: {env: OLD, default: x}}\n"
    "steps:\n  - id: ask\n    prompt: '{{ vars.word }} {{ vars.number }} {{ vars.share }} "
    "{{ vars.strict }} {{ vars.list }} {{ vars.old }}'\n"
)


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("word", "5", "5"),
        ("number", "7", 7),
        ("number", "7.5", 7.5),
        ("share", ".25", 0.25),
        ("strict", "no", False),
        ("strict", "True", True),
        ("list", "x, y,", ["x", "y"]),
        ("list", "[p, q]", ["p", "q"]),
        ("list", ' ["p, q", 3] ', ["p, q", 3]),
        ("word", " dog ", "dog"),
        ("number", " 7 ", 7),
        ("old", "new", "new"),
    ],
)
def test_a_value_of_the_command_line_is_of_the_kind_in_the_file(
    loaded: Loaded, name: str, given: str, value: object
) -> None:
    """It wins over the file and the environment."""
    workflow = loaded(TEXT, vars={name: given}, environ={"OLD": "older"})
    assert workflow.vars[name] == value
    assert type(workflow.vars[name]) is type(value)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (
            {"wrod": "x"},
            "W317 --var wrod: the workflow has no variable `wrod` → did you mean --var word=…?",
        ),
        (
            {"number": "few"},
            "W318 --var number: `number` is a number in the file, found the text `few`"
            " → write for example --var number=5",
        ),
        (
            {"number": "nan"},
            "W318 --var number: `number` is a number in the file, found the text `nan`"
            " → write for example --var number=5",
        ),
        (
            {"strict": "very"},
            "W318 --var strict: `strict` is true or false in the file, found the text `very`"
            " → write for example --var strict=true",
        ),
        (
            {"list": "[a, [b]]"},
            "W318 --var list: `list` is a list in the file, found the text `[a, [b]]`"
            ' → write for example --var list="[a, b]"',
        ),
        (
            {"list": "[a, b"},
            "W318 --var list: `list` is a list in the file, found the text `[a, b`"
            ' → write for example --var list="[a, b]"',
        ),
    ],
)
def test_a_value_that_does_not_fit_is_told(told: Told, given: dict[str, str], line: str) -> None:
    """Without a place: it stands on the command line."""
    assert told(TEXT, vars=given) == [line]


def test_a_workflow_without_variables_takes_none(told: Told) -> None:
    """W317 says so."""
    text = "version: 1\nimages: a.png\nsteps: [{id: ask, prompt: x}]\n"
    assert told(text, vars={"x": "1"}) == [
        "W317 --var x: the workflow has no variable `x` → it has no `vars:` at all"
    ]


def test_the_environment_wins_over_the_default(loaded: Loaded) -> None:
    """Also with an empty value."""
    assert loaded(TEXT, environ={"OLD": "years"}).vars["old"] == "years"
    assert loaded(TEXT, environ={"OLD": ""}).vars["old"] == ""
    assert loaded(TEXT).vars["old"] == "x"


def test_a_variable_that_only_an_axis_sets_is_known(told: Told) -> None:
    """And need not stand under `vars:`."""
    assert (
        told(
            "version: 1\nimages: a.png\nsteps: [{id: ask, prompt: '{{ vars.thing }}'}]\n"
            "matrix: {vars.thing: [a, b]}\n"
        )
        == []
    )


@pytest.mark.parametrize("written", ["", "vars: {thing: c}\n"])
def test_a_variable_of_an_axis_cannot_be_given(told: Told, written: str) -> None:
    """The axis wins, so what is given would be paid for and not be asked."""
    text = (
        "version: 1\nimages: a.png\nsteps: [{id: ask, prompt: '{{ vars.thing }}'}]\n"
        "matrix: {vars.thing: [a, b]}\n"
    )
    assert told(written + text, vars={"thing": "z"}) == [
        "W231 --var thing has no effect: the matrix gives `vars.thing` its values"
        " → delete the axis, or leave --var out"
    ]
