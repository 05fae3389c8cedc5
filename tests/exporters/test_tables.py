"""Tables, JSON and texts hold what was saved, and every case that failed."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from runner.exporters import EXPORTERS
from runner.exporters.csv import harmless
from runner.values.geometry import Box, Point, Polygon, Size
from runner.values.mask import Mask, Rle
from runner.values.reference import Reference
from runner.values.result import Detection, Issue, Result, ResultImage

IMAGE = ResultImage("photos/a.jpg", "image", "photos/a.jpg", Size(640, 480), 1, "0" * 64)
BLANK = Result(0, "photos/a.jpg", "find", {}, 1, (IMAGE,), "ok", model="gemini-3.5-flash")

BOXES = replace(
    BLANK,
    answer={
        "boxes": [
            {"label": "cat", "box": [1.5, 2.0, 30.25, 40.0], "age": 3},
            {"label": "=dog", "box": [5.0, 6.0, 7.0, 8.0]},
        ]
    },
    detections=(
        Detection(at="boxes[0]", label="cat", box=Box(1.5, 2, 30.25, 40), fields={"age": 3}),
        Detection(at="boxes[1]", label="=dog", box=Box(5, 6, 7, 8)),
    ),
)
EMPTY = replace(BLANK, case="b.jpg", status="empty", answer={"boxes": []})
REFUSED = replace(BLANK, case="c.jpg", status="refused", error="SAFETY\nblocked")
PARTIAL = replace(
    BOXES,
    case="d.jpg",
    status="partial",
    issues=(Issue("item_dropped", "box_2d has 3 numbers", index=2),),
)
CUT = replace(BOXES, case="e.jpg", status="truncated", error="the answer was too long")
ALL = [BOXES, EMPTY, REFUSED, PARTIAL, CUT]


def write(name: str, save: str, results: list[Result], target: Path) -> tuple[Path, ...]:
    exporter = EXPORTERS[name](Reference.parse(save))
    return tuple(exporter.write(iter(results), target, lambda image: None))


def table(save: str, results: list[Result], tmp_path: Path) -> str:
    target = tmp_path / "tables" / "x.csv"
    assert write("csv", save, results, target) == (target,)
    return target.read_bytes().decode().replace("\r\n", "\n")


def test_a_table_has_a_row_for_each_box_and_for_each_case_without_one(tmp_path: Path) -> None:
    """Nothing found, refused, partly and wholly cut off: every case has a row that says so."""
    assert table("find.boxes", ALL, tmp_path) == (
        "case,repeat,status,n,label,x_min,y_min,x_max,y_max,age,error\n"
        "photos/a.jpg,1,ok,1,cat,1.5,2,30.25,40,3,\n"
        "photos/a.jpg,1,ok,2,'=dog,5,6,7,8,,\n"
        "b.jpg,1,empty,,,,,,,,\n"
        'c.jpg,1,refused,,,,,,,,"SAFETY\nblocked"\n'
        "d.jpg,1,partial,1,cat,1.5,2,30.25,40,3,box_2d has 3 numbers\n"
        "d.jpg,1,partial,2,'=dog,5,6,7,8,,box_2d has 3 numbers\n"
        "e.jpg,1,truncated,1,cat,1.5,2,30.25,40,3,the answer was too long\n"
        "e.jpg,1,truncated,2,'=dog,5,6,7,8,,the answer was too long\n"
    )


@pytest.mark.parametrize("save", ["find", "find.rows"])
def test_an_answer_that_is_one_list_gives_the_same_rows_by_any_name(
    save: str, tmp_path: Path
) -> None:
    """`save: find` is enough when there is nothing else in the answer."""
    assert table(save, [BOXES], tmp_path) == table("find.boxes", [BOXES], tmp_path)


RECORD = replace(
    BLANK,
    step="count",
    combination={"model": "gemini-3.5-flash", "vars.thing": "+screw"},
    repeat=2,
    answer={
        "number": 12,
        "sure": False,
        "status": "fine",
        "shop": {"name": "Lidl", "city": None},
        "tags": ["red", "-green"],
        "deep": [{"a": 1}],
        "grid": [[1, 2], [3]],
        "points": [],
    },
    simulated=True,
)


def test_a_record_is_one_row_with_the_axes_of_its_combination(tmp_path: Path) -> None:
    """Fields of fields get a dot, lists a semicolon; a field never takes a column of the table."""
    assert table("count", [RECORD], tmp_path) == (
        "case,model,vars.thing,repeat,status,number,sure,count.status,shop.name,shop.city,tags,"
        "deep.count,grid,points.count,simulated\n"
        "photos/a.jpg,gemini-3.5-flash,'+screw,2,ok,12,false,fine,Lidl,,red; -green,"
        '1,"[[1, 2], [3]]",0,true\n'
    )
    assert table("count.number", [RECORD], tmp_path) == (
        "case,model,vars.thing,repeat,status,number,simulated\n"
        "photos/a.jpg,gemini-3.5-flash,'+screw,2,ok,12,true\n"
    )


def test_a_list_of_words_has_a_row_for_each(tmp_path: Path) -> None:
    """The column is named by the reference."""
    assert table("find.boxes.labels", [BOXES], tmp_path) == (
        "case,repeat,status,n,boxes.labels\nphotos/a.jpg,1,ok,1,cat\nphotos/a.jpg,1,ok,2,'=dog\n"
    )


def test_every_kind_of_place_has_columns(tmp_path: Path) -> None:
    """Points, outlines, masks as their area, and scores where a model gives any."""
    result = replace(
        BLANK,
        answer={"rows": [{"label": "x"}, {"label": "y"}, {"label": "z", "note": "no place"}]},
        detections=(
            Detection(
                at="rows[0]",
                label="x",
                point=Point(1, 2.5),
                mask=Mask("png", Rle(Size(2, 2), "04"), 3, Box(0, 0, 2, 2)),
                score=0.5,
            ),
            Detection(
                at="rows[1]",
                label="y",
                polygon=(Polygon((Point(0, 0), Point(1, 0), Point(0, 1))),),
                box_3d=(1.0, 2.0, 3.0),
            ),
        ),
    )
    assert table("find.rows", [result], tmp_path) == (
        "case,repeat,status,n,label,x,y,polygon,area,box_3d,score,note\n"
        "photos/a.jpg,1,ok,1,x,1,2.5,,3,,0.5,\n"
        'photos/a.jpg,1,ok,2,y,,,"[[[0, 0], [1, 0], [0, 1]]]",,"[1.0, 2.0, 3.0]",,\n'
        "photos/a.jpg,1,ok,3,z,,,,,,,no place\n"
    )
    assert table("find.points", [result], tmp_path) == (
        "case,repeat,status,n,label,x,y,area,score\nphotos/a.jpg,1,ok,1,x,1,2.5,3,0.5\n"
    )


def test_a_record_with_several_boxes_has_columns_for_each(tmp_path: Path) -> None:
    """`plate: box`, `driver: box` in one record; a record inside a record keeps its name."""
    two = (ResultImage("b", "before", None, None, 1, None), replace(IMAGE, role="after"))
    result = replace(
        BLANK,
        images=two,
        answer={
            "cars": [
                {"label": "taxi", "plate": [1, 2, 3, 4], "driver": [5, 6, 7, 8], "colour": "red"}
            ],
            "shop": {"name": "Lidl", "box": [0, 0, 1, 1]},
            "total": 1,
        },
        detections=(
            Detection(at="cars[0].plate", label="taxi plate", box=Box(1, 2, 3, 4), image=1),
            Detection(at="cars[0].driver", label="taxi driver", box=Box(5, 6, 7, 8), image=1),
            Detection(at="shop", box=Box(0, 0, 1, 1), fields={"name": "Lidl"}, image=1),
        ),
    )
    assert table("find.cars", [result], tmp_path) == (
        "case,repeat,status,n,image,label,plate.x_min,plate.y_min,plate.x_max,plate.y_max,"
        "driver.x_min,driver.y_min,driver.x_max,driver.y_max,colour\n"
        "photos/a.jpg,1,ok,1,after,taxi,1,2,3,4,5,6,7,8,red\n"
    )
    assert table("find.shop", [result], tmp_path) == (
        "case,repeat,status,image,x_min,y_min,x_max,y_max,name\n"
        "photos/a.jpg,1,ok,after,0,0,1,1,Lidl\n"
    )
    whole = table("find", [result], tmp_path).splitlines()
    assert whole[0] == (
        "case,repeat,status,image,cars.count,shop.x_min,shop.y_min,shop.x_max,shop.y_max,shop.name,total"
    )


def test_a_place_under_a_name_of_the_authors_keeps_it(tmp_path: Path) -> None:
    """`fields: {what: text, where: box, sure: yes_no, tip: point}`: columns in that order."""
    records: list[dict[str, object]] = [
        {"what": "cup", "where": [1.0, 2.0, 3.0, 4.0], "sure": True, "tip": [5.0, 6.0]},
        {"what": "mug", "where": [7.0, 8.0, 9.0, 9.5], "sure": False, "tip": None},
    ]
    found = (
        Detection(
            at="",
            box=Box(1, 2, 3, 4),
            point=Point(5, 6),
            fields={"what": "cup", "sure": True},
        ),
        Detection(at="", box=Box(7, 8, 9, 9.5), fields={"what": "mug", "sure": False}),
    )
    one = replace(BLANK, answer=records[0], detections=found[:1])
    assert table("find", [one], tmp_path) == (
        "case,repeat,status,what,where.x_min,where.y_min,where.x_max,where.y_max,sure,tip.x,tip.y\n"
        "photos/a.jpg,1,ok,cup,1,2,3,4,true,5,6\n"
    )
    several = replace(
        BLANK,
        answer=records,
        detections=tuple(replace(each, at=f"[{n}]") for n, each in enumerate(found)),
    )
    assert table("find", [several], tmp_path) == (
        "case,repeat,status,n,what,where.x_min,where.y_min,where.x_max,where.y_max,sure,"
        "tip.x,tip.y\n"
        "photos/a.jpg,1,ok,1,cup,1,2,3,4,true,5,6\n"
        "photos/a.jpg,1,ok,2,mug,7,8,9,9.5,false,,\n"
    )


def test_an_outline_and_a_mask_keep_their_names_too(tmp_path: Path) -> None:
    """`edge: polygon` and `area: mask`."""
    ring = Polygon((Point(0, 0), Point(1, 0), Point(0, 1)))
    mask = Mask("png", Rle(Size(2, 2), "04"), 3, Box(0, 0, 2, 2))
    for name, found, cells in (
        (
            "edge",
            Detection(at="", polygon=(ring,)),
            'edge.polygon\n{},"[[[0, 0], [1, 0], [0, 1]]]"\n',
        ),
        ("leaf", Detection(at="", mask=mask), "leaf.area\n{},3\n"),
    ):
        value = [[0, 0], [1, 0], [0, 1]] if found.polygon else {"size": [2, 2], "counts": "04"}
        result = replace(BLANK, answer={name: value}, detections=(found,))
        expected = "case,repeat,status," + cells.format("photos/a.jpg,1,ok")
        assert table("find", [result], tmp_path) == expected


def test_a_table_of_a_dataset_has_its_columns(tmp_path: Path) -> None:
    """After the case; the name of the image when the case is called by another."""
    row = {"id": "7", "city": "=Rome", "tags": ["a", "b"]}
    first = replace(BLANK, case="7", row=row, answer={"cups": 2, "row": {"city": "x"}})
    second = replace(BLANK, row={"id": "8", "city": None}, answer={"cups": 3})
    failed = replace(first, status="failed", error="no answer", answer=None)
    assert table("find", [first, second, failed], tmp_path) == (
        "case,row.id,row.city,row.tags,repeat,status,image,cups,find.row.city,error\n"
        "7,7,'=Rome,a; b,1,ok,photos/a.jpg,2,x,\n"
        "photos/a.jpg,8,,,1,ok,,3,,\n"
        "7,7,'=Rome,a; b,1,failed,photos/a.jpg,,,no answer\n"
    )


@pytest.mark.parametrize(
    ("answer", "marked"),
    [
        ({"a": "Loffel", "b": "two\nlines \x1b[31m"}, False),
        ({"a": "Löffel"}, True),
        ({"löffel": 1}, True),
        ({"a": ["x", "猫"]}, True),
        ({"a": "\ud800"}, False),
    ],
)
def test_a_table_begins_with_a_mark_only_when_a_spreadsheet_needs_it(
    answer: object, marked: bool, tmp_path: Path
) -> None:
    """Excel reads UTF-8 by its byte order mark; ASCII needs none."""
    target = tmp_path / "x.csv"
    write("csv", "find", [replace(BLANK, answer=answer)], target)
    content = target.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf") == marked
    assert content.decode("utf-8-sig").startswith("case,repeat,status,")


def test_no_result_at_all_is_a_table_with_a_heading(tmp_path: Path) -> None:
    """It can still be opened."""
    assert table("find.boxes", [], tmp_path) == "case,repeat,status\n"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-5 degrees", "'-5 degrees"),
        ("@sum", "'@sum"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("  =1", "'  =1"),
        ("\u00a0=1", "'\u00a0=1"),
        ("\uff1d1", "'\uff1d1"),
        ("\ufeff=1", "'\ufeff=1"),
        ("a\n=1", "a\n'=1"),
        ("a\r\n@x", "a\r\n'@x"),
        ("a=b", "a=b"),
        ("a - b", "a - b"),
        ("\N{MINUS SIGN}5", "\N{MINUS SIGN}5"),
        ("", ""),
    ],
)
def test_a_text_is_never_a_formula(text: str, written: str) -> None:
    """At the start, after white space, and at the start of every line."""
    assert harmless(text) == written


def test_numbers_stay_numbers_and_every_text_comes_back(tmp_path: Path) -> None:
    """Quotes, commas, line ends and half a surrogate pair survive a reader of CSV."""
    answer = {
        "a": 'say "x", y',
        "b": "two\nlines",
        "c": -1.5,
        "d": 1e-7,
        "e": "\ud800",
        "f": 10**20,
    }
    text = table("find", [replace(BLANK, answer=answer)], tmp_path)
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert (row["a"], row["b"]) == ('say "x", y', "two\nlines")
    assert (row["c"], row["d"], row["f"]) == ("-1.5", "1e-07", "100000000000000000000")
    assert row["e"] == "\\ud800"


def test_lines_of_json_hold_what_was_saved_and_where_it_comes_from(tmp_path: Path) -> None:
    """One line for each result; there is no value where there is no answer."""
    target = tmp_path / "x.jsonl"
    assert write("jsonl", "find.boxes", [BOXES, REFUSED, CUT], target) == (target,)
    first, refused, cut = map(json.loads, target.read_text(encoding="utf-8").splitlines())
    assert first == {
        "case": "photos/a.jpg",
        "combination": {},
        "repeat": 1,
        "status": "ok",
        "images": [{"name": "photos/a.jpg", "role": "image", "width": 640, "height": 480}],
        "value": BOXES.answer["boxes"],  # type: ignore[index]
        "model": "gemini-3.5-flash",
        "simulated": False,
    }
    assert (refused["status"], refused["value"], refused["error"]) == (
        "refused",
        None,
        "SAFETY\nblocked",
    )
    assert (cut["status"], len(cut["value"])) == ("truncated", 2)
    assert cut["error"] == "the answer was too long"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_one_file_of_json_holds_all_results(count: int, tmp_path: Path) -> None:
    """It is one JSON value, whatever the number of results."""
    target = tmp_path / "x.json"
    assert write("json", "find.boxes.count", [BOXES] * count, target) == (target,)
    whole = json.loads(target.read_text(encoding="utf-8"))
    assert (whole["version"], whole["save"]) == (1, "find.boxes.count")
    assert [entry["value"] for entry in whole["results"]] == [2] * count


def test_json_can_hold_any_text_and_number(tmp_path: Path) -> None:
    """Half a surrogate pair comes back; a number that JSON does not know is a text."""
    target = tmp_path / "x.jsonl"
    answer = {"a": "\ud800 é 猫", "b": float("nan"), "c": [float("inf")]}
    write("jsonl", "find", [replace(BLANK, answer=answer)], target)
    (line,) = target.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["value"] == {"a": "\ud800 é 猫", "b": "nan", "c": ["inf"]}


def test_each_case_has_a_text_file(tmp_path: Path) -> None:
    """Named after its image; one that failed has a file that says why, not an empty one."""
    results = [
        replace(BLANK, answer="A cat.\nOn a sofa.\n"),
        replace(BLANK, case="b/A.JPG", answer="Another."),
        replace(BLANK, case="b.jpg", status="empty", answer=""),
        replace(REFUSED, error="SAFETY"),
        replace(BLANK, case="cut.jpg", answer="Half a", status="truncated", error="too long"),
        replace(BLANK, case="sim.jpg", answer="A cat.", simulated=True),
        replace(BLANK, case="photos/a.jpg", answer="Again.", repeat=2),
    ]
    written = write("text", "find.text", results, tmp_path)
    assert {path.relative_to(tmp_path).as_posix(): path.read_text() for path in written} == {
        "photos/a.txt": "A cat.\nOn a sofa.\n",
        "b/A.txt": "Another.\n",
        "b.txt": "\n",
        "c.failed.txt": "refused: SAFETY\n",
        "cut.txt": "Half a\n[cut off: too long]\n",
        "sim.txt": "A cat.\n[simulated: no model has looked at this image]\n",
        "repeat-2/photos/a.txt": "Again.\n",
    }


def test_what_is_no_text_is_written_so_that_one_can_read_it(tmp_path: Path) -> None:
    """Records by line, lists of words by line, the rest as JSON."""
    answer = {"shop": "Lidl", "total": 3.5, "paid": True, "tip": None}
    write("text", "find", [replace(BLANK, answer=answer)], tmp_path)
    assert (
        tmp_path / "photos/a.txt"
    ).read_text() == "shop: Lidl\ntotal: 3.5\npaid: true\ntip: null\n"
    write("text", "find.boxes.labels", [BOXES], tmp_path)
    assert (tmp_path / "photos/a.txt").read_text() == "cat\n=dog\n"
    write("text", "find.boxes", [EMPTY, replace(BOXES, case="f.jpg")], tmp_path)
    assert json.loads((tmp_path / "f.txt").read_text()) == BOXES.answer["boxes"]  # type: ignore[index]


def test_a_model_cannot_choose_where_a_file_goes(tmp_path: Path) -> None:
    """A case named like a way out of the folder stays in it."""
    folder = tmp_path / "out"
    results = [replace(BLANK, case=case, answer="x") for case in ("../../x", "/etc/passwd", "..")]
    written = write("text", "find.text", results, folder)
    assert [path.relative_to(folder).as_posix() for path in written] == [
        "x.txt",
        "etc-passwd.txt",
        "unnamed.txt",
    ]


@pytest.mark.parametrize("name", sorted(EXPORTERS))
def test_results_are_read_once_and_not_kept(name: str, tmp_path: Path) -> None:
    """A hundred thousand results must not fill the memory: at most a few live at a time."""
    import weakref

    class Tracked(Result):  # slots of a plain Result take no weak reference
        __slots__ = ("__weakref__",)

    given: list[weakref.ref[Result]] = []
    most = 0

    def results():  # type: ignore[no-untyped-def]
        nonlocal most
        for number in range(12):
            one = Tracked(number, f"{number}.jpg", "find", {}, 1, (IMAGE,), "ok", {"boxes": []})
            given.append(weakref.ref(one))
            yield one
            del one
            most = max(most, sum(one() is not None for one in given))

    target = tmp_path / "x"
    EXPORTERS[name](Reference.parse("find.boxes")).write(results(), target, lambda image: None)
    assert most <= 2
