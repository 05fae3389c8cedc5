"""What the pages show is what the program does: every YAML block and every command in them."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from runner import library
from runner.cli import group
from runner.text.result_line import from_line, to_line
from runner.values.problem import Rejected
from runner.workflow.load import load

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/**/*.md")],
    key=lambda page: page.relative_to(ROOT).as_posix(),
)
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
TOLD = [name for name in NAMES if not re.match(r"examples/\d", name)]
"""Pages whose blocks are tried here; what the examples' own pages say is in test_examples.py."""
KINDS = {"yaml", "yaml wrong", "yaml part", "console", "sh", "json", "csv", "text"}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: what it is, its text, where it starts, what a reader calls it.

    The fence says it: ```` ```yaml as shared/team.workflow.yaml ````.
    """

    kind: str
    text: str
    line: int
    file: str
    indent: str
    span: tuple[int, int]

    def written(self, text: str) -> str:
        """A text as it stands in the page in the place of this block's."""
        return textwrap.indent(text, self.indent)


def blocks(text: str) -> Iterator[Block]:
    """Every fenced block, those inside a list item included."""
    fence = re.compile(r"^( *)```(.*)\n((?:.*\n)*?)\1```$", re.MULTILINE)
    for found in fence.finditer(text):
        indent, words, body = found.groups()
        kind, _, file = words.strip().partition(" as ")
        own = "".join(line.removeprefix(indent) for line in body.splitlines(keepends=True))
        line = text.count("\n", 0, found.start()) + 1
        yield Block(kind, own, line, file or "cats.workflow.yaml", indent, found.span(3))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what a reader has: the examples, and photographs of their own."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("runs"))
    shutil.copytree(ROOT / "examples/01-first-boxes/photos", tmp_path / "photos")
    for role in ("before", "after"):
        shutil.copytree(ROOT / "examples/05-compare-two" / role, tmp_path / role)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_every_block_is_of_a_kind_that_is_checked(name: str) -> None:
    """A page shows no YAML, no command and no result that nobody runs."""
    shown = blocks((ROOT / name).read_text())
    unknown = [(block.line, block.kind) for block in shown if block.kind not in KINDS]
    assert unknown == []


@pytest.mark.parametrize("name", TOLD)
def test_what_a_page_shows_is_what_happens(
    name: str, folder: Path, request: pytest.FixtureRequest
) -> None:
    """Read from top to bottom, each file is as valid as the page says and each command prints it."""
    page = ROOT / name
    shown = page.read_text()
    happened, copied = "", 0
    for block in blocks(shown):
        really = _happens(block, folder)
        start, end = block.span
        text = shown[start:end] if _same(block.text, really) else block.written(really)
        happened += shown[copied:start] + text
        copied = end
    happened += shown[copied:]
    if request.config.getoption("--accept"):
        page.write_text(happened)
        return
    assert shown == happened


@pytest.mark.parametrize("name", NAMES)
def test_every_link_of_a_page_leads_somewhere(name: str) -> None:
    """Files and images that a page links to are in the repository."""
    page = ROOT / name
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    local = [link for link in links if not link.startswith(("http://", "https://", "mailto:"))]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_the_reference_of_the_format_is_made_from_the_schema() -> None:
    """docs/format.md is what docs/make_format.py makes; run it after changing the schema."""
    script = ROOT / "docs/make_format.py"
    namespace: dict[str, object] = {"__name__": "make_format", "__file__": str(script)}
    exec(compile(script.read_text(), script, "exec"), namespace)
    schema = json.loads(library.schema_file("workflow").read_text())
    page = namespace["page"](schema)  # type: ignore[operator]
    assert (ROOT / "docs/format.md").read_text() == page


def _happens(block: Block, folder: Path) -> str:
    """The block as it would stand if the page were written by what really happens."""
    match block.kind:
        case "yaml" if re.search(r"^version:", block.text, re.MULTILINE):
            file = _write(block, folder)
            load(file, environ={})
        case "yaml" | "yaml part":
            _parse_part(block)
        case "yaml wrong":
            file = _write(block, folder)
            with pytest.raises(Rejected):
                load(file, environ={})
        case "console":
            return _console(block.text, folder)
        case "sh":
            _shell(block.text)
        case "json":
            return _result(block.text)
        case "csv":
            _write(block, folder)
    return block.text


def _write(block: Block, folder: Path) -> Path:
    file = folder / block.file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(block.text)
    return file


def _parse_part(block: Block) -> None:
    """A part of a workflow parses, and every key at its top is one that the format knows."""
    data = yaml.safe_load(block.text)
    schema = json.loads(library.schema_file("workflow").read_text())
    if isinstance(data, dict):
        assert set(data) <= set(schema["properties"]), f"line {block.line}"
    assert data, f"line {block.line}"


def _console(text: str, folder: Path) -> str:
    """The block with the output that its `$ askpix …` commands really print."""
    parts = re.split(r"^(?=\$ )", text, flags=re.MULTILINE)
    return parts[0] + "".join(_prompted(part, folder) for part in parts[1:])


def _prompted(part: str, folder: Path) -> str:
    command, _, shown = part.partition("\n")
    assert command.startswith("$ askpix "), f"only askpix runs in a console block: {command}"
    outcome = _run(shlex.split(command[2:], comments=True))
    if not shown.strip():
        assert outcome.exit_code == 0, outcome.output
        return part
    output = outcome.output.replace(f"{folder}/", "")
    if _same(shown, output):
        return part
    return f"{command}\n{output}"


def _run(words: list[str]) -> Result:
    return CliRunner().invoke(group, words[1:], prog_name="askpix", catch_exceptions=False)


def _shell(text: str) -> None:
    """Of shell lines, the askpix commands are run; the rest prepares a machine."""
    for command in re.split(r"\s*(?:&&|\n)\s*", text.strip()):
        words = shlex.split(command, comments=True)
        if words and Path(words[0]).name == "askpix":
            outcome = _run(words)
            assert outcome.exit_code == 0, outcome.output


def _result(text: str) -> str:
    """A result shown in full is one that the program could have written."""
    line = json.dumps(json.loads(text), ensure_ascii=False)
    assert json.loads(to_line(from_line(line))) == json.loads(text)
    return text


def _same(shown: str, happened: str) -> bool:
    """Equal, where `…` in what is shown stands for anything."""
    pattern = ".*?".join(re.escape(piece) for piece in shown.strip().split("…"))
    return re.fullmatch(pattern, happened.strip(), re.DOTALL) is not None
