"""`as: labelstudio` — tasks for Label Studio with what was found as predictions, to correct by hand.

Source: labelstud.io/guide/predictions and /guide/export.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from runner.exporters.annotated import (
    NOTES,
    Annotated,
    Annotations,
    Kind,
    annotated,
    kind_of,
)
from runner.exporters.atomic import encoded, write_file, writing
from runner.exporters.markup import attributes
from runner.exporters.record import as_line
from runner.roles import OpenImage
from runner.values.geometry import Size
from runner.values.reference import Reference
from runner.values.result import Detection, Result

LOCAL = "/data/local-files/?d="
"""How Label Studio names a file below its LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT."""

TAGS: Mapping[Kind, tuple[str, str]] = {
    "mask": ("BrushLabels", "masks"),
    "polygon": ("PolygonLabels", "outlines"),
    "box": ("RectangleLabels", "boxes"),
    "point": ("KeyPointLabels", "points"),
}
"""The control tag of each kind of place, and the name that it has in our interface."""

POINT_WIDTH = 0.5
"""Percent of the width of the image that a point is drawn with."""


@dataclass(frozen=True, slots=True)
class LabelStudio:
    """One JSON file of tasks, and beside it `….config.xml`, the labelling interface for them.

    Places are percent of the width and the height of the image; a mask is a brush. Images on this
    machine are named as local files, by their path from the folder of the workflow. The corrected
    export of Label Studio is read as truth (`format: labelstudio`).
    """

    save: Reference

    def write(
        self, results: Iterable[Result], target: Path, open_image: OpenImage
    ) -> Sequence[Path]:
        """The files, one pair for each combination and repeat, and the notes, if any."""
        written: list[Path] = []
        with annotated(results, self.save, f"{target.name}.{NOTES}") as all_of_them:
            for folder in all_of_them.folders:
                path = target.parent / folder / target.name
                written.append(path)
                with writing(path) as file:
                    between = b"[\n"
                    for image in all_of_them.images(folder):
                        file.write(between + as_line(_task(image)).rstrip(b"\n"))
                        between = b",\n"
                    file.write(b"[]\n" if between == b"[\n" else b"\n]\n")
                config = path.with_name(f"{path.stem}.config.xml")
                written.append(write_file(config, encoded(interface(all_of_them))))
            return (*written, *all_of_them.notes.write(target.parent))


def interface(all_of_them: Annotations) -> str:
    """The labelling interface: a tag for each kind of place that there is, with every label."""
    kinds = [kind for kind in TAGS if kind in (all_of_them.kinds or {"box"})]
    lines = ["<View>", '  <Image name="image" value="$image"/>']
    for kind in kinds:
        tag, name = TAGS[kind]
        lines.append(f'  <{tag} name="{name}" toName="image">')
        lines += [f"    <Label{attributes({'value': label})}/>" for label in all_of_them.labels]
        lines.append(f"  </{tag}>")
    return "\n".join([*lines, "</View>"]) + "\n"


def _task(image: Annotated) -> Mapping[str, object]:
    result = image.results[0]
    address = image.image.address or f"{LOCAL}{quote(image.name)}"
    data = {"image": address, "file_name": image.name, "case": result.case}
    regions = [
        region
        for number, one in enumerate(image.found, 1)
        for region in _regions(number, one, image)
    ]
    scores = [one.score for one in image.found if one.score is not None]
    prediction: dict[str, object] = {
        "model_version": "simulated" if image.is_simulated else result.model or "askpix",
        "result": regions,
    }
    if scores:
        prediction["score"] = sum(scores) / len(scores)
    return {"data": data, "predictions": [prediction]}


def _regions(number: int, one: Detection, image: Annotated) -> Iterator[Mapping[str, object]]:
    kind = kind_of(one)
    tag, name = TAGS[kind]
    label_key = tag.lower()
    for part, value in enumerate(_values(one, kind, image.size)):
        region: dict[str, object] = {
            "id": f"{number}" if not part else f"{number}-{part + 1}",
            "type": label_key,
            "from_name": name,
            "to_name": "image",
            "original_width": image.size.width,
            "original_height": image.size.height,
            "image_rotation": 0,
            "value": {**value, label_key: [one.label]},
        }
        if one.score is not None:
            region["score"] = one.score
        yield region | ({"meta": {"text": [_as_text(one.fields)]}} if one.fields else {})


def _values(one: Detection, kind: Kind, size: Size) -> Iterator[Mapping[str, object]]:
    """Where a thing is, in Label Studio's own words; several for an outline of several rings."""
    match kind:
        case "mask":
            from runner.postprocess.brush import encode
            from runner.postprocess.rle import decode

            assert one.mask is not None
            yield {"format": "rle", "rle": encode(decode(one.mask.rle))}
        case "polygon":
            for ring in one.polygon:
                points = [list(_percent(corner.x, corner.y, size)) for corner in ring.points]
                yield {"points": points, "closed": True}
        case "box":
            box = one.extent
            assert box is not None
            x, y = _percent(box.x_min, box.y_min, size)
            width, height = _percent(box.width, box.height, size)
            yield {"x": x, "y": y, "width": width, "height": height, "rotation": 0}
        case "point":
            assert one.point is not None
            x, y = _percent(one.point.x, one.point.y, size)
            yield {"x": x, "y": y, "width": POINT_WIDTH}


def _percent(x: float, y: float, size: Size) -> tuple[float, float]:
    return 100 * x / size.width, 100 * y / size.height


def _as_text(fields: Mapping[str, object]) -> str:
    return as_line(dict(fields)).decode().rstrip("\n")
