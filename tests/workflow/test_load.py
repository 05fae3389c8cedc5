"""From files to a `Workflow`: what wins over what, where paths start, which problems there are."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.values.problem import Problem, Rejected
from runner.values.reference import Reference
from runner.values.request import Settings
from runner.workflow.load import load
from runner.workflow.spec import StepImage, Workflow

Loaded = Callable[..., Workflow]
Told = Callable[..., list[str]]

HEAD = "version: 1\nimages: a.png\n"
ASK = "steps:\n  - id: ask\n    prompt: What is this?\n"
ACCEPTED = Path(__file__).parents[1] / "accepted"


def test_the_smallest_workflow_is_six_lines(loaded: Loaded, tmp_path: Path) -> None:
    """Everything that was not written has its default."""
    workflow = loaded(HEAD + ASK)
    step = workflow.steps[0]
    assert (workflow.name, workflow.path) == ("w", tmp_path / "w.workflow.yaml")
    assert (step.id, step.prompt.template, step.shape.is_text) == ("ask", "What is this?", True)
    assert (step.model, step.provider, step.settings) == ("gemini-3.5-flash", "gemini", Settings())
    assert workflow.combinations == ({},)
    (images,) = workflow.images
    assert (images.role, images.entries[0].value) == ("image", str(tmp_path / "a.png"))
    assert [(source.path.name, source.role) for source in workflow.sources] == [
        ("w.workflow.yaml", "workflow")
    ]


def test_problems_come_in_the_order_of_the_text(told: Told) -> None:
    """Whatever finds them; those of other files come after."""
    assert told(
        {
            "w.workflow.yaml": "version: 1\nname: 5\nimages: a.png\nsteps:\n  - id: ask\n"
            "    prompt_file: ask.md\n    schema: boxs\nrun: {limit: 0}\n",
            "ask.md": "{{ vars.x }} and {{ vars.y }}",
        }
    ) == [
        'W204 w.workflow.yaml:2:7 `name` must be a text, found the number 5 → put it in quotes: "5"',
        "W444 w.workflow.yaml:7:13 there is no answer shape `boxs` → did you mean `boxes`?",
        "W206 w.workflow.yaml:8:14 `limit` must be at least 1 → write limit: 10",
        "W311 ask.md:1:4 there is no variable `vars.x`"
        " → add `x: …` under `vars:` at the top of w.workflow.yaml",
        "W311 ask.md:1:21 there is no variable `vars.y`"
        " → add `y: …` under `vars:` at the top of w.workflow.yaml",
    ]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (HEAD.replace("images", "imagess") + ASK, ["W201"]),
        (HEAD + ASK.replace("steps", "stepss"), ["W201"]),
        (HEAD + ASK.replace("prompt", "promt"), ["W201"]),
        (HEAD + ASK.replace("id:", "di:") + "checks: [{that: ask.text, contains: x}]\n", ["W201"]),
        (HEAD + "steps: {ask: {prompt: x}}\nchecks: [{that: ask.text, contains: x}]\n", ["W204"]),
        (HEAD + ASK + "    schema: boxs\nchecks: [{that: ask.boxes, is_empty: false}]\n", ["W444"]),
        (HEAD + ASK.replace("What", "What {{ vars.x }}") + "vars: [x]\n", ["W204"]),
        (HEAD + ASK.replace("What", "What {{ vars.x }}") + "vars: {x: [[1]]}\n", ["W204"]),
        (HEAD + ASK + "defaults: {model: 5, thinking: none}\n", ["W204"]),
        (HEAD + ASK + "matrix: {model: gemini-3.8-flash, thinking: [minimal]}\n", ["W204"]),
        (HEAD + ASK + "    schema: s\nschemas: {s: 5}\n", ["W204"]),
        (HEAD + ASK + "    fields: {a: bok}\nchecks: [{that: ask.b, equals: x}]\n", ["W205"]),
        (HEAD + ASK + "    do: aks\nchecks: [{that: ask.text, contains: x}]\n", ["W205"]),
        (HEAD + ASK + "outputs: [{save: ask, as: cvs, to: a.csv}]\n", ["W205"]),
    ],
)
def test_one_mistake_is_told_once(told: Told, text: str, codes: list[str]) -> None:
    """What follows from a mistake is not held against its author."""
    assert [line[:4] for line in told(text)] == codes


def test_settings_of_a_step_win_over_the_defaults(loaded: Loaded) -> None:
    """And `thinking` drives out `thinking_budget`, wherever each was written."""
    steps = loaded(
        HEAD
        + "defaults:\n  {model: gemini-2.5-flash, thinking_budget: 512, api: generate_content,\n"
        "   seed: 1, safety: {harassment: off}, headers: {X-Test: a}, prompt_position: before}\n"
        "steps:\n  - {id: a, prompt: x}\n"
        "  - {id: b, prompt: x, model: gemini-3.5-flash, thinking: low, seed: 2, temperature: 1}\n"
    ).steps
    safety, headers = {"harassment": "off"}, {"X-Test": "a"}
    assert steps[0].settings == Settings(
        thinking_budget=512, seed=1, safety=safety, headers=headers
    )
    assert steps[1].settings == Settings(
        thinking="low", seed=2, temperature=1, safety=safety, headers=headers
    )
    assert steps[0].own == frozenset()
    assert steps[1].own == {"model", "thinking", "thinking_budget", "seed", "temperature"}
    assert (steps[0].family, steps[1].prompt_first) == ("generate_content", True)


def test_overrides_win_over_everything(loaded: Loaded) -> None:
    """Over steps, axes and the run; what they set is not checked against the file."""
    workflow = loaded(
        HEAD + ASK + "    provider: gemini\n    model: gemini-3.6-flash\n",
        overrides={"provider": "simulator", "model": "gemini-3.8-flash", "run.limit": 3},
    )
    step = workflow.steps[0]
    assert (step.provider, step.model, workflow.run.limit) == ("simulator", "gemini-3.8-flash", 3)
    assert step.own >= {"provider", "model"}


def test_every_combination_has_one_value_of_each_axis(loaded: Loaded) -> None:
    """The last axis changes fastest; what is skipped is left out."""
    workflow = loaded(
        HEAD + "vars: {thing: a}\nsteps: [{id: ask, prompt: 'Find {{ vars.thing }}.'}]\n"
        "matrix:\n  thinking: [low, high]\n  vars.thing: [cat, dog]\n"
        "matrix_skip: [{thinking: high, vars.thing: dog}]\n"
    )
    assert workflow.combinations == (
        {"thinking": "low", "vars.thing": "cat"},
        {"thinking": "low", "vars.thing": "dog"},
        {"thinking": "high", "vars.thing": "cat"},
    )
    assert workflow.warnings == ()


def test_models_of_all_combinations_are_looked_up(loaded: Loaded) -> None:
    """Expanding needs every one of them."""
    workflow = loaded(HEAD + ASK + "matrix: {model: [gemini-3.5-flash, gemini-3.6-flash]}\n")
    assert sorted(workflow.models) == ["gemini-3.5-flash", "gemini-3.6-flash"]
    assert all(model.known for model in workflow.models.values())


def test_what_a_model_does_not_take_is_told_only_where_it_is_asked_for(told: Told) -> None:
    """A combination that is skipped is asked by nobody."""
    matrix = "matrix: {model: [gemini-3.5-flash, gemini-3.8-flash], thinking: [minimal, low]}\n"
    skip = "matrix_skip: [{model: gemini-3.8-flash, thinking: minimal}]\n"
    assert [line[:4] for line in told(HEAD + ASK + matrix)] == ["W503"]
    assert told(HEAD + ASK + matrix + skip) == []


def test_a_step_knows_which_earlier_steps_it_needs(loaded: Loaded) -> None:
    """From every template of it: prompt, system, descriptions."""
    steps = loaded(
        HEAD + "steps:\n"
        "  - {id: a, prompt: x}\n  - {id: b, prompt: x}\n  - {id: c, prompt: x}\n"
        "  - id: d\n    prompt: 'Think of {{ c.text }}.'\n    system: 'You said {{ a.text }}.'\n"
        "    fields:\n      same: {type: box, description: 'as in {{ b.text }}'}\n"
    ).steps
    assert steps[3].needs == ("a", "b", "c")
    assert steps[2].needs == ()


def test_a_template_in_a_description_is_the_one_that_is_sent(loaded: Loaded) -> None:
    """Filling it in finds it in the schema."""
    step = loaded(
        HEAD + "vars: {thing: cat}\nsteps:\n  - id: a\n    prompt: 'Find the {{ vars.thing }}.'\n"
        "    fields:\n      place: {type: box, description: 'the {{ vars.thing }}'}\n"
        "      note: {description: as it is}\n"
    ).steps[0]
    (template,) = [prompt.template for prompt in step.descriptions.values()]
    assert template == "the {{ vars.thing }}: [ymin, xmin, ymax, xmax] normalized to 0-1000"
    assert template in json.dumps(step.shape.wire_schema)
    place = step.descriptions["place"].place
    assert (place.line, place.column) == (8, 40)


def test_prompts_end_without_line_breaks(loaded: Loaded) -> None:
    """The break at the end of a block is not the author's wish."""
    text = (
        "steps:\n  - id: a\n    prompt: |\n      One\n      Two\n\n  - {id: b, prompt_file: b.md}\n"
    )
    steps = loaded({"w.workflow.yaml": HEAD + text, "b.md": "\ufeffThree\r\nFour\r\n"}).steps
    assert [step.prompt.template for step in steps] == ["One\nTwo", "Three\nFour"]
    assert (steps[0].prompt.place.line, steps[0].prompt.place.column) == (6, 7)
    assert (steps[1].prompt.place.file, steps[1].prompt.place.line) == ("b.md", 1)


