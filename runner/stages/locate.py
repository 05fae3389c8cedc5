"""Locate: one value under `x-space`, as a model wrote it → what it is in pixels, or why it is nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runner.postprocess.corners import number
from runner.postprocess.places import FoundBox, FoundOutline, find_box, find_outline, find_point
from runner.text.result_line import mask_value
from runner.values.answer import Json
from runner.values.geometry import Box, PixelBox, Polygon, View
from runner.values.mask import MaskEncoding
from runner.values.result import Detection, Issue
from runner.values.shape import Coordinates, Space


@dataclass(frozen=True, slots=True)
class Frame:
    """The image that coordinates are about, and what was sent of it; `view` is None when only the
    service sees it."""

    position: int
    view: View | None
    coordinates: Coordinates


@dataclass(frozen=True, slots=True)
class Located:
    """What stands at one place.

    `answer` is its form in the answer, None when there is none; `parts` are what it gives to its
    detection. `written` holds, by the author's name, what the model wrote and nobody can turn into
    pixels. `unusable` says why the whole record cannot be used.
    """

    answer: Json = None
    parts: Mapping[str, Any] = field(default_factory=dict)  # typed in Detection
    issues: tuple[Issue, ...] = ()
    written: Mapping[str, Json] = field(default_factory=dict)
    unusable: str | None = None

    @property
    def is_found(self) -> bool:
        """True when there is something to detect, if only without pixels."""
        return bool(self.parts or self.written)

    @property
    def is_missing(self) -> bool:
        """True when nothing was written at all."""
        return any(issue.code.endswith("_missing") for issue in self.issues)

    @property
    def reason(self) -> str:
        """Why nothing was found here."""
        return self.issues[0].why if self.issues else "nothing stands here"

    def detection(self, of: Detection, issues: tuple[Issue, ...]) -> Detection:
        """The detection with what was found here."""
        fields = {**of.fields, **self.written}
        return replace(of, **self.parts, fields=fields, issues=(*of.issues, *issues))


def locate(
    space: Space, value: Json, box: FoundBox | None, frame: Frame, name: str = "place"
) -> Located:
    """The place in pixels. `box` is the box of the same record, `name` the author's name of it."""
    if space == "box_3d":
        return _box_3d(value)
    if frame.view is None:
        return _without_size(space, value, frame.coordinates, name)
    if space == "box":
        return _box(find_box(value, frame.view, frame.coordinates), frame.view)
    if space == "point":
        return _point(value, frame.view, frame.coordinates)
    if space == "polygon":
        return _polygon(find_outline(value, box, frame.view, frame.coordinates))
    return _mask(value, box, frame.view, frame.coordinates)


def missing(space: Space) -> Located:
    """A place that was asked for and that the model left out."""
    return Located(issues=(Issue(f"{space}_missing", f"the record has no {space}"),))


def _box(found: FoundBox | str, view: View) -> Located:
    if isinstance(found, str):
        return Located(unusable=found)
    assert found.box is not None
    parts = {"box": found.box, "box_px": found.box.on_pixels(view.window), "box_2d": found.written}
    return Located([*found.box.as_list()], parts, found.issues)


def _point(value: Json, view: View, coordinates: Coordinates) -> Located:
    found = find_point(value, view, coordinates)
    if isinstance(found, str):
        return Located(unusable=found)
    assert found.point is not None
    return Located([*found.point.as_list()], {"point": found.point}, found.issues)


def _polygon(found: FoundOutline | None) -> Located:
    if found is None:
        why = "no outline of at least three corners can be read"
        return Located(issues=(Issue("polygon_invalid", why),))
    return Located(_rings_value(found.rings), {"polygon": found.rings}, found.issues)


def _rings_value(rings: tuple[Polygon, ...]) -> Json:
    values: list[Json] = [[[*point.as_list()] for point in ring.points] for ring in rings]
    return values[0] if len(values) == 1 else values


def _mask(value: Json, box: FoundBox | None, view: View, coordinates: Coordinates) -> Located:
    outline = find_outline(value, box, view, coordinates)
    if outline is not None:
        return _outlined(outline, box, view)
    if isinstance(value, str):
        return _painted(value, box, view)
    return Located(issues=(Issue("mask_garbage", "the mask is neither an image nor an outline"),))


def _outlined(outline: FoundOutline, box: FoundBox | None, view: View) -> Located:
    from runner.postprocess import masks  # numpy

    encoding: MaskEncoding = "polygon_yx" if outline.swapped else "polygon_xy"
    mask = masks.outlined(outline.whole, view.size, encoding, view.window)
    remarks = masks.remarks(mask, _pixels(box, view))
    parts = {"mask": mask, "polygon": outline.rings}
    return Located(mask_value(mask), parts, (*outline.issues, *remarks))


def _painted(text: str, box: FoundBox | None, view: View) -> Located:
    from runner.postprocess import mask_text, masks  # numpy and Pillow

    grey = mask_text.grey_image(text)
    if isinstance(grey, Issue):
        return Located(issues=(grey,))
    if box is None or box.box is None or box.whole is None:
        why = "the mask covers its box, and the record has none"
        return Located(issues=(Issue("mask_without_box", why),))
    inside = box.box.on_pixels(view.window)
    whole = inside if box.box == box.whole else box.whole.on_grid()
    mask = masks.painted(grey, whole, view.size, view.window)
    return Located(mask_value(mask), {"mask": mask}, masks.remarks(mask, inside))


def _pixels(box: FoundBox | None, view: View) -> PixelBox | None:
    inside: Box | None = box.box if box is not None else None
    return inside.on_pixels(view.window) if inside is not None else None


def _box_3d(value: Json) -> Located:
    numbers = [number(n) for n in value] if isinstance(value, list) else []
    if len(numbers) != 9 or None in numbers:
        why = "9 numbers are expected: centre, size, roll, pitch, yaw"
        return Located(issues=(Issue("box_3d_invalid", why),))
    edges = tuple(float(n) for n in numbers if n is not None)
    return Located([*edges], {"box_3d": edges})


def _without_size(space: Space, value: Json, coordinates: Coordinates, name: str) -> Located:
    """No pixels without a size: the answer holds nothing here rather than numbers of another kind."""
    why = "the size of the image is not known here, so there are no pixels"
    unknown = Issue("size_unknown", why)
    if space == "box":
        box = find_box(value, None, coordinates)
        if isinstance(box, str):
            return Located(unusable=box)
        return Located(None, {"box_2d": box.written}, (*box.issues, unknown))
    if space == "point":
        point = find_point(value, None, coordinates)
        if isinstance(point, str):
            return Located(unusable=point)
    return Located(issues=(unknown,), written={name: value})
