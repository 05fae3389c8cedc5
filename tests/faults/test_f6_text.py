"""F6: YAML, templates, schemas and patterns, written by somebody who means harm or by mistake."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from runner.cli import group

KEY = "AIzaCANARY-0123456789-canary-9876543210"
HEAD = "version: 1\nimages: a.png\n"
STEPS = "steps:\n  - {id: say, prompt: What is this?}\n"
RUN = "run: {cache: off, retries: 0}\n"

Write = Callable[..., None]
Told = Callable[[str | bytes], list[str]]


def askpix(*arguments: str) -> Result:
    """A command as it is typed. No error of ours ever reaches a person."""
    return CliRunner().invoke(group, arguments, catch_exceptions=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an image."""
    Image.new("RGB", (64, 48), "red").save(tmp_path / "a.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    return tmp_path


@pytest.fixture
def told(folder: Path) -> Told:
    """The codes of the errors that `validate` tells about a workflow; it tells each in one place."""

    def telling(text: str | bytes) -> list[str]:
        content = text.encode() if isinstance(text, str) else text
        (folder / "w.workflow.yaml").write_bytes(content)
        said = askpix("validate", "w.workflow.yaml", "--format", "json")
        problems = [p for p in json.loads(said.stdout)["problems"] if p["severity"] == "error"]
        assert said.exit_code == (2 if problems else 0)
        assert all(problem["line"] for problem in problems)
        return [problem["code"] for problem in problems]

    return telling


@pytest.fixture
def sent(folder: Path, service: Any) -> Callable[..., list[str]]:
    """Runs a workflow; the prompts that reached the service."""

    def running(text: str, *options: str) -> list[str]:
        (folder / "w.workflow.yaml").write_text(text)
        service.says("Seen: {{ 7 * 7 }} {% raw %}")
        askpix("run", "w.workflow.yaml", "--base-url", service.url, "--quiet", "--fresh", *options)
        parts = [
            part for request in service.requests for part in request.json["input"][0]["content"]
        ]
        return [part["text"] for part in parts if part["type"] == "text"]

    return running


LAUGHS = "x-a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"x-{new}: &{new} [{','.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "x-a: &a {k: v}\n" + "".join(
    f"x-{new}: &{new} {{<<: [{','.join([f'*{old}'] * 10)}]}}\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("bomb", "codes"),
    [
        (LAUGHS, {"W111"}),
        (MERGES, {"W111"}),
        ("x-a: &a [*a]\n", {"W111"}),
        ("x-a: &a {b: *a}\n", {"W111"}),
        ("x-a: &a {k: v}\nx-b: {<<: *a}\n", {"W111"}),
    ],
)
def test_F601_links_that_multiply_or_go_in_circles_are_refused(
    bomb: str, codes: set[str], told: Told
) -> None:
    """At once: a few hundred bytes never become a million values, and `<<` merges nothing."""
    assert set(told(HEAD + bomb + STEPS)) == codes


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system ['touch pwned']",
        "!!python/name:os.system",
        "!own thing",
        "!!binary aGVsbG8=",
        "!<tag:yaml.org,2002:python/object/new:os.system> [touch pwned]",
    ],
)
def test_F602_a_tag_is_refused(value: str, told: Told, folder: Path) -> None:
    """Nothing in a file can name a type, so nothing is made or called."""
    assert told(f"{HEAD}x-a: {value}\n{STEPS}")[0] in ("W112", "W105")
    assert not (folder / "pwned").exists()


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_F603_deep_nesting_is_refused(opening: str, told: Told) -> None:
    """At 40 levels, before any parser descends: a hundred thousand brackets crash none."""
    assert told(f"{HEAD}x-a: {opening * 100_000}\n{STEPS}")
    assert told(f"{HEAD}x-a: {'[' * 41}{']' * 41}\n{STEPS}") == ["W114"]
    assert told(f"{HEAD}x-a: {'[' * 30}{']' * 30}\n{STEPS}") == []


def test_F604_a_key_that_stands_twice_is_refused(told: Told) -> None:
    """Anywhere, and however it is written: the last one never wins silently."""
    assert told(f"{HEAD}images: b.png\n{STEPS}") == ["W110"]
    assert told(HEAD + "steps:\n  - {id: say, prompt: x, 'prompt': y}\n") == ["W110"]
    assert told(f"{HEAD}vars: {{a: 1, a: 2}}\n{STEPS}") == ["W110"]


def test_F605_words_stay_what_the_author_sees(folder: Path) -> None:
    """YAML 1.2: what YAML 1.1 would turn into something else is a text, unless plainly a number."""
    text = (
        "vars: {a: NO, b: on, c: 1e3, d: 010, e: 16:9, f: 22:22, g: 2026-11-20, h: 1_000, i: yes,"
        " j: '1.10', k: True, l: [007, 08], m: 0.5}\n"
    )
    (folder / "w.workflow.yaml").write_text(HEAD + text + STEPS)
    from runner.workflow.load import load

    assert load(folder / "w.workflow.yaml", environ={}).vars == SEEN
    (folder / "w.workflow.yaml").write_text(HEAD + "vars: {a: 3.10}\n" + STEPS)
    said = askpix("validate", "w.workflow.yaml")
    assert (said.exit_code, "warning[W128]" in said.stderr) == (0, True)


SEEN: dict[str, object] = {
    "a": "NO",
    "b": "on",
    "c": 1000.0,
    "d": "010",
    "e": "16:9",
    "f": "22:22",
    "g": "2026-11-20",
    "h": "1_000",
    "i": "yes",
    "j": "1.10",
    "k": True,
    "l": ["007", "08"],
    "m": 0.5,
}


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (("\ufeff" + HEAD + STEPS).encode(), []),
        ((HEAD + STEPS).replace("\n", "\r\n").encode(), []),
        ((HEAD + "steps:\n\t- {id: say, prompt: x}\n").encode(), ["W108"]),
        ((HEAD + STEPS).encode("utf-16"), ["W113"]),
        ((HEAD + STEPS + "# é").encode("latin-1"), ["W113"]),
        ((HEAD + STEPS + "# \0").encode(), ["W113"]),
        ((HEAD + "name: a\u2028run: {limit: 1}\n" + STEPS).encode(), ["W113"]),
        ((HEAD + STEPS + "---\n" + HEAD).encode(), ["W115"]),
        (b"", ["W116"]),
        ((HEAD + STEPS).encode() + b"#" * 1_000_001, ["W114"]),
        ((HEAD + "vars: {a: 1e999}\n" + STEPS).encode(), ["W125"]),
        ((HEAD + "vars: {a: " + "9" * 5000 + "}\n" + STEPS).encode(), []),  # it stays a text
        (b"\x89PNG\r\n\x1a\n\0\0", ["W113"]),
        (b"PK\x03\x04" + b"\xff" * 50, ["W113"]),
    ],
)
def test_F606_what_is_no_plain_text_is_told_in_one_sentence(
    content: bytes, codes: list[str], told: Told
) -> None:
    """A byte order mark and Windows line ends are fine; everything else has its own message."""
    assert told(content) == codes


