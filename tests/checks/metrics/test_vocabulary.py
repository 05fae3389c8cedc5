"""Labels that never meet: a metric of 0 for another reason than the model."""

from __future__ import annotations

import pytest

from runner.checks.metrics.vocabulary import MOST, Vocabulary
from runner.values.measured import Labels


def told(*answers: tuple[set[str], set[str]]) -> str | None:
    vocabulary = Vocabulary()
    for there, found in answers:
        vocabulary.add(Labels(frozenset(there), frozenset(found)))
    return vocabulary.stranger()


def test_labels_that_never_meet_are_told() -> None:
    """Over all answers together; the first of many."""
    assert told(({"cat"}, {"animal"}), ({"dog"}, set())) == (
        'no label of the truth ever occurs in the answers: the truth has "cat" and "dog",'
        ' the answers have "animal"'
    )
    many = {f"{n:02}" for n in range(30)}
    assert str(told(({"cat"}, many))).endswith('the answers have "00", "01" and 28 others')


@pytest.mark.parametrize(
    "answers",
    [
        [({"cat"}, {"dog"}), ({"dog"}, {"cat"})],
        [({"cat", "cow"}, {"cow"})],
        [({"cat"}, set[str]())],
        [(set[str](), {"cat"})],
        [],
        [({str(n) for n in range(MOST)}, {"cat"})],
    ],
)
def test_nothing_is_said_where_it_may_be_the_model(
    answers: list[tuple[set[str], set[str]]],
) -> None:
    """One that meets, a side that is silent, more labels than are kept."""
    assert told(*answers) is None
