"""`askpix doctor`: what it says of a service that works, and of every way in which one does not."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from runner.cli import group

KEY = "AIzaCANARY-0123456789-canary-9876543210"
"""39 letters: of the usual form."""

KIT = Path(__file__).parents[1] / "faults" / "server.py"

MODEL = {
    "name": "models/gemini-3.5-flash",
    "inputTokenLimit": 1048576,
    "outputTokenLimit": 65536,
    "supportedGenerationMethods": ["generateContent", "countTokens"],
}


@pytest.fixture
def service() -> Iterator[Any]:
    """A service on a raw socket that does what it is told."""
    spec = importlib.util.spec_from_file_location("tests_faults_server", KIT)
    assert spec is not None
    assert spec.loader is not None
    kit = sys.modules.get(spec.name) or importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = kit
    if not hasattr(kit, "serving"):
        spec.loader.exec_module(kit)
    with kit.serving() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    for name in ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return tmp_path


def doctor(*arguments: str) -> Result:
    line = ["doctor", *arguments]
    told = CliRunner().invoke(group, line, catch_exceptions=False, standalone_mode=False)
    assert KEY not in told.output
    return told


def found(*arguments: str) -> tuple[int, Mapping[str, list[Mapping[str, str]]]]:
    """The exit code, and the findings by their checks."""
    told = doctor("--format", "json", *arguments)
    page = json.loads(told.stdout)
    assert page["exit_code"] == told.return_value
    checks: dict[str, list[Mapping[str, str]]] = {}
    for finding in page["checks"]:
        checks.setdefault(finding["check"], []).append(finding)
    return told.return_value, checks


def levels(checks: Mapping[str, list[Mapping[str, str]]], check: str) -> list[str]:
    return [finding["level"] for finding in checks[check]]


def write(folder: Path, steps: str, more: str = "") -> str:
    text = f"version: 1\nimages: '*.png'\nsteps:\n  - {steps}\n{more}"
    (folder / "w.workflow.yaml").write_text(text)
    return "w.workflow.yaml"


def test_all_is_well(folder: Path, served: Callable[..., str]) -> None:
    """Over HTTP against the simulator, with the key that it takes: exit code 0."""
    told = doctor("--base-url", served(frozenset({KEY})))
    assert told.return_value == 0
    lines = told.stdout.splitlines()
    assert [line[6:17].strip() for line in lines if line.startswith(("ok ", "warn", "FAIL"))] == [
        *("python", "packages", "extras", "key", "address", "api version", "service", "clock"),
        *("model", "codecs", "out folder", "cache", "terminal", "open files"),
    ]
    assert "FAIL" not in told.stdout
    assert "gemini-3.5-flash takes generateContent; tokens: 1,048,576 in, 65,536 out" in told.stdout


def test_the_models_of_a_workflow_are_asked_for(folder: Path, served: Callable[..., str]) -> None:
    """Those of a matrix too; one that is not there is a failure, with the close name."""
    file = write(
        folder,
        "{id: say, prompt: What?}",
        "matrix: {model: [gemini-2.5-flash, gemini-3.5-falsh]}\n",
    )
    code, checks = found(file, "--base-url", served())
    there, missing = checks["model"]
    assert (code, there["level"], missing["level"]) == (2, "ok", "fail")
    assert missing["says"] == "gemini-3.5-falsh is not there for this key"
    assert missing["do"] == "did you mean gemini-3.5-flash?"


def test_a_key_that_the_service_does_not_take(folder: Path, served: Callable[..., str]) -> None:
    """The service's own words, and where keys are made."""
    code, checks = found("--base-url", served(frozenset({"another-key-1"})))
    (told,) = checks["service"]
    assert (code, told["level"]) == (2, "fail")
    assert told["says"] == ("the key is not taken: API key not valid. Please pass a valid API key.")
    assert "aistudio.google.com" in told["do"]
    assert levels(checks, "clock") == ["ok"]


LIMIT = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "slower"}}
DAILY = {
    "error": {
        **LIMIT["error"],
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [{"quotaId": "RequestsPerDay", "quotaValue": "5"}],
            }
        ],
    }
}


