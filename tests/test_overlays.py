"""Overlays of whole runs on the simulated service, whose boxes are where its pixels are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from runner.exporters.palette import Palette, on_top_of
from runner.resume import Options
from runner.roles import Connection
from runner.store.folder import RunFolder
from runner.story import make_plan, run
from runner.values.request import Policy
from runner.workflow.load import load

BOX = (200, 100, 400, 300)
"""The red rectangle of the image: x_min, y_min, x_max, y_max."""


def drawn(
    folder: Path, words: str, name: str = "shape.png.jpg", image: str = "shape.png"
) -> NDArray[np.int64]:
    """The overlay of an image with one rectangle."""
    shape = Image.new("RGB", (600, 500), "white")
    ImageDraw.Draw(shape).rectangle((200, 100, 399, 299), fill="red")
    if image.endswith(".gif"):
        before = Image.new("RGB", (600, 500), "black")
        before.save(folder / image, save_all=True, append_images=[shape], duration=100)
    else:
        shape.save(folder / image)
    path = folder / "test.workflow.yaml"
    path.write_text(f"version: 1\nimages: {image}\n{words}")
    workflow = load(path, overrides={"provider": "simulator"}, environ={})
    connection = Connection(policy=Policy(retries=0, timeout_seconds=20))
    outcome = run(workflow, make_plan(workflow), Options(connection, folder / "runs"))
    assert outcome.exit_code == 0, list(RunFolder(outcome.folder).results())
    with Image.open(outcome.folder / "outputs" / "drawn" / name) as overlay:
        return np.asarray(overlay).astype(int)


def near(pixels: NDArray[np.int64], colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Which pixels have a colour, but for what JPEG makes of it."""
    found: NDArray[np.bool_] = abs(pixels - np.array(colour)).max(axis=-1) < 60
    return found


def test_what_is_right_is_dashed_beside_what_was_found(tmp_path: Path) -> None:
    """`against` a table of boxes: its box lies 50 pixels lower."""
    (tmp_path / "right.csv").write_text(
        "image,label,x_min,y_min,x_max,y_max\nshape.png,red region,200,150,400,350\n"
    )
    words = """\
truth: {shapes: right.csv}
steps: [{id: find, prompt: Find the shape., schema: boxes}]
outputs: [{save: find.boxes, as: overlay, against: truth.shapes, to: drawn/}]
"""
    pixels = drawn(tmp_path, words)
    colour = Palette().colour("red region")
    dashed, whole = pixels[349, 220:380], pixels[299, 220:380]
    assert near(dashed, colour).any()
    assert near(dashed, on_top_of(colour)).any()
    assert near(whole, colour).mean() > 0.9


def test_3d_boxes_are_drawn_for_the_angle_of_the_workflow(tmp_path: Path) -> None:
    """The simulator stands the near side of its box before the region for 60°. A smaller angle shows
    it larger."""
    words = """\
steps:
  - id: find
    prompt: Detect the 3D bounding boxes.
    schema:
      type: array
      items: {{type: object, properties: {{box_3d: {{type: array, items: {{type: number}}}}}}}}
outputs: [{{save: find, as: overlay, field_of_view: {}, to: drawn/}}]
"""
    colour = Palette().colour(None)
    for angle, left in ((60, 200), (50, 177)):
        folder = tmp_path / str(angle)
        folder.mkdir()
        columns = np.flatnonzero(near(drawn(folder, words.format(angle))[200], colour))
        assert abs(columns.min() - left) <= 4


@pytest.mark.parametrize(
    "schema",
    [
        "points",
        "{type: object, properties: {points: {type: array, items: {type: array, x-space: point,"
        " items: {type: integer}}}}}",
    ],
)
def test_points_become_a_way(tmp_path: Path, schema: str) -> None:
    """Labelled by their order, or in a list: the number of the first stands in the middle of the
    shape, where there would be a dot and a label."""
    words = f"""\
steps:
  - id: plan
    prompt: |
      The points should be labeled by order of the trajectory, from '0' to <n>. The points are in
      [y, x] format.
    schema: {schema}
outputs: [{{save: plan, as: overlay, join_points: true, to: drawn/}}]
"""
    around = drawn(tmp_path, words)[185:216, 285:316]
    pale = tuple(round(value + 0.75 * (255 - value)) for value in Palette().colour(None))
    assert near(around, (pale[0], pale[1], pale[2])).mean() > 0.1
    assert near(around, (20, 20, 20)).any()


def test_the_frame_of_an_animation_that_was_sent_is_drawn_on(tmp_path: Path) -> None:
    """The first one is black."""
    words = """\
frame: 1
convert: png
steps: [{id: find, prompt: Find the shape., schema: boxes}]
outputs: [{save: find.boxes, as: overlay, to: drawn/}]
"""
    pixels = drawn(tmp_path, words, "shape.gif.jpg", "shape.gif")
    assert near(pixels[20, 550], (255, 255, 255))
    assert near(pixels[250, 300], (255, 0, 0))
    assert near(pixels[200, 200:202], Palette().colour("red region")).any()
