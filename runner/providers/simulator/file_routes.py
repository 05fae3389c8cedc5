"""The routes of files: upload, list, get, delete, download."""

from __future__ import annotations

import json

from runner.providers.simulator.commands import first_of
from runner.providers.simulator.desk import Call, Desk, refuse, spoilt
from runner.providers.simulator.errors import ApiError, beyond_simulation
from runner.providers.simulator.faults import FileFault
from runner.providers.simulator.pages import page
from runner.providers.simulator.reply import Reply, json_reply


async def upload(desk: Desk, call: Call) -> Reply:
    """`POST /upload/VERSION/files`: the start of an upload, or its bytes.

    Bytes come without a key, and may claim to be JSON.
    """
    given = desk.commanded(call)
    if refused := refuse(given, "generate_content"):
        return refused
    session = call.query.get("upload_id")
    if session is None:
        body = _about(call.body)
        address = f"{call.origin}/upload/{call.version}/files"
        return spoilt(_started(desk, call, body, address), given)
    command = first_of(given, FileFault)
    state = command.what.state if command and isinstance(command.what, FileFault) else None
    reply = desk.files.receive(
        session,
        call.headers,
        call.body,
        desk.clock(),
        call.root,
        fails=state == "failed",
        slow=state == "processing",
    )
    return spoilt(reply, given)


def _started(desk: Desk, call: Call, body: object, address: str) -> Reply:
    """An upload that begins, with what it is to suffer. Raises `ApiError`."""
    fault = desk.upload_fault()
    state = fault.what.state if fault and isinstance(fault.what, FileFault) else None
    if state == "full":
        raise ApiError(429, "The storage quota of the project is exceeded: 20 GB of files.")
    return desk.files.start(
        call.owner,
        body,
        call.headers,
        address,
        desk.clock(),
        slow_seconds=float(fault.args[0])
        if fault and fault.args
        else 3600.0 * (state == "processing"),
        fails=state == "failed",
        breaks=state == "broken",
    )


async def list_files(desk: Desk, call: Call) -> Reply:
    """`GET /files`."""
    now = desk.clock()
    listed, token = page(desk.files.of(call.owner, now), call.query, usual=10, most=100)
    body: dict[str, object] = {}
    if listed:
        body["files"] = [file.resource(now, call.root) for file in listed]
    return json_reply(body | ({"nextPageToken": token} if token else {}))


async def get(desk: Desk, call: Call, id: str) -> Reply:
    """`GET /files/ID`."""
    given = desk.commanded(call)
    if refused := refuse(given, "generate_content"):
        return refused
    now = desk.clock()
    return spoilt(json_reply(desk.files.find(id, call.owner, now).resource(now, call.root)), given)


async def delete(desk: Desk, call: Call, id: str) -> Reply:
    """`DELETE /files/ID`."""
    desk.files.delete(id, call.owner, desk.clock())
    return json_reply({})


async def download(desk: Desk, call: Call, id: str) -> Reply:
    """`GET /files/ID:download?alt=media`: only what the service made; uploads stay there."""
    file = desk.files.find(id, call.owner, desk.clock())
    if file.source != "GENERATED" or call.query.get("alt") != "media":
        raise ApiError(400, "Only generated files can be downloaded, with alt=media.")
    return Reply(200, {"content-type": file.mime}, file.content)


async def register(desk: Desk, call: Call) -> Reply:
    """`POST /files:register`: files in Google's cloud, which the simulator cannot reach."""
    raise beyond_simulation("files:register")


def _about(body: bytes) -> object:
    if not body.strip():
        return {}
    try:
        return json.loads(body)
    except ValueError as error:
        raise ApiError(400, f"Invalid JSON payload received. {error}") from None
