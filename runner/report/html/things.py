"""What is drawn on the images of a report: detections, truth and the entries of a list, as data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from runner.exporters.palette import COLOURS, Palette
from runner.exporters.rings import rings_of
from runner.exporters.things import name_of, number_of
from runner.report.html.outline import path_of
from runner.values.geometry import Polygon, Size
from runner.values.result import USABLE, Detection, Entry, Result

if TYPE_CHECKING:
    from runner.values.answer import Json

MOST = 1500
"""So many things of one answer are drawn; the table says how many there are."""

LONGEST = 4000
"""Letters of one answer that are shown."""

LABEL = 60
"""Letters of what stands at a thing in the image."""


def thing(
    one: Detection, number: int, size: Size | None, palette: Palette, where: Mapping[int, int]
) -> dict[str, Json]:
    """A detection as the page draws it: in pixels of the upright original. `where` has the number of
    its image among those of the case."""
    name = name_of(one)
    told: dict[str, Json] = {
        "n": number_of(one, number),
        "label": name,
        "colour": COLOURS.index(palette.colour(name)),
        "image": where.get(one.image, -1),
    }
    if one.box is not None:
        told["box"] = [round(each, 2) for each in one.box.as_list()]
    if one.point is not None:
        told["point"] = [round(each, 2) for each in one.point.as_list()]
    if size is not None and (rings := _rings(one)):
        told["path"] = path_of(rings, size)
    if one.score is not None:
        told["score"] = round(one.score, 3)
    if one.fields:
        told["fields"] = brief(dict(one.fields))
    if one.issues:
        told["issues"] = [issue.why or issue.code for issue in one.issues]
    return told


def things(
    found: Sequence[Detection],
    sizes: Sequence[Size | None],
    palette: Palette,
    where: Mapping[int, int],
) -> list[Json]:
    """Those that are drawn of some detections."""
    return [
        thing(one, n, sizes[one.image] if one.image < len(sizes) else None, palette, where)
        for n, one in enumerate(found[:MOST], 1)
    ]


def entries(result: Result, where: Mapping[int, int]) -> list[Json]:
    """What was asked of parts of an image, each at its place in the original, with its answer; those
    that failed, too."""
    answers = result.answer if isinstance(result.answer, list) else []
    each = len(answers) == len(result.entries)  # with `tile` the answer is one list of all tiles
    return [
        _entry(entry, number, answers[number - 1] if each else None, where)
        for number, entry in enumerate(result.entries[:MOST], 1)
    ]


def _entry(entry: Entry, number: int, answer: object, where: Mapping[int, int]) -> Json:
    told: dict[str, Json] = {"n": number, "status": entry.status}
    if entry.window is not None and entry.image is not None:
        told["image"] = where.get(entry.image, -1)
        told["box"] = [*entry.window.as_list()]
    if entry.error:
        told["error"] = entry.error
    if entry.status in USABLE and answer is not None:
        told["text"] = brief(answer)
    return told


def brief(value: object) -> str:
    """A value in one line: `name: cup, material: glass`."""
    if isinstance(value, str):
        return cut(value, LONGEST)
    if isinstance(value, Mapping):
        return cut(", ".join(f"{key}: {_word(each)}" for key, each in value.items()), LONGEST)
    return cut(_word(value), LONGEST)


def spelled(value: object) -> str:
    """An answer to be read: a text as it is, data as JSON over lines, without its run lengths."""
    if isinstance(value, str):
        return cut(value, LONGEST)
    return cut(json.dumps(_light(value), ensure_ascii=False, indent=1), LONGEST)


def cut(text: str, most: int) -> str:
    """The beginning of a long text, and how much more there is."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most:,} more letters)"


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(_light(value), ensure_ascii=False)


def _light(value: object) -> object:
    if isinstance(value, Mapping):
        if "counts" in value and "size" in value:
            return "…"
        return {key: _light(each) for key, each in value.items()}
    return [_light(each) for each in value] if isinstance(value, list) else value


def _rings(one: Detection) -> Sequence[Polygon]:
    try:
        return rings_of(one)
    except ValueError:  # run lengths that do not fill their frame: a file that somebody edited
        return ()


def labels_of(results: Iterable[Result]) -> Iterator[str]:
    """The names of what was found, to give them colours in the order of the run."""
    for result in results:
        yield from (name for one in result.detections if (name := name_of(one)))
