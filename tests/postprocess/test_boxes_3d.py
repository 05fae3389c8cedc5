"""A wireframe is where a camera would see the box; the sign of every angle and axis is fixed here."""

from __future__ import annotations

from math import cos, radians, sin, tan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.postprocess.boxes_3d import Camera, clipped, extent
from runner.values.geometry import PixelBox, Point

WINDOW = PixelBox(0, 0, 800, 600)
CAMERA = Camera(WINDOW, 90.0)
"""Half its width is one metre at a distance of one metre, so its focal length is 400 pixels."""

ANGLES = st.floats(-180, 180)


@pytest.mark.parametrize(
    ("place", "seen"),
    [
        ((0.0, 2.0, 0.0), Point(400, 300)),
        ((1.0, 2.0, 0.0), Point(600, 300)),
        ((0.0, 2.0, 1.0), Point(400, 100)),
        ((-1.0, 1.0, -0.5), Point(0, 500)),
    ],
)
def test_x_is_right_y_is_forward_z_is_up(place: tuple[float, float, float], seen: Point) -> None:
    """In the frame of the camera; twice as far is half as large."""
    found = CAMERA.seen(place)
    assert (found.x, found.y) == pytest.approx((seen.x, seen.y))


def test_a_box_straight_ahead() -> None:
    """A cube of 2 m, 4 m away: its near side is 3 m away, its far side 5 m and smaller."""
    edges = CAMERA.wireframe((0, 4, 0, 2, 2, 2, 0, 0, 0))
    assert len(edges) == 12
    around = extent(edges)
    assert around is not None
    near = 400 / 3
    assert around.as_list() == pytest.approx([400 - near, 300 - near, 400 + near, 300 + near])
    xs = sorted({round(point.x) for edge in edges for point in (edge.start, edge.end)})
    assert xs == [267, 320, 480, 533]
    assert sum(edge.is_hidden for edge in edges) == 3


@pytest.mark.parametrize(
    ("angles", "rises"),
    [
        ((0, 0, 0), (0, 0)),
        ((0, 30, 0), (0, -1)),  # about y, which points away: its right end goes down
        ((0, 0, 30), (1, 0)),  # about z, which points up: its right end goes away
        ((30, 0, 0), (0, 0)),  # about itself
    ],
)
def test_angles_turn_a_rod_as_axes_say(
    angles: tuple[float, float, float], rises: tuple[int, int]
) -> None:
    """Counter-clockwise for whom the axis points at. A rod of 2 m lies across; its right end moves."""
    edges = CAMERA.wireframe((0, 10, 0, 2, 0, 0, *angles))
    right = max((point for edge in edges for point in (edge.start, edge.end)), key=lambda p: p.x)
    away, up = rises
    half = 400 * (cos(radians(30)) if away or up else 1) / (10 + away * sin(radians(30)))
    assert right.x == pytest.approx(400 + half)
    assert right.y == pytest.approx(300 - up * 400 * sin(radians(30)) / 10)


@given(st.tuples(ANGLES, ANGLES, ANGLES), st.floats(20, 120))
def test_corners_are_those_of_the_matrix(
    angles: tuple[float, float, float], field_of_view: float
) -> None:
    """R = Rz(yaw) · Ry(pitch) · Rx(roll), then f · x / y and f · z / y from the middle."""
    window = PixelBox(100, 50, 900, 650)
    centre, size = np.array([0.2, 6.0, -0.3]), np.array([0.5, 0.7, 0.9])
    r, p, y = map(radians, angles)
    turn_x = np.array([[1, 0, 0], [0, cos(r), -sin(r)], [0, sin(r), cos(r)]])
    turn_y = np.array([[cos(p), 0, sin(p)], [0, 1, 0], [-sin(p), 0, cos(p)]])
    turn_z = np.array([[cos(y), -sin(y), 0], [sin(y), cos(y), 0], [0, 0, 1]])
    focal = 400 / tan(radians(field_of_view) / 2)
    expected = set()
    for sides in np.ndindex(2, 2, 2):
        corner = centre + turn_z @ turn_y @ turn_x @ ((np.array(sides) - 0.5) * size)
        x = 500 + focal * corner[0] / corner[1]
        expected.add((round(x, 6), round(350 - focal * corner[2] / corner[1], 6)))
    found = Camera(window, field_of_view).wireframe((*centre, *size, *angles))
    inside = {(x, y) for x, y in expected if 100 < x < 900 and 50 < y < 650}
    ends = {(round(e.x, 6), round(e.y, 6)) for edge in found for e in (edge.start, edge.end)}
    assert all(min(abs(a - x) + abs(b - y) for a, b in ends) < 1e-4 for x, y in inside)


@given(
    st.tuples(*[st.floats(-20, 20)] * 3, *[st.floats(0, 30)] * 3, ANGLES, ANGLES, ANGLES),
    st.floats(1, 179),
)
def test_whatever_a_model_writes_stays_in_the_window(
    box: tuple[float, ...], field_of_view: float
) -> None:
    """Boxes around the camera, behind it and beside the image."""
    window = PixelBox(10, 20, 110, 95)
    around = extent(Camera(window, field_of_view).wireframe(box))
    assert around is None or around == around.clipped(window)


@pytest.mark.parametrize(
    "box",
    [
        (0, -4, 0, 1, 1, 1, 0, 0, 0),
        (90, 4, 0, 1, 1, 1, 0, 0, 0),
        (1e300, 1e300, 0, 1e300, 1, 1, 0, 0, 0),
    ],
)
def test_what_is_not_in_view_has_no_lines(box: tuple[float, ...]) -> None:
    """Behind the camera, beside the image, and no place at all."""
    assert CAMERA.wireframe(box) == ()
    assert extent(()) is None


@pytest.mark.parametrize(
    ("line", "inside"),
    [
        ((-10, 5, 20, 5), (0, 5, 10, 5)),
        ((5, 5, 6, 6), (5, 5, 6, 6)),
        ((-5, -5, 15, 15), (0, 0, 10, 10)),
        ((-5, 20, 15, 20), None),
        ((-5, 4, 4, -5), None),
    ],
)
def test_a_line_is_cut_at_the_edges(
    line: tuple[float, ...], inside: tuple[float, ...] | None
) -> None:
    """What lies in the window stays where it is."""
    found = clipped(Point(*line[:2]), Point(*line[2:]), PixelBox(0, 0, 10, 10))
    assert found == (None if inside is None else (Point(*inside[:2]), Point(*inside[2:])))
