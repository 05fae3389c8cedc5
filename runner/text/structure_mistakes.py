"""What a YAML parser accepts and nobody means: told with the line as it should be."""

from __future__ import annotations

import re
from dataclasses import dataclass

from runner.text.nodes import Node
from runner.text.scalars import in_quotes
from runner.values.problem import Severity


@dataclass(frozen=True, slots=True)
class Told:
    """A problem without its place. `length` is in characters, None for the whole value."""

    code: str
    message: str
    fix: str | None = None
    length: int | None = None
    severity: Severity = "error"


SECOND_DOCUMENT = Told(
    "W115",
    "a second document starts here, but a file holds one workflow",
    "remove the line `---`, or put the second workflow in a file of its own",
)
TOO_MANY = Told("W114", "the file holds too many values", "put rows of data in a CSV file")
TOO_MUCH_LINKED = Told(
    "W111",
    "the links (`*name`) of this file write out to far too much data",
    "write the values out, or share them with `extends:`",
)


def too_deep(most: int) -> Told:
    """Lists in lists in lists, written or linked."""
    return Told("W114", f"the values are nested more than {most} levels deep", length=1)


def written_twice(name: str, first: Node, second: Node) -> Told:
    """One key in one group, two times: YAML would keep the last without a word."""
    lines = (
        f"on line {first.line} and on line {second.line}"
        if first.line != second.line
        else f"on line {first.line}"
    )
    return Told("W110", f"`{name}` is written twice, {lines}", "remove one of the two")


def unfit_key(key: Node) -> Told | None:
    """Why this cannot be the name of a key; None when it can."""
    written = key.written
    if key.style in ("map", "list"):
        return Told("W124", "a key must be a text", "put it in quotes if it is a text")
    if key.style == "plain" and written == "<<":
        fix = "write the keys out, or share them with `defaults:` or `extends:`"
        return Told("W111", "`<<` does not merge anything in this format", fix)
    if key.data is None and not written:
        return Told("W124", "a key is missing before the colon", "write a name before it")
    if not isinstance(key.data, str):
        kind = {bool: "yes or no", type(None): "nothing"}.get(type(key.data), "a number")
        message = f"`{written}` before the colon means {kind} in YAML, but a key must be a text"
        return Told("W124", message, f"write it in quotes: {in_quotes(written)}:")
    if re.match(r"-[^\W\d]", written):
        return Told("W117", "a space is missing after the dash", f"write `- {written[1:]}:`", 1)
    return None


def decimal_comma(before: str, after: str) -> Told:
    """`{pass_rate: 0,95}`: in brackets a comma ends the value."""
    if re.fullmatch(r"[1-9][0-9]{0,2}", before) and re.fullmatch(r"[0-9]{3}", after):
        message = f"`{before},{after}` is read as two values: a number has no comma between digits"
        return Told("W124", message, f"write {before}{after}", len(f"{before},{after}"))
    message = f"`{before},{after}` is read as two values: a decimal number has a point, not a comma"
    return Told("W124", message, f"write {before}.{after}", len(f"{before},{after}"))


def unquoted_template(key: str | None, written: str) -> Told:
    """`{{ x }}` without quotes is a group of keys in a group of keys."""
    quoted = in_quotes(written)
    fix = f"write {key}: {quoted}" if key is not None else f"put it in quotes: {quoted}"
    message = "a value that starts with {{ must be in quotes"
    return Told("W101", message, fix, len(written))


def unquoted_tag(written: str) -> Told:
    """`! note` and `!!python/object`: no type is ever made from a file."""
    message = "a value may not start with ! (YAML reads it as the name of a type)"
    fix = f"put it in quotes if it is a text: {in_quotes(written)}"
    return Told("W112", message, fix, len(written.split(maxsplit=1)[0]) if written else 1)


def unknown_link(written: str) -> Told:
    """`*.jpg` and `*bold`."""
    message = "a value may not start with * (YAML reads it as a link)"
    return Told("W102", message, f"put it in quotes: {in_quotes(written)}", len(written))


def link_to_itself(name: str) -> Told:
    """A value that holds itself has no end."""
    message = f"the link `*{name}` points to a value that holds the link itself"
    return Told("W111", message, "write the value out")


def unused_name(name: str, written: str) -> Told:
    """`&copy 2026`: a name that no link uses was probably meant as text."""
    message = f"`&{name}` is read as a name for links (`*{name}`), not as part of the value"
    fix = f"put the value in quotes: {in_quotes(written)}"
    return Told("W103", message, fix, len(name) + 1, "warning")


def too_large_number(written: str) -> Told:
    """`1e999`."""
    fix = f"write a smaller one, or put it in quotes if it is a text: {in_quotes(written)}"
    return Told("W125", "this number is too large", fix)
