"""F3: the process, the disk, the clock. Real processes, a real service, real signals.

A run is interrupted in the middle, the same command is given again, and the service says how many
answers it has billed: none twice, unless the promise says so.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

pty = pytest.importorskip("pty", reason="signals and terminals are those of Unix")
resource = pytest.importorskip("resource")

FILE = Path(__file__).parents[1] / "crash" / "processes.py"
SPEC = importlib.util.spec_from_file_location("tests_crash_processes", FILE)
assert SPEC is not None
assert SPEC.loader is not None
p = sys.modules["tests_crash_processes"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(p)

IMAGES, PARALLEL = 6, 4
REQUESTS = IMAGES * 2
OPTIONS = "{cache: off, parallel: 4, retries: 2, timeout_seconds: 100}"


@pytest.fixture
def shop(tmp_path: Path) -> Any:
    """Six images about which two questions are asked each."""
    return p.Workshop(tmp_path).furnish(IMAGES, OPTIONS)


@pytest.fixture
def service() -> Iterator[Any]:
    """A service that takes its time: there are always some requests under way."""
    with p.service("--latency", 0.6) as running:
        yield running


def in_the_middle(process: subprocess.Popen[str], service: Any) -> None:
    """Waits until some answers are there and others are under way."""

    def some() -> bool:
        state = service.state()
        return bool(state["billed_answers"] >= PARALLEL and state["in_flight"] > 0)

    p.wait_for(some, process)
    assert process.poll() is None


def calm(shop: Any, service: Any) -> dict[str, bytes]:
    """What a run leaves that nobody disturbs; the service has billed every request once more."""
    assert shop.run(service.url, "--out", "calm", "--fresh").code == 0
    return p.left_behind(shop.folder("calm"))


def goes_on(shop: Any, service: Any, *options: object) -> Any:
    """The same command again: all results are there, the files are those of a calm run."""
    ended = shop.run(service.url, *options)
    assert ended.code == 0, ended.err
    assert len(p.results(shop.folder())) == REQUESTS
    assert "going on with" in ended.err
    return ended


# -- signals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_F303_one_signal_lets_what_is_under_way_end(
    shop: Any, service: Any, number: signal.Signals
) -> None:
    """Exit code 130, a line that says how to go on, and nothing is paid for twice."""
    process = shop.start(service.url)
    in_the_middle(process, service)
    process.send_signal(number)
    told = p.ended(process)
    assert (told.code, "Traceback" in told.err) == (130, False)
    assert "to go on: " in told.err
    journal = p.journal(shop.folder())
    assert (journal.unknown, journal.answers) == (0, service.billed)
    assert service.billed < REQUESTS
    goes_on(shop, service)
    assert (service.billed, service.different) == (REQUESTS, REQUESTS)
    assert p.differences(p.left_behind(shop.folder()), calm(shop, service)) == []


def test_F304_two_signals_end_a_run_at_once(shop: Any) -> None:
    """What was under way is named, then and at the next start: it may have been paid for."""
    with p.service("--latency", 600) as slow:
        process = shop.start(slow.url)
        p.wait_for(lambda: slow.state()["in_flight"] == PARALLEL, process)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)  # two signals that are not told apart are one
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        told = p.ended(process)
        assert (told.code, "Traceback" in told.err) == (130, False)
        assert f"{PARALLEL} requests may have been paid for although no answer came" in told.err
        assert time.monotonic() - began < 60  # the answers would have come after ten minutes
        assert p.journal(shop.folder()).unknown == PARALLEL
        assert slow.billed == 0
        port = slow.url.rpartition(":")[2]
    with p.service(port=int(port)) as quick:
        ended = goes_on(shop, quick)
        assert f"{PARALLEL} requests were under way when the run was killed" in ended.err
        assert "00.png, find" in ended.err
        assert quick.billed == REQUESTS


def test_F304_two_signals_wait_for_no_thread(shop: Any) -> None:
    """An image that is still being downloaded, from a server that never gets to its end: what
    arrived from the service is kept, and the next start downloads the image anew."""
    with p.service() as quick, socket.create_server(("127.0.0.9", 0)) as server:
        server.settimeout(120)  # a run that ends too early fails the test, and does not hang it
        address = f"http://127.0.0.9:{server.getsockname()[1]}/slow.png"
        shop.write(
            f'version: 1\nimages: ["*.png", "{address}"]\nfetch: true\n'
            "steps: [{id: say, prompt: What is this?}]\nrun: {cache: off}\n"
        )
        process = shop.start(quick.url, "--allow-private")
        download, _ = server.accept()
        with download:
            download.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n\x89PNG")
            p.wait_for(lambda: quick.billed == IMAGES, process)
            process.send_signal(signal.SIGINT)
            time.sleep(0.3)  # two signals that are not told apart are one
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            told = p.ended(process)
            assert time.monotonic() - began < 30  # the download would have taken a minute
        assert (told.code, "Traceback" in told.err) == (130, False)
        assert "to go on: " in told.err
        journal = p.journal(shop.folder())
        assert (journal.unknown, journal.answers) == (0, IMAGES)
        process = shop.start(quick.url, "--allow-private")
        download, _ = server.accept()
        download.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        download.close()
        assert p.ended(process).code == 3
        assert quick.billed == IMAGES
        assert list((shop.folder() / "images").iterdir()) == []


def test_F303_Ctrl_C_on_a_terminal_reaches_every_process_of_a_run(shop: Any, service: Any) -> None:
    """The terminal tells the process that renders prompts, too; it goes on until it is not needed."""
    with on_a_terminal(shop, service) as (process, master):
        in_the_middle(process, service)
        os.write(master, b"\x03")
        assert b"to go on: " in until_the_end(master, process)
        assert process.returncode == 130
    assert p.journal(shop.folder()).unknown == 0
    goes_on(shop, service)
    assert service.billed == REQUESTS


def test_F303_a_terminal_that_is_closed_ends_a_run_as_Ctrl_C_does(shop: Any, service: Any) -> None:
    """Nobody can read what it says any more; that is no reason to lose an answer."""
    with on_a_terminal(shop, service) as (process, master):
        in_the_middle(process, service)
        os.close(master)
        process.wait(p.PATIENCE_SECONDS)
    journal = p.journal(shop.folder())
    assert (process.returncode, journal.unknown) == (130, 0)
    assert p.status(shop.folder()) == "interrupted"
    goes_on(shop, service)
    assert service.billed == REQUESTS


def test_F303_nohup_is_heeded(shop: Any, service: Any) -> None:
    """Who starts a run with `nohup` wants it to outlive the terminal."""
    process = shop.start(
        service.url, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
    )
    in_the_middle(process, service)
    process.send_signal(signal.SIGHUP)
    assert p.ended(process).code == 0
    assert service.billed == REQUESTS


def test_F312_a_run_that_was_asleep_goes_on(shop: Any, tmp_path: Path) -> None:
    """The lid of a laptop is closed for longer than a request may take; no result is missing."""
    shop.write(p.WORKFLOW + "run: {cache: off, parallel: 4, retries: 4, timeout_seconds: 2}\n")
    with p.service("--latency", 0.5) as service:
        expected = calm(shop, service)
        before = service.billed
        process = shop.start(service.url)
        p.wait_for(lambda: service.billed > before, process)
        process.send_signal(signal.SIGSTOP)
        time.sleep(3)
        process.send_signal(signal.SIGCONT)
        told = p.ended(process)
        assert told.code == 0, told.err
        assert REQUESTS <= service.billed - before <= REQUESTS + PARALLEL
    assert p.differences(p.left_behind(shop.folder()), expected) == []


# -- disks ------------------------------------------------------------------------------------------


@pytest.mark.tmpfs
def test_F305_a_full_disk_loses_no_answer(shop: Any, service: Any, disk: Path) -> None:
    """What was under way still has its room: exit code 5; with more room the same command goes on."""
    process = shop.start(service.url, "--out", disk)
    in_the_middle(process, service)
    filler = fill(disk)
    told = p.ended(process)
    (folder,) = disk.glob("*_k_*")
    assert (told.code, "Traceback" in told.err) == (5, False)
    assert "disk" in told.err
    journal = p.journal(folder)
    assert (journal.unknown, journal.answers) == (0, service.billed)
    assert service.billed < REQUESTS
    filler.unlink()
    assert shop.run(service.url, "--out", disk).code == 0
    assert (service.billed, service.different) == (REQUESTS, REQUESTS)
    assert p.differences(p.left_behind(folder), calm(shop, service)) == []


@pytest.mark.parametrize("has_a_little_room", [True, False])
def test_F305_a_disk_that_is_full_from_the_start_is_named(
    shop: Any, service: Any, disk: Path, has_a_little_room: bool
) -> None:
    """With what to do; nothing was asked."""
    filler = fill(disk)
    if has_a_little_room:
        os.truncate(filler, filler.stat().st_size - 100_000)
    told = shop.run(service.url, "--out", disk)
    assert (told.code, service.billed) == (2, 0)
    first, then = told.err.splitlines()
    assert first.startswith("error: ")
    assert str(disk) in first
    assert then == (
        f"  make room there, or name a folder on another disk with --out (it is {disk})"
    )


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")
def test_F305_a_file_that_may_not_grow_ends_a_run_like_a_full_disk(shop: Any, service: Any) -> None:
    """The ballast is of no help then: what was under way may be paid for twice, and nothing else."""
    shop.env |= NO_BYTECODE
    process = shop.start(service.url)
    in_the_middle(process, service)
    grown = (shop.folder() / "run.sqlite-wal").stat().st_size
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (grown, grown))
    told = p.ended(process)
    assert (told.code, "Traceback" in told.err) == (5, False)
    unknown = p.journal(shop.folder()).unknown
    assert unknown <= PARALLEL
    goes_on(shop, service)
    assert service.different == REQUESTS
    assert service.billed <= REQUESTS + unknown
    assert p.differences(p.left_behind(shop.folder()), calm(shop, service)) == []


def test_F306_a_disk_that_is_full_leaves_the_good_files_of_before(shop: Any, service: Any) -> None:
    """A run that has no room does not begin: exit code 2, and no file is touched."""
    process = shop.start(service.url)
    in_the_middle(process, service)
    process.send_signal(signal.SIGINT)
    assert p.ended(process).code == 130
    before, billed = contents(shop.folder()), service.billed
    shop.env |= NO_BYTECODE
    told = shop.run(service.url, preexec_fn=lambda: limit_files(100_000))
    assert (told.code, "has no room for a run" in told.err) == (2, True)
    assert (contents(shop.folder()), service.billed) == (before, billed)
    goes_on(shop, service)
    assert service.billed == REQUESTS


def test_F307_a_folder_that_cannot_be_written_is_told_before_anything_is_paid(
    shop: Any, service: Any
) -> None:
    """Exit code 2, and what to do."""
    told = shop.run(service.url, "--out", "00.png/runs")
    assert (told.code, "--out" in told.err) == (2, True)
    assert service.state()["requests"] == 0


def test_F308_a_second_run_in_one_folder_is_told_who_is_there(shop: Any, service: Any) -> None:
    """Exit code 5, and it changes nothing. Once the first was killed, the second goes on at once."""
    first = shop.start(service.url)
    in_the_middle(first, service)
    first.send_signal(signal.SIGSTOP)  # else it might be through before the second has begun
    second = shop.run(service.url)
    assert (second.code, f"in use by process {first.pid} on " in second.err) == (5, True)
    assert first.poll() is None
    p.killed(first)
    assert p.journal(shop.folder()).sessions == 1
    goes_on(shop, service)
    assert service.different == REQUESTS
    assert service.billed - REQUESTS <= p.journal(shop.folder()).unknown <= PARALLEL


def test_F310_a_damaged_store_is_set_aside_and_told(shop: Any, service: Any) -> None:
    """What can be read of it is used: not every answer is bought again. Nothing is deleted."""
    process = shop.start(service.url)
    in_the_middle(process, service)
    process.send_signal(signal.SIGINT)
    assert p.ended(process).code == 130
    file, billed = shop.folder() / "run.sqlite", service.billed
    damaged = bytearray(file.read_bytes())
    damaged[-4096:] = b"\xaa" * 4096
    file.write_bytes(damaged)
    ended = goes_on(shop, service)
    assert "damaged" in ended.err
    (aside,) = shop.folder().glob("run.sqlite.corrupt-*")
    assert aside.name in ended.err
    assert aside.read_bytes() == damaged
    assert service.different == REQUESTS
    assert service.billed < billed + REQUESTS
    aside.unlink()
    assert p.differences(p.left_behind(shop.folder()), calm(shop, service)) == []


def test_F316_a_network_drive_is_told_and_gets_a_store_that_is_safe_there(
    run: Any, elsewhere: Any, fault_kit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine says that the folder lies on another one, as /proc/mounts tells it; the store then
    has a rollback journal. Only the text of that file is made up."""
    (tmp_path / "mounts").write_text(f"/dev/vda / ext4 rw 0 0\nfar:/ {tmp_path} nfs4 rw 0 0\n")
    monkeypatch.setattr("runner.store.mounts.MOUNTS", tmp_path / "mounts")
    beside: set[str] = set()

    def answer(request: Any) -> object:
        beside.update(path.name for path in (tmp_path / "runs").glob("*/run.sqlite*"))
        return fault_kit.saying("a cup")

    elsewhere.choose = answer
    done = run(elsewhere.url)
    assert done.exit_code == 0, done.told
    assert f"{done.folder.relative_to(tmp_path)} lies on a network drive: " in done.told
    assert beside == {"run.sqlite"}


