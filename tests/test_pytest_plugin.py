"""Workflows as tests of pytest: one for the run, one for each check, answered by recordings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

import runner
from runner.pytest_plugin import _told

pytest_plugins = "pytester"

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples/02-count-coins"


@pytest.fixture
def folder(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's repository with the example of the coins and a test of their own. The plugin is named
    on the command line, so that the tests do not need the package to be installed."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # whoever wants out is refused
    shutil.copytree(EXAMPLE, pytester.path / "coins")
    (pytester.path / "test_own.py").write_text("def test_own(): pass\n")
    return pytester.path


def tried(pytester: pytest.Pytester, *words: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-p", "runner.pytest_plugin", *words)


def collecting(pytester: pytest.Pytester, *lines: str) -> None:
    text = "\n".join(["[pytest]", "askpix_collect = true", *lines])
    (pytester.path / "pytest.ini").write_text(text)


FILE = "coins/count-coins.workflow.yaml"


def changed(folder: Path, *changes: tuple[str, str]) -> None:
    text = (folder / FILE).read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (folder / FILE).write_text(text)


def test_who_installs_the_package_has_the_plugin() -> None:
    """Under the name by which `-p no:askpix` turns it off."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"] == {"pytest11": {"askpix": "runner.pytest_plugin"}}


def test_nothing_is_collected_unless_it_is_wanted(pytester: pytest.Pytester, folder: Path) -> None:
    """To install the package changes nobody's tests."""
    result = tried(pytester, "-q", "--collect-only")
    assert [line for line in result.outlines if "::" in line] == ["test_own.py::test_own"]
    assert not (folder / "runs").exists()


@pytest.mark.parametrize("how", ["named", "option", "ini"])
def test_every_check_is_a_test(pytester: pytest.Pytester, folder: Path, how: str) -> None:
    """And the run is one. To collect them runs nothing."""
    if how == "ini":
        collecting(pytester)
    words = {"named": [FILE], "option": ["--askpix-collect", "coins"], "ini": ["coins"]}[how]
    result = tried(pytester, "-q", "--collect-only", *words)
    assert [line for line in result.outlines if "::" in line] == [
        f"{FILE}::runs",
        f"{FILE}::counts something",
        f"{FILE}::the number of the table",
    ]
    assert not (folder / "runs").exists()


def test_recordings_answer(pytester: pytest.Pytester, folder: Path) -> None:
    """Without network and key; a second time the run folder of the first is not taken for tests."""
    collecting(pytester)
    for time in (1, 2):
        result = tried(pytester)
        result.assert_outcomes(passed=4)
        assert len(list((folder / "runs").iterdir())) == time
    (manifest, _) = (folder / "runs").glob("*/run.json")
    assert json.loads(manifest.read_text())["status"] == "done"


def test_a_check_that_fails_is_told_in_words(pytester: pytest.Pytester, folder: Path) -> None:
    """With the line, the cases and no traceback; a warning is one of pytest's."""
    changed(folder, ("tolerance: 3", "tolerance: 0"))
    changed(folder, ("between: [1, 100]", "between: [1, 5]"), ("pass_rate: 50%", "pass_rate: 100%"))
    result = tried(pytester, FILE, "--junitxml=out.xml")
    result.assert_outcomes(passed=2, failed=1, warnings=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "*_ count-coins.workflow.yaml: counts something _*",
            f"{FILE}:29: counts something",
            "holds for 0 of 2 cases (0%), needed 100%; coins.png: count.total is *, expected *",
            "  coins-top.png: count.total is *",
            "*= warnings summary =*",
            f"{FILE}::the number of the table",
            f"  {FILE}:32: AskpixWarning: the number of the table",
            "  holds for 1 of 2 cases (50%), needed 100%; *",
            "    that: count.total",
            "FAILED *",
        ]
    )
    assert "Traceback" not in result.stdout.str()
    assert "pytest_plugin.py" not in result.stdout.str()
    failures = ElementTree.parse(folder / "out.xml").findall(".//testcase/failure")
    assert [failure.text.splitlines()[0] for failure in failures if failure.text] == [
        f"{FILE}:29: counts something"
    ]


def test_every_case_that_fails_is_told() -> None:
    """Though its name is the end of another's, and both fail for the same reason."""
    cases = ("big-cup.jpg: is 0", "cup.jpg: is 0")
    check = runner.Check("finds", "failed", f"holds for 0 of 2 cases; {cases[0]}", {}, cases)
    assert [*_told([check])] == [check.why, "  cup.jpg: is 0"]


