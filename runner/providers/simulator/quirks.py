"""Odd answers that models were seen to give, on command: the same answer, spoilt in one way.

Sources: Google's cookbook and its issues #345 and #798, python-genai #1665, and reports of users.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from runner.providers.simulator.said import CHARACTERS_PER_TOKEN, Said, spell
from runner.values.answer import Json
from runner.values.geometry import Size

Alter = Callable[[Said], Said]

RUNAWAY_TOKENS = 2000
"""Where an answer that never ends is cut off, when the request itself sets no lower limit."""


@dataclass(frozen=True, slots=True)
class Quirk:
    """What it does in one line, and the function that does it."""

    about: str
    alter: Alter


Record = dict[str, Json]


def in_records(change: Callable[[Record], Record]) -> Alter:
    """Changes every record that holds a place, wherever it is in the answer."""

    def alter(said: Said) -> Said:
        return said.spelling(_each(said.value, change)) if said.is_json else said

    return alter


def in_boxes(change: Callable[[list[float], Size], list[Json]]) -> Alter:
    """Changes the four numbers of every box; the size is that of the image."""

    def alter(said: Said) -> Said:
        size = said.size or Size(1000, 1000)

        def on_record(record: Record) -> Record:
            return {
                key: change([float(n) for n in value], size) if _is_box(key, value) else value  # type: ignore[union-attr, arg-type]  # _is_box says so
                for key, value in record.items()
            }

        return in_records(on_record)(said)

    return alter


def in_masks(mask: Callable[[Json], Json]) -> Alter:
    """Changes every mask; a record without one gets one, since the quirk is about masks."""

    def on_record(record: Record) -> Record:
        key = next((k for k in record if k in ("mask", "polygon", "segmentation")), "mask")
        return {**record, key: mask(record.get(key))}

    return in_records(on_record)


def _each(value: Json, change: Callable[[Record], Record]) -> Json:
    if isinstance(value, list):
        return [_each(item, change) for item in value]
    if isinstance(value, dict):
        inner: Record = {key: _each(item, change) for key, item in value.items()}
        return change(inner) if any(_is_place(k, v) for k, v in inner.items()) else inner
    return value


def _is_place(key: str, value: Json) -> bool:
    return _is_box(key, value) or key in ("point", "mask", "polygon", "segmentation")


def _is_box(key: str, value: Json) -> bool:
    return (
        "box" in key
        and isinstance(value, list)
        and len(value) == 4
        and all(isinstance(n, int | float) for n in value)
    )


def fenced(said: Said) -> Said:
    """Text before and after, and a fence around the JSON."""
    body = spell(said.value, False) if said.is_json else said.text
    return replace(said, text=f"Here is the result:\n```json\n{body}\n```\nLet me know if …")


def chatty(said: Said) -> Said:
    """Text before and after the JSON, with a stray bracket, and no fence."""
    return replace(said, text=f"Sure [as asked]: {said.text}\n\nThat is all {{for now}}.")


def truncated(said: Said) -> Said:
    """Cut off at two thirds, as at the limit of tokens."""
    return replace(said, text=said.text[: max(1, len(said.text) * 2 // 3)], finish="length")


def runaway_mask(said: Said) -> Said:
    """A mask of endlessly repeated base64: the string never ends."""
    head = _before_first(said.text, '"mask"')
    start = f'{head}"mask": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAASAAAAG4'
    return _run_on(replace(said, text=start), "Pj4+")


def repeated(said: Said) -> Said:
    """The last record again and again, to the limit of tokens."""
    records = _first_list(said.value)
    if not records:
        return said
    once = json.dumps(records[-1], ensure_ascii=False)
    start = said.text[: said.text.rfind("]")].rstrip()
    return _run_on(replace(said, text=start), f",\n  {once}")


def shifted(said: Said) -> Said:
    """Boxes beside their things when there are more than ten, as in crowded images."""
    chance = random.Random(0)

    def change(edges: list[float], size: Size) -> list[Json]:
        down, right = chance.randint(-120, 120), chance.randint(-120, 120)
        moves = (down, right, down, right)
        return [
            int(min(max(edge + move, 0), 1000)) for edge, move in zip(edges, moves, strict=True)
        ]

    records = _first_list(said.value)
    return in_boxes(change)(said) if len(records) > 10 else said


def single_object(said: Said) -> Said:
    """The first record alone, without a list."""
    records = _first_list(said.value)
    return said.spelling(records[0]) if records else said


def bare_list(said: Said) -> Said:
    """The list alone, without the object around it."""
    records = _first_list(said.value)
    return said.spelling(records) if records else said


def wrapped(said: Said) -> Said:
    """The list within an object, under a name that nobody asked for."""
    records = _first_list(said.value)
    return said.spelling({"detections": records}) if records else said


def double_json(said: Said) -> Said:
    """A JSON text that holds the JSON."""
    return replace(said, text=json.dumps(said.text, ensure_ascii=False))


def duplicate_keys(said: Said) -> Said:
    """Every label twice in its record, with two values."""
    return replace(said, text=said.text.replace('"label":', '"label": "first", "label":'))


def not_a_number(said: Said) -> Said:
    """NaN where numbers belong, which is no JSON."""
    marked = in_boxes(lambda edges, size: ["NaN!", *map(int, edges[1:])])(said)
    return replace(marked, text=marked.text.replace('"NaN!"', "NaN"))


def declined(said: Said) -> Said:
    """A refusal in plain words, as a whole answer."""
    return replace(said, text="I'm sorry, but I can't help with this image.", is_json=False)


def _before_first(text: str, word: str) -> str:
    at = text.find(word)
    return text[:at] if at >= 0 else '[\n  {"box_2d": [0, 0, 0, 0], '


def _run_on(said: Said, piece: str) -> Said:
    room = min(said.limit, RUNAWAY_TOKENS) * CHARACTERS_PER_TOKEN
    times = max(1, (room - len(said.text)) // len(piece) + 1)
    return replace(said, text=(said.text + piece * times)[:room], finish="length")


def _first_list(value: Json) -> list[Json]:
    """The list of records in an answer: itself, or the first one in an object."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        for item in value.values():
            if isinstance(item, list) and item and isinstance(item[0], dict):
                return item
    return []


