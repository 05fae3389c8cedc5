"""Some requests of a plan are counted; what all of them take is reckoned from those."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.stages.sample import Sample, Total, as_counted
from runner.values.geometry import Size
from runner.values.image import DataOrigin, Image
from runner.values.request import ImagePart, Request, Settings, TextPart

IMAGE = Image("a.png", "image", DataOrigin(b"a"), "image/png", Size(4, 3), sha256="aa")
ASKED = Request("interactions", "gemini-3.5-flash", (ImagePart(IMAGE), TextPart("Cats?")))


def question(number: int) -> Request:
    return replace(ASKED, parts=(TextPart(f"Number {number}?"),))


def counted(sample: Sample, tokens: dict[str, int]) -> dict[str, int]:
    """The true tokens of the requests that were drawn."""
    return {each.request.key: tokens[each.request.key] for each in sample.drawn()}


@pytest.mark.parametrize(
    "other",
    [
        replace(ASKED, repeat=2),
        replace(ASKED, family="generate_content"),
        replace(ASKED, settings=Settings(temperature=1.0, seed=3, thinking="low", top_p=0.5)),
        replace(ASKED, settings=Settings(max_output_tokens=9, safety={"harassment": "off"})),
    ],
)
def test_what_does_not_change_the_input_is_counted_once(other: Request) -> None:
    """Repeats, seeds, temperatures, thinking, limits of the answer."""
    assert as_counted(other).key == as_counted(ASKED).key


@pytest.mark.parametrize(
    "other",
    [
        replace(ASKED, model="gemini-2.5-flash"),
        replace(ASKED, system="Be brief."),
        replace(ASKED, schema={"type": "object"}),
        replace(ASKED, settings=Settings(media_resolution="low")),
        replace(ASKED, parts=(ImagePart(IMAGE, "low"), TextPart("Cats?"))),
        replace(ASKED, parts=(ImagePart(replace(IMAGE, sha256="bb")), TextPart("Cats?"))),
    ],
)
def test_what_may_change_the_input_is_counted_by_itself(other: Request) -> None:
    """Also another image of the same size: that it takes the same is not documented."""
    assert as_counted(other).key != as_counted(ASKED).key


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 5000)), min_size=1, max_size=60))
def test_when_all_are_counted_the_total_is_theirs(asked: list[tuple[int, int]]) -> None:
    """Exactly, each as often as it is asked, whatever was estimated."""
    sample, true = Sample(1000), {as_counted(question(n)).key: 7 * n + 1 for n, _ in asked}
    estimates = dict(asked)
    for n, _ in asked:
        sample.add(question(n), estimates[n])
    total = sum(7 * n + 1 for n, _ in asked)
    assert sample.total(counted(sample, true)) == Total(total, 0)
    assert (sample.requests, sample.distinct) == (len(asked), len(true))


@given(st.permutations(range(40)), st.integers(1, 50))
def test_the_same_requests_are_drawn_from_the_same_plan(order: list[int], most: int) -> None:
    """In whatever order they come; never more than that."""
    one, other = Sample(most), Sample(most)
    for number in range(40):
        one.add(question(number), 100)
    for number in order:
        other.add(question(number), 100)
    assert one.drawn() == other.drawn()
    assert len(one.drawn()) == min(most, 40)


def test_an_interval_of_95_percent_holds_95_times_of_100() -> None:
    """Over 400 plans of 300 requests, of which 50 are counted; the estimate is wrong by a third,
    and by more or less for each request."""
    dice, held = random.Random(1), 0
    for plan in range(400):
        sample, true = Sample(50), {}
        for number in range(300):
            request, estimate = question(plan * 1000 + number), dice.randint(300, 4000)
            sample.add(request, estimate)
            true[as_counted(request).key] = round(estimate * dice.uniform(0.5, 0.9)) + 20
        total = sample.total(counted(sample, true))
        assert total is not None
        assert total.margin is not None
        held += abs(total.tokens - sum(true.values())) <= total.margin
    assert 0.92 <= held / 400 <= 0.99


def test_too_few_say_nothing_about_the_others() -> None:
    """Of one, no interval; of none, no total."""
    sample = Sample(30)
    for number in range(40):
        sample.add(question(number), 100)
    first = sample.drawn()[0].request.key
    assert sample.total({first: 50}) == Total(2000, None)
    assert sample.total({}) is None
