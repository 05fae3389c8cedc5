"""F5: images from the web that this machine fetches (`fetch: true`). Only addresses in 127.0.0.0/8."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner, Result

from runner.cli import group
from runner.sources.address import is_public
from runner.sources.fetch import Downloads, Rules
from runner.sources.opening import Unreadable

KEY = "AIzaCANARY-0123456789-canary-9876543210"

WORKFLOW = """\
version: 1
images: "{address}"
fetch: true
steps:
  - id: say
    prompt: What is this?
run: {{cache: off, retries: 0}}
"""

Fetch = Callable[..., tuple[Result, dict[str, Any]]]


@pytest.fixture
def fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fetch:
    """A run about the image at an address, asked of the simulator: what was said, and the result."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEMINI_API_KEY", KEY)

    def run(address: str, *options: str) -> tuple[Result, dict[str, Any]]:
        Path("w.workflow.yaml").write_text(WORKFLOW.format(address=address))
        line = ["run", "w.workflow.yaml", "--provider", "simulator", "--quiet", "--fresh"]
        ended = CliRunner().invoke(group, [*line, *options], catch_exceptions=False)
        newest = max(Path("runs").glob("*/results.jsonl"), key=lambda file: file.stat().st_mtime_ns)
        (result,) = (json.loads(text) for text in newest.read_text().splitlines())
        return ended, result

    return run


@pytest.fixture
def image(draw: ModuleType) -> bytes:
    """A PNG."""
    content = draw.encoded(draw.scene(), "PNG")
    assert isinstance(content, bytes)
    return content


@pytest.mark.parametrize(
    "address", ["file:///etc/hostname", "ftp://127.0.0.4/a.png", "gopher://127.0.0.4"]
)
def test_F501_only_http_and_https_are_fetched(
    address: str, fetch: Fetch, service: Any, tmp_path: Path
) -> None:
    """In the file other schemes are an error, in a redirect they are an image that failed."""
    Path("w.workflow.yaml").write_text(WORKFLOW.format(address=address))
    said = CliRunner().invoke(group, ["validate", "w.workflow.yaml"], catch_exceptions=False)
    assert (said.exit_code, "error[W449]" in said.stderr) == (2, True)
    service.tell((302, b"", f"Location: {address}"))
    ended, result = fetch(f"{service.url}/a.png", "--allow-private")
    assert (ended.exit_code, result["status"]) == (3, "failed")
    assert "only addresses that begin with http:// or https:// are fetched" in result["error"]


LOOPBACK = ("{host}", "127.4", "0x7f000004", "2130706436", "0177.0.0.4", "[::ffff:127.0.0.4]")


@pytest.mark.parametrize("host", LOOPBACK)
def test_F502_addresses_of_this_machine_are_refused_however_they_are_written(
    host: str, fetch: Fetch, service: Any
) -> None:
    """Nothing is connected to; the result says why, and names the option for those who mean it."""
    port = service.url.rpartition(":")[2]
    ended, result = fetch(f"http://{host.format(host='127.0.0.4')}:{port}/a.png")
    assert (ended.exit_code, result["status"]) == (3, "failed")
    if host == "0177.0.0.4":  # octal: no address at all
        assert "this is no web address" in result["error"]
    else:
        assert "is not on the public internet" in result["error"]
        assert "--allow-private" in result["error"]
    assert service.connections == 0


@pytest.mark.parametrize(
    "ip",
    [
        *("127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.0.8", "198.18.0.1"),
        *("::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:169.254.169.254", "::127.0.0.1"),
        *("64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:7f00:1::", "fec0::1", "not an address"),
    ],
)
def test_F502_no_address_of_a_machine_or_network_is_public(ip: str) -> None:
    """Every form that leads inside, those that hide an IPv4 address in an IPv6 one included."""
    assert not is_public(ip)


