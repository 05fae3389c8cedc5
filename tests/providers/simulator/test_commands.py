"""Faults and quirks come on command: by a header, a marker in the prompt, or a plan."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.providers.simulator.commands import (
    Command,
    Planned,
    UnknownCommand,
    commands,
    first_of,
    planned,
)
from runner.providers.simulator.faults import FAULTS, Refusal
from runner.providers.simulator.quirks import QUIRKS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("overloaded", Planned(Command("overloaded"))),
        ("OVERLOADED", Planned(Command("overloaded"))),
        ("rate_limit:0.5", Planned(Command("rate-limit", ("0.5",)))),
        ("rate-limit:0.5:every=10", Planned(Command("rate-limit", ("0.5",)), every=10)),
        ("reset:first=20:per=key", Planned(Command("reset"), first=20, per="key")),
        ("fence:after=3:every=2", Planned(Command("fence"), after=3, every=2)),
        (
            "redirect:http://127.0.0.2:9/a",
            Planned(Command("redirect", ("http", "//127.0.0.2", "9/a"))),
        ),
    ],
)
def test_a_line_of_a_plan_says_what_and_when(text: str, expected: Planned) -> None:
    """A name, arguments, and of which requests."""
    assert planned(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("overlodaed", "knows no fault or quirk `overlodaed`; did you mean `overloaded`?"),
        ("", "knows no fault or quirk ``"),
        ("reset:every=0", "`every=0`: expected a whole number from 1 on"),
        ("reset:every=often", "`every=often`"),
        ("reset:per=moon", "per=all, per=request or per=key"),
        ("slow:long", "`slow:long`: expected a number"),
        ("rate-limit:-3", "expected a number"),
    ],
)
def test_a_line_that_cannot_be_read_says_why(text: str, message: str) -> None:
    """With the close name, if there is one."""
    with pytest.raises(UnknownCommand, match=None) as error:
        planned(text)
    assert message in str(error.value)


@given(st.integers(1, 1000), st.integers(1, 50), st.integers(1, 50), st.integers(1, 50))
def test_a_plan_strikes_by_number(number: int, every: int, first: int, after: int) -> None:
    """Every tenth, the first twenty, all after the fifth; together they all must hold."""
    command = Command("reset")
    assert Planned(command).strikes(number)
    assert Planned(command, every=every).strikes(number) == (number % every == 0)
    assert Planned(command, first=first).strikes(number) == (number <= first)
    assert Planned(command, after=after).strikes(number) == (number > after)
    both = Planned(command, every=every, first=first)
    assert both.strikes(number) == (number % every == 0 and number <= first)


def test_commands_stand_in_a_header_and_in_the_prompt() -> None:
    """Several are separated by commas."""
    header = {"x-askpix-simulate": "fence, slow:1"}
    prompt = "Find it. [[simulate: inverted-boxes]] [[SIMULATE:reset]]"
    found = commands(header, prompt)
    assert [command.name for command in found] == ["fence", "slow", "inverted-boxes", "reset"]
    assert first_of(found, Refusal) is None


def test_no_name_means_two_things() -> None:
    """A fault and a quirk are never called the same."""
    assert not set(FAULTS) & set(QUIRKS)
    assert all(
        entry.about and len(entry.about) < 80 for entry in (*FAULTS.values(), *QUIRKS.values())
    )


def test_every_tenth_answer_fails_by_plan(ask: Any) -> None:
    """Other requests are not counted: a list of models, a page of the simulator."""
    ask.service.desk.plan = (planned("overloaded:every=3"),)
    statuses = []
    for i in range(6):
        ask("GET", "/v1/models")
        statuses.append(ask.interact(f"Question {i}").status)
    assert statuses == [200, 200, 503, 200, 200, 503]
    assert ask("GET", "/simulator/state").json["commands"] == {"overloaded": 2}


def test_the_first_try_of_each_request_fails_by_plan(ask: Any) -> None:
    """`per=request` counts the same bytes as the same request, which a retry sends."""
    ask.service.desk.plan = (planned("overloaded:first=1:per=request"),)
    tries = [ask.interact(prompt).status for prompt in ("a", "a", "b", "b", "a")]
    assert tries == [503, 200, 503, 200, 200]


def test_the_first_answers_of_each_key_fail_by_plan(ask: Any) -> None:
    """`per=key` counts each key by itself."""
    ask.service.desk.plan = (planned("rate-limit:first=1:per=key"),)
    statuses = []
    for key in ("A", "B", "A", "B"):
        ask.key = key
        statuses.append(ask.interact("x").status)
    assert statuses == [429, 429, 200, 200]


@pytest.mark.parametrize("how", ["header", "prompt"])
def test_an_unknown_command_is_refused(ask: Any, how: str) -> None:
    """It would silently do nothing."""
    headers = {"x-askpix-simulate": "fense"} if how == "header" else {}
    prompt = "x [[simulate: fense]]" if how == "prompt" else "x"
    for answer in (ask.interact(prompt, headers=headers), ask.generate(prompt, headers=headers)):
        assert answer.status == 400
        assert "did you mean `fence`?" in answer.json["error"]["message"]


@pytest.mark.parametrize(
    ("name", "interactions", "generate"),
    [("blocked-prompt", 400, 200), ("failed", 200, 400), ("stream-error", 400, 400)],
)
def test_a_fault_that_an_endpoint_does_not_have_is_refused(
    ask: Any, name: str, interactions: int, generate: int
) -> None:
    """With a sentence that says where there is one."""
    headers = {"x-askpix-simulate": name}
    assert ask.interact("x", headers=headers).status == interactions
    assert ask.generate("x", headers=headers).status == generate


def test_a_marker_is_no_part_of_the_question(ask: Any, three: bytes) -> None:
    """`inverted-boxes` speaks of boxes, but nobody asked for any."""
    answer = ask.interact("Describe it. [[simulate: inverted-boxes]]", three)
    assert answer.text.startswith("Simulated: an image of 400 × 300 pixels")
