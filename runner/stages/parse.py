"""Parse: a response → what it turns out to be. Found nothing, refused, cut off and unreadable differ.

The ladder of readings is in `text/json_candidates.py`, what is made of a value in `stages/fit.py`.
The shape of the answer drives it, never the name of the model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from runner.stages.fit import Fitted, fit
from runner.text.declined import is_declined
from runner.text.json_candidates import (
    Candidate,
    Unreadable,
    candidates,
    complete_items,
    ends_inside,
)
from runner.text.schema_nodes import types
from runner.values.answer import Answer, CutOff, Malformed, Reading, Refused
from runner.values.response import Response
from runner.values.result import Issue
from runner.values.shape import Shape

BLANK = " \t\r\n\f\v\ufeff\u200b"
"""What may stand around an answer without being part of it: white space, marks of no width."""


def parse(response: Response, shape: Shape) -> Reading:
    """The reading of a response, exactly one of four kinds, whatever the text. Never raises.

    A `failed` response is no answer at all: the caller tells that one apart before (its result is
    `failed`); here it is `Malformed`.
    """
    reading = _parsed(response, shape)
    if isinstance(reading, Refused) or response.finish != "complete":
        return reading
    return replace(reading, issues=(*reading.issues, *_strange_end(response.finish_reason)))


def _parsed(response: Response, shape: Shape) -> Reading:
    text = response.text.strip(BLANK)
    if response.finish == "refused":
        channel = response.channel or "finish_reason"
        return Refused(_refusal(response.finish_reason, text), channel)
    if response.finish == "failed":
        return Malformed(f"the service says that it failed: {response.finish_reason}")
    cut_by = response.finish_reason if response.finish == "cut_off" else None
    if not text:
        return _nothing(cut_by)
    if shape.is_text:
        return CutOff(text, 0, cut_by, parsed_by="text") if cut_by else Answer(text, "text")
    return _read(text, shape, cut_by)


@dataclass(frozen=True, slots=True)
class _Found:
    candidate: Candidate
    fitted: Fitted


def _read(text: str, shape: Shape, cut_by: str | None) -> Reading:
    found = _first_that_fits(text, shape)
    if isinstance(found, _Found):
        return _reading(found, cut_by)
    rest = _complete_items(text, shape, cut_by)
    if rest is not None:
        return rest
    if cut_by is not None:
        return CutOff(None, 0, cut_by)
    if ends_inside(text):
        return CutOff(None, 0, _ENDS_INSIDE)
    return found


_ENDS_INSIDE = "the text ends inside the answer"


def _first_that_fits(text: str, shape: Shape) -> _Found | Malformed | Refused:
    why: Malformed | None = None
    for candidate in candidates(text):
        if isinstance(candidate, Unreadable):
            why = why or Malformed(f"the answer is not JSON: {candidate.why}")
            continue
        fitted = fit(candidate.value, shape)
        if isinstance(fitted, Fitted):
            return _Found(candidate, fitted)
        why = why or Malformed(fitted.why, fitted.at, fitted.issues)
    if why is None and is_declined(text):
        return Refused(_quoted(text), "text")
    return why or Malformed(f"the answer holds no JSON: {_quoted(text)}")


def _reading(found: _Found, cut_by: str | None) -> Answer | CutOff:
    value, rung = found.fitted.value, found.candidate.rung
    issues = (*_around(found.candidate), *found.fitted.issues)
    if cut_by is None and found.candidate.cut:
        cut_by = _ENDS_INSIDE
    if cut_by is None:
        return Answer(value, rung, issues)
    if found.fitted.kept == 0:  # an empty list would look as if nothing had been found
        return CutOff(None, 0, cut_by, issues)
    return CutOff(value, found.fitted.kept, cut_by, issues, rung)


def _complete_items(text: str, shape: Shape, cut_by: str | None) -> CutOff | None:
    """The whole records of a list that the text cuts off."""
    kept = complete_items(text) if _is_list(shape) else None
    fitted = fit(kept, shape, cut=True) if kept is not None else None
    if not isinstance(fitted, Fitted) or fitted.kept == 0:
        return None
    return CutOff(fitted.value, fitted.kept, cut_by or _ENDS_INSIDE, fitted.issues, "items")


def _is_list(shape: Shape) -> bool:
    schema = shape.schema or {}
    return shape.list_key is not None or types(schema, schema) == {"array"}


def _nothing(cut_by: str | None) -> CutOff | Malformed:
    if cut_by is not None:
        return CutOff(None, 0, cut_by)
    why = "the model answered nothing"
    return Malformed(why, issues=(Issue("empty_text", why),))


ENDS = frozenset({"completed", "stop", "unknown"})
"""How the endpoints say that the model said all it wanted, in lower case; `unknown`: they do not."""


def _strange_end(reason: str) -> tuple[Issue, ...]:
    """What is noticed of an end that nobody here knows; the answer is read like any other."""
    if reason.lower() in ENDS:
        return ()
    why = f"the service ended the answer with {_quoted(reason)}, which this version does not know"
    return (Issue("finish_unknown", why),)


def _around(candidate: Candidate) -> tuple[Issue, ...]:
    issues = []
    if candidate.joined > 1:
        why = f"{candidate.joined} records stood side by side without a list"
        issues.append(Issue("unwrapped", why))
    if candidate.others:
        why = "the answer holds more JSON than this, which was not read"
        issues.append(Issue("json_ignored", why))
    elif candidate.ignored:
        plural = "" if candidate.ignored == 1 else "s"
        why = f"text around the JSON was not read: {candidate.ignored} character{plural}"
        issues.append(Issue("text_ignored", why))
    return tuple(issues)


def _refusal(reason: str, text: str) -> str:
    return f"{reason}: {_quoted(text)}" if text else reason


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return f"“{line}”" if len(line) <= 120 else f"“{line[:119]}…”"
