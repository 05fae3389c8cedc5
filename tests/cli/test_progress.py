"""Progress off a terminal: a plain line now and then, never a carriage return."""

from __future__ import annotations

from io import StringIO

from runner.cli.progress import Heartbeat, line
from runner.values.batch import Part
from runner.values.event import batch
from runner.values.result import Result, Status
from runner.values.tally import Tally
from runner.values.totals import Spent, Totals


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
    tally.account(Totals(cost_usd=0.002, by_model={"m": Spent(2, 2000, None, 0, 100, 20, 0.002)}))
    tally.add(result(0))
    tally.add(result(1, "failed"))
    assert line(tally, 1.5) == ("2/400 · 1 without an answer · $0.0020 of $1.50 · 2,120 tokens")
    assert line(tally, 1.5, room=54) == "2/400 · 1 without an answer · $0.0020 of $1.50"
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


def test_batches_are_told_in_a_line_whenever_that_is_news() -> None:
    """Nothing else happens for a day."""
    stream, tally = StringIO(), Tally(total=40)
    beat = Heartbeat(stream, clock=lambda: 0.0)
    for states in (("written",), ("uploaded",), ("pending",), ("running", "pending"), ("closed",)):
        for number, state in enumerate(states):
            part = Part(number, "gemini", "m", f"askpix-{number}", "created", 20)
            tally.note(batch(part, state))
        beat(tally)
        beat(tally)
    start = "0/40 · $0.00 · 0 tokens"
    assert stream.getvalue().splitlines() == [
        f"{start} · 1 batch: 1 on the way",
        f"{start} · 1 batch: 1 pending",
        f"{start} · 2 batches: 1 pending, 1 running",
        f"{start} · 1 batch: 1 pending",
    ]
