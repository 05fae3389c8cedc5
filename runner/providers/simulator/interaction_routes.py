"""The routes of the Interactions API: create, get, cancel, delete."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from runner.providers.simulator.commands import Command, first_of
from runner.providers.simulator.desk import Call, Desk, Spoken, refuse, reshaped, spoilt
from runner.providers.simulator.errors import ApiError
from runner.providers.simulator.faults import StreamFault
from runner.providers.simulator.interaction_body import events, frames, interaction
from runner.providers.simulator.interactions import Delivery, read
from runner.providers.simulator.kept import Stored
from runner.providers.simulator.question import Question
from runner.providers.simulator.reply import Reply, json_reply, sse_reply
from runner.providers.simulator.usage import asked

BACKGROUND = timedelta(seconds=1)
"""How long a background interaction is under way."""

CONTINUATION = "continuation"

Body = dict[str, object]


async def create(desk: Desk, call: Call) -> Reply:
    """`POST /interactions`."""
    written = call.json()
    given = desk.commanded(call, prompt=_all_text(written.get("input")))
    streamed = written.get("stream") is True
    if refused := refuse(given, "interactions", streamed=streamed):
        return spoilt(refused, given)
    opened = desk.open_uri(call, given)
    question, delivery = read(written, call.version, opened, strict=desk.strict)
    question = _after(desk, call, question, delivery)
    spoken = await _spoken(desk, call, question, delivery, given)
    body = interaction(question, spoken.said, spoken.used, spoken.id, desk.clock())
    if delivery.previous:
        body["previous_interaction_id"] = delivery.previous
    body = _interrupted(desk, body, spoken, delivery, given)
    body = reshaped(body, given)
    if delivery.store:
        ready = desk.clock() + (BACKGROUND if delivery.background else timedelta(0))
        stored = Stored(call.owner, call.body, body, ready)
        desk.kept.add(spoken.id, stored)
        body = stored.at(desk.clock()) if delivery.background else body
    if delivery.stream:
        return spoilt(sse_reply(frames(_with_faults(events(body), given))), given)
    return spoilt(json_reply(body), given)


async def get(desk: Desk, call: Call, id: str) -> Reply:
    """`GET /interactions/ID`, whole or as a stream that may start after an event."""
    stored = desk.kept.find(id, call.owner)
    body = stored.at(desk.clock())
    if call.query.get("stream") == "true":
        listed = events(body)
        after = call.query.get("last_event_id")
        ids = [str(event["event_id"]) for event in listed]
        return sse_reply(frames(listed[ids.index(after) + 1 :] if after in ids else listed))
    if call.query.get("include_input") == "true":
        steps = body.get("steps")
        output = list(steps) if isinstance(steps, list) else []
        body = {**body, "steps": [*_input_steps(stored.request), *output]}
    return json_reply(body)


async def cancel(desk: Desk, call: Call, id: str) -> Reply:
    """`POST /interactions/ID/cancel`: the interaction as it is then."""
    now = desk.clock()
    return json_reply(desk.kept.cancel(id, call.owner, now).at(now))


async def delete(desk: Desk, call: Call, id: str) -> Reply:
    """`DELETE /interactions/ID`."""
    desk.kept.delete(id, call.owner)
    return json_reply({})


def _after(desk: Desk, call: Call, question: Question, delivery: Delivery) -> Question:
    """The question with the images of the interactions before it, which the model remembers."""
    previous = delivery.previous
    images = question.images
    for _ in range(50):
        if previous is None:
            break
        stored = desk.kept.find(previous, call.owner)
        before, earlier = read(
            json.loads(stored.request), call.version, desk.open_uri(call, ()), strict=False
        )
        images = (*before.images, *images)
        previous = earlier.previous
    return replace(question, images=images)


async def _spoken(
    desk: Desk, call: Call, question: Question, delivery: Delivery, given: Sequence[Command]
) -> Spoken:
    await desk.count(call, question)
    if delivery.continuation is None:
        return await desk.speak(call, question, given)
    rest = desk.rests.pop(delivery.continuation, None)
    if rest is None:
        raise ApiError(400, "Invalid continuation_token.")
    images = [await desk.eyes.look(sent.content) for sent in question.read]
    tokens = replace(asked(question, images), output=len(rest.text) // 4)
    return desk.bill(call, rest, tokens)


def _interrupted(
    desk: Desk, body: Body, spoken: Spoken, delivery: Delivery, given: Sequence[Command]
) -> Body:
    """Half of the answer and a token for the rest, when that was commanded."""
    commanded = any(command.name == CONTINUATION for command in given)
    if not commanded or delivery.continuation is not None:
        return body
    text = spoken.said.text
    half = max(1, len(text) // 2)
    token = f"sim-continue-{spoken.id}"
    desk.rests[token] = replace(spoken.said, text=text[half:])
    steps = body["steps"]
    assert isinstance(steps, list)
    first: Body = {"type": "model_output", "content": [{"type": "text", "text": text[:half]}]}
    return {
        **body,
        "status": "requires_continuation",
        "continuation_token": token,
        "steps": [*steps[:-1], first],
    }


def _with_faults(
    listed: Sequence[Body], given: Sequence[Command]
) -> Sequence[Mapping[str, object]]:
    """The events of a stream with an error among them, after which nothing more comes."""
    fault = first_of(given, StreamFault)
    if fault is None:
        return listed
    blocked = fault.name == "blocked-stream"
    word = fault.args[0] if fault.args else ("safety" if blocked else "api_error")
    message = "The answer was blocked." if blocked else "An internal error has occurred."
    error = {"event_type": "error", "error": {"code": word, "message": message}}
    said = [i for i, event in enumerate(listed) if event["event_type"] == "step.delta"]
    return [*listed[: said[-1] if said else 2], error]


def _input_steps(request: bytes) -> list[object]:
    """What the user said, as steps, however it was written."""
    written = json.loads(request).get("input")
    if isinstance(written, str):
        written = [{"type": "text", "text": written}]
    listed = written if isinstance(written, list) else [written]
    if listed and isinstance(listed[0], dict) and listed[0].get("type") == "user_input":
        return list(listed)
    return [{"type": "user_input", "content": listed}]


def _all_text(written: object) -> str:
    """Every text in the input, before anyone has checked it: it may hold commands."""
    if isinstance(written, str):
        return written
    if isinstance(written, list):
        return "\n".join(map(_all_text, written))
    if isinstance(written, dict):
        return "\n".join(_all_text(written[key]) for key in ("text", "content") if key in written)
    return ""
