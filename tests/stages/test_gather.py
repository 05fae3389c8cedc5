"""Cases come out in the author's order, with names that are unique and stay the same."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Literal
from unicodedata import normalize

import pyarrow
import pytest
from pyarrow import parquet

from runner.roles import Found
from runner.sources.candidate import Candidate
from runner.sources.table import Row
from runner.stages.fetching import fetched
from runner.stages.gather import gather
from runner.stages.listing import unopened
from runner.values.case import CaseImages
from runner.values.image import FileOrigin, Image, UnreadableImage, WebOrigin
from runner.values.problem import Place, Problem, Rejected
from runner.values.result import Issue
from runner.workflow.spec import (
    Dataset,
    ImageEntry,
    ImageSet,
    Preparation,
    RunOptions,
    Scalar,
    Workflow,
)

Form = Literal["NFC", "NFD"]

PLACE = Place("test.workflow.yaml", 3, 9)


def entry(base: Path, text: str) -> ImageEntry:
    kind: Literal["file", "pattern", "folder", "web", "data"] = (
        "web"
        if text.startswith("http")
        else "data"
        if text.startswith("data:")
        else "pattern"
        if set(text) & set("*?[")
        else "folder"
        if text.endswith("/")
        else "file"
    )
    value = text if kind in ("web", "data") else str(base / text)
    return ImageEntry(kind, value, text, base, PLACE)


def workflow(
    base: Path,
    *texts: str,
    dataset: Dataset | None = None,
    preparation: Preparation | None = None,
    **named: str | list[str],
) -> Workflow:
    sets = {"image": list(texts)} if texts else named
    images = tuple(
        ImageSet(role, tuple(entry(base, text) for text in ([of] if isinstance(of, str) else of)))
        for role, of in sets.items()
    )
    return Workflow(
        path=base / "test.workflow.yaml",
        name="test",
        description="",
        images=images,
        dataset=dataset,
        preparation=preparation or Preparation(),
        vars={},
        steps=(),
        combinations=({},),
        checks=(),
        outputs=(),
        run=RunOptions(),
        models={},
        sources=(),
        resolved={},
    )


def table(
    base: Path,
    content: str,
    format: Literal["csv", "tsv", "jsonl"] = "csv",
    id_column: str | None = None,
    where: dict[str, Scalar | tuple[Scalar, ...]] | None = None,
    roles: dict[str, str] | None = None,
) -> Workflow:
    file = base / f"sites.{format}"
    file.write_text(content, encoding="utf-8")
    dataset = Dataset(
        file, format, roles or {"image": "photo"}, base, id_column, where or {}, PLACE
    )
    return workflow(base, dataset=dataset)


def told(image: Found) -> str:
    return image.issue.code if isinstance(image, UnreadableImage) else image.name


def names(cases: Iterable[CaseImages]) -> list[str]:
    return [case.name for case in cases]


def test_one_image_is_one_case(draw: ModuleType, tmp_path: Path) -> None:
    """Files, patterns and folders in the author's order, each file by its name."""
    for name in ("z.jpg", "b/img10.jpg", "b/img2.jpg", "c/y.png", "c/notes.txt"):
        draw.write(tmp_path / name, b"text" if name.endswith("txt") else None)
    flow = workflow(tmp_path, "z.jpg", "b/*.jpg", "c/")
    cases = list(gather(flow))
    assert names(cases) == ["z.jpg", "img2.jpg", "img10.jpg", "y.png"]
    for case in cases:
        (image,) = case.images
        assert isinstance(image, Image)
        assert (image.name, image.role, case.row, case.row_line) == (case.name, "image", {}, None)
    assert list(gather(flow)) == cases


def test_files_of_one_name(draw: ModuleType, tmp_path: Path) -> None:
    """They are told apart by their folders; others keep their short name. No file comes twice."""
    for name in ("a/x.jpg", "b/x.jpg", "b/y.jpg"):
        draw.write(tmp_path / name)
    assert names(gather(workflow(tmp_path, "a/*.jpg", "b/*.jpg", "a/x.jpg", "b/y.jpg"))) == [
        "a/x.jpg",
        "b/x.jpg",
        "y.jpg",
    ]


