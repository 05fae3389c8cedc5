"""Seams: the same thing seen in two overlapping windows of one image → one detection.

Two windows both see what they share, so what they say of *that part* must agree. A thing that one
window sees whole and the other cut off agrees there, and so does one that both see cut off; a small
thing before a large one of its kind does not, and stays. (The usual measure, intersection over the
smaller area of the whole boxes, cannot tell these apart.) What one window told is never merged with
another thing of the same window: a model that sees two things is believed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import combinations

import numpy as np

from runner.postprocess.masks import mask_of
from runner.postprocess.nms import Boxes, areas, as_rows, iou, shared
from runner.postprocess.polygons import rasterised, rings
from runner.postprocess.regions import union
from runner.postprocess.rle import Runs, bits_in, decode
from runner.values.geometry import Box, PixelBox, Size
from runner.values.result import Detection, Issue

AGREE = 0.5
"""Intersection over union in the shared part, from which on two detections are one thing."""

COVERED = 0.8
"""A piece at the edge of its window, of which the other window's thing covers this share, is that."""

SLACK = 0.01
"""A box that ends this near to the edge of its window, as a share of the window, was cut off there;
models are a few thousandths off."""

NEAR = 0.02
"""Two points that are at most this share of a window apart are one."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing as one window shows it: the position of the window, that of the thing in what was
    found there, and the thing in pixels of the original."""

    window: int
    index: int
    found: Detection


def merged(
    found: Sequence[Sequence[Detection]], windows: Sequence[PixelBox], whole: PixelBox, size: Size
) -> tuple[Seen, ...]:
    """Every thing once, in the order of the windows and of what was found in them.

    `whole` is the part of the image, which has this `size`, that all windows together show. Of
    several views of a thing the one that lies farthest from a seam is kept. When no window shows all
    of it, it is put together of its pieces, and says so in an issue `seam`.
    """
    seen = [
        Seen(window, index, each)
        for window, things in enumerate(found)
        for index, each in enumerate(things)
    ]
    seams = _Seams(windows, whole, size)
    groups = _Groups(seen)
    for _, one, other in sorted(seams.agreements(seen), key=lambda pair: -pair[0]):
        groups.join(one, other)
    kept = (seams.best([seen[each] for each in group]) for group in groups.members())
    return tuple(sorted(kept, key=lambda each: (each.window, each.index)))


@dataclass(slots=True)
class _Groups:
    """What belongs together, by position: of each window at most one thing."""

    seen: Sequence[Seen]
    _group: dict[int, list[int]] = field(default_factory=dict)

    def join(self, one: int, other: int) -> None:
        """Puts the groups of two things together, if no window then has two."""
        a, b = self._of(one), self._of(other)
        if a is b or {self.seen[n].window for n in a} & {self.seen[n].window for n in b}:
            return
        a += b
        for each in b:
            self._group[each] = a

    def members(self) -> Iterator[list[int]]:
        """Every group once."""
        for position in range(len(self.seen)):
            group = self._of(position)
            if group[0] == position:
                yield group

    def _of(self, position: int) -> list[int]:
        return self._group.setdefault(position, [position])


