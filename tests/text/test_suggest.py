"""The one close name."""

from __future__ import annotations

import pytest

from runner.text.suggest import did_you_mean

KEYS = ("media_resolution", "model", "prompt", "pass_rate", "vars.thing", "fetch", "compute", "ask")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("media_resolutoin", "media_resolution"),
        ("Media-Resolution", "media_resolution"),
        ("promt", "prompt"),
        ("modle", "model"),
        ("vars.thinng", "vars.thing"),
        ("aks", "ask"),
        ("asc", "ask"),
        ("colour", None),
        ("batch", None),
        ("cut", None),
        ("", None),
        ("x" * 100_000, None),
    ],
)
def test_a_typing_error_finds_its_word(word: str, meant: str | None) -> None:
    """Capitals, `-` and `_` make no difference; what is not close stays alone."""
    assert did_you_mean(word, KEYS) == meant
