"""An overlay shows what was found where it was found, on an image that people can look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as coco

from runner.exporters.drawing import draw
from runner.exporters.labels import Placing
from runner.exporters.lettering import line
from runner.exporters.overlay import Overlay, scale_of
from runner.exporters.palette import COLOURS, DARK, Palette, on_top_of
from runner.exporters.side_by_side import GAP
from runner.exporters.things import CROWDED, Look, text_of
from runner.exporters.upright import LONGEST, SHORTEST, upright
from runner.postprocess.boxes_3d import Camera
from runner.postprocess.masks import mask_of
from runner.postprocess.rle import from_bits
from runner.values.geometry import Box, PixelBox, Point, Polygon, Size
from runner.values.mask import Mask, Rle
from runner.values.reference import Reference
from runner.values.result import Detection, Result, ResultImage
from runner.values.truth import Cell, NoTruth, Things, Truth

GREY = (128, 128, 128)
Pixels = NDArray[np.uint8]


def photo(size: tuple[int, int], kind: str = "PNG", mode: str = "RGB", **options: object) -> bytes:
    colour: object = {"RGB": GREY, "L": 128, "CMYK": (0, 0, 0, 127)}.get(mode, 0)
    content = BytesIO()
    Image.new(mode, size, colour).save(content, kind, **options)  # type: ignore[arg-type]
    return content.getvalue()


def result(
    case: str, size: Size | None, found: Sequence[Detection] = (), **changes: object
) -> Result:
    image = ResultImage(case, "image", case, size, 1, None)
    blank = Result(0, case, "find", {}, 1, (image,), "ok", {}, tuple(found))
    return replace(blank, **changes)  # type: ignore[arg-type]


def write(
    results: Sequence[Result], target: Path, images: Mapping[str, bytes], save: str = "find"
) -> list[str]:
    written = Overlay(Reference.parse(save)).write(
        iter(results), target, lambda image: images.get(image.name)
    )
    return [path.relative_to(target).as_posix() for path in written]


def drawn(found: Sequence[Detection], size: Size, frame: Size | None = None) -> Pixels:
    """The pixels of a grey image after drawing; nothing is lost to JPEG."""
    image = Image.new("RGB", (size.width, size.height), GREY)
    draw(image, found, frame or size, Palette())
    return np.asarray(image)


def colour_of(label: str) -> tuple[int, int, int]:
    return Palette().colour(label)


BOX = Detection(at="boxes[0]", label="cat", box=Box(200, 150, 500, 400))


def test_the_line_of_a_box_runs_along_its_edge() -> None:
    """Inside the box, with a dark seam outside; the middle of the box is left as it was."""
    pixels = drawn([BOX], Size(800, 600))
    cat = list(colour_of("cat"))
    assert pixels[300, 200].tolist() == cat
    assert pixels[300, 499].tolist() == cat
    assert pixels[399, 350].tolist() == cat
    assert pixels[300, 199].tolist() == list(DARK)
    assert pixels[300, 500].tolist() == list(DARK)
    assert pixels[400, 350].tolist() == list(DARK)
    assert pixels[300, 350].tolist() == list(GREY)
    assert pixels[300, 198].tolist() == list(GREY)


def test_a_box_lands_on_the_same_thing_in_a_smaller_drawing() -> None:
    """The frame of the detection is twice the size of the drawn image."""
    pixels = drawn([BOX], Size(400, 300), frame=Size(800, 600))
    assert pixels[150, 100].tolist() == list(colour_of("cat"))
    assert pixels[150, 249].tolist() == list(colour_of("cat"))
    assert pixels[150, 99].tolist() == list(DARK)


@pytest.mark.parametrize("size", [Size(4000, 3000), Size(300, 200), Size(60, 2000), Size(33, 33)])
@pytest.mark.parametrize("corner", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_a_label_lies_inside_the_image(size: Size, corner: tuple[int, int]) -> None:
    """A thing in a corner has its label's ground in its colour, letters on it, nothing cut off."""
    width, height = size.width / 20, size.height / 20
    x, y = corner[0] * (size.width - width), corner[1] * (size.height - height)
    look = Look.on(size, 1)
    label = line("cat", look.letters, size.width - 6)
    assert label is not None
    place, _ = Placing(size).place(
        Box(x, y, x + width, y + height).on_pixels(size), label.width + 6, label.height
    )
    assert place.x_min >= 0
    assert place.y_min >= 0
    assert place.x_max <= size.width
    assert place.y_max <= size.height
    pixels = drawn([replace(BOX, box=Box(x, y, x + width, y + height))], size)
    ground = pixels[place.y_min : place.y_max, place.x_min : place.x_max].reshape(-1, 3)
    assert (ground == colour_of("cat")).all(axis=1).mean() > 0.4
    assert not (ground == GREY).all(axis=1).any()


