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
]

USABLE: frozenset[Status] = frozenset({"ok", "empty", "partial"})
"""Answers that later steps, checks and outputs may rely on."""


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


@dataclass(frozen=True, slots=True)
class ResultImage:
    """What a result remembers of an image: enough to draw on it and to prove which one it was.

    `address` is where an image was fetched from; `path` is then its copy in the run folder.
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


@dataclass(frozen=True, slots=True)
class Result:
    """What one step made of one case in one combination and repeat.

    `answer` is the whole answer with every box, point, polygon and mask in pixels, under the
    author's own names. `error` says why there is no answer. `ordinal` is the position in the plan.
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
