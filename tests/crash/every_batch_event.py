"""Ends a run in batches at its first event, then one at its second, and so on; each is gone on with.

An event is what a crash may come before or after: a commit of what the journal knows of batches, a
request that leaves, an answer that is whole, a file of requests that is on the disk. The service is a
process of its own and outlives them all; each run has a key of its own, and so batches of its own.

    python every_batch_event.py FOLDER

Prints a line of JSON: the number of events, and every promise that was broken.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import httpx
import processes as p
from every_event import FATE, KILLED, around, around_awaited

import runner.resume
import runner.stages.deliver as deliver
import runner.story
from runner.roles import Connection
from runner.store.batches import BatchBook
from runner.store.journal import Journal
from runner.workflow.load import load

WORKFLOW = """\
version: 1
images: "*.png"
steps:
  - {id: find, prompt: Find every box., schema: lib:boxes}
  - {id: tell, prompt: "Describe the {{ find.boxes | length }} boxes."}
checks:
  - {that: find.count, at_least: 1}
outputs:
  - {save: find, as: csv, to: found.csv}
  - {save: tell, as: csv, to: told.csv}
run: {mode: batch, cache: off, parallel: 1}
"""
IMAGES = 2
REQUESTS = 4


class FatedNetwork(httpx.AsyncBaseTransport):
    """The network, with an event before a request leaves and when its answer is here."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        what = f"{request.method} {request.url.path.split('/')[2].split(':')[0]}"
        FATE.event(f"before {what}")
        response = await self.inner.handle_async_request(request)
        content = await response.aread()
        FATE.event(f"after {what}")
        headers = {k: v for k, v in response.headers.items() if k != "content-encoding"}
        return httpx.Response(response.status_code, headers=headers, content=content)

    async def aclose(self) -> None:
        await self.inner.aclose()


def wrap() -> None:
    """From here on, what runs in batches stand on has events."""
    for name in ("begin", "add", "mark", "answered", "missed"):
        written = around_awaited(f"{name} in the book", getattr(BatchBook, name))
        setattr(BatchBook, name, written)
    Journal.conclude = around_awaited("a result", Journal.conclude)  # type: ignore[method-assign]
    os.fsync = around("fsync", os.fsync)


@dataclass
class Scene:
    """One workflow, run again and again, each time with a folder and a key of its own."""

    place: Path
    url: str

    def __post_init__(self) -> None:
        shop = p.Workshop(self.place).furnish(IMAGES, workflow=WORKFLOW)
        self.workflow = load(shop.path / "k.workflow.yaml", environ={})
        self.plan = runner.story.make_plan(self.workflow)

    def run(self, out: str) -> int:
        """The exit code of a run in this process."""
        connection = Connection(key=out, base_url=self.url, wrap=FatedNetwork)
        return runner.story.run(
            self.workflow, self.plan, runner.resume.Options(connection, self.place / out)
        ).exit_code

    def folder(self, out: str) -> Path | None:
        """The run that will be gone on with, or has ended."""
        return max((path.parent for path in (self.place / out).glob("*/run.json")), default=None)

    def forked(self, out: str, last: int = 0) -> int:
        """Runs in a fork that ends at this event, if it is not 0; its exit code."""
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


def plain(folder: Path) -> dict[str, bytes]:
    """Every file of a run, without the names of its batches."""
    files = p.left_behind(folder)
    manifest = json.loads(files["run.json"])
    return files | {"run.json": json.dumps(manifest | {"batches": []}).encode()}


def check(scene: Scene, out: str, calm: dict[str, bytes], bought: int) -> Iterator[str]:
    """Every promise that this run has broken."""
    folder = scene.folder(out)
    if folder is None:
        yield "there is no run"
        return
    if bought != REQUESTS:
        yield f"{bought} answers were bought, for {REQUESTS} requests"
    journal = p.journal(folder)
    if (journal.answers, journal.again, journal.unknown) != (REQUESTS, 0, 0):
        yield f"the journal holds {journal}"
    yield from p.differences(plain(folder), calm)


def at_every_event(
    scene: Scene, service: p.Service, calm: dict[str, bytes], step: int
) -> tuple[int, list[str]]:
    """How many events there were, and what was broken; every `step`th event is tried."""
    broken, number = [], 1 - step
    while True:
        number += step
        out, before = f"run{number}", service.billed
        code = scene.forked(out, number)
        folder = scene.folder(out)
        if code == KILLED and not (folder and p.has_ended(folder)):
            code = scene.forked(out)
        told = list(check(scene, out, calm, service.billed - before))
        if code not in (0, KILLED):
            told.append(f"exit code {code}")
        broken += [f"killed at {number}: {what}" for what in told]
        events = scene.place / f"{out}.events"
        if events.exists() and len(events.read_text().splitlines()) < number:
            return number - 1, broken


def main(place: Path, step: int) -> int:
    """The exit code: 1 when a promise was broken."""
    deliver.FIRST_PAUSE_SECONDS = deliver.LONGEST_PAUSE_SECONDS = 0.005
    with p.service("--batch-seconds", 0) as service:
        scene = Scene(place, service.url)
        assert scene.run("warm") == 0  # imports everything that a run needs
        folder = scene.folder("warm")
        assert folder is not None
        calm = plain(folder)
        wrap()
        assert scene.forked("names") == 0
        kinds = sorted(set((place / "names.events").read_text().splitlines()))
        events, broken = at_every_event(scene, service, calm, step)
    print(json.dumps({"events": events, "kinds": kinds, "broken": broken}, indent=2))
    return bool(broken)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), int(sys.argv[2])))
