"""What of an image is background: how far every pixel is from a smooth surface through its border.

The border of most photographs of things, and of all drawn scenes, shows the background. A surface
of low degree in each channel of L*a*b* follows plain grounds, gradients and uneven light.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runner.providers.simulator.colours import Floats

CALM = 4.5
"""A border that a surface explains to within this (median, in units of L*a*b*) is background."""

LEAST_DISTANCE = 7.0
"""Nothing nearer to the background than this is taken for a thing."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The distance of every pixel from the background, and where things begin.

    `distance` is None when no background was found: then the whole image is looked at.
    """

    distance: Floats | None = None
    threshold: float = 0.0


def ground(colours: Floats) -> Ground:
    """The background of an image, given as height × width × 3 in L*a*b*."""
    height, width, _ = colours.shape
    ys, xs = _border(height, width)
    samples = colours[ys, xs]
    surface, error = _through_border(samples, _unit(ys, height), _unit(xs, width))
    if error > CALM:
        return Ground()
    distance = _distance(colours, surface)
    finer = _through_inliers(colours, distance, error)
    if finer is not None:
        distance = _distance(colours, finer)
    return Ground(distance, _threshold(distance))


def otsu(values: NDArray[np.floating]) -> float:
    """The value that parts these in two groups with the least spread within them.

    Source: Otsu 1979, A threshold selection method from gray-level histograms.
    """
    counts, edges = np.histogram(values, bins=256, range=(0.0, float(values.max()) + 1e-6))
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * (edges[:-1] + edges[1:]) / 2)
    mean_below = sums / np.maximum(below, 1)
    mean_above = (sums[-1] - sums) / np.maximum(above, 1)
    return float(edges[np.argmax(below * above * (mean_below - mean_above) ** 2.0) + 1])


def _threshold(distance: Floats) -> float:
    """Four times what is usual in the background, but no more than Otsu's."""
    split = otsu(np.minimum(distance, 80.0))
    usual = float(np.median(distance[distance <= split]))
    return max(LEAST_DISTANCE, min(4.0 * usual, split))


def _border(height: int, width: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """At most about 4,000 pixels of a frame as wide as 3 % of the shorter side."""
    frame = np.zeros((height, width), bool)
    wide = max(2, round(0.03 * min(height, width)))
    frame[:wide] = frame[-wide:] = frame[:, :wide] = frame[:, -wide:] = True
    ys, xs = np.nonzero(frame)
    step = max(1, len(ys) // 4000)
    return ys[::step], xs[::step]


def _through_border(samples: Floats, ys: Floats, xs: Floats) -> tuple[Floats, float]:
    """The simplest surface that fits most of the border, and its median error.

    A higher degree has to be better by a fifth, or it would bend through the things at the border.
    """
    best: tuple[Floats, float] | None = None
    for degree in (0, 1, 2):
        terms = _terms(ys, xs, degree)
        errors = np.linalg.norm(samples - np.median(samples, axis=0), axis=1)
        surface = np.zeros((terms.shape[1], 3), np.float32)
        for _ in range(8):  # things at the border drop out from round to round
            near = errors <= max(5.0, 2.0 * float(np.median(errors)))
            surface = _fitted(terms[near], samples[near])
            errors = np.linalg.norm(samples - terms @ surface, axis=1)
        error = float(np.median(errors))
        if best is None or error < 0.8 * best[1]:
            best = surface, error
    assert best is not None
    return best


def _through_inliers(colours: Floats, distance: Floats, error: float) -> Floats | None:
    """A cubic surface through all that looked like background; None when that is too little.

    Border pixels say nothing of the middle: uneven light there is only seen in the second look.
    """
    height, width, _ = colours.shape
    step = max(1, int((height * width / 8000) ** 0.5))
    ys, xs = (grid[::step, ::step].ravel() for grid in np.mgrid[0:height, 0:width])
    samples = colours[ys, xs]
    terms = _terms(_unit(ys, height), _unit(xs, width), 3)
    near = distance[ys, xs] <= max(6.0, 3.0 * error)
    surface = np.zeros((terms.shape[1], 3), np.float32)
    for _ in range(6):
        if np.count_nonzero(near) < max(40, 0.2 * len(ys)):
            return None
        surface = _fitted(terms[near], samples[near])
        errors = np.linalg.norm(samples - terms @ surface, axis=1)
        near = errors <= max(5.0, 3.0 * float(np.median(errors[near])))
    return surface


def _fitted(terms: Floats, samples: Floats) -> Floats:
    """Least squares by the normal equations: few terms, well-conditioned, and quick."""
    wide = terms.astype(np.float64)
    square = wide.T @ wide + 1e-9 * len(wide) * np.eye(wide.shape[1])
    solution: Floats = np.linalg.solve(square, wide.T @ samples).astype(np.float32)
    return solution


def _distance(colours: Floats, surface: Floats) -> Floats:
    """How far every pixel is from the surface; powers of x and of y are taken once a column and
    once a row."""
    height, width, _ = colours.shape
    degree = {1: 0, 3: 1, 6: 2, 10: 3}[len(surface)]
    x_powers = np.stack(_powers(_unit(np.arange(width), width), degree))
    y_powers = np.stack(_powers(_unit(np.arange(height), height), degree))
    total = np.zeros((height, width), np.float32)
    for channel in range(3):
        weights = np.zeros((degree + 1, degree + 1), np.float32)
        for term, (i, j) in enumerate(_exponents(degree)):
            weights[j, i] = surface[term, channel]
        total += (colours[..., channel] - y_powers.T @ weights @ x_powers) ** 2
    away: Floats = np.sqrt(total)
    return away


def _terms(ys: Floats, xs: Floats, degree: int) -> Floats:
    """Every product of powers up to this degree, for each place."""
    x_powers, y_powers = _powers(xs, degree), _powers(ys, degree)
    terms: Floats = np.stack([x_powers[i] * y_powers[j] for i, j in _exponents(degree)], axis=-1)
    return terms


def _exponents(degree: int) -> list[tuple[int, int]]:
    """Of x and of y, in the order of the terms."""
    return [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]


def _powers(values: Floats, degree: int) -> list[Floats]:
    powers = [np.ones_like(values)]
    for _ in range(degree):
        powers.append(powers[-1] * values)
    return powers


def _unit(positions: NDArray[np.intp], side: int) -> Floats:
    """Positions from −1 to 1, so that powers of them stay well-conditioned."""
    return (positions / side * 2 - 1).astype(np.float32)
