"""What a prompt asks for, as far as a few words give it away. Nobody reads it like a model would."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

FORMAT_WORDS = frozenset(
    [
        "box_2d",
        "box2d",
        "box_3d",
        "bbox",
        "bounding_box",
        "boxes",
        "box",
        "mask",
        "masks",
        "polygon",
        "polygons",
        "point",
        "points",
        "label",
        "labels",
        "name",
        "json",
        "object",
        "list",
        "image",
        "null",
        "none",
        "true",
        "false",
    ]
)
"""Words that prompts put in quotes to name keys, not things."""

_BOXES = re.compile(
    r"box_2d|bounding[ _-]?box|\bbbox|\bboxes\b|\[\s*y_?min|\bdetect\b", re.IGNORECASE
)
_MASKS = re.compile(r"\bmasks?\b|\bsegment|\boutline[sd]?\b|\bpolygons?\b", re.IGNORECASE)
_POINTS = re.compile(
    r"[\"'`]point[\"'`]|\bpoints?\s+(to|at|on|for)\b|\bpinpoint|\[\s*y\s*,\s*x", re.IGNORECASE
)
_BOXES_3D = re.compile(r"box_3d|\b3d bounding", re.IGNORECASE)
_COUNT = re.compile(r"\bhow many\b|\bcount\b|\bnumber of\b|\btotal\b", re.IGNORECASE)
_NUMBER_ONLY = re.compile(
    r"\b(only|just|single|as) (the |a |an )?(number|integer|digit)", re.IGNORECASE
)
_YES_NO = re.compile(r"\byes\b[\"'`”]?\s*(/|,|\bor\b)\s*[\"'`“]?no\b", re.IGNORECASE)
_NO_FENCE = re.compile(
    r"(no|without|never|not|omit)\b[^.\n]{0,40}(fenc|markdown|```|code block)", re.IGNORECASE
)
_DIFFERENCE = re.compile(
    r"\bdiffer|\bchang(e|ed|es)\b|\bcompare\b|\bbefore\b.*\bafter\b", re.IGNORECASE | re.DOTALL
)
_TRAJECTORY = re.compile(r"labell?ed by (the )?order\b", re.IGNORECASE)
_QUOTED = re.compile(
    r"\"([^\"\n]{1,40})\"|“([^”\n]{1,40})”|«([^»\n]{1,40})»|`([^`\n]{1,40})`"
    r"|(?<![\w])'([^'\n]{1,40})'(?![\w])"
)
_KEY_BEFORE = re.compile(r"\b(key|keys|field|fields|property|named|called)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a prompt seems to ask for. `words` are its quoted words, which may serve as labels."""

    boxes: bool = False
    masks: bool = False
    points: bool = False
    boxes_3d: bool = False
    count: bool = False
    number_only: bool = False
    yes_no: bool = False
    fence: bool = True
    difference: bool = False
    trajectory: bool = False
    words: tuple[str, ...] = ()

    @property
    def places(self) -> bool:
        """Whether any coordinates are asked for."""
        return self.boxes or self.masks or self.points or self.boxes_3d


def wish(prompt: str, system: str = "", schema: Mapping[str, object] | None = None) -> Wish:
    """What this prompt, with the instruction beside it, seems to ask for."""
    masks, points = bool(_MASKS.search(prompt)), bool(_POINTS.search(prompt))
    return Wish(
        boxes=bool(_BOXES.search(prompt)) and not (points and '"point"' in prompt),
        masks=masks,
        points=points,
        boxes_3d=bool(_BOXES_3D.search(prompt)),
        count=bool(_COUNT.search(prompt)),
        number_only=bool(_NUMBER_ONLY.search(prompt)),
        yes_no=bool(_YES_NO.search(prompt)),
        fence=not _NO_FENCE.search(f"{system}\n{prompt}"),
        difference=bool(_DIFFERENCE.search(prompt)),
        trajectory=bool(_TRAJECTORY.search(prompt)),
        words=_quoted(prompt, _names(schema)),
    )


def counts(text: str) -> bool:
    """Whether a name or a description speaks of a number of things."""
    spaced = re.sub(r"[_-]|(?<=[a-z])(?=[A-Z])", " ", text)
    return bool(
        _COUNT.search(spaced) or re.search(r"\b(n|num|amount|quantity)\b", spaced, re.IGNORECASE)
    )


def _quoted(prompt: str, keys: frozenset[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for match in _QUOTED.finditer(prompt):
        word = next(group for group in match.groups() if group is not None).strip()
        is_key = word.lower() in FORMAT_WORDS or word in keys
        if word and not is_key and not _KEY_BEFORE.search(prompt[: match.start()]):
            found[word] = None
    return tuple(found)


def _names(node: object) -> frozenset[str]:
    """Every property name anywhere in a schema."""
    if isinstance(node, list):
        return frozenset().union(*map(_names, node))
    if not isinstance(node, Mapping):
        return frozenset()
    properties = node.get("properties")
    own = frozenset(properties) if isinstance(properties, Mapping) else frozenset()
    return own.union(*map(_names, node.values()))
