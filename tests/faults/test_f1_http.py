"""F101–F121: what the service answers, or does not, in place of an answer."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

FAMILIES = pytest.mark.parametrize("api", ["interactions", "generate_content"])


def rpc(code: int, status: str, message: str, *details: Mapping[str, object]) -> tuple[int, object]:
    """An error in the words of google.rpc."""
    error = {"code": code, "status": status, "message": message, "details": list(details)}
    return code, {"error": error}


def typed(kind: str, **values: object) -> dict[str, object]:
    """A detail of an error."""
    return {"@type": f"type.googleapis.com/google.rpc.{kind}", **values}


# --- F101 to F104: the request is refused -----------------------------------------------------

BAD = rpc(400, "INVALID_ARGUMENT", "Unable to process input image.")


@FAMILIES
def test_F101_a_refused_request_fails_alone(service: Any, run: Any, api: str) -> None:
    """Exit code 3; the refused one is `failed` in the words of the service, asked once, the others
    are `ok`."""
    service.tell(BAD)
    service.says("a cat")
    done = run(service.url, images=3, step={"api": api}, run={"retries": 3, "parallel": 1})
    assert (done.exit_code, done.statuses) == (3, ["failed", "ok", "ok"])
    assert done.results[0]["error"] == "Unable to process input image."
    assert "maybe_billed" not in done.issues
    assert len(service.requests) == 3


def test_F101_twenty_alike_in_a_row_end_the_run(service: Any, run: Any) -> None:
    """Exit code 2, nothing was answered: twenty requests are sent, not a hundred; the message says
    that the request itself is wrong, in the words of the service."""
    service.tell(rpc(400, "INVALID_ARGUMENT", "Unknown name."))
    done = run(service.url, images=40, run={"parallel": 1})
    assert done.exit_code == 2
    assert "20 requests in a row were refused for the same reason: Unknown name." in done.told
    assert len(service.requests) == 20


REFUSED_KEYS = {
    "wrong": rpc(400, "INVALID_ARGUMENT", "No.", typed("ErrorInfo", reason="API_KEY_INVALID")),
    "unknown": (401, {"error": {"code": "authentication", "message": "No."}}),
    "unpaid": (402, {"error": {"code": "payment_required", "message": "No."}}),
    "forbidden": rpc(403, "PERMISSION_DENIED", "No."),
}


@pytest.mark.parametrize("kind", REFUSED_KEYS)
def test_F102_a_refused_key_ends_the_run_at_once(service: Any, run: Any, kind: str) -> None:
    """Exit code 2, no result at all, the words of the service; at most the four requests that were
    under way are sent, of thirty."""
    service.tell(REFUSED_KEYS[kind])
    done = run(service.url, images=30, run={"retries": 3, "parallel": 4})
    assert (done.exit_code, done.results) == (2, [])
    assert "stopped before the end: No." in done.told
    assert 1 <= len(service.requests) <= 4


def test_F102_a_key_that_is_refused_later_keeps_what_was_answered(service: Any, run: Any) -> None:
    """Exit code 5: the run can be resumed. What was answered is `ok`, nothing is `failed`."""
    service.says("a cat", "a dog")
    service.tell(REFUSED_KEYS["unpaid"])
    done = run(service.url, images=9, run={"parallel": 1})
    assert (done.exit_code, done.statuses) == (5, ["ok", "ok"])
    assert len(service.requests) == 3


NO_FILE = "You do not have permission to access the File abc or it may not exist."


@FAMILIES
def test_F103_a_file_that_is_gone_fails_alone(service: Any, run: Any, api: str) -> None:
    """Exit code 3: an uploaded file that expired is no refused key. It is `failed` in the words of
    the service, the others are `ok`."""
    service.tell(rpc(403, "PERMISSION_DENIED", NO_FILE))
    service.says("a cat")
    done = run(service.url, images=2, step={"api": api}, run={"retries": 3, "parallel": 1})
    assert (done.exit_code, done.statuses) == (3, ["failed", "ok"])
    assert done.results[0]["error"] == NO_FILE
    assert len(service.requests) == 2


@FAMILIES
def test_F104_a_model_that_does_not_exist_ends_the_run(service: Any, run: Any, api: str) -> None:
    """Exit code 2, no result; the words of the service, and before them the close name. At most
    the requests that were under way are sent."""
    service.tell(rpc(404, "NOT_FOUND", "models/gemini-3.5-flsh is not found"))
    done = run(service.url, images=9, step={"api": api, "model": "gemini-3.5-flsh"})
    assert (done.exit_code, done.results) == (2, [])
    assert "did you mean `gemini-3.5-flash`?" in done.told
    assert "stopped before the end: models/gemini-3.5-flsh is not found" in done.told
    assert 1 <= len(service.requests) <= 2


# --- F105 to F111: the service has trouble, or enough ------------------------------------------

TROUBLE = {
    "408": (408, b""),
    "409": (409, {"error": {"code": "aborted", "message": "Busy."}}),
    "499": rpc(499, "CANCELLED", "Busy."),
    "500": rpc(500, "INTERNAL", "Busy."),
    "502": (502, b"<html>Bad Gateway</html>", "Content-Type: text/html"),
    "503": rpc(503, "UNAVAILABLE", "The model is overloaded."),
    "504": (504, {"error": {"code": "deadline_exceeded", "message": "Busy."}}),
}


def in_fours(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Five troubled requests in a row would make the others wait."""
    names = list(names)
    return [tuple(names[start : start + 4]) for start in range(0, len(names), 4)]


