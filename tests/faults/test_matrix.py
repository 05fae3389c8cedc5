"""Every fault of the matrix has a test with its id in its name."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

TESTS = Path(__file__).parents[1]
NAMED = re.compile(r"^\s*(?:async )?def test_(F\d{3})_\w+\(", re.MULTILINE)


def ids_in_tests() -> set[str]:
    """The ids that stand in the names of tests."""
    files = TESTS.rglob("test_*.py")
    return {id for file in files for id in NAMED.findall(file.read_text(encoding="utf-8"))}


def test_every_fault_has_a_test(fault_matrix: ModuleType) -> None:
    """By its name: `test_F101_…`, anywhere in the tests. One that is pending has none yet."""
    missing = set(fault_matrix.PROMISES) - ids_in_tests()
    assert sorted(missing) == sorted(fault_matrix.PENDING)


def test_no_test_names_a_fault_that_is_not_in_the_matrix(fault_matrix: ModuleType) -> None:
    """A mistyped id would be a fault without a test."""
    assert ids_in_tests() <= set(fault_matrix.PROMISES)


def test_the_matrix_is_complete(fault_matrix: ModuleType) -> None:
    """Seven groups, each numbered from 1 without a gap, each promise one line."""
    counts = {"F1": 21, "F2": 9, "F3": 17, "F4": 12, "F5": 6, "F6": 15, "F7": 7}
    every = [
        f"{group}{number:02}" for group, count in counts.items() for number in range(1, count + 1)
    ]
    assert list(fault_matrix.PROMISES) == every
    assert all(promise and "\n" not in promise for promise in fault_matrix.PROMISES.values())
