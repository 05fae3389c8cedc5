"""The names in a parsed template: what it takes from outside, and which filters and tests it uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.text.suggest import did_you_mean
from runner.text.tags import Tag, Word
from runner.text.template_page import Page, TemplateMistake
from runner.text.template_words import FILTERS, GLOBALS, TESTS

if TYPE_CHECKING:
    from jinja2 import nodes


@dataclass(frozen=True, slots=True)
class NameUse:
    """A value that the template takes from outside: `{{ vars.thing }}` is `("vars", "thing")`.

    Names that the template itself binds (`for`, `set`, macros) are not reported. Line and column
    count from 1; `length` covers the whole dotted name. `alone` says that this one
    word is all that stands between {{ and }}.
    """

    path: tuple[str, ...]
    line: int
    column: int
    length: int = 1
    alone: bool = False


def name_uses(page: Page, tree: nodes.Template) -> tuple[NameUse, ...]:
    """What the template takes from outside, in the order of the text."""
    places = _Places(page)
    # The template's own names take their places, too, so that the others get theirs.
    names = [(places.of_name(path, line), bound) for path, line, bound in _Uses(tree).found]
    uses = [use for use, bound in names if not bound]
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


def _tell_unknown(
    page: Page, code: str, kind: str, name: str, known: frozenset[str], at: tuple[int, int]
) -> None:
    close = did_you_mean(name, known)
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
        else:
            break
    return tuple(path), end


class _Uses:
    """Walks a parsed template with its scopes; `found` holds each name's path, its line, and
    whether the template itself binds it."""

    def __init__(self, tree: nodes.Template) -> None:
        self.found: list[tuple[tuple[str, ...], int, bool]] = []
        self._visit_all(tree.body, set(GLOBALS))

    def _visit_all(self, items: list[nodes.Node], bound: set[str]) -> None:
        for item in items:
            self._visit(item, bound)

    def _visit(self, node: nodes.Node, bound: set[str]) -> None:
        from jinja2 import nodes

        match node:
            case nodes.Getattr() | nodes.Getitem() | nodes.Name():
                self._visit_path(node, bound)
            case nodes.For():
                self._visit(node.iter, bound)
                inner = bound | _targets(node.target) | {"loop"}
                self._visit_all([node.test] if node.test else [], inner)
                self._visit_all(node.body, set(inner))
                self._visit_all(node.else_, set(bound))
            case nodes.Assign():
                self._visit(node.node, bound)
                bound |= _targets(node.target)
            case nodes.AssignBlock():
                self._visit_all(node.body, set(bound))
                self._visit_all([node.filter] if node.filter else [], bound)
                bound |= _targets(node.target)
            case nodes.Macro():
                self._visit_all(list(node.defaults), bound)
                bound.add(node.name)
                self._visit_body(node, bound)
            case nodes.CallBlock():
                self._visit(node.call, bound)
                self._visit_all(list(node.defaults), bound)
                self._visit_body(node, bound)
            case nodes.With():
                self._visit_all(list(node.values), bound)
                names = set().union(*(_targets(target) for target in node.targets))
                self._visit_all(node.body, bound | names)
            case nodes.FilterBlock():
                self._visit(node.filter, bound)
                self._visit_all(node.body, set(bound))
            case _:
                self._visit_all(list(node.iter_child_nodes()), bound)

    def _visit_body(self, node: nodes.Macro | nodes.CallBlock, bound: set[str]) -> None:
        arguments = {argument.name for argument in node.args}
        self._visit_all(node.body, bound | arguments | {"caller", "varargs", "kwargs"})

    def _visit_path(self, node: nodes.Node, bound: set[str]) -> None:
        from jinja2 import nodes

        steps: list[str | None] = []
        while isinstance(node, nodes.Getattr | nodes.Getitem):
            if isinstance(node, nodes.Getattr):
                steps.append(node.attr)
            else:
                index = node.arg.value if isinstance(node.arg, nodes.Const) else None
                steps.append(index if isinstance(index, str) else None)
                self._visit(node.arg, bound)
            node = node.node
        if not isinstance(node, nodes.Name):
            self._visit(node, bound)
        else:
            path = (node.name, *_known(steps[::-1]))
            self.found.append((path, node.lineno, node.name in bound))


def _known(steps: list[str | None]) -> Iterator[str]:
    """The steps of a path up to the first that only a run could know."""
    for step in steps:
        if step is None:
            return
        yield step


def _targets(node: nodes.Node) -> set[str]:
    from jinja2 import nodes

    names = [node] if isinstance(node, nodes.Name) else list(node.find_all(nodes.Name))
    return {name.name for name in names}
