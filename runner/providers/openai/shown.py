"""A request as it would be sent, for people: everything but the key and the bytes of the images."""

from __future__ import annotations

import json
from collections.abc import Iterator

from runner.providers.openai.chat_completions import body
from runner.values.content import whole
from runner.values.geometry import Size
from runner.values.image import Image, Prepared, WebOrigin
from runner.values.request import Request

NO_ADDRESS = "(the address in OPENAI_BASE_URL)"


def shown_request(request: Request, base_url: str | None = None) -> dict[str, object]:
    """Method, address, headers and body. In the place of base64 stands which image goes there.

    It is written by the very code that writes what is sent.
    """
    root = (base_url or NO_ADDRESS).rstrip("/")
    prepared = [_without_bytes(image) for image in request.sent_images]
    names = (
        _words(image) for image in request.sent_images if not isinstance(image.origin, WebOrigin)
    )
    return {
        "method": "POST",
        "url": f"{root}/chat/completions",
        "headers": {
            **request.settings.headers,
            "authorization": "Bearer (OPENAI_API_KEY, where it is set)",
        },
        "body": _filled(json.loads(whole(body(request, prepared, root))), names),
    }


def _without_bytes(image: Image) -> Prepared | None:
    if isinstance(image.origin, WebOrigin):
        return None
    return Prepared(b"", image.mime, image.sent_size or Size(1, 1), "")


def _words(image: Image) -> str:
    done = f", first {', then '.join(image.recipe)}" if image.recipe else ""
    return f"<{image.name}: {image.byte_count or 0:,} bytes as base64{done}>"


def _filled(node: object, names: Iterator[str]) -> object:
    if isinstance(node, dict):
        return {
            key: value + next(names)
            if key == "url" and isinstance(value, str) and value.endswith(";base64,")
            else _filled(value, names)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_filled(item, names) for item in node]
    return node
