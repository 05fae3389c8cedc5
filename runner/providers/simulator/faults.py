"""Everything that can go wrong with the service, on command.

Sources: ai.google.dev, error reference and rate limits; the 429 bodies quoted in GitHub issues. How
the service delivers a blocked answer in the Interactions API is not documented, so there is one
fault for each of the four ways that are possible.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from runner.providers.simulator import refusals, shapes
from runner.providers.simulator.errors import ApiError, no_file
from runner.providers.simulator.quirks import QUIRKS
from runner.providers.simulator.reply import JSON, Reply, Wire
from runner.values.request import Family

Body: TypeAlias = dict[str, object]
Args: TypeAlias = tuple[str, ...]

NUMBERED = frozenset(
    {"rate-limit", "slow", "dripping", "huge-body", "file-processing", "batch-slow"}
)
"""Faults of which the argument is a number."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The request is refused before anyone looks at it: nothing is billed."""

    about: str
    refuse: Callable[[Args, Family], ApiError | Reply]
    example: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """The answer is delivered in another shape. `families` are the endpoints that have it."""

    about: str
    reshape: Callable[[Body, Args], Body]
    families: tuple[Family, ...] = ("interactions",)
    example: str = ""


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """The answer is made, and billed, but something happens to it on the way."""

    about: str
    spoil: Callable[[Reply, Args], Reply]
    example: str = ""


@dataclass(frozen=True, slots=True)
class Slow:
    """The answer takes some seconds longer: the number after the colon."""

    about: str
    example: str = "slow:2.5"


@dataclass(frozen=True, slots=True)
class StreamFault:
    """Something happens in the middle of a stream; not for whole answers."""

    about: str
    example: str = ""


@dataclass(frozen=True, slots=True)
class FileFault:
    """Something happens to uploaded files: used with uploads, or when an answer uses a file. In a
    plan all of them but `expired` are of uploads, which are counted apart."""

    about: str
    state: Literal["expired", "processing", "failed", "broken", "full"]
    example: str = ""


@dataclass(frozen=True, slots=True)
class BatchFault:
    """Something happens to a batch as a whole; in a plan, batches are counted apart."""

    about: str
    fate: Literal["slow", "failed", "expired", "cancelled", "damaged", "full"]
    example: str = ""


Fault = Refusal | Shape | OnTheWay | Slow | StreamFault | FileFault | BatchFault


def _on(wire: Wire) -> Callable[[Reply, Args], Reply]:
    return lambda reply, args: reply.on(wire)


def _dripping(reply: Reply, args: Args) -> Reply:
    return reply.on(Wire(drip=16, pause_seconds=float(args[0]) if args else 0.05))


def _body(content: bytes, headers: Mapping[str, str] = JSON) -> Callable[[Reply, Args], Reply]:
    return lambda reply, args: replace(reply, headers={**reply.headers, **headers}, body=content)


def _bad_utf8(reply: Reply, args: Args) -> Reply:
    whole = b"".join(reply.pieces)
    return replace(reply, body=whole.replace(b'"text":"', b'"text":"\xff\xfe'))


def _huge(reply: Reply, args: Args) -> Reply:
    megabytes = int(float(args[0])) if args else 64
    return replace(reply, body=(b" " * (1 << 20),) * megabytes)


