"""The server of a review: for the browser of this machine, and for nobody else."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from secrets import token_urlsafe
from socketserver import ThreadingTCPServer
from threading import Thread
from types import TracebackType
from typing import Any, ClassVar

from runner.review.answers import RunChanged
from runner.review.correction import Uncorrectable
from runner.review.desk import Desk, Overtaken, Refused
from runner.review.guard import HEADERS, LARGEST, Guard, Refusal
from runner.review.page import FILES
from runner.review.truth_file import TruthFileError

HOST = "127.0.0.1"
PATIENCE_SECONDS = 30
"""So long a browser may take to send a request."""

Accept = Callable[[bool], Sequence[str]]
"""Makes the run the baseline (True), or only looks at it (False), and says in lines what that changes.
Raises `Refused` with the reason why not."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request gets."""

    status: int
    mime: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Room:
    """A desk, and what of it stands under which path."""

    desk: Desk
    accept: Accept
    trouble: Callable[[Exception], None] = field(default=lambda error: None)
    """Is told what must not happen: a bug of ours."""

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """The answer to a request that the guard let in."""
        try:
            return self._read(path) if method == "GET" else self._written(path, body)
        except Overtaken as error:
            return _json({"error": str(error)}, 409)
        except (Refused, Uncorrectable) as error:
            return _json({"error": str(error)}, 422)
        except (IndexError, ValueError):
            return NOTHING
        except (TruthFileError, RunChanged) as error:
            return _json({"error": str(error)}, 409)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            return _json({"error": f"{self.desk.file.path.name} cannot be written: {why}"}, 507)

    def _read(self, path: str) -> Answer:
        if path in FILES:
            return Answer(200, FILES[path].mime, FILES[path].content())
        match path.split("/"):
            case ["overview"]:
                return _json(self.desk.overview())
            case ["item", number]:
                return _json(self.desk.item(_number(number)))
            case ["image", number]:
                shown = self.desk.image(_number(number))
                return NOTHING if shown is None else Answer(200, shown.mime, shown.content)
        return NOTHING

    def _written(self, path: str, body: bytes) -> Answer:
        said = _object(body)
        match path.split("/"):
            case ["decide", number]:
                return _json(dict(self.desk.decide(_number(number), said)))
            case ["undo"]:
                return _json(dict(self.desk.undo()))
            case ["accept"]:
                return _json({"lines": [*self.accept(True)]})
            case ["accept", "look"]:
                return _json({"lines": [*self.accept(False)]})
        return NOTHING


NOTHING = Answer(404, "text/plain; charset=utf-8", b"there is nothing here\n")


class Served:
    """A room that is open on a port of this machine, from the beginning of this object to `close`.

    Raises OSError when the port is taken.
    """

    def __init__(self, room: Room, port: int = 0) -> None:
        self._server = _Server((HOST, port), _Handler)
        self.guard = Guard(token_urlsafe(32), self._server.server_address[1])
        self._server.RequestHandlerClass = _handler(room, self.guard)
        self._thread = Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Until somebody interrupts the program (KeyboardInterrupt)."""
        while self._thread.is_alive():
            self._thread.join(0.5)

    def close(self) -> None:
        """Nothing is answered any more; what is being written comes to its end."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Served:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Server(ThreadingTCPServer):
    """A thread for each connection. Not the library's HTTP server, which asks the DNS for the name
    of this machine."""

    allow_reuse_address = sys.platform != "win32"  # there it would let a second program in
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    """One request; then the connection is closed, so that none outlives the server."""

    timeout = PATIENCE_SECONDS
    room: ClassVar[Room]
    guard: ClassVar[Guard]

    def handle_one_request(self) -> None:
        """As the library does it; a page that was closed meanwhile is no trouble."""
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def do_GET(self) -> None:
        """A page, its files, an answer or an image."""
        self._answer()

    def do_POST(self) -> None:
        """A decision."""
        self._answer()

    do_HEAD = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_GET

    def _answer(self) -> None:
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            name = name.lower()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        path = self.guard.path(self.command, self.path, headers)
        if isinstance(path, Refusal):
            self._send(Answer(path.status, _TEXT, f"{path.why}\n".encode()))
            return
        body = b""
        if self.command == "POST":
            body = self.rfile.read(min(int(headers["content-length"]), LARGEST))
        try:
            answer = self.room.answer(self.command, path, body)
        except Exception as bug:
            self.room.trouble(bug)
            answer = _json({"error": "this is a mistake in askpix; the terminal says more"}, 500)
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.mime)
        self.send_header("Content-Length", str(len(answer.content)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is no HTTP gets a status and nothing of what it sent."""
        self.command = self.command or ""
        self._send(Answer(code, _TEXT, b"this is no request for here\n"))

    def version_string(self) -> str:
        """No version: it is nobody's business."""
        return "askpix"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged: the address holds the token."""


_TEXT = "text/plain; charset=utf-8"


def _handler(room: Room, guard: Guard) -> type[_Handler]:
    """The library makes a handler for each connection; this one knows its room."""
    return type("Handler", (_Handler,), {"room": room, "guard": guard})


def _number(text: str) -> int:
    """Raises ValueError for anything but digits."""
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise ValueError(text)
    return int(text)


def _object(body: bytes) -> Mapping[str, Any]:
    """Raises `Refused` for a body that is no JSON object."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Refused("a decision is a JSON object")
    return value


def _json(value: Mapping[str, object], status: int = 200) -> Answer:
    content = json.dumps(value, ensure_ascii=True).encode()
    return Answer(status, "application/json", content)
