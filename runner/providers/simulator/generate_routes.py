"""The routes of models: generateContent, its stream, countTokens, and the list of models."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from runner.catalogue import Model, catalogue
from runner.providers.simulator.commands import Command, first_of
from runner.providers.simulator.desk import Call, Desk, refuse, reshaped, spoilt
from runner.providers.simulator.errors import no_model
from runner.providers.simulator.faults import StreamFault
from runner.providers.simulator.generate_content import error_frame, frames, read
from runner.providers.simulator.generated_body import generated, prompt_details
from runner.providers.simulator.pages import page
from runner.providers.simulator.question import known_model
from runner.providers.simulator.reply import Reply, json_reply, sse_reply
from runner.providers.simulator.usage import asked

Body = dict[str, object]


async def generate(desk: Desk, call: Call, name: str) -> Reply:
    """`POST /models/M:generateContent`."""
    answered = await _answered(desk, call, name, streamed=False)
    if isinstance(answered, Reply):
        return answered
    body, given = answered
    return spoilt(json_reply(body), given)


async def stream(desk: Desk, call: Call, name: str) -> Reply:
    """`POST /models/M:streamGenerateContent`: events with `alt=sse`, else one JSON list."""
    answered = await _answered(desk, call, name, streamed=True)
    if isinstance(answered, Reply):
        return answered
    body, given = answered
    if call.query.get("alt") != "sse":
        return spoilt(json_reply([body]), given)
    pieces = list(frames(body))
    if fault := first_of(given, StreamFault):
        blocked = fault.name == "blocked-stream"
        pieces = [*pieces[: len(pieces) // 2], error_frame(400 if blocked else 500)]
    return spoilt(sse_reply(pieces), given)


async def count_tokens(desk: Desk, call: Call, name: str) -> Reply:
    """`POST /models/M:countTokens`."""
    model = known_model(name, call.version, "generate_content")
    written = call.json()
    inner = written.get("generateContentRequest") or written.get("generate_content_request")
    given = desk.commanded(call)
    if refused := refuse(given, "generate_content"):
        return refused
    question = read(inner or written, model, desk.open_uri(call, given), strict=desk.strict)
    images = await asyncio.gather(*(desk.eyes.look(sent.content) for sent in question.read))
    tokens = asked(question, images)
    return json_reply({"totalTokens": tokens.input, "promptTokensDetails": prompt_details(tokens)})


async def list_models(desk: Desk, call: Call) -> Reply:
    """`GET /models`."""
    models = list(catalogue().models.values())
    listed, token = page(models, call.query, usual=50, most=1000)
    found = {"models": [_resource(model) for model in listed]}
    return json_reply(found | ({"nextPageToken": token} if token else {}))


async def get_model(desk: Desk, call: Call, name: str) -> Reply:
    """`GET /models/M`."""
    model = catalogue().model(name)
    if not model.known:
        raise no_model(name, call.version)
    return json_reply(_resource(model))


async def _answered(
    desk: Desk, call: Call, name: str, *, streamed: bool
) -> Reply | tuple[Body, Sequence[Command]]:
    model = known_model(name, call.version, "generate_content")
    written = call.json()
    given = desk.commanded(call, prompt="\n".join(_texts(written.get("contents"))))
    if refused := refuse(given, "generate_content", streamed=streamed):
        return spoilt(refused, given)
    question = read(written, model, desk.open_uri(call, given), strict=desk.strict)
    await desk.count(call, question)
    spoken = await desk.speak(call, question, given)
    return reshaped(generated(question, spoken.said, spoken.used, spoken.id), given), given


def _resource(model: Model) -> Body:
    methods = ["generateContent", "countTokens", "batchGenerateContent"]
    if "interactions" in model.families:
        methods.append("createInteraction")
    return {
        "name": f"models/{model.name}",
        "version": "simulated",
        "displayName": model.name.replace("-", " ").title(),
        "description": "Simulated by askpix: nothing here was looked at by a model.",
        "inputTokenLimit": model.input_limit,
        "outputTokenLimit": model.output_limit,
        "supportedGenerationMethods": methods,
        "temperature": 1.0,
        "topP": 0.95,
        "topK": 64,
        "maxTemperature": 2.0,
        "thinking": bool(model.thinking or model.budget),
    }


def _texts(contents: object) -> Iterator[str]:
    """Every text in a request, before anyone has checked it: it may hold commands."""
    if isinstance(contents, list):
        for item in contents:
            yield from _texts(item)
    elif isinstance(contents, Mapping):
        if isinstance(contents.get("text"), str):
            yield str(contents["text"])
        yield from _texts(contents.get("parts"))
