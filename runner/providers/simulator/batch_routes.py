"""The routes of the Batch API: create, get, list, cancel, delete."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

from runner.providers.simulator.batches import INLINE_BYTES, Asked, Job, read_job, read_lines
from runner.providers.simulator.commands import Command
from runner.providers.simulator.desk import Call, Desk, refuse, reshaped, spoilt
from runner.providers.simulator.errors import ApiError
from runner.providers.simulator.faults import Refusal, Shape
from runner.providers.simulator.generate_content import read
from runner.providers.simulator.generated_body import generated
from runner.providers.simulator.pages import page
from runner.providers.simulator.question import known_model
from runner.providers.simulator.quirks import Quirk
from runner.providers.simulator.reply import Reply, json_reply

Body = dict[str, object]


async def create(desk: Desk, call: Call, name: str) -> Reply:
    """`POST /models/M:batchGenerateContent`."""
    model = known_model(name, call.version, "generate_content")
    given = desk.commanded(call)
    if refused := refuse(given, "generate_content"):
        return refused
    title, asked = read_job(call.json())
    from_file = isinstance(asked, str)
    now = desk.clock()
    if isinstance(asked, str):
        content = desk.files.content(asked, call.owner, now)
        asked = read_lines(content if content is not None else b"")
    elif len(call.body) > INLINE_BYTES:
        raise ApiError(400, f"Inline requests exceed the limit: {INLINE_BYTES} bytes.")
    fate = desk.fate_of_batch()
    if fate.refused:
        raise ApiError(429, "You exceeded the number of tokens that may be enqueued in batches.")
    job = desk.batches.add(
        call.owner,
        model.name,
        call.version,
        title,
        asked,
        from_file=from_file,
        now=now,
        ending=fate.ending,
        slow_seconds=fate.slow_seconds,
        damaged=fate.damaged,
    )
    return spoilt(json_reply(job.operation(now)), given)


async def get(desk: Desk, call: Call, id: str) -> Reply:
    """`GET /batches/ID`."""
    job = await _up_to_date(desk, call, desk.batches.find(id, call.owner))
    return json_reply(job.operation(desk.clock()))


async def list_batches(desk: Desk, call: Call) -> Reply:
    """`GET /batches`: without the answers that are not in a file."""
    listed, token = page(desk.batches.of(call.owner), call.query, usual=10, most=100)
    jobs = [await _up_to_date(desk, call, job) for job in listed]
    now = desk.clock()
    body: Body = {"operations": [job.operation(now, inlined=False) for job in jobs]}
    return json_reply(body | ({"nextPageToken": token} if token else {}))


async def cancel(desk: Desk, call: Call, id: str) -> Reply:
    """`POST /batches/ID:cancel`."""
    desk.batches.cancel(id, call.owner, desk.clock())
    return json_reply({})


async def delete(desk: Desk, call: Call, id: str) -> Reply:
    """`DELETE /batches/ID`."""
    desk.batches.delete(id, call.owner)
    return json_reply({})


async def _up_to_date(desk: Desk, call: Call, job: Job) -> Job:
    """The job with its answers, when its time has come.

    They are worked out once, whoever asks meanwhile and whether or not the one who asked first waits
    for them: an answer is billed once.
    """
    if not job.due(desk.clock()):
        return job
    work = desk.batches.at_work.get(job.id)
    if work is None or work.done():
        work = desk.batches.at_work[job.id] = asyncio.ensure_future(_work(desk, call, job))
    await asyncio.shield(work)
    return desk.batches.find(job.id, job.owner)


async def _work(desk: Desk, call: Call, job: Job) -> None:
    try:
        responses = [await _response(desk, call, job, asked) for asked in job.answers]
        if job.id not in desk.batches.jobs:  # deleted meanwhile
            return
        if (file := desk.batches.finish(job, responses, desk.clock())) is not None:
            desk.files.keep(file)
    finally:
        del desk.batches.at_work[job.id]


async def _response(desk: Desk, call: Call, job: Job, asked: Asked) -> Body:
    metadata: Body = {"metadata": {"key": asked.key}} if asked.key is not None else {}
    try:
        body = await _generated(desk, call, job, asked)
    except ApiError as error:
        return {"error": {"code": error.status, "message": error.message}, **metadata}
    return {"response": body, **metadata}


async def _generated(desk: Desk, call: Call, job: Job, asked: Asked) -> Body:
    model = known_model(job.model, job.version, "generate_content")
    question = read(asked.request, model, desk.open_uri(call, ()), strict=desk.strict)
    one = replace(
        call, headers={}, rest=f"batch/{job.model}", body=json.dumps(asked.request).encode()
    )
    commanded = desk.commanded(one, question.prompt)
    for command in commanded:
        if isinstance(command.what, Refusal):
            raise _refusal(command)
    given = _of_content(commanded)
    spoken = await desk.speak(one, question, given)
    return reshaped(generated(question, spoken.said, spoken.used, spoken.id), given)


def _refusal(command: Command) -> ApiError:
    """What a refusal becomes in a batch: the error of one request."""
    assert isinstance(command.what, Refusal)
    refused = command.what.refuse(command.args, "generate_content")
    return refused if isinstance(refused, ApiError) else ApiError(refused.status, command.name)


def _of_content(given: tuple[Command, ...]) -> tuple[Command, ...]:
    """What can happen to an answer in a batch: nothing on the way."""
    return tuple(
        command
        for command in given
        if isinstance(command.what, Quirk)
        or (isinstance(command.what, Shape) and "generate_content" in command.what.families)
    )
