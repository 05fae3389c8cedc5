"""Elements: HTML as text, in which nothing that is told can become a part of the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from urllib.parse import urlencode


class Markup(str):
    """HTML that was made here; any other text is escaped."""

    __slots__ = ()


Child = Markup | str | None | Iterable["Child"]


def el(tag: str, *children: Child, **attributes: str | int | float | None) -> Markup:
    """An element. Of an attribute `class_` is `class`, and `aria_label` is `aria-label`; one that is
    None is left out."""
    told = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    inner = joined(*children)
    return Markup(f"<{tag}{told}/>" if tag in _VOID else f"<{tag}{told}>{inner}</{tag}>")


def joined(*children: Child) -> Markup:
    """Several things as one, without anything between them."""
    return Markup("".join(_written(child) for child in children))


def link_to(text: Child, **state: str | int) -> Markup:
    """A number (or a word) that leads to the images behind it: the cases for which all of this is
    so."""
    return el("a", text, href=f"#{address(state)}")


def address(state: Mapping[str, str | int]) -> str:
    """What stands behind the `#` for such cases."""
    return urlencode({"show": "cases", **state}, errors="backslashreplace")


def _written(child: Child) -> str:
    match child:
        case None:
            return ""
        case Markup():
            return child
        case str():
            return escape(child)
    return "".join(map(_written, child))


_VOID = frozenset({"br", "hr", "img", "input", "meta", "line", "circle", "rect", "path"})
