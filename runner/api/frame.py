"""Results as a table of pandas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from runner.exporters.column import Type, common, type_of, typed
from runner.exporters.table import Row, columns_of, rows_of
from runner.values.problem import Rejected
from runner.values.result import Result

if TYPE_CHECKING:
    import pandas

DTYPES: dict[Type, str] = {
    "bool": "boolean",
    "int": "Int64",
    "float": "float64",
    "text": "string",
}
"""Those in which a whole number stays one although other rows have none."""


def frame(results: Iterable[Result], path: Sequence[str]) -> pandas.DataFrame:
    """The rows and columns of `as: csv`, each column in one type. Raises `Rejected` without pandas."""
    try:
        import pandas
    except ImportError:
        raise Rejected.because("pandas is not installed\n  pip install pandas") from None
    rows: list[Row] = []
    axes: dict[str, None] = {}
    for result in results:
        axes.update(dict.fromkeys(result.combination))
        rows += rows_of(result, path)
    types: dict[str, Type] = {}
    seen: dict[str, None] = {}
    for row in rows:
        seen.update(dict.fromkeys(row))
        for name, cell in row.items():
            if cell is not None:
                types[name] = common(types.get(name), type_of(cell))
    table = {}
    for name in columns_of(axes, seen):
        type_ = types.get(name, "text")
        cells = [typed(type_, row.get(name)) for row in rows]
        table[name] = pandas.Series(cells, dtype=DTYPES[type_])
    return pandas.DataFrame(table)
