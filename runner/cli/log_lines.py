"""What happens in a run, on stderr as it happens: lines for people, or JSON for programs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal

from runner.roles import Log, no_log
from runner.text.excerpt import visible
from runner.text.log_line import Hide, log_line, without_keys
from runner.text.words import money, number, weight
from runner.values.event import Event

LogFormat = Literal["text", "json"]


def log_lines(
    form: LogFormat,
    *,
    verbose: bool,
    hide: Hide,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    clock: Callable[[], float] = time.monotonic,
) -> Log:
    """The log of `--verbose` and `--log-format json`; of neither, one that says nothing.

    While the live bar of `runner.cli.progress` is shown, what is printed to `sys.stderr` appears
    above it: rich stands in for the stream then, so it is looked up for every line.
    """
    start = clock()

    def tell_json(event: Event) -> None:
        _tell(log_line(event, now(), clock() - start, hide))

    def tell_text(event: Event) -> None:
        if event.name == "concluded" and event.fields["earlier"]:
            return  # thousands of lines about nothing new: how many there are is said once
        _tell(f"{now().astimezone():%H:%M:%S} {visible(without_keys(words(event), hide))}")

    if form == "json":
        return tell_json
    return tell_text if verbose else no_log


def words(event: Event) -> str:
    """An event as a line for people, whatever its texts hold."""
    fields: dict[str, Any] = dict(event.fields)
    match event.name:
        case "run_started":
            again = f", session {fields['session']}" if fields["session"] > 1 else ""
            return (
                f"{fields['workflow']} begins{again}: {number(fields['planned'], 'result')} planned"
            )
        case "run_ended":
            ended = f"stopped: {fields['why']}" if fields["stopped"] else "done"
            return f"{ended}; {_sum(fields)}"
        case "asked":
            again = f", try {fields['attempt']}" if fields["attempt"] > 1 else ""
            return f"{fields['name']}: asking {fields['model']}{again}"
        case "answered":
            return f"{fields['name']}: {_answer(fields)}"
        case "missed":
            status = f" {fields['status']}" if fields["status"] else ""
            doubt = "; it may have been paid for" if fields["maybe_billed"] else ""
            return f"{fields['name']}: {fields['kind']}{status}: {fields['message']}{doubt}"
        case "waiting":
            return f"{fields['name']}: asked again in {fields['wait_seconds']:.1f} s"
        case "uploaded":
            again = " again: the file was gone" if fields["again"] else ""
            return f"{fields['image']}: uploaded ({weight(fields['bytes'])}){again}"
        case "batch":
            return _batch(fields)
        case "concluded":
            return f"{fields['name']}: {_conclusion(fields)}"
        case "recalled":
            return f"{fields['name']}: {RECALLED[fields['origin']]}"
        case "doubtful":
            return (
                f"{fields['name']}: it was being asked when the session before was killed: "
                f"it may be paid for twice (about {money(fields['estimate_usd'])})"
            )
        case "rate":
            return f"{fields['model']}: {fields['per_minute']:g} {fields['of']} a minute: {fields['why']}"
        case "gate":
            wait = f"nothing is sent for {fields['wait_seconds']:.1f} s"
            return f"{fields['model']}: {wait}: {fields['why']}"
        case "breaker" if fields["wait_seconds"]:
            return f"{fields['model']}: the service has trouble, one request at a time: {fields['why']}"
        case "breaker":
            return f"{fields['model']}: the service works again"
        case "halted":
            return f"nothing more is asked: {fields['why']}"
        case "problem":
            return f"{fields['severity']}[{fields['code']}]: {fields['message']}"
        case "said":
            return str(fields["sentence"])


RECALLED = {
    "asked": "was answered before",
    "cache": "the answer comes from the cache",
    "shared": "another case asks exactly the same: its answer is taken",
}


def _batch(fields: dict[str, Any]) -> str:
    name = fields["batch"] or fields["part"]
    answered = f", {fields['answered']:,} answered" if fields["answered"] else ""
    failed = f", {fields['failed']:,} failed" if fields["failed"] else ""
    why = f": {fields['why']}" if fields["why"] else ""
    requests = number(fields["requests"], "request")
    return f"{name}: {fields['state']} ({requests}{answered}{failed}){why}"


def _answer(fields: dict[str, Any]) -> str:
    tokens = fields["output_tokens"] + fields["thought_tokens"]
    return (
        f"answered in {fields['took_seconds']:.1f} s, {fields['input_tokens']:,} tokens in and "
        f"{tokens:,} out, {money(fields['cost_usd'])}"
    )


def _conclusion(fields: dict[str, Any]) -> str:
    why = f": {fields['error']}" if fields["error"] else ""
    found = f", {number(fields['detections'], 'detection')}" if fields["detections"] else ""
    return f"{fields['status']}{found}{why}"


def _sum(fields: dict[str, Any]) -> str:
    return (
        f"{number(fields['results'], 'result')}, {number(fields['requests'], 'request')} sent, "
        f"{money(fields['session_usd'])}"
    )


def _tell(line: str) -> None:
    with suppress(OSError, ValueError):  # stderr is closed or full: no reason to stop a run
        print(line, file=sys.stderr, flush=True)
