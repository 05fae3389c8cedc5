"""Points in an order are a way: by their numbers, by their label, or by the list that they stand in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner.postprocess.paths import Path, paths
from runner.values.geometry import Box, Point
from runner.values.result import Detection


def points(*labels: str | None, under: str = "points") -> list[Detection]:
    return [
        Detection(f"{under}[{number}]", label, point=Point(number, 0))
        for number, label in enumerate(labels)
    ]


def test_labels_that_are_numbers_are_the_order() -> None:
    """As Google's guide asks for: from "0" on, in whatever order they are written."""
    assert paths(points("10", "0", " 2")) == (
        Path(None, (Point(1, 0), Point(2, 0), Point(0, 0)), (0, 2, 10)),
    )


def test_points_of_a_label_are_a_way() -> None:
    """In the order in which they are written, counted from 1; some labels may be numbers."""
    assert paths(points("left", "right", "left", None, "1")) == (
        Path("left", (Point(0, 0), Point(2, 0)), (1, 2)),
        Path("right", (Point(1, 0),), (1,)),
        Path(None, (Point(3, 0),), (1,)),
        Path("1", (Point(4, 0),), (1,)),
    )
    assert paths(points("1", "1")) == (Path("1", (Point(0, 0), Point(1, 0)), (1, 2)),)


def test_the_points_of_a_list_belong_together() -> None:
    """Two records of the same label with a list of points each are two ways."""
    first, second = (
        points("arm", "arm", under="ways[0].points"),
        points("arm", under="ways[1].points"),
    )
    assert [path.numbers for path in paths([*first, *second])] == [(1, 2), (1,)]
    assert paths([Detection("boxes[0]", "a", box=Box(0, 0, 1, 1))]) == ()


@given(st.lists(st.none() | st.text(alphabet="0123²٣ a\u0661", max_size=12), max_size=8))
def test_no_point_is_lost(labels: list[str | None]) -> None:
    """Whatever the labels are, digits of other scripts and of no number among them."""
    found = paths(points(*labels))
    assert sorted(point.x for path in found for point in path.points) == list(range(len(labels)))
    assert all(len(path.points) == len(path.numbers) for path in found)
