"""Declarative image understanding: a YAML workflow in, answers in pixel space out.

    import runner

    workflow = runner.load("cats.workflow.yaml", vars={"thing": "cat"})
    run = runner.run(workflow, limit=10)
    for result in run["find"]:
        print(result.case, result.status, result.answer)

Everything in pixels is in pixels of the upright original image: x to the right, y down, from the outer
corner of its first pixel. What cannot run raises `Rejected`, which says what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.version import VERSION as __version__

__all__ = [
    "Check",
    "Detection",
    "OnlyAPart",
    "Plan",
    "Problem",
    "Progress",
    "Rejected",
    "Result",
    "ResultImage",
    "Results",
    "Run",
    "Workflow",
    "__version__",
    "load",
    "open_run",
    "plan",
    "run",
    "to_supervision",
]

if TYPE_CHECKING:
    from runner.api.asking import plan, run
    from runner.api.opening import Workflow, load
    from runner.api.progress import Progress
    from runner.api.results import Check, Results, Run, open_run, to_supervision
    from runner.stages.plan import Plan
    from runner.values.problem import OnlyAPart, Problem, Rejected
    from runner.values.result import Detection, Result, ResultImage

_PLACES = {
    "runner.api.asking": ("plan", "run"),
    "runner.api.opening": ("Workflow", "load"),
    "runner.api.progress": ("Progress",),
    "runner.api.results": ("Check", "Results", "Run", "open_run", "to_supervision"),
    "runner.stages.plan": ("Plan",),
    "runner.values.problem": ("OnlyAPart", "Problem", "Rejected"),
    "runner.values.result": ("Detection", "Result", "ResultImage"),
}
"""Where each name is; nothing is imported before it is used."""


def __getattr__(name: str) -> object:
    from importlib import import_module

    for module, names in _PLACES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
