"""`run: {mode: batch}` — what it needs, and what does not go with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.values.problem import Route
from runner.workflow.findings import Findings
from runner.workflow.steps import Draft

API = "generate_content"
"""What a batch takes requests of. Source: ai.google.dev, Batch API."""

TAKE_BATCHES = ("gemini", "simulator")


def is_in_batches(data: Mapping[str, Any]) -> bool:
    """Whether a workflow is run in batches."""
    return bool((data.get("run") or {}).get("mode") == "batch")


def tell_batch(data: Mapping[str, Any], drafts: Sequence[Draft], findings: Findings) -> None:
    """Tells everything that a batch cannot do."""
    if not is_in_batches(data):
        return
    told: set[Route] = set()
    for route, message, fix in (*_of_requests(data), *_of_settings(drafts)):
        if route not in told:
            told.add(route)
            findings.error("W513", route, message, fix)
    if not told:
        _tell_small_batches(data, drafts, findings)


def _of_requests(data: Mapping[str, Any]) -> Iterator[tuple[Route, str, str]]:
    owners: list[tuple[Route, Any]] = [(("defaults",), data.get("defaults"))]
    owners += [(("steps", n), step) for n, step in enumerate(data.get("steps") or ())]
    for route, owner in owners:
        if isinstance(owner, dict) and owner.get("api") not in (None, API):
            message = f"a batch takes requests of `{API}` only"
            yield (*route, "api"), message, "delete the line, or write mode: live"
    if data.get("upload") == "files":
        message = "in a batch, images travel within its file: `upload: files` does not go with it"
        yield ("upload",), message, "delete the line"


def _of_settings(drafts: Sequence[Draft]) -> Iterator[tuple[Route, str, str]]:
    for draft in drafts:
        chosen = draft.settings
        if chosen.provider not in TAKE_BATCHES:
            message = f"`provider: {chosen.provider}` takes no batches"
            route = chosen.routes.get("provider") or ("run", "mode")
            yield route, message, "write mode: live"
        if chosen.values.get("headers"):
            message = "a request within a batch has no headers of its own"
            yield chosen.routes.get("headers") or ("run", "mode"), message, "delete them"


def _tell_small_batches(
    data: Mapping[str, Any], drafts: Sequence[Draft], findings: Findings
) -> None:
    """A limit on money holds; without a bound on answers that takes small steps of a day each."""
    bounded = all(draft.settings.values.get("max_output_tokens") for draft in drafts)
    if data["run"].get("max_cost_usd") is None or bounded:
        return
    message = (
        "nobody knows what an answer without `max_output_tokens` costs, so the first batches hold few"
        " requests, until some are answered"
    )
    route = ("run", "max_cost_usd")
    findings.warning("W514", route, message, "write max_output_tokens under `defaults:`")
