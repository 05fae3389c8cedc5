"""Every quirk spoils the same answer in its own way."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from runner.providers.simulator.quirks import QUIRKS
from runner.providers.simulator.said import Said
from runner.values.geometry import Size

BOX = [100, 200, 300, 400]
PNG = "data:image/png;base64," + "iVBORw0KGgo" * 12 + "A=="
RECORD = {"box_2d": BOX, "mask": PNG, "label": "cat"}
VALUE = {"boxes": [RECORD, {**RECORD, "label": "dog"}]}


def said(value: Any = VALUE, **more: Any) -> Said:
    return Said(json.dumps(value), value, is_json=True, size=Size(640, 480), **more)


def spoilt(name: str, value: Any = VALUE) -> Any:
    """The JSON that is said."""
    return json.loads(QUIRKS[name].alter(said(value)).text)


def boxes(name: str) -> list[list[float]]:
    return [record["box_2d"] for record in spoilt(name)["boxes"]]


def masks(name: str, mask: Any = PNG) -> list[Any]:
    value = {"boxes": [{**RECORD, "mask": mask}]}
    return [record["mask"] for record in spoilt(name, value)["boxes"]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("inverted-boxes", [300, 400, 100, 200]),
        ("degenerate-boxes", [100, 200, 100, 400]),
        ("outside-boxes", [40, -800, 1300, 400]),
        ("float-boxes", [100.5, 200.5, 300.5, 400.5]),
        ("unit-boxes", [0.1, 0.2, 0.3, 0.4]),
        ("short-boxes", [100, 200, 300]),
        ("xyxy-boxes", [200, 100, 400, 300]),
        ("pixel-boxes", [48, 128, 144, 256]),
    ],
)
def test_boxes_go_wrong(name: str, expected: list[float]) -> None:
    """All of them, in the same way."""
    assert boxes(name) == [expected, expected]


@pytest.mark.parametrize(
    ("name", "mask", "expected"),
    [
        ("mask-placeholder", PNG, "gimme_mask_for_this"),
        ("no-masks", PNG, None),
        ("broken-png", PNG, "data:image/png;base64,bm90IGEgUE5HIGF0IGFsbA=="),
        ("swapped-polygons", [[1, 2], [3, 4]], [[2, 1], [4, 3]]),
        ("flat-polygons", [[1, 2], [3, 4]], [1, 2, 3, 4]),
    ],
)
def test_masks_go_wrong(name: str, mask: Any, expected: Any) -> None:
    """Whatever was there before."""
    assert masks(name, mask) == [expected]


def test_a_mask_becomes_sixteen_tokens() -> None:
    """As Gemini 2.5 was seen to answer; they cannot be decoded."""
    (mask,) = masks("mask-tokens")
    assert mask.startswith("<start_of_mask><seg_35><seg_65>")
    assert mask.count("<seg_") == 16


def test_base64_has_line_breaks_and_no_padding() -> None:
    """The same data otherwise."""
    (mask,) = masks("broken-base64")
    assert "\n" in mask
    assert not mask.endswith("=")
    assert mask.replace("\n", "") == PNG.rstrip("=")


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("bare-list", lambda value: value == VALUE["boxes"]),
        ("wrapped-list", lambda value: value == {"detections": VALUE["boxes"]}),
        ("single-object", lambda value: value == RECORD),
        ("double-json", lambda value: json.loads(value) == VALUE),
        ("no-labels", lambda value: all("label" not in record for record in value["boxes"])),
        ("other-keys", lambda value: set(value["boxes"][0]) == {"box2d", "mask", "name"}),
        (
            "bounding-box-keys",
            lambda value: set(value["boxes"][0]) == {"bounding_box", "mask", "label"},
        ),
    ],
)
def test_the_json_has_another_shape(name: str, check: Callable[[Any], bool]) -> None:
    """A list, an object, a text that holds the JSON, other keys."""
    assert check(spoilt(name))


def test_text_stands_around_the_json() -> None:
    """In a fence, or without one and with a stray bracket before."""
    fence = QUIRKS["fence"].alter(said()).text
    assert fence.startswith("Here is the result:\n```json\n")
    assert json.loads(fence.split("```json\n")[1].split("\n```")[0]) == VALUE
    chatty = QUIRKS["chatty"].alter(said()).text
    assert json.dumps(VALUE) in chatty
    assert chatty.index("[") < chatty.index("{")


def test_an_answer_is_cut_off() -> None:
    """At two thirds, as at the limit of tokens."""
    cut = QUIRKS["truncated"].alter(said())
    assert (cut.finish, json.dumps(VALUE).startswith(cut.text)) == ("length", True)
    assert 0 < len(cut.text) < len(json.dumps(VALUE))


@pytest.mark.parametrize(
    ("name", "piece"), [("runaway-mask", "Pj4+Pj4+"), ("repeated", '"label": "dog"')]
)
def test_an_answer_runs_on_to_the_limit(name: str, piece: str) -> None:
    """The same again and again; it ends when the tokens end, and is no JSON."""
    for limit, characters in ((100, 400), (65_536, 8000)):
        on = QUIRKS[name].alter(said(limit=limit))
        assert (on.finish, len(on.text)) == ("length", characters)
        assert on.text.count(piece) > 1 or limit == 100
        with pytest.raises(ValueError, match=r"."):
            json.loads(on.text)


def test_many_boxes_lie_beside_their_things() -> None:
    """More than ten, as users report of crowded images; fewer stay."""
    many = {"boxes": [RECORD] * 11}
    moved = [record["box_2d"] for record in spoilt("shifted-boxes", many)["boxes"]]
    assert all(box != BOX for box in moved)
    assert spoilt("shifted-boxes", many) == spoilt("shifted-boxes", many)
    assert boxes("shifted-boxes") == [BOX, BOX]


def test_some_answers_are_no_strict_json() -> None:
    """The same key twice, NaN."""
    twice = QUIRKS["duplicate-keys"].alter(said()).text
    assert json.loads(twice, object_pairs_hook=len) == 1
    assert twice.count('"label"') == 4
    nan = QUIRKS["nan"].alter(said()).text
    with pytest.raises(ValueError, match="NaN"):
        json.loads(nan, parse_constant=_refuse)


def test_some_answers_say_nothing() -> None:
    """An empty text that counts as complete, or a refusal in plain words."""
    empty = QUIRKS["empty-text"].alter(said())
    assert (empty.text, empty.finish) == ("", "stop")
    assert QUIRKS["declined"].alter(said()).text == "I'm sorry, but I can't help with this image."


@pytest.mark.parametrize("name", sorted(QUIRKS))
@pytest.mark.parametrize("value", [VALUE, [RECORD], {}, [], "text", None, {"boxes": []}, 7])
def test_a_quirk_fails_on_no_answer(name: str, value: Any) -> None:
    """It leaves what it has nothing to do with."""
    QUIRKS[name].alter(said(value))
    QUIRKS[name].alter(Said("A sentence."))


@pytest.mark.parametrize("name", sorted(QUIRKS))
def test_every_quirk_comes_on_command(ask: Any, three: bytes, name: str) -> None:
    """Over both endpoints; the answer differs from the one without it, and is billed once."""
    record = {
        "type": "object",
        "properties": {
            "box_2d": {"type": "array", "items": {"type": "integer"}},
            "mask": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
            "label": {"type": "string"},
        },
    }
    schema = {
        "type": "object",
        "properties": {"boxes": {"type": "array", "items": record, "minItems": 11}},
    }
    config = {"responseMimeType": "application/json", "responseJsonSchema": schema}
    format = {"type": "text", "mime_type": "application/json", "schema": schema}
    marker = f"Detect. [[simulate: {name}]]"
    plain = ask.generate("Detect.", three, generationConfig=config)
    odd = ask.generate(marker, three, generationConfig=config)
    other = ask.interact(marker, three, response_format=format)
    assert plain.status == odd.status == other.status == 200
    assert odd.json != plain.json
    said_odd = "".join(
        part.get("text", "") for part in odd.json["candidates"][0]["content"]["parts"]
    )
    assert said_odd == other.text != plain.text
    assert ask("GET", "/simulator/state").json["billed_answers"] == 3


def _refuse(name: str) -> float:
    raise ValueError(name)
