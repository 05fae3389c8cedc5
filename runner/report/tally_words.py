"""The totals of a run in words: the same on the terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from runner.text.words import money, number, tokens
from runner.values.response import Origin
from runner.values.result import USABLE, Status
from runner.values.tally import Tally

STATUS_WORDS: dict[Status, str] = {
    "ok": "answered",
    "empty": "answered: nothing found",
    "partial": "answered, some items unusable",
    "truncated": "cut off",
    "refused": "refused",
    "malformed": "unreadable answer",
    "failed": "failed",
    "not_run": "not run",
    "skipped": "skipped (`when`)",
}

LONGEST = 300
"""Letters of an error that are shown; the whole stands in results.jsonl."""


def totals(tally: Tally) -> tuple[tuple[str, str], ...]:
    """What came of the requests, what was noticed, and what it cost: names and values."""
    counts = [(words, f"{count:,}") for words, count in _counts(tally)]
    if tally.not_asked:
        counts.append(("not asked", f"{tally.not_asked:,}"))
    if tally.issues:
        counts.append(("noticed", _noticed(tally)))
    return (*counts, ("cost", _cost(tally)))


def _counts(tally: Tally) -> Iterator[tuple[str, int]]:
    """How many results of each status there are. A filter answers nothing: what was made of answers
    has a line of its own, unless it failed."""
    made = {status: count for status, count in tally.made.items() if status in USABLE}
    for status, words in STATUS_WORDS.items():
        if count := tally.by_status.get(status, 0) - made.get(status, 0):
            yield words, count
    if made:
        yield "made of answers", sum(made.values())


def remarks(tally: Tally) -> Iterator[str]:
    """What there is to say of the totals: by model, what was not paid again, what is in doubt."""
    yield from _by_model(tally)
    yield from _not_paid_again(tally)
    yield from _doubtful(tally)
    if tally.simulated:
        yield "simulated: no model looked at these images"
    if tally.last_error:
        yield f"last error: {tally.last_error[:LONGEST]}"


def _noticed(tally: Tally) -> str:
    """The commonest issues of the answers and images, by their codes."""
    commonest = sorted(tally.issues.items(), key=lambda entry: (-entry[1], entry[0]))
    shown = ", ".join(f"{code} {count:,}×" for code, count in commonest[:5])
    more = f" and {len(commonest) - 5} more kinds" if len(commonest) > 5 else ""
    return f"{shown}{more} (`issues` in results.jsonl)"


def _cost(tally: Tally) -> str:
    count = tally.input_tokens + tally.output_tokens + tally.thought_tokens
    if not (count or tally.cost_usd or tally.unpriced):
        return "nothing"
    used = tokens(count)
    if 0 < tally.simulated == sum(tally.models.values()):
        return f"nothing ({used} tokens simulated; a model would have cost {money(tally.cost_usd)})"
    known = "" if not tally.unpriced else ", without what answers of unknown price or length cost"
    return f"{money(tally.cost_usd)} for {used} tokens{known}"


def _by_model(tally: Tally) -> Iterator[str]:
    """Where several models answered: what each of them took and cost."""
    if len(tally.by_model) < 2 or tally.simulated:
        return
    for name, spent in sorted(tally.by_model.items()):
        used = tokens(spent.input_tokens + spent.output_tokens + spent.thought_tokens)
        cost = None if spent.unpriced == spent.answers else spent.cost_usd
        yield f"  {name}: {number(spent.answers, 'answer')}, {used} tokens, {money(cost)}"


def _not_paid_again(tally: Tally) -> Iterator[str]:
    """What was there already, of this run, of others, or of another case that asks the same."""
    asked, answered = tally.by_origin.get("asked", 0), sum(tally.models.values())
    if tally.earlier:
        yield (
            f"{tally.earlier:,} of {answered:,} were answered before and cost nothing again; "
            f"{asked:,} {_were(asked)} asked: {money(tally.session_usd)}"
        )
    free = [
        f"{count:,} {words}"
        for origin, words in FREE.items()
        if (count := tally.by_origin.get(origin, 0))
    ]
    if free:
        yield f"{', '.join(free)}: nothing was paid for {money(tally.saved_usd)} worth of answers"


FREE: dict[Origin, str] = {
    "cache": "came from the cache",
    "shared": "asked exactly what another case asked (identical images do)",
}


def _doubtful(tally: Tally) -> Iterator[str]:
    """Who may have been paid for without an answer, by name."""
    if not tally.doubtful:
        return
    names = tally.doubtful_names
    more = "; …" if tally.doubtful > len(names) else ""
    yield (
        f"{number(tally.doubtful, 'request')} may have been paid for although no answer came "
        f"(about {money(tally.doubtful_usd)} more): {'; '.join(names)}{more}"
    )


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
