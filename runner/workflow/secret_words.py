"""API keys in files: found before they travel anywhere, and never repeated."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runner.text.masking import KEY
from runner.values.problem import Place
from runner.workflow.findings import Findings

HEADERS_WITH_KEYS = re.compile(r"auth|key|token|secret|cookie|credential|password", re.IGNORECASE)

KEYS_FOR_KEYS = re.compile(
    r"((x[_-])?(gemini|google|goog)[_-]?)?(api[_-]?)?(keys?|token|secret|password)", re.IGNORECASE
)
"""What people call the key under which they write an API key."""

NEVER_HERE = "keys never stand in a workflow"
IN_ENV = "put GEMINI_API_KEY=… into a file `.env` or into the environment"

OUR_HEADERS = frozenset(
    [
        "host",
        "content-length",
        "content-type",
        "content-encoding",
        "accept-encoding",
        "transfer-encoding",
        "connection",
        "expect",
        "te",
        "upgrade",
    ]
)
"""Headers that follow from the request and are written by the transport."""


def find_keys(file: str, text: str, findings: Findings) -> None:
    """Tells every Gemini API key in a text, comments included; each line once."""
    told = {
        (problem.place.file, problem.place.line)
        for problem in findings.problems
        if problem.code == "W130" and problem.place
    }
    for match in KEY.finditer(text):
        start = text.rfind("\n", 0, match.start()) + 1
        line, column = text.count("\n", 0, match.start()) + 1, match.start() - start + 1
        if (file, line) in told:
            continue
        place = Place(file, line, column, column + len(match[0]))
        message = "this looks like an API key: whoever gets this file can use it at your cost"
        fix = f"delete it, make a new one, and {IN_ENV}"
        findings.error("W130", place, message, fix)


def check_headers(
    headers: Mapping[str, object], route: tuple[str | int, ...], findings: Findings
) -> None:
    """Refuses headers that could carry a key, and those that are not the author's to set."""
    for name in headers:
        if HEADERS_WITH_KEYS.search(name):
            message = f"the header `{name}` could carry a key, and keys have no place in a workflow"
            fix = f"delete the line, and {IN_ENV}"
            findings.error("W131", (*route, name), message, fix, key=True)
        elif name.lower() in OUR_HEADERS:
            message = f"the header `{name}` follows from the request and cannot be set"
            findings.error("W133", (*route, name), message, "delete the line", key=True)
