"""F201–F209: answers that arrive whole over HTTP, and are not what was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

FAMILIES = pytest.mark.parametrize("api", ["interactions", "generate_content"])

CAT = {"label": "cat", "box_2d": [100, 200, 300, 400]}
DOG = {"label": "dog", "box_2d": [500, 600, 700, 800]}
PIXELS = [80.0, 30.0, 160.0, 90.0]
"""The cat in an image of 400 × 300 pixels."""


@pytest.fixture
def answer(fault_kit: Any) -> Any:
    """What a service answers that says this text, and how it ends."""

    def made(api: str, text: str, *, cut: bool = False) -> tuple[int, object]:
        if api == "interactions":
            return 200, fault_kit.interaction(text, "incomplete" if cut else "completed")
        return 200, fault_kit.generated(text, "MAX_TOKENS" if cut else "STOP")

    return made


def boxes(*found: object) -> str:
    """The text of an answer to `schema: boxes`."""
    return json.dumps({"boxes": list(found)})


def why(result: Mapping[str, Any], code: str) -> tuple[str | None, str]:
    """The place and the words of the one issue with this code."""
    (issue,) = [issue for issue in result["issues"] if issue["code"] == code]
    return issue.get("at"), issue["why"]


# --- F201: refused ---------------------------------------------------------------------------

BLOCKED = {"code": "prohibited_content", "message": "Blocked."}
SAID = [{"type": "model_output", "content": [{"type": "text", "text": "I"}]}]

CHANNELS: dict[str, tuple[int, object]] = {
    "http": (400, {"error": BLOCKED}),
    "errors": (200, {"status": "failed", "errors": [BLOCKED]}),
    "model_output": (200, {"status": "failed", "steps": [{"type": "model_output", "error": BLOCKED}]}),
    "steps": (200, {"status": "failed", "steps": [*SAID, {"type": "safety", "error": BLOCKED}]}),
}  # fmt: skip
"""The places where an interaction may say that it was refused; which one is not documented."""


def test_F201_a_refusal_is_found_in_every_place_of_an_interaction(run_each: Any) -> None:
    """Exit code 3: `refused`, with the place and the service's word, asked once: a refusal is no
    error, and asking again would be paid for."""
    told = {name: [reply] for name, reply in CHANNELS.items()}
    done, results, asked = run_each(told, step={"schema": "boxes"}, run={"retries": 3})
    assert (done.exit_code, set(done.statuses)) == (3, {"refused"})
    assert {name: why(result, "refused")[0] for name, result in results.items()} == {
        name: name for name in CHANNELS
    }
    assert all(r["error"].startswith("prohibited_content") for r in results.values())
    assert asked == dict.fromkeys(CHANNELS, 1)
    assert "refused  4" in done.told


def blocked_prompt(reason: str) -> tuple[int, object]:
    return 200, {"promptFeedback": {"blockReason": reason}, "usageMetadata": {}}


def blocked_answer(reason: str, text: str = "") -> tuple[int, object]:
    content = {"parts": [{"text": text}]} if text else {}
    ratings = [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "HIGH"}]
    candidate = {"content": content, "finishReason": reason, "safetyRatings": ratings}
    return 200, {"candidates": [candidate], "modelVersion": "m"}


PROMPT_BLOCKS = ("SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "JAILBREAK")
ANSWER_BLOCKS = (
    *("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"),
    *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "IMAGE_OTHER", "MODEL_ARMOR"),
)


def test_F201_a_refusal_is_found_in_both_places_of_generate_content(run_each: Any) -> None:
    """Exit code 3: `refused` with the place and the service's word, asked once; a prompt that was
    blocked, an answer that was, an answer of which a part is there, and no candidate at all."""
    told = {
        **{f"prompt-{reason}": [blocked_prompt(reason)] for reason in PROMPT_BLOCKS},
        **{f"answer-{reason}": [blocked_answer(reason)] for reason in ANSWER_BLOCKS},
        "part-SAFETY": [blocked_answer("SAFETY", boxes(CAT))],
        "none-no candidates": [(200, {"candidates": [], "usageMetadata": {}})],
    }
    done, results, asked = run_each(told, step={"schema": "boxes", "api": "generate_content"})
    assert (done.exit_code, set(done.statuses)) == (3, {"refused"})
    places = {"prompt": "promptFeedback", "none": "promptFeedback"}
    for name, result in results.items():
        kind, _, reason = name.partition("-")
        at, said = why(result, "refused")
        assert at == places.get(kind, "finishReason")
        assert said.startswith(reason)
        assert (result["answer"], result["detections"]) == (None, [])
    assert asked == dict.fromkeys(told, 1)


# --- F202: cut off ---------------------------------------------------------------------------

CUT = boxes(CAT, DOG)[:-12]


@FAMILIES
def test_F202_an_answer_that_was_cut_off_keeps_its_whole_items(
    service: Any, run: Any, answer: Any, api: str
) -> None:
    """Exit code 3: `truncated` with the one whole item in pixels, asked once: nothing is asked again
    that the file does not say. The message says what may help."""
    service.tell(answer(api, CUT, cut=True))
    step = {"schema": "boxes", "api": api, "max_output_tokens": 100}
    done = run(service.url, step=step, run={"retries": 3})
    assert (done.exit_code, done.statuses, len(service.requests)) == (3, ["truncated"], 1)
    assert done.only["recovered"] == 1
    assert [found["box"] for found in done.only["detections"]] == [PIXELS]
    assert "a higher max_output_tokens may help" in done.only["error"]
    assert "cut off  1" in done.told


@FAMILIES
@pytest.mark.parametrize("text", ["", "{", '{"boxes": ['])
def test_F202_an_answer_cut_off_before_its_first_item_found_nothing_out(
    service: Any, run: Any, answer: Any, api: str, text: str
) -> None:
    """Exit code 3: `truncated` without an answer; never an empty list, which would say that there
    is nothing to be found."""
    service.tell(answer(api, text, cut=True))
    done = run(service.url, step={"schema": "boxes", "api": api})
    assert (done.exit_code, done.statuses, done.only["answer"]) == (3, ["truncated"], None)


def rooms(service: Any, api: str) -> list[int]:
    """The `max_output_tokens` of every request."""
    if api == "interactions":
        return [r.json["generation_config"]["max_output_tokens"] for r in service.requests]
    return [r.json["generationConfig"]["maxOutputTokens"] for r in service.requests]


@FAMILIES
def test_F202_a_cut_off_answer_is_asked_for_again_with_more_room_when_the_file_says_so(
    service: Any, run: Any, answer: Any, api: str
) -> None:
    """Exit code 0 with `on_cut_off: retry`: asked with 100, 200 and 400 tokens until the answer is
    whole; `ok`, with an issue that tells it, and with the tokens of all three."""
    service.tell(answer(api, CUT, cut=True), answer(api, CUT, cut=True))
    service.tell(answer(api, boxes(CAT, DOG)))
    step = {"schema": "boxes", "api": api, "max_output_tokens": 100}
    done = run(service.url, step=step, run={"on_cut_off": "retry"})
    assert (done.exit_code, done.statuses) == (0, ["ok"])
    assert rooms(service, api) == [100, 200, 400]
    told = "an answer before this one was cut off; asked again with more room"
    assert why(done.only, "asked_again")[1] == told
    assert done.only["usage"]["input_tokens"] == 3000


@FAMILIES
def test_F202_an_answer_that_is_cut_off_again_and_again_is_kept(
    service: Any, run: Any, answer: Any, api: str
) -> None:
    """Exit code 3 with `on_cut_off: retry`: three more tries, then `truncated` with what there is."""
    service.tell(answer(api, CUT, cut=True))
    step = {"schema": "boxes", "api": api, "max_output_tokens": 100}
    done = run(service.url, step=step, run={"on_cut_off": "retry"})
    assert (done.exit_code, done.statuses) == (3, ["truncated"])
    assert rooms(service, api) == [100, 200, 400, 800]
    assert [found["box"] for found in done.only["detections"]] == [PIXELS]


@FAMILIES
def test_F202_a_second_try_that_fails_leaves_the_first_answer(
    service: Any, run: Any, answer: Any, api: str
) -> None:
    """Exit code 3: what was paid for is kept as `truncated`, whatever becomes of the next try."""
    service.tell(answer(api, CUT, cut=True), (503, b""))
    step = {"schema": "boxes", "api": api, "max_output_tokens": 100}
    done = run(service.url, step=step, run={"on_cut_off": "retry"})
    assert (done.exit_code, done.statuses) == (3, ["truncated"])
    assert [found["box"] for found in done.only["detections"]] == [PIXELS]
    assert why(done.only, "asked_again")[1].startswith("asked again with more room, which failed: ")


# --- F203 to F206: nothing, or not what was asked for ------------------------------------------

THOUGHT = {"type": "thought", "summary": [{"type": "text", "text": "Let me see."}]}
THOUGHTS: dict[str, tuple[int, object]] = {
    "interactions": (200, {"status": "completed", "steps": [THOUGHT]}),
    "generate_content": (
        200,
        {"candidates": [{"content": {"parts": [{"text": "Let me see.", "thought": True}]}}]},
    ),
}


@FAMILIES
@pytest.mark.parametrize("schema", [None, "boxes"])
def test_F203_an_answer_without_words_is_unreadable(
    run_each: Any, answer: Any, api: str, schema: str | None
) -> None:
    """Exit code 3: `malformed` because the model answered nothing; never `empty`, which says that
    the model looked and found nothing. Thoughts are no answer."""
    told = {
        "empty": [answer(api, "")],
        "blank": [answer(api, " \n\u200b ")],
        "thoughts": [THOUGHTS[api]],
    }
    step = {"api": api, **({"schema": schema} if schema else {})}
    done, results, _ = run_each(told, step=step)
    assert (done.exit_code, set(done.statuses)) == (3, {"malformed"})
    assert {result["error"] for result in results.values()} == {"the model answered nothing"}
    assert done.issues.count("empty_text") == 3


@FAMILIES
def test_F203_an_empty_list_is_an_answer(service: Any, run: Any, answer: Any, api: str) -> None:
    """Exit code 0: `empty`; the model looked, and there is nothing."""
    service.tell(answer(api, boxes()))
    done = run(service.url, step={"schema": "boxes", "api": api})
    assert (done.exit_code, done.statuses) == (0, ["empty"])
    assert done.only["answer"] == {"boxes": []}


FIELDS = {"fields": {"kind": ["ripe", "green"], "count": "integer"}}


@FAMILIES
def test_F204_an_answer_that_breaks_its_schema_names_the_place(
    run_each: Any, answer: Any, api: str
) -> None:
    """Exit code 3: `malformed`, with the path of what is wrong and a sentence."""
    told = {
        "word": {"kind": "blue", "count": 1},
        "type": {"kind": "ripe", "count": "many"},
        "half": {"kind": "ripe", "count": 1.5},
        "missing": {"kind": "ripe"},
    }
    replies = {name: [answer(api, json.dumps(value))] for name, value in told.items()}
    done, results, _ = run_each(replies, step={"api": api, **FIELDS})
    assert (done.exit_code, set(done.statuses)) == (3, {"malformed"})
    places = {name: why(result, "malformed")[0] for name, result in results.items()}
    assert places == {"word": "kind", "type": "count", "half": "count", "missing": None}
    assert "`count`" in results["missing"]["error"]


@FAMILIES
def test_F204_an_item_that_breaks_its_schema_is_left_out(
    service: Any, run: Any, answer: Any, api: str
) -> None:
    """Exit code 0: `partial`; the others are kept, the one is named with its place."""
    service.tell(answer(api, boxes(CAT, {"label": "dog", "box_2d": [1, 2, 3]})))
    done = run(service.url, step={"schema": "boxes", "api": api})
    assert (done.exit_code, done.statuses) == (0, ["partial"])
    assert [found["box"] for found in done.only["detections"]] == [PIXELS]
    assert why(done.only, "item_dropped")[0] == "boxes[1]"


UNREADABLE = {
    "twice": ('{"boxes": [], "boxes": [1]}', 'the key "boxes" stands twice (line 1, column 15)'),
    "twice-inside": (
        '{"boxes": [{"label": "a", "label": "b", "box_2d": [1, 2, 3, 4]}]}',
        'the key "label" stands twice (line 1, column 27)',
    ),
    "nan": (
        '{"boxes": [{"label": "a", "box_2d": [NaN, 2, 3, 4]}]}',
        "NaN is no JSON number (line 1, column 38)",
    ),
    "infinity": (
        '{"boxes": [{"label": "a", "box_2d": [1, 2, 3, -Infinity]}]}',
        "-Infinity is no JSON number (line 1, column 47)",
    ),
    "too-large": (
        '{"boxes": [{"label": "a", "box_2d": [1, 2, 3, 1e999]}]}',
        "the number 1e999 is too large (line 1, column 47)",
    ),
}


@FAMILIES
@pytest.mark.parametrize("kind", ["twice", "twice-inside"])
def test_F205_a_key_that_stands_twice_is_unreadable(
    service: Any, run: Any, answer: Any, kind: str, api: str
) -> None:
    """Exit code 3: `malformed` with the key and its place; the last one does not silently win."""
    service.tell(answer(api, UNREADABLE[kind][0]))
    done = run(service.url, step={"schema": "boxes", "api": api})
    assert (done.exit_code, done.statuses) == (3, ["malformed"])
    assert done.only["error"] == f"the answer is not JSON: {UNREADABLE[kind][1]}"


@FAMILIES
@pytest.mark.parametrize("kind", ["nan", "infinity", "too-large"])
def test_F206_what_is_no_number_becomes_no_pixel(
    service: Any, run: Any, answer: Any, kind: str, api: str
) -> None:
    """Exit code 3: `malformed` with the word and its place, no detection."""
    service.tell(answer(api, UNREADABLE[kind][0]))
    done = run(service.url, step={"schema": "boxes", "api": api})
    assert (done.exit_code, done.statuses, done.only["detections"]) == (3, ["malformed"], [])
    assert done.only["error"] == f"the answer is not JSON: {UNREADABLE[kind][1]}"


# --- F207: what breaks readers and writers -----------------------------------------------------


@FAMILIES
def test_F207_what_breaks_other_readers_is_a_result(run_each: Any, answer: Any, api: str) -> None:
    """Exit code 3: deep and endless JSON is `malformed` or cut off, never a crash, and no number
    silently becomes another one."""
    deep = "[" * 20_000
    digits = '{"kind": "ripe", "count": %s}'
    told = {
        "deep": deep + "]" * 20_000,
        "deep-and-cut": deep,
        "digits-5000": digits % ("9" * 5000),
        "digits-30": digits % ("9" * 30),
    }
    replies = {name: [answer(api, text)] for name, text in told.items()}
    done, results, _ = run_each(replies, step={"api": api, **FIELDS})
    assert done.exit_code == 3
    assert {name: result["status"] for name, result in results.items()} == {
        "deep": "malformed",
        "deep-and-cut": "truncated",
        "digits-5000": "malformed",
        "digits-30": "ok",
    }
    assert "nested more than 200 levels deep" in results["deep"]["error"]
    assert "a number has 5000 digits" in results["digits-5000"]["error"]
    assert results["digits-30"]["answer"]["count"] == int("9" * 30)


@FAMILIES
def test_F207_what_breaks_readers_of_the_whole_answer_is_a_failure(run_each: Any, api: str) -> None:
    """Exit code 3: the same around the model's words, where the service writes, is `failed`."""
    told = {
        "deep": b'{"status": ' + b"[" * 100_000,
        "less-deep": b'{"steps": ' + b"[" * 700 + b"]" * 700 + b"}",
        "digits": b'{"status": ' + b"9" * 5000 + b"}",
    }
    done, results, _ = run_each(
        {name: [(200, body)] for name, body in told.items()}, step={"api": api}
    )
    assert (done.exit_code, set(done.statuses)) == (3, {"failed"})
    assert all(r["error"].startswith("not JSON instead of") for r in results.values())


