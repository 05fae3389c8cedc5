"""The run folder: everything that a run leaves behind, readable without this program."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from itertools import chain
from pathlib import Path

from runner.exporters.atomic import encoded, sweep, write_file, writing
from runner.roles import CaseResults
from runner.store.lock import LOCK
from runner.text.result_line import from_line
from runner.values.case import CaseImages, known_by
from runner.values.request import canonical_json
from runner.values.result import Result
from runner.workflow.spec import SourceFile, Workflow


class FolderError(Exception):
    """The run folder cannot be made or written; the message says what to do."""


class RunFolder:
    """A folder named by time, workflow and plan: `2026-11-20T18-15-48Z_ripeness_4f2a9c1e`.

    Raises `FolderError` when the machine does not let it write there, before anything is asked.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, parent: Path, name: str, key: str, now: datetime) -> RunFolder:
        """A new, empty run folder under `parent`; two in one second get different names."""
        stem = f"{now.astimezone(UTC):%Y-%m-%dT%H-%M-%SZ}_{_slug(name)}_{key[:8]}"
        for count in range(1, 1000):
            path = parent / (stem if count == 1 else f"{stem}-{count}")
            try:
                path.mkdir(mode=0o700, parents=True)  # answers may be personal
            except FileExistsError:
                if not path.is_dir():
                    raise FolderError(f"{path} is in the way: it is not a folder") from None
                continue
            except OSError as error:
                raise FolderError(_cannot_write(parent, error)) from error
            return cls(path)
        raise FolderError(f"{parent} holds too many runs of this second")

    @classmethod
    def latest(cls, parent: Path, key: str, endpoint: str | None) -> RunFolder | None:
        """The newest run of a plan on the same service under `parent`, finished or not; None when
        there is none. A folder whose run.json cannot be read is passed over."""
        wanted = {"plan": key, "endpoint": endpoint}
        return cls._newest(parent, f"*_{key[:8]}*", wanted)

    @classmethod
    def latest_of(
        cls, parent: Path, name: str, workflow: str, endpoint: str | None
    ) -> RunFolder | None:
        """The newest run of a workflow file on the same service under `parent`, whatever its plan."""
        wanted = {"workflow": workflow, "endpoint": endpoint}
        return cls._newest(parent, f"*_{_slug(name)}_*", wanted)

    @classmethod
    def with_answers_of(
        cls, parent: Path, name: str, workflow: str, about: Mapping[str, object]
    ) -> list[RunFolder]:
        """The runs of a workflow file that are unfinished, and the newest one, the newest first; of
        those of which run.json says this about them."""
        wanted = {"workflow": workflow, **about}
        found = list(cls._matching(parent, f"*_{_slug(name)}_*", wanted))
        return [run for at, run in enumerate(found) if not at or run.is_unfinished]

    @classmethod
    def _newest(cls, parent: Path, pattern: str, wanted: Mapping[str, object]) -> RunFolder | None:
        return next(cls._matching(parent, pattern, wanted), None)

    @classmethod
    def _matching(
        cls, parent: Path, pattern: str, wanted: Mapping[str, object]
    ) -> Iterator[RunFolder]:
        """The runs of which run.json says this, the newest first."""
        try:
            found = sorted(parent.glob(f"{pattern}/run.json"), reverse=True)
        except OSError:
            return
        for path in found:
            folder = cls(path.parent)
            manifest = folder.manifest()
            if manifest and all(manifest.get(name) == wanted[name] for name in wanted):
                yield folder

    @property
    def is_unfinished(self) -> bool:
        """True when this run ended, or was killed, before its plan was carried out, or before it
        could say so: the lock is the last thing to go."""
        status = self.manifest().get("status")
        return status is not None and (status != "done" or (self.path / LOCK).exists())

    def manifest(self) -> dict[str, object]:
        """What run.json says; empty when it cannot be read."""
        try:
            value = json.loads((self.path / "run.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    def tidy(self) -> None:
        """Removes what an earlier process of this run began to write and did not finish. Only for
        who holds the lock of the run."""
        sweep(self.path)

    @property
    def results_file(self) -> Path:
        """One line per result, in the order of the plan."""
        return self.path / "results.jsonl"

    @property
    def outputs(self) -> Path:
        """Where the files of `outputs:` go."""
        return self.path / "outputs"

    def keep_outputs(self, written: Iterable[Path]) -> None:
        """Removes every other file of outputs/: an earlier session wrote it, for an answer that is
        not there any more."""
        kept = set(written)
        for path in [*self.outputs.rglob("*")]:
            if path not in kept and not path.is_dir():
                path.unlink()

    @property
    def cases_file(self) -> Path:
        """The images of each case that has several, whichever of them a step looks at."""
        return self.path / "cases.jsonl"

    def write_cases(self, cases: Iterable[CaseImages]) -> None:
        """Writes cases.jsonl; no such file where every case is a single image."""
        several = (case for case in cases if len(case.images) > 1)
        if (first := next(several, None)) is None:
            self.cases_file.unlink(missing_ok=True)
            return
        with writing(self.cases_file) as file:
            for case in chain((first,), several):
                images = [{"role": i.role, "name": i.name, "is": known_by(i)} for i in case.images]
                line = json.dumps({"case": case.name, "images": images}, ensure_ascii=False)
                file.write(encoded(f"{line}\n"))

    def write_results(self, lines: Iterable[str]) -> None:
        """Writes results.jsonl, at once or not at all. `lines` are in the order of the plan."""
        with writing(self.results_file) as file:
            for line in lines:
                file.write(f"{line}\n".encode())

    def results(self, step: str | None = None) -> Iterator[Result]:
        """The results in the order of the plan, one at a time; of one step when it is named."""
        with self.results_file.open(encoding="utf-8") as file:
            for line in file:
                result = from_line(line)
                if step is None or result.step == step:
                    yield result

    def case_results(self, variables: Mapping[str, object]) -> Iterator[CaseResults]:
        """The results of each case, combination and repeat together, in the order of the plan."""
        group: dict[str, Result] = {}
        for result in self.results():
            if group and _identity(result) != _identity(next(iter(group.values()))):
                yield _case(group, variables)
                group = {}
            group[result.step] = result
        if group:
            yield _case(group, variables)

    def write(self, name: str, content: str | bytes) -> Path:
        """Writes a file of the folder at once or not at all; the folders above it are made."""
        return write_file(
            self.path / name, encoded(content) if isinstance(content, str) else content
        )

    def write_json(self, name: str, value: object) -> Path:
        """A JSON file for people: indented, in the order given."""
        return self.write(name, json.dumps(value, ensure_ascii=False, indent=2) + "\n")

    def write_sources(self, workflow: Workflow) -> dict[str, str]:
        """Copies every file that shaped the workflow, byte for byte; their SHA-256 by name."""
        digests: dict[str, str] = {}
        for source in workflow.sources:
            name = _source_name(source, digests)
            digests[name] = self._copy(source, f"sources/{name}")
        return digests

    def _copy(self, source: SourceFile, name: str) -> str:
        """Copies a source in blocks: a table may be larger than the memory. Its SHA-256."""
        digest = sha256()
        with writing(self.path / name) as copy:
            for block in _blocks(source):
                digest.update(block)
                copy.write(block)
        return digest.hexdigest()


def _identity(result: Result) -> tuple[str, int, str]:
    return result.case, result.repeat, canonical_json(result.combination)


def _case(group: Mapping[str, Result], variables: Mapping[str, object]) -> CaseResults:
    first = next(iter(group.values()))
    own = {
        axis.removeprefix("vars."): value
        for axis, value in first.combination.items()
        if axis.startswith("vars.")
    }
    return CaseResults(
        case=first.case,
        repeat=first.repeat,
        combination=first.combination,
        steps=dict(group),
        row=first.row,
        vars={**variables, **own},
    )


def _source_name(source: SourceFile, taken: Mapping[str, object]) -> str:
    name, count = source.path.name, 1
    while name in taken:
        count += 1
        name = f"{source.path.stem}-{count}{source.path.suffix}"
    return name


def _blocks(source: SourceFile) -> Iterator[bytes]:
    if source.content is not None:
        yield source.content
        return
    with source.path.open("rb") as file:
        while block := file.read(1 << 20):
            yield block


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:60] or "run"


def _cannot_write(parent: Path, error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return f"cannot write to {parent} ({reason.lower()}); choose another folder with --out"


def digests_of(workflow: Workflow) -> dict[str, tuple[str, str]]:
    """The SHA-256 and the role of every source of a workflow, under the names that its copies get."""
    found: dict[str, tuple[str, str]] = {}
    for source in workflow.sources:
        digest = sha256()
        for block in _blocks(source):
            digest.update(block)
        found[_source_name(source, found)] = (digest.hexdigest(), source.role)
    return found
