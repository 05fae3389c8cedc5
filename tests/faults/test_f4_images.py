"""F4: images and paths, as a person meets them: files, commands, and what reaches the service."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from runner.cli import group

KEY = "AIzaCANARY-0123456789-canary-9876543210"

WORKFLOW = """\
version: 1
images: {images}
{more}
steps:
  - id: say
    prompt: What is this?
run: {{cache: off, retries: 0, timeout_seconds: 5}}
"""

Files = Mapping[str, bytes]
Ask = Callable[..., tuple[Result, list[tuple[str, bytes]], list[dict[str, Any]]]]


def askpix(*arguments: str) -> Result:
    """A command as it is typed. No error of ours ever reaches a person."""
    return CliRunner().invoke(group, arguments, catch_exceptions=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the workflow, with another one beside it."""
    here = tmp_path / "here"
    here.mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    return here


@pytest.fixture
def ask(folder: Path, service: Any) -> Ask:
    """Writes files and a workflow about them, and runs it: what was said, which images reached the
    service (type and bytes, in the order of their arrival), and the results."""

    def asking(files: Files, images: str = '"*"', more: str = "") -> Any:
        for name, content in files.items():
            (folder / name).write_bytes(content)
        (folder / "w.workflow.yaml").write_text(WORKFLOW.format(images=images, more=more))
        service.says("A picture.")
        ended = askpix("run", "w.workflow.yaml", "--base-url", service.url, "--fresh", "--quiet")
        sent = [image for request in service.requests for image in images_in(request.json)]
        return ended, sent, results(folder)

    return asking


def images_in(body: Any) -> Iterator[tuple[str, bytes]]:
    """The type and bytes of every image in a request."""
    for part in body["input"][0]["content"]:
        if part["type"] == "image":
            yield part["mime_type"], base64.b64decode(part["data"])


def results(folder: Path) -> list[dict[str, Any]]:
    """The lines of results.jsonl of the newest run; none when nothing ran."""
    files = sorted(folder.glob("runs/*/results.jsonl"), key=lambda file: file.stat().st_mtime_ns)
    return [json.loads(line) for line in files[-1].read_text().splitlines()] if files else []


def codes(said: Result) -> list[str]:
    """The codes of the problems that `validate --format json` tells."""
    return [problem["code"] for problem in json.loads(said.stdout)["problems"]]


def validated(*arguments: str) -> tuple[int, list[str]]:
    """The exit code of `validate`, and the codes of what it tells."""
    said = askpix("validate", "w.workflow.yaml", "--format", "json", *arguments)
    return said.exit_code, codes(said)


@pytest.mark.parametrize("missing", [2, 100])
def test_F401_a_truncated_jpeg_is_found_before_it_is_paid_for(
    missing: int, ask: Ask, draw: ModuleType
) -> None:
    """Its end must be there: the case fails by itself, nothing of it is sent, the others are asked."""
    whole = draw.encoded(draw.scene(), "JPEG")
    said, sent, found = ask({"cut.jpg": whole[:-missing], "whole.jpg": whole})
    assert (said.exit_code, sent) == (3, [("image/jpeg", whole)])
    assert [each["status"] for each in found] == ["failed", "ok"]
    assert "cut off" in found[0]["error"]
    assert validated() == (0, ["W414"])


def test_F402_an_image_damaged_in_the_middle_is_sent_as_it_is(ask: Ask, draw: ModuleType) -> None:
    """Nobody can know: no header shows it, and decoders read over it. The bytes are the file's own."""
    content = bytearray(draw.encoded(draw.scene(400, 300), "JPEG"))
    middle = len(content) // 2
    content[middle : middle + 8] = b"\x11" * 8
    said, sent, found = ask({"damaged.jpg": bytes(content)})
    assert (said.exit_code, sent) == (0, [("image/jpeg", bytes(content))])
    assert [each["status"] for each in found] == ["ok"]


