"""A YAML file becomes data with places, or all of its problems; never anything else."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import runner.text.tree
from runner.text.source import Source, read
from runner.values.problem import Place, Rejected

SCALARS: list[tuple[str, object]] = [
    ("no", "no"),
    ("NO", "NO"),
    ("on", "on"),
    ("yes", "yes"),
    ("y", "y"),
    ("16:9", "16:9"),
    ("22:22:22", "22:22:22"),
    ("2026-11-20", "2026-11-20"),
    ("1_000", "1_000"),
    ("010", "010"),
    ("-007", "-007"),
    ("0x1F", "0x1F"),
    ("0o10", "0o10"),
    (".inf", ".inf"),
    (".nan", ".nan"),
    ("=", "="),
    ("1234567890123456789", "1234567890123456789"),
    ("9" * 5000, "9" * 5000),
    ("0", 0),
    ("-12", -12),
    ("+5", 5),
    ("1.5", 1.5),
    (".5", 0.5),
    ("5.", 5.0),
    ("1e3", 1000.0),
    ("-1.5E-2", -0.015),
    ("true", True),
    ("FALSE", False),
    ("null", None),
    ("~", None),
    ("", None),
    ("'1'", "1"),
    ('"true"', "true"),
    ("a b", "a b"),
]


@pytest.mark.parametrize(("written", "value"), SCALARS, ids=lambda part: str(part)[:20])
def test_a_word_means_what_its_author_sees(written: str, value: object) -> None:
    """YAML 1.2's core scalars where they are expected; text everywhere else."""
    found = source(f"key: {written}\n").data
    assert isinstance(found, dict)
    assert (found["key"], type(found["key"])) == (value, type(value))


HARMLESS: list[tuple[str, bytes, object]] = [
    ("a byte order mark", b"\xef\xbb\xbfa: 1\n", {"a": 1}),
    ("Windows line breaks", b"a: |\r\n  x\r\n  y\r\nb: 1\r\n", {"a": "x\ny\n", "b": 1}),
    ("old Macintosh line breaks", b"a: 1\rb: 2\r", {"a": 1, "b": 2}),
    ("tabs within a line", b"a:\t1\t# c\nb: x\ty\n", {"a": 1, "b": "x\ty"}),
    ("emoji and accents", "é: 🐱\n".encode(), {"é": "🐱"}),
    ("no line break at the end", b"a: 1", {"a": 1}),
    ("a start of the document", b"---\na: 1\n", {"a": 1}),
    ("comments only around it", b"# one\na: 1 # two\n# three", {"a": 1}),
    ("a list", b"[a, b]", ["a", "b"]),
    ("a text", b"hello", "hello"),
    (
        "links",
        b"x: &x {a: [1]}\ny: *x\nz: [*x]",
        {"x": {"a": [1]}, "y": {"a": [1]}, "z": [{"a": [1]}]},
    ),
    ("a quoted <<", b'"<<": 1', {"<<": 1}),
]


@pytest.mark.parametrize(
    ("content", "data"), [row[1:] for row in HARMLESS], ids=[row[0] for row in HARMLESS]
)
def test_what_does_no_harm_is_read(content: bytes, data: object) -> None:
    """Marks and line breaks of every system, links, comments."""
    assert read(content, "a.yaml").data == data


def test_links_do_not_share_their_data() -> None:
    """Who changes one of two places does not change the other."""
    data = source("x: &x [1]\ny: *x\n").data
    assert isinstance(data, dict)
    data["x"].append(2)
    assert data["y"] == [1]


LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
CHAIN = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 3000))
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 20)
)
LONG_TEXTS = 'a: &a "' + "y" * 500_000 + '"\nb: [' + "*a," * 50_000 + "]"

