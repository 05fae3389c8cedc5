"""junit.xml says what CI services need, and every reader can parse it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest

from runner.report.checks_json import checks_json
from runner.report.junit import junit_xml
from runner.report.unanswered import Unanswered
from runner.values.problem import Place
from runner.values.verdict import CaseVerdict, Outcome, Verdict

FAILING = CaseVerdict("b.jpg", False, "find.boxes.count is 0, expected at least 1")
WAITING = CaseVerdict("c.jpg", None, "find did not run")
PLACE = Place("cats.workflow.yaml", 12, 5)


def verdict(name: str, outcome: Outcome, why: str = "holds for 2 of 2 cases") -> Verdict:
    return Verdict(name, outcome, {}, 2, 2, 0, 1.0, 1.0, why)


VERDICTS = (
    verdict("finds a cat", "passed"),
    Verdict(
        name="finds a cat",
        outcome="failed",
        combination={"model": "gemini-3.5-flash", "thinking": "low"},
        judged=2,
        passed=1,
        skipped=1,
        reached=0.5,
        needed=1.0,
        why="holds for 1 of 2 cases (50%), needed 100%",
        cases=(FAILING, WAITING),
        place=PLACE,
        seconds=0.25,
    ),
    replace(verdict("sums agree", "warned", "holds for 1 of 2"), passed=1, cases=(FAILING,)),
    verdict("later", "skipped", "nothing to judge: there is no case"),
)

EXPECTED = """\
<?xml version='1.0' encoding='utf-8'?>
<testsuites name="askpix" tests="4" failures="1" errors="0" skipped="1" time="0.250">
  <testsuite name="cats" tests="4" failures="1" errors="0" skipped="1" time="0.250" timestamp="2026-11-20T18:15:48">
    <properties>
      <property name="models" value="gemini-3.5-flash" />
      <property name="simulated" value="true" />
    </properties>
    <testcase name="finds a cat" classname="cats" time="0.000" />
    <testcase name="finds a cat [model=gemini-3.5-flash, thinking=low]" classname="cats" time="0.250" file="cats.workflow.yaml" line="12">
      <failure message="holds for 1 of 2 cases (50%), needed 100%" type="check">b.jpg: find.boxes.count is 0, expected at least 1</failure>
    </testcase>
    <testcase name="sums agree" classname="cats" time="0.000">
      <system-out>warning: holds for 1 of 2
b.jpg: find.boxes.count is 0, expected at least 1</system-out>
    </testcase>
    <testcase name="later" classname="cats" time="0.000">
      <skipped message="nothing to judge: there is no case" />
    </testcase>
  </testsuite>
</testsuites>
"""

PROPERTIES = {"models": "gemini-3.5-flash", "simulated": "true"}

CHILDREN: dict[str, list[str]] = {
    "testsuites": ["testsuite"],
    "testsuite": ["properties", "testcase"],
    "properties": ["property"],
    "testcase": ["error", "failure", "skipped", "system-out"],
    "property": [],
    "error": [],
    "failure": [],
    "skipped": [],
    "system-out": [],
}
REQUIRED: dict[str, set[str]] = {
    "testsuites": set(),
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"name", "classname", "time"},
    "error": {"message", "type"},
    "failure": {"message", "type"},
    "skipped": {"message"},
    "system-out": set(),
}


def assert_valid(element: Element) -> None:
    """Names, order and attributes as the readers expect them; the counts agree."""
    order = [CHILDREN[element.tag].index(child.tag) for child in element]
    assert order == sorted(order)
    assert REQUIRED[element.tag] <= set(element.keys())
    if element.tag == "testsuite":
        assert int(element.attrib["tests"]) == len(element.findall("testcase"))
        assert int(element.attrib["failures"]) == len(element.findall("testcase/failure"))
        assert int(element.attrib["errors"]) == len(element.findall("testcase/error"))
        assert int(element.attrib["skipped"]) == len(element.findall("testcase/skipped"))
    for child in element:
        assert_valid(child)


def test_a_workflow_is_a_suite_and_a_check_on_a_combination_is_a_test() -> None:
    """The whole file."""
    xml = junit_xml("cats", VERDICTS, PROPERTIES, timestamp="2026-11-20T18:15:48")
    assert xml.decode() == EXPECTED
    assert_valid(fromstring(xml))


def test_a_workflow_without_checks_is_its_steps() -> None:
    """Valid, and green when all of them are answered; a reader never meets a file without tests."""
    xml = junit_xml("cats", (), steps=[Unanswered("find", 2, 0, ())])
    assert_valid(fromstring(xml))
    assert (
        xml.decode()
        == """\