HALF = "\ud83d"
"""The first half of a cat: no letter, and nothing that UTF-8 can hold."""


def half_letters(api: str, fault_kit: Any) -> dict[str, tuple[int, object]]:
    """Half letters wherever the service may write words."""
    error = {"code": HALF, "status": HALF, "message": f"No {HALF}."}
    text = boxes({**CAT, "label": f"cat {HALF}"})
    whole = fault_kit.interaction(text) if api == "interactions" else fault_kit.generated(text)
    named = {**whole, "model": HALF, "id": HALF, "modelVersion": HALF, "responseId": HALF}
    ended = (
        {**whole, "status": HALF}
        if api == "interactions"
        else {
            "candidates": [{**whole["candidates"][0], "finishReason": HALF, "finishMessage": HALF}]
        }
    )
    unescaped = json.dumps(fault_kit.interaction("a"), ensure_ascii=False).replace(
        '"a"', f'"{HALF}"'
    )
    return {
        "error": (400, {"error": error}),
        "failed": (200, {"status": "failed", "errors": [error], "candidates": [{"finishReason": "OTHER", "finishMessage": HALF}]}),
        "names": (200, named),
        "end": (200, ended),
        "raw": (200, unescaped.encode("utf-8", "surrogatepass")),
        "words": (200, json.loads(json.dumps(whole).replace("\\\\ud83d", "\\ud83d"))),
    }  # fmt: skip


