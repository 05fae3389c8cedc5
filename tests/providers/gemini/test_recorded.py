"""What the provider asks, recorded and replayed: both endpoints, long answers, and misses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.transport.recording import Recordings
from runner.values.image import DataOrigin, Image
from runner.values.request import Family, ImagePart, Part, Request, Settings, TextPart
from runner.values.response import Failure, Response

SCHEMA = {"type": "object", "properties": {"count": {"type": "integer"}}}
CAT = Image("cat.jpg", "image", DataOrigin(b"\xff\xd8\xff a cat"), "image/jpeg", sha256="c" * 64)
DOG = replace(CAT, name="dog.jpg", origin=DataOrigin(b"\xff\xd8\xff a dog"), sha256="d" * 64)

QUESTION = Request(
    "interactions",
    "gemini-3.5-flash",
    (TextPart("How many whiskers are in the image?"), ImagePart(CAT)),
    system="You count.",
    settings=Settings(thinking="low", temperature=0.5),
    schema=SCHEMA,
)


ANSWER = {
    "status": "completed",
    "steps": [{"type": "model_output", "content": [{"type": "text", "text": "24"}]}],
    "candidates": [{"content": {"parts": [{"text": "24"}]}}],
}
"""Read by either endpoint."""


def recorded(ask: Any, folder: Path, *requests: Request) -> list[Response | Failure]:
    """Asks and records."""
    recordings = Recordings.open(folder, "new")
    try:
        return [ask(request, wrap=recordings.transport) for request in requests]
    finally:
        recordings.close()


def replayed(ask: Any, folder: Path, request: Request) -> Response | Failure:
    """Asks the recordings, without a key."""
    recordings = Recordings.open(folder, "none")
    answer: Response | Failure = ask(request, key=None, transport=recordings.transport(None))
    return answer


def same(answer: Response | Failure) -> Response | Failure:
    """The answer without the time that it took."""
    return replace(answer, seconds=0.0)


@pytest.mark.parametrize("family", ["interactions", "generate_content"])
def test_a_replay_is_the_same_response(
    family: Family, capture: Any, ask: Any, tmp_path: Path
) -> None:
    """Read from the same bytes by the same reader; the service is asked once."""
    capture.tell(ANSWER)
    question = replace(QUESTION, family=family, model="gemini-2.5-flash")
    (before,) = recorded(ask, tmp_path, question)
    assert isinstance(before, Response)
    assert same(replayed(ask, tmp_path, question)) == same(before)
    assert len(capture.received) == 1


def test_a_long_answer_is_replayed_in_all_its_parts(capture: Any, ask: Any, tmp_path: Path) -> None:
    """Each part is an exchange of its own, told apart by the token that asks for it."""
    steps = [{"type": "model_output", "content": [{"type": "text", "text": "one "}]}]
    part = {"status": "requires_continuation", "steps": steps}
    capture.tell({**part, "continuation_token": "A"})
    capture.tell({**part, "continuation_token": "B"})
    capture.tell({"status": "completed", "steps": steps})
    (before,) = recorded(ask, tmp_path, QUESTION)
    assert isinstance(before, Response)
    assert before.text == "one one one "
    assert len((tmp_path / "recordings.jsonl").read_text().splitlines()) == 3
    assert same(replayed(ask, tmp_path, QUESTION)) == same(before)


def test_a_recording_holds_the_question_and_no_image(
    capture: Any, ask: Any, tmp_path: Path
) -> None:
    """What was asked can be read in it; an image is a digest."""
    capture.tell(ANSWER)
    recorded(ask, tmp_path, QUESTION)
    line = json.loads((tmp_path / "recordings.jsonl").read_text())
    image = line["request"]["input"][0]["content"][1]
    digest = hashlib.sha256(b"\xff\xd8\xff a cat").hexdigest()
    assert image == {
        "type": "image",
        "mime_type": "image/jpeg",
        "data": {"sha256": digest, "bytes": 9, "mime": "image/jpeg"},
    }
    assert (line["repeat"], line["request_key"]) == (1, QUESTION.key)


def test_an_image_that_is_encoded_otherwise_is_still_the_same(
    capture: Any, ask: Any, tmp_path: Path
) -> None:
    """The key says what was asked; another version of an encoder makes other bytes of it."""
    capture.tell(ANSWER)
    recorded(ask, tmp_path, QUESTION)
    again = replace(CAT, origin=DataOrigin(b"\xff\xd8\xff the same cat"))
    request = with_prompt("How many whiskers are in the image?", ImagePart(again))
    assert request.key == QUESTION.key
    assert isinstance(replayed(ask, tmp_path, request), Response)
    for other in (replace(request, repeat=2), replace(request, model="gemini-2.5-flash")):
        assert isinstance(replayed(ask, tmp_path, other), Failure)


def changed(**fields: Any) -> Request:
    return replace(QUESTION, **fields)


def with_settings(**fields: Any) -> Request:
    return replace(QUESTION, settings=replace(QUESTION.settings, **fields))


def with_prompt(text: str, *rest: Part) -> Request:
    return replace(QUESTION, parts=(TextPart(text), *(rest or QUESTION.parts[1:])))


MISSES: Mapping[str, tuple[Request, str]] = {
    "prompt": (
        with_prompt("How many tails are in the image?"),
        "the prompt differs: recorded: 'How many whiskers are in the image?',"
        " now: 'How many tails are in the image?'",
    ),
    "end of the prompt": (
        with_prompt("How many whiskers are in the image? Count twice."),
        "the prompt differs: recorded: '…any whiskers are in the image?',"
        " now: '…any whiskers are in the image? Count twice.'",
    ),
    "system": (
        changed(system="You guess."),
        "`system` differs: recorded: 'You count.', now: 'You guess.'",
    ),
    "image": (
        with_prompt("How many whiskers are in the image?", ImagePart(DOG)),
        "the image dog.jpg (sha256 76216d7b…) is not the recorded one (e336d829…)",
    ),
    "two images": (
        with_prompt("How many whiskers are in the image?", ImagePart(CAT), ImagePart(DOG)),
        "2 images are sent, recorded 1",
    ),
    "setting": (with_settings(temperature=0.2), "`temperature` is 0.2, recorded 0.5"),
    "setting added": (with_settings(seed=7), "`seed` is 7, recorded without it"),
    "setting left out": (with_settings(temperature=None), "`temperature` is not set, recorded 0.5"),
    "level of thinking": (with_settings(thinking="high"), "`thinking` is high, recorded low"),
    "resolution": (
        with_settings(media_resolution="high"),
        "`media_resolution` is high, recorded without it",
    ),
    "schema": (
        changed(schema={"type": "object", "properties": {"count": {"type": "number"}}}),
        "the schema differs at `properties.count.type`",
    ),
    "no schema": (changed(schema=None), "no schema is sent, one is recorded"),
    "model": (
        changed(model="gemini-3.6-flash"),
        "the model is gemini-3.6-flash, recorded gemini-3.5-flash",
    ),
    "repeat": (changed(repeat=2), "it is repeat 2, recorded is repeat 1"),
    "endpoint": (
        changed(family="generate_content"),
        "it went to /v1beta/interactions, this one goes to /v1beta/models/…:generateContent",
    ),
    "much": (
        replace(with_settings(temperature=0.2, seed=7), system=None, model="m"),
        "the model is m, recorded gemini-3.5-flash; `system` differs: recorded: 'You count.',"
        " now: ''; `seed` is 7, recorded without it; and 1 more",
    ),
}


@pytest.mark.parametrize("change", MISSES)
def test_a_miss_names_what_differs(change: str, capture: Any, ask: Any, tmp_path: Path) -> None:
    """In the words of the workflow; the service is not asked, the run goes on."""
    capture.tell(ANSWER)
    recorded(ask, tmp_path, QUESTION)
    request, differs = MISSES[change]
    failure = replayed(ask, tmp_path, request)
    assert isinstance(failure, Failure)
    assert failure.message == (
        f"this request is not recorded; the nearest is {tmp_path}/recordings.jsonl:1: {differs}"
    )
    assert (failure.kind, failure.stops_run, failure.maybe_billed) == ("not_recorded", False, False)
    assert len(capture.received) == 1


def test_the_words_are_the_same_for_the_other_endpoint(
    capture: Any, ask: Any, tmp_path: Path
) -> None:
    """Its names on the wire are other ones."""
    capture.tell(ANSWER)
    question = replace(QUESTION, family="generate_content")
    recorded(ask, tmp_path, question)
    other = replace(
        question,
        settings=Settings(thinking="high", temperature=0.5, top_p=0.9, media_resolution="low"),
    )
    failure = replayed(ask, tmp_path, other)
    assert isinstance(failure, Failure)
    assert failure.message.partition("recordings.jsonl:1: ")[2] == (
        "`media_resolution` is low, recorded without it; `thinking` is high, recorded low;"
        " `top_p` is 0.9, recorded without it"
    )


def test_the_nearest_is_the_one_with_the_same_image(capture: Any, ask: Any, tmp_path: Path) -> None:
    """Then the one with the prompt most like it."""
    capture.tell(ANSWER)
    dog = with_prompt("How many tails are in the image?", ImagePart(DOG))
    cats = [with_prompt("What colour is it?"), with_prompt("How many whiskers are there?")]
    recorded(ask, tmp_path, dog, *cats)
    lines = (tmp_path / "recordings.jsonl").read_text().splitlines()
    (place,) = (n for n, line in enumerate(lines, 1) if "whiskers are there" in line)
    failure = replayed(ask, tmp_path, with_prompt("How many tails are there?"))
    assert isinstance(failure, Failure)
    assert failure.message.partition(f"recordings.jsonl:{place}: ")[2] == (
        "the prompt differs: recorded: 'How many whiskers are there?',"
        " now: 'How many tails are there?'"
    )


def test_a_miss_shows_no_key(capture: Any, ask: Any, tmp_path: Path) -> None:
    """Not even one that somebody wrote into a prompt."""
    capture.tell(ANSWER)
    recorded(ask, tmp_path, with_prompt("AIzaSyA-someone-else-wrote-this-0123456"))
    failure = replayed(ask, tmp_path, with_prompt("AIzaSyB-someone-else-wrote-this-0123456"))
    assert isinstance(failure, Failure)
    assert "someone" not in failure.message
