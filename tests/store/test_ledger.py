"""What a run has paid, what it may have paid, and what is in doubt: from its attempts alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.store.journal import Journal
from runner.store.ledger import Doubt
from runner.store.recorded import Recorded
from runner.values.response import Failure, Usage
from runner.values.totals import Spent, Totals

LOST = Failure("transport", "reset", maybe_billed=True)
REFUSED = Failure("bad_request", "no", 400)
GONE = Failure("image", "it is gone")


def session(folder: Path, things: Any, *acts: object) -> None:
    """A process that does these things with request 1 and its place in the plan, and ends."""

    async def work(journal: Journal) -> None:
        attempt = 0
        for act in acts:
            match act:
                case "send":
                    attempt = await journal.sending(things.question(1), 0.5)
                case "answer":
                    await journal.received(attempt, things.key(1), things.kept(1), 0.25)
                case "adopt":
                    await journal.adopt(things.key(1), things.kept(1))
                case Failure():
                    await journal.missed(attempt, act)
                case "ok" | "malformed" | "failed":
                    await journal.conclude(things.result(1, status=act), "asked")
                case "again":
                    journal.ask_again()
                case _:
                    raise AssertionError(act)

    with Journal.open(folder, ballast_bytes=1 << 16) as journal:
        asyncio.run(work(journal))


@pytest.mark.parametrize(
    ("sessions", "in_doubt"),
    [
        # nothing is known of the last attempt
        ([["send"]], True),
        ([["send"], ["send"]], True),
        ([["send", LOST, "send"]], True),
        ([["send"], ["send", GONE]], True),  # it never left
        # it was asked again, and that has an end
        ([["send", "answer"]], False),
        ([["send"], ["send", "answer"]], False),
        ([["send"], ["send", REFUSED]], False),
        ([["send"], ["send", LOST]], False),
        ([["send", REFUSED]], False),
        # somebody else had the answer
        ([["send"], ["adopt"]], False),
        # an answer from before the attempt says nothing about it, void or not
        ([["send", "answer", "malformed"], ["again", "send"]], True),
        ([["send", "answer", "malformed"], ["again", "send"], ["send", "answer"]], False),
        ([["send"], ["send", "answer", "malformed"], ["again"]], False),
        ([["adopt", "malformed"], ["again", "send"]], True),
        # it was left out, until somebody wants another try
        ([["send"], ["failed"]], False),
        ([["send"], ["failed"], ["again"]], True),
        ([["ok"], ["send"]], True),  # a result from before it says nothing either
    ],
)
def test_a_doubt_ends_with_what_comes_after_it(
    tmp_path: Path, things: Any, sessions: list[list[object]], in_doubt: bool
) -> None:
    """The rule of `ledger.doubts`, as a table: what the sessions of a run did with one request."""
    for acts in sessions:
        session(tmp_path, things, *acts)
    with Journal.open(tmp_path, ballast_bytes=1 << 16) as journal:
        assert list(journal.doubtful()) == ([things.key(1)] if in_doubt else [])


def test_only_what_was_cut_off_in_an_earlier_session_is_doubtful(
    tmp_path: Path, things: Any
) -> None:
    """Not what is under way; a reader sees that, too. The oldest first, with what is known."""
    with Journal.open(tmp_path, ballast_bytes=1 << 16) as journal:

        async def send() -> None:
            for number in (3, 1, 2):
                await journal.sending(things.question(number))

        asyncio.run(send())
        assert journal.doubtful() == {}
        reader = Recorded.read(tmp_path)
        assert len(reader.doubtful()) == 3
        reader.close()
    with Journal.open(tmp_path, ballast_bytes=1 << 16) as journal:
        doubts = journal.doubtful()
        assert list(doubts) == [things.key(number) for number in (3, 1, 2)]
        first = doubts[things.key(3)]
        assert first == Doubt("3.jpg, step find", 0.003, first.sent_utc)
        assert "2026" <= first.sent_utc < "2100"


# -- dollars ----------------------------------------------------------------------------------------


def test_totals_are_those_of_every_attempt_of_every_session(tmp_path: Path, things: Any) -> None:
    """Answers that others have replaced, too. What may have been paid for, and what has no known
    price, counts with all that was set aside for it; what never left was not sent."""

    async def first(journal: Journal) -> None:
        await answered(journal, things, 1, 0.25)
        await answered(journal, things, 2, None)  # nobody knows the price
        for failure in (LOST, REFUSED, GONE):
            await journal.missed(await journal.sending(things.question(3), 0.5), failure)
        await journal.sending(things.question(4), 0.5)  # killed

    async def second(journal: Journal) -> None:
        await answered(journal, things, 1, 0.125)

    with Journal.open(tmp_path, ballast_bytes=1 << 16) as journal:
        asyncio.run(first(journal))
    with Journal.open(tmp_path, ballast_bytes=1 << 16) as journal:
        asyncio.run(second(journal))
        found = journal.totals()
    assert found == Totals(
        attempts=7,
        sent=6,
        by_outcome={"answered": 3, "bad_request": 1, "image": 1, "transport": 1, "unknown": 1},
        cost_usd=0.375,
        session_usd=0.125,
        bound_usd=0.375 + 0.5 + 0.5 + 0.5,
        doubtful=2,
        doubtful_usd=0.003 + 0.004,
        doubtful_names=("3.jpg, step find", "4.jpg, step find"),
        by_model={
            "a": Spent(2, 2580, 516, 0, 2, 6, 0.375, 0),
            "b": Spent(1, 1290, None, 0, 2, 3, 0.0, 1),
        },
    )
    assert found.unpriced == 1


async def answered(journal: Journal, things: Any, number: int, cost: float | None) -> None:
    """An answer of model a, or of model b when its cost is not known."""
    response = replace(things.kept(number).response, model="b" if cost is None else "a")
    if cost is None:
        response = replace(response, usage=replace(response.usage, image_tokens=None))
    kept = replace(things.kept(number), response=response)
    attempt = await journal.sending(things.question(number), 0.5)
    await journal.received(attempt, things.key(number), kept, cost)


def test_a_run_without_attempts_has_cost_nothing(tmp_path: Path) -> None:
    """All zero; nothing is unknown."""
    with Journal.open(tmp_path, ballast_bytes=1 << 16) as journal:
        assert journal.totals() == Totals()


def test_what_a_lost_store_had_cost_still_counts(tmp_path: Path, things: Any) -> None:
    """Once, in every later session, and not as the part of the newest."""
    with Journal.open(tmp_path, ballast_bytes=1 << 16) as journal:
        asyncio.run(answered(journal, things, 1, 0.25))
        assert journal.make_up(0.25) == 0.0
        assert journal.make_up(1.0) == 0.75
    with Journal.open(tmp_path, ballast_bytes=1 << 16) as journal:
        assert journal.make_up(1.0) == 0.0
        totals = journal.totals()
    assert (totals.cost_usd, totals.session_usd, totals.bound_usd) == (1.0, 0.0, 1.0)


def test_tokens_are_counted_as_the_service_told_them(tmp_path: Path, things: Any) -> None:
    """Every kind of its own."""
    used = Usage(100, 20, 3, 40, 70)

    async def one(journal: Journal) -> None:
        kept = replace(things.kept(1), response=replace(things.kept(1).response, usage=used))
        await journal.received(await journal.sending(things.question(1)), things.key(1), kept, 1.0)

    with Journal.open(tmp_path, ballast_bytes=1 << 16) as journal:
        asyncio.run(one(journal))
        assert journal.totals().by_model == {
            "gemini-3.5-flash": Spent(1, 100, 70, 40, 20, 3, 1.0, 0)
        }
