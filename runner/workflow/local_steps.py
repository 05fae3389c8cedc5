"""`do: crop`, `filter`, `merge` and `compute`: steps that are made of earlier answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from runner.postprocess.cut import Cut, Margin
from runner.postprocess.sieve import Area, Order, Sieve
from runner.text.computed import read_value
from runner.text.suggest import did_you_mean
from runner.values.problem import Route
from runner.values.reference import Reference
from runner.workflow.checks import condition
from runner.workflow.comparisons import reference, share_of
from runner.workflow.findings import Findings
from runner.workflow.local_shapes import COMPUTED
from runner.workflow.parts import LISTS, Part
from runner.workflow.prompts import Prompts, needs
from runner.workflow.scope import Scope, lists_with
from runner.workflow.shapes import KNOWN_NAMES
from runner.workflow.spec import (
    CheckSpec,
    Compute,
    Crop,
    Filter,
    LocalStep,
    Merge,
)
from runner.workflow.words import one_of

_NOT = {"number": "is no number", "yes_no": "is neither yes nor no"}
_FOR_EXAMPLE = {"number": "{{ find.boxes | length }}", "yes_no": "{{ find.boxes | length > 3 }}"}

PLACES = frozenset({"box", *KNOWN_NAMES})
"""Under these names stands where a thing is."""

LOCAL = frozenset({"crop", "filter", "merge", "compute"})
"""What a step may do without asking."""


def local_steps(
    data: Mapping[str, Any], prompts: Prompts, scope: Scope, findings: Findings
) -> dict[int, LocalStep]:
    """The steps that ask nothing, by their number; what is wrong with the others is told."""
    found: dict[int, LocalStep] = {}
    for number, step in enumerate(data.get("steps") or ()):
        if isinstance(step, dict) and step.get("do") in LOCAL:
            steps = data.get("steps") or ()
            made = _Reading(step, number, prompts, scope, findings, steps).step()
            if made is not None:
                found[number] = made
    return found


def loop_of(
    step: Mapping[str, Any], number: int, scope: Scope, findings: Findings
) -> Reference | None:
    """The list whose entries a step is run for."""
    written = step.get("for_each")
    route: Route = ("steps", number, "for_each")
    if not isinstance(written, str):
        return None
    part = reference(written, route, scope, findings, number)
    if part is None:
        return None
    if part.kind not in ("list", "any"):
        _no_list(written, part, route, findings)
        return None
    step_id, _, name = written.partition(".")
    if scope.kinds.get(step_id) == "crop" and name in LISTS and step.get("images") is None:
        message = f"`{written}` are no cut-outs: each question is sent with the whole image"
        findings.warning("W339", route, message, f"write for_each: {step_id}.images")
    return Reference.parse(written)


def when_of(
    step: Mapping[str, Any], number: int, scope: Scope, findings: Findings
) -> CheckSpec | None:
    """What must hold for a step to be run."""
    written = step.get("when")
    if not isinstance(written, dict):
        return None
    return condition(written, ("steps", number, "when"), number, scope, findings)


def named_in(*found: Reference | CheckSpec | None) -> Iterator[tuple[str, ...]]:
    """Every name that references and conditions of a step start with."""
    for each in found:
        if isinstance(each, Reference):
            yield (each.root, *each.path)
        elif each is not None:
            yield (each.that.root, *each.that.path)
            for comparison in each.comparisons:
                if isinstance(comparison.value, Reference):
                    yield (comparison.value.root, *comparison.value.path)


class _Reading:
    """One step being read."""

    def __init__(
        self,
        data: Mapping[str, Any],
        number: int,
        prompts: Prompts,
        scope: Scope,
        findings: Findings,
        steps: Sequence[Any],
    ) -> None:
        self.steps = steps
        self.data, self.number, self.route = data, number, ("steps", number)
        self.prompts, self.scope, self.findings = prompts, scope, findings
        self.named: set[tuple[str, ...]] = set()

    def step(self) -> LocalStep | None:
        """The step; None when something is wrong with it, which is told."""
        loop = loop_of(self.data, self.number, self.scope, self.findings)
        when = when_of(self.data, self.number, self.scope, self.findings)
        self.named.update(named_in(loop, when))
        match self.data["do"]:
            case "crop":
                work: Crop | Filter | Merge | Compute | None = self._crop()
            case "filter":
                work = self._filter()
            case "merge":
                work = self._merge()
            case _:
                work = self._compute()
        name = self.data.get("id") or ""
        shape = self.scope.steps.get(name)
        if work is None or shape is None:
            return None
        return LocalStep(
            id=name,
            work=work,
            result_shape=shape,
            place=self.findings.document.place((*self.route, "id")),
            title=self.data.get("title"),
            needs=needs(self.named, self.scope),
            for_each=loop,
            when=when,
        )

    def _crop(self) -> Crop | None:
        background = self.data.get("background")
        outlined = {"mask", "polygon"}
        boxes = self._things("boxes", outlined if background else outlined | {"box"})
        role = self.data.get("image")
        if isinstance(role, str) and self.scope.roles is not None and role not in self.scope.roles:
            message = f"there are no images called `{role}`"
            close = did_you_mean(role, self.scope.roles)
            fix = f"did you mean `{close}`?" if close else None
            allowed = self.scope.roles
            fix = fix or f"write image: {one_of(allowed)}, or delete the line"
            self.findings.error("W305", (*self.route, "image"), message, fix)
            return None
        cut = Cut(
            margin=_margin(self.data.get("padding")),
            square=self.data.get("square") or False,
            min_size=self.data.get("min_size") or 1,
        )
        return Crop(boxes, cut, role, background) if boxes else None

    def _filter(self) -> Filter | None:
        boxes = self._things("boxes", {"box", "mask", "polygon", "point"})
        written = self.data.get("where")
        listed = written if isinstance(written, list) else [] if written is None else [written]
        where: list[CheckSpec] = []
        for index, each in enumerate(listed):
            here = (*self.route, "where", *((index,) if isinstance(written, list) else ()))
            if isinstance(each, dict):
                found = condition(each, here, self.number, self.scope, self.findings)
                if found is not None:
                    where.append(found)
        self.named.update(named_in(*where))
        order, field = self._order()
        data = self.data
        sieve = Sieve(
            labels=frozenset(data["labels"]) if data.get("labels") else None,
            min_area=_area(data.get("min_area")),
            max_area=_area(data.get("max_area")),
            order=order,
            order_by=field,
            max_overlap=share_of(data.get("max_overlap")),
            keep=data.get("keep"),
        )
        if boxes is not None and data.get("labels"):
            self._check_labels()
        return Filter(boxes, sieve, tuple(where)) if boxes else None

    def _order(self) -> tuple[Order | None, str | None]:
        """`sort`: a word, or the field by which the highest or the lowest come first."""
        written = self.data.get("sort")
        if isinstance(written, str):
            return cast("Order", written), None
        if isinstance(written, dict):
            for order in ("highest", "lowest"):
                by = written.get(order)
                if isinstance(by, str):
                    route = (*self.route, "sort", order)
                    part = reference(by, route, self.scope, self.findings, self.number)
                    if part is not None and part.kind not in ("number", "any"):
                        message = f"`{by}` is no number: boxes cannot be sorted by it"
                        self.findings.error("W334", route, message, "name a field of numbers")
                    return order, by.partition(".")[2]
        return None, None

    def _check_labels(self) -> None:
        """Tells labels that the answer can never have."""
        item = self.scope.items.get(self.number)
        label = item.fields.get("label") if item else None
        if label is None or not label.choices:
            return
        for index, word in enumerate(self.data["labels"]):
            if word not in label.choices:
                self.findings.error(
                    "W606",
                    (*self.route, "labels", index),
                    f"no box is ever labelled `{word}`: it is not among the choices",
                    None,
                    allowed=label.choices,
                )

    def _merge(self) -> Merge | None:
        into = self._list("into")
        added: dict[str, Reference] = {}
        for name, written in (self.data.get("add") or {}).items():
            if not isinstance(written, str):
                continue
            route = (*self.route, "add", name)
            part = reference(written, route, self.scope, self.findings, self.number)
            if part is not None and part.kind not in ("list", "any"):
                _no_list(written, part, route, self.findings)
            elif part is not None:
                added[name] = Reference.parse(written)
                self._check_merged(name, written, into)
        self.named.update(named_in(into, *added.values()))
        return Merge(into, added) if into and added else None

    def _check_merged(self, name: str, written: str, into: Reference | None) -> None:
        """Tells a field that is there already, and a list that has other entries."""
        if into is None:
            return
        route = (*self.route, "add", name)
        part = self._part(str(into))
        entry = part.entry if isinstance(part, Part) else None
        if name in PLACES and isinstance(part, Part) and part.spaces:
            message = f"`{name}` is the place of what was found, which a merge does not change"
            step = written.partition(".")[0]
            source = f"{step}.answer" if self._is_all_in_one(written) else written
            fix = f"write {step}_{name}: {source}"
            self.findings.error("W335", route, message, fix, key=True)
            return
        if name in (entry.fields if entry else {}):
            message = f"the entries of `{into}` have a `{name}` already"
            self.findings.error("W335", route, message, f"write new_{name}: {written}", key=True)
        base, other = self.bases(str(into)), self.bases(written)
        if base is None or other is None or not isinstance(self._part(other), Part):
            return  # a step in between names no list, or one that is not there, which is told
        if base.partition(".")[0] != other.partition(".")[0]:
            message = (
                f"`{written}` has an entry for each of `{other}`, and `{into}` is another list"
            )
            self.findings.error("W336", route, message, f"write into: {other}")
        elif self._is_all_in_one(written):
            message = f"`{written}` is one list of what was found in all entries together"
            fix = f"write {name}: {written.partition('.')[0]}.answer"
            self.findings.error("W336", route, message, fix)

    def _is_all_in_one(self, text: str) -> bool:
        """Whether these are the boxes of all entries: of one there may be none, or many."""
        root, _, name = text.partition(".")
        step = self._step(root)
        return step.get("for_each") is not None and name.partition(".")[0] in LISTS

    def bases(self, text: str) -> str | None:
        """The list that another one is made of, entry by entry: of the answers about cut-outs the
        boxes that were cut out. None when a step on the way does not say it."""
        root, _, _ = text.partition(".")
        step = self._step(root)
        above = step.get("for_each")
        match step.get("do"):
            case "crop":
                above = step.get("boxes")
            case "merge":
                above = step.get("into")
            case _ if "for_each" not in step:
                return text
        if not isinstance(above, str):
            return None
        return self.bases(above) if above.partition(".")[0] != root else text

    def _step(self, name: str) -> Mapping[str, Any]:
        """A step as it is written; nothing when there is none."""
        named = (each for each in self.steps if isinstance(each, dict) and each.get("id") == name)
        return next(named, {})

    def _compute(self) -> Compute | None:
        for kind in COMPUTED:
            written = self.data.get(kind)
            if isinstance(written, str) and self._is_always_the_same(kind, written.strip()):
                message = f"`{written}` is no template, and {_NOT[kind]}"
                fix = self._as_template(kind, written)
                self.findings.error("W337", (*self.route, kind), message, fix)
                return None
            if isinstance(self.data.get(kind), str):
                before, self.prompts.uses = self.prompts.uses, set()
                template = self.prompts.inline(self.data[kind], (*self.route, kind), self.number)
                self.named |= self.prompts.uses
                self.prompts.uses |= before
                return Compute(kind, template)  # type: ignore[arg-type]  # one of the three
        return None

    def _is_always_the_same(self, kind: str, written: str) -> bool:
        """Whether this can never become a value of its kind, whatever is found."""
        return kind != "text" and "{" not in written and read_value(kind, written) is None

    def _as_template(self, kind: str, written: str) -> str:
        """What somebody may have meant who wrote a plain reference."""
        owner, _, last = written.strip().rpartition(".")
        part = self._part(owner) if owner else None
        if last == "count" and isinstance(part, Part) and part.kind == "list":
            return f'write {kind}: "{{{{ {owner} | length }}}}"'
        if not isinstance(self._part(written.strip()), Part):
            return f'write for example {kind}: "{_FOR_EXAMPLE[kind]}"'
        return f'write {kind}: "{{{{ {written.strip()} }}}}"'

    def _things(self, key: str, spaces: set[str]) -> Reference | None:
        """A list of things that have a place."""
        found = self._list(key)
        if found is None:
            return None
        part = reference(str(found), (*self.route, key), self.scope, self.findings, self.number)
        known = part.spaces | (part.entry.spaces if part.entry else frozenset()) if part else spaces
        if part is None or part.kind == "any" or known & spaces:
            self.named.update(named_in(found))
            return found
        boxes = lists_with(spaces, self.scope, self.number)
        what = "boxes" if "box" in spaces else "masks or outlines: a background needs them"
        message = f"`{found}` holds no {what}"
        fix = f"write {key}: {boxes[0]}" if boxes else "name a list of boxes, such as find.boxes"
        if "box" not in spaces:
            fix = "write schema: masks in the step that finds them, or delete background"
        self.findings.error("W333", (*self.route, key), message, fix)
        return None

    def _part(self, text: str) -> object:
        from runner.workflow.scope import follow

        return follow(text.split("."), self.scope, self.number)

    def _list(self, key: str) -> Reference | None:
        written = self.data.get(key)
        if not isinstance(written, str):
            return None
        route = (*self.route, key)
        part = reference(written, route, self.scope, self.findings, self.number)
        if part is None:
            return None
        if part.kind not in ("list", "any"):
            _no_list(written, part, route, self.findings)
            return None
        return Reference.parse(written)


def _no_list(written: str, part: Part, route: Sequence[str | int], findings: Findings) -> None:
    inner = [name for name, each in part.fields.items() if each.kind == "list"]
    message = f"`{written}` is no list"
    fix = f"write {written}.{inner[0]}" if inner else "name a list, such as find.boxes"
    findings.error("W332", tuple(route), message, fix)


def _margin(written: object) -> Margin:
    if isinstance(written, str) or _is_share(written):
        return Margin(share=share_of(written) or 0.0)
    return Margin(pixels=float(written)) if isinstance(written, int | float) else Margin()


def _is_share(written: object) -> bool:
    """Whether a number is a part of something: 0.05 is 5%, and 20 are pixels."""
    return isinstance(written, float) and 0 < written < 1


def _area(written: object) -> Area | None:
    if isinstance(written, str) or _is_share(written):
        return Area(share=share_of(written) or 0.0)
    return Area(pixels=float(written)) if isinstance(written, int | float) else None
