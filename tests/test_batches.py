"""Runs in batches, from a workflow to results, against a real server with a clock that can be moved."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sqlite3
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image, ImageDraw

from runner.providers.simulator.batches import Batches
from runner.providers.simulator.commands import planned
from runner.providers.simulator.desk import Desk, MovableClock
from runner.resume import Begin, Options, before
from runner.roles import Connection
from runner.stages.plan import Plan
from runner.store.folder import RunFolder
from runner.store.lock import Lock
from runner.story import Outcome, make_plan, run
from runner.tokens import input_tokens
from runner.transport.http import AiohttpTransport
from runner.values.event import Event
from runner.values.request import Policy
from runner.values.result import Result
from runner.workflow.load import load
from runner.workflow.spec import Workflow

FIND = "  - {id: find, prompt: Find the shapes., schema: boxes}\n"
TELL = '  - {id: tell, prompt: "Describe the {{ find.boxes | length }} shapes."}\n'
ASIDE = "  - {id: aside, prompt: Describe the background.}\n"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits a second for a clock that is moved by hand."""
    monkeypatch.setattr("runner.stages.deliver.FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("runner.stages.deliver.LONGEST_PAUSE_SECONDS", 0.02)


@dataclass
class Scene:
    """A folder with three photographs, and the service that runs in it ask."""

    folder: Path
    desk: Desk
    address: str
    events: list[Event] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def run(
        self,
        workflow: str = FIND,
        *,
        mode: str = "batch",
        out: str = "runs",
        key: str = "k",
        images: str = '"*.png"',
        transport: object = None,
        log: Callable[[Event], None] = lambda event: None,
        plan: Callable[[Workflow], Plan] = make_plan,
        options: Mapping[str, Any] = {},
        **limits: object,
    ) -> tuple[Outcome, list[Result]]:
        """A run of these steps; `limits` stand under `run:`."""
        limits = {"mode": mode, "cache": "off", **limits}
        path = self.folder / "test.workflow.yaml"
        path.write_text(
            f"version: 1\nimages: {images}\ndefaults: {{api: generate_content}}\n"
            f"steps:\n{workflow}run: {json.dumps(limits)}\n"
        )
        loaded = load(path, environ={})
        policy = Policy(retries=loaded.run.retries, timeout_seconds=20)
        connection = Connection(key, self.address, policy=policy)
        if transport is not None:
            connection = replace(connection, wrap=lambda inner: transport)

        def note(event: Event) -> None:
            self.events.append(event)
            log(event)

        how = Options(connection, self.folder / out, say=self.said.append, log=note, **options)
        outcome = run(loaded, plan(loaded), how)
        return outcome, list(RunFolder(outcome.folder).results())

    @property
    def billed(self) -> int:
        """Answers that the service has made."""
        return self.desk.ledger.billed.total()

    def states(self) -> list[str]:
        """What was heard of batches, in order."""
        return [str(event.fields["state"]) for event in self.events if event.name == "batch"]


@pytest.fixture
def scene(tmp_path: Path, served: Callable[..., str]) -> Scene:
    for number in range(3):
        image = Image.new("RGB", (200 + number, 150), "white")
        pen = ImageDraw.Draw(image)
        pen.rectangle((20, 30, 60 + 20 * number, 100), fill="red")
        pen.ellipse((120, 50, 170, 100), fill="blue")
        image.save(tmp_path / f"{number}.png")
    desk = Desk(clock=MovableClock(), batches=Batches(timedelta(0), timedelta(0)))
    return Scene(tmp_path, desk, served(desk=desk))


def plain(results: list[Result]) -> list[Result]:
    """Results without what they cost."""
    return [replace(result, cost_usd=None) for result in results]


def test_a_run_in_batches_finds_what_a_live_run_finds_for_half_of_the_price(scene: Scene) -> None:
    """Also where a step waits for an earlier answer: that is a second wave."""
    _, live = scene.run(FIND + TELL + ASIDE, mode="live", out="live")
    outcome, results = scene.run(FIND + TELL + ASIDE)
    assert (outcome.exit_code, len(results)) == (0, 9)
    assert plain(results) == plain(live)
    assert [r.cost_usd for r in results] == pytest.approx([(r.cost_usd or 0) / 2 for r in live])
    assert outcome.tally.cost_usd == pytest.approx(sum(r.cost_usd or 0 for r in results))
    assert (scene.billed, outcome.tally.requests) == (18, 9)
    started = [*scene.desk.batches.jobs.values()]
    assert [len(job.asked) for job in started] == [6, 3]  # what waits for nothing goes together


def test_nothing_is_left_behind_here_or_there(scene: Scene) -> None:
    """The files are deleted; the batch stays listed, and run.json names it."""
    outcome, _ = scene.run()
    assert scene.desk.files.stored == {}
    assert not (outcome.folder / "batches").exists()
    told = json.loads((outcome.folder / "run.json").read_text())
    (batch,) = told["batches"]
    assert (told["mode"], told["status"], batch["state"]) == ("batch", "done", "closed")
    assert batch["batch"] == "batches/sim-000001"
    assert scene.desk.batches.jobs["sim-000001"].display_name == batch["part"]
    order = ["written", "uploaded", "creating", "succeeded", "closed"]
    assert list(dict.fromkeys(scene.states())) == order


def test_run_json_tells_the_state_while_the_service_works(scene: Scene) -> None:
    """For whoever looks into the folder in the meantime."""
    scene.desk.batches.pending = scene.desk.batches.running = timedelta(hours=10)
    seen: list[str] = []

    def look(event: Event) -> None:
        if event.name == "batch" and event.fields["state"] in ("pending", "running"):
            (path,) = (scene.folder / "runs").glob("*/run.json")
            before = json.loads(path.read_text())["batches"]
            seen.extend(str(each["state"]) for each in before)
            assert isinstance(scene.desk.clock, MovableClock)
            scene.desk.clock.ahead += timedelta(hours=11)

    outcome, _ = scene.run(log=look)
    assert outcome.exit_code == 0
    assert seen[0] == "creating"  # run.json follows the log
    assert {"pending", "running"} <= set(scene.states())
    assert any("may take a day" in sentence for sentence in scene.said)


@pytest.mark.parametrize(
    ("fault", "bought"),
    [("failed", 3), ("expired", 3), ("cancelled", 3), ("damaged", 4)],
)
def test_what_a_batch_has_not_answered_is_asked_in_another(
    scene: Scene, fault: str, bought: int
) -> None:
    """What it has answered is kept. An answer that came damaged is lost, like a torn one."""
    scene.desk.plan = (planned(f"batch-{fault}:first=1"),)
    outcome, results = scene.run()
    assert outcome.exit_code == 0
    assert [result.status for result in results] == ["ok"] * 3
    assert scene.billed == bought
    assert len(scene.desk.batches.jobs) == 2


def test_requests_that_no_batch_answers_fail_after_three(scene: Scene) -> None:
    """With what the service said; and are asked again when somebody says so."""
    scene.desk.plan = (planned("batch-failed"),)
    outcome, results = scene.run()
    assert outcome.exit_code == 3
    why = "the batch ended before it was answered (failed): The batch could not be processed."
    assert {result.error for result in results} == {why}
    assert len(scene.desk.batches.jobs) == 3
    scene.desk.plan = ()
    outcome, results = scene.run(options={"begin": "retry_failed"})
    assert [result.status for result in results] == ["ok"] * 3


def test_without_retries_there_is_no_second_batch(scene: Scene) -> None:
    """`retries: 0`, as one by one."""
    scene.desk.plan = (planned("batch-expired"),)
    outcome, _ = scene.run(retries=0)
    assert (outcome.exit_code, len(scene.desk.batches.jobs)) == (3, 1)


@pytest.mark.parametrize(
    ("does", "status", "batches"),
    [
        ("bad-request", "failed", 1),
        ("internal", "failed", 3),
        ("rate-limit", "failed", 3),
        ("blocked-prompt", "refused", 1),
        ("truncated", "truncated", 1),
        ("empty-text", "malformed", 1),
    ],
)
def test_the_error_of_one_request_is_the_result_of_one_case(
    scene: Scene, does: str, status: str, batches: int
) -> None:
    """The others have theirs; an error that may pass is tried in two more batches."""
    prompt = f"Find the shapes. {{% if image.name == '1.png' %}}[[simulate: {does}]]{{% endif %}}"
    outcome, results = scene.run(f'  - {{id: find, prompt: "{prompt}", schema: boxes}}\n')
    assert [result.status for result in results] == ["ok", status, "ok"]
    assert outcome.exit_code == 3
    assert len(scene.desk.batches.jobs) == batches


def test_twenty_refusals_in_a_batch_end_no_run(scene: Scene) -> None:
    """Live they do, to save the rest; here nothing is left to be saved."""
    step = '  - {id: find, prompt: "x [[simulate: bad-request]]"}\n'
    outcome, results = scene.run(step, repeat=8)
    assert (outcome.exit_code, len(results)) == (3, 24)
    assert {result.status for result in results} == {"failed"}


def test_a_create_whose_answer_was_lost_creates_no_second_batch(scene: Scene) -> None:
    """The batch is found by its name."""
    lost: list[str] = []

    class Losing(httpx.AsyncBaseTransport):
        def __init__(self) -> None:
            self.inner = AiohttpTransport()

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await self.inner.handle_async_request(request)
            if request.url.path.endswith(":batchGenerateContent") and not lost:
                lost.append(request.url.path)
                await response.aread()
                raise httpx.ReadError("connection reset by peer", request=request)
            return response

        async def aclose(self) -> None:
            await self.inner.aclose()

    outcome, results = scene.run(transport=Losing())
    assert (outcome.exit_code, len(lost), len(scene.desk.batches.jobs)) == (0, 1, 1)
    assert scene.billed == len(results) == 3


def stopped_with_a_batch_under_way(scene: Scene, **how: Any) -> Outcome:
    """A run that somebody interrupts while the service works."""
    scene.desk.batches.pending = timedelta(hours=10)

    def interrupt(event: Event) -> None:
        if event.name == "batch" and event.fields["state"] == "pending":
            asyncio.get_running_loop().call_soon(press)

    def press() -> None:
        signal.raise_signal(signal.SIGINT)

    assert threading.current_thread() is threading.main_thread()
    outcome, _ = scene.run(log=interrupt, **how)
    assert outcome.exit_code == 130
    assert any("still with the service" in sentence for sentence in scene.said)
    return outcome


def tomorrow(scene: Scene) -> None:
    assert isinstance(scene.desk.clock, MovableClock)
    scene.desk.clock.ahead += timedelta(hours=12)


def test_a_run_that_was_interrupted_takes_its_answers_on_another_day(scene: Scene) -> None:
    """The same command goes on in the same folder, and nothing is bought again."""
    first = stopped_with_a_batch_under_way(scene)
    tomorrow(scene)
    outcome, results = scene.run()
    assert (outcome.exit_code, outcome.folder) == (0, first.folder)
    assert scene.billed == len(results) == 3
    assert len(scene.desk.batches.jobs) == 1


def test_what_a_batch_will_answer_is_not_asked_one_by_one(scene: Scene) -> None:
    """A run that goes on with `--live` waits for its batches, and asks at once what follows."""
    stopped_with_a_batch_under_way(scene, workflow=FIND + TELL)
    tomorrow(scene)
    outcome, results = scene.run(FIND + TELL, mode="live")
    assert (outcome.exit_code, scene.billed, len(scene.desk.batches.jobs)) == (0, 6, 1)
    _, live = scene.run(FIND + TELL, mode="live", out="live")
    shares = [(a.cost_usd or 0) / (b.cost_usd or 1) for a, b in zip(results, live, strict=True)]
    assert shares == pytest.approx([0.5, 1.0] * 3)  # each at the price at which it was bought


def test_batches_of_another_key_are_not_given_up(scene: Scene) -> None:
    """Their answers are paid for; only the key that they were sent with can take them."""
    stopped_with_a_batch_under_way(scene)
    tomorrow(scene)
    outcome, _ = scene.run(key="another")
    assert (outcome.exit_code, outcome.halt.kind) == (2, "service")
    assert "another API key" in outcome.halt.why
    outcome, _ = scene.run()
    assert (outcome.exit_code, scene.billed) == (0, 3)


@pytest.mark.parametrize(("policy", "code", "bought"), [("retry", 0, 3), ("skip", 3, 0)])
def test_batches_that_the_service_has_forgotten_follow_on_doubtful(
    scene: Scene, policy: str, code: int, bought: int
) -> None:
    """They may have been paid for: asked again, or left out and never paid twice."""
    stopped_with_a_batch_under_way(scene, on_doubtful=policy)
    scene.desk.batches.jobs.clear()
    scene.desk.batches.pending = timedelta(0)
    outcome, results = scene.run(on_doubtful=policy)
    assert (outcome.exit_code, scene.billed) == (code, bought)
    assert outcome.tally.doubtful == 3
    if policy == "skip":
        assert "are gone at the service" in str(results[0].error)


def test_a_limit_on_requests_counts_those_in_batches(scene: Scene) -> None:
    """What is beyond it is not asked, and the run can go on."""
    outcome, results = scene.run(max_requests=2)
    assert (outcome.exit_code, len(results), scene.billed) == (5, 2, 2)
    assert "max_requests of 2" in outcome.halt.why
    outcome, results = scene.run(max_requests=3)
    assert (outcome.exit_code, len(results), scene.billed) == (0, 3, 3)


def test_a_limit_on_money_holds_and_answers_make_room_for_more(scene: Scene) -> None:
    """Each answer is held at the most that it can cost; what it did not cost is there for others."""
    step = "  - {id: find, prompt: Find., schema: boxes, max_output_tokens: 2000}\n"
    most = (1500 * 1.5 + 2000 * 9) / 2 / 1e6
    outcome, results = scene.run(step, max_cost_usd=1.5 * most)
    assert outcome.tally.cost_usd <= 1.5 * most
    assert len(results) == scene.billed >= 2  # one would have fitted if it had cost the most
    assert all(len(job.asked) == 1 for job in scene.desk.batches.jobs.values())


def test_a_limit_counts_what_is_under_way_since_an_earlier_session(scene: Scene) -> None:
    """Three of three requests are with the service: there is no room for a fourth."""
    stopped_with_a_batch_under_way(scene, max_requests=3, repeat=2, workflow=FIND)
    assert len(next(iter(scene.desk.batches.jobs.values())).asked) == 3
    tomorrow(scene)
    scene.desk.batches.pending = timedelta(0)
    outcome, results = scene.run(max_requests=3, repeat=2)
    assert (outcome.exit_code, len(results), scene.billed) == (5, 3, 3)


def test_an_answer_that_was_cut_off_is_asked_again_in_the_next_batch(scene: Scene) -> None:
    """With twice the room, as `on_cut_off: retry` says."""
    step = "  - {id: find, prompt: Find., schema: boxes, max_output_tokens: 20}\n"
    _, live = scene.run(step, mode="live", out="live", on_cut_off="retry")
    _, results = scene.run(step, on_cut_off="retry")
    assert plain(results) == plain(live)
    assert {issue.code for result in results for issue in result.issues} >= {"asked_again"}
    assert len(scene.desk.batches.jobs) >= 2


def test_cases_that_ask_the_same_share_a_line(scene: Scene) -> None:
    """It is bought once."""
    (scene.folder / "copy.png").write_bytes((scene.folder / "0.png").read_bytes())
    outcome, results = scene.run()
    assert (len(results), scene.billed, outcome.tally.by_origin) == (
        4,
        3,
        {"asked": 3, "shared": 1},
    )


def test_a_batch_holds_requests_of_one_model_and_no_more_than_it_may(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond that there is another one."""
    monkeypatch.setattr("runner.stages.batching.PART_REQUESTS", 2)
    lite = "  - {id: lite, model: gemini-3.5-flash-lite, prompt: Find., schema: boxes}\n"
    outcome, results = scene.run(FIND + lite)
    jobs = [(job.model, len(job.asked)) for job in scene.desk.batches.jobs.values()]
    flash, fast = "gemini-3.5-flash", "gemini-3.5-flash-lite"
    assert sorted(jobs) == [(flash, 1), (flash, 2), (fast, 1), (fast, 2)]
    assert (outcome.exit_code, len(results), scene.billed) == (0, 6, 6)


def test_a_wave_takes_no_more_than_the_service_can_store(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest follows when its files are gone."""
    monkeypatch.setattr("runner.stages.batching.WAVE_BYTES", 1)
    outcome, results = scene.run(parallel=1)
    assert [len(job.asked) for job in scene.desk.batches.jobs.values()] == [1, 1, 1]
    assert (outcome.exit_code, len(results)) == (0, 3)


def test_a_batch_that_is_not_taken_is_offered_again(scene: Scene) -> None:
    """A project may queue only so many tokens."""
    scene.desk.plan = (planned("batch-full:first=3"),)
    outcome, results = scene.run()
    assert (outcome.exit_code, len(results), scene.billed) == (0, 3, 3)
    assert any("enqueued" in str(event.fields.get("why")) for event in scene.events)


def test_a_service_that_takes_no_batch_at_all_is_not_asked_for_ever(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a quarter of an hour the run stops, and can go on."""
    monkeypatch.setattr("runner.stages.deliver.PATIENCE_SECONDS", 0.1)
    scene.desk.plan = (planned("batch-full"),)
    outcome, _ = scene.run()
    assert (outcome.exit_code, outcome.halt.kind) == (5, "limit")
    scene.desk.plan = ()
    assert scene.run()[0].exit_code == 0


def test_an_upload_that_breaks_goes_on_where_it_stopped(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is read from the disk in pieces."""
    monkeypatch.setattr("runner.providers.gemini.files.CHUNK", 1 << 18)
    scene.desk.plan = (planned("file-broken:first=1"),)
    noise = Image.effect_noise((900, 900), 90)
    for number in range(3):
        noise.rotate(90 * number).save(scene.folder / f"{number}.png")
    outcome, results = scene.run()
    assert (outcome.exit_code, scene.billed) == (0, 3)
    assert {result.status for result in results} <= {"ok", "empty"}


def test_for_each_asks_about_all_entries_in_one_wave(scene: Scene) -> None:
    """Steps that ask nothing take no wave of their own."""
    steps = (
        FIND
        + "  - {id: cut, do: crop, boxes: find.boxes}\n"
        + '  - {id: name, for_each: cut.images, prompt: "What is this?"}\n'
    )
    _, live = scene.run(steps, mode="live", out="live")
    outcome, results = scene.run(steps)
    assert outcome.exit_code == 0
    assert plain(results) == plain(live)
    assert len(scene.desk.batches.jobs) == 2


def test_answers_of_batches_are_there_for_other_runs(scene: Scene, tmp_path: Path) -> None:
    """The cache takes them, and gives them to a live run of the same requests."""
    from runner.store.cache import Cache
    from runner.store.cache_place import CachePlace

    cache = Cache(CachePlace(tmp_path / "cache"), print)
    try:
        scene.run(cache="use", options={"cache": cache})
        outcome, _ = scene.run(mode="live", out="other", cache="use", options={"cache": cache})
    finally:
        cache.close()
    assert (outcome.tally.by_origin, scene.billed) == ({"cache": 3}, 3)


def when_pending(scene: Scene, do: Callable[[], None]) -> Callable[[Event], None]:
    """Does something while the service works; then hours go by."""
    scene.desk.batches.pending = timedelta(hours=10)

    def look(event: Event) -> None:
        if event.name == "batch" and event.fields["state"] == "pending":
            do()
            tomorrow(scene)

    return look


def test_an_image_that_comes_while_the_service_works_is_no_part_of_the_run(scene: Scene) -> None:
    """Nothing that was paid for moves or is lost, and the new image is named."""
    new = scene.folder / "00.png"

    def add() -> None:
        Image.new("RGB", (90, 90), "green").save(new)

    outcome, results = scene.run(FIND + TELL, log=when_pending(scene, add))
    assert (outcome.exit_code, scene.billed) == (0, 6)
    assert [(r.case, r.step) for r in results] == [
        (f"{n}.png", step) for n in range(3) for step in ("find", "tell")
    ]
    assert scene.said[-1] == (
        "added since the run was planned, and no part of it: 00.png;"
        " the same command asks about them"
    )
    new.unlink()
    _, live = scene.run(FIND + TELL, mode="live", out="live")
    assert plain(results) == plain(live)


def test_an_image_that_goes_while_the_service_works_fails_alone(scene: Scene) -> None:
    """What was sent of it has its answer; what is still to be sent of it cannot be."""
    gone = scene.folder / "0.png"
    outcome, results = scene.run(
        FIND + TELL, log=when_pending(scene, lambda: gone.unlink(missing_ok=True))
    )
    assert [(r.case, r.step, r.status) for r in results] == [
        ("0.png", "find", "ok"),
        ("0.png", "tell", "failed"),
        *((f"{n}.png", step, "ok") for n in (1, 2) for step in ("find", "tell")),
    ]
    assert "0.png: there is no such file" in str(results[1].error)
    assert (outcome.exit_code, scene.billed) == (3, 5)
    assert not any("added since" in sentence for sentence in scene.said)


def test_an_image_that_goes_in_a_run_of_one_step_has_its_answer(scene: Scene) -> None:
    """It is paid for; and nobody waits for ever."""
    gone = scene.folder / "0.png"
    outcome, results = scene.run(log=when_pending(scene, lambda: gone.unlink(missing_ok=True)))
    assert (outcome.exit_code, len(results), scene.billed) == (0, 3, 3)


@pytest.mark.parametrize("mode", ["batch", "live"])
def test_a_folder_that_changes_after_the_plan_changes_nothing_of_it(
    scene: Scene, mode: str
) -> None:
    """A person may look at a plan for long before it is begun."""

    def planned_earlier(workflow: Workflow) -> Plan:
        found = make_plan(workflow)
        Image.new("RGB", (90, 90), "green").save(scene.folder / "00.png")
        (scene.folder / "1.png").unlink()
        return found

    outcome, results = scene.run(mode=mode, plan=planned_earlier)
    assert [(r.case, r.status) for r in results] == [
        ("0.png", "ok"),
        ("1.png", "failed"),
        ("2.png", "ok"),
    ]
    assert (outcome.exit_code, scene.billed) == (3, 2)


def test_a_wave_that_can_bring_nothing_ends_the_run(scene: Scene) -> None:
    """Of a store in which a batch was closed and its answers are not, whatever damaged it."""
    first = stopped_with_a_batch_under_way(scene)
    with closing(sqlite3.connect(first.folder / "run.sqlite")) as db, db:
        db.execute("UPDATE part SET stage = 'closed'")
    outcome, results = scene.run()
    assert (outcome.exit_code, outcome.halt.kind, results) == (5, "limit", [])
    assert outcome.halt.why == "no batch is left that could answer what is open of 3 cases"


def changed(scene: Scene) -> None:
    """One image more, before the others; a service that is quick with what is new."""
    scene.desk.batches.pending = timedelta(0)
    Image.new("RGB", (90, 90), "green").save(scene.folder / "00.png")


def test_a_run_of_a_changed_folder_takes_what_waits_in_the_batch_of_the_one_before(
    scene: Scene,
) -> None:
    """It asks for the new image alone."""
    first = stopped_with_a_batch_under_way(scene)
    changed(scene)
    tomorrow(scene)
    outcome, results = scene.run()
    assert outcome.folder != first.folder
    assert [(r.case, r.status) for r in results] == [
        ("0.png", "ok"),
        ("00.png", "empty"),
        ("1.png", "ok"),
        ("2.png", "ok"),
    ]
    assert (outcome.exit_code, scene.billed) == (0, 4)
    assert [len(job.asked) for job in scene.desk.batches.jobs.values()] == [3, 1]
    taken = f"taken over from {first.folder}, which was left behind: a batch with 3 requests"
    assert any(taken in sentence for sentence in scene.said)
    assert outcome.tally.by_origin == {"asked": 4}
    assert outcome.tally.cost_usd == pytest.approx(sum(r.cost_usd or 0 for r in results))
    _, live = scene.run(mode="live", out="live")
    assert plain(results) == plain(live)


def test_what_is_taken_over_counts_for_the_limits_of_the_run(scene: Scene) -> None:
    """Three requests of three wait in the batch of the run before."""
    stopped_with_a_batch_under_way(scene)
    changed(scene)
    tomorrow(scene)
    outcome, _ = scene.run(max_requests=3, parallel=1)
    assert (outcome.exit_code, outcome.halt.kind) == (5, "limit")
    assert scene.billed <= 4


def test_answers_that_arrived_before_the_folder_changed_are_not_bought_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One batch was answered, the other was not, when the run was stopped."""
    monkeypatch.setattr("runner.stages.batching.PART_REQUESTS", 2)

    def first_only(event: Event) -> None:
        if event.name == "batch" and event.fields["state"] == "closed":
            signal.raise_signal(signal.SIGINT)

    first, _ = scene.run(log=first_only)
    assert (first.exit_code, first.tally.done) == (130, 0)
    changed(scene)
    outcome, results = scene.run()
    assert (outcome.exit_code, len(results), scene.billed) == (0, 4, 4)


def test_who_changes_the_folder_back_pays_for_nothing_either(scene: Scene) -> None:
    """What the second run took over and has no use for is there for the first."""
    first = stopped_with_a_batch_under_way(scene)
    gone = scene.folder / "1.png"
    content = gone.read_bytes()
    gone.unlink()
    tomorrow(scene)
    outcome, results = scene.run()
    assert (outcome.exit_code, len(results), scene.billed) == (0, 2, 3)
    gone.write_bytes(content)
    outcome, results = scene.run(mode="live")
    assert (outcome.folder, outcome.exit_code, len(results)) == (first.folder, 0, 3)
    assert scene.billed == 3 + 2  # what was answered and used is `cache: off`


def test_a_changed_prompt_asks_other_things(scene: Scene) -> None:
    """Nobody waits for the batch of the run before; it stays with that."""
    first = stopped_with_a_batch_under_way(scene)
    scene.desk.batches.pending = timedelta(0)
    outcome, results = scene.run(FIND.replace("shapes", "forms"))
    assert (outcome.exit_code, len(results)) == (0, 3)
    tomorrow(scene)
    outcome, results = scene.run()
    assert (outcome.folder, outcome.exit_code, scene.billed) == (first.folder, 0, 6)


def test_a_batch_that_another_process_waits_for_is_not_asked_for_again(scene: Scene) -> None:
    """The second run stops, and says who is at work."""
    first = stopped_with_a_batch_under_way(scene)
    changed(scene)
    with Lock(first.folder / "run.lock"):
        outcome, _ = scene.run()
    assert (outcome.exit_code, outcome.halt.kind) == (5, "limit")
    assert "not asked twice: wait for it, or say --fresh" in outcome.halt.why
    tomorrow(scene)
    assert scene.run()[0].exit_code == 0
    assert scene.billed == 4


def beforehand(scene: Scene, begin: Begin) -> str | None:
    """What a person is told of earlier runs before a new one begins."""
    workflow = load(scene.folder / "test.workflow.yaml", environ={})
    options = Options(Connection("k", scene.address), scene.folder / "runs", begin=begin)
    return before(workflow, make_plan(workflow), options).beside


def test_fresh_asks_for_all_of_it(scene: Scene) -> None:
    """As it says."""
    first = stopped_with_a_batch_under_way(scene)
    changed(scene)
    assert str(beforehand(scene, "auto")).splitlines()[1] == (
        f"{first.folder} has 3 requests in 1 batch with the service: nothing of that is asked again"
    )
    assert beforehand(scene, "fresh") == (
        f"--fresh leaves 3 requests in 1 batch of {first.folder} with the service: all of that is"
        " asked and paid for again"
    )
    scene.desk.batches.pending = timedelta(0)
    outcome, results = scene.run(options={"begin": "fresh"})
    assert (outcome.exit_code, len(results)) == (0, 4)
    assert [len(job.asked) for job in scene.desk.batches.jobs.values()] == [3, 4]


@dataclass
class Rewriting(httpx.AsyncBaseTransport):
    """Hands over the files of answers with their lines as `rewrite` has them."""

    rewrite: Callable[[list[bytes]], list[bytes]]
    inner: AiohttpTransport = field(default_factory=AiohttpTransport)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self.inner.handle_async_request(request)
        if not request.url.path.endswith(":download"):
            return response
        lines = (await response.aread()).splitlines(keepends=True)
        return httpx.Response(200, content=b"".join(self.rewrite(lines)), request=request)

    async def aclose(self) -> None:
        await self.inner.aclose()


UNKNOWN = re.compile(rb'"key": ?"[0-9a-f]{64}"')


@pytest.mark.parametrize(
    ("rewrite", "batches"),
    [
        (lambda lines: [*lines, *lines], 1),
        (lambda lines: [*lines, UNKNOWN.sub(b'"key":"%s"' % (b"0" * 64), lines[0])], 1),
        (lambda lines: lines[1:] if len(lines) > 1 else lines, 2),
    ],
    ids=["a key twice", "a key that nobody asked", "a key is missing"],
)
def test_a_file_of_answers_that_is_not_what_was_asked(
    scene: Scene, rewrite: Callable[[list[bytes]], list[bytes]], batches: int
) -> None:
    """An answer counts once and costs once; what is missing is asked in another batch."""
    outcome, results = scene.run(transport=Rewriting(rewrite))
    assert [(r.case, r.status) for r in results] == [(f"{n}.png", "ok") for n in range(3)]
    assert (outcome.exit_code, outcome.tally.by_origin) == (0, {"asked": 3})
    assert outcome.tally.cost_usd == pytest.approx(sum(r.cost_usd or 0 for r in results))
    assert len(scene.desk.batches.jobs) == batches


def test_an_image_that_goes_while_its_line_is_written_leaves_no_empty_batch(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails alone."""

    def gone(*about: Any) -> Any:
        (scene.folder / "0.png").unlink(missing_ok=True)
        return input_tokens(*about)

    monkeypatch.setattr("runner.stages.batching.input_tokens", gone)
    outcome, results = scene.run(images="0.png")
    assert [(r.case, r.status) for r in results] == [("0.png", "failed")]
    assert (outcome.exit_code, scene.desk.batches.jobs, scene.desk.files.stored) == (3, {}, {})
    assert not list((outcome.folder / "batches").glob("*"))


def test_a_move_that_was_cut_off_is_done_the_next_time(scene: Scene) -> None:
    """The batch is written down in both runs: the later one has it, the earlier one asks nobody."""
    first = stopped_with_a_batch_under_way(scene)
    as_it_was = (first.folder / "run.sqlite").read_bytes()
    changed(scene)
    second = stopped_with_a_batch_under_way(scene)
    assert second.folder != first.folder
    (first.folder / "run.sqlite").write_bytes(as_it_was)
    tomorrow(scene)
    scene.desk.batches.pending = timedelta(0)
    outcome, results = scene.run()
    assert (outcome.folder, outcome.exit_code, len(results)) == (second.folder, 0, 4)
    assert scene.billed == 4
    with closing(sqlite3.connect(first.folder / "run.sqlite")) as db:
        told = db.execute("SELECT stage, why FROM part").fetchall()
        assert told == [("closed", "taken over by a later run")]
        assert db.execute("SELECT count(*) FROM waiting").fetchone() == (0,)
