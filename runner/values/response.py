"""What came back from the service, before anyone tries to understand it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Finish = Literal["complete", "cut_off", "refused", "failed"]
"""complete: the model said all it wanted · cut_off: it was stopped (length, continuation) ·
refused: blocked by a safety rule or for its content · failed: the service says that it failed."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the service counted them. Thoughts are billed like output but counted apart.

    `is_known` is False when it did not count them, or wrote something that is no count (then 0 stands
    there): nobody knows what such an answer cost.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    thought_tokens: int = 0
    cached_tokens: int = 0
    image_tokens: int | None = None
    is_known: bool = True

    def __add__(self, other: Usage) -> Usage:
        images = [n for n in (self.image_tokens, other.image_tokens) if n is not None]
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.thought_tokens + other.thought_tokens,
            self.cached_tokens + other.cached_tokens,
            sum(images) if images else None,
            self.is_known and other.is_known,
        )


@dataclass(frozen=True, slots=True)
class Response:
    """A response that arrived whole, read by the rules of its endpoint.

    `text` is the model's text by the full extraction rule (thoughts left out, several pieces
    joined). `finish_reason` is the service's own word for how it ended. `body` is the JSON as
    received. `simulated` is True when no model looked at the images. `attempts` counts the tries.
    `channel` says where in the response a refusal stood (`http`, `errors`, `model_output`,
    `steps`, `promptFeedback`, `finishReason`, `refusal`, `finish_reason`), None when there is none.
    `in_batch`: it came in a batch, and was paid for at the price of one.
    """

    text: str
    finish: Finish
    finish_reason: str
    usage: Usage
    model: str
    body: bytes
    response_id: str | None = None
    simulated: bool = False
    attempts: int = 1
    seconds: float = 0.0
    channel: str | None = None
    in_batch: bool = False


Origin = Literal["asked", "cache", "shared"]
"""Where a response came from: bought by this run · bought earlier, by any run · bought by this run
for another case that asks exactly the same."""


FailureKind = Literal[
    "connect",  # nothing was sent: surely not paid for
    "transport",  # timeout, reset, truncated: may have been paid for
    "rate_limit",  # too many requests for now
    "quota",  # a limit that waiting does not lift today
    "overloaded",  # the service has trouble: 408, 5xx
    "credentials",  # key, billing, permission: the same for every request
    "not_found",  # model or endpoint
    "bad_request",  # this request is wrong
    "too_large",
    "file_gone",  # an uploaded file expired or is not ours
    "file_unready",  # an uploaded file is still being looked at
    "unreadable",  # the service answered something that is not its protocol
    "not_sent",  # the run was halted while the request waited for its turn
    "not_recorded",  # the run is replayed, and there is no recording of this request
    "doubtful",  # perhaps paid for by a session that was killed; not asked again
    "not_cached",  # nothing is stored, and nothing may be asked
    "image",  # an image could not be read when it was its turn to be sent
]


@dataclass(frozen=True, slots=True)
class Failure:
    """No usable response: why, in the service's words where there are any.

    `stops_run` marks what would be the same for every request (credentials, model name).
    `wait_seconds` is what the service asked for. `maybe_billed` is True when the request may have
    been executed although its response was lost. Never holds a key or image bytes.
    """

    kind: FailureKind
    message: str
    status: int | None = None
    code: str | None = None
    wait_seconds: float | None = None
    maybe_billed: bool = False
    stops_run: bool = False
    attempts: int = 1
    seconds: float = 0.0
    in_batch: bool = False
