"""`askpix explain` — a word of the format, or the code of a message, in a few lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from textwrap import indent, wrap

import click

from runner.cli.codes import Page, pages
from runner.cli.schema_words import Word, keys_called, keys_with_value, names
from runner.text.suggest import did_you_mean

NOTHING_FOUND = 2
WIDTH = 88

_CODE = re.compile(r"[a-z]\d{3}", re.IGNORECASE)


@click.command()
@click.argument("word")
def command(word: str) -> int:
    """Explain a word of the format (prompt, run.limit) or the code of a message (W101)."""
    text = explain(word)
    if text is None:
        click.echo(f"error: {_nothing(word)}", err=True)
        return NOTHING_FOUND
    click.echo(text)
    return 0


def explain(word: str) -> str | None:
    """The page of a word or code; None when there is none."""
    word = word.strip().strip("`:")
    if _CODE.fullmatch(word):
        page = pages().get(word.upper())
        return _code_page(page) if page else None
    if keys := keys_called(word):
        return "\n\n".join(_key_page(alike) for alike in _by_meaning(keys))
    if keys := keys_with_value(word):
        return "\n\n".join(_value_page(word, alike) for alike in _by_meaning(keys))
    return None


def _nothing(word: str) -> str:
    """What to try instead."""
    known = pages() if _CODE.fullmatch(word) else names()
    close = did_you_mean(word, known)
    hint = f"; did you mean `{close}`?" if close else "; `askpix schema` prints all words"
    return f"there is no word or code `{word}`{hint}"


def _by_meaning(keys: Sequence[Word]) -> list[list[Word]]:
    """Keys of one name that mean the same stand together: a setting of steps, defaults, matrix."""
    together: dict[tuple[str, str], list[Word]] = {}
    for key in keys:
        together.setdefault((key.path[-1], key.description), []).append(key)
    return list(together.values())


def _key_page(keys: Sequence[Word]) -> str:
    best = max(keys, key=lambda key: (len(key.values), len(key.examples)))
    blocks = [best.path[-1], *_paragraph(best.description)]
    if values := best.values:
        blocks += ["", "  Values", *_table(values)]
    if best.examples:
        heading = "Example" if len(best.examples) == 1 else "Examples"
        blocks += ["", f"  {heading}", *_examples(best)]
    blocks += ["", f"  Stands in: {_places(keys)}"]
    return "\n".join(blocks)


def _value_page(value: str, keys: Sequence[Word]) -> str:
    meaning = next(text for own, text in keys[0].values if own == value)
    name = keys[0].path[-1]
    return "\n".join(
        [
            f"{name}: {value}",
            *_paragraph(meaning or keys[0].description),
            "",
            f"  A value of `{name}`, which stands in: {_places(keys)}",
            f"  More: askpix explain {name}",
        ]
    )


def _code_page(page: Page) -> str:
    blocks = [f"{page.code}: {page.title}", *_paragraph(page.why)]
    for heading, example in (("Not so", page.bad), ("But so", page.good)):
        if example:
            blocks += ["", f"  {heading}", indent(example.rstrip("\n"), "    ")]
    return "\n".join(blocks)


def _places(keys: Sequence[Word]) -> str:
    parents = dict.fromkeys(".".join(key.path[:-1]) or "the top of the file" for key in keys)
    return ", ".join(parents)


def _paragraph(text: str) -> Iterator[str]:
    return (f"  {line}" for line in wrap(text, WIDTH - 2, break_long_words=False))


def _table(values: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max(len(value) for value, _ in values)
    for value, meaning in values:
        lines = wrap(meaning, WIDTH - width - 6) or [""]
        yield f"    {value:<{width}}  {lines[0]}".rstrip()
        yield from (f"    {'':<{width}}  {line}" for line in lines[1:])


def _examples(word: Word) -> Iterator[str]:
    """As one would write them in a workflow."""
    import yaml

    for number, example in enumerate(word.examples):
        if number:
            yield ""
        text = yaml.safe_dump(
            {word.path[-1]: example}, allow_unicode=True, sort_keys=False, width=WIDTH
        )
        yield from (f"    {line}" for line in text.rstrip("\n").split("\n"))
