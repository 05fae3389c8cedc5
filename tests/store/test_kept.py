"""Responses as bytes, and their checksums."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.roles import Kept
from runner.store.kept import checksum, packed, unpacked
from runner.values.geometry import Size
from runner.values.image import Prepared
from runner.values.response import Response, Usage

COUNTS = st.integers(0, 10**9)

KEPT = st.builds(
    Kept,
    st.builds(
        Response,
        text=st.text(st.characters()),  # with halves of surrogate pairs
        finish=st.sampled_from(["complete", "cut_off", "refused", "failed"]),
        finish_reason=st.text(),
        usage=st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS, st.none() | COUNTS),
        model=st.text(),
        body=st.binary(),
        response_id=st.none() | st.text(),
        simulated=st.booleans(),
        attempts=st.integers(1, 9),
        seconds=st.floats(0, 1e6),
        channel=st.none() | st.text(),
    ),
    st.dictionaries(
        st.text(),
        st.builds(
            Prepared,
            st.just(b""),
            st.text(),
            st.builds(Size, st.integers(1, 60_000), st.integers(1, 60_000)),
            st.text(),
        ),
    ),
)


@given(KEPT)
def test_a_response_comes_back_as_it_was(kept: Kept) -> None:
    """Whatever stands in it: line ends, broken letters, bytes that are no text."""
    assert unpacked(packed(kept)) == kept


def test_image_bytes_are_not_kept(things: Any) -> None:
    """Only what the image was."""
    kept = things.kept(1)
    heavy = Kept(kept.response, {"a": Prepared(bytes(10**6), "image/png", Size(4, 3), "ab")})
    assert len(packed(heavy)) < 1000
    assert unpacked(packed(heavy)).sent == {"a": Prepared(b"", "image/png", Size(4, 3), "ab")}


def test_what_another_version_wrote_is_understood_as_far_as_it_goes(things: Any) -> None:
    """A word more is passed over; a word less is what it is by default."""
    line, _, body = zlib.decompress(packed(things.kept(1))).partition(b"\n")
    about = json.loads(line)
    del about["channel"], about["usage"]["image_tokens"]
    about["mood"] = about["usage"]["mood"] = "sunny"
    content = zlib.compress(json.dumps(about).encode() + b"\n" + body)
    usage = replace(things.kept(1).response.usage, image_tokens=None)
    assert unpacked(content).response == replace(things.kept(1).response, usage=usage)


@given(st.binary() | KEPT.map(lambda kept: packed(kept)[:-5]))
def test_anything_else_is_no_response(content: bytes) -> None:
    """One kind of error, whatever the bytes."""
    with pytest.raises(ValueError, match="not a response that was kept"):
        unpacked(content)


PARTS = st.lists(st.binary() | st.text(st.characters(exclude_categories=["Cs"])) | st.integers())


@given(PARTS, st.data())
def test_a_checksum_changes_with_every_bit(parts: list[Any], data: st.DataObject) -> None:
    """Of the content, and of where one part ends and the next begins."""
    content = data.draw(st.binary(min_size=1))
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    flipped = bytearray(content)
    flipped[bit // 8] ^= 1 << bit % 8
    assert checksum(*parts, content) != checksum(*parts, bytes(flipped))
    assert checksum(*parts, content) != checksum(*parts, content[:-1], content[-1:])
    assert len(checksum(*parts)) == 8
