"""Second try: a question whose answer was cut off for its length → the same with more room.

Only for workflows that say `run: {on_cut_off: retry}`: every try is paid for.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from runner.values.request import Request
from runner.values.response import Failure, Response
from runner.values.result import Issue, Result

MOST_TRIES = 3
"""Further tries after the first; each has twice the room of the one before."""

_OUT_OF_ROOM = frozenset({"incomplete", "max_tokens", "length"})
"""How the endpoints say that an answer met `max_output_tokens`, in lower case.

Sources: ai.google.dev, API reference of Interactions (`status`) and generateContent (`finishReason`);
the package openai 3.52 (`finish_reason` of Chat Completions).
"""


def is_out_of_room(reply: Response | Failure) -> bool:
    """Whether this is an answer that was cut off because it met `max_output_tokens`.

    Other ways to be cut off (a budget of the service, an answer whose rest could not be fetched)
    would be the same with more room.
    """
    return (
        isinstance(reply, Response)
        and reply.finish == "cut_off"
        and reply.finish_reason.lower() in _OUT_OF_ROOM
    )


def second_tries(request: Request, output_limit: int) -> tuple[Request, ...]:
    """What to ask, one after the other, as long as the answer before is cut off: `max_output_tokens`
    doubled, up to the model's `output_limit`, at most three times.

    Nothing when the request sets no `max_output_tokens`, or the model's limit already: then the
    model itself has come to its end. Each is a request of its own, with a key of its own: what was
    asked once is never paid for twice.
    """
    tries: list[Request] = []
    room = request.settings.max_output_tokens or output_limit
    while room < output_limit and len(tries) < MOST_TRIES:
        room = min(2 * room, output_limit)
        tries.append(replace(request, settings=replace(request.settings, max_output_tokens=room)))
    return tuple(tries)


def with_earlier_try(result: Result, before: Result | None) -> Result:
    """The result to keep after a second try: its own or, when it failed, the one before it; with
    what both took and cost together."""
    if before is None:
        return result
    failed = result.status == "failed"
    kept, other = (before, result) if failed else (result, before)
    why = "an answer before this one was cut off; asked again with more room"
    if failed:
        why = f"asked again with more room, which failed: {result.error}"
    usage = Counter(before.usage)
    usage.update(result.usage)
    costs = [each.cost_usd for each in (before, result) if each.usage]
    doubts = [issue for issue in other.issues if issue.code == "maybe_billed"]
    return replace(
        kept,
        usage=dict(usage),
        cost_usd=None if None in costs else sum(cost for cost in costs if cost is not None),
        issues=(*kept.issues, *doubts, Issue("asked_again", why)),
    )
