"""Reporting: a run → a page that opens anywhere, with its images within it or in a folder beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

from runner.comparing import Compared, NotComparable, compared, tested_against
from runner.export import opener
from runner.exporters.atomic import writing
from runner.own_workflow import own_workflow
from runner.report.html.answers import Images
from runner.report.html.cases import Gathering
from runner.report.html.content import Content
from runner.report.html.data import data_of
from runner.report.html.page import GENERATOR, Form, page
from runner.report.html.pictures import Encoder, Picture, room_beside
from runner.report.html.ranking import Item, Key, ranked
from runner.roles import OpenImage
from runner.run_content import content_of
from runner.stages.cases_compared import cases_in
from runner.stages.choices import matrix_of
from runner.stages.compare import firsts_of
from runner.stages.truth import CaseTruths, case_truths
from runner.standing import standing_of
from runner.store.folder import RunFolder
from runner.store.recorded import Recorded
from runner.store.trouble import StoreError
from runner.values.difference import CaseDifference
from runner.values.problem import Rejected
from runner.values.reference import Reference
from runner.values.request import canonical_json
from runner.values.result import FINE, ResultImage

WITHIN = 250
"""So many cases have their images within the page; of more a folder is made."""

MOST = 2000
"""So many cases are shown, the worst; a browser that holds more becomes slow."""


AROUND = 200_000
"""Bytes of a page beside its cases: style, script, overview."""


START = 4096
"""Bytes at the start of a page, by which it is known as a report."""


class InTheWay(Exception):
    """What lies where the report should be written, and is none; says what to do."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What was written: the page, how many of all cases it shows, and of how many images it only says
    why they are not there."""

    page: Path
    cases: int
    shown: int
    images: int
    absent: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted. `against` is another run or a baseline file, None for the baseline that the run
    was tested against, if it was; `target` a file, a folder, or None for report.html in the run
    folder, or a folder there when there are many cases."""

    against: str | None = None
    target: Path | None = None
    in_folder: bool = False
    name: str = "report"


def report(folder: RunFolder, wish: Wish, runs: Path, say: Callable[[str], None]) -> Reported:
    """Writes the report of a run. Raises `FolderError` when it has no results, `NotComparable`,
    `InTheWay`, and OSError when the machine does not let us write."""
    before = _before(folder, wish.against, runs, say)
    standing = standing_of(folder) if before is None else before.standing
    matrix = matrix_of(standing)
    content, warned = content_of(folder, standing)
    changes = _changes(before, content) if before else {}
    content = replace(
        content,
        differences=replace(before.differences, cases=tuple(changes.values())) if before else None,
        matrix=matrix if len(matrix.choices) > 1 else None,
    )
    items = ranked(folder.case_results({}), standing, warned, changes)
    place, form = _place(folder, wish, len(items))
    if wish.target is not None:
        _refuse_to_replace(place, form)
    shown = items[:MOST]
    images, lines = _gathered(folder, before, content, shown, say)
    told = list(lines)
    left_out = [f"shown are the {MOST:,} worst of {len(items):,} cases"][: len(items) > MOST]
    content = replace(content, cases=len(items), remarks=(*content.remarks, *left_out))
    content = replace(content, without_answer=sum(bool(each.statuses - FINE) for each in items))
    size = sum(len(line.encode("utf-8", "replace")) for line in told) + AROUND
    room = room_beside(size) if form == "file" else None
    encoder = Encoder(_opener(folder, before), len(images.found), room)
    written = _Pictures(encoder, place.parent, form)
    data = data_of(content, told, written.lines(images))
    with writing(place) as file:
        for piece in page(content, data, form):
            file.write(piece.encode("utf-8", "replace"))
    return Reported(place, len(items), len(shown), len(images.found), written.absent)


def _before(
    folder: RunFolder, against: str | None, runs: Path, say: Callable[[str], None]
) -> Compared | None:
    if against is not None:
        return compared(against, folder, runs)
    baseline = tested_against(folder)
    try:
        return None if baseline is None else compared(baseline, folder, runs)
    except NotComparable as error:
        say(f"not compared with its baseline: {error}")
        return None


def _changes(before: Compared, content: Content) -> dict[Key, CaseDifference]:
    """What has become of each case in each combination: one that is worse in one may be as it was in
    another."""
    found, images = before.differences, before.standing.images
    firsts = firsts_of({each.case: images[each.case] for each in found.cases})
    return {
        (each.case, canonical_json(combination)): each
        for combination in content.combinations
        for each in cases_in(combination, found, firsts)
    }


