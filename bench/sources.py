"""What images cost on their way into requests: files per second and memory from 100 to 100,000 images.

    python bench/sources.py [IMAGES …]

The images are small PNG files on the disk, no two alike, in folders of 1,000; one photograph of 3 MB
is sent many times. `listed` are the names alone, `gathered` are images found, sniffed, measured and
hashed, `planned` is a whole plan of one request an image, `paired` one of two images each. `sent` is
all of that but the plan, and the body of every request as it goes to the socket (hashed again, read,
base64), `uploaded` the same as files; nobody receives them. `together` are the bodies of requests with
3,600 images each. Every figure is from a process of its own; its memory is the greatest that the
process had, less that of one which imports the same and does nothing. Files are in the page cache: what
is measured is the program, not the disk.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from runner.providers.gemini import interactions
from runner.providers.gemini.files import CHUNK
from runner.sources.prepare import prepare
from runner.stages.gather import gather
from runner.stages.listing import listed as names_of
from runner.story import make_plan
from runner.transport.body import Sending
from runner.values.content import Content, Span
from runner.values.image import Image
from runner.values.request import ImagePart, Request, TextPart
from runner.workflow.load import load
from runner.workflow.spec import Workflow

SINGLE = 'images: "photos/**/*.png"'
PAIRS = 'images: {before: "photos/**/*.png", after: "later/**/*.png"}'
WORKFLOW = """\
version: 1
{images}
upload: {upload}
steps: [{{id: look, prompt: "What is this?", provider: simulator}}]
"""
A_FOLDER = 1000
A_REQUEST = 3600
PHOTOGRAPH, PHOTOGRAPHS = 3_000_000, 300


def png(number: int, size: int = 0) -> bytes:
    """A plain PNG of 24 × 16 pixels, of a colour of its own, with so many bytes more."""
    row = b"\0" + number.to_bytes(3, "big") * 24
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", 24, 16, 8, 2, 0, 0, 0)),
        *([(b"noIs", bytes(size))] if size else []),
        (b"IDAT", zlib.compress(row * 16)),
        (b"IEND", b""),
    ]
    written = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + written


def write(folder: Path, count: int) -> None:
    """So many images, and as many of the same names beside them."""
    for number in range(count):
        for name in ("photos", "later"):
            file = folder / name / f"{number // A_FOLDER:04}" / f"{number:06}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(png(number))


def workflow(folder: Path, images: str, upload: str = "inline") -> Workflow:
    path = folder / "bench.workflow.yaml"
    path.write_text(WORKFLOW.format(images=images, upload=upload))
    return load(path, environ={})


def found(folder: Path) -> Iterator[Image]:
    for case in gather(workflow(folder, SINGLE)):
        (image,) = case.images
        assert isinstance(image, Image)
        yield image


def listed(folder: Path, count: int) -> None:
    opened = workflow(folder, SINGLE)
    assert sum(1 for _ in names_of(opened.images[0], opened.preparation)) == count


def gathered(folder: Path, count: int) -> None:
    assert sum(1 for _ in found(folder)) == count


def planned(folder: Path, count: int) -> None:
    assert make_plan(workflow(folder, SINGLE, "auto")).requests == count


def paired(folder: Path, count: int) -> None:
    assert make_plan(workflow(folder, PAIRS)).requests == count


def sent(folder: Path, count: int) -> None:
    _read(_body([image]) for image in found(folder))


def uploaded(folder: Path, count: int) -> None:
    def chunks() -> Iterator[list[Content]]:
        for image in found(folder):
            content = prepare(image).content
            for start in range(0, len(content), CHUNK):
                yield [Span(content, start, min(start + CHUNK, len(content)))]

    _read(chunks())


def together(folder: Path, count: int) -> None:
    images = list(islice(found(folder), A_REQUEST))
    _read(_body(images) for _ in range(count // A_REQUEST))


def photographs(folder: Path, count: int) -> None:
    file = folder / "photos/0000/000000.png"
    small = file.read_bytes()
    file.write_bytes(png(0, PHOTOGRAPH))
    first = next(found(folder))
    _read(_body([first]) for _ in range(count))
    file.write_bytes(small)


def nothing(folder: Path, count: int) -> None:
    _read([])


def _body(images: list[Image]) -> list[Content]:
    parts = (TextPart("What is this?"), *map(ImagePart, images))
    request = Request("interactions", "gemini-3.5-flash", parts)
    return interactions.body(request, [prepare(image) for image in images])


def _read(bodies: Iterable[list[Content]]) -> None:
    """Takes every body as a socket would, one after the other."""

    async def read() -> None:
        for body in bodies:
            sending = Sending(body)
            assert sum([len(piece) async for piece in sending]) == sending.length

    asyncio.run(read())


def taken(work: Callable[[Path, int], None], folder: Path, count: int) -> tuple[float, float]:
    """Seconds and MB of one piece of work in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(work, folder, count, theirs))
    process.start()
    seconds, memory = ours.recv()
    process.join()
    return float(seconds), float(memory)


def _work(work: Callable[[Path, int], None], folder: Path, count: int, pipe) -> None:  # type: ignore[no-untyped-def]
    start = time.process_time()
    work(folder, count)
    seconds = time.process_time() - start
    pipe.send((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def main() -> None:
    counts = [int(word) for word in sys.argv[1:]] or [100, 1_000, 10_000, 100_000]
    print(f"{'':12}{'images':>10}{'CPU s':>10}{'images/s':>10}{'memory':>10}")
    for count in counts:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write(folder, count)
            _, before = taken(nothing, folder, count)
            works = [listed, gathered, planned, paired, sent, uploaded]
            works += [together] if count >= A_REQUEST else []
            for work in works:
                seconds, memory = taken(work, folder, count)
                each = count // A_REQUEST * A_REQUEST if work is together else count
                _tell(work.__name__, each, seconds, memory - before)
            if count == counts[0]:
                seconds, memory = taken(photographs, folder, PHOTOGRAPHS)
                _tell("photographs", PHOTOGRAPHS, seconds, memory - before)


def _tell(name: str, count: int, seconds: float, memory: float) -> None:
    print(
        f"{name:12}{count:10,}{seconds:10.2f}{count / seconds:10,.0f}{memory:7,.1f} MB", flush=True
    )


if __name__ == "__main__":
    main()
