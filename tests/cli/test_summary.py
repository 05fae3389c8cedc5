"""The end of a run says what was paid, what was not paid again, and what nobody can know."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.cli.summary import as_json, tell
from runner.stages.halt import Halt
from runner.story import Outcome
from runner.values.response import Origin
from runner.values.result import Result
from runner.values.tally import Tally
from runner.values.totals import Spent, Totals
from runner.workflow.load import load
from runner.workflow.spec import Workflow

RESULT = Result(
    0, "a.jpg", "find", {}, 1, (), "ok", model="m", cost_usd=0.0004,
    usage={"input_tokens": 1000, "output_tokens": 50},
)  # fmt: skip


@pytest.fixture
def workflow(tmp_path: Path) -> Workflow:
    file = tmp_path / "cats.workflow.yaml"
    file.write_text("version: 1\nimages: '*.png'\nsteps: [{id: find, prompt: Cats?}]\n")
    return load(file, environ={})


def bill(earlier: int, asked: int, **more: Any) -> Totals:
    """What so many answers have cost, those of earlier sessions and those of this one."""
    count = earlier + asked
    spent = Spent(count, 1000 * count, None, 0, 50 * count, 0, 0.0004 * count, 0)
    by_model = {"m": spent} if count else {}
    paid = Totals(cost_usd=0.0004 * count, session_usd=0.0004 * asked, by_model=by_model)
    return replace(paid, **more)


def tally(total: int, **origins: int) -> Tally:
    """So many answers of each origin; `earlier` ones were asked in another session."""
    made = Tally(total)
    made.account(bill(origins.get("earlier", 0), origins.get("asked", 0)))
    for origin, count in origins.items():
        for _ in range(count):
            if origin == "earlier":
                made.add(RESULT, earlier=True)
            else:
                known: Origin = origin  # type: ignore[assignment]
                made.add(RESULT, known)
    return made


def told(
    workflow: Workflow, of: Tally, capsys: pytest.CaptureFixture[str], halt: Halt | None = None
) -> list[str]:
    tell(Outcome(workflow.path.parent, of, (), {}, halt or Halt()), resume="askpix run x")
    return capsys.readouterr().err.splitlines()


def test_a_run_that_was_never_stopped_says_only_what_it_cost(
    workflow: Workflow, capsys: pytest.CaptureFixture[str]
) -> None:
    """No word about what does not concern it."""
    assert told(workflow, tally(3, asked=3), capsys) == [
        "",
        "  answered  3",
        "  cost      $0.0012 for 3,150 tokens",
    ]


def test_what_a_filter_makes_of_answers_was_not_answered(
    workflow: Workflow, capsys: pytest.CaptureFixture[str]
) -> None:
    """It asks nobody. What it could not make is counted with everything that failed."""
    counted = Tally(4, asks=frozenset({"find"}))
    counted.account(bill(0, 1))
    counted.add(RESULT)
    for step, status in (("large", "ok"), ("crops", "empty"), ("all", "failed")):
        counted.add(replace(RESULT, step=step, status=status, model="", usage={}, cost_usd=None))
    lines = told(workflow, counted, capsys)[1:4]
    assert lines == ["  answered         1", "  failed           1", "  made of answers  2"]
    assert as_json(workflow, Outcome(workflow.path, counted, (), {}, Halt()))["by_status"] == {
        "empty": 1,
        "failed": 1,
        "ok": 2,
    }


def test_where_several_models_answered_each_has_its_line(
    workflow: Workflow, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it took and cost; a price that nobody knows is a dash."""
    of, paid = tally(3, asked=3), bill(0, 2)
    unknown = Spent(1, 1000, None, 0, 50, 0, 0.0, 1)
    of.account(replace(paid, by_model={"a": unknown, **paid.by_model}))
    assert told(workflow, of, capsys)[3:] == [
        "    a: 1 answer, 1,050 tokens, —",
        "    m: 2 answers, 2,100 tokens, $0.0008",
    ]


def test_a_run_that_went_on_says_what_was_not_paid_again(
    workflow: Workflow, capsys: pytest.CaptureFixture[str]
) -> None:
    """The cost is that of the whole run; the line below it that of this session."""
    assert told(workflow, tally(100, earlier=97, asked=3), capsys)[2:] == [
        "  cost      $0.0400 for 105k tokens",
        "  97 of 100 were answered before and cost nothing again; 3 were asked: $0.0012",
    ]


def test_answers_from_the_cache_and_shared_ones_cost_nothing(
    workflow: Workflow, capsys: pytest.CaptureFixture[str]
) -> None:
    """What they would have cost is said."""
    assert told(workflow, tally(10, asked=1, cache=5, shared=4), capsys)[2:] == [
        "  cost      $0.0004 for 1,050 tokens",
        "  5 came from the cache, 4 asked exactly what another case asked (identical images do):"
        " nothing was paid for $0.0036 worth of answers",
    ]


def test_requests_that_may_have_been_paid_for_are_named(
    workflow: Workflow, capsys: pytest.CaptureFixture[str]
) -> None:
    """Five of them, each once; the log names all."""
    of = tally(2, asked=2)
    names = tuple(f"{number}.jpg, find" for number in range(5))
    of.account(bill(0, 2, doubtful=8, doubtful_usd=0.0016, doubtful_names=names))
    assert told(workflow, of, capsys)[3:] == [
        "  8 requests may have been paid for although no answer came (about $0.0016 more):"
        " 0.jpg, find; 1.jpg, find; 2.jpg, find; 3.jpg, find; 4.jpg, find; …"
    ]


def test_a_run_that_was_stopped_says_how_to_go_on(
    workflow: Workflow, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command, to be pasted."""
    halt = Halt()
    halt.now("limit", "max_requests of 1 is reached")
    assert told(workflow, tally(2, asked=1), capsys, halt)[-2:] == [
        "stopped before the end: max_requests of 1 is reached",
        "to go on, raise `max_requests`, then: askpix run x",
    ]


def test_only_the_paths_are_printed_beside_a_log_for_programs(
    workflow: Workflow, capsys: pytest.CaptureFixture[str]
) -> None:
    """stderr holds nothing but the lines of the log."""
    outcome = Outcome(workflow.path.parent, tally(1, asked=1), (), {}, Halt())
    tell(outcome, only_paths=True)
    out, err = capsys.readouterr()
    assert err == ""
    assert out == f"{workflow.path.parent}{os.sep}\n"


def test_a_script_reads_the_same_numbers(workflow: Workflow) -> None:
    """Of every origin, of both bills."""
    of = tally(10, earlier=2, asked=1, cache=3, shared=1)
    of.requests, of.retried, of.rate_limited = 4, 2, 1
    of.account(bill(2, 1, doubtful=1, doubtful_usd=0.0002, doubtful_names=("a.jpg, find",)))
    outcome = Outcome(workflow.path.parent, of, (), {}, Halt())
    summary = as_json(workflow, outcome, seconds=1.23456, resume="askpix run x")
    assert {key: summary[key] for key in ("seconds", "resume", "results", "not_asked")} == {
        "seconds": 1.235,
        "resume": "askpix run x",
        "results": 7,
        "not_asked": 3,
    }
    assert summary["answers"] == {"asked": 1, "earlier": 2, "cache": 3, "shared": 1}
    assert summary["requests"] == {"sent": 4, "retried": 2, "rate_limited": 1, "doubtful": 1}
    assert [summary[f"{of}_usd"] for of in ("cost", "session", "saved", "doubtful")] == [
        0.0012,
        0.0004,
        0.0016,
        0.0002,
    ]