def test_an_image_that_is_named_twice_comes_once(draw: ModuleType, tmp_path: Path) -> None:
    """By patterns, by hand, by a link; a copy of a file is another image."""
    for name in ("a.jpg", "b.JPG", "copy/a.jpg"):
        draw.write(tmp_path / name)
    (tmp_path / "copy" / "link.jpg").symlink_to(tmp_path / "b.JPG")
    draw.write(tmp_path / "copy" / "c.jpg")
    (tmp_path / "copy" / "d.jpg").hardlink_to(tmp_path / "copy" / "c.jpg")
    address = "https://example.com/a.png"
    texts = ["*.jpg", "*.JPG", "a.jpg", "a.jpg", "copy/", "no.jpg", "no.jpg", address, address]
    assert names(gather(workflow(tmp_path, *texts))) == [
        *["a.jpg", "b.JPG", "copy/a.jpg", "c.jpg", "d.jpg", "no.jpg", "a.png"]
    ]
    both = workflow(tmp_path, before=["*.jpg", "a.jpg"], after="copy/a.jpg")
    assert names(gather(both)) == ["a.jpg", "b.JPG"]


@pytest.mark.parametrize(("on_disk", "written"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_umlauts_as_a_mac_stores_them(
    draw: ModuleType, tmp_path: Path, on_disk: Form, written: Form
) -> None:
    """One character or two: in files, folders, patterns, tables and pairs it is the same name."""
    draw.write(tmp_path / normalize(on_disk, "Bücher/größe.jpg"))
    draw.write(tmp_path / "after" / normalize(written, "größe.jpg"))
    for text in ("Bücher/größe.jpg", "Bücher/gr*ße.jpg", "Büch*/g*ö*.jpg", "Bücher/"):
        (case,) = gather(workflow(tmp_path, normalize(written, text)))
        assert (case.name, told(case.images[0])) == ("größe.jpg", "größe.jpg")
    cell = normalize(written, "photo\nBücher/größe.jpg\n")
    ((image,),) = [case.images for case in gather(table(tmp_path, cell))]
    assert told(image) == "größe.jpg"
    pair = workflow(tmp_path, before=normalize(written, "Bücher/*.jpg"), after="after/*.jpg")
    assert [[told(image) for image in case.images] for case in gather(pair)] == [["größe.jpg"] * 2]


def test_a_numbered_name_is_unique_too(draw: ModuleType, tmp_path: Path) -> None:
    """A file may already be called like the second of another."""
    draw.write(tmp_path / "x.jpg")
    draw.write(tmp_path / "x.jpg#2")
    content = "photo\nx.jpg#2\nx.jpg\nx.jpg\nx.jpg\n"
    assert names(gather(table(tmp_path, content))) == [
        "x.jpg#2",
        "x.jpg",
        "x.jpg#3",
        "x.jpg#4",
    ]


def test_an_image_that_cannot_be_used_keeps_its_place(draw: ModuleType, tmp_path: Path) -> None:
    """The others go on."""
    draw.write(tmp_path / "a.jpg")
    draw.write(tmp_path / "b.jpg", b"<html>")
    draw.write(tmp_path / "d.jpg")
    flow = workflow(tmp_path, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    assert [(case.name, told(case.images[0])) for case in gather(flow)] == [
        ("a.jpg", "a.jpg"),
        ("b.jpg", "image_not_an_image"),
        ("c.jpg", "image_missing"),
        ("d.jpg", "d.jpg"),
    ]


def test_preparation_reaches_every_image(draw: ModuleType, tmp_path: Path) -> None:
    """`convert` and `frame` end up in the recipes."""
    draw.write(tmp_path / "a.gif", draw.animation("GIF"))
    flow = workflow(tmp_path, "*.gif", preparation=Preparation(convert="jpeg", frame=2))
    ((image,),) = [case.images for case in gather(flow)]
    assert isinstance(image, Image)
    assert image.recipe == ("frame:2", "convert:jpeg")


def test_named_images_of_one_file_name_belong_together(draw: ModuleType, tmp_path: Path) -> None:
    """By name, or else by name without its ending; whoever has no partner fails by name."""
    for name in ("a/1.jpg", "a/2.jpg", "a/3.jpg", "b/1.jpg", "b/2.png", "b/4.jpg"):
        draw.write(tmp_path / name)
    cases = list(gather(workflow(tmp_path, before="a/*.jpg", after="b/*")))
    assert [(case.name, [told(image) for image in case.images]) for case in cases] == [
        ("1.jpg", ["1.jpg", "1.jpg"]),
        ("2.jpg", ["2.jpg", "2.png"]),
        ("3.jpg", ["3.jpg", "image_without_partner"]),
        ("4.jpg", ["image_without_partner", "4.jpg"]),
    ]
    assert [[image.role for image in case.images] for case in cases] == [["before", "after"]] * 4
    lonely = cases[2].images[1]
    assert isinstance(lonely, UnreadableImage)
    assert lonely.issue.why == (
        "`after` (b/*) has no image of this name, so nothing belongs together with it"
    )


def test_pairs_in_sub_folders(draw: ModuleType, tmp_path: Path) -> None:
    """Where a name occurs twice, the path below the pattern's folder counts."""
    for name in ("a/1/x.jpg", "a/2/x.jpg", "b/1/x.jpg", "b/2/x.jpg", "a/1/y.jpg", "b/2/y.jpg"):
        draw.write(tmp_path / name)
    cases = gather(workflow(tmp_path, before="a/**/*.jpg", after="b/**/*.jpg"))
    paths = {
        case.name: [
            image.origin.path.relative_to(tmp_path).as_posix()
            for image in case.images
            if isinstance(image, Image) and isinstance(image.origin, FileOrigin)
        ]
        for case in cases
    }
    assert paths == {
        "1/x.jpg": ["a/1/x.jpg", "b/1/x.jpg"],
        "y.jpg": ["a/1/y.jpg", "b/2/y.jpg"],
        "2/x.jpg": ["a/2/x.jpg", "b/2/x.jpg"],
    }


def test_two_files_are_one_case(draw: ModuleType, tmp_path: Path) -> None:
    """When each name has one file, they belong together whatever they are called."""
    draw.write(tmp_path / "old.jpg")
    draw.write(tmp_path / "new.jpg")
    (case,) = gather(workflow(tmp_path, before="old.jpg", after="new.jpg"))
    assert (case.name, [told(image) for image in case.images]) == (
        "old.jpg",
        ["old.jpg", "new.jpg"],
    )


def test_one_file_goes_with_every_case(draw: ModuleType, tmp_path: Path) -> None:
    """A single file beside a pattern is compared with each of its images."""
    for name in ("ref.jpg", "a/1.jpg", "a/2.jpg"):
        draw.write(tmp_path / name)
    cases = gather(workflow(tmp_path, reference="ref.jpg", photo="a/*.jpg"))
    assert [(case.name, [told(image) for image in case.images]) for case in cases] == [
        ("1.jpg", ["ref.jpg", "1.jpg"]),
        ("2.jpg", ["ref.jpg", "2.jpg"]),
    ]


def test_the_same_name_in_two_spellings(draw: ModuleType, tmp_path: Path) -> None:
    """ü may be one character or two; the files belong together."""
    draw.write(tmp_path / "a" / "t\u00fcr.jpg")
    draw.write(tmp_path / "b" / "tu\u0308r.jpg")
    (case,) = gather(workflow(tmp_path, before="a/*.jpg", after="b/*.jpg"))
    assert all(isinstance(image, Image) for image in case.images)


def test_rows_are_cases(draw: ModuleType, tmp_path: Path) -> None:
    """With their values and their line; `where` chooses them, the id names them."""
    for name in ("a.jpg", "b.jpg"):
        draw.write(tmp_path / name)
    flow = table(
        tmp_path,
        "photo,site,split,n\na.jpg,A1,test,1\nb.jpg,B2,train,2\nb.jpg,B3,test,3\n",
        id_column="site",
        where={"split": "test"},
    )
    assert [
        (case.name, told(case.images[0]), case.row, case.row_line) for case in gather(flow)
    ] == [
        ("A1", "a.jpg", {"photo": "a.jpg", "site": "A1", "split": "test", "n": "1"}, 2),
        ("B3", "b.jpg", {"photo": "b.jpg", "site": "B3", "split": "test", "n": "3"}, 4),
    ]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"n": 1}, ["a.jpg", "b.jpg"]),
        ({"n": 1.0, "ok": True}, ["a.jpg"]),
        ({"ok": False}, ["c.jpg"]),
        ({"ok": "yes"}, []),
        ({"n": "1"}, ["a.jpg"]),
        ({"n": 7}, []),
        ({"n": (7, "x")}, ["c.jpg"]),
        ({"n": (1, "x"), "ok": (True, False)}, ["a.jpg", "c.jpg"]),
        ({"nowhere": "x"}, []),
    ],
)
def test_where_compares_as_people_read(
    draw: ModuleType,
    tmp_path: Path,
    where: dict[str, Scalar | tuple[Scalar, ...]],
    expected: list[str],
) -> None:
    """`1`, `1.0`, `TRUE` in a CSV are the number and the truth value; of several values, one."""
    content = "photo,n,ok\na.jpg,1,TRUE\nb.jpg,1.0,\nc.jpg,x,false\n"
    assert names(gather(table(tmp_path, content, where=where))) == expected


