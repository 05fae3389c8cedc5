"""A simulated service, in process and on a socket, with a clock that tests move."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageDraw

from runner.providers.simulator.desk import Desk
from runner.providers.simulator.server import serve
from runner.providers.simulator.service import Service

MODEL = "gemini-3.5-flash"
BOXES = {
    "type": "object",
    "properties": {
        "boxes": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "box_2d": {"type": "array", "items": {"type": "integer"}},
                    "mask": {
                        "type": "array",
                        "items": {"type": "array", "items": {"type": "integer"}},
                    },
                    "label": {"type": "string"},
                },
                "required": ["box_2d", "mask", "label"],
            },
        }
    },
    "required": ["boxes"],
}


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    time: datetime = datetime(2026, 11, 20, 17, 40, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **span: float) -> None:
        self.time += timedelta(**span)


@dataclass(frozen=True)
class Answer:
    """A reply, whole."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def text(self) -> str:
        """What the model says, of either endpoint."""
        body = self.json
        if "candidates" in body:
            parts = body["candidates"][0]["content"]["parts"]
            return "".join(part["text"] for part in parts if not part.get("thought"))
        items = [item for step in body["steps"] for item in step.get("content", [])]
        return "".join(item["text"] for item in items)

    @property
    def value(self) -> Any:
        """The JSON that the model says, out of its fence."""
        return json.loads(self.text.removeprefix("```json\n").removesuffix("\n```"))


@dataclass
class Client:
    """Asks a service without a socket."""

    service: Service
    key: str = "KEY"
    slept: list[float] = field(default_factory=list)

    def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        **query: str,
    ) -> Answer:
        content = body if isinstance(body, bytes) else json.dumps(body).encode() if body else b""
        sent = {"Host": "127.0.0.1:8080", "X-Goog-Api-Key": self.key, **(headers or {})}
        reply = asyncio.run(self.service.respond(method, path, query, sent, content))
        return Answer(reply.status, reply.headers, b"".join(reply.pieces))

    def interact(
        self, prompt: str, *images: bytes, headers: Mapping[str, str] | None = None, **more: object
    ) -> Answer:
        """Creates an interaction with inline images."""
        contents: list[object] = [{"type": "text", "text": prompt}]
        contents += [
            {"type": "image", "data": base64.b64encode(image).decode(), "mime_type": "image/png"}
            for image in images
        ]
        body = {"model": MODEL, "input": contents, **more}
        return self("POST", "/v1beta/interactions", body, headers)

    def generate(
        self,
        prompt: str,
        *images: bytes,
        model: str = MODEL,
        headers: Mapping[str, str] | None = None,
        **more: object,
    ) -> Answer:
        """Calls generateContent with inline images."""
        parts: list[object] = [
            {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(image).decode()}}
            for image in images
        ]
        contents = [{"role": "user", "parts": [*parts, {"text": prompt}]}]
        path = f"/v1beta/models/{model}:generateContent"
        return self("POST", path, {"contents": contents, **more}, headers)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(clock: Clock) -> Desk:
    async def no_wait(seconds: float) -> None:
        clock.forward(seconds=seconds)

    return Desk(clock=clock, sleep=no_wait)


@pytest.fixture
def service(desk: Desk) -> Service:
    return Service(desk)


@pytest.fixture
def ask(service: Service) -> Client:
    return Client(service)


@pytest.fixture
def address(service: Service) -> Iterator[str]:
    """The service on a real socket, in a thread of its own."""
    with running(service) as url:
        yield url


class running:
    """Serves in a thread until left: a client that blocks can then talk to it."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def __enter__(self) -> str:
        self.loop = asyncio.new_event_loop()
        self.ready, self.leave = threading.Event(), asyncio.Event()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self._serve(),))
        self.thread.start()
        assert self.ready.wait(20)
        return self.url

    def __exit__(self, *error: object) -> None:
        self.loop.call_soon_threadsafe(self.leave.set)
        self.thread.join(20)
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    async def _serve(self) -> None:
        async with serve(self.service) as self.url:
            self.ready.set()
            await self.leave.wait()


Shape = tuple[str, tuple[int, int, int, int], str]
Draw = Callable[..., bytes]


@pytest.fixture(scope="session")
def draw() -> Draw:
    """Draws named shapes, each in a box of pixels (half-open), as the bytes of an image."""

    def drawn(
        *shapes: Shape, size: tuple[int, int] = (400, 300), ground: str = "white", form: str = "PNG"
    ) -> bytes:
        image = Image.new("RGB", size, ground)
        pen = ImageDraw.Draw(image)
        for kind, (x0, y0, x1, y1), colour in shapes:
            getattr(pen, kind)((x0, y0, x1 - 1, y1 - 1), fill=colour)
        content = BytesIO()
        image.save(content, form)
        return content.getvalue()

    return drawn


@pytest.fixture(scope="session")
def three(draw: Draw) -> bytes:
    """A red rectangle, a blue ellipse and a green rectangle on white, the red one the largest."""
    return draw(
        ("rectangle", (40, 30, 200, 150), "red"),
        ("ellipse", (240, 60, 360, 140), "blue"),
        ("rectangle", (100, 200, 180, 270), "green"),
    )
