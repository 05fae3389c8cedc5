"""`examples:` of a step — images with their right answers, which the model is shown first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner.text.json_schema import validate
from runner.values.answer import Json
from runner.values.geometry import View
from runner.values.image import Image, resized
from runner.values.problem import Place, Rejected, Route
from runner.values.shape import Shape
from runner.workflow.document import Document, is_sound
from runner.workflow.example_entry import Asked, Written
from runner.workflow.example_images import example_images
from runner.workflow.files import NotReadable, content_of, missing_file
from runner.workflow.findings import Findings
from runner.workflow.outside import outside
from runner.workflow.prompts import Prompts
from runner.workflow.right_answer import as_the_model
from runner.workflow.schema import definition
from runner.workflow.schema_files import Placed, read_schema
from runner.workflow.spec import Example, Prompt, SourceFile
from runner.workflow.words import one_of, quoted

IN_REACH = frozenset({"vars", "image"})
"""What a prompt may name in an example, beside the images by their roles: an example is no case."""


@dataclass(slots=True)
class Examples:
    """Reads the examples of steps; the files that they are in are kept in `sources`."""

    findings: Findings
    prompts: Prompts
    sources: dict[Path, SourceFile] = field(default_factory=dict)

    def of_step(self, written: object, route: Route, asked: Asked) -> tuple[Example, ...]:
        """The examples of one step; what is wrong with one is told, and it is left out."""
        listed = self._listed(written, route)
        found = [self._example(each, asked) for each in listed if is_sound(dict(each.data))]
        return tuple(each for each in found if each is not None)

    # -- Where they stand -------------------------------------------------------------------------

    def _listed(self, written: object, route: Route) -> Iterator[Written]:
        document = self.findings.document
        if isinstance(written, list):
            for at, each in enumerate(written):
                if isinstance(each, dict):
                    yield Written(each, (*route, at), document)
        elif isinstance(written, dict) and isinstance(written.get("file"), str):
            path = document.path((*route, "file"), written["file"])
            place = document.place((*route, "file"))
            yield from self._in_file(written["file"], path, place)

    def _in_file(self, name: str, path: Path, place: Place) -> Iterator[Written]:
        source = self._data(name, path, place)
        if source is None:
            return
        entry = {key: value for key, value in definition("example").items() if key != "examples"}
        schema = {"type": "array", "minItems": 1, "items": entry}
        broken = validate(source.data, schema)
        for violation in broken:
            starts = violation.message.startswith(("`", "the "))
            message = violation.message if starts else f"this {violation.message}"
            fix = None if violation.path else "it is a list, each entry with `images` and `answer`"
            self.findings.error("W461", source.place(violation.path), message, fix)
        if not broken:
            for at, each in enumerate(source.data):
                yield Written(each, (at,), source, path.parent)

    def _data(self, name: str, path: Path, place: Place) -> Placed | None:
        """The data of a JSON or YAML file; None when that cannot be read, which is told."""
        content = self._content(name, path, place)
        if content is None:
            return None
        try:
            return read_schema(content, str(path))
        except Rejected as rejected:
            self.findings.problems.extend(rejected.problems)
            return None

    def _content(self, name: str, path: Path, place: Place) -> bytes | None:
        try:
            content = content_of(path, self.findings.document.within)
        except NotReadable as error:
            if error.outside:
                self.findings.problems.append(outside(name, place))
            elif error.missing:
                self.findings.problems.append(missing_file("W461", name, path, place, ""))
            else:
                self.findings.error("W461", place, f"{quoted(name)} cannot be read: {error.why}")
            return None
        self.sources.setdefault(path, SourceFile(path, "example", content))
        return content

    # -- One of them ------------------------------------------------------------------------------

    def _example(self, written: Written, asked: Asked) -> Example | None:
        images = example_images(written, asked, self.findings, self.sources)
        prompt = self._prompt(written, asked)
        if not images:
            return None
        views = [self._view(image, asked, written) for image in images]
        answers = self._answers(written, asked, [view for view in views if view is not None])
        if answers is None or None in views:
            return None
        return Example(images, *answers, prompt, written.place())

    def _view(self, image: Image, asked: Asked, written: Written) -> View | None:
        """What the model sees of an image; a place of the answer is in it."""
        longest, tile = asked.preparation.resize, asked.preparation.tile
        view = (image if longest is None else resized(image, longest)).view
        if tile is not None and view and max(view.size.width, view.size.height) > tile.size:
            size = f"{view.size.width} × {view.size.height}"
            message = (
                f"the questions are about tiles of {tile.size} pixels, and this image has {size}"
            )
            fix = "cut a part of that size out of it, with its own right answer"
            self.findings.error("W457", written.place("images"), message, fix)
            return None
        return view

    def _answers(
        self, written: Written, asked: Asked, views: Sequence[View]
    ) -> tuple[str, str | None] | None:
        """What a model would write that outlines masks, and one that paints them."""
        found = self._right(written, asked.shape)
        if found is None or not views:
            return None
        answer, source, route = found
        text, mistakes = as_the_model(answer, asked.shape, views)
        for mistake in mistakes:
            place = source.place((*route, *mistake.path), key=mistake.key)
            self.findings.error("W458", place, mistake.message, mistake.fix)
        if mistakes:
            return None
        painted = as_the_model(answer, asked.png_shape, views)[0] if asked.png_shape else None
        return text, painted

    def _right(
        self, written: Written, shape: Shape
    ) -> tuple[Json, Document | Placed, Route] | None:
        """The right answer, and where it stands."""
        data = written.data
        if ("answer" in data) == ("answer_file" in data):
            message = "an example has an `answer`, or an `answer_file`"
            self.findings.error("W458", written.place(key=True), message, "write one of them")
            return None
        if "answer" in data:
            return data["answer"], written.placed, (*written.route, "answer")
        name, place = data["answer_file"], written.place("answer_file")
        path = written.path(name, "answer_file")
        if not shape.is_text:
            source = self._data(name, path, place)
            return None if source is None else (source.data, source, ())
        content = self._content(name, path, place)
        if content is None:
            return None
        text = content.decode("utf-8-sig", "replace").replace("\r\n", "\n")
        return text, written.placed, (*written.route, "answer_file")

    def _prompt(self, written: Written, asked: Asked) -> Prompt | None:
        """The prompt of its own, if it has one; one that names what an example has not is told."""
        before, self.prompts.uses = self.prompts.uses, set()
        text, own = written.data.get("prompt"), None
        if text is not None and isinstance(written.placed, Document):
            own = self.prompts.inline(text, (*written.route, "prompt"), asked.number)
        elif text is not None:
            own = self.prompts.elsewhere(text, written.place("prompt"), asked.number)
        names = asked.names if own is None else {path[0] for path in self.prompts.uses}
        self.prompts.uses |= before
        unknown = sorted(names - IN_REACH - frozenset(asked.roles or ()))
        if unknown and asked.roles is not None:
            whose = "the prompt of the step" if own is None else "this prompt"
            message = f"{whose} names {one_of(unknown, 'and')}, which an example has not"
            fix = "write into the example the question as it would be asked there, as `prompt:`"
            place = written.place() if own is None else own.place
            self.findings.error("W459", place, message, fix if own is None else "write it out")
        return own