def test_where_in_json_lines(tmp_path: Path) -> None:
    """Typed values are compared as what they are; true is not 1."""
    content = (
        '{"photo": "a.jpg", "n": 1}\n{"photo": "b.jpg", "n": true}\n{"photo": "c.jpg", "n": "1"}\n'
    )
    assert names(gather(table(tmp_path, content, "jsonl", where={"n": 1}))) == ["a.jpg", "c.jpg"]
    assert names(gather(table(tmp_path, content, "jsonl", where={"n": True}))) == ["b.jpg"]
    assert names(gather(table(tmp_path, content, "jsonl", where={"n": "1"}))) == ["a.jpg", "c.jpg"]


def test_rows_of_a_parquet_file(draw: ModuleType, tmp_path: Path) -> None:
    """They have numbers instead of lines, and values with types; dates are ISO texts."""
    rows = [
        {"photo": "a.jpg", "day": date(2026, 11, 20), "n": 1},
        {"photo": None, "day": date(2026, 11, 21), "n": 2},
        {"photo": "c.jpg", "day": None, "n": 3},
    ]
    draw.write(tmp_path / "a.jpg")
    file = tmp_path / "sites.parquet"
    parquet.write_table(pyarrow.Table.from_pylist(rows), file)
    where: dict[str, Scalar | tuple[Scalar, ...]] = {"day": ("2026-11-20", "2026-11-21")}
    dataset = Dataset(file, "parquet", {"image": "photo"}, tmp_path, None, where, PLACE)
    first, second = gather(workflow(tmp_path, dataset=dataset))
    assert (first.name, first.row) == ("a.jpg", {"photo": "a.jpg", "day": "2026-11-20", "n": 1})
    assert (second.name, second.row_line) == ("row 2", 2)
    [missing] = second.images
    assert isinstance(missing, UnreadableImage)
    assert missing.issue.why == "row 2 of sites.parquet, column `photo`: no image is named here"


