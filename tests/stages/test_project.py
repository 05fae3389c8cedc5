"""Answers in pixels: every convention, every repair, every place of a coordinate."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from runner.stages.parse import parse
from runner.stages.project import Projection, project
from runner.values.answer import Answer, CutOff, Json
from runner.values.geometry import Box, NormBox, PixelBox, Point, Polygon, Size
from runner.values.mask import Mask, Rle
from runner.values.response import Response, Usage
from runner.values.result import Detection, Issue
from runner.values.shape import Coordinates, Shape

SIZE = Size(200, 100)
NUMBERS = {"type": "array", "items": {"type": "integer"}}
BOX = {**NUMBERS, "x-space": "box", "x-name": "box"}
LABEL = {"type": "string"}


def record(**fields: Any) -> dict[str, Any]:
    """The schema of one record with these fields, all required."""
    return {"type": "object", "properties": fields, "required": list(fields)}


def list_of(item: dict[str, Any], key: str = "boxes", **options: Any) -> Shape:
    """The shape of a list of records."""
    schema = record(**{key: {"type": "array", "items": item}})
    return Shape(schema, key, **options)


BOXES = list_of(record(label=LABEL, box_2d=BOX))


def boxes(*numbers: Json, size: Size | None = SIZE, shape: Shape = BOXES) -> Projection:
    """What becomes of a list of things labelled a, b, c… with these boxes."""
    items: list[Json] = [
        {"label": "abcdef"[index], "box_2d": box} for index, box in enumerate(numbers)
    ]
    return project({"boxes": items}, shape, [size])


def only(projection: Projection) -> Detection:
    """The one detection."""
    (found,) = projection.detections
    return found


def codes(detection: Detection) -> list[str]:
    """The codes of its issues."""
    return [issue.code for issue in detection.issues]


# -- boxes ------------------------------------------------------------------------------------------


def test_a_box_comes_back_in_pixels_under_the_name_of_the_author() -> None:
    """`box_2d` travels; `box` is in the answer, x first, in float pixels of the image."""
    assert boxes([100, 200, 300, 401]) == Projection(
        answer={"boxes": [{"label": "a", "box": [40.0, 10.0, 80.2, 30.0]}]},
        detections=(
            Detection(
                at="boxes[0]",
                label="a",
                box=Box(40.0, 10.0, 80.2, 30.0),
                box_px=PixelBox(40, 10, 80, 30),
                box_2d=NormBox(100, 200, 300, 401),
            ),
        ),
    )


REPAIRED: list[tuple[str, Json, Box, PixelBox, list[Issue]]] = [
    (
        "corners swapped",
        [300, 400, 100, 200],
        Box(40.0, 10.0, 80.0, 30.0),
        PixelBox(40, 10, 80, 30),
        [Issue("inverted", "the edges of [300, 400, 100, 200] were swapped", "boxes[0].box", 0)],
    ),
    (
        "beyond the image",
        [-10, 0, 500, 1000.5],
        Box(0.0, 0.0, 200.0, 50.0),
        PixelBox(0, 0, 200, 50),
        [
            Issue(
                "scale_suspect",
                "pixels?: numbers above 1000; if they are pixels, set `coords: {scale: pixel}`",
                "boxes[0].box",
                0,
            ),
            Issue("clipped", "[-10, 0, 500, 1000.5] reaches beyond the image", "boxes[0].box", 0),
        ],
    ),
    (
        "without extent",
        [500, 1000, 700, 1000],
        Box(200.0, 50.0, 200.0, 70.0),
        PixelBox(199, 50, 200, 70),
        [
            Issue(
                "degenerate",
                "[500, 1000, 700, 1000] has no extent inside the image",
                "boxes[0].box",
                0,
            )
        ],
    ),
    (
        "fractions",
        [0.1, 0.2, 0.3, 1],
        Box(0.04, 0.01, 0.2, 0.03),
        PixelBox(0, 0, 1, 1),
        [
            Issue(
                "scale_suspect",
                "unit: all numbers are fractions up to 1; if that is their scale, "
                "set `coords: {scale: 1}`",
                "boxes[0].box",
                0,
            )
        ],
    ),
    ("zero and one", [0, 0, 1, 1], Box(0.0, 0.0, 0.2, 0.1), PixelBox(0, 0, 1, 1), []),
    ("minus zero", [-0.0, 0, 500, 500], Box(0.0, 0.0, 100.0, 50.0), PixelBox(0, 0, 100, 50), []),
]


@pytest.mark.parametrize(
    ("numbers", "box", "pixels", "issues"),
    [row[1:] for row in REPAIRED],
    ids=[row[0] for row in REPAIRED],
)
def test_every_repair_of_a_box_is_recorded(
    numbers: Json, box: Box, pixels: PixelBox, issues: list[Issue]
) -> None:
    """The box is mended, the numbers of the model are kept, and the issue says what was done."""
    found = only(boxes(numbers))
    assert (found.box, found.box_px, list(found.issues)) == (box, pixels, issues)
    assert found.box_2d is not None
    assert found.box_2d.as_list() == numbers
    assert "-0.0" not in repr(found.box)


@pytest.mark.parametrize(
    ("numbers", "why"),
    [
        ([1, 2, 3], "3 values where 4 numbers should be"),
        ([1], "1 value where 4 numbers should be"),
        ([1, 2, 3, 4, 5], "5 values where 4 numbers should be"),
        ([1, 2, 3, None], "not all of the 4 values are finite numbers"),
        ([1, 2, 3, True], "not all of the 4 values are finite numbers"),
        ([1, 2, 3, "4"], "not all of the 4 values are finite numbers"),
        ([1, 2, 3, float("nan")], "not all of the 4 values are finite numbers"),
        ([1, 2, 3, 10**400], "not all of the 4 values are finite numbers"),
        ([1, 2, 3, 10**9], "the numbers are too large for a place in an image"),
        ("[1, 2, 3, 4]", "a text stands where 4 numbers should"),
        ({"x": 1}, "an object stands where 4 numbers should"),
        (7, "a single number stands where 4 numbers should"),
        (True, "true or false stands where 4 numbers should"),
    ],
)
def test_an_item_without_four_numbers_is_dropped_and_the_others_stay(
    numbers: Json, why: str
) -> None:
    """One bad item loses itself, with its place and the reason, and no other."""
    projection = boxes([0, 0, 10, 10], numbers, [0, 0, 20, 20])
    assert [(found.at, found.label) for found in projection.detections] == [
        ("boxes[0]", "a"),
        ("boxes[1]", "c"),
    ]
    assert projection.answer == {
        "boxes": [
            {"label": "a", "box": [0.0, 0.0, 2.0, 1.0]},
            {"label": "c", "box": [0.0, 0.0, 4.0, 2.0]},
        ]
    }
    assert projection.issues == (Issue("item_dropped", f"`box`: {why}", "boxes[1]", 1),)
    assert (projection.dropped, projection.lost_all) == (1, False)


def test_a_list_of_which_nothing_is_left_is_not_empty() -> None:
    """All items dropped is a failure; an empty list is an answer."""
    lost = boxes([1, 2, 3], "x")
    assert (lost.answer, lost.dropped, lost.lost_all) == ({"boxes": []}, 2, True)
    none = boxes()
    assert (none.answer, none.dropped, none.lost_all) == ({"boxes": []}, 0, False)


@pytest.mark.parametrize(
    ("coordinates", "numbers", "expected"),
    [
        (Coordinates("1000", True), [100, 200, 300, 400], Box(40.0, 10.0, 80.0, 30.0)),
        (Coordinates("1000", False), [200, 100, 400, 300], Box(40.0, 10.0, 80.0, 30.0)),
        (Coordinates("1", True), [0.1, 0.2, 0.3, 0.4], Box(40.0, 10.0, 80.0, 30.0)),
        (Coordinates("1", False), [0.25, 0.5, 0.75, 1], Box(50.0, 50.0, 150.0, 100.0)),
        (Coordinates("pixel", True), [10, 40, 30, 80], Box(40.0, 10.0, 80.0, 30.0)),
        (Coordinates("pixel", False), [40, 10, 80, 30.5], Box(40.0, 10.0, 80.0, 30.5)),
    ],
)
def test_coords_say_what_the_numbers_mean(
    coordinates: Coordinates, numbers: Json, expected: Box
) -> None:
    """Scale and order are taken from the workflow, without any issue."""
    shape = list_of(record(label=LABEL, box_2d=BOX), coordinates=coordinates)
    found = only(boxes(numbers, shape=shape))
    assert (found.box, codes(found)) == (expected, [])


@pytest.mark.parametrize(
    ("scale", "numbers", "expected"),
    [
        ("1", [0.1, 0.2, 0.3, 1.1], ["clipped"]),
        ("1", [100, 200, 300, 400], ["scale_suspect", "clipped", "degenerate"]),
        ("pixel", [0.1, 0.2, 0.3, 0.4], ["scale_suspect"]),
        ("pixel", [10, 40, 30, 999], ["clipped"]),
    ],
)
def test_coords_that_cannot_be_right_are_marked(
    scale: Any, numbers: Json, expected: list[str]
) -> None:
    """A scale is never guessed, but what does not fit it is said."""
    shape = list_of(record(label=LABEL, box_2d=BOX), coordinates=Coordinates(scale))
    assert codes(only(boxes(numbers, shape=shape))) == expected


def test_an_image_of_unknown_size_has_no_pixels() -> None:
    """The model's numbers stay in `box_2d`; the answer never holds numbers of another kind."""
    projection = boxes([300, 200, 100, 400], size=None)
    assert projection.answer == {"boxes": [{"label": "a", "box": None}]}
    found = only(projection)
    assert (found.box, found.box_px, found.box_2d) == (None, None, NormBox(300, 200, 100, 400))
    assert codes(found) == ["inverted", "size_unknown"]