def test_labels_keep_clear_of_one_another() -> None:
    """Boxes on the same spot: each label finds a place of its own as long as there is one."""
    placing = Placing(Size(800, 600))
    thing = PixelBox(300, 200, 500, 400)
    places = [placing.take(placing.place(thing, 80, 20)[0]) for _ in range(8)]
    for number, one in enumerate(places):
        for other in places[:number]:
            assert (
                one.x_max <= other.x_min
                or other.x_max <= one.x_min
                or one.y_max <= other.y_min
                or other.y_max <= one.y_min
            )
    assert placing.place(thing, 80, 20)[1] == 80 * 20  # the ninth lies on another


def test_a_mask_is_filled_and_its_box_is_not() -> None:
    """The colour shines through half; the corners of the box stay as they were."""
    bits = np.zeros((600, 800), np.uint8)
    bits[200:350, 250:450] = 1
    bits[200:230, 250:280] = 0
    counts = coco.encode(np.asfortranarray(bits))["counts"].decode()
    mask = Mask("png", Rle(Size(800, 600), counts), int(bits.sum()), Box(250, 200, 450, 350))
    pixels = drawn([Detection(at="masks[0]", label="leaf", mask=mask)], Size(800, 600))
    inside, outside = pixels[300, 350].astype(int), pixels[210, 260]
    assert outside.tolist() == list(GREY)
    expected = np.array(GREY) * 0.6 + np.array(colour_of("leaf")) * 0.4
    assert abs(inside - expected).max() <= 2
    assert pixels[300, 250].tolist() == list(colour_of("leaf"))  # its edge is a line


def test_points_and_outlines_are_drawn() -> None:
    """A point is a dot with a ring; an outline follows its corners and joins the first."""
    ring = Polygon((Point(100, 400), Point(300, 400), Point(300, 500)))
    found = [
        Detection(at="p[0]", label="eye", point=Point(400.5, 100.5)),
        Detection(at="p[1]", label="roof", polygon=(ring,)),
    ]
    pixels = drawn(found, Size(800, 600))
    palette = Palette()
    eye, roof = palette.colour("eye"), palette.colour("roof")
    assert pixels[100, 400].tolist() == list(eye)
    assert (pixels[90:112, 390:412].reshape(-1, 3) == (255, 255, 255)).all(axis=1).any()
    assert pixels[450, 299].tolist() == list(roof)
    assert pixels[450, 199].tolist() == list(roof)  # the closing edge, half-way
    assert pixels[470, 270].tolist() == list(GREY)


