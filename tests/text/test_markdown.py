"""What somebody else wrote is shown in Markdown as it is, and does nothing."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from runner.text.excerpt import visible
from runner.text.markdown import escaped

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
"""A reader of GitHub's Markdown; it comes with rich."""

OURS = re.compile(r"</?(?:ul|li|p|table|thead|tbody|tr|th|td|span)>|\u200b")


def shown(markdown: str) -> str:
    """What a person sees: without the tags that this module writes itself. Any other tag stays."""
    return html.unescape(OURS.sub("", READER.render(markdown))).strip()


@given(st.text(alphabet="ab1 -+.)(#@*_`~|<>[]!&\\/:;$\n\t{}=^\u202e", max_size=30))
def test_a_text_in_a_list_is_that_text(text: str) -> None:
    """Whatever marks it is made of."""
    assert shown(f"- x{escaped(text)}x") == f"x{visible(text)}x"
    assert shown(f"- {escaped(text)}x").split() == f"{visible(text)}x".split()


@given(st.text(alphabet="ab1 -|\\`&#<>\n", max_size=30))
def test_a_text_in_a_table_stays_in_its_cell(text: str) -> None:
    """A row has two cells, whatever stands in them."""
    rendered = READER.render(f"| | |\n|---|---|\n| x{escaped(text)}x | b |\n")
    assert rendered.count("<td>") == 2
    assert shown(rendered.partition("<tbody>")[2]).split() == [*f"x{visible(text)}x".split(), "b"]


@pytest.mark.parametrize(
    "text",
    ["@octocat", "see #12", "GH-12", "https://example.com", "www.example.com", "a@example.com"],
)
def test_nobody_is_called_and_nothing_is_linked(text: str) -> None:
    """Services make links of these after the Markdown is read; a space without width breaks them."""
    seen = html.unescape(READER.render(escaped(text)))
    assert text not in seen
    assert text in seen.replace("\u200b", "")


def test_dollars_make_no_formula() -> None:
    """GitHub sets what stands between two of them; one alone is left as it is."""
    assert escaped("$1") == "$1"
    assert escaped("$1 to $2") == "<span>$</span>1 to <span>$</span>2"
