"""Every broken file of `broken/` is told in the author's words, with what to write instead.

Beside each `<code>-<what>.yaml` stands the exact text that is printed for it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.front.problem_text import as_text
from runner.text.source import read
from runner.values.problem import Rejected

FILES = sorted((Path(__file__).parent / "broken").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_broken_file_is_told_with_the_fix(
    path: Path, accepted: Callable[[Path, str], None]
) -> None:
    """All mistakes of a file at once, each with its caret and the line as it should be."""
    content = path.read_bytes()
    with pytest.raises(Rejected) as rejected:
        read(content, path.name)
    problems = rejected.value.problems
    printed = as_text(problems, {path.name: content.decode()})
    accepted(path.with_suffix(".txt"), printed + "\n")
    code = path.stem.split("-")[0].upper()
    assert code == "MANY" or code in {problem.code for problem in problems}
