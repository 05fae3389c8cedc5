"""Python, packages, terminal, open files."""

from __future__ import annotations

from io import BytesIO, TextIOWrapper
from typing import Any

import pytest

from runner.doctor.finding import Finding, fails
from runner.doctor.machine import extras, open_files, packages, python, terminal


def test_this_python_will_do() -> None:
    """Or these tests would not run."""
    assert python().level == "ok"


def test_what_is_installed_here_will_do() -> None:
    """Every package that is needed."""
    assert not fails(packages())


def test_a_package_that_is_missing_or_too_old_is_named() -> None:
    """With the command that mends it; those of an extra are not needed."""
    required = [
        "no-such-package>=2.1",
        "click>=999",
        "PyYAML>=6.0.2; python_version >= '3.11'",
        "not-this-one>=1; extra == 'dev'",
    ]
    missing, old, rest = packages(required)
    assert missing == Finding(
        "packages",
        "fail",
        "no-such-package is not installed",
        "pip install 'no-such-package>=2.1'",
    )
    assert (old.level, old.do) == ("warn", "pip install 'click>=999'")
    assert old.says.endswith(" is older than 999")
    assert (rest.level, rest.says.startswith("PyYAML ")) == ("ok", True)


def test_an_extra_that_is_not_there_is_no_fault() -> None:
    """It is said what it would take; those of developers are left out."""
    required = [
        "click>=8",
        "no-such-package; extra == 'tables'",
        'pillow>=1; extra == "pictures"',
        "pytest; extra == 'dev'",
    ]
    assert [*extras(required)] == [
        Finding(
            "extras",
            "ok",
            "tables: not installed (no-such-package)",
            "only if you need it: pip install 'askpix[tables]'",
        ),
        Finding("extras", "ok", "pictures: installed"),
    ]


@pytest.mark.parametrize(
    ("encoding", "level"), [("utf-8", "ok"), ("ascii", "warn"), ("latin-1", "warn")]
)
def test_a_terminal_that_cannot_show_every_letter_is_told(encoding: str, level: str) -> None:
    """With what to set."""
    stream: Any = TextIOWrapper(BytesIO(), encoding=encoding)
    found = terminal({"stdout": stream})
    assert (found.level, bool(found.do)) == (level, level == "warn")
    assert f"stdout {encoding}" in found.says or f"stdout ({encoding})" in found.says


@pytest.mark.parametrize(
    ("parallel", "limit", "level"),
    [(8, 1024, "ok"), (1000, 1024, "fail"), (1000, None, "ok"), (960, 1024, "ok")],
)
def test_more_requests_than_files_may_be_open_is_a_failure(
    parallel: int, limit: int | None, level: str
) -> None:
    """A connection is a file."""
    assert open_files(parallel, limit).level == level
