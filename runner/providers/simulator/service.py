"""A simulated Gemini service without a network: an HTTP request in, a reply out.

It is as strict as the real one is known to be, looks at the pixels that arrive, answers
deterministically, counts what it bills, and misbehaves on command. Every reply carries the header
`x-askpix-simulated: 1`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from runner.providers.simulator import (
    batch_routes,
    file_routes,
    generate_routes,
    interaction_routes,
)
from runner.providers.simulator.commands import UnknownCommand
from runner.providers.simulator.desk import Call, Desk, MovableClock
from runner.providers.simulator.errors import ApiError
from runner.providers.simulator.faults import all_commands
from runner.providers.simulator.refusals import key_error
from runner.providers.simulator.reply import SIMULATED, Reply, json_reply

Route = Callable[..., Awaitable[Reply]]

ID = r"([A-Za-z0-9_.-]+)"

ROUTES: Mapping[str, Route] = {
    r"POST interactions": interaction_routes.create,
    rf"GET interactions/{ID}": interaction_routes.get,
    rf"POST interactions/{ID}/cancel": interaction_routes.cancel,
    rf"DELETE interactions/{ID}": interaction_routes.delete,
    r"GET models": generate_routes.list_models,
    rf"GET models/{ID}": generate_routes.get_model,
    rf"POST models/{ID}:generateContent": generate_routes.generate,
    rf"POST models/{ID}:streamGenerateContent": generate_routes.stream,
    rf"POST models/{ID}:countTokens": generate_routes.count_tokens,
    rf"POST models/{ID}:batchGenerateContent": batch_routes.create,
    r"POST upload/files": file_routes.upload,
    r"GET files": file_routes.list_files,
    r"POST files:register": file_routes.register,
    rf"GET files/{ID}": file_routes.get,
    rf"DELETE files/{ID}": file_routes.delete,
    rf"GET files/{ID}:download": file_routes.download,
    r"GET batches": batch_routes.list_batches,
    rf"GET batches/{ID}": batch_routes.get,
    rf"POST batches/{ID}:cancel": batch_routes.cancel,
    rf"DELETE batches/{ID}": batch_routes.delete,
}
"""Every route, by its method and its path after the version."""

_PATH = re.compile(r"^/(upload/)?(v1|v1beta|v1alpha)/(.+?)/?$")

WELCOME = """This is the askpix simulator: it speaks the protocol of the Gemini API and looks at the
pixels that arrive, but there is no model here. See /simulator/state and /simulator/faults.
"""


@dataclass(slots=True)
class Service:
    """The simulated service. One of it may be used by a server, by transports, or by both."""

    desk: Desk = field(default_factory=Desk)

    async def respond(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes,
        *,
        scheme: str = "http",
    ) -> Reply:
        """The reply to one request. Never raises, whatever the request."""
        lower = {name.lower(): value for name, value in headers.items()}
        own = self._own_page(method, path) or self._moved(method, path, query)
        if own is not None:
            return own
        with self.desk.ledger.request():
            reply = await self._routed(method, path, query, lower, body, scheme)
            self.desk.ledger.statuses[reply.status] += 1
        return _marked(reply)

    async def _routed(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes,
        scheme: str,
    ) -> Reply:
        found = _PATH.match(path)
        if not found:
            return ApiError(404, f"Not found: {path}").reply("generate_content")
        upload, version, rest = found.groups()
        origin = f"{scheme}://{headers.get('host', 'localhost')}"
        call = Call(method, version, rest, query, headers, body, origin, upload=bool(upload))
        try:
            return await self._handled(call)
        except ApiError as error:
            return error.reply(call.family)
        except UnknownCommand as error:
            return ApiError(400, f"{error}; see /simulator/faults").reply(call.family)

    async def _handled(self, call: Call) -> Reply:
        line = f"{call.method} {'upload/' if call.upload else ''}{call.rest}"
        route, parts = _route(line)
        if route is None:
            raise ApiError(404, f"Not found: {call.method} {call.rest}")
        if not (call.upload and "upload_id" in call.query):  # the session's address is the key
            call = replace(call, owner=self._owner(call))
        return await route(self.desk, call, *parts)

    def _owner(self, call: Call) -> str:
        """What stands for the key of this request. Raises when there is none, or a wrong one."""
        key = call.headers.get("x-goog-api-key") or call.query.get("key")
        if not key:
            message = "The request is missing an API key: send it in the header x-goog-api-key."
            raise ApiError(401 if call.family == "interactions" else 403, message)
        if self.desk.keys is not None and key not in self.desk.keys:
            raise key_error(call.family)
        return hashlib.sha256(key.encode()).hexdigest()[:16]

    def _own_page(self, method: str, path: str) -> Reply | None:
        """Pages of the simulator itself, which need no key and count as no request."""
        if method != "GET":
            return None
        match path:
            case "/":
                return _marked(Reply(200, {"content-type": "text/plain"}, WELCOME.encode()))
            case "/simulator/state":
                return _marked(json_reply(self.state()))
            case "/simulator/faults":
                return _marked(json_reply(dict(all_commands())))
            case _:
                return None

    def _moved(self, method: str, path: str, query: Mapping[str, str]) -> Reply | None:
        """`POST /simulator/clock?forward=3600`: so many seconds have gone by."""
        clock, seconds = self.desk.clock, query.get("forward", "")
        if (method, path) != ("POST", "/simulator/clock") or not isinstance(clock, MovableClock):
            return None
        if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 9):
            return _marked(ApiError(400, "write ?forward=SECONDS").reply("generate_content"))
        clock.ahead += timedelta(seconds=int(seconds))
        return _marked(json_reply({"now": clock().isoformat()}))

    def state(self) -> dict[str, Any]:
        """What `/simulator/state` shows: requests, billed answers, what is under way and kept."""
        return self.desk.ledger.state() | {
            "interactions": len(self.desk.kept.stored),
            "files": len(self.desk.files.stored),
            "batches": len(self.desk.batches.jobs),
        }


def _route(line: str) -> tuple[Route | None, tuple[str, ...]]:
    for pattern, route in ROUTES.items():
        if found := re.fullmatch(pattern, line):
            return route, found.groups()
    return None, ()


def _marked(reply: Reply) -> Reply:
    return replace(reply, headers={**reply.headers, SIMULATED: "1"})