def test_many_things_have_numbers_and_a_legend() -> None:
    """More labels than fit would hide the image."""
    found = [
        replace(
            BOX,
            at=f"boxes[{n}]",
            box=Box(x := 10 + n % 10 * 150, y := 10 + n // 10 * 120, x + 40, y + 40),
        )
        for n in range(CROWDED + 1)
    ]
    pixels = drawn(found, Size(1600, 900))
    legend = pixels[-30:, :60].reshape(-1, 3)
    assert (legend == colour_of("cat")).all(axis=1).mean() > 0.3
    few = drawn(found[:CROWDED], Size(1600, 900))
    assert (few[-20:, :60] == GREY).all()


def test_few_things_have_numbers_too_when_their_labels_would_hide_one_another() -> None:
    """Twenty letters of a line, each with a long label, in a row."""
    found = [
        replace(
            BOX,
            at=f"boxes[{n}]",
            label="dark grey region",
            box=Box(50 + 12 * n, 300, 60 + 12 * n, 330),
        )
        for n in range(20)
    ]
    foot = drawn(found, Size(700, 500))[-8:, :40].reshape(-1, 3)
    assert (foot == colour_of("dark grey region")).all(axis=1).any()
    apart = [replace(one, box=Box(0, 45 * n, 20, 45 * n + 20)) for n, one in enumerate(found[:10])]
    assert (drawn(apart, Size(700, 500))[-8:, :40] == GREY).all()


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (Detection(at="x", label="cat"), "cat"),
        (Detection(at="x", label="cat", score=0.876), "cat 0.88"),
        (Detection(at="x", fields={"n": 3, "what": "tile", "bad": "heavy"}), "tile"),
        (Detection(at="x", fields={"n": 3}), None),
    ],
)
def test_a_thing_is_named_by_its_label_or_its_first_text(one: Detection, text: str | None) -> None:
    """Without either it has a number."""
    assert text_of(one) == text


@pytest.mark.parametrize(
    "text",
    [
        "猫",
        "Яблоко",
        "עברית",
        "\U0001f431",
        "a\x00\u202eb\nc\td",
        "x" * 500,
        "x" * 10_000_000,
        "\ud800",
        "é€ß",
    ],
)
def test_any_text_can_be_a_label(text: str) -> None:
    """In one line that fits; a letter that no font has shows as a crossed box."""
    words = line(f"a {text}", 16, 200)
    assert words is not None
    assert words.width <= 200
    assert words.text.isprintable()
    drawn([replace(BOX, label=text)], Size(200, 150))


def test_a_label_that_does_not_fit_is_cut_or_left_out() -> None:
    """Never a label without its letters."""
    words = line("a long label", 16, 60)
    assert words is not None
    assert words.text.endswith("…")
    assert line("a long label", 16, 3) is None
    assert line("\x00", 16, 60) is None


def test_lines_and_letters_suit_the_image() -> None:
    """Thick enough to be seen on a large image, thin enough for a small one."""
    assert Look.on(Size(2048, 1536), 1) == Look(4, 30, 8)
    assert Look.on(Size(900, 600), 1) == Look(2, 12, 3)
    assert Look.on(Size(2048, 1536), CROWDED + 1) == Look(2, 22, 8)


def test_each_image_becomes_a_jpeg_of_at_most_2048_pixels(tmp_path: Path) -> None:
    """Named after its image; one under 500 pixels is enlarged a whole number of times."""
    images = {
        "p/large.png": photo((4000, 3000), "JPEG"),
        "small.webp": photo((300, 200), "WEBP", lossless=True),
        "usual.jpg": photo((600, 400)),
        "narrow.png": photo((60, 2000)),
        "tiny.png": photo((1, 1)),
    }
    sizes = {name: Image.open(BytesIO(content)).size for name, content in images.items()}
    results = [result(name, Size(*sizes[name])) for name in images]
    assert write(results, tmp_path, images) == [
        "p/large.png.jpg",
        "small.webp.jpg",
        "usual.jpg",
        "narrow.png.jpg",
        "tiny.png.jpg",
    ]
    drawn_sizes = []
    for name in ("p/large.png", "small.webp", "usual", "narrow.png", "tiny.png"):
        with Image.open(tmp_path / f"{name}.jpg") as image:
            assert (image.format, image.mode) == ("JPEG", "RGB")
            drawn_sizes.append(image.size)
    assert drawn_sizes == [
        (LONGEST, 1536),
        (600, 400),
        (600, 400),
        (60, 2000),
        (SHORTEST, SHORTEST),
    ]


