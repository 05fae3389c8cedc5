"""The report in a real browser: opened from the disk, with a real mouse and a real keyboard."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from runner.cli import group

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
playwright = pytest.importorskip("playwright.sync_api")
playwright.expect.set_options(timeout=30_000)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]

HOSTILE = "</script><img src=x onerror=document.title=666>"
HOSTILE_NAME = "<!--<img src=x onerror=document.title=666> javascript:alert(1) &amp;.jpg"
Opened = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def files(place: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages: of two runs, of one alone, of a matrix, as a folder."""
    here = tmp_path_factory.mktemp("pages")
    made = {
        "compared": [place.now, "--against", place.before, "--to", here / "compared.html"],
        "alone": [place.now, "--to", here / "alone.html"],
        "matrix": [place.matrix, "--to", here / "matrix.html"],
        "matrices": [
            place.matrix_now,
            "--against",
            place.matrix,
            "--to",
            here / "matrices.html",
        ],
        "cut": [place.cut, "--to", here / "cut.html"],
        "folder": [place.now, "--to", f"{here}/folder/"],
    }
    for words in made.values():
        done = CliRunner().invoke(group, ["report", *map(str, words)])
        assert done.exit_code == 0, done.output
    return {name: Path(str(words[-1])) for name, words in made.items()}


@pytest.fixture
def opened(browser: Any, files: dict[str, Path]) -> Iterator[Opened]:
    """Opens a page; no script may fail, nothing may be refused by its policy, nothing is asked elsewhere."""
    troubles: list[str] = []
    contexts = []

    def open_(name: str, state: str = "", *, complains: bool = False, **options: Any) -> Any:
        path = files[name] / "index.html" if files[name].is_dir() else files[name]
        context = browser.new_context(**({"viewport": {"width": 1400, "height": 900}} | options))
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        if not complains:
            page.on("console", lambda said: said.type == "error" and troubles.append(said.text))
        page.on(
            "request",
            lambda asked: asked.url.startswith(("data:", "file:")) or troubles.append(asked.url),
        )
        page.on("dialog", lambda dialog: troubles.append(dialog.message))
        page.goto(f"file://{path}{state}")
        page.wait_for_selector("html.runs")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert troubles == []


def names(page: Any) -> list[str]:
    return [link.text_content() for link in page.query_selector_all(".card h3 a")]


def shows(page: Any, case: str) -> None:
    """Waits until this case is shown in large, with the focus on its name."""
    title = page.locator("#case-title")
    playwright.expect(title).to_be_focused()
    playwright.expect(title).to_have_text(case)


def pressed(page: Any) -> str:
    shown: str = page.inner_text("#modes [aria-pressed=true]")
    return shown


