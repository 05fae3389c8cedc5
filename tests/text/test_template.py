"""What a template asks for and what is wrong with it, found without running it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.text.template import NameUse, inspect

USES: list[tuple[str, list[tuple[str, int, int, int]]]] = [
    ("plain text", []),
    ("{{ vars.thing }}", [("vars.thing", 1, 4, 10)]),
    ("é 🐱 {{ row.größe }}", [("row.größe", 1, 8, 9)]),
    ("a\nb {{ x }}\r\n{{ y }}", [("x", 2, 6, 1), ("y", 3, 4, 1)]),
    ("{{ row['a b'] }}", [("row.a b", 1, 4, 10)]),
    ("{{ find.boxes[0].label }}", [("find.boxes.[].label", 1, 4, 19)]),
    ("{{ find.boxes[vars.n].label }}", [("find.boxes", 1, 4, 10), ("vars.n", 1, 15, 6)]),
    (
        "{{ a | join(b) if c is defined else d }}",
        [("a", 1, 4, 1), ("b", 1, 13, 1), ("c", 1, 19, 1), ("d", 1, 37, 1)],
    ),
    (
        "{{ vars.x if vars.y else vars.z }}",
        [("vars.x", 1, 4, 6), ("vars.y", 1, 14, 6), ("vars.z", 1, 26, 6)],
    ),
    (
        "{% for b in find.boxes %}{{ b.label }} {{ loop.index }}{% else %}{{ b }}{% endfor %}",
        [("find.boxes", 1, 13, 10), ("find.boxes.[].label", 1, 29, 7), ("b", 1, 69, 1)],
    ),
    (
        "{% for k, v in row.items() if v > w %}{{ k }}{% endfor %}",
        [("row.items", 1, 16, 9), ("w", 1, 35, 1)],
    ),
    (
        "{% set q = row.a %}{{ q.r }}{{ p }}",
        [("row.a", 1, 12, 5), ("row.a.r", 1, 23, 3), ("p", 1, 32, 1)],
    ),
    (
        "{% if x %}{% set q = a %}{% else %}{% set q = b %}{% endif %}{{ q.r }}",
        [("x", 1, 7, 1), ("a", 1, 22, 1), ("b", 1, 47, 1)],
    ),
    (
        "{% for b in a.c | sort %}{% set d = b %}{{ d.e }}{% endfor %}{{ (a.c | first).e }}",
        [("a.c", 1, 13, 3), ("a.c.[].e", 1, 44, 3), ("a.c", 1, 66, 3)],
    ),
    ("{% set q %}{{ x }}{% endset %}{{ q }}", [("x", 1, 15, 1)]),
    (
        "{% macro m(a, b=c) %}{{ a }}{{ b }}{{ d }}{% endmacro %}{{ m(e) }}",
        [("c", 1, 17, 1), ("d", 1, 39, 1), ("e", 1, 62, 1)],
    ),
    ("{% with a = b %}{{ a }}{% endwith %}{{ a }}", [("b", 1, 13, 1), ("a", 1, 40, 1)]),
    ("{% if a %}{% set b = 1 %}{% endif %}{{ b }}", [("a", 1, 7, 1)]),
    ("{% raw %}{{ a }}{% endraw %}{# {{ b }} #}", []),
    ("{{ range(3) }}{{ {'a': {'b': 1}} }}{{ 'x.y' }}", []),
    ("{%- if a -%} {{- b -}} {%- endif -%}", [("a", 1, 8, 1), ("b", 1, 18, 1)]),
]


@pytest.mark.parametrize(("template", "uses"), USES)
def test_outside_names_are_found_with_their_place(
    template: str, uses: list[tuple[str, int, int, int]]
) -> None:
    """Names that `for`, `set`, `with` and macros bind are the template's own; those of `for` and
    `set` lead to what they come from, as far as that is known."""
    found, mistakes = inspect(template)
    assert mistakes == ()
    assert [(".".join(use.path), use.line, use.column, use.length) for use in found] == uses


MISTAKES: list[tuple[str, list[tuple[str, int, int, int, str, str | None]]]] = [
    ("{{ vars.a b }}", [("W320", 1, 11, 1, "`b` is not expected here", "write {{ vars.a_b }} if it is one name, or {{ vars.a }} b")]),
    ("{{ vars.Tier art }}", [("W320", 1, 14, 3, "`art` is not expected here", "write {{ vars.tier_art }} if it is one name, or {{ vars.Tier }} art")]),
    ("{{ row.Tier art }}", [("W320", 1, 13, 3, "`art` is not expected here", 'write {{ row["Tier art"] }} if it is one name, or {{ row.Tier }} art')]),
    ("{{ a && b }}", [("W320", 1, 6, 1, "`&` means nothing here", "write `and`")]),
    ("{{ “x” }}", [("W320", 1, 4, 1, "`“` means nothing here", 'write a straight quote: "')]),
    ("{{ 'abc }}", [("W320", 1, 4, 1, "`'` means nothing here", "close the quote")]),
    ("{{ a | }}", [("W320", 1, 6, 1, "something is missing after `|`", "write a filter after it: {{ name | upper }}")]),
    ("{{ a. }}", [("W320", 1, 5, 1, "something is missing after `.`", "write a name after the dot")]),
    ("{{ a[1 }}", [("W320", 1, 6, 1, "a ] is missing", "write ] after it")]),
    ("{% if x = 1 %}{% endif %}", [("W320", 1, 9, 1, "`=` is not expected here", "write == to compare")]),
    ("{% for x of y %}{% endfor %}", [("W320", 1, 10, 2, "`of` is not expected here", "write `in`")]),
    ("{% if %}{% endif %}", [("W320", 1, 1, 8, "{% if %} is not complete", "write for example {% if vars.detail %}")]),
    ("a {{ vars.x\nb", [("W321", 1, 3, 2, "this {{ is never closed", "write {{ vars.x }}")]),
    ("{{ x }", [("W321", 1, 1, 2, "this {{ is never closed", "write {{ x }}")]),
    ("{# x", [("W321", 1, 1, 2, "this {# is never closed", "close it with #}")]),
    ("a\n{% if b %}c", [("W322", 2, 1, 10, "{% if %} is never closed", "write {% endif %} where it ends")]),
    ("{% endif %}", [("W322", 1, 1, 11, "{% endif %} closes nothing", "remove it")]),
    ("{% for a in b %}{% if c %}{% endfor %}", [("W322", 1, 27, 12, "{% endfor %} stands where {% if %} is still open", "write {% endif %} before it")]),
    ("{% if a %}{% else %}{% else %}{% endif %}", [("W322", 1, 21, 10, "{% else %} stands after an {% else %}", "write {% else %} once, and last")]),
    ("{% else %}", [("W322", 1, 1, 10, "{% else %} stands outside of an {% if %}", "write it between if and endif")]),
    ("{% if a %}{% elseif b %}{% endif %}", [("W323", 1, 14, 6, "there is no tag `elseif`", "did you mean `elif`?")]),
    ("{% if a %}{% end %}", [("W323", 1, 14, 3, "there is no tag `end`", "did you mean `endif`?")]),
    ("{% vars.x %}", [("W323", 1, 4, 4, "there is no tag `vars`", "write {{ vars.x }}")]),
    ("{% include 'x' %}", [("W324", 1, 4, 7, "{% include %} cannot be used in a prompt", "write the text itself here, or use `prompt_file`")]),
    ("{{ a | uper }}", [("W325", 1, 8, 4, "there is no filter `uper`", "did you mean `upper`?")]),
    ("{{ a | len }}", [("W325", 1, 8, 3, "there is no filter `len`", "did you mean `length`?")]),
    ("{{ len(a.b) }}", [("W312", 1, 4, 3, "there is no function `len` in a template", "write {{ a.b | length }}")]),
    ("{% if len(a.b) > 3 %}{% endif %}", [("W312", 1, 7, 3, "there is no function `len` in a template", "write a.b | length")]),
    ("{{ join(a, ', ') }}", [("W312", 1, 4, 4, "there is no function `join` in a template", "write {{ a | join(…) }}")]),
    ("{{ foo() }}", [("W312", 1, 4, 3, "there is no function `foo` in a template", "what changes a value stands behind it: {{ name | upper }}")]),
    ("{% for i in range(10**9) %}{% endfor %}", []),
    ("{% for i in range(1000000000) %}{% endfor %}", [("W329", 1, 13, 5, "a range in a template has at most 100,000 numbers", "take fewer")]),
    ("{{ a is defind }}", [("W326", 1, 9, 6, "there is no test `defind`", "did you mean `defined`?")]),
    ("Find {vars.x}.", [("W327", 1, 6, 8, "a variable stands between two curly brackets on each side", "write {{ vars.x }}")]),
    ("Find ${vars.x}", [("W327", 1, 6, 9, "a variable stands between two curly brackets on each side", "write {{ vars.x }}")]),
    ("a ${{ vars.x }}", [("W327", 1, 3, 1, "the $ before {{ is sent as it stands", "write {{ vars.x }} without the $, unless it is the sign of dollars")]),
    ("{{ }}", [("W328", 1, 1, 5, "nothing stands between {{ and }}", "write the name of a value, or remove it")]),
    ("{% %}", [("W328", 1, 1, 5, "nothing stands between {% and %}", "remove it")]),
    ("{{ " + "(" * 5000, [("W321", 1, 1, 2, "this {{ is never closed", "close it with }}")]),
    ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", [("W329", 1, 1, 1, "the template is nested too deeply", "split it into simpler parts")]),
    ("{{ " + "9" * 6000 + " }}", [("W320", 1, 4, 6000, "this number is too long", None)]),
    ("x" * 200_001, [("W329", 1, 1, 1, "the template is longer than 200,000 characters", "put the data in a CSV file")]),
]  # fmt: skip


@pytest.mark.parametrize(("template", "mistakes"), MISTAKES, ids=[row[0][:30] for row in MISTAKES])
def test_a_mistake_is_told_to_people(
    template: str, mistakes: list[tuple[str, int, int, int, str, str | None]]
) -> None:
    """With its place, without Jinja's words, and with what to write instead."""
    _, found = inspect(template)
    assert [(m.code, m.line, m.column, m.length, m.message, m.fix) for m in found] == mistakes


