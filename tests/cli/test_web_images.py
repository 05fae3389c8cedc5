"""Web images, over HTTP: which of them the service is sent to, and which this machine downloads."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from runner.cli import group
from runner.providers.simulator.desk import Desk

KEY = "AIzaCANARY-0123456789-canary-9876543210"
PUBLIC = "https://images.example.com/cat.png"


@dataclass
class Site:
    """A web server on an address of this machine; `asked` are the paths it was asked for."""

    address: str
    pages: dict[str, bytes]
    asked: list[str] = field(default_factory=list)
    refusals: int = 0
    """So many requests are refused with a 503 first."""


@pytest.fixture
def site(png: bytes, jpeg: bytes) -> Iterator[Site]:
    pages = {"/a.png": png, "/b.png": png, "/c.jpg": jpeg}
    started = Site("", pages)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            started.asked.append(self.path)
            content = b"" if started.refusals else pages[self.path]
            self.send_response(503 if started.refusals else 200)
            started.refusals = max(0, started.refusals - 1)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.6", 0), Handler) as server:
        started.address = f"http://127.0.0.6:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield started
        server.shutdown()


@pytest.fixture
def png(draw: Any) -> bytes:
    content = draw.encoded(draw.scene(), "PNG")
    assert isinstance(content, bytes)
    return content


@pytest.fixture
def jpeg(draw: Any) -> bytes:
    content = draw.encoded(draw.scene(), "JPEG")
    assert isinstance(content, bytes)
    return content


@dataclass
class Service:
    """The simulated service. `visited` are the web addresses that it was to fetch by itself."""

    url: str
    desk: Desk
    visited: list[str]

    def run(self, *options: str, **workflow: object) -> tuple[Result, list[dict[str, Any]]]:
        """A run of this workflow: what was said, and the results."""
        step = {"id": "say", "prompt": "What is this?", **workflow.pop("step", {})}  # type: ignore[dict-item]
        how = {"cache": "off", "retries": 0, "parallel": 1, **workflow.pop("run", {})}  # type: ignore[dict-item]
        written = {"version": 1, "steps": [step], "run": how, **workflow}
        Path("w.workflow.yaml").write_text(json.dumps(written))
        line = ["run", "w.workflow.yaml", "--quiet", "--base-url", self.url, *options]
        ended = CliRunner().invoke(group, line, catch_exceptions=False)
        folders = sorted(Path("runs").iterdir(), key=lambda folder: folder.stat().st_mtime_ns)
        lines = (folders[-1] / "results.jsonl").read_text().splitlines()
        return ended, [json.loads(each) for each in lines]


@pytest.fixture
def service(
    served: Callable[..., str], png: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Service:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    visited: list[str] = []

    def fetch(address: str) -> bytes:
        visited.append(address)
        return png

    desk = Desk(web=fetch)
    return Service(served(desk=desk), desk, visited)


@pytest.mark.parametrize("upload", ["inline", "uri", "auto"])
def test_a_public_image_is_left_to_the_service(service: Service, upload: str) -> None:
    """Its address travels, and nothing is downloaded here: its size stays unknown."""
    ended, (result,) = service.run(images=PUBLIC, upload=upload)
    assert (ended.exit_code, service.visited) == (0, [PUBLIC])
    (image,) = result["images"]
    assert (image["path"], image.get("width"), image["sha256"]) == (PUBLIC, None, None)
    assert not list(Path("runs").glob("*/images/*"))


def test_a_passing_refusal_of_an_image_server_is_tried_again(service: Service, site: Site) -> None:
    """As often as `retries` says; without them the image cannot be used."""
    address = f"{site.address}/a.png"
    for retries, status in ((1, "ok"), (0, "failed")):
        site.refusals = 1
        _, (result,) = service.run(
            "--allow-private", images=address, fetch=True, run={"retries": retries}
        )
        assert result["status"] == status
    assert site.asked == ["/a.png"] * 3


BOXES = {"step": {"schema": "boxes"}}


@pytest.mark.parametrize(
    ("upload", "more"),
    [("auto", {}), ("auto", BOXES), ("files", {}), ("inline", {"fetch": True})],
)
def test_what_the_service_cannot_fetch_is_downloaded_here(
    service: Service, site: Site, upload: str, more: dict[str, Any]
) -> None:
    """Once for all questions; boxes come back in pixels, because its size is known then."""
    address = f"{site.address}/a.png"
    ended, results = service.run(
        "--allow-private",
        **{"images": address, "upload": upload, "run": {"repeat": 3}, **more},
    )
    assert (ended.exit_code, site.asked, service.visited) == (0, ["/a.png"], [])
    assert len(results) == 3
    (image,) = results[0]["images"]
    assert (image["address"], image["width"], image["height"]) == (address, 64, 40)
    assert image["sha256"] == hashlib.sha256(site.pages["/a.png"]).hexdigest()
    (kept,) = Path("runs").glob("*/images/*")
    assert kept.read_bytes() == site.pages["/a.png"]


def test_the_inside_of_a_network_needs_a_word(service: Service, site: Site) -> None:
    """Nothing is connected to without it, and the message names it."""
    ended, (result,) = service.run(images=f"{site.address}/a.png", upload="auto")
    assert (ended.exit_code, site.asked) == (3, [])
    assert "`--allow-private` fetches it all the same" in result["error"]


def test_a_run_that_goes_on_downloads_nothing_again(service: Service, site: Site) -> None:
    """What it has is in its folder."""
    images = [f"{site.address}{path}" for path in ("/a.png", "/c.jpg")]
    wanted = {"images": images, "upload": "files"}
    first, results = service.run("--allow-private", run={"max_requests": 1}, **wanted)
    assert (first.exit_code, len(results)) == (5, 1)
    before = list(site.asked)
    second, results = service.run("--allow-private", **wanted)
    assert (second.exit_code, [one["status"] for one in results]) == (0, ["ok", "ok"])
    assert sorted(site.asked) == ["/a.png", "/c.jpg"]
    assert site.asked[: len(before)] == before


def test_two_addresses_with_the_same_content_are_one_upload(service: Service, site: Site) -> None:
    """Content counts, whatever it is called."""
    images = [f"{site.address}{path}" for path in ("/a.png", "/b.png")]
    ended, _ = service.run("--allow-private", images=images, upload="files")
    assert (ended.exit_code, sorted(site.asked)) == (0, ["/a.png", "/b.png"])
    assert service.desk.files.started == 1


@pytest.mark.parametrize("upload", ["inline", "files", "auto", "uri"])
def test_pinned_content_is_used_and_any_other_is_not(
    service: Service, site: Site, png: bytes, jpeg: bytes, upload: str
) -> None:
    """Downloaded here whatever the way; both digests are told, and what was found is not sent."""
    digest = hashlib.sha256(png).hexdigest()
    pinned = [{"url": f"{site.address}/a.png", "sha256": digest}]
    ended, (result,) = service.run("--allow-private", images=pinned, upload=upload)
    assert (ended.exit_code, result["images"][0]["sha256"]) == (0, digest)
    asked = service.desk.ledger.requests
    site.pages["/a.png"] = jpeg
    ended, (result,) = service.run("--allow-private", "--fresh", images=pinned, upload=upload)
    assert (ended.exit_code, result["status"]) == (3, "failed")
    found = hashlib.sha256(jpeg).hexdigest()
    assert f"the sha256 is {found}, pinned is {digest}" in result["error"]
    assert service.desk.ledger.requests == asked