def _no_length(reply: Reply, args: Args) -> Reply:
    whole = b"".join(reply.pieces)
    return replace(reply, body=(whole[: len(whole) // 2],))


_GENERATE: tuple[Family, ...] = ("generate_content",)

FAULTS: Mapping[str, Fault] = {
    "rate-limit": Refusal(
        "429 with RetryInfo, a fraction of seconds", refusals.rate_limit, "rate-limit:0.5"
    ),
    "retry-after": Refusal("429 with a Retry-After header", refusals.retry_after, "retry-after:3"),
    "rate-limit-bare": Refusal(
        "429 without any hint",
        refusals.says(429, "Resource has been exhausted (e.g. check quota)."),
    ),
    "daily-quota": Refusal("429 of a quota that lasts until tomorrow", refusals.daily_quota),
    "no-quota": Refusal("429 with `limit: 0`: the plan has none of this model", refusals.no_quota),
    "internal": Refusal("500 INTERNAL", refusals.says(500, "An internal error has occurred.")),
    "overloaded": Refusal(
        "503 UNAVAILABLE", refusals.says(503, "The model is overloaded. Please try again later.")
    ),
    "deadline": Refusal(
        "504 DEADLINE_EXCEEDED",
        refusals.says(504, "Deadline expired before operation could complete."),
    ),
    "request-timeout": Refusal("408", refusals.says(408, "Request timed out.")),
    "bad-gateway": Refusal("502 with a page of HTML", refusals.page(502)),
    "captive-portal": Refusal("200 with a page of HTML", refusals.page(200)),
    "redirect": Refusal(
        "302 to another host", refusals.redirect, "redirect:http://127.0.0.2:8080/elsewhere"
    ),
    "too-large": Refusal("413", refusals.says(413, "Request payload size exceeds the limit.")),
    "bad-request": Refusal("400", refusals.says(400, "Request contains an invalid argument.")),
    "invalid-key": Refusal(
        "400 API_KEY_INVALID (401 for Interactions)",
        lambda args, family: refusals.key_error(family),
    ),
    "leaked-key": Refusal(
        "403 of a key that was reported as leaked",
        refusals.says(403, "Your API key was reported as leaked. Please use another API key."),
    ),
    "no-billing": Refusal(
        "402", refusals.says(402, "Your prepaid balance is used up. Please check your billing.")
    ),
    "no-region": Refusal(
        "400 FAILED_PRECONDITION",
        lambda args, family: ApiError(
            400,
            "User location is not supported for the API use.",
            word="failed_precondition",
            rpc="FAILED_PRECONDITION",
        ),
    ),
    "no-endpoint": Refusal("404", refusals.says(404, "Requested entity was not found.")),
    "blocked-http": Refusal(
        "blocked: told as an HTTP error", refusals.blocked_http, "blocked-http:safety"
    ),
    "blocked-status": Shape("blocked: `failed`, told in errors[]", shapes.blocked_status),
    "blocked-step": Shape("blocked: told in the step of the model's output", shapes.blocked_step),
    "blocked-stream": StreamFault("blocked: told by an error event of the stream"),
    "blocked-prompt": Shape(
        "blocked: promptFeedback, no candidates", shapes.blocked_prompt, _GENERATE
    ),
    "blocked-candidate": Shape(
        "blocked: finishReason SAFETY", shapes.finish_reason("SAFETY", text=False), _GENERATE
    ),
    "recitation": Shape(
        "finishReason RECITATION", shapes.finish_reason("RECITATION", text=False), _GENERATE
    ),
    "no-candidates": Shape("neither candidates nor a reason", shapes.no_candidates, _GENERATE),
    "unknown-finish": Shape(
        "a finishReason that nobody knows",
        shapes.finish_reason("STARS_WRONG", text=True),
        _GENERATE,
    ),
    "parts-apart": Shape("the text in two parts, then a thought", shapes.parts_apart, _GENERATE),
    "failed": Shape("status `failed`", shapes.failed, example="failed:api_error"),
    "incomplete": Shape(
        "status `incomplete` although all is there", shapes.with_status("incomplete")
    ),
    "cancelled": Shape("status `cancelled`", shapes.no_output("cancelled")),
    "budget-exceeded": Shape("status `budget_exceeded`", shapes.with_status("budget_exceeded")),
    "unknown-status": Shape("a status that nobody knows", shapes.with_status("daydreaming")),
    "trailing-thought": Shape("a thought after the answer", shapes.trailing_thought),
    "several-items": Shape("the text in three items over two steps", shapes.several_items),
    "echoed-input": Shape("the user's input as the first step", shapes.echo),
    "continuation": Shape(
        "`requires_continuation`: half of the text; the rest on request", lambda body, args: body
    ),
    "legacy-outputs": Shape("`outputs` instead of `steps`, as before June 2026", shapes.legacy),
    "stream-error": StreamFault("an error event in the middle of a stream"),
    "slow": Slow("the answer takes some seconds longer"),
    "dripping": OnTheWay("the answer comes 16 bytes at a time", _dripping, "dripping:0.05"),
    "truncated-body": OnTheWay(
        "half of the body, then the connection closes", _on(Wire(ends="within"))
    ),
    "unnoticed-cut": OnTheWay("half of the body, and no length to notice it by", _no_length),
    "reset": OnTheWay(
        "the connection is reset before the answer starts", _on(Wire(ends="before", reset=True))
    ),
    "reset-within": OnTheWay(
        "the connection is reset within the answer", _on(Wire(ends="within", reset=True))
    ),
    "closed": OnTheWay("the connection closes before the answer starts", _on(Wire(ends="before"))),
    "empty-body": OnTheWay("200 without a body", _body(b"")),
    "not-json": OnTheWay("200 with something that is no JSON", _body(b'{"steps": [')),
    "bad-utf8": OnTheWay("text that is no UTF-8", _bad_utf8),
    "huge-body": OnTheWay("megabytes of blanks that never become an answer", _huge, "huge-body:64"),
    "file-expired": FileFault("403: the uploaded file is gone", "expired"),
    "file-processing": FileFault(
        "400: the uploaded file is still PROCESSING", "processing", "file-processing:5"
    ),
    "file-failed": FileFault("an uploaded file becomes FAILED instead of ACTIVE", "failed"),
    "file-broken": FileFault("an upload breaks off once; half of its bytes arrived", "broken"),
    "file-storage-full": FileFault("429: no further file fits into the project", "full"),
    "batch-slow": BatchFault("the batch runs for so many seconds more", "slow", "batch-slow:3600"),
    "batch-failed": BatchFault("the batch fails as a whole", "failed"),
    "batch-expired": BatchFault("the batch ends without answers, as after 48 hours", "expired"),
    "batch-cancelled": BatchFault(
        "the batch is cancelled when half of it is answered", "cancelled"
    ),
    "batch-damaged": BatchFault("a line of the file of answers is cut off", "damaged"),
    "batch-full": BatchFault("429: the batch is not taken", "full"),
}
"""Every fault by the name that commands it. What follows a colon are its arguments."""


def file_error(fault: FileFault, name: str) -> ApiError | None:
    """What a request hears that uses a file with this fault; None for a fault of uploads alone."""
    match fault.state:
        case "expired":
            return no_file(name)
        case "processing" | "failed":
            return refusals.not_active(name)
        case _:
            return None


def is_of_uploads(what: object) -> bool:
    """Whether a plan means uploads with this fault, and not answers."""
    return isinstance(what, FileFault) and what.state != "expired"


def all_commands() -> Mapping[str, str]:
    """Every fault and quirk with its line of description."""
    about = {name: told(fault) for name, fault in FAULTS.items()}
    return about | {name: quirk.about for name, quirk in QUIRKS.items()}


def told(fault: Fault) -> str:
    """The line about a fault: which endpoint has it, unless both do, and an example when it takes an
    argument."""
    example = f" (`{fault.example}`)" if fault.example else ""
    return f"{fault.about}{example}{_only_for(fault)}"


def _only_for(fault: Fault) -> str:
    match fault:
        case Shape(families=("interactions",)):
            return ", Interactions only"
        case Shape(families=("generate_content",)):
            return ", generateContent only"
        case StreamFault():
            return ", streams only"
        case FileFault():
            return ", uploaded files only"
        case BatchFault():
            return ", batches only"
        case _:
            return ""
