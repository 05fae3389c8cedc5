"""A value for any response schema, made from what was seen: always the same for the same pixels.

Coordinates are those of the regions. What cannot be seen by image analysis (which of two words, a
date, a yes or no) is chosen by a hash of the pixels. Texts say that they are simulated.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import floor, inf

import numpy as np

from runner.providers.simulator import places
from runner.providers.simulator.prompts import Wish, counts
from runner.providers.simulator.schemas import resolve
from runner.providers.simulator.seen import Seen
from runner.providers.simulator.vision import Region, region
from runner.values.answer import Json
from runner.values.geometry import Size

Node = Mapping[str, object]

DEEPEST = 12
"""Properties that are not required end here: a schema may contain itself."""

UNREAD = "(simulated: the simulator cannot read text)"

_TEXT_READ = re.compile(
    r"text|transcri|ocr|word|written|read|plate|serial|cells?$|lines?$|column|headline|title",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"label|name|class|category|object|item|thing|kind|type|species|tags?$", re.IGNORECASE
)
_COLOUR = re.compile(r"colou?r", re.IGNORECASE)
_SCORE = re.compile(r"score|confidence|probab|certainty|ratio|share|fraction", re.IGNORECASE)
_IMAGE_INDEX = re.compile(r"^(image|img|photo|frame)(_?(index|number|no|nr|id|i))?$", re.IGNORECASE)
_FIRST_DAY = date(2020, 1, 1)


@dataclass(frozen=True, slots=True)
class View:
    """What the answer is about: all images, the one that counts, and the region in hand.

    `path` names the place in the answer: what is chosen by hash differs from place to place.
    """

    root: Node
    wish: Wish
    images: tuple[Seen, ...]
    regions: tuple[Region, ...]
    image: int = -1
    region: Region | None = None
    path: str = ""
    depth: int = 0
    png_masks: bool = False

    @property
    def seen(self) -> Seen | None:
        """The image in hand: the last one, unless the answer names images by number."""
        return self.images[self.image] if self.images else None

    def at(self, step: str | int) -> View:
        """The view one step down in the answer."""
        return replace(self, path=f"{self.path}/{step}", depth=self.depth + 1)

    def choice(self, count: int) -> int:
        """A number below `count` that depends on the pixels and the place in the answer."""
        pixels = self.seen.fingerprint if self.seen else b""
        number = hashlib.sha256(pixels + self.path.encode()).digest()
        return int.from_bytes(number[:8], "big") % max(1, count)


def fill(node: object, view: View, name: str = "") -> Json:
    """A value that the schema `node` allows for the property of this name."""
    plain = _plain(node, view)
    if "const" in plain:
        return _as_json(plain["const"])
    allowed = plain.get("enum")
    if isinstance(allowed, list) and allowed:
        return _as_json(_chosen(allowed, view))
    space = places.space_of(name, plain)
    if space is not None and view.images:
        return _placed(space, plain, view)
    match plain.get("type"):
        case "object":
            return _object(plain, view)
        case "array":
            return list(_items(plain, view, name))
        case "integer" | "number" as kind:
            return _number(plain, view, name, whole=kind == "integer")
        case "boolean":
            return view.choice(2) == 1
        case "null":
            return None
        case _:
            return text(name, plain, view)


def text(name: str, node: Node, view: View) -> str:
    """A text for the property of this name: a label, a colour, a day, a sentence."""
    if (written := _by_format(str(node.get("format", "")), view)) is not None:
        return written
    said = f"{name} {node.get('description', '')}"
    if _COLOUR.search(name):
        return view.region.colour_name if view.region else _colour(view)
    if _LABEL.search(name) or (view.region and not _TEXT_READ.search(name)):
        return label(view)
    if _TEXT_READ.search(name):
        return UNREAD
    if view.wish.yes_no and len(said) < 200 and re.search(r"answer", name, re.IGNORECASE):
        return ("yes", "no")[view.choice(2)]
    return sentence(view)


def label(view: View) -> str:
    """One of the prompt's quoted words, or else the colour of what is in hand; the points of a
    trajectory have numbers, from 0."""
    if view.wish.trajectory:
        return next((step for step in reversed(view.path.split("/")) if step.isdecimal()), "0")
    if view.wish.words:
        return view.wish.words[view.choice(len(view.wish.words))]
    if view.region is not None:
        return f"{view.region.colour_name} region"
    return f"{_colour(view)} image"


def sentence(view: View) -> str:
    """What was seen, in a sentence that says who looked."""
    if view.seen is None:
        return "Simulated: no image arrived, and nobody read the prompt."
    return f"Simulated: an image of {view.seen.summary}."


def main_region(view: View) -> Region | None:
    """The region in hand, else the largest one, else the whole image."""
    if view.region is not None:
        return view.region
    return next(iter(view.regions), _whole(view))


def _plain(node: object, view: View) -> Node:
    """The schema without references and alternatives: the first that is not null is taken."""
    found = node if isinstance(node, Mapping) else {}
    for _ in range(20):
        reference = found.get("$ref")
        if isinstance(reference, str):
            found = resolve(reference, view.root) or {}
            continue
        for key in ("anyOf", "oneOf"):
            options = found.get(key)
            if isinstance(options, list) and options:
                rest = {k: v for k, v in found.items() if k != key}
                found = {**rest, **_first_option(options, view)}
                break
        else:
            break
    return _one_type(_merged(found, view))


def _first_option(options: Sequence[object], view: View) -> Node:
    maps = [option for option in options if isinstance(option, Mapping)]
    plain = [option for option in maps if option.get("type") != "null"]
    return next(iter(plain or maps), {})


def _merged(node: Node, view: View) -> Node:
    parts = node.get("allOf")
    if not isinstance(parts, list):
        return node
    merged: dict[str, object] = {k: v for k, v in node.items() if k != "allOf"}
    for part in parts:
        for key, value in _plain(part, view).items():
            known = merged.get(key)
            if key == "properties" and isinstance(known, Mapping) and isinstance(value, Mapping):
                merged[key] = {**known, **value}
            elif key == "required" and isinstance(known, list) and isinstance(value, list):
                merged[key] = [*known, *value]
            else:
                merged[key] = value
    return merged


def _one_type(node: Node) -> Node:
    kind = node.get("type")
    if isinstance(kind, list):
        kind = next((word for word in kind if word != "null"), "null")
    if kind is None:
        if "properties" in node:
            kind = "object"
        elif "items" in node or "prefixItems" in node:
            kind = "array"
    return {**node, "type": kind} if kind is not None else node


def _chosen(allowed: Sequence[object], view: View) -> object:
    options = [option for option in allowed if option is not None] or list(allowed)
    return options[view.choice(len(options))]


def _placed(space: places.Space, node: Node, view: View) -> Json:
    region, seen = main_region(view), view.seen
    assert region is not None
    assert seen is not None
    return places.write(space, region, node, seen.size)


def _object(node: Node, view: View) -> Json:
    properties = node.get("properties")
    if not isinstance(properties, Mapping):
        region = view.region
        return {"label": label(view)} if region else {"description": sentence(view)}
    required = node.get("required")
    needed = required if isinstance(required, list) else []
    order = node.get("propertyOrdering") or node.get("property_ordering")
    names = [n for n in order if n in properties] if isinstance(order, list) else []
    names += [n for n in properties if n not in names]
    return {
        name: _property(name, properties[name], names, view.at(name))
        for name in names
        if name in needed or view.depth < DEEPEST
    }


def _property(name: str, node: object, siblings: Sequence[str], view: View) -> Json:
    plain = _plain(node, view)
    if plain.get("type") in ("integer", "number"):
        if _IMAGE_INDEX.match(name) and len(view.images) > 1:
            first = 1 if plain.get("minimum") == 1 else 0
            return view.image % len(view.images) + first
        edge, found, seen = places.edge_of(name, siblings), main_region(view), view.seen
        if edge and found and seen and places.is_plain(plain):
            return places.write_edge(edge, name, siblings, found, plain, seen.size)
    return fill(plain, view, name)


def _items(node: Node, view: View, name: str) -> Iterator[Json]:
    """One item for each region; as many as the schema wants of what is not about regions."""
    fixed = node.get("prefixItems")
    if isinstance(fixed, list):
        for i, item in enumerate(fixed):
            yield fill(item, view.at(i), name)
        return
    least, most = _count(node.get("minItems"), 0), _count(node.get("maxItems"), 10**6)
    item = _plain(node.get("items", {}), view)
    views = list(_views(item, view, name))[:most]
    if view.depth >= DEEPEST and not least:
        return
    for i in range(len(views), least):
        extra = views[i % len(views)] if views else replace(view, region=_whole(view))
        views.append(extra)
    seen: set[str] = set()
    for i, one in enumerate(views):
        value = fill(item, one.at(i), name)
        if isinstance(value, str) and value in seen and len(seen) >= least:
            continue  # a list of words says each word once
        seen.add(value if isinstance(value, str) else "")
        yield value


def _views(item: Node, view: View, name: str) -> Iterator[View]:
    if view.region is not None:
        yield view
        return
    if item.get("type") in ("integer", "number", "boolean"):
        yield from [view] * 3
        return
    if len(view.images) > 1 and _names_an_image(item):
        for i, seen in enumerate(view.images):
            yield from (replace(view, image=i, region=region) for region in seen.regions)
        return
    regions = view.regions
    if item.get("type") == "string" and not isinstance(item.get("enum"), list):
        regions = regions[:8]
        if not regions:
            yield view
    yield from (replace(view, region=region) for region in regions)


def _names_an_image(item: Node) -> bool:
    properties = item.get("properties")
    return isinstance(properties, Mapping) and any(map(_IMAGE_INDEX.match, properties))


def _number(node: Node, view: View, name: str, *, whole: bool) -> Json:
    """The number of regions where things are counted, else one that the pixels choose."""
    low, high = _bounds(node, whole)
    said = f"{name} {node.get('description', '')} {node.get('title', '')}"
    if counts(said) or (view.depth <= 1 and view.wish.count and not _SCORE.search(said)):
        value = float(len(view.regions))
    else:
        usual = 1.0 if _SCORE.search(name) and not whole else 100.0
        start = low if low is not None else 0.0
        end = high if high is not None else max(usual, start + usual)
        value = start + (end - start) * view.choice(1001) / 1000
    return _bounded(value, low, high, whole, _float(node.get("multipleOf")))


def _bounds(node: Node, whole: bool) -> tuple[float | None, float | None]:
    step = 1.0 if whole else 1e-3
    low, high = _float(node.get("minimum")), _float(node.get("maximum"))
    if (above := _float(node.get("exclusiveMinimum"))) is not None:
        low = max(low, above + step) if low is not None else above + step
    if (below := _float(node.get("exclusiveMaximum"))) is not None:
        high = min(high, below - step) if high is not None else below - step
    return low, high


def _bounded(
    value: float, low: float | None, high: float | None, whole: bool, step: float | None
) -> Json:
    """The number of the kind that is asked for which is nearest to this one."""
    value = min(value, inf if high is None else high)
    value = max(value, -inf if low is None else low)
    if step:
        value = floor(value / step) * step
        value += step if low is not None and value < low else 0
    return round(value) if whole else round(value, 3)


def _by_format(form: str, view: View) -> str | None:
    day = _FIRST_DAY + timedelta(days=view.choice(2000))
    match form:
        case "date":
            return day.isoformat()
        case "date-time":
            return f"{day.isoformat()}T12:00:00Z"
        case "time":
            return "12:00:00Z"
        case "duration":
            return "PT1M"
        case "email":
            return "simulated@example.com"
        case "uri" | "url" | "iri":
            return "https://example.com/simulated"
        case "uuid":
            return f"00000000-0000-4000-8000-{view.choice(10**12):012d}"
        case "ipv4":
            return "192.0.2.1"  # RFC 5737: for documentation
        case _:
            return None


def _whole(view: View) -> Region | None:
    """The whole image as a region: what a required box is about when nothing was found."""
    if view.seen is None:
        return None
    return region(0, 0, np.ones((8, 8), bool), Size(8, 8))


def _colour(view: View) -> str:
    return view.seen.colour if view.seen else "grey"


def _count(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and value >= 0 else otherwise


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _as_json(value: object) -> Json:
    return value  # type: ignore[return-value]  # it came out of a JSON document