@dataclass(slots=True)
class _Seams:
    windows: Sequence[PixelBox]
    whole: PixelBox
    size: Size

    def agreements(self, seen: Sequence[Seen]) -> Iterator[tuple[float, int, int]]:
        """Pairs of things of one label that two windows show, and how well they agree, 0–1."""
        by_window: dict[int, list[int]] = {}
        for position, each in enumerate(seen):
            by_window.setdefault(each.window, []).append(position)
        for one, other in combinations(sorted(by_window), 2):
            part = self.windows[one].within(self.windows[other])
            if part is None:
                continue
            pair = by_window[one], by_window[other]
            yield from self._areas_in(
                part, seen, *([n for n in each if seen[n].found.extent] for each in pair)
            )
            yield from self._points(
                seen, *([n for n in each if _is_point(seen[n].found)] for each in pair)
            )

    def _areas_in(
        self, part: PixelBox, seen: Sequence[Seen], ones: Sequence[int], others: Sequence[int]
    ) -> Iterator[tuple[float, int, int]]:
        here = as_rows([Box(*map(float, part.as_list()))])[0]
        a, b = (as_rows([_extent(seen[n]) for n in each]) for each in (ones, others))
        room = max(self._room(seen[n]) for n in (*ones, *others)) if ones and others else 0.0
        for row in np.flatnonzero(shared(a, _grown(here, room)) > 0).tolist():
            agree = iou(_cut(a[row], here), _cut(b, here))
            one = seen[ones[row]]
            for column in np.flatnonzero(shared(_grown(a[row], room), b) > 0).tolist():
                other = seen[others[column]]
                if _label(one) != _label(other):
                    continue
                share = self._agreement(one, other, float(agree[column]), part)
                if share >= AGREE:
                    yield share, ones[row], others[column]

    def _points(
        self, seen: Sequence[Seen], ones: Sequence[int], others: Sequence[int]
    ) -> Iterator[tuple[float, int, int]]:
        windows = {self.windows[seen[n].window] for n in (*ones, *others)}
        far = NEAR * max((max(each.width, each.height) for each in windows), default=0)
        places = as_rows([_extent(seen[n]) for n in others])
        for one in ones:
            at = _extent(seen[one])
            away = np.hypot(places[:, 0] - at.x_min, places[:, 1] - at.y_min)
            for column in np.flatnonzero(away <= far).tolist():
                if _label(seen[one]) == _label(seen[others[column]]):
                    yield 1.0 - float(away[column]) / far, one, others[column]

    def _agreement(self, one: Seen, other: Seen, of_boxes: float, part: PixelBox) -> float:
        """Of pixels where both are drawn, else of boxes. Models paint one thing generously in one
        window and sparingly in the next: where the boxes agree, it is enough that the lesser part
        lies within the greater."""
        share = of_boxes
        drawn = [_runs(each.found, self.size) for each in (one, other)]
        if drawn[0] is not None and drawn[1] is not None:
            a, b = bits_in(drawn[0], part), bits_in(drawn[1], part)
            both, either = np.count_nonzero(a & b), np.count_nonzero(a | b)
            share = both / either if either else 0.0
            lesser = min(np.count_nonzero(a), np.count_nonzero(b))
            if of_boxes >= AGREE and both >= COVERED * lesser > 0:
                share = max(share, AGREE)
        return max(share, self._covering(one, other), self._covering(other, one))

    def _covering(self, thing: Seen, piece: Seen) -> float:
        """`AGREE` when the piece is the rest of the thing that reaches into its window."""
        if self.margin(piece) > SLACK:
            return 0.0
        wide = _grown(as_rows([_extent(thing)]), self._room(piece))
        rest = as_rows([_extent(piece)])
        return AGREE if shared(rest, wide)[0] >= COVERED * areas(rest)[0] > 0 else 0.0

    def _room(self, each: Seen) -> float:
        window = self.windows[each.window]
        return SLACK * max(window.width, window.height)

    def margin(self, each: Seen) -> float:
        """The least distance to an edge at which the image goes on, as a share of the window; 1 when
        there is none."""
        window, box = self.windows[each.window], _extent(each)
        distances = (
            (box.x_min - window.x_min) / window.width if window.x_min > self.whole.x_min else 1.0,
            (box.y_min - window.y_min) / window.height if window.y_min > self.whole.y_min else 1.0,
            (window.x_max - box.x_max) / window.width if window.x_max < self.whole.x_max else 1.0,
            (window.y_max - box.y_max) / window.height if window.y_max < self.whole.y_max else 1.0,
        )
        return min(distances)

    def best(self, group: Sequence[Seen]) -> Seen:
        """The view of a thing that is kept: of a window that shows all that any of them saw of it.
        There may be none; then the thing is put together."""
        if len(group) == 1:
            return group[0]
        pieces = as_rows([_extent(each) for each in group])
        around = np.concatenate([pieces[:, :2].min(axis=0), pieces[:, 2:].max(axis=0)])
        views = [each for each in group if self._shows(each, around)]
        if views:
            return max(views, key=lambda each: (self.margin(each), -each.window))
        largest = max(group, key=lambda each: (_extent(each).area, -each.window))
        if _is_point(largest.found):
            return largest
        return replace(largest, found=_united(largest.found, [e.found for e in group], self.size))

    def _shows(self, each: Seen, box: Boxes) -> bool:
        window = as_rows([Box(*map(float, self.windows[each.window].as_list()))])[0]
        wide = _grown(window, self._room(each))
        return bool((box[:2] >= wide[:2]).all() and (box[2:] <= wide[2:]).all())


def _united(largest: Detection, pieces: Sequence[Detection], size: Size) -> Detection:
    """The largest piece, grown to all of them: the box around them, the pixels of any of them."""
    rows = as_rows([box for piece in pieces if (box := piece.extent) is not None])
    low, high = rows.min(axis=0).tolist(), rows.max(axis=0).tolist()
    box = Box(low[0], low[1], high[2], high[3])
    why = f"no tile shows all of it; put together of {len(pieces)} pieces"
    whole = replace(largest, issues=(*largest.issues, Issue("seam", why)))
    if largest.box is not None:
        whole = replace(whole, box=box, box_px=box.on_pixels(size), box_2d=None)
    drawn = [_runs(piece, size) for piece in pieces]
    if all(runs is not None for runs in drawn):
        runs = reduce(union, [each for each in drawn if each is not None])
        mask = mask_of(runs, largest.mask.encoding if largest.mask else "polygon_xy")
        whole = replace(
            whole,
            mask=mask if largest.mask else None,
            polygon=rings(mask) if largest.polygon else (),
        )
    return whole


def _grown(boxes: Boxes, room: float) -> Boxes:
    """Each row with so much room on every side."""
    wide: Boxes = boxes + np.array([-room, -room, room, room])
    return wide


def _cut(boxes: Boxes, part: Boxes) -> Boxes:
    """The part of each row that lies in a part of the image."""
    low, high = np.maximum(boxes[..., :2], part[:2]), np.minimum(boxes[..., 2:], part[2:])
    return np.concatenate([low, np.maximum(low, high)], axis=-1)


def _runs(found: Detection, size: Size) -> Runs | None:
    """The pixels of a thing; None when there is only a box around it."""
    if found.mask is not None:
        return decode(found.mask.rle)
    return rasterised(found.polygon, size) if found.polygon else None


def _extent(each: Seen) -> Box:
    """The box around what was seen; a point has one without area."""
    box, point = each.found.extent, each.found.point
    if box is None and point is not None:
        box = Box(point.x, point.y, point.x, point.y)
    assert box is not None
    return box


def _is_point(found: Detection) -> bool:
    return found.extent is None and found.point is not None


def _label(each: Seen) -> str | None:
    """As it is compared: a model that writes `Cup` in one tile means the `cup` of the next."""
    return None if each.found.label is None else each.found.label.strip().casefold()
