"""What stands in the tags of a template, one by one: what Jinja's parser refuses, in plain words."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from runner.text.tags import Tag, Word
from runner.text.template_page import Page, TemplateMistake, blanked

if TYPE_CHECKING:
    from jinja2 import Environment, nodes

_SINGLE_BRACE = re.compile(
    r"(?<!\{)\$?\{\s*((?:vars|row|item|truth)(?:\.[^\W\d]\w*)+)\s*\}{1,2}(?!\})"
)


def check_ends(page: Page) -> str:
    """Tells every tag without an end; the text without them."""
    unclosed = [tag for tag in page.tags if not tag.closed]
    for tag in unclosed:
        sign = page.template[tag.start : tag.start + 2]
        ending = {"{{": "}}", "{%": "%}", "{#": "#}"}[sign]
        page.tell("W321", tag.start, 2, f"this {sign} is never closed", _closing(page, tag, ending))
    return blanked(page.template, unclosed)


def _closing(page: Page, tag: Tag, ending: str) -> str:
    words = _first_value(tag.words)
    if not words or tag.kind != "print":
        return f"close it with {ending}"
    inside = page.template[words[0].start : words[-1].start + len(words[-1].text)]
    return f"write {{{{ {inside} }}}}"


def check_single_braces(page: Page) -> None:
    """Tells `{vars.x}` and `${vars.x}`, which would be sent as they stand."""
    outside = blanked(page.template, (tag for tag in page.tags if tag.closed))
    for match in _SINGLE_BRACE.finditer(outside):
        message = "a variable stands between two curly brackets on each side"
        fix = f"write {{{{ {match[1]} }}}}"
        page.tell("W327", match.start(), len(match.group()), message, fix)


def check_dollars(page: Page) -> None:
    """Tells `${{ vars.x }}`, as other programs write it: the $ is sent. It may be a price."""
    for tag in page.tags:
        before = page.template[max(tag.start - 1, 0) : tag.start]
        if tag.kind == "print" and tag.closed and before == "$" and tag.words:
            written = page.template[tag.start : tag.end]
            message = "the $ before {{ is sent as it stands"
            fix = f"write {written} without the $, unless it is the sign of dollars"
            page.tell("W327", tag.start - 1, 1, message, fix, "warning")


def check_prints(page: Page, text: str) -> str:
    """Reads every `{{ … }}` by itself and tells what is wrong; the text without those."""
    wrong: list[Tag] = []
    for tag in page.tags:
        if tag.kind == "print" and tag.closed:
            try:
                _environment().parse(page.template[tag.start : tag.end])
            except _syntax_errors() as error:
                _expression(page, tag, str(getattr(error, "message", error)))
                wrong.append(tag)
    return blanked(text, wrong)


def _expression(page: Page, tag: Tag, complaint: str) -> None:
    if not tag.words:
        message = "nothing stands between {{ and }}"
        page.tell("W328", *page.span(tag), message, "write the name of a value, or remove it")
        return
    char = re.match(r"unexpected char '(.)' at (\d+)|unexpected char \"(.)\" at (\d+)", complaint)
    if char:
        sign, at = char[1] or char[3], tag.start + int(char[2] or char[4])
        page.tell("W320", at, 1, f"`{sign}` means nothing here", _SIGNS.get(sign))
        return
    long = next(
        (word for word in tag.words if word.kind == "number" and len(word.text) > 300), None
    )
    if long is not None:
        page.tell("W320", long.start, len(long.text), "this number is too long")
        return
    word = _named_word(tag, complaint)
    if word is None:
        _incomplete(page, tag, complaint)
        return
    fix = _WORD_FIXES.get(word.text) or _two_values(tag, word)
    message = f"`{_short(word)}` is not expected here"
    page.tell("W320", word.start, len(word.text), message, fix)


def _incomplete(page: Page, tag: Tag, complaint: str) -> None:
    end = tag.words[-1]
    bracket = re.search(r", expected '([\])}])'", complaint)
    if bracket:
        message = f"a {bracket[1]} is missing"
        page.tell("W320", end.start, len(end.text), message, f"write {bracket[1]} after it")
        return
    message = f"something is missing after `{_short(end)}`"
    fix = _MISSING.get(end.text, "write a value there")
    page.tell("W320", end.start, len(end.text), message, fix)


def _named_word(tag: Tag, complaint: str) -> Word | None:
    got = re.search(r"(?:got|unexpected) '(.+?)'(?:, expected|$)", complaint)
    if got is None or got[1].startswith("end of "):
        return None
    for index, word in enumerate(tag.words):
        if word.text.strip("'\"") == got[1] and (index > 0 or len(tag.words) == 1):
            return word
    return None


def _two_values(tag: Tag, word: Word) -> str | None:
    index = tag.words.index(word)
    before = "".join(each.text for each in tag.words[:index])
    if word.kind != "name" or not re.fullmatch(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*", before):
        return None
    root, _, name = before.partition(".")
    one = f"{before}_{word.text}".lower()
    if root == "row" and name:
        one = f'row["{name} {word.text}"]'  # a column may have any name
    return f"write {{{{ {one} }}}} if it is one name, or {{{{ {before} }}}} {word.text}"


def parsed(text: str) -> nodes.Template | Exception:
    """The tree of the text, or Jinja's complaint."""
    try:
        return _environment().parse(text)
    except _syntax_errors() as error:
        return error


