"""Cuts an image, or the part of it that is not background, into pieces of one colour each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runner.providers.simulator.colours import Floats
from runner.providers.simulator.components import Bits, Labels, label

WEIGHTS = np.array([0.6, 1.0, 1.0], np.float32)
"""Lightness counts less than hue: shade and gloss do not cut a thing in two."""

ACROSS = 3
"""How many pixels apart two pixels are compared across an edge, which is never quite sharp."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How finely to cut. Colours nearer than `apart` are one; pieces smaller than `least_area`
    pixels or `least_share` of their component join a neighbour; neighbours join when the step
    between them is under `edge`, or under the usual step of the image when `adaptive`."""

    apart: float
    least_area: int
    least_share: float
    smooth: int
    edge: float = 12.0
    adaptive: bool = False


def pieces(colours: Floats, inside: Bits, cut: Cut) -> tuple[Labels, int]:
    """The piece of every pixel inside, numbered from 0 (−1 outside), and how many there are."""
    weighted = colours * WEIGHTS
    labels, count = label(np.where(inside, _classes(weighted, inside, cut), -1))
    labels, count = _without_crumbs(labels, count, inside, cut)
    return _without_weak_edges(weighted, labels, count, cut)


def _classes(weighted: Floats, inside: Bits, cut: Cut) -> NDArray[np.intp]:
    """The main colour that each pixel is nearest to, after a vote of its neighbourhood."""
    samples = weighted[inside]
    centres = _main_colours(samples[:: max(1, len(samples) // 4000)], cut.apart)
    if len(centres) == 1:
        return np.zeros(inside.shape, np.intp)
    away = np.stack([((weighted - centre) ** 2).sum(axis=2) for centre in centres])
    nearest = away.argmin(axis=0)
    votes = [_box_sums((nearest == i) & inside, cut.smooth) for i in range(len(centres))]
    winners: NDArray[np.intp] = np.stack(votes).argmax(axis=0)
    return winners


def _main_colours(samples: Floats, apart: float, most: int = 10) -> Floats:
    """k-means from the farthest points on; then centres nearer than `apart` become one."""
    centres = _far_points(samples, apart * 0.75, most)
    nearest = np.zeros(len(samples), np.intp)
    for _ in range(12):
        nearest = ((samples[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
        moved = np.stack(
            [
                samples[nearest == i].mean(axis=0) if (nearest == i).any() else centre
                for i, centre in enumerate(centres)
            ]
        )
        if np.allclose(moved, centres, atol=1e-3):
            break
        centres = moved
    return _joined(centres, np.bincount(nearest, minlength=len(centres)).astype(float), apart)


def _far_points(samples: Floats, apart: float, most: int) -> Floats:
    mean = samples.mean(axis=0)
    chosen = [samples[np.linalg.norm(samples - mean, axis=1).argmin()]]
    away = np.linalg.norm(samples - chosen[0], axis=1)
    while len(chosen) < most:
        # not the very farthest: a few odd pixels are no colour of their own
        far = np.argsort(away, kind="stable")[int(0.995 * (len(samples) - 1))]
        if away[far] < apart:
            break
        chosen.append(samples[far])
        away = np.minimum(away, np.linalg.norm(samples - samples[far], axis=1))
    return np.stack(chosen)


def _joined(centres: Floats, counts: NDArray[np.float64], apart: float) -> Floats:
    while len(centres) > 1:
        gaps = np.linalg.norm(centres[:, None] - centres[None], axis=2)
        np.fill_diagonal(gaps, np.inf)
        i, j = np.unravel_index(int(gaps.argmin()), gaps.shape)
        if gaps[i, j] >= apart:
            break
        both = max(counts[i] + counts[j], 1.0)
        centres[i] = (centres[i] * counts[i] + centres[j] * counts[j]) / both
        counts[i] = both
        centres, counts = np.delete(centres, j, axis=0), np.delete(counts, j)
    return centres


def _without_crumbs(labels: Labels, count: int, inside: Bits, cut: Cut) -> tuple[Labels, int]:
    """Small pieces go to the neighbour with which they share the longest edge, again and again."""
    whole, wholes = label(np.where(inside, 0, -1))
    whole_area = np.bincount(whole[inside], minlength=wholes)
    for _ in range(12):
        area = np.bincount(labels[inside], minlength=count)
        home = np.zeros(count, np.intp)
        home[labels[inside]] = whole[inside]
        small = area < np.maximum(cut.least_area, cut.least_share * whole_area[home])
        targets = _longest_neighbours(labels, area, small, count)
        if targets is None:
            break
        labels, count = _renamed(labels, targets)
    return labels, count


def _longest_neighbours(
    labels: Labels, area: NDArray[np.intp], small: Bits, count: int
) -> NDArray[np.intp] | None:
    """For every piece the one that it becomes; None when nothing changes any more."""
    pairs = [_pairs(labels[:, :-1], labels[:, 1:]), _pairs(labels[:-1], labels[1:])]
    here = np.concatenate([side for a, b in pairs for side in (a, b)]).astype(np.int64)
    there = np.concatenate([side for a, b in pairs for side in (b, a)]).astype(np.int64)
    keys, lengths = np.unique(here * count + there, return_counts=True)
    here, there = keys // count, keys % count
    bigger = (area[there] > area[here]) | ((area[there] == area[here]) & (there < here))
    wanted = small[here] & bigger
    here, there, lengths = here[wanted], there[wanted], lengths[wanted]
    if not here.size:
        return None
    order = np.lexsort((there, -lengths, here))
    here, there = here[order], there[order]
    first = np.append(True, here[1:] != here[:-1])
    targets = np.arange(count)
    targets[here[first]] = there[first]
    while not np.array_equal(further := targets[targets], targets):
        targets = further
    return targets


def _without_weak_edges(
    weighted: Floats, labels: Labels, count: int, cut: Cut
) -> tuple[Labels, int]:
    """Neighbours between which the colour hardly steps become one: shading, not an edge."""
    limit = cut.edge
    for turn in range(100):
        left, right, step, length = _steps(weighted, labels, count)
        if not left.size:
            break
        if turn == 0 and cut.adaptive:
            limit = min(limit, _usual(step, length))
        weak = np.flatnonzero((step < limit) & (length >= 8))
        if not weak.size:
            break
        targets = np.arange(count)
        used: set[int] = set()
        for i in weak[np.argsort(step[weak], kind="stable")]:
            a, b = int(left[i]), int(right[i])
            if a not in used and b not in used:  # the steps of a joined piece are measured anew
                used |= {a, b}
                targets[b] = a
        labels, count = _renamed(labels, targets)
    return labels, count


def _steps(
    weighted: Floats, labels: Labels, count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.intp]]:
    """For each pair of neighbours: both, the mean step of colour between them, the edge's length."""
    keys, steps = [], []
    for first, second in (
        (np.s_[:, :-ACROSS], np.s_[:, ACROSS:]),
        (np.s_[:-ACROSS, :], np.s_[ACROSS:, :]),
    ):
        a, b = labels[first].astype(np.int64), labels[second].astype(np.int64)
        apart = (a != b) & (a >= 0) & (b >= 0)
        steps.append(np.linalg.norm((weighted[first] - weighted[second])[apart], axis=1))
        keys.append(np.minimum(a, b)[apart] * count + np.maximum(a, b)[apart])
    found, inverse, lengths = np.unique(
        np.concatenate(keys), return_inverse=True, return_counts=True
    )
    means = np.bincount(inverse, np.concatenate(steps), minlength=len(found)) / lengths
    return found // count, found % count, means, lengths


