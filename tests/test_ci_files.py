"""The files for CI services do what they say: their own lines are run here, as a service runs them."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from runner.cli import group

ROOT = Path(__file__).parents[1]
ACTION = ROOT / ".github/actions/askpix"
EXAMPLE = ROOT / "examples/11-regression-in-ci"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


@dataclass(frozen=True)
class Ran:
    """What a step of the action left: exit code, what it printed, its outputs, its summary."""

    exit_code: int
    printed: str
    outputs: str
    summary: str


@dataclass
class Job:
    """A job of GitHub Actions on this machine: it runs the shell steps of the composite action in bash,
    with the variables of the runner, and inputs as the action passes them."""

    folder: Path
    repository: Path
    env: dict[str, str] = field(default_factory=dict)

    def step(self, number: int, **inputs: str) -> Ran:
        action = read(ACTION / "action.yml")
        given = {name: str(each.get("default", "")) for name, each in action["inputs"].items()}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        step = action["runs"]["steps"][number]
        env = {name: _filled(str(value), given) for name, value in step.get("env", {}).items()}
        files = {name: self.folder / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_PATH")}
        summary = self.folder / "summary.md"
        for file in (*files.values(), summary):
            file.write_text("")
        script = self.folder / "script.sh"
        script.write_text(step["run"])
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.repository,
            env={
                **os.environ,
                **self.env,
                **env,
                **{name: str(file) for name, file in files.items()},
                "GITHUB_STEP_SUMMARY": str(summary),
                "GITHUB_ACTIONS": "true",
                "GITHUB_WORKSPACE": str(self.repository),
                "GITHUB_ACTION_PATH": str(ACTION),
                "RUNNER_TEMP": str(self.folder),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        if (added := files["GITHUB_PATH"].read_text().strip()) and done.returncode == 0:
            self.env["PATH"] = f"{added}{os.pathsep}{self.env.get('PATH', os.environ['PATH'])}"
        outputs = files["GITHUB_OUTPUT"].read_text()
        return Ran(done.returncode, done.stdout, outputs, summary.read_text())


def _filled(text: str, inputs: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: inputs[found[1]], text)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """The example as a repository, where `askpix` is the one of these sources."""
    (tmp_path / "job").mkdir()
    shutil.copytree(EXAMPLE, tmp_path / "repository", ignore=shutil.ignore_patterns("runs"))
    bin = tmp_path / "bin"
    bin.mkdir()
    (bin / "askpix").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m runner "$@"\n')
    (bin / "askpix").chmod(0o755)
    path = f"{bin}{os.pathsep}{os.environ['PATH']}"
    return Job(
        tmp_path / "job",
        tmp_path / "repository",
        {"PATH": path, "PYTHONPATH": str(ROOT), "CI": "true"},
    )


def test_no_input_becomes_part_of_a_script() -> None:
    """Whoever names a file so that a shell would obey it finds it quoted: inputs are variables."""
    steps = read(ACTION / "action.yml")["runs"]["steps"]
    scripts = [step["run"] for step in steps if "run" in step]
    assert len(scripts) == 3
    assert [script for script in scripts if "${{" in script] == []
    assert {step["shell"] for step in steps if "run" in step} == {"bash"}


def test_the_example_is_accepted_as_it_is(job: Job) -> None:
    """`askpix test --locked`, from recordings, without network and key: green, with a summary."""
    ran = job.step(1, workflows="coins.workflow.yaml")
    assert ran.exit_code == 0, ran.printed
    assert ran.outputs == "exit-code=0\n"
    assert "::error" not in ran.printed
    assert ran.summary.startswith("### ✅ coins: 6 checks hold\n")
    assert list((job.repository / "runs").glob("*/junit.xml"))


def test_the_action_draws_what_it_keeps(job: Job) -> None:
    """A page in the folder of each run, also of a red one; none is nothing to fail for."""
    assert job.step(2).exit_code == 0
    assert job.step(1, workflows="coins.workflow.yaml").exit_code == 0
    assert job.step(2).exit_code == 0
    (page,) = (job.repository / "runs").glob("*/report.html")
    assert page.read_text().startswith("<!doctype html>")


def test_the_example_says_the_same_every_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_socket: None
) -> None:
    """Offline, byte by byte: results, verdicts, and the comparison with the baseline."""
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("runs"))
    monkeypatch.chdir(tmp_path)
    words = ["test", "coins.workflow.yaml", "--replay", "recordings", "--locked", "-q", "--out"]
    for out in ("a", "b"):
        done = CliRunner().invoke(group, [*words, out], catch_exceptions=False)
        assert done.exit_code == 0, done.output
    first, second = (next((tmp_path / out).iterdir()) for out in ("a", "b"))
    for name in ("results.jsonl", "checks.jsonl", "metrics.json", "metrics.jsonl"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    told = [json.loads((run / "comparison.json").read_text()) for run in (first, second)]
    for each in told:
        del each["now"]  # names the run
    assert told[0] == told[1]


def test_a_word_that_nobody_accepted_is_red(job: Job) -> None:
    """The change is named, and nothing runs."""
    change_a_word(job.repository)
    ran = job.step(1, workflows="coins.workflow.yaml")
    assert (ran.exit_code, ran.outputs) == (2, "exit-code=2\n")
    assert 'Find every [-"coin"-] {+"button"+} in the image' in ran.printed
    line = r"\n::error file=coins.workflow.yaml,line=16,col=5,.*title=coins%3A nothing ran::"
    assert re.search(line, ran.printed)
    assert "### ❌ coins: nothing ran" in ran.summary


def test_a_word_that_makes_it_worse_is_red(job: Job) -> None:
    """With recordings of its own, and not locked: every check that fails is marked at its line."""
    change_a_word(job.repository)
    words = ["run", "coins.workflow.yaml", "--provider", "simulator", "--record", "recordings"]
    words += ["--record-mode", "all", "--out", str(job.folder / "runs"), "-q"]
    subprocess.run(
        [sys.executable, "-m", "runner", *words],
        cwd=job.repository,
        env={**os.environ, **job.env},
        capture_output=True,
        check=False,
    )
    options = "--replay\nrecordings\n--quiet\n"
    ran = job.step(1, workflows="coins.workflow.yaml", recordings="", options=options)
    assert (ran.exit_code, ran.outputs) == (1, "exit-code=1\n")
    errors = re.findall(
        r"^::error file=([^,]+),line=(\d+),.*title=([^:]+)::", ran.printed, re.MULTILINE
    )
    lines = (EXAMPLE / "coins.workflow.yaml").read_text().splitlines()
    told = [
        (file, lines[int(line) - 1].strip().partition(" ")[0], title)
        for file, line, title in errors
    ]
    worse = "%2C against the baseline"
    assert sorted(told) == [
        ("coins.workflow.yaml", "metric:", f"coins%3A precision{worse}"),
        ("coins.workflow.yaml", "metric:", "coins%3A recall"),
        ("coins.workflow.yaml", "metric:", f"coins%3A recall{worse}"),
        ("coins.workflow.yaml", "that:", "coins%3A finds coins"),
        ("coins.workflow.yaml", "that:", f"coins%3A finds coins{worse}"),
    ]
    assert ran.summary.startswith("### ❌ coins: 5 of 6 checks failed\n")


def test_names_are_words_whatever_is_in_them(job: Job) -> None:
    """Spaces, quotes, dollars, backticks; several files; a folder to work in."""
    name = 'it\'s $(touch bad) `touch bad` "x" .workflow.yaml'
    folder = job.repository / "a b; touch bad"
    folder.mkdir()
    for file in (name, "-q.workflow.yaml"):
        (folder / file).write_text(
            "version: 1\nimages: ../photos/*\nsteps: [{id: a, prompt: What?}]\n"
        )
    ran = job.step(
        1,
        workflows=f"{name}\n-q.workflow.yaml\n",
        command="validate",
        options="--allow-outside\n",
        working_directory="a b; touch bad",
    )
    assert ran.exit_code == 0, ran.printed
    assert ran.printed.count("no problems") == 2
    assert list(job.repository.rglob("bad")) == []


def test_the_action_marks_mistakes(job: Job) -> None:
    """`command: validate` needs no recordings."""
    file = job.repository / "coins.workflow.yaml"
    file.write_text(file.read_text().replace("max_rise", "max_rize"))
    ran = job.step(1, workflows="coins.workflow.yaml", command="validate")
    assert ran.exit_code == 2
    assert "::error file=coins.workflow.yaml,line=" in ran.printed


@pytest.mark.slow
def test_the_action_installs_the_askpix_it_came_with(job: Job, tmp_path: Path) -> None:
    """Into an environment of its own. The packages it needs are lent by this one: no network."""
    lent = {"PYTHONPATH": sysconfig.get_path("purelib"), "PIP_NO_BUILD_ISOLATION": "0"}
    job.env = {**lent, "PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PATH": os.environ["PATH"]}
    sources = tmp_path / "sources"  # pip may write beside what it builds
    shutil.copytree(
        ROOT,
        sources,
        ignore=shutil.ignore_patterns(".git", "tests", "bench", "runs", ".*_cache", ".venv"),
    )
    ran = job.step(0, python=sys.executable, package=str(sources))
    assert ran.exit_code == 0, ran.printed
    ran = job.step(1, workflows="coins.workflow.yaml")
    assert ran.exit_code == 0, ran.printed
    assert shutil.which("askpix", path=job.env["PATH"]) == str(job.folder / "askpix/bin/askpix")


def change_a_word(repository: Path) -> None:
    file = repository / "coins.workflow.yaml"
    text = file.read_text()
    assert text.count('"coin"') == 1
    file.write_text(text.replace('"coin"', '"button"'))


def test_the_file_of_the_example_calls_the_action_that_there_is() -> None:
    """By its place in this repository, with inputs that it has, and no right but to read."""
    workflow = read(EXAMPLE / ".github/workflows/images.yml")
    (step,) = (s for s in workflow["jobs"]["images"]["steps"] if "askpix" in s["uses"])
    place = step["uses"].partition("@")[0].removeprefix("<owner>/askpix/")
    assert ROOT / place == ACTION
    assert set(step["with"]) <= set(read(ACTION / "action.yml")["inputs"])
    assert workflow["permissions"] == {"contents": "read"}
    assert set(workflow[True]) == {"pull_request", "push"}  # YAML 1.1 reads `on` as yes


def test_pre_commit_checks_workflows_and_nothing_else(tmp_path: Path) -> None:
    """The hook in `.pre-commit-hooks.yaml`: which files it takes, and what it does with them."""
    (hook,) = read(ROOT / ".pre-commit-hooks.yaml")
    assert hook["id"] == "askpix-validate"
    assert hook["language"] == "python"  # pre-commit installs this repository, and runs the entry
    files = [
        "a.workflow.yaml",
        "b/c.workflow.yml",
        "workflow.yaml",
        "x.workflow.yaml.bak",
        "a.yaml",
    ]
    taken = [file for file in files if re.search(hook["files"], file)]
    assert taken == ["a.workflow.yaml", "b/c.workflow.yml"]
    program, *words = shlex.split(hook["entry"])
    assert program == "askpix"
    (tmp_path / "a.workflow.yaml").write_text(
        "version: 1\nimages: x.png\nsteps: [{id: a, promt: What?}]\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "runner", *words, "a.workflow.yaml"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "did you mean `prompt`?" in done.stderr


def test_the_job_of_gitlab_runs(job: Job) -> None:
    """The lines of its script, but for pip, in the example; what it keeps is there."""
    gitlab = read(ROOT / "docs/ci/gitlab-ci.yml")["images"]
    lines = [*gitlab["script"], *gitlab["after_script"]]
    script = [line for line in lines if not line.startswith("pip ")]
    assert len(script) == len(lines) - 1
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(script)],
        cwd=job.repository,
        env={**os.environ, **job.env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(job.repository.glob(gitlab["artifacts"]["reports"]["junit"]))
    assert list(job.repository.glob("runs/*/report.html"))
    for path in gitlab["artifacts"]["paths"]:
        assert (job.repository / path).exists()
    assert gitlab["artifacts"]["when"] == "always"


def test_no_file_for_ci_installs_what_anybody_may_call_askpix() -> None:
    """There is no package of this name in an index that would be ours; what has to be filled in is no
    name that somebody could take."""
    gitlab = read(ROOT / "docs/ci/gitlab-ci.yml")["images"]
    assert gitlab["variables"]["ASKPIX"].startswith("https://github.com/<owner>/askpix/")
    assert read(ACTION / "action.yml")["inputs"]["package"]["default"] == ""
    for path in (
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("docs/ci/*"),
        *EXAMPLE.glob(".github/**/*.yml"),
    ):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"pip install (-\S+ )*askpix\b|OWNER/", text), path


def instructions() -> Iterator[tuple[str, str]]:
    """The instructions of the Dockerfile."""
    for line in (ROOT / "docs/ci/Dockerfile").read_text().splitlines():
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word, rest


def test_the_container_is_small_and_holds_no_key() -> None:
    """Two stages, a user who is not root, everything that it copies is there and reaches the builder;
    no argument, no variable and no file with a key."""
    found = list(instructions())
    assert [rest for word, rest in found if word == "FROM"] == [
        "python:3.13-slim AS build",
        "python:3.13-slim",
    ]
    users = [rest for word, rest in found if word == "USER"]
    assert users == ["askpix"]
    assert found.index(("USER", "askpix")) < found.index(("ENTRYPOINT", '["askpix"]'))
    sources = [rest.split()[:-1] for word, rest in found if word == "COPY" and "--from" not in rest]
    copied = [source for each in sources for source in each]
    allowed = (ROOT / "docs/ci/Dockerfile.dockerignore").read_text().splitlines()
    assert sorted(f"!{name}" for name in copied) == sorted(x for x in allowed if x[0:1] == "!")
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert not any(word == "ARG" or "KEY" in rest for word, rest in found)


def test_what_the_container_copies_is_what_a_wheel_is_built_of() -> None:
    """`pip install .` in the container finds everything that pyproject.toml names."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = {*project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]}
    needed |= {project["project"]["readme"], *project["project"]["license-files"], "pyproject.toml"}
    copied = {
        name
        for word, rest in instructions()
        if word == "COPY" and "--from" not in rest
        for name in rest.split()[:-1]
    }
    assert copied == needed