def test_other_coordinates_of_an_image_of_unknown_size_are_kept_as_written() -> None:
    """Points, outlines and masks stay in the fields of the detection."""
    shape = list_of(record(point={"x-space": "point"}, mask={"x-space": "mask"}), "points")
    ring: Json = [[0, 0], [0, 9], [9, 9]]
    projection = project({"points": [{"point": [1, 2], "mask": ring}]}, shape, [None])
    assert projection.answer == {"points": [{"point": None, "mask": None}]}
    found = only(projection)
    assert found.point is None
    assert codes(found) == ["size_unknown", "size_unknown"]
    assert found.fields == {"point": [1, 2], "mask": ring}


# -- points, outlines, boxes in space ---------------------------------------------------------------

POINTS = list_of(record(label=LABEL, point={**NUMBERS, "x-space": "point"}), "points")


def points(*numbers: Json) -> Projection:
    """What becomes of a list of points."""
    items: list[Json] = [{"label": "p", "point": point} for point in numbers]
    return project({"points": items}, POINTS, [SIZE])


def test_a_point_comes_back_x_first() -> None:
    """[y, x] in thousandths becomes [x, y] in pixels."""
    assert points([250, 501]) == Projection(
        {"points": [{"label": "p", "point": [100.2, 25.0]}]},
        (Detection(at="points[0]", label="p", point=Point(100.2, 25.0)),),
    )


