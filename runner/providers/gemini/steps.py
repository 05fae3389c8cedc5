"""What the steps of an interaction hold: the model's text, its errors, its tokens.

Source: ai.google.dev, Interactions API; the rule for the text is that of google-genai 3.4.0
(`output_text`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runner.providers.gemini.pieces import json_bytes
from runner.providers.gemini.words import mapping, mappings, usage, word
from runner.transport.classify import json_object
from runner.transport.error_body import ErrorBody, error_of
from runner.values.response import Failure, Usage

Document = Mapping[str, object]
Steps = Sequence[Document]


def steps_of(document: Document) -> Steps:
    """The steps of an interaction; the `outputs` of answers before 2026-06-08 are read as steps."""
    if "steps" in document or "outputs" not in document:
        return mappings(document.get("steps"))
    return [
        output if output.get("type") == "thought" else {"type": "model_output", "content": [output]}
        for output in mappings(document["outputs"])
    ]


def text_of(steps: Steps) -> str:
    """The model's last text: its pieces from the end backwards, in natural order.

    Thoughts are skipped wherever they stand, what was asked is never read, and anything else that
    stands between two texts parts them: the last one is the answer.
    """
    pieces: list[str] = []
    for step in reversed(steps):
        kind = step.get("type")
        if kind == "user_input":
            break
        if kind == "thought":
            continue
        if kind != "model_output":
            if pieces:
                break
            continue
        for item in reversed(mappings(step.get("content"))):
            if item.get("type") == "text":
                pieces.append(word(item.get("text")))
            elif pieces:
                return _natural(pieces)
    return _natural(pieces)


def errors_in(document: Document, steps: Steps) -> list[tuple[str, ErrorBody]]:
    """Every error in an answer, with the name of the place where it stands."""
    whole = [*mappings(document.get("errors")), *mappings([document.get("error")])]
    return [("errors", error_of(error)) for error in whole] + [
        ("model_output" if step.get("type") == "model_output" else "steps", error_of(error))
        for step in steps
        for error in mappings([step.get("error")])
    ]


def usage_of(document: Document) -> Usage:
    """The tokens of an interaction as the service counted them."""
    numbers = mapping(document.get("usage"))
    by_kind = mappings(numbers.get("input_tokens_by_modality"))
    return usage(numbers, COUNTS, [item.get("tokens") for item in by_kind if _is_image(item)])


COUNTS = (
    "total_input_tokens",
    "total_output_tokens",
    "total_thought_tokens",
    "total_cached_tokens",
)


def joined(first: bytes, rest: bytes) -> bytes:
    """Two parts of a long answer as one document: the steps in a row, the tokens summed."""
    before, after = json_object(first), json_object(rest)
    if isinstance(before, Failure) or isinstance(after, Failure):
        return first
    counted = [mapping(before.get("usage")), mapping(after.get("usage"))]
    total = _sum(*counted) if all(counted) else {}  # of a half nobody knows the whole
    return json_bytes({**after, "steps": [*steps_of(before), *steps_of(after)], "usage": total})


def _natural(backwards: list[str]) -> str:
    return "".join(reversed(backwards))


def _is_image(item: Document) -> bool:
    return word(item.get("modality")).lower() == "image"


def _sum(first: Document, second: Document) -> dict[str, object]:
    """The numbers of both added up, their lists in a row."""
    total: dict[str, object] = {**first, **second}
    for key in first.keys() & second.keys():
        match first[key], second[key]:
            case (list() as one, list() as other):
                total[key] = [*one, *other]
            case (int() as one, int() as other):
                total[key] = one + other
    return total
