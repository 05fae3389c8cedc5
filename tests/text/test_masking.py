"""Keys in what is shown: unreadable, and everything else as it was."""

from __future__ import annotations

import pytest

from runner.text.masking import masked, masked_lines

KEY = "AIza" + "SyNotARealKey_for-a-test-file-01234"
HIDDEN = "AIza" + "…" * 35


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (KEY, HIDDEN),
        (f"say {KEY}, please", f"say {HIDDEN}, please"),
        (KEY + "56", HIDDEN + "……"),
        (KEY[:-3], HIDDEN[:-3]),
        (f"key={KEY}", f"key={HIDDEN}"),
        ("AIzaShort", "AIzaShort"),
        (f"data:image/png;base64,iVBOR/{KEY}", f"data:image/png;base64,iVBOR/{KEY}"),
    ],
)
def test_a_key_is_unreadable_wherever_it_stands(text: str, shown: str) -> None:
    """Also with a slip of the pen in it; the middle of an image written as text is none."""
    assert masked(text) == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("api_key: not-what-google-gives", "api_key: " + "…" * 21),
        ("  x-goog-api-key: 'secret'", "  x-goog-api-key: '………………'"),
        ("GEMINI_API_KEY=abc.def-ghi", "GEMINI_API_KEY=" + "…" * 11),
        ("Authorization: Bearer abcdefgh", "Authorization: Bearer ……………………"),
        ("    key: AQ.Ab8RN6abcdef", "    key: ………………………………………"),
        ("key: dominant-seventh", "key: dominant-seventh"),
        ("key: {env: GEMINI_API_KEY}", "key: {env: GEMINI_API_KEY}"),
        ("max_output_tokens: 123456789012", "max_output_tokens: 123456789012"),
        ("monkey: 1234567890123", "monkey: 1234567890123"),
    ],
)
def test_the_value_under_a_name_for_keys_is_unreadable_in_a_line(line: str, shown: str) -> None:
    """Whatever form the key has; words and numbers under other names stay."""
    assert masked_lines(line) == shown
    assert len(shown) == len(line)
