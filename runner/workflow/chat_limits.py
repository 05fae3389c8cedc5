"""What an OpenAI-compatible server takes: compared with what a step asks for, before it is asked."""

from __future__ import annotations

from collections.abc import Iterable

from runner.catalogue import catalogue
from runner.values.problem import Route
from runner.values.shape import Coordinates
from runner.workflow.conventions import convention
from runner.workflow.extends import LIBRARY
from runner.workflow.findings import Findings
from runner.workflow.model_limits import Use
from runner.workflow.parts import whole
from runner.workflow.steps import Draft
from runner.workflow.words import one_of, quoted

TAKES = (
    "temperature",
    "top_p",
    "max_output_tokens",
    "seed",
    "headers",
    "prompt_position",
    "coords",
)
"""Settings for which Chat Completions have words, or that change nothing but the prompt."""

GEMINIS = ("api", "thinking", "thinking_budget", "media_resolution", "safety")
"""Settings that only Gemini knows. `Settings.for_chat` leaves them out of what is sent."""


def check_chat(draft: Draft, uses: Iterable[Use], findings: Findings) -> None:
    """Everything about one step that asks such a server; what is told twice is told once."""
    for use in uses:
        _check_model(use, findings)
        for key in use.values:
            if key in GEMINIS or key.startswith("images."):
                name = "media_resolution" if key.startswith("images.") else key
                _check_setting(name, use.routes.get(key), use, findings)
        if findings.document.data.get("upload") == "files":  # `auto` sends what the server takes
            _check_setting("upload: files", ("upload",), use, findings)
        _check_coordinates(draft, use, findings)


def _check_model(use: Use, findings: Findings) -> None:
    if "model" not in use.values:
        message = "`provider: openai` needs a `model:`"
        fix = "write the name under which your server knows it, such as model: qwen3-vl:8b"
        findings.error("W510", use.routes.get("provider"), message, fix)
    elif catalogue().model(use.model).known:
        message = f"{quoted(use.model)} is one of Gemini's models, and another server is asked"
        fix = "write the name under which your server knows its model"
        findings.warning("W510", use.routes.get("model"), message, fix)


def _check_setting(name: str, route: Route | None, use: Use, findings: Findings) -> None:
    """An error where the same file asks for both; a file that was written for Gemini, and is only
    extended, may keep its settings: they are not sent."""
    asked, document = use.routes.get("provider"), findings.document
    if route and asked and document.origin(route) is document.origin(asked):
        message = f"`{name}` is a setting of Gemini, which `provider: openai` does not take"
        fix = f"delete the line; it takes {one_of(TAKES, 'and')}"
        findings.error("W511", route, message, fix)
    elif not (route and document.origin(route).source.file.startswith(LIBRARY)):
        message = f"`{name}` is a setting of Gemini: with `provider: openai` it is not sent"
        findings.warning("W511", route, message, f"it takes {one_of(TAKES, 'and')}")


def _check_coordinates(draft: Draft, use: Use, findings: Findings) -> None:
    shape = draft.answer.shape
    if shape is None or not whole(shape).spaces or "model" not in use.values:
        return
    asked, trained = draft.settings.coordinates, catalogue().coordinates_of(use.model)
    route: Route | None = use.routes.get("coords") or use.routes.get("model")
    if trained is None and "coords" not in use.values:
        message = f"how {quoted(use.model)} writes coordinates is not known to askpix"
        fix = (
            "write coords: as the page of the model says, and look at an overlay; now it is asked "
            f"for {_words(asked)}"
        )
        findings.warning("W512", route, message, fix)
    elif trained is not None and trained != asked:
        message = (
            f"{quoted(use.model)} writes boxes as {convention('box', trained)}, and is asked for "
            f"{convention('box', asked)}"
        )
        findings.warning("W512", route, message, f"write coords: {_words(trained)}")


def _words(coordinates: Coordinates) -> str:
    order = "yxyx" if coordinates.y_first else "xyxy"
    return f"{{scale: {coordinates.scale}, order: {order}}}"