<?xml version='1.0' encoding='utf-8'?>
<testsuites name="askpix" tests="1" failures="0" errors="0" skipped="0" time="0.000">
  <testsuite name="cats" tests="1" failures="0" errors="0" skipped="0" time="0.000">
    <testcase name="step find is answered" classname="cats" time="0.000" />
  </testsuite>
</testsuites>
"""
    )


def test_what_was_not_answered_and_why_a_run_was_stopped_are_errors() -> None:
    """One for each step, with the first cases by name, and one for the run."""
    steps = [
        Unanswered("find", 1002, 1001, ("a.jpg: failed: no key", "b.jpg: refused: safety")),
        Unanswered("read", 2, 0, ()),
    ]
    xml = junit_xml("cats", VERDICTS, steps=steps, stopped="the key is \x1bnot valid")
    assert_valid(fromstring(xml))
    assert """\
    <testcase name="the run comes to its end" classname="cats" time="0.000">
      <error message="the key is \ufffdnot valid" type="stopped" />
    </testcase>
    <testcase name="step find is answered" classname="cats" time="0.000">
      <error message="1,001 of 1,002 results have no usable answer" type="unanswered">\
a.jpg: failed: no key
b.jpg: refused: safety
and 999 more: see results.jsonl</error>
    </testcase>
    <testcase name="step read is answered" classname="cats" time="0.000" />
""" in xml.decode()
    assert fromstring(xml).attrib["errors"] == "2"


@pytest.mark.parametrize(
    "text",
    ["\x00\x1b[31m", "\ud800", "\ufffe\uffff", "a & b < c > \"d\" 'e'", "]]>", "é 猫 \U0001f431"],
)
def test_any_text_of_a_model_can_stand_in_the_file(text: str) -> None:
    """What XML cannot hold becomes U+FFFD; the rest is kept."""
    bad = replace(
        VERDICTS[1], name=text, why=text, cases=(CaseVerdict(text, False, text),), place=None
    )
    root = fromstring(junit_xml(text, [bad], {"models": text}))
    assert_valid(root)
    kept = "".join("\ufffd" if c in "\x00\x1b\ud800\ufffe\uffff" else c for c in text)
    assert root.find("testsuite/testcase/failure").attrib["message"] == kept  # type: ignore[union-attr]


def test_many_failing_cases_are_counted_not_listed() -> None:
    """A CI service shows fifty and says how many more there are."""
    cases = tuple(CaseVerdict(f"{n}.jpg", False, "no") for n in range(1000))
    many = replace(VERDICTS[1], judged=70_000, passed=0, cases=cases)
    failure = fromstring(junit_xml("cats", [many])).find(".//failure")
    assert failure is not None
    assert failure.text is not None
    lines = failure.text.splitlines()
    assert (len(lines), lines[-1]) == (51, "and 69,950 more")


def test_the_file_is_read_by_the_parser_of_pytest_readers(tmp_path: Path) -> None:
    """It starts with a declaration and is UTF-8."""
    path = tmp_path / "junit.xml"
    path.write_bytes(junit_xml("käse", VERDICTS))
    from xml.dom.minidom import parse

    suite = parse(str(path)).getElementsByTagName("testsuite")[0]
    assert suite.getAttribute("name") == "käse"


def test_checks_json_holds_every_verdict_and_the_cases_that_did_not_pass() -> None:
    """The whole value for one verdict."""
    assert checks_json(VERDICTS[1:2]) == {
        "version": 1,
        "counts": {"passed": 0, "failed": 1, "warned": 0, "skipped": 0},
        "checks": [
            {
                "name": "finds a cat",
                "outcome": "failed",
                "combination": {"model": "gemini-3.5-flash", "thinking": "low"},
                "judged": 2,
                "passed": 1,
                "skipped": 1,
                "reached": 0.5,
                "needed": 1.0,
                "why": "holds for 1 of 2 cases (50%), needed 100%",
                "place": {"file": "cats.workflow.yaml", "line": 12, "column": 5},
                "definition": {},
                "cases": [
                    {"case": "b.jpg", "passed": False, "why": FAILING.why},
                    {"case": "c.jpg", "passed": None, "why": "find did not run"},
                ],
                "cases_left_out": 0,
            }
        ],
    }