@pytest.mark.parametrize("kinds", in_fours(TROUBLE))
def test_F105_trouble_of_the_service_is_asked_again(
    run_each: Any, fault_kit: Any, kinds: tuple[str, ...]
) -> None:
    """Exit code 0: each is asked twice and is `ok`."""
    again = {name: [TROUBLE[name], fault_kit.saying("a cat")] for name in kinds}
    done, _, asked = run_each(again, run={"retries": 1})
    assert (done.exit_code, set(done.statuses)) == (0, {"ok"})
    assert asked == dict.fromkeys(kinds, 2)


SAID = {
    "408": "HTTP 408 (application/json)",
    "502": "HTTP 502 (text/html): <html>Bad Gateway</html>",
    "503": "The model is overloaded.",
}


@pytest.mark.parametrize("kinds", in_fours(TROUBLE))
def test_F105_trouble_that_stays_fails_that_request(run_each: Any, kinds: tuple[str, ...]) -> None:
    """Exit code 3, with `retries: 0`: each is asked once, and is `failed` in the words of the
    service. What timed out or broke may have been paid for; a 503 and a conflict were not."""
    done, results, asked = run_each({name: [TROUBLE[name]] for name in kinds})
    assert (done.exit_code, set(done.statuses)) == (3, {"failed"})
    assert asked == dict.fromkeys(kinds, 1)
    errors = {name: result["error"] for name, result in results.items()}
    assert errors == {name: SAID.get(name, "Busy.") for name in kinds}
    billed = {name for name, result in results.items() if result["issues"]}
    assert billed == set(kinds) - {"503", "409"}


def test_F105_five_troubled_requests_in_a_row_make_the_others_wait(service: Any, run: Any) -> None:
    """Exit code 3: the five are `failed`; the sixth is sent a second later, and is `ok`."""
    service.tell(*[TROUBLE["503"]] * 5)
    service.says("a cat")
    done = run(service.url, images=7, run={"parallel": 1})
    assert (done.exit_code, done.statuses) == (3, ["failed"] * 5 + ["ok"] * 2)
    times = [request.at for request in service.requests]
    assert len(times) == 7
    assert times[5] - times[4] >= 1


def test_F106_a_request_that_is_too_large_is_refused_while_it_is_sent(
    service: Any, run: Any, tmp_path: Path
) -> None:
    """Exit code 3: the status is read although the body is still on its way. One request, `failed`
    as too large, surely not paid for."""
    write_padded_png(tmp_path / "big.png", 30)
    service.tell("early_413")
    done = run(service.url, run={"retries": 3, "timeout_seconds": 20})
    assert (done.exit_code, done.statuses, done.issues) == (3, ["failed"], [])
    assert done.only["error"].startswith("the request is too large: HTTP 413")
    assert len(service.requests) == 1


