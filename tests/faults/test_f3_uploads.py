"""F1 and F3: images that travel as files. Whole runs over a real socket, to the simulated service.

Files expire, uploads break off, the storage is full, processes are killed in the middle of an upload:
the results are those of a run within which nothing happened.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from runner.providers.simulator.commands import planned
from runner.providers.simulator.desk import Desk

GONE = "You do not have permission to access the File"
MANY = {"repeat": 3, "parallel": 1}
FILES = "upload: files"


def desk(*faults: str, **more: Any) -> Desk:
    return Desk(plan=tuple(map(planned, faults)), **more)


def told(folder: Path, name: str) -> list[dict[str, Any]]:
    """Those lines of a run's log."""
    lines = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    return [line for line in lines if line["event"] == name]


@dataclass
class Between:
    """What happens before the answer of this number (from 1) is given."""

    number: int
    what: Callable[[], object]
    met: int = field(default=0, init=False)

    async def __call__(self, seconds: float) -> None:
        self.met += 1
        if self.met == self.number:
            self.what()
        await asyncio.sleep(0)


# --- files that are gone, or not to be had ------------------------------------------------------


@pytest.mark.parametrize("api", ["interactions", "generate_content"])
def test_F103_a_file_that_is_always_gone_fails_its_request_alone(
    served: Callable[..., str], run: Any, api: str
) -> None:
    """Uploaded once more, and then `failed` in the words of the service; it is no refused key."""
    url = served(desk=desk("file-expired:first=2"))
    done = run(url, images=2, step={"api": api}, run={"parallel": 1}, more=FILES)
    assert (done.exit_code, done.statuses) == (3, ["failed", "ok"])
    assert GONE in done.results[0]["error"]
    assert [line["again"] for line in told(done.folder, "uploaded")] == [False, True, False]


def test_F317_a_file_that_expires_in_the_middle_of_a_run_is_uploaded_again(
    served: Callable[..., str], run: Any
) -> None:
    """Once, and the request that met the 403 is asked again; nobody notices but the log."""
    one = desk(latency_seconds=0.001)
    one.sleep = Between(2, one.files.stored.clear)
    done = run(served(desk=one), images=1, run=MANY, more=FILES)
    assert (done.exit_code, done.statuses) == (0, ["ok"] * 3)
    assert [line["again"] for line in told(done.folder, "uploaded")] == [False, True]
    # an attempt of its own: it was sent, and what it met was no bill
    assert [line["kind"] for line in told(done.folder, "missed")] == ["file_gone"]
    assert (one.ledger.billed.total(), done.results[0]["issues"]) == (3, [])


def test_F317_an_upload_that_breaks_goes_on_where_it_stopped(
    served: Callable[..., str], run: Any, tmp_path: Path
) -> None:
    """The service is asked how much has arrived: no byte travels twice, and the file is whole."""
    whole = fattened(tmp_path / "large.png", 17 << 20)
    one = desk("file-broken:first=1")
    done = run(served(desk=one), more=FILES, run={"timeout_seconds": 20})
    assert (done.exit_code, done.statuses) == (0, ["ok"])
    assert [file.content for file in one.files.stored.values()] == [whole]
    # start, half a chunk, the question, the rest in two chunks, the answer
    assert one.ledger.requests == 6


def test_F317_a_file_that_cannot_be_processed_fails_its_request_alone(
    served: Callable[..., str], run: Any
) -> None:
    """FAILED is said in the result; the others are answered."""
    url = served(desk=desk("file-failed:first=1"))
    done = run(url, images=3, run={"parallel": 1}, more=FILES)
    assert (done.exit_code, done.statuses) == (3, ["failed", "ok", "ok"])
    assert "is FAILED: The file could not be processed." in done.results[0]["error"]


