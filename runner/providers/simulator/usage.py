"""What an answer costs in tokens, counted by the tables that the documentation gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runner.providers.simulator.question import Question
from runner.providers.simulator.said import Said
from runner.providers.simulator.seen import Seen
from runner.tokens import image_tokens, text_tokens
from runner.values.request import canonical_json

THOUGHTS = {"none": 0, "minimal": 0, "low": 64, "medium": 192, "high": 512, "xhigh": 1024}
"""Tokens that the simulated model thinks with, by level. Real models vary with every question."""


@dataclass(frozen=True, slots=True)
class Used:
    """Tokens of one question and its answer, apart as the service tells them."""

    text: int
    images: int
    output: int = 0
    thoughts: int = 0

    @property
    def input(self) -> int:
        """Text and images together."""
        return self.text + self.images

    @property
    def total(self) -> int:
        """Everything. Thoughts are counted apart from the output."""
        return self.input + self.output + self.thoughts


def asked(question: Question, images: Sequence[Seen]) -> Used:
    """The tokens of the question alone, what was said before included; `images` are all that it read."""
    texts = [question.said, question.prompt, question.system]
    if question.schema is not None:
        texts.append(canonical_json(question.schema))
    return Used(
        text=sum(text_tokens(text).tokens for text in texts),
        images=sum(
            image_tokens(question.model, seen.size, sent.resolution).tokens
            for sent, seen in zip(question.read, images, strict=True)
        ),
    )


def used(question: Question, images: Sequence[Seen], said: Said) -> Used:
    """The tokens of the question and its answer."""
    before = asked(question, images)
    return Used(
        text=before.text,
        images=before.images,
        output=text_tokens(said.text).tokens,
        thoughts=THOUGHTS[question.thinking],
    )