@FAMILIES
def test_F207_half_letters_reach_no_file(run_each: Any, fault_kit: Any, api: str) -> None:
    """Exit code 3: wherever half of a surrogate pair stands, in the model's words, in a name, in an
    error, every file of the run is UTF-8 without it, and says U+FFFD in its place."""
    told = {name: [reply] for name, reply in half_letters(api, fault_kit).items()}
    output = "outputs: [{save: say.boxes, as: csv, to: boxes.csv}]"
    done, results, _ = run_each(told, step={"schema": "boxes", "api": api}, more_of_the_file=output)
    assert {name: result["status"] for name, result in results.items()} == {
        "error": "failed",
        "failed": "failed",
        "raw": "failed",
        "names": "ok",
        "end": "ok",
        "words": "ok",
    }
    assert results["error"]["error"] == "No \ufffd."
    assert results["names"]["detections"][0]["label"] == "cat \ufffd"
    assert done.exit_code == 3
    for path in (path for path in done.folder.rglob("*") if path.suffix != ".sqlite"):
        if path.is_file():
            assert "\\ud83d" not in path.read_text(encoding="utf-8"), path


# --- F208: coordinates -------------------------------------------------------------------------

PLACES = {
    "plain": ([100, 200, 300, 400], PIXELS, []),
    "floats": ([100.0, 200.0, 300.0, 400.0], PIXELS, []),
    "reversed": ([300, 400, 100, 200], PIXELS, ["inverted"]),
    "one-side-reversed": ([300, 200, 100, 400], PIXELS, ["inverted"]),
    "outside": ([-100, 200, 300, 990], [80.0, 0.0, 396.0, 90.0], ["clipped"]),
    "without-extent": ([100, 200, 100, 200], [80.0, 30.0, 80.0, 30.0], ["degenerate"]),
}


