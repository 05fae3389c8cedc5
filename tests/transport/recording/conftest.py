"""A real HTTP server whose every answer is new, and a way to ask it through recordings."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from runner.roles import Connection
from runner.transport.client import Channel, open_client
from runner.transport.recording import Label, Recordings
from runner.transport.reply import Reply
from runner.values.request import Policy
from runner.values.response import Failure

KEY = "AIzaCANARY-0123456789/+abcdefghijklmnop"


@dataclass
class Service:
    """The server. `asked` counts requests; `answer` makes status, headers and body of the n-th."""

    url: str = ""
    asked: int = 0
    answer: Callable[[int, bytes], tuple[int, dict[str, str], bytes]] = lambda number, body: (
        200,
        {"Content-Type": "application/json", "Date": "today"},
        json.dumps({"answer": number, "to": len(body)}).encode(),
    )
    lock: threading.Lock = field(default_factory=threading.Lock)


@pytest.fixture
def service() -> Iterator[Service]:
    state = Service()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            with state.lock:
                state.asked += 1
                number = state.asked
            status, headers, content = state.answer(number, body)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.3", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.3:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


Question = tuple[bytes, Label]
Exchanged = Callable[..., list[Reply | Failure]]


@pytest.fixture
def exchanged(service: Service) -> Exchanged:
    """Opens the recordings, sends all of this at the same time as a run would, and closes."""

    def send(
        folder: Path, mode: str, questions: Sequence[Question | bytes], key: str | None = KEY
    ) -> list[Reply | Failure]:
        recordings = Recordings.open(folder, mode, key=key)  # type: ignore[arg-type]
        given = (
            {"transport": recordings.transport(None)}
            if recordings.only_replays
            else {"wrap": recordings.transport}
        )

        async def main() -> list[Reply | Failure]:
            async with open_client(Connection(parallel=16, **given)) as client:  # type: ignore[arg-type]
                channel = Channel(client, Policy(timeout_seconds=20), key)
                pairs = [q if isinstance(q, tuple) else (q, Label()) for q in questions]
                sent = [
                    channel.send("POST", f"{service.url}/v1/ask", body=[body], label=label)
                    for body, label in pairs
                ]
                return list(await asyncio.gather(*sent))

        try:
            return asyncio.run(main())
        finally:
            recordings.close()

    return send