def test_a_point_beyond_the_image_is_moved_to_its_edge() -> None:
    """The nearest place inside, and it is said."""
    found = only(points([-1, 1000]))
    assert found.point == Point(200.0, 0.0)
    assert found.issues == (
        Issue("clipped", "[-1, 1000] lies beyond the image", "points[0].point", 0),
    )


def test_a_point_that_is_none_drops_its_item() -> None:
    """Three numbers are no point."""
    projection = points([1, 2, 3], [0, 0])
    why = "`point`: 3 values where 2 numbers should be"
    assert projection.issues == (Issue("item_dropped", why, "points[0]", 0),)
    assert [found.at for found in projection.detections] == ["points[0]"]


OUTLINES = list_of(
    record(label=LABEL, box_2d=BOX, mask={"x-space": "polygon", "x-name": "outline"}), "polygons"
)
SQUARE: list[Json] = [[100, 200], [300, 200], [300, 400], [100, 400]]
SQUARE_PIXELS = Polygon(
    (Point(20.0, 20.0), Point(60.0, 20.0), Point(60.0, 40.0), Point(20.0, 40.0))
)
AROUND_SQUARE: Json = [200, 100, 400, 300]


def outline(value: Json, box: Json = AROUND_SQUARE) -> Projection:
    """What becomes of one outline beside its box."""
    item: Json = {"label": "leaf", "box_2d": box, "mask": value}
    return project({"polygons": [item]}, OUTLINES, [SIZE])


@pytest.mark.parametrize(
    "value",
    [
        SQUARE,
        [100, 200, 300, 200, 300, 400, 100, 400],
        [[100, 200, 300, 200], [300, 400, 100, 400]],
        [[100, 200, 300, 200, 300, 400, 100, 400]],
        [SQUARE],
        "100 200, 300 200, 300 400, 100 400",
        "[[100, 200], [300, 200], [300, 400], [100, 400]]",
        [{"x": 100, "y": 200}, {"x": 300, "y": 200}, {"x": 300, "y": 400}, {"x": 100, "y": 400}],
    ],
    ids=[
        "pairs",
        "flat",
        "chunks",
        "flat in a list",
        "list of one",
        "text",
        "text of a list",
        "xy",
    ],
)
def test_an_outline_is_read_in_every_form(value: Json) -> None:
    """All of them are the same ring, under the name of the author."""
    projection = outline(value)
    found = only(projection)
    assert (found.polygon, found.issues) == ((SQUARE_PIXELS,), ())
    assert isinstance(projection.answer, dict)
    assert projection.answer["polygons"] == [
        {
            "label": "leaf",
            "box": [20.0, 20.0, 60.0, 40.0],
            "outline": [[20.0, 20.0], [60.0, 20.0], [60.0, 40.0], [20.0, 40.0]],
        }
    ]


