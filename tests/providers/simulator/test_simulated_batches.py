"""Batches: they wait, run and are done as the clock goes on."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from runner.providers.simulator.commands import planned

MODEL = "gemini-3.5-flash"
CREATE = f"/v1/models/{MODEL}:batchGenerateContent"


def question(text: str, *images: bytes) -> dict[str, object]:
    parts: list[object] = [{"text": text}]
    parts += [
        {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(image).decode()}}
        for image in images
    ]
    return {"contents": [{"role": "user", "parts": parts}]}


def inline(*requests: tuple[str, object]) -> dict[str, object]:
    listed = [{"request": request, "metadata": {"key": key}} for key, request in requests]
    return {"batch": {"displayName": "d", "inputConfig": {"requests": {"requests": listed}}}}


def test_a_job_waits_runs_and_is_done(ask: Any, three: bytes, clock: Any) -> None:
    """With an answer or an error for each request, in their order."""
    body = inline(("good", question("How many? Answer with just a number.", three)), ("bad", {}))
    created = ask("POST", CREATE, body).json
    assert created == {
        "name": "batches/sim-000001",
        "metadata": {
            "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
            "model": f"models/{MODEL}",
            "displayName": "d",
            "state": "BATCH_STATE_PENDING",
            "name": "batches/sim-000001",
            "createTime": "2026-11-20T17:40:00Z",
            "updateTime": "2026-11-20T17:40:00Z",
            "batchStats": {"requestCount": "2", "pendingRequestCount": "2"},
        },
    }
    path = "/v1/batches/sim-000001"
    clock.forward(seconds=1)
    assert ask("GET", path).json["metadata"]["state"] == "BATCH_STATE_RUNNING"
    clock.forward(seconds=1)
    done = ask("GET", path).json
    assert (done["done"], done["metadata"]["state"]) == (True, "BATCH_STATE_SUCCEEDED")
    good, bad = done["metadata"]["output"]["inlinedResponses"]["inlinedResponses"]
    assert good["metadata"] == {"key": "good"}
    assert good["response"]["candidates"][0]["content"]["parts"][0]["text"] == "3"
    assert bad == {
        "error": {
            "code": 400,
            "message": "* GenerateContentRequest.contents: contents is not specified",
        },
        "metadata": {"key": "bad"},
    }
    assert done["metadata"]["batchStats"] == {
        "requestCount": "2",
        "successfulRequestCount": "1",
        "failedRequestCount": "1",
    }
    assert ask("GET", path).json == done
    assert ask("GET", "/simulator/state").json["billed_answers"] == 1


def test_a_job_from_a_file_answers_into_a_file(ask: Any, three: bytes, clock: Any) -> None:
    """JSON lines in, JSON lines out, with the authors' keys."""
    lines = [
        json.dumps(
            {"key": key, "request": question("How many? Answer with just a number.", *images)}
        )
        for key, images in (("a", (three,)), ("b", ()))
    ]
    sent = {
        "X-Goog-Upload-Protocol": "resumable",
        "X-Goog-Upload-Command": "start",
        "X-Goog-Upload-Header-Content-Type": "jsonl",
    }
    started = ask("POST", "/upload/v1/files", {"file": {"name": "files/in"}}, sent)
    session = started.headers["x-goog-upload-url"].split("upload_id=")[1].split("&")[0]
    finish = {"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0"}
    ask("POST", "/upload/v1/files", "\n".join(lines).encode(), finish, upload_id=session)
    body = {"batch": {"displayName": "d2", "inputConfig": {"fileName": "files/in"}}}
    name = ask("POST", CREATE, body).json["name"]
    clock.forward(seconds=2)
    done = ask("GET", f"/v1/{name}").json
    file = done["metadata"]["output"]["responsesFile"]
    content = ask("GET", f"/v1/{file}:download", alt="media").content
    answers = {line["key"]: line["response"] for line in map(json.loads, content.splitlines())}
    texts = {key: a["candidates"][0]["content"]["parts"][0]["text"] for key, a in answers.items()}
    assert texts == {"a": "3", "b": "0"}


def test_jobs_are_listed_without_their_answers_and_deleted(ask: Any, clock: Any) -> None:
    """The newest first."""
    for i in range(3):
        ask("POST", CREATE, inline((f"k{i}", question("x"))))
    clock.forward(seconds=2)
    listed = ask("GET", "/v1/batches", pageSize="2").json
    assert [job["name"] for job in listed["operations"]] == [
        "batches/sim-000003",
        "batches/sim-000002",
    ]
    assert all("output" not in job["metadata"] for job in listed["operations"])
    assert ask("DELETE", "/v1/batches/sim-000003").json == {}
    assert ask("GET", "/v1/batches/sim-000003").status == 404


def test_a_job_is_cancelled_before_it_is_done(ask: Any, clock: Any) -> None:
    """Then nothing is billed."""
    name = ask("POST", CREATE, inline(("k", question("x")))).json["name"]
    assert ask("POST", f"/v1/{name}:cancel").json == {}
    clock.forward(seconds=5)
    job = ask("GET", f"/v1/{name}").json
    assert (job["done"], job["metadata"]["state"]) == (True, "BATCH_STATE_CANCELLED")
    assert ask("GET", "/simulator/state").json["billed_answers"] == 0


