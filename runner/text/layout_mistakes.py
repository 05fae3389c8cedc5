"""Lines that stand in the wrong column, or in the wrong place of the file."""

from __future__ import annotations

import re

from runner.text.colon_mistakes import colon_missing, indented, shifted
from runner.text.nodes import Node
from runner.text.scalars import in_quotes
from runner.text.scene import Finding, Line, Scene


def tabs(scene: Scene) -> Finding | None:
    """A tab in the indentation or after a dash: YAML allows none, and editors show spaces."""
    if not _has_tab(scene.lines[scene.line - 1]):
        return None
    tabbed = [number for number, line in enumerate(scene.lines, 1) if _has_tab(line)]
    first = tabbed[0]
    others = len(tabbed) - 1
    more = f" (and {others} more line{'s' if others > 1 else ''})" if others else ""
    text = scene.lines[first - 1]
    column = text.index("\t") + 1
    after_dash = "-" in text[: column - 1]
    where = "a tab stands after the dash" if after_dash else "the line is indented with a tab"
    message = f"{where}{more}, but YAML knows only spaces"
    length = len(text[column - 1 :]) - len(text[column - 1 :].lstrip("\t"))
    edits = {number: _without_tabs(scene.lines[number - 1]) for number in tabbed}
    fix = "write a space instead" if after_dash else "write two spaces instead of each tab"
    return scene.finding("W108", message, (first, column, length), fix, edits)


def _has_tab(line: str) -> bool:
    return "\t" in _lead(line) and bool(line.strip())


def _without_tabs(line: str) -> str:
    lead = _lead(line)
    return re.sub(r"(?<=-)\t+", " ", lead).replace("\t", "  ") + line[len(lead) :]


def _lead(line: str) -> str:
    """The white space and dashes at the start of a line."""
    found = re.match(r"[ \t]*+(?:-[ \t]++)*+", line)
    return found[0] if found else ""


def word_alone(scene: Scene) -> Finding | None:
    """A line without a colon where a key is wanted: text that fell out of its block, or no key."""
    if "could not find expected ':'" not in scene.wanted or scene.since is None:
        return None
    line = scene.split(scene.since[0])
    above = scene.above(line.number)
    if above is None or not re.fullmatch(r"[|>][-+0-9]*", above.value):
        return colon_missing(scene, line)
    message = f"the text of `{above.key}` must be indented more than `{above.key}`"
    fix = f"put two spaces before it:\n  {line.words}"
    at = (line.number, line.indent + 1, len(line.words))
    edits = indented(scene, line.number, above.indent + 2)
    return scene.finding("W109", message, at, fix, edits)


def comment_in_text(scene: Scene) -> Finding | None:
    """A text over several lines that a comment ends, behind one of them or on a line of its own."""
    last = scene.last
    if last is None or last.style != "plain" or last.end_line >= scene.line:
        return None
    above = scene.split(last.line)
    here = scene.split(scene.line)
    if not above.value or (here.key is not None and here.indent < above.key_column):
        return None
    place = _comment_after(scene, last)
    if place is None:
        return None
    number, column = place
    name = f"the text of `{above.key}`" if above.key else "the text"
    message = f"{name} ends here: what follows # is a comment, but the text goes on below"
    own_line = number > last.end_line
    below = range(last.line + 1, scene.line + 1)
    written = [above.text[above.column - 1 :], *(scene.lines[at - 1] for at in below)]
    texts = [text.strip() for text in written if text.strip()]
    if own_line:
        texts = [text for text in texts if not text.startswith("#")]
    block = "\n".join(f"  {text}" for text in texts)
    start = f"{above.key}: |" if above.key else "- |"
    moved = ", without the comment" if own_line else ", where # is an ordinary character"
    fix = f"write the text as a block{moved}:\n{start}\n{block}"
    edits = dict.fromkeys(below, "")
    edits[last.line] = above.with_value(in_quotes(" ".join(texts)))
    at = (number, column, len(scene.lines[number - 1].rstrip()) - column + 1)
    return scene.finding("W120", message, at, fix, edits)


def _comment_after(scene: Scene, last: Node) -> tuple[int, int] | None:
    """The line and column of the `#` that ended this text."""
    ending = scene.lines[last.end_line - 1]
    cut = re.compile(r"\s+#").match(ending, last.end_column - 1)
    if cut is not None:
        return last.end_line, cut.end()
    for number in range(last.end_line + 1, scene.line):
        text = scene.lines[number - 1]
        if text.lstrip().startswith("#"):
            return number, text.index("#") + 1
    return None


def second_document(scene: Scene) -> Finding | None:
    """Lines after the end: below a list in brackets, or below `...`."""
    if "document start" not in scene.wanted:
        return None
    message = "the file is over before this line: what stands above it is complete"
    at = (scene.line, scene.column, len(scene.lines[scene.line - 1].strip()))
    return scene.finding("W115", message, at, "write lines of `key: value`, all from column 1")


def indentation(scene: Scene) -> Finding | None:
    """A line that is in line with none of those that it could belong to."""
    line = scene.split(scene.line)
    if not line.words or scene.column != line.indent + 1:
        return None
    above = scene.above(scene.line)
    last = scene.last
    in_block = last is not None and last.style in ("literal", "folded") and line.key is None
    if last is not None and above is not None and in_block:
        owner = scene.split(last.line)
        message = f"this line is indented less than the text of `{owner.key}` above it"
        fix = f"start it in column {above.indent + 1}"
        at = (scene.line, line.indent + 1, len(line.words))
        edits = {scene.line: " " * above.indent + line.words}
        return scene.finding("W109", message, at, fix, edits)
    columns = _open_columns(scene, line)
    if line.indent in columns:
        return _mixed(scene, line)
    return _nearest(scene, line, columns)


def _nearest(scene: Scene, line: Line, columns: dict[int, str]) -> Finding | None:
    fitting = [each for each, name in columns.items() if (name == "-") == line.is_item]
    if not fitting:
        return None
    nearest = min(fitting, key=lambda each: (abs(each - line.indent), -each))
    name = columns[nearest]
    below = f"right below `{name}`" if name != "-" else "right below the dash above it"
    message = "this line is not in line with the ones above it"
    length = len(line.key) if line.key and not line.is_item else len(line.words)
    at = (line.number, line.indent + 1, length)
    edits = shifted(scene, line.number, nearest - line.indent)
    return scene.finding("W109", message, at, f"start it in column {nearest + 1}, {below}", edits)


def _mixed(scene: Scene, line: Line) -> Finding | None:
    """A list entry among keys, or a key among list entries."""
    at = (line.number, line.indent + 1, len(line.words))
    if line.is_item:
        message = "a list entry stands where a key is wanted"
        return scene.finding("W109", message, at, "indent it, below the key that it belongs to")
    if line.key is None:
        return None
    message = "a key stands where a list entry is wanted"
    return scene.finding("W109", message, at, "put `- ` before it, or indent it by two spaces")


def _open_columns(scene: Scene, line: Line) -> dict[int, str]:
    """Where an open key or list entry above starts (characters before it), with its name."""
    columns: dict[int, str] = {}
    limit = len(line.text) + 10_000
    for number in range(line.number - 1, 0, -1):
        text = scene.lines[number - 1]
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        above = scene.split(number)
        if above.indent >= limit:
            continue
        if above.is_item:
            columns.setdefault(above.indent, "-")
        if above.key is not None:
            columns.setdefault(above.key_column - 1, above.key)
        if above.is_item or above.key is not None:
            limit = above.indent
        if limit == 0:
            break
    return columns
