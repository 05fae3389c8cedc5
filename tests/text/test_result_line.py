"""A line of results.jsonl: described by its schema, and read back without loss."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import library
from runner.text.json_schema import validate
from runner.text.result_line import from_line, to_line
from runner.values.geometry import Box, NormBox, PixelBox, Point, Polygon, Size
from runner.values.mask import Mask, Rle
from runner.values.result import Detection, Issue, Result, ResultImage, Status

SCHEMA: dict[str, Any] = json.loads(library.schema_file("result").read_text(encoding="utf-8"))

CAT = Result(
    ordinal=4,
    case="cats.jpg",
    step="find",
    combination={"model": "gemini-3.5-flash", "vars.thing": "cat"},
    repeat=1,
    images=(
        ResultImage(
            name="cats.jpg",
            role="image",
            path="/photos/cats.jpg",
            size=Size(4000, 3000),
            orientation=6,
            sha256="ab" * 32,
            sent_mime="image/jpeg",
            sent_size=Size(4000, 3000),
            sent_sha256="cd" * 32,
        ),
        ResultImage("web", "image", None, None, 1, None, frame=3),
    ),
    status="partial",
    answer={"boxes": [{"label": "cat", "box": [800.0, 300.0, 1600.0, 900.4]}]},
    detections=(
        Detection(
            at="boxes[0]",
            label="cat",
            box=Box(800.0, 300.0, 1600.0, 900.4),
            box_px=PixelBox(800, 300, 1600, 900),
            box_2d=NormBox(100, 200, 300, 400),
            point=Point(0.5, 1.0),
            polygon=(Polygon((Point(1.0, 2.0), Point(3.0, 2.0), Point(3.0, 4.0))),),
            mask=Mask("png", Rle(Size(4000, 3000), "PT:"), 4, Box(1.0, 2.0, 3.0, 4.0)),
            box_3d=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0),
            score=0.5,
            image=1,
            fields={"kind": "tabby"},
            issues=(Issue("clipped", "beyond", "boxes[0].box", 0),),
        ),
        Detection(at="", label=None, point=Point(0.0, 0.0)),
    ),
    issues=(Issue("item_dropped", "box_2d has 3 numbers", "boxes[5]", 5), Issue("simulated")),
    recovered=0,
    error=None,
    parsed_by="fence",
    usage={"input_tokens": 1098, "output_tokens": 12},
    cost_usd=0.001234,
    model="gemini-3.5-flash",
    simulated=True,
    request_key="ef" * 32,
    row={"file": "cats.jpg", "count": "2"},
)


def test_a_whole_line() -> None:
    """The keys in their order, floats with the digits they need, what is not set left out."""
    assert json.dumps(json.loads(to_line(CAT)), indent=1, ensure_ascii=False) == json.dumps(
        {
            "case": "cats.jpg",
            "step": "find",
            "combination": {"model": "gemini-3.5-flash", "vars.thing": "cat"},
            "repeat": 1,
            "images": [
                {
                    "name": "cats.jpg",
                    "role": "image",
                    "path": "/photos/cats.jpg",
                    "width": 4000,
                    "height": 3000,
                    "orientation": 6,
                    "sha256": "ab" * 32,
                    "sent": {
                        "width": 4000,
                        "height": 3000,
                        "mime": "image/jpeg",
                        "sha256": "cd" * 32,
                    },
                },
                {
                    "name": "web",
                    "role": "image",
                    "path": None,
                    "width": None,
                    "height": None,
                    "orientation": 1,
                    "sha256": None,
                    "frame": 3,
                    "sent": None,
                },
            ],
            "status": "partial",
            "answer": {"boxes": [{"label": "cat", "box": [800.0, 300.0, 1600.0, 900.4]}]},
            "detections": [
                {
                    "at": "boxes[0]",
                    "label": "cat",
                    "box": [800.0, 300.0, 1600.0, 900.4],
                    "box_px": [800, 300, 1600, 900],
                    "box_2d": [100, 200, 300, 400],
                    "point": [0.5, 1.0],
                    "polygon": [[[1.0, 2.0], [3.0, 2.0], [3.0, 4.0]]],
                    "mask": {
                        "encoding": "png",
                        "rle": {"size": [3000, 4000], "counts": "PT:"},
                        "area": 4,
                        "tight_box": [1.0, 2.0, 3.0, 4.0],
                    },
                    "box_3d": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
                    "score": 0.5,
                    "image": 1,
                    "fields": {"kind": "tabby"},
                    "issues": [
                        {"code": "clipped", "at": "boxes[0].box", "index": 0, "why": "beyond"}
                    ],
                },
                {
                    "at": "",
                    "label": None,
                    "point": [0.0, 0.0],
                    "image": 0,
                    "fields": {},
                    "issues": [],
                },
            ],
            "issues": [
                {
                    "code": "item_dropped",
                    "at": "boxes[5]",
                    "index": 5,
                    "why": "box_2d has 3 numbers",
                },
                {"code": "simulated", "why": ""},
            ],
            "recovered": 0,
            "error": None,
            "parsed_by": "fence",
            "usage": {"input_tokens": 1098, "output_tokens": 12},
            "cost_usd": 0.001234,
            "model": "gemini-3.5-flash",
            "simulated": True,
            "request_key": "ef" * 32,
            "ordinal": 4,
            "row": {"file": "cats.jpg", "count": "2"},
        },
        indent=1,
    )


# -- any result -------------------------------------------------------------------------------------

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.text(max_size=6) | st.sampled_from(["\ud83d", "a\u2028b", "\x85", "é漢"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(WORDS, JSON, max_size=3)
COUNTS = st.integers(0, 10**6)
SIZES = st.builds(Size, st.integers(1, 10**5), st.integers(1, 10**5))
BOXES = st.builds(Box, FLOATS, FLOATS, FLOATS, FLOATS)
POINTS = st.builds(Point, FLOATS, FLOATS)
NUMBERS = st.integers() | FLOATS
RINGS = st.builds(Polygon, st.lists(POINTS, min_size=3, max_size=4).map(tuple))
ISSUES = st.lists(
    st.builds(Issue, WORDS, WORDS, st.none() | WORDS, st.none() | COUNTS), max_size=2
).map(tuple)
MASKS = st.builds(
    Mask,
    st.sampled_from(["png", "polygon_xy", "polygon_yx"]),
    st.builds(Rle, SIZES, WORDS),
    COUNTS,
    st.none() | BOXES,
)
DETECTIONS = st.builds(
    Detection,
    at=WORDS,
    label=st.none() | WORDS,
    box=st.none() | BOXES,
    box_px=st.none() | st.builds(PixelBox, *[st.integers()] * 4),
    box_2d=st.none() | st.builds(NormBox, *[NUMBERS] * 4),
    point=st.none() | POINTS,
    polygon=st.lists(RINGS, max_size=2).map(tuple),
    mask=st.none() | MASKS,
    box_3d=st.none() | st.lists(FLOATS, min_size=9, max_size=9).map(tuple),
    score=st.none() | FLOATS,
    image=COUNTS,
    fields=OBJECTS,
    issues=ISSUES,
)
IMAGES = st.builds(
    ResultImage,
    name=WORDS,
    role=WORDS,
    path=st.none() | WORDS,
    size=st.none() | SIZES,
    orientation=st.integers(1, 8),
    sha256=st.none() | WORDS,
    sent_mime=st.none() | WORDS,
    sent_size=st.none() | SIZES,
    sent_sha256=st.none() | WORDS,
)
RESULTS = st.builds(
    Result,
    ordinal=COUNTS,
    case=WORDS,
    step=WORDS,
    combination=st.dictionaries(WORDS, st.booleans() | NUMBERS | WORDS, max_size=2),
    repeat=st.integers(1, 9),
    images=st.lists(IMAGES, max_size=2).map(tuple),
    status=st.sampled_from(get_args(Status)),
    answer=JSON,
    detections=st.lists(DETECTIONS, max_size=2).map(tuple),
    issues=ISSUES,
    recovered=COUNTS,
    error=st.none() | WORDS,
    parsed_by=st.none() | WORDS,
    usage=st.dictionaries(WORDS, COUNTS, max_size=2),
    cost_usd=st.none() | st.floats(0, 1e6),
    model=WORDS,
    simulated=st.booleans(),
    request_key=st.none() | WORDS,
    row=OBJECTS,
)


@given(RESULTS)
def test_a_result_is_read_back_exactly(result: Result) -> None:
    """One line of UTF-8, the same value, the same bytes again."""
    line = to_line(result)
    assert len(line.splitlines()) == 1
    line.encode("utf-8")
    assert from_line(line) == result
    assert to_line(from_line(line)) == line


@given(RESULTS)
def test_every_line_is_as_the_schema_says(result: Result) -> None:
    """No key that the schema does not describe, none missing."""
    assert validate(json.loads(to_line(result)), SCHEMA) == ()


@given(st.integers(0, 1000), st.integers(1, 20_000))
def test_a_coordinate_is_printed_with_at_most_three_decimals(n: int, side: int) -> None:
    """n · side / 1000, and nothing more."""
    point = Point(n * side / 1000, 0.0)
    line = to_line(Result(0, "", "", {}, 1, (), "ok", detections=(Detection("", point=point),)))
    written = line.partition('"point":[')[2].partition(",")[0]
    assert len(written.partition(".")[2]) <= 3


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_does_not_have_is_never_written(number: float) -> None:
    """Better no line than one that other readers refuse."""
    with pytest.raises(ValueError, match="JSON"):
        to_line(Result(0, "", "", {}, 1, (), "ok", answer=[number]))


@pytest.mark.parametrize(
    "line", ["", "{", "[]", "null", "{}", '{"case": 1}', to_line(CAT)[:-9], "[" * 100_000]
)
def test_what_is_no_line_of_results_is_refused(line: str) -> None:
    """A ValueError, whatever it is."""
    with pytest.raises(ValueError):  # noqa: PT011  # the reader's own words, many kinds
        from_line(line)


def test_the_part_of_an_image_that_was_sent_is_remembered() -> None:
    """Only where it was not all of it: lines of earlier versions say nothing of it, and are read."""
    image = replace(CAT.images[0], window=PixelBox(10, 20, 110, 220), sent_size=Size(50, 100))
    part = replace(CAT, images=(image,))
    told = json.loads(to_line(part))
    assert validate(told, SCHEMA) == ()
    assert told["images"][0]["window"] == [10, 20, 110, 220]
    assert from_line(to_line(part)) == part
    assert all("window" not in image for image in json.loads(to_line(CAT))["images"])


def test_a_key_of_a_later_version_is_passed_over() -> None:
    """Old readers read new lines."""
    line = json.dumps({**json.loads(to_line(CAT)), "later": 1})
    assert from_line(line) == CAT


def test_every_key_of_the_schema_is_described() -> None:
    """Editors and `explain` have something to show."""

    def places(node: Mapping[str, Any], at: str) -> list[str]:
        if "$ref" in node:
            return []
        found = [] if node.get("description") else [at]
        for name, part in node.get("properties", {}).items():
            found += places(part, f"{at}.{name}")
        if isinstance(node.get("items"), Mapping) and node["items"].get("type") in ("object", None):
            found += places(node["items"], f"{at}[]")
        return found

    definitions = SCHEMA["definitions"].items()
    assert places(SCHEMA, "") == []
    assert [at for name, node in definitions for at in places(node, name)] == []
