"""Where keys and variables come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.cli.environment import api_key, environment

ENV_FILE = """\
# a comment
GEMINI_API_KEY = "from-the-file"
export MARKET='our market'
PLAIN=value # with a comment
EMPTY=
not a line
"""


def test_an_env_file_fills_in_what_the_environment_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quotes, comments and `export` are read as people expect; the environment wins."""
    (tmp_path / ".env").write_text(ENV_FILE)
    monkeypatch.setenv("PLAIN", "from outside")
    found = environment(tmp_path)
    assert {name: found[name] for name in ("GEMINI_API_KEY", "MARKET", "PLAIN", "EMPTY")} == {
        "GEMINI_API_KEY": "from-the-file",
        "MARKET": "our market",
        "PLAIN": "from outside",
        "EMPTY": "",
    }


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        ({}, None),
        ({"GEMINI_API_KEY": ""}, None),
        ({"GEMINI_API_KEY": "a"}, "a"),
        ({"GEMINI_API_KEY": "a", "GOOGLE_API_KEY": "b"}, "b"),
    ],
)
def test_the_key_of_google_wins(environ: dict[str, str], key: str | None) -> None:
    """GOOGLE_API_KEY wins over GEMINI_API_KEY, as in Google's own package; empty is no key."""
    assert api_key(environ) == key


def test_a_broken_env_file_is_ignored(tmp_path: Path) -> None:
    """Bytes that are no text give no variables and no traceback."""
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00A=b")
    assert "A" not in environment(tmp_path)
