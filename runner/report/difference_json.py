"""comparison.json and `askpix diff --format json`: what two runs differ in, as data."""

from __future__ import annotations

from runner.values.difference import (
    AnswerDifference,
    CaseDifference,
    CheckDifference,
    Choice,
    Differences,
    Effect,
    Matrix,
    MetricDifference,
    Side,
)
from runner.values.result import Detection

VERSION = 1


def difference_json(found: Differences) -> dict[str, object]:
    """Everything; of cases that are the same only how many."""
    return {
        "version": VERSION,
        "before": _side(found.before),
        "now": _side(found.now),
        "mixed": found.is_mixed,
        "worse": found.is_worse,
        "pairs": found.pairs,
        "settings": [
            {"name": each.name, "before": each.before, "now": each.now} for each in found.settings
        ],
        "files": list(found.files),
        "checks": [_check(each) for each in found.checks],
        "metrics": [metric_json(each) for each in found.metrics],
        "same_cases": sum(each.turn == "same" for each in found.cases),
        "cases": [_case(each) for each in found.cases if each.turn != "same" or each.is_flaky],
        "only_before": list(found.only_before),
        "only_now": list(found.only_now),
        "other_images": list(found.other_images),
        "twins": list(found.twins),
    }


def matrix_json(found: Matrix) -> dict[str, object]:
    """The combinations of a matrix, and what its axes do."""
    return {
        "version": VERSION,
        "run": _side(found.run),
        "choices": [_choice(each) for each in found.choices],
        "effects": [_effect(each) for each in found.effects],
    }


def _choice(choice: Choice) -> dict[str, object]:
    against = {each.name: metric_json(each) for each in choice.metrics}
    return {
        "combination": dict(choice.combination),
        "pays": choice.pays,
        "cost_usd_per_case": choice.cost_usd,
        "tokens_per_case": choice.tokens,
        "checks": [{"name": name, "holds": held, "of": of} for name, held, of in choice.held],
        "metrics": [
            {
                "name": each.name,
                "better": each.goal,
                "unit": each.unit,
                "value": each.value,
                "low": each.low,
                "high": each.high,
                "against_first": against.get(each.name),
            }
            for each in choice.reached
        ],
    }


def _effect(effect: Effect) -> dict[str, object]:
    return {
        "axis": effect.axis,
        "before": effect.before,
        "now": effect.now,
        "combinations": effect.pairs,
        "checks": [_check(each) for each in effect.checks],
        "metrics": [metric_json(each) for each in effect.metrics],
    }


def metric_json(found: MetricDifference) -> dict[str, object]:
    """One metric; what nobody knows is null."""
    return {
        "name": found.name,
        "combination": dict(found.combination),
        "finding": found.finding,
        "pairs": found.pairs,
        "better": found.goal,
        "unit": found.unit,
        "before": found.before,
        "now": found.now,
        "change": found.change,
        "low": found.low,
        "high": found.high,
        "margin": found.margin,
        "images_needed": found.needed,
        "better_cases": list(found.better),
        "worse_cases": list(found.worse),
        "flaky_cases": list(found.flaky),
        "why": found.why or None,
    }


def _side(side: Side) -> dict[str, object]:
    return {
        "run": side.run,
        "simulated": side.simulated,
        "models": list(side.models),
        "cost_usd": side.cost_usd,
        "tokens": side.tokens,
        "seconds": side.seconds,
    }


def _check(found: CheckDifference) -> dict[str, object]:
    return {
        "name": found.name,
        "combination": dict(found.combination),
        "finding": found.finding,
        "pairs": found.pairs,
        "broken": list(found.broken),
        "fixed": list(found.fixed),
        "flaky": list(found.flaky),
        "unjudged": list(found.unjudged),
        "p": found.chance,
        "change": found.change,
        "low": found.low,
        "high": found.high,
        "images_needed": found.needed,
        "why": found.why or None,
    }


def _case(found: CaseDifference) -> dict[str, object]:
    return {
        "case": found.case,
        "turn": found.turn,
        "flaky": found.is_flaky,
        "why": list(found.why),
        "answers": [_answer(each) for each in found.answers if not each.is_same],
    }


def _answer(found: AnswerDifference) -> dict[str, object]:
    return {
        "step": found.step,
        "combination": dict(found.combination),
        "status_before": found.status_before,
        "status_now": found.status_now,
        "matched": found.matched,
        "overlap": found.overlap,
        "gone": [_thing(each) for each in found.gone],
        "new": [_thing(each) for each in found.new],
    }


def _thing(found: Detection) -> dict[str, object]:
    extent = found.extent
    return {
        "label": found.label,
        "box": extent.as_list() if extent else None,
        "point": found.point.as_list() if found.point else None,
    }