def test_named_images_are_sent_in_the_order_of_the_step(loaded: Loaded) -> None:
    """With a resolution for each where one is given."""
    workflow = loaded(
        "version: 1\nimages: {before: b/*.png, after: [c.png, 'https://example.org/d.png']}\n"
        "fetch: true\nsteps:\n  - id: a\n    prompt: x\n"
        "    images: [after, {image: before, media_resolution: low}]\n  - {id: b, prompt: x}\n"
    )
    assert workflow.steps[0].images == (StepImage("after"), StepImage("before", "low"))
    assert workflow.steps[1].images == ()
    kinds = [(each.role, [entry.kind for entry in each.entries]) for each in workflow.images]
    assert kinds == [("before", ["pattern"]), ("after", ["file", "web"])]
    assert workflow.preparation.fetch


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a.png", "file"),
        ("odd[1].png", "file"),
        ("*.png", "pattern"),
        ("folder", "folder"),
        ("missing/", "folder"),
        ("HTTPS://example.org/a.png", "web"),
        ("data:image/png;base64,iVBORw0KGgo=", "data"),
    ],
)
def test_an_image_is_a_file_a_pattern_a_folder_or_an_address(
    loaded: Loaded, tmp_path: Path, text: str, kind: str
) -> None:
    """A file that exists is a file, whatever signs its name has."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "odd[1].png").touch()
    (entry,) = loaded(f"version: 1\nimages: '{text}'\n" + ASK).images[0].entries
    assert (entry.kind, entry.text) == (kind, text)


def test_a_dataset_names_its_images_by_column(loaded: Loaded, tmp_path: Path) -> None:
    """One column is the `image`; several are called as they are."""
    text = "version: 1\ndataset: {{file: t.csv, image_columns: {}, where: {{split: test}}}}\n" + ASK
    table = {"t.csv": "photo,Second Photo,split\n"}
    one = loaded({"w.workflow.yaml": text.format("photo")} | table).dataset
    two = loaded({"w.workflow.yaml": text.format("[photo, Second Photo]")} | table).dataset
    assert one is not None
    assert two is not None
    assert one.roles == {"image": "photo"}
    assert two.roles == {"photo": "photo", "second_photo": "Second Photo"}
    assert (one.format, one.file, one.image_folder) == ("csv", tmp_path / "t.csv", tmp_path)
    assert one.where == {"split": "test"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", "\ufeffphoto,Unit price\na.png,3\n"),
        ("t.csv", "photo;Unit price\na.png;3,50\n"),
        ("t.tsv", "photo\tUnit price\na.png\t3\n"),
        ("t.jsonl", '\n{"photo": "a.png", "Unit price": 3}\n'),
    ],
)
def test_columns_are_known_before_a_run(told: Told, name: str, content: str) -> None:
    """From the headings of a table, or the first line of JSON."""
    text = (
        f"version: 1\ndataset: {{file: {name}, image_columns: photo}}\nsteps:\n"
        "  - {id: a, prompt: \"{{ row['Unit price'] }} {{ row['unit prize'] }}\"}\n"
    )
    assert told({"w.workflow.yaml": text, name: content}) == [
        "W313 w.workflow.yaml:4:49 the dataset has no column `unit prize`"
        " → did you mean `row['Unit price']`?"
    ]


def test_a_check_holds_its_values_as_they_are_compared(loaded: Loaded) -> None:
    """Percentages are shares, references are references."""
    checks = loaded(
        HEAD + ASK + "    fields: {sure: number, kind: [cat, dog]}\nchecks:\n"
        "  - {that: ask.sure, at_least: 90%, pass_rate: 95%, level: warning, tolerance: 1,\n"
        "     equals: 1}\n"
        "  - {name: kinds, that: ask.kind, same_as: vars.kind, ignore_case: true}\n"
        "  - {that: ask.kind, is_empty: false}\nvars: {kind: cat}\n"
    ).checks
    assert [(each.name, str(each.that), each.pass_rate, each.level) for each in checks] == [
        ("ask.sure at least 0.9, equals 1", "ask.sure", 0.95, "warning"),
        ("kinds", "ask.kind", 1.0, "error"),
        ("ask.kind is not empty", "ask.kind", 1.0, "error"),
    ]
    assert [(each.name, each.value) for each in checks[0].comparisons] == [
        ("at_least", 0.9),
        ("equals", 1),
    ]
    assert checks[1].comparisons[0].value == Reference("vars", ("kind",))
    assert (checks[0].tolerance, checks[1].ignore_case) == (1.0, True)


def test_no_two_checks_are_called_the_same(loaded: Loaded) -> None:
    """Of those without a name the second is numbered, past names that an author gave."""
    workflow = loaded(
        HEAD + ASK + "    fields: {sure: number}\nchecks:\n"
        "  - {that: ask.sure, at_least: 1, pass_rate: 90%}\n"
        "  - {that: ask.sure, at_least: 1, level: warning}\n"
        "  - {name: ask.sure at least 1 (2), that: ask.sure, at_least: 2}\n"
        "  - {name: ask.sure at least 3, that: ask.sure, at_least: 1}\n"
        "  - {that: ask.sure, at_least: 3}\n"
        "  - {metric: mean, of: ask.sure, at_least: 1}\n"
        "  - {metric: mean, of: ask.sure, at_least: 1, level: warning}\n"
    )
    assert [each.name for each in (*workflow.checks, *workflow.metrics)] == [
        "ask.sure at least 1",
        "ask.sure at least 1 (3)",
        "ask.sure at least 1 (2)",
        "ask.sure at least 3",
        "ask.sure at least 3 (2)",
        "mean of ask.sure at least 1",
        "mean of ask.sure at least 1 (2)",
    ]


@pytest.mark.parametrize(
    ("output", "to"),
    [
        ("{save: ask, as: csv}", "ask.csv"),
        ("{save: ask.text, as: text}", "ask.text/"),
        ("{save: ask, as: text}", "ask-text/"),
        ("{save: ask, as: json, to: ./a//b.json}", "a/b.json"),
        ("{save: ask, as: text, to: 'letters\\'}", "letters/"),
    ],
)
def test_an_output_has_a_name_in_one_spelling(loaded: Loaded, output: str, to: str) -> None:
    """Made from what is saved when none is given."""
    assert loaded(HEAD + ASK + f"outputs:\n  - {output}\n").outputs[0].to == to


def test_two_outputs_without_a_name_are_two_folders(loaded: Loaded) -> None:
    """What is saved and how it is written are both in the name."""
    find = "steps: [{id: find, prompt: Find every cat., schema: masks}]\n"
    outputs = "outputs: [{save: find.masks, as: masks}, {save: find.masks, as: overlay}]\n"
    workflow = loaded(HEAD + find + outputs)
    assert [output.to for output in workflow.outputs] == ["find.masks/", "find.masks-overlay/"]


def test_a_part_is_valid_and_not_to_be_run(loaded: Loaded) -> None:
    """It may lack images, steps and variables: others bring them."""
    assert loaded("version: 1\npartial: true\ndefaults: {thinking: low}\n").partial
    workflow = loaded(
        "version: 1\npartial: true\nsteps: [{id: a, prompt: '{{ vars.x }} {{ roof.width }}'}]\n"
    )
    assert (workflow.partial, workflow.images, workflow.warnings) == (True, (), ())


def test_a_key_is_told_without_being_repeated(told: Told) -> None:
    """In every file, comments included."""
    key = "AIza" + "0123456789_abcdefghijklmnopqrstuvwx"
    lines = told(
        {
            "w.workflow.yaml": f"{HEAD}# {key}\nsteps: [{{id: a, prompt_file: a.md}}]\n",
            "a.md": f"My key is {key}.",
        }
    )
    assert [line[:20] for line in lines] == ["W130 w.workflow.yaml", "W130 a.md:1:11 this "]
    assert not any(key in line for line in lines)


@pytest.mark.parametrize(
    "text",
    [
        "defaults: {thinking: KEY}\n",
        "defaults: {KEY: low}\n",
        "outputs: [{save: KEY.text, as: csv}]\n",
        "x: {{ KEY }}\n",
        "x: my key: KEY\n",
        "KEY: [\n",
    ],
)
def test_no_problem_repeats_a_key(write: Callable[..., Path], text: str) -> None:
    """Whatever else is wrong with the place that it stands in."""
    key = "AIza" + "0123456789_abcdefghijklmnopqrstuvwx"
    path = write(HEAD + ASK + text.replace("KEY", key))
    with pytest.raises(Rejected) as rejected:
        load(path, environ={})
    assert key not in repr(rejected.value.problems)


OWN = "AQ.Ab8RN6-own_key/of+the=environment"
"""A key in a form that nobody can tell from other words."""


@pytest.mark.parametrize("key", ["AIza" + "0123456789_abcdefghijklmnopqrstuvwx", OWN])
def test_a_variable_never_holds_a_key(told: Told, key: str) -> None:
    """Those of the environment and of the command line may carry one by accident."""
    text = "vars: {x: {env: X, default: y}}\nsteps: [{id: a, prompt: '{{ vars.x }}'}]\n"
    environ = {"GEMINI_API_KEY": OWN, "X": key}
    assert told(HEAD + text, environ=environ) == [
        "W132 w.workflow.yaml:3:17 `X` holds an API key, and variables are sent to the model"
        " → delete this variable"
    ]
    assert told(HEAD + text, environ=environ, vars={"x": f"say {key}"}) == [
        "W132 --var x: this is an API key, and variables are sent to the model"
        " → leave it out: askpix finds the key by itself"
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"steps: [{{id: a, prompt: 'Say {OWN}.'}}]\n",
        f"steps: [{{id: a, prompt: x}}]  # {OWN}\n",
        "steps: [{id: a, prompt: 'Say "
        + base64.b64encode(f"key={OWN}".encode()).decode()
        + "'}]\n",
        "steps: [{id: a, prompt: 'Say " + quote(OWN) + "'}]\n",
        f"steps: [{{id: a, prompt: x, schema: {OWN}}}]\n",
        f"x-note: {OWN}\nsteps: [{{id: a, prompt: x}}]\n",
    ],
)
def test_the_key_of_the_environment_is_found_in_any_form(
    write: Callable[..., Path], text: str
) -> None:
    """Whatever it looks like, wherever it stands, it is an error that does not repeat it."""
    with pytest.raises(Rejected) as rejected:
        load(write(HEAD + text), environ={"GOOGLE_API_KEY": OWN})
    assert "W130" in [problem.code for problem in rejected.value.problems]
    assert OWN not in repr(rejected.value.problems)


def test_a_key_in_a_table_is_found(told: Told) -> None:
    """The cells of a table are sent, and stand in the results."""
    files = {
        "w.workflow.yaml": "version: 1\ndataset: {file: t.csv, image_columns: photo}\n" + ASK,
        "t.csv": f"photo,note\na.png,x\nb.png,{OWN}\n",
    }
    assert told(files, environ={"GEMINI_API_KEY": OWN}) == [
        "W130 t.csv:3:1 there is an API key in this line of the table → delete it, make a new one,"
        " and put GEMINI_API_KEY=… into a file `.env` or into the environment"
    ]


def test_what_is_resolved_loads_again_as_the_same(loaded: Loaded, tmp_path: Path) -> None:
    """`askpix show` prints a workflow: everything filled in, and every path still found."""
    files = {
        "sub/w.workflow.yaml": "version: 1\nextends: ../team.workflow.yaml\nimages: [x/a.png]\n"
        "steps:\n  - {id: a, prompt: 'Find {{ vars.thing }}.', schema: own}\n"
        "  - {id: b, prompt_file: b.md, fields: {kind: [x, y]}}\n"
        "checks: [{that: a.name, equals: x, pass_rate: 90%}]\noutputs: [{save: a, as: csv}]\n",
        "sub/b.md": "What?",
        "team.workflow.yaml": "version: 1\npartial: true\nvars: {thing: cat}\nrun: {limit: 3}\n"
        "schemas: {own: own.json}\ndefaults: {model: gemini-3.8-flash, thinking: low}\n",
        "own.json": '{"type": "object", "properties": {"name": {"type": "string"}}}',
    }
    first = loaded(files, allow_outside=True)
    assert list(first.resolved) == [
        "version", "name", "images", "fetch", "vars", "schemas", "steps", "checks", "outputs", "run"
    ]  # fmt: skip
    again = tmp_path / "sub" / "again.workflow.yaml"
    again.write_text(yaml.safe_dump(dict(first.resolved), sort_keys=False, allow_unicode=True))
    second = load(again, environ={}, allow_outside=True)
    assert second.resolved == first.resolved
    assert [step.shape for step in second.steps] == [step.shape for step in first.steps]
    assert [step.settings for step in second.steps] == [step.settings for step in first.steps]
    assert (second.run, second.vars, second.images) != (first.run, {}, ())
    assert (second.run, second.vars) == (first.run, first.vars)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the accepted files, in which one may write."""
    import shutil

    copy = tmp_path_factory.mktemp("accepted") / "a"
    shutil.copytree(ACCEPTED, copy)
    return copy


