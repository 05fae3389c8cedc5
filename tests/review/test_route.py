"""Paths of answers, walked and moved when items of lists are left out."""

from __future__ import annotations

import pytest

from runner.review.route import (
    copy_of,
    kind_of,
    left_out,
    moved_up,
    path_of,
    put,
    route_of,
    value_at,
)

ANSWER = {"rows": [{"name": "a", "tags": ["x", "y"]}, {"name": "b", "tags": []}], "sum": 3}


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("", ()),
        ("sum", ("sum",)),
        ("[2]", (2,)),
        ("rows[1].tags[0]", ("rows", 1, "tags", 0)),
        ("[2].boxes[10].box", (2, "boxes", 10, "box")),
    ],
)
def test_a_path_is_a_route_and_back(path: str, route: tuple[str | int, ...]) -> None:
    """Both say the same."""
    assert route_of(path) == route
    assert path_of(route) == path


def test_a_kind_is_the_same_for_every_item() -> None:
    """Positions are not in it."""
    assert kind_of(("rows", 1, "tags", 0)) == "rows[].tags[]"


@pytest.mark.parametrize("path", ["rows[", "rows[x]", "a..b", "]"])
def test_what_is_no_path_is_refused(path: str) -> None:
    """It is never read as another one."""
    with pytest.raises(ValueError, match="no path of an answer"):
        route_of(path)


@pytest.mark.parametrize("route", [("rows", 2), ("rows", "name"), ("sum", 0), ("other",)])
def test_a_route_that_leads_nowhere_is_told(route: tuple[str | int, ...]) -> None:
    """For reading and for writing."""
    with pytest.raises(ValueError, match="the answer has no"):
        value_at(ANSWER, route)
    with pytest.raises(ValueError, match="the answer has no"):
        put(copy_of(ANSWER), route, 1)


def test_a_value_is_put_into_a_copy() -> None:
    """The answer that it was copied from stays."""
    changed = put(copy_of(ANSWER), ("rows", 0, "name"), "c")
    assert value_at(changed, ("rows", 0, "name")) == "c"
    assert value_at(ANSWER, ("rows", 0, "name")) == "a"
    assert put("text", (), "other") == "other"


def test_items_are_left_out_together() -> None:
    """Each by its number before any was; a value that is no item becomes null."""
    answer = {"rows": [0, 1, 2, 3], "one": [1, 2]}
    gone = [("rows", 0), ("rows", 2), ("one",)]
    assert left_out(answer, gone) == {"rows": [1, 3], "one": None}


@pytest.mark.parametrize(
    ("route", "now"),
    [
        (("rows", 0), ("rows", 0)),
        (("rows", 1), None),
        (("rows", 1, "part"), None),
        (("rows", 3, "part", 4), ("rows", 2, "part", 4)),
        (("other", 3), ("other", 3)),
        (("one",), None),
    ],
)
def test_what_stands_behind_moves_up(
    route: tuple[str | int, ...], now: tuple[str | int, ...] | None
) -> None:
    """What is part of an item goes with it."""
    assert moved_up(route, [("rows", 1), ("one",)]) == now
