"""An answer as generateContent tells it."""

from __future__ import annotations

from runner.providers.simulator.interaction_body import SIGNATURE, SUMMARY
from runner.providers.simulator.question import Question
from runner.providers.simulator.said import Said
from runner.providers.simulator.usage import Used

Body = dict[str, object]


def generated(question: Question, said: Said, used: Used, id: str) -> Body:
    """The body of a GenerateContentResponse."""
    return {
        "candidates": [
            {
                "content": {"role": "model", "parts": parts(question, said)},
                "finishReason": "STOP" if said.finish == "stop" else "MAX_TOKENS",
                "index": 0,
            }
        ],
        "usageMetadata": usage(used),
        "modelVersion": question.model.name,
        "responseId": id,
    }


def parts(question: Question, said: Said) -> list[Body]:
    """A summary of the thoughts, when it was asked for, then the text."""
    found: list[Body] = []
    thinks = question.thinking not in ("none", "minimal")
    if thinks and question.summaries:
        found.append({"text": SUMMARY, "thought": True})
    if said.text:
        signature = {"thoughtSignature": SIGNATURE} if thinks else {}
        found.append({"text": said.text, **signature})
    return found


def usage(used: Used) -> Body:
    """Tokens in the names of this API; thoughts are apart from the candidates."""
    counts: Body = {
        "promptTokenCount": used.input,
        "candidatesTokenCount": used.output,
        "totalTokenCount": used.total,
        "promptTokensDetails": prompt_details(used),
    }
    return counts | ({"thoughtsTokenCount": used.thoughts} if used.thoughts else {})


def prompt_details(used: Used) -> list[Body]:
    """The input by kind."""
    details: list[Body] = [{"modality": "TEXT", "tokenCount": used.text}]
    if used.images:
        details.append({"modality": "IMAGE", "tokenCount": used.images})
    return details