def _as_pixels(edges: list[float], size: Size) -> list[Json]:
    sides = (size.height, size.width) * 2
    return [round(edge * side / 1000) for edge, side in zip(edges, sides, strict=True)]


def _as_xyxy(edges: list[float], size: Size) -> list[Json]:
    return [int(edges[i]) for i in (1, 0, 3, 2)]


def _renamed(names: Mapping[str, str]) -> Alter:
    return in_records(lambda record: {names.get(key, key): v for key, v in record.items()})


def _spoilt_base64(mask: Json) -> Json:
    text = mask if isinstance(mask, str) else "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg=="
    head, _, data = text.partition(",")
    broken = "\n".join(data[i : i + 60] for i in range(0, len(data), 60))
    return f"{head},{broken.rstrip('=')}"


def _swapped(mask: Json) -> Json:
    if not isinstance(mask, list):
        return mask
    return [corner[::-1] if isinstance(corner, list) else corner for corner in mask]


def _flat(mask: Json) -> Json:
    if not isinstance(mask, list):
        return mask
    return [n for corner in mask for n in (corner if isinstance(corner, list) else [corner])]


_TOKENS = "<start_of_mask>" + "".join(
    f"<seg_{n}>" for n in (35, 65, 4, 66, 3, 94, 77, 34, 42, 51, 27, 3, 73, 50, 42, 22)
)
_NO_PNG = "data:image/png;base64,bm90IGEgUE5HIGF0IGFsbA=="

QUIRKS: Mapping[str, Quirk] = {
    "fence": Quirk("a ```json fence, with text before and after it", fenced),
    "chatty": Quirk("text before and after the JSON, without a fence", chatty),
    "truncated": Quirk("JSON cut off at the limit of tokens", truncated),
    "runaway-mask": Quirk(
        "endlessly repeated base64 in a mask; the string never ends", runaway_mask
    ),
    "mask-tokens": Quirk("<start_of_mask><seg_35>… instead of a mask", in_masks(lambda m: _TOKENS)),
    "mask-placeholder": Quirk(
        "`gimme_mask_for_this` instead of a mask", in_masks(lambda m: "gimme_mask_for_this")
    ),
    "no-masks": Quirk("null instead of every mask", in_masks(lambda m: None)),
    "swapped-polygons": Quirk("polygons as [y, x] instead of [x, y]", in_masks(_swapped)),
    "flat-polygons": Quirk("polygons as one flat list of numbers", in_masks(_flat)),
    "inverted-boxes": Quirk(
        "boxes with min and max the wrong way round",
        in_boxes(lambda e, size: [int(e[i]) for i in (2, 3, 0, 1)]),
    ),
    "degenerate-boxes": Quirk(
        "boxes without an area", in_boxes(lambda e, size: [int(e[i]) for i in (0, 1, 0, 3)])
    ),
    "outside-boxes": Quirk(
        "coordinates below 0 and above 1000",
        in_boxes(lambda e, size: [int(e[0]) - 60, int(e[1]) - 1000, int(e[2]) + 1000, int(e[3])]),
    ),
    "float-boxes": Quirk(
        "fractions where whole numbers were asked for",
        in_boxes(lambda e, size: [edge + 0.5 for edge in e]),
    ),
    "unit-boxes": Quirk(
        "coordinates from 0 to 1", in_boxes(lambda e, size: [round(edge / 1000, 4) for edge in e])
    ),
    "short-boxes": Quirk(
        "boxes of three numbers", in_boxes(lambda e, size: [int(edge) for edge in e[:3]])
    ),
    "shifted-boxes": Quirk("boxes beside their things when there are more than ten", shifted),
    "xyxy-boxes": Quirk("boxes x first instead of y first", in_boxes(_as_xyxy)),
    "pixel-boxes": Quirk("boxes in pixels instead of thousandths", in_boxes(_as_pixels)),
    "bare-list": Quirk("a bare list instead of the object that was asked for", bare_list),
    "wrapped-list": Quirk("the list in an object under another name", wrapped),
    "single-object": Quirk("a single record instead of a list", single_object),
    "no-labels": Quirk(
        "records without their label",
        in_records(lambda record: {k: v for k, v in record.items() if k != "label"}),
    ),
    "other-keys": Quirk(
        "`box2d` and `name` instead of `box_2d` and `label`",
        _renamed({"box_2d": "box2d", "label": "name"}),
    ),
    "bounding-box-keys": Quirk(
        "`bounding_box` instead of `box_2d`", _renamed({"box_2d": "bounding_box"})
    ),
    "broken-base64": Quirk("base64 with line breaks and without padding", in_masks(_spoilt_base64)),
    "broken-png": Quirk("a mask that is no PNG", in_masks(lambda m: _NO_PNG)),
    "empty-text": Quirk(
        "no text at all, all of it spent on thinking", lambda said: replace(said, text="")
    ),
    "double-json": Quirk("a JSON text that holds the JSON", double_json),
    "repeated": Quirk("the last record repeated to the limit of tokens", repeated),
    "duplicate-keys": Quirk("the same key twice in a record", duplicate_keys),
    "nan": Quirk("NaN where numbers belong", not_a_number),
    "declined": Quirk("a refusal in plain words, as a whole answer", declined),
}
"""Every quirk by the name that commands it."""
