"""Limits on money and requests hold while requests are in flight."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.roles import Ask
from runner.transport.budget import MARGIN, Budget, within
from runner.transport.quote import Quote
from runner.transport.retry import retrying
from runner.values.request import Policy, Request, TextPart
from runner.values.response import Failure, Response, Usage

CENT = 0.01
BUSY = Failure("overloaded", "busy", status=503)


def request(number: int = 0, model: str = "m") -> Request:
    return Request("interactions", model, (TextPart(str(number)),))


def response(cents: float) -> Response:
    """A response that costs so many cents: a cent is a thousand tokens."""
    return Response("", "complete", "", Usage(output_tokens=round(cents * 1000)), "m", b"")


def price(usage: Usage) -> float:
    return usage.output_tokens * CENT / 1000


def bounded(cents: float) -> Quote:
    """The quote of a request with `max_output_tokens`."""
    return Quote("m", min(CENT, cents * CENT), cents * CENT, True, price)


def unbounded(likely: float = 1, most: float = 50, model: str = "m") -> Quote:
    return Quote(model, likely * CENT, most * CENT, False, price)


T = TypeVar("T")


def run(story: Awaitable[T]) -> T:
    """Runs a story; one that waits for ever fails."""

    async def in_time() -> T:
        return await asyncio.wait_for(story, 20)

    return asyncio.run(in_time())


def ask_all(budget: Budget, ask: Ask, quote: Quote, count: int) -> list[Response | Failure]:
    async def story() -> list[Response | Failure]:
        asking = within(ask, budget, lambda request: quote)
        return list(await asyncio.gather(*(asking(request(n)) for n in range(count))))

    return run(story())


def answers(cents: float, steps: int = 3) -> Ask:
    async def ask(request: Request) -> Response | Failure:
        for _ in range(steps):
            await asyncio.sleep(0)
        return response(cents)

    return ask


def kinds(outcomes: list[Response | Failure]) -> list[str]:
    return [o.kind if isinstance(o, Failure) else "answered" for o in outcomes]


def test_without_a_limit_everything_is_asked_at_once_and_counted() -> None:
    """No limits: nobody waits, and the budget still knows what was spent."""
    budget = Budget()
    assert kinds(ask_all(budget, answers(2), unbounded(), 5)) == ["answered"] * 5
    assert (budget.spent_usd, budget.sent) == (pytest.approx(0.10), 5)


def test_the_refusal_says_what_is_spent_and_what_the_next_one_may_cost() -> None:
    """A quota failure that stops the run, with the numbers in a sentence."""
    budget = Budget(max_cost_usd=0.025)
    outcomes = ask_all(budget, answers(1), bounded(1), 3)
    assert outcomes[2] == Failure(
        "quota",
        "the next request could pass max_cost_usd of $0.025: $0.0200 is spent, it may cost $0.0100"
        " with all of its max_output_tokens",
        stops_run=True,
    )


def test_a_request_waits_for_those_in_flight_before_it_is_refused() -> None:
    """They may cost less than was set aside: then there is room for it after all."""
    budget = Budget(max_cost_usd=0.02)
    assert kinds(ask_all(budget, answers(0.1), bounded(1.5), 4)) == ["answered"] * 4
    assert budget.spent_usd == pytest.approx(0.004)


def test_a_resumed_run_begins_with_what_was_spent_and_sent() -> None:
    """Both limits are those of the run, not of its session."""
    spent = Budget(max_cost_usd=1.0, spent_usd=0.995)
    assert kinds(ask_all(spent, answers(1), bounded(1), 1)) == ["quota"]
    sent = Budget(max_requests=10, sent=9)
    assert kinds(ask_all(sent, answers(1), bounded(1), 2)) == ["answered", "quota"]


@pytest.mark.parametrize(
    ("outcome", "spent_cents", "sent"),
    [
        (response(0.25), 0.25, 1),
        (Failure("transport", "reset", maybe_billed=True), 1, 1),
        (Failure("connect", "no connection"), 0, 1),
        (Failure("rate_limit", "slower", status=429), 0, 1),
        (Failure("image", "the image is gone"), 0, 0),
        (Failure("not_sent", "the run was halted"), 0, 0),
    ],
)
def test_an_attempt_costs_what_came_of_it(
    outcome: Response | Failure, spent_cents: float, sent: int
) -> None:
    """A response its price; a lost one may have been paid for; what was never sent is nothing."""

    async def ask(request: Request) -> Response | Failure:
        return outcome

    budget = Budget(max_cost_usd=1.0)
    ask_all(budget, ask, bounded(1), 1)
    assert budget.spent_usd == pytest.approx(spent_cents * CENT)
    assert (budget.sent, budget.in_flight, budget.reserved_usd) == (sent, 0, 0.0)


def test_what_is_set_aside_is_told_before_the_attempt() -> None:
    """A journal writes it down: after a crash it is the most that the attempt can have cost."""
    told: list[object] = []

    async def ask(request: Request) -> Response | Failure:
        told.append("asked")
        return response(1)

    budget = Budget(max_cost_usd=1.0)
    run(within(ask, budget, lambda _: bounded(3), note=told.append)(request()))
    assert told == [pytest.approx(0.03), "asked"]


def test_an_attempt_that_is_cancelled_may_have_been_paid_for() -> None:
    """The second Ctrl-C: what was in flight stays spent, and nothing stays reserved."""

    async def for_ever(request: Request) -> Response | Failure:
        await asyncio.Event().wait()
        raise AssertionError

    async def story() -> Budget:
        budget = Budget(max_cost_usd=1.0)
        task = asyncio.ensure_future(within(for_ever, budget, lambda _: bounded(3))(request()))
        await asyncio.sleep(0)
        assert budget.reserved_usd == pytest.approx(0.03)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return budget

    budget = run(story())
    assert budget.spent_usd == pytest.approx(0.03)
    assert (budget.in_flight, budget.reserved_usd) == (0, 0.0)


@pytest.mark.parametrize(("limit", "before", "after"), [(0.30, 1, 8), (0.80, 1, 8), (4.00, 8, 1)])
def test_the_first_answer_of_a_model_is_waited_for_alone(
    limit: float, before: int, after: int
) -> None:
    """Nobody knows how long answers get. Unless even the longest fit (50 cents each), the first one
    shows it; then all the others are in flight at once."""
    budget, most = Budget(max_cost_usd=limit), {True: 0, False: 0}
    nobody_answered = True

    async def ask(asked: Request) -> Response | Failure:
        nonlocal nobody_answered
        most[nobody_answered] = max(most[nobody_answered], budget.in_flight)
        for _ in range(50):
            await asyncio.sleep(0)
        nobody_answered = False
        return response(1)

    assert kinds(ask_all(budget, ask, unbounded(1, 50), 9)) == ["answered"] * 9
    assert most == {True: before, False: after}


def test_later_answers_are_taken_to_cost_more_than_the_dearest_so_far() -> None:
    """An answer of 4 cents: the next is not sent with less than 5 cents left."""
    for room, kind in ((4.9, "quota"), (5.0, "answered")):
        budget = Budget(max_cost_usd=(4 + room) * CENT)
        outcomes = ask_all(budget, answers(4), unbounded(1, 50), 2)
        assert kinds(outcomes) == ["answered", kind]
    assert MARGIN == 1.25


def test_a_bound_that_does_not_hold_is_believed_no_more() -> None:
    """Should thoughts not count within max_output_tokens: the second attempt sets aside as much."""
    budget = Budget(max_cost_usd=0.10)
    outcomes = ask_all(budget, answers(6), bounded(2), 1)
    outcomes += ask_all(budget, answers(6), bounded(2), 1)
    assert kinds(outcomes) == ["answered", "quota"]
    assert "it may cost $0.0600" in outcomes[1].message  # type: ignore[union-attr]


def test_an_answer_that_does_not_say_what_it_used_keeps_its_reserve() -> None:
    """It counts as spent, and teaches nothing about what answers cost."""
    quote = Quote("m", CENT, 50 * CENT, False, lambda usage: None)
    budget = Budget(max_cost_usd=0.03)
    assert kinds(ask_all(budget, answers(0), quote, 4)) == ["answered"] * 3 + ["quota"]
    assert budget.spent_usd == pytest.approx(0.03)


def test_models_are_met_one_by_one() -> None:
    """What an answer of one model cost says nothing about another's."""
    budget = Budget(max_cost_usd=0.30)

    async def story() -> list[Response | Failure]:
        asking = within(answers(1), budget, lambda r: unbounded(1, 50, model=r.model))
        return list(await asyncio.gather(*(asking(request(n, f"m{n % 2}")) for n in range(6))))

    assert kinds(run(story())) == ["answered"] * 6