def test_F607_a_value_never_becomes_yaml(sent: Callable[..., list[str]], folder: Path) -> None:
    """Files are read before templates are filled in: a value that looks like YAML is a value."""
    value = "cat\nrun: {max_requests: 1}\nimages: /etc/*"
    text = f"{HEAD}vars: {{x: y}}\nsteps: [{{id: say, prompt: 'Find {{{{ vars.x }}}}.'}}]\n{RUN}"
    assert sent(text, "--var", f"x={value}") == [f"Find {value}."]
    shown = askpix("show", "w.workflow.yaml", "--var", f"x={value}").stdout
    (folder / "again.workflow.yaml").write_text(shown)
    again = askpix("show", "again.workflow.yaml").stdout
    assert again.replace("again", "w") == shown.replace("again", "w")


ESCAPES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('touch pwned').read() }}",
    "{{ lipsum.__globals__['os'].popen('touch pwned').read() }}",
    "{{ self._TemplateReference__context }}",
    "{{ ''|attr('__class__') }}",
    "{{ ['x']|map(attribute='__class__')|list }}",
    "{{ '{0.__class__.__mro__}'.format(vars) }}",
    "{{ ('{0.__class__}'|string).format_map({'0': 1}) }}",
    "{{ vars.a.__class__ }}",
    "{{ vars['__class__'] }}",
    "{{ vars.list.append(1) }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ ().__class__.__base__.__subclasses__() }}",
    "{{ image.__init__ }}",
    "{{ vars.a.format.__globals__ }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% extends '/etc/passwd' %}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
)


