"""A result in pixel space: one line of results.jsonl."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from runner.values.geometry import Box, NormBox, PixelBox, Point, Polygon, Size
from runner.values.mask import Mask

Status = Literal[
    "ok",  # a whole answer that fits its schema
    "empty",  # a whole answer that found nothing
    "partial",  # a whole answer of which some items or masks could not be used
    "truncated",  # cut off; the complete items are kept
    "refused",
    "malformed",  # an answer that cannot be read as what was asked for
    "failed",  # no answer: the request failed, or an image could not be read
    "not_run",  # a step before it gave no usable answer
    "skipped",  # its `when` does not hold, or it needs a step that was skipped
]

USABLE: frozenset[Status] = frozenset({"ok", "empty", "partial"})
"""Answers that later steps, checks and outputs may rely on."""

FINE: frozenset[Status] = USABLE | {"skipped"}
"""What lacks nothing: it has an answer, or wanted none."""


@dataclass(frozen=True, slots=True)
class Issue:
    """Something that was noticed or repaired: `code` is stable, `why` is for people.

    `at` is a path in the answer (`boxes[3].mask`), `index` the item that it concerns.
    """

    code: str
    why: str = ""
    at: str | None = None
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Detection:
    """One thing found, in pixels of the upright original image.

    `label` is None when the record has none. `at` is the path of its record in the answer. At
    least one of `box`, `point`, `polygon`, `mask`, `box_3d` is set, or the item would be dropped.
    `box_2d` is the box as the model wrote it. `fields` are the record's other values. `image` is
    the position of its image in the result's `images`. `box_3d` is kept as the model wrote it:
    centre, size in metres, roll, pitch, yaw in degrees.
    """

    at: str
    label: str | None = None
    box: Box | None = None
    box_px: PixelBox | None = None
    box_2d: NormBox | None = None
    point: Point | None = None
    polygon: tuple[Polygon, ...] = ()
    mask: Mask | None = None
    box_3d: tuple[float, ...] | None = None
    score: float | None = None
    image: int = 0
    fields: Mapping[str, object] = field(default_factory=dict)
    issues: tuple[Issue, ...] = ()

    @property
    def extent(self) -> Box | None:
        """Its box, or the one around its mask or outline, in pixels; None for a point."""
        if self.box is not None:
            return self.box
        if self.mask is not None:
            return self.mask.tight_box
        if not self.polygon:
            return None
        bounds = [ring.bounds for ring in self.polygon]
        return Box(
            min(box.x_min for box in bounds),
            min(box.y_min for box in bounds),
            max(box.x_max for box in bounds),
            max(box.y_max for box in bounds),
        )


@dataclass(frozen=True, slots=True)
class ResultImage:
    """What a result remembers of an image: enough to draw on it and to prove which one it was.

    `address` is where an image was fetched from; `path` is then its copy in the run folder.
    `window` is the part of the upright image that was sent, None when it was all of it. `frame` is
    the number, from 0, of the one that was sent of an animation.
    """

    name: str
    role: str
    path: str | None
    size: Size | None
    orientation: int
    sha256: str | None
    sent_mime: str | None = None
    sent_size: Size | None = None
    sent_sha256: str | None = None
    address: str | None = None
    window: PixelBox | None = None
    frame: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """What came of one entry of a list that a step was run for (`for_each`), or of one tile.

    `image` is the position in the result's images of the one it is about, `window` the part of it
    in whole pixels; both None when it is about no part of an image. An entry that was asked about
    in tiles has them as its `tiles`.
    """

    status: Status
    error: str | None = None
    request_key: str | None = None
    image: int | None = None
    window: PixelBox | None = None
    tiles: tuple[Entry, ...] = ()

    @property
    def lacking(self) -> tuple[Entry, ...]:
        """Itself, or those of its tiles, that ought to have an answer and have none."""
        if self.status in USABLE and self.tiles:
            return tuple(tile for tile in self.tiles if tile.status not in FINE)
        return () if self.status in FINE else self.tiles or (self,)


@dataclass(frozen=True, slots=True)
class Result:
    """What one step made of one case in one combination and repeat.

    `answer` is the whole answer with every box, point, polygon and mask in pixels, under the
    author's own names. `error` says why there is no answer. `ordinal` is the position in the plan.
    With `for_each` the answer is a list, and `entries` says of each what came of it; one that failed
    or was skipped stays in its place, as None. With `tile`, `entries` says the same of each tile, and
    the answer is one list of what all of them show.
    """

    ordinal: int
    case: str
    step: str
    combination: Mapping[str, object]
    repeat: int
    images: tuple[ResultImage, ...]
    status: Status
    answer: object = None
    detections: tuple[Detection, ...] = ()
    issues: tuple[Issue, ...] = ()
    recovered: int = 0
    error: str | None = None
    parsed_by: str | None = None
    usage: Mapping[str, int] = field(default_factory=dict)
    cost_usd: float | None = None
    model: str = ""
    simulated: bool = False
    request_key: str | None = None
    row: Mapping[str, object] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()

    @property
    def has_arrived(self) -> bool:
        """Whether there was an answer, usable or not: only that is a model's or simulated."""
        is_asked = self.model and self.status not in ("failed", "not_run", "skipped")
        return bool(self.usage or is_asked)

    @property
    def image(self) -> ResultImage | None:
        """Its image; of several the last one, in which things are looked for; None without any."""
        return self.images[-1] if self.images else None

    def image_title(self, number: int) -> str:
        """What tells one of its images from the others: its role, or, where several have that, the
        image's own name."""
        image = self.images[number]
        alone = sum(other.role == image.role for other in self.images) == 1
        return image.role if alone else image.name
