"""Whole runs against services with a quota: how much of it is used, and how much is refused.

Times of answers are lognormal around 4 seconds, one answer in 200 is a 503, a refusal takes 0.3 s.
Figures that this was built for: 95 % of the quota used, less than 1 % of the requests refused,
nothing lost.
"""

from __future__ import annotations

from types import ModuleType

import pytest

from runner.transport.pacing import Quota

KNOWN = Quota(1000)


@pytest.mark.parametrize(
    ("known", "goodput", "refused"), [(KNOWN, 95.5, 0.0), (None, 95.0, 0.99)], ids=["known", "not"]
)
def test_a_quota_is_used_and_hardly_anything_is_refused(
    quotas: ModuleType, known: Quota | None, goodput: float, refused: float
) -> None:
    """20,000 requests, 1,000 a minute, whether or not anyone said so (S1)."""
    service = quotas.Service(quotas.ByTheClock(quotas.always(1000)))
    played = quotas.play(service, 20_000, known=known)
    assert (played.answers, played.failures) == (20_000, {})
    assert played.goodput >= goodput
    assert played.refused <= refused


SCENARIOS = {
    # what is special: (it, what is known, goodput, refused)
    "no-hint": ({"hint": False}, None, 94, 0.99),  # S1b
    "slow-refusals": ({"refusal_seconds": 1.0}, None, 94, 1.8),
    "storm": ({"storm": (300, 420)}, None, 94, 0.99),  # S4
    "storm-known": ({"storm": (300, 420)}, KNOWN, 93, 0.0),
    "slow-answers": ({"latency": 20.0}, None, 86, 0.99),  # S5
    "quick-answers": ({"latency": 0.2}, None, 96, 0.99),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_service_may_be_slow_silent_or_broken(quotas: ModuleType, name: str) -> None:
    """20,000 requests, 1,000 a minute; not one is lost."""
    special, known, goodput, refused = SCENARIOS[name]
    service = quotas.Service(quotas.ByTheClock(quotas.always(1000)), **special)
    parallel = 768 if name == "slow-answers" else 256
    played = quotas.play(service, 20_000, known=known, parallel=parallel)
    assert (played.answers, played.failures) == (20_000, {})
    assert played.goodput >= goodput
    assert played.refused <= refused


@pytest.mark.parametrize(
    ("known", "goodput", "refused"), [(KNOWN, 91, 0.3), (None, 93, 0.99)], ids=["known", "not"]
)
def test_a_quota_that_is_halved_for_ten_minutes_is_followed_down_and_up(
    quotas: ModuleType, known: Quota | None, goodput: float, refused: float
) -> None:
    """Someone else works on the same project (S3)."""
    service = quotas.Service(quotas.ByTheClock(quotas.halved(1000, 300, 900)))
    played = quotas.play(service, 20_000, known=known)
    assert (played.answers, played.failures) == (20_000, {})
    assert played.goodput >= goodput
    assert played.refused <= refused


@pytest.mark.parametrize(("known", "refused"), [(KNOWN, 0.99), (None, 1.2)], ids=["known", "not"])
def test_four_programs_share_one_quota(
    quotas: ModuleType, known: Quota | None, refused: float
) -> None:
    """They know nothing of one another, and each draws refusals of its own (S6)."""
    service = quotas.Service(quotas.ByTheClock(quotas.always(1000)))
    played = quotas.play(service, 20_000, known=known, programs=4)
    assert (played.answers, played.failures) == (20_000, {})
    assert played.goodput >= 93
    assert played.refused <= refused


@pytest.mark.parametrize("counts_refused", [True, False])
@pytest.mark.parametrize(
    ("known", "goodput", "refused"), [(KNOWN, 94, 0.0), (None, 91, 0.99)], ids=["known", "not"]
)
def test_any_minute_may_be_the_one_that_counts(
    quotas: ModuleType,
    counts_refused: bool,
    known: Quota | None,
    goodput: float,
    refused: float,
) -> None:
    """Also when what is refused counts like what is answered: who hammers gets nothing (S7)."""
    service = quotas.Service(quotas.AnyMinute(quotas.always(1000), counts_refused))
    played = quotas.play(service, 10_000, known=known)
    assert (played.answers, played.failures) == (10_000, {})
    assert played.goodput >= goodput
    assert played.refused <= refused


@pytest.mark.parametrize("known", [KNOWN, None], ids=["known", "not"])
def test_a_minute_that_was_used_up_before_teaches_nothing(
    quotas: ModuleType, known: Quota | None
) -> None:
    """A run that begins right after another one: it waits for the next minute, and is quick then."""
    counting = quotas.ByTheClock(quotas.always(1000), phase=30.0, minute=0.0, used=998.0)
    service = quotas.Service(counting)
    played = quotas.play(service, 2_000, known=known)
    assert (played.answers, played.failures) == (2_000, {})
    assert played.seconds <= 30 + 120 + 25
    assert service.refused <= 30


@pytest.mark.parametrize("estimate", [0.5, 1.0, 2.0])
def test_a_known_quota_of_tokens_is_used_whatever_was_estimated(
    quotas: ModuleType, estimate: float
) -> None:
    """The tokens that the service counted correct the estimate: requests of 300 to 2,100 tokens,
    600,000 tokens a minute, guessed at half and at double."""
    service = quotas.Service(
        quotas.ByTheClock(quotas.always(600_000)),
        tokens=True,
        cost=lambda number: 300 + number * 7919 % 1801,
    )
    known = Quota(1000, 600_000)
    played = quotas.play(service, 5_000, known=known, estimate=estimate)
    assert (played.answers, played.failures) == (5_000, {})
    assert played.goodput >= 94
    assert played.refused == 0


def test_a_quota_of_tokens_is_learnt(quotas: ModuleType) -> None:
    """A refusal that says that it counts tokens changes their pace: first small requests come, then
    ones that are five times as large, then small ones again."""
    service = quotas.Service(
        quotas.ByTheClock(quotas.always(600_000)),
        tokens=True,
        cost=lambda number: 2500 if 4000 <= number < 6000 else 500,
    )
    played = quotas.play(service, 10_000)
    assert (played.answers, played.failures) == (10_000, {})
    assert played.goodput >= 93
    assert played.refused <= 0.99
    assert {e.fields["of"] for e in played.events if e.name == "rate"} == {"tokens"}


@pytest.mark.parametrize(("parallel", "known"), [(4, None), (256, None), (256, Quota(5))])
def test_a_small_quota_is_met_by_a_handful_of_refusals(
    quotas: ModuleType, parallel: int, known: Quota | None
) -> None:
    """5 requests a minute, for 20 minutes."""
    service = quotas.Service(quotas.ByTheClock(quotas.always(5)))
    played = quotas.play(service, 100, known=known, parallel=parallel)
    assert (played.answers, played.failures) == (100, {})
    assert played.goodput >= 93
    assert service.refused <= (0 if known else 9)


def test_the_first_refusals_are_few_however_many_want_to_be_sent(quotas: ModuleType) -> None:
    """256 at a time to a service that allows ten a minute."""
    service = quotas.Service(quotas.ByTheClock(quotas.always(10)))
    played = quotas.play(service, 20)
    assert played.answers == 20
    assert service.refused <= 8


@pytest.mark.parametrize("parallel", [1, 4, 256])
def test_a_service_without_a_limit_is_not_held_back(quotas: ModuleType, parallel: int) -> None:
    """Nothing is paced before the first refusal; the start costs a few answers' time."""
    service = quotas.Service(quotas.ByTheClock(quotas.always(1e9)), troubled=0.0)
    played = quotas.play(service, 20 * parallel, parallel=parallel)
    assert played.seconds <= 20 * 4.5 + 30
    assert played.events == []
