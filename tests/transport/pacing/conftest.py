"""The clock on which sleeping costs nothing, and services with a quota to be paced for."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent


def _loaded(path: Path) -> ModuleType:
    """A module beside the tests, which no package holds."""
    name = f"tests_{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def clock() -> ModuleType:
    """`tests/virtual_clock.py`."""
    return _loaded(HERE.parents[1] / "virtual_clock.py")


@pytest.fixture(scope="session")
def quotas(clock: ModuleType) -> ModuleType:
    """`quotas.py`, which plays whole runs against services with a quota."""
    return _loaded(HERE / "quotas.py")