def test_F403_what_is_no_image_is_told_by_what_it_is(ask: Ask, draw: ModuleType) -> None:
    """Its first bytes count. Nothing of it leaves the machine."""
    whole = draw.encoded(draw.scene(), "PNG")
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    said, sent, found = ask(
        {
            "a-empty.jpg": b"",
            "b-header.jpg": whole[:20],
            "c-page.jpg": b"<!DOCTYPE html><html><script>alert(1)</script>",
            "d-drawing.png": svg,
            "e-script.gif": b"GIF89a/*\x00\x00*/=1;alert(1)",
            "f-fine.png": whole,
        }
    )
    assert (said.exit_code, sent) == (3, [("image/png", whole)])
    assert [each["status"] for each in found] == ["failed"] * 5 + ["ok"]
    words = ["empty (0 bytes)", "cut off", "looks like", "SVG", "GIF"]
    assert [
        word for word, each in zip(words, found, strict=False) if word not in each["error"]
    ] == []


def test_F404_a_wrong_ending_is_believed_by_nobody(ask: Ask, draw: ModuleType) -> None:
    """The type that is sent is that of the bytes, and the result says what was noticed."""
    whole = draw.encoded(draw.scene(), "PNG")
    said, sent, found = ask({"photo.jpg": whole})
    assert (said.exit_code, sent) == (0, [("image/png", whole)])
    assert "image_wrong_ending" in [issue["code"] for issue in found[0]["issues"]]


def test_F405_a_bomb_is_refused_by_its_header(ask: Ask, draw: ModuleType) -> None:
    """A few bytes that claim more than 100 megapixels: an error, never decoded, never sent."""
    said, sent, found = ask(
        {"bomb.png": draw.bomb_png(), "fine.png": draw.encoded(draw.scene(), "PNG")}
    )
    assert (said.exit_code, len(sent)) == (3, 1)
    assert "megapixels" in found[0]["error"]


def test_F406_heic_is_sent_as_it_is_and_its_size_is_known(ask: Ask, draw: ModuleType) -> None:
    """No codec is needed for that: the size stands in the file."""
    whole = draw.encoded(draw.scene(64, 40), "HEIF")
    said, sent, found = ask({"photo.heic": whole})
    assert (said.exit_code, sent) == (0, [("image/heic", whole)])
    (image,) = found[0]["images"]
    assert (image["width"], image["height"]) == (64, 40)


def test_F407_one_frame_of_an_animation_is_sent(ask: Ask, draw: ModuleType) -> None:
    """The first one, or the one that the file names; the result says so."""
    for frame, colour in ((0, "red"), (2, "blue")):
        said, sent, found = ask({"wave.png": draw.animation("PNG")}, more=f"frame: {frame}")
        assert said.exit_code == 0
        assert set(draw.corners(sent[-1][1])) == {colour}
        assert "image_animated" in [issue["code"] for issue in found[0]["issues"]]


def test_F408_odd_pixels_are_sent_as_they_are(ask: Ask, draw: ModuleType) -> None:
    """16 bits, CMYK, a palette, transparency, one pixel, a long line: the original bytes."""
    files = {
        "a-deep.png": draw.deep_png(),
        "b-print.jpg": draw.encoded(draw.scene().convert("CMYK"), "JPEG"),
        "c-palette.png": draw.encoded(draw.scene().convert("P"), "PNG"),
        "d-alpha.png": draw.encoded(draw.scene().convert("RGBA"), "PNG"),
        "e-pixel.png": draw.encoded(Image.new("RGB", (1, 1)), "PNG"),
        "f-line.png": draw.encoded(Image.new("L", (60_000, 1)), "PNG"),
    }
    said, sent, found = ask(files)
    assert (said.exit_code, [each["status"] for each in found]) == (0, ["ok"] * 6)
    assert {content for _, content in sent} == set(files.values())


