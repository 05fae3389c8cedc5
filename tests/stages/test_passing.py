"""Which way the images of a plan travel, which of them this machine downloads, and why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from runner.stages.listing import is_fetched_here
from runner.stages.passing import Travel, uses_of
from runner.story import make_plan
from runner.values.image import DataOrigin
from runner.values.image import Image as Found
from runner.workflow.load import load
from runner.workflow.spec import Preparation, Workflow

PUBLIC, OTHER = "https://example.com/cat.jpg", "https://example.com/cat.heic"
PINNED = "https://example.com/owl.jpg"

Load = Callable[[str], Workflow]


@pytest.fixture
def loaded(tmp_path: Path) -> Load:
    """A workflow of this text, beside a large image and a small one."""
    Image.effect_noise((2200, 1600), 90).save(tmp_path / "large.png")
    Image.new("RGB", (200, 150)).save(tmp_path / "small.png")

    def load_text(text: str) -> Workflow:
        file = tmp_path / "w.workflow.yaml"
        file.write_text(f"version: 1\n{text}")
        return load(file, environ={})

    return load_text


@pytest.mark.parametrize(
    ("preparation", "public", "other"),
    [
        (Preparation(), False, False),
        (Preparation(fetch=True), True, True),
        (Preparation(upload="uri"), False, False),
        (Preparation(upload="files"), True, True),
        (Preparation(upload="auto"), False, True),
        (Preparation(upload="auto", needs_size=True), True, True),
        (Preparation(upload="auto", fetch=True), True, True),
    ],
)
def test_what_the_service_is_not_left_to_fetch_is_fetched_here(
    preparation: Preparation, public: bool, other: bool
) -> None:
    """With `auto` also what must be measured: boxes come back in pixels only of an image seen here."""
    assert is_fetched_here(PUBLIC, preparation) == public
    assert is_fetched_here(OTHER, preparation) == other


def test_the_uses_of_an_image_are_those_of_its_role(loaded: Load) -> None:
    """Steps × combinations × repeats; a step that names other images does not count."""
    workflow = loaded(
        "images: {before: large.png, after: small.png}\n"
        "matrix: {temperature: [0, 1]}\n"
        "run: {repeat: 5}\n"
        "steps:\n"
        "- {id: both, prompt: What changed?}\n"
        "- {id: one, prompt: What is it?, images: after}\n"
    )
    uses = uses_of(workflow)
    found = [Found(role, role, DataOrigin(b""), "image/png") for role in ("before", "after")]
    assert [uses(image) for image in found] == [10, 20]


STEP = "steps: [{id: say, prompt: What?}]\n"


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("images: '*.png'\n", []),
        ("images: '*.png'\nupload: inline\nrun: {repeat: 9}\n", []),
        ("images: '*.png'\nupload: files\n", [("files", "said", 2)]),
        ("images: '*.png'\nupload: auto\nrun: {repeat: 2}\n", [("inline", None, 2)]),
        (
            "images: '*.png'\nupload: auto\nrun: {repeat: 3}\n",
            [("files", "used", 1), ("inline", None, 1)],
        ),
        (
            f"images: [small.png, '{PUBLIC}', '{OTHER}', {{url: '{PINNED}', sha256: '{'ab' * 32}'}}]\n"
            "upload: auto\n",
            [("inline", None, 1), ("uri", None, 1), ("fetched", None, 2)],
        ),
        (
            f"images: ['{PUBLIC}', small.png]\nupload: uri\n",
            [("uri", None, 1), ("inline", None, 1)],
        ),
    ],
)
def test_a_plan_counts_the_images_by_their_way(
    loaded: Load, text: str, ways: list[tuple[str, str | None, int]]
) -> None:
    """Each once, with the reason; nothing is said of what is as always."""
    planned = make_plan(loaded(text + STEP))
    assert [(each.way, each.why, each.images) for each in planned.travels] == ways


def test_a_plan_weighs_what_is_uploaded(loaded: Load) -> None:
    """In bytes."""
    workflow = loaded("images: small.png\nupload: files\n" + STEP)
    (travel,) = make_plan(workflow).travels
    size = (workflow.path.parent / "small.png").stat().st_size
    assert travel == Travel("files", "said", 1, size)


def test_a_file_that_is_too_large_for_a_request_may_be_uploaded(loaded: Load) -> None:
    """Above 75 MB it is unreadable within a request; as a file it may have 2 GB."""
    for upload, unreadable in (("inline", 1), ("auto", 0), ("files", 0)):
        workflow = loaded(f"images: small.png\nupload: {upload}\n{STEP}")
        with (workflow.path.parent / "small.png").open("r+b") as file:
            file.truncate(76 << 20)
        planned = make_plan(workflow)
        assert planned.unreadable == unreadable
        assert [each.why for each in planned.travels] == {
            "inline": [],
            "auto": ["large"],
            "files": ["said"],
        }[upload]


@pytest.mark.parametrize(("megabytes", "way"), [(14, "inline"), (16, "files")])
def test_auto_keeps_requests_below_what_all_pages_grant(
    loaded: Load, megabytes: int, way: str
) -> None:
    """20 MB with base64, although newer pages grant 100."""
    workflow = loaded(f"images: small.png\nupload: auto\n{STEP}")
    with (workflow.path.parent / "small.png").open("r+b") as file:
        file.truncate(megabytes * 1_000_000)
    assert [each.way for each in make_plan(workflow).travels] == [way]
