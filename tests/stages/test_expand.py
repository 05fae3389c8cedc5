"""From a workflow and its images to jobs, and from a step of a job to its request."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from runner.stages.expand import NotBuilt, build, jobs, settings_of
from runner.stages.gather import gather
from runner.stages.plan import plan
from runner.text.render import Renderer
from runner.values.job import Job
from runner.values.request import ImagePart, Request, TextPart
from runner.workflow.load import load
from runner.workflow.spec import Workflow

HEAD = "version: 1\nimages: photos/*.png\nsteps:\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    for name, side in (("a", 100), ("b", 200)):
        Image.new("RGB", (side, 50), "white").save(tmp_path / f"photos/{name}.png")
    return tmp_path


def loaded(folder: Path, text: str) -> Workflow:
    path = folder / "w.workflow.yaml"
    path.write_text(text)
    return load(path, environ={})


def all_jobs(workflow: Workflow) -> list[Job]:
    return list(jobs(workflow, gather(workflow)))


def requests(workflow: Workflow) -> list[Request]:
    with Renderer() as renderer:
        built = [
            build(workflow, step, job, {}, renderer.render)
            for job in all_jobs(workflow)
            for step in workflow.steps
        ]
    assert all(isinstance(request, Request) for request in built), built
    return [request for request in built if isinstance(request, Request)]


def prompt(request: Request) -> str:
    return "".join(part.text for part in request.parts if isinstance(part, TextPart))


def test_the_order_of_a_plan_is_case_combination_repeat(folder: Path) -> None:
    """Cases in the order of their names; in each every combination; in each every repeat."""
    workflow = loaded(
        folder,
        HEAD + "  - {id: say, prompt: What is this?}\n"
        "matrix: {thinking: [low, high], media_resolution: [low, high]}\n"
        "matrix_skip: [{thinking: high, media_resolution: high}]\n"
        "run: {repeat: 2}\n",
    )
    order = [(j.number, j.case.name, *j.combination.values(), j.repeat) for j in all_jobs(workflow)]
    combinations = [("low", "low"), ("low", "high"), ("high", "low")]
    assert order == [
        (number, case, *combination, repeat)
        for number, (case, combination, repeat) in enumerate(
            (case, combination, repeat)
            for case in ("a.png", "b.png")
            for combination in combinations
            for repeat in (1, 2)
        )
    ]


def test_limit_takes_the_first_cases(folder: Path) -> None:
    """`limit: 1` asks about one image in every combination."""
    workflow = loaded(
        folder,
        HEAD + "  - {id: say, prompt: What is this?}\nmatrix: {thinking: [low, high]}\n"
        "run: {limit: 1}\n",
    )
    assert [job.case.name for job in all_jobs(workflow)] == ["a.png", "a.png"]


def test_a_prompt_is_filled_in_from_vars_image_and_case(folder: Path) -> None:
    """Everything that the format promises to be in scope, filled in once."""
    workflow = loaded(
        folder,
        HEAD
        + "  - id: say\n    prompt: |\n"
        + "      Find {{ vars.thing }} in {{ image.name }}, {{ image.width }} × {{ image.height }}.\n"
        + "      Case {{ case.name }}.\n"
        + "    system: 'You see {{ vars.thing }}.'\n"
        + "vars: {thing: '{{ cups }}'}\n",
    )
    first, second = requests(workflow)
    assert prompt(first) == "Find {{ cups }} in a.png, 100 × 50.\nCase a.png."
    assert prompt(second) == "Find {{ cups }} in b.png, 200 × 50.\nCase b.png."
    assert first.system == "You see {{ cups }}."


def test_values_are_written_as_their_author_writes_them(folder: Path) -> None:
    """Not as Python would: `true`, and a list with commas."""
    workflow = loaded(
        folder,
        "version: 1\nimages: photos/a.png\nvars: {all: true, kinds: [cat, dog]}\n"
        "steps:\n  - id: a\n    prompt: '{{ vars.kinds }} ({{ vars.all }})'\n",
    )
    assert [prompt(request) for request in requests(workflow)] == ["cat, dog (true)"]


def test_a_prompt_that_cannot_be_filled_in_names_the_line_of_the_file(folder: Path) -> None:
    """In the words of its author."""
    workflow = loaded(
        folder,
        "version: 1\nimages: photos/a.png\nvars: {most: a few}\nsteps:\n"
        "  - id: a\n    prompt: |\n      Look.\n      Find {{ vars.most + 1 }} cats.\n",
    )
    (job,) = all_jobs(workflow)
    with Renderer() as renderer:
        built = build(workflow, workflow.steps[0], job, {}, renderer.render)
    assert isinstance(built, NotBuilt)
    why = "the prompt could not be filled in: `vars.most` is a text; + needs two numbers"
    assert built.why == f"{why} ({workflow.path}, line 8)"


def test_the_text_stands_before_the_image_unless_the_author_says_after(folder: Path) -> None:
    """The guide advises text first for a single image; `prompt_position: after` turns it round."""
    for position, kinds in (("before", [TextPart, ImagePart]), ("after", [ImagePart, TextPart])):
        workflow = loaded(
            folder, HEAD + f"  - {{id: say, prompt: What?, prompt_position: {position}}}\n"
        )
        assert [type(part) for part in requests(workflow)[0].parts] == kinds


def test_a_setting_of_the_step_wins_over_an_axis(folder: Path) -> None:
    """The axis changes the steps that do not set it themselves; one word for thinking at a time."""
    workflow = loaded(
        folder,
        HEAD + "  - {id: one, prompt: What?, thinking: low}\n  - {id: two, prompt: What?}\n"
        "matrix: {thinking: [high]}\n",
    )
    one, two = (settings_of(step, workflow.combinations[0]) for step in workflow.steps)
    assert (one[1].thinking, two[1].thinking) == ("low", "high")
    budget = settings_of(workflow.steps[1], {"model": "gemini-2.5-flash", "thinking_budget": 512})
    assert (budget[0], budget[1].thinking, budget[1].thinking_budget) == (
        "gemini-2.5-flash",
        None,
        512,
    )


def test_the_key_is_about_the_answer_and_nothing_else(folder: Path) -> None:
    """Names, checks, outputs and `run:` change no key; prompt, setting, image and repeat do."""
    step = "  - {id: say, prompt: What is this?}\n"
    same = [
        HEAD + step,
        "name: another\n" + HEAD + step.replace("say", "tell") + "run: {parallel: 9, retries: 1}\n",
        HEAD + step + "checks: [{that: say.text, is_empty: false}]\n",
        HEAD + step + "outputs: [{save: say.text, as: text, to: t/}]\n",
    ]
    other = [
        HEAD + step.replace("this?", "that?"),
        HEAD + step.replace("}", ", temperature: 0.5}"),
        HEAD + step.replace("}", ", model: gemini-3.6-flash}"),
        HEAD + step.replace("}", ", schema: boxes}"),
        HEAD + step.replace("}", ", system: Be brief.}"),
        HEAD + step.replace("}", ", media_resolution: high}"),
    ]
    keys = [requests(loaded(folder, text))[0].key for text in same + other]
    assert len(set(keys[: len(same)])) == 1
    assert len(set(keys)) == 1 + len(other)
    workflow = loaded(folder, HEAD + step + "run: {repeat: 2}\n")
    assert len({request.key for request in requests(workflow)}) == 4


def test_an_unreadable_image_makes_no_request(folder: Path) -> None:
    """The step says why in the words of the image's issue."""
    (folder / "photos/c.png").write_bytes(b"")
    workflow = loaded(folder, HEAD + "  - {id: say, prompt: What is this?}\n")
    job = all_jobs(workflow)[2]
    with Renderer() as renderer:
        built = build(workflow, workflow.steps[0], job, {}, renderer.render)
    assert isinstance(built, NotBuilt)
    assert (built.status, built.code) == ("failed", "image_empty")


