"""Rendering of templates within bounds: in a process of its own, with limits on everything.

No list of forbidden words keeps a template harmless: `'a' * 10**9` and `9**(9**9)` are computed
when the template is compiled, in a branch that is never taken as well, and `center`, `ljust` and
`%` make as much text. So the work is done where it may fail: a child with bounded memory that is
ended after two seconds and started again for the next template. Values are data: they are put in
once and never read as templates themselves.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from types import TracebackType
from typing import IO, Any

from runner.text.suggest import did_you_mean
from runner.text.template import inspect
from runner.text.template_words import FILTERS, GLOBALS, RANGE_TOO_LONG, TESTS

MAX_CHARACTERS = 1_000_000
"""Of one rendered prompt."""

MEMORY_BYTES = 700 << 20
START_SECONDS = 60.0
"""A busy machine may need a while to start a process; nothing of a template runs in this time."""

MAX_ANSWER = 256 << 20
"""Bytes of what the child may send for one batch."""

CHILD = Path(__file__).resolve().with_name("render_child.py")
_LENGTH = struct.Struct(">I")


class RenderError(Exception):
    """A template that could not be rendered: `message` says why, `line` where when it is known.

    `index` is the position of the template in its batch, None when the batch failed as a whole.
    """

    def __init__(self, message: str, line: int | None = None, index: int | None = 0) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.message, self.line, self.index = message, line, index


class Renderer:
    """Renders templates with values; holds one child process, started when it is first needed.

    A context manager; `close` may be called at any time, more than once. Threads may share it.
    """

    def __init__(self, deadline_seconds: float = 2.0) -> None:
        self._deadline = deadline_seconds
        self._child: _Child | None = None
        self._lock = Lock()

    def __enter__(self) -> Renderer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the child."""
        with self._lock:
            self._end()

    def render(self, template: str, context: Mapping[str, object]) -> str:
        """The text of a template with these values. Raises `RenderError`."""
        return self.render_all((template,), context)[0]

    def render_all(
        self, templates: Sequence[str], context: Mapping[str, object]
    ) -> tuple[str, ...]:
        """The texts of several templates with the same values, within one deadline.

        Values are plain data: texts, numbers, lists, mappings. Raises `RenderError` for the first
        template that fails.
        """
        if any(len(template) > MAX_CHARACTERS for template in templates):
            raise RenderError(_LIMITS["output"], index=None)
        if not any(tag in template for template in templates for tag in ("{{", "{%", "{#")):
            return tuple(templates)
        request = _request(templates, context)
        with self._lock:
            answer = self._ask(request)
        if "texts" in answer:
            return tuple(answer["texts"])
        raise _error(answer, templates, context)

    def _ask(self, request: bytes) -> dict[str, Any]:
        if self._child is None:
            self._child = _Child()
            if self._child.ask(_setup(self._deadline), START_SECONDS) is None:
                self._end()
                raise RenderError("the process that renders templates does not start", index=None)
        answer = self._child.ask(request, self._deadline)
        if answer is None or answer.get("exhausted"):
            late = answer is None and self._child.is_alive
            self._end()
            return answer or {"error": "late" if late else "crashed", "index": None}
        return answer

    def _end(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


class _Child:
    """The process, and a thread that waits for its answers so that waiting can end."""

    def __init__(self) -> None:
        self._answers: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        # -I and -S: nothing of the user's environment or site is read, so it starts quickly and
        # the same everywhere. The environment holds no key. What a terminal sends to all processes is
        # for the parent alone, which ends this.
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except OSError as error:
            raise RenderError(f"templates cannot be rendered: no process ({error})") from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._pipe: IO[bytes] = self._process.stdin
        self._reader = Thread(
            target=_listen, args=(self._process.stdout, self._answers), daemon=True
        )
        self._reader.start()

    def ask(self, request: bytes, seconds: float) -> dict[str, Any] | None:
        """The answer, or None when there is none in time or the process has ended."""
        try:
            self._pipe.write(request)
            self._pipe.flush()
            return self._answers.get(timeout=seconds)
        except (Empty, OSError):
            return None

    @property
    def is_alive(self) -> bool:
        """False when it ended by itself."""
        return self._process.poll() is None

    def end(self) -> None:
        """Ends the process and waits until it is gone."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        with contextlib.suppress(OSError):  # what was not written is of no use to anyone
            self._pipe.close()


_ENVIRONMENT = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def _listen(pipe: IO[bytes], answers: SimpleQueue[dict[str, Any] | None]) -> None:
    with pipe:
        while True:
            head = pipe.read(_LENGTH.size)
            size = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else MAX_ANSWER + 1
            if size > MAX_ANSWER:
                answers.put(None)
                return
            try:
                answers.put(json.loads(pipe.read(size)))
            except ValueError:  # it was ended while it wrote
                answers.put(None)
                return


def _setup(seconds: float) -> bytes:
    return _message(
        {
            "path": sorted({_folder("jinja2"), _folder("markupsafe")}),
            "memory_bytes": MEMORY_BYTES,
            "characters": MAX_CHARACTERS,
            # Longer than the deadline: it only counts when the parent is gone.
            "seconds": 2 * seconds + 1,
            "filters": sorted(FILTERS),
            "tests": sorted(TESTS),
            "globals": sorted(GLOBALS),
        }
    )


def _folder(package: str) -> str:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent.parent)


def _request(templates: Sequence[str], context: Mapping[str, object]) -> bytes:
    try:
        return _message({"templates": list(templates), "context": dict(context)})
    except (TypeError, ValueError, RecursionError) as error:
        message = f"a value for the template is no plain data: {error}"
        raise RenderError(message, index=None) from error


def _message(content: dict[str, object]) -> bytes:
    body = json.dumps(content, default=_plain).encode()
    return _LENGTH.pack(len(body)) + body


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not text, number, list or mapping")


def _error(
    answer: dict[str, Any], templates: Sequence[str], context: Mapping[str, object]
) -> RenderError:
    index, line, text = answer["index"], answer.get("line"), answer.get("text", "")
    match answer["error"]:
        case "undefined":
            message = _undefined(text, templates[index], line, context)
        case "security":
            message = _forbidden(text)
        case "syntax" | "other":
            found = inspect(templates[index])[1]
            mistakes = [mistake for mistake in found if mistake.severity == "error"]
            message = (
                mistakes[0].message if mistakes else _failed(text, templates[index], line, context)
            )
            line = mistakes[0].line if mistakes else line
        case kind:
            message = _LIMITS[kind]
    return RenderError(message, line, index)


_LIMITS = {
    "memory": f"the template needs more than {MEMORY_BYTES >> 20} MB of memory",
    "recursion": "the template is nested too deeply, or calls itself",
    "output": f"the text becomes longer than {MAX_CHARACTERS:,} characters",
    "late": "the template takes too long",
    "crashed": "the template brought down the process that renders it",
}


_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "a text"),
    (list, "a list"),
    (tuple, "a list"),
    (Mapping, "a group of values"),
    (type(None), "empty"),
)


def _failed(text: str, template: str, line: int | None, context: Mapping[str, object]) -> str:
    """What Python complains about, in the words of who wrote the template."""
    if "by zero" in text:
        return "a number is divided by zero"
    if "Range too big" in text:
        return RANGE_TOO_LONG
    sign = _sign(text)
    if sign is None:
        return f"the template failed: {text}"
    for use in inspect(template)[0]:
        kind = _kind(_value(context, use.path)) if line in (use.line, None) else None
        if kind is not None:
            return f"`{'.'.join(use.path)}` is {kind}; {sign} needs two numbers"
    return f"{sign} needs two numbers here"


def _sign(text: str) -> str | None:
    """The sign between two values that do not go together."""
    found = re.match(r"unsupported operand type\(s\) for (\S+?):|'([<>]=?)' not supported", text)
    if found is not None:
        return found[1] or found[2]
    joined = "can only concatenate" in text
    return "+" if joined else "*" if "can't multiply sequence" in text else None


def _kind(value: object) -> str | None:
    """What a value that is no number is."""
    return next((name for kind, name in _KINDS if isinstance(value, kind)), None)


def _value(context: Mapping[str, object], path: Sequence[str]) -> object:
    """The value of a name; 0 where there is none."""
    value: object = context
    for step in path:
        value = value.get(step, 0) if isinstance(value, Mapping) else 0
    return value


def _undefined(text: str, template: str, line: int | None, context: Mapping[str, object]) -> str:
    found = re.search(r"(?:no attribute|no element) '?(.+?)'?$|'(.+?)' is undefined", text)
    if found is None:
        return f"a value is missing: {text}"
    name = found[1] or found[2]
    path = next(
        (
            use.path[: use.path.index(name) + 1]
            for use in inspect(template)[0]
            if name in use.path and line in (use.line, None)
        ),
        (name,),
    )
    close = did_you_mean(name, _names(context, path[:-1]))
    hint = f"; did you mean `{'.'.join((*path[:-1], close))}`?" if close else ""
    return f"there is no value `{'.'.join(path)}`{hint}"


def _names(context: Mapping[str, object], path: Sequence[str]) -> Sequence[str]:
    value: object = context
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return [str(name) for name in value] if isinstance(value, Mapping) else ()


def _forbidden(text: str) -> str:
    name = re.search(r"attribute '(.+?)'", text)
    if name:
        return f"`{name[1]}` may not be used in a template"
    return f"the template does something that is not allowed: {text}"
