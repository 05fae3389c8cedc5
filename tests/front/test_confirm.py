"""Before an expensive run a person is asked, on a terminal only; nothing ever hangs elsewhere."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from runner.front.confirm import confirm, doubt
from runner.stages.plan import ModelShare, Plan
from runner.tokens import cost
from runner.values.response import Usage
from runner.workflow.load import load
from runner.workflow.spec import Workflow

ROOT = Path(__file__).resolve().parents[2]
DAY = date(2026, 11, 20)
WORKFLOW = """\
version: 1
images: "*.png"
steps: [{{id: look, prompt: What is it?, model: {model}}}]
run: {{{run}}}
"""


def workflow(folder: Path, run: str = "", model: str = "gemini-3.5-flash") -> Workflow:
    file = folder / "look.workflow.yaml"
    file.write_text(WORKFLOW.format(run=run, model=model))
    return load(file, environ={})


def plan(of: Workflow, requests: int, output_tokens: int = 400) -> Plan:
    """A plan of so many requests with an image of 1,120 tokens each, at the price of its model."""
    (name, model), *_ = of.models.items()
    usd = cost(model, Usage(1120, output_tokens), DAY)
    share = ModelShare(
        requests, 1120 * requests, output_tokens * requests, None if usd is None else usd * requests
    )
    return Plan(requests, 0, 1, 1, requests, 0, {name: share}, "key")


@pytest.mark.parametrize(
    ("run", "requests", "said"),
    [
        ("", 50, None),
        ("", 51, "this may cost about $0.2693, with long answers about $1.00"),
        ("", 1000, "this may cost about $5.28, with long answers about $19.68"),
        ("max_cost_usd: 1.0", 100, None),
        (
            "max_cost_usd: 1.0",
            1000,
            "the estimate of $5.28 is above max_cost_usd of $1.00: the run will stop after about"
            " 189 of 1,000 requests",
        ),
        (
            "max_cost_usd: 0.01",
            2,
            "the estimate of $0.0106 is above max_cost_usd of $0.0100: the run will stop after"
            " about 1 of 2 requests",
        ),
        (
            "max_cost_usd: 10.0",
            1000,
            "this may cost about $5.28, with long answers about $19.68; it stops at $10.00",
        ),
    ],
)
def test_only_a_run_worth_thinking_about_is_asked_about(
    tmp_path: Path, run: str, requests: int, said: str | None
) -> None:
    """Above a dollar when answers are long, or above the limit that the workflow itself sets."""
    of = workflow(tmp_path, run)
    assert doubt(plan(of, requests), of, DAY) == said


def test_answers_that_are_kept_short_are_not_taken_for_long_ones(tmp_path: Path) -> None:
    """`max_output_tokens: 64`: the estimate already supposes the longest answers."""
    of = workflow(tmp_path)
    assert doubt(plan(of, 400, 64), of, DAY) is None


def test_an_unknown_price_is_asked_about_unless_a_limit_is_set(tmp_path: Path) -> None:
    """With a limit its person has thought about money already."""
    free = workflow(tmp_path, model="gemini-99")
    assert doubt(plan(free, 1), free, DAY) == (
        "the price of gemini-99 is not known, and no max_cost_usd holds the run back"
    )
    held = workflow(tmp_path, "max_cost_usd: 1.0", model="gemini-99")
    assert doubt(plan(held, 1), held, DAY) is None


def test_a_run_that_goes_on_counts_what_is_left(tmp_path: Path) -> None:
    """Of 1,000 requests 900 are answered; of the dollar, 80 cents are spent."""
    of = workflow(tmp_path, "max_cost_usd: 1.0")
    assert doubt(plan(of, 1000), of, DAY, left=0.1, spent_usd=0.8) == (
        "the estimate of $0.5280 is above what is left of max_cost_usd ($0.2000 of $1.00): the run"
        " will stop after about 37 of 100 requests"
    )


def test_off_a_terminal_a_run_goes_on_and_says_so(tmp_path: Path) -> None:
    """Nobody is there to answer: one sentence, and no waiting."""
    of, said = workflow(tmp_path), []
    assert confirm(plan(of, 1000), of, False, said.append, is_paid=True, day=DAY)
    assert said == [
        "this may cost about $5.28, with long answers about $19.68. There is no terminal to ask at:"
        " going on (--yes says so beforehand)"
    ]


@pytest.mark.parametrize(("yes", "is_paid"), [(True, True), (False, False)])
def test_who_said_yes_and_who_pays_nothing_is_told_nothing(
    tmp_path: Path, yes: bool, is_paid: bool
) -> None:
    """`--yes`, or a simulator that answers."""
    of, said = workflow(tmp_path), []
    assert confirm(plan(of, 1000), of, yes, said.append, is_paid=is_paid, day=DAY)
    assert said == []


ASKING = """
import sys
from datetime import date
from pathlib import Path
from runner.front.confirm import confirm
from runner.stages.plan import ModelShare, Plan
from runner.workflow.load import load
workflow = load(Path(sys.argv[1]), environ={})
share = ModelShare(1000, 1120000, 400000, 5.28)
plan = Plan(1000, 0, 1, 1, 1000, 0, {"gemini-3.5-flash": share}, "key")
said = []
goes_on = confirm(plan, workflow, False, said.append, is_paid=True, day=date(2026, 11, 20))
print(goes_on, said)
"""


@pytest.mark.parametrize(
    ("typed", "goes_on"),
    [(b"y\n", True), (b"YES\n", True), (b"n\n", False), (b"\n", False), (b"\x04", False)],
)
def test_on_a_terminal_the_person_decides(tmp_path: Path, typed: bytes, goes_on: bool) -> None:
    """Only a clear yes goes on; the question is on stderr, so stdout stays for results."""
    workflow(tmp_path)
    terminal, its_end = pty.openpty()
    with os.fdopen(terminal, "r+b", buffering=0) as screen:
        child = subprocess.Popen(
            [sys.executable, "-c", ASKING, str(tmp_path / "look.workflow.yaml")],
            stdin=its_end,
            stderr=its_end,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        os.close(its_end)
        asked = b""
        while not asked.endswith(b"[y/N] "):
            asked += screen.read(1024)
        screen.write(typed)
        out, _ = child.communicate(timeout=30)
    assert asked.decode() == (
        "this may cost about $5.28, with long answers about $19.68. Go on? [y/N] "
    )
    assert out.decode() == f"{goes_on} []\n"
