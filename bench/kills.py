"""Kills runs with `kill -9` at random moments, gives the same command again, and counts.

The promise: every answer that arrived is there and is not bought again; at most what was in flight
is paid for twice; the files of the run are those of a run that nobody disturbed, byte for byte.

    python bench/kills.py [KILLS] [--seed N]

Prints a table, and exits with 1 when a promise was broken. The service counts what it bills; each
row of the table is a number of runs, each killed two to eight times and then carried out to its end.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "crash"))

import processes as p

IMAGES, PARALLEL = 20, 8
REQUESTS = IMAGES * 2
LATENCY_SECONDS = 0.05
MODES = ("off", "use")
MOMENTS = ("start", "asking", "asking", "asking", "writing")
"""When a run is killed; while it asks, more often."""


@dataclass
class Count:
    """What became of some runs. `bound` is how many answers may have been paid for twice: the
    attempts that were under way at the kills."""

    runs: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    resumed: int = 0
    lost: int = 0
    doubled: int = 0
    twice: int = 0
    bound: int = 0
    broken: list[str] = field(default_factory=list)

    @property
    def row(self) -> str:
        """A line of the table."""
        moments = "/".join(str(self.kills[moment]) for moment in ("start", "asking", "writing"))
        numbers = (self.runs, self.kills.total(), moments, self.resumed)
        counted = (self.lost, self.doubled, self.twice, self.bound, len(self.broken))
        return "".join(f"{value!s:>{width}}" for value, width in zip(
            (*numbers, *counted), WIDTHS, strict=True))  # fmt: skip


HEADS = ("runs", "kills", "start/asking/writing", "of resumed", "lost", "doubled",
         "billed - different", "bound", "broken promises")  # fmt: skip
WIDTHS = tuple(len(head) + 2 for head in HEADS)


def kills(number: int, dice: random.Random, place: Path) -> dict[str, Count]:
    """Kills so many times, half of them with `cache: use`; the counts by the mode of the cache."""
    counts = {mode: Count() for mode in MODES}
    with p.service("--latency", LATENCY_SECONDS) as first:
        port = int(first.url.rpartition(":")[2])  # the same for all: it stands in run.json
        calm = {mode: _calm(place, mode, first.url) for mode in MODES}
    turn = 0
    while (left := number - sum(count.kills.total() for count in counts.values())) > 0:
        mode = MODES[turn % 2]
        with p.service("--latency", LATENCY_SECONDS, port=port) as simulator:
            _one(counts[mode], calm[mode], _Run(place, mode, turn, simulator), dice, left)
        turn += 1
    return counts


@dataclass
class _Calm:
    """A run that nobody disturbed: its files, and how long its parts took in seconds."""

    files: dict[str, bytes]
    until_journal: float
    asking: float
    writing: float


@dataclass
class _Run:
    """One run of many in the same folder: the same command, again and again."""

    place: Path
    mode: str
    number: int | str
    simulator: p.Service

    def __post_init__(self) -> None:
        self.out = f"{self.mode}-{self.number}"
        cache = self.place / f"cache-{self.out}"
        self.shop = p.Workshop(self.place, {"ASKPIX_CACHE": str(cache)})

    def start(self) -> subprocess.Popen[str]:
        options = ("--out", self.out, "--cache", self.mode, "--parallel", PARALLEL)
        return self.shop.start(self.simulator.url, *options)

    @property
    def folder(self) -> Path | None:
        """The folder that the command goes on with: a kill may have left one without a run."""
        begun = [path for path in self.shop.folders(self.out) if (path / "run.json").exists()]
        return begun[-1] if begun else None

    @property
    def is_done(self) -> bool:
        return self.folder is not None and p.has_ended(self.folder)

    @property
    def written(self) -> int:
        """When results.jsonl was written last."""
        path = self.folder / "results.jsonl" if self.folder else None
        return path.stat().st_mtime_ns if path and path.exists() else 0

    def forget(self) -> None:
        shutil.rmtree(self.place / self.out)
        shutil.rmtree(self.place / f"cache-{self.out}", ignore_errors=True)


def _calm(place: Path, mode: str, url: str) -> _Calm:
    run = _Run(place, mode, "calm", p.Service(url, None))  # type: ignore[arg-type]
    moments = [time.monotonic()]
    process = run.start()
    for reached in (lambda: run.folder, lambda: run.written):
        p.wait_for(reached, process)
        moments.append(time.monotonic())
    end = p.ended(process)
    assert end.code == 0, end.err
    moments.append(time.monotonic())
    assert run.folder is not None
    lasted = [after - before for before, after in pairwise(moments)]
    return _Calm(p.left_behind(run.folder), *lasted)


def _one(count: Count, calm: _Calm, run: _Run, dice: random.Random, most: int) -> None:
    """A run with some kills, and what became of it."""
    count.runs += 1
    for _ in range(min(most, dice.randint(2, 8))):
        if run.is_done:  # it was killed as it said goodbye: the same command would begin a new run
            break
        is_resumed = run.folder is not None
        moment = _kill(run, calm, dice)
        if moment is None:
            break
        count.kills[moment] += 1
        count.resumed += is_resumed
    end = None if run.is_done else p.ended(run.start())
    told = list(_broken(count, calm, run, end))
    count.broken += [f"run {run.out}: {what}" for what in told]
    if not told:
        run.forget()


def _kill(run: _Run, calm: _Calm, dice: random.Random) -> str | None:
    """Starts the command and kills it; when that was. None when it had ended before."""
    moment, before = dice.choice(MOMENTS), run.written
    process = run.start()
    started = time.monotonic()
    if moment == "start":
        time.sleep(dice.uniform(0, 1.1 * calm.until_journal))
    elif moment == "asking":
        p.wait_for(lambda: run.simulator.state()["in_flight"], process)
        time.sleep(dice.uniform(0, calm.asking))
    else:
        p.wait_for(lambda: run.written != before, process)
        time.sleep(dice.uniform(0, calm.writing))
    assert time.monotonic() >= started
    code = process.poll()
    p.killed(process)
    if code is None:
        return moment
    assert code == 0, f"the run ended by itself with {code}"
    return None


def _broken(count: Count, calm: _Calm, run: _Run, end: p.Ended | None) -> Iterator[str]:
    """Counts, and every promise that was broken."""
    if end is not None and end.code != 0:
        yield f"ended with {end.code}: {end.err}"
        return
    assert run.folder is not None
    lines = [_identity(line) for line in p.results(run.folder)]
    lost, doubled = REQUESTS - len(set(lines)), len(lines) - len(set(lines))
    state, journal = run.simulator.state(), p.journal(run.folder)
    twice = state["billed_answers"] - REQUESTS
    count.lost, count.doubled = count.lost + lost, count.doubled + doubled
    count.twice, count.bound = count.twice + twice, count.bound + journal.unknown
    if lost or doubled:
        yield f"{lost} results are missing, {doubled} are there twice"
    if state["different_answers"] != REQUESTS:
        yield f"{state['different_answers']} different requests were answered, not {REQUESTS}"
    if not 0 <= twice <= journal.unknown:
        yield f"{twice} answers were paid for twice, at most {journal.unknown} may have been"
    if journal.again:
        yield f"{journal.again} answers had arrived, and were bought again"
    if changed := p.differences(p.left_behind(run.folder), calm.files):
        yield f"these files are not those of an undisturbed run: {', '.join(changed)}"


def _identity(line: dict[str, object]) -> tuple[str, ...]:
    return tuple(str(line[name]) for name in ("case", "combination", "repeat", "step"))


def table(counts: dict[str, Count]) -> str:
    """The counts as a table."""
    head = "".join(f"{head:>{width}}" for head, width in zip(HEADS, WIDTHS, strict=True))
    return "\n".join([" " * 10 + head] + [f"{m:<10}{c.row}" for m, c in counts.items()])


def main() -> int:
    """The exit code."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("kills", type=int, nargs="?", default=200)
    arguments.add_argument("--seed", type=int, default=None)
    wanted = arguments.parse_args()
    seed = random.randrange(1 << 32) if wanted.seed is None else wanted.seed
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        p.Workshop(Path(place)).furnish(IMAGES)
        counts = kills(wanted.kills, random.Random(seed), Path(place))
    print(table(counts))
    print(f"seed {seed}, {time.monotonic() - started:.0f} s")
    broken = [what for count in counts.values() for what in count.broken]
    print("\n".join(broken), file=sys.stderr)
    return bool(broken)


if __name__ == "__main__":
    raise SystemExit(main())
