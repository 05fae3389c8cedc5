"""What is evidence, and what may be chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from runner.measures.evidence import (
    Interval,
    difference,
    images_needed,
    images_to_see,
    judged,
    judged_pairs,
    mcnemar,
    paired,
    pairs_needed,
    tail,
    unseen,
    wilson,
)
from runner.measures.sums import Sums, share


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_share_has_the_interval_of_scipy(successes: int, others: int) -> None:
    """Wilson's, without correction."""
    of = successes + others
    if of == 0:
        assert wilson(0, 0) == Interval(0.0, 0.0, 1.0)
        return
    ours = wilson(successes, of)
    theirs = stats.binomtest(successes, of).proportion_ci(method="wilson")
    assert (ours.value, ours.low, ours.high) == (
        successes / of,
        pytest.approx(theirs.low, abs=1e-12),
        pytest.approx(theirs.high, abs=1e-12),
    )


@given(st.integers(0, 60), st.integers(0, 60))
def test_an_uneven_split_is_as_likely_as_scipy_says(broken: int, fixed: int) -> None:
    """The exact binomial test, two-sided."""
    total = broken + fixed
    theirs = stats.binomtest(broken, total).pvalue if total else 1.0
    assert mcnemar(broken, fixed) == pytest.approx(theirs)


def test_six_broken_and_none_fixed_are_evidence() -> None:
    """And five are not, nor seven against one."""
    assert [round(mcnemar(*split), 3) for split in ((5, 0), (6, 0), (7, 1))] == [0.062, 0.031, 0.07]


def answers(random: np.random.Generator, images: int, repeats: int, rate: float) -> Sums:
    right = (random.random((images, repeats)) < rate).astype(float)
    return Sums(np.stack([right, np.ones_like(right)], axis=2), share)


def of(numbers: np.ndarray) -> Sums:
    return Sums(np.stack([numbers, np.ones(len(numbers))], axis=1)[:, None, :], share)


def test_a_change_is_the_difference_of_the_metrics_and_lies_in_its_interval() -> None:
    """Always the same interval for the same numbers."""
    random = np.random.default_rng(0)
    before, now = answers(random, 80, 1, 0.9), answers(random, 80, 3, 0.7)
    change = difference(before, now, 80)
    assert change.value == pytest.approx(now.value - before.value)
    assert change.low < change.value < change.high
    assert difference(before, now, 80) == change


