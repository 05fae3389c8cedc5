"""The words of the Gemini API that both of its endpoints share, and what they mean for a run.

Source: ai.google.dev, error reference of the Interactions API; google-genai 3.4.0 (types).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runner.values.response import Usage

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


MOST_TOKENS = 10**9
"""More than any request takes: a number beyond it is a mistake of its writer."""


def usage(numbers: Mapping[str, object], names: Sequence[str], images: Sequence[object]) -> Usage:
    """Tokens as the service counted them. `names` are its words for input, output, thoughts, cached;
    `images` are the numbers that it gives for images.

    What is not there is 0, but for the input: no request has none. Whatever is no whole number of
    tokens is 0, too, and then the usage is not known.
    """
    counts = [0 if numbers.get(name) is None else _count(numbers[name]) for name in names]
    seen = [count for count in map(_count, images) if count is not None]
    given, said, thought, cached = (count or 0 for count in counts)
    is_known = None not in counts and given > 0
    return Usage(given, said, thought, cached, sum(seen) if seen else None, is_known)


def _count(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= MOST_TOKENS else None


def mapping(value: object) -> Mapping[str, object]:
    """This value if it is a JSON object, else an empty one: answers are read without trust."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: object) -> list[Mapping[str, object]]:
    """The JSON objects in this value if it is a list, else none."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def word(value: object) -> str:
    """This value if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""