def test_more_images_than_the_service_takes_are_refused_before_sending(folder: Path) -> None:
    """3,600 images go into one request; 3,601 do not."""
    workflow = loaded(folder, HEAD + "  - {id: say, prompt: What is this?}\n")
    job = all_jobs(workflow)[0]
    with Renderer() as renderer:
        for count, kind in ((3600, Request), (3601, NotBuilt)):
            many = replace(job, case=replace(job.case, images=job.case.images * count))
            built = build(workflow, workflow.steps[0], many, {}, renderer.render)
            assert type(built) is kind
    assert isinstance(built, NotBuilt)
    assert built.why == "3,601 images in one request; Gemini takes at most 3,600"


def test_a_plan_counts_everything_and_keeps_nothing(folder: Path) -> None:
    """Requests, tokens and cost by model, what waits for an earlier answer, what cannot be asked."""
    (folder / "photos/c.png").write_bytes(b"")
    workflow = loaded(
        folder,
        HEAD + "  - {id: say, prompt: 'Say what', model: gemini-2.5-flash}\n"
        "  - {id: tell, prompt: 'Tell {{ say.text }}'}\nrun: {repeat: 3}\n",
    )
    with Renderer() as renderer:
        planned = plan(workflow, gather(workflow), renderer.render, date(2026, 11, 20))
    assert (planned.cases, planned.unreadable, planned.requests, planned.later) == (3, 1, 12, 6)
    say = planned.by_model["gemini-2.5-flash"]
    assert (say.requests, say.input_tokens, say.output_tokens) == (6, 6 * (258 + 2), 6 * 400)
    assert say.cost_usd == pytest.approx((6 * 260 * 0.30 + 2400 * 2.50) / 1e6)
    assert [image.issue.code for image in planned.broken] == ["image_empty"]


def test_the_plan_of_the_same_files_has_the_same_hash(folder: Path) -> None:
    """The hash is of what will be asked: moving the files keeps it, another byte changes it."""
    workflow = loaded(folder, HEAD + "  - {id: say, prompt: What is this?}\n")

    def key(workflow: Workflow) -> str:
        with Renderer() as renderer:
            return plan(workflow, gather(workflow), renderer.render, date(2026, 11, 20)).key

    first = key(workflow)
    elsewhere = folder / "elsewhere"
    (folder / "photos").rename(elsewhere)
    moved = loaded(
        folder, HEAD.replace("photos", "elsewhere") + "  - {id: say, prompt: What is this?}\n"
    )
    assert key(moved) == first
    Image.new("RGB", (100, 50), "black").save(elsewhere / "a.png")
    assert key(moved) != first
