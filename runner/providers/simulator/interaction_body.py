"""An answer as the Interactions API tells it: one JSON object, or a stream of events."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from runner.providers.simulator.question import Question
from runner.providers.simulator.said import Said
from runner.providers.simulator.usage import Used

SIGNATURE = base64.b64encode(b"askpix simulated thought").decode()
SUMMARY = "**Simulated** Nobody thought: regions were found by image analysis."
PIECE = 48
"""Characters of text in one event of a stream."""

Body = dict[str, object]


def interaction(question: Question, said: Said, used: Used, id: str, now: datetime) -> Body:
    """The whole body, as a create request answers it: output steps only."""
    stamp = timestamp(now)
    return {
        "id": id,
        "object": "interaction",
        "model": question.model.name,
        "status": "completed" if said.finish == "stop" else "incomplete",
        "created": stamp,
        "updated": stamp,
        "service_tier": "standard",
        "steps": steps(question, said),
        "usage": usage(used),
    }


def steps(question: Question, said: Said) -> list[Body]:
    """A thought, unless thinking is off or minimal, then what the model says."""
    found: list[Body] = []
    if question.thinking not in ("none", "minimal"):
        thought: Body = {"type": "thought", "signature": SIGNATURE}
        if question.summaries:
            thought["summary"] = [{"type": "text", "text": SUMMARY}]
        found.append(thought)
    content = [{"type": "text", "text": said.text}] if said.text else []
    found.append({"type": "model_output", "content": content})
    return found


def usage(used: Used) -> Body:
    """Tokens in the names of this API; thoughts are apart from the output."""
    by_kind = [{"modality": "text", "tokens": used.text}]
    if used.images:
        by_kind.append({"modality": "image", "tokens": used.images})
    return {
        "total_tokens": used.total,
        "total_input_tokens": used.input,
        "total_output_tokens": used.output,
        "total_thought_tokens": used.thoughts,
        "total_cached_tokens": 0,
        "total_tool_use_tokens": 0,
        "input_tokens_by_modality": by_kind,
        "output_tokens_by_modality": [{"modality": "text", "tokens": used.output}],
    }


def events(body: Mapping[str, object]) -> tuple[Body, ...]:
    """The same answer as the events of a stream, in order, each with an id to resume after."""
    listed = list(_events(body))
    return tuple({**event, "event_id": f"{body['id']}-{i}"} for i, event in enumerate(listed))


def frames(listed: Sequence[Mapping[str, object]]) -> Iterator[bytes]:
    """Events as they stand in the stream, with the line that closes it."""
    for event in listed:
        data = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        yield f"event: {event['event_type']}\ndata: {data}\n\n".encode("utf-8", "surrogatepass")
    yield b"event: done\ndata: [DONE]\n\n"


def timestamp(moment: datetime) -> str:
    """`2026-11-20T17:40:00Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _events(body: Mapping[str, object]) -> Iterator[Body]:
    start = {k: body[k] for k in ("id", "object", "model")} | {"status": "in_progress"}
    yield {"event_type": "interaction.created", "interaction": start}
    yield {
        "event_type": "interaction.status_update",
        "interaction_id": body["id"],
        "status": "in_progress",
    }
    listed = body.get("steps")
    for i, step in enumerate(listed if isinstance(listed, list) else []):
        yield {"event_type": "step.start", "index": i, "step": {"type": step["type"]}}
        for delta in _deltas(step):
            yield {"event_type": "step.delta", "index": i, "delta": delta}
        yield {"event_type": "step.stop", "index": i}
    whole = {k: v for k, v in body.items() if k != "steps"}
    yield {"event_type": "interaction.completed", "interaction": whole}


def _deltas(step: Mapping[str, object]) -> Iterator[Body]:
    summary, content = step.get("summary"), step.get("content")
    for item in summary if isinstance(summary, list) else []:
        yield {"type": "thought_summary", "content": item}
    if "signature" in step:
        yield {"type": "thought_signature", "signature": step["signature"]}
    for item in content if isinstance(content, list) else []:
        text = item.get("text", "")
        for at in range(0, len(text), PIECE):
            yield {"type": "text", "text": text[at : at + PIECE]}
