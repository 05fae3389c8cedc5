"""A request that is not recorded: the nearest one that is, and what is different."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from runner.text.masking import masked
from runner.transport.recording.body import images_in
from runner.transport.recording.exchange import Label, WireRequest
from runner.transport.recording.lines import Place

MOST_SHOWN = 3
"""So many differences are named; a request that differs in more is another one."""

AROUND = 30
"""Letters that are shown before and after the place where two texts part."""

_WORDS = {
    "thinking_level": "thinking",
    "resolution": "media_resolution",
    "level": "media_resolution",
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
}
"""What the format calls a setting that has another name on the wire."""

_OURS = frozenset(
    {"type", "role", "store", "mime_type", "mime", "bytes", "response_mime_type", "name", "strict"}
)
"""Names on the wire that follow from the others."""

Leaves = Mapping[tuple[str, ...], object]


def nearest(request: WireRequest, label: Label, near: Iterable[Place], folder: Path) -> str:
    """A sentence that names the recorded request most like this one, and how they differ."""
    asked, best = _Told.of(request), None
    for place in near:
        recorded = _Told.of(place.read().request)
        distance = _distance(asked, recorded)
        if best is None or distance < best[0]:
            best = distance, place, recorded
    if best is None:
        return f"this request is not recorded in {folder}"
    _, place, recorded = best
    found = list(_differences(asked, recorded, label))
    more = f"; and {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
    shown = "; ".join(found[:MOST_SHOWN]) or "its recording has gone"
    return f"this request is not recorded; the nearest is {place}: {shown}{more}"


@dataclass(frozen=True, slots=True)
class _Told:
    """A request as it is compared: its texts and images, and all other leaves of its JSON."""

    endpoint: str
    model: str
    prompt: str
    system: str
    images: tuple[str, ...]
    schema: Leaves
    rest: Leaves
    repeat: int

    @classmethod
    def of(cls, request: WireRequest) -> _Told:
        leaves = dict(_leaves(request.body))
        endpoint, model = _address(request.path)
        prompt, system = [], []
        schema: dict[tuple[str, ...], object] = {}
        rest: dict[tuple[str, ...], object] = {
            ("header", name): value for name, value in request.headers.items()
        }
        for path, value in leaves.items():
            names = [name for name in path if not name.isdigit()]
            if path == ("model",):
                model = str(value)
            elif cut := next((i for i, n in enumerate(path) if n in _SCHEMAS), None):
                schema[path[cut + 1 :]] = value
            elif names[0] in ("system_instruction", "systemInstruction"):
                system.append(str(value))
            elif path[:1] == ("messages",) and names[-1] == "content":
                system.append(str(value))  # the only message that is a plain text
            elif names[0] in ("input", "contents", "messages") and names[-1] == "text":
                prompt.append(str(value))
            elif not {"data", "sha256"} & set(names) and _setting(path) not in _OURS:
                rest[path] = value
        images = tuple(images_in(request.body))
        texts = "\n".join(prompt), "\n".join(system)
        return cls(endpoint, model, *texts, images, schema, rest, request.repeat)


_SCHEMAS = ("schema", "responseJsonSchema")


def _address(path: str) -> tuple[str, str]:
    """The endpoint of a path without its model, and the model."""
    found = re.search(r"/models/([^/:]+)", path)
    return (path, "") if found is None else (path.replace(found[1], "…", 1), found[1])


def _leaves(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list) and value:
        for number, item in enumerate(value):
            yield from _leaves(item, (*path, str(number)))
    else:
        yield path or ("body",), value


def _distance(asked: _Told, recorded: _Told) -> tuple[float, ...]:
    """How far two requests are apart: the endpoint counts most, then the model, the images, the
    prompt, and everything else."""
    shared = set(asked.images) & set(recorded.images)
    return (
        asked.endpoint != recorded.endpoint,
        asked.model != recorded.model,
        max(len(asked.images), len(recorded.images)) - len(shared),
        _unlike(asked.prompt, recorded.prompt),
        _unlike(asked.system, recorded.system),
        len(_parting(asked.rest, recorded.rest)) + len(_parting(asked.schema, recorded.schema)),
        abs(asked.repeat - recorded.repeat),
    )


def _unlike(one: str, other: str) -> float:
    if one == other:
        return 0.0
    return 1.0 - SequenceMatcher(None, one[:1000], other[:1000], autojunk=False).quick_ratio() / 2


def _parting(one: Leaves, other: Leaves) -> list[tuple[str, ...]]:
    """The paths at which these differ."""
    missing = object()
    paths = sorted({*one, *other})
    return [path for path in paths if one.get(path, missing) != other.get(path, missing)]


def _differences(asked: _Told, recorded: _Told, label: Label) -> Iterator[str]:
    if asked.endpoint != recorded.endpoint:
        yield f"it went to {recorded.endpoint}, this one goes to {asked.endpoint}"
        return  # the two endpoints have different words for everything
    if asked.model != recorded.model:
        yield f"the model is {asked.model}, recorded {recorded.model}"
    yield from _images(asked.images, recorded.images, label.images)
    if asked.prompt != recorded.prompt:
        yield f"the prompt differs: {_texts(asked.prompt, recorded.prompt)}"
    if asked.system != recorded.system:
        yield f"`system` differs: {_texts(asked.system, recorded.system)}"
    for path in _parting(asked.rest, recorded.rest):
        yield _values(path, asked.rest, recorded.rest)
    if paths := _parting(asked.schema, recorded.schema):
        yield _schema(paths[0], asked.schema, recorded.schema)
    if asked.repeat != recorded.repeat:
        yield f"it is repeat {asked.repeat}, recorded is repeat {recorded.repeat}"


def _images(now: tuple[str, ...], then: tuple[str, ...], names: tuple[str, ...]) -> Iterator[str]:
    if len(now) != len(then):
        yield f"{len(now)} images are sent, recorded {len(then)}"
    elif now != then and sorted(now) == sorted(then):
        yield "the images are in another order"
    else:
        for number, (digest, recorded) in enumerate(zip(now, then, strict=True)):
            if digest != recorded:
                name = f" {names[number]}" if number < len(names) else ""
                yield f"the image{name} (sha256 {digest[:8]}…) is not the recorded one ({recorded[:8]}…)"


def _texts(now: str, then: str) -> str:
    """Both texts, cut to the place where they part."""
    same = next((i for i, (a, b) in enumerate(zip(now, then, strict=False)) if a != b), None)
    at = min(len(now), len(then)) if same is None else same
    return f"recorded: {_around(then, at)}, now: {_around(now, at)}"


def _around(text: str, at: int) -> str:
    start, end = max(0, at - AROUND), at + AROUND
    before, after = "…" if start else "", "…" if end < len(text) else ""
    return f"'{before}{masked(' '.join(text[start:end].split()))}{after}'"


def _values(path: tuple[str, ...], now: Leaves, then: Leaves) -> str:
    name = _setting(path)
    if path not in now:
        return f"`{name}` is not set, recorded {_short(then[path])}"
    recorded = _short(then[path]) if path in then else "without it"
    return f"`{name}` is {_short(now[path])}, recorded {recorded}"


def _setting(path: tuple[str, ...]) -> str:
    """The name of a value in the words of the format: `thinkingConfig.thinkingLevel` is thinking."""
    last = next((name for name in reversed(path) if not name.isdigit()), "body")
    name = re.sub(r"([A-Z])", lambda found: "_" + found[1].lower(), last)
    return _WORDS.get(name, name)


def _schema(path: tuple[str, ...], now: Leaves, then: Leaves) -> str:
    if not now or not then:
        return f"{'a' if now else 'no'} schema is sent, {'one' if then else 'none'} is recorded"
    return f"the schema differs at `{'.'.join(path)}`"


def _short(value: object) -> str:
    """A value as an author would write it: words without quotes, and not in capitals."""
    text = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and re.fullmatch(r"[\w.-]+", value):
        text = value.removeprefix("MEDIA_RESOLUTION_")
        text = text.lower() if text.isupper() else text
    return masked(text if len(text) <= 60 else text[:57] + "…")
