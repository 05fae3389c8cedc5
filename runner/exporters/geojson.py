"""`as: geojson` — GeoJSON in pixels, a file for each image."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runner.exporters.annotated import NOTES, Annotated, annotated, kind_of
from runner.exporters.atomic import encoded, write_file
from runner.exporters.rings import rings_of, signed_area, with_holes
from runner.roles import OpenImage
from runner.values.geometry import Box, Point, Polygon
from runner.values.reference import Reference
from runner.values.result import Detection, Result

COORDINATES = "pixels of the upright image: x to the right, y down, from its top left corner"


@dataclass(frozen=True, slots=True)
class GeoJson:
    """A folder of FeatureCollections, in pixels: x to the right and y *down*, not on the earth.

    A box and an outline are polygons, a mask is a polygon, or several, with holes; a point is a point.
    Outer rings turn from the x axis to the y axis, holes the other way round, as RFC 7946, 3.1.6,
    has it for its axes; the last corner is the first again. An image without things has no features.
    """

    save: Reference

    def write(
        self, results: Iterable[Result], target: Path, open_image: OpenImage
    ) -> Sequence[Path]:
        """The files, one image in memory at a time."""
        written: list[Path] = []
        target.mkdir(parents=True, exist_ok=True)
        with annotated(results, self.save, NOTES) as all_of_them:
            for folder in all_of_them.folders:
                for image in all_of_them.images(folder):
                    path = PurePosixPath(image.name)
                    content = json.dumps(document(image), ensure_ascii=False) + "\n"
                    beside = target / folder / path.with_name(f"{path.stem}.geojson")
                    written.append(write_file(beside, encoded(content)))
            return (*written, *all_of_them.notes.write(target))


def document(image: Annotated) -> Mapping[str, object]:
    """The FeatureCollection of one image. What is not RFC 7946's own are foreign members."""
    return {
        "type": "FeatureCollection",
        "coordinates": COORDINATES,
        "image": image.name,
        "width": image.size.width,
        "height": image.size.height,
        "simulated": image.is_simulated,
        "features": [_feature(number, one) for number, one in enumerate(image.found, 1)],
    }


def _feature(number: int, one: Detection) -> Mapping[str, object]:
    score = {} if one.score is None else {"score": one.score}
    return {
        "type": "Feature",
        "id": number,
        "geometry": _geometry(one),
        "properties": {**one.fields, **score, "label": one.label},
    }


def _geometry(one: Detection) -> Mapping[str, object]:
    match kind_of(one):
        case "point":
            assert one.point is not None
            return {"type": "Point", "coordinates": one.point.as_list()}
        case "box":
            box = one.extent
            assert box is not None
            return _polygons([[_ring_of(box)]])
        case "polygon":
            return _polygons([[ring] for ring in one.polygon])
        case "mask":
            return _polygons(with_holes(rings_of(one)))


def _polygons(polygons: Sequence[Sequence[Polygon]]) -> Mapping[str, object]:
    parts = [
        [_closed(ring, outer=not position) for position, ring in enumerate(rings)]
        for rings in polygons
    ]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _closed(ring: Polygon, *, outer: bool) -> list[list[float]]:
    corners = ring.as_list()
    if (signed_area(ring) > 0) != outer:
        corners = [corners[0], *reversed(corners[1:])]
    return [*corners, corners[0]]


def _ring_of(box: Box) -> Polygon:
    x_min, y_min, x_max, y_max = box.as_list()
    corners = ((x_min, y_min), (x_max, y_min), (x_max, y_max), (x_min, y_max))
    return Polygon(tuple(Point(x, y) for x, y in corners))
