"""What the same command does after a run that ended, was stopped, failed, or belongs to another plan."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pty = pytest.importorskip("pty", reason="signals and terminals are those of Unix")

FILE = Path(__file__).with_name("processes.py")
SPEC = importlib.util.spec_from_file_location("tests_crash_processes", FILE)
assert SPEC is not None
assert SPEC.loader is not None
p = sys.modules["tests_crash_processes"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(p)

IMAGES, PARALLEL = 3, 2
REQUESTS = IMAGES * 2
OPTIONS = "{cache: off, parallel: 2, retries: 0}"


@pytest.fixture
def shop(tmp_path: Path) -> Any:
    """Three images about which two questions are asked each."""
    return p.Workshop(tmp_path).furnish(IMAGES, OPTIONS)


@pytest.fixture
def service() -> Iterator[Any]:
    """A service that takes its time."""
    with p.service("--latency", 0.4) as running:
        yield running


@pytest.fixture
def stopped(shop: Any, service: Any) -> Any:
    """The shop, with a run that was interrupted in the middle: nothing is in doubt."""
    return interrupted(shop, service, signal.SIGINT)


def interrupted(shop: Any, service: Any, number: signal.Signals, *options: object) -> Any:
    """The shop, after a run that got this signal in the middle."""
    process = shop.start(service.url, *options)
    p.wait_for(lambda: service.billed >= PARALLEL and service.state()["in_flight"], process)
    process.send_signal(number)
    assert p.ended(process).code in (130, -9)
    return shop


# -- which run is gone on with ----------------------------------------------------------------------


def test_resume_without_a_run_of_this_plan_is_refused(shop: Any, service: Any) -> None:
    """Exit code 2 with a sentence; none is begun."""
    told = shop.run(service.url, "--resume")
    assert (told.code, told.out) == (2, "")
    assert "there is no run of this plan in runs" in told.err
    assert (shop.folders(), service.billed) == ([], 0)


def test_resume_of_a_finished_run_makes_its_files_again(shop: Any, service: Any) -> None:
    """Byte for byte, from what is remembered; nothing is asked."""
    assert shop.run(service.url).code == 0
    before = p.left_behind(shop.folder())
    for name in ("results.jsonl", "outputs/found.csv", "checks.json"):
        (shop.folder() / name).unlink()
    assert shop.run(service.url, "--resume").code == 0
    assert p.differences(p.left_behind(shop.folder()), before) == []
    assert service.billed == REQUESTS


def test_resume_goes_on_with_an_unfinished_run(stopped: Any, service: Any) -> None:
    """As the command does without it."""
    assert stopped.run(service.url, "--resume").code == 0
    assert len(p.results(stopped.folder())) == REQUESTS
    assert service.billed == REQUESTS


def test_fresh_begins_anew(stopped: Any, service: Any) -> None:
    """A new folder in any case; the unfinished run stays as it is."""
    (old,) = stopped.folders()
    before, billed = p.left_behind(old), service.billed
    told = stopped.run(service.url, "--fresh")
    assert (told.code, "going on" in told.err) == (0, False)
    assert len(stopped.folders()) == 2
    assert (p.left_behind(old), service.billed) == (before, billed + REQUESTS)


def test_a_finished_run_is_not_gone_on_with(shop: Any, service: Any) -> None:
    """The same command makes another run."""
    for runs in (1, 2):
        assert shop.run(service.url).code == 0
        assert (len(shop.folders()), service.billed) == (runs, runs * REQUESTS)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Find every", "Find each"),
        ("id: find\n", "id: find\n    max_output_tokens: 900\n"),
        ("lib:boxes", "lib:points"),
        ("repeat: 1", "repeat: 2"),
    ],
)
def test_a_plan_that_changed_begins_a_new_run(
    stopped: Any, service: Any, old: str, new: str
) -> None:
    """Another prompt, setting, shape or number of repeats; the answers of the old one stay there."""
    text = f"{p.WORKFLOW}run: {OPTIONS}".replace("retries", "repeat: 1, retries")
    (first,) = stopped.folders()
    before = p.left_behind(first)
    stopped.write(text.replace(old, new))
    assert text.replace(old, new) != text
    told = stopped.run(service.url)
    assert "going on" not in told.err
    assert len(stopped.folders()) == 2
    assert p.left_behind(first) == before


def test_a_step_of_another_name_is_another_plan(stopped: Any, service: Any) -> None:
    """It asks the same, but results of two names would stand in one file."""
    stopped.write(p.WORKFLOW.replace("find", "seek") + f"run: {OPTIONS}\n")
    assert "going on" not in stopped.run(service.url).err
    steps = [{line["step"] for line in p.results(folder)} for folder in stopped.folders()]
    assert steps == [{"find"}, {"seek"}]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("parallel: 2", "parallel: 3"),
        ("retries: 0", "retries: 1, max_requests: 100"),
        ("at_least: 1", "at_least: 0"),
        ("to: found.csv", "to: others.csv"),
    ],
)
def test_what_changes_no_result_changes_no_plan(
    stopped: Any, service: Any, old: str, new: str
) -> None:
    """The pace, a limit, a check and an output may be mended while a run is stopped."""
    text = f"{p.WORKFLOW}run: {OPTIONS}\n"
    stopped.write(text.replace(old, new))
    assert text.replace(old, new) != text
    told = stopped.run(service.url)
    assert (told.code, "going on with" in told.err) == (0, True)
    assert (len(stopped.folders()), service.billed) == (1, REQUESTS)


def test_another_service_is_another_run(stopped: Any) -> None:
    """The answers of one address are not taken for those of another."""
    with p.service() as other:
        told = stopped.run(other.url)
        assert (told.code, "going on" in told.err) == (0, False)
        assert (len(stopped.folders()), other.billed) == (2, REQUESTS)


def test_a_store_of_a_later_version_is_refused(stopped: Any, service: Any) -> None:
    """Exit code 2, with what to do; the file is not touched."""
    file, billed = stopped.folder() / "run.sqlite", service.billed
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA user_version = 99")
    before = file.read_bytes()
    told = stopped.run(service.url)
    assert (told.code, "was written by a later version of askpix" in told.err) == (2, True)
    assert (file.read_bytes(), service.billed) == (before, billed)


# -- what is asked again ----------------------------------------------------------------------------


def test_retry_failed_asks_only_what_got_no_usable_answer(shop: Any) -> None:
    """The lines of the others stay byte for byte; a finished run is gone on with, too."""
    with p.service("--fault", "bad-request:first=2") as service:
        assert shop.run(service.url).code == 3
        before = lines(shop)
        failed = {key for key, line in before.items() if '"status":"failed"' in line}
        assert len(failed) == 2
        assert service.billed == REQUESTS - 2
        told = shop.run(service.url, "--retry-failed")
        assert told.code == 0, told.err
        after = lines(shop)
        assert {key for key in after if after[key] != before[key]} == failed
        assert (len(shop.folders()), service.billed) == (1, REQUESTS)
        assert p.status(shop.folder()) == "done"


def test_retry_failed_leaves_only_the_outputs_of_the_new_answers(shop: Any) -> None:
    """A file of an answer that is not there any more would belong to nobody."""
    with p.service("--fault", "bad-request:first=2") as service:
        assert shop.run(service.url).code == 3
        assert shop.run(service.url, "--retry-failed").code == 0
        found = p.left_behind(shop.folder())
        assert shop.run(service.url, "--fresh").code == 0
    assert p.differences(found, p.left_behind(shop.folders()[-1])) == []


def test_retry_failed_without_a_run_is_refused(shop: Any, service: Any) -> None:
    """Exit code 2 with a sentence."""
    told = shop.run(service.url, "--retry-failed")
    assert (told.code, "there is no run of this plan in runs" in told.err) == (2, True)
    assert service.billed == 0


def test_a_run_that_a_failure_has_stopped_asks_that_one_again(shop: Any) -> None:
    """`on_error: stop`, then the same command: the failure was the reason, so it gets another try."""
    shop.write(p.WORKFLOW + "run: {cache: off, parallel: 1, retries: 0, on_error: stop}\n")
    with p.service("--fault", "bad-request:first=1") as service:
        assert shop.run(service.url).code == 3
        assert (p.status(shop.folder()), service.billed) == ("on_error", 0)
        assert shop.run(service.url).code == 0
        assert (len(lines(shop)), service.billed) == (REQUESTS, REQUESTS)


# -- what may be paid for already -------------------------------------------------------------------


@pytest.fixture
def doubtful(shop: Any, service: Any) -> Any:
    """The shop, with a run that was killed while it waited for answers."""
    return interrupted(shop, service, signal.SIGKILL)


def test_what_is_in_doubt_can_be_left_out(doubtful: Any, service: Any) -> None:
    """`on_doubtful: skip`: it is told by name, fails, and is not asked; the others are."""
    doubtful.write(
        p.WORKFLOW + f"run: {OPTIONS}\n".replace("retries", "on_doubtful: skip, retries")
    )
    unknown = p.journal(doubtful.folder()).unknown
    told = doubtful.run(service.url)
    assert (told.code, "left out (on_doubtful)" in told.err) == (3, True)
    failed = [line for line in p.results(doubtful.folder()) if line["status"] == "failed"]
    assert 0 < len(failed) == unknown <= PARALLEL
    assert all("perhaps paid for" in line["error"] for line in failed)
    journal = p.journal(doubtful.folder())
    assert (journal.attempts, journal.answers) == (REQUESTS, REQUESTS - unknown)
    assert doubtful.run(service.url, "--retry-failed").code == 0  # the person has decided now
    assert len(lines(doubtful)) == p.journal(doubtful.folder()).answers == REQUESTS


def test_what_is_in_doubt_is_asked_about(doubtful: Any, service: Any) -> None:
    """`on_doubtful: ask`: without a terminal nothing runs; on one, a person decides."""
    doubtful.write(p.WORKFLOW + f"run: {OPTIONS}\n".replace("retries", "on_doubtful: ask, retries"))
    billed = service.billed
    told = doubtful.run(service.url)
    assert (told.code, "on_doubtful" in told.err) == (2, True)
    unknown = p.journal(doubtful.folder()).unknown
    shown, code = on_a_terminal(doubtful, service, b"n\n")
    assert (code, b"Ask" in shown) == (3, True)
    assert p.journal(doubtful.folder()).answers == REQUESTS - unknown
    assert service.billed >= billed


def on_a_terminal(shop: Any, service: Any, answer: bytes) -> tuple[bytes, int]:
    """What a person sees who answers the question of a run, and its exit code."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        shop.line(service.url),
        cwd=shop.path,
        env=p.environment(),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    shown = b""
    try:
        while True:
            shown += os.read(master, 4096)
            if re.search(rb"\[[Yy]/[Nn]\]", shown) and answer:
                os.write(master, answer)
                answer = b""
    except OSError:  # the process has closed its end
        return shown, process.wait(p.PATIENCE_SECONDS)
    finally:
        process.kill()
        process.wait()
        os.close(master)


def lines(shop: Any) -> dict[tuple[str, str], str]:
    """The lines of results.jsonl as they stand, by what they are about."""
    text = (shop.folder() / "results.jsonl").read_text(encoding="utf-8").splitlines()
    results = p.results(shop.folder())
    keys = [(result["case"], str(result["combination"])) for result in results]
    assert len(set(keys)) == len(keys)
    return dict(zip(keys, text, strict=True))