def test_an_image_that_cannot_be_drawn_is_listed_with_the_reason(tmp_path: Path) -> None:
    """Refused, not on this machine, broken: none of them stops the others."""
    images = {"b.jpg": photo((700, 500)), "c.jpg": b"no image", "d.jpg": photo((700, 500))[:80]}
    results = [
        result("a.jpg", Size(700, 500), [BOX]),
        result("b.jpg", Size(700, 500), [BOX]),
        result("c.jpg", Size(700, 500)),
        result("d.jpg", Size(700, 500)),
        result("e.jpg", Size(700, 500), status="refused", error="SAFETY"),
        result("b.jpg", None, repeat=2),
    ]
    assert write(results, tmp_path, images) == ["b.jpg", "not-drawn.txt"]
    lines = (tmp_path / "not-drawn.txt").read_text().splitlines()
    assert lines[0] == "a.jpg: ok: a.jpg: the image is not on this machine"
    assert lines[1].startswith("c.jpg: ok: c.jpg: cannot be drawn on: cannot identify image file")
    assert lines[2].startswith("d.jpg: ok: d.jpg: cannot be drawn on: ")
    assert lines[3:] == [
        "e.jpg: refused: SAFETY",
        "b.jpg, repeat 2: ok: b.jpg: the size of the image is not known",
    ]


def test_a_reason_has_no_control_characters(tmp_path: Path) -> None:
    """Whoever prints the list sees them written out."""
    results = [result("a\u202e.jpg", None, status="refused", error="\x1b[31mred\nline \ud800")]
    write(results, tmp_path, {})
    assert (tmp_path / "not-drawn.txt").read_text() == (
        "a\\u202e.jpg: refused: \\x1b[31mred line \\ud800\n"
    )


def dark_at_the_foot(path: Path) -> float:
    with Image.open(path) as image:
        pixels = np.asarray(image)
    foot = pixels[-8:, :40].reshape(-1, 3).astype(int)
    return float((abs(foot - np.array(DARK)).max(axis=1) < 25).mean())


def test_what_is_no_answer_of_a_model_says_so_on_the_image(tmp_path: Path) -> None:
    """Simulated, nothing found and cut off stand in the lower left corner; a whole answer does not."""
    images = {f"{name}.png": photo((700, 500)) for name in "abcd"}
    results = [
        result("a.png", Size(700, 500), [BOX]),
        result("b.png", Size(700, 500), [BOX], simulated=True),
        result("c.png", Size(700, 500), [], status="empty"),
        result("d.png", Size(700, 500), [BOX], status="truncated", error="too long"),
    ]
    write(results, tmp_path, images)
    marked = [dark_at_the_foot(tmp_path / f"{name}.png.jpg") > 0.2 for name in "abcd"]
    assert marked == [False, True, True, True]
    assert (tmp_path / "not-drawn.txt").read_text() == "d.png: truncated: too long\n"


@pytest.mark.parametrize(
    ("drawn_at", "original", "notes"),
    [
        (Size(600, 400), Size(600, 400), []),
        (Size(600, 400), Size(300, 200), ["drawn at 200 %"]),
        (Size(2048, 1536), Size(4096, 3072), ["drawn at 50 %"]),
        (Size(2048, 1536), Size(4000, 3000), ["drawn at 51.2 %"]),
    ],
)
def test_an_image_that_is_drawn_at_another_size_says_so(
    drawn_at: Size, original: Size, notes: list[str]
) -> None:
    """What is measured on it are not the pixels of a table."""
    assert scale_of(drawn_at, original) == notes


def test_the_size_of_the_drawing_stands_at_the_foot(tmp_path: Path) -> None:
    """Only where it is another than that of the image."""
    images = {"a.jpg": photo((700, 500)), "b.jpg": photo((300, 200))}
    results = [result("a.jpg", Size(700, 500), [BOX]), result("b.jpg", Size(300, 200), [BOX])]
    write(results, tmp_path, images)
    assert [dark_at_the_foot(tmp_path / f"{name}.jpg") > 0.2 for name in "ab"] == [False, True]


