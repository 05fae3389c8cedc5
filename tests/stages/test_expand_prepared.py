"""Images as their step wants them: smaller, of another type, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image as Pillow

from runner.stages.expand import step_images
from runner.stages.gate import NotBuilt
from runner.stages.gather import gather
from runner.values.geometry import Size
from runner.values.image import Image
from runner.workflow.load import load

STEPS = """\
steps:
  - {id: plain, prompt: Look.}
  - {id: small, prompt: Look., resize: 50}
  - {id: png, prompt: Look., convert: png}
  - {id: both, prompt: Look., resize: 50, convert: png}
  - {id: large, prompt: Look., resize: 5000}
"""


def prepared(folder: Path, top: str, name: str) -> dict[str, Image]:
    """The one image of each step, by the step's id."""
    file = folder / "w.workflow.yaml"
    file.write_text(f"version: 1\nimages: {name}\n{top}{STEPS}")
    workflow = load(file, environ={})
    (case,) = gather(workflow)
    sent = {}
    for step in workflow.asks:
        images = step_images(step, case)
        assert not isinstance(images, NotBuilt)
        sent[step.id] = images[0][0]
    return sent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    image = Pillow.new("RGB", (100, 40), "red")
    tags = Pillow.Exif()
    tags[0x0112] = 6
    image.save(tmp_path / "upright.jpg")
    image.save(tmp_path / "turned.jpg", exif=tags.tobytes())
    image.save(tmp_path / "still.gif")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "top", "recipes"),
    [
        (
            "upright.jpg",
            "",
            {"small": "resize:50", "both": "resize:50 convert:png"},
        ),
        (
            "turned.jpg",
            "",
            {
                "plain": "upright",
                "small": "upright resize:50",
                "png": "upright convert:png",
                "both": "upright resize:50 convert:png",
                "large": "upright",
            },
        ),
        (
            "turned.jpg",
            "convert: jpeg\n",
            {
                "plain": "upright convert:jpeg",
                "small": "upright resize:50 convert:jpeg",
                "png": "upright convert:png",
                "both": "upright resize:50 convert:png",
                "large": "upright convert:jpeg",
            },
        ),
        (
            "still.gif",
            "convert: jpeg\n",
            {
                "plain": "convert:jpeg",
                "small": "resize:50 convert:jpeg",
                "png": "convert:png",
                "both": "resize:50 convert:png",
                "large": "convert:jpeg",
            },
        ),
    ],
)
def test_only_what_is_asked_is_done(
    folder: Path, name: str, top: str, recipes: dict[str, str]
) -> None:
    """What a step asks for changes the images of no other step, and so no other key."""
    sent = prepared(folder, top, name)
    told = {step: " ".join(image.recipe) for step, image in sent.items() if image.recipe}
    assert told == recipes


def test_a_resize_is_seen_in_the_size_that_is_sent(folder: Path) -> None:
    """The upright size stays that of the original; tokens are counted by what is sent."""
    sent = prepared(folder, "", "turned.jpg")
    assert {image.size for image in sent.values()} == {Size(40, 100)}
    assert (sent["small"].sent_size, sent["large"].sent_size) == (Size(20, 50), Size(40, 100))


def test_a_type_that_one_step_converts_is_known_to_all(folder: Path) -> None:
    """A GIF can be sent by no step unless it is converted; one that says how is enough."""
    assert {image.recipe for image in prepared(folder, "", "still.gif").values()} == {
        ("convert:png",),
        ("resize:50", "convert:png"),
    }


def test_too_many_tiles_are_a_mistake(folder: Path) -> None:
    """A photograph in ten thousand pieces is refused before it is paid for."""
    Pillow.new("L", (5000, 5000)).save(folder / "upright.png")
    file = folder / "w.workflow.yaml"
    step = "{id: find, prompt: Find., schema: boxes, tile: {size: 64, overlap: 50%}}"
    file.write_text(f"version: 1\nimages: upright.png\nsteps: [{step}]\n")
    workflow = load(file, environ={})
    (case,) = gather(workflow)
    found = step_images(workflow.asks[0], case)
    assert isinstance(found, NotBuilt)
    assert (found.code, found.status) == ("too_many_tiles", "failed")
    assert found.why == "upright.png: 24,336 tiles; at most 1,000 are cut; make them larger"
