"""Thoughts that stand in the text of an answer are no part of it."""

from __future__ import annotations

import pytest

from runner.providers.openai.thoughts import without_thoughts


@pytest.mark.parametrize(
    ("text", "cut_off", "answer"),
    [
        ('<think>\nPerhaps {"n": 1}?\n</think>\n\n{"n": 2}', False, '{"n": 2}'),
        ('Perhaps {"n": 1}?\n</think>\n{"n": 2}', False, '{"n": 2}'),
        ("\n<thinking>Hm.</thinking>Two.", False, "Two."),
        ("<think></think>", False, ""),
        ('<think>Perhaps {"n": 1}', True, ""),
        ("<think>Perhaps", False, "<think>Perhaps"),
        ("Two.", False, "Two."),
        ('{"sign": "</think>"}', False, '{"sign": "</think>"}'),
        ('[{"sign": "<think>"}]', True, '[{"sign": "<think>"}]'),
    ],
)
def test_the_answer_is_what_follows_the_thoughts(text: str, cut_off: bool, answer: str) -> None:
    """Also when the first mark belongs to the prompt; a draft among the thoughts is never taken."""
    assert without_thoughts(text, cut_off=cut_off) == answer