def test_mistakes_do_not_hide_what_can_still_be_read() -> None:
    """Every mistake is told, and the names beside them are still found."""
    uses, mistakes = inspect("{{ a b }} {vars.x} {{ c }}\n{{ d ? }} {{ e | uper }} {{ f")
    assert [use.path for use in uses] == [("c",), ("e",)]
    assert [mistake.code for mistake in mistakes] == ["W320", "W327", "W320", "W325", "W321"]


def test_nothing_is_computed() -> None:
    """What would fill the memory when it is compiled is only read."""
    assert inspect("{{ 9**(9**9) }}{{ 'a' * 10**9 }}{{ vars.x }}") == (
        (NameUse(("vars", "x"), 1, 36, 6),),
        (),
    )


@pytest.mark.parametrize(
    "template",
    ['{{ "' + '\\"' * 50_000, "{{\n" * 30_000, "{{" * 50_000, "{%" * 50_000, "{vars.a}" * 5_000],
    ids=["quotes", "lines", "prints", "blocks", "braces"],
)
def test_a_template_of_nothing_but_mistakes_is_read_in_linear_time(template: str) -> None:
    """At most fifty mistakes are told; reading them does not take hours."""
    assert 1 <= len(inspect(template)[1]) <= 50


WORDS = "{{ }} {% %} {# #} if for in endif endfor set raw endraw a .b | ' \" ( ) [ ] = - 1"
PIECES = st.sampled_from([" ", "\n", *WORDS.split()])


@given(st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=30).map("".join)))
def test_any_text_can_be_looked_at(template: str) -> None:
    """Never an exception; every place lies in the text."""
    uses, mistakes = inspect(template)
    lines = template.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for found in (*uses, *mistakes):
        assert 1 <= found.line <= len(lines)
        assert 1 <= found.column <= len(lines[found.line - 1]) + 1
