"""GeoJSON is read by the package geojson, and holds the pixels of every mask."""

from __future__ import annotations

import json

import geojson
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from runner.exporters.rings import one_ring, rings_of, signed_area, with_holes
from runner.postprocess.masks import mask_of as as_mask
from runner.postprocess.polygons import rasterised
from runner.postprocess.rle import decode, encode, from_bits
from runner.sources.truth.numbers import ring as ring_of
from runner.values.geometry import Polygon, Size
from runner.values.result import Detection


def test_features_are_valid_and_in_pixels(scene, cat, leaf, ring, tip) -> None:  # type: ignore[no-untyped-def]
    """A box, an outline, a mask of two parts with a hole, a point."""
    folder = scene.write("geojson", [scene.result("photos/a.jpg", (cat, leaf, ring, tip))])
    found = geojson.loads((folder / "photos/a.geojson").read_text())
    assert found.is_valid, found.errors()
    box, outline, mask, point = found.features
    assert box.geometry.coordinates == [
        [[1.5, 2.0], [30.25, 2.0], [30.25, 40.0], [1.5, 40.0], [1.5, 2.0]]
    ]
    assert box.properties == {"age": 3, "wild": True, "score": 0.9, "label": "cat"}
    assert outline.geometry.coordinates[0][:2] == [[5.0, 5.0], [20.5, 6.0]]
    assert (mask.geometry.type, [len(part) for part in mask.geometry.coordinates]) == (
        "MultiPolygon",
        [2, 1],
    )
    assert point.geometry == {"type": "Point", "coordinates": [12.5, 7.0]}
    rings = [
        ring_of([value for corner in each[:-1] for value in corner])
        for part in mask.geometry.coordinates
        for each in part
    ]
    assert encode(rasterised(rings, Size(64, 48))) == encode(decode(ring.mask.rle))


def test_an_image_without_things_has_no_features(scene) -> None:  # type: ignore[no-untyped-def]
    """And says its size all the same."""
    folder = scene.write("geojson", [scene.result("a.jpg", (), "empty", simulated=True)])
    assert json.loads((folder / "a.geojson").read_text()) == {
        "type": "FeatureCollection",
        "coordinates": "pixels of the upright image: x to the right, y down, from its top left corner",
        "image": "a.jpg",
        "width": 64,
        "height": 48,
        "simulated": True,
        "features": [],
    }


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32 - 1), st.floats(0.2, 0.9))
def test_rings_of_any_mask_hold_its_pixels(
    width: int, height: int, seed: int, share: float
) -> None:
    """In groups of an outer ring and its holes, and as the one ring of a YOLO line."""
    size = Size(width, height)
    bits = np.random.default_rng(seed).random((height, width)) < share
    mask = as_mask(from_bits(bits, 0, 0, size), "png")
    rings = rings_of(Detection("m", mask=mask))
    groups = with_holes(rings)
    assert sorted(map(repr, rings)) == sorted(repr(one) for group in groups for one in group)
    assert all(signed_area(outer) > 0 for outer, *_ in groups)
    if rings:
        assert encode(rasterised((Polygon(one_ring(rings)),), size)) == mask.rle
    for outer, *holes in groups:
        whole = rasterised((outer,), size).area
        left = rasterised((outer, *holes), size).area
        assert whole - left == sum(rasterised((hole,), size).area for hole in holes)


def test_a_box_has_no_rings_of_its_own() -> None:
    """Formats that want one are given its corners."""
    assert one_ring(rings_of(Detection("b"))) == ()
