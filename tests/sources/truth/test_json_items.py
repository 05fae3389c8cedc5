"""A large JSON object is read entry by entry as a whole reader reads it."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.sources.opening import Unreadable
from runner.sources.truth import json_items
from runner.sources.truth.json_items import items

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.sampled_from(["images", "annotations", "info", "ü"]), JSON)


@pytest.fixture(autouse=True, params=[1, 3, 1 << 20])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read in pieces of any size."""
    monkeypatch.setattr(json_items, "BLOCK", request.param)


@pytest.mark.parametrize("ascii", [True, False])
@pytest.mark.parametrize("indent", [None, 1])
@given(value=OBJECTS)
def test_entries_are_those_of_the_whole(value: dict[str, Any], ascii: bool, indent: int) -> None:
    """Each with its bytes; what is not wanted, and what is no list, is passed over."""
    content = json.dumps(value, ensure_ascii=ascii, indent=indent).encode()
    found = list(items(BytesIO(content), frozenset({"images", "annotations"})))
    assert [(item.key, item.number, item.in_letters()) for item in found] == [
        (key, number, entry)
        for key, entries in value.items()
        if key in ("images", "annotations") and isinstance(entries, list)
        for number, entry in enumerate(entries)
    ]
    assert [json.loads(content[item.start : item.end]) for item in found] == [
        item.in_letters() for item in found
    ]


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"images"', '{"images":[{}', '{"images":[{}}', '{"images":[1,]}', '{"a":1,}', "{1:2}"],
)  # fmt: skip
def test_what_is_cut_off_or_no_object_is_not_read_as_less(content: str) -> None:
    """A truth file that ends early must not pass for one with fewer things."""
    with pytest.raises(Unreadable, match="it is"):
        list(items(BytesIO(content.encode()), frozenset({"images"})))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{\n"images": [\n{"id": "a', "it ends too early, in line 3: a copy of it may have been cut off"),
        ('{\n"images": [1,\n2', "it ends too early, in line 3: a copy of it may have been cut off"),
        ('{"images": [\n{"id": 1,\nid: 2}]}', "line 3 cannot be read"),
    ],
)  # fmt: skip
def test_it_is_said_in_which_line_it_breaks(content: str, said: str) -> None:
    """And that it ends too early, when nothing else is wrong."""
    with pytest.raises(Unreadable) as error:
        list(items(BytesIO(content.encode()), frozenset({"images"})))
    assert str(error.value) == f"it is not whole JSON: {said}"


def test_a_byte_order_mark_is_no_content() -> None:
    """Windows tools write one."""
    found = items(BytesIO(b'\xef\xbb\xbf{"images": [7]}'), frozenset({"images"}))
    assert [(item.value, item.start) for item in found] == [(7, 15)]