def test_cases_without_a_look_are_called_the_same(draw: ModuleType, tmp_path: Path) -> None:
    """No image is opened for their names."""
    for name in ("a/x.jpg", "b/x.jpg", "y.jpg"):
        draw.write(tmp_path / name)
    of_table = table(tmp_path, "photo\na/x.jpg\nb/x.jpg\ny.jpg\ny.jpg\nz.jpg\n")
    looked, unlooked = gather(of_table), gather(of_table, read=unopened)
    assert names(unlooked) == names(looked) == ["a/x.jpg", "b/x.jpg", "y.jpg", "y.jpg#2", "z.jpg"]


def test_rows_without_ids(draw: ModuleType, tmp_path: Path) -> None:
    """They are named by their images, told apart by folders, then by numbers."""
    content = "photo\na/x.jpg\nb/x.jpg\ny.jpg\ny.jpg\n"
    assert names(gather(table(tmp_path, content))) == ["a/x.jpg", "b/x.jpg", "y.jpg", "y.jpg#2"]


def test_ids_that_are_empty_or_not_unique(tmp_path: Path) -> None:
    """An empty one is replaced by the line."""
    content = "photo,id\na.jpg,1\nb.jpg,\nc.jpg,1\n"
    assert names(gather(table(tmp_path, content, id_column="id"))) == ["1", "line 3", "1#2"]


