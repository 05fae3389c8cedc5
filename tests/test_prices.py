"""What a run cost, by the model that answered and at the prices of the day of asking."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from runner.catalogue import catalogue
from runner.resume import Begin, Options
from runner.roles import Connection
from runner.store.folder import RunFolder
from runner.story import Outcome, make_plan, run
from runner.values.request import Policy
from runner.values.result import Result
from runner.workflow.load import load

CHEAP = datetime(2026, 12, 30, tzinfo=UTC)
DEAR = datetime(2027, 1, 2, tzinfo=UTC)
"""Two days between which the catalogue has another price for gemini-3.8-flash."""

WORKFLOW = """\
version: 1
images: "*.png"
steps:
  - {{id: say, {model}prompt: What is this?}}
run: {{cache: off, parallel: 1, {how}}}
{more}
"""

Ran = Callable[..., tuple[Outcome, list[Result], Mapping[str, Any]]]


@pytest.fixture
def ran(tmp_path: Path, served: Callable[..., str]) -> Ran:
    """A run over HTTP, as if on some day: its outcome, its results and its run.json."""
    for name, colour in (("a", "red"), ("b", "blue")):
        Image.new("RGB", (400, 300), colour).save(tmp_path / f"{name}.png")
    address = served()

    def on(
        day: datetime,
        model: str | None = "gemini-3.8-flash",
        how: str = "retries: 0",
        more: str = "",
        begin: Begin = "auto",
    ) -> tuple[Outcome, list[Result], Mapping[str, Any]]:
        file = tmp_path / "w.workflow.yaml"
        file.write_text(
            WORKFLOW.format(model=f"model: {model}, " if model else "", how=how, more=more)
        )
        workflow = load(file, environ={})
        connection = Connection("a-key", address, policy=Policy(retries=0, timeout_seconds=20))
        options = Options(connection, tmp_path / "runs", begin, now=lambda: day)
        outcome = run(workflow, make_plan(workflow), options)
        manifest = json.loads((outcome.folder / "run.json").read_text())
        return outcome, list(RunFolder(outcome.folder).results()), manifest

    return on


def at_price(result: Result, dollars_in: float, dollars_out: float) -> float:
    usage = result.usage
    output = usage["output_tokens"] + usage["thought_tokens"]
    return (usage["input_tokens"] * dollars_in + output * dollars_out) / 1e6


def test_the_catalogue_has_two_prices_for_this_model() -> None:
    """Or the tests below would say nothing."""
    model = catalogue().model("gemini-3.8-flash")
    prices = [model.price_on(day.date()) for day in (CHEAP, DEAR)]
    assert [(price.input, price.output) for price in prices if price] == [(0.75, 3.75), (1.5, 7.5)]


def test_an_answer_costs_what_it_cost_on_the_day_it_was_asked_for(ran: Ran) -> None:
    """A run that goes on after a price has changed pays the old price for what it had, and the new
    one for the rest; the totals are their sum."""
    stopped, _, before = ran(CHEAP, how="retries: 0, max_requests: 1")
    assert (stopped.exit_code, before["counts"]["results"]) == (5, 1)
    outcome, (first, second), after = ran(DEAR)
    assert (outcome.folder, outcome.exit_code) == (stopped.folder, 0)
    assert first.cost_usd == pytest.approx(at_price(first, 0.75, 3.75))
    assert second.cost_usd == pytest.approx(at_price(second, 1.5, 7.5))
    assert after["cost_usd"] == pytest.approx((first.cost_usd or 0) + (second.cost_usd or 0))
    assert after["by_model"]["gemini-3.8-flash"]["cost_usd"] == after["cost_usd"]


def test_an_answer_whose_result_was_lost_keeps_its_price(ran: Ran) -> None:
    """A process that is killed between an answer and its result: the result is made again from the
    answer, at the price of the day on which it was bought."""
    outcome, (first, second), _ = ran(CHEAP)
    with closing(sqlite3.connect(outcome.folder / "run.sqlite")) as database:
        database.execute("DELETE FROM result")
        database.execute("UPDATE session SET started_utc = '2026-12-30T10:00:00.000Z'")
        database.commit()
    _, again, _ = ran(DEAR, begin="resume")
    assert [result.cost_usd for result in again] == [first.cost_usd, second.cost_usd]


def test_a_run_tells_what_each_model_took(ran: Ran) -> None:
    """Tokens as the service counted them, by the model that answered; they add up to the whole."""
    names = ["gemini-2.5-flash", "gemini-3.8-flash"]
    _, results, told = ran(CHEAP, model=None, more=f"matrix: {{model: [{', '.join(names)}]}}")
    assert told["by_model"] == {name: spent(results, name) for name in names}
    assert told["by_model"]["gemini-3.8-flash"]["image"] == 2 * 1120
    for kind in ("input", "output", "thought"):
        assert sum(each[kind] for each in told["by_model"].values()) == told["tokens"][kind]


def spent(results: list[Result], model: str) -> Mapping[str, object]:
    own = [result for result in results if result.model == model]

    def total(kind: str) -> int:
        return sum(result.usage[f"{kind}_tokens"] for result in own)

    kinds = ("input", "image", "cached", "output", "thought")
    dollars = sum(result.cost_usd or 0.0 for result in own)
    return {
        "answers": len(own),
        **{kind: total(kind) for kind in kinds},
        "cost_usd": round(dollars, 9),
        "cost_complete": True,
    }


def test_an_unknown_price_stays_unknown(ran: Ran) -> None:
    """The tokens are told, the dollars are told as incomplete."""
    _, (first, _), told = ran(CHEAP, "gemini-3.1-pro-preview-customtools")
    assert first.cost_usd is None
    spent = told["by_model"]["gemini-3.1-pro-preview-customtools"]
    assert (spent["cost_usd"], spent["cost_complete"]) == (0.0, False)
    assert spent["input"] == told["tokens"]["input"] > 0
