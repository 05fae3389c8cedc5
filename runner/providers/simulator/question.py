"""A question to the simulated model: what both endpoints say in their own words, read and checked."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from runner.catalogue import LEVELS, Model, catalogue
from runner.providers.simulator.errors import ApiError, no_model
from runner.values.request import Family, Resolution


@dataclass(frozen=True, slots=True, eq=False)
class SentImage:
    """The bytes of an image as they arrived, and the resolution that it is to be looked at with."""

    content: bytes
    resolution: Resolution | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What the model is asked.

    `prompt` is the text of the user, `images` are those that it is about, `system` is the instruction
    beside them. `earlier` are the images of turns before, and `said` are the texts of these: they are
    read and paid for, and the answer is about none of them. `thinking` is the level
    that holds (`none` when thinking is off). `schema` is the JSON Schema of the answer with its
    types in small letters. `most_tokens` bounds the answer.
    """

    family: Family
    model: Model
    prompt: str
    system: str = ""
    images: tuple[SentImage, ...] = ()
    earlier: tuple[SentImage, ...] = ()
    said: str = ""
    schema: Mapping[str, object] | None = None
    json_mode: bool = False
    thinking: str = "medium"
    summaries: bool = False
    most_tokens: int | None = None
    stops: tuple[str, ...] = ()

    @property
    def read(self) -> tuple[SentImage, ...]:
        """All images that arrived: those of turns before first."""
        return (*self.earlier, *self.images)


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What one turn says; `is_model` is true for what the model said itself, or is said to have."""

    texts: tuple[str, ...]
    images: tuple[SentImage, ...] = ()
    is_model: bool = False


def heard(question: Question, turns: Sequence[Heard]) -> Question:
    """The question in a conversation: that of the user's last turns. When these show no image, it is
    about those before, as a further question about the same image is; else those before are
    examples, or were answered."""
    start = next((n + 1 for n, turn in reversed([*enumerate(turns)]) if turn.is_model), 0)
    if not any(turn.images for turn in turns[start:]):
        start = 0
    before, now = turns[:start], [turn for turn in turns[start:] if not turn.is_model]
    images = tuple(image for turn in now for image in turn.images)
    earlier = tuple(image for turn in before for image in turn.images)
    check_image_count(len(images) + len(earlier))
    return replace(
        question,
        prompt="\n".join(text for turn in now for text in turn.texts),
        images=images,
        earlier=earlier,
        said="\n".join(text for turn in before for text in turn.texts),
    )


def known_model(name: str, version: str, family: Family) -> Model:
    """The model of this name, with or without `models/`. Raises a 404."""
    bare = name.removeprefix("models/")
    model = catalogue().model(bare)
    if not model.known or family not in model.families:
        verb = "interactions" if family == "interactions" else "generateContent"
        raise no_model(bare, version, verb)
    return model


def thinking_level(model: Model, asked: str | None) -> str:
    """The level that holds when this one was asked for. Raises the documented 400s."""
    if asked is None:
        return model.default_thinking or ("medium" if model.thinking else "low")
    level = asked.lower().removeprefix("thinking_level_")
    if level not in LEVELS[1:]:
        raise ApiError(400, f"Invalid value: unknown thinking level {asked!r}.")
    if not set(model.thinking) - {"none"}:
        raise ApiError(400, "Thinking level is not supported for this model.")
    if level not in model.thinking:
        raise ApiError(400, f"Thinking level {level.upper()} is not supported for this model.")
    return level


def resolution(model: Model, asked: str | None, *, each_image: bool) -> Resolution | None:
    """The resolution asked for, in one spelling. Raises a 400 when the model does not take it."""
    if asked is None:
        return None
    word = asked.lower().removeprefix("media_resolution_")
    if word == "unspecified":
        return None
    if each_image and not model.image_resolution:
        raise ApiError(400, "Media resolution of a single part is not supported for this model.")
    allowed = model.resolutions if each_image else tuple(r for r in model.resolutions if r != _TOP)
    for known in allowed:
        if word == known:
            return known  # type: ignore[return-value]  # the catalogue's words are Resolutions
    raise ApiError(400, f"Media resolution {asked!r} is not supported for this model.")


_TOP = "ultra_high"
"""Only for a single image, never for a whole request."""


def from_base64(text: object, at: str) -> bytes:
    """The bytes of base64 in either alphabet; padding may be missing, line breaks may not be there.

    The official SDK sends the URL-safe alphabet to generateContent, the standard one to
    Interactions. Raises a 400.
    """
    if not isinstance(text, str):
        raise ApiError(400, f"Invalid value at '{at}': expected base64 text.")
    plain = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ApiError(
            400, f"Invalid value at '{at}' (TYPE_BYTES), Base64 decoding failed."
        ) from None


def check_image_count(count: int) -> None:
    """Raises a 400 for more images than one request may hold."""
    most = catalogue().images_per_request
    if count > most:
        raise ApiError(400, f"Please use fewer than {most} images in your request, found {count}.")
