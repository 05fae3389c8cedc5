"""Words that the format does not know, and names and references that cannot be written so."""

from __future__ import annotations

import re
from typing import Any

from runner.catalogue import DEFAULT_MODEL, catalogue
from runner.text.suggest import did_you_mean
from runner.values.problem import Problem, Route
from runner.workflow.document import Document
from runner.workflow.not_yet import SORRY, is_later
from runner.workflow.other_words import KINDS
from runner.workflow.schema import Violation, definition
from runner.workflow.spec import SHARES
from runner.workflow.telling import (
    as_fix,
    as_name,
    key_of,
    name_of_value,
    number_in,
    plain_number,
    problem,
)
from runner.workflow.words import as_yaml, named_part, one_of, quoted, where
from runner.workflow.written_conditions import condition_in

RESERVED = (
    "vars row item image images truth case run steps matrix answer".split()  # noqa: SIM905
)


"""Names that no step may have: they mean something else in a reference."""


def unknown_word(violation: Violation, document: Document) -> Problem:
    """A word that is not among those that can stand here."""
    return choice(violation, document, list(violation.limit))


def choice(violation: Violation, document: Document, choices: list[Any]) -> Problem:
    """A value that is none of these choices, with the nearest one."""
    found, key = violation.value, key_of(violation.route)
    names = [as_yaml(choice) for choice in choices if not is_later(key, choice)]
    close = did_you_mean(found, names) if isinstance(found, str) else None
    field = _field_of(violation.route)
    if key == "thinking" and found in ("off", "no", "zero", False):
        fix = _least_thinking(violation.route, document)
    elif not names:
        fix = f"no {key} {SORRY}: write a check with `that:` and `pass_rate:`"
    elif key == "as" and str(found).lower() in _OTHER_FORMATS:
        fix = f"write as: {_OTHER_FORMATS[str(found).lower()]}"
    elif field and str(found).lower() in OTHER_TYPES:
        fix = f"write {OTHER_TYPES[str(found).lower()]}"
    elif key == "do" and (kind := likely_kind(str(found))):
        fix = f"did you mean `{kind}`?"
    elif close:
        fix = f"did you mean `{close}`?"
    elif key == "sort" and str(found).startswith("item."):
        fix = f"write sort: {{highest: {found}}}, or lowest"
    elif key == "do" and _asks(violation.route[:-1], document):
        fix = "delete the line: a step that asks needs no `do`"
    elif found is False and "off" in names:
        fix = f"write {key}: off"
    else:
        fix = None
    what = _CHOICE_WORDS.get(key)
    if field:
        owner = where(violation.route[:2], document.data).replace(" in ", " of ", 1)
        message = f"field `{field}`{owner} cannot be {quoted(found)}"
    elif what:
        message = f"there is no {what} {quoted(found)}"
    else:
        message = f"{name_of_value(violation, document)} cannot be {quoted(found)}"
    fix = fix or one_of_choices(violation, choices)
    return problem(violation, document, "W205", message, fix, allowed=tuple(names))


def _asks(step: Route, document: Document) -> bool:
    """Whether a step of a kind that does not exist says what to ask."""
    return any(document.value((*step, key)) is not None for key in ("prompt", "prompt_file"))


def likely_kind(word: str) -> str | None:
    """The kind of step that a word may mean: `cut` is `crop`."""
    return KINDS.get(as_name(word)) or did_you_mean(word, definition("step_do")["enum"])


def one_of_choices(violation: Violation, choices: list[Any]) -> str | None:
    """A fix that names everything that can stand here; None when that is much, or nothing."""
    key = key_of(violation.route)
    names = [as_yaml(choice) for choice in choices if not is_later(key, choice)]
    return f"write {one_of(names)}" if 0 < len(names) <= 8 else None


def _least_thinking(route: Route, document: Document) -> str:
    """What comes nearest to no thinking for the model that is asked."""
    model = document.value((*route[:-1], "model")) or document.value(("defaults", "model"))
    known = catalogue().model(model if isinstance(model, str) else DEFAULT_MODEL)
    if known.accepts_thinking("none"):
        return "write thinking: none"
    if not known.thinking:
        return f"delete the line: `{known.name}` always thinks"
    return f"write thinking: {known.thinking[0]}, the least that `{known.name}` takes"


def _field_of(route: Route) -> str | None:
    """The field whose type a route leads to."""
    match route:
        case ("steps", int(), "fields" | "list_of", str() as name):
            return name
        case ("steps", int(), "fields" | "list_of", str() as name, "type"):
            return name
        case _:
            return None


OTHER_TYPES = {
    "string": "text",
    "str": "text",
    "float": "number",
    "int": "integer",
    "bool": "yes_no",
    "boolean": "yes_no",
    "array": "list_of_text",
    "list": "list_of_text",
    "bbox": "box",
    "bounding_box": "box",
    "rectangle": "box",
    "outline": "polygon",
    "segment": "mask",
    "enum": "the allowed words as a list: [small, large]",
}


"""Types in the words of others, and what to write here."""