def test_F311_a_torn_line_of_the_log_stays_and_the_next_is_whole(shop: Any, service: Any) -> None:
    """Nothing of an earlier session is lost or changed."""
    process = shop.start(service.url)
    in_the_middle(process, service)
    p.killed(process)
    log = shop.folder() / "log.jsonl"
    torn = log.read_bytes()[:-9]
    log.write_bytes(torn)
    goes_on(shop, service)
    assert log.read_bytes().startswith(torn + b"\n")
    lines = log.read_bytes()[len(torn) + 1 :].splitlines()
    assert [json.loads(line)["event"] for line in lines][-1] == "run_ended"


def test_F311_a_damaged_recording_is_told_and_never_replaced(shop: Any, service: Any) -> None:
    """Exit code 2 names the file; it stays as it is, and nothing is asked."""
    assert shop.run(service.url, "--record", "tape").code == 0
    file = max((shop.path / "tape").rglob("*.jsonl"), key=lambda path: path.stat().st_size)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    billed = service.billed
    for options in (("--replay", "tape"), ("--record", "tape")):
        told = shop.run(service.url, *options, "--fresh")
        assert (told.code, file.name in told.err) == (2, True), told
    assert (file.read_bytes(), service.billed) == (bytes(content), billed)


# -- images -----------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is counted in other ways")
def test_F313_memory_does_not_grow_with_the_number_of_images(tmp_path: Path) -> None:
    """Images are read when their turn comes: 80 of 1 MB take as much memory as 40 of them."""
    most = {}
    with p.service() as service:
        for images in (40, 80):
            shop = p.Workshop(tmp_path / str(images)).furnish(images, OPTIONS, ONE_QUESTION)
            for file in shop.path.glob("*.png"):
                fatten(file, 1 << 20)
            most[images] = shop.most_memory(service.url)
    assert most[80] < most[40] + (20 << 10)  # kilobytes; the images are 40 MB more