HOSTILE: list[tuple[str, bytes, str, str]] = [
    ("100 MB", bytes(100_000_000), "W114", "larger than 1 MB (100.0 MB)"),
    ("100,000 lists", b"[" * 100_000, "W114", "more than 40 levels"),
    ("100,000 groups", b"{" * 100_000, "W114", "more than 40 levels"),
    ("100,000 dashes", b"- " * 100_000, "W114", "more than 40 levels"),
    ("500,000 entries", b"[" + b"x," * 490_000 + b"]", "W114", "too many values"),
    ("a billion laughs", LAUGHS.encode(), "W111", "far too much data"),
    ("a long chain of links", CHAIN.encode(), "W114", "more than 40 levels"),
    ("one long text many times", LONG_TEXTS.encode(), "W111", "far too much data"),
    ("merges of merges", MERGES.encode(), "W111", "`<<` does not merge"),
    ("a value in itself", b"a: &a [*a]", "W111", "holds the link itself"),
    ("a Python object", b"a: !!python/object/apply:os.system [x]", "W112", "may not start with !"),
    ("a NUL", b'a: "x\x00"', "W113", "NUL character (U+0000)"),
    ("UTF-16 little endian", "a: 1\n".encode("utf-16-le"), "W113", "saved as UTF-16"),
    ("UTF-16 big endian", "a: 1\n".encode("utf-16-be"), "W113", "saved as UTF-16"),
    ("UTF-16 with its mark", "a: 1\n".encode("utf-16"), "W113", "saved as UTF-16"),
    (
        "Latin-1",
        b"a: caf\xe9\n",
        "W113",
        "not saved as UTF-8: a byte here is no character (perhaps `é`)",
    ),
    ("half a character", b"a: \xf0\x9f", "W113", "not saved as UTF-8"),
    ("a PNG", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "W113", "looks like a PNG image"),
    ("a JPEG", b"\xff\xd8\xff\xe0\x00\x10JFIF", "W113", "looks like a JPEG image"),
    ("a ZIP", b"PK\x03\x04\x14\x00\x00\x00", "W113", "looks like a ZIP archive"),
    ("random bytes", bytes(range(256)) * 4, "W113", "binary data"),
    ("noise", bytes(range(1, 32)) * 20, "W113", "binary data"),
    ("a line separator", "a: x\u2028b: 2".encode(), "W113", "invisible line separator (U+2028)"),
    ("a paragraph separator", "a: x\u2029b: 2".encode(), "W113", "(U+2029)"),
    ("a next-line character", "a: x\u0085b: 2".encode(), "W113", "(U+0085)"),
    ("a mark in the middle", "a: x\ufeffb".encode(), "W113", "(U+FEFF)"),
    ("nothing", b"", "W116", "the file is empty"),
    ("a mark and nothing", b"\xef\xbb\xbf", "W116", "the file is empty"),
    ("only a comment", b"# hello\n", "W116", "the file is empty"),
]


@pytest.mark.parametrize(
    ("content", "code", "words"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE]
)
def test_a_hostile_file_is_refused(content: bytes, code: str, words: str) -> None:
    """Bombs, binary data and foreign encodings end in a problem, quickly and in bounded memory."""
    problems = rejected(content).problems
    assert problems[0].code == code
    assert words in problems[0].message
    assert all(problem.place is not None for problem in problems)


def test_the_pure_python_parser_is_as_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without libyaml the same files are refused, with the same codes."""
    monkeypatch.setattr(runner.text.tree, "_LOADER", yaml.SafeLoader)
    found = {name: rejected(content).problems[0].code for name, content, _, _ in HOSTILE[7:]}
    assert found == {name: code for name, _, code, _ in HOSTILE[7:]}
    assert source("a: [1, {b: x}]\nc: |\n  d\n").data == {"a": [1, {"b": "x"}], "c": "d\n"}


TEXT = """\
version: 1
steps:
  - id: one
    prompt: |
      Find é {{ x }}
    empty:
  - {id: two, list: [a, "b c"]}
base: &base
  deep: here
