"""Quote: what a request may cost before it is sent, and what it did cost after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from runner.catalogue import Model
from runner.tokens import cost, image_tokens
from runner.values.request import ImagePart, Request, TextPart, canonical_json
from runner.values.response import Usage

FRAME_TOKENS = 64
"""Added to the most that the input of a request may take: what a service puts around its parts."""


@dataclass(frozen=True, slots=True)
class Quote:
    """US dollars of one request to a model; 0 when nobody knows its price.

    `likely_usd` supposes an answer of the usual length. `most_usd` supposes one as long as the
    request lets it be (`is_bounded`: it says `max_output_tokens`), else as the model can make it.
    `of` is what the tokens that were used cost, None when their price is not known.

    That thoughts count within `max_output_tokens` is what people see, and what no page promises:
    answers that stop there with nothing but thoughts. A `Budget` believes it until it is wrong.
    """

    model: str
    likely_usd: float
    most_usd: float
    is_bounded: bool
    of: Callable[[Usage], float | None]


def quote(model: Model, request: Request, day: date, assumed_output: int) -> Quote:
    """The quote for a request at the price of that day; `assumed_output` are the tokens of an
    answer of the usual length."""
    limit = request.settings.max_output_tokens
    most_output = limit or model.output_limit
    tokens_in = _most_input(model, request)

    def of(usage: Usage) -> float | None:
        return cost(model, usage, day)

    return Quote(
        model=model.name,
        likely_usd=of(Usage(tokens_in, min(assumed_output, most_output))) or 0.0,
        most_usd=of(Usage(tokens_in, most_output)) or 0.0,
        is_bounded=limit is not None,
        of=of,
    )


def _most_input(model: Model, request: Request) -> int:
    """The most tokens that the input takes: every byte of a text one, images by their rule."""
    overall = request.settings.media_resolution
    texts = [part.text for part in request.parts if isinstance(part, TextPart)]
    texts += [request.system or "", canonical_json(request.schema) if request.schema else ""]
    images = [
        image_tokens(model, part.image.sent_size, part.resolution or overall).tokens
        for part in request.parts
        if isinstance(part, ImagePart)
    ]
    return sum(images) + sum(len(text.encode("utf-8", "replace")) for text in texts) + FRAME_TOKENS