def test_entries_without_a_label_are_coloured_by_their_first_text() -> None:
    """`list_of: {what: [scratch, dent], where: box}`: each choice has its colour."""
    found = [
        Detection(at="[0]", box=Box(50, 50, 200, 200), fields={"bad": 1, "what": "scratch"}),
        Detection(at="[1]", box=Box(300, 50, 450, 200), fields={"bad": 2, "what": "dent"}),
    ]
    pixels = drawn(found, Size(600, 400))
    colours = Palette().colours(["scratch", "dent"])
    assert colours["scratch"] != colours["dent"]
    assert pixels[120, 50].tolist() == list(colours["scratch"])
    assert pixels[120, 300].tolist() == list(colours["dent"])


def several(*names: str) -> tuple[ResultImage, ...]:
    return tuple(ResultImage(f"{name}.png", name, None, Size(700, 500), 1, None) for name in names)


def test_of_several_images_those_with_findings_are_drawn(tmp_path: Path) -> None:
    """The last one when nothing was found: there it was looked for."""
    images = {f"{name}.png": photo((700, 500)) for name in ("left", "middle", "right")}
    some = several("left", "middle", "right")
    results = [
        result("roof.jpg", Size(1, 1), [replace(BOX, image=0)], images=some),
        result("wall.jpg", Size(1, 1), [], images=some),
        result("door.jpg", Size(1, 1), [BOX, replace(BOX, image=1)], images=some),
    ]
    assert write(results, tmp_path, images) == [
        "roof-left.jpg",
        "wall-right.jpg",
        "door-left.jpg",
        "door-middle.jpg",
    ]


def test_a_pair_stands_side_by_side(tmp_path: Path) -> None:
    """Each under the name of its role, with what was found on it and nothing else."""
    images = {f"{name}.png": photo((700, 500)) for name in ("before", "after")}
    found = [replace(BOX, image=1)]
    pair = result("roof.jpg", Size(1, 1), found, images=several("before", "after"))
    assert write([pair], tmp_path, images) == ["roof.jpg"]
    with Image.open(tmp_path / "roof.jpg") as image:
        pixels = np.asarray(image).astype(int)
    head = pixels.shape[0] - 500
    assert pixels.shape[1] == 2 * 700 + GAP
    assert (pixels[:head] < 100).any()  # letters
    cat = np.array(colour_of("cat"))
    assert abs(pixels[head + 300, 700 + GAP + 200] - cat).max() < 25
    assert abs(pixels[head + 300, 200] - np.array(GREY)).max() < 12


def test_of_a_pair_of_which_one_is_gone_the_other_is_drawn(tmp_path: Path) -> None:
    """And the list says why."""
    pair = result("roof.jpg", Size(1, 1), [BOX], images=several("before", "after"))
    written = write([pair], tmp_path, {"before.png": photo((700, 500))})
    assert written == ["roof.jpg", "not-drawn.txt"]
    assert (tmp_path / "not-drawn.txt").read_text() == (
        "roof.jpg: ok: after.png: the image is not on this machine\n"
    )


def test_the_frame_that_was_sent_is_drawn_on(tmp_path: Path) -> None:
    """Of an animation whose second frame was asked about."""
    content = BytesIO()
    frames = [Image.new("RGB", (700, 500), colour) for colour in (GREY, (250, 0, 0))]
    frames[0].save(content, "GIF", save_all=True, append_images=frames[1:])
    image = ResultImage("a.gif", "image", None, Size(700, 500), 1, None, frame=1)
    write([result("a.gif", None, [], images=(image,))], tmp_path, {"a.gif": content.getvalue()})
    with Image.open(tmp_path / "a.gif.jpg") as image_:
        red = image_.getpixel((350, 250))
    assert isinstance(red, tuple)
    assert red[0] > 240
    assert red[1] < 20
    with pytest.raises(ValueError, match="no more images"):
        upright(content.getvalue(), frame=2)