again: *base
"""

PLACES: list[tuple[tuple[str | int, ...], bool, tuple[int, int, int | None]]] = [
    (("version",), False, (1, 10, 11)),
    (("version",), True, (1, 1, 8)),
    (("steps",), True, (2, 1, 6)),
    (("steps", 0), False, (3, 5, 7)),  # a group stands at its first key
    (("steps", 0, "id"), False, (3, 9, 12)),
    (("steps", 0, "prompt"), False, (4, 13, 14)),
    (("steps", 0, "empty"), False, (6, 5, 10)),  # what nobody wrote stands at its key
    (("steps", 0, "missing"), False, (3, 5, 7)),  # the nearest parent
    (("steps", 0, "missing", 3), True, (3, 5, 7)),
    (("steps", 9), False, (3, 3, 4)),
    (("steps", 1), False, (7, 5, 32)),
    (("steps", 1, "id"), True, (7, 6, 8)),
    (("steps", 1, "list"), False, (7, 21, 31)),
    (("steps", 1, "list", 1), False, (7, 25, 30)),
    (("again",), False, (10, 8, 13)),
    (("again", "deep"), False, (9, 9, 13)),  # where it is written
    ((), False, (1, 1, 8)),
]


@pytest.mark.parametrize(("route", "key", "place"), PLACES)
def test_every_key_and_value_has_its_place(
    route: tuple[str | int, ...], key: bool, place: tuple[int, int, int | None]
) -> None:
    """Lines and columns count from 1, in characters; what is missing stands at its parent."""
    found = source(TEXT).place(route, key=key)
    assert (found.file, found.line, found.column, found.end_column, found.route) == (
        "a.yaml",
        *place,
        route,
    )


WAYS: list[tuple[str, str]] = [
    ("literal", "k:\n  t: |\n    One é\n\n      TWO two\n    three"),
    ("literal, stripped", "k:\n  t: |-  # c\n    One é\n\n      TWO two\n    three\n\n"),
    ("literal, indented by number", "k:\n  t: |2\n      One é\n\n      TWO two\n"),
    ("folded", "k:\n  t: >\n    One\n    é and\n\n    TWO two\n    three\n"),
    ("plain", "k:\n  t: One é TWO two"),
    ("plain over lines", "k:\n  t: One\n    é and\n\n    TWO two\n"),
    ("single quotes", "k:\n  t: 'One é it''s ''TWO two'"),
    ("double quotes", 'k:\n  t: "One \\u00e9 \\"\\t\\x41\\nTWO two"'),
    ("double quotes over lines", 'k:\n  t: "One \\\n    é 🐱\n\n    TWO two"'),
    ("in brackets", "k: {a: 1, t: One é TWO two, b: 2}"),
    ("with a name", "k:\n  t: &name 'One é TWO two'\nx: *name\n"),
    ("with a name on the line above", "k:\n  t: &name\n    One é TWO two\nx: *name\n"),
    ("a link", "x: &name |\n  One é TWO two\nk:\n  t: *name\n"),
]


@pytest.mark.parametrize(("way", "text"), WAYS, ids=[way for way, _ in WAYS])
def test_a_part_of_a_text_has_its_place(way: str, text: str) -> None:
    """Whatever way a text is written, a line and column in it lead to the characters in the file."""
    found = source(text)
    data = found.data
    assert isinstance(data, dict)
    lines = data["k"]["t"].split("\n")
    line = next(n for n, each in enumerate(lines, 1) if "TWO" in each)
    place = found.place_in(("k", "t"), line, lines[line - 1].index("TWO") + 1, 7)
    assert found.line(place.line)[place.column - 1 : (place.end_column or 0) - 1] == "TWO two"
    start = found.place_in(("k", "t"), 1, data["k"]["t"].split("\n")[0].index("One") + 1, 3)
    assert found.line(start.line)[start.column - 1 : start.column + 2] == "One"


@given(
    st.lists(
        st.text(
            st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=8
        ),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from(["|", ">", "'", '"']),
    st.data(),
)
def test_every_visible_character_is_found(
    words: list[str], style: str, data: st.DataObject
) -> None:
    """The character at a place in the file is the character at the place in the value."""
    text = yaml.dump(
        {"k": {"t": " ".join(words)}}, default_style=style, allow_unicode=True, width=20
    )
    found = source(text)
    assert isinstance(found.data, dict)
    value: str = found.data["k"]["t"]
    line = data.draw(st.integers(1, value.count("\n") + 1))
    row = value.split("\n")[line - 1]
    column = data.draw(st.integers(1, max(len(row), 1)))
    if column > len(row) or row[column - 1].isspace():
        return
    place = found.place_in(("k", "t"), line, column)
    written = found.line(place.line)[place.column - 1]
    assert written in (row[column - 1], "\\")


def test_a_place_in_something_else_is_its_own_place() -> None:
    """A number, a list or a missing value has no lines of its own."""
    found = source(TEXT)
    assert found.place_in(("version",), 2, 3) == Place("a.yaml", 1, 10, 11, ("version",))
    assert found.place_in(("steps", 0, "missing"), 1, 1) == found.place(("steps", 0, "missing"))


TEXTS = [
    "prompt: |\n  // a\n  • id: a\n  - - b: c\n  ```yaml\n  {# c #}\n  d:\u00a0e\n   \u00a0f\n",
    'prompt: "Answer with:\n• one\n– id: two\n\u00a0- three"\n',
    "prompt: Find\n  • cats\n  // and\n  – dogs\u00a0\n",
    "prompt:\n  – cats and dogs\n",
    "prompt: \u00a0Find\u00a0it\u200b\n",
    "vars:\n  a: \u00a0b\u00a0\n  c: [d\u00a0]\nlabels:\n  - \u00a0\n  - \u200bx\n",
    "choices:\n  - –\n  - a\u00a0b\n  - Was:\u00a0das\n  - “a” or “b”?\n",
    "# •\u00a0//\nimages: [a.jpg, // b.jpg]\n",
]


@pytest.mark.parametrize("text", TEXTS)
def test_what_a_text_says_is_its_authors(text: str) -> None:
    """Long dashes, bullets, special spaces and slashes are mistakes only where YAML has a sign."""
    assert read(text.encode(), "a.yaml").problems == ()


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_rejected(content: bytes) -> None:
    """Nothing but `Rejected` is ever raised, and it holds at least one problem."""
    assert outcome(content)


PIECES = st.sampled_from(
    [*" \t\n:-[]{},#&*!|>'\"%@`?\\~<", *"aé", "\n  ", "\n- ", ": ", " #", "key: ", "{{ x }}", "''"]
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_text_is_read_or_rejected(text: str) -> None:
    """The same for texts that look like YAML; every place lies in the text."""
    assert outcome(text.encode())


def outcome(content: bytes) -> bool:
    try:
        found = read(content, "a.yaml")
    except Rejected as error:
        lines = (
            content.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").count("\n")
        )
        return bool(error.problems) and all(
            problem.place is not None
            and 1 <= problem.place.line <= lines + 1
            and problem.place.column >= 1
            and (problem.place.end_column or 9**9) > problem.place.column
            for problem in error.problems
        )
    return isinstance(found, Source) and found.place(()).line >= 1


def source(text: str) -> Source:
    return read(text.encode(), "a.yaml")


def rejected(content: bytes) -> Rejected:
    with pytest.raises(Rejected) as error:
        read(content, "a.yaml")
    return error.value
