"""The tables of docs/baselines.md are those that bench/evidence.py prints."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/baselines.md").read_text()


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = spec_from_file_location("evidence_bench", ROOT / "bench/evidence.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(head: str) -> list[list[str]]:
    """The cells below a head of the page."""
    lines = PAGE.split(f"{head}\n")[1].split("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def share(cell: str) -> float:
    return float(cell.removesuffix("%"))


def test_the_page_shows_what_the_bench_prints(bench: ModuleType) -> None:
    """The same heads, and a line for each number of images and loss."""
    head, rule, line = bench.findings_table(2, [6], [0.0])
    shown = rows(head)
    assert re.fullmatch(r"\|(---\|)+", rule)
    assert [each.strip() for each in line.strip("|").split("|")][:2] == ["6", "0 %"]
    assert [row[:2] for row in shown] == [
        [str(images), f"{100 * loss:.0f} %"] for images in bench.IMAGES for loss in bench.LOSSES
    ]
    head = next(bench.needed_table(2))
    assert [row[:2] for row in rows(head)] == [
        [str(images), f"{100 * loss:.0f} %"] for images, loss in bench.TOLD
    ]


def test_at_most_one_verdict_in_twenty_is_a_false_alarm(bench: ModuleType) -> None:
    """Worse, where nothing is lost; not worse, where one image in ten is lost."""
    for images, loss, check, fine, strict, mild, mildly_fine in rows(
        next(bench.findings_table(1, [], []))
    ):
        if loss == "0 %":
            assert max(map(share, (check, strict, mild))) <= 5, images
        if share(loss) >= 10:
            assert max(map(share, (fine, mildly_fine))) <= 5, images


def test_a_simulated_pair_of_runs_is_judged_the_same_every_time(bench: ModuleType) -> None:
    """The line of the page is printed again, by as many tries as that takes."""
    lines = list(bench.findings_table(40, [20], [0.4]))
    assert lines == list(bench.findings_table(40, [20], [0.4]))
    assert share(lines[-1].split("|")[3].strip()) > 50