def test_the_truth_is_drawn_in_dashes() -> None:
    """A line of two colours around what is right, whole around what was found; the foot counts it."""
    right = replace(BOX, box=Box(250, 200, 550, 450))
    image = Image.new("RGB", (800, 600), GREY)
    draw(image, [BOX], Size(800, 600), Palette(), truth=[right])
    pixels = np.asarray(image)
    along = {tuple(pixel) for pixel in pixels[449, 260:540].tolist()}
    assert along == {colour_of("cat"), on_top_of(colour_of("cat"))}
    assert {tuple(pixel) for pixel in pixels[399, 210:245].tolist()} == {colour_of("cat")}
    assert (pixels[-4, :8] == DARK).all()
    assert (pixels[-4, 300:] == GREY).all()


def block(x: int, y: int, width: int, height: int) -> Mask:
    bits = np.ones((height, width), np.bool_)
    return mask_of(from_bits(bits, x, y, Size(800, 600)), "png")


@pytest.mark.parametrize(
    "right",
    [
        Detection(at="t", label="cat", mask=block(250, 200, 300, 250)),
        Detection(
            at="t",
            label="cat",
            polygon=(
                Polygon((Point(250, 200), Point(550, 200), Point(550, 450), Point(250, 450))),
            ),
        ),
    ],
)
def test_masks_and_outlines_of_the_truth_are_not_filled(right: Detection) -> None:
    """They are dashed along their edge."""
    image = Image.new("RGB", (800, 600), GREY)
    draw(image, [], Size(800, 600), Palette(), truth=[right])
    pixels = np.asarray(image)
    assert pixels[300, 400].tolist() == list(GREY)
    along = {tuple(pixel) for pixel in pixels[300:400, 549].tolist()}
    assert along == {colour_of("cat"), on_top_of(colour_of("cat"))}


def test_a_point_of_the_truth_is_hollow() -> None:
    """White in the middle."""
    image = Image.new("RGB", (800, 600), GREY)
    draw(image, [], Size(800, 600), Palette(), truth=[Detection("t", point=Point(400.5, 300.5))])
    assert image.getpixel((400, 300)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("truth", "told"),
    [
        (NoTruth("nobody looked"), "a.png: ok: no truth is drawn: nobody looked\n"),
        (Cell(3), "a.png: ok: no truth is drawn: a column of the table tells no places\n"),
    ],
)
def test_a_case_without_a_truth_is_listed(tmp_path: Path, truth: Truth, told: str) -> None:
    """No dashes could mean that nothing is right; so the image says it, too."""
    overlay = Overlay(Reference.parse("find"), against=lambda result: truth)
    images = {"a.png": photo((700, 500))}
    overlay.write([result("a.png", Size(700, 500), [BOX])], tmp_path, lambda one: images[one.name])
    assert (tmp_path / "not-drawn.txt").read_text() == told
    assert dark_at_the_foot(tmp_path / "a.png.jpg") > 0.2


def test_the_results_of_another_run_can_be_the_truth(tmp_path: Path) -> None:
    """And what is right, but was not found, is drawn: on the image that it is on."""
    images = {f"{name}.png": photo((700, 500)) for name in ("left", "middle", "right")}
    some = several("left", "middle", "right")
    right = {
        "a": Things((replace(BOX, image=1),)),
        "b": result("b", Size(1, 1), [replace(BOX, image=0)]),
    }
    overlay = Overlay(Reference.parse("find"), against=lambda result: right[result.case])
    results = [result(name, Size(1, 1), [], images=some) for name in "ab"]
    written = overlay.write(results, tmp_path, lambda one: images[one.name])
    assert [path.name for path in written] == ["a-middle.jpg", "b-left.jpg"]