def test_F503_a_name_is_looked_up_once(
    service: Any, elsewhere: Any, image: bytes, tmp_path: Path
) -> None:
    """The connection goes to the very address that was judged; a second answer changes nothing."""
    answers = ["127.0.0.4", "127.0.0.5"]
    port = int(service.url.rpartition(":")[2])
    service.tell((200, image, "Content-Type: image/png"))
    rules = Rules(allowed=lambda ip: ip == "127.0.0.4", resolve=lambda *_: [answers.pop(0)])
    path = Downloads(tmp_path / "downloads", rules).get(f"http://changing.example:{port}/a.png")
    assert path.read_bytes() == image
    assert answers == ["127.0.0.5"]
    assert service.requests[0].headers["host"] == f"changing.example:{port}"
    with pytest.raises(Unreadable, match="not on the public internet"):
        Downloads(tmp_path / "other", rules).get(f"http://changing.example:{port}/b.png")
    assert elsewhere.requests == []


def test_F504_redirects_are_few_and_carry_nothing(
    fetch: Fetch, service: Any, elsewhere: Any, image: bytes
) -> None:
    """Three are followed, each judged again; no key, no cookie, no referrer travels."""
    elsewhere._script.clear()
    elsewhere.tell((200, image, "Content-Type: image/png"))
    hop = (302, b"", "Location: /next.png", "Set-Cookie: a=b; Path=/; Domain=127.0.0.4")
    service.tell(hop, hop, (302, b"", f"Location: {elsewhere.url}/end.png"), hop)
    ended, result = fetch(f"{service.url}/a.png", "--allow-private")
    assert (ended.exit_code, result["status"]) == (0, "ok")
    assert len(service.requests) == 3
    sent = [
        name for request in (*service.requests, *elsewhere.requests) for name in request.headers
    ]
    assert set(sent) == {"host", "user-agent", "accept", "accept-encoding", "connection"}
    ended, result = fetch(f"{service.url}/b.png", "--allow-private")
    assert (ended.exit_code, result["status"]) == (3, "failed")
    assert "redirects more than 3 times" in result["error"]


def test_F504_a_redirect_inside_is_refused(service: Any, elsewhere: Any, tmp_path: Path) -> None:
    """A public address that leads to a private one is not followed there."""
    service.tell((302, b"", f"Location: {elsewhere.url}/secret.png"))
    rules = Rules(allowed=lambda ip: ip == "127.0.0.4")
    with pytest.raises(Unreadable, match="not on the public internet"):
        Downloads(tmp_path / "downloads", rules).get(f"{service.url}/a.png")
    assert elsewhere.requests == []


def test_F505_a_download_is_bounded(
    fetch: Fetch, service: Any, image: bytes, tmp_path: Path
) -> None:
    """In bytes, whether announced or not, in time as a whole, and by what the bytes really are."""
    service.tell(lambda line: line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 50000001\r\n\r\n"))
    _, result = fetch(f"{service.url}/announced.png", "--allow-private")
    assert "larger than 50 MB" in result["error"]
    service._script.clear()
    service.tell((200, b"<html>log in</html>", "Content-Type: image/png"))
    _, result = fetch(f"{service.url}/lying.png", "--allow-private")
    assert (result["status"], "not an image" in result["error"]) == ("failed", True)
    rules = Rules(allowed=lambda ip: True, most_bytes=1000, seconds=0.3)
    kept = Downloads(tmp_path / "downloads", rules)
    service._script.clear()
    service.tell("endless")
    with pytest.raises(Unreadable, match="larger than"):
        kept.get(f"{service.url}/endless.png")
    service._script.clear()
    service.tell("slow_body")
    with pytest.raises(Unreadable, match="took longer than"):
        kept.get(f"{service.url}/slow.png")
    assert list((tmp_path / "downloads").iterdir()) == []


def test_F506_a_proxy_of_the_environment_is_not_used(
    fetch: Fetch, service: Any, elsewhere: Any, image: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would look up names by itself, and undo every check of addresses."""
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, elsewhere.url)
    service.tell((200, image, "Content-Type: image/png"))
    ended, result = fetch(f"{service.url}/a.png", "--allow-private")
    assert (ended.exit_code, result["status"]) == (0, "ok")
    assert elsewhere.connections == 0
