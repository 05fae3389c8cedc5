"""A small server that speaks Chat Completions, as strict as OpenAI's documentation is.

It finds the coloured rectangle in the image that really arrived, and answers in the convention that
it is told. `tests/providers/openai/test_same_as_openai.py` proves it with OpenAI's own client.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from PIL import Image

KEY = "sk-canary-0123456789abcdef"

ARGUMENTS = {
    "model": str,
    "messages": list,
    "temperature": (int, float),
    "top_p": (int, float),
    "seed": int,
    "max_tokens": int,
    "max_completion_tokens": int,
    "response_format": dict,
    "stream": bool,
}


@dataclass(frozen=True)
class Received:
    """One request as it arrived. Names of headers are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Told:
    """One answer; `content` is JSON unless it is bytes."""

    content: object
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """What the server says instead of an answer."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.told = Told(error(message, code), status)


def error(message: str, code: str | None, kind: str = "invalid_request_error") -> object:
    """An error in OpenAI's shape."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def completion(content: str | None, finish: str = "stop", **message: object) -> dict[str, Any]:
    """A whole answer in OpenAI's shape."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_795_000_000,
        "model": "eyes-2026-11-20",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, "refusal": None, **message},
                "finish_reason": finish,
                "logprobs": None,
            }
        ],
        "usage": {
            "prompt_tokens": 120,
            "completion_tokens": 30,
            "total_tokens": 150,
            "prompt_tokens_details": {"cached_tokens": 20},
            "completion_tokens_details": {"reasoning_tokens": 10},
        },
    }


@dataclass
class ChatServer:
    """`url` up to `/v1`, what it `received`, the models and the `key` that it takes. `scale` and
    `order` are the convention in which it writes boxes. `next` is told before anything else."""

    url: str = ""
    key: str | None = None
    models: tuple[str, ...] = ("eyes", "qwen3-vl:8b")
    knows_schemas: bool = True
    scale: object = 1000
    order: str = "xyxy"
    received: list[Received] = field(default_factory=list)
    next: list[Told] = field(default_factory=list)
    answer: Callable[[Any], Told] | None = None

    def told(self, request: Received) -> Told:
        self.received.append(request)
        if self.next:
            return self.next.pop(0)
        try:
            images = self.checked(request)
        except Refusal as refusal:
            return refusal.told
        return self.answer(request.body) if self.answer else Told(self.looked(request, images))

    def checked(self, request: Received) -> list[Image.Image]:
        """The images of a request that is right; raises a refusal for any other."""
        if request.path != "/v1/chat/completions":
            raise Refusal(404, "Not Found")
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            raise Refusal(401, "Incorrect API key provided.", "invalid_api_key")
        body = request.body
        for name, value in body.items():
            if name not in ARGUMENTS:
                raise Refusal(400, f"Unrecognized request argument supplied: {name}")
            if not isinstance(value, ARGUMENTS[name]) or isinstance(value, bool) > (
                name == "stream"
            ):
                raise Refusal(400, f"Invalid type for '{name}'.", "invalid_type")
        if body.get("model") not in self.models:
            raise Refusal(404, f"The model `{body.get('model')}` does not exist", "model_not_found")
        if not 0 <= body.get("temperature", 1) <= 2 or not 0 <= body.get("top_p", 1) <= 1:
            raise Refusal(400, "Invalid value.", "decimal_above_max_value")
        self._check_format(body.get("response_format"))
        return _images(body.get("messages"))

    def _check_format(self, asked: Any) -> None:
        if asked is None:
            return
        if not self.knows_schemas:
            raise Refusal(400, "'response_format' of type 'json_schema' is not supported")
        named = asked.get("json_schema")
        if asked.keys() != {"type", "json_schema"} or asked["type"] != "json_schema":
            raise Refusal(400, "Invalid value for 'response_format'.")
        if not named.keys() <= {"name", "schema", "strict", "description"}:
            raise Refusal(400, "Unknown parameter in 'response_format.json_schema'.")
        if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", named.get("name", "")):
            raise Refusal(400, "Invalid 'response_format.json_schema.name'.")
        if named.get("strict") and not _is_strict(named["schema"]):
            raise Refusal(400, "Invalid schema for response_format 'answer'.")

    def looked(self, request: Received, images: list[Image.Image]) -> object:
        """The rectangle of every image as a box, under the name that the schema gives it."""
        schema = request.body["response_format"]["json_schema"]["schema"]
        (key, node), *_ = schema["properties"].items()
        names = node["items"]["properties"]
        place = next(name for name, each in names.items() if each["type"] == "array")
        found = filter(None, map(self.box, images))
        boxes = [{place: box, "label": "thing"} for box in found]
        return completion(json.dumps({key: boxes}))

    def box(self, image: Image.Image) -> list[float] | None:
        """Around what is dark in an image, None when nothing is, in the convention of the model."""
        grey = image.convert("L").point(lambda value: 255 if value < 200 else 0)
        found = grey.getbbox()
        if found is None:
            return None
        span = {1000: 1000, 1: 1}.get(self.scale)  # type: ignore[call-overload]
        sides = (*image.size, *image.size)
        edges = [
            edge * span / side if span else edge for edge, side in zip(found, sides, strict=True)
        ]
        x0, y0, x1, y1 = edges if span == 1 else map(round, edges)
        return [x0, y0, x1, y1] if self.order == "xyxy" else [y0, x0, y1, x1]


def _images(messages: Any) -> list[Image.Image]:
    if not messages:
        raise Refusal(400, "Invalid 'messages': empty array.")
    found: list[Image.Image] = []
    roles = ("system", "user", "assistant")
    for message in messages:
        if message.keys() != {"role", "content"} or message["role"] not in roles:
            raise Refusal(400, "Invalid value for 'messages'.")
        if message["role"] == "assistant":
            found.clear()  # what was shown before is answered
        if isinstance(message["content"], str):
            continue
        if message["role"] != "user":
            raise Refusal(400, "Invalid 'messages': only a user sends images.")
        found += [image for part in message["content"] if (image := _part(part))]
    return found


def _part(part: Any) -> Image.Image | None:
    if part.get("type") == "text" and part.keys() == {"type", "text"}:
        return None
    address = part.get("image_url")
    if (
        part.keys() != {"type", "image_url"}
        or not isinstance(address, dict)
        or "url" not in address
    ):
        raise Refusal(400, "Invalid content part.")
    if not address["url"].startswith("data:"):
        return None  # a server may fetch it; this one does not
    try:
        head, _, text = address["url"].partition(";base64,")
        image = Image.open(io.BytesIO(base64.b64decode(text, validate=True)))
        image.load()
    except (OSError, binascii.Error):
        raise Refusal(400, "Invalid base64 image_url.", "invalid_base64") from None
    if head != f"data:{Image.MIME[image.format or '']}":
        raise Refusal(400, "The image is not of the type that its URL says.")
    return image


def _is_strict(node: Any) -> bool:
    """Every object is closed, and all of its keys are required."""
    if isinstance(node, list):
        return all(map(_is_strict, node))
    if not isinstance(node, dict):
        return True
    if "properties" in node:
        names = set(node["properties"])
        if node.get("additionalProperties") is not False or set(node["required"]) != names:
            return False
        return all(map(_is_strict, node["properties"].values()))
    return all(map(_is_strict, node.values()))


@pytest.fixture
def chat_server() -> Iterator[ChatServer]:
    """The server on a real socket, until the test ends."""
    state = ChatServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            headers = {name.lower(): value for name, value in self.headers.items()}
            told = state.told(Received(self.path, headers, json.loads(self.rfile.read(length))))
            raw = told.content
            content = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
            self.send_response(told.status)
            sent = {"Content-Type": "application/json", "Content-Length": str(len(content))}
            for name, value in {**sent, **told.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.3", 0), Handler)
    state.url = f"http://127.0.0.3:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def chat() -> Any:
    """The words of the server: what it is told to say."""
    from types import SimpleNamespace

    return SimpleNamespace(completion=completion, error=error, Told=Told, KEY=KEY)