def test_a_3d_box_is_drawn_for_a_camera(tmp_path: Path) -> None:
    """A cube of 2 m, 4 m ahead, at 90°: its near side is a square of 2/3 of the image's width. What
    was sent of the image is what the camera saw. Without an angle nothing is drawn."""
    cube = Detection("b", "cube", box_3d=(0, 4, 0, 2, 2, 2, 0, 0, 0))
    image = Image.new("RGB", (900, 600), GREY)
    draw(image, [cube], Size(900, 600), Palette(), camera=Camera(PixelBox(0, 0, 900, 600), 90))
    pixels = np.asarray(image)
    assert pixels[400, 300].tolist() == list(colour_of("cube"))
    assert pixels[400, 600].tolist() == list(colour_of("cube"))
    assert pixels[400, 450].tolist() == list(GREY)
    images = {"a.png": photo((900, 600))}
    half = ResultImage(
        "a.png", "image", None, Size(900, 600), 1, None, window=PixelBox(0, 0, 450, 600)
    )
    for name, angle, window, at in (("all", 90, half, 150), ("none", None, half, None)):
        overlay = Overlay(Reference.parse("find"), field_of_view=angle)
        one = result("a.png", None, [cube], images=(window,))
        overlay.write([one], tmp_path / name, lambda one: images[one.name])
        with Image.open(tmp_path / name / "a.png.jpg") as drawing:
            row = np.asarray(drawing)[320].astype(int)
        lines = np.flatnonzero(abs(row - np.array(colour_of("cube"))).max(axis=1) < 40)
        assert (at in lines) if at else len(lines) == 0


def test_a_way_leads_from_point_to_point() -> None:
    """It begins pale and ends in the full colour; its points have their numbers, from the labels."""
    found = [
        Detection(f"p[{n}]", str(order), point=Point(x, 300.5))
        for n, (order, x) in enumerate([(2, 700.5), (0, 100.5), (1, 400.5)])
    ]
    image = Image.new("RGB", (800, 600), GREY)
    draw(image, found, Size(800, 600), Palette(), as_paths=True)
    pixels = np.asarray(image)
    start, end = pixels[300, 250], pixels[300, 550]
    assert start.mean() > end.mean() > np.mean(COLOURS[0])
    assert (pixels[100] == GREY).all()
    last = pixels[285:316, 685:716].reshape(-1, 3)
    assert (last == COLOURS[0]).all(axis=1).any()
    assert (last == on_top_of(COLOURS[0])).all(axis=1).any()


def test_a_way_of_many_points_and_one_of_one() -> None:
    """Numbers that would lie on one another are left out; a single point is a way, too."""
    close = [Detection(f"p[{n}]", str(n), point=Point(300 + 3 * n, 300)) for n in range(60)]
    for found in (close, close[:1]):
        image = Image.new("RGB", (800, 600), GREY)
        draw(image, found, Size(800, 600), Palette(), as_paths=True)
        assert (np.asarray(image)[300, 300:310] != GREY).any()


