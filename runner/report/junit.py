"""junit.xml: a run for the CI services that read test results, and perhaps nothing else of it.

A workflow is a test suite. Its test cases are the steps, each of which fails with an error when a
request got no usable answer; every check on one combination; and, only when the run was stopped
before its end, that it was. So the file is red exactly when the exit code is not 0. Elements and attributes are
those of the format that GitLab, Jenkins, Azure DevOps and CircleCI read; the format has no
standard, https://github.com/testmoapp/junitxml describes what is common.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from runner.report.unanswered import Unanswered
from runner.values.verdict import Verdict

SHOWN_CASES = 50
"""Failing cases that are listed in a failure; checks.json has more of them."""

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, even escaped. Source: w3.org/TR/xml, 2.2 Characters."""


def junit_xml(
    workflow: str,
    verdicts: Sequence[Verdict],
    properties: Mapping[str, str] | None = None,
    timestamp: str | None = None,
    seconds: float | None = None,
    steps: Sequence[Unanswered] = (),
    stopped: str | None = None,
) -> bytes:
    """The file as UTF-8. `properties` say what the run was: model, cost, simulated.

    `timestamp` is the start of the run as ISO 8601; `seconds` is how long it took. `stopped` is why
    the run ended before its plan did, None when it did not.
    """
    root = Element("testsuites", name=_legal("askpix"))
    suite = SubElement(root, "testsuite", name=_legal(workflow))
    total = sum(verdict.seconds for verdict in verdicts) if seconds is None else seconds
    errors = sum(step.count > 0 for step in steps) + (stopped is not None)
    for element in (root, suite):
        element.set("tests", str(len(verdicts) + len(steps) + (stopped is not None)))
        element.set("failures", str(_count(verdicts, "failed")))
        element.set("errors", str(errors))
        element.set("skipped", str(_count(verdicts, "skipped")))
        element.set("time", f"{total:.3f}")
    if timestamp:
        suite.set("timestamp", timestamp)
    _add_properties(suite, properties or {})
    if stopped is not None:
        _add_error(_add_case(suite, workflow, "the run comes to its end"), "stopped", stopped)
    for step in steps:
        _add_step(suite, workflow, step)
    for verdict in verdicts:
        _add_test(suite, workflow, verdict)
    indent(root)
    xml: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return xml + b"\n"


def _add_properties(suite: Element, properties: Mapping[str, str]) -> None:
    if not properties:
        return
    parent = SubElement(suite, "properties")
    for name, value in properties.items():
        SubElement(parent, "property", name=_legal(name), value=_legal(value))


def _add_case(suite: Element, workflow: str, name: str, seconds: float = 0.0) -> Element:
    where = {"name": _legal(name), "classname": _legal(workflow), "time": f"{seconds:.3f}"}
    return SubElement(suite, "testcase", where)


def _add_step(suite: Element, workflow: str, step: Unanswered) -> None:
    test = _add_case(suite, workflow, f"step {step.step} is answered")
    if step.count:
        more = step.count - len(step.named)
        lines = [*step.named, *([f"and {more:,} more: see results.jsonl"] if more else [])]
        why = f"{step.count:,} of {step.results:,} results have no usable answer"
        _add_error(test, "unanswered", why, "\n".join(lines))


def _add_error(test: Element, kind: str, message: str, text: str = "") -> None:
    SubElement(test, "error", message=_legal(message), type=kind).text = _legal(text)


def _add_test(suite: Element, workflow: str, verdict: Verdict) -> None:
    test = _add_case(suite, workflow, _title(verdict), verdict.seconds)
    if verdict.place:
        test.set("file", _legal(verdict.place.file))
        test.set("line", str(verdict.place.line))
    match verdict.outcome:
        case "failed":
            failure = SubElement(test, "failure", message=_legal(verdict.why), type="check")
            failure.text = _legal(_cases(verdict))
        case "skipped":
            SubElement(test, "skipped", message=_legal(verdict.why))
        case "warned":
            out = SubElement(test, "system-out")
            out.text = _legal(f"warning: {verdict.why}\n{_cases(verdict)}")
        case "passed":
            pass


def _title(verdict: Verdict) -> str:
    if not verdict.combination:
        return verdict.name
    axes = ", ".join(f"{axis}={value}" for axis, value in verdict.combination.items())
    return f"{verdict.name} [{axes}]"


def _cases(verdict: Verdict) -> str:
    """One line for each failing case; how many more there are."""
    failing = [case for case in verdict.cases if case.passed is False]
    lines = [f"{case.case}: {case.why}" for case in failing[:SHOWN_CASES]]
    more = verdict.judged - verdict.passed - len(lines)
    return "\n".join([*lines, *([f"and {more:,} more"] if more > 0 else [])])


def _count(verdicts: Sequence[Verdict], outcome: str) -> int:
    return sum(verdict.outcome == outcome for verdict in verdicts)


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)