@pytest.mark.parametrize(
    ("answer", "level", "says"),
    [
        ((429, LIMIT), "warn", "the key works, but too much was asked: slower"),
        ((429, DAILY), "fail", "the key works, but its quota is used up: slower"),
        ((500, {"error": {"message": "oops"}}), "fail", "the service has trouble: oops"),
        ((503, b"<html>busy</html>"), "fail", "the service has trouble: HTTP 503"),
        ((404, b""), "fail", "no Gemini API there: HTTP 404"),
        ((403, {"error": {"message": "leaked"}}), "fail", "the key is not taken: leaked"),
        ("html", "fail", "something else answers: a page instead of the answer"),
        ("redirect", "fail", "something else answers: the service answered with a redirect"),
        ("empty", "fail", "something else answers: an empty answer"),
        ((200, {"hello": 1}), "fail", "something else answers: the answer is no list of models"),
        ("garbage", "fail", "something else answers: the service does not speak HTTP"),
        ("closed_before", "fail", "the connection broke"),
        ("truncated", "fail", "the connection broke"),
    ],
)
def test_a_service_that_does_not_work_is_told(
    folder: Path, service: Any, answer: object, level: str, says: str
) -> None:
    """Each in its own words, with what to do; nothing is asked for after the list. A limit that passes
    is a warning."""
    service.tell(answer)
    code, checks = found("--base-url", service.url)
    (told,) = checks["service"]
    assert (told["level"], told["says"].startswith(says), bool(told["do"])) == (level, True, True)
    assert code == (2 if level == "fail" else 0)
    assert {request.path for request in service.requests} == {"/v1beta/models?pageSize=1000"}
    assert "model" not in checks


def test_where_nobody_listens(folder: Path) -> None:
    """No connection: exit code 2."""
    code, checks = found("--base-url", "http://127.0.0.9:9")
    (told,) = checks["service"]
    assert (code, told["level"], told["says"].startswith("no connection")) == (2, "fail", True)


@pytest.mark.parametrize(
    ("off", "level", "says"),
    [
        (timedelta(seconds=60), "ok", "within 120 s of the service's"),
        (timedelta(minutes=-10), "warn", "this machine is 10 minutes behind the service"),
        (timedelta(hours=5), "warn", "this machine is 5 hours ahead of the service"),
        (timedelta(days=400), "warn", "this machine is 400 days ahead of the service"),
    ],
)
def test_a_clock_that_is_wrong_is_told(
    folder: Path, service: Any, off: timedelta, level: str, says: str
) -> None:
    """By the Date of the answer: more than two minutes are a warning, and no failure."""
    theirs = format_datetime(datetime.now(UTC) - off, usegmt=True)
    service.tell((200, {"models": [MODEL]}, f"Date: {theirs}"))
    code, checks = found("--base-url", service.url)
    assert (code, levels(checks, "clock"), checks["clock"][0]["says"]) == (0, [level], says)


@pytest.mark.parametrize("date", ["", "Date: yesterday"])
def test_a_clock_that_nobody_told_is_not_judged(folder: Path, service: Any, date: str) -> None:
    """Not told, or not understood."""
    service.tell((200, {"models": [MODEL]}, *([date] if date else [])))
    assert levels(found("--base-url", service.url)[1], "clock") == ["skip"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ["ok"]),
        ({"supportedGenerationMethods": ["embedContent"]}, ["fail"]),
        ({"supportedGenerationMethods": "all"}, ["fail"]),
        ({"inputTokenLimit": 4096}, ["ok", "warn"]),
        ({"inputTokenLimit": 4096, "outputTokenLimit": 1}, ["ok", "warn", "warn"]),
        ({"inputTokenLimit": "many"}, ["ok"]),
    ],
)
def test_what_the_service_says_of_a_model(
    folder: Path, service: Any, more: Mapping[str, object], expected: list[str]
) -> None:
    """What it takes, and limits that are not those of the catalogue."""
    service.tell((200, {"models": [{**MODEL, **more}]}))
    assert levels(found("--base-url", service.url)[1], "model") == expected


def test_a_model_that_the_catalogue_does_not_know(folder: Path, service: Any) -> None:
    """It is there, but nobody knows its price."""
    service.tell((200, {"models": [{**MODEL, "name": "models/gemini-99"}]}))
    file = write(folder, "{id: say, model: gemini-99, prompt: What?}")
    assert levels(found(file, "--base-url", service.url)[1], "model") == ["ok", "warn"]


