"""What two runs differ in, as sentences; the same on the terminal, in Markdown and in a verdict."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from runner.checks.metrics.limits import number as amount
from runner.text.words import number
from runner.values.difference import (
    CheckDifference,
    Differences,
    MetricDifference,
    SettingDifference,
)

NAMED = 5
LONG = 60
"""A text longer than this is shown by its words that changed."""

AROUND = 4
"""Words that stay the same and are shown beside what changed."""


def check_told(found: CheckDifference) -> str:
    """`worse: 7 of 40 images held before and fail now, 0 the reverse (p = 0.016)`."""
    if found.finding == "not comparable":
        return f"not compared: {found.why}"
    of = number(found.pairs, "image")
    if not found.pairs:
        was = number(len(found.unjudged), "image was", "images were")
        return f"{found.finding}: {was} judged before, none is now: {named(found.unjudged)}"
    if not found.broken and not found.fixed:
        said = f"{found.finding}: the same for {of}"
    else:
        said = (
            f"{found.finding}: of {of}, {len(found.broken):,} held before and"
            f" {'fails' if len(found.broken) == 1 else 'fail'} now{_of_them(found.broken, found)},"
            f" {len(found.fixed):,} the reverse{_of_them(found.fixed, found)} (p = {found.chance:.2g})"
        )
    return said + _needed(found.needed) + _flaky(found.flaky) + _unjudged(found.unjudged)


def metric_told(found: MetricDifference) -> str:
    """`worse: 0.93 → 0.81 (−0.12, 95% interval −0.18 to −0.06) over 40 images`."""
    if found.finding == "not comparable" or found.before is None:
        return f"not compared: {found.why}"
    said = f"{change_told(found)} over {number(found.pairs, 'image')}"
    if found.finding is None or (found.margin is None and found.unit):
        return said  # what an answer costs is neither good nor bad by itself
    said = f"{found.finding}: {said}"
    if found.margin is not None:
        word = "drop" if found.goal == "more" else "rise"
        said += f"; it may {word} by {amount(found.margin, found.unit)}"
    return said + _needed(found.needed)


def change_told(found: MetricDifference) -> str:
    """`0.93 → 0.81 (−0.12, 95% interval −0.18 to −0.06)`."""
    assert found.before is not None
    unit = found.unit
    if found.now is None:
        return f"{amount(found.before, unit)} → not defined any more"
    ends = f"{amount(found.before, unit)} → {amount(found.now, unit)}"
    if found.low is None or found.high is None:
        return ends
    if found.low == found.high == 0:
        return f"{ends} (the same)"
    span = f"95% interval {signed(found.low, unit)} to {signed(found.high, unit)}"
    return f"{ends} ({signed(found.now - found.before, unit)}, {span})"


def signed(value: float, unit: str = "") -> str:
    """`+0.02`, `−$0.0041`, `0`."""
    if value == 0:
        return "0"
    return ("+" if value > 0 else "−") + amount(abs(value), unit)


def setting_told(found: SettingDifference) -> str:
    """`steps.find.thinking: low → high`; of long texts the words that changed."""
    before, now = found.before, found.now
    if isinstance(before, str) and isinstance(now, str) and max(len(before), len(now)) > LONG:
        return f"{found.name}: {word_diff(before, now)}"
    return f"{found.name}: {_value(before)} → {_value(now)}"


def word_diff(before: str, now: str) -> str:
    """The words that changed: `[-gone-]` and `{+new+}`, with a few around them."""
    parts = []
    for kind, old, new in word_changes(before, now):
        if kind == "same":
            parts.append(old)
        else:
            parts += [f"[-{old}-]"] * bool(old) + [f"{{+{new}+}}"] * bool(new)
    return " ".join(parts)


def word_changes(before: str, now: str) -> Iterator[tuple[str, str, str]]:
    """Runs of words: (`same`, text, text) or (`changed`, what was, what is); long stretches that are
    the same are cut to what stands beside a change."""
    old, new = (re.findall(r"\S+", text) for text in (before, now))
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for place, (tag, a, b, c, d) in enumerate(steps):
        if tag == "equal":
            kept = _beside(old[a:b], place > 0, place < len(steps) - 1)
            yield "same", kept, kept
        else:
            yield "changed", " ".join(old[a:b]), " ".join(new[c:d])


def _beside(words: Sequence[str], after: bool, before: bool) -> str:
    first = words[:AROUND] if after else []
    last = words[-AROUND:] if before else []
    if len(words) <= len(first) + len(last) + 1:
        return " ".join(words)
    return " ".join([*first, "…", *last])


def _value(value: object) -> str:
    if value is None:
        return "(not set)"
    text = " ".join(str(value).split()) or '""'
    return text if len(text) <= 3 * LONG else f"{text[: 3 * LONG]}…"


def left_out_told(found: Differences) -> str:
    """`5 images of the baseline are not compared: not in this run: a.png, …`; empty when all are."""
    now = "image is", "images are"
    kinds = (
        (
            found.only_before,
            ("image of the baseline is", "images of the baseline are"),
            "not in this run",
        ),
        (found.other_images, now, "another image or row than in the baseline"),
        (found.only_now, now, "new"),
    )
    return "; ".join(
        f"{number(len(cases), *words)} not compared: {why}: {named(cases)}"
        for cases, words, why in kinds
        if cases
    )


def _needed(count: int | None) -> str:
    return f"; about {number(count, 'image')} would decide" if count else ""


def _of_them(cases: Sequence[str], found: CheckDifference) -> str:
    """How many of them are flaky, and so not listed as worse or better."""
    flaky = len(set(cases) & set(found.flaky))
    return f" ({flaky:,} flaky)" if flaky else ""


def _unjudged(cases: Sequence[str]) -> str:
    if not cases:
        return ""
    return f"; {len(cases):,} judged before {'is' if len(cases) == 1 else 'are'} not judged now: {named(cases)}"


def _flaky(cases: Sequence[str]) -> str:
    return f"; {number(len(cases), 'case is', 'cases are')} flaky: {named(cases)}" if cases else ""


def named(cases: Sequence[str]) -> str:
    """The first few names."""
    more = f" and {len(cases) - NAMED:,} more" if len(cases) > NAMED else ""
    return ", ".join(cases[:NAMED]) + more


def name_told(found: CheckDifference | MetricDifference) -> str:
    """`finds all`, and in a matrix `finds all (model gemini-3.5-flash)`."""
    axes = axes_told(found.combination)
    return f"{found.name} ({axes})" if axes else found.name


def axes_told(combination: Mapping[str, object]) -> str:
    """`model gemini-3.5-flash, thinking low`."""
    return ", ".join(f"{axis} {value}" for axis, value in combination.items())
