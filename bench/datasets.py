"""What large tables and truth files cost: rows per second and memory from 1,000 to 1,000,000 rows.

    python bench/datasets.py [ROWS …]

Each table has four columns and names images on the web, which nobody opens: what is measured is the
reading. `gathered` are the cases of a run, `validated` is what `askpix validate` does with the table,
`planned` is a whole plan, each of whose prompts is filled in. The truth files have five boxes an image;
`asked` opens one and asks about every hundredth image. Every figure is from a process of its own; its memory is the greatest that the
process had, less that of one which imports the same and reads nothing.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from runner.sources.truth.boxes import Boxes
from runner.sources.truth.coco import Coco
from runner.sources.truth.flaws import Flaws
from runner.stages.gather import gather
from runner.stages.image_problems import find_pattern_problems
from runner.stages.truth_problems import truth_problems as truth_problems  # imported by all alike
from runner.story import make_plan
from runner.values.geometry import Size
from runner.values.result import ResultImage
from runner.values.truth import Things
from runner.workflow.load import load

WORKFLOW = """\
version: 1
dataset: {{file: {file}, image_columns: photo, where: {{split: [test, val, train]}}}}
steps: [{{id: look, prompt: "What is this? {{{{ row.note }}}}", provider: simulator}}]
"""


def rows(count: int) -> Iterator[dict[str, object]]:
    """The rows of a table."""
    for number in range(count):
        split = ("train", "val", "test")[number % 3]
        photo = f"https://images.example/{number // 1000:04}/{number:07}.jpg"
        yield {"photo": photo, "split": split, "stars": number % 5, "note": f"shop {number % 977}"}


def write_csv(file: Path, count: int) -> None:
    with file.open("w") as out:
        out.write("photo,split,stars,note\n")
        for row in rows(count):
            out.write(",".join(map(str, row.values())) + "\n")


def write_jsonl(file: Path, count: int) -> None:
    with file.open("w") as out:
        for row in rows(count):
            out.write(json.dumps(row) + "\n")


def write_parquet(file: Path, count: int) -> None:
    """In one row group up to a million rows, as pyarrow writes tables by itself."""
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(list(rows(count))), file)


def write_boxes(file: Path, count: int) -> None:
    with file.open("w") as out:
        out.write("image,label,x_min,y_min,x_max,y_max\n")
        for number in range(count):
            out.write(f"{number // 5:07}.jpg,cup,{number % 90},10.5,{number % 90 + 9},40\n")


def write_coco(file: Path, count: int) -> None:
    """Annotations first, each with an outline of twenty corners."""
    outline = [float(number * 7 % 100) for number in range(40)]
    with file.open("w") as out:
        out.write('{"annotations": [')
        for number in range(count):
            box = [number % 90, 10.5, 9, 29.5]
            one = {"id": number, "image_id": number // 5, "category_id": 1, "bbox": box}
            out.write(("," if number else "") + json.dumps({**one, "segmentation": [outline]}))
        out.write('], "images": [')
        for number in range((count + 4) // 5):
            image = {"id": number, "file_name": f"{number:07}.jpg", "width": 100, "height": 100}
            out.write(("," if number else "") + json.dumps(image))
        out.write('], "categories": [{"id": 1, "name": "cup"}]}')


WRITERS: dict[str, Callable[[Path, int], None]] = {
    "csv": write_csv,
    "jsonl": write_jsonl,
    "parquet": write_parquet,
    "boxes.csv": write_boxes,
    "coco.json": write_coco,
}


def gathered(file: Path, count: int) -> None:
    assert sum(1 for _ in gather(_workflow(file), fetch=False)) == count


def validated(file: Path, count: int) -> None:
    assert find_pattern_problems(_workflow(file)) == ()


def planned(file: Path, count: int) -> None:
    assert make_plan(_workflow(file)).requests == count


def asked(file: Path, count: int) -> None:
    source = Coco(file) if file.name == "coco.json" else Boxes(file)
    with closing(source.open(Flaws())) as opened:
        for number in range(0, count // 5, 100):
            name = f"{number:07}.jpg"
            image = ResultImage(name, "image", f"/data/{name}", Size(100, 100), 1, None)
            told = opened.of(name, [image]).truth
            assert isinstance(told, Things)
            assert len(told.found) == 5


def nothing(file: Path, count: int) -> None:
    if file.suffix == ".parquet":
        import pyarrow.parquet  # noqa: F401


def _workflow(file: Path):  # type: ignore[no-untyped-def]
    path = file.with_suffix(".workflow.yaml")
    path.write_text(WORKFLOW.format(file=file.name))
    return load(path, environ={})


def taken(work: Callable[[Path, int], None], file: Path, count: int) -> tuple[float, float]:
    """Seconds and MB of one piece of work in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(work, file, count, theirs))
    process.start()
    seconds, memory = ours.recv()
    process.join()
    return float(seconds), float(memory)


def _work(work: Callable[[Path, int], None], file: Path, count: int, pipe) -> None:  # type: ignore[no-untyped-def]
    start = time.perf_counter()
    work(file, count)
    seconds = time.perf_counter() - start
    pipe.send((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def main() -> None:
    counts = [int(word) for word in sys.argv[1:]] or [1_000, 100_000, 1_000_000]
    print(f"{'':12}{'rows':>10}{'work':>10}{'rows/s':>10}{'memory':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for name, write in WRITERS.items():
            for count in counts:
                file = Path(folder) / (name if "." in name else f"table.{name}")
                taken(write, file, count)  # a process begins with the peak of its parent
                _, before = taken(nothing, file, count)
                for work in (asked,) if "." in name else (gathered, validated, planned):
                    seconds, memory = taken(work, file, count)
                    rate, more = f"{count / seconds:,.0f}", f"{memory - before:,.1f} MB"
                    print(
                        f"{name:12}{count:10,}{work.__name__:>10}{rate:>10}{more:>10}", flush=True
                    )


if __name__ == "__main__":
    main()
