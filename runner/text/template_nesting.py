"""Whether every `{% … %}` is one that a prompt may use, and is closed where it should be."""

from __future__ import annotations

from runner.text.suggest import did_you_mean
from runner.text.tags import Tag
from runner.text.template_page import Page

_CLOSERS = {
    "if": "endif",
    "for": "endfor",
    "macro": "endmacro",
    "call": "endcall",
    "filter": "endfilter",
    "with": "endwith",
    "set": "endset",
    "raw": "endraw",
}
_MIDDLES = {"else": ("if", "for"), "elif": ("if",)}
_TAGS = [*_CLOSERS, *_CLOSERS.values(), *_MIDDLES]
_REFUSED = ("include", "import", "from", "extends", "block", "endblock", "autoescape", "do")
_OTHER_LANGUAGES = {"elseif": "elif", "elsif": "elif", "foreach": "for", "unless": "if"}


def check_nesting(page: Page) -> bool:
    """True when every `{% … %}` that opens something is closed in order."""
    before = len(page.mistakes)
    unclosed = any(tag.kind == "block" and not tag.closed for tag in page.tags)
    opened: list[Tag] = []
    with_else: set[int] = set()  # where the open tags start that have had their else
    for tag in page.tags:
        if tag.kind == "block" and tag.closed:
            _nest(page, tag, opened, with_else)
    for tag in opened if not unclosed else ():
        end = _CLOSERS[tag.name]
        message = f"{{% {tag.name} %}} is never closed"
        page.tell("W322", *page.span(tag), message, f"write {{% {end} %}} where it ends")
    return len(page.mistakes) == before and not unclosed


def _nest(page: Page, tag: Tag, opened: list[Tag], with_else: set[int]) -> None:
    name = tag.name
    if not tag.words:
        message = "nothing stands between {% and %}"
        page.tell("W328", *page.span(tag), message, "remove it")
    elif name in _CLOSERS:
        if name != "set" or not any(word.text == "=" for word in tag.words):
            opened.append(tag)
    elif name in _MIDDLES:
        _middle(page, tag, opened, with_else)
    elif name in _CLOSERS.values():
        _close(page, tag, opened)
    else:
        _unknown_tag(page, tag, opened)


def _middle(page: Page, tag: Tag, opened: list[Tag], with_else: set[int]) -> None:
    inner = opened[-1].name if opened else None
    if inner not in _MIDDLES[tag.name]:
        message = f"{{% {tag.name} %}} stands outside of an {{% if %}}"
        page.tell("W322", *page.span(tag), message, "write it between if and endif")
    elif opened[-1].start in with_else:
        message = f"{{% {tag.name} %}} stands after an {{% else %}}"
        page.tell("W322", *page.span(tag), message, "write {% else %} once, and last")
    elif tag.name == "else":
        with_else.add(opened[-1].start)


def _close(page: Page, tag: Tag, opened: list[Tag]) -> None:
    names = [_CLOSERS[each.name] for each in opened]
    if tag.name not in names:
        message = f"{{% {tag.name} %}} closes nothing"
        page.tell("W322", *page.span(tag), message, "remove it")
    elif names[-1] == tag.name:
        opened.pop()
    else:
        message = f"{{% {tag.name} %}} stands where {{% {opened[-1].name} %}} is still open"
        page.tell("W322", *page.span(tag), message, f"write {{% {names[-1]} %}} before it")
        while opened and _CLOSERS[opened.pop().name] != tag.name:
            pass


def _unknown_tag(page: Page, tag: Tag, opened: list[Tag]) -> None:
    word = tag.words[0]
    if word.text in _REFUSED:
        message = f"{{% {word.text} %}} cannot be used in a prompt"
        fix = "write the text itself here, or use `prompt_file`"
        page.tell("W324", word.start, len(word.text), message, fix)
        return
    close = _OTHER_LANGUAGES.get(word.text) or did_you_mean(word.text, _TAGS)
    inside = page.template[word.start : tag.end - 2].rstrip("-+ \n")
    if word.text == "end" and opened:
        close = _CLOSERS[opened.pop().name]
    if len(tag.words) > 1 and tag.words[1].text == ".":
        fix = f"write {{{{ {inside} }}}}"
    else:
        fix = f"did you mean `{close}`?" if close else f"write {{{{ {inside} }}}} for a value"
    message = f"there is no tag `{word.text}`"
    page.tell("W323", word.start, len(word.text), message, fix)
