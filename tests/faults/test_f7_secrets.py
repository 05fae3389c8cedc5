"""F7: secrets, and what is written: keys, markup, formulas, control characters, instructions, code."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from runner.cli import group

ROOT = Path(__file__).parents[2]
KEY = "AIzaCANARY-0123456789-canary-9876543210"

Ask = Callable[..., Result]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: Any) -> Ask:
    """A run about one image; the service answers with these texts, one after the other."""
    here = tmp_path / "a" / "b" / "c"
    here.mkdir(parents=True)
    Image.new("RGB", (400, 300), "red").save(here / "cat.png")
    monkeypatch.chdir(here)
    monkeypatch.setenv("GEMINI_API_KEY", KEY)

    def asking(text: str, *answers: str, options: tuple[str, ...] = ()) -> Result:
        Path("w.workflow.yaml").write_text(f"version: 1\nimages: '*.png'\n{text}\n")
        service._script.clear()
        service.says(*answers or ("Seen.",))
        line = ["run", "w.workflow.yaml", "--base-url", service.url, "--cache", "off", *options]
        return askpix(*line)

    return asking


def askpix(*arguments: str) -> Result:
    """A command as it is typed, on a terminal that takes colours. No error of ours reaches anybody."""
    return CliRunner().invoke(group, arguments, catch_exceptions=False, color=True)


def run_folder() -> Path:
    """The folder of the run."""
    (folder,) = Path("runs").iterdir()
    return folder


def lines() -> list[Mapping[str, Any]]:
    """The results."""
    text = (run_folder() / "results.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


STEPS = "steps: [{id: say, prompt: What is this?}]\nrun: {retries: 0}"
BOXES = "steps: [{id: find, prompt: Find all., schema: boxes}]\nrun: {retries: 0}\n"


def boxes(*labels: str) -> str:
    """An answer with a box for each label."""
    return json.dumps({"boxes": [{"box_2d": [10, 20, 300, 400], "label": each} for each in labels]})


def test_F701_the_key_is_in_nothing_that_is_left_or_said(ask: Ask, service: Any) -> None:
    """Also when the service repeats it. Every command, form and fault: tests/security."""
    echo = f"{KEY} {quote(f'key={KEY}')} {b64encode(f'x{KEY}'.encode()).decode()}"
    said = [ask(STEPS, echo).output]
    service._script.clear()
    service.tell((400, {"error": {"code": 400, "message": echo}}, f"X-Echo: {KEY}"))
    line = ["run", "w.workflow.yaml", "--base-url", service.url, "--fresh", "--format", "json"]
    said.append(askpix(*line).output)
    left = [path.read_bytes() for path in Path("runs").rglob("*") if path.is_file()]
    assert len(left) > 8
    for form in (KEY, b64encode(f"x{KEY}".encode())[4:-4].decode()):
        assert [text for text in said if form in text] == []
        assert [content for content in left if form.encode() in content] == []
    assert b"[key]" in b"".join(left)
    Path("w.workflow.yaml").write_text(f"version: 1\nimages: cat.png\nx-key: {KEY}\n{STEPS}\n")
    refused = askpix("validate", "w.workflow.yaml")
    assert (refused.exit_code, KEY in refused.output) == (2, False)
    assert "error[W130]" in refused.output


def test_F702_a_recording_holds_no_key(ask: Ask, service: Any) -> None:
    """Of a request its body and a few headers are kept, of an answer what changes its meaning."""
    ended = ask(STEPS, f"Your key is {KEY}.", options=("--record", "recordings"))
    assert ended.exit_code == 0
    recorded = b"".join(
        path.read_bytes() for path in Path("recordings").rglob("*") if path.is_file()
    )
    assert b"What is this?" in recorded
    assert b"Your key is [key]." in recorded
    assert KEY.encode() not in recorded
    assert b"api-key" not in recorded.lower()
    requests = len(service.requests)
    replay = ["run", "w.workflow.yaml", "--replay", "recordings", "--fresh", "--cache", "off"]
    assert askpix(*replay).exit_code == 0
    assert len(service.requests) == requests


class Elements(HTMLParser):
    """The elements and handlers of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [tag, *(name for name, _ in attributes)]
        assert not any("javascript:" in (value or "").lower() for _, value in attributes)


MARKUP = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "]]><evil/>",
    "</title><svg onload=alert(1)>",
    '" onmouseover="alert(1)',
    "javascript:alert(1)",
    "&lt;evil&gt;",
    "--><evil>",
)


def test_F703_markup_from_a_model_is_text(ask: Ask) -> None:
    """In every file that a browser or a CI server shows, markup stays what it is: words."""
    checks = "checks:\n  - {that: say.text, equals: '<evil>'}\noutputs: [{save: say, as: csv}]\n"
    assert ask(checks + STEPS, "\n".join(MARKUP)).exit_code == 1
    shown = [path for path in run_folder().rglob("*") if path.suffix in (".xml", ".html", ".svg")]
    assert "junit.xml" in [path.name for path in shown]
    for path in shown:
        if path.suffix == ".xml":
            names = {element.tag for element in ElementTree.parse(path).iter()}
        else:
            page = Elements()
            page.feed(path.read_text(encoding="utf-8"))
            names = {name for name in page.found if name.startswith(("on", "evil"))}
        assert not names & {"script", "img", "svg", "evil", "onerror", "onload", "onmouseover"}, (
            path
        )


FORMULAS = (
    "=1+1",
    "+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "\u00a0=1",
    "=cmd|' /C calc'!A0",
)