def test_F315_an_image_that_changes_during_a_run_fails_alone(shop: Any) -> None:
    """Its second question waits while it changes: what was looked at is what is sent, or nothing."""
    shop.write(p.WORKFLOW + "run: {cache: off, parallel: 1}\n")
    with p.service("--latency", 0.5) as service:
        process = shop.start(service.url)
        p.wait_for(lambda: service.state()["in_flight"], process)
        changed = shop.path / "00.png"
        changed.write_bytes((shop.path / "01.png").read_bytes())
        told = p.ended(process)
        assert told.code == 3, told.err
        statuses = [(line["case"], line["status"]) for line in p.results(shop.folder())]
        assert statuses[:2] == [("00.png", "ok"), ("00.png", "failed")]
        assert {status for _, status in statuses[2:]} == {"ok"}
        assert service.billed == REQUESTS - 1


# -- what the tests stand on ------------------------------------------------------------------------

ONE_QUESTION = """\
version: 1
images: "*.png"
steps: [{id: find, prompt: Find every box., schema: lib:boxes}]
"""


class on_a_terminal:
    """A run with a terminal of its own, as a person starts it; its process and the other end."""

    def __init__(self, shop: Any, service: Any) -> None:
        self.shop, self.url = shop, service.url

    def __enter__(self) -> tuple[subprocess.Popen[str], int]:
        self.master, slave = pty.openpty()

        def own_terminal() -> None:
            import fcntl
            import termios

            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        line = [word for word in self.shop.line(self.url) if word != "-q"]
        self.process = subprocess.Popen(
            line,
            cwd=self.shop.path,
            env=p.environment() | {"TERM": "xterm"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=own_terminal,
            text=True,
        )
        os.close(slave)
        return self.process, self.master

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        with suppress(OSError):  # the test may have closed it
            os.close(self.master)


def until_the_end(master: int, process: subprocess.Popen[str]) -> bytes:
    """What a terminal shows until the process has ended."""
    told = b""
    while True:
        try:
            told += os.read(master, 4096)
        except OSError:  # the other end is closed
            process.wait(p.PATIENCE_SECONDS)
            return told


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 12 MB, in memory; only root can have one."""
    place = tmp_path / "disk"
    place.mkdir()
    line = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)]
    mounted = subprocess.run(line, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted: {mounted.stderr}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def fill(disk: Path) -> Path:
    """A file that takes all the room that is left."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass
    return filler


NO_BYTECODE = {"PYTHONDONTWRITEBYTECODE": "1"}
"""Python leaves cut-off bytecode of a module where files may not grow, for all who come after."""


def limit_files(size: int) -> None:
    """No file of this process may be larger."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file by its name."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fatten(file: Path, size: int) -> None:
    """Makes a PNG as large as a photograph, by a chunk that nobody looks at."""
    import struct
    import zlib

    content, noise = file.read_bytes(), os.urandom(size)
    chunk = struct.pack(">I", size) + b"raNd" + noise
    chunk += struct.pack(">I", zlib.crc32(chunk[4:]))
    file.write_bytes(content[:33] + chunk + content[33:])
