"""What odd answers turn out to be: whole readings, every repair with its place."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.stages.parse import parse
from runner.values.answer import Answer, CutOff, Malformed, Reading, Refused
from runner.values.response import Finish, Response, Usage
from runner.values.result import Issue
from runner.values.shape import Shape


def response(text: str, finish: Finish = "complete", reason: str = "completed") -> Response:
    """A response of which only the text and the end matter."""
    return Response(text, finish, reason, Usage(), "gemini-test", b"{}")


NUMBERS = {"type": "array", "items": {"type": "integer"}}
ITEM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "label": {"type": "string"},
        "box_2d": {**NUMBERS, "x-space": "box", "x-name": "box"},
    },
    "required": ["label", "box_2d"],
}


def list_shape(item: dict[str, Any], key: str = "boxes", **others: Any) -> Shape:
    """A list of records under a key, like the shipped shapes."""
    schema = {
        "type": "object",
        "properties": {key: {"type": "array", "items": item}, **others},
        "required": [key, *others],
    }
    return Shape(schema, key)


def record_shape(**fields: Any) -> Shape:
    """One record, all of its fields required."""
    return Shape({"type": "object", "properties": fields, "required": list(fields)})


BOXES = list_shape(ITEM)
BARE = Shape({"type": "array", "items": ITEM})
TEXT = Shape()
KIND = {"type": "string", "enum": ["ripe", "green"]}
CHANGES = list_shape({**ITEM, "properties": {**ITEM["properties"], "kind": KIND}}, "changes")
CLOSED = list_shape({**ITEM, "additionalProperties": False})
TABLE = list_shape(
    {
        "type": "object",
        "properties": {"cells": {"type": "array", "items": {"type": "string"}}},
        "required": ["cells"],
    },
    "rows",
    columns={"type": "array", "items": {"type": "string"}},
)
MASKS = list_shape(
    {
        **ITEM,
        "properties": {**ITEM["properties"], "mask": {**NUMBERS, "x-space": "mask"}},
        "required": ["label", "box_2d", "mask"],
    },
    "masks",
)
CLASS = record_shape(label=KIND, reason={"type": "string"})
COUNT = record_shape(total={"type": "integer", "minimum": 0})
PARTS = record_shape(
    title={"type": "string"},
    parts={
        "type": "array",
        "items": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
    },
)
LINES = list_shape(
    {
        "type": "object",
        "properties": {"text": {"type": "string"}, "box_2d": {**NUMBERS, "x-space": "box"}},
        "required": ["text", "box_2d"],
    },
    "lines",
)

CAT = {"label": "cat", "box_2d": [100, 200, 300, 400]}
DOG = {"label": "dog", "box_2d": [1, 2, 3, 4]}
CATS = json.dumps([CAT])
BOTH = json.dumps([CAT, DOG])
OF_CAT, OF_BOTH = {"boxes": [CAT]}, {"boxes": [CAT, DOG]}
BRACES = {"label": 'a } in a "label"]', "box_2d": [1, 2, 3, 4]}


def unwrapped(why: str) -> Issue:
    return Issue("unwrapped", why)


ONE = unwrapped("one record stood where a list was asked for")
BESIDE = unwrapped("2 records stood side by side without a list")


def under(name: str) -> Issue:
    return unwrapped(f"the answer stood under `{name}`")


def renamed(old: str, new: str, at: str = "boxes[0]", index: int | None = 0) -> Issue:
    return Issue("key_renamed", f"`{old}` was read as `{new}`", at, index)


def around(count: int) -> Issue:
    plural = "" if count == 1 else "s"
    return Issue("text_ignored", f"text around the JSON was not read: {count} character{plural}")


def dropped(why: str, at: str, index: int) -> Issue:
    return Issue("item_dropped", why, at, index)


MORE = Issue("json_ignored", "the answer holds more JSON than this, which was not read")
NO_LABEL = Issue("label_missing", "the record has no label", "boxes[0]", 0)
EMPTY = Malformed(
    "the model answered nothing", issues=(Issue("empty_text", "the model answered nothing"),)
)

COMPLETE: list[tuple[str, str, Shape, Reading]] = [
    # --- the ladder
    ("a bare list", CATS, BOXES, Answer(OF_CAT, "json")),
    ("the object of the schema", json.dumps(OF_CAT), BOXES, Answer(OF_CAT, "json")),
    ("nothing found, bare", "[]", BOXES, Answer({"boxes": []}, "json")),
    ("nothing found, wrapped", '{"boxes": []}', BOXES, Answer({"boxes": []}, "json")),
    ("space and a byte order mark", f"\ufeff \r\n{CATS}\n", BOXES, Answer(OF_CAT, "json")),
    ("a fence", f"```json\n{CATS}\n```", BOXES, Answer(OF_CAT, "fence")),
    ("a fence without a language", f"```\n{CATS}\n```", BOXES, Answer(OF_CAT, "fence")),
    ("a fence of another language", f"```JSON5\n{CATS}\n```", BOXES, Answer(OF_CAT, "fence")),
    ("a fence with CRLF", f"```json\r\n{CATS}\r\n```\r\n", BOXES, Answer(OF_CAT, "fence")),
    ("a fence that never ends", f"```json\n{CATS}\n", BOXES, Answer(OF_CAT, "fence")),
    ("a fence on one line", f"```json {CATS}```", BOXES, Answer(OF_CAT, "fence")),
    ("an indented fence", f"  ```json\n  {CATS}\n  ```", BOXES, Answer(OF_CAT, "fence")),
    (
        "a fence in prose",
        f"Here:\n```json\n{CATS}\n```\nDone.",
        BOXES,
        Answer(OF_CAT, "fence", (around(10),)),
    ),
    (
        "a fence of code before that of the answer",
        f"```python\nprint()\n```\n```json\n{CATS}\n```",
        BOXES,
        Answer(OF_CAT, "fence", (around(19),)),
    ),
    (
        "a fence mark in a label",
        '```json\n[{"label": "```", "box_2d": [1, 2, 3, 4]}]\n```',
        BOXES,
        Answer({"boxes": [{"label": "```", "box_2d": [1, 2, 3, 4]}]}, "fence"),
    ),
    ("prose around", f"I see: {CATS}.", BOXES, Answer(OF_CAT, "scan", (around(6),))),
    (
        "brackets in the prose",
        f"As [ymin, xmin, ymax, xmax]: {CATS}",
        BOXES,
        Answer(OF_CAT, "scan", (around(24),)),
    ),
    (
        "a number in brackets before",
        f"I see [2]: {BOTH}",
        BOXES,
        Answer(OF_BOTH, "scan", (MORE,)),
    ),
    (
        "a brace in a label",
        f"Yes: {json.dumps([BRACES, CAT])}",
        BOXES,
        Answer({"boxes": [BRACES, CAT]}, "scan", (around(4),)),
    ),
    ("a stray end", f"{CATS}]}}", BOXES, Answer(OF_CAT, "scan", (around(2),))),
    ("a second list", f"{CATS}\nor\n{BOTH}", BOXES, Answer(OF_CAT, "scan", (MORE,))),
    ("twice encoded", json.dumps(CATS), BOXES, Answer(OF_CAT, "double")),
    (
        "twice encoded with a fence",
        json.dumps(f"```json\n{CATS}\n```"),
        BOXES,
        Answer(OF_CAT, "double"),
    ),
    ("twice encoded in a fence", f"```\n{json.dumps(CATS)}\n```", BOXES, Answer(OF_CAT, "double")),
    (
        "one record a line",
        f"{json.dumps(CAT)}\n{json.dumps(DOG)}\n",
        BOXES,
        Answer(OF_BOTH, "scan", (BESIDE,)),
    ),
    # --- what stands around the records
    ("one record alone", json.dumps(CAT), BOXES, Answer(OF_CAT, "json", (ONE,))),
    (
        "one record under the key",
        json.dumps({"boxes": CAT}),
        BOXES,
        Answer(OF_CAT, "json", (ONE,)),
    ),
    (
        "a list in a list",
        f"[{BOTH}]",
        BOXES,
        Answer(OF_BOTH, "json", (unwrapped("the list stood in another list"),)),
    ),
    (
        "the object in a list",
        json.dumps([OF_CAT]),
        BOXES,
        Answer(OF_CAT, "json", (under("boxes"),)),
    ),
    *(
        (
            f"wrapped in {name}",
            json.dumps({name: [CAT, DOG]}),
            BOXES,
            Answer(OF_BOTH, "json", (under(name),)),
        )
        for name in (
            "detections",
            "masks",
            "segmentation_masks",
            "objects",
            "items",
            "results",
            "rows",
            "points",
        )
    ),
    (
        "wrapped, bare list asked",
        json.dumps(OF_CAT),
        BARE,
        Answer([CAT], "json", (under("boxes"),)),
    ),
    ("one record, bare list asked", json.dumps(CAT), BARE, Answer([CAT], "json", (ONE,))),
    ("a bare list as asked", BOTH, BARE, Answer([CAT, DOG], "json")),
    (
        "a table whose list has another name",
        '{"columns": ["a"], "items": [{"cells": ["1"]}]}',
        TABLE,
        Answer({"columns": ["a"], "rows": [{"cells": ["1"]}]}, "json", (under("items"),)),
    ),
    (
        "one record in a list",
        '[{"total": 3}]',
        COUNT,
        Answer({"total": 3}, "json", (unwrapped("the record stood in a list"),)),
    ),
    (
        "one record wrapped",
        '{"results": [{"total": 3}]}',
        COUNT,
        Answer({"total": 3}, "json", (under("results"),)),
    ),
    # --- keys and numbers
    *(
        (
            f"{key} for box_2d",
            json.dumps([{"label": "cat", key: CAT["box_2d"]}]),
            BOXES,
            Answer(OF_CAT, "json", (renamed(key, "box_2d"),)),
        )
        for key in ("box", "box2d", "bounding_box", "bbox")
    ),
    *(
        (
            f"{key} for label",
            json.dumps([{key: "cat", "box_2d": CAT["box_2d"]}]),
            BOXES,
            Answer(OF_CAT, "json", (renamed(key, "label"),)),
        )
        for key in ("name", "class", "class_name", "text")
    ),
    (
        "a text where text is asked for",
        '[{"text": "hi", "box_2d": [1, 2, 3, 4]}]',
        LINES,
        Answer({"lines": [{"text": "hi", "box_2d": [1, 2, 3, 4]}]}, "json"),
    ),
    (
        "no label",
        '[{"box_2d": [1, 2, 3, 4]}]',
        BOXES,
        Answer({"boxes": [{"box_2d": [1, 2, 3, 4], "label": None}]}, "json", (NO_LABEL,)),
    ),
    (
        "a label of null",
        '[{"label": null, "box_2d": [1, 2, 3, 4]}]',
        BOXES,
        Answer({"boxes": [{"label": None, "box_2d": [1, 2, 3, 4]}]}, "json", (NO_LABEL,)),
    ),
    (
        "1.0 for a whole number",
        '{"total": 3.0}',
        COUNT,
        Answer({"total": 3}, "json", (Issue("whole_number", "3.0 was read as 3", "total"),)),
    ),
    (
        "coordinates are judged elsewhere",
        '[{"label": "cat", "box_2d": "here"}]',
        BOXES,
        Answer({"boxes": [{"label": "cat", "box_2d": "here"}]}, "json"),
    ),
    (
        "a mask that is missing is judged elsewhere",
        CATS,
        MASKS,
        Answer({"masks": [CAT]}, "json"),
    ),
    (
        "a key more than was asked for",
        '[{"label": "cat", "box_2d": [1, 2, 3, 4], "colour": "red"}]',
        CLOSED,
        Answer(
            {"boxes": [{"label": "cat", "box_2d": [1, 2, 3, 4], "colour": "red"}]},
            "json",
            (Issue("key_unexpected", "`colour` is not expected here", "boxes[0]", 0),),
        ),
    ),
    # --- records that break the schema
    (
        "the second label is a number",
        json.dumps([CAT, {**DOG, "label": 7}, DOG]),
        BOXES,
        Answer(
            OF_BOTH, "json", (dropped("`label` must be a text or null, found 7", "boxes[1]", 1),)
        ),
    ),
    (
        "a record is a text",
        json.dumps([CAT, "and more"]),
        BOXES,
        Answer(
            OF_CAT,
            "json",
            (dropped('the record must be an object, found the text "and more"', "boxes[1]", 1),),
        ),
    ),
    (
        "a word that is not allowed",
        json.dumps([{**CAT, "kind": "blue"}, {**DOG, "kind": "ripe"}]),
        CHANGES,
        Answer(
            {"changes": [{**DOG, "kind": "ripe"}]},
            "json",
            (
                dropped(
                    '`kind` must be one of "ripe", "green"; found the text "blue"', "changes[0]", 0
                ),
            ),
        ),
    ),
    (
        "a broken record in a list of a record",
        '{"title": "x", "parts": [{"n": 1}, {}, {"n": 3}]}',
        PARTS,
        Answer(
            {"title": "x", "parts": [{"n": 1}, {"n": 3}]},
            "json",
            (dropped("`n` is missing", "parts[1]", 1),),
        ),
    ),
    (
        "every record is broken",
        '[{"label": 1, "box_2d": []}, {"label": 2, "box_2d": []}]',
        BOXES,
        Malformed(
            "none of the 2 records can be used; the first: `label` must be a text or null, found 1",
            "",
            (
                dropped("`label` must be a text or null, found 1", "boxes[0]", 0),
                dropped("`label` must be a text or null, found 2", "boxes[1]", 1),
            ),
        ),
    ),
    # --- not what was asked for
    ("nothing", "", BOXES, EMPTY),
    ("nothing but space", " \n\u200b", BOXES, EMPTY),
    ("nothing where a text is asked for", "", TEXT, EMPTY),
    (
        "prose",
        "I cannot see any cats.",
        BOXES,
        Malformed("the answer holds no JSON: “I cannot see any cats.”"),
    ),
    ("null", "null", BOXES, Malformed("the answer must be an object, found null")),
    ("an empty object", "{}", BOXES, Malformed("`boxes` is missing")),
    (
        "an unknown wrapper",
        json.dumps({"cupcakes": [CAT]}),
        BOXES,
        Malformed("`boxes` is missing"),
    ),
    (
        "a list for a record",
        '[{"total": 1}, {"total": 2}]',
        COUNT,
        Malformed("the answer must be an object, found a list of 2"),
    ),
    (
        "a list without what stands beside it",
        '[{"cells": []}]',
        TABLE,
        Malformed("`columns` is missing"),
    ),
    (
        "a word that is not allowed in a record",
        '{"label": "blue", "reason": "sky"}',
        CLASS,
        Malformed('`label` must be one of "ripe", "green"; found the text "blue"', "label"),
    ),
    (
        "a number too small",
        '{"total": -1}',
        COUNT,
        Malformed("`total` must be at least 0, found -1", "total"),
    ),
    (
        "python quotes",
        "[{'label': 'cat', 'box_2d': [1, 2, 3, 4]}]",
        BOXES,
        Malformed("the answer is not JSON: a key in double quotes is missing (line 1, column 3)"),
    ),
    (
        "a broken record: none of the others alone",
        '[{"label": "a", "box_2d": [1, 2, 3, 4]},\n {"label: "b"}, {"label": "c"}]',
        BOXES,
        Malformed("the answer is not JSON: a colon is missing after a key (line 2, column 12)"),
    ),
    (
        "a key that stands twice",
        '[{"label": "a", "label": "b", "box_2d": [1, 2, 3, 4]}]',
        BOXES,
        Malformed('the answer is not JSON: the key "label" stands twice (line 1, column 17)'),
    ),
    (
        "NaN",
        '[{"label": "a", "box_2d": [NaN, 2, 3, 4]}]',
        BOXES,
        Malformed("the answer is not JSON: NaN is no JSON number (line 1, column 28)"),
    ),
    (
        "a broken fence",
        f"```json\n[{json.dumps(CAT)} 1]\n```",
        BOXES,
        Malformed(
            "the answer is not JSON: a comma or the end of a list or object is missing "
            "(line 2, column 51)"
        ),
    ),
    (
        "far too deep",
        "[" * 300 + "]" * 300,
        BOXES,
        Malformed(
            "the answer is not JSON: it is nested more than 200 levels deep (line 1, column 201)"
        ),
    ),
    # --- texts
    ("a text", " A pipe organ.\n", TEXT, Answer("A pipe organ.", "text")),
    ("JSON where a text is asked for", "[1]", TEXT, Answer("[1]", "text")),
    # --- the text ends early although the service says that it is complete
    (
        "one whole record of two",
        BOTH[:-10],
        BOXES,
        CutOff(OF_CAT, 1, "the text ends inside the answer", parsed_by="items"),
    ),
    ("no whole record", CATS[:30], BOXES, CutOff(None, 0, "the text ends inside the answer")),
    ("half of a record", '{"total": ', COUNT, CutOff(None, 0, "the text ends inside the answer")),
    (
        "records a line, the last one half",
        f'{json.dumps(CAT)}\n{json.dumps(DOG)}\n{{"label": "b',
        BOXES,
        CutOff(OF_BOTH, 2, "the text ends inside the answer", (BESIDE, around(11)), "scan"),
    ),
]


@pytest.mark.parametrize(
    ("text", "shape", "expected"), [row[1:] for row in COMPLETE], ids=[row[0] for row in COMPLETE]
)
def test_readings_of_a_complete_response(text: str, shape: Shape, expected: Reading) -> None:
    """Each odd answer has exactly one reading; none is an empty list by accident."""
    assert parse(response(text), shape) == expected


CUT: list[tuple[str, str, Shape, Reading]] = [
    ("no text", "", BOXES, CutOff(None, 0, "max_tokens")),
    ("half of a text", "A pipe org", TEXT, CutOff("A pipe org", 0, "max_tokens", parsed_by="text")),
    ("whole records", BOTH[:-10], BOXES, CutOff(OF_CAT, 1, "max_tokens", parsed_by="items")),
    (
        "in the object",
        '{"boxes": ' + BOTH[:-10],
        BOXES,
        CutOff(OF_CAT, 1, "max_tokens", parsed_by="items"),
    ),
    (
        "in a fence",
        f"```json\n{BOTH[:-10]}",
        BOXES,
        CutOff(OF_CAT, 1, "max_tokens", parsed_by="items"),
    ),
    (
        "a brace in a label",
        json.dumps([BRACES, CAT])[:-3],
        BOXES,
        CutOff({"boxes": [BRACES]}, 1, "max_tokens", parsed_by="items"),
    ),
    (
        "after the last record",
        BOTH[:-1],
        BOXES,
        CutOff(OF_BOTH, 2, "max_tokens", parsed_by="items"),
    ),
    (
        "what follows the list is missing",
        '{"rows": [{"cells": ["1"]}, {"cells": [',
        TABLE,
        CutOff({"rows": [{"cells": ["1"]}]}, 1, "max_tokens", parsed_by="items"),
    ),
    (
        "a broken record is not kept",
        json.dumps([CAT, {**DOG, "label": 7}, DOG])[:-4],
        BOXES,
        CutOff(
            OF_CAT,
            1,
            "max_tokens",
            (dropped("`label` must be a text or null, found 7", "boxes[1]", 1),),
            "items",
        ),
    ),
    ("the first record is half", CATS[:30], BOXES, CutOff(None, 0, "max_tokens")),
    ("the list has begun", "[", BOXES, CutOff(None, 0, "max_tokens")),
    ("the numbers of a first record", '[{"box_2d": [1, 2', BOXES, CutOff(None, 0, "max_tokens")),
    ("half of one record", '{"total": 1', COUNT, CutOff(None, 0, "max_tokens")),
    (
        "a runaway mask",
        '[{"box_2d": [0, 0, 9, 9], "mask": "data:image/png;base64,iVBO' + "Pj4+" * 500,
        MASKS,
        CutOff(None, 0, "max_tokens"),
    ),
    ("whole all the same", CATS, BOXES, CutOff(OF_CAT, 1, "max_tokens", parsed_by="json")),
    ("an empty list proves nothing", "[]", BOXES, CutOff(None, 0, "max_tokens")),
    (
        "one record, whole",
        '{"total": 1}',
        COUNT,
        CutOff({"total": 1}, 1, "max_tokens", parsed_by="json"),
    ),
    ("prose", "I will now look at", BOXES, CutOff(None, 0, "max_tokens")),
]


@pytest.mark.parametrize(
    ("text", "shape", "expected"), [row[1:] for row in CUT], ids=[row[0] for row in CUT]
)
def test_readings_of_a_response_that_was_cut_off(
    text: str, shape: Shape, expected: Reading
) -> None:
    """A truncated answer is never a whole one; its whole records are kept and counted."""
    assert parse(response(text, "cut_off", "max_tokens"), shape) == expected


def test_a_refusal_is_its_own_reading() -> None:
    """Whatever the model wrote beside it; the reason is the service's word and the text."""
    assert parse(response("", "refused", "SAFETY"), BOXES) == Refused("SAFETY", "finish_reason")
    assert parse(response(CATS, "refused", "RECITATION"), TEXT) == Refused(
        f"RECITATION: “{CATS}”", "finish_reason"
    )