def test_F704_a_formula_from_a_model_is_text_in_a_spreadsheet(ask: Ask) -> None:
    """A `'` stands before it in CSV; numbers stay numbers, and results.jsonl keeps every letter."""
    output = "outputs: [{save: find.boxes, as: csv, to: boxes.csv}]\n"
    assert ask(output + BOXES, boxes(*FORMULAS, "cat")).exit_code == 0
    with (run_folder() / "outputs" / "boxes.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    labels = [row["label"] for row in rows]
    assert labels[-1] == "cat"
    assert [label for label in labels[:-1] if not label.startswith("'")] == []
    cells = [cell for row in rows for cell in row.values()]
    assert [cell for cell in cells if cell.lstrip(" \u00a0\t\r")[:1] in ("=", "+", "@")] == []
    assert float(rows[0]["x_min"]) == 8
    assert [each["label"] for each in lines()[0]["detections"]] == [*FORMULAS, "cat"]


HOSTILE = "\x1b[2J\x1b]0;owned\x07\u202egnp.exe\u2066 \x9b31m\r\nerror: fake"


def test_F705_control_characters_are_shown_and_never_acted_on(ask: Ask, service: Any) -> None:
    """In the words of a service, the name of a file, an answer, a workflow: no terminal obeys."""
    Image.new("RGB", (64, 48), "blue").save("\x1b[31m\u202ecat.png")
    Path("\x1b[2Jbroken.png").write_bytes(b"no image")
    said = [ask(STEPS, HOSTILE).output]
    service._script.clear()
    service.tell((400, {"error": {"code": 400, "message": HOSTILE}}))
    loud = ["run", "w.workflow.yaml", "--base-url", service.url, "--fresh", "--cache", "off"]
    said += [askpix(*loud).output, askpix(*loud, "--format", "json").output]
    said.append(askpix(*loud, "--record", "recordings").output)
    said.append(askpix("run", "w.workflow.yaml", "--replay", "recordings", "--fresh").output)
    said += [askpix("plan", "w.workflow.yaml", *more).output for more in ((), ("--format", "json"))]
    Path("w.workflow.yaml").write_text(f"version: 1\nimages: cat.png\n'x\u202e\x9b': y\n{STEPS}")
    for form in ("text", "json", "github"):
        said.append(askpix("validate", "w.workflow.yaml", "--format", form).output)
    for text in said:
        assert text
        acted_on = [hex(ord(letter)) for letter in text if letter in "\x1b\x07\x9b\r\u202e\u2066"]
        assert acted_on == [], text


def test_F706_instructions_in_an_image_are_an_answer_like_any_other(
    ask: Ask, service: Any, tmp_path: Path
) -> None:
    """What a model says after reading them is data: no path, no address, no template, no command."""
    orders = (
        "../../../../pwned",
        "/etc/pwned",
        "a\\..\\..\\pwned",
        "{{ 7 * 7 }}",
        "CON",
        ".",
        "\0",
    )
    outputs = (
        "outputs:\n  - {save: cut, as: masks, to: masks/}\n  - {save: cut, as: overlay, to: drawn/}\n"
        "  - {save: then.text, as: text, to: words/}\n"
    )
    steps = (
        "steps:\n  - {id: cut, prompt: Cut., list_of: {label: text, box: box, mask: mask}}\n"
        "  - {id: then, prompt: 'Go on: {{ cut }}'}\nrun: {retries: 0}"
    )
    square = [[10, 10], [10, 300], [300, 300], [300, 10]]
    found = [{"label": each, "box": [10, 10, 300, 300], "mask": square} for each in orders]
    ended = ask(
        outputs + steps, json.dumps({"items": found}), f"GET {service.url}/pwned; rm -rf .."
    )
    assert ended.exit_code in (0, 3), ended.output
    inside = Path.cwd().resolve()
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "cat.png"]
    assert [path for path in written if not path.resolve().is_relative_to(inside)] == []
    assert len(written) > 8
    assert {request.head.split(b" ")[0] for request in service.requests} == {b"POST"}
    prompts = [request.body.decode() for request in service.requests]
    assert any("{{ 7 * 7 }}" in prompt for prompt in prompts)
    assert not any("49" in prompt.partition("Go on")[2][:400] for prompt in prompts)


CODE = (
    "hooks: {before: 'touch pwned'}",
    "python: |\n  import os\n  os.system('touch pwned')",
    "import: os",
    "defaults: {provider: 'os:system'}",
    "defaults: {provider: ./evil.py}",
    "outputs: [{save: say, as: 'evil:Write', to: x}]",
    "checks: [{that: say.text, python: 'True'}]",
    'checks: [{that: \'__import__("os").system("touch pwned")\', equals: 1}]',
    "vars: {x: {command: touch pwned}}",
    "vars: {x: $(touch pwned)}",
    "x-hook: '!!python/name:os.system'",
)


@pytest.mark.parametrize("code", CODE)
def test_F707_no_code_of_a_workflow_is_run(code: str, ask: Ask) -> None:
    """There is no key for it, no name leads to a module, and nothing is handed to a shell."""
    Path("evil.py").write_text("open('pwned', 'w')")
    ask(f"{code}\nsteps: [{{id: say, prompt: 'Say.'}}]")
    assert not Path("pwned").exists()


def test_F707_modules_beside_a_workflow_are_not_imported(ask: Ask, service: Any) -> None:
    """Neither by the program nor by the process that fills in templates."""
    for name in ("yaml", "json", "jinja2", "sitecustomize", "click", "runner_plugin", "PIL"):
        Path(f"{name}.py").write_text("open('pwned', 'w').close()\nraise SystemExit('pwned')")
    ask("vars: {x: y}\nsteps: [{id: say, prompt: 'Say {{ vars.x }}.'}]")
    line = [sys.executable, "-P", "-m", "runner", "run", "w.workflow.yaml", "--fresh"]
    done = subprocess.run(
        [*line, "--base-url", service.url],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not Path("pwned").exists()
