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


LOCAL = "{id: say, provider: openai, model: eyes, prompt: What?}"
SERVER_KEY = "sk-canary-0123456789"


def listing(*names: str, owner: str = "me", **more: object) -> tuple[int, object]:
    """A list of models as OpenAI's protocol has it."""
    models = [{"id": name, "object": "model", "owned_by": owner, **more} for name in names]
    return 200, {"object": "list", "data": models}


def test_a_server_of_ones_own_is_asked_for_its_models(folder: Path, service: Any) -> None:
    """At the address that a run asks, with its /v1; Gemini and its key are no part of it."""
    service.tell(listing("eyes", "ears", owner="vllm", max_model_len=32768))
    code, checks = found(write(folder, LOCAL), "--base-url", f"{service.url}/v1")
    assert code == 0
    (asked,) = service.requests
    assert asked.path == "/v1/models"
    assert not {"x-goog-api-key", "authorization"} & set(map(str.lower, asked.headers))
    said = checks["server"][0]["says"]
    assert said.startswith(f"vLLM answers at {service.url}/v1 after ")
    assert said.endswith(" s, and lists 2 models; it wants no key for that")
    assert [finding["says"] for finding in checks["model"]] == [
        "eyes is there; its context: 32,768 tokens"
    ]
    assert [finding["says"] for finding in checks["address"]] == [
        f"{service.url}/v1 (for `provider: openai`)"
    ]
    assert not {"service", "api version", "clock"} & checks.keys()


@pytest.mark.parametrize(
    ("answer", "level", "says", "do"),
    [
        (listing("eyes"), "ok", "eyes is there", ""),
        (listing("eyes:latest", owner="library"), "ok", "eyes is there", ""),
        (listing("ears", owner="library"), "fail", "eyes is not there; there are ears", "ollama pull eyes"),
        ((200, {"object": "list", "data": None}), "fail", "eyes is not there", "ollama pull eyes"),
        (listing(*"abcdefg"), "fail", "eyes is not there; there are a, b, c, d, e and 2 more", "write a name that it lists"),
        (listing("eyes-8b", "eyess"), "fail", "eyes is not there; there are eyes-8b, eyess", "did you mean eyess?"),
        (listing("x", owner="vllm"), "fail", "eyes is not there; there are x", "write a name that it lists, or start it with --served-model-name eyes"),
        (listing("m.gguf", owner="llamacpp"), "warn", "llama.cpp was started with m.gguf, and answers by any name, such as eyes", "write its own name, so that results tell it"),
    ],
)  # fmt: skip
def test_whether_a_server_has_the_model(
    folder: Path, service: Any, answer: object, level: str, says: str, do: str
) -> None:
    """What it lists, and how a model gets there with the server that answers."""
    service.tell(answer)
    code, checks = found(write(folder, LOCAL), "--base-url", f"{service.url}/v1")
    (told,) = checks["model"]
    assert (told["level"], told["says"], told["do"] or "") == (level, says, do)
    assert code == (2 if level == "fail" else 0)


@pytest.mark.parametrize(
    ("path", "answer", "level", "says", "do"),
    [
        ("/v1", (401, {"error": {"message": "no key"}}), "fail", "it wants a key: no key", "set OPENAI_API_KEY"),
        ("", (404, {"detail": "Not Found"}), "fail", "no list of models at ", "the address goes up to its /v1: "),
        ("/v1", (404, b""), "warn", "no list of models at ", "try it with --limit 1"),
        ("/v1", (500, {"error": {"message": "oops"}}), "fail", "the service has trouble: oops", "try again"),
        ("/v1", (200, {"hello": 1}), "fail", "something else answers: the answer is no list", "a login page"),
        ("/v1", "html", "fail", "something else answers: a page", "a login page"),
        ("/v1", "closed_before", "fail", "the connection broke", "is it running"),
    ],
)  # fmt: skip
def test_a_server_that_does_not_work_is_told(
    folder: Path, service: Any, path: str, answer: object, level: str, says: str, do: str
) -> None:
    """Each in its own words, with what to do."""
    service.tell(answer)
    code, checks = found(write(folder, LOCAL), "--base-url", f"{service.url}{path}")
    (told,) = checks["server"]
    assert (told["level"], told["says"][: len(says)]) == (level, says)
    assert told["do"].startswith(do)
    assert (code, "model" in checks) == (2 if level == "fail" else 0, False)


def test_a_server_that_does_not_run(folder: Path) -> None:
    """Who usually listens at that port, and how it is started."""
    _, checks = found(write(folder, LOCAL), "--base-url", "http://127.0.0.9:11434/v1")
    (told,) = checks["server"]
    assert (told["level"], told["do"]) == (
        "fail",
        "is it running? Ollama is started with `ollama serve`",
    )


def test_the_key_of_a_server(folder: Path, service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is sent there, and Gemini's is not; one that is not taken is told."""
    (folder / ".env").write_text(f"OPENAI_API_KEY={SERVER_KEY}\n")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{service.url}/v1")
    service.tell((401, {"error": {"message": f"bad key {SERVER_KEY}"}}))
    told = doctor(write(folder, LOCAL))
    assert SERVER_KEY not in told.output
    assert "the key is not taken: bad key [key]" in told.stdout
    assert f"OPENAI_API_KEY, from .env: {len(SERVER_KEY)} characters" in told.stdout
    (asked,) = service.requests
    assert asked.headers["authorization"] == f"Bearer {SERVER_KEY}"


def test_without_an_address_of_the_server(folder: Path, no_socket: None) -> None:
    """Nothing is asked, and what the addresses usually are is told."""
    code, checks = found(write(folder, LOCAL))
    (told,) = checks["address"]
    assert (code, told["level"], "http://127.0.0.1:11434/v1 (Ollama)" in told["do"]) == (
        2,
        "fail",
        True,
    )


def test_both_services_are_asked(
    folder: Path, service: Any, served: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each at its own address; one on the command line could be either's, as in a run."""
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", served(frozenset({KEY})))
    monkeypatch.setenv("OPENAI_BASE_URL", f"{service.url}/v1")
    file = write(
        folder,
        "{id: see, prompt: What?}\n  - {id: say, provider: openai, model: eyes, prompt: Why?}",
    )
    service.tell(listing("eyes"))
    code, checks = found(file)
    assert (code, levels(checks, "service"), levels(checks, "server")) == (0, ["ok"], ["ok"])
    assert [each["says"].split()[0] for each in checks["model"]] == ["gemini-3.5-flash", "eyes"]
    code, checks = found(file, "--offline", "--base-url", "http://127.0.0.9:9")
    assert (code, levels(checks, "address")) == (2, ["ok", "fail", "ok"])
    assert checks["address"][1]["says"].startswith("this workflow asks two services: set ")
