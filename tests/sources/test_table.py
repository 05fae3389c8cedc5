"""Tables as people save them, row by row."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.sources.opening import Unreadable
from runner.sources.table import NOT_UTF8, Format, Row, columns, rows


def read(folder: Path, content: bytes | str, format: Format = "csv", *wanted: str) -> list[Row]:
    path = folder / "table"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(rows(path, format, wanted))


PLAIN = [Row(2, {"photo": "a.jpg", "label": "cat"}), Row(3, {"photo": "b.jpg", "label": "dog"})]


@pytest.mark.parametrize(
    "content",
    [
        "photo,label\na.jpg,cat\nb.jpg,dog\n",
        "photo,label\r\na.jpg,cat\r\nb.jpg,dog",
        "\ufeffphoto,label\na.jpg,cat\nb.jpg,dog\n",
        "photo;label\na.jpg;cat\nb.jpg;dog\n",
        "photo\tlabel\na.jpg\tcat\nb.jpg\tdog\n",
        ' photo , "label"\n"a.jpg",cat\nb.jpg,"dog"\n',
        "photo,label\na.jpg,cat\nb.jpg,dog\n\n,\n",
        "photo,label\na.jpg,cat\nb.jpg,dog\n".encode("utf-16"),
        "photo\tlabel\na.jpg\tcat\nb.jpg\tdog\n".encode("utf-16"),
    ],
)
def test_the_same_table(tmp_path: Path, content: bytes | str) -> None:
    """Separator, line ends, byte order mark, quotes and empty rows make no difference."""
    assert read(tmp_path, content, "csv", "photo", "label") == PLAIN
    assert columns(tmp_path / "table", "csv", ["photo"]) == ("photo", "label")


def test_excels_note_about_the_separator(tmp_path: Path) -> None:
    """`sep=;` in the first line is no header."""
    content = "sep=;\nphoto;label\na.jpg;cat\nb.jpg;dog\n"
    assert read(tmp_path, content) == [Row(3, PLAIN[0].values), Row(4, PLAIN[1].values)]


def test_tables_with_tabs(tmp_path: Path) -> None:
    """TSV; a comma is a comma."""
    content = "photo\tlabel, en\na.jpg\tcat, black\n"
    assert read(tmp_path, content, "tsv") == [Row(2, {"photo": "a.jpg", "label, en": "cat, black"})]


def test_the_wanted_columns_decide_the_separator(tmp_path: Path) -> None:
    """A header with commas in a table of semicolons."""
    content = "photo;label, short\na.jpg;cat\n"
    expected = [Row(2, {"photo": "a.jpg", "label, short": "cat"})]
    assert read(tmp_path, content, "csv", "photo") == expected


def test_cells_over_several_lines(tmp_path: Path) -> None:
    """A row's line is the one that it begins in."""
    content = 'photo,label\na.jpg,"two\nlines"\nb.jpg,dog\n'
    assert read(tmp_path, content) == [
        Row(2, {"photo": "a.jpg", "label": "two\nlines"}),
        Row(4, {"photo": "b.jpg", "label": "dog"}),
    ]


def test_spaces_around_cells(tmp_path: Path) -> None:
    """Nobody sees them, and `red ` would not be `red`."""
    content = 'photo,label\na.jpg , red  car \n"b.jpg ","two\nlines\n"\n'
    assert read(tmp_path, content) == [
        Row(2, {"photo": "a.jpg", "label": "red  car"}),
        Row(3, {"photo": "b.jpg", "label": "two\nlines"}),
    ]


def test_too_few_cells(tmp_path: Path) -> None:
    """Nobody knows which one is lost, and an empty word would be asked about and paid. An empty cell
    has its separator; a column without a name lacks nobody."""
    assert read(tmp_path, "id,photo,label\n1,a.jpg\n2,b.jpg,\n") == [
        Row(
            2,
            {"id": "1", "photo": "a.jpg"},
            "it has 2 cells under 3 columns: nothing stands for `label`; an empty cell needs its"
            " separator, too",
        ),
        Row(3, {"id": "2", "photo": "b.jpg", "label": ""}),
    ]
    assert read(tmp_path, "photo,label,\na.jpg,cat\nb.jpg,dog\n") == PLAIN


