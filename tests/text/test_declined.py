"""A refusal in plain words is told from an answer in plain words."""

from __future__ import annotations

import pytest

from runner.text.declined import is_declined


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that request.",
        "I\u2019m sorry, but I can\u2019t assist with that.",
        "Sorry, I cannot help with this image.",
        "I am very sorry. I am unable to comply.",
        "I'm unable to process this request.",
        "Unfortunately, I'm not able to provide that.",
        "I cannot identify people in images.",
        "I must decline.",
        "i won't do\n that",
    ],
)
def test_what_models_say_when_they_will_not_is_a_refusal(text: str) -> None:
    """In the phrases of English; straight or curly apostrophes, any white space."""
    assert is_declined(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "There are no cats in this image.",
        "I'm sorry, but there are no cats in this image.",
        "I can't find a cat.",
        "I cannot identify any objects.",
        "I am unable to see anything but fog.",
        "The sign says: I'm sorry, but I can't help you.",
        "Here you are: I can help with that.",
        "Ich kann dabei leider nicht helfen.",
    ],
)
def test_what_a_model_saw_is_no_refusal(text: str) -> None:
    """It is an answer in the wrong form: unreadable, with the model's words."""
    assert not is_declined(text)
