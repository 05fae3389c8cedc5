"""The comparison of two runs: what is worse and what is chance, prompts word by word, settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from runner.report.difference_words import axes_told, check_told, metric_told, named
from runner.report.html.element import Child, Markup, el, joined, link_to
from runner.report.html.marks import SIGNS, Mark
from runner.report.html.words import changes
from runner.text.words import money, number, tokens
from runner.values.difference import (
    CheckDifference,
    Differences,
    MetricDifference,
    SettingDifference,
    Side,
)

FINDINGS = {
    "not worse": ("✓", "good"),
    "worse": ("▼", "bad"),
    "not enough evidence": ("?", "warn"),
    "not comparable": ("–", "calm"),
}

TURNS: Mapping[Mark, str] = {"worse": "bad", "better": "good", "changed": "warn"}


def comparison(found: Differences) -> Markup:
    """What has changed since another run."""
    return el(
        "section",
        el("h2", "Compared with ", el("span", found.before.run, class_="name"), id="before-title"),
        _turns(found),
        el("p", _mixed(found), class_="remarks") if found.is_mixed else None,
        _findings(found),
        _settings(found.settings, found.files),
        _sides(found.before, found.now),
        _left_out(found),
        class_="panel",
        id="comparison",
        aria_labelledby="before-title",
    )


def _mixed(found: Differences) -> str:
    one = "before" if found.before.simulated else "now"
    return f"The run {one} is simulated and the other is not: this says nothing about a model."


def _turns(found: Differences) -> Markup:
    turns = [each.turn for each in found.cases]
    parts: list[Child] = []
    for turn, tone in TURNS.items():
        count = turns.count(turn)  # type: ignore[arg-type]  # every one of these marks is a turn
        text = joined(
            el("span", SIGNS[turn], class_="sign", aria_hidden="true"), f" {count:,} {turn}"
        )
        shown = link_to(text, mark=turn) if count else text
        parts.append(el("li", shown, class_=f"turn {tone if count else 'calm'}"))
    parts.append(el("li", f"= {turns.count('same'):,} the same", class_="turn calm"))
    flaky = sum(each.is_flaky for each in found.cases)
    if flaky:
        parts.append(el("li", link_to(f"≈ {flaky:,} flaky", flaky=1), class_="turn warn"))
    return el("ul", *parts, class_="turns")


def _findings(found: Differences) -> Markup | None:
    rows = [*map(_check, found.checks), *map(_metric, found.metrics)]
    if not rows:
        return None
    heads = ("finding", "check or metric", "over the same images", "cases")
    head = el("tr", *(el("th", each, scope="col") for each in heads))
    table = el("table", el("thead", head), el("tbody", *rows))
    return el("div", table, class_="wide", tabindex="0", role="group")


def _check(found: CheckDifference) -> Markup:
    told = check_told(found).removeprefix(f"{found.finding}: ")
    return _row(found, found.finding, told, found.broken, found.fixed)


def _metric(found: MetricDifference) -> Markup:
    told = metric_told(found).removeprefix(f"{found.finding}: ")
    judged = found.margin is not None or found.finding == "not comparable" or not found.unit
    behind = (found.worse, found.better) if not found.unit else ((), ())
    return _row(found, found.finding if judged else None, told, *behind)


def _row(
    found: CheckDifference | MetricDifference,
    finding: str | None,
    told: str,
    worse: Sequence[str],
    better: Sequence[str],
) -> Markup:
    axes = axes_told(found.combination)
    cause = f"{found.name} ({axes})" if axes else found.name
    links: list[Child] = []
    for cases, mark in ((worse, SIGNS["worse"]), (better, SIGNS["better"])):
        if cases:
            sort = "worse" if cases is worse else "better"
            links += [" ", link_to(f"{mark} {len(cases):,} {sort}", cause=cause, way=sort)]
    sign = None
    if finding is not None:
        shape, tone = FINDINGS[finding]
        sign = el("span", el("span", shape, aria_hidden="true"), f" {finding}",
                  class_=f"mark {tone}")  # fmt: skip
    return el(
        "tr",
        el("td", sign),
        el("th", found.name, el("small", axes, class_="axes") if axes else None, scope="row"),
        el("td", told),
        el("td", *links, class_="number"),
    )


def _settings(settings: Sequence[SettingDifference], files: Sequence[str]) -> Markup | None:
    if not settings and not files:
        return el("p", "Settings and prompts are the same.", class_="calm")
    parts = [part for each in settings for part in _setting(each)]
    parts += [part for each in files for part in (el("dt", each), el("dd", "its content changed"))]
    return joined(el("h3", "Settings and prompts"), el("dl", *parts, class_="settings"))


def _setting(found: SettingDifference) -> Iterator[Markup]:
    yield el("dt", el("code", found.name))
    before, now = _text(found.before), _text(found.now)
    if "\n" in before + now or min(len(before), len(now)) > 30:
        yield el("dd", el("div", *_word_by_word(before, now), class_="diff"))
        return
    yield el("dd", el("del", before), " → ", el("ins", now))


def _word_by_word(before: str, now: str) -> Iterator[Child]:
    for change, text in changes(before, now):
        yield text if change == "same" else el("del" if change == "gone" else "ins", text)


def _text(value: object) -> str:
    return "(not set)" if value is None else str(value)


def _sides(before: Side, now: Side) -> Markup:
    heads = ("when", "run", "models", "cost", "tokens", "time")
    rows = []
    for name, side in (("before", before), ("now", now)):
        took = "—" if side.seconds is None else f"{side.seconds:,.0f} s"
        run = joined(side.run, el("small", " simulated") if side.simulated else None)
        cells = (run, ", ".join(side.models), money(side.cost_usd), tokens(side.tokens), took)
        rows.append(el("tr", el("th", name, scope="row"), *(el("td", cell) for cell in cells)))
    head = el("tr", *(el("th", each, scope="col") for each in heads))
    table = el("table", el("thead", head), el("tbody", *rows))
    return el("div", table, class_="wide", tabindex="0", role="group")


def _left_out(found: Differences) -> Markup | None:
    told = [
        f"{number(len(cases), 'case')} {what}: {named(cases)}"
        for cases, what in (
            (found.only_before, "only before"),
            (found.only_now, "only now"),
            (found.other_images, "with other images or another row under the same name"),
        )
        if cases
    ]
    return el("p", f"Not compared: {'; '.join(told)}.") if told else None