def test_F409_turned_images_are_seen_upright(ask: Ask, draw: ModuleType) -> None:
    """All eight orientations: what is sent is upright, and the size of the result is that."""
    files = {f"{turn}.jpg": draw.stored(turn, "JPEG", quality=95) for turn in range(1, 9)}
    said, sent, found = ask(files)
    assert said.exit_code == 0
    assert {draw.corners(content) for _, content in sent} == {draw.CORNERS}
    assert [(each["images"][0]["width"], each["images"][0]["height"]) for each in found] == [
        (64, 40)
    ] * 8
    assert [each["images"][0]["orientation"] for each in found] == list(range(1, 9))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_F410_only_regular_files_are_opened(ask: Ask, folder: Path, draw: ModuleType) -> None:
    """A pipe does not hang, a device is not read, a circle of links ends: wherever they stand."""
    os.mkfifo(folder / "a-pipe.png")
    (folder / "b-zero.jpeg").symlink_to("/dev/zero")
    (folder / "c-circle.png").symlink_to("c-circle.png")
    (folder / "d-folder.png").mkdir()
    fine = {"e-fine.png": draw.encoded(draw.scene(), "PNG")}
    said, sent, found = ask(fine, images='"[ace]*.png"')
    assert (said.exit_code, len(sent)) == (3, 1)
    assert [each["status"] for each in found] == ["failed", "failed", "ok"]
    (folder / "w.workflow.yaml").write_text(WORKFLOW.format(images="b-zero.jpeg", more=""))
    assert validated() == (2, ["W452"])
    assert validated("--allow-outside") == (2, ["W414"])
    os.mkfifo(folder / ".env")
    for line in (
        "prompt_file: a-pipe.png",
        "prompt: x\n    schema: ./a-pipe.png",
        "prompt_file: d-folder.png",
    ):
        text = f"version: 1\nimages: e-fine.png\nsteps:\n  - id: say\n    {line}\n"
        (folder / "w.workflow.yaml").write_text(text)
        assert validated()[0] == 2
    os.mkfifo(folder / "pipe.workflow.yaml")
    assert askpix("validate", "pipe.workflow.yaml").exit_code == 2
    for table in ("a-pipe.png", "c-circle.png", "d-folder.png"):
        text = (
            f"version: 1\ndataset: {{file: {table}, format: csv, image_columns: photo}}\nsteps:\n"
        )
        (folder / "w.workflow.yaml").write_text(f"{text}  - {{id: say, prompt: x}}\n")
        assert validated()[0] == 2


SECRET = "the words of a file that lies elsewhere"

WAYS_OUT = {
    "an image": "images: ../elsewhere/secret.png",
    "an image by a link": "images: link.png",
    "a pattern": "images: ../elsewhere/*.png",
    "a pattern of folders": "images: '../*/secret.png'",
    "a pattern through a link": "images: 'link-to-folder/*.png'",
    "a pattern that finds a link to a folder": "images: 'l*r/*.png'",
    "a pattern that finds a link": "images: 'l*.png'",
    "a folder": "images: ../elsewhere/",
    "a folder by a link": "images: link-to-folder/",
    "a folder that holds a link": "images: holds/",
    "the folder above": "images: ../",
    "an absolute path": "images: {elsewhere}/secret.png",
    "a path that comes back": "images: ../elsewhere/../elsewhere/secret.png",
    "a list": "images: [fine.png, ../elsewhere/secret.png]",
    "named images": "images: {{before: fine.png, after: ../elsewhere/secret.png}}",
    "a table": "dataset: {{file: ../elsewhere/secret.csv, image_columns: photo}}",
    "a table by a link": "dataset: {{file: link.csv, image_columns: photo}}",
    "the folder of a table": "dataset: {{file: fine.csv, image_columns: photo, image_folder: ..}}",
    "a row of a table": "dataset: {{file: out.csv, image_columns: photo}}",
    "a row by a link": "dataset: {{file: out-by-link.csv, image_columns: photo}}",
    "a prompt": "images: fine.png\nsteps: [{{id: say, prompt_file: ../elsewhere/secret.md}}]",
    "a prompt by a link": "images: fine.png\nsteps: [{{id: say, prompt_file: link.md}}]",
    "a schema": "images: fine.png\nsteps: [{{id: say, prompt: x, schema: ../elsewhere/secret.json}}]",
    "a named schema": "images: fine.png\nschemas: {{own: '{elsewhere}/secret.json'}}",
    "an extended file": "extends: ../elsewhere/secret.workflow.yaml\nimages: fine.png",
    "an extended file by a link": "extends: link.workflow.yaml\nimages: fine.png",
    "a path of an extended file": "extends: inner/part.workflow.yaml",
}


