"""What is wrong with a table of cases: the file, its columns, its rows, the images they name."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from runner.checks.cells import is_blank, read_cell, with_decimal_commas
from runner.sources.candidate import Candidate
from runner.sources.counted import Counted
from runner.sources.inside import LEADS_OUTSIDE, STAY, is_inside
from runner.sources.normal import stored
from runner.sources.opening import Unreadable
from runner.sources.sniff import ENDINGS
from runner.sources.table import Row, columns, rows
from runner.stages.nearby import ending_of, same_name
from runner.stages.rows import (
    cell_candidates,
    choices_of,
    is_selected,
    line_of,
    unreadable_table,
)
from runner.stages.survey import Looks
from runner.text.suggest import LOOSELY, did_you_mean
from runner.values.problem import Problem, Severity
from runner.values.result import Issue
from runner.workflow.spec import Dataset, Preparation, Scalar

_MOST_VALUES = 20
_MOST_KEYS = 1000


@dataclass(slots=True)
class _Rows:
    """Rows with the same fault: how many, where the first one stands, and the file that it names."""

    count: int = 0
    first: str = ""
    file: str = ""

    def add(self, where: str, file: str = "") -> None:
        if not self.count:
            self.first, self.file = where, file
        self.count += 1


@dataclass(slots=True)
class _Survey:
    """What one pass over the table finds, in memory that does not grow with the rows."""

    total: int = 0
    selected: int = 0
    keys: set[str] = field(default_factory=set)
    broken: _Rows = field(default_factory=_Rows)
    missing: _Rows = field(default_factory=_Rows)
    outside: _Rows = field(default_factory=_Rows)
    words: _Rows = field(default_factory=_Rows)
    """Cells that spell no number where one is compared; the file is what to write."""
    ids: Counted = field(default_factory=Counted)
    twice: str | None = None
    """The first id that came again."""
    values: dict[str, Counter[str]] = field(default_factory=dict)


def table_problems(
    dataset: Dataset, looks: Looks, numbers: Sequence[str] = ()
) -> tuple[Problem, ...]:
    """The problems of the table; those of its rows only when its columns are in order. `numbers` are
    the columns with whose cells numbers are compared."""
    needed = _needed(dataset)
    try:
        names = columns(dataset.file, dataset.format, tuple(needed))
        if dataset.format != "jsonl":
            wrong = [*_doubled(dataset, names), *_absent(dataset, names, needed)]
            if wrong:
                return tuple(wrong)
        survey = _survey(dataset, looks, numbers)
    except Unreadable as error:
        return (unreadable_table(dataset, error),)
    if dataset.format == "jsonl" and survey.keys:
        wrong = _absent(dataset, tuple(sorted(survey.keys)), needed)
        if wrong:
            return tuple(wrong)
    return tuple(_row_problems(dataset, survey, looks.bound))


def _needed(dataset: Dataset) -> dict[str, str]:
    """Every column that must be there, and what it is for."""
    needed = dict.fromkeys(dataset.roles.values(), "image_columns")
    if dataset.id_column:
        needed.setdefault(dataset.id_column, "id_column")
    return {**dict.fromkeys(dataset.where, "where"), **needed}


def _doubled(dataset: Dataset, names: tuple[str, ...]) -> list[Problem]:
    return [
        Problem("W406", f"`{dataset.file.name}` has two columns `{name}`", dataset.place_of("file"))
        for name, count in Counter(names).items()
        if name and count > 1
    ]


def _absent(dataset: Dataset, names: tuple[str, ...], needed: dict[str, str]) -> list[Problem]:
    return [
        Problem(
            "W406",
            f"`{dataset.file.name}` has no column `{column}`, which `{key}` names",
            dataset.place_of(key, column),
            fix=_heading(column, names, is_table=dataset.format != "jsonl"),
            found=column,
            allowed=tuple(name for name in names if name),
        )
        for column, key in needed.items()
        if column not in names
    ]


def _heading(column: str, names: tuple[str, ...], *, is_table: bool) -> str | None:
    image = next((name for name in names if ending_of(name) in ENDINGS), None)
    if image:
        return f"the first line must be headings, such as `{column}`; here it is a row (`{image}`)"
    filled = [name for name in names if name]
    if is_table and len(filled) == 1 and "|" in filled[0]:
        return "separate the cells with commas or semicolons, not with |"
    if close := did_you_mean(column, names, LOOSELY):
        return f"did you mean `{close}`?"
    if not is_table or len(filled) != 1:
        return None
    if len(names) > 1 or " " in filled[0]:
        return f"the first line must be headings; here it is `{filled[0]}`: delete the lines above them"
    return None


def _survey(dataset: Dataset, looks: Looks, numbers: Sequence[str]) -> _Survey:
    survey = _Survey()
    wanted = tuple(_needed(dataset))
    for row in rows(dataset.file, dataset.format, wanted):
        survey.total += 1
        if len(survey.keys) < _MOST_KEYS:
            survey.keys |= row.values.keys()
        if row.problem is not None:
            survey.broken.add(f"{line_of(row, dataset)}: {row.problem}")
            continue
        for column in dataset.where:
            seen = survey.values.setdefault(column, Counter())
            if len(seen) < _MOST_VALUES:
                seen[str(row.values.get(column))] += 1
        if is_selected(row.values, dataset.where):
            _count(survey, row, dataset, looks)
            _count_words(survey, row, dataset, numbers)
    return survey


def _count_words(survey: _Survey, row: Row, dataset: Dataset, numbers: Sequence[str]) -> None:
    """Notes the cells that spell no number in columns that should hold them."""
    values = with_decimal_commas(row.values) if dataset.decimal_comma else row.values
    for column in numbers:
        cell = values.get(column)
        if isinstance(cell, str) and not is_blank(cell) and isinstance(read_cell(cell, 1), str):
            comma = with_decimal_commas({"": cell})[""]
            written = read_cell(comma, 1)
            fix = f"write {written:g}" if isinstance(written, float) else ""
            where = f"{line_of(row, dataset)}, column `{column}`: `{cell}`"
            survey.words.add(where, fix)


def _count(survey: _Survey, row: Row, dataset: Dataset, looks: Looks) -> None:
    survey.selected += 1
    if dataset.id_column:
        name = str(row.values.get(dataset.id_column))
        if survey.ids.add(name) > 1:
            survey.twice = survey.twice or name
    for role in dataset.roles:
        found = cell_candidates(row, role, dataset, Preparation(within=looks.within))
        if isinstance(found, Issue):
            survey.broken.add(found.why)
            continue
        for _, candidate in found:
            if candidate.kind == "file" and not _look(survey, row, role, candidate, dataset, looks):
                break


def _look(
    survey: _Survey, row: Row, role: str, candidate: Candidate, dataset: Dataset, looks: Looks
) -> bool:
    """Notes what keeps a file that a row names from being sent; True when nothing does."""
    column = dataset.roles[role]
    file, where = candidate.where, f"{line_of(row, dataset)}: `{row.values[column]}`"
    if candidate.problem is not None:
        survey.broken.add(f"{line_of(row, dataset)}, column `{column}`: {candidate.problem.why}")
    elif not is_inside(file, looks.within):
        survey.outside.add(where)
    elif not os.path.exists(file):
        survey.missing.add(where, file)
    elif issue := looks.refusal(file):
        survey.broken.add(f"{line_of(row, dataset)}, column `{column}`: {issue.why}")
    else:
        return True
    return False


def _row_problems(dataset: Dataset, survey: _Survey, bound: str) -> list[Problem]:
    name, problems = dataset.file.name, []
    if survey.total == 0:
        return [Problem("W410", f"the table `{name}` has no rows", dataset.place_of("file"))]
    if survey.broken.count:
        least = "at least " if bound else ""
        which = f"{least}{_rows(survey.broken.count)} of `{name}`"
        message = f"{which} cannot be used{bound}; {survey.broken.first}"
        severity: Severity = "error" if survey.broken.count == survey.total else "warning"
        problems.append(Problem("W408", message, dataset.place_of("file"), severity=severity))
    if survey.selected == 0 and survey.total > survey.broken.count:
        problems.append(_nothing_selected(dataset, survey))
    if survey.outside.count:
        problems.append(_outside(dataset, survey))
    if survey.missing.count:
        problems.append(_missing(dataset, survey))
    if count := survey.words.count:
        cells = "1 cell" if count == 1 else f"{count} cells"
        message = (
            f"{cells} of `{name}` spell{'s' * (count == 1)} no number, and a check compares"
            f" {'it' if count == 1 else 'them'} with one; {survey.words.first} (not judged)"
        )
        fix = survey.words.file or None
        problems.append(
            Problem("W462", message, dataset.place_of("file"), severity="warning", fix=fix)
        )
    if survey.twice is not None:
        message = (
            f"the column `{dataset.id_column}` of `{name}` is not unique: `{survey.twice}` occurs"
            f" {survey.ids.times(survey.twice)} times; its cases are numbered `{survey.twice}#2`, …"
        )
        problems.append(Problem("W412", message, dataset.place_of("id_column"), severity="warning"))
    return problems


def _nothing_selected(dataset: Dataset, survey: _Survey) -> Problem:
    said = ", ".join(f"{column}: {_said(value)}" for column, value in dataset.where.items())
    column = next(iter(dataset.where))
    values = tuple(survey.values.get(column, ()))
    wanted = dataset.where[column]
    close = did_you_mean(str(choices_of(wanted)[0]), values)
    return Problem(
        "W410",
        f"`where` ({said}) selects none of the {survey.total} rows of `{dataset.file.name}`",
        dataset.place_of("where", column),
        fix=f"did you mean `{column}: {close}`?" if close else None,
        found=_said(wanted),
        allowed=values,
    )


def _said(wanted: Scalar | tuple[Scalar, ...]) -> str:
    return str(wanted) if not isinstance(wanted, tuple) else f"[{', '.join(map(str, wanted))}]"


def _outside(dataset: Dataset, survey: _Survey) -> Problem:
    count = survey.outside.count
    return Problem(
        "W452",
        f"{_rows(count)} of `{dataset.file.name}` {'names' if count == 1 else 'name'} an image that"
        f" {LEADS_OUTSIDE}; {survey.outside.first}",
        dataset.place_of("image_columns"),
        fix=STAY,
    )


def _missing(dataset: Dataset, survey: _Survey) -> Problem:
    folder = stored(str(dataset.image_folder))
    if not os.path.isdir(folder):
        return _no_folder(dataset, folder)
    count = survey.missing.count
    everything = count >= survey.selected * len(dataset.roles)
    return Problem(
        "W409",
        f"{_rows(count)} of `{dataset.file.name}` {'names' if count == 1 else 'name'} an image that"
        f" does not exist in `{dataset.image_folder.name}/`; {survey.missing.first}",
        dataset.place_of("image_columns"),
        severity="error" if everything else "warning",
        fix=_meant(survey.missing.file, folder)
        or ("file names start from `image_folder`" if everything else None),
        found=str(dataset.image_folder),
    )


def _no_folder(dataset: Dataset, folder: str) -> Problem:
    parent, name = os.path.split(folder)
    try:
        beside = [entry.name for entry in os.scandir(parent) if entry.is_dir()]
    except OSError:
        beside = []
    close = did_you_mean(name, beside, LOOSELY)
    return Problem(
        "W403",
        f"there is no folder `{name}/`, which `image_folder` names",
        dataset.place_of("image_folder"),
        fix=f"did you mean `{close}`?" if close else None,
        found=folder,
    )


def _meant(path: str, folder: str) -> str | None:
    above, name = os.path.split(folder)
    inside = os.path.relpath(path.replace("\\", "/"), folder).replace(os.sep, "/")
    if inside.startswith(f"{name}/") and os.path.exists(os.path.join(above, inside)):
        return f"`image_folder` is `{name}/` already: leave it out in the table, or there"
    if os.sep != "\\" and os.path.exists(path.replace("\\", "/")):
        return "write / instead of \\ in the table"
    near = same_name(path)
    return f"did you mean `{near}`?" if near else None


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
