"""`resize:`, `convert:`, `rotate:` and `tile:` — what is done to the images of a step; at the top of
the file they are for every step that says nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.values.problem import Route
from runner.values.shape import Shape
from runner.workflow.comparisons import share_of
from runner.workflow.findings import Findings
from runner.workflow.parts import Part, whole
from runner.workflow.spec import StepPreparation, Tile

MOST_OVERLAP = 0.5


def preparation_of(
    step: Mapping[str, Any], route: Route, shape: Shape | None, images: int, findings: Findings
) -> StepPreparation:
    """That of a step with answers of this shape, that sends so many images in a request. Its own
    words win over those at the top."""
    found: dict[str, tuple[object, Route]] = {}
    for key in ("tile", "resize", "convert"):
        own = step.get(key) is not None
        value = step[key] if own else findings.document.data.get(key)
        if value is not None:
            found[key] = value, (*route, key) if own else (key,)
    tile = None
    if "tile" in found:
        written, at = found["tile"]
        tile = _tile(written, at, findings)
        if shape is not None:
            _tell_tile(step.get("id"), whole(shape), images, at, findings)
    values: Mapping[str, Any] = {key: value for key, (value, _) in found.items()}
    resize = int(values["resize"]) if "resize" in values else None
    return StepPreparation(tile, resize, values.get("convert"))


def list_name(answer: Part) -> str | None:
    """The name under which an answer holds its list of things with places, and nothing else; empty
    when the answer is that list itself; None when it is of another kind."""
    if answer.kind == "list":
        return "" if answer.spaces - {"box_3d"} else None
    if answer.kind != "record" or len(answer.fields) != 1:
        return None
    ((name, part),) = answer.fields.items()
    return name if part.kind == "list" and part.spaces - {"box_3d"} else None


def _tile(written: object, route: Route, findings: Findings) -> Tile | None:
    if isinstance(written, Mapping):
        size, overlap = written.get("size"), written.get("overlap")
    else:
        size, overlap = written, None
    if not isinstance(size, int | float):
        return None
    if overlap is None:
        return Tile(int(size))
    share = share_of(overlap)
    if share is None:
        return None
    if not 0 <= share <= MOST_OVERLAP:
        message = f"neighbouring tiles can share at most half of their side, not {overlap}"
        findings.error("W206", (*route, "overlap"), message, "write overlap: 15%")
        return None
    return Tile(int(size), share)


def _tell_tile(step: object, answer: Part, images: int, route: Route, findings: Findings) -> None:
    named = f"step `{step}`"
    if list_name(answer) is None:
        message = f"the answers about tiles are put together by place, and {named} asks for no list of places"
        fix = "write `tile:` in the steps that ask for boxes, points, polygons or masks"
        if answer.spaces:
            message = f"the answers about tiles become one list, and that of {named} is more than one list"
            fix = "ask with `schema:` boxes, points, polygons or masks, or with `list_of:`"
        findings.error("W211", route, message, fix, key=True)
    elif images != 1:
        message = f"tiles are cut from one image, and {named} sends several in a request"
        findings.error(
            "W211", route, message, "name one of them under `images:` in the step", key=True
        )
