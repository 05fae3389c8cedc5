"""Colons and dashes that are missing, stand in the wrong place or lack their space."""

from __future__ import annotations

import re

from runner.text.lints import SENT
from runner.text.scalars import in_quotes, is_plain
from runner.text.scene import Finding, Line, Scene, write
from runner.text.suggest import did_you_mean

_NOT_KEYS = r"(?!https?:|data:|lib:|gs:|file:)"


def key_missing(scene: Scene) -> Finding | None:
    """`: value`."""
    line = scene.lines[scene.line - 1]
    if not re.match(r"\s*+(?:- +)*+:(?:\s|$)", line):
        return None
    at = (scene.line, line.index(":") + 1, 1)
    message = "a key is missing before the colon"
    return scene.finding("W124", message, at, "write a name before it", {scene.line: ""})


def space_missing(scene: Scene) -> Finding | None:
    """`prompt:Find` and `-id: a`."""
    for number in _lines_that_ran_together(scene):
        line = scene.lines[number - 1]
        dash = re.match(r"\s*+-(?=[^\W\d][\w-]*+:(?:\s|$))", line)
        if dash:
            message = "a space is missing after the dash"
            return _spaced(scene, number, dash.end(), message)
        colon = re.match(rf"\s*+(?:- +)*+{_NOT_KEYS}[A-Za-z_][\w-]*+:(?=[^\s:/\\])", line)
        if colon:
            return _spaced(scene, number, colon.end(), "a space is missing after the colon")
    return None


def _spaced(scene: Scene, number: int, at: int, message: str) -> Finding:
    line = scene.lines[number - 1]
    mended = f"{line[:at]} {line[at:]}"
    fix = f"write `{mended.strip()}`"
    return scene.finding("W117", message, (number, at, 1), fix, {number: mended})


def _lines_that_ran_together(scene: Scene) -> list[int]:
    """The line where it failed and the one that it may have continued."""
    if scene.since is not None and scene.since[0] < scene.line and "simple key" in scene.during:
        return [scene.since[0]]
    if scene.last is not None and scene.last.style == "plain" and scene.last.line < scene.line:
        return [scene.line, scene.last.line]
    return [scene.line]


def colon_in_text(scene: Scene) -> Finding | None:
    """`prompt: Reply: yes`, or a line that became part of the value above it."""
    if "mapping values are not allowed" not in scene.wanted:
        return None
    line = scene.split(scene.line)
    if line.key is None or line.column > scene.column:
        return _continued(scene, line)
    before = line.text[: scene.column - 1].rstrip()
    start = max(before.rfind(" ") + 2, line.column)
    at = (line.number, start, scene.column - start + 1)
    message = "a colon inside a text makes YAML read a key there"
    if re.fullmatch(r"\S+:", line.value) and line.key not in SENT:
        message, plain = "there is a colon too many", line.value.rstrip(":")
        edits = {line.number: line.with_value(plain)}
        return scene.finding("W104", message, at, f"write {line.key}: {plain}", edits)
    edits = {line.number: line.with_value(in_quotes(line.value))}
    return scene.finding("W104", message, at, write(line.key, line.value), edits)


def _continued(scene: Scene, line: Line) -> Finding | None:
    """A line with a colon that YAML takes as more of the value above it."""
    last = scene.last
    if last is None or last.style != "plain" or last.line >= scene.line or line.key is None:
        return None
    above = scene.split(last.line)
    if above.key is None:
        return colon_missing(scene, above)
    if re.fullmatch(r"[a-z][a-z0-9_-]*", line.key):
        column = above.key_column
        message = f"`{line.key}` is indented more than `{above.key}`, so YAML reads it as more of its value"
        fix = f"start it in column {column}, right below `{above.key}`"
        if line.key in _OF_FIELDS and re.fullmatch(r"[a-z_]+", above.value):
            fix = f"write {above.key}: {{type: {above.value}, {line.key}: {line.value}}}"
        at = (line.number, line.indent + 1, len(line.key))
        edits = shifted(scene, line.number, column - 1 - line.indent)
        return scene.finding("W109", message, at, fix, edits)
    message = f"a colon inside the text of `{above.key}` makes YAML read a key there"
    middle = "".join(f"\n  {each.strip()}" for each in scene.lines[last.line : scene.line])
    fix = f"write the text as a block:\n{above.key}: |\n  {above.value}{middle}"
    at = (line.number, line.indent + 1, len(line.key) + 1)
    edits = dict.fromkeys(range(last.line + 1, scene.line + 1), "")
    edits[above.number] = above.with_value(in_quotes(f"{above.value} {line.words}"))
    return scene.finding("W104", message, at, fix, edits)


_OF_FIELDS = ("description", "optional", "min", "max")
"""What may stand beside the type of a field, which is then written in the long form."""


