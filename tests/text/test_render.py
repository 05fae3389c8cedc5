"""Templates are rendered within bounds, in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from runner.text.render import Renderer, RenderError

OUT_OF_MEMORY = "the template needs more than 700 MB of memory"
CONTEXT = {"label": "cat", "n": 3, "words": ["a", "b"], "row": {"items": "x", "size": None}}


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer(deadline_seconds=2.0) as renderer:
        yield renderer


RENDERED: list[tuple[str, str]] = [
    ("Find every {{ label }}.", "Find every cat."),
    ("no tags at all { } <b>\n", "no tags at all { } <b>\n"),
    ("<{{ '<&>' }}>", "<<&>>"),
    ("{% for w in words %}\n- {{ w }}\n{% endfor %}\nend\n", "- a\n- b\nend\n"),
    ("  {% if n > 2 %}\nmany\n  {% endif %}\n", "many\n"),
    ("{{ words | join(', ') | upper }}", "A, B"),
    ("{{ {'a': '<é>'} | tojson }}", '{"a": "<é>"}'),
    ("{{ row.items }} {{ row['items'] }} {{ row.size }}", "x x null"),
    ("{% for k, v in words | groupby('0') %}{{ k }}{% endfor %}", "ab"),
    ("🐱 {{ n + 1 }}", "🐱 4"),
    ("{{ words }}; {{ n > 2 }} {{ n < 2 }}; {{ [true, 1.5, none] }}", "a, b; true false; true, 1.5, null"),
    ("{{ words | map('upper') }} {{ range(3) }}", "A, B 0, 1, 2"),
    ("{{ {'a': 'é'} }} {{ [[1, 2], [3]] }}", '{"a": "é"} [[1, 2], [3]]'),
    ("{% set big = n > 2 %}{{ big }}{{ 7 / 2 }} {{ '' }}", "true3.5 "),
    ("{% set ns = namespace(t=0) %}{% for i in range(n) %}{% set ns.t = ns.t + i %}{% endfor %}{{ ns.t }}", "3"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "text"), RENDERED)
def test_a_template_is_filled_in(renderer: Renderer, template: str, text: str) -> None:
    """Lines of `{% … %}` leave nothing behind; nothing is escaped as for a web page."""
    assert renderer.render(template, CONTEXT) == text


def test_several_templates_share_their_values(renderer: Renderer) -> None:
    """In the order in which they were given."""
    assert renderer.render_all(["{{ label }}", "x", "{{ n }}"], CONTEXT) == ("cat", "x", "3")


def test_values_are_never_read_as_templates(renderer: Renderer) -> None:
    """What a model answered stays what it answered."""
    bad = "{{ 9**9 }} {% for x in y %} {# c #}"
    assert renderer.render("{{ x }}|{{ x }}", {"x": bad}) == f"{bad}|{bad}"


FAILURES: list[tuple[str, int | None, str]] = [
    ("a\n{{ labl }}", 2, "there is no value `labl`; did you mean `label`?"),
    ("{{ row.sise }}", 1, "there is no value `row.sise`; did you mean `row.size`?"),
    ("{{ nothing_like_it }}", 1, "there is no value `nothing_like_it`"),
    ("{{ row.size.x }}", 1, "there is no value `row.size.x`"),
    ("{{ words[7] }}", 1, "there is no value `7`"),
    ("{% if nope %}{% endif %}", 1, "there is no value `nope`"),
    ("{{ n + label }}", 1, "`label` is a text; + needs two numbers"),
    ("{{ 1 // 0 }}", 1, "a number is divided by zero"),
    ("x\n{{ label + 1 }}", 2, "`label` is a text; + needs two numbers"),
    ("{% if words > 1 %}{% endif %}", 1, "`words` is a list; > needs two numbers"),
    ("{{ 1 + row.size }}", 1, "`row.size` is empty; + needs two numbers"),
    ("{{ 'a' - n }}", 1, "- needs two numbers here"),
    ("${{ n + label }}", 1, "`label` is a text; + needs two numbers"),
    ("a\n{{ a b }}", 2, "`b` is not expected here"),
    ("{{ label | nope }}", 1, "there is no filter `nope`"),
    ("{{ ''.__class__.__mro__ }}", 1, "`__class__` may not be used in a template"),
    ("{{ cycler.__init__.__globals__ }}", 1, "`__init__` may not be used in a template"),
    ("{{ '{0.__class__}'.format(1) }}", 1, "`__class__` may not be used in a template"),
    ("{{ (words | map(attribute='__class__') | list)[0] }}", 1, "`__class__` may not be used in a template"),
    ("{% include 'x' %}", 1, "{% include %} cannot be used in a prompt"),
    ("{{ lipsum() }}", 1, "there is no value `lipsum`"),
    ("{{ 'a' * 10**9 }}", None, OUT_OF_MEMORY),
    ("{{ 'a' | center(10**9) }}", None, OUT_OF_MEMORY),
    ("{{ 'a'.ljust(10**9) }}", None, OUT_OF_MEMORY),
    ("{{ '%1000000000d' % 1 }}", None, OUT_OF_MEMORY),
    ("{{ 'x' * 2000000 }}", None, "the text becomes longer than 1,000,000 characters"),
    ("x" * 1_000_001, None, "the text becomes longer than 1,000,000 characters"),
    ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", None, "the template is nested too deeply, or calls itself"),
    ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", None, "the template is nested too deeply, or calls itself"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("template", "line", "message"), FAILURES, ids=[row[0][:40] for row in FAILURES]
)
def test_a_template_that_fails_says_why(
    renderer: Renderer, template: str, line: int | None, message: str
) -> None:
    """A sentence with the line, whatever the template tries; the next one is rendered as ever."""
    if message == OUT_OF_MEMORY and sys.platform != "linux":
        pytest.skip("this system bounds the memory of no process")
    with pytest.raises(RenderError) as error:
        renderer.render(template, CONTEXT)
    assert (error.value.line, error.value.message) == (line, message)
    assert renderer.render("{{ label }}", CONTEXT) == "cat"


@pytest.mark.parametrize(
    "template",
    [
        "{{ 9**(9**9) }}",
        "{% if false %}{{ 9**(9**9) }}{% endif %}",
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    ],
)
def test_a_template_without_end_is_ended(template: str) -> None:
    """After the deadline the process is replaced; a branch that is never taken counts, too."""
    with Renderer(deadline_seconds=0.3) as renderer:
        with pytest.raises(RenderError) as error:
            renderer.render(template, {})
        assert error.value.message in ("the template takes too long", OUT_OF_MEMORY)
    with Renderer() as renderer:
        assert renderer.render("{{ 1 + 1 }}", {}) == "2"


def test_a_batch_says_which_template_failed(renderer: Renderer) -> None:
    """By its position."""
    with pytest.raises(RenderError) as error:
        renderer.render_all(["{{ label }}", "x {{ nope }}"], CONTEXT)
    assert (error.value.index, str(error.value)) == (1, "line 1: there is no value `nope`")


def test_values_must_be_plain_data(renderer: Renderer) -> None:
    """An object of this program never reaches a template."""
    with pytest.raises(
        RenderError, match="a value for the template is no plain data: object is not"
    ):
        renderer.render("{{ x }}", {"x": object()})


def test_a_process_that_was_killed_is_replaced(renderer: Renderer) -> None:
    """From outside, too: one template fails, the next one is rendered."""
    renderer.render("{{ n }}", CONTEXT)
    assert renderer._child is not None
    renderer._child._process.kill()
    renderer._child._process.wait()
    with pytest.raises(RenderError, match="brought down the process"):
        renderer.render("{{ n }}", CONTEXT)
    assert renderer.render("{{ n }}", CONTEXT) == "3"


@pytest.mark.skipif(os.name == "nt", reason="process groups are those of Unix")
def test_what_a_terminal_sends_when_it_closes_ends_no_template() -> None:
    """It reaches all processes of the command; only the parent says what comes of it."""
    code = (
        "import os, signal\n"
        "from runner.text.render import Renderer\n"
        "for name in ('SIGHUP', 'SIGTERM', 'SIGINT'):\n"
        "    signal.signal(getattr(signal, name), lambda *_: None)\n"
        "with Renderer() as renderer:\n"
        "    told = [renderer.render('{{ n }}', {'n': 1})]\n"
        "    for name in ('SIGHUP', 'SIGTERM', 'SIGINT'):\n"
        "        os.killpg(0, getattr(signal, name))\n"
        "        told.append(renderer.render('{{ n }}', {'n': 2}))\n"
        "print(told)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,
    )
    assert done.stdout == "['1', '2', '2', '2']\n"


def test_no_process_is_started_for_plain_texts() -> None:
    """Nor does closing one that was never started do harm, twice."""
    renderer = Renderer()
    assert renderer.render("{ just text }", {}) == "{ just text }"
    assert renderer._child is None
    renderer.close()
    renderer.close()


def test_the_process_knows_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of the child holds no variable that could be a secret."""
    monkeypatch.setenv("GEMINI_API_KEY", "canary-key")
    with Renderer() as renderer:
        renderer.render("{{ 1 }}", {})
        assert renderer._child is not None
        environment = f"/proc/{renderer._child._process.pid}/environ"
        if not os.path.exists(environment):
            pytest.skip("only Linux shows the environment of a process")
        with open(environment, "rb") as file:
            assert b"canary-key" not in file.read()