def test_what_waits_when_the_run_is_halted_is_not_sent() -> None:
    """The one in flight comes to its end; those that wait for it leave without having asked."""
    halted = False

    async def ask(asked: Request) -> Response | Failure:
        nonlocal halted
        await asyncio.sleep(0)
        halted = True
        return response(0.1)

    async def story() -> list[Response | Failure]:
        budget = Budget(max_cost_usd=0.01)
        asking = within(ask, budget, lambda _: bounded(1), lambda: halted)
        return list(await asyncio.gather(*(asking(request(n)) for n in range(3))))

    assert kinds(run(story())) == ["answered", "not_sent", "not_sent"]


def test_second_tries_are_requests_too() -> None:
    """`max_requests: 3` against a service that always fails: three requests, then the run stops."""
    sent = 0

    async def overloaded(request: Request) -> Response | Failure:
        nonlocal sent
        sent += 1
        return BUSY

    async def no_wait(seconds: float) -> None:
        return

    limited = within(overloaded, Budget(max_requests=3), lambda _: bounded(1))
    outcome = run(retrying(limited, Policy(retries=10), sleep=no_wait)(request()))
    assert sent == 3
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.stops_run, outcome.message) == (
        "quota",
        True,
        "max_requests of 3 is reached",
    )


def test_nobody_asks_again_once_the_run_is_stopped() -> None:
    """A halt during the wait ends the retries; the last failure is what is told."""
    stopped = False

    async def overloaded(request: Request) -> Response | Failure:
        return BUSY

    async def halted_meanwhile(seconds: float) -> None:
        nonlocal stopped
        stopped = True

    ask = retrying(overloaded, Policy(), sleep=halted_meanwhile, stopped=lambda: stopped)
    outcome = run(ask(request()))
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.attempts) == ("overloaded", 1)