def test_numbers_that_would_hide_the_image_are_left_out() -> None:
    """Three hundred on a small image: lines, and a legend."""
    found = [
        replace(BOX, at=f"boxes[{n}]", box=Box(x := n % 20 * 25, y := n // 20 * 22, x + 24, y + 20))
        for n in range(300)
    ]
    pixels = drawn(found, Size(500, 400))
    filled = (pixels[:300] == colour_of("cat")).all(axis=2).mean()
    assert filled < 0.2
    assert (pixels[-12:, :40] == colour_of("cat")).all(axis=2).mean() > 0.3


def test_a_legend_counts_labels_that_occur_more_than_once() -> None:
    """With one label, or one thing for each, it would say nothing new."""
    boxes = [replace(BOX, box=Box(50 + 150 * n, 50, 120 + 150 * n, 150)) for n in range(4)]
    named = [replace(box, label=label) for box, label in zip(boxes, "aaab", strict=True)]
    for found, there in ((boxes, False), (named, True), (named[2:], False)):
        foot = drawn(found, Size(800, 600))[-12:, :30]
        assert bool((foot != GREY).any()) is there


def test_only_what_is_saved_is_drawn(tmp_path: Path) -> None:
    """`find.points` draws the points of things that have a box, too."""
    images = {"a.png": photo((700, 500))}
    both = replace(BOX, point=Point(350, 250))
    write([result("a.png", Size(700, 500), [both])], tmp_path, images, save="find.points")
    with Image.open(tmp_path / "a.png.jpg") as image:
        pixels = np.asarray(image).astype(int)
    assert abs(pixels[300, 200] - np.array(GREY)).max() < 12  # no line of the box
    assert abs(pixels[250, 350] - np.array(colour_of("cat"))).max() < 25


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_drawn_upright(orientation: int) -> None:
    """As a person sees it: the red corner is where the upright image has it."""
    stored = Image.new("RGB", (700, 500), GREY)
    stored.paste((250, 0, 0), (0, 0, 100, 100))
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = BytesIO()
    stored.save(content, "PNG", exif=exif)
    image = upright(content.getvalue())
    size = Size(700, 500).turned(orientation)
    assert image.size == (size.width, size.height)
    at = Point(50, 50).turned(orientation, Size(700, 500))
    assert image.getpixel((int(at.x), int(at.y))) == (250, 0, 0)


@pytest.mark.parametrize(
    ("mode", "kind", "seen"),
    [
        ("L", "PNG", GREY),
        ("CMYK", "JPEG", GREY),
        ("RGBA", "PNG", (255, 255, 255)),
        ("LA", "PNG", (255, 255, 255)),
        ("P", "PNG", (0, 0, 0)),
        ("1", "PNG", (0, 0, 0)),
        ("I;16", "PNG", (0, 0, 0)),
    ],
)
def test_every_kind_of_image_can_be_drawn_on(mode: str, kind: str, seen: tuple[int, ...]) -> None:
    """Transparent parts are white."""
    pixel = upright(photo((700, 500), kind, mode)).getpixel((5, 5))
    assert isinstance(pixel, tuple)
    assert max(abs(a - b) for a, b in zip(pixel, seen, strict=True)) <= 2


def test_sixteen_bits_become_eight() -> None:
    """32,768 of 65,535 is the middle, not white."""
    content = BytesIO()
    Image.fromarray(np.full((500, 700), 32768, np.uint16)).save(content, "PNG")
    assert upright(content.getvalue()).getpixel((5, 5)) == (128, 128, 128)


def test_iphone_photographs_can_be_drawn_on() -> None:
    """HEIC is read by pillow-heif, upright."""
    import pillow_heif

    content = BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (700, 500), GREY)).save(content)
    image = upright(content.getvalue())
    assert (image.mode, image.size) == ("RGB", (700, 500))


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x00" * 100, b"<svg/>"])
def test_bytes_that_are_no_image_are_an_error_with_a_reason(content: bytes) -> None:
    """Of the two kinds that the overlay turns into a line of its list."""
    with pytest.raises((OSError, ValueError)):
        upright(content)


@given(
    st.lists(
        st.tuples(*[st.integers(-5, 45)] * 2, *[st.integers(1, 30)] * 2), min_size=1, max_size=20
    )
)
def test_the_overlap_of_a_label_is_what_it_shares_with_all_labels_before(
    wanted: list[tuple[int, int, int, int]],
) -> None:
    """In pixels of the image, each label counted for itself; it is known from the pixels, so that
    the hundred-thousandth label takes no longer than the first."""
    placing, taken = Placing(Size(40, 30)), []
    for x, y, width, height in wanted:
        place, overlap = placing.place(PixelBox(x, y, x + 3, y + 3), width, height)
        assert overlap == sum(_shared(place, other) for other in taken)
        taken.append(placing.take(place))


def _shared(one: PixelBox, other: PixelBox) -> int:
    width = min(one.x_max, other.x_max, 40) - max(one.x_min, other.x_min, 0)
    height = min(one.y_max, other.y_max, 30) - max(one.y_min, other.y_min, 0)
    return max(0, width) * max(0, height)