NAMES = [
    path.relative_to(ACCEPTED).as_posix()
    for path in sorted(ACCEPTED.rglob("*.workflow.yaml"))
    if path.parent.name != "shared"
]


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(NAMES), data=st.data())
def test_whatever_a_file_holds_it_is_a_workflow_or_rejected(
    changing: Callable[[Any, st.DataObject], None], folder: Path, name: str, data: st.DataObject
) -> None:
    """Nothing else ever happens, and what is rejected has a reason."""
    workflow = deepcopy(yaml.safe_load((ACCEPTED / name).read_text("utf-8")))
    for _ in range(data.draw(st.integers(1, 3))):
        changing(workflow, data)
    path = (folder / name).with_name("changed.workflow.yaml")
    path.write_text(yaml.safe_dump(workflow, sort_keys=False, allow_unicode=True), "utf-8")
    assert_loads_or_is_rejected(path)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.sampled_from(NAMES), data=st.data())
def test_whatever_a_file_looks_like_it_is_a_workflow_or_rejected(
    folder: Path, name: str, data: st.DataObject
) -> None:
    """Also when somebody's cat walked over the keyboard."""
    text = (ACCEPTED / name).read_text("utf-8")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 12)))
    walk = data.draw(st.text(alphabet="{}[]:#-*&!|>'\"%@` \n\tab1.", max_size=4))
    path = (folder / name).with_name("walked.workflow.yaml")
    path.write_text(text[:start] + walk + text[end:], "utf-8")
    assert_loads_or_is_rejected(path)


