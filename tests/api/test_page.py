"""A run at the end of a cell is a small page."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

import runner

EVIL = "<script>alert(1)</script>'\"&\u202e"


class Seen(HTMLParser):
    """The tags and the texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []
        self.images: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        named = dict(attrs)
        if tag == "img":
            self.images.append(named["src"] or "")
        assert {"onerror", "onload", "onclick"}.isdisjoint(named)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture
def run(folder: Path) -> runner.Run:
    return runner.run("shapes.workflow.yaml", provider="simulator")


def test_a_page_has_counts_cost_checks_and_images(run: runner.Run) -> None:
    """Small enough to stand in a notebook."""
    page = run._repr_html_()
    seen = Seen(page)
    text = " ".join(seen.text)
    assert "shapes status done results 4 ok cost nothing: simulated" in text
    assert "✓ finds some holds for 2 of 2 cases" in text
    assert [image[:23] for image in seen.images] == ["data:image/jpeg;base64,"] * 2
    assert len(page) < 100_000


def test_every_text_is_shown_and_never_acted_on(run: runner.Run) -> None:
    """Names of files, of checks, of workflows, words of a model: no tag, no mark of direction."""
    manifest = json.loads((run.folder / "run.json").read_text())
    manifest |= {"name": EVIL, "why": EVIL}
    manifest["counts"]["by_status"] = {EVIL: 1}
    (run.folder / "run.json").write_text(json.dumps(manifest))
    checks = json.loads((run.folder / "checks.json").read_text())
    checks["checks"][0] |= {"name": EVIL, "why": EVIL, "combination": {EVIL: EVIL}}
    (run.folder / "checks.json").write_text(json.dumps(checks))
    lines = (run.folder / "results.jsonl").read_text().splitlines()
    found = [json.loads(line) | {"case": EVIL} for line in lines]
    (run.folder / "results.jsonl").write_text("".join(json.dumps(one) + "\n" for one in found))
    page = run._repr_html_()
    tags = {"div", "b", "table", "tr", "th", "td", "figure", "img", "figcaption"}
    assert set(Seen(page).tags) == tags
    assert "\u202e" not in page


def test_a_page_of_what_is_gone_is_a_page(run: runner.Run, folder: Path) -> None:
    """Without images, without checks, without results."""
    for path in [*folder.glob("photos/*"), run.folder / "checks.json"]:
        path.unlink()
    assert Seen(run._repr_html_()).images == []
    (run.folder / "results.jsonl").write_text("{")
    assert Seen(run._repr_html_()).images == []
    (run.folder / "run.json").unlink()
    assert "<table>" in run._repr_html_()
