"""The key is in nothing that askpix writes or prints, whatever the service, a file or a bug does."""

from __future__ import annotations

import gzip
import html
import json
import logging
import sys
import traceback
import warnings
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from runner.cli import group, main
from runner.transport.secret import Secret

KEYS = {
    "of Google": "AIzaCANARY_0123456789-canary_9876543210",
    "of Google's newer form": "AQ.Ab8RN6Kcanary-_0123456789abcdefghijklmnopqrstuvwxyzABCD",
    "a short one": "k3y/+=~.7",
    "an odd one": 'odd"k\\e/y=+&<7>%41',
}

WORKFLOW = """\
version: 1
images: "*.png"
steps:
  - id: say
    prompt: What is this?
  - id: find
    prompt: Find everything. {{ say.text }}
    schema: boxes
checks:
  - {that: say.text, contains: red}
outputs:
  - {save: find.boxes, as: csv, to: boxes.csv}
  - {save: say.text, as: text, to: said/}
  - {save: find, as: jsonl, to: all.jsonl}
run: {retries: 0, timeout_seconds: 5, parallel: 2}
"""

LOUD = ("--verbose",)
LOUDER = ("--log-format", "json")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workflow with a few images; everything that the program keeps is kept below `left`."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "w.workflow.yaml").write_text(WORKFLOW)
    for number in range(12):
        Image.new("RGB", (40, 30), (number * 20, 20, 99)).save(work / f"{number}.png")
    monkeypatch.chdir(work)
    monkeypatch.setenv("ASKPIX_CACHE", str(tmp_path / "cache"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    return work


def options() -> frozenset[str]:
    """What `askpix run` of this version takes."""
    run = group.get_command(None, "run")  # type: ignore[arg-type]
    assert run is not None
    return frozenset(name for option in run.params for name in option.opts)


def told(caplog: pytest.LogCaptureFixture, *arguments: str) -> str:
    """Everything that a command says: both streams, and what libraries log."""
    caplog.clear()
    caplog.set_level(logging.DEBUG)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ended = CliRunner().invoke(group, arguments)
    bug = ended.exception
    if bug is not None and not isinstance(bug, SystemExit):
        raise bug
    records = [f"{record.getMessage()} {record.__dict__!r}" for record in caplog.records]
    return "\n".join([ended.stdout, ended.stderr, *records])


def every_echo(key: str) -> list[Any]:
    """What a service can do that repeats the headers of a request."""
    head = f"POST / HTTP/1.1\r\nx-goog-api-key: {key}\r\nAccept: */*"
    echo = [key, f"?key={quote(key)}", b64encode(head.encode()).decode(), key.encode().hex()]
    words = f"{' '.join(echo)} {urlsafe_b64encode(b'.' + key.encode()).decode()}"
    usage = {"total_input_tokens": 3, "total_output_tokens": 4}
    said = [{"type": "model_output", "content": [{"type": "text", "text": f"red {words}"}]}]
    answer = {"id": key, "status": "completed", "steps": said, "usage": usage, "model": key}
    boxes = json.dumps({"boxes": [{"box_2d": [1, 2, 300, 400], "label": f"red {key}"}]})
    found = [{"type": "model_output", "content": [{"type": "text", "text": boxes}]}]
    details = [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": key},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.01s"},
        {
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{"quotaId": key, "quotaValue": key}],
        },
    ]

    def error(code: int, status: str) -> tuple[Any, ...]:
        body = {"error": {"code": code, "status": status, "message": words, "details": details}}
        return code, body

    return [
        (200, answer, f"X-Echo: {key}", f"Set-Cookie: key={quote(key)}; Path=/"),
        (200, {**answer, "steps": found}, f"X-Goog-Api-Key: {key}"),
        (200, gzip.compress(json.dumps(answer).encode()), "Content-Encoding: gzip"),
        (200, {**answer, "status": "failed", "error": {"code": key, "message": words}}),
        (200, {**answer, "steps": [], "status": "incomplete", "incomplete_details": key}),
        (200, f"not JSON: {words}".encode()),
        (200, b"\xff\xfe " + key.encode()),
        (
            502,
            f"<html><b>{html.escape(words)}</b> {words}</html>".encode(),
            "Content-Type: text/html",
        ),
        (500, words.encode(), f"Content-Type: text/{quote(key, safe='')}"),
        (503, b"", f"Retry-After: {key}"),
        error(400, "INVALID_ARGUMENT"),
        error(400, key),
        error(429, "RESOURCE_EXHAUSTED"),
        error(413, "OUT_OF_RANGE"),
        (400, [{"error": words}]),
        raw(f"HTTP/1.1 400 {key}\r\nContent-Length: 0\r\n\r\n"),
        raw(f"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n{words}", hang_up=True),
        raw(f"HTTP/1.1 {key}\r\n\r\n", hang_up=True),
        raw(f"HTTP/1.1 200 OK\r\nX {key}\0: 1\r\n\r\n", hang_up=True),
        raw(f"HTTP/1.1 200 OK\r\nContent-Length: {key}\r\n\r\n", hang_up=True),
        raw(f"{key}\r\n\r\n", hang_up=True),
    ]