def assert_loads_or_is_rejected(path: Path) -> None:
    problems, wanted = outcome(path)
    assert [problem for problem in problems if problem.severity == "error"] or wanted == "workflow"
    assert all(problem.place for problem in problems)


def outcome(path: Path) -> tuple[tuple[Problem, ...], str]:
    try:
        return load(path, environ={}).warnings, "workflow"
    except Rejected as rejected:
        return rejected.problems, "rejected"


@pytest.mark.parametrize(
    ("comparison", "name"),
    [
        ("one_of: [true, false]", "ask.text one of true or false"),
        ("one_of: [1, 2]", "ask.text one of 1 or 2"),
        ("one_of: [cat, 2]", "ask.text one of cat or 2"),
        ("between: [1, 2.5]", "ask.text between 1 and 2.5"),
        ("equals: true", "ask.text equals true"),
    ],
)
def test_a_check_is_called_in_the_words_of_the_file(
    loaded: Loaded, comparison: str, name: str
) -> None:
    """`true`, not Python's `True`; and a choice is no span."""
    ask = "steps:\n  - id: ask\n    prompt: What?\n    schema: {type: object, properties: {text: {}}}\n"
    workflow = loaded(f"{HEAD}{ask}checks:\n  - {{that: ask.text, {comparison}}}\n")
    assert [check.name for check in workflow.checks] == [name]


def test_metrics_of_two_truths_have_names_of_their_own(loaded: Loaded, tmp_path: Path) -> None:
    """By its name a number stands in metrics.json and in the baseline; nothing else is renamed."""
    (tmp_path / "t.csv").write_text("image,label,x_min,y_min,x_max,y_max\na.png,,,,,\n")
    workflow = loaded(
        HEAD + "truth: {one: t.csv, two: t.csv}\n" + ASK + "    schema: boxes\nchecks:\n"
        "  - {metric: f1, of: ask.boxes, against: truth.one, at_least: 0.5}\n"
        "  - {metric: f1, of: ask.boxes, against: truth.two, at_least: 0.5}\n"
        "  - {metric: recall, of: ask.boxes, against: truth.two, at_least: 0.5}\n"
        "  - {metric: recall, name: mine, of: ask.boxes, against: truth.one, at_least: 0.5}\n"
    )
    assert [metric.name for metric in workflow.metrics] == [
        "f1 of ask.boxes against truth.one at least 0.5",
        "f1 of ask.boxes against truth.two at least 0.5",
        "recall of ask.boxes at least 0.5",
        "mine",
    ]
