"""Outlines and masks describe the shape that they were made from."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from runner.providers.simulator.components import label, without_holes
from runner.providers.simulator.outline import outer_ring, png_mask, polygon, simplified
from runner.providers.simulator.vision import region
from runner.values.geometry import Size

SHAPES = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=14))


@given(SHAPES)
def test_the_ring_on_pixel_edges_encloses_exactly_the_pixels_of_the_shape(bits: np.ndarray) -> None:
    """The area of the polygon is the number of pixels, for any connected shape without holes."""
    labels, count = label(np.where(bits, 0, -1))
    for number in range(count):
        one = without_holes(labels == number)
        x, y = outer_ring(one).T
        area = (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2
        assert area == np.count_nonzero(one)  # positive: clockwise, y down


def test_a_circle_keeps_its_area_with_few_corners() -> None:
    """At most 59 corners, and less than 2 % of the area lost or won."""
    ys, xs = np.mgrid[0:300, 0:300]
    circle = (ys - 150) ** 2 + (xs - 150) ** 2 < 140**2
    ring = simplified(outer_ring(circle))
    x, y = ring.T
    area = (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2
    assert len(ring) <= 59
    assert abs(area / np.count_nonzero(circle) - 1) < 0.02


def test_a_polygon_is_written_x_first_in_thousandths_of_the_whole_image() -> None:
    """A rectangle is its four corners, whatever the sides of the image."""
    one = region(30, 80, np.ones((60, 40), bool), Size(400, 300))
    assert polygon(one) == ((200, 100), (300, 100), (300, 300), (200, 300))


def test_a_mask_is_a_grey_png_of_256_pixels_a_side_within_the_box() -> None:
    """Only 0 and 255, as in the masks of Gemini 2.5 that were seen."""
    ys, xs = np.mgrid[0:100, 0:200]
    one = region(10, 20, (xs >= 100) | (ys >= 50), Size(400, 300))
    head, _, data = png_mask(one).partition(",")
    image = Image.open(BytesIO(base64.b64decode(data, validate=True)))
    grey = np.asarray(image)
    assert (head, image.mode, grey.shape) == ("data:image/png;base64", "L", (256, 256))
    assert np.unique(grey).tolist() == [0, 255]
    assert grey[:120, :120].max() == 0
    assert grey[140:, :].min() == 255
