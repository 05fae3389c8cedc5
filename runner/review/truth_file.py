"""The file of truth that reviews write: a line for each case and step, to be committed.

Each line is one of `results.jsonl` whose answer is the right one, with `review` before it: the
verdict, a note, and the run whose answer was looked at. So a `truth:` that names the file reads it,
whatever the answers look like. A rejected answer without a right one has a line, too, which is no
truth. Lines are sorted by case and step, so a decision is one line of a diff.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, get_args

from runner.baseline import SUFFIX as BASELINE
from runner.baseline import baseline_path
from runner.exporters.atomic import encoded, write_file
from runner.text.result_line import from_line, to_line
from runner.values.result import Result

Verdict = Literal["approved", "corrected", "rejected"]
Key = tuple[str, str]
"""A case and a step."""

SUFFIX = ".truth.jsonl"


class TruthFileError(Exception):
    """Why nothing can be written into the file of truth; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a person said of the answer of a step for a case. `right` is None when it was rejected.

    `images` are the SHA-256 of those that were looked at: of other ones nothing is said.
    """

    case: str
    step: str
    verdict: Verdict
    images: tuple[str | None, ...]
    note: str = ""
    run: str = ""
    right: Result | None = None

    @property
    def key(self) -> Key:
        """One answer is right for a case and a step, whatever the combination and the repeat."""
        return self.case, self.step


def settled(result: Result, verdict: Verdict, note: str, run: str) -> Settled:
    """What is said of this result, which holds the right answer unless it is rejected."""
    images = tuple(image.sha256 for image in result.images)
    right = None if verdict == "rejected" else _bare(result)
    return Settled(result.case, result.step, verdict, images, note, run, right)


def _bare(result: Result) -> Result:
    """What is true of the images, without what it took to ask; nothing of the table's row, either."""
    return replace(
        result, ordinal=0, combination={}, repeat=1, issues=(), recovered=0, error=None,
        parsed_by=None, usage={}, cost_usd=None, request_key=None, row={},
        entries=tuple(replace(each, request_key=None) for each in result.entries),
        images=tuple(replace(i, sent_mime=None, sent_size=None, sent_sha256=None) for i in result.images),
    )  # fmt: skip


@dataclass(slots=True)
class TruthFile:
    """The lines of a file of truth, in memory and on the disk. Only who holds its lock may `keep`."""

    path: Path
    lines: dict[Key, Settled] = field(default_factory=dict)
    digest: str | None = None
    """Of the file as we last saw it; None when there was none."""

    @classmethod
    def read(cls, path: Path) -> TruthFile:
        """The file, or an empty one that is not there yet. Raises `TruthFileError`."""
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return cls(path)
        except OSError as error:
            raise TruthFileError(f"{path} cannot be read: {error.strerror}") from None
        lines: dict[Key, Settled] = {}
        for number, line in enumerate(content.splitlines(), 1):
            if line.strip():
                try:
                    one = _read(json.loads(line))
                except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                    raise TruthFileError(
                        f"{path}, line {number}: this is no line of a review; mend it, or write"
                        f" into another file: --to NAME{SUFFIX}"
                    ) from None
                if one.key in lines:
                    raise TruthFileError(
                        f"{path}, line {number}: a second line for `{one.case}` and `{one.step}`;"
                        " delete one of them"
                    )
                lines[one.key] = one
        return cls(path, lines, sha256(content).hexdigest())

    def keep(self, key: Key, one: Settled | None) -> None:
        """Writes the file with this said, or unsaid (None). Raises `TruthFileError` and OSError;
        then nothing has changed."""
        now = {**self.lines}
        now.pop(key, None)
        if one is not None:
            now[key] = one
        if self._on_disk() != self.digest:
            raise TruthFileError(
                f"{self.path.name} was changed by something else while you reviewed; nothing was"
                " written over it. Start the review again"
            )
        content = encoded("".join(f"{line_of(now[each])}\n" for each in sorted(now)))
        if content or self.digest is not None:
            write_file(self.path, content)
            self.digest = sha256(content).hexdigest()
        self.lines = now

    def _on_disk(self) -> str | None:
        try:
            return sha256(self.path.read_bytes()).hexdigest()
        except FileNotFoundError:
            return None


def line_of(one: Settled) -> str:
    """A line of the file, without its end."""
    said: dict[str, object] = {"verdict": one.verdict}
    if one.note:
        said["note"] = one.note
    said["run"] = one.run
    review = f'{{"review":{_json(said)},'
    if one.right is not None:
        return review + to_line(one.right)[1:]
    images = [{"sha256": digest} for digest in one.images]
    rest = {"case": one.case, "step": one.step, "images": images, "status": "rejected"}
    return review + _json(rest)[1:]


def _read(data: Any) -> Settled:
    """Raises ValueError, KeyError or TypeError for what is no line of a review."""
    said = data["review"]
    if said["verdict"] not in get_args(Verdict):
        raise ValueError(said)
    right = None if said["verdict"] == "rejected" else from_line(json.dumps(data))
    images = tuple(image["sha256"] for image in data["images"])
    note, run = str(said.get("note", "")), str(said.get("run", ""))
    return Settled(str(data["case"]), str(data["step"]), said["verdict"], images, note, run, right)


def _json(value: Mapping[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def path_beside(workflow: Path) -> Path:
    """Beside the workflow: `coins.workflow.yaml` has `coins.truth.jsonl`."""
    stem = baseline_path(workflow).name.removesuffix(BASELINE)
    return workflow.with_name(f"{stem}{SUFFIX}")