def test_rows_that_cannot_be_used(draw: ModuleType, tmp_path: Path) -> None:
    """They fail in their place, with file, line and column."""
    draw.write(tmp_path / "a.jpg")
    content = 'photo,label\na.jpg,cat\n,dog\nb.jpg,cow\na.jpg,x,y\n"a.jpg"x,y\n'
    found = [case.images[0] for case in gather(table(tmp_path, content))]
    assert [image.issue for image in found if isinstance(image, UnreadableImage)] == [
        Issue("row_without_image", "line 3 of sites.csv, column `photo`: no image is named here"),
        Issue("image_missing", "there is no file `b.jpg` (line 4 of sites.csv, column `photo`)"),
        Issue(
            "row_broken",
            "line 5 of sites.csv: it has 3 cells under 2 columns;"
            " put a cell that holds the separator in quotes",
        ),
        Issue(
            "row_broken",
            "line 6 of sites.csv: its quotes do not match up (',' expected after '\"')",
        ),
    ]


def test_json_rows_that_cannot_be_used(tmp_path: Path) -> None:
    """A line that is not JSON may have been selected: it is not silently left out."""
    content = '{"photo": 7, "split": "test"}\n{"split": "test"}\n{broken\n{"split": "train"}\n'
    flow = table(tmp_path, content, "jsonl", where={"split": "test"})
    assert [(case.name, told(case.images[0])) for case in gather(flow)] == [
        ("line 1", "row_without_image"),
        ("line 2", "row_without_image"),
        ("line 3", "row_broken"),
    ]


def test_cells_may_hold_addresses_and_images(draw: ModuleType, tmp_path: Path) -> None:
    """A web address is sent as one; several columns are several images."""
    draw.write(tmp_path / "a.jpg")
    content = "before,after\na.jpg,https://example.com/b.png\n"
    flow = table(tmp_path, content, roles={"old": "before", "new": "after"})
    ((old, new),) = [case.images for case in gather(flow)]
    assert isinstance(new, Image)
    assert (old.role, new.role, new.origin) == (
        "old",
        "new",
        WebOrigin("https://example.com/b.png"),
    )


def test_a_table_that_cannot_be_read(tmp_path: Path) -> None:
    """Nothing is run."""
    flow = table(tmp_path, "photo\n")
    assert flow.dataset is not None
    flow.dataset.file.unlink()
    with pytest.raises(Rejected) as raised:
        list(gather(flow))
    assert raised.value.problems == (
        Problem(
            "W407",
            "the table `sites.csv` cannot be read: there is no such file",
            PLACE,
            found=str(flow.dataset.file),
        ),
    )


@pytest.fixture
def web(draw: ModuleType) -> Iterator[tuple[str, list[str]]]:
    """A web server with one image at every path that ends in .jpg, and the paths it was asked for."""
    asked: list[str] = []
    body = draw.encoded(draw.scene(), "JPEG")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if self.path.endswith(".jpg") else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.2", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.2:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()