@FAMILIES
def test_F208_a_box_is_always_within_the_image(run_each: Any, answer: Any, api: str) -> None:
    """Exit code 0: 100.0 is 100; what is reversed is turned, what is outside is cut at the edge,
    and both are flagged with what the model wrote."""
    replies = {
        name: [answer(api, boxes({"label": "cat", "box_2d": written}))]
        for name, (written, _, _) in PLACES.items()
    }
    done, results, _ = run_each(replies, step={"schema": "boxes", "api": api})
    assert done.exit_code == 0
    for name, (_, pixels, issues) in PLACES.items():
        (found,) = results[name]["detections"]
        assert found["box"] == pixels, name
        assert [issue["code"] for issue in found.get("issues", ())] == issues, name


@FAMILIES
def test_F208_a_whole_float_is_an_integer(run_each: Any, answer: Any, api: str) -> None:
    """Exit code 0: 3.0 is read as 3, and said so; 3.5 is another answer, and `malformed`."""
    told = {"whole": '{"kind": "ripe", "count": 3.0}', "half": '{"kind": "ripe", "count": 3.5}'}
    replies = {name: [answer(api, text)] for name, text in told.items()}
    _, results, _ = run_each(replies, step={"api": api, **FIELDS})
    assert results["whole"]["answer"] == {"kind": "ripe", "count": 3}
    assert why(results["whole"], "whole_number") == ("count", "3.0 was read as 3")
    assert results["half"]["status"] == "malformed"