def test_an_outline_in_several_parts_stays_in_parts() -> None:
    """Two rings are two rings, in the answer, too."""
    second: Json = [[110, 210], [120, 210], [120, 220]]
    projection = outline([SQUARE, second])
    assert [len(ring.points) for ring in only(projection).polygon] == [4, 3]
    assert isinstance(projection.answer, dict)
    assert len(projection.answer["polygons"][0]["outline"]) == 2  # type: ignore[index,call-overload,arg-type]


def test_an_outline_written_y_first_is_swapped_when_only_so_it_fits() -> None:
    """Its box decides, with a tolerance of 40/1000; the swap is recorded."""
    swapped: Json = [[y, x] for x, y in SQUARE]  # type: ignore[misc,has-type]
    box: Json = [200, 100, 400, 340]
    found = only(outline(swapped, box))
    assert found.polygon == (SQUARE_PIXELS,)
    assert found.issues == (
        Issue(
            "axis_swapped",
            "the outline was written y first: only so it lies in its box",
            "polygons[0].outline",
            0,
        ),
    )


@pytest.mark.parametrize(
    ("value", "box", "expected"),
    [
        (SQUARE, [700, 700, 900, 900], ["polygon_outside_box"]),
        (SQUARE, [240, 140, 360, 260], []),  # within the tolerance
        ([[900, 900], [1100, 900], [1100, 950]], [880, 880, 960, 1100],
         ["scale_suspect", "clipped", "scale_suspect", "clipped"]),
        ([[1, 2], [3, 4]], AROUND_SQUARE, ["polygon_invalid"]),
        ([], AROUND_SQUARE, ["polygon_invalid"]),
        ([1, 2, 3, 4, 5, 6, 7], AROUND_SQUARE, ["polygon_invalid"]),
        ([[1, 2], [3, "x"], [5, 6]], AROUND_SQUARE, ["polygon_invalid"]),
        ([[1, 2], 3, 4, [5, 6]], AROUND_SQUARE, ["polygon_invalid"]),
        ([SQUARE, [[1, 2]]], AROUND_SQUARE, ["polygon_invalid"]),
        ([[[]]], AROUND_SQUARE, ["polygon_invalid"]),
        ("a leaf", AROUND_SQUARE, ["polygon_invalid"]),
        ({"x": 1}, AROUND_SQUARE, ["polygon_invalid"]),
        (None, AROUND_SQUARE, ["polygon_missing"]),
        ([[1e300, 1], [2, 3], [4, 5]], AROUND_SQUARE, ["polygon_invalid"]),
    ],
)  # fmt: skip
def test_outlines_that_do_not_fit_are_named(value: Json, box: Json, expected: list[str]) -> None:
    """The item keeps its box, whatever its outline is."""
    found = only(outline(value, box))
    assert codes(found) == expected
    assert found.box is not None
    assert bool(found.polygon) == (expected not in (["polygon_invalid"], ["polygon_missing"]))


def test_a_box_in_space_is_kept_as_written() -> None:
    """Metres and degrees are no pixels; nine numbers or nothing."""
    shape = list_of(record(label=LABEL, box_3d={"x-space": "box_3d"}), "things")
    numbers: Json = [0.5, 1, 2, 0.3, 0.3, 0.3, 0, 45, -90]
    projection = project(
        {"things": [{"label": "a", "box_3d": numbers}, {"label": "b", "box_3d": [1]}]},
        shape,
        [SIZE],
    )
    found = only(projection)
    assert found.box_3d == (0.5, 1.0, 2.0, 0.3, 0.3, 0.3, 0.0, 45.0, -90.0)
    why = "9 numbers are expected: centre, size, roll, pitch, yaw"
    assert projection.issues == (
        Issue("box_3d_invalid", why, "things[1].box_3d", 1),
        Issue("item_dropped", f"`box_3d`: {why}", "things[1]", 1),
    )


# -- masks ------------------------------------------------------------------------------------------

MASKS = list_of(
    record(label=LABEL, box_2d=BOX, mask={"type": "string", "x-space": "mask"}), "masks"
)


