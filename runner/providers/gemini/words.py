"""The words of the Gemini API that both of its endpoints share, and what they mean for a run.

Source: ai.google.dev, error reference of the Interactions API; google-genai 3.4.0 (types).
"""

from __future__ import annotations

from collections.abc import Mapping

REFUSALS = frozenset(
    {
        "safety",
        "recitation",
        "language",
        "prohibited_content",
        "spii",
        "blocklist",
        "jailbreak",
        "model_armor",
        "content_blocked",
        "image_safety",
        "image_prohibited_content",
        "image_recitation",
        "image_other",
    }
)
"""Reasons for which the service or the model declines; in upper case in generateContent."""

FAULTS = frozenset(
    {
        "malformed_function_call",
        "malformed_tool_call",
        "malformed_response",
        "unexpected_tool_call",
        "too_many_tool_calls",
        "missing_thought_signature",
        "no_image",
        "other",
    }
)
"""Reasons for which the model made no answer, although nobody declined."""


def is_refusal(word: str) -> bool:
    """Whether this word, of either endpoint, says that somebody declined."""
    return word.lower() in REFUSALS


def clean(text: str) -> str:
    """A text that UTF-8 can hold: half a surrogate pair becomes the replacement character."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def count(numbers: Mapping[str, object], key: str) -> int:
    """A number of tokens; 0 for whatever is no such number."""
    value = numbers.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def mapping(value: object) -> Mapping[str, object]:
    """This value if it is a JSON object, else an empty one: answers are read without trust."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: object) -> list[Mapping[str, object]]:
    """The JSON objects in this value if it is a list, else none."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def word(value: object) -> str:
    """This value if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""