# --- F209: what nobody knows yet ---------------------------------------------------------------


@FAMILIES
def test_F209_an_unknown_end_is_kept_and_noticed(
    service: Any, run: Any, fault_kit: Any, api: str
) -> None:
    """Exit code 0: the answer is `ok`; the service's word stands in an issue, and the end of the run
    tells it once, with how often."""
    text = boxes(CAT)
    document = (
        fault_kit.interaction(text, "stars_wrong")
        if api == "interactions"
        else fault_kit.generated(text, "STARS_WRONG")
    )
    service.tell((200, document))
    done = run(service.url, images=3, step={"schema": "boxes", "api": api})
    assert (done.exit_code, done.statuses) == (0, ["ok"] * 3)
    _, said = why(done.results[0], "finish_unknown")
    assert "stars_wrong" in said.lower()
    assert done.told.count("finish_unknown 3×") == 1


@FAMILIES
def test_F209_an_unknown_end_without_words_is_told(run_each: Any, fault_kit: Any, api: str) -> None:
    """Exit code 3: `malformed`, and the word of the service, which may say why, is not lost."""
    document = (
        fault_kit.interaction("", "withheld")
        if api == "interactions"
        else fault_kit.generated("", "PUP_LIMITED_DISABLED")
    )
    done, results, _ = run_each({"end": [(200, document)]}, step={"api": api})
    assert (done.exit_code, done.statuses) == (3, ["malformed"])
    assert "which this version does not know" in why(results["end"], "finish_unknown")[1]


