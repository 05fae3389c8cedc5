"""Each format of truth is read as its own tool reads it, and what is wrong in it has a place."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_masks
from pycocotools.coco import COCO

from runner.postprocess.rle import bits_in, decode
from runner.sources.opening import Unreadable
from runner.sources.truth.boxes import Boxes
from runner.sources.truth.coco import Coco
from runner.sources.truth.flaws import Flaws
from runner.sources.truth.masks import MaskFiles
from runner.sources.truth.results import Results
from runner.sources.truth.told import Told, TruthSource
from runner.sources.truth.yolo import Yolo
from runner.text.result_line import to_line
from runner.values.geometry import Box, PixelBox, Point, Polygon, Size
from runner.values.result import Detection, Result, ResultImage
from runner.values.truth import NoTruth, Things

SIZE = Size(60, 40)


def image(name: str = "a.png", size: Size | None = SIZE, orientation: int = 1) -> ResultImage:
    return ResultImage(name, "image", f"/data/{name}", size, orientation, None)


def told(source: TruthSource, *images: ResultImage, case: str = "a.png") -> tuple[Told, Flaws]:
    flaws = Flaws()
    with closing(source.open(flaws)) as opened:
        return opened.of(case, images or [image()]), flaws


def things(source: TruthSource, *images: ResultImage) -> Sequence[Detection]:
    found, flaws = told(source, *images)
    assert flaws == Flaws()
    assert isinstance(found.truth, Things)
    assert found.remarks == ()
    return found.truth.found


def pixels(thing: Detection) -> np.ndarray:
    assert thing.mask is not None
    size = thing.mask.rle.size
    return bits_in(decode(thing.mask.rle), PixelBox(0, 0, size.width, size.height))


# -- COCO -----------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools
@pytest.mark.parametrize("seed", range(8))
def test_a_coco_file_is_read_as_pycocotools_reads_it(tmp_path: Path, seed: int) -> None:
    """Boxes, outlines, both kinds of run lengths and keypoints, whatever comes first in the file."""
    dice = random.Random(seed)
    value = _coco(dice)
    order = list(value)
    dice.shuffle(order)
    file = tmp_path / "instances.json"
    text = json.dumps({key: value[key] for key in order}, ensure_ascii=seed % 2 == 0)
    file.write_text(text, encoding="utf-8")
    api = COCO(str(file))
    for entry in value["images"]:
        name, size = entry["file_name"], Size(entry["width"], entry["height"])
        found = things(Coco(file), image(name, size))
        expected = api.loadAnns(api.getAnnIds(imgIds=entry["id"]))
        expected.sort(key=lambda one: one["id"])
        assert len(found) == len(expected)
        for thing, annotation in zip(found, expected, strict=True):
            category = api.cats[annotation["category_id"]]
            x, y, width, height = annotation["bbox"]
            assert thing.label == category["name"]
            assert thing.box == Box(x, y, x + width, y + height)
            outline = annotation["segmentation"]
            if isinstance(outline, dict):
                assert (pixels(thing) == api.annToMask(annotation).astype(bool)).all()
            else:
                corners = [np.reshape(ring, (-1, 2)).tolist() for ring in outline]
                assert [ring.as_list() for ring in thing.polygon] == corners


def _coco(dice: random.Random) -> dict[str, list[dict[str, object]]]:
    images = [
        {"id": number * 7, "file_name": f"fötö {number}.png", "width": 30 + number, "height": 20}
        for number in range(4)
    ]
    annotations = []
    for number in range(20):
        one = dice.choice(images)
        width, height = int(one["width"]), int(one["height"])  # type: ignore[call-overload]
        x, y = dice.uniform(0, width - 3), dice.uniform(0, height - 3)
        box = [x, y, dice.uniform(1, width - x), dice.uniform(1, height - y)]
        annotations.append(
            {
                "id": number,
                "image_id": one["id"],
                "category_id": dice.randrange(3),
                "bbox": box,
                "iscrowd": 0,
                "area": box[2] * box[3],
                "segmentation": _outline(dice, width, height),
            }
        )
    categories = [{"id": number, "name": f"kätzchen {number}"} for number in range(3)]
    return {"images": images, "annotations": annotations, "categories": categories}


def _outline(dice: random.Random, width: int, height: int) -> object:
    if dice.random() < 0.3:
        return [
            [dice.uniform(0, side) for _ in range(dice.randrange(3, 6)) for side in (width, height)]
            for _ in range(dice.randrange(1, 3))
        ]
    bits = np.array(
        [[dice.random() < 0.4 for _ in range(width)] for _ in range(height)], dtype=np.uint8
    )
    rle = coco_masks.encode(np.asfortranarray(bits))
    if dice.random() < 0.5:
        return {"size": [height, width], "counts": rle["counts"].decode()}
    flat, counts, last = bits.ravel(order="F"), [0], 0
    for bit in flat.tolist():
        if bit != last:
            counts.append(0)
            last = bit
        counts[-1] += 1
    return {"size": [height, width], "counts": counts}


def test_keypoints_are_points_with_their_names(tmp_path: Path) -> None:
    """Those that were not marked are left out; hidden ones are told apart."""
    file = tmp_path / "people.json"
    value = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "categories": [{"id": 1, "name": "person", "keypoints": ["nose", "eye", "ear"]}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "keypoints": [5, 6, 2, 0, 0, 0, 7, 8, 1]}
        ],
    }
    file.write_text(json.dumps(value))
    found, _ = told(Coco(file))
    at = "people.json, annotations[0]"
    assert found.truth == Things(
        (Detection(at, "person"),),
        (
            Detection(f"{at}.keypoints[0]", "nose", point=Point(5, 6), fields={"visible": True, "thing": 0}),
            Detection(f"{at}.keypoints[6]", "ear", point=Point(7, 8), fields={"visible": False, "thing": 0}),
        ),
    )  # fmt: skip


def test_what_is_wrong_in_a_coco_file_has_its_place(tmp_path: Path) -> None:
    """Row and key; everything else is used."""
    file = tmp_path / "c.json"
    annotations = [
        {"image_id": 1, "bbox": [1, 2, 3, 4]},
        {"image_id": 1, "bbox": [1, 2, -3, 4]},
        {"image_id": 1, "bbox": [1, 2, None, 4]},
        {"image_id": 1, "segmentation": [[1, 2, 3]]},
        {"image_id": 1, "keypoints": [1, 2]},
        {"image_id": "1", "bbox": [1, 2, 3, 4]},
        {"bbox": [1, 2, 3, 4]},
        {"image_id": 1},
        {"image_id": 1, "segmentation": {"size": [40, 60], "counts": [3]}},
        {"image_id": 1, "bbox": [70, 2, 3, 4]},
        {"image_id": 1, "bbox": [50, 30, 30, 4]},
    ]
    images = [{"id": 1, "file_name": "a.png"}, {"id": 2}, {"file_name": "x.png"}]
    file.write_text(json.dumps({"images": images, "annotations": annotations}))
    flaws = Flaws()
    with closing(Coco(file).open(flaws)) as opened:
        found = opened.of("a.png", [image()])
    assert flaws.count == 8
    assert flaws.first == [
        "c.json, images[1].file_name: it names no file",
        "c.json, images[2].id: an image has an `id`, a number or a text",
        "c.json, annotations[1].bbox: a box is four numbers: x, y, width and height, both above 0",
        "c.json, annotations[2].bbox: a box is four numbers: x, y, width and height, both above 0",
        "c.json, annotations[3].segmentation: an outline is a list of rings x, y, x, y, …,"
        " or run lengths",
    ]
    assert isinstance(found.truth, Things)
    assert [one.box for one in found.truth.found] == [Box(1, 2, 4, 6), Box(50, 30, 60, 34)]
    assert found.remarks == (
        "c.json, annotations[7]: it has neither a box nor an outline nor keypoints",
        "c.json, annotations[8].segmentation: the run lengths do not fill 60 × 40 pixels",
        "c.json, annotations[9]: it lies outside the image (60 × 40 pixels)",
        "c.json, annotations[10]: it reaches beyond the image (60 × 40 pixels) and is cut",
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "it is JSON, but no object"),
        ("[]", "it is JSON, but no object"),
        ("{}", "it is no COCO file: its list `images` is missing or empty"),
        (
            '{"images": [{"id": 1, "file_name": "a.png"}], "annotations": [{"id"',
            "it ends too early, in line 1",
        ),
    ],
)
def test_a_file_that_is_no_coco_file(tmp_path: Path, content: str, why: str) -> None:
    """It is refused whole: a part of it would look like fewer things."""
    (tmp_path / "c.json").write_text(content)
    with pytest.raises(Unreadable, match=why):
        told(Coco(tmp_path / "c.json"))


def test_an_image_that_was_marked_as_it_is_stored(tmp_path: Path) -> None:
    """Boxes of a tool that ignores EXIF lie elsewhere: they are not used, and it says why."""
    entry = {"id": 1, "file_name": "a.png", "width": 40, "height": 60}
    file = tmp_path / "c.json"
    file.write_text(json.dumps({"images": [entry], "annotations": []}))
    why = "c.json: `a.png` has 60 × 40 pixels, and 40 × 60 in the file"
    turned = f"{why}; it was marked without the turn that its EXIF data tell"
    assert told(Coco(file), image(orientation=6))[0] == Told(NoTruth(turned), (turned,))
    assert told(Coco(file), image())[0] == Told(NoTruth(why), (why,))


def test_an_image_without_annotations_has_nothing_on_it(tmp_path: Path) -> None:
    """One that the file does not name has no truth."""
    file = tmp_path / "c.json"
    file.write_text(json.dumps({"images": [{"id": 1, "file_name": "a.png"}]}))
    assert things(Coco(file)) == ()
    found, _ = told(Coco(file), image("b.png"))
    assert found.truth == NoTruth("c.json holds no truth of it: `b.png` does not stand in it")


# -- a table of boxes -----------------------------------------------------------------------------

HEAD = "image,label,x_min,y_min,x_max,y_max"


def test_a_table_of_boxes(tmp_path: Path) -> None:
    """In the order of the rows, with the other columns as fields; two images of a case together."""
    file = tmp_path / "b.csv"
    file.write_text(f"{HEAD},by\na.png,cat,1,2,3.5,4,me\nb.png,,0,0,9,9,\na.png,dog,5,6,7,8,you\n")
    assert things(Boxes(file), image(), image("b.png")) == (
        Detection("b.csv, line 2", "cat", Box(1, 2, 3.5, 4), fields={"by": "me"}),
        Detection("b.csv, line 4", "dog", Box(5, 6, 7, 8), fields={"by": "you"}),
        Detection("b.csv, line 3", None, Box(0, 0, 9, 9), image=1, fields={"by": ""}),
    )


def test_rows_that_hold_no_box(tmp_path: Path) -> None:
    """File, line and column are told, and the others are used; a name alone means nothing there."""
    file = tmp_path / "b.csv"
    rows = "a.png,,,,,\na.png,cat,x,2,3,4\na.png,cat,5,2,3,4\n,cat,1,2,3,4\na.png,cat,1,nan,3,4\na.png,cat,-9,1,-3,4\na.png,cat,1,2,3,4,5\n"  # fmt: skip
    file.write_text(f"{HEAD}\n{rows}")
    flaws = Flaws()
    with closing(Boxes(file).open(flaws)) as opened:
        assert opened.of("a.png", [image()]) == Told(Things())
    assert flaws.count == 6
    assert flaws.first == [
        "b.csv, line 3, column `x_min`: `x` is no number",
        "b.csv, line 4, column `x_max`: `x_max` must be greater than `x_min`",
        "b.csv, line 5, column `image`: no image is named here",
        "b.csv, line 6, column `y_min`: `nan` is no number",
        "b.csv, line 7: the box lies outside the image",
    ]


def test_a_table_without_its_columns(tmp_path: Path) -> None:
    """It says which."""
    (tmp_path / "b.csv").write_text("image,xmin,ymin\n")
    with pytest.raises(Unreadable) as error:
        told(Boxes(tmp_path / "b.csv"))
    assert str(error.value) == (
        "it has no column `x_min`, `y_min`, `x_max`, `y_max`; rename `xmin` to `x_min`, `ymin` to `y_min`"
    )


def test_decimal_commas_are_read_where_semicolons_separate(tmp_path: Path) -> None:
    """Elsewhere it is told what to write."""
    file = tmp_path / "b.csv"
    file.write_text(HEAD.replace(",", ";") + "\na.png;cat;1,5;2;3,25;4\n")
    assert things(Boxes(file), image()) == (
        Detection("b.csv, line 2", "cat", Box(1.5, 2, 3.25, 4)),
    )
    file.write_text(f'{HEAD}\na.png,cat,"76,2",2,93,4\n')
    flaws = Flaws()
    with closing(Boxes(file).open(flaws)):
        pass
    assert flaws.first == ["b.csv, line 2, column `x_min`: `76,2` is no number; write 76.2"]


# -- YOLO -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_yolo_labels_are_shares_of_the_upright_image(tmp_path: Path, seed: int) -> None:
    """What was written from pixels is the same pixels again, to a hundredth."""
    dice = random.Random(seed)
    boxes, rings, written = [], [], []
    for _ in range(20):
        x, y = sorted(dice.uniform(0, 60) for _ in "ab"), sorted(dice.uniform(0, 40) for _ in "ab")
        boxes.append([x[0], y[0], x[1], y[1]])
        shares = ((x[0] + x[1]) / 120, (y[0] + y[1]) / 80, (x[1] - x[0]) / 60, (y[1] - y[0]) / 40)
        written.append(f"1 {' '.join(f'{share:.6f}' for share in shares)}")
        ring = [(dice.uniform(0, 60), dice.uniform(0, 40)) for _ in range(4)]
        rings.append(ring)
        written.append(f"0 {' '.join(f'{a / 60:.6f} {b / 40:.6f}' for a, b in ring)}")
    (tmp_path / "a.txt").write_text("\n".join(written))
    found = things(Yolo(tmp_path, {1: "cat"}))
    assert [one.label for one in found] == ["cat", "0"] * 20
    for thing, box in zip(found[::2], boxes, strict=True):
        assert thing.box is not None
        assert thing.box.as_list() == pytest.approx(box, abs=0.01)
    for thing, ring in zip(found[1::2], rings, strict=True):
        assert [list(p) for p in ring] == [
            pytest.approx(point, abs=0.01) for point in thing.polygon[0].as_list()
        ]


def test_lines_that_are_no_yolo_labels(tmp_path: Path) -> None:
    """File, line and column are told; an image without a file has nothing on it."""
    lines = ["0 0.5 0.5 1 1 0.9", "x 1 1 1 1", "0 0.5 1.5 1 1", "0 1 1", "", "0.5 1 1 1 1", "0 .5 .5 0 1"]  # fmt: skip
    (tmp_path / "a.txt").write_text("\n".join(lines))
    (tmp_path / "classes.txt").write_text("cat\n")
    flaws = Flaws()
    with closing(Yolo(tmp_path).open(flaws)) as opened:
        found = opened.of("a.png", [image()])
        assert opened.of("b.png", [image("b.png")]) == Told(Things())
    thing = Detection("a.txt, line 1", "0", Box(0, 0, 60, 40), score=0.9)
    assert found == Told(Things((thing,)))
    assert flaws.count == 5
    assert flaws.first == [
        "a.txt, line 2, column 1: `x` is no number",
        "a.txt, line 3, column 3: a share of the image lies between 0 and 1",
        "a.txt, line 4: 3 numbers are neither a box (5) nor an outline (7, 9, 11, …)",
        "a.txt, line 6, column 1: `0.5` is no number of a class",
        "a.txt, line 7, column 4: width and height must be above 0",
    ]


def test_yolo_labels_need_the_size_of_the_image(tmp_path: Path) -> None:
    """An image that only the service sees has none here."""
    (tmp_path / "a.txt").write_text("0 0.5 0.5 1 1")
    found, _ = told(Yolo(tmp_path), image(size=None))
    assert isinstance(found.truth, NoTruth)
    assert "the size of `a.png` is not known here" in found.truth.why


# -- masks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["1", "L", "P", "I;16"])
@pytest.mark.parametrize("seed", range(2))
def test_masks_are_the_pixels_that_pillow_sees(tmp_path: Path, mode: str, seed: int) -> None:
    """Each value but 0 is one thing; in a binary mask there is one without a name."""
    dice = np.random.default_rng(seed)
    values = dice.integers(0, 2 if mode == "1" else 4, (40, 60)).astype(np.uint8)
    if mode == "1":
        Image.fromarray(values * 255).convert("1").save(tmp_path / "a.png")
    elif mode == "I;16":
        Image.fromarray(values.astype(np.uint16)).save(tmp_path / "a.png")
    else:
        picture = Image.fromarray(values)
        if mode == "P":
            picture.putpalette([255, 0, 0] * 256)
        picture.save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as seen:
        assert seen.mode == mode
        expected = np.asarray(seen).astype(int)
    found = things(MaskFiles(tmp_path, {1: "cat", 2: "dog"}))
    numbers = [int(value) for value in np.unique(expected) if value]
    assert [one.label for one in found] == [
        None if mode == "1" else {1: "cat", 2: "dog"}.get(value) for value in numbers
    ]
    for thing, value in zip(found, numbers, strict=True):
        assert (pixels(thing) == (expected == value)).all()


def test_a_photograph_is_no_mask(tmp_path: Path) -> None:
    """A folder of photographs under `truth:` must not become hundreds of things without a name."""
    photo = np.random.default_rng(1).integers(40, 240, (40, 60)).astype(np.uint8)
    Image.fromarray(photo).save(tmp_path / "a.png")
    found, flaws = told(MaskFiles(tmp_path))
    why = (
        f"{tmp_path.name}/: a.png looks like a photograph: in a mask, most pixels have one of a few"
        " values (if each of its values is meant, name them under `classes`)"
    )
    assert (found, flaws) == (Told(NoTruth(why), (why,)), Flaws())
    assert len(things(MaskFiles(tmp_path, {n: str(n) for n in range(256)}))) > 64


def test_undecided_pixels_belong_to_nothing(tmp_path: Path) -> None:
    """255 in a mask with numbers; alone it is the thing of a black-and-white mask."""
    values = np.zeros((40, 60), np.uint8)
    values[2:4, 5:9], values[10:12] = 1, 255
    Image.fromarray(values).save(tmp_path / "a.png")
    assert [one.box for one in things(MaskFiles(tmp_path))] == [Box(5, 2, 9, 4)]
    Image.fromarray(np.where(values == 255, 255, 0).astype(np.uint8)).save(tmp_path / "a.png")
    assert [one.box for one in things(MaskFiles(tmp_path))] == [Box(0, 10, 60, 12)]


@pytest.mark.parametrize(
    ("size", "mode", "why"),
    [
        ((60, 40), "RGB", "a.png has colours; a mask has one value for each pixel"),
        ((30, 20), "L", "a.png has 30 × 20 pixels, and `a.png` 60 × 40"),
        (
            (40, 60), "L",
            "a.png has 40 × 60 pixels, and `a.png` 60 × 40; it was drawn without the turn that the"
            " image's EXIF data tell",
        ),
    ],
)  # fmt: skip
def test_a_file_that_is_no_mask_of_its_image(
    tmp_path: Path, size: tuple[int, int], mode: str, why: str
) -> None:
    """It is not used, and it says why."""
    Image.new(mode, size).save(tmp_path / "a.png")
    found, _ = told(MaskFiles(tmp_path), image(orientation=6))
    assert found.truth == NoTruth(f"{tmp_path.name}/: {why}")


def test_a_broken_mask_and_a_missing_one(tmp_path: Path) -> None:
    """Neither passes for an image without things."""
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    found, _ = told(MaskFiles(tmp_path), image())
    assert found.truth == NoTruth(f"{tmp_path.name}/: a.png is no PNG file that can be read")
    found, _ = told(MaskFiles(tmp_path), image("b.png"))
    assert isinstance(found.truth, NoTruth)


# -- results of another run -----------------------------------------------------------------------


def result(case: str, step: str = "find", status: str = "ok") -> Result:
    ring = (Polygon((Point(1, 1), Point(2, 1), Point(2, 2))),)
    found = (Detection("[0]", "cat", Box(1, 2, 3, 4), polygon=ring),)
    return Result(
        0, case, step, {}, 1, (image(case),), status, [{"label": "cat"}], found  # type: ignore[arg-type]
    )  # fmt: skip


def test_the_results_of_another_run(tmp_path: Path) -> None:
    """The result itself, by its case; one that is not usable is no truth."""
    file = tmp_path / "results.jsonl"
    written = [result("a.png"), result("b.png", status="refused"), result("a.png", "other")]
    file.write_text("".join(f"{to_line(each)}\n" for each in written) + '{"case": 1}\n')
    flaws = Flaws()
    with closing(Results(file, "find").open(flaws)) as opened:
        assert opened.of("a.png", []) == Told(written[0])
        assert opened.of("b.png", []).truth == NoTruth(
            "results.jsonl, line 2: its status is `refused`"
        )
        assert opened.of("c.png", []).truth == NoTruth("results.jsonl holds no result of it")
        assert opened.unasked() == (0, "")
    assert flaws.first == ["results.jsonl, line 4: it is no line of results"]


@pytest.mark.parametrize(
    ("written", "step", "why"),
    [
        ([result("a"), result("a", "read")], None, "holds results of `find` and `read`"),
        ([result("a")], "read", "no results of a step `read`"),
        ([result("a"), result("a")], None, "several answers for one case"),
        ([], None, "it holds no results"),
    ],
)
def test_results_among_which_the_right_one_cannot_be_told(
    tmp_path: Path, written: list[Result], step: str | None, why: str
) -> None:
    """Nothing is guessed."""
    file = tmp_path / "results.jsonl"
    file.write_text("".join(f"{to_line(each)}\n" for each in written))
    with pytest.raises(Unreadable, match=why):
        told(Results(file, step))
