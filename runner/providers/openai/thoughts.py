"""What a model says after it has thought, where its server leaves the thoughts in the text.

Servers part the two when they know how a model marks its thoughts; else they stand before the answer,
within `<think>` and `</think>`. With some models the prompt ends with the first of the two marks, so
that only the last is in the text: Qwen3-VL's thinking ones do so (github.com/vllm-project/vllm,
issues 26239 and 22507). Drafts of an answer in them would be taken for the answer.
"""

from __future__ import annotations

import re

_OPENED = re.compile(r"\s*<think(?:ing)?>", re.IGNORECASE)
_CLOSED = re.compile(r"</think(?:ing)?>", re.IGNORECASE)


def without_thoughts(text: str, *, cut_off: bool) -> str:
    """The answer alone; nothing, when the text ends before the thoughts do (`cut_off`).

    What looks like JSON from its first character on holds no thoughts: a mark in it is its own.
    """
    if text.lstrip()[:1] in ("{", "["):
        return text
    opened, closed = _OPENED.match(text), _CLOSED.search(text)
    if closed is not None:
        return text[closed.end() :].lstrip()
    return "" if opened and cut_off else text