@FAMILIES
def test_F209_unknown_fields_change_nothing(service: Any, run: Any, answer: Any, api: str) -> None:
    """Exit code 0: `ok` without an issue, whatever else a later service writes around it."""
    status, document = answer(api, boxes(CAT))
    more = {"new": {"deep": [1, {"text": "not this"}]}, "usage_2": None}
    for place in ("steps", "candidates"):
        for item in document.get(place, ()):
            item["new"] = more
    service.tell((status, {**document, **more}))
    done = run(service.url, step={"schema": "boxes", "api": api})
    assert (done.exit_code, done.statuses, done.issues) == (0, ["ok"], [])
    assert [found["box"] for found in done.only["detections"]] == [PIXELS]


@FAMILIES
def test_F209_strange_counts_cost_nothing(service: Any, run: Any, answer: Any, api: str) -> None:
    """Exit code 0: a number of tokens that is no number of tokens is 0, not the end of a run in
    which the answer was paid for."""
    status, document = answer(api, boxes(CAT))
    for place in ("usage", "usageMetadata"):
        if place in document:
            document[place] = dict.fromkeys(document[place], 10**400)
    service.tell((status, document))
    done = run(service.url, step={"schema": "boxes", "api": api})
    assert (done.exit_code, done.statuses) == (0, ["ok"])
    assert set(done.only["usage"].values()) == {0}


@FAMILIES
def test_a_refusal_in_plain_words_is_refused(service: Any, run: Any, answer: Any, api: str) -> None:
    """Exit code 3: where JSON was asked for, "I'm sorry, but I can't help" is no unreadable answer;
    an answer in plain words is one, and both show them."""
    said = ("I'm sorry, but I can't help with that.", "There is a cat.")
    service.tell(*(answer(api, text) for text in said))
    done = run(service.url, step={"schema": "boxes", "api": api})
    assert (done.exit_code, done.statuses) == (3, ["refused"])
    assert why(done.only, "refused") == ("text", "“I'm sorry, but I can't help with that.”")
    done = run(service.url, "--fresh", step={"schema": "boxes", "api": api})
    assert (done.exit_code, done.statuses) == (3, ["malformed"])


@pytest.mark.parametrize("reason", ["SAFETY", "PROHIBITED_CONTENT"])
def test_a_refusal_told_as_an_http_error_of_generate_content_is_refused(
    service: Any, run: Any, reason: str
) -> None:
    """Exit code 3, asked once: as with Interactions, where the word is the code of the error."""
    told = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]
    error = {"code": 400, "status": "INVALID_ARGUMENT", "message": "Blocked.", "details": told}
    service.tell((400, {"error": error}))
    done = run(service.url, step={"schema": "boxes", "api": "generate_content"})
    assert (done.exit_code, done.statuses, len(service.requests)) == (3, ["refused"], 1)
    assert why(done.only, "refused") == ("http", reason)


