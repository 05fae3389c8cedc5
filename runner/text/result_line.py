"""A line of `results.jsonl`: one result as one JSON object, and back, without any loss.

`schemas/result.schema.json` describes every key. The order of the keys is fixed and a float is
written with the fewest digits that give it back (a coordinate n · side / 1000 has at most three
decimals), so the same result is the same bytes on every machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from runner.values.answer import Json
from runner.values.geometry import Box, NormBox, PixelBox, Point, Polygon, Size
from runner.values.mask import Mask, Rle
from runner.values.result import Detection, Entry, Issue, Result, ResultImage


def to_line(result: Result) -> str:
    """The line without its line end. Raises ValueError for NaN and infinity: JSON has none."""
    line = json.dumps(_result(result), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", line)


def from_line(line: str) -> Result:
    """The result of a line. Unknown keys are passed over: a later version may have written it.

    Raises ValueError for anything that is not a line of results.
    """
    try:
        return _read_result(json.loads(line))
    except (KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise ValueError(f"not a line of results: {problem!r}") from problem


_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Halves of surrogate pairs have no UTF-8; the others end a line or vanish in some readers."""


# -- writing --------------------------------------------------------------------------------------


def _result(result: Result) -> dict[str, object]:
    return {
        "case": result.case,
        "step": result.step,
        "combination": dict(result.combination),
        "repeat": result.repeat,
        "images": [_image(image) for image in result.images],
        "status": result.status,
        "answer": result.answer,
        "detections": [_detection(detection) for detection in result.detections],
        "issues": [_issue(issue) for issue in result.issues],
        "recovered": result.recovered,
        "error": result.error,
        "parsed_by": result.parsed_by,
        "usage": dict(result.usage),
        "cost_usd": result.cost_usd,
        "model": result.model,
        "simulated": result.simulated,
        "request_key": result.request_key,
        "ordinal": result.ordinal,
        "row": dict(result.row),
        **({"entries": [_entry(entry) for entry in result.entries]} if result.entries else {}),
    }


def _entry(entry: Entry) -> dict[str, object]:
    return {
        "status": entry.status,
        "error": entry.error,
        "request_key": entry.request_key,
        "image": entry.image,
        "window": entry.window.as_list() if entry.window else None,
        **({"tiles": [_entry(tile) for tile in entry.tiles]} if entry.tiles else {}),
    }


def _image(image: ResultImage) -> dict[str, object]:
    sent = (image.sent_size, image.sent_mime, image.sent_sha256)
    return {
        "name": image.name,
        "role": image.role,
        "path": image.path,
        **({"address": image.address} if image.address else {}),
        **_size(image.size),
        "orientation": image.orientation,
        "sha256": image.sha256,
        **({"frame": image.frame} if image.frame else {}),
        **({"window": image.window.as_list()} if image.window else {}),
        "sent": None
        if sent == (None, None, None)
        else {**_size(image.sent_size), "mime": image.sent_mime, "sha256": image.sent_sha256},
    }


def _size(size: Size | None) -> dict[str, object]:
    return {"width": size.width if size else None, "height": size.height if size else None}


def _detection(found: Detection) -> dict[str, object]:
    """What is not set is left out, except the label."""
    line: dict[str, object] = {"at": found.at, "label": found.label}
    if found.box is not None:
        line["box"] = found.box.as_list()
    if found.box_px is not None:
        line["box_px"] = found.box_px.as_list()
    if found.box_2d is not None:
        line["box_2d"] = found.box_2d.as_list()
    if found.point is not None:
        line["point"] = found.point.as_list()
    if found.polygon:
        line["polygon"] = [ring.as_list() for ring in found.polygon]
    if found.mask is not None:
        line["mask"] = mask_value(found.mask)
    if found.box_3d is not None:
        line["box_3d"] = list(found.box_3d)
    if found.score is not None:
        line["score"] = found.score
    issues = [_issue(issue) for issue in found.issues]
    return {**line, "image": found.image, "fields": dict(found.fields), "issues": issues}