def test_F608_no_template_leaves_its_sandbox(
    sent: Callable[..., list[str]], told: Told, folder: Path
) -> None:
    """Nothing is run, nothing of Python is shown, and nothing of it is sent: each is refused when
    the file is read, or that request fails before it is sent."""
    head = f"{HEAD}vars: {{a: b, list: [1]}}\n"
    steps = [
        {"id": f"s{number}", "prompt": f"Say {escape}."} for number, escape in enumerate(ESCAPES)
    ]
    later = [each for each in steps if not told(f"{head}steps: {json.dumps([each])}\n")]
    assert 3 < len(later) < len(ESCAPES)
    fine = {"id": "fine", "prompt": "Fine."}
    assert sent(f"{head}steps: {json.dumps([*later, fine])}\n{RUN}") == ["Fine."]
    assert not (folder / "pwned").exists()


BOMBS = (
    "{% if false %}{{ 9 ** (9 ** 9) }}{% endif %}",
    "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
    "{{ 'x'.center(10**10) }}",
)
"""More of them: tests/text/test_render.py."""


def test_F609_a_template_that_never_ends_is_ended(
    sent: Callable[..., list[str]], folder: Path
) -> None:
    """Bounded in time, memory and length, in a process of its own: that request fails by itself."""
    prompts = [{"id": f"s{number}", "prompt": f"x {bomb}"} for number, bomb in enumerate(BOMBS)]
    steps = json.dumps([*prompts, {"id": "fine", "prompt": "Fine."}])
    assert sent(f"{HEAD}steps: {steps}\n{RUN}") == ["Fine."]
    (file,) = folder.glob("runs/*/results.jsonl")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["status"] for line in lines] == ["failed"] * len(BOMBS) + ["ok"]


def test_F610_a_name_that_nobody_defined_is_told_before_anything_is_paid(
    told: Told, folder: Path, sent: Callable[..., list[str]]
) -> None:
    """Variables, columns and steps when the file is read; never a prompt with a hole in it."""
    (folder / "t.csv").write_text("image,name\na.png,Tom\n")
    table = "version: 1\ndataset: {file: t.csv, image_columns: image}\n"
    assert told(HEAD + "steps: [{id: say, prompt: 'Say {{ vars.x }}.'}]\n") == ["W311"]
    assert told(HEAD + "steps: [{id: say, prompt: 'Say {{ nothing }}.'}]\n") == ["W312"]
    assert told(table + "steps: [{id: say, prompt: 'Say {{ row.nme }}.'}]\n") == ["W313"]
    (folder / "t.jsonl").write_text('{"image": "a.png", "name": "Tom"}\n{"image": "a.png"}\n')
    rows = table.replace("t.csv", "t.jsonl") + "steps: [{id: say, prompt: 'Say {{ row.name }}.'}]\n"
    assert sent(rows + RUN) == ["Say Tom."]


def test_F611_braces_in_data_are_never_rendered(sent: Callable[..., list[str]]) -> None:
    """Neither those of a variable nor those of an answer in a later prompt."""
    steps = (
        "steps:\n  - {id: say, prompt: 'Say {{ vars.x }}.'}\n"
        "  - {id: then, prompt: 'Explain: {{ say.text }}'}\n"
    )
    text = f"{HEAD}vars: {{x: '{{{{ 7 * 7 }}}}'}}\n{steps}{RUN}"
    assert sent(text) == ["Say {{ 7 * 7 }}.", "Explain: Seen: {{ 7 * 7 }} {% raw %}"]