@pytest.mark.parametrize("fault", ["rude_413", "early_reset"])
def test_F106_a_connection_that_is_cut_twice_while_sending_is_too_large(
    service: Any, run: Any, tmp_path: Path, fault: str
) -> None:
    """Exit code 3: what many servers do to a large request is not asked for ever. At most two
    requests of four, `failed` as too large, surely not paid for."""
    write_padded_png(tmp_path / "big.png", 30)
    service.tell(fault)
    done = run(service.url, run={"retries": 3, "timeout_seconds": 20})
    assert (done.exit_code, done.statuses, done.issues) == (3, ["failed"], [])
    assert "too large" in done.only["error"]
    assert len(service.requests) <= 2


def test_F106_what_is_over_the_limit_is_never_sent(service: Any, run: Any, tmp_path: Path) -> None:
    """Exit code 3: `failed` with both sizes; the service sees nothing of it. (What several images
    weigh together is tested with the provider.)"""
    Image.new("RGB", (400, 300), "white").save(tmp_path / "big.png")
    with (tmp_path / "big.png").open("r+b") as file:
        file.truncate(76 << 20)
    service.says("a cat")
    done = run(service.url)
    assert (done.exit_code, done.statuses) == (3, ["failed"])
    why = "the file has 80 MB; at most 75 MB can be sent within a request; write `upload: auto`"
    assert done.only["error"] == why
    assert service.requests == []


def write_padded_png(path: Path, megabytes: int) -> None:
    """A small image in a large file: a chunk that every reader passes over (PNG, section 5.4)."""
    Image.new("RGB", (400, 300), "white").save(path)
    plain = path.read_bytes()
    padding = b"pdNg" + bytes(megabytes << 20)
    chunk = (len(padding) - 4).to_bytes(4) + padding + zlib.crc32(padding).to_bytes(4)
    path.write_bytes(plain[:-12] + chunk + plain[-12:])


