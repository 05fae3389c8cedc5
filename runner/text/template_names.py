"""The names in a parsed template: what it takes from outside, and which filters and tests it uses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runner.text.suggest import did_you_mean
from runner.text.tags import Tag, Word
from runner.text.template_page import Page, TemplateMistake
from runner.text.template_words import (
    ENTRY,
    FILTERS,
    GLOBALS,
    MAX_RANGE,
    OTHER_FILTERS,
    RANGE_TOO_LONG,
    TESTS,
)

if TYPE_CHECKING:
    from jinja2 import nodes


Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NameUse:
    """A value that the template takes from outside: `{{ vars.thing }}` is `("vars", "thing")`.

    An entry of a list is `[]`: `{{ find.boxes[0] }}` is `("find", "boxes", "[]")`. Names that the
    template itself binds (`for`, `set`) are reported where what they come from is known: after
    `{% for b in find.boxes %}`, `{{ b.label }}` is `("find", "boxes", "[]", "label")`, and `own` is
    how that was written, `("b", "label")`. Line and column count from 1; `length` covers the whole
    dotted name. `alone` says that this one word is all that stands between {{ and }}.
    """

    path: Path
    line: int
    column: int
    length: int = 1
    alone: bool = False
    own: Path = ()


def name_uses(page: Page, tree: nodes.Template) -> tuple[NameUse, ...]:
    """What the template takes from outside, in the order of the text."""
    places = _Places(page)
    walk = _Uses(tree)
    # The template's own names take their places, too, so that the others get theirs.
    names = [(places.of_name(path, line), origin) for path, line, origin in walk.found]
    uses = [
        use if origin is None else replace(use, path=(*origin, *use.path[1:]), own=use.path)
        for use, origin in names
        if origin is None or (origin and len(use.path) > 1)
    ]
    return tuple(sorted(uses, key=lambda use: (use.line, use.column)))


def check_names(page: Page, tree: nodes.Template) -> None:
    """Tells every filter and test that there is not."""
    from jinja2 import nodes

    places = _Places(page)
    for node in tree.find_all(nodes.Filter):
        if node.name not in FILTERS:
            line, column = places.of_operator("|", node.name, node.lineno)
            _tell_unknown(page, "W325", "filter", node.name, FILTERS, (line, column))
    for test in tree.find_all(nodes.Test):
        if test.name not in TESTS:
            line, column = places.of_operator("is", test.name, test.lineno)
            _tell_unknown(page, "W326", "test", test.name, TESTS, (line, column))
    for call, given in _Uses(tree).calls:
        _tell_call(page, call, given, places)
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "range":
            _check_range(page, call, places)


def _tell_call(page: Page, call: nodes.Call, given: Path, places: _Places) -> None:
    """Tells `len(find.boxes)`: what changes a value stands behind it."""
    name: str = call.node.name  # type: ignore[attr-defined]  # calls of names only
    use = places.of_name((name,), call.lineno)
    word = OTHER_FILTERS.get(name, name if name in FILTERS else None)
    value = ".".join(given).replace(f".{ENTRY}", "[0]") or "name"
    written = f"{value} | {word or 'upper'}{'(…)' if len(call.args) > 1 else ''}"
    if _is_whole(page, (use.line, use.column)) or not word:
        written = f"{{{{ {written} }}}}"
    fix = f"write {written}" if word else f"what changes a value stands behind it: {written}"
    message = f"there is no function `{name}` in a template"
    page.mistakes.append(TemplateMistake(use.line, use.column, len(name), message, fix, "W312"))


def _is_whole(page: Page, at: tuple[int, int]) -> bool:
    """Whether the call that starts here is all that stands between {{ and }}."""
    for tag in page.tags:
        if tag.words and page.position(tag.words[0].start) == at:
            return (
                tag.kind == "print" and [w.text for w in tag.words].index(")") == len(tag.words) - 1
            )
    return False


def _check_range(page: Page, call: nodes.Call, places: _Places) -> None:
    """Tells a range that no run would take; one that depends on a value is known only then."""
    from jinja2 import nodes

    ends = [each.value for each in call.args if isinstance(each, nodes.Const)]
    if len(ends) != len(call.args) or not all(type(each) is int for each in ends):
        return
    with suppress(TypeError, ValueError, OverflowError):
        if len(range(*ends)) > MAX_RANGE:
            use = places.of_name(("range",), call.lineno)
            at = (use.line, use.column, len("range"))
            page.mistakes.append(TemplateMistake(*at, RANGE_TOO_LONG, "take fewer", "W329"))


def _tell_unknown(
    page: Page, code: str, kind: str, name: str, known: frozenset[str], at: tuple[int, int]
) -> None:
    close = OTHER_FILTERS.get(name) if kind == "filter" else None
    close = close or did_you_mean(name, known)
    fix = f"did you mean `{close}`?" if close else f"known: {', '.join(sorted(known))}"
    mistake = TemplateMistake(*at, len(name), f"there is no {kind} `{name}`", fix, code)
    page.mistakes.append(mistake)


class _Places:
    """Where the names, filters and tests of the parsed tree stand; each place is given once."""

    def __init__(self, page: Page) -> None:
        self._names: dict[tuple[int, tuple[str, ...]], list[tuple[int, int]]] = {}
        self._roots: dict[tuple[int, str], list[tuple[int, int]]] = {}
        self._operators: dict[tuple[str, str, int], list[int]] = {}
        self._alone: set[tuple[int, int]] = set()
        for tag in page.tags:
            bound = _binding(tag)
            if tag.kind == "print" and len(tag.words) == 1:
                self._alone.add(page.position(tag.words[0].start))
            for index, word in enumerate(tag.words):
                if word.kind != "name" or index in bound:
                    continue
                line, column = page.position(word.start)
                before = tag.words[index - 1].text if index else ""
                for sign in ("|", "is") if before != "." else ():
                    self._operators.setdefault((sign, word.text, line), []).append(column)
                if before == ".":
                    continue
                path, end = _dotted(tag.words, index)
                self._names.setdefault((line, path), []).append((column, end - word.start))
                self._roots.setdefault((line, path[0]), []).append((column, len(path[0])))

    def of_name(self, path: tuple[str, ...], line: int) -> NameUse:
        places = self._names.get((line, path)) or self._roots.get((line, path[0])) or [(1, 1)]
        column, length = places.pop(0) if len(places) > 1 else places[0]
        return NameUse(path, line, column, length, (line, column) in self._alone)

    def of_operator(self, sign: str, name: str, line: int) -> tuple[int, int]:
        columns = self._operators.get((sign, name.split(".")[0], line)) or [1]
        return line, columns.pop(0) if len(columns) > 1 else columns[0]


def _binding(tag: Tag) -> set[int]:
    """The positions of words that give names: in `for x in …`, `set x = …`, `join(d=", ")`."""
    texts = [word.text for word in tag.words]
    named = {at - 1 for at, text in enumerate(texts) if text == "="}
    ending = {"for": "in", "set": "="}.get(tag.name)
    return named | set(range(texts.index(ending)) if ending in texts else ())


def _dotted(words: tuple[Word, ...], index: int) -> tuple[tuple[str, ...], int]:
    """The dotted name that starts with this word, and the offset after it."""
    path = [words[index].text]
    end = words[index].start + len(words[index].text)
    at = index + 1
    while at + 1 < len(words):
        if words[at].text == "." and words[at + 1].kind == "name":
            path.append(words[at + 1].text)
            end, at = words[at + 1].start + len(words[at + 1].text), at + 2
        elif words[at].text == "[" and words[at + 1].kind == "text" and at + 2 < len(words):
            path.append(words[at + 1].text[1:-1])
            end, at = words[at + 2].start + 1, at + 3
        elif words[at].text == "[" and words[at + 1].kind == "number" and at + 2 < len(words):
            path.append(ENTRY)
            end, at = words[at + 2].start + 1, at + 3
        else:
            break
    return tuple(path), end


class _Uses:
    """Walks a parsed template with its scopes.

    `found` holds each name's path, its line, and for the template's own names where they come from
    (nothing when nobody can know); `calls` the functions that there are not, with their first value.
    """

    def __init__(self, tree: nodes.Template) -> None:
        self.found: list[tuple[Path, int, Path | None]] = []
        self.calls: list[tuple[nodes.Call, Path]] = []
        self._visit_all(tree.body, dict.fromkeys(GLOBALS, ()))

    def _visit_all(self, items: list[nodes.Node], bound: dict[str, Path]) -> None:
        for item in items:
            self._visit(item, bound)

    def _visit(self, node: nodes.Node, bound: dict[str, Path]) -> None:
        from jinja2 import nodes

        match node:
            case nodes.Getattr() | nodes.Getitem() | nodes.Name():
                self._visit_path(node, bound)
            case nodes.Call(node=nodes.Name(name=name)) if name not in bound:
                given = _origin(node.args[0], bound) if node.args else ()
                self.calls.append((node, given))
                self._visit_all([*node.args, *node.kwargs], bound)
            case nodes.For():
                self._visit(node.iter, bound)
                inner = bound | _targets(node.target) | {"loop": ()}
                if isinstance(node.target, nodes.Name):
                    inner[node.target.name] = _entry_of(_origin(node.iter, bound))
                self._visit_all([node.test] if node.test else [], inner)
                self._visit_all(node.body, dict(inner))
                self._visit_all(node.else_, dict(bound))
            case nodes.Assign():
                self._visit(node.node, bound)
                origin = _origin(node.node, bound)
                for name in _targets(node.target):
                    single = isinstance(node.target, nodes.Name) and name not in bound
                    bound[name] = origin if single else ()
            case nodes.AssignBlock():
                self._visit_all(node.body, dict(bound))
                self._visit_all([node.filter] if node.filter else [], bound)
                bound |= _targets(node.target)
            case nodes.Macro():
                self._visit_all(list(node.defaults), bound)
                bound[node.name] = ()
                self._visit_body(node, bound)
            case nodes.CallBlock():
                self._visit(node.call, bound)
                self._visit_all(list(node.defaults), bound)
                self._visit_body(node, bound)
            case nodes.With():
                self._visit_all(list(node.values), bound)
                names = {name: () for target in node.targets for name in _targets(target)}
                self._visit_all(node.body, bound | names)
            case nodes.FilterBlock():
                self._visit(node.filter, bound)
                self._visit_all(node.body, dict(bound))
            case _:
                self._visit_all(list(node.iter_child_nodes()), bound)

    def _visit_body(self, node: nodes.Macro | nodes.CallBlock, bound: dict[str, Path]) -> None:
        arguments = [argument.name for argument in node.args]
        names = dict.fromkeys([*arguments, "caller", "varargs", "kwargs"], ())
        self._visit_all(node.body, bound | names)

    def _visit_path(self, node: nodes.Node, bound: dict[str, Path]) -> None:
        from jinja2 import nodes

        steps: list[str | None] = []
        while isinstance(node, nodes.Getattr | nodes.Getitem):
            steps.append(_step(node))
            if isinstance(node, nodes.Getitem):
                self._visit(node.arg, bound)
            node = node.node
        if isinstance(node, nodes.Name):
            path = (node.name, *_known(steps[::-1]))
            self.found.append((path, node.lineno, bound.get(node.name)))
        else:
            self._visit(node, bound)


def _origin(node: nodes.Node, bound: dict[str, Path]) -> Path:
    """The outside value that an expression is, or whose entries it holds; nothing when it is none."""
    from jinja2 import nodes

    match node:
        case nodes.Name():
            return bound.get(node.name, (node.name,))
        case nodes.Getattr() | nodes.Getitem():
            above, step = _origin(node.node, bound), _step(node)
            return (*above, step) if above and step is not None else ()
        case nodes.Filter() if node.node is not None and node.name in SAME_ENTRIES:
            return _origin(node.node, bound)
        case nodes.Filter() if node.node is not None and node.name in ("first", "last"):
            return _entry_of(_origin(node.node, bound))
        case _:
            return ()


SAME_ENTRIES = frozenset({"list", "reverse", "sort", "unique", "selectattr", "rejectattr"})
"""Filters after which a list holds entries of the same kind."""


def _entry_of(path: Path) -> Path:
    return (*path, ENTRY) if path else ()


def _step(node: nodes.Getattr | nodes.Getitem) -> str | None:
    """What follows a name: `.label`, `["label"]` or, as an entry, `[0]`; None for what only a run
    could know."""
    from jinja2 import nodes

    if isinstance(node, nodes.Getattr):
        return node.attr
    value = node.arg.value if isinstance(node.arg, nodes.Const) else None
    return value if isinstance(value, str) else ENTRY if isinstance(value, int) else None


def _known(steps: list[str | None]) -> Iterator[str]:
    """The steps of a path up to the first that only a run could know."""
    for step in steps:
        if step is None:
            return
        yield step


def _targets(node: nodes.Node) -> dict[str, Path]:
    from jinja2 import nodes

    names = [node] if isinstance(node, nodes.Name) else list(node.find_all(nodes.Name))
    return {name.name: () for name in names}
