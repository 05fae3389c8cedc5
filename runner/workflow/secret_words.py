"""API keys in files: found before they travel anywhere, and never repeated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from runner.sources.opening import Unreadable
from runner.sources.table import Format, lines
from runner.text.masking import KEY
from runner.transport.secret import Secret
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
    """Tells every Gemini API key in a text, comments included; each line once.

    Those of Google's usual form are known by it, the key of the environment in any form.
    """
    told = {
        (problem.place.file, problem.place.line)
        for problem in findings.problems
        if problem.code == "W130" and problem.place
    }
    own = sorted(findings.secret.places(text))
    alike = [match.span() for match in KEY.finditer(text)]
    for begin, end in (*own, *alike):
        line, column = text.count("\n", 0, begin) + 1, begin - text.rfind("\n", 0, begin)
        if (file, line) in told and (begin, end) not in own:
            continue
        told.add((file, line))
        what = "this is your API key" if (begin, end) in own else "this looks like an API key"
        place = Place(file, line, column, column + end - begin)
        message = f"{what}: whoever gets this file can use it at your cost"
        findings.error("W130", place, message, f"delete it, make a new one, and {IN_ENV}")


def find_key_in_table(file: Path, format: Format, findings: Findings) -> None:
    """Tells the first API key in the cells of a table: they are sent, and stand in the results."""
    with suppress(Unreadable, OSError):  # gathering tells what is wrong with the table
        for number, line in lines(file, format):
            if is_key(line, findings.secret):
                message = "there is an API key in this line of the table"
                fix = f"delete it, make a new one, and {IN_ENV}"
                findings.error("W130", Place(str(file), number, 1), message, fix)
                return


def is_key(text: str, secret: Secret) -> bool:
    """Whether an API key stands in a text."""
    return KEY.search(text) is not None or any(secret.places(text))


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