def test_a_refusal_names_the_place_where_it_stood() -> None:
    """The service has several; which one it uses says who declined."""
    blocked = replace(response("", "refused", "SAFETY"), channel="promptFeedback")
    assert parse(blocked, BOXES) == Refused("SAFETY", "promptFeedback")


@pytest.mark.parametrize(("text", "kind"), [(CATS, Answer), ("", Malformed), (CATS[:-3], CutOff)])
def test_an_end_that_nobody_knows_is_noticed(text: str, kind: type[Reading]) -> None:
    """The answer is read like any other; the word of the service is kept."""
    reading = parse(response(text, "complete", "STARS_WRONG"), BOXES)
    assert isinstance(reading, kind)
    why = "the service ended the answer with “STARS_WRONG”, which this version does not know"
    assert reading.issues[-1] == Issue("finish_unknown", why)


def test_a_failed_response_is_no_answer() -> None:
    """The service says so itself; nothing of its text is read."""
    assert parse(response(CATS, "failed", "internal_error"), BOXES) == Malformed(
        "the service says that it failed: internal_error"
    )


SHAPES = st.sampled_from([BOXES, BARE, TEXT, CHANGES, CLOSED, TABLE, MASKS, CLASS, COUNT, PARTS])
FINISHES: st.SearchStrategy[Finish] = st.sampled_from(["complete", "cut_off"])
JSONISH = st.lists(
    st.sampled_from(
        [
            "[",
            "]",
            "{",
            "}",
            ",",
            ":",
            '"',
            "```",
            "```json\n",
            "\n",
            "\\",
            " ",
            "1",
            "-",
            "1e999",
            '"boxes"',
            '"label"',
            '"box_2d"',
            '"rows"',
            "null",
            "true",
            "NaN",
            '"a"',
            "[1,2,3,4]",
            '{"label": "a", "box_2d": [1, 2, 3, 4]}',
            "\ud83d",
            "'",
            "é",
            "9" * 500,
        ]
    ),
    max_size=25,
).map("".join)


@given(st.text() | JSONISH, SHAPES, FINISHES)
def test_any_text_has_a_reading(text: str, shape: Shape, finish: Finish) -> None:
    """Parse never raises, a cut-off answer is never whole, and a failure is never an empty list."""
    reading = parse(response(text, finish, "max_tokens"), shape)
    if finish == "cut_off":
        assert isinstance(reading, CutOff)
    if isinstance(reading, CutOff) and reading.value is not None and shape.list_key:
        assert isinstance(reading.value, dict)
        assert reading.recovered == len(reading.value[shape.list_key])  # type: ignore[arg-type]
        assert reading.recovered > 0
    if isinstance(reading, Malformed):
        assert reading.why


WORDS = st.text(max_size=8)
ITEMS = st.lists(
    st.fixed_dictionaries({"label": WORDS, "box_2d": st.lists(st.integers(0, 1000), max_size=4)}),
    min_size=1,
    max_size=5,
)
PROSE = st.text(alphabet="abc .!\n", max_size=20)


@given(ITEMS, PROSE, PROSE, st.sampled_from(["{}", "```json\n{}\n```", "```\n{}"]))
def test_prose_and_fences_never_change_the_answer(
    items: list[dict[str, Any]], before: str, after: str, fence: str
) -> None:
    """The records are the same wherever the list stands."""
    written = fence.replace("{}", json.dumps(items, ensure_ascii=False))
    after = after if written.endswith(("]", "```")) else ""
    reading = parse(response(f"{before}\n{written}\n{after}"), BOXES)
    assert isinstance(reading, Answer)
    assert reading.value == {"boxes": items}


@given(ITEMS, st.data())
def test_every_cut_keeps_a_beginning_of_the_list(
    items: list[dict[str, Any]], data: st.DataObject
) -> None:
    """Wherever the text ends, what is kept are its first records, unchanged."""
    written = json.dumps({"boxes": items}, ensure_ascii=False)
    end = data.draw(st.integers(1, len(written) - 1))
    reading = parse(response(written[:end]), BOXES)
    assert isinstance(reading, CutOff | Malformed)
    if isinstance(reading, CutOff) and reading.value is not None:
        assert reading.value == {"boxes": items[: reading.recovered]}
