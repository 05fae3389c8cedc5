"""Where the key is and what it looks like; it is never told."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.doctor.finding import Finding
from runner.doctor.key import FoundKey, address, api_version, key, readable_by_others

USUAL = "AIza" + "x" * 35
SERVICE = "https://generativelanguage.googleapis.com"


def found(value: str, name: str = "GEMINI_API_KEY", where: str = "the environment") -> FoundKey:
    return FoundKey(name, where, value)


@pytest.mark.parametrize(
    ("value", "level", "says"),
    [
        (USUAL, "ok", "39 characters, of the usual form"),
        (USUAL[:-1], "warn", "38 characters, not of the usual form (AIza and 35 more)"),
        ("your-key-here", "warn", "13 characters, not of the usual form"),
        (f'"{USUAL}"', "fail", "41 characters, with one that no key has"),
        (f"{USUAL}\n", "fail", "40 characters, with one that no key has"),
        (f"{USUAL}…", "fail", "40 characters, with one that no key has"),
    ],
)
def test_the_form_of_a_key_is_told_and_not_the_key(value: str, level: str, says: str) -> None:
    """Its length and whether it can be one."""
    (told,) = key([found(value)], (), needed=True)
    assert told.level == level
    assert told.says.startswith(f"GEMINI_API_KEY, from the environment: {says}")
    assert value.strip() not in f"{told!r}{found(value)!r}"


def test_on_this_machine_any_key_will_do() -> None:
    """A simulator takes any, and needs none."""
    (told,) = key([found("simulated")], (), needed=False)
    assert (told.level, told.says.endswith("any will do here")) == ("ok", True)
    assert [each.level for each in key([], (), needed=False)] == ["ok"]


def test_without_a_key_a_run_would_not_begin() -> None:
    """What is wrong with files that were to hold one comes first."""
    *faults, none = key([], ["a/.env is there, but it names no key"], needed=True)
    assert [each.level for each in faults] == ["warn"]
    assert (none.level, "aistudio.google.com" in none.do) == ("fail", True)


def test_two_different_keys_are_told() -> None:
    """Which one is used; two that are the same are no matter."""
    one, other = found("k-1", "GOOGLE_API_KEY"), found("k-2", "GEMINI_API_KEY", "./.env")
    told = [*key([one, other], (), needed=False)]
    assert told[1].says == "GOOGLE_API_KEY is used; GEMINI_API_KEY (./.env) holds another key"
    assert len([*key([one, found("k-1")], (), needed=False)]) == 1


def test_a_file_that_others_can_read_is_told(tmp_path: Path) -> None:
    """With the command that closes it."""
    for name, mode in (("open", 0o644), ("closed", 0o600)):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(mode)
    told = readable_by_others([tmp_path / "open", tmp_path / "closed", tmp_path / "gone"])
    assert [each.do for each in told] == [f"chmod 600 {tmp_path / 'open'}"]


@pytest.mark.parametrize(
    ("url", "level", "says"),
    [
        (None, "ok", "(the service's own)"),
        ("http://127.0.0.3:8080", "ok", "(instead of"),
        ("https://gemini.example.org", "ok", "(instead of"),
        ("http://gemini.example.org", "warn", "travel unencrypted"),
        ("https://gemini.example.org/v1beta/", "warn", "ends in the version"),
        ("gemini.example.org", "fail", "is no web address"),
        ("https://[bad", "fail", "is no web address"),
        ("https://host:port", "fail", "is no web address"),
    ],
)
def test_an_address_that_cannot_be_right_is_told(url: str | None, level: str, says: str) -> None:
    """Before anything is sent there."""
    told = address(url, SERVICE)
    assert (told.level, says in told.says) == (level, True)


def test_the_version_fits_what_is_asked() -> None:
    """Moving names need v1beta; a revision changes nothing any more."""
    assert [*api_version("v1beta", ["gemini-flash-latest"], [])] == [
        Finding("api version", "ok", "v1beta; no Api-Revision is needed")
    ]
    assert [each.level for each in api_version("v1", ["gemini-flash-latest"], ["a"])] == [
        *("ok", "warn", "warn")
    ]
    assert [each.level for each in api_version("v7", [], [])] == ["warn"]
