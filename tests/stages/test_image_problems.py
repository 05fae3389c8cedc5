"""Mistakes about files are told before anything runs, with what may have been meant."""

from __future__ import annotations

import os
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Literal

import pytest

from runner.stages.image_problems import find_pattern_problems
from runner.stages.survey import MOST_FILES, MOST_SECONDS
from runner.values.problem import Place, Problem
from runner.workflow.spec import (
    Dataset,
    ImageEntry,
    ImageSet,
    Preparation,
    RunOptions,
    Scalar,
    Workflow,
)

PLACE = Place("test.workflow.yaml", 3, 9)

Kind = Literal["file", "pattern", "folder", "web", "data"]


def workflow(
    base: Path,
    sets: dict[str, list[tuple[Kind, str]]] | None = None,
    dataset: Dataset | None = None,
    preparation: Preparation | None = None,
) -> Workflow:
    def entry(kind: Kind, text: str) -> ImageEntry:
        value = text if kind in ("web", "data") else str(base / text)
        return ImageEntry(kind, value, text, base, PLACE)

    return Workflow(
        path=base / "test.workflow.yaml",
        name="test",
        description="",
        images=tuple(
            ImageSet(role, tuple(entry(kind, text) for kind, text in entries))
            for role, entries in (sets or {}).items()
        ),
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


def told(problems: tuple[Problem, ...]) -> list[str]:
    """Every problem in a line; all of them have the place of their entry."""
    assert all(problem.place == PLACE for problem in problems)
    return [
        f"{problem.severity}[{problem.code}] {problem.message}"
        + (f" => {problem.fix}" if problem.fix else "")
        for problem in problems
    ]


@pytest.fixture
def base(draw: ModuleType, tmp_path: Path) -> Path:
    """A folder with images as people have them."""
    for name in (
        "photos/cat.png",
        "photos/dog.png",
        "photos/old.jpeg",
        "photos/notes.txt",
        "photos/2025/roof.jpg",
        "mixed/a.jpg",
        "mixed/list.csv",
        "mixed/more/b.jpg",
        "trays/1.jpg",
        "trays/2.jpg",
    ):
        draw.write(tmp_path / name, b"text" if name.endswith(("txt", "csv")) else None)
    for name in ("a.gif", "b.gif"):
        draw.write(tmp_path / "animations" / name, draw.animation("GIF"))
    (tmp_path / "empty").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("hello")
    return tmp_path


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("file", "trays/1.jpg", []),
        ("pattern", "trays/*.jpg", []),
        ("folder", "trays/", []),
        ("web", "https://example.com/a.jpg", []),
        (
            "file",
            "photos/cta.png",
            ["error[W403] there is no file `photos/cta.png` => did you mean `photos/cat.png`?"],
        ),
        (
            "file",
            "phtos/cat.png",
            ["error[W403] there is no file `phtos/cat.png` => did you mean `photos/cat.png`?"],
        ),
        ("file", "zzzz.jpg", ["error[W403] there is no file `zzzz.jpg`"]),
        (
            "file",
            "photos",
            [
                "error[W403] `photos` is a folder, not a file"
                " => write `photos/` for all images in it"
            ],
        ),
        (
            "folder",
            "foto/",
            ["error[W403] there is no folder `foto/` => did you mean `photos/`?"],
        ),
        (
            "folder",
            "trays/1.jpg/",
            ["error[W403] `trays/1.jpg/` is a file, not a folder => write `trays/1.jpg`"],
        ),
        (
            "folder",
            "empty/",
            ["error[W404] there is no image in the folder `empty/`, which has no files"],
        ),
        (
            "folder",
            "texts/",
            ["error[W404] there is no image in the folder `texts/`, which has 1 .txt"],
        ),
        (
            "folder",
            "mixed/",
            [
                "warning[W405] 1 file in `mixed/` is no image and is skipped: `list.csv`",
                "warning[W405] the images in sub-folders of `mixed/` are skipped: `more`"
                " => write `mixed/**` to take them, too",
            ],
        ),
        (
            "pattern",
            "photos/*.webp",
            [
                "error[W401] the pattern `photos/*.webp` matches no file in `photos/`, which has"
                " 2 .png, 1 .jpeg, 1 .txt => did you mean `photos/*.{png,jpeg}`?"
            ],
        ),
        (
            "pattern",
            "trays/*.png",
            [
                "error[W401] the pattern `trays/*.png` matches no file in `trays/`, which has"
                " 2 .jpg => did you mean `trays/*.jpg`?"
            ],
        ),
        (
            "pattern",
            "photos/*.jpg",
            [
                "error[W401] the pattern `photos/*.jpg` matches no file in `photos/`, which has"
                " 2 .png, 1 .jpeg, 1 .txt"
                " => write `photos/**/*.jpg` to look in its sub-folders"
            ],
        ),
        (
            "pattern",
            "photo/*.png",
            [
                "error[W401] the pattern `photo/*.png` matches no file: there is no folder"
                " `photo/` => did you mean `photos/*.png`?"
            ],
        ),
        (
            "pattern",
            "empty/*.png",
            [
                "error[W401] the pattern `empty/*.png` matches no file in `empty/`, which has no files"
            ],
        ),
        (
            "pattern",
            "*.png",
            [
                "error[W401] the pattern `*.png` matches no file in `.`, which has no files"
                " => write `**/*.png` to look in its sub-folders"
            ],
        ),
        (
            "pattern",
            "animations/*.gif",
            [
                "error[W417] 2 files of `animations/*.gif` cannot be sent: `a.gif` is a GIF,"
                " which is not among the types that Gemini documents"
                " => write `convert: png` at the top of the workflow"
            ],
        ),
        (
            "web",
            "https://user:word@example.com/a.jpg",
            [
                "error[W415] the address holds a user name or password; they are never sent",
            ],
        ),
        (
            "data",
            "data:image/png;base64,iVBOR",
            [
                "error[W416] the image in the text cannot be used: the base64 text is cut off:"
                " its length cannot be right"
            ],
        ),
    ],
)
def test_one_entry(base: Path, kind: Kind, text: str, expected: list[str]) -> None:
    """Each mistake has one message, with its fix."""
    assert told(find_pattern_problems(workflow(base, {"image": [(kind, text)]}))) == expected


