"""What is asked, and nothing else: its digest is the cache key, the recording key, the resume key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from runner.values.image import Image

GeminiFamily = Literal["interactions", "generate_content"]
"""Which of the two Gemini endpoints a request is written for."""

Family = Literal[GeminiFamily, "chat_completions"]
"""Which protocol a request is written in: an endpoint of Gemini, or OpenAI's Chat Completions."""

Resolution = Literal["low", "medium", "high", "ultra_high"]

KEY_FORMAT = 1
"""Raised when the canonical form changes; old keys are then never met again."""


@dataclass(frozen=True, slots=True)
class TextPart:
    """A piece of the prompt."""

    text: str


@dataclass(frozen=True, slots=True)
class ImagePart:
    """An image at its place in the request, with the resolution the model looks at it with."""

    image: Image
    resolution: Resolution | None = None


Part = TextPart | ImagePart


@dataclass(frozen=True, slots=True)
class Turn:
    """A question that is already answered, and its answer as the model itself would write it: shown
    to the model before the real question, as an example."""

    parts: tuple[Part, ...]
    answer: str


@dataclass(frozen=True, slots=True)
class Settings:
    """How the model answers, as sent; None means that the service's default holds.

    `thinking` is a level (`none minimal low medium high xhigh`), `thinking_budget` a number of
    tokens (−1: the model decides); at most one of them is set. `safety` maps a harm category to a
    threshold, both in the words of the Interactions API. `headers` are extra HTTP headers.
    """

    thinking: str | None = None
    thinking_budget: int | None = None
    media_resolution: Resolution | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    max_output_tokens: int | None = None
    safety: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def for_chat(self) -> Settings:
        """What Chat Completions have words for; the rest is Gemini's own, and is not sent."""
        return replace(self, thinking=None, thinking_budget=None, media_resolution=None, safety={})


@dataclass(frozen=True, slots=True)
class Request:
    """One question to one model. Retries, limits and timeouts live in a policy beside it.

    `schema` is the JSON Schema of the answer as sent (without the runner's own `x-` keys), or
    None for a text. `repeat` counts from 1. `examples` stand before the question. `provider` names
    who answers, where a workflow asks several.
    """

    family: Family
    model: str
    parts: tuple[Part, ...]
    system: str | None = None
    settings: Settings = field(default_factory=Settings)
    schema: Mapping[str, object] | None = None
    repeat: int = 1
    examples: tuple[Turn, ...] = ()
    provider: str | None = None

    @property
    def images(self) -> tuple[Image, ...]:
        """The images that are asked about, in the order in which they are sent."""
        return tuple(part.image for part in self.parts if isinstance(part, ImagePart))

    @property
    def sent_parts(self) -> tuple[Part, ...]:
        """Everything of the user in the order in which it is sent: the examples, then the question."""
        return (*(part for turn in self.examples for part in turn.parts), *self.parts)

    @property
    def sent_images(self) -> tuple[Image, ...]:
        """All images in the order in which they are sent: those of the examples first."""
        return tuple(part.image for part in self.sent_parts if isinstance(part, ImagePart))

    @property
    def texts(self) -> tuple[str, ...]:
        """All that is written in it, the answers of the examples and the schema included."""
        prompts = (part.text for part in self.sent_parts if isinstance(part, TextPart))
        schema = canonical_json(self.schema) if self.schema else ""
        return (*prompts, *(turn.answer for turn in self.examples), self.system or "", schema)

    @property
    def key(self) -> str:
        """SHA-256 (hex) of the canonical JSON of everything that changes the answer."""
        return hashlib.sha256(canonical_json(self._identity()).encode()).hexdigest()

    def _identity(self) -> dict[str, object]:
        settings = self.settings
        return {
            "key": KEY_FORMAT,
            "family": self.family,
            "model": self.model,
            "system": self.system,
            "settings": {
                "thinking": settings.thinking,
                "thinking_budget": settings.thinking_budget,
                "media_resolution": settings.media_resolution,
                "temperature": settings.temperature,
                "top_p": settings.top_p,
                "seed": settings.seed,
                "max_output_tokens": settings.max_output_tokens,
                "safety": dict(settings.safety),
                "headers": dict(settings.headers),
            },
            "parts": [_part_identity(part) for part in self.parts],
            "schema": self.schema,
            "repeat": self.repeat,
            **self._unusual(),
        }

    def _unusual(self) -> dict[str, object]:
        """What most requests do not have: these keep the key that they had before there was any."""
        turns = [_turn_identity(turn) for turn in self.examples]
        examples: dict[str, object] = {"examples": turns} if turns else {}
        return examples | ({"provider": self.provider} if self.provider else {})


@dataclass(frozen=True, slots=True)
class Policy:
    """How a request is carried out; nothing here changes the answer.

    `retries` counts further attempts after the first. `timeout_seconds` is the deadline of one
    attempt as a whole, not of one read. `max_answer_bytes` bounds the decoded body.
    """

    retries: int = 4
    timeout_seconds: float = 300.0
    max_answer_bytes: int = 32 << 20


def canonical_json(value: object) -> str:
    """The one spelling of a JSON value that digests are made from: sorted keys, no spaces."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def _turn_identity(turn: Turn) -> dict[str, object]:
    return {"parts": [_part_identity(part) for part in turn.parts], "answer": turn.answer}


def _part_identity(part: Part) -> dict[str, object]:
    match part:
        case TextPart(text):
            return {"text": text}
        case ImagePart(image, resolution):
            return {"image": image.digest, "mime": image.mime, "resolution": resolution}
