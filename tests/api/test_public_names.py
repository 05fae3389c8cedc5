"""What `import runner` offers, how cheap it is, and what a type checker knows of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import runner

ROOT = Path(__file__).parents[2]

HEAVY = ("asyncio", "click", "httpx", "jinja2", "numpy", "PIL", "rich", "yaml", "runner.story")

USER_CODE = """\
import runner

workflow = runner.load("cats.workflow.yaml", vars={"thing": "cat"}, limit=3)
run = runner.run(workflow, provider="simulator", progress=lambda news: print(news.done))
for result in run:
    reveal_type(result)
    reveal_type(result.status)
    for found in result.detections:
        reveal_type(found.box)
reveal_type(run["find"])
reveal_type(run["find"].to_dicts())
reveal_type(run["find"].save("coco", "boxes.json"))
reveal_type(run.cost_usd)
reveal_type(runner.plan(workflow).cost_usd)
reveal_type(runner.open_run())
try:
    runner.load("cats.workflow.yaml", limt=3)
except runner.Rejected as rejected:
    reveal_type(rejected.problems)
runner.run(workflow, cache="maybe")
"""

KNOWN = """\
6: note: Revealed type is "runner.values.result.Result"
7: note: Revealed type is "Literal['ok'] | Literal['empty'] | Literal['partial'] | Literal['truncated'] | Literal['refused'] | Literal['malformed'] | Literal['failed'] | Literal['not_run'] | Literal['skipped']"
9: note: Revealed type is "runner.values.geometry.Box | None"
10: note: Revealed type is "runner.api.results.Results"
11: note: Revealed type is "typing.Iterator[dict[str, Any]]"
12: note: Revealed type is "tuple[pathlib.Path, ...]"
13: note: Revealed type is "float"
14: note: Revealed type is "float | None"
15: note: Revealed type is "runner.api.results.Run"
17: error: Unexpected keyword argument "limt" for "load"; did you mean "limit"?  [call-arg]
19: note: Revealed type is "tuple[runner.values.problem.Problem, ...]"
20: error: Argument "cache" to "run" has incompatible type "Literal['maybe']"; expected "Literal['use', 'only', 'refresh', 'off'] | None"  [arg-type]
"""


def test_every_public_name_is_there_and_explained() -> None:
    """Each has a docstring of its own; `dir` shows them, and nothing else."""
    assert dir(runner) == sorted(runner.__all__)
    public = [getattr(runner, name) for name in runner.__all__ if not name.startswith("__")]
    assert [each.__name__ for each in public if not each.__doc__] == []
    with pytest.raises(AttributeError, match="module 'runner' has no attribute 'lod'"):
        runner.lod  # type: ignore[attr-defined]  # noqa: B018


def test_importing_the_package_imports_nothing_else() -> None:
    """The command line imports it for `--help`, too."""
    code = f"import sys, runner; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.slow
def test_a_type_checker_knows_what_comes_back(tmp_path: Path) -> None:
    """Code of a user, checked strictly: every type, and the options that do not exist."""
    pytest.importorskip("mypy")
    file = tmp_path / "code.py"
    file.write_text(USER_CODE)
    config = str(ROOT / "pyproject.toml")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", config, str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    told = "".join(
        line.split("code.py:", 1)[1].replace("builtins.", "")  # older mypy writes them
        for line in done.stdout.splitlines(keepends=True)
        if "code.py:" in line and "defined in" not in line
    )
    assert told == KNOWN, done.stdout + done.stderr
