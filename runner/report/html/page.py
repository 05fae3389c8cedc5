"""The page: the overview, the data of the cases, style and script, under a policy that lets nothing
else run."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib.resources import files
from typing import Literal

from runner.report.html.content import Content
from runner.report.html.element import Child, Markup, el
from runner.report.html.overview import overview
from runner.version import VERSION

Form = Literal["file", "folder"]

GENERATOR = '<meta name="generator" content="askpix '
"""The start of the element by which a page is known as one of ours."""

SCRIPTS = (
    "elements", "state", "matching", "picture", "cards", "filters", "stage", "detail", "keys", "page",
)  # fmt: skip
"""One script in the end, in this order."""


def page(content: Content, data: Iterable[tuple[str, Iterable[str]]], form: Form) -> Iterator[str]:
    """The page in pieces. `data` are JSON texts, in pieces, by the name that the script knows them by.
    In the form of a folder images are files beside the page."""
    style, script = _asset("page.css"), _script()
    told = content.standing
    yield "<!doctype html>\n"
    yield '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield el("meta", http_equiv="Content-Security-Policy", content=policy(style, script, form))
    yield el("meta", name="viewport", content="width=device-width, initial-scale=1")
    yield el("meta", name="color-scheme", content="light dark")
    yield el("meta", name="generator", content=f"askpix {VERSION}")
    yield el("title", f"{told.workflow} – {told.run}")
    yield f"\n<style>{style}</style>\n</head>\n<body>\n"
    yield el("a", "To the cases", href="#cases-title", class_="skip")
    yield _header(content)
    overall = el("div", overview(content), _cases(), id="overall")
    yield el("main", overall, el("div", id="detail", hidden="hidden"), id="main")
    yield el("dialog", id="help", aria_label="Keys")
    yield _footer(content)
    yield '\n<script type="application/json" id="data">{'
    for place, (name, pieces) in enumerate(data):
        yield f"{',' if place else ''}{json.dumps(name)}:"
        yield from map(_harmless, pieces)
    yield f"}}</script>\n<script>{script}</script>\n</body>\n</html>\n"


def policy(style: str, script: str, form: Form) -> str:
    """The content security policy of a page: this style, this script, and images as data. Those of a
    folder lie beside the page; `file:` is said too, because not every browser takes a page that was
    opened from a disk for `'self'`."""
    images = "data:" if form == "file" else "'self' file:"
    return (
        f"default-src 'none'; img-src {images}; style-src '{_digest(style)}';"
        f" script-src '{_digest(script)}'; base-uri 'none'; form-action 'none'"
    )


def _header(content: Content) -> Markup:
    told = content.standing
    about: list[Child] = [el("span", told.run, class_="name"), f" · {content.started}"]
    if told.models:
        about.append(f" · {', '.join(told.models)}")
    simulated: Child = None
    if told.simulated:
        said = "partly simulated" if told.is_mixed else "simulated: no model looked at these images"
        simulated = el("span", said, class_="badge")
    return el(
        "header",
        el("div", el("h1", told.workflow), el("p", *about), simulated, class_="titles"),
        el("div", id="tools", class_="tools"),
        class_="top",
    )


def _cases() -> Markup:
    """The place of the cases, which the script fills."""
    return el(
        "section",
        el("h2", "Cases", id="cases-title", tabindex="-1"),
        el(
            "noscript",
            el(
                "p",
                "The cases with their images are shown by a script, which your browser"
                " does not run. What stands above is all there is of numbers.",
                class_="remarks",
            ),
        ),
        el("div", id="filters"),
        el("div", id="cards"),
        id="cases",
        aria_labelledby="cases-title",
    )


def _footer(content: Content) -> Markup:
    return el("footer", el("p", f"Made by askpix {VERSION} of {content.standing.run}."))


def _script() -> str:
    parts = "\n".join(_asset(f"{name}.js") for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _asset(name: str) -> str:
    return files("runner.report.html").joinpath("assets", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _harmless(text: str) -> str:
    """JSON that ends no script and begins no comment, and says the same."""
    return (
        text.replace("&", "\\u0026")
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )
