"""Where JSON ends in a text, and what of it is complete."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.text.json_scan import Spans, recover, scan, spans

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
CONTAINERS = st.lists(VALUES) | st.dictionaries(st.text(), VALUES)


@given(CONTAINERS, st.text(alphabet="abc .,!?\n"), st.text())
def test_a_value_ends_where_it_ends(value: object, before: str, after: str) -> None:
    """Prose around a value is not taken for a part of it, whatever stands in its texts."""
    written = json.dumps(value, ensure_ascii=False)
    found = scan(before + written + after, len(before))
    assert (found.kind, found.end) == ("whole", len(before) + len(written))


@given(CONTAINERS, st.data())
def test_every_beginning_of_a_value_is_cut(value: object, data: st.DataObject) -> None:
    """However much is missing, the text is JSON that was cut off and not something else."""
    written = json.dumps(value, ensure_ascii=False)
    end = data.draw(st.integers(1, len(written) - 1))
    assert scan(written[:end], 0).kind == "cut"


RECORDS = st.lists(st.dictionaries(st.text(), VALUES), min_size=1, max_size=5)


@settings(max_examples=40)  # examples are slow to draw, not to judge
@given(RECORDS, st.sampled_from(["[", '{"boxes": [', "[["]), st.data())
def test_only_whole_records_are_recovered(
    records: list[dict[str, object]], start: str, data: st.DataObject
) -> None:
    """What is kept of a cut-off list is a beginning of it, never half of a record."""
    pieces = [json.dumps(record, ensure_ascii=False) for record in records]
    written = start + ", ".join(pieces)
    end = data.draw(st.integers(len(start), len(written)))
    whole = sum(len(start + ", ".join(pieces[: n + 1])) <= end for n in range(len(pieces)))
    kept = recover(written[:end], scan(written[:end], 0))
    if whole == 0:
        assert kept is None
        return
    assert kept is not None
    value = json.loads(kept)
    inner = value["boxes"] if start.startswith("{") else value[0] if start == "[[" else value
    assert inner == records[:whole]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Spans((), None)),
        ("no JSON at all", Spans((), None)),
        ("[1, 2]", Spans(((0, 6),), None)),
        ('as [ymin, xmin]: [{"a": 1}]', Spans(((17, 27),), None)),
        ("I see [3 cats]: [1]", Spans(((16, 19),), None)),
        ('[{"a": "}]"}] done', Spans(((0, 13),), None)),
        ('{"a": 1} {"b": 2}', Spans(((0, 8), (9, 17)), None)),
        ('[{"a": 1}, {"b": 2', Spans((), 0)),
        ('{"a": 1}\n{"b"', Spans(((0, 8),), 9)),
        # Nothing is taken out of what is broken: one record of three would look like all of them.
        ('[{"a": 1}, {"b": oops}, {"c": 3}]', Spans((), None)),
        ('[{"a": 1}, {"b": oops}, {"c": 3}] and [4]', Spans(((38, 41),), None)),
        ('[{"a": 1}, {"b: 2}, {"c": 3}]', Spans((), None)),
        ("[1, 2}", Spans((), None)),
        ("{'boxes': [1, 2]}", Spans(((10, 16),), None)),
        ("[nul", Spans((), 0)),
        ("[nil", Spans((), None)),
    ],
)
def test_spans_of_a_text(text: str, expected: Spans) -> None:
    """Lists and objects in prose, outermost only, and the one that the text ends in."""
    assert spans(text) == expected


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 50_000, "[1 " * 50_000, '["' * 50_000, "[x" * 50_000]
)
def test_depth_and_repetition_do_no_harm(text: str) -> None:
    """100,000 brackets neither recurse nor take quadratic time; nothing whole is found."""
    assert spans(text).whole == ()


@given(st.text(alphabet='[]{}",:\\ \n1truex-.`'))
def test_any_text_can_be_scanned(text: str) -> None:
    """What is found lies in order in the text and is balanced for the standard library, too."""
    end = 0
    for start, stop in spans(text).whole:
        assert end <= start < stop <= len(text)
        json.loads(text[start:stop], strict=False)
        end = stop
