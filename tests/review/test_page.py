"""The page of a review in a real browser, with a real mouse and a real keyboard."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.cli.review import _accepting
from runner.review.desk import Desk
from runner.review.server import Room, Served
from runner.store.folder import RunFolder

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
playwright = pytest.importorskip("playwright.sync_api")
playwright.expect.set_options(timeout=30_000)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def desk(run: RunFolder) -> Iterator[Desk]:
    with Desk.open(run, None) as opened:
        yield opened


@pytest.fixture
def served(desk: Desk) -> Iterator[Served]:
    with Served(Room(desk, _accepting(desk.folder))) as server:
        yield server


@pytest.fixture
def page(browser: Any, served: Served) -> Iterator[Any]:
    """The page with the first answer; no script may fail, and nothing may be asked elsewhere."""
    context = browser.new_context(viewport={"width": 1400, "height": 850})
    shown = context.new_page()
    troubles: list[str] = []
    shown.on("pageerror", lambda error: troubles.append(str(error)))
    shown.on(
        "request",
        lambda asked: (
            asked.url.startswith((served.guard.address, "data:")) or troubles.append(asked.url)
        ),
    )
    shown.goto(served.guard.address)
    shows(shown, "coffee.jpg", "find")
    yield shown
    context.close()
    assert troubles == []


def shows(page: Any, case: str, about: str) -> None:
    """Waits until this answer is shown."""
    playwright.expect(page.locator("#case")).to_have_text(case)
    playwright.expect(page.locator("#about")).to_contain_text(about)
    playwright.expect(page.locator("body")).not_to_have_attribute("aria-busy", "true")


def drag(page: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*((a + b) / 2 for a, b in zip(start, end, strict=True)))
    page.mouse.move(*end)
    page.mouse.up()


def on_screen(page: Any, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the image lies in the window."""
    found = page.evaluate(
        """([x, y]) => { const svg = document.querySelector("svg.canvas");
            const at = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM()); return [at.x, at.y]; }""",
        [x, y],
    )
    return found[0], found[1]


def lines(place: Path) -> list[dict[str, Any]]:
    text = (place / "look.truth.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_a_person_corrects_with_the_mouse_and_the_run_is_judged_by_it(
    page: Any, desk: Desk, place: Path
) -> None:
    """A box is moved, one resized, one drawn, one deleted, a label edited; then the next answer is
    approved; and what is written is a truth for `askpix run`."""
    before: Any = desk.item(0)["things"]
    first, second = before[0]["box"], before[1]["box"]
    page.click("#edit")
    x, y = first[0] + 4, first[3] - 4
    drag(page, on_screen(page, x, y), on_screen(page, x + 30, y - 20))
    page.fill("#label-0", "cup")
    page.click("#label-1")
    drag(
        page, on_screen(page, second[2], second[3]), on_screen(page, second[2] + 25, second[3] + 15)
    )
    page.keyboard.down("Shift")
    drag(page, on_screen(page, 20, 300), on_screen(page, 120, 390))
    page.keyboard.up("Shift")
    page.keyboard.type("table")
    page.click("[aria-label^='Delete 3:']")
    page.click("#save")
    shows(page, "coffee.jpg", "sort")
    assert page.inner_text("#progress") == "1 of 6 looked at"
    assert page.inner_text("#saved") == "coffee.jpg: corrected, saved in look.truth.jsonl"

    [line] = lines(place)
    boxes = line["answer"]["boxes"]
    assert line["review"] == {"verdict": "corrected", "run": desk.folder.path.name}
    assert boxes[0] == {
        "label": "cup",
        "box": near([first[0] + 30, first[1] - 20, first[2] + 30, first[3] - 20]),
    }
    assert boxes[1]["box"] == near([second[0], second[1], second[2] + 25, second[3] + 15])
    assert boxes[-1] == {"label": "table", "box": near([20, 300, 120, 390])}
    assert [box["label"] for box in boxes[2:-1]] == [each["label"] for each in before[3:]]

    page.keyboard.press("a")
    shows(page, "rocket.heic", "find")
    page.keyboard.press("a")
    shows(page, "rocket.heic", "sort")
    assert [each["review"]["verdict"] for each in lines(place)] == [
        "corrected",
        "approved",
        "approved",
    ]
    desk.close()
    workflow = place / "look.workflow.yaml"
    truth = """
truth: {review: {file: look.truth.jsonl, step: find}, words: {file: look.truth.jsonl, step: sort}}
checks:
  - {that: find, same_as: truth.review, iou: 0.9, name: boxes}
  - {that: sort.subject, same_as: truth.words.subject, name: words}
"""
    workflow.write_text(workflow.read_text() + truth)
    judged = ran(place, "look.workflow.yaml", "--out", "judged")
    assert judged.returncode == 1, judged.stderr
    assert "✗ boxes: holds for 1 of 2 cases (50%)" in judged.stderr
    assert "cup at" in judged.stderr
    assert "✓ words: holds for " in judged.stderr