def test_F612_a_pattern_takes_linear_time(folder: Path, service: Any, told: Told) -> None:
    """`^(a+)+$` over a long answer ends at once; what cannot be done in linear time is refused."""
    checks = "checks: [{that: say.text, matches: '^(a+)+$'}]\n"
    schema = "{type: object, properties: {a: {type: string, pattern: '^(a+)+$'}}, required: [a]}"
    steps = f"steps:\n  - {{id: say, prompt: x}}\n  - {{id: read, prompt: x, schema: {schema}}}\n"
    (folder / "w.workflow.yaml").write_text(HEAD + steps + checks + RUN)
    service.says("a" * 50_000 + "!", json.dumps({"a": "a" * 50_000 + "!"}))
    ended = askpix("run", "w.workflow.yaml", "--base-url", service.url, "--quiet")
    assert ended.exit_code == 3
    for pattern in (r"(a)\1", "(?=a)b", "(?<!a)b"):
        assert told(f"{HEAD}{STEPS}checks: [{{that: say.text, matches: '{pattern}'}}]\n") == [
            "W603"
        ]


def test_F613_a_reference_of_a_schema_leads_nowhere_else(
    told: Told, folder: Path, service: Any
) -> None:
    """Nothing is fetched and no file is read, neither when the file is read nor when it is used."""
    (folder / "other.json").write_text('{"type": "string"}')
    for reference in (
        f"{service.url}/x.json",
        "file:///etc/hostname",
        "other.json",
        "//127.0.0.4/x",
    ):
        schema = {"type": "object", "properties": {"a": {"$ref": reference}}}
        (folder / "own.json").write_text(json.dumps(schema))
        for given in (json.dumps(schema), "./own.json"):
            assert told(f"{HEAD}steps: [{{id: say, prompt: x, schema: {given}}}]\n") == ["W445"]
    assert service.connections == 0


def test_F614_a_schema_without_end_is_told(told: Told, folder: Path) -> None:
    """`$ref: '#'` that gets nowhere, circles of references, three thousand levels."""
    circle = {
        "$ref": "#/$defs/a",
        "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
    }
    deep = '{"type": "object", "properties": {"a": ' * 3000 + '{"type": "string"}' + "}}" * 3000
    (folder / "deep.json").write_text(deep)
    for given in ("{$ref: '#'}", json.dumps(circle), "./deep.json"):
        codes = told(f"{HEAD}steps: [{{id: say, prompt: x, schema: {given}}}]\n")
        assert set(codes) <= {"W445", "W446"} != set()
        assert codes


def test_F614_an_answer_deeper_than_its_schema_can_follow_is_malformed(
    folder: Path, service: Any
) -> None:
    """A schema may refer to itself inside a value; an answer of a thousand levels is no crash."""
    schema = "{type: object, properties: {a: {$ref: '#'}}}"
    (folder / "w.workflow.yaml").write_text(
        f"{HEAD}steps: [{{id: say, prompt: x, schema: {schema}}}]\n{RUN}"
    )
    service.says('{"a": ' * 5000 + "{}" + "}" * 5000)
    assert askpix("run", "w.workflow.yaml", "--base-url", service.url, "--quiet").exit_code == 3
    (file,) = folder.glob("runs/*/results.jsonl")
    assert json.loads(file.read_text())["status"] == "malformed"


def test_F615_a_misspelt_word_of_a_schema_is_told(folder: Path) -> None:
    """With the word that was meant; and a `format` is asserted, not only noted."""
    schema = "{type: object, properties: {a: {type: string}}, requred: [a]}"
    (folder / "w.workflow.yaml").write_text(
        f"{HEAD}steps: [{{id: say, prompt: x, schema: {schema}}}]\n"
    )
    said = askpix("validate", "w.workflow.yaml")
    assert said.exit_code == 2
    assert "there is no keyword `requred` in JSON Schema" in said.stderr
    assert "`required`" in said.stderr


def test_F615_a_format_is_asserted(folder: Path, service: Any) -> None:
    """A date that is none is a malformed answer, never a date."""
    schema = "{type: object, properties: {a: {type: string, format: date}}, required: [a]}"
    (folder / "w.workflow.yaml").write_text(
        f"{HEAD}steps: [{{id: say, prompt: x, schema: {schema}}}]\n{RUN}"
    )
    service.says('{"a": "31.12.2026"}')
    assert askpix("run", "w.workflow.yaml", "--base-url", service.url, "--quiet").exit_code == 3
    (file,) = folder.glob("runs/*/results.jsonl")
    assert json.loads(file.read_text())["status"] == "malformed"
