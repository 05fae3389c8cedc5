"""Again: the stored responses of a run → its results, read anew by the workflow as it is now.

Neither images nor the service are needed: what was sent of each image stands beside its response.
What has no response stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from runner.roles import Kept
from runner.stages.answer import Asked, answered, unasked
from runner.stages.derive import derived
from runner.stages.expand import Render, settings_of, step_images
from runner.stages.gate import NotBuilt
from runner.stages.items import items_of
from runner.stages.join import joined
from runner.stages.stitch import stitched
from runner.values.case import CaseImages
from runner.values.geometry import PixelBox
from runner.values.image import DataOrigin, FileOrigin, Image, Origin, Prepared, WebOrigin
from runner.values.item import Item
from runner.values.job import Job
from runner.values.request import ImagePart, Request
from runner.values.result import Entry, Result, ResultImage
from runner.workflow.spec import AskStep, LocalStep, Step, Workflow

Stored = Callable[[str], Kept | None]
"""The response to the request of this key, if there is one."""

ANY_DAY = date(2000, 1, 1)
"""Prices do not matter: what an answer cost is known."""


@dataclass(frozen=True, slots=True)
class Again:
    """Reads responses anew. `folder` is that of the run, `steps` how many it had."""

    workflow: Workflow
    stored: Stored
    render: Render
    folder: Path
    steps: int

    def results(self, groups: Iterable[Sequence[Result]]) -> Iterator[Result]:
        """The results of each case, combination and repeat, in the order of the plan."""
        for group in groups:
            yield from self._of_job(group)

    def _of_job(self, group: Sequence[Result]) -> Iterator[Result]:
        first, before = group[0], {result.step: result for result in group}
        combination = dict(first.combination)
        case = CaseImages(first.case, tuple(self._images(group)), first.row)
        number = first.ordinal // max(1, self.steps)
        job = Job(number, case, combination, first.repeat)  # type: ignore[arg-type]  # as it was written
        done: dict[str, Result] = {}
        for position, step in enumerate(self.workflow.steps):
            ordinal = number * len(self.workflow.steps) + position
            base = self.workflow.path.absolute().parent
            asked = Asked(job, step, ordinal, case.images, base, self.folder.absolute())
            old = before.get(step.id)
            result = self._result(asked, old and replace(old, ordinal=ordinal), done)
            done[step.id] = result
            yield result

    def _result(self, asked: Asked, old: Result | None, done: Mapping[str, Result]) -> Result:
        step = asked.step
        if isinstance(step, LocalStep):
            return _marked(self._made(asked, step, done), step, done)
        if old is None:
            why = "no answer is stored, and nothing is asked again"
            return unasked(asked, NotBuilt(why, "not_run", "not_stored"))
        if step.for_each is not None:
            return self._joined(asked, step, old, done)
        if old.entries:
            return self._stitched(asked, step, old)
        kept = self.stored(old.request_key) if old.request_key else None
        if kept is None:
            return old
        images = [self._image(each, asked) for each in old.images]
        return self._read(asked, step, old, kept, images)

    def _made(self, asked: Asked, step: LocalStep, done: Mapping[str, Result]) -> Result:
        if step.for_each is None:
            return derived(self.workflow, asked, done, self.render)
        items = items_of(self.workflow, step, asked.job, done)
        if isinstance(items, NotBuilt):
            return unasked(asked, items)
        made = [derived(self.workflow, asked, done, self.render, item) for item in items]
        return joined(asked, items, made)

    def _joined(
        self, asked: Asked, step: AskStep, old: Result, done: Mapping[str, Result]
    ) -> Result:
        items = items_of(self.workflow, step, asked.job, done)
        if isinstance(items, NotBuilt) or len(items) != len(old.entries):
            return old
        parts = [
            self._entry(asked, step, entry, item)
            for entry, item in zip(old.entries, items, strict=True)
        ]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return old
        return _paid_as(joined(asked, items, known), old)

    def _entry(self, asked: Asked, step: AskStep, entry: Entry, item: Item) -> Result | None:
        """What came of an entry; None when nobody can tell from what is stored."""
        if entry.request_key is None:
            code = "skipped" if entry.status == "skipped" else "not_built"
            return unasked(asked, NotBuilt(entry.error or "", entry.status, code))
        kept = self.stored(entry.request_key)
        if kept is None:
            return None
        chosen = step_images(step, asked.job.case, item)
        if isinstance(chosen, NotBuilt):
            return None
        images = [image for image, _ in chosen]
        result = self._read(replace(asked, images=()), step, None, kept, images)
        return replace(result, request_key=entry.request_key)

    def _stitched(self, asked: Asked, step: AskStep, old: Result) -> Result:
        image = self._image(old.images[0], asked)
        tiles, results = [], []
        for entry in old.entries:
            kept = self.stored(entry.request_key or "")
            if kept is None:
                return old
            tile = replace(image, window=entry.window, sent=None)
            results.append(self._read(asked, step, None, kept, [tile]))
            results[-1] = replace(results[-1], request_key=entry.request_key)
            tiles.append(self._request(step, asked, [tile]))
        whole = replace(asked, images=(image,))
        request = self._request(step, asked, [image])
        return _paid_as(stitched(whole, request, tiles, results, old.request_key or ""), old)

    def _read(
        self,
        asked: Asked,
        step: AskStep,
        old: Result | None,
        kept: Kept,
        images: Sequence[Image],
    ) -> Result:
        seen = [_as_sent(image, kept.sent) for image in images]
        request = self._request(step, asked, [image for image, _ in seen])
        sent = {image.digest: prepared for image, prepared in seen if prepared}
        about = replace(asked, images=request.images)
        model = self.workflow.models[request.model]
        result = answered(about, request, kept.response, model, ANY_DAY, sent)
        return result if old is None else _paid_as(result, old)

    def _request(self, step: AskStep, asked: Asked, images: Sequence[Image]) -> Request:
        """As much of the request as reading its answer needs."""
        name, settings = settings_of(step, asked.job.combination)
        return Request("interactions", name, tuple(map(ImagePart, images)), settings=settings)

    def _images(self, group: Sequence[Result]) -> Iterator[Image]:
        """The images of a case, whole."""
        found: dict[tuple[str, str], Image] = {}
        for result in group:
            for each in result.images:
                image = self._found(each, result)
                found.setdefault((each.role, each.name), replace(image, window=None, sent=None))
        return iter(found.values())

    def _image(self, image: ResultImage, asked: Asked) -> Image:
        known = [
            each for each in asked.images if (each.role, each.name) == (image.role, image.name)
        ]
        assert isinstance(known[0], Image)
        return replace(known[0], window=image.window)

    def _found(self, image: ResultImage, result: Result) -> Image:
        base = self.folder.absolute() if image.address else self.workflow.path.absolute().parent
        issues = []
        for issue in result.issues:  # those of images stand first
            if issue.at not in {each.name for each in result.images}:
                break
            if issue.at == image.name:
                issues.append(issue)
        return Image(
            name=image.name,
            role=image.role,
            origin=_origin(image.path, base),
            mime=image.sent_mime or "",
            size=image.size,
            sha256=image.sha256,
            orientation=image.orientation,
            recipe=(f"frame:{image.frame}",) if image.frame else (),
            address=image.address,
            issues=tuple(issues),
        )


def _origin(path: str | None, base: Path) -> Origin:
    if path is None:
        return DataOrigin(b"")
    return WebOrigin(path) if "://" in path else FileOrigin(base / path)


def _as_sent(image: Image, sent: Mapping[str, Prepared]) -> tuple[Image, Prepared | None]:
    """The image with the size that was really sent of it, and what it was sent as."""
    content = image.sha256 or ""
    known = {digest: each for digest, each in sent.items() if digest.partition("+")[0] == content}
    window = ",".join(map(str, image.window.as_list())) if image.window else None
    fitting = [each for d, each in known.items() if window and f"crop:{window}" in d.split("+")]
    found = next(iter(fitting or known.values()), None)
    if found is None or image.size is None or image.orientation > 4:
        return image, found
    part = (image.window or PixelBox(0, 0, image.size.width, image.size.height)).size
    return (image if found.size == part else replace(image, sent=found.size)), found


def _paid_as(result: Result, old: Result) -> Result:
    """What it took and cost is what it was, with every try."""
    again = tuple(issue for issue in old.issues if issue.code == "asked_again")
    return replace(
        result,
        usage=old.usage,
        cost_usd=old.cost_usd,
        model=old.model,
        simulated=old.simulated,
        request_key=old.request_key,
        issues=(*result.issues, *again),
    )


def _marked(result: Result, step: Step, done: Mapping[str, Result]) -> Result:
    """What is made of simulated answers is marked like these."""
    is_simulated = any(done[name].simulated for name in step.needs if name in done)
    return replace(result, simulated=True) if is_simulated and not result.model else result
