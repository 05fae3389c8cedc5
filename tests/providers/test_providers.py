"""The room of providers: what is in it, and that looking at it costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runner.providers import PROVIDERS
from runner.registry import Unknown


def test_all_providers_are_there_by_the_names_of_the_format() -> None:
    """Each is a frozen dataclass that can be made without options."""
    assert sorted(PROVIDERS) == ["gemini", "openai", "simulator"]
    for name in PROVIDERS:
        assert PROVIDERS.load(name)() == PROVIDERS.load(name)()


def test_a_misspelt_provider_is_told_its_close_relative() -> None:
    """For the message of `validate`."""
    with pytest.raises(Unknown) as caught:
        PROVIDERS.load("gemni")
    assert caught.value.close == ("gemini",)


def test_naming_a_provider_imports_no_network() -> None:
    """`validate` looks providers up, and has to be quick."""
    code = (
        "import sys, runner.providers;"
        "print(sorted({'httpx', 'aiohttp', 'asyncio', 'numpy', 'PIL', 'rich'} & set(sys.modules)))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert printed.stdout == "[]\n"


def test_the_client_is_imported_without_the_command_line_of_httpx() -> None:
    """It would bring rich and pygments along; afterwards nothing is left of the trick."""
    code = (
        "import sys, runner.transport.client;"
        "print('rich' in sys.modules, 'httpx._main' in sys.modules);"
        "import httpx; print(callable(httpx.main))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert printed.stdout == "False False\nTrue\n"