def ran(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`askpix run`, as a program: this thread has an event loop already."""
    options = ("run", *words, "--provider", "simulator", "-q")
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "runner", *options]
    return subprocess.run(command, cwd=place, env=environ, capture_output=True, text=True)


def near(box: list[float]) -> Any:
    """Within a pixel of the window."""
    return pytest.approx(box, abs=1.5)


def test_a_person_corrects_with_the_keyboard_alone(page: Any, desk: Desk, place: Path) -> None:
    """Arrows move a box and its edges, a new one comes with a key, its label is typed."""
    before: Any = desk.item(0)["things"]
    x_min, y_min, x_max, y_max = before[0]["box"]
    page.keyboard.press("e")
    page.focus("[data-thing='0'][tabindex]")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+ArrowDown")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    page.keyboard.type("mug")
    page.keyboard.press("Enter")
    page.keyboard.press("n")
    page.keyboard.press("Delete")
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    page.keyboard.type("middle")
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    shows(page, "coffee.jpg", "sort")
    boxes = lines(place)[0]["answer"]["boxes"]
    lower = min(y_min + 10, 400 - (y_max - y_min))
    moved = [x_min + 1, lower, x_max, lower + y_max - y_min]
    assert boxes[0] == {"label": "mug", "box": pytest.approx(moved, abs=0.11)}
    assert boxes[-1] == {"label": "middle", "box": [240, 160, 360, 240]}
    assert len(boxes) == len(before) + 1
    page.keyboard.press("u")
    shows(page, "coffee.jpg", "find · not yet looked at")
    assert lines(place) == []


def test_plain_answers_are_corrected_in_a_form(page: Any, place: Path) -> None:
    """A choice among the words that the workflow allows, and yes or no."""
    page.keyboard.press("j")
    shows(page, "coffee.jpg", "sort")
    page.keyboard.press("e")
    choice = page.locator("#values select").first
    assert choice.locator("option").all_inner_texts() == ["—", "cup", "rocket", "other"]
    choice.select_option("cup")
    page.locator("#values select").nth(1).select_option("false")
    page.fill("#note", "it is indoors")
    page.click("#save")
    shows(page, "rocket.heic", "find")
    [line] = lines(place)
    assert line["answer"] == {"subject": "cup", "outdoors": False}
    assert line["review"]["note"] == "it is indoors"


def test_a_note_is_not_lost_by_walking_on(page: Any) -> None:
    """It is kept with a verdict; who walks on without one is asked."""
    asked: list[str] = []

    def answer(dialog: Any) -> None:
        asked.append(dialog.message)
        dialog.dismiss() if len(asked) == 1 else dialog.accept()

    page.on("dialog", answer)
    page.fill("#note", "two spoons?")
    page.click("#list button >> nth=1")
    shows(page, "coffee.jpg", "find")
    assert page.input_value("#note") == "two spoons?"
    page.click("#list button >> nth=1")
    shows(page, "coffee.jpg", "sort")
    assert page.input_value("#note") == ""
    page.click("#list button >> nth=0")
    shows(page, "coffee.jpg", "find")
    assert (
        asked
        == ["Leave this answer without saving the note? Approve, reject or save keeps it."] * 2
    )


def test_the_fields_of_things_are_corrected_too(browser: Any, place: Path) -> None:
    """Those of the answer's and those of a new one, under the number that stands in the image."""
    (place / "read.workflow.yaml").write_text(
        "version: 1\nimages: photos/coffee.jpg\nsteps:\n"
        "  - {id: read, prompt: Read., list_of: {words: text, price: number, line: box}}\n"
    )
    assert ran(place, "read.workflow.yaml", "--out", "read").returncode == 0
    with Desk.open(RunFolder(next((place / "read").iterdir())), None) as desk:
        before: Any = desk.answers.result(desk.answers.items[0]).answer
        count = len(before["boxes"])
        with Served(Room(desk, _accepting(desk.folder))) as served:
            page = browser.new_page()
            page.goto(served.guard.address)
            shows(page, "coffee.jpg", "not yet")
            page.keyboard.press("e")
            page.keyboard.press("n")
            page.get_by_label(f"{count + 1}: words", exact=True).fill("<b>Espresso</b>")
            page.get_by_label(f"{count + 1}: price", exact=True).fill("2.5")
            page.get_by_label("1: price", exact=True).fill("")
            page.click("#save")
            shows(page, "coffee.jpg", "corrected")
            assert "<b>Espresso</b>" in page.inner_text("#values")
            assert page.locator("b").count() == 0
            page.close()
    right = json.loads((place / "read.truth.jsonl").read_text(encoding="utf-8"))["answer"]["boxes"]
    assert right[0] == {**before["boxes"][0], "price": None}
    assert right[1:-1] == before["boxes"][1:]
    assert right[-1] == {"line": [240, 160, 360, 240], "words": "<b>Espresso</b>", "price": 2.5}


def test_a_filter_leaves_what_is_to_do(page: Any) -> None:
    """Not yet looked at, of one step; rejected ones are found again."""
    page.select_option("#filter", "new")
    page.select_option("#step", "find")
    page.keyboard.press("x")
    shows(page, "rocket.heic", "find")
    assert page.locator("#list button:visible").all_inner_texts() == [
        "·\nrocket.heic\nfind",
        "·\nturned.jpg\nfind",
    ]
    page.select_option("#filter", "rejected")
    shows(page, "coffee.jpg", "rejected")
    assert page.locator("#list button:visible").count() == 1


def test_what_was_not_saved_is_told(page: Any, served: Served, place: Path) -> None:
    """Another program has changed the file; then the review has ended. The page stays as it was."""
    (place / "look.truth.jsonl").write_text("mine\n")
    page.keyboard.press("a")
    page.wait_for_selector("#trouble:visible")
    assert "Not saved: look.truth.jsonl was changed by something else" in page.inner_text(
        "#trouble"
    )
    assert page.inner_text("#progress") == "0 of 6 looked at"
    shows(page, "coffee.jpg", "find")
    served.close()
    page.keyboard.press("a")
    playwright.expect(page.locator("#trouble")).to_contain_text("has ended")
    assert (place / "look.truth.jsonl").read_text() == "mine\n"
    shows(page, "coffee.jpg", "find")


def test_a_run_is_accepted_as_baseline(
    page: Any, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exactly as `askpix accept` does it, and refused with the same words."""
    monkeypatch.setenv("CI", "1")
    page.click("#accept")
    assert "6 of 6 answers are not yet looked at." in page.inner_text("#question")
    page.click("#yes")
    page.wait_for_selector("#told:visible")
    assert page.inner_text("#told").startswith("a baseline is accepted by a person who has looked")
    assert not list(place.glob("*.baseline.json"))
    page.click("#no")
    monkeypatch.delenv("CI")
    page.click("#accept")
    page.click("#yes")
    page.wait_for_function(
        "() => document.getElementById('told').textContent.includes('look.baseline.json: 3 cases of')"
    )
    assert (place / "look.baseline.json").is_file()
    page.click("#no")
    page.keyboard.press("x")
    page.wait_for_function("() => document.getElementById('progress').textContent.startsWith('1')")
    before = (place / "look.baseline.json").read_bytes()
    page.click("#accept")
    assert "1 is rejected." in page.inner_text("#question")
    page.wait_for_selector("#told:visible")
    assert "3 cases in both: 0 worse, 0 better, 0 changed, 3 same" in page.inner_text("#told")
    assert (place / "look.baseline.json").read_bytes() == before