End = Literal["answered", "lost", "refused", "cancelled", "broke"]


@dataclass(frozen=True)
class Attempt:
    """What an attempt may cost at most and really costs (cents), how long it takes, how it ends."""

    most: float
    share: float
    steps: int
    end: End
    model: str = "m"

    @property
    def cost(self) -> float:
        paid = self.end in ("answered", "lost", "cancelled", "broke")
        return round(self.most * self.share * 1000) / 1000 * CENT if paid else 0.0


ATTEMPTS = st.lists(
    st.builds(
        Attempt,
        most=st.integers(1, 40),
        share=st.sampled_from((1.0, 1.0, 1.0, 0.5, 0.1, 0.0)),
        steps=st.integers(0, 9),
        end=st.sampled_from(("answered", "answered", "answered", "lost", "refused", "broke")),
        model=st.sampled_from("ab"),
    ),
    min_size=1,
    max_size=25,
)


@given(ATTEMPTS, st.integers(0, 100), st.integers(1, 30), st.integers(0, 30))
def test_with_max_output_tokens_no_schedule_passes_a_limit(
    attempts: list[Attempt], cents: int, parallel: int, most_requests: int
) -> None:
    """Whatever the answers cost, however long they take, whatever breaks: neither limit is passed,
    at no moment, and everyone comes to an end."""
    budget = Budget(max_cost_usd=cents * CENT, max_requests=most_requests)
    paid, sent = _play(
        attempts, budget, parallel, lambda a: Quote(a.model, 0.0, a.most * CENT, True, price)
    )
    assert paid <= cents * CENT + 1e-8
    assert budget.spent_usd <= cents * CENT + 1e-8
    assert sent <= most_requests
    assert (budget.in_flight, budget.reserved_usd) == (0, 0.0)