def tell_complaint(page: Page, error: Exception) -> None:
    """Tells what Jinja complains about in the `{% … %}` of a template."""
    line = int(getattr(error, "lineno", 1))
    complaint = str(getattr(error, "message", error))
    here = [
        tag
        for tag in page.tags
        if tag.kind == "block"
        and page.position(tag.start)[0] <= line <= page.position(max(tag.end - 1, 0))[0]
    ]
    named = [(tag, word) for tag in here if (word := _named_word(tag, complaint))]
    if named:
        tag, word = named[0]
        message = f"`{_short(word)}` is not expected here"
        page.tell("W320", word.start, len(word.text), message, _block_fix(tag, word))
    elif here:
        tag = here[0]
        message = f"{{% {tag.name} %}} is not complete"
        page.tell("W320", *page.span(tag), message, _EXAMPLES.get(tag.name))
    else:
        page.mistakes.append(
            TemplateMistake(line, 1, 1, f"the template cannot be read: {complaint}", None, "W320")
        )


_SIGNS = {
    "&": "write `and`",
    "|": "write `or`",
    "!": "write `not`",
    "“": 'write a straight quote: "',
    "”": 'write a straight quote: "',
    "‘": "write a straight quote: '",
    "’": "write a straight quote: '",
    '"': "close the quote",
    "'": "close the quote",
    "?": "write `a if condition else b`",
}
_MISSING = {
    "|": "write a filter after it: {{ name | upper }}",
    ".": "write a name after the dot",
}
_WORD_FIXES = {"=": "write == to compare", "of": "write `in`"}
_EXAMPLES = {
    "if": "write for example {% if vars.detail %}",
    "elif": "write for example {% elif vars.detail %}",
    "for": "write for example {% for name in vars.names %}",
    "set": 'write for example {% set name = "cat" %}',
}


def _block_fix(tag: Tag, word: Word) -> str | None:
    return _WORD_FIXES.get(word.text) or _EXAMPLES.get(tag.name)


def _short(word: Word) -> str:
    return word.text if len(word.text) <= 30 else f"{word.text[:29]}…"


def _first_value(words: tuple[Word, ...]) -> list[Word]:
    """The dotted name at the start of an unclosed tag."""
    value: list[Word] = []
    for word in words:
        touches = not value or word.start == value[-1].start + len(value[-1].text)
        if not touches or not (word.kind == "name" or (word.text == "." and value)):
            break
        value.append(word)
    while value and value[-1].text == ".":
        value.pop()
    return value


@cache
def _environment() -> Environment:
    from jinja2 import Environment

    # A plain one is enough to parse; it must not compile anything.
    return Environment(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)


def _syntax_errors() -> tuple[type[Exception], ...]:
    from jinja2 import TemplateSyntaxError

    return (TemplateSyntaxError, ValueError, OverflowError)  # the others: numbers of 5,000 digits