def test_a_job_that_cannot_be_read_is_refused(ask: Any) -> None:
    """No requests, a file that is not there, more than 20 MB inline."""
    empty = {"batch": {"inputConfig": {"requests": {"requests": []}}}}
    assert ask("POST", CREATE, empty).status == 400
    assert ask("POST", CREATE, {"batch": {"inputConfig": {"fileName": "files/none"}}}).status == 403
    assert ask("POST", CREATE, {"batch": {"inputConfig": {"file": "x"}}}).status == 400
    large = inline(("k", question("x" * 20_000_001)))
    assert ask("POST", CREATE, large).status == 400


def test_a_job_that_is_not_over_after_two_days_expires(ask: Any, clock: Any, desk: Any) -> None:
    """Without answers, and nothing is billed."""
    desk.batches.running = timedelta(hours=50)
    name = ask("POST", CREATE, inline(("k", question("x")))).json["name"]
    clock.forward(seconds=47 * 3600)
    assert ask("GET", f"/v1/{name}").json["metadata"]["state"] == "BATCH_STATE_RUNNING"
    clock.forward(seconds=3600)
    job = ask("GET", f"/v1/{name}").json
    assert (job["done"], job["metadata"]["state"]) == (True, "BATCH_STATE_EXPIRED")
    assert "output" not in job["metadata"]
    assert ask("GET", "/simulator/state").json["billed_answers"] == 0


def test_a_job_that_is_cancelled_while_it_runs_keeps_what_it_has_answered(
    ask: Any, clock: Any
) -> None:
    """Half of it."""
    asked = [(f"k{i}", question("x")) for i in range(4)]
    name = ask("POST", CREATE, inline(*asked)).json["name"]
    clock.forward(seconds=1.5)
    ask("POST", f"/v1/{name}:cancel")
    job = ask("GET", f"/v1/{name}").json
    assert job["metadata"]["state"] == "BATCH_STATE_CANCELLED"
    answers = job["metadata"]["output"]["inlinedResponses"]["inlinedResponses"]
    assert [answer["metadata"]["key"] for answer in answers] == ["k0", "k1"]
    assert ask("GET", "/simulator/state").json["billed_answers"] == 2


def test_one_request_of_a_job_may_be_refused(ask: Any, clock: Any) -> None:
    """By a marker in its prompt: then it has an error, and is not billed."""
    asked = [("a", question("x [[simulate: overloaded]]")), ("b", question("x"))]
    name = ask("POST", CREATE, inline(*asked)).json["name"]
    clock.forward(seconds=2)
    output = ask("GET", f"/v1/{name}").json["metadata"]["output"]
    first, second = output["inlinedResponses"]["inlinedResponses"]
    assert first["error"]["code"] == 503
    assert "response" in second


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ("batch-failed", "BATCH_STATE_FAILED"),
        ("batch-expired", "BATCH_STATE_EXPIRED"),
        ("batch-cancelled", "BATCH_STATE_CANCELLED"),
        ("batch-slow:60", "BATCH_STATE_RUNNING"),
    ],
)
def test_a_plan_says_what_becomes_of_jobs(
    ask: Any, clock: Any, desk: Any, fault: str, state: str
) -> None:
    """Jobs are counted apart: the second one is as usual."""
    desk.plan = (planned(f"{fault}:first=1"),)
    names = [ask("POST", CREATE, inline(("k", question("x")))).json["name"] for _ in range(2)]
    clock.forward(seconds=3)
    states = [ask("GET", f"/v1/{name}").json["metadata"]["state"] for name in names]
    assert states == [state, "BATCH_STATE_SUCCEEDED"]


def test_a_job_may_not_be_taken_at_all(ask: Any, desk: Any) -> None:
    """As when too many tokens wait already."""
    desk.plan = (planned("batch-full:first=1"),)
    refused = ask("POST", CREATE, inline(("k", question("x"))))
    assert (refused.status, refused.json["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert ask("POST", CREATE, inline(("k", question("x")))).status == 200


def test_a_batch_is_worked_out_once_whoever_asks_meanwhile(
    ask: Any, three: bytes, clock: Any, service: Any
) -> None:
    """Polls that come while it is worked out wait for the same answers; one who goes away stops
    nothing. Each answer is billed once."""
    requests = [(f"k{i}", question(f"{i}: what is there?", three)) for i in range(3)]
    path = f"/v1/{ask('POST', CREATE, inline(*requests)).json['name']}"
    clock.forward(seconds=2)

    async def poll() -> Any:
        headers = {"Host": "127.0.0.1:8080", "X-Goog-Api-Key": ask.key}
        reply = await service.respond("GET", path, {}, headers, b"")
        return json.loads(b"".join(reply.pieces))

    async def three_polls_of_which_one_goes_away() -> list[Any]:
        polls = [asyncio.create_task(poll()) for _ in range(3)]
        while not service.desk.batches.at_work:  # noqa: ASYNC110 - it is no event of the test
            await asyncio.sleep(0)
        polls[0].cancel()
        return await asyncio.gather(*polls[1:])

    first, second = asyncio.run(three_polls_of_which_one_goes_away())
    assert first == second
    assert first["metadata"]["batchStats"]["successfulRequestCount"] == "3"
    assert ask("GET", "/simulator/state").json["billed_answers"] == 3
