"""What the pages show is what the program does: every YAML block and every command in them."""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import re
import shlex
import shutil
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from runner import library
from runner.cli import COMMANDS, group
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
CI_FILES = [
    *ROOT.glob("examples/*/.github/workflows/*.yml"),
    *ROOT.glob("docs/ci/*.yml"),
]
"""Files for CI services: what a page shows of one is the whole of it, and test_ci_files.py runs it."""
KINDS = {
    "yaml", "yaml wrong", "yaml part", "console", "sh", "json", "jsonl", "csv", "text",
    "python", "pycon",
}  # fmt: skip


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
    names: dict[str, object] = {"__name__": "__main__"}
    for block in blocks(shown):
        really = _happens(block, folder, names)
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


def test_the_readme_lists_the_commands_that_there_are() -> None:
    """In the order of `askpix --help`."""
    readme = (ROOT / "README.md").read_text()
    assert re.findall(r"^\| `askpix (\w+)", readme, re.MULTILINE) == list(COMMANDS)


NOT_YET = {
    "rotate: 90": "rotate: 90",
    "upload": "steps: [{id: look, prompt: Look., upload: files}]",
    "fetch": "steps: [{id: look, prompt: Look., fetch: true}]",
    "frame": "steps: [{id: look, prompt: Look., frame: 1}]",
}
"""What the reference says cannot run yet, each with a part of a workflow that would need it."""


def test_the_reference_names_everything_here_that_cannot_run_yet() -> None:
    """In the paragraph that says so, and nothing else stands there."""
    told = (ROOT / "docs/format.md").read_text().split("cannot run yet in\nthis version:")[1]
    paragraph = told.split("\n\n")[0].replace("`off`", "").replace("`run`", "")
    assert sorted(re.findall(r"`([^`]+)`", paragraph)) == sorted(NOT_YET)


@pytest.mark.parametrize("words", NOT_YET)
def test_what_cannot_run_yet_is_refused_and_says_so(words: str, folder: Path) -> None:
    """With a message of its own (W9…), so that nobody pays for half of what they asked."""
    part = yaml.safe_load(NOT_YET[words])
    own = {"version": 1, "steps": [{"id": "look", "prompt": "Look."}], **part}
    whole = own if "dataset" in own else {**own, "images": "photos/*.jpg"}
    file = folder / "mine.workflow.yaml"
    file.write_text(yaml.safe_dump(whole))
    with pytest.raises(Rejected) as rejected:
        load(file, environ={})
    assert [p.code[:2] for p in rejected.value.problems if p.code.startswith("W9")] == ["W9"]


def test_the_reference_of_the_format_is_made_from_the_schema() -> None:
    """docs/format.md is what docs/make_format.py makes; run it after changing the schema."""
    script = ROOT / "docs/make_format.py"
    namespace: dict[str, object] = {"__name__": "make_format", "__file__": str(script)}
    exec(compile(script.read_text(), script, "exec"), namespace)
    schema = json.loads(library.schema_file("workflow").read_text())
    page = namespace["page"](schema)  # type: ignore[operator]
    assert (ROOT / "docs/format.md").read_text() == page


def _happens(block: Block, folder: Path, names: dict[str, object]) -> str:
    """The block as it would stand if the page were written by what really happens. `names` are those
    of the page's Python so far."""
    match block.kind:
        case "yaml" if re.search(r"^version:", block.text, re.MULTILINE):
            file = _write(block, folder)
            load(file, environ={})
        case "yaml" if block.file.startswith("."):
            assert block.text in [file.read_text() for file in CI_FILES], f"line {block.line}"
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
            return _result(block.text, folder)
        case "jsonl":
            _logged(block.text, folder)
        case "csv":
            _write(block, folder)
        case "python":
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "OpenCV")  # supervision wishes for it
                exec(compile(block.text, f"line {block.line}", "exec"), names)
        case "pycon":
            _typed(block, names)
    return block.text


def _typed(block: Block, names: dict[str, object]) -> None:
    """What is typed after `>>>` prints what stands below it; `…` stands for anything."""
    for example in doctest.DocTestParser().get_examples(block.text):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(example.source, f"line {block.line}", "single"), names)
        assert _same(example.want, printed.getvalue()), (block.line, printed.getvalue())


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


def _result(text: str, folder: Path) -> str:
    """What the last run of the page really wrote, cut down to what the page shows of it."""
    last = max(folder.glob("runs/*/results.jsonl"), key=lambda path: path.parent.name)
    line = last.read_text(encoding="utf-8").splitlines()[0]
    part = json.dumps(_cut(json.loads(line), json.loads(text)), indent=2, ensure_ascii=False)
    numbers = re.compile(r"\[\s+([-\d.,\s]+?)\s+\]")
    return numbers.sub(lambda list_: f"[{' '.join(list_[1].split())}]", part) + "\n"


def _logged(text: str, folder: Path) -> None:
    """Every line that the page shows stands in the log of the last run of the page."""
    last = max(folder.glob("runs/*/log.jsonl"), key=lambda path: path.parent.name)
    lines = last.read_text(encoding="utf-8").splitlines()
    for shown in text.splitlines():
        assert any(_same(shown, line) for line in lines), shown


def _cut(whole: object, shown: object) -> object:
    """Of what there is, the keys and the first items that are shown."""
    match whole, shown:
        case dict(), dict():
            return {key: _cut(whole[key], shown[key]) for key in shown}
        case list(), list():
            return [_cut(*pair) for pair in zip(whole, shown, strict=False)]
    return whole


def _same(shown: str, happened: str) -> bool:
    """Equal, where `…` in what is shown stands for anything."""
    pattern = ".*?".join(re.escape(piece) for piece in shown.strip().split("…"))
    return re.fullmatch(pattern, happened.strip(), re.DOTALL) is not None
