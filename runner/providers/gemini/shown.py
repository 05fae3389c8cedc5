"""A request as it would be sent, for people: everything but the key and the bytes of the images."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator

from runner.providers.gemini import BASE_URL, generate_content, interactions
from runner.values.content import whole
from runner.values.geometry import Size
from runner.values.image import Image, Prepared, WebOrigin
from runner.values.passing import Passed, Uploaded
from runner.values.request import Request


def shown_request(
    request: Request,
    base_url: str | None = None,
    api_version: str = "v1beta",
    uploaded: Container[str] = (),
) -> dict[str, object]:
    """Method, address, headers and body. In the place of base64 stands which image goes there;
    `uploaded` are the digests of those that travel as files.

    It is written by the very code that writes what is sent.
    """
    prepared = [_passed(image, image.digest in uploaded) for image in request.sent_images]
    writer = generate_content if request.family == "generate_content" else interactions
    body = json.loads(whole(writer.body(request, prepared)))
    within = [
        i
        for i, each in zip(request.sent_images, prepared, strict=True)
        if isinstance(each, Prepared)
    ]
    names = map(_words, within)
    root = f"{(base_url or BASE_URL).rstrip('/')}/{api_version}"
    path = (
        f"models/{request.model}:generateContent"
        if request.family == "generate_content"
        else "interactions"
    )
    return {
        "method": "POST",
        "url": f"{root}/{path}",
        "headers": {**request.settings.headers, "x-goog-api-key": "(your key)"},
        "body": _filled(body, names),
    }


def _passed(image: Image, is_uploaded: bool) -> Passed:
    if isinstance(image.origin, WebOrigin):
        return None
    if is_uploaded:
        uri = f"<{image.name}: {image.byte_count or 0:,} bytes, uploaded first>"
        return Uploaded(uri, image.mime, "", 0)
    return Prepared(b"", image.mime, image.sent_size or Size(1, 1), "")


def _words(image: Image) -> str:
    done = f", first {', then '.join(image.recipe)}" if image.recipe else ""
    return f"<{image.name}: {image.byte_count or 0:,} bytes as base64{done}>"


def _filled(node: object, names: Iterator[str]) -> object:
    if isinstance(node, dict):
        return {
            key: next(names) if key == "data" and value == "" else _filled(value, names)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_filled(item, names) for item in node]
    return node
