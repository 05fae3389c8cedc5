"""Derive: earlier results → the result of a step that asks nothing: crop, filter, merge, compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from runner.stages.answer import Asked, unasked
from runner.stages.expand import Render, filled_in, scope_of
from runner.stages.gate import NotBuilt, closed, holds
from runner.text.computed import read_value
from runner.text.detections import (
    as_written,
    detections_of,
    entry_at,
    found_at,
    own_record,
)
from runner.text.lookup import Found, Missing, look_up
from runner.text.render import RenderError
from runner.values.item import Item
from runner.values.reference import Reference
from runner.values.result import Detection, Issue, Result, ResultImage
from runner.workflow.spec import Compute, Crop, Filter, LocalStep, Merge, Workflow


def derived(
    workflow: Workflow,
    asked: Asked,
    earlier: Mapping[str, Result],
    render: Render,
    item: Item | None = None,
) -> Result:
    """What a step makes of the results before it; a failure is a result with a status, too."""
    step = asked.step
    assert isinstance(step, LocalStep)
    why = closed(workflow, step, asked.job, earlier, item)
    if why is not None:
        return unasked(asked, why)
    making = _Making(workflow, asked, step, earlier, render, item)
    match step.work:
        case Crop():
            return making.crops(step.work)
        case Filter():
            return making.kept(step.work)
        case Merge():
            return making.merged(step.work)
        case Compute():
            return making.computed(step.work)


class _Making:
    """One step of one case being made."""

    def __init__(
        self,
        workflow: Workflow,
        asked: Asked,
        step: LocalStep,
        earlier: Mapping[str, Result],
        render: Render,
        item: Item | None,
    ) -> None:
        self.workflow, self.asked, self.step = workflow, asked, step
        self.earlier, self.render, self.item = earlier, render, item

    def crops(self, work: Crop) -> Result:
        """`{"images": […]}`: a record for every box, None for one that is not cut out."""
        source = self.earlier[work.boxes.root]
        images = self._images(source, work.role)
        cut: list[object] = []
        detections: list[Detection] = []
        issues: list[Issue] = []
        for number, found in enumerate(self._with_gaps(work.boxes)):
            at = f"images[{number}]"
            position = self._position(work, source, found, images) if found else None
            shown = images[position] if position is not None and position < len(images) else None
            box, size = found.extent if found else None, shown.size if shown else None
            window = work.cut.window(box, size) if box and size else None
            if found is None or window is None:
                why = "too small, or outside the image" if box else "it has no place"
                issues.append(Issue("not_cut", why, at, number))
                cut.append(None)
                continue
            fields = {
                "width": window.width,
                "height": window.height,
                **found.fields,
                **({"background": work.background} if work.background else {}),
                "window": dict(zip(_EDGES, window.as_list(), strict=True)),
            }
            one = replace(found, at=at, image=position or 0, fields=fields, issues=())
            cut.append(as_written(one, own_record(found, source)))
            detections.append(one)
        return self._made({"images": cut}, images, detections, tuple(issues), count=len(cut))

    def kept(self, work: Filter) -> Result:
        """The list of those boxes that pass."""
        source = self.earlier[work.boxes.root]
        found = [
            each
            for number, each in enumerate(detections_of(source, work.boxes.path))
            if self._passes(work, Item(number, as_written(each, own_record(each, source))))
        ]
        kept = work.sieve.sift(found, [image.size for image in source.images])
        return self._things(kept, source)

    def merged(self, work: Merge) -> Result:
        """The entries of a list with more fields."""
        source = self.earlier[work.into.root]
        into = self._list(work.into)
        if isinstance(into, NotBuilt):
            return unasked(self.asked, into)
        columns: dict[str, Sequence[object]] = {}
        for name, reference in work.add.items():
            values = self._list(reference, len(into))
            if isinstance(values, NotBuilt):
                return unasked(self.asked, values)
            if len(values) != len(into):
                why = f"{reference} has {len(values)} entries, {work.into} has {len(into)}"
                return unasked(self.asked, NotBuilt(why, code="merge"))
            columns[name] = values
        added = [
            {name: values[row] for name, values in columns.items()} for row in range(len(into))
        ]
        places = found_at(source, work.into.path, into)
        things = [
            replace(
                each,
                at=f"[{n}]{_within(each, into[n])}",
                fields={**each.fields, **added[n]},
                issues=(),
            )
            for n, found in enumerate(places)
            for each in found
        ]
        rows = [
            None
            if row is None
            else {**(row if isinstance(row, Mapping) else {"value": row}), **more}
            for row, more in zip(into, added, strict=True)
        ]
        return self._made(rows, source.images, things, (), count=len(rows))

    def computed(self, work: Compute) -> Result:
        """`{"number": 12.5}`."""
        scope = scope_of(self.workflow, self.asked.job, self.earlier, self.item)
        try:
            text = filled_in(work.template, scope, self.render).strip()
        except RenderError as error:
            why = f"the template could not be filled in: {error.message}"
            return unasked(self.asked, NotBuilt(why, code="compute"))
        value = read_value(work.kind, text)
        if value is None:
            wanted = "a number" if work.kind == "number" else "yes, no, true or false"
            why = f"the template gives {text[:80]!r}, which is not {wanted}"
            return unasked(self.asked, NotBuilt(why, code="compute"))
        return self._made({work.kind: value}, (), (), (), count=1)

    def _with_gaps(self, boxes: Reference) -> Sequence[Detection | None]:
        """What stands in a list, in its order; None for an entry without a place."""
        source, listed = self.earlier[boxes.root], self._list(boxes)
        places = () if isinstance(listed, NotBuilt) else found_at(source, boxes.path, listed)
        gaps = [each for found in places for each in (found or (None,))]
        return gaps or detections_of(source, boxes.path)

    def _position(
        self, work: Crop, source: Result, found: Detection, images: Sequence[ResultImage]
    ) -> int | None:
        """Of the image that is cut from."""
        return found.image if work.role is None else _under(work.role, source, found, images)

    def _passes(self, work: Filter, item: Item) -> bool:
        return all(
            holds(each, self.workflow, self.asked.job, self.earlier, item) for each in work.where
        )

    def _list(self, reference: Reference, skipped: int = 0) -> Sequence[object] | NotBuilt:
        """The list that a reference leads to; as many times nothing when its step was skipped."""
        result = self.earlier.get(reference.root)
        if result is not None and result.status == "skipped":
            return [None] * skipped
        found: Found | Missing = look_up(reference, self.earlier, self.asked.job.case.row, {})
        if isinstance(found, Missing):
            return NotBuilt(found.why, code="merge")
        if not isinstance(found.value, list | tuple):
            return NotBuilt(f"{reference} is no list in this answer", code="merge")
        return found.value

    def _images(self, source: Result, role: str | None) -> tuple[ResultImage, ...]:
        """The images that are cut from: those that the boxes were found on, or all of the case."""
        return source.images if role is None else unasked(self.asked, NotBuilt("")).images

    def _things(self, found: Sequence[Detection], source: Result) -> Result:
        things = [replace(each, at=f"[{n}]", issues=()) for n, each in enumerate(found)]
        answer = [as_written(each, own_record(each, source)) for each in found]
        return self._made(answer, source.images, things, (), count=len(things))

    def _made(
        self,
        answer: object,
        images: Sequence[ResultImage],
        detections: Sequence[Detection],
        issues: tuple[Issue, ...],
        *,
        count: int,
    ) -> Result:
        blank = unasked(self.asked, NotBuilt(""))
        lacking = tuple(
            Issue("incomplete", f"step `{name}` is without a part of its answer")
            for name in self.step.needs
            if self.earlier[name].status == "partial"
        )
        return replace(
            blank,
            status="partial" if lacking else "ok" if count else "empty",
            error=None,
            answer=answer,
            images=tuple(images) or blank.images,
            detections=tuple(detections),
            issues=(*issues, *lacking),
        )


def _within(found: Detection, row: object) -> str:
    """What stands after the row in the path of a thing that has a name of its own there: `.plate`."""
    name = found.at.rpartition("]")[2]
    return name if name and entry_at(row, name) is not None else ""


def _under(
    role: str, source: Result, found: Detection, images: Sequence[ResultImage]
) -> int | None:
    """The position of the image under a role; of several, of the one that a box was found on."""
    same = [number for number, image in enumerate(images) if image.role == role]
    seen = source.images[found.image : found.image + 1]
    alike = (n for n in same if seen and (seen[0].role, seen[0].name) == (role, images[n].name))
    return next(alike, next(iter(same), None))


_EDGES = ("x_min", "y_min", "x_max", "y_max")