def _place(folder: RunFolder, wish: Wish, cases: int) -> tuple[Path, Form]:
    target = wish.target
    if target is None:
        if cases <= WITHIN:
            return folder.path / f"{wish.name}.html", "file"
        target = folder.path / wish.name
    elif not wish.in_folder and not target.is_dir():
        return target, "file"
    return target / "index.html", "folder"


def _refuse_to_replace(place: Path, form: Form) -> None:
    """Only a report is replaced by a report."""
    if place.exists():
        with place.open("rb") as file:
            if GENERATOR.encode() in file.read(START):
                return
        raise InTheWay(f"{place} exists and is no report; choose another place, or move it away")
    if form == "folder" and place.parent.is_dir() and any(place.parent.iterdir()):
        raise InTheWay(
            f"{place.parent} holds other files; choose a folder that is empty, or not there yet"
        )


def _gathered(
    folder: RunFolder,
    before: Compared | None,
    content: Content,
    shown: list[Item],
    say: Callable[[str], None],
) -> tuple[Images, Iterator[str]]:
    images = Images()
    gathering = Gathering(images, {item.key: item for item in shown})
    with ExitStack() as stack:
        truths, of_steps = _truths(folder, stack, say)
        effort = _efforts(folder, stack)
        for case in folder.case_results({}):
            if gathering.wants(case):
                gathering.add("now", truths.added(case) if truths else case, of_steps, effort)
        if before is not None and before.folder is not None:
            before_effort = _efforts(before.folder, stack)
            for case in before.folder.case_results({}):
                if gathering.wants(case):
                    gathering.add("before", case, {}, before_effort)
        for remark in truths.told() if truths else ():
            say(remark)
    return images, gathering.lines(content, shown)


def _truths(
    folder: RunFolder, stack: ExitStack, say: Callable[[str], None]
) -> tuple[CaseTruths | None, Mapping[str, tuple[str, ...]]]:
    """What is right, by the copies in the run folder; a report without it is better than none."""
    try:
        workflow = stack.enter_context(own_workflow(folder))()
        truths = stack.enter_context(case_truths(workflow))
    except (OSError, Rejected) as error:
        why = error.problems[0].message if isinstance(error, Rejected) else error.strerror or error
        say(
            f"shown without what is right: the workflow that the run has kept cannot be read ({why})"
        )
        return None, {}
    of_steps: dict[str, dict[str, None]] = {}
    looked = [metric.references for metric in workflow.metrics]
    looked += [
        (
            check.that,
            *(each.value for each in check.comparisons if isinstance(each.value, Reference)),
        )
        for check in workflow.checks
    ]
    for references in looked:
        names = [each.path[0] for each in references if each.root == "truth" and each.path]
        for each in references:
            if each.root != "truth":
                of_steps.setdefault(each.root, {}).update(dict.fromkeys(names))
    return truths, {step: tuple(names) for step, names in of_steps.items()}


def _efforts(folder: RunFolder, stack: ExitStack) -> Callable[[int], tuple[int, float] | None]:
    """Looks up how many attempts and seconds the result at a place of the plan took; a folder that was
    copied without its store does not know."""
    try:
        journal = stack.enter_context(closing(Recorded.read(folder.path)))
    except (StoreError, OSError):
        return lambda ordinal: None

    def effort(ordinal: int) -> tuple[int, float] | None:
        try:
            found = journal.effort(ordinal)
        except StoreError:
            return None
        return (found.attempts, found.seconds) if found else None

    return effort


def _opener(folder: RunFolder, before: Compared | None) -> OpenImage:
    openers = [opener(folder)]
    if before is not None and before.folder is not None:
        openers.append(opener(before.folder))

    def open_image(image: ResultImage) -> bytes | None:
        return next((found for each in openers if (found := each(image)) is not None), None)

    return open_image


@dataclass(slots=True)
class _Pictures:
    """Makes the images of the page when their turn comes; of each a line of data."""

    encoder: Encoder
    parent: Path
    form: Form
    absent: int = 0

    def lines(self, images: Images) -> Iterator[Mapping[str, object]]:
        for position, image in enumerate(images.found, 1):
            told: dict[str, object] = {"name": image.name}
            if image.size is not None:
                told |= {"w": image.size.width, "h": image.size.height}
            made = self.encoder.picture(image)
            if isinstance(made, Picture):
                told |= {"src": self._address(made, position)}
                if image.size is None:
                    told |= {"w": made.width, "h": made.height}
            else:
                self.absent += 1
                told["why"] = made
            yield told

    def _address(self, made: Picture, position: int) -> str:
        """Names are numbers: what a file was called would have to be made fit for every disk."""
        if self.form == "file":
            return made.address
        name = f"images/{position:05}.webp"
        with writing(self.parent / name) as file:
            file.write(made.content)
        return name
