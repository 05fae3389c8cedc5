"""`askpix explain` — a word of the format, or the code of a message, in a few lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from textwrap import indent, wrap

import click

from runner.cli.codes import Page, pages
from runner.cli.exits import NOTHING_RAN
from runner.cli.schema_words import Word, keys_called, keys_with_value, names
from runner.cli.shape_words import shape_words
from runner.cli.terms import terms
from runner.text.suggest import did_you_mean

WIDTH = 88

ALIKE = 0.75
"""Below this a suggestion would be a guess: there are too many words."""

_CODE = re.compile(r"[a-z]\d{3}", re.IGNORECASE)


_REFERENCE = re.compile(r"[a-z][a-z0-9_]*(\.[A-Za-z0-9_]+)+")
LATER = "Cannot run yet in this version."


@click.command()
@click.argument("word", nargs=-1, required=True)
def command(word: tuple[str, ...]) -> int:
    """Explain a word of the format or of a result (prompt, run.limit, refused, find.boxes.count),
    or the code of a message (W101)."""
    wanted = " ".join(word)
    text = explain(wanted)
    if text is None:
        click.echo(f"error: {_nothing(wanted)}", err=True)
        return NOTHING_RAN
    click.echo(text)
    return 0


def explain(word: str) -> str | None:
    """The pages of a word or code, one for each meaning; None when there is none."""
    word = word.strip().strip("`:")
    if word.lower() == "codes":
        return _every_code()
    if _CODE.fullmatch(word):
        page = pages().get(word.upper())
        return _code_page(page) if page else None
    found = [*_shape_pages(word), *_format_pages(word), *_term_pages(word)]
    if not found and _REFERENCE.fullmatch(word):
        found = [*_reference_pages(word)]
    return "\n\n".join(sorted(found, key=lambda page: LATER in page)) or None


def _nothing(word: str) -> str:
    """What to try instead."""
    known = pages() if _CODE.fullmatch(word) else {*names(), *terms(), *shape_words()}
    close = did_you_mean(word, known)
    if close and SequenceMatcher(None, word.lower(), close.lower()).ratio() < ALIKE:
        close = None
    if close:
        hint = f"; did you mean `{close}`?"
    elif _CODE.fullmatch(word) or "_" in word:
        hint = "; `askpix explain codes` prints all codes"
    else:
        hint = "; `askpix schema` prints all words"
    return f"there is no word or code `{word}`{hint}"


def _every_code() -> str:
    """The codes of messages, and those of issues, with a line about each."""
    issues = [(name, term.about) for name, term in terms().items() if "issue of" in term.kind]
    codes = [(page.code, page.title) for page in pages().values()]
    blocks = ["The codes of messages", *_table(codes), "", "The codes of issues", *_table(issues)]
    return "\n".join(blocks)


def _shape_pages(word: str) -> Iterator[str]:
    """A shipped shape, and what its answer holds."""
    if shape := shape_words().get(word):
        blocks = [f"schema: {word}", *_paragraph(shape.description), "", "  Its answer holds"]
        blocks += [*_table(shape.parts), "", "  Example", f"    schema: {word}"]
        yield "\n".join([*blocks, "", "  An answer shape, which stands in: steps"])


def _format_pages(word: str) -> Iterator[str]:
    """Keys of the format that are called so, and those that can have it as a value."""
    yield from (_key_page(alike) for alike in _by_meaning(keys_called(word)))
    yield from (_value_page(word, alike) for alike in _by_meaning(keys_with_value(word)))


def _term_pages(word: str) -> Iterator[str]:
    """A word of results or references, or else a name in a line of results.jsonl."""
    if term := terms().get(word):
        blocks = [term.name, *_paragraph(term.about)]
        if term.example:
            blocks += ["", "  Example", indent(term.example.rstrip("\n"), "    ")]
        yield "\n".join([*blocks, "", f"  Kind: {term.kind}"])
        return
    for alike in _by_meaning(keys_called(word, "result")):
        parents = dict.fromkeys(".".join(key.path[:-1]) or "a line" for key in alike)
        blocks = [word, *_paragraph(alike[0].description)]
        yield "\n".join([*blocks, "", f"  Stands in results.jsonl, in: {', '.join(parents)}"])


def _reference_pages(word: str) -> Iterator[str]:
    """A reference, part by part; nothing when it holds no word that is known."""
    root, *path = word.split(".")
    if root in ("row", "vars"):
        what = "a column of the dataset" if root == "row" else "a word under `vars`"
        rows = [(path[0], what.capitalize() + ".")]
    elif root == "truth" and path:
        rows = [(path[0], "A name under `truth`."), *((name, _PART_OF_TRUTH) for name in path[1:])]
    else:
        parts = {name: said for shape in shape_words().values() for name, said in shape.parts}
        known = {name: term.about for name, term in terms().items() if term.kind == _PART}
        rows = [(name, known.get(name) or parts.get(name, "")) for name in path]
        if not any(said for _, said in rows):
            return
        rows = [(name, said or "A field of your own.") for name, said in rows]
        whose = "An entry of the list, or the box." if root == "item" else "The id of a step."
        rows.insert(0, (root, whose))
    about = "A reference: it points at a value of each image, part by part from the left."
    blocks = [word, *_paragraph(about), "", "  Its parts", *_table(rows), "", "  Example"]
    blocks += [f"    {line}" for line in _check_with(word)]
    places = "checks" if root == "truth" else "checks.that, outputs.save, {{ }} in prompts"
    yield "\n".join([*blocks, "", f"  Stands in: {places}"])


def _check_with(reference: str) -> Sequence[str]:
    match reference.split("."):
        case ["row", *_]:
            return ("- that: read.total", f"  same_as: {reference}")
        case ["truth", *_]:
            return ("- that: find.boxes.count", f"  same_as: {reference}")
        case ["vars", *_]:
            return (f"prompt: Find every {{{{ {reference} }}}}.",)
        case [*_, "count" | "total"]:
            return (f"- that: {reference}", "  at_least: 1")
        case _:
            return (f"- that: {reference}", "  is_empty: false")


_PART = "part of an answer"
_PART_OF_TRUTH = "What it holds: boxes, masks, count, labels, or a field of each entry."


def _by_meaning(keys: Sequence[Word]) -> list[list[Word]]:
    """Keys of one name that mean the same stand together: a setting of steps, defaults, matrix."""
    together: dict[tuple[str, str], list[Word]] = {}
    for key in keys:
        together.setdefault((key.path[-1], key.description), []).append(key)
    return list(together.values())


def _key_page(keys: Sequence[Word]) -> str:
    best = max(keys, key=lambda key: (len(key.values), len(key.examples)))
    later = all(key.later for key in keys)
    blocks = [best.path[-1], *_paragraph(best.description), *_paragraph(LATER * later)]
    if best.values:
        values = [(v, _with_later(m, best.is_later(v) and not later)) for v, m in best.values]
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
            *_paragraph(LATER * all(key.is_later(value) for key in keys)),
            *_examples_of(name, value),
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
    """Where the keys stand; those places where they cannot run yet say so, if others can."""
    some = not all(key.later for key in keys)
    parents: dict[str, bool] = {}
    for key in keys:
        place = ".".join(key.path[:-1]) or "the top of the file"
        parents[place] = key.later and parents.get(place, True)
    return ", ".join(
        f"{place} (not yet)" if some and later else place for place, later in parents.items()
    )


def _with_later(meaning: str, later: bool) -> str:
    return f"{meaning} (cannot run yet)" if later else meaning


def _examples_of(name: str, value: str) -> Iterator[str]:
    """A value as it is written; a format with what it is the format of, a kind of step as a step."""
    if name == "do" and value in STEPS:
        yield from ("", "  Example", *(f"    {line}" for line in STEPS[value]))
        return
    written = f"{name}: {value}"
    if name == "as":
        written = f"- {{save: {SAVED.get(value, 'find.boxes')}, as: {value}}}"
    elif name == "type":
        written = f"fields: {{my_field: {value}}}"
    yield from ("", "  Example", f"    {written}")


STEPS = {
    "ask": ("- id: find", "  prompt: Find every object.", "  schema: boxes"),
    "filter": (
        "- id: large",
        "  do: filter",
        "  boxes: find.boxes",
        "  min_area: 1%",
        "  keep: 20",
    ),
    "crop": ("- id: crops", "  do: crop", "  boxes: large.boxes", "  padding: 5%"),
    "merge": ("- id: all", "  do: merge", "  into: large.boxes", "  add: {name: look.name}"),
    "compute": ("- id: many", "  do: compute", '  number: "{{ find.boxes | length }}"'),
}
"""Each kind of step, as it is written."""

SAVED = {
    "text": "caption.text",
    **dict.fromkeys(("masks", "masks_indexed", "masks_coloured"), "cut.masks"),
}
"""What goes well with an output format."""


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