def test_web_images_are_fetched_when_it_is_their_turn(
    tmp_path: Path, web: tuple[str, list[str]]
) -> None:
    """One by one, once, and only where they may be fetched from."""
    site, asked = web
    texts = [f"{site}/a.jpg", f"{site}/b.jpg", f"{site}/c.png"]
    flow = workflow(tmp_path, *texts, preparation=Preparation(fetch=True))
    downloads = tmp_path / "downloads"
    cases = fetched(flow, gather(flow), allow_private=True, downloads=downloads)
    assert asked == []
    (first,) = next(cases).images
    assert asked == ["/a.jpg"]
    assert isinstance(first, Image)
    assert isinstance(first.origin, FileOrigin)
    assert first.origin.path.parent == downloads
    assert (first.name, first.address) == ("a.jpg", texts[0])
    assert [told(case.images[0]) for case in cases] == ["b.jpg", "web_not_found"]
    again = fetched(flow, gather(flow), allow_private=True, downloads=downloads)
    assert next(again).images == (first,)
    assert asked == ["/a.jpg", "/b.jpg", "/c.png"]
    blocked = fetched(flow, gather(flow), downloads=tmp_path / "other")
    assert [told(case.images[0]) for case in blocked] == ["web_blocked_address"] * 3


def test_a_plan_fetches_nothing(tmp_path: Path, web: tuple[str, list[str]]) -> None:
    """Neither does the run of a workflow that leaves that to the service."""
    site, asked = web
    fetching = workflow(tmp_path, f"{site}/a.jpg", preparation=Preparation(fetch=True))
    plain = workflow(tmp_path, f"{site}/a.jpg")
    for cases in (gather(fetching), fetched(plain, gather(plain))):
        ((image,),) = [case.images for case in cases]
        assert isinstance(image, Image)
        assert image.origin == WebOrigin(f"{site}/a.jpg")
    assert asked == []


def test_downloads_without_a_folder_of_their_own(
    tmp_path: Path, web: tuple[str, list[str]]
) -> None:
    """They are kept as long as the process lives."""
    site, _ = web
    flow = workflow(tmp_path, f"{site}/a.jpg", preparation=Preparation(fetch=True))
    ((image,),) = [case.images for case in fetched(flow, gather(flow), allow_private=True)]
    assert isinstance(image, Image)
    assert isinstance(image.origin, FileOrigin)
    assert image.origin.path.is_file()


def test_many_images_in_bounded_memory(draw: ModuleType, tmp_path: Path) -> None:
    """Of 5,000 images only the one whose turn it is exists; of the others only names are kept."""
    count = 5_000
    one = draw.write(tmp_path / "many" / "0.png", draw.encoded(draw.scene(4, 4), "PNG"))
    for number in range(1, count):
        os.link(one, tmp_path / "many" / f"{number}.png")
    flow = workflow(tmp_path, "many/*.png")
    assert names(islice(gather(flow), 3)) == ["0.png", "1.png", "2.png"]
    cases, before = gather(flow), alive()
    assert sum(1 for _ in islice(cases, count - 1)) == count - 1
    assert alive() - before < 10
    assert names(cases) == [f"{count - 1}.png"]


def test_many_rows_in_bounded_memory(tmp_path: Path) -> None:
    """Rows are read one by one; only their names are kept."""
    count = 5_000
    flow = table(tmp_path, "photo,text\n" + "".join(f"{n}.jpg,x\n" for n in range(count)))
    cases, before = gather(flow), alive()
    assert sum(1 for _ in islice(cases, count - 1)) == count - 1
    assert alive() - before < 10
    assert names(cases) == [f"{count - 1}.jpg"]


def alive() -> int:
    """How many images, cases, candidates and rows there are in memory."""
    gc.collect()
    kinds = (Image, UnreadableImage, CaseImages, Candidate, Row)
    return sum(isinstance(thing, kinds) for thing in gc.get_objects())