def mask_value(mask: Mask) -> dict[str, Json]:
    """The form of a mask in detections and in answers."""
    return {
        "encoding": mask.encoding,
        "rle": {"size": [mask.rle.size.height, mask.rle.size.width], "counts": mask.rle.counts},
        "area": mask.area,
        "tight_box": [*mask.tight_box.as_list()] if mask.tight_box else None,
    }


def _issue(issue: Issue) -> dict[str, object]:
    line: dict[str, object] = {"code": issue.code}
    if issue.at is not None:
        line["at"] = issue.at
    if issue.index is not None:
        line["index"] = issue.index
    return {**line, "why": issue.why}


# -- reading; `Any` because the shape is checked by the values that are made of it ------------------


def _read_result(line: Any) -> Result:
    return Result(
        ordinal=line["ordinal"],
        case=line["case"],
        step=line["step"],
        combination=line["combination"],
        repeat=line["repeat"],
        images=tuple(_read_image(image) for image in line["images"]),
        status=line["status"],
        answer=line["answer"],
        detections=tuple(_read_detection(found) for found in line["detections"]),
        issues=_read_issues(line["issues"]),
        recovered=line["recovered"],
        error=line["error"],
        parsed_by=line["parsed_by"],
        usage=line["usage"],
        cost_usd=line["cost_usd"],
        model=line["model"],
        simulated=line["simulated"],
        request_key=line["request_key"],
        row=line["row"],
        entries=tuple(_read_entry(entry) for entry in line.get("entries", ())),
    )


def _read_entry(line: Any) -> Entry:
    return Entry(
        status=line["status"],
        error=line["error"],
        request_key=line["request_key"],
        image=line["image"],
        window=None if line["window"] is None else PixelBox(*line["window"]),
        tiles=tuple(_read_entry(tile) for tile in line.get("tiles", ())),
    )


def _read_image(line: Any) -> ResultImage:
    sent = line["sent"] or {"width": None, "height": None, "mime": None, "sha256": None}
    return ResultImage(
        name=line["name"],
        role=line["role"],
        path=line["path"],
        size=_read_size(line),
        orientation=line["orientation"],
        sha256=line["sha256"],
        sent_mime=sent["mime"],
        sent_size=_read_size(sent),
        sent_sha256=sent["sha256"],
        address=line.get("address"),
        window=PixelBox(*line["window"]) if line.get("window") else None,
        frame=line.get("frame", 0),
    )


def _read_size(line: Mapping[str, Any]) -> Size | None:
    return None if line["width"] is None else Size(line["width"], line["height"])


def _read_detection(line: Any) -> Detection:
    return Detection(
        at=line["at"],
        label=line["label"],
        box=Box(*line["box"]) if "box" in line else None,
        box_px=PixelBox(*line["box_px"]) if "box_px" in line else None,
        box_2d=NormBox(*line["box_2d"]) if "box_2d" in line else None,
        point=Point(*line["point"]) if "point" in line else None,
        polygon=tuple(_read_ring(ring) for ring in line.get("polygon", ())),
        mask=_read_mask(line["mask"]) if "mask" in line else None,
        box_3d=tuple(line["box_3d"]) if "box_3d" in line else None,
        score=line.get("score"),
        image=line["image"],
        fields=line["fields"],
        issues=_read_issues(line["issues"]),
    )


def _read_ring(points: Any) -> Polygon:
    return Polygon(tuple(Point(x, y) for x, y in points))


def _read_mask(line: Any) -> Mask:
    height, width = line["rle"]["size"]
    tight = line["tight_box"]
    return Mask(
        encoding=line["encoding"],
        rle=Rle(Size(width, height), line["rle"]["counts"]),
        area=line["area"],
        tight_box=None if tight is None else Box(*tight),
    )


def _read_issues(lines: Any) -> tuple[Issue, ...]:
    return tuple(
        Issue(line["code"], line["why"], line.get("at"), line.get("index"))
        for line in cast("list[dict[str, Any]]", lines)
    )