@given(ATTEMPTS, st.integers(0, 300), st.integers(1, 30))
def test_without_it_a_limit_is_passed_by_what_those_in_flight_cost_beyond_their_reserve(
    attempts: list[Attempt], cents: int, parallel: int
) -> None:
    """And by no more: nothing is sent any more once the limit is reached."""
    budget = Budget(max_cost_usd=cents * CENT)

    def quote(attempt: Attempt) -> Quote:
        return Quote(attempt.model, CENT, 40 * CENT, False, price)

    _play(attempts, budget, parallel, quote)
    paid = sorted((a.cost for a in attempts), reverse=True)
    beyond = [cost - CENT for cost in paid[:parallel] if cost > CENT]
    assert budget.spent_usd <= cents * CENT + sum(beyond) + 1e-8


def _play(
    attempts: list[Attempt],
    budget: Budget,
    parallel: int,
    quote: Callable[[Attempt], Quote],
) -> tuple[float, int]:
    """Sends all attempts, so many at a time; dollars really paid, and requests really sent."""
    paid, sent = 0.0, 0
    by_key = {request(n, a.model).key: a for n, a in enumerate(attempts)}

    async def ask(asked: Request) -> Response | Failure:
        nonlocal paid, sent
        attempt = by_key[asked.key]
        sent += 1
        held = budget.spent_usd + budget.reserved_usd
        assert budget.max_cost_usd is None or held <= budget.max_cost_usd + 1e-8
        for _ in range(attempt.steps):
            await asyncio.sleep(0)
        paid += attempt.cost
        match attempt.end:
            case "answered":
                return response(attempt.cost / CENT)
            case "lost":
                return Failure("transport", "reset", maybe_billed=True)
            case "refused":
                return Failure("rate_limit", "slower", status=429)
        raise RuntimeError("a bug of a provider")

    async def story() -> None:
        slots = asyncio.Semaphore(parallel)
        asking = within(ask, budget, lambda r: quote(by_key[r.key]))

        async def one(number: int, attempt: Attempt) -> None:
            async with slots:
                await asking(request(number, attempt.model))

        jobs = (one(n, a) for n, a in enumerate(attempts))
        for outcome in await asyncio.gather(*jobs, return_exceptions=True):
            assert outcome is None or isinstance(outcome, RuntimeError), outcome

    run(story())
    return paid, sent


def test_what_waits_in_a_batch_is_held_and_nobody_waits_for_it() -> None:
    """What does not fit beside it is for later; when nothing is held, it is too much."""
    budget = Budget(max_cost_usd=5 * CENT)
    assert [budget.set_aside(bounded(2)) for _ in range(3)] == [2 * CENT, 2 * CENT, None]
    asked = run(budget.reserve(bounded(2)))  # one that is asked at once does not wait for a day
    assert isinstance(asked, Failure)
    assert asked.kind == "quota"
    budget.release(bounded(2), 2 * CENT, CENT / 2)
    assert budget.set_aside(bounded(2)) == 2 * CENT
    for cost in (CENT / 2, CENT / 2):
        budget.release(bounded(2), 2 * CENT, cost)
    assert budget.spent_usd == pytest.approx(1.5 * CENT)
    assert isinstance(budget.set_aside(bounded(4)), Failure)
    assert (budget.held, budget.held_usd, budget.sent) == (0, 0.0, 3)


def test_requests_that_another_process_put_into_a_batch_count() -> None:
    """With their number and their dollars."""
    budget = Budget(max_cost_usd=5 * CENT, max_requests=3)
    budget.hold("m", 2, 4 * CENT)
    assert budget.set_aside(bounded(2)) is None
    assert budget.set_aside(bounded(1)) == CENT
    assert budget.set_aside(bounded(0)) is None  # three were sent
    budget.release(bounded(2), 2 * CENT, 0.0, sent=False)
    assert budget.set_aside(bounded(0)) == 0.0