def masks(value: Json, box: Json = None, size: Size = SIZE) -> Projection:
    """What becomes of one mask; its box covers x 40–80, y 10–30 of 200 × 100 pixels."""
    item: Json = {"label": "cup", "box_2d": box or [100, 200, 300, 400], "mask": value}
    return project({"masks": [item]}, MASKS, [size])


def png(mode: str = "L", side: int = 8, form: str = "PNG", **options: Any) -> str:
    """An image of which the left half is bright, in base64."""
    bright: Any = {"L": 255, "RGB": (255, 255, 255), "1": 1, "I;16": 65535}.get(mode, 255)
    picture = Pillow.new(mode, (side, side))
    picture.paste(bright, (0, 0, side // 2, side))
    if options.pop("alpha", False):
        flat = Pillow.new("RGBA", (side, side), (255, 255, 255, 0))
        flat.putalpha(picture)
        picture = flat
    content = BytesIO()
    picture.save(content, form, **options)
    return b64encode(content.getvalue()).decode()


LEFT_HALF = Mask("png", Rle(SIZE, ""), 400, Box(40.0, 10.0, 60.0, 30.0))
URI = "data:image/png;base64,"


@pytest.mark.parametrize(
    "value",
    [
        URI + png(),
        png(),
        png().rstrip("="),
        URI + png().replace("+", "-").replace("/", "_"),
        f"  {URI} " + "\n".join(png()[start : start + 20] for start in range(0, len(png()), 20)),
        "data:image/jpeg;base64," + png("L", 32, "JPEG", quality=95),
        "data:image/png;base64," + png("L", 32, "JPEG", quality=95),
        URI + png("RGB"),
        URI + png("1"),
        URI + png("I;16"),
        URI + png(alpha=True),
        URI + png("L", 256),
        "data:image/webp;base64," + png("RGB", 32, "WEBP", lossless=True),
    ],
    ids=["data uri", "bare", "no padding", "url-safe", "line breaks", "jpeg", "jpeg named png", "rgb",
         "1 bit", "16 bit", "opacity only", "256 pixels", "webp"],
)  # fmt: skip
def test_a_painted_mask_is_read_in_every_form(value: str) -> None:
    """The left half of the box, whatever the image is called and however it is written."""
    projection = masks(value)
    mask = only(projection).mask
    assert mask is not None
    assert (mask.encoding, mask.area, mask.tight_box) == ("png", 400, LEFT_HALF.tight_box)
    assert codes(only(projection)) == []
    assert isinstance(projection.answer, dict)
    assert projection.answer["masks"] == [
        {
            "label": "cup",
            "box": [40.0, 10.0, 80.0, 30.0],
            "mask": {
                "encoding": "png",
                "rle": {"size": [100, 200], "counts": mask.rle.counts},
                "area": 400,
                "tight_box": [40.0, 10.0, 60.0, 30.0],
            },
        }
    ]


TOKENS = "<start_of_mask><seg_35><seg_65><seg_4><seg_66>"
NO_MASK: list[tuple[str, Json, str]] = [
    ("tokens", TOKENS, "mask_tokens_unexpanded"),
    ("tokens in quotes", f'"{TOKENS}".', "mask_tokens_unexpanded"),
    ("tokens without a start", "<seg_1><seg_2>", "mask_tokens_unexpanded"),
    ("a placeholder", "gimme_mask_for_this", "mask_placeholder"),
    ("a sentence", "The mask of the cup would stand here. " * 4, "mask_placeholder"),
    ("an empty text", "", "mask_placeholder"),
    ("base64 of nothing", URI + "AAAA" * 30 + "BBBB", "mask_garbage"),
    ("runaway base64", URI + png()[:60] + "Pj4+" * 2000, "mask_garbage"),
    ("bare runaway base64", png()[:60] + "Pj4+" * 2000, "mask_garbage"),
    ("half of an image", URI + png("L", 256)[:120], "mask_garbage"),
    ("no base64", URI + "this is not base64, or is it?" * 4, "mask_garbage"),
    ("an empty uri", URI, "mask_garbage"),
    ("a number", 7, "mask_garbage"),
    ("an object", {"size": [1, 2], "counts": "a"}, "mask_garbage"),
    ("an empty list", [], "mask_garbage"),
    ("too large", URI + png("L", 4098), "mask_too_large"),
    ("null", None, "mask_missing"),
]


@pytest.mark.parametrize(
    ("value", "code"), [row[1:] for row in NO_MASK], ids=[r[0] for r in NO_MASK]
)
def test_what_is_no_mask_is_named(value: Json, code: str) -> None:
    """The mask is null and the item keeps its box; nothing is guessed from tokens."""
    projection = masks(value)
    found = only(projection)
    assert (found.mask, codes(found)) == (None, [code])
    assert found.box == Box(40.0, 10.0, 80.0, 30.0)
    assert isinstance(projection.answer, dict)
    assert projection.answer["masks"] == [
        {"label": "cup", "box": [40.0, 10.0, 80.0, 30.0], "mask": None}
    ]


def test_a_key_that_is_missing_is_null_in_the_answer() -> None:
    """Every record of the answer has the same keys."""
    projection = project({"masks": [{"label": "a", "box_2d": [0, 0, 9, 9]}]}, MASKS, [SIZE])
    assert projection.answer == {
        "masks": [{"label": "a", "box": [0.0, 0.0, 1.8, 0.9], "mask": None}]
    }
    assert only(projection).issues == (
        Issue("mask_missing", "the record has no mask", "masks[0].mask", 0),
    )


def test_a_mask_that_is_an_outline_is_filled() -> None:
    """Corners x first over the whole image; the outline itself is kept, too."""
    found = only(masks(SQUARE, AROUND_SQUARE))
    assert found.mask is not None
    assert (found.mask.encoding, found.mask.area) == ("polygon_xy", 800)
    assert found.polygon == (SQUARE_PIXELS,)
    assert codes(found) == ["mask_fills_box"]


def test_a_mask_written_y_first_says_so() -> None:
    """The encoding names what the model wrote."""
    swapped: Json = [[y, x] for x, y in SQUARE]  # type: ignore[misc,has-type]
    found = only(masks(swapped, [200, 100, 400, 340]))
    assert found.mask is not None
    assert (found.mask.encoding, found.mask.area) == ("polygon_yx", 800)
    assert codes(found) == ["axis_swapped"]


def test_a_mask_of_a_box_that_was_clipped_shows_its_visible_part() -> None:
    """The left half of a box that begins 20 pixels left of the image is not seen at all."""
    found = only(masks(URI + png(), [0, -100, 1000, 300]))
    assert found.box == Box(0.0, 0.0, 60.0, 100.0)
    assert found.mask is not None
    assert (found.mask.area, found.mask.tight_box) == (2000, Box(0.0, 0.0, 20.0, 100.0))
    assert codes(found) == ["clipped"]


def test_a_mask_whose_box_lies_outside_is_empty() -> None:
    """There is nothing to see of it."""
    found = only(masks(URI + png(), [0, 1100, 1000, 1300]))
    assert found.mask == Mask("png", Rle(SIZE, "Pac0"), 0, None)
    assert codes(found) == ["scale_suspect", "clipped", "degenerate", "mask_empty"]


def test_an_outline_needs_no_box_and_a_painted_mask_does() -> None:
    """An outline spans the image; a painted mask covers its box and nothing says where that is."""
    outlined = project({"masks": [{"mask": SQUARE}]}, MASKS, [SIZE])
    found = only(outlined)
    assert (found.box, found.polygon, codes(found)) == (None, (SQUARE_PIXELS,), ["box_missing"])
    painted = project({"masks": [{"mask": png()}]}, MASKS, [SIZE])
    why = "the mask covers its box, and the record has none"
    assert painted.detections == ()
    assert painted.issues == (
        Issue("mask_without_box", why, "masks[0].mask", 0),
        Issue("item_dropped", f"`mask`: {why}", "masks[0]", 0),
    )


# -- records ----------------------------------------------------------------------------------------


def test_a_detection_knows_label_score_and_the_other_fields() -> None:
    """`label` and `score` have a field of their own; what is called otherwise stays among the others."""
    item = record(name=LABEL, box_2d=BOX, kind=LABEL, confidence={"type": "number"})
    projection = project(
        {"boxes": [{"name": "cup", "box_2d": [0, 0, 9, 9], "kind": "big", "confidence": 0.5}]},
        list_of(item),
        [SIZE],
    )
    found = only(projection)
    assert (found.label, found.score) == ("cup", 0.5)
    assert found.fields == {"name": "cup", "kind": "big", "confidence": 0.5}
    scored = project(
        {"boxes": [{"label": "cup", "box_2d": [0, 0, 9, 9], "score": 1}]}, BOXES, [SIZE]
    )
    assert (only(scored).score, only(scored).fields) == (1.0, {})


def test_a_score_that_is_none_is_not_invented() -> None:
    """No score, true or a text are no scores."""
    for score in ("high", True, None, float("nan")):
        item: Json = {"label": "a", "box_2d": [0, 0, 9, 9], "score": score}
        assert only(project({"boxes": [item]}, BOXES, [SIZE])).score is None


def test_a_record_with_several_boxes_is_several_detections() -> None:
    """Each is labelled by its property and has its own path."""
    shape = Shape(record(plate=BOX | {"x-name": "plate"}, driver=BOX | {"x-name": "driver"}, n={}))
    projection = project(
        {"plate": [0, 0, 100, 100], "driver": [0, 0, 500, 500], "n": 2}, shape, [SIZE]
    )
    assert projection.answer == {
        "plate": [0.0, 0.0, 20.0, 10.0],
        "driver": [0.0, 0.0, 100.0, 50.0],
        "n": 2,
    }
    assert [(d.at, d.label, d.box, d.fields) for d in projection.detections] == [
        ("plate", "plate", Box(0.0, 0.0, 20.0, 10.0), {"n": 2}),
        ("driver", "driver", Box(0.0, 0.0, 100.0, 50.0), {"n": 2}),
    ]


def test_a_record_outside_a_list_loses_only_its_place() -> None:
    """There is no item to drop: the box is null, and it is counted."""
    shape = Shape(record(cat=BOX | {"x-name": "cat"}, colour=LABEL))
    projection = project({"cat": [1, 2], "colour": "black"}, shape, [SIZE])
    assert projection == Projection(
        {"cat": None, "colour": "black"},
        (),
        (Issue("place_dropped", "`cat`: 2 values where 4 numbers should be", "cat"),),
        dropped=1,
    )


def test_a_place_that_may_be_null_is_no_loss() -> None:
    """Optional and nullable places are simply not there."""
    item = {
        "type": "object",
        "properties": {
            "box_2d": {"anyOf": [BOX, {"type": "null"}]},
            "point": {**NUMBERS, "x-space": "point"},
            "label": LABEL,
        },
        "required": ["box_2d", "label"],
    }
    projection = project(
        {
            "boxes": [
                {"label": "a", "box_2d": None},
                {"label": "b", "box_2d": None, "point": [0, 0]},
            ]
        },
        list_of(item),
        [SIZE],
    )
    assert projection.answer == {
        "boxes": [
            {"label": "a", "box": None},
            {"label": "b", "box": None, "point": [0.0, 0.0]},
        ]
    }
    assert [(d.at, d.label, d.issues) for d in projection.detections] == [("boxes[1]", "b", ())]
    assert (projection.issues, projection.dropped) == ((), 0)


NESTED = list_of(
    record(
        label=LABEL,
        box_2d=BOX,
        keypoints={"type": "array", "items": {**NUMBERS, "x-space": "point"}},
        parts={"type": "array", "items": record(label=LABEL, box_2d=BOX)},
    ),
    "people",
)


def test_places_anywhere_in_an_answer_come_back_in_pixels() -> None:
    """Lists of points and records in records; detections stand in the order of the answer."""
    person: Json = {
        "label": "person",
        "box_2d": [0, 0, 1000, 1000],
        "keypoints": [[0, 0], [1, 2, 3], [1000, 1000]],
        "parts": [{"label": "hand", "box_2d": [0, 0, 100, 100]}, {"label": "x", "box_2d": []}],
    }
    projection = project({"people": [person, {**person, "box_2d": []}]}, NESTED, [SIZE])  # type: ignore[dict-item]
    parts: Json = [{"label": "hand", "box": [0.0, 0.0, 20.0, 10.0]}]
    assert projection.answer == {
        "people": [
            {
                "label": "person",
                "box": [0.0, 0.0, 200.0, 100.0],
                "keypoints": [[0.0, 0.0], [200.0, 100.0]],
                "parts": parts,
            }
        ]
    }
    assert [(d.at, d.label) for d in projection.detections] == [
        ("people[0]", "person"),
        ("people[0].keypoints[0]", "person"),
        ("people[0].keypoints[1]", "person"),
        ("people[0].parts[0]", "hand"),
    ]
    assert projection.detections[0].fields == {
        "keypoints": [[0.0, 0.0], [200.0, 100.0]],
        "parts": parts,
    }
    assert [(issue.code, issue.at) for issue in projection.issues] == [
        ("item_dropped", "people[0].keypoints[1]"),
        ("item_dropped", "people[0].parts[1]"),
        ("item_dropped", "people[1]"),
    ]
    assert (projection.dropped, projection.lost_all) == (3, False)


def test_an_answer_that_is_a_bare_list_is_projected_too() -> None:
    """A JSON Schema by hand may ask for a list, of records or of boxes."""
    records = Shape({"type": "array", "items": record(box_2d=BOX)})
    assert project([{"box_2d": [0, 0, 500, 500]}], records, [SIZE]).answer == [
        {"box": [0.0, 0.0, 100.0, 50.0]}
    ]
    bare = project([[0, 0, 500, 500], None], Shape({"type": "array", "items": BOX}), [SIZE])
    assert bare.answer == [[0.0, 0.0, 100.0, 50.0]]
    assert [found.at for found in bare.detections] == ["[0]"]
    assert bare.issues == (
        Issue("item_dropped", "nothing stands where 4 numbers should", "[1]", 1),
    )


def test_a_text_is_left_as_it_is() -> None:
    """A step without a shape has no coordinates."""
    assert project("a cat", Shape(), [SIZE]) == Projection("a cat")


# -- several images ---------------------------------------------------------------------------------

TWO = [Size(200, 100), Size(400, 400)]
WHICH = list_of(record(box_2d=BOX, image={"type": "integer"}))
HALF: Json = [0, 0, 500, 500]


def test_the_last_image_is_meant_unless_a_record_says_otherwise() -> None:
    """Taken silently from nothing, it is recorded once."""
    projection = boxes(HALF, HALF, size=None)
    assert [issue.code for issue in projection.issues] == []
    projection = project(
        {"boxes": [{"label": "a", "box_2d": HALF}, {"label": "b", "box_2d": HALF}]}, BOXES, TWO
    )
    assert [(d.image, d.box) for d in projection.detections] == [
        (1, Box(0.0, 0.0, 200.0, 200.0)),
        (1, Box(0.0, 0.0, 200.0, 200.0)),
    ]
    why = "the answer does not say which of 2 images it means: the last is taken"
    assert projection.issues == (Issue("image_assumed", why),)


def test_a_record_may_name_its_image_counted_from_1() -> None:
    """A number that names none drops the item: pixels of a wrong image are worse than none."""
    items: list[Json] = [{"box_2d": HALF, "image": image} for image in (1, 2, 0, 3, None)]
    projection = project({"boxes": items}, WHICH, TWO)
    assert [(d.image, d.box) for d in projection.detections] == [
        (0, Box(0.0, 0.0, 100.0, 50.0)),
        (1, Box(0.0, 0.0, 200.0, 200.0)),
    ]
    assert [issue.why for issue in projection.issues] == [
        "`image` is 0, and there are 2 images, counted from 1",
        "`image` is 3, and there are 2 images, counted from 1",
        "`image` is null, and there are 2 images, counted from 1",
    ]


def test_with_one_image_a_field_of_that_name_is_the_authors() -> None:
    """There is nothing to choose from."""
    projection = project({"boxes": [{"box_2d": HALF, "image": 7}]}, WHICH, [SIZE])
    assert only(projection).fields == {"image": 7}
    assert projection.issues == ()


# -- whatever comes ---------------------------------------------------------------------------------

VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from([TOKENS, URI + png(), png(), "1 2 3 4 5 6", "gimme_mask_for_this"])
    | st.lists(st.integers(-10, 1010), min_size=2, max_size=9),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(
                ["label", "box_2d", "mask", "point", "image", "boxes", "masks", "parts", "people",
                 "keypoints", "score", "points", "plate", "x", "y"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)  # fmt: skip
SHAPES = st.sampled_from([BOXES, POINTS, OUTLINES, MASKS, NESTED, WHICH, Shape()])
FRAMES = st.lists(st.none() | st.builds(Size, st.integers(1, 50), st.integers(1, 50)), max_size=3)


@given(VALUES, SHAPES, FRAMES)
def test_whatever_parse_lets_through_can_be_projected(
    value: Json, shape: Shape, sizes: list[Size | None]
) -> None:
    """No JSON value makes project raise, and every detection lies in its image."""
    import json

    reading = parse(Response(json.dumps(value), "complete", "", Usage(), "m", b""), shape)
    assert isinstance(reading, Answer) or not isinstance(reading, CutOff)
    _assert_sound(project(value, shape, sizes), sizes)
    if isinstance(reading, Answer):
        _assert_sound(project(reading.value, shape, sizes), sizes)


def _assert_sound(projection: Projection, sizes: list[Size | None]) -> None:
    for found in projection.detections:
        size = sizes[found.image] if sizes else None
        assert (found.box is None and found.mask is None) or size is not None
        if found.box is not None and size is not None:
            assert found.box.clipped(size) == found.box
        if found.mask is not None:
            assert found.mask.rle.size == size
        has = (found.box, found.box_2d, found.point, found.polygon, found.mask, found.fields)
        assert any(part for part in has)
