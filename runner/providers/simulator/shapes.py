"""Answers in other shapes: blocked, interrupted, unknown, or as the service told them before.

How the Interactions API delivers a blocked answer is not documented, so there is one shape for each
way that is possible.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from runner.providers.simulator.interaction_body import SIGNATURE

Body: TypeAlias = dict[str, object]
Args: TypeAlias = tuple[str, ...]


def failed(body: Body, args: Args) -> Body:
    error = {"code": args[0] if args else "api_error", "message": "An internal error occurred."}
    return {**body, "status": "failed", "steps": [], "errors": [error]}


def blocked_status(body: Body, args: Args) -> Body:
    return failed(body, args or ("safety",))


def blocked_step(body: Body, args: Args) -> Body:
    error = {"code": args[0] if args else "safety", "message": "The answer was blocked."}
    step = {"type": "model_output", "content": [], "error": error}
    return {**body, "status": "failed", "steps": [step]}


def with_status(status: str) -> Callable[[Body, Args], Body]:
    return lambda body, args: {**body, "status": args[0] if args else status}


def no_output(status: str) -> Callable[[Body, Args], Body]:
    return lambda body, args: {**body, "status": status, "steps": []}


def trailing_thought(body: Body, args: Args) -> Body:
    return {**body, "steps": [*_steps(body), {"type": "thought", "signature": SIGNATURE}]}


def several_items(body: Body, args: Args) -> Body:
    """The text in three items over two steps, with a thought between the steps."""
    text = text_of(body)
    a, b = len(text) // 3, 2 * len(text) // 3
    first = {"type": "model_output", "content": [_item(text[:a]), _item(text[a:b])]}
    second = {"type": "model_output", "content": [_item(text[b:])]}
    thought = {"type": "thought", "signature": SIGNATURE}
    return {**body, "steps": [first, thought, second]}


def echo(body: Body, args: Args) -> Body:
    step = {"type": "user_input", "content": [_item("(what the user said)")]}
    return {**body, "steps": [step, *_steps(body)]}


def legacy(body: Body, args: Args) -> Body:
    outputs = [{"type": "thought", "signature": SIGNATURE}, _item(text_of(body))]
    return {k: v for k, v in body.items() if k != "steps"} | {"outputs": outputs}


def blocked_prompt(body: Body, args: Args) -> Body:
    rest = {k: v for k, v in body.items() if k != "candidates"}
    return rest | {"promptFeedback": {"blockReason": args[0] if args else "SAFETY"}}


def finish_reason(reason: str, *, text: bool) -> Callable[[Body, Args], Body]:
    def reshape(body: Body, args: Args) -> Body:
        candidates = body.get("candidates")
        first = candidates[0] if isinstance(candidates, list) and candidates else {}
        changed = {**first, "finishReason": args[0] if args else reason}
        if not text:
            changed["content"] = {"role": "model"}
        return {**body, "candidates": [changed]}

    return reshape


def no_candidates(body: Body, args: Args) -> Body:
    return {k: v for k, v in body.items() if k != "candidates"}


def parts_apart(body: Body, args: Args) -> Body:
    candidates = body["candidates"]
    assert isinstance(candidates, list)
    text = "".join(str(part["text"]) for part in candidates[0]["content"]["parts"])
    half = len(text) // 2
    parts: list[Body] = [{"text": text[:half]}, {"text": text[half:]}]
    parts.append({"text": "**Simulated** A last thought.", "thought": True})
    content = {"role": "model", "parts": parts}
    return {**body, "candidates": [{**candidates[0], "content": content}]}


def text_of(body: Mapping[str, object]) -> str:
    """The text of an interaction."""
    contents = [step.get("content") for step in _steps(body)]
    items = [item for content in contents if isinstance(content, list) for item in content]
    return "".join(str(item.get("text", "")) for item in items)


def _steps(body: Mapping[str, object]) -> list[Body]:
    steps = body.get("steps")
    return list(steps) if isinstance(steps, list) else []


def _item(text: str) -> Body:
    return {"type": "text", "text": text}
