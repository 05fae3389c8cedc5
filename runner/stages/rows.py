"""A table of which every row is a case: its images by column, its values for prompts."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from runner.catalogue import catalogue
from runner.roles import Found
from runner.sources.candidate import Candidate, Listed
from runner.sources.opening import Unreadable
from runner.sources.table import Row, rows
from runner.stages.listing import (
    Names,
    Read,
    clashing,
    kind_of_cell,
    looked_at,
    source_of,
)
from runner.values.case import CaseImages
from runner.values.image import UnreadableImage
from runner.values.problem import Problem, Rejected
from runner.values.result import Issue
from runner.workflow.spec import Dataset, Preparation, Scalar


def row_cases(
    dataset: Dataset, preparation: Preparation, read: Read = looked_at
) -> Iterator[CaseImages]:
    """A case for every selected row, lazily. A bad row is a case that fails with its line.

    Raises `Rejected` when the table itself cannot be read.
    """
    try:
        clashes: Container[str] = () if dataset.id_column else _clashes(dataset, preparation)
        names = Names()
        for row in selected_rows(dataset):
            yield _case(row, dataset, preparation, names, clashes, read)
    except Unreadable as error:
        raise Rejected(unreadable_table(dataset, error)) from error


def unreadable_table(dataset: Dataset, error: Unreadable) -> Problem:
    """The problem of a table that cannot be read at all."""
    return Problem(
        "W407",
        f"the table `{dataset.file.name}` cannot be read: {error.issue.why}",
        dataset.place_of("file"),
        found=str(dataset.file),
    )


def selected_rows(dataset: Dataset) -> Iterator[Row]:
    """The rows that `where` selects, and those that are too damaged to tell."""
    wanted = frozenset(dataset.roles.values()) | dataset.where.keys()
    for row in rows(dataset.file, dataset.format, wanted):
        unknown = row.problem is not None and not dataset.where.keys() <= row.values.keys()
        if unknown or is_selected(row.values, dataset.where):
            yield row


def is_selected(
    values: Mapping[str, object], where: Mapping[str, Scalar | tuple[Scalar, ...]]
) -> bool:
    """True when the row has these values, or one of several; `1`, `1.0`, `true` in a CSV are read as
    such."""
    return all(
        any(_same(values.get(column), one) for one in choices_of(wanted))
        for column, wanted in where.items()
    )


def choices_of(wanted: Scalar | tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    """The values that `where` admits for one column."""
    return wanted if isinstance(wanted, tuple) else (wanted,)


Cell = Sequence[tuple[Listed, Candidate]] | Issue
"""The images that a row names for a role, at least one, or why there is none."""


def cell_candidates(row: Row, role: str, dataset: Dataset, preparation: Preparation) -> Cell:
    """What a cell names: an image; or several, by a pattern, a folder, or a list of them."""
    column = dataset.roles[role]
    cell = row.values.get(column)
    if row.problem is not None:
        return Issue("row_broken", f"{line_of(row, dataset)}: {row.problem}")
    where = f"{line_of(row, dataset)}, column `{column}`"
    texts = cell if isinstance(cell, list | tuple) else [cell]
    named = [text.strip() for text in texts if isinstance(text, str)]
    if len(named) < len(texts) and cell is not None:
        return Issue("row_without_image", f"{where}: the name of an image is a text")
    found: list[tuple[Listed, Candidate]] = []
    most = catalogue().images_per_request
    for text in filter(None, named):
        kind = kind_of_cell(text, dataset.image_folder)
        source = source_of(kind, text, role, preparation)
        listed = source.list(dataset.image_folder)
        more = [(source, each) for each in islice(listed, most + 1 - len(found))]
        if not more and len(found) <= most:
            return Issue("row_without_image", f"{where}: `{text}` matches no image")
        found += more
    if len(found) > most:
        return Issue("too_many_images", f"{where}: more than {most:,} images in one request")
    return found or Issue("row_without_image", f"{where}: no image is named here")


def line_of(row: Row, dataset: Dataset) -> str:
    """The row as a sentence names it."""
    return f"{_line(row.line, dataset)} of {dataset.file.name}"


def in_the_table(image: UnreadableImage, line: int, dataset: Dataset) -> UnreadableImage:
    """An image that cannot be used, with the place that names it."""
    where = f"{_line(line, dataset)} of {dataset.file.name}, column `{dataset.roles[image.role]}`"
    return replace(image, issue=replace(image.issue, why=f"{image.issue.why} ({where})"))


def _clashes(dataset: Dataset, preparation: Preparation) -> Container[str]:
    role = next(iter(dataset.roles))
    found = (cell_candidates(row, role, dataset, preparation) for row in selected_rows(dataset))
    return clashing(cell[0][1] for cell in found if not isinstance(cell, Issue) and len(cell) == 1)


def _case(
    row: Row,
    dataset: Dataset,
    preparation: Preparation,
    names: Names,
    clashes: Container[str],
    read: Read,
) -> CaseImages:
    cells = {role: cell_candidates(row, role, dataset, preparation) for role in dataset.roles}
    name = names.take(_name(row, dataset, next(iter(cells.values())), clashes))
    images = tuple(
        image
        for role, cell in cells.items()
        for image in _found(role, cell, dataset, row, clashes, read)
    )
    return CaseImages(name, images, row.values, row.line)


def _name(
    row: Row,
    dataset: Dataset,
    first: Cell,
    clashes: Container[str],
) -> str:
    """The row's id, or else the name of its only image, or else its line."""
    if dataset.id_column:
        value = row.values.get(dataset.id_column)
        if value is not None and str(value).strip():
            return str(value).strip()
    elif not isinstance(first, Issue) and len(first) == 1:
        return _shown(first[0][1], clashes)
    return _line(row.line, dataset)


def _line(line: int, dataset: Dataset) -> str:
    """A Parquet file has no lines."""
    return f"{'row' if dataset.format == 'parquet' else 'line'} {line}"


def _found(
    role: str,
    cell: Cell,
    dataset: Dataset,
    row: Row,
    clashes: Container[str],
    read: Read,
) -> Iterator[Found]:
    if isinstance(cell, Issue):
        yield UnreadableImage(_line(row.line, dataset), role, cell)
        return
    if len(cell) > 1:
        clashes = clashing(candidate for _, candidate in cell)
    names = Names()
    for source, candidate in cell:
        found = read(source, candidate, names.take(_shown(candidate, clashes)), role)
        if isinstance(found, UnreadableImage):
            found = in_the_table(found, row.line, dataset)
        yield found


def _shown(candidate: Candidate, clashes: Container[str]) -> str:
    return candidate.longer if candidate.name in clashes else candidate.name


def _same(cell: object, value: Scalar) -> bool:
    if isinstance(cell, str) and not isinstance(value, str):
        text = cell.strip().lower()
        if isinstance(value, bool):
            return text == str(value).lower()
        try:
            return float(text) == value
        except ValueError:
            return False
    if isinstance(value, str):
        return _as_text(cell) == value.strip()
    return cell == value and isinstance(cell, bool) == isinstance(value, bool)


def _as_text(cell: object) -> str | None:
    if cell is None:
        return None
    return str(cell).lower() if isinstance(cell, bool) else str(cell).strip()