def test_a_hostile_answer_is_shown_and_does_not_run(opened: Opened):
    """A label, a file name and a prompt that would be markup are text in every place."""
    page = opened("compared")
    assert names(page)[0] == HOSTILE_NAME
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    shows(page, HOSTILE_NAME)
    page.select_option("#answers select", "find")
    assert HOSTILE in page.inner_text("#facts table")
    page.click("#facts summary:has-text('Prompt')")
    assert HOSTILE in page.inner_text("#facts details:has-text('Prompt') pre")
    assert page.query_selector("img") is None
    assert "666" not in page.title().replace(HOSTILE_NAME, "")
    page.goto(f"{page.url.partition('#')[0]}#q=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
    assert page.inner_text("#chips") == "search: <img src=x onerror=alert(1)> ✕"


def test_the_policy_lets_no_other_script_or_style_run(opened: Opened):
    page = opened("alone", complains=True)
    tried = page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.ran = 1";
          const style = document.createElement("style");
          style.textContent = "body { display: none }";
          document.body.append(script, style);
          return [window.ran ?? "no", getComputedStyle(document.body).display];
        }"""
    )
    assert tried == ["no", "block"]


def test_filters_and_search_stand_in_the_address_and_a_link_brings_them_back(opened: Opened):
    page = opened("compared")
    assert page.inner_text("#found") == "5 cases, the worst first"
    page.select_option("#filter-mark", "better")
    assert names(page) == ["coins.webp", "rocket.heic"]
    page.keyboard.press("/")
    page.keyboard.type("rocket")
    assert names(page) == ["rocket.heic"]
    assert page.inner_text("#found") == "1 of 5 cases"
    again = opened("compared", page.evaluate("location.hash"))
    assert names(again) == ["rocket.heic"]
    assert again.input_value("#search") == "rocket"
    again.click("#chips a:has-text('better')")
    playwright.expect(again.locator("#filter-mark")).to_have_value("")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("#checks td a:has-text('1 not')", [HOSTILE_NAME]),
        (
            "#checks td a:has-text('4 of 5')",
            ["turned.jpg", "coffee.jpg", "coins.webp", "rocket.heic"],
        ),
        ("#comparison a:has-text('▲ 2 better') >> nth=0", ["coins.webp", "rocket.heic"]),
        ("#comparison td a:has-text('1 worse')", [HOSTILE_NAME]),
        ("#metrics tr:has-text('found') a", ["turned.jpg", "coffee.jpg"]),
    ],
)
def test_every_number_leads_to_its_images(opened: Opened, number: str, shown: list[str]):
    page = opened("compared")
    page.click(number)
    playwright.expect(page.locator("#cases-title")).to_be_focused()
    assert names(page) == shown


@pytest.mark.parametrize("name", ["compared", "alone", "matrix", "matrices", "cut"])
def test_every_number_counts_the_cases_that_it_leads_to(opened: Opened, name: str) -> None:
    """`7 not` leads to seven cases, `3 of 12` to three; also where an answer is cut off, where a case
    was not judged, and in each combination by itself."""
    page = opened(name)
    links = page.evaluate(
        "[...document.querySelectorAll(':is(table, .facts, .turns) a[href^=\"#show=\"]')].map((a) => [a.textContent, a.getAttribute('href')])"
    )
    found = {}
    for text, address in links:
        if "$" in text or "№" in text:
            continue
        page.evaluate("(address) => { location.hash = address; }", address)
        page.evaluate(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        told = int(re.sub(r"[^0-9]", "", text.split(" of ")[0]))
        if len(names(page)) != told:
            found[f"{text}: {address}"] = len(names(page))
    assert links
    assert found == {}


def test_everything_can_be_done_with_keys(opened: Opened):
    page = opened("compared")
    for key in ("j", "j"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    shows(page, "turned.jpg")
    page.keyboard.press("j")
    shows(page, "coffee.jpg")
    assert page.inner_text("#position") == "3 of 5"
    page.keyboard.press("ArrowLeft")
    shows(page, "turned.jpg")
    seen = []
    for _ in range(4):
        seen.append(pressed(page))
        page.keyboard.press("m")
    assert seen == ["side by side", "slider", "on top of each other", "this run"]
    page.keyboard.press("t")
    assert page.get_attribute("#toggle-truth", "aria-pressed") == "false"
    assert not page.is_visible(".thing.truth .line >> nth=0")
    page.keyboard.press("+")
    assert page.inner_text("#zoom") == "150 %"
    page.keyboard.press("0")
    assert page.inner_text("#zoom") == "100 %"
    page.keyboard.press("?")
    assert page.is_visible("#help")
    page.keyboard.press("Escape")
    assert not page.is_visible("#help")
    assert page.text_content("#case-title") == "turned.jpg"
    page.keyboard.press("Escape")
    page.wait_for_selector("#detail", state="hidden")
    assert page.evaluate("document.activeElement.textContent") == "turned.jpg"


def test_before_and_after_are_shown_in_every_mode(opened: Opened):
    """Side by side two images, in the slider the later one is cut off, on top both in one."""
    state = "#case=coffee.jpg&step=keep"
    page = opened("compared", f"{state}&view=side")
    assert [each.inner_text() for each in page.query_selector_all("figcaption strong")] == [
        "before",
        "now",
    ]
    counts = "svg => [...svg.querySelectorAll('.thing')].map(each => each.getAttribute('class').split(' ')[1])"
    side = [page.evaluate(counts, svg) for svg in page.query_selector_all("#stage svg.picture")]
    assert [sorted(set(each)) for each in side] == [["before", "truth"], ["now", "truth"]]
    page.click("#modes button:has-text('on top')")
    over = page.evaluate(counts, page.query_selector("#stage svg.picture"))
    assert (over.count("before"), over.count("now"), over.count("truth")) == (6, 5, 2)
    page.click("#modes button:has-text('slider')")
    page.focus("input[type=range]")
    page.keyboard.press("Home")
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.upper')).clipPath")
        == "inset(0px 0px 0px 0%)"
    )
    handle = page.query_selector(".divide").bounding_box()
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + 100)
    page.mouse.down()
    page.mouse.move(handle["x"] + 300, handle["y"] + 100)
    page.mouse.up()
    assert 25 < int(page.input_value("input[type=range]")) < 60


def test_a_thing_is_lit_in_the_image_and_in_the_table_together(opened: Opened):
    page = opened("alone", "#case=coffee.jpg&step=find")
    page.hover("#facts tr[data-key='now-2']")
    assert "lit" in page.get_attribute("#stage .thing[data-key='now-2']", "class")
    page.focus("#facts tr[data-key='now-3'] button")
    assert page.evaluate("document.querySelectorAll('#stage .thing.lit').length") == 1
    page.click("#stage .thing[data-key='now-5'] .hit", force=True)
    assert page.evaluate("document.activeElement.closest('tr').dataset.key") == "now-5"


def test_a_wheel_comes_closer_at_the_mouse_and_both_sides_show_the_same_part(opened: Opened):
    page = opened("compared", "#case=coffee.jpg&view=side")
    box = page.query_selector("#stage svg.picture").bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.wheel(0, -300)
    playwright.expect(page.locator("#zoom")).not_to_have_text("100 %")
    views = page.evaluate(
        "[...document.querySelectorAll('#stage svg.picture')].map(svg => svg.getAttribute('viewBox'))"
    )
    assert views[0] == views[1]
    x, y, width, _ = map(float, views[0].split())
    assert x < 20 and y < 20 and width < 300  # noqa: PT018


def test_a_folder_shows_the_images_beside_it(opened: Opened):
    page = opened("folder", "#case=coffee.jpg&step=cut")
    width = page.evaluate(
        """async () => {
          const image = new Image();
          image.src = document.querySelector("#stage image").getAttribute("href");
          await image.decode();
          return image.naturalWidth;
        }"""
    )
    assert width == 600


def test_light_and_dark_follow_the_system_and_can_be_chosen(opened: Opened):
    paper = "getComputedStyle(document.body).backgroundColor"
    page = opened("alone", color_scheme="dark")
    dark = page.evaluate(paper)
    page.click("#theme")
    assert page.inner_text("#theme") == "☀ light"
    assert page.evaluate(paper) != dark
    page.keyboard.press("d")
    assert page.evaluate(paper) == dark


@pytest.mark.parametrize("width", [320, 360])
@pytest.mark.parametrize("state", ["", "#case=coffee.jpg", "#case=coffee.jpg&view=side"])
def test_nothing_reaches_beyond_a_narrow_screen(opened: Opened, width: int, state: str):
    page = opened("compared", state, viewport={"width": width, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.keyboard.press("?")
    assert page.is_visible("#help kbd >> nth=0")


def test_without_scripts_the_numbers_are_there(
    opened: Opened, browser: Any, files: dict[str, Path]
):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"file://{files['compared']}")
    assert "1 check fails" in page.inner_text(".verdict")
    assert "shown by a script" in page.inner_text("noscript")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("compared", ""), ("matrix", ""), ("compared", "#case=coffee.jpg&step=keep&view=side"),
        ("compared", "#case=coffee.jpg&step=keep&view=slider"), ("alone", "#case=turned.jpg&step=cut"),
    ],
)  # fmt: skip
def test_axe_finds_nothing_that_shuts_people_out(
    opened: Opened, name: str, state: str, scheme: str
):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened(name, state, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
    found = axe.run(page)
    assert [
        (each["id"], [node["html"][:160] for node in each["nodes"][:3]])
        for each in found.response["violations"]
    ] == []
