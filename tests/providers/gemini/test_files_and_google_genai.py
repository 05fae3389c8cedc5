"""Files that askpix uploads and files of Google's own package are the same files, at one service."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any, TypeVar

import pytest

from runner.providers.gemini.files import CHUNK, Files, RemoteFile
from runner.roles import Connection
from runner.transport.client import Channel, open_client
from runner.values.response import Failure

genai = pytest.importorskip("google.genai", reason="compares with the package google-genai 3.4")

KEY, MODEL = "KEY", "gemini-3.5-flash"
T = TypeVar("T")


def ours(url: str, work: Callable[[Files], Awaitable[T | Failure]]) -> T:
    """What our own client makes of it."""

    async def main() -> T | Failure:
        connection = Connection(key=KEY, base_url=url)
        async with open_client(connection) as client:
            return await work(Files(Channel(client, connection.policy, KEY), url))

    outcome = asyncio.run(main())
    assert not isinstance(outcome, Failure), outcome.message
    return outcome


@pytest.fixture
def url(served: Callable[..., str]) -> str:
    return served()


@pytest.fixture
def client(url: str) -> Any:
    """The package, with the same key."""
    with genai.Client(
        api_key=KEY, http_options={"base_url": url, "api_version": "v1beta"}
    ) as client:
        yield client


@pytest.mark.parametrize("length", [None, CHUNK + 1])
def test_what_one_uploads_the_other_finds(
    draw: Any, url: str, client: Any, length: int | None
) -> None:
    """Name, size, digest, state and end, whoever uploaded it, in one piece or in several."""
    content = draw.encoded(draw.scene(), "PNG") if length is None else bytes(length)
    mine = ours(url, lambda files: files.upload(content, "image/png", "askpix 0123"))
    theirs = client.files.upload(
        file=BytesIO(content), config={"mime_type": "image/png", "display_name": "theirs"}
    )
    listed = {file.name: file for file in client.files.list()}
    ours_listed = {file.name: file for file in ours(url, lambda files: files.listed())}
    assert set(listed) == set(ours_listed) == {mine.name, theirs.name}
    for name, found in listed.items():
        assert _told(found) == _own(ours_listed[name])
    assert listed[mine.name].display_name == "askpix 0123"
    assert _own(mine) == _told(client.files.get(name=mine.name))
    digest = hashlib.sha256(content).hexdigest()
    assert mine.sha256 == ours(url, lambda files: files.get(theirs.name)).sha256 == digest


def test_the_package_asks_about_a_file_of_ours(draw: Any, url: str, client: Any) -> None:
    """By both endpoints; it is the image that we sent, and gone for both once one deletes it."""
    content = draw.encoded(draw.scene(), "PNG")
    mine = ours(url, lambda files: files.upload(content, "image/png"))
    image = {"type": "image", "uri": mine.uri, "mime_type": mine.mime}
    inline = {
        "type": "image",
        "data": base64.b64encode(content).decode(),
        "mime_type": mine.mime,
    }
    said = [
        client.interactions.create(
            model=MODEL, input=[{"type": "text", "text": "What?"}, one]
        ).output_text
        for one in (image, inline)
    ]
    assert said[0] == said[1]
    part = genai.types.Part.from_uri(file_uri=mine.uri, mime_type=mine.mime)
    told = client.models.generate_content(model=MODEL, contents=["What?", part]).text
    assert told == said[0]
    client.files.delete(name=mine.name)
    with pytest.raises(genai.errors.ClientError, match="do not have permission"):
        client.models.generate_content(model=MODEL, contents=["What?", part])


def _own(file: RemoteFile) -> tuple[object, ...]:
    return file.uri, file.mime, file.size_bytes, file.sha256, file.state, file.expires_at


def _told(file: Any) -> tuple[object, ...]:
    digest = base64.b64decode(file.sha256_hash).decode()
    ends = file.expiration_time.timestamp()
    return file.uri, file.mime_type, file.size_bytes, digest, file.state.name, ends
