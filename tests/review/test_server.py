"""The server of a review over real HTTP: what gets in, what does not, and what is written."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from runner.review.desk import Desk, Refused
from runner.review.guard import HEADERS, LARGEST
from runner.review.page import FILES
from runner.review.server import Room, Served
from runner.store.folder import RunFolder

BUGS: list[Exception] = []


@pytest.fixture
def served(run: RunFolder) -> Iterator[Served]:
    BUGS.clear()
    with Desk.open(run, None) as desk, Served(Room(desk, accepted, BUGS.append)) as server:
        yield server
    assert BUGS == []


def accepted(is_meant: bool) -> list[str]:
    raise Refused("a baseline is accepted by a person")


def asked(
    served: Served, path: str, body: object = None, *, method: str = "", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """The answer to a request as the page sends it; `headers` replace what it says."""
    host = f"127.0.0.1:{served.guard.port}"
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Host": host}
    if body is not None:
        sent |= {"Origin": f"http://{host}", "Content-Type": "application/json"}
        sent["Content-Length"] = str(len(content))
    sent |= {name.replace("_", "-").title(): value for name, value in headers.items()}
    connection = HTTPConnection("127.0.0.1", served.guard.port, timeout=20)
    try:
        connection.putrequest(
            method or ("GET" if body is None else "POST"), path, skip_host=True,
            skip_accept_encoding=True,
        )  # fmt: skip
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(content if body is not None else None)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def of(served: Served, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
    status, _, content = asked(served, f"/{served.guard.token}/{path}", body, **headers)
    try:
        return status, json.loads(content)
    except ValueError:
        return status, content


def decided(served: Served, number: int, verdict: str, **more: object) -> tuple[int, Any]:
    version = of(served, f"item/{number}")[1]["version"]
    return of(served, f"decide/{number}", {"verdict": verdict, "version": version, **more})


def test_the_page_and_its_files_are_served(served: Served) -> None:
    """Each with its type and with headers that let nothing else in."""
    for path, file in FILES.items():
        status, headers, content = asked(served, f"/{served.guard.token}/{path}")
        assert (status, headers["Content-Type"], content) == (200, file.mime, file.content())
        assert headers.items() >= HEADERS.items()
        assert headers["Server"] == "askpix"
        assert not [name for name in headers if name.lower().startswith("access-control")]


def test_a_decision_is_written_before_it_is_answered(served: Served, place: Path) -> None:
    """What the page calls saved is on the disk."""
    assert decided(served, 0, "approved") == (200, {"number": 0, "state": "approved", "undo": 1})
    line = json.loads((place / "look.truth.jsonl").read_text())
    assert (line["case"], line["review"]["verdict"]) == ("coffee.jpg", "approved")
    assert of(served, "undo", {}) == (200, {"number": 0, "state": "new", "undo": 0})
    assert (place / "look.truth.jsonl").read_text() == ""


def test_an_image_is_served_by_its_number_alone(served: Served, place: Path) -> None:
    """No path of a request reaches the disk."""
    status, content = of(served, "image/0")
    assert (status, content) == (200, (place / "photos/coffee.jpg").read_bytes())
    for path in (
        "image/9", "image/-1", "image/", "image/0/x", "image/0x0", "image/%C2%B2", "image/" + "9" * 50,
        "image/../look.workflow.yaml", "../look.workflow.yaml", "..%2flook.workflow.yaml",
        "%2e%2e/run.json", "/etc/passwd", "file:///etc/passwd", "review.js/..", "review.html",
        "__init__.py", "image/..\\..\\look.workflow.yaml", "item/99", "photos/coffee.jpg",
    ):  # fmt: skip
        status, content = of(served, path)
        assert (status, content) == (404, b"there is nothing here\n"), path


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 403),
        ({"host": "127.0.0.1"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"content_type": "text/plain"}, 415),
        ({"content_length": str(LARGEST + 1)}, 413),
        ({"transfer_encoding": "chunked"}, 411),
    ],
)
def test_other_sites_decide_nothing(
    served: Served, place: Path, headers: dict[str, str], status: int
) -> None:
    """Whatever they know, but what the browser tells of them."""
    body = {"verdict": "approved", "version": ""}
    assert of(served, "decide/0", body, **headers)[0] == status
    assert not (place / "look.truth.jsonl").exists()


def test_without_the_token_there_is_nothing(served: Served, place: Path) -> None:
    """No page, no image, no decision, and no word of what the token is."""
    token = served.guard.token
    body = {"verdict": "approved", "version": ""}
    for path in ("/", "/overview", "/image/0", f"/{token[:-1]}/", f"/{token}x/"):
        status, headers, content = asked(served, path)
        assert (status, headers["Connection"]) == (403, "close")
        assert token.encode() not in content
        assert asked(served, f"{path}decide/0", body)[0] == 403
    assert not (place / "look.truth.jsonl").exists()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"])
def test_other_methods_are_refused(served: Served, method: str) -> None:
    """A preflight of another site gets no permission."""
    status, headers, _ = asked(served, f"/{served.guard.token}/", method=method)
    assert status == 405
    assert not [name for name in headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"BREW /coffee HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    ],
    ids=["no request", "a version", "a method", "a long line", "many headers", "tls"],
)
def test_what_is_no_http_is_answered_shortly(served: Served, sent: bytes) -> None:
    """Nothing of what was sent comes back; the server stays."""
    with socket.create_connection(("127.0.0.1", served.guard.port), timeout=20) as raw:
        raw.sendall(sent)
        raw.shutdown(socket.SHUT_WR)
        got = b""
        try:
            while part := raw.recv(65536):
                got += part
        except ConnectionResetError:
            pass  # it closed before it had read all
    assert b"200" not in got[:20]
    assert b"coffee" not in got
    assert b"aaaa" not in got
    assert of(served, "overview")[0] == 200


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        ("decide/0", b"{", "a decision is a JSON object"),
        ("decide/0", b"[1]", "a decision is a JSON object"),
        ("decide/0", b"[" * 100_000, "a decision is a JSON object"),
        ("decide/0", {"version": "", "verdict": "perhaps"}, "approved, corrected or rejected"),
        ("decide/0", {"version": "", "verdict": "corrected"}, "this is no correction"),
        ("decide/0", {"version": "", "verdict": "approved", "note": 7}, "a note has at most"),
        ("decide/0", {"version": "", "verdict": "approved", "note": "n" * 2001}, "a note has"),
        ("undo", {}, "there is nothing to take back"),
        ("accept", {}, "a baseline is accepted by a person"),
    ],
)
def test_what_cannot_be_taken_is_told(
    served: Served, place: Path, path: str, body: object, why: str
) -> None:
    """In a sentence for the page; nothing is written."""
    status, told = of(served, path, body)
    assert status == 422
    assert why in told["error"]
    assert not (place / "look.truth.jsonl").exists()


def test_a_decision_that_came_too_late_is_told(served: Served) -> None:
    """Of a window that shows what is not so any more."""
    assert decided(served, 0, "rejected")[0] == 200
    status, told = of(served, "decide/0", {"verdict": "approved", "version": ""})
    assert (status, list(told)) == (409, ["error"])


def test_a_file_that_cannot_be_written_is_told(served: Served, place: Path) -> None:
    """Something else has changed it: the page hears it, and the file stays as it is."""
    (place / "look.truth.jsonl").write_text("mine\n")
    status, told = decided(served, 0, "approved")
    assert status == 409
    assert "was changed by something else" in told["error"]
    assert (place / "look.truth.jsonl").read_text() == "mine\n"
    assert of(served, "item/0")[1]["state"] == "new"


def test_many_decisions_at_once_are_all_kept(served: Served, place: Path) -> None:
    """From many windows: each answer gets one of its verdicts, none is lost, no line is torn."""
    version = of(served, "item/0")[1]["version"]
    calls = [(number, verdict) for number in range(6) for verdict in ("approved", "rejected")]

    def decide(call: tuple[int, str]) -> tuple[int, str, int]:
        number, verdict = call
        body = {"verdict": verdict, "version": version}
        return number, verdict, of(served, f"decide/{number}", body)[0]

    with ThreadPoolExecutor(12) as pool:
        answers = [*pool.map(decide, calls)]
    won = {number: verdict for number, verdict, status in answers if status == 200}
    assert sorted(status for _, _, status in answers) == [200] * 6 + [409] * 6
    lines = [json.loads(line) for line in (place / "look.truth.jsonl").read_text().splitlines()]
    items = of(served, "overview")[1]["items"]
    said = {(line["case"], line["step"]): line["review"]["verdict"] for line in lines}
    assert said == {(item["case"], item["step"]): won[number] for number, item in enumerate(items)}


def test_it_listens_on_this_machine_only(served: Served) -> None:
    """On 127.0.0.1, and on no other address of it."""
    with pytest.raises(OSError, match=r"refused|assign"):
        socket.create_connection(("127.0.0.2", served.guard.port), timeout=5)


def test_nothing_is_written_after_the_end(run: RunFolder, place: Path) -> None:
    """The lock has gone by then; a page that is still open is told."""
    with Desk.open(run, None) as desk:
        room = Room(desk, accepted)
    answer = room.answer("POST", "decide/0", b'{"verdict": "approved", "version": ""}')
    assert (answer.status, json.loads(answer.content)) == (422, {"error": "the review has ended"})
    assert not (place / "look.truth.jsonl").exists()


def test_every_token_is_another_one(run: RunFolder) -> None:
    """Of 256 bits, never twice."""
    with Desk.open(run, None) as desk:
        tokens = set()
        for _ in range(3):
            with Served(Room(desk, accepted)) as server:
                tokens.add(server.guard.token)
    assert len(tokens) == 3
    assert {len(token) for token in tokens} == {43}