def colon_missing(scene: Scene, line: Line) -> Finding | None:
    """`prompt Find the cats`, `schema = boxes`; or text that goes on, or has no key."""
    above = scene.above(line.number)
    word = re.match(r"[A-Za-z_][\w-]*+", line.value)
    name = word.group() if word else ""
    sign = _OTHER_SIGNS.match(line.value, len(name))
    known = scene.beside(above.key) if above is not None and above.key else frozenset()
    key = _key(name, known)
    if above is not None and known and not key and not sign:
        return _goes_on(scene, above, line) if _is_text(above) else _keyless(scene, line, known)
    if not name:
        return None
    end = sign.end() if sign else len(name)
    mended = f"{key or name}: {line.value[end:].strip()}".rstrip()
    message = f"a colon is missing after `{name}`"
    if sign:
        message = f"a plain colon stands after a key, not `{sign[1]}`"
    at = (line.number, line.column, end)
    edits = {line.number: line.with_value(mended)}
    return scene.finding("W117", message, at, f"write `{mended}`", edits)


_OTHER_SIGNS = re.compile(r"\s*+(:=|=>|->|=|：|﹕|→|;)")
"""What stands between a name and its value elsewhere."""

NO_SLIP = 4
"""A shorter word is near to some key by chance, as `and` is to `add`."""


def _key(word: str, known: frozenset[str]) -> str | None:
    """The key that a word is, or may be with a slip; None for a word of a text."""
    if word in known or len(word) < NO_SLIP:
        return word if word in known else None
    return did_you_mean(word, known)


def _is_text(line: Line) -> bool:
    """Whether a text stands here that can go on: in no quotes or brackets, and no block."""
    return line.key in SENT and not re.match(r"[\"'\[{|>&*!]", line.value)


def _goes_on(scene: Scene, above: Line, line: Line) -> Finding:
    """`and say its colour.`, right below the `prompt:` that it belongs to."""
    edits = indented(scene, line.number, above.key_column + 1)
    texts = "".join(
        f"\n  {text.strip()}" for text in (above.value, *edits.values()) if text.strip()
    )
    message = f"a line that goes on with the text of `{above.key}` must be indented more than it"
    fix = f"put spaces before it, or write the text as a block:\n{above.key}: |{texts}"
    at = (line.number, line.indent + 1, len(line.words))
    return scene.finding("W109", message, at, fix, edits)


def _keyless(scene: Scene, line: Line, known: frozenset[str]) -> Finding:
    """`Find the cats` below `id: find`."""
    message = "there is neither a key nor a colon in this line"
    in_step = "prompt" in known and line.indent > 0
    fix = f"write `prompt: {line.words}`" if in_step else "write `key: value`"
    at = (line.number, line.column, len(line.words))
    return scene.finding("W117", message, at, f"{fix}, or delete it", {line.number: ""})


def indented(scene: Scene, number: int, indent: int) -> dict[int, str]:
    """The lines from here to the next key, indented as a block of text."""
    edits: dict[int, str] = {}
    for below in range(number, len(scene.lines) + 1):
        text = scene.lines[below - 1]
        if below > number and re.match(r"\s*+(?:- )?[A-Za-z_][\w-]*+:(?:\s|$)", text):
            break
        edits[below] = " " * indent + text.lstrip()
    return edits


def dash_in_line(scene: Scene) -> Finding | None:
    """`images: - a.jpg`: a list that starts on the line of its key."""
    line = scene.split(scene.line)
    in_line = line.key is not None and line.value.startswith("- ")
    if "sequence entries are not allowed" not in scene.wanted or not in_line:
        return None
    item = line.value[2:].strip()
    value = line.value
    if line.key in SENT:
        value = item
        fix = f"write {line.key}: {item if is_plain(item) else in_quotes(item)}"
    elif " " in item:
        fix = (
            f"write the list below it, or quotes around a text: {line.key}: {in_quotes(line.value)}"
        )
    else:
        fix = f"write {line.key}: [{item}]"
    message = "a list may not start on the line of its key"
    edits = {line.number: line.with_value(in_quotes(value))}
    return scene.finding("W118", message, (scene.line, scene.column, 1), fix, edits)


def shifted(scene: Scene, number: int, by: int) -> dict[int, str]:
    """The line and all that belong to it (deeper, below it), moved by so many columns."""
    first = scene.lines[number - 1]
    depth = len(first) - len(first.lstrip())
    edits = {number: _moved(first, by)}
    for below in range(number + 1, len(scene.lines) + 1):
        line = scene.lines[below - 1]
        if line.strip() and len(line) - len(line.lstrip()) <= depth:
            break
        edits[below] = _moved(line, by)
    return edits


def _moved(line: str, by: int) -> str:
    if not line.strip():
        return line
    return " " * by + line if by >= 0 else line[min(-by, len(line) - len(line.lstrip())) :]