@pytest.fixture
def secrets(folder: Path, draw: ModuleType) -> Path:
    """Files that lie outside the folder of the workflow, and links that lead to them."""
    elsewhere = folder.parent / "elsewhere"
    draw.write(elsewhere / "secret.png", draw.encoded(draw.scene(30, 30), "PNG"))
    draw.write(folder / "fine.png", draw.encoded(draw.scene(), "PNG"))
    (elsewhere / "secret.md").write_text(SECRET)
    (elsewhere / "secret.csv").write_text(f"photo,words\nfine.png,{SECRET}\n")
    (elsewhere / "secret.json").write_text(
        json.dumps({"type": "object", "properties": {SECRET: {}}})
    )
    (elsewhere / "secret.workflow.yaml").write_text(f"version: 1\nname: {SECRET}\npartial: true\n")
    for name in ("link.png", "link.csv", "link.md", "link.workflow.yaml"):
        (folder / name).symlink_to(elsewhere / name.replace("link", "secret"))
    (folder / "link-to-folder").symlink_to(elsewhere)
    (folder / "holds").mkdir()
    (folder / "holds" / "link.png").symlink_to(elsewhere / "secret.png")
    (folder / "inner").mkdir()
    (folder / "inner" / "part.workflow.yaml").write_text(
        "version: 1\npartial: true\nimages: ../../elsewhere/secret.png\n"
    )
    (folder / "fine.csv").write_text("photo\nfine.png\n")
    (folder / "out.csv").write_text("photo\nfine.png\n../elsewhere/secret.png\n")
    (folder / "out-by-link.csv").write_text("photo\nfine.png\nlink.png\n")
    return elsewhere


@pytest.mark.parametrize("way", WAYS_OUT.values(), ids=WAYS_OUT)
def test_F411_a_workflow_reads_nothing_outside_its_folder(
    way: str, folder: Path, secrets: Path, service: Any
) -> None:
    """Named by a path, a pattern, a link or a row: an error with its place and the way out, nothing
    is shown of the file, nothing is sent; with `--allow-outside` it is read."""
    steps = "" if "steps:" in way else "steps: [{id: say, prompt: What is this?}]\n"
    text = f"version: 1\n{way.format(elsewhere=secrets)}\n{steps}run: {{retries: 0}}\n"
    (folder / "w.workflow.yaml").write_text(text)
    service.says("A picture.")
    line = ("run", "w.workflow.yaml", "--base-url", service.url)
    for command in (("validate", "w.workflow.yaml"), ("plan", "w.workflow.yaml"), line):
        said = askpix(*command)
        assert said.exit_code == 2, command
        assert "error[W452]" in said.stderr
        assert "--allow-outside" in said.stderr
        assert SECRET not in said.output
    assert not (folder / "runs").exists()
    assert service.requests == []
    assert "W452" not in validated("--allow-outside")[1]


def test_F411_a_link_that_is_changed_later_leads_nowhere_either(
    folder: Path, secrets: Path, service: Any, draw: ModuleType
) -> None:
    """What counts is the file that is open, at the moment in which it is sent."""
    from runner.roles import ImageError
    from runner.sources.prepare import prepare
    from runner.stages.gather import gather
    from runner.values.image import Image as Found
    from runner.workflow.load import load

    draw.write(folder / "changing.png", (secrets / "secret.png").read_bytes())
    (folder / "w.workflow.yaml").write_text(WORKFLOW.format(images="changing.png", more=""))
    ((found,),) = (case.images for case in gather(load(folder / "w.workflow.yaml", environ={})))
    assert isinstance(found, Found)
    assert prepare(found).content[:] == (secrets / "secret.png").read_bytes()
    (folder / "changing.png").unlink()
    (folder / "changing.png").symlink_to(secrets / "secret.png")  # the same bytes, elsewhere
    with pytest.raises(ImageError, match="outside the folder of the workflow"):
        prepare(found)


