"""The process in which templates are rendered: nothing but Jinja and two pipes.

Run as a script in isolated mode, it imports nothing of the runner. It reads messages from standard
input and answers on standard output; each is four bytes of length (big-endian) and that much JSON.
The first message says where Jinja is installed and what templates may use. Every later one is a
batch: templates and one set of values. The answer is `{"texts": […]}`, or `{"error": …, "index":
…, "line": …, "name": …}` for the first template of the batch that failed.
"""

from __future__ import annotations

import json
import signal
import struct
import sys
from types import GeneratorType
from typing import IO, Any

LENGTH = struct.Struct(">I")


def main() -> None:
    """Renders until the parent closes the pipe."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this
    setup = _receive(requests)
    sys.path[:0] = setup["path"]
    _bound_memory(setup["memory_bytes"])
    templates = _Templates(setup)
    _send(answers, {"ready": True})
    while True:
        try:
            message = _receive(requests)
        except EOFError:
            return
        _alarm(setup["seconds"])
        answer = templates.render(message["templates"], message["context"])
        _alarm(0)
        _send(answers, answer)
        if answer.get("exhausted"):
            return  # what is left of the memory is no place to go on


class _Templates:
    """Compiles each template once and renders it under the limits."""

    def __init__(self, setup: dict[str, Any]) -> None:
        from jinja2 import StrictUndefined
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        class Environment(ImmutableSandboxedEnvironment):
            def getattr(self, obj: Any, attribute: str) -> Any:
                # `row.items` is the column `items` where there is one, not the method of a dict.
                if isinstance(obj, dict) and attribute in obj:
                    return obj[attribute]
                return super().getattr(obj, attribute)

        # Line breaks of a prompt are the author's: lines of `{% if %}` leave none behind.
        environment = Environment(
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,
            finalize=_as_text,
            cache_size=0,
        )
        environment.filters = _only(environment.filters, setup["filters"])
        environment.filters["tojson"] = _to_json
        environment.tests = _only(environment.tests, setup["tests"])
        environment.globals = _only(environment.globals, setup["globals"])
        self._environment = environment
        self._most = setup["characters"]
        self._compiled: dict[str, Any] = {}

    def render(self, sources: list[str], context: dict[str, Any]) -> dict[str, Any]:
        texts: list[str] = []
        for index, source in enumerate(sources):
            try:
                texts.append(self._render(source, context))
            except (MemoryError, RecursionError) as error:
                self._compiled.clear()
                kind = "memory" if isinstance(error, MemoryError) else "recursion"
                return {"error": kind, "index": index, "exhausted": kind == "memory"}
            except Exception as error:
                return {"index": index, **_told(error)}
        return {"texts": texts}

    def _render(self, source: str, context: dict[str, Any]) -> str:
        template = self._compiled.get(source)
        if template is None:
            if len(self._compiled) >= 256:
                self._compiled.clear()
            template = self._compiled[source] = self._environment.from_string(source)
        pieces: list[str] = []
        size = 0
        for piece in template.generate(context):
            size += len(piece)
            if size > self._most:
                raise _TooLong
            pieces.append(piece)
        return "".join(pieces)


class _TooLong(Exception):
    pass


def _told(error: Exception) -> dict[str, Any]:
    from jinja2 import TemplateSyntaxError, UndefinedError
    from jinja2.exceptions import SecurityError

    line = _line(error)
    match error:
        case _TooLong():
            return {"error": "output", "line": None}
        case UndefinedError():
            return {"error": "undefined", "line": line, "text": str(error)}
        case SecurityError():
            return {"error": "security", "line": line, "text": str(error)}
        case TemplateSyntaxError():
            return {"error": "syntax", "line": error.lineno, "text": error.message or ""}
        case _:
            return {"error": "other", "line": line, "text": f"{error}"[:500]}


def _line(error: BaseException) -> int | None:
    """The line of the template: Jinja rewrites the traceback to it."""
    found, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def _as_text(value: Any) -> Any:
    """A value as its author writes it: `true`, not Python's `True`; a list with commas."""
    if isinstance(value, (list, tuple, range, GeneratorType)):
        items = list(value)
        if any(isinstance(item, (list, tuple, dict)) for item in items):
            return _to_json(items)
        return ", ".join(str(_as_text(item)) for item in items)
    if value is None or isinstance(value, (bool, dict)):
        return _to_json(value)
    return value


def _to_json(value: object, indent: int | None = None) -> str:
    """Jinja's own writes `<` as `\\u003c`, for web pages; a prompt is none."""
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _only(all_of_them: Any, names: list[str]) -> dict[str, Any]:
    return {name: all_of_them[name] for name in names if name in all_of_them}


def _bound_memory(most: int) -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    except (ImportError, ValueError, OSError):
        pass  # Windows has no such limit, and macOS refuses to set it: the deadline still holds


def _alarm(seconds: float) -> None:
    """The end of this process, even if nobody is left to end it. 0 takes it back."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _receive(pipe: IO[bytes]) -> dict[str, Any]:
    head = pipe.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    message: dict[str, Any] = json.loads(pipe.read(LENGTH.unpack(head)[0]))
    return message


def _send(pipe: IO[bytes], message: dict[str, Any]) -> None:
    body = json.dumps(message).encode()
    pipe.write(LENGTH.pack(len(body)) + body)
    pipe.flush()


if __name__ == "__main__":
    main()
