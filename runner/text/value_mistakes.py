"""Values that YAML cannot read as what they look like: their first character means something else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runner.text.lints import SENT
from runner.text.nodes import value_text
from runner.text.scalars import in_quotes
from runner.text.scene import SHORT, Finding, Line, Scene

_STARTS: tuple[tuple[str, str, str], ...] = (
    (r"\{\{", "W101", "a value that starts with {{ must be in quotes"),
    (r"\{%", "W101", "a value that starts with {% must be in quotes"),
    (r"\{#", "W101", "a value that starts with {# must be in quotes"),
    (r"\*", "W102", "a value may not start with * (YAML reads it as a link)"),
    (r"&", "W103", "a value may not start with & (YAML reads it as a name for links)"),
    (r"@", "W105", "a value may not start with @ (YAML keeps it for later)"),
    (r"`", "W105", "a value may not start with ` (YAML keeps it for later)"),
    (r"%", "W105", "a value may not start with % (YAML keeps it for itself)"),
    (r"\?\s", "W105", "a value may not start with ? (YAML reads it as a long key)"),
    (r"!", "W112", "a value may not start with ! (YAML reads it as the name of a type)"),
    (r"[,\]}]", "W119", "a value may not start with a comma or a closing bracket"),
)


def first_character(scene: Scene) -> Finding | None:
    """`{{ x }} cats`, `*.jpg`, `@home`, `! note`."""
    for line in _suspects(scene):
        if line.text.startswith("%"):
            at = (line.number, 1, len(line.words))
            message = "a line may not start with % (YAML keeps it for itself)"
            return scene.finding("W105", message, at, "remove the line", {line.number: ""})
        for starts, code, message in _STARTS:
            if re.match(starts, line.value):
                whole = line.text[line.column - 1 :].rstrip()  # what looks like a comment in {# #}
                value = whole if line.value.startswith("{#") else line.value
                return scene.quote(line, code, message, value)
    return None


def first_in_brackets(scene: Scene) -> Finding | None:
    """`[*.jpg, a.png]`: the same within a list or group in brackets."""
    number, column = scene.since or (scene.line, scene.column)
    text = scene.lines[number - 1]
    written = value_text(text, column, in_flow=True)
    for starts, code, message in _STARTS:
        if column > 1 and starts[-1] in "*&@`%!" and re.match(starts, written):
            quoted = in_quotes(written)
            edits = {number: text[: column - 1] + quoted + text[column - 1 + len(written) :]}
            at = (number, column, len(written))
            return scene.finding(code, message, at, f"put it in quotes: {quoted}", edits)
    return None


def _suspects(scene: Scene) -> Iterator[Line]:
    """The lines at which a bad value may have started: where it failed, and since when."""
    yield scene.split(scene.line)
    if scene.since is not None and scene.since[0] != scene.line:
        number, column = scene.since
        line = scene.split(number)
        if line.column == column:
            yield line


def block_header(scene: Scene) -> Finding | None:
    """`> quote` and `| text`: a text on the line of the sign that starts a block."""
    if scene.during != "while scanning a block scalar" or "tab" in scene.wanted:
        return None
    line = scene.split(scene.since[0] if scene.since else scene.line)
    if not line.value.startswith((">", "|")):
        return None
    sign = line.value[0]
    if re.fullmatch(r"[|>][-+]?[0-9]+[-+]?", line.value):
        at = (line.number, line.column, len(line.value))
        message = f"a number after {sign} must be 1 to 9: it counts the spaces of the indentation"
        edits = {line.number: line.with_value(sign)}
        return scene.finding("W106", message, at, f"write {sign} alone", edits)
    message = f"no text may follow {sign} on its line (it starts a block of text below it)"
    text = line.value[1:].lstrip()
    start = f"{line.key}: {sign}" if line.key else f"- {sign}"
    fix = f"write the text below it:\n{start}\n  {text}"
    at = (line.number, line.column, len(line.value))
    return scene.finding("W106", message, at, fix, {line.number: line.with_value(sign)})


def quotation(scene: Scene) -> Finding | None:
    r"""`'tis`, `"Cat" or dog`, `"C:\path"`: quotes that do not enclose the value."""
    line = _quoted_line(scene)
    if line is None:
        return None
    if "escape" in scene.wanted or "hex" in scene.wanted:
        return _unknown_escape(scene, line)
    sign = line.value[0]
    closed = re.match(r'"(?:[^"\\]|\\.)*+"' if sign == '"' else r"'(?:[^']|'')*+'", line.value)
    opening = (line.number, line.column, 1)
    if closed is not None:
        rest = line.value[closed.end() :]
        column = line.column + closed.end() + len(rest) - len(rest.lstrip())
        after = (line.number, column, len(rest.strip()))
        meant = _inside(line.value) if _encloses(line.value, rest) else line.value
        return _requoted(scene, line, "text goes on after the closing quote", meant, after)
    if sign == "'":
        message = "an apostrophe at the start of a value opens a quotation that never ends"
        return _requoted(scene, line, message, line.value, opening)
    return _requoted(scene, line, "this quotation never ends", line.value[1:], opening)


def _encloses(value: str, rest: str) -> bool:
    """`'the cat's ears'` and not `'a' and 'b'`: the quote before `rest` is part of the text."""
    return value.endswith(value[0]) and re.match(r"\w", rest) is not None


def _inside(value: str) -> str:
    """What stands between the quotes at both ends."""
    inner = value[1:-1]
    return inner.replace("''", "'") if value[0] == "'" else inner.replace('\\"', '"')


def _unknown_escape(scene: Scene, line: Line) -> Finding:
    text = scene.lines[scene.line - 1]
    at = text.rfind("\\", 0, scene.column) + 1
    message = f"`{text[at - 1 : at + 1]}` means nothing between double quotes, where \\ starts a special character"
    inner = line.value[1:].removesuffix('"')
    return _requoted(scene, line, message, inner, (scene.line, at, 2))


def _quoted_line(scene: Scene) -> Line | None:
    """The line on which the quotation started that the parser could not make sense of."""
    if scene.during.endswith("a quoted scalar") and scene.since:
        return _with_quote(scene.split(scene.since[0]))
    line = _with_quote(scene.split(scene.line))
    if line is not None and scene.column > line.column:
        return line
    last = scene.last
    if last is not None and last.style in ("single", "double") and last.end_line == scene.line:
        return _with_quote(scene.split(last.line))
    return None


def _with_quote(line: Line) -> Line | None:
    return line if line.value.startswith(("'", '"')) else None


def _requoted(
    scene: Scene, line: Line, message: str, meant: str, at: tuple[int, int, int]
) -> Finding:
    quoted = in_quotes(meant)
    fix = f"write {line.key}: {quoted}" if line.key else f"write {quoted}"
    return scene.finding("W107", message, at, fix, {line.number: line.with_value(quoted)})


def brackets(scene: Scene) -> Finding | None:
    """A list or group in brackets that never ends, or a text that starts with a bracket."""
    if "flow" in scene.during and scene.since is not None:
        return _open_bracket(scene, *scene.since)
    line = scene.split(scene.line)
    if line.value.startswith(("[", "{")) and scene.column > line.column:
        kind = "list" if line.value[0] == "[" else "group of keys"
        message = f"a value that starts with {line.value[0]} is a {kind}, but text goes on after it"
        return scene.quote(line, "W119", message)
    return None


def _open_bracket(scene: Scene, number: int, column: int) -> Finding | None:
    if scene.lines[scene.line - 1].startswith(":", scene.column - 1) and number == scene.line:
        at = (scene.line, scene.column, 1)
        comma = _comma_missing(scene)
        if comma is not None:
            return comma
        message = "a colon inside a text in brackets makes YAML read a key there"
        return scene.finding("W104", message, at, "put the text in quotes")
    if scene.lines[number - 1][column - 1 : column] not in ("[", "{"):
        opened = _nearest_bracket(scene, number)  # at the end of the file, nothing stands here
        if opened is None:
            return None
        number, column = opened
    sign = scene.lines[number - 1][column - 1]
    closing = {"[": "]", "{": "}"}[sign]
    line = scene.split(number)
    closed = line.value + closing
    message = f"this {sign} is never closed, or a comma is missing"
    if number == scene.line or len(closed) > SHORT:
        fix = f"write {closing} at its end, and commas between its parts"
        return scene.finding("W119", message, (number, column, 1), fix)
    edits = {number: line.with_value(closed)}
    return scene.finding("W119", message, (number, column, 1), f"close it: {closed}", edits)


def _comma_missing(scene: Scene) -> Finding | None:
    """`{as: csv to: b.csv}`: a key right after the value of another."""
    text = scene.lines[scene.line - 1]
    before = text[: scene.column - 1]
    pair = re.search(r"([\w-]+): +([^\s,:]+) +([A-Za-z_][\w-]*)$", before)
    if pair is None or pair[1] in SENT:
        return None
    at = (scene.line, pair.start(3) + 1, len(pair[3]))
    mended = f"{before[: pair.end(2)]}, {text[pair.start(3) :]}"
    value = value_text(text, scene.column + 1, in_flow=True).strip()
    fix = f"write {pair[1]}: {pair[2]}, {pair[3]}: {value}"
    message = f"a comma is missing before `{pair[3]}`"
    return scene.finding("W119", message, at, fix, {scene.line: mended})


def _nearest_bracket(scene: Scene, number: int) -> tuple[int, int] | None:
    """The value above that starts with a bracket which its line does not close."""
    for above in range(number, 0, -1):
        line = scene.split(above)
        closing = {"[": "]", "{": "}"}.get(line.value[:1])
        if closing is not None and closing not in line.value:
            return above, line.column
    return None