def test_a_model_that_is_not_listed_is_asked_for(folder: Path, service: Any) -> None:
    """Names that move need not be in the list."""
    service.tell((200, {"models": []}), (200, MODEL))
    code, checks = found("--base-url", service.url)
    assert (code, levels(checks, "model")) == (0, ["ok"])
    assert service.requests[1].path == "/v1beta/models/gemini-3.5-flash"


def test_offline_nothing_is_sent(folder: Path, no_socket: None) -> None:
    """The machine is looked at all the same."""
    code, checks = found("--offline")
    assert (code, levels(checks, "service")) == (0, ["skip"])
    assert levels(checks, "codecs") == ["ok"]


def test_without_a_key_nothing_is_sent(
    folder: Path, monkeypatch: pytest.MonkeyPatch, no_socket: None
) -> None:
    """It is said which file was to hold it."""
    monkeypatch.delenv("GEMINI_API_KEY")
    (folder / ".env.txt").write_text(f"GEMINI_API_KEY={KEY}")
    code, checks = found()
    assert (code, levels(checks, "key"), levels(checks, "service")) == (
        2,
        ["warn", "fail"],
        ["skip"],
    )
    assert checks["key"][0]["says"].endswith("but its name must be exactly .env")


def test_a_key_in_a_file_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said which, and that others can read it; the key is nowhere."""
    monkeypatch.delenv("GEMINI_API_KEY")
    (folder / ".env").write_text(f"GEMINI_API_KEY={KEY}\n")
    (folder / ".env").chmod(0o644)
    _, checks = found("--offline")
    key, others = checks["key"]
    assert key["says"] == "GEMINI_API_KEY, from .env: 39 characters, of the usual form"
    assert (others["level"], others["do"].startswith("chmod 600 ")) == ("warn", True)


def test_an_empty_variable_hides_the_one_of_a_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a run sees it: there is no key."""
    monkeypatch.setenv("GEMINI_API_KEY", "")
    (folder / ".env").write_text(f"GEMINI_API_KEY={KEY}\n")
    assert levels(found("--offline")[1], "key")[-1] != "ok"


def test_a_service_that_repeats_the_key_is_not_quoted(folder: Path, service: Any) -> None:
    """In no form: `doctor` above looks for it in all that is printed."""
    service.tell((400, {"error": {"message": f"key {KEY} is bad", "status": "INVALID_ARGUMENT"}}))
    assert "[key]" in doctor("--base-url", service.url).stdout


def test_a_workflow_for_the_simulator_needs_no_service(
    folder: Path, monkeypatch: pytest.MonkeyPatch, no_socket: None
) -> None:
    """And no key."""
    monkeypatch.delenv("GEMINI_API_KEY")
    file = write(folder, "{id: say, provider: simulator, prompt: What?}")
    code, checks = found(file)
    assert (code, levels(checks, "key"), levels(checks, "service")) == (0, ["ok"], ["skip"])


def test_a_workflow_with_mistakes_is_a_failure(folder: Path) -> None:
    """It is said how many, and how to see them; the others are looked at."""
    file = write(folder, "{id: say, promt: What?}")
    code, checks = found(file, "--offline")
    (told,) = checks["workflow"]
    assert (code, told["level"], told["do"]) == (2, "fail", f"askpix validate {file}")


def test_what_a_workflow_wants_is_held_against_the_machine(folder: Path) -> None:
    """More requests in flight than files may be open; a header that changes nothing."""
    file = write(
        folder,
        '{id: say, prompt: What?, headers: {Api-Revision: "2026-05-20"}}',
        "run: {parallel: 200}\n",
    )
    _, checks = found(file, "--offline")
    assert "`parallel: 200` needs about 264" in checks["open files"][0]["says"]
    assert levels(checks, "api version") == ["ok", "warn"]


def test_an_out_folder_that_cannot_be_written_is_a_failure(folder: Path) -> None:
    """A file stands in its place."""
    (folder / "results").write_text("")
    code, checks = found("--offline", "--out", "results")
    assert (code, levels(checks, "out folder")) == (2, ["fail"])