def test_F411_links_that_stay_inside_are_followed(ask: Ask, folder: Path, draw: ModuleType) -> None:
    """Also when the folder of the workflow is itself reached by a link."""
    draw.write(folder / "deep" / "er" / "cat.png", draw.encoded(draw.scene(), "PNG"))
    (folder / "link.png").symlink_to(folder / "deep" / "er" / "cat.png")
    (folder / "short").symlink_to("deep/er")
    (folder.parent / "door").symlink_to(folder)
    said, sent, _ = ask({}, images="[link.png, short/*.png, deep/../short/cat.png]")
    assert (said.exit_code, len(sent)) == (0, 1)
    assert askpix("validate", "../door/w.workflow.yaml", "--strict").exit_code == 2  # named again
    assert "W452" not in askpix("validate", "../door/w.workflow.yaml").output


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30)
        | st.sampled_from(
            ["..", ".", "/", "\\", "C:", "CON", "nul.txt", "~", "a/../..", "x" * 300]
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_F411_what_is_written_stays_below_the_run_folder(
    tmp_path: Path, parts: Sequence[str]
) -> None:
    """Whatever a case, a label or a combination is called: names are made of them that lead nowhere."""
    from runner.exporters.names import Names, combination_name, safe_name

    names = Names()
    made = [
        names.name("/".join(parts)),
        safe_name(parts[0]),
        combination_name({"vars.x": parts[-1]}),
    ]
    for name in made:
        target = Path(os.path.normpath(tmp_path / "out" / f"{name}.csv"))
        assert target.is_relative_to(tmp_path / "out"), name
        assert all(len(part.encode()) <= 204 for part in Path(f"{name}.csv").parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("x")


@pytest.mark.parametrize("to", ["../x.csv", "/tmp/x.csv", "a/../../x.csv", "C:\\x.csv", "~/x.csv"])
def test_F411_an_output_never_leaves_the_run_folder(
    to: str, folder: Path, draw: ModuleType
) -> None:
    """`to:` is refused before anything runs, with and without `--allow-outside`."""
    draw.write(folder / "fine.png", draw.encoded(draw.scene(), "PNG"))
    text = WORKFLOW.format(
        images="fine.png", more=f"outputs: [{{save: say.text, as: csv, to: '{to}'}}]"
    )
    (folder / "w.workflow.yaml").write_text(text)
    for more in ((), ("--allow-outside",)):
        exit_code, told = validated(*more)
        assert exit_code == 2
        assert "W613" in told


@contextmanager
def unlisted(folder: Path) -> Iterator[None]:
    """A folder that may not be listed, by a process without privileges."""
    folder.chmod(0)
    privileged = os.geteuid() == 0
    if privileged:
        os.seteuid(65534)
    try:
        yield
    finally:
        if privileged:
            os.seteuid(0)
        folder.chmod(0o755)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions are another thing here")
def test_F412_many_files_and_odd_ones_are_listed_and_told(folder: Path, draw: ModuleType) -> None:
    """In the order in which people count; a folder that cannot be listed is told, a file that
    vanishes is one image that failed, and a name that is no UTF-8 is written in hex."""
    content = draw.encoded(draw.scene(16, 16), "PNG")
    for number in range(300):
        draw.write(folder / "many" / f"{number}.png", content)
    draw.write(folder / "closed" / "x.png", content)
    odd = os.fsencode(folder) + b"/many/z\xff.png"
    with open(odd, "wb") as file:
        file.write(content)
    (folder / "many" / "150.png").unlink()
    (folder / "many" / "150.png").symlink_to("gone.png")
    (folder / "w.workflow.yaml").write_text(WORKFLOW.format(images='"*/*.png"', more=""))
    for above in (folder, *folder.parents):
        above.chmod(0o755)
        if above.name.startswith("pytest-of-"):
            break
    with unlisted(folder / "closed"):
        said = askpix("validate", "w.workflow.yaml")
    assert said.exit_code == 0, said.output
    assert "`closed`: the folder cannot be listed" in said.stderr
    ended = askpix("run", "w.workflow.yaml", "--provider", "simulator", "--quiet", "--out", "out")
    assert ended.exit_code == 3
    (file,) = folder.glob("out/*/results.jsonl")
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    cases = [line["case"] for line in lines]
    assert cases[1:11] == [f"{number}.png" for number in range(10)]
    assert len(cases) == 302
    assert [line["case"] for line in lines if line["status"] == "failed"] == ["150.png"]
    assert "ff" in cases[-1].lower()
