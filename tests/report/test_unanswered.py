"""Every step says how many of its results have no usable answer."""

from __future__ import annotations

from runner.report.unanswered import NAMED, Unanswered, unanswered
from runner.values.result import Result


def result(step: str, case: str, status: str, **more: object) -> Result:
    return Result(0, case, step, {}, 1, (), status, **more)  # type: ignore[arg-type]


def test_the_first_results_without_an_answer_are_named_with_their_reason() -> None:
    """Those of the step only; a step without any result is there, too."""
    results = [
        result("find", "a.jpg", "ok"),
        Result(1, "a.jpg", "find", {"model": "m"}, 2, (), "refused", error="safety"),
        result("read", "a.jpg", "not_run", error="find was refused"),
        result("find", "b.jpg", "partial"),
        result("find", "c.jpg", "empty"),
    ]
    assert unanswered(["find", "read", "count"], results) == (
        Unanswered("find", 4, 1, ("a.jpg, model=m, repeat 2: refused: safety",)),
        Unanswered("read", 1, 1, ("a.jpg: not_run: find was refused",)),
        Unanswered("count", 0, 0, ()),
    )


def test_many_are_counted_not_listed() -> None:
    """Twenty are named."""
    many = (result("find", f"{n}.jpg", "failed", error="503") for n in range(1000))
    (found,) = unanswered(["find"], many)
    assert (found.count, len(found.named)) == (1000, NAMED)