def test_too_many_cells(tmp_path: Path) -> None:
    """A separator inside a cell without quotes is a mistake, empty cells at the end are none."""
    assert read(tmp_path, "photo,label\na.jpg,cat, black\nb.jpg,dog,,\n") == [
        Row(
            2,
            {"photo": "a.jpg", "label": "cat"},
            "it has 3 cells under 2 columns; put a cell that holds the separator in quotes",
        ),
        Row(3, {"photo": "b.jpg", "label": "dog"}),
    ]


def test_an_older_encoding(tmp_path: Path) -> None:
    """A row that is not UTF-8 fails by itself, with what to do."""
    content = "photo,label\na.jpg,Käse\nb.jpg,dog\n".encode("cp1252")
    assert read(tmp_path, content) == [
        Row(2, {"photo": "a.jpg", "label": "K\\xe4se"}, NOT_UTF8),
        Row(3, {"photo": "b.jpg", "label": "dog"}),
    ]


def test_quotes_that_do_not_match_up(tmp_path: Path) -> None:
    """A quote that is never closed does not swallow the rest unseen."""
    assert read(tmp_path, 'photo,label\na.jpg,cat\nb.jpg,"dog\nc.jpg,cow\n') == [
        Row(2, {"photo": "a.jpg", "label": "cat"}),
        Row(
            3,
            problem='a quote (") is opened in it and never closed, so all rows after it are lost',
        ),
    ]


def test_a_huge_cell(tmp_path: Path) -> None:
    """It fails, and the rows after it are read."""
    long = "x" * 200_000
    found = read(tmp_path, f"photo,label\n{long},cat\nb.jpg,dog\n")
    assert [(row.line, row.problem is None) for row in found] == [(2, False), (3, True)]


def test_json_lines(tmp_path: Path) -> None:
    """Values keep their types; empty lines are none."""
    content = '{"photo": "a.jpg", "n": 1, "ok": true, "more": [1]}\n\n'
    assert read(tmp_path, "\ufeff" + content + '{"photo": "b.jpg"}', "jsonl") == [
        Row(1, {"photo": "a.jpg", "n": 1, "ok": True, "more": [1]}),
        Row(3, {"photo": "b.jpg"}),
    ]
    assert columns(tmp_path / "table", "jsonl") == ("photo", "n", "ok", "more")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{'photo': 1}", "it is not JSON (column 2); each line holds one object"),
        ("[1]", 'it is JSON, but not an object like {"image": "a.jpg"}'),
        ('{"n": NaN}', "it is not JSON; each line holds one object"),
        ('{"n": 1e999}', "it is not JSON; each line holds one object"),
        ('{"n": "\\ud800"}', "it is not JSON; each line holds one object"),
        ("[" * 100_000, "it is not JSON; each line holds one object"),
        ('{"n": "' + "x" * (5 << 20) + '"}', "the line is too long"),
    ],
)
def test_lines_that_are_no_rows(tmp_path: Path, line: str, problem: str) -> None:
    """They fail by themselves; the next line is read."""
    assert read(tmp_path, f'{line}\n{{"photo": "b.jpg"}}\n', "jsonl") == [
        Row(1, problem=problem),
        Row(2, {"photo": "b.jpg"}),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "table_empty"), (b"\n\n", "table_empty"), (b"K\xe4se,b\n", "table_not_utf8")],
)
def test_tables_that_cannot_be_read(tmp_path: Path, content: bytes, code: str) -> None:
    """The file as a whole is the mistake."""
    with pytest.raises(Unreadable) as raised:
        read(tmp_path, content)
    assert raised.value.issue.code == code


def test_a_missing_table(tmp_path: Path) -> None:
    """Told like any missing file."""
    with pytest.raises(Unreadable) as raised:
        list(rows(tmp_path / "no.csv", "csv"))
    assert raised.value.issue.why == "there is no such file"


def test_rows_are_read_lazily(tmp_path: Path) -> None:
    """The first row comes before a mistake further down is met."""
    path = tmp_path / "table"
    path.write_bytes(b"photo\na.jpg\n" + b"\xff\n" * 3)
    found = rows(path, "csv")
    assert next(found) == Row(2, {"photo": "a.jpg"})
    assert next(found).problem == NOT_UTF8
    found.close()  # type: ignore[attr-defined]