def raw(content: str, *, hang_up: bool = False) -> Callable[[Any], bool]:
    """Sends these very bytes."""

    def act(line: Any) -> bool:
        line.send(content.encode("latin-1"))
        return not hang_up

    return act


def stopping_echoes(key: str) -> Mapping[str, tuple[Any, ...]]:
    """Answers that end a run at once."""
    message = f"API key not valid: {key} {b64encode(key.encode()).decode()}"
    body = {"error": {"code": 403, "status": "PERMISSION_DENIED", "message": message}}
    return {
        "wrong key": (403, body),
        "unknown model": (404, {"error": {"code": 404, "message": message}}),
        "elsewhere": (302, b"", f"Location: http://127.0.0.9:1/?key={quote(key)}"),
        "elsewhere, no address": (307, b"", f"Location: {key}"),
    }


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_the_echoes_of_a_service_leave_no_key(
    key: str,
    folder: Path,
    service: Any,
    leaks: Callable[..., list[str]],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever it repeats, in bodies, errors, headers, addresses or broken HTTP: no byte of the run
    folder, the recordings, the cache, of stdout, stderr or any log holds the key in any form."""
    monkeypatch.setenv("GEMINI_API_KEY", key)
    echoes, number = every_echo(key), iter(range(10_000))
    service.choose = lambda request: echoes[next(number) % len(echoes)]
    loud = [name for name in (*LOUD,) if name in options()]
    line = ["run", "w.workflow.yaml", "--base-url", service.url, *loud]
    printed = [told(caplog, *line, "--record", "recordings")]
    printed.append(told(caplog, *line, "--format", "json", "--fresh", "--cache", "refresh"))
    if LOUDER[0] in options():
        printed.append(told(caplog, *line, *LOUDER, "--fresh"))
    service.choose = None
    assert len(service.requests) > len(echoes), printed
    assert {each.headers["x-goog-api-key"] for each in service.requests} == {key}
    for echo in stopping_echoes(key).values():
        service._script.clear()
        service.tell(echo)
        printed.append(told(caplog, *line, "--fresh", "--cache", "off", "--limit", "1"))
    printed.append(told(caplog, "run", "w.workflow.yaml", "--replay", "recordings", "--fresh"))
    for left in ("runs/*/results.jsonl", "runs/*/run.sqlite", "runs/*/log.jsonl", "recordings/*"):
        assert list(folder.glob(left)), left
    assert list(folder.parent.glob("cache/*.sqlite"))
    assert leaks(key, folder.parent, *printed) == []


@pytest.mark.parametrize(
    ("key", "source"),
    [*((key, "environment") for key in KEYS.values()), (KEYS["of Google's newer form"], ".env")],
    ids=[*KEYS, "in a file"],
)
def test_no_command_shows_the_key(
    key: str,
    source: str,
    folder: Path,
    leaks: Callable[..., list[str]],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither those that ask nobody, nor a run on the simulator with every kind of misbehaviour."""
    planted = folder / ".env"
    if source == "environment":
        monkeypatch.setenv("GOOGLE_API_KEY", key)
    else:
        planted.write_text(f"GEMINI_API_KEY='{key}'\n")
    faults = "bad-request, overloaded, broken-png, not-json, blocked-http, reset, captive-portal"
    (folder / "faults.workflow.yaml").write_text(
        "version: 1\nimages: 0.png\nsteps:\n  - {id: ask, prompt: 'Find. [[simulate: "
        "{{ vars.does }}]]', schema: masks}\nvars: {does: x}\n"
        f"matrix: {{vars.does: [{faults}]}}\nrun: {{retries: 0}}\n"
    )
    printed = [
        told(caplog, *line)
        for line in (
            ("validate", "w.workflow.yaml"),
            ("validate", "w.workflow.yaml", "--format", "json"),
            ("show", "w.workflow.yaml"),
            ("plan", "w.workflow.yaml"),
            ("plan", "w.workflow.yaml", "--format", "json", "--base-url", "http://127.0.0.9:1"),
            ("run", "w.workflow.yaml", "--provider", "simulator"),
            ("run", "faults.workflow.yaml", "--provider", "simulator", "--format", "json"),
            ("models", "--format", "json"),
            ("explain", "W130"),
            ("explain", key),
            ("simulate", "--help"),
            ("library",),
            ("doctor", "w.workflow.yaml", "--base-url", "http://127.0.0.9:1"),
            ("doctor", "--offline", "--format", "json"),
        )
    ]
    said = printed.pop(9)  # what was asked for is repeated to the one who typed it
    assert "there is no word or code" in said
    assert leaks(key, folder.parent, *printed, planted=(planted,)) == []


MISTAKES = {
    "a prompt": "prompt: Say {key}.",
    "a comment": "prompt: Say.  # {key}",
    "a schema": "prompt: Say.\n    schema: '{key}'",
    "a setting": "prompt: Say.\n    model: '{key}'",
    "an unknown key": "prompt: Say.\n    '{key}': 1",
    "a header": "prompt: Say.\nx-notes: {{note: '{key}'}}",
    "a broken text": "prompt: Say: {key}",
    "a broken quote": "prompt: 'Say' {key}",
    "a template": "prompt: Say {{{{ vars.x }}}} {key} {{{{ vars.y }}}}",
    "an image": "prompt: Say.\nimages: '{key}'",
    "a prompt file": "prompt_file: '{key}'",
}


@pytest.mark.parametrize(
    "key", [KEYS["of Google"], KEYS["of Google's newer form"], KEYS["a short one"]]
)
@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_key_in_a_workflow_is_not_repeated(
    mistake: str,
    key: str,
    folder: Path,
    leaks: Callable[..., list[str]],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its place is told, nothing runs, and no line that is shown can be read where the key stands."""
    monkeypatch.setenv("GEMINI_API_KEY", key)
    wrong = folder / "wrong.workflow.yaml"
    images = "" if "images" in mistake else "images: 0.png\n"
    wrong.write_text(f"version: 1\n{images}steps:\n  - id: say\n    {mistake.format(key=key)}\n")
    printed = [
        told(caplog, *line)
        for line in (
            ("validate", "wrong.workflow.yaml"),
            ("validate", "wrong.workflow.yaml", "--format", "json"),
            ("validate", "wrong.workflow.yaml", "--format", "github"),
            ("show", "wrong.workflow.yaml"),
            ("plan", "wrong.workflow.yaml"),
            ("run", "wrong.workflow.yaml", "--provider", "simulator"),
        )
    ]
    assert all(text for text in printed)
    assert not (folder / "runs").exists()
    assert leaks(key, folder.parent, *printed, planted=(wrong,)) == []


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_on_the_command_line_is_refused(
    key: str,
    folder: Path,
    leaks: Callable[..., list[str]],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a variable, which is sent to the model, and in an address, which is written down."""
    monkeypatch.setenv("GEMINI_API_KEY", key)
    text = WORKFLOW.replace("What is this?", "What is {{ vars.x }}?") + "vars: {x: y}\n"
    (folder / "w.workflow.yaml").write_text(text)
    printed = []
    for name in ("plan", "run"):
        line = (name, "w.workflow.yaml")
        printed.append(told(caplog, *line, "--var", f"x=say {key}"))
        assert "W132" in printed[-1]
        for url in (
            f"http://127.0.0.9:1/?key={quote(key)}",
            f"http://u:{quote(key, safe='')}@127.0.0.9:1",
        ):
            printed.append(told(caplog, *line, "--base-url", url))
            assert "an address holds no key" in printed[-1]
            monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", url)
            printed.append(told(caplog, *line))
            monkeypatch.delenv("GOOGLE_GEMINI_BASE_URL")
            assert "an address holds no key" in printed[-1]
    assert leaks(key, folder.parent, *printed) == []


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_crash_report_holds_no_key(
    key: str,
    folder: Path,
    leaks: Callable[..., list[str]],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A bug in the middle of a request, with the key in the words of the error: in no form."""
    monkeypatch.setenv("GEMINI_API_KEY", key)
    forms = f"{key} {quote(key, safe='')} {b64encode(b'x' + key.encode()).decode()} {key!r}"

    def bug(*_: object, **__: object) -> None:
        raise ZeroDivisionError(forms)

    monkeypatch.setattr("runner.workflow.load.load", bug)
    monkeypatch.setattr(sys, "argv", ["askpix", "run", "w.workflow.yaml", "--quiet"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 4
    (report,) = folder.parent.glob("temporary/askpix-bug-*.txt")
    assert "ZeroDivisionError" in report.read_text()
    assert leaks(key, folder.parent, *capfd.readouterr()) == []


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_what_holds_the_key_does_not_show_it(key: str, leaks: Callable[..., list[str]]) -> None:
    """The repr of what a debugger shows with a traceback: connection, channel, session, secret."""
    from runner.providers.gemini.session import Session
    from runner.roles import Connection
    from runner.transport.client import Channel, open_client
    from runner.values.request import Policy

    connection = Connection(key=key)
    channel = Channel(open_client(Connection(transport=no_network())), Policy(), key)
    session = Session(channel, "http://127.0.0.9", lambda image: None)  # type: ignore[arg-type,return-value]
    secret = Secret.of(key)
    shown = _with_locals(connection=connection, channel=channel, session=session, secret=secret)
    assert "Session" in shown
    assert leaks(key, shown) == []


def no_network() -> object:
    from runner.transport.http import httpx

    return httpx.MockTransport(lambda request: httpx.Response(200))


def _with_locals(**things: object) -> str:
    """The traceback of an error with these among the local variables."""
    try:
        raise RuntimeError(*things.values())
    except RuntimeError as error:
        lines = traceback.TracebackException.from_exception(error, capture_locals=True).format()
        return "".join(lines)


KEY_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~+/="


@given(
    key=st.text(KEY_LETTERS, min_size=16, max_size=80),
    before=st.text(max_size=20),
    after=st.text(max_size=20),
    form=st.sampled_from(["plain", "address", "base64", "urlsafe", "hex", "json", "html"]),
)
def test_a_secret_is_hidden_in_any_text(key: str, before: str, after: str, form: str) -> None:
    """In every form, wherever in a longer text it stands, also when that is packed as a whole."""
    whole = f"{before}{key}{after}".encode("utf-8", "surrogatepass")
    text = {
        "plain": lambda: f"{before}{key}{after}",
        "address": lambda: f"{before}{quote(key, safe='')}{after}",
        "base64": lambda: b64encode(whole).decode(),
        "urlsafe": lambda: urlsafe_b64encode(whole).decode(),
        "hex": lambda: whole.hex(),
        "json": lambda: json.dumps(f"{before}{key}{after}"),
        "html": lambda: html.escape(f"{before}{key}{after}"),
    }[form]()
    hidden = Secret.of(key).hidden(text)
    assert "[key]" in hidden
    assert key not in hidden
    assert not any(Secret.of(key).places(hidden.replace("[key]", "\0")))


@pytest.mark.parametrize("word", ["anything", "12345678", "1.2345e-300", "abc", "x", "", "k1"])
def test_a_word_of_answers_is_no_key(word: str) -> None:
    """A key that somebody made up for a simulator takes no words or numbers out of answers."""
    text = f"{word} and {word}"
    assert Secret.of(word).hidden(text) == text
