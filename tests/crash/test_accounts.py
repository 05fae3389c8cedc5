"""What a run says that it has paid, and what it says of what was lost: real commands, real kills."""

from __future__ import annotations

import importlib.util
import json
import re
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pty", reason="signals are those of Unix")

FILE = Path(__file__).with_name("processes.py")
SPEC = importlib.util.spec_from_file_location("tests_crash_processes", FILE)
assert SPEC is not None
assert SPEC.loader is not None
p = sys.modules["tests_crash_processes"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(p)

IMAGES = 3
OPTIONS = "{cache: off, parallel: 2, retries: 0}"
ONE_QUESTION = """\
version: 1
images: "*.png"
steps: [{id: find, prompt: Find every box., schema: lib:boxes, max_output_tokens: 100}]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Any:
    """Three images about which one question is asked each."""
    return p.Workshop(tmp_path).furnish(IMAGES, OPTIONS, ONE_QUESTION)


@pytest.fixture
def service() -> Iterator[Any]:
    """A service that answers at once."""
    with p.service() as running:
        yield running


def summary(shop: Any, url: str, *options: object) -> dict[str, Any]:
    """What a command tells scripts."""
    told = shop.run(url, "--format", "json", *options)
    found: dict[str, Any] = json.loads(told.out)
    return found


def paid(folder: Path) -> list[float]:
    """What each answer has cost, the oldest first."""
    query = "SELECT cost_usd FROM attempt WHERE outcome = 'answered' ORDER BY id"
    with closing(sqlite3.connect(folder / "run.sqlite")) as db:
        return [cost for (cost,) in db.execute(query)]


def agree(shop: Any, told: dict[str, Any], dollars: float) -> None:
    """The summary, run.json and junit.xml say the same of what all has cost."""
    manifest = json.loads((shop.folder() / "run.json").read_bytes())
    junit = (shop.folder() / "junit.xml").read_text()
    property = re.search(r'name="cost_usd" value="([\d.]+)"', junit)
    assert property is not None
    by_model = sum(model["cost_usd"] for model in told["by_model"].values())
    for said in (told["cost_usd"], manifest["cost_usd"], by_model, float(property[1])):
        assert said == pytest.approx(dollars, abs=1e-6)
    assert told["by_model"] == manifest["by_model"]


@pytest.fixture
def stopped(shop: Any, service: Any) -> Any:
    """The shop, after a run of which two answers are there and one is not."""
    shop.write(ONE_QUESTION + f"run: {OPTIONS}\n".replace("retries", "max_requests: 2, retries"))
    assert shop.run(service.url).code == 5
    assert service.billed == 2
    shop.write(ONE_QUESTION + f"run: {OPTIONS}\n")
    return shop


# -- dollars ----------------------------------------------------------------------------------------


def test_answers_that_are_asked_for_again_have_been_paid_for_twice(shop: Any) -> None:
    """Two were unreadable: after --retry-failed the run has cost five answers, its session two."""
    with p.service("--fault", "empty-text:first=2") as service:
        first = summary(shop, service.url)
        agree(shop, first, sum(paid(shop.folder())))
        assert first["session_usd"] == first["cost_usd"]
        again = summary(shop, service.url, "--retry-failed")
        costs = paid(shop.folder())
        assert (first["exit_code"], again["exit_code"], len(costs)) == (3, 0, 5)
        agree(shop, again, sum(costs))
        assert again["session_usd"] == pytest.approx(sum(costs[3:]))
        assert again["cost_usd"] == pytest.approx(first["cost_usd"] + again["session_usd"])
        rest = summary(shop, service.url, "--resume")
        assert (rest["session_usd"], rest["cost_usd"]) == (0.0, again["cost_usd"])


def test_every_try_with_more_room_is_paid_for(tmp_path: Path) -> None:
    """And is asked for once: --retry-failed asks the last one again, with the most room."""
    shop = p.Workshop(tmp_path).furnish(1, workflow=ONE_QUESTION)
    shop.write(ONE_QUESTION + "run: {cache: off, retries: 0, on_cut_off: retry}\n")
    with p.service("--fault", "truncated") as service:
        first = summary(shop, service.url)
        assert (first["by_status"], service.billed) == ({"truncated": 1}, 4)
        agree(shop, first, sum(paid(shop.folder())))
        port = int(service.url.rpartition(":")[2])
    with p.service(port=port) as service:
        again = summary(shop, service.url, "--retry-failed")
        assert (again["by_status"], service.billed) == ({"ok": 1}, 1)
        costs = paid(shop.folder())
        agree(shop, again, sum(costs))
        assert again["session_usd"] == pytest.approx(costs[4])


def test_a_try_with_more_room_that_failed_is_the_one_that_is_asked_again(tmp_path: Path) -> None:
    """The cut off answer before it, which stands meanwhile, is not bought a second time."""
    shop = p.Workshop(tmp_path).furnish(1, workflow=ONE_QUESTION)
    shop.write(ONE_QUESTION + "run: {cache: off, retries: 0, on_cut_off: retry}\n")
    faults = ("--fault", "truncated:first=1", "--fault", "bad-request:after=1")
    with p.service(*faults) as service:
        assert summary(shop, service.url)["by_status"] == {"truncated": 1}
        assert service.billed == 1
        port = int(service.url.rpartition(":")[2])
    with p.service(port=port) as service:
        assert summary(shop, service.url, "--retry-failed")["by_status"] == {"ok": 1}
        assert service.billed == 1


def test_what_a_crash_may_have_cost_counts_in_full_for_the_budget(shop: Any) -> None:
    """With `max_output_tokens` it is known what the killed requests can have cost at most; with that
    the limit holds across the crash, whatever the service has billed."""
    with p.service("--latency", 600) as slow:
        process = shop.start(slow.url)
        p.wait_for(lambda: slow.state()["in_flight"] == 2, process)
        p.killed(process)
        port = int(slow.url.rpartition(":")[2])
    with closing(sqlite3.connect(shop.folder() / "run.sqlite")) as db:
        reserves = [reserve for (reserve,) in db.execute("SELECT reserve_usd FROM attempt")]
    assert len(reserves) == 2
    assert min(reserves) > 0
    limit = 2.5 * reserves[0]
    shop.write(
        ONE_QUESTION + f"run: {OPTIONS}\n".replace("retries", f"max_cost_usd: {limit}, retries")
    )
    with p.service(port=port) as quick:
        told = summary(shop, quick.url)
        assert (told["exit_code"], quick.billed) == (5, 0)
        assert f"${sum(reserves):.4f} is spent" in told["why"]
        shop.write(ONE_QUESTION + f"run: {OPTIONS}\n")
        told = summary(shop, quick.url)
        assert (told["exit_code"], quick.billed) == (0, IMAGES)
    agree(shop, told, sum(paid(shop.folder())))
    manifest = json.loads((shop.folder() / "run.json").read_bytes())
    assert manifest["doubtful_usd"] == told["doubtful_usd"] > 0  # nobody will ever know
    assert told["requests"]["doubtful"] == 2


def test_a_second_Ctrl_C_names_what_it_cuts_off(shop: Any) -> None:
    """At once, with about how much; the answers that are there are counted."""
    with p.service("--latency", 600) as slow:
        process = shop.start(slow.url)
        p.wait_for(lambda: slow.state()["in_flight"] == 2, process)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)  # two signals that are not told apart are one
        process.send_signal(signal.SIGINT)
        told = p.ended(process)
    assert told.code == 130
    assert re.search(
        r"2 requests may have been paid for although no answer came \(about \$0\.\d+ more\):"
        r" 00\.png, find; 01\.png, find\n",
        told.err,
    )


# -- results that stand -----------------------------------------------------------------------------


def test_a_second_try_that_stops_early_leaves_every_line(shop: Any) -> None:
    """What failed stands until there is something better; the same command then goes on trying."""
    with p.service("--fault", "bad-request:first=2") as service:
        assert shop.run(service.url).code == 3
        before = (shop.folder() / "results.jsonl").read_bytes()
        limited = OPTIONS.replace("retries", "max_requests: 3, retries")
        shop.write(ONE_QUESTION + f"run: {limited}\n")
        told = summary(shop, service.url, "--retry-failed")
        assert (told["exit_code"], told["results"], told["not_asked"]) == (5, IMAGES, 0)
        assert told["by_status"] == {"failed": 2, "ok": 1}
        assert (shop.folder() / "results.jsonl").read_bytes() == before
        shop.write(ONE_QUESTION + f"run: {OPTIONS}\n")
        assert summary(shop, service.url)["by_status"] == {"ok": IMAGES}
        assert service.billed == IMAGES


def test_a_run_that_is_stopped_at_once_counts_what_was_there(stopped: Any, service: Any) -> None:
    """Results that it did not come to are results all the same."""
    stopped.write(ONE_QUESTION + f"run: {OPTIONS}\n".replace("retries", "max_requests: 2, retries"))
    told = summary(stopped, service.url)
    assert (told["exit_code"], told["results"], told["not_asked"]) == (5, 2, 1)
    assert told["answers"]["earlier"] == 2
    assert len(p.results(stopped.folder())) == 2


# -- what is lost is told ---------------------------------------------------------------------------


def test_a_damaged_row_is_told_logged_and_its_second_payment_counted(
    stopped: Any, service: Any
) -> None:
    """A bit of an answer has changed; nobody believes it, and nobody is left to wonder."""
    before = paid(stopped.folder())
    with closing(sqlite3.connect(stopped.folder() / "run.sqlite")) as db, db:
        which = "WHERE request = (SELECT request FROM result ORDER BY ordinal LIMIT 1)"
        for table in ("response", "result"):
            db.execute(f"UPDATE {table} SET content = x'00' || substr(content, 2) {which}")
    told = stopped.run(service.url, "--format", "json")
    sentence = "2 rows are not what was written to "
    assert (told.code, sentence in told.err) == (0, True)
    log = (stopped.folder() / "log.jsonl").read_text().splitlines()
    said = [json.loads(line) for line in log if '"event": "said"' in line]
    assert any(line["sentence"].startswith(sentence) for line in said)
    costs = paid(stopped.folder())
    assert (len(costs), costs[:2], service.billed) == (4, before, 4)
    agree(stopped, json.loads(told.out), sum(costs))
    assert len(p.results(stopped.folder())) == IMAGES


def test_a_store_that_was_deleted_is_told_and_what_it_had_cost_counted(
    stopped: Any, service: Any
) -> None:
    """run.json knows that there were answers; they are bought again, and nobody calls that nothing."""
    before = sum(paid(stopped.folder()))
    (stopped.folder() / "run.sqlite").unlink()
    told = stopped.run(service.url, "--format", "json")
    assert told.code == 0
    assert (
        "run.sqlite is gone with 2 results: everything is asked and paid for again;"
        f" the ${before:.4f} that were paid for what is lost still count" in told.err
    )
    again = sum(paid(stopped.folder()))
    assert json.loads(told.out)["cost_usd"] == pytest.approx(before + again)
    assert summary(stopped, service.url, "--resume")["cost_usd"] == pytest.approx(before + again)


# -- where a run stands -----------------------------------------------------------------------------


def test_a_run_that_was_killed_after_its_end_is_not_bought_again(shop: Any, service: Any) -> None:
    """run.json says `done`, but its process could not: the same command ends it, tidies up, and asks
    nothing, whatever the cache. After that, it begins another one."""
    assert shop.run(service.url).code == 0
    (folder,) = shop.folders()
    before = p.left_behind(folder)
    for name in ("run.lock", "run.ballast"):
        (folder / name).write_bytes(b"{}")
    with closing(sqlite3.connect(folder / "run.sqlite")) as db:
        db.execute("PRAGMA journal_mode = WAL").fetchall()
    told = shop.run(service.url)
    assert (told.code, shop.folders(), service.billed) == (0, [folder], IMAGES)
    assert p.differences(p.left_behind(folder), before) == []
    assert shop.run(service.url).code == 0
    assert (len(shop.folders()), service.billed) == (2, 2 * IMAGES)


def test_the_estimate_is_of_what_is_left(stopped: Any, service: Any) -> None:
    """Of a run that goes on, and of one in which nothing is left."""
    line = [word for word in stopped.line(service.url) if word != "-q"]
    stopped.line = lambda url, *options: [*line, *map(str, options)]
    told = stopped.run(service.url)
    assert "  gemini-3.5-flash: 1 request, about" in told.err
    assert "  2 of 3 results are there: the estimate is of what is left" in told.err
    told = stopped.run(service.url, "--resume")
    assert "  3 of 3 results are there: nothing is left to ask" in told.err
    assert "gemini-3.5-flash: " not in told.err


@pytest.mark.parametrize(
    ("cache", "rest"), [("off", "nothing of it is used"), ("use", "comes from")]
)
def test_a_changed_plan_tells_what_it_leaves_behind(
    stopped: Any, service: Any, tmp_path: Path, cache: str, rest: str
) -> None:
    """One line, once: the folder of the unfinished run, and what becomes of its results."""
    (old,) = stopped.folders()
    stopped.env["ASKPIX_CACHE"] = str(tmp_path / "cache")
    stopped.write(ONE_QUESTION.replace("every", "each") + f"run: {OPTIONS}\n".replace("off", cache))
    told = stopped.run(service.url)
    (line,) = [line for line in told.err.splitlines() if "unfinished" in line]
    assert line.startswith(
        f"runs/{old.name} is an unfinished run of this file with other settings or images:"
        " 2 of its results are there; "
    )
    assert rest in line
    assert "unfinished" not in stopped.run(service.url).err