@pytest.mark.parametrize(
    ("api", "made", "word"),
    [
        ("interactions", "interaction", "daydreaming"),
        ("generate_content", "generated", "STARS_WRONG"),
    ],
)
def test_an_end_that_nobody_knows_leaves_a_trace(
    service: Any, run: Any, fault_kit: Any, api: str, made: str, word: str
) -> None:
    """Exit code 0: the answer is kept, and an issue carries the service's word."""
    service.tell((200, getattr(fault_kit, made)(boxes(CAT), word)))
    done = run(service.url, step={"schema": "boxes", "api": api})
    assert (done.exit_code, done.statuses, done.issues) == (0, ["ok"], ["finish_unknown"])
    assert f"“{word}”" in why(done.only, "finish_unknown")[1]


def test_no_file_of_a_run_holds_half_a_letter(service: Any, run: Any, fault_kit: Any) -> None:
    """Every text of the service is cleaned: its model, its words, what the model said."""
    text = boxes({**CAT, "label": "c\ud800"})
    service.tell((200, fault_kit.interaction(text, model="m\ud800", id="\udfff")))
    done = run(service.url, step={"schema": "boxes"})
    assert (done.exit_code, done.only["model"]) == (0, "m\ufffd")
    for name in ("results.jsonl", "run.json", "log.jsonl"):
        content = (done.folder / name).read_text(encoding="utf-8")
        assert "\\ud800" not in content.lower()
        assert "\\udfff" not in content.lower()


def test_a_message_of_several_lines_is_told_in_one(service: Any, run: Any) -> None:
    """Exit code 5: no line break of the service, and no escape that stands for one."""
    quota = {"@type": "type.googleapis.com/google.rpc.QuotaFailure",
             "violations": [{"quotaId": "RequestsPerDay", "quotaValue": "9"}]}  # fmt: skip
    error = {"code": 429, "message": "Quota.\n* a day\nRetry later.", "details": [quota]}
    service.tell((429, {"error": error}))
    done = run(service.url, step={"api": "generate_content"})
    assert done.exit_code == 5
    assert "Quota. * a day Retry later." in done.told
    assert "\\n" not in done.told


# --- Places that cannot be used --------------------------------------------------------------


@FAMILIES
@pytest.mark.parametrize("schema", ["masks", "polygons"])
def test_an_outline_that_encloses_nothing_makes_an_answer_partial(
    service: Any, run: Any, answer: Any, api: str, schema: str
) -> None:
    """Exit code 0: the record keeps its box, and the answer is `partial`, whether the outline was
    wanted as a mask or as a polygon."""
    record = {**CAT, "mask": [[100, 100], [200, 200]]}
    service.tell(answer(api, json.dumps({schema: [record]})))
    done = run(service.url, step={"schema": schema, "api": api})
    assert (done.exit_code, done.statuses) == (0, ["partial"])
    assert [found["box"] for found in done.only["detections"]] == [PIXELS]


# --- What an answer cost ---------------------------------------------------------------------

UNCOUNTED = [None, "x", -4, 10**400, 1.5, float("nan")]


@FAMILIES
@pytest.mark.parametrize("tokens", UNCOUNTED)
def test_an_answer_without_a_usable_count_of_tokens_costs_what_nobody_knows(
    service: Any, run: Any, answer: Any, api: str, tokens: object
) -> None:
    """Exit code 0: the answer is `ok` with the issue `usage_missing`, its cost is null, never $0,
    and the run says that its cost is not complete; a number of 400 digits ends nothing."""
    status, body = answer(api, boxes(CAT))
    counts = body["usage" if api == "interactions" else "usageMetadata"]
    counts[next(iter(counts))] = tokens
    service.tell((status, body))
    done = run(service.url, step={"schema": "boxes", "api": api, "model": "gemini-3.5-flash"})
    assert (done.exit_code, done.statuses, done.issues) == (0, ["ok"], ["usage_missing"])
    assert done.only["cost_usd"] is None
    assert json.loads((done.folder / "run.json").read_text())["cost_complete"] is False
    assert "without what answers of unknown price or length cost" in done.told
