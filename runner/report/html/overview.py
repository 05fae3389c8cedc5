"""The overview: what must be readable without scripts, every number a link to the cases behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runner.checks.metrics.limits import number as amount
from runner.report.difference_words import axes_told
from runner.report.html.charts import bar, interval
from runner.report.html.comparison import comparison
from runner.report.html.content import CheckTold, Content
from runner.report.html.element import Child, Markup, el, joined, link_to
from runner.report.html.marks import SIGNS
from runner.report.html.matrix import matrix
from runner.text.words import money, number, tokens
from runner.values.difference import Differences
from runner.values.standing import MetricStanding

OUTCOMES = {
    "passed": ("✓", "holds", "good"),
    "failed": ("✗", "fails", "bad"),
    "warned": ("!", "warns", "warn"),
    "skipped": ("–", "not judged", "calm"),
}


def overview(content: Content) -> Markup:
    """Everything above the cases."""
    return joined(
        _verdict(content),
        _facts(content),
        _remarks(content),
        comparison(content.differences) if content.differences else None,
        matrix(content.matrix, content.combinations) if content.matrix else None,
        _checks(content),
        _metrics(content),
        _prompts(content),
    )


def _verdict(content: Content) -> Markup:
    """The first thing that is seen: good or bad, in words, with a sign."""
    sign, tone, said = _judgement(content)
    return el("p", el("span", sign, class_="sign", aria_hidden="true"), " ", said,
              class_=f"verdict {tone}")  # fmt: skip


def _judgement(content: Content) -> tuple[str, str, str]:
    found = content.differences
    failed = [each for each in content.checks if each.outcome == "failed"]
    warned = [each for each in content.checks if each.outcome == "warned"]
    if found is not None and found.is_worse:
        return SIGNS["worse"], "bad", f"Worse than {found.before.run}, by more than chance"
    if failed:
        some = number(len(failed), "check fails", "checks fail")
        return SIGNS["fails"], "bad", f"{some}, of {len(content.checks):,}"
    if content.unusable:
        some = number(content.unusable, "answer is", "answers are")
        return SIGNS["no answer"], "bad", f"{some} not usable"
    if warned:
        some = number(len(warned), "check warns", "checks warn")
        return SIGNS["warns"], "warn", f"{some}, none fails"
    if found is not None:
        return _compared(found)
    if not content.checks:
        return SIGNS["fine"], "calm", "Every case has an answer; nothing was to be checked"
    idle = sum(each.outcome == "skipped" for each in content.checks)
    if idle == len(content.checks):
        return "?", "warn", f"Nothing was judged: {number(idle, 'check')} had nothing to look at"
    if idle:
        rest = number(idle, "other was not judged", "others were not judged")
        return SIGNS["fine"], "good", f"Every check that was judged holds; {rest}"
    return SIGNS["fine"], "good", "Every check holds"


def _compared(found: Differences) -> tuple[str, str, str]:
    if all(each.turn == "same" for each in found.cases) and found.has_answers:
        return SIGNS["fine"], "good", f"Every answer is as it was in {found.before.run}"
    findings = [each.finding for each in found.checks]
    findings += [each.finding for each in found.metrics if each.finding]
    if unsure := findings.count("not enough evidence"):
        some = f"{unsure:,} of {number(len(findings), 'check or metric', 'checks and metrics')}"
        said = (
            f"Nothing is worse by more than chance; for {some} there are too few images to be sure"
        )
        return "?", "warn", said
    if lost := findings.count("not comparable"):
        of = number(len(findings), "check or metric", "checks and metrics")
        said = f"Nothing is worse than {found.before.run}; {lost:,} of {of} cannot be compared"
        return "?", "warn", said
    return SIGNS["fine"], "good", f"Not worse than {found.before.run}"


def _facts(content: Content) -> Markup:
    standing = content.standing
    without = f"{content.without_answer:,}"
    facts: dict[str, Child] = {
        "cases": link_to(f"{content.cases:,}"),
        "without usable answer": link_to(without, unusable=1)
        if content.without_answer
        else without,
        "cost": link_to(money(standing.cost_usd), sort="cost"),
        "tokens": tokens(standing.tokens),
        "took": "—" if standing.seconds is None else _time(standing.seconds),
    }
    if len(content.combinations) > 1:
        facts = {"combinations": f"{len(content.combinations)}"} | facts
    if standing.repeat > 1:
        facts["repeats"] = f"{standing.repeat}"
    pairs = (el("div", el("dt", name), el("dd", value)) for name, value in facts.items())
    return el("dl", *pairs, class_="facts")


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _remarks(content: Content) -> Markup | None:
    if not content.remarks:
        return None
    return el("ul", *(el("li", each) for each in content.remarks), class_="remarks")


def _checks(content: Content) -> Markup | None:
    checks = [each for each in content.checks if not each.is_metric]
    if not checks:
        return None
    head = el(
        "tr", *(el("th", name, scope="col") for name in ("outcome", "check", "holds for", "why"))
    )
    body = (el("tr", *_check_row(each, content)) for each in checks)
    return _section("checks", "Checks", _table(head, body))


def _check_row(check: CheckTold, content: Content) -> Iterator[Markup]:
    combination = _number_of(check.combination, content)
    here = {"check": check.name} | combination
    missed = check.judged - check.passed
    yield el("td", outcome(check.outcome))
    yield el("th", check.name, _axes(check.combination), scope="row")
    yield el(
        "td",
        bar(check.passed / check.judged if check.judged else 0, check.needed),
        " ",
        _held(check, here),
        joined("; ", link_to(f"{missed:,} not", **here)) if missed else None,
        class_="number",
    )
    yield el("td", check.why)


def _held(check: CheckTold, here: Mapping[str, str | int]) -> Child:
    text = f"{check.passed:,} of {check.judged:,}"
    if not check.passed:
        return text
    return link_to(
        text, **{"held" if name == "check" else name: value for name, value in here.items()}
    )


def _metrics(content: Content) -> Markup | None:
    judged = {each.number: each for each in content.checks if each.is_metric}
    metrics = {
        place: each
        for place, each in enumerate(content.standing.metrics)
        if each.value is not None or place in judged
    }
    if not metrics:
        return None
    head = el(
        "tr",
        *(
            el("th", name, scope="col")
            for name in ("outcome", "metric", "value", "95 % interval", "cases")
        ),
    )
    rows = []
    for place, metric in metrics.items():
        verdict = judged.get(place)
        counts = metric.is_own and not metric.unit
        told: dict[str, str | int] = {"metric": metric.name} if counts else {"sort": "cost"}
        here = told | _number_of(metric.combination, content)
        span = None
        if metric.value is not None and metric.low is not None and metric.high is not None:
            ends = f"{amount(metric.low, metric.unit)} to {amount(metric.high, metric.unit)}"
            limit = verdict.needed if verdict and verdict.outcome != "skipped" else None
            span = joined(
                interval(metric.low, metric.value, metric.high, metric.unit, limit), " ", ends
            )
        cases = f"{len(metric.parts):,}"
        rows.append(
            el(
                "tr",
                el("td", _outcome(metric, verdict)),
                el("th", metric.name, _axes(metric.combination), scope="row"),
                el("td", _value(metric, verdict), class_="number"),
                el("td", span, class_="number"),
                el("td", link_to(cases, **here), class_="number"),
            )
        )
    return _section("metrics", "Metrics", _table(head, rows))


def _outcome(metric: MetricStanding, verdict: CheckTold | None) -> Markup | None:
    """None of a metric that has no limit of its own: a comparison judges it, or nothing does."""
    if verdict is None:
        return None
    has_limit = verdict.outcome != "skipped" or verdict.needed or metric.value is None
    return outcome(verdict.outcome) if has_limit else None


def _value(metric: MetricStanding, verdict: CheckTold | None) -> Child:
    if metric.value is None:
        return verdict.why if verdict and verdict.why else "nothing to judge"
    return amount(metric.value, metric.unit)


def _prompts(content: Content) -> Markup | None:
    asked = [each for each in content.steps if each.prompt]
    if not asked:
        return None
    parts = [
        joined(
            el("h3", el("code", each.id), f" {each.title}" if each.title else None),
            el("pre", each.system, class_="system") if each.system else None,
            el("pre", each.prompt),
        )
        for each in asked
    ]
    return el("details", el("summary", "Prompts"), *parts, class_="panel", id="prompts")


def outcome(word: str) -> Markup:
    """An outcome as a sign, a word and a colour."""
    sign, said, tone = OUTCOMES[word]
    return el("span", el("span", sign, aria_hidden="true"), f" {said}", class_=f"mark {tone}")


def _axes(combination: Mapping[str, object]) -> Markup | None:
    told = axes_told(combination)
    return el("small", told, class_="axes") if told else None


def _number_of(combination: Mapping[str, object], content: Content) -> dict[str, str | int]:
    if len(content.combinations) < 2 or combination not in content.combinations:
        return {}
    return {"combination": [*content.combinations].index(combination) + 1}


def _section(name: str, title: str, *children: Child) -> Markup:
    return el(
        "section", el("h2", title, id=f"{name}-title"), *children, class_="panel", id=name,
        aria_labelledby=f"{name}-title",
    )  # fmt: skip


def _table(head: Markup, rows: object) -> Markup:
    table = el("table", el("thead", head), el("tbody", *rows))  # type: ignore[misc]  # rows
    return el("div", table, class_="wide", tabindex="0", role="group")
