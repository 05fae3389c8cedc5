"""Whatever keeps something from running is one exception, in the words of the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from runner.front.problem_text import as_text, secret_of
from runner.values.problem import Rejected


@contextmanager
def in_words() -> Iterator[None]:
    """A `Rejected` from below says, as text, what the command line would print."""
    try:
        yield
    except Rejected as rejected:
        if not all(problem.code for problem in rejected.problems):
            raise rejected from None
        problems = rejected.problems
        raise Rejected(*problems, text=as_text(problems, secret=secret_of(problems))) from None