def test_only_what_is_chosen_runs(pytester: pytest.Pytester, folder: Path) -> None:
    """`-k` takes a check alone; what is not chosen, and its workflow, are left alone."""
    shutil.copytree(EXAMPLE, folder / "more")
    result = tried(pytester, "--askpix-collect", "-k", "coins and table and not more")
    result.assert_outcomes(passed=1, deselected=6)
    assert len(list((folder / "runs").iterdir())) == 1


def test_a_mistake_in_the_file_is_told_as_the_command_line_tells_it(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """An error of collection, with the place and what to write; no traceback."""
    changed(folder, ("tolerance: 3", "tolerence: 3"))
    result = tried(pytester, FILE)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "error[[]W201[]]: unknown key `tolerence` *",
            f"  --> {FILE}:34:5",
            "34 |     tolerence: 3 *",
            "   |     ^^^^^^^^^ did you mean `tolerance`?",
        ]
    )
    assert "Traceback" not in result.stdout.str()


def test_a_part_is_no_test(pytester: pytest.Pytester, folder: Path) -> None:
    """It is there for others to extend; whoever names it is told."""
    part = folder / "part.workflow.yaml"
    part.write_text("version: 1\npartial: true\nsteps: [{id: a, prompt: What?}]\n")
    tried(pytester, "--askpix-collect", "-k", "part").assert_outcomes(deselected=4)
    result = tried(pytester, part.name)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*part.workflow.yaml says `partial: true`*"])


def test_without_recordings_it_says_how_to_make_them(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """Once in full; nobody is asked instead."""
    shutil.rmtree(folder / "coins/recordings")
    result = tried(pytester, FILE)
    result.assert_outcomes(failed=3)
    record = f"askpix run {FILE} --record coins/recordings"
    assert result.stdout.str().count(f"to make them (this asks the service):  {record}") == 1
    assert result.stdout.str().count(f"nothing ran: there are no recordings of {FILE}") == 2
    assert not (folder / "runs").exists()


def test_what_is_not_recorded_fails_the_run(pytester: pytest.Pytester, folder: Path) -> None:
    """Another prompt needs another recording: the failure names what differs."""
    changed(folder, ("row by row", "line by line"))
    result = tried(pytester, FILE, "-k", "runs")
    result.assert_outcomes(failed=1, deselected=2)
    result.stdout.fnmatch_lines(["coins.png, count: failed: *the prompt*"])


@pytest.mark.parametrize(("answers", "passed"), [("simulator", 3), ("cache", 0), ("live", 0)])
def test_other_answers_are_a_wish(
    pytester: pytest.Pytester, folder: Path, answers: str, passed: int
) -> None:
    """In the configuration or on the command line. A cache that is empty has none, and without a key
    nothing is asked."""
    collecting(pytester, f"askpix_answers = {answers}")
    result = tried(pytester, "coins")
    assert result.parseoutcomes() == {"passed": 3} if passed else {"failed": 3}
    told = {"cache": "*coins.png, count: failed:*", "live": "*no key for the Gemini API*"}
    if answers in told:
        result.stdout.fnmatch_lines([told[answers]])


def test_the_command_line_wins_over_the_configuration(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """As with pytest's own options."""
    collecting(pytester, "askpix_answers = live")
    tried(pytester, "coins", "--askpix-answers", "recordings").assert_outcomes(passed=3)


def test_several_processes_share_one_run(
    pytester: pytest.Pytester, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However pytest-xdist deals the tests out; the place where they meet is removed."""
    pytest.importorskip("xdist")
    meeting = folder / "temporary"
    meeting.mkdir()
    monkeypatch.setenv("TMPDIR", str(meeting))
    collecting(pytester)
    result = tried(pytester, "-p", "xdist", "-n", "2", "--dist", "each")
    result.assert_outcomes(passed=8)
    assert len(list((folder / "runs").iterdir())) == 1
    assert list(meeting.iterdir()) == []


def test_a_session_without_workflows_imports_next_to_nothing() -> None:
    """What the plugin costs everybody: the names of the package, and none of its rooms."""
    code = "import pytest, sys; before = set(sys.modules); import runner.pytest_plugin; "
    code += "print(sorted(set(sys.modules) - before))"
    command = [sys.executable, "-c", code]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert eval(done.stdout) == ["runner", "runner.pytest_plugin", "runner.version"]