def test_the_fix_of_a_pattern_works(base: Path) -> None:
    """What is proposed matches."""
    flow = workflow(base, {"image": [("pattern", "photos/*.{png,jpeg}"), ("folder", "trays/")]})
    assert find_pattern_problems(flow) == ()


def test_a_conversion_settles_it(base: Path) -> None:
    """With `convert:` a GIF is no problem."""
    sets: dict[str, list[tuple[Kind, str]]] = {"image": [("pattern", "animations/*.gif")]}
    flow = workflow(base, sets, preparation=Preparation(convert="png"))
    assert find_pattern_problems(flow) == ()


def test_an_image_that_is_named_twice(base: Path) -> None:
    """By whatever path; it is asked about once."""
    (base / "link.jpg").symlink_to(base / "trays" / "2.jpg")
    flow = workflow(
        base, {"image": [("pattern", "trays/*.jpg"), ("file", "trays/1.jpg"), ("file", "link.jpg")]}
    )
    assert told(find_pattern_problems(flow)) == [
        "warning[W402] `trays/1.jpg` names 1 image once more; it is asked about once",
        "warning[W402] `link.jpg` names 1 image once more; it is asked about once",
    ]


def test_patterns_that_overlap(draw: ModuleType, base: Path) -> None:
    """Endings are compared without regard to capitals, so the second one is in vain."""
    draw.write(base / "trays" / "3.JPG")
    flow = workflow(base, {"image": [("pattern", "trays/*.jpg"), ("pattern", "trays/*.JPG")]})
    assert told(find_pattern_problems(flow)) == [
        "warning[W402] `trays/*.JPG` names 3 images once more: `trays/1.jpg`, `trays/2.jpg`,"
        " `trays/3.JPG`; they are asked about once"
    ]


