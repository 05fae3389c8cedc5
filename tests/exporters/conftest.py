"""A scene that every format of annotations is tried on, and the images that it is about."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pycocotools import mask as pycoco

from runner.exporters import EXPORTERS
from runner.values.geometry import Box, Point, Polygon, Size
from runner.values.mask import Mask, Rle
from runner.values.reference import Reference
from runner.values.result import Detection, Result, ResultImage, Status

WIDTH, HEIGHT = 64, 48

RING_BITS = np.zeros((HEIGHT, WIDTH), np.uint8)
RING_BITS[10:30, 20:44] = 1
RING_BITS[15:20, 25:35] = 0  # a hole
RING_BITS[34:38, 2:5] = 1  # a second part


@dataclass(frozen=True)
class Scene:
    """Results with the images that they are about, and what writes them."""

    folder: Path

    def image(self, name: str, colour: str = "grey") -> ResultImage:
        """An image of the scene, on the disk."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (WIDTH, HEIGHT), colour).save(path)
        return ResultImage(Path(name).name, "image", name, Size(WIDTH, HEIGHT), 1, "0" * 64)

    def result(
        self, name: str, found: Sequence[Detection] = (), status: Status = "ok", **changes: object
    ) -> Result:
        """The result of one image."""
        base = Result(0, name, "find", {}, 1, (self.image(name),), status, model="gemini-x")
        error = "SAFETY" if status == "refused" else None
        return replace(base, detections=tuple(found), error=error, **changes)  # type: ignore[arg-type]

    def open(self, image: ResultImage) -> bytes | None:
        """The bytes of an image of the scene."""
        path = self.folder / (image.path or "")
        return path.read_bytes() if path.is_file() else None

    def write(
        self, form: str, results: Sequence[Result], save: str = "find", **options: object
    ) -> Path:
        """Writes results in a format; the file or folder."""
        target = self.folder / f"out-{form}{'' if '.' in form else '.x'}"
        exporter = EXPORTERS[form](Reference.parse(save), **options)
        written = exporter.write(iter(results), target, self.open)
        assert all(path.is_file() for path in written)
        assert all(path.resolve().is_relative_to(self.folder) for path in written)
        return target


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """An empty folder to put images in."""
    return Scene(tmp_path.resolve())


@pytest.fixture(scope="session")
def sv() -> ModuleType:
    """supervision. It warns as it is imported where OpenCV is missing, and then does without."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import supervision
    return supervision


Bits = NDArray[np.uint8]
MaskOf = Callable[[Bits], Mask]


@pytest.fixture
def mask_of() -> MaskOf:
    """The mask of these pixels, as pycocotools encodes it."""

    def make(bits: Bits) -> Mask:
        counts = pycoco.encode(np.asfortranarray(bits))["counts"].decode()
        rows, columns = np.nonzero(bits)
        box = Box(float(columns.min()), float(rows.min()), columns.max() + 1.0, rows.max() + 1.0)
        return Mask("png", Rle(Size(bits.shape[1], bits.shape[0]), counts), int(bits.sum()), box)

    return make


@pytest.fixture
def ring_bits() -> Bits:
    """The pixels of a thing with a hole and a second part."""
    return RING_BITS.copy()


@pytest.fixture
def cat() -> Detection:
    """A box with a score and a field, between pixels."""
    return Detection(
        "boxes[0]", "cat", Box(1.5, 2.0, 30.25, 40.0), score=0.9, fields={"age": 3, "wild": True}
    )


@pytest.fixture
def dog() -> Detection:
    """A box without a score that reaches out of the image."""
    return Detection("boxes[1]", "dog", Box(50.0, -3.0, 70.0, 20.0))


@pytest.fixture
def ring(mask_of: MaskOf) -> Detection:
    """A mask with a hole and a second part, and its box."""
    return Detection("masks[0]", "bolt", Box(2, 10, 44, 38), mask=mask_of(RING_BITS))


@pytest.fixture
def leaf() -> Detection:
    """An outline."""
    corners = ((5.0, 5.0), (20.5, 6.0), (18.0, 22.25), (4.0, 18.0))
    return Detection("polygons[0]", "leaf", polygon=(Polygon(tuple(Point(*c) for c in corners)),))


@pytest.fixture
def tip() -> Detection:
    """A point."""
    return Detection("points[0]", "tip", point=Point(12.5, 7.0))