SLOW_DOWN = {
    "retry-info": (0.3, rpc(429, "RESOURCE_EXHAUSTED", "No.", typed("RetryInfo", retryDelay="0.3s"))),
    "in-words": (0.3, rpc(429, "RESOURCE_EXHAUSTED", "Slow down. Please retry in 0.3s.")),
    "seconds": (0.3, (429, {"error": {"code": "rate_limit_exceeded"}}, "Retry-After: 0.3")),
    "date": (
        1,
        (
            *(429, {"error": {"code": "too_many_requests"}}),
            "Retry-After: Fri, 20 Nov 2020 00:00:01 GMT",
            "Date: Fri, 20 Nov 2020 00:00:00 GMT",
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("hint", SLOW_DOWN)
def test_F107_a_rate_limit_is_waited_for(service: Any, run: Any, hint: str) -> None:
    """Exit code 0 with `retries: 0`: a rate limit costs no attempt. It is asked twice, the second
    time not before what the service asked for; a date is compared with the service's own clock,
    which is years behind."""
    seconds, told = SLOW_DOWN[hint]
    service.tell(told)
    service.says("a cat")
    done = run(service.url)
    assert (done.exit_code, done.statuses) == (0, ["ok"])
    first, second = (request.at for request in service.requests)
    assert second - first >= seconds


def test_F108_a_rate_limit_without_a_time_is_waited_for(service: Any, run: Any) -> None:
    """Exit code 0 with `retries: 0`: the same, after a wait of our own."""
    service.tell((429, b""))
    service.says("a cat")
    done = run(service.url)
    assert (done.exit_code, done.statuses) == (0, ["ok"])
    assert len(service.requests) == 2


A_DAY = typed(
    "QuotaFailure", violations=[{"quotaId": "RequestsPerDay-FreeTier", "quotaValue": "50"}]
)


@pytest.mark.parametrize(
    "told",
    [
        rpc(
            429,
            "RESOURCE_EXHAUSTED",
            "Enough for today.",
            A_DAY,
            typed("RetryInfo", retryDelay="9s"),
        ),
        rpc(429, "RESOURCE_EXHAUSTED", "Enough for today. Please retry in 10h17m5.7s."),
        (429, {"error": {"code": "quota_exceeded", "message": "Enough for today."}}),
        (429, {"error": {"message": "Enough for today."}}, "Retry-After: 3600"),
    ],
)
def test_F109_a_quota_for_a_day_ends_the_run(
    service: Any, run: Any, told: tuple[object, ...]
) -> None:
    """Exit code 5: nothing sleeps for hours. What was answered is kept, nothing is `failed`, and the
    command is told with which the run goes on."""
    service.says("a cat")
    service.tell(told)
    done = run(service.url, images=9, run={"parallel": 1})
    assert (done.exit_code, done.statuses) == (5, ["ok"])
    assert "stopped before the end: Enough for today." in done.told
    assert "to go on: askpix run faults.workflow.yaml" in done.told
    assert len(service.requests) == 2


def test_F110_a_limit_of_zero_ends_the_run(service: Any, run: Any) -> None:
    """Exit code 2, no result: going on would never help. The message says that this project may not
    use the model. A wait that the service offers is not waited for."""
    said = "Quota exceeded for metric: x, limit: 0, model: gemini-3.5-flash"
    service.tell(rpc(429, "RESOURCE_EXHAUSTED", said, typed("RetryInfo", retryDelay="46s")))
    done = run(service.url, images=9, run={"parallel": 1})
    assert (done.exit_code, done.results) == (2, [])
    assert "this project may not use this model (limit 0)" in done.told
    assert len(service.requests) == 1


def test_F111_a_limit_of_money_is_waited_for(service: Any, run: Any) -> None:
    """Exit code 0 with `retries: 0`: how much was spent within some minutes is a rate like any
    other."""
    service.tell(rpc(429, "RESOURCE_EXHAUSTED", "Spend-based rate limit exceeded."))
    service.says("a cat")
    done = run(service.url)
    assert (done.exit_code, done.statuses) == (0, ["ok"])
    assert len(service.requests) == 2


# --- F112 to F116: the connection --------------------------------------------------------------


def test_F112_no_connection_is_asked_again(service: Any, run: Any) -> None:
    """Exit code 3: `failed` as not connected, after one more try; surely not paid for."""
    service.serve = lambda connection: (hung_up.append(1), connection.close())
    hung_up: list[int] = []
    done = run(service.url.replace("http://", "https://"), run={"retries": 1})
    assert (done.exit_code, done.statuses, done.issues) == (3, ["failed"], [])
    assert len(hung_up) == 2


def test_F112_a_service_that_is_not_there_was_not_paid(run: Any) -> None:
    """Exit code 3: `failed` as not connected; surely not paid for."""
    with socket.create_server(("127.0.0.4", 0)) as nobody:
        port = nobody.getsockname()[1]
    done = run(f"http://127.0.0.4:{port}")
    assert (done.exit_code, done.statuses, done.issues) == (3, ["failed"], [])
    assert done.only["error"].startswith("no connection: ")


BROKEN = (
    *("reset_before", "reset_within", "closed_before"),
    *("truncated", "truncated_chunk", "truncated_without_length", "silent"),
)


@pytest.mark.parametrize("kinds", in_fours(BROKEN))
def test_F113_a_broken_connection_may_have_been_paid_for(
    run_each: Any, kinds: tuple[str, ...]
) -> None:
    """Exit code 3: each is asked once and `failed`; its issue says that it may be paid for."""
    done, results, asked = run_each({name: [name] for name in kinds})
    assert (done.exit_code, done.statuses) == (3, ["failed"] * len(kinds))
    assert done.issues == ["maybe_billed"] * len(kinds)
    assert asked == dict.fromkeys(kinds, 1)
    if "silent" in kinds:
        assert results["silent"]["error"] == "no whole answer within 1 seconds"


@pytest.mark.parametrize("kinds", in_fours(BROKEN))
def test_F113_a_broken_connection_is_asked_again(
    run_each: Any, fault_kit: Any, kinds: tuple[str, ...]
) -> None:
    """Exit code 0: each is asked twice and is `ok`."""
    again = {name: [name, fault_kit.saying("a cat")] for name in kinds}
    done, _, asked = run_each(again, run={"retries": 1})
    assert (done.exit_code, done.statuses) == (0, ["ok"] * len(kinds))
    assert asked == dict.fromkeys(kinds, 2)


@FAMILIES
def test_F114_half_an_answer_is_no_answer(run_each: Any, fault_kit: Any, api: str) -> None:
    """Exit code 3: a body that ends too early, where no length tells, is `failed` and may be paid
    for: at its first byte, behind a closing bracket, within the model's words, before its last
    byte. The half of a list is never taken for the list."""
    made = fault_kit.interaction if api == "interactions" else fault_kit.generated
    whole = json.dumps(made('["a", "b"]')).encode()

    def cut(end: int) -> Any:
        def act(line: Any) -> bool:
            line.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + whole[:end])
            return False

        return act

    ends = (1, whole.index(b"]}") + 2, whole.index(b"b") + 1, len(whole) - 1)
    done, results, _ = run_each({f"cut-{end}": [cut(end)] for end in ends}, step={"api": api})
    assert (done.exit_code, set(done.statuses)) == (3, {"failed"})
    assert {result["error"] for result in results.values()} == {"the answer is cut off"}
    assert done.issues == ["maybe_billed"] * len(ends)


def test_F115_a_byte_now_and_then_keeps_no_attempt_alive(service: Any, run_each: Any) -> None:
    """Exit code 3: the deadline is that of the whole attempt. `failed` after a second, may be paid
    for, whether the head or the body drips."""
    done, results, _ = run_each({name: [name] for name in ("slow_head", "slow_body")})
    assert (done.exit_code, done.issues) == (3, ["maybe_billed"] * 2)
    errors = {result["error"] for result in results.values()}
    assert errors == {"no whole answer within 1 seconds"}


CHILD = """\
import atexit, pathlib, sys
from runner.cli import main
def most():
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    sys.stderr.write(next(line for line in lines if line.startswith("VmHWM")))
atexit.register(most)
main()
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_F116_an_answer_without_an_end_takes_bounded_memory(
    service: Any, run: Any, tmp_path: Path
) -> None:
    """Exit code 3: `failed` as too long, may be paid for. A process that meets an endless body, or
    a gzip bomb of 300 MB, takes no more than 48 MB beyond one that is answered: the 32 MB that an
    answer may have, and room to grow."""
    service.says("a cat")
    run(service.url, run={"timeout_seconds": 30})

    def child(told: object) -> tuple[int, str, float]:
        """Exit code, what was said, and the most memory in MB."""
        service._script[:] = []
        service.tell(told)
        ended = subprocess.run(
            [
                sys.executable,
                "-c",
                CHILD,
                "run",
                "faults.workflow.yaml",
                "-q",
                "--base-url",
                service.url,
                "--out",
                str(tmp_path / f"runs-{told}"),
            ],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        said, _, most = ended.stderr.rpartition("VmHWM:")
        return ended.returncode, said, int(most.split()[0]) / 1024

    _, _, plain = child("fine")
    for fault in ("endless", "bomb"):
        code, said, most = child(fault)
        assert code == 3, said
        assert "the answer is longer than 32 MB" in said
        assert most - plain < 48


# --- F117 to F121: what answers is not the service ---------------------------------------------

PAGE = b"<html>\x1b[31mPlease log in</html>" + b"." * 900


@FAMILIES
def test_F117_a_page_is_no_answer(service: Any, run_each: Any, fault_kit: Any, api: str) -> None:
    """Exit code 3: `failed` with the status, the type and the beginning of what came, fit for a
    terminal; asked again before that."""
    pages = {
        "portal": (200, PAGE, "Content-Type: text/html"),
        "gateway": (502, PAGE, "Content-Type: text/html"),
        "words": (200, b"upstream timed out", "Content-Type: text/plain"),
        "empty": "empty",
        "no-content": "no_content",
        "other": (200, {"hello": "world"}),
    }
    done, results, _ = run_each({name: [told] for name, told in pages.items()}, step={"api": api})
    assert (done.exit_code, set(done.statuses)) == (3, {"failed"})
    shown = "<html> [31mPlease log in</html>" + "." * 169
    nothing = "an interaction" if api == "interactions" else "an answer"
    assert {name: result["error"] for name, result in results.items()} == {
        "portal": f"a page instead of the answer: HTTP 200 (text/html): {shown}",
        "gateway": f"HTTP 502 (text/html): {shown}",
        "words": "not JSON instead of the answer: HTTP 200: upstream timed out",
        "empty": "an empty answer",
        "no-content": "an empty answer",
        "other": f"a JSON object that is no {nothing.split()[1]}",
    }
    assert "\x1b" not in done.told


def test_F117_a_page_is_asked_again(service: Any, run_each: Any, fault_kit: Any) -> None:
    """Exit code 0: a proxy in trouble is not the service."""
    pages = {"portal": "html", "empty": "empty", "no-content": "no_content"}
    again = {name: [told, fault_kit.saying("a cat")] for name, told in pages.items()}
    done, _, _ = run_each(again, run={"retries": 1})
    assert (done.exit_code, done.statuses) == (0, ["ok"] * 3)


@FAMILIES
def test_F118_what_is_not_utf8_is_no_answer(service: Any, run: Any, api: str) -> None:
    """Exit code 3: asked again, then `failed` with what can be shown of it; may be paid for."""
    service.tell("bad_utf8")
    done = run(service.url, step={"api": api}, run={"retries": 1})
    assert (done.exit_code, done.statuses, done.issues) == (3, ["failed"], ["maybe_billed"])
    shown = 'not JSON instead of the answer: HTTP 200: {"status": "\ufffd\ufffd"}'
    assert done.only["error"] == shown
    assert len(service.requests) == 2


NOT_HTTP = ("garbage", "two_lengths", "huge_header", "not_gzip", "brotli")


def test_F119_what_is_not_http_is_no_answer(service: Any, run_each: Any) -> None:
    """Exit code 3: `failed`, may be paid for."""
    done, results, _ = run_each({name: [name] for name in NOT_HTTP})
    assert (done.exit_code, done.issues) == (3, ["maybe_billed"] * len(NOT_HTTP))
    errors = {name: result["error"] for name, result in results.items()}
    assert errors == {
        **dict.fromkeys(NOT_HTTP[:3], "the service does not speak HTTP"),
        "not_gzip": "the answer is a body that is not gzip as it says",
        "brotli": "the answer is a body compressed with 'br', which was not asked for",
    }


def test_F119_what_is_not_http_is_asked_again(service: Any, run_each: Any, fault_kit: Any) -> None:
    """Exit code 0: each is asked twice and is `ok`."""
    again = {name: [name, fault_kit.saying("a cat")] for name in NOT_HTTP}
    done, _, _ = run_each(again, run={"retries": 1})
    assert (done.exit_code, done.statuses) == (0, ["ok"] * len(NOT_HTTP))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_F120_a_redirect_is_never_followed(
    service: Any, elsewhere: Any, run: Any, status: int
) -> None:
    """Exit code 2, no result: one request to the service, none to the other address, so neither
    key nor images travel; the message says what to look at."""
    service.tell((status, b"", f"Location: {elsewhere.url}/v1beta/interactions"))
    done = run(service.url, images=5, run={"retries": 3, "parallel": 1})
    assert (done.exit_code, done.results) == (2, [])
    assert f"the service answered with a redirect ({status}), which is never followed" in done.told
    assert "check the base address" in done.told
    assert len(service.requests) == 1
    assert elsewhere.requests == []
    assert elsewhere.connections == 0


def test_F121_a_connection_that_was_closed_meanwhile_is_replaced(
    service: Any, run: Any, fault_kit: Any
) -> None:
    """Exit code 0: a service that promises to keep connections and closes them is asked on new
    ones; each image is answered."""

    def stale(line: Any) -> bool:
        fault_kit.saying("a cat")(line)
        return False

    service.tell(stale)
    done = run(service.url, images=8, run={"parallel": 1, "retries": 1})
    assert (done.exit_code, done.statuses) == (0, ["ok"] * 8)


def test_F121_a_kept_connection_that_breaks_is_asked_again(
    service: Any, run: Any, fault_kit: Any
) -> None:
    """Exit code 0: when the service closes a kept connection just as the next request comes, that
    request is sent again on a new one."""

    def once(line: Any) -> bool:
        seen = [r.connection for r in service.requests].count(line.request.connection)
        return seen == 1 and fault_kit.saying("a cat")(line)

    service.tell(once)
    done = run(service.url, images=3, run={"parallel": 1, "retries": 1})
    assert (done.exit_code, done.statuses) == (0, ["ok"] * 3)
    assert len(service.requests) == 5