@pytest.mark.parametrize("upload", ["files", "auto"])
def test_F317_a_full_storage_ends_a_run_that_needs_it(
    served: Callable[..., str], run: Any, upload: str, tmp_path: Path
) -> None:
    """Exit code 5, with what makes room, and nothing is lost; `auto` sends what fits within."""
    fattened(tmp_path / "large.png", 2 << 20)
    full = desk("file-storage-full")
    url = served(desk=full)
    done = run(url, run=MANY, more=f"upload: {upload}")
    assert full.ledger.billed.total() == (0 if upload == "files" else 3)
    if upload == "auto":
        assert (done.exit_code, done.statuses) == (0, ["ok"] * 3)
        return
    assert (done.exit_code, done.results) == (5, [])
    assert "`askpix files clean` makes room" in done.told
    full.plan = ()
    again = run(url, run=MANY, more=f"upload: {upload}")
    assert (again.exit_code, again.statuses, again.folder) == (0, ["ok"] * 3, done.folder)


def test_F317_files_belong_to_a_key(
    served: Callable[..., str], run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of another key are not tried: each uploads its own."""
    one = desk()
    url = served(desk=one)
    first = run(url, more=FILES)
    monkeypatch.setenv("GEMINI_API_KEY", "AIzaCANARY-another-key-0123456789")
    second = run(url, "--fresh", more=FILES)
    assert [told(ran.folder, "uploaded")[0]["again"] for ran in (first, second)] == [False] * 2
    assert len({file.owner for file in one.files.stored.values()}) == 2
    assert told(second.folder, "missed") == []


@pytest.mark.parametrize("upload", ["inline", "auto"])
def test_F106_an_image_that_fits_into_no_request_is_refused_before_it_is_sent(
    served: Callable[..., str], run: Any, tmp_path: Path, upload: str
) -> None:
    """With the word that helps; with it the same image travels."""
    fattened(tmp_path / "large.png", 76 << 20)
    one = desk()
    done = run(served(desk=one), run={"timeout_seconds": 60}, more=f"upload: {upload}")
    if upload == "auto":
        assert (done.exit_code, done.statuses, len(one.files.stored)) == (0, ["ok"], 1)
        return
    assert (done.exit_code, done.statuses, one.ledger.requests) == (3, ["failed"], 0)
    assert "at most 75 MB can be sent within a request; write `upload: auto`" in done.told


# --- processes ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def p() -> ModuleType:
    """`tests/crash/processes.py`."""
    pytest.importorskip("resource", reason="memory is counted in other ways elsewhere")
    file = Path(__file__).parents[1] / "crash" / "processes.py"
    name = "tests_crash_processes"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


ONE_QUESTION = """\
version: 1
images: "*.png"
upload: {upload}
steps: [{{id: find, prompt: Find every box., schema: lib:boxes}}]
run: {{cache: off, retries: 2, timeout_seconds: 100, parallel: 2}}
"""


@pytest.fixture
def shop(p: ModuleType, tmp_path: Path) -> Any:
    """Two images, one of them of 17 MB, with a memory of their own for uploads."""
    shop = p.Workshop(tmp_path / "shop", {"ASKPIX_CACHE": str(tmp_path / "cache")})
    shop.furnish(2, workflow=ONE_QUESTION.format(upload="files"))
    fattened(shop.path / "00.png", 17 << 20)
    return shop


def test_F301_a_run_that_is_killed_while_it_uploads_goes_on(p: ModuleType, shop: Any) -> None:
    """What has arrived is not sent again, what has not is; the files are those of a calm run."""
    with p.service("--fault", "file-broken:first=1") as service:
        process = shop.start(service.url)
        p.wait_for(lambda: service.state()["requests"] >= 4, process)
        p.killed(process)  # the large one broke off, and is waited for; the small one is there
        assert service.state()["files"] <= 1
        ended = shop.run(service.url)
        assert ended.code == 0, ended.err
        assert "going on with" in ended.err
        uploads = [line["image"] for line in told(shop.folder(), "uploaded")]
        assert uploads.count("00.png") == 1
        assert {"00.png", "01.png"} <= set(uploads)
        assert shop.run(service.url, "--out", "calm", "--fresh").code == 0
        calm = p.left_behind(shop.folder("calm"))
        found = p.left_behind(shop.folder())
        assert p.differences(_same(found), _same(calm)) == []
        assert told(shop.folder("calm"), "uploaded") == []


def test_F317_several_processes_may_upload_the_same_images(p: ModuleType, shop: Any) -> None:
    """Both have their answers, and a third one finds all of it uploaded."""
    with p.service() as service:
        both = [shop.start(service.url, "--out", out) for out in ("a", "b")]
        for process in both:
            ended = p.ended(process)
            assert ended.code == 0, ended.err
        assert 2 <= service.state()["files"] <= 4
        before = service.state()["files"]
        assert shop.run(service.url, "--out", "c").code == 0
        assert service.state()["files"] == before
        lines = [(shop.folder(out) / "results.jsonl").read_bytes() for out in "abc"]
        assert len(set(lines)) == 1


def test_F317_a_file_expires_between_two_runs(p: ModuleType, shop: Any) -> None:
    """After 48 hours by the service's clock: all is uploaded again."""
    with p.service() as service:
        assert shop.run(service.url).code == 0
        clock = urllib.request.Request(
            f"{service.url}/simulator/clock?forward={49 * 3600}", method="POST"
        )
        urllib.request.urlopen(clock).close()
        assert shop.run(service.url, "--fresh").code == 0
        images = [line["image"] for line in told(shop.folders()[-1], "uploaded")]
        assert sorted(images) == ["00.png", "01.png"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is counted in other ways")
@pytest.mark.parametrize("upload", ["inline", "files"])
def test_F313_images_stream_from_the_disk(p: ModuleType, tmp_path: Path, upload: str) -> None:
    """An image of 64 MB takes hardly more memory than one of 1 MB, whichever way it travels."""
    most = {}
    with p.service() as service:
        for size in (1, 64):
            shop = p.Workshop(tmp_path / str(size), {"ASKPIX_CACHE": str(tmp_path / "cache")})
            shop.furnish(1, workflow=ONE_QUESTION.format(upload=upload))
            fattened(shop.path / "00.png", size << 20)
            most[size] = shop.most_memory(service.url)
    assert most[64] < most[1] + (24 << 10)  # kilobytes


def test_F701_the_key_is_in_no_byte_that_uploads_leave(
    p: ModuleType, shop: Any, tmp_path: Path
) -> None:
    """Run folder, recordings, what is remembered of uploads, and what is printed."""
    key = "AIzaCANARY-0123456789-canary-9876543210"
    shop.env["GEMINI_API_KEY"] = key
    with p.service() as service:
        ended = shop.run(service.url, "--record", "tape", "-v")
        assert ended.code == 0, ended.err
        url = service.url
    offline = shop.run(url, "--replay", "tape")  # nobody is there any more
    assert offline.code == 0, offline.err
    shop.env["GEMINI_API_KEY"] = ""
    assert shop.run(url, "--replay", "tape").code == 0
    results = [(folder / "results.jsonl").read_bytes() for folder in shop.folders()]
    assert (len(results), len(set(results))) == (3, 1)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert any(file.name == "uploads.sqlite" for file in files)
    assert [file for file in files if key.encode() in file.read_bytes()] == []
    assert key not in ended.out + ended.err + offline.out + offline.err


def _same(files: dict[str, bytes]) -> dict[str, bytes]:
    """Without the manifest, which counts sessions and requests."""
    return {name: content for name, content in files.items() if name != "run.json"}


def fattened(file: Path, size: int) -> bytes:
    """Makes a PNG so many bytes long, drawn if there is none; what it shows stays as it is."""
    from PIL import Image

    if not file.exists():
        Image.new("RGB", (400, 300), (200, 30, len(file.name))).save(file)
    content = file.read_bytes()
    head, end = content[:-12], content[-12:]
    length = size - len(content) - 12
    chunk = length.to_bytes(4, "big") + b"faTt" + bytes(length)
    import zlib

    crc = zlib.crc32(chunk[4:]).to_bytes(4, "big")
    whole = head + chunk + crc + end
    file.write_bytes(whole)
    return whole
