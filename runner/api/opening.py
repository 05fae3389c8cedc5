"""A workflow file, opened."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeAlias, TypedDict, Unpack, get_args

from runner.api.rejecting import in_words
from runner.front.opening import Opening
from runner.text.suggest import did_you_mean
from runner.values.bounds import MOST, MOST_PARALLEL
from runner.values.problem import Place, Problem, Rejected
from runner.workflow.spec import Workflow as Spec

File: TypeAlias = str | os.PathLike[str]
CacheMode = Literal["use", "only", "refresh", "off"]


class Changes(TypedDict, total=False):
    """What is different from what stands in the file; what is left out, or None, stays as it is."""

    vars: Mapping[str, object]
    """Values of variables of `vars:`, in the type that they have in the file."""
    provider: str | None
    """Who answers: `gemini`, `openai` (any such server) or `simulator`."""
    limit: int | None
    """Only the first so many images or rows."""
    batch: bool | None
    """By the file, within a day, for half of the price (True); or one by one, at once (False)."""
    parallel: int | None
    """Requests at the same time, at most: 1–256."""
    cache: CacheMode | None
    """Whether answers of earlier runs are used again."""
    allow_outside: bool
    """Let the workflow name files outside its own folder; only for files that you trust."""


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow that may run. Its file was read once; changing that changes nothing here.

    `warnings` are what is odd about it and keeps nothing from running.
    """

    opening: Opening = field(repr=False)
    spec: Spec = field(repr=False)

    @property
    def path(self) -> Path:
        """The file."""
        return self.spec.path

    @property
    def name(self) -> str:
        """What it calls itself."""
        return self.spec.name

    @property
    def steps(self) -> tuple[str, ...]:
        """The ids of its steps, in their order."""
        return tuple(step.id for step in self.spec.steps)

    @property
    def checks(self) -> Mapping[str, Place]:
        """The names of its checks and metrics, each with where it stands in its file."""
        checks = {check.name: check.place for check in self.spec.checks}
        return checks | {metric.name: metric.place for metric in self.spec.metrics}

    @property
    def vars(self) -> Mapping[str, object]:
        """The values of its variables."""
        return dict(self.spec.vars)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """With places in the file."""
        return self.spec.warnings

    def __repr__(self) -> str:
        return f"<Workflow {self.name}: {', '.join(self.steps)}; {self.path}>"


def load(file: File, **changes: Unpack[Changes]) -> Workflow:
    """The workflow of a file. Needs no key and no network.

    `vars`, `provider`, `limit`, `batch`, `parallel`, `cache` and `allow_outside` change what the file
    says, as the options of `askpix run` do.

    Raises `Rejected` with every mistake in the file.
    """
    return _loaded(_changed(Opening(Path(file)), changes))


def opened(workflow: Workflow | File, changes: Changes) -> Workflow:
    """A workflow or that of a file, with these changes; its file is read again when there are any."""
    if not isinstance(workflow, Workflow):
        return load(workflow, **changes)
    opening = _changed(workflow.opening, changes)
    return workflow if opening == workflow.opening else _loaded(opening)


def _loaded(opening: Opening) -> Workflow:
    with in_words():
        return Workflow(opening, opening.load())


def _changed(opening: Opening, changes: Changes) -> Opening:
    given = {name: value for name, value in changes.items() if value is not None}
    _check(given)
    if "vars" in given:
        given["vars"] = {**opening.vars, **_as_texts(changes["vars"])}
    return replace(opening, **given)  # type: ignore[arg-type]  # checked by name by `Changes`


def _check(given: Mapping[str, object]) -> None:
    for name in given:
        if name not in Changes.__annotations__:
            close = did_you_mean(name, Changes.__annotations__)
            raise TypeError(
                f"there is no option `{name}`" + f"; did you mean `{close}`?" * bool(close)
            )
    provider = given.get("provider", "")
    if not isinstance(provider, str):
        raise Rejected.because(f"provider: write a name, not {provider!r}")
    for name, most in (("limit", MOST), ("parallel", MOST_PARALLEL)):
        number = given.get(name, 1)
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise Rejected.because(f"{name}: write a whole number from 1, not {number!r}")
        if number > most:
            raise Rejected.because(f"{name}: {number} is more than {most:,}")
    mode = given.get("cache", "use")
    if mode not in get_args(CacheMode):
        allowed = ", ".join(get_args(CacheMode))
        raise Rejected.because(f"cache: there is no mode {mode!r}; there are: {allowed}")


def _as_texts(values: Mapping[str, object]) -> dict[str, str]:
    """Variables as they are written on a command line, where a file says of what type they are."""
    try:
        return {
            name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in values.items()
        }
    except (TypeError, ValueError, AttributeError):
        raise Rejected.because("vars: write texts, numbers, yes or no, or lists of them") from None
