"""The fault server of the fault matrix, for tests of a single attempt."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

KIT = Path(__file__).parents[1] / "faults" / "server.py"


@pytest.fixture
def faults() -> Iterator[Any]:
    """A running fault server; the first part of a path names the fault."""
    with _kit().serving() as server:
        yield server


def _kit() -> ModuleType:
    name = "fault_server"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, KIT)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]
