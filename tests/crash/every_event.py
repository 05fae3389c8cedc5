"""Ends a run at its first event, then one at its second, and so on; each is gone on with and checked.

An event is what a crash may come before or after: a commit of the journal, a request that is sent,
an answer that is billed, a file that is written to the disk or gets its name, a folder. Nothing in
the product knows of this: what the run stands on is wrapped. The runs are forks of this process, so
that everything is imported already; it has no other thread.

    python every_event.py FOLDER

Prints a line of JSON: the number of events, and every promise that was broken.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import httpx
import processes as p

import runner.apart
import runner.resume
import runner.story
from runner.providers.simulator.desk import Desk
from runner.providers.simulator.service import Service
from runner.providers.simulator.transport import SimulatedTransport
from runner.roles import Connection
from runner.store.journal import Journal
from runner.store.recorded import Recorded
from runner.workflow.load import load

WORKFLOW = """\
version: 1
images: "*.png"
steps:
  - {id: find, prompt: Find every box., schema: lib:boxes}
checks:
  - {that: find.count, at_least: 1}
outputs:
  - {save: find, as: csv, to: found.csv}
  - {save: find, as: overlay, to: drawn/}
run: {cache: off, parallel: 2, retries: 0}
"""
IMAGES = 3
KILLED = 9


class Fate:
    """Counts events, and ends this process at one of them. `told` gets a line for each."""

    def __init__(self) -> None:
        self.last = 0
        self.count = 0
        self.told: list[str] = []

    def event(self, name: str) -> None:
        self.count += 1
        self.told.append(name)
        if self.count == self.last:
            os._exit(KILLED)


FATE = Fate()


def around(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """The same, with an event before and after it."""

    def wrapped(*arguments: Any, **more: Any) -> Any:
        FATE.event(f"before {name}")
        done = work(*arguments, **more)
        FATE.event(f"after {name}")
        return done

    return wrapped


def around_awaited(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """The same, for what is awaited."""

    async def wrapped(*arguments: Any, **more: Any) -> Any:
        FATE.event(f"before {name}")
        done = await work(*arguments, **more)
        FATE.event(f"after {name}")
        return done

    return wrapped


class FatedJournal(Journal):
    """A journal with an event before and after everything that it puts on the disk."""

    sending = around_awaited("the intent", Journal.sending)
    received = around_awaited("the response", Journal.received)
    conclude = around_awaited("the result", Journal.conclude)
    close = around("the end of the journal", Journal.close)


class FatedTransport(httpx.AsyncBaseTransport):
    """The network, with an event before a request leaves, when its answer has been billed, and when
    its last byte is here. The ledger outlives the process."""

    def __init__(self, ledger: Path) -> None:
        self.network = SimulatedTransport(Service(Desk()))
        self.ledger = ledger

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        FATE.event("before sending")
        response = await self.network.handle_async_request(request)
        with self.ledger.open("a") as file:
            file.write("".join(self.network.service.desk.ledger.billed) + "\n")
            self.network.service.desk.ledger.billed.clear()
        FATE.event("billed")
        content = await response.aread()
        await asyncio.sleep(0)
        FATE.event("after the last byte")
        return httpx.Response(response.status_code, headers=response.headers, content=content)


def wrap() -> None:
    """From here on, what runs stand on has events."""
    runner.story.Journal = FatedJournal  # type: ignore[misc]
    os.fsync = around("fsync", os.fsync)
    Path.replace = around("a new name", Path.replace)  # type: ignore[method-assign]
    Path.mkdir = around("a new folder", Path.mkdir)  # type: ignore[method-assign]
    Path.unlink = around("a removal", Path.unlink)  # type: ignore[method-assign]


@dataclass
class Scene:
    """One workflow, run again and again in folders of their own."""

    place: Path

    def __post_init__(self) -> None:
        shop = p.Workshop(self.place).furnish(IMAGES, workflow=WORKFLOW)
        self.workflow = load(shop.path / "k.workflow.yaml", environ={})
        self.plan = runner.story.make_plan(self.workflow)

    def run(self, out: str) -> int:
        """The exit code of a run in this process."""
        connection = Connection(key="k", parallel=2, transport=FatedTransport(self.ledger(out)))
        options = runner.resume.Options(connection, self.place / out)
        return runner.story.run(self.workflow, self.plan, options).exit_code

    def ledger(self, out: str) -> Path:
        return self.place / f"{out}.ledger"

    def folder(self, out: str) -> Path | None:
        """The run that will be gone on with, or has ended."""
        begun = [path.parent for path in (self.place / out).glob("*/run.json")]
        return max(begun, default=None)

    def forked(self, out: str, last: int = 0) -> int:
        """Runs in a fork that ends at this event, if it is not 0; its exit code, and its events in
        `out`.events when it came to its end."""
        assert threading.active_count() == 1
        if child := os.fork():
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        code = 99
        try:
            FATE.last, FATE.count = last, 0
            FATE.told.clear()
            code = self.run(out)
            (self.place / f"{out}.events").write_text("\n".join(FATE.told))
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def events(self, out: str) -> list[str]:
        return (self.place / f"{out}.events").read_text().splitlines()


def check(scene: Scene, out: str, calm: dict[str, bytes]) -> Iterator[str]:
    """Every promise that this run has broken."""
    folder = scene.folder(out)
    if folder is None:
        yield "there is no run"
        return
    ledger = Counter(scene.ledger(out).read_text().split())
    journal = p.journal(folder)
    twice = ledger.total() - IMAGES
    if len(ledger) != IMAGES or not 0 <= twice <= journal.unknown:
        yield f"{ledger.total()} answers were billed, {len(ledger)} different ones of {IMAGES}; "
        yield f"{journal.unknown} attempts were under way"
    if journal.again or journal.answers != IMAGES:
        yield f"{journal.answers} answers are there, {journal.again} were bought again"
    recorded = Recorded.read(folder)
    if recorded.count() != IMAGES or recorded.damaged:
        yield f"{recorded.count()} results are in the journal"
    recorded.close()
    yield from p.differences(p.left_behind(folder), calm)


def at_every_event(scene: Scene, calm: dict[str, bytes], prepared: int) -> tuple[int, list[str]]:
    """How many events there were, and what was broken. `prepared` is the event at which an earlier
    session ended, 0 for none."""
    broken, number = [], 0
    while True:
        number += 1
        out = f"{prepared}-{number}"
        if prepared:
            scene.forked(out, prepared)
        code = scene.forked(out, number)
        folder = scene.folder(out)
        if code == KILLED and not (folder and p.has_ended(folder)):
            code = scene.forked(out)
        told = list(check(scene, out, calm))
        if code not in (0, KILLED):
            told.append(f"exit code {code}")
        broken += [f"killed at {prepared} and {number}: {what}" for what in told]
        if (scene.place / f"{out}.events").exists() and len(scene.events(out)) < number:
            return number - 1, broken


def main(place: Path) -> int:
    """The exit code: 1 when a promise was broken."""
    scene = Scene(place)
    assert scene.run("warm") == 0  # imports everything that a run needs
    runner.apart.end()
    folder = scene.folder("warm")
    assert folder is not None
    calm = p.left_behind(folder)
    wrap()
    assert scene.forked("names") == 0
    names = scene.events("names")
    fresh, broken = at_every_event(scene, calm, 0)
    middle = names.index("after the response") + 1
    resumed, more = at_every_event(scene, calm, middle)
    told = {"events": fresh, "events of resumed": resumed, "kinds": sorted(set(names))}
    print(json.dumps(told | {"broken": broken + more}, indent=2))
    return bool(broken or more)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
