"""Where keys and variables come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.front.environment import api_key, environment, what_is_wrong_with_env_files

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


def test_the_first_folder_wins(tmp_path: Path) -> None:
    """The folder of the workflow fills in what the current folder does not say."""
    here, there = tmp_path / "here", tmp_path / "there"
    for folder, text in ((here, "A_KEY=here\n"), (there, "A_KEY=there\nB_KEY=there\n")):
        folder.mkdir()
        (folder / ".env").write_text(text)
    found = environment(here, there)
    assert (found["A_KEY"], found["B_KEY"]) == ("here", "there")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        (
            ".env",
            "GEMINI_API_KEY=x".encode("utf-16"),
            "it is not UTF-8 (PowerShell writes UTF-16): save it as UTF-8",
        ),
        (
            ".env",
            b"GEMINI_API_KEY: x",
            "its line is not understood: write GEMINI_API_KEY=\u2026 in a line of its own, in capitals, with an equals sign",
        ),
        (
            ".env",
            b"gemini_api_key=x",
            "its line is not understood: write GEMINI_API_KEY=\u2026 in a line of its own, in capitals, with an equals sign",
        ),
        (
            ".env",
            b"a-key-alone",
            "it names no key: write GEMINI_API_KEY=\u2026 in a line of its own",
        ),
        (".env.txt", b"GEMINI_API_KEY=x", "its name must be exactly .env"),
    ],
)
def test_an_env_file_that_gives_no_key_is_explained(
    tmp_path: Path, name: str, content: bytes, why: str
) -> None:
    """What people write instead of `NAME=value`; the key itself is not repeated."""
    (tmp_path / name).write_bytes(content)
    (tmp_path / ".env.example").write_text("GEMINI_API_KEY=\n")
    assert list(what_is_wrong_with_env_files(tmp_path, tmp_path)) == [
        f"{tmp_path / name} is there, but {why}"
    ]