_OTHER_FORMATS = {
    **dict.fromkeys(("excel", "xlsx", "xls", "spreadsheet", "table", "tsv"), "csv"),
    **dict.fromkeys(("txt", "md", "markdown"), "text"),
    **dict.fromkeys(("png", "jpg", "jpeg", "image", "images", "drawing", "boxes"), "overlay"),
    **dict.fromkeys(("mask", "segmentation"), "masks"),
    "ndjson": "jsonl",
}


"""Formats in the words of others, and what can be written here."""


_CHOICE_WORDS = {"as": "output format", "do": "kind of step", "metric": "metric"}


def wrong_writing(violation: Violation, document: Document) -> Problem:
    """A text that cannot be written so: a reference, an id, a share."""
    found, key = str(violation.value), key_of(violation.route)
    words = str(violation.node.get("patternErrorMessage", ""))
    name = name_of_value(violation, document)
    if "reference is written" in words or "name of an image" in words:
        return _reference(violation, document, found, words)
    if key == "id":
        return _id(violation, document, found)
    if words.startswith("Write the field of a box") and re.fullmatch(r"[a-z][a-z0-9_]*", found):
        words = f"write {key}: item.{found}"
    if "percentage" in words or "share" in words:
        return _share(violation, document, found)
    return problem(violation, document, "W204", f"{name} cannot be {quoted(found)}", as_fix(words))


def _share(violation: Violation, document: Document, found: str) -> Problem:
    """A share that is written as a text and is no percentage, or none that there is."""
    name, key = name_of_value(violation, document), key_of(violation.route)
    words = str(violation.node.get("patternErrorMessage", ""))
    number = number_in(found.replace("%", "").strip())
    if number is None:
        message = f"{name} is neither a number nor a percentage: {quoted(found)}"
        return problem(violation, document, "W204", message, as_fix(words))
    if "%" not in found:
        message = f"{name} is a text: {quoted(found)}"
        fix = plain_number(violation.route, number, found)
        return problem(violation, document, "W204", message, fix)
    if 0 <= float(number) <= 100:
        message = f"{name} is neither a number nor a percentage: {quoted(found)}"
        return problem(violation, document, "W204", message, f"write {key}: {number}%")
    message = f"{name} is a share, from 0% to 100%: {quoted(found)}"
    fix = f"write for example {key}: {_example_of_share(violation)}"
    is_share = document.value((*violation.route[:-1], "metric")) in SHARES
    if key in ("at_least", "at_most", "between") and not is_share:
        fix = f"write {key}: 90%, or a number without %: {number}"
    return problem(violation, document, "W206", message, fix)


def _example_of_share(violation: Violation) -> str:
    """The first example of the format that is a percentage."""
    shares = (each for each in violation.node.get("examples", ()) if isinstance(each, str))
    return next(shares, "95%")


def _reference(violation: Violation, document: Document, found: str, words: str) -> Problem:
    bare = re.sub(r"^\$?\{+\s*|\s*\}+$", "", found).strip()
    if bare != found and re.fullmatch(r"[a-z][a-z0-9_]*(\.[A-Za-z0-9_]+)*", bare):
        message = f"{name_of_value(violation, document)} is a plain reference, without braces"
        return problem(violation, document, "W301", message, f"write {bare}")
    if violation.route[-1] == "that" and (meant := condition_in(found)):
        fix = f"write {meant[1:-1]}"
        return problem(violation, document, "W301", f"{quoted(found)} is not a reference", fix)
    if "name of an image" in words:
        message = f"{quoted(found)} is no name of an image"
        fix = "files are named in `images:` at the top; write its name here, for example image"
        return problem(violation, document, "W301", message, fix)
    if re.search(r"[\[\]]", found):
        fix = "a whole list is meant: leave the brackets out"
    elif found != (lower := found.lower().replace("-", "_").replace(" ", "")) and re.fullmatch(
        r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*", lower
    ):
        fix = f"did you mean `{lower}`?"
    else:
        fix = "write the id of a step, a dot, and a part of its answer: find.boxes"
    return problem(violation, document, "W301", f"{quoted(found)} is not a reference", fix)


def _id(violation: Violation, document: Document, found: str) -> Problem:
    if found in RESERVED:
        message = f"no step can be called `{found}`: the word has a meaning of its own"
        return problem(violation, document, "W207", message, f"write for example id: my_{found}")
    message = f"{quoted(found)} cannot be the id of a step: only small letters, digits and _"
    name = as_name(found, "step")
    name = f"my_{name}" if name in RESERVED else name
    return problem(violation, document, "W207", message, f"write id: {name}")


def wrong_name(violation: Violation, document: Document) -> Problem:
    """A key of the author's own that cannot be a name."""
    name = violation.names[0]
    at = (*violation.route, name)
    owner = named_part(violation.route, document.data) or "the file"
    if violation.route[-1:] == ("headers",):
        message, fix = f"{quoted(name)} is no name of a header", "letters, digits and - only"
    else:
        rule = "small letters, digits and _"
        if re.match(r"[0-9_]", name):
            rule = "a name starts with a letter"
        message = f"{quoted(name)} in {owner} is no possible name: {rule}"
        fix = f"write {as_name(name)}"
    return problem(violation, document, "W207", message, fix, at=at, key=True)
