"""Definition: what a check or a metric looks at, as plain data, and a metric of that data again."""

from __future__ import annotations

from collections.abc import Mapping

from runner.checks.metrics import METRICS
from runner.checks.metrics.metric import Metric
from runner.values.reference import Reference
from runner.workflow.spec import CheckSpec, MetricSpec


def definition_of(spec: CheckSpec | MetricSpec) -> dict[str, object]:
    """Everything that decides about one case, and no limit over several: `pass_rate`, `at_least` of
    a metric, names and levels may change, and two runs can be compared still."""
    if isinstance(spec, MetricSpec):
        return {"metric": spec.metric} | {name: _plain(v) for name, v in spec.options.items()}
    found: dict[str, object] = {"that": str(spec.that)}
    found |= {each.name: _plain(each.value) for each in spec.comparisons}
    found |= {name: _plain(value) for name, value in spec.manner.items() if value is not None}
    if spec.ignore_case:
        found["ignore_case"] = True
    if spec.tolerance:
        found["tolerance"] = spec.tolerance
    return found


def metric_defined(definition: Mapping[str, object]) -> Metric | None:
    """The metric that a definition tells of; None when this version does not know it."""
    name = str(definition.get("metric"))
    if name not in (*METRICS, *METRICS.outside()):
        return None
    options = {key: _option(key, value) for key, value in definition.items() if key != "metric"}
    try:
        return METRICS.load(name)(**options)
    except TypeError:
        return None


def _option(name: str, value: object) -> object:
    if name in ("of", "against"):
        return Reference.parse(str(value))
    return tuple(value) if isinstance(value, list) else value


def _plain(value: object) -> object:
    match value:
        case str() | int() | float() | bool() | None:
            return value
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
        case tuple() | list() | frozenset():
            return [_plain(each) for each in value]
        case _:
            return str(value)
