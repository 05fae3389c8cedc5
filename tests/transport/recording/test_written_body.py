"""The body of a request as it is written down: JSON with digests in the place of images."""

from __future__ import annotations

import json
import os
import tracemalloc
from base64 import b64encode
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.providers.gemini.pieces import Base64, json_bytes, object_pieces
from runner.transport.recording.body import images_in, written_body


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


@given(st.binary(min_size=3, max_size=400), st.sampled_from(["mime_type", "mimeType"]))
def test_an_image_becomes_its_digest(content: bytes, name: str) -> None:
    """In the words of either endpoint; its type stays beside it."""
    pieces = object_pieces({name: "image/png"}, "data", Base64(content))
    found = {"sha256": digest(content), "bytes": len(content), "mime": "image/png"}
    body = written_body([b'{"parts":[', *pieces, b"]}"])
    assert body == {"parts": [{name: "image/png", "data": found}]}
    assert images_in(body) == [digest(content)]


@given(st.binary(min_size=3, max_size=400), st.sampled_from(["image/png", "image/svg+xml"]))
def test_an_image_in_a_data_uri_becomes_its_digest(content: bytes, mime: str) -> None:
    """As Chat Completions write it; an address of the web stays what it is."""
    web = {"image_url": {"url": "https://example.com/data:image/png;base64,AAAA"}}
    uri = f"data:{mime};base64,{b64encode(content).decode()}"
    body = written_body([json_bytes({"content": [{"image_url": {"url": uri}}, web]})])
    found = {"sha256": digest(content), "bytes": len(content), "mime": mime}
    assert body == {"content": [{"image_url": {"url": found}}, web]}
    assert images_in(body) == [digest(content)]


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_without_images_stays_what_it_is(value: object) -> None:
    """Whatever it holds; a text that talks of images holds none."""
    data = {"mime_type": "image/png", "data": "AAAA", "url": "data:image/png;base64,AAAA"}
    told = {"said": json.dumps(data), "value": value}
    assert written_body([json_bytes(told)]) == json.loads(json_bytes(told))


@pytest.mark.parametrize(
    "body", [b"\xff\xd8\xff", b'{"cut', b"[NaN]", b"[1e999]", b"[" * 100_000, b"9" * 5000]
)
def test_what_is_no_json_is_a_digest_as_a_whole(body: bytes) -> None:
    """An uploaded file, for example."""
    assert written_body([body]) == {"sha256": digest(body), "bytes": len(body)}


def test_no_body_is_none() -> None:
    """As a GET sends it."""
    assert written_body([]) is None


@pytest.mark.parametrize("text", ["AAAAA", "AA=A", "AAAA====", "not base64!", ""])
def test_a_text_named_data_that_is_no_base64_stays(text: str) -> None:
    """It is no image."""
    body = {"mime_type": "text/plain", "data": text}
    assert written_body([json.dumps(body).encode()]) == body


def test_a_body_of_twenty_megabytes_is_copied_once() -> None:
    """Beside the pieces that are sent; its base64 is never decoded as a whole, nor made a text."""
    image = os.urandom(15 << 20)
    pieces = [b'{"text":"\xf0\x9f\x98\x80","image":']
    pieces += [*object_pieces({"mime_type": "image/png"}, "data", Base64(image)), b"}"]
    length = sum(map(len, pieces))
    tracemalloc.start()
    body = written_body(pieces)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert images_in(body) == [digest(image)]
    assert length > 20 << 20
    assert most < length * 1.1


def test_base64_of_any_line_length_is_the_same_image() -> None:
    """The pieces in which a body comes make no difference."""
    content = os.urandom(500_000)
    text = b'{"mime_type":"image/png","data":"' + b64encode(content) + b'"}'
    cut = [text[start : start + 777] for start in range(0, len(text), 777)]
    assert written_body(cut) == written_body([text])