def test_an_address_that_is_named_twice(draw: ModuleType, base: Path) -> None:
    """As with files; of an image in the text only the beginning is shown."""
    address = "https://example.com/a.png"
    inline = "data:image/png;base64," + b64encode(draw.encoded(draw.scene(), "PNG")).decode()
    flow = workflow(base, {"image": [("web", address), ("web", address)]})
    assert told(find_pattern_problems(flow)) == [
        f"warning[W402] `{address}` names 1 image once more; it is asked about once"
    ]
    flow = workflow(base, {"image": [("data", inline), ("data", inline)]})
    assert told(find_pattern_problems(flow)) == [
        "warning[W402] `data:…` names 1 image once more; it is asked about once"
    ]


@pytest.fixture
def damaged(draw: ModuleType, base: Path) -> Path:
    """A folder with images that cannot be asked about, and `good/`."""
    whole = draw.encoded(draw.scene(), "JPEG")
    for name, content in (
        ("bad/empty.jpg", b""),
        ("bad/half.jpg", whole[: len(whole) // 2]),
        ("bad/text.jpg", b"hello"),
        ("bad/web.jpg", b"<html>"),
        ("bad/notes.txt", b"hello"),
        ("good/a.jpg", whole),
    ):
        draw.write(base / name, content)
    return base


EMPTY = "[W414] `bad/empty.jpg`: the file is empty (0 bytes)"


def test_images_that_cannot_be_used(damaged: Path) -> None:
    """They are told with the reason; three of an entry, the others are counted."""
    flow = workflow(damaged, {"image": [("pattern", "bad/*.jpg"), ("folder", "good/")]})
    lines = told(find_pattern_problems(flow))
    assert (lines[0], lines[2:]) == (
        f"warning{EMPTY}",
        [
            "warning[W414] `bad/text.jpg`: the file is not an image, it looks like text",
            "warning[W414] 1 more image of `bad/*.jpg` cannot be used: `bad/web.jpg`",
        ],
    )
    assert lines[1].startswith("warning[W414] `bad/half.jpg`: the file is cut off")


@pytest.mark.parametrize(
    ("kind", "text", "severity"),
    [
        ("file", "bad/empty.jpg", "error"),
        ("file", "bad/notes.txt", "error"),
        ("pattern", "bad/*.jpg", "error"),
        ("folder", "bad/", "error"),
        ("pattern", "*/[ae]*.jpg", "warning"),
    ],
)
def test_nothing_can_be_asked(damaged: Path, kind: Kind, text: str, severity: str) -> None:
    """An error when no image can be used, a warning when one can."""
    problems = find_pattern_problems(workflow(damaged, {"image": [(kind, text)]}))
    said = {problem.severity for problem in problems if problem.code == "W414"}
    assert said == {severity}


def test_no_image_of_one_name_can_be_used(damaged: Path) -> None:
    """Every case would lack it."""
    flow = workflow(damaged, {"a": [("file", "bad/empty.jpg")], "b": [("pattern", "good/*.jpg")]})
    assert told(find_pattern_problems(flow)) == [f"error{EMPTY}"]


def test_looks_are_bounded_in_number_and_time(damaged: Path) -> None:
    """What was not looked at may be usable, so that nothing is refused."""
    for number in range(MOST_FILES):
        (damaged / "good" / f"b{number}.jpg").hardlink_to(damaged / "good" / "a.jpg")
    flow = workflow(damaged, {"image": [("pattern", "good/*.jpg"), ("pattern", "bad/*.jpg")]})
    assert find_pattern_problems(flow) == ()
    bad = workflow(damaged, {"image": [("pattern", "bad/*.jpg")]})
    times = iter([0.0, MOST_SECONDS])
    lines = told(find_pattern_problems(bad, lambda: next(times)))
    assert [line.split(":")[0] for line in lines] == [
        "warning[W414] `bad/empty.jpg`",
        "warning[W414] `bad/half.jpg`",
    ]
    assert lines[-1].endswith(" (only the first 2 images were looked at)")


def test_a_count_says_how_far_was_looked(damaged: Path) -> None:
    """Of a table, too: more rows than were looked at may name images that cannot be used."""
    table = damaged / "sites.csv"
    good = "good/a.jpg\n" * (MOST_FILES - 1)
    table.write_text(f"photo\nbad/empty.jpg\n{good}bad/empty.jpg\n")
    dataset = Dataset(table, "csv", {"image": "photo"}, damaged, None, {}, place=PLACE)
    lines = told(find_pattern_problems(workflow(damaged, dataset=dataset)))
    assert lines == [
        "warning[W408] at least 1 row of `sites.csv` cannot be used (only the first"
        f" {MOST_FILES} images were looked at); line 2 of sites.csv, column `photo`:"
        " the file is empty (0 bytes)"
    ]
    table.write_text(f"photo\nbad/empty.jpg\n{good}")
    (line,) = told(find_pattern_problems(workflow(damaged, dataset=dataset)))
    assert line.startswith("warning[W408] 1 row of `sites.csv` cannot be used; line 2")


@pytest.mark.parametrize(
    ("kind", "text", "fix"),
    [
        ("pattern", "trays\\*.jpg", "write / instead of \\: `trays/*.jpg`"),
        ("file", "trays\\1.jpg", "write / instead of \\: `trays/1.jpg`"),
        ("file", "C:\\trays\\1.jpg", "paths that start with `C:` lead to a file only on Windows"),
        ("file", "trays/1.jpg, trays/2.jpg", "write a list: [trays/1.jpg, trays/2.jpg]"),
        ("pattern", 'trays/*.jpg, "*.png"', 'write a list: [trays/*.jpg, "*.png"]'),
        ("file", "trays/one, two.jpg", None),
        ("file", "trays/zzzz.png", None),
    ],
)
def test_signs_of_another_system(base: Path, kind: Kind, text: str, fix: str | None) -> None:
    """A path of Windows, and several paths in one text."""
    (problem,) = find_pattern_problems(workflow(base, {"image": [(kind, text)]}))
    assert problem.fix == fix


def test_a_folder_is_shown_as_it_is_written(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From home, from the root of the disk, or from the workflow."""
    home = base / "home"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    for text, value, shown in (
        ("~/no/*.jpg", home / "no" / "*.jpg", "~/no/"),
        (f"{base}/no/*.jpg", base / "no" / "*.jpg", f"{base}/no/"),
        ("no/*.jpg", base / "no" / "*.jpg", "no/"),
    ):
        flow = workflow(base, {"image": [("pattern", text)]})
        entry = ImageEntry("pattern", str(value), text, base, PLACE)
        flow = replace(flow, images=(ImageSet("image", (entry,)),))
        (problem,) = find_pattern_problems(flow)
        assert problem.message.endswith(f"matches no file: there is no folder `{shown}`")


def test_an_image_under_two_names(base: Path) -> None:
    """It may be compared with itself."""
    flow = workflow(base, {"a": [("file", "trays/1.jpg")], "b": [("file", "trays/1.jpg")]})
    assert find_pattern_problems(flow) == ()


def test_images_without_a_partner(draw: ModuleType, base: Path) -> None:
    """They are counted, and the first is named."""
    for name in ("after/1.jpg", "after/2.jpg", "after/7.jpg", "after/8.jpg", "after/9.jpg"):
        draw.write(base / name)
    draw.write(base / "trays" / "3.jpg")
    flow = workflow(
        base, {"before": [("pattern", "trays/*.jpg")], "after": [("pattern", "after/*.jpg")]}
    )
    fix = "images belong together when their files have the same name"
    assert told(find_pattern_problems(flow)) == [
        f"warning[W411] `before` has no image for `7.jpg` and 2 more (2 of 6 cases are complete) => {fix}",
        f"warning[W411] `after` has no image for `3.jpg` (2 of 6 cases are complete) => {fix}",
    ]


def test_no_pair_at_all(base: Path) -> None:
    """Nothing could be asked: an error."""
    flow = workflow(
        base, {"before": [("pattern", "trays/*.jpg")], "after": [("pattern", "mixed/*.jpg")]}
    )
    assert [line[:11] for line in told(find_pattern_problems(flow))] == ["error[W411]"] * 2


def test_what_follows_from_a_mistake_is_not_told(base: Path) -> None:
    """An empty pattern leaves every image without a partner; that is one mistake."""
    flow = workflow(
        base, {"before": [("pattern", "trays/*.jpg")], "after": [("pattern", "empty/*.jpg")]}
    )
    assert [problem.code for problem in find_pattern_problems(flow)] == ["W401"]


def test_a_folder_that_may_not_be_listed(base: Path) -> None:
    """Its images would be missed, so it is told; an error when there are no others."""
    if os.geteuid() == 0:
        for folder in (base, *base.parents):
            folder.chmod(0o755)
            if folder.name.startswith("pytest-of-"):
                break
    (base / "mixed" / "more").chmod(0)
    try:
        if os.geteuid() == 0:
            os.seteuid(65534)
        problems = find_pattern_problems(workflow(base, {"image": [("pattern", "mixed/**/*.jpg")]}))
        alone = find_pattern_problems(workflow(base, {"image": [("folder", "mixed/more/")]}))
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
        (base / "mixed" / "more").chmod(0o755)
    assert told(problems) == [
        "warning[W414] `mixed/more`: the folder cannot be listed: Permission denied"
    ]
    assert told(alone) == [
        "error[W414] `mixed/more`: the folder cannot be listed: Permission denied"
    ]


def dataset(
    base: Path,
    content: str,
    format: Literal["csv", "tsv", "jsonl"] = "csv",
    id_column: str | None = None,
    where: dict[str, Scalar] | None = None,
) -> Workflow:
    file = base / f"sites.{format}"
    file.write_text(content, encoding="utf-8")
    return workflow(
        base,
        dataset=Dataset(
            file, format, {"image": "photo"}, base / "trays", id_column, where or {}, PLACE
        ),
    )


GOOD = "photo,label,split\n1.jpg,cat,test\n2.jpg,dog,train\n"


def test_a_good_table(base: Path) -> None:
    """Nothing to tell."""
    flow = dataset(base, GOOD, id_column="label", where={"split": "test"})
    assert find_pattern_problems(flow) == ()


@pytest.mark.parametrize(
    ("content", "id_column", "where", "expected"),
    [
        (
            "foto,label\n1.jpg,cat\n",
            None,
            {},
            [
                "error[W406] `sites.csv` has no column `photo`, which `image_columns` names"
                " => did you mean `foto`?"
            ],
        ),
        (
            GOOD,
            "labl",
            {"Splitt": "test"},
            [
                "error[W406] `sites.csv` has no column `Splitt`, which `where` names"
                " => did you mean `split`?",
                "error[W406] `sites.csv` has no column `labl`, which `id_column` names"
                " => did you mean `label`?",
            ],
        ),
        (
            "photo,label,label\n1.jpg,cat,x\n",
            None,
            {},
            ["error[W406] `sites.csv` has two columns `label`"],
        ),
        (
            "",
            None,
            {},
            [
                "error[W407] the table `sites.csv` cannot be read: the table is empty: it has no header"
            ],
        ),
        ("photo,label\n", None, {}, ["error[W410] the table `sites.csv` has no rows"]),
        (
            GOOD + "1.jpg,x,test,y\n,z,test\n",
            None,
            {},
            [
                "warning[W408] 2 rows of `sites.csv` cannot be used; line 4 of sites.csv: it has"
                " 4 cells under 3 columns; put a cell that holds the separator in quotes"
            ],
        ),
        (
            GOOD + "3.jpg,x,test\n",
            None,
            {},
            [
                "warning[W409] 1 row of `sites.csv` names an image that does not exist in"
                " `trays/`; line 4 of sites.csv: `3.jpg`"
            ],
        ),
        (
            "photo\nx/1.jpg\nx/2.jpg\n",
            None,
            {},
            [
                "error[W409] 2 rows of `sites.csv` name an image that does not exist in"
                " `trays/`; line 2 of sites.csv: `x/1.jpg` => file names start from `image_folder`"
            ],
        ),
        (
            "photo,label\n1.JPEG,x\n",
            None,
            {},
            [
                "error[W409] 1 row of `sites.csv` names an image that does not exist in"
                " `trays/`; line 2 of sites.csv: `1.JPEG` => did you mean `1.jpg`?"
            ],
        ),
        (
            "photo,label\n..\\trays\\1.jpg,x\n1.jpg,y\n",
            None,
            {},
            [
                "warning[W409] 1 row of `sites.csv` names an image that does not exist in"
                " `trays/`; line 2 of sites.csv: `..\\trays\\1.jpg`"
                " => write / instead of \\ in the table"
            ],
        ),
        (
            "1.jpg,cat\n2.jpg,dog\n",
            None,
            {},
            [
                "error[W406] `sites.csv` has no column `photo`, which `image_columns` names"
                " => the first line must be headings, such as `photo`; here it is a row (`1.jpg`)"
            ],
        ),
        (
            "photo\n../photos/notes.txt\n1.jpg\n",
            None,
            {},
            [
                "warning[W408] 1 row of `sites.csv` cannot be used; line 2 of sites.csv, column"
                " `photo`: the file is not an image, it looks like text"
            ],
        ),
        (
            GOOD,
            None,
            {"split": "tets"},
            [
                "error[W410] `where` (split: tets) selects none of the 2 rows of `sites.csv`"
                " => did you mean `split: test`?"
            ],
        ),
        (
            GOOD + "1.jpg,cat,test\n",
            "label",
            {},
            [
                "warning[W412] the column `label` of `sites.csv` is not unique: `cat` occurs"
                " 2 times; its cases are numbered `cat#2`, …"
            ],
        ),
    ],
)
def test_tables(
    base: Path,
    content: str,
    id_column: str | None,
    where: dict[str, Scalar],
    expected: list[str],
) -> None:
    """Columns first; rows only when the columns are in order."""
    flow = dataset(base, content, id_column=id_column, where=where)
    assert told(find_pattern_problems(flow)) == expected


def test_an_image_folder_that_is_not_there(base: Path) -> None:
    """One mistake, not one for each row."""
    flow = dataset(base, GOOD)
    assert flow.dataset is not None
    elsewhere = replace(flow.dataset, image_folder=base / "Trays")
    assert told(find_pattern_problems(replace(flow, dataset=elsewhere))) == [
        "error[W403] there is no folder `Trays/`, which `image_folder` names"
        " => did you mean `trays`?"
    ]


def test_values_that_where_could_select(base: Path) -> None:
    """Without a close one, those that there are."""
    (problem,) = find_pattern_problems(dataset(base, GOOD, where={"split": "validation"}))
    assert (problem.fix, problem.allowed) == (None, ("test", "train"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"photo": "1.jpg"}\n{"photo": "2.jpg", "x": 1}\n', []),
        (
            '{"image": "1.jpg"}\n',
            ["error[W406] `sites.jsonl` has no column `photo`, which `image_columns` names"],
        ),
        (
            "{bad\n{bad\n",
            [
                "error[W408] 2 rows of `sites.jsonl` cannot be used; line 1 of sites.jsonl: it is"
                " not JSON (column 2); each line holds one object"
            ],
        ),
    ],
)
def test_json_lines(base: Path, content: str, expected: list[str]) -> None:
    """A key that no line has is a missing column."""
    assert told(find_pattern_problems(dataset(base, content, "jsonl"))) == expected


def test_a_link_that_leads_nowhere_is_left_out(base: Path) -> None:
    """It is no image that lies elsewhere: the good ones beside it are asked about."""
    (base / "photos").mkdir(exist_ok=True)
    (base / "photos" / "zz.jpg").symlink_to("/nowhere/x.jpg")
    preparation = Preparation(within=base)
    flow = workflow(base, {"image": [("pattern", "photos/*")]}, preparation=preparation)
    lines = [line for line in told(find_pattern_problems(flow)) if "zz.jpg" in line]
    assert lines == [
        "warning[W414] `photos/zz.jpg`: the link leads nowhere: there is no `/nowhere/x.jpg`"
    ]
