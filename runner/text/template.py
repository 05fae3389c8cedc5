"""What a template asks for and what is wrong with it, found without running any of it.

Jinja's parser is used, never its compiler: the compiler computes constants, and `9**(9**9)` in a
branch that is never taken would already fill the memory.
"""

from __future__ import annotations

import re

from runner.text.template_expressions import (
    check_dollars,
    check_ends,
    check_prints,
    check_single_braces,
    parsed,
    tell_complaint,
)
from runner.text.template_names import NameUse, check_names, name_uses
from runner.text.template_nesting import check_nesting
from runner.text.template_page import Page, TemplateMistake

__all__ = ["NameUse", "TemplateMistake", "inspect"]

MAX_CHARACTERS = 200_000
"""A longer template is data in the wrong place."""

MAX_MISTAKES = 50


def inspect(template: str) -> tuple[tuple[NameUse, ...], tuple[TemplateMistake, ...]]:
    """The outside names of a template and its mistakes, both in the order of the text.

    Never raises, whatever the text. Mistakes do not hide what can still be read.
    """
    template = re.sub(r"\r\n?", "\n", template)
    if len(template) > MAX_CHARACTERS:
        message = f"the template is longer than {MAX_CHARACTERS:,} characters"
        return (), (TemplateMistake(1, 1, 1, message, "put the data in a CSV file", "W329"),)
    try:
        return _inspected(Page(template))
    except (RecursionError, MemoryError):
        message = "the template is nested too deeply"
        return (), (TemplateMistake(1, 1, 1, message, "split it into simpler parts", "W329"),)


def _inspected(page: Page) -> tuple[tuple[NameUse, ...], tuple[TemplateMistake, ...]]:
    readable = check_ends(page)
    check_single_braces(page)
    check_dollars(page)
    is_nested = check_nesting(page)
    tree = parsed(readable)
    if isinstance(tree, Exception):
        readable = check_prints(page, readable)
        tree = parsed(readable)
    uses: tuple[NameUse, ...] = ()
    if not isinstance(tree, Exception):
        uses = name_uses(page, tree)
        check_names(page, tree)
    elif is_nested:
        tell_complaint(page, tree)
    page.mistakes.sort(key=lambda mistake: (mistake.line, mistake.column))
    return uses, tuple(page.mistakes[:MAX_MISTAKES])
