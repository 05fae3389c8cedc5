"""`vars:` — the values of variables: from the file, the environment or the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runner.text.source import read
from runner.text.suggest import did_you_mean
from runner.values.problem import Rejected
from runner.workflow.findings import Findings
from runner.workflow.secret_words import is_key
from runner.workflow.words import kind_of

_YES_NO = {"true": True, "yes": True, "false": False, "no": False}

_SECRET_NAME = re.compile(r"(API_?KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL)", re.IGNORECASE)


def values_of(
    variables: Mapping[str, object],
    given: Mapping[str, str],
    environ: Mapping[str, str],
    findings: Findings,
    axes: Mapping[str, object],
) -> dict[str, object]:
    """The value of every variable. `given` are those of the command line: they win.

    A variable that only the matrix sets may be given, too; the axis still wins.
    """
    known = dict.fromkeys([*variables, *axes])
    _check_given(given, known, findings)
    values: dict[str, object] = {}
    for name, written in variables.items():
        if name in given and is_key(given[name], findings.secret):
            message = f"--var {name}: this is an API key, and variables are sent to the model"
            findings.error("W132", None, message, "leave it out: askpix finds the key by itself")
        elif name in given:
            values[name] = _typed(name, given[name], written, findings)
        elif isinstance(written, dict):
            values[name] = _from_environment(name, written, environ, findings)
        else:
            values[name] = written
    return values


def _check_given(given: Mapping[str, str], known: Mapping[str, object], findings: Findings) -> None:
    for name in given:
        if name in known:
            continue
        close = did_you_mean(name, known)
        message = f"--var {name}: the workflow has no variable `{name}`"
        fix = f"did you mean --var {close}=…?" if close else None
        if not known:
            fix = "it has no `vars:` at all"
        findings.error("W317", None, message, fix, allowed=known)


def _typed(name: str, text: str, written: object, findings: Findings) -> object:
    """A value of the command line as the kind of value that stands in the file."""
    match written:
        case bool():
            value: object = _YES_NO.get(text.strip().lower())
        case int() | float():
            value = _number(text)
        case list():
            value = _listed(text)
        case _:
            return text.strip()
    if value is None:
        kinds = {bool: "true or false", list: "a list"}
        wanted = kinds.get(type(written), "a number")
        message = f"--var {name}: `{name}` is {wanted} in the file, found {kind_of(text)}"
        findings.error("W318", None, message, f"write for example --var {name}={_shown(written)}")
    return value


def _listed(text: str) -> list[object] | None:
    """A list as it stands in a file, `[a, b]`, or without the brackets; None when it is none."""
    text = text.strip()
    if not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        found = read(text.encode(), "--var").data
    except Rejected:
        return None
    if not isinstance(found, list) or not all(isinstance(each, _SINGLE) for each in found):
        return None
    return found


_SINGLE = (str, int, float)


def _number(text: str) -> int | float | None:
    try:
        return int(text)
    except ValueError:
        pass
    if not re.fullmatch(r"\s*[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?\s*", text):
        return None
    return float(text)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return f'"[{", ".join(map(str, value))}]"'
    return str(value).lower() if isinstance(value, bool) else str(value)


def _from_environment(
    name: str, written: Mapping[str, object], environ: Mapping[str, str], findings: Findings
) -> object:
    variable = written.get("env")
    if not isinstance(variable, str):
        return None
    route = ("vars", name, "env")
    if _SECRET_NAME.search(variable):
        message = f"`{variable}` looks like a secret, and variables are sent to the model"
        fix = "askpix finds the API key by itself; delete this variable"
        findings.error("W132", route, message, fix)
        return None
    if is_key(environ.get(variable, ""), findings.secret):
        message = f"`{variable}` holds an API key, and variables are sent to the model"
        findings.error("W132", route, message, "delete this variable")
        return None
    if variable in environ:
        return environ[variable]
    if written.get("default") is None:
        message = f"the environment variable `{variable}` is not set, and there is no default"
        fix = f"write {{env: {variable}, default: …}}, or use --var {name}=…"
        findings.error("W319", route, message, fix)
    return written.get("default")