def _usual(steps: NDArray[np.float64], lengths: NDArray[np.intp]) -> float:
    """The median step, each pair counted by the length of its edge."""
    order = np.argsort(steps, kind="stable")
    total = np.cumsum(lengths[order])
    return float(steps[order][np.searchsorted(total, total[-1] / 2)])


def _pairs(a: Labels, b: Labels) -> tuple[Labels, Labels]:
    apart = (a != b) & (a >= 0) & (b >= 0)
    return a[apart], b[apart]


def _renamed(labels: Labels, targets: NDArray[np.intp]) -> tuple[Labels, int]:
    names, numbers = np.unique(targets, return_inverse=True)
    renamed = np.append(numbers, -1)[labels].astype(np.int32)  # −1 finds the last one: −1
    return renamed, len(names)


def _box_sums(bits: Bits, radius: int) -> NDArray[np.int32]:
    """How many pixels are set in the square around each pixel."""
    span = 2 * radius + 1
    padded = np.pad(bits.astype(np.int32), ((radius + 1, radius), (radius + 1, radius)))
    total = padded.cumsum(axis=0).cumsum(axis=1)
    sums: NDArray[np.int32] = (
        total[span:, span:] - total[:-span, span:] - total[span:, :-span] + total[:-span, :-span]
    )
    return sums
