"""Progress off a terminal: a plain line now and then, never a carriage return."""

from __future__ import annotations

from io import StringIO

from runner.cli.progress import Heartbeat, line
from runner.values.result import Result, Status
from runner.values.tally import Tally


def result(number: int, status: Status = "ok") -> Result:
    return Result(
        ordinal=number,
        case=f"{number}.jpg",
        step="find",
        combination={},
        repeat=1,
        images=(),
        status=status,
        error="the service hung up" if status == "failed" else None,
        usage={"input_tokens": 1000, "output_tokens": 50, "thought_tokens": 10},
        cost_usd=0.001,
        model="gemini-3.5-flash",
    )


def test_a_line_says_how_far_what_failed_and_what_it_cost() -> None:
    """The line of totals, whole."""
    tally = Tally(total=400)
    tally.add(result(0))
    tally.add(result(1, "failed"))
    assert line(tally, 1.5) == ("2/400 · 1 without an answer · $0.0020 of $1.50 · 2,120 tokens")
    assert tally.last_error == "1.jpg: the service hung up"


def test_a_line_every_tenth_of_the_way() -> None:
    """Forty quick results give ten lines and no carriage return."""
    stream = StringIO()
    beat, tally = Heartbeat(stream, clock=lambda: 0.0), Tally(total=40)
    for number in range(40):
        tally.add(result(number))
        beat(tally)
    printed = stream.getvalue()
    assert [row.split(" ")[0] for row in printed.splitlines()] == [
        f"{done}/40" for done in range(4, 41, 4)
    ]
    assert "\r" not in printed


def test_a_line_every_thirty_seconds() -> None:
    """A slow run is not silent: a line comes after 30 seconds even without a tenth."""
    now = [0.0]
    stream = StringIO()
    beat, tally = Heartbeat(stream, clock=lambda: now[0]), Tally(total=1000)
    for number, seconds in enumerate((1, 29, 31, 32, 62)):
        now[0] = seconds
        tally.add(result(number))
        beat(tally)
    assert [row.split(" ")[0] for row in stream.getvalue().splitlines()] == ["3/1,000", "5/1,000"]
