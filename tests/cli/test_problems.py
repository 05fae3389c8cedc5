"""Problems are printed for people, for programs and for GitHub."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from runner.cli.problems import print_problems
from runner.front.problem_text import as_text, count
from runner.values.problem import Place, Problem

CATS = """\
version: 1
images: cats/*.jpg
steps:
  - id: caption
    prompt: Describe this picture.
    media_resolutoin: high
    labels:
      - cat
      - dgo
"""
UNKNOWN = Problem(
    "W201",
    "unknown key `media_resolutoin` in step `caption`",
    Place("cats.yaml", 6, 5, 21, ("steps", 0, "media_resolutoin")),
    fix="did you mean `media_resolution`?",
    allowed=("prompt", "schema"),
)
ENTRY = Problem(
    "W204",
    "this entry is no label",
    Place("cats.yaml", 9, 9, 12),
    severity="warning",
    allowed=("cat", "dog"),
)
NOWHERE = Problem("W501", "there is no key", fix="set GEMINI_API_KEY\nor write it in `.env`")
ELSEWHERE = Problem("W401", "this pattern matches no file", Place("gone.yaml", 12, 3, 9), fix="x")

PRINTED = """\
error[W201]: unknown key `media_resolutoin` in step `caption`
 --> cats.yaml:6:5
  |
6 |     media_resolutoin: high
  |     ^^^^^^^^^^^^^^^^ did you mean `media_resolution`?

warning[W204]: this entry is no label
 --> cats.yaml:9:9
  |
8 |       - cat
9 |       - dgo
  |         ^^^
  = allowed here: cat, dog

error[W501]: there is no key
  = set GEMINI_API_KEY
    or write it in `.env`

error[W401]: this pattern matches no file
  --> gone.yaml:12:3
   = x

3 errors, 1 warning"""


def test_problems_are_printed_for_people() -> None:
    """The excerpt with its caret, the advice beside it, what is allowed only without advice."""
    assert as_text((UNKNOWN, ENTRY, NOWHERE, ELSEWHERE), {"cats.yaml": CATS}) == PRINTED


CASES: list[tuple[str, Problem, str]] = [
    (
        "a fix of several lines",
        Problem(
            "W104", "a colon", Place("a.yaml", 1, 4, 6), fix="write it as a block:\na: |\n  b: c"
        ),
        "error[W104]: a colon\n --> a.yaml:1:4\n  |\n1 | a: b: c\n  |    ^^ write it as a block:\n"
        "  |     a: |\n  |       b: c\n\n1 error",
    ),
    (
        "what is expected",
        Problem("W204", "wrong", Place("a.yaml", 1, 1), expected="a number"),
        "error[W204]: wrong\n --> a.yaml:1:1\n  |\n1 | a: b: c\n  | ^\n  = expected: a number\n\n1 error",
    ),
    (
        "a place behind the end",
        Problem("W204", "wrong", Place("a.yaml", 7, 1)),
        "error[W204]: wrong\n --> a.yaml:7:1\n\n1 error",
    ),
    (
        "escapes in every part",
        Problem("W204", "a\x1b[2Jb", Place("a\n.yaml", 1, 1), fix="c\u202ed"),
        "error[W204]: a\\x1b[2Jb\n --> a\\n.yaml:1:1\n  = c\\u202ed\n\n1 error",
    ),
    (
        "many words that are allowed",
        Problem("W201", "wrong", allowed=tuple(f"w{n}" for n in range(43))),
        "error[W201]: wrong\n  = allowed here: "
        + ", ".join(f"w{n}" for n in range(40))
        + ", and 3 more\n\n1 error",
    ),
]


@pytest.mark.parametrize(
    ("problem", "text"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_problem_is_printed(problem: Problem, text: str) -> None:
    """Whatever it lacks."""
    assert as_text((problem,), {"a.yaml": "a: b: c\n"}) == text


def test_the_text_of_a_file_is_read_when_it_is_not_given(tmp_path: Path) -> None:
    """Once, for its excerpts; what cannot be read is left out."""
    path = tmp_path / "cats.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: caf\xe9\r\nb: 2\r\n")
    problems = (
        Problem("W113", "no character", Place(str(path), 1, 7, 8)),
        Problem("W204", "wrong", Place(str(path), 2, 4, 5)),
        Problem("W441", "a folder", Place(str(tmp_path), 1, 1)),
    )
    assert as_text(problems).replace(str(tmp_path), ".") == (
        "error[W113]: no character\n --> ./cats.yaml:1:7\n  |\n1 | a: caf\ufffd\n  |       ^\n\n"
        "error[W204]: wrong\n --> ./cats.yaml:2:4\n  |\n2 | b: 2\n  |    ^\n\n"
        "error[W441]: a folder\n --> .:1:1\n\n3 errors"
    )


@pytest.mark.parametrize(
    ("errors", "warnings", "words"),
    [(0, 0, ""), (1, 0, "1 error"), (2, 1, "2 errors, 1 warning"), (0, 2, "2 warnings")],
)
def test_the_last_line_counts(errors: int, warnings: int, words: str) -> None:
    """What there is none of is not named."""
    assert count([UNKNOWN] * errors + [ENTRY] * warnings) == words


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def printed(stream: io.StringIO) -> str:
    print_problems((UNKNOWN, ENTRY), {"cats.yaml": CATS}, stream=stream)
    return stream.getvalue()


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    """And never where NO_COLOR is set or the terminal knows none; without them nothing else differs."""
    monkeypatch.setenv("TERM", "xterm")
    plain = printed(io.StringIO())
    assert "\x1b" not in plain
    coloured = printed(Terminal())
    assert "\x1b[1;31merror[W201]\x1b[0m" in coloured
    assert "\x1b[1;33m^^^\x1b[0m" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert printed(Terminal()) == plain
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert printed(Terminal()) == plain


def test_a_stream_that_cannot_write_a_character_gets_its_escape() -> None:
    """An old console is no reason for a traceback."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="\n")
    print_problems((Problem("W204", "“é” is wrong"),), {}, stream=stream)
    stream.seek(0)
    assert stream.read() == "error[W204]: \\u201c\\xe9\\u201d is wrong\n\n1 error\n"


def test_problems_are_printed_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON object on stdout; every problem has the same keys."""
    print_problems((UNKNOWN, NOWHERE), format="json")
    out, err = capsys.readouterr()
    assert err == ""
    assert json.loads(out) == {
        "problems": [
            {
                "code": "W201",
                "severity": "error",
                "message": "unknown key `media_resolutoin` in step `caption`",
                "file": "cats.yaml",
                "line": 6,
                "column": 5,
                "end_column": 21,
                "route": ["steps", 0, "media_resolutoin"],
                "fix": "did you mean `media_resolution`?",
                "found": None,
                "expected": None,
                "allowed": ["prompt", "schema"],
            },
            {
                "code": "W501",
                "severity": "error",
                "message": "there is no key",
                "file": None,
                "line": None,
                "column": None,
                "end_column": None,
                "route": None,
                "fix": "set GEMINI_API_KEY\nor write it in `.env`",
                "found": None,
                "expected": None,
                "allowed": [],
            },
        ],
        "errors": 2,
        "warnings": 0,
    }


def test_problems_are_printed_for_github(capsys: pytest.CaptureFixture[str]) -> None:
    """As commands, with GitHub's escapes, errors before warnings, paths from where we are."""
    here = Problem("W201", "50% of\nit", Place(f"{os.getcwd()}{os.sep}a,b:c.yaml", 1, 2, 3))
    print_problems((ENTRY, NOWHERE, here), format="github")
    assert capsys.readouterr().out == (
        "::error title=askpix W501::there is no key%0Aset GEMINI_API_KEY%0Aor write it in `.env`\n"
        "::error file=a%2Cb%3Ac.yaml,line=1,col=2,endLine=1,endColumn=3,title=askpix W201::50%25 of%0Ait\n"
        "::warning file=cats.yaml,line=9,col=9,endLine=9,endColumn=12,title=askpix W204::"
        "this entry is no label\n"
    )


def test_no_problems_print_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Except for programs, which get an empty list."""
    print_problems(())
    print_problems((), format="github")
    assert capsys.readouterr() == ("", "")
    print_problems((), format="json")
    assert json.loads(capsys.readouterr().out) == {"problems": [], "errors": 0, "warnings": 0}