def test_the_interval_of_a_mean_is_that_of_scipy() -> None:
    """Paired by image: scipy's bootstrap of the same differences, to a tenth of its width."""
    random = np.random.default_rng(1)
    one, other = random.random(60), random.random(60)
    ours = difference(of(one), of(other), 60)
    theirs = stats.bootstrap(
        (other - one,), np.mean, n_resamples=9999, method="percentile", random_state=2
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours.low == pytest.approx(theirs.low, abs=width / 10)
    assert ours.high == pytest.approx(theirs.high, abs=width / 10)


def test_pairs_see_what_averages_do_not() -> None:
    """The same small loss in every image is evidence, however much the images differ."""
    hard = np.random.default_rng(3).random(40)
    assert judged(difference(of(hard), of(hard - 0.01), 40), 0.0) == "worse"


def test_repeats_make_an_answer_surer_and_images_are_still_what_counts() -> None:
    """The interval of many repeats of few images is wider than that of as many images."""
    random = np.random.default_rng(4)
    few = [answers(random, 10, 20, 0.8) for _ in range(2)]
    many = [answers(random, 200, 1, 0.8) for _ in range(2)]
    changes = [difference(*pair, pair[0].parts.shape[0]) for pair in (few, many)]
    assert all(change.low <= 0 <= change.high for change in changes)


FINDINGS = {
    (-0.10, -0.05, 0.0): "worse",
    (-0.10, -0.05, 0.05): "not enough evidence",
    (-0.02, 0.10, 0.05): "not worse",
    (-0.10, 0.10, 0.05): "not enough evidence",
    (0.01, 0.10, 0.0): "not worse",
    (0.0, 0.0, 0.0): "not worse",
}


@pytest.mark.parametrize("ends", FINDINGS)
def test_there_are_three_findings(ends: tuple[float, float, float]) -> None:
    """Worse only when all of the interval is; not worse only when none of it is."""
    low, high, margin = ends
    assert judged(Interval((low + high) / 2, low, high), margin) == FINDINGS[ends]


def test_more_images_are_needed_where_the_change_is_small() -> None:
    """The interval of 40 images must become half as wide, and a little more, so that chance does not
    stand in the way four times in five."""
    assert images_needed(Interval(-0.05, -0.15, 0.05), 0.0, 40) == 327
    assert images_needed(Interval(0.0, -0.1, 0.1), 0.0, 40) is None


def test_nothing_is_known_of_no_images() -> None:
    """And nothing is made of it."""
    none = Sums(np.zeros((0, 1, 2)), share)
    assert difference(none, none, 0) == Interval(0.0, 0.0, 0.0)


@pytest.mark.parametrize("images", [6, 10, 20, 60, 1000])
def test_few_images_cut_further_out(images: int) -> None:
    """Where Student's t is, with the factor of small samples."""
    t = stats.t.ppf(0.975, images - 1) * np.sqrt(images / (images - 1))
    assert tail(images) == pytest.approx(stats.norm.cdf(-t), rel=0.02)


def test_no_change_in_few_images_is_no_proof_of_none() -> None:
    """72 images without a change rule out a loss of 5 %; 71 do not. Of how many will change, few images
    without a change say little, and more are needed."""
    assert (unseen(72).high < 0.05, unseen(71).high < 0.05) == (True, False)
    assert [images_to_see(0.05, images) for images in (7, 20, 40, 71)] == [393, 150, 77, 72]
    assert (images_to_see(0.0, 9), images_to_see(1.0, 0), unseen(0)) == (
        None,
        8,
        Interval(0, -1, 1),
    )


PAIRS = {
    (6, 0, 40): "worse",
    (5, 0, 40): "not enough evidence",
    (0, 6, 40): "not worse",
    (3, 3, 40): "not enough evidence",
    (30, 30, 4000): "not worse",
    (0, 0, 71): "not enough evidence",
    (0, 0, 72): "not worse",
    (5, 0, 5): "not enough evidence",
    (0, 0, 5): "not enough evidence",
    (900, 500, 4000): "worse",
}


@pytest.mark.parametrize("split", PAIRS)
def test_pairs_are_judged_by_what_broke_and_what_was_mended(split: tuple[int, int, int]) -> None:
    """Fewer than six pairs say nothing, whatever they are."""
    assert judged_pairs(*split) == PAIRS[split]


def test_more_pairs_would_decide() -> None:
    """Five of ten broken: a few more. As many either way: enough that a loss of 5 % would show."""
    told = [pairs_needed(*pairs) for pairs in ((0, 0, 3), (5, 0, 10), (3, 3, 40), (1, 0, 40))]
    assert told == [785, 19, 537, 577]


@pytest.mark.parametrize("split", [(2, 12, 50), (1, 0, 40), (4, 4, 30), (0, 7, 8)])
def test_a_change_of_a_share_has_the_interval_of_its_score(split: tuple[int, int, int]) -> None:
    """At its ends the pairs are 1.96 standard errors away, by the likeliest shares of that change."""
    broken, fixed, images = split
    found = paired(*split)
    for change in (found.low, found.high):
        rates = np.linspace(max(0.0, -change), (1 - change) / 2, 200_001)[1:-1]
        same = images - broken - fixed
        likely = broken * np.log(rates) + fixed * np.log(rates + change)
        best = rates[np.argmax(likely + same * np.log(1 - 2 * rates - change))]
        error = np.sqrt(images * (2 * best + change * (1 - change)))
        assert abs(fixed - broken - images * change) / error == pytest.approx(1.96, abs=0.005)


def test_the_images_that_are_drawn_are_the_same_on_every_machine() -> None:
    """They come from the raw stream of PCG64, which numpy never changes."""
    right = np.array([[number % 3 > 0, number % 5 > 0] for number in range(30)], dtype=float)
    before, now = (
        Sums(np.stack([each, np.ones_like(each)], axis=2), share)
        for each in (np.ones_like(right), right)
    )
    found = difference(before, now, 30)
    assert (found.low, found.high) == pytest.approx((-0.41666666666666663, -0.1333333333333333))


def test_what_did_not_change_makes_nothing_surer() -> None:
    """Four of a hundred that all broke may be chance; of as many as can be, 96 say nothing of that."""
    before, now = np.ones(100), np.array([0.0] * 4 + [1.0] * 96)
    assert judged(difference(of(before), of(now), 100), 0.0) == "worse"
    assert judged(difference(of(before), of(now), 100, changed=4), 0.0) == "not enough evidence"


@pytest.mark.parametrize(("images", "repeats"), [(8, 1), (12, 1), (30, 1), (12, 3)])
def test_the_interval_of_a_change_holds_the_true_change(images: int, repeats: int) -> None:
    """Nineteen times in twenty, also of few images; of images that differ among themselves, asked
    about several times."""
    random = np.random.default_rng(7)
    held = 0
    for _ in range(200):
        hard = random.normal(0, 1, (images, 1))
        sides = [
            hard * share_kept + moved + random.normal(0, 0.5, (images, repeats))
            for share_kept, moved in ((1.0, 0.0), (0.8, 0.3))
        ]
        measured = [Sums(np.stack([side, np.ones_like(side)], axis=2), share) for side in sides]
        change = difference(*measured, images, 400)
        held += change.low <= 0.3 <= change.high
    assert held / 200 >= 0.92


def test_what_is_drawn_within_groups_varies_less() -> None:
    """Two models of other prices are no repeats of one another."""
    prices = np.array([[1.0, 9.0]] * 20) + np.arange(20)[:, None] / 10
    before, now = (
        Sums(np.stack([each, np.ones_like(each)], axis=2), share) for each in (prices, prices - 0.5)
    )
    mixed, apart = difference(before, now, 20), difference(before, now, 20, strata=2)
    assert (apart.low, apart.high) == pytest.approx((-0.5, -0.5))
    assert mixed.high > 0
