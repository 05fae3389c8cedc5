"""A line of the log: whole, alone on its line, and without a key in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from runner.text.log_line import log_line
from runner.transport.secret import Secret
from runner.values.event import Event, said

NOON = datetime(2026, 11, 20, 12, 0, 7, 123999, tzinfo=UTC)
KEY = "AIza" + "Sy0123456789-abcdefghij_ABCDEFGHIJK"


def test_a_line_says_when_what_and_the_rest_in_order() -> None:
    """Time in UTC to the millisecond, seconds of the session, the name, then the fields."""
    berlin = NOON.astimezone(timezone(timedelta(hours=1)))
    event = Event("gate", {"model": "m", "wait_seconds": 7.5, "why": "„langsamer“ 🐈"})
    assert log_line(event, berlin, 3.00049, str) == (
        '{"time": "2026-11-20T12:00:07.123Z", "seconds": 3.0, "event": "gate", '
        '"model": "m", "wait_seconds": 7.5, "why": "„langsamer“ 🐈"}'
    )


def test_nothing_in_a_line_breaks_it_or_acts_on_a_terminal() -> None:
    """Line separators, C1 controls, marks of direction and half letters are written as escapes."""
    text = "a\nb\x1b[31m\x85\x9b\u2028\u202e\ud800"
    line = log_line(said(text), NOON, 0, str)
    assert line.endswith(r'"sentence": "a\nb\u001b[31m\u0085\u009b\u2028\u202e\ud800"}')
    assert line.isprintable()


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.none(), st.booleans())))
def test_whatever_is_said_a_line_is_one_line_and_reads_back(fields: dict[str, object]) -> None:
    """As JSON, with the same values."""
    own = {f"_{name}": value for name, value in fields.items()}
    line = log_line(Event("said", own), NOON, 0, str)
    assert line.splitlines() == [line]
    line.encode()  # no half of a surrogate pair is left
    assert {k: v for k, v in json.loads(line).items() if k.startswith("_")} == own


@given(st.text(alphabet=st.characters(codec="ascii"), min_size=16, max_size=50), st.text())
def test_a_key_is_in_no_line_whatever_it_looks_like(key: str, around: str) -> None:
    """Nor does hiding it make the line unreadable; also quotes and digits may be a key."""
    event = Event("said", {"sentence": f"{around}{key}{around}", "list": [{"name": key}], "n": 1.5})
    line = log_line(event, NOON, 0, Secret.of(key).hidden)
    told = json.loads(line)
    assert key not in told["sentence"]
    assert key not in told["list"][0]["name"]
    assert told["n"] == 1.5


def test_what_looks_like_a_key_of_google_is_hidden_though_nobody_knows_it() -> None:
    """Somebody else's key in an error message is nobody's business."""
    line = log_line(said(f"bad key {KEY}"), NOON, 0, str)
    assert KEY not in line
    assert json.loads(line)["sentence"].startswith("bad key AIza…")
