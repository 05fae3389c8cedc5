"""An OpenAI-compatible server: whether it is reached, wants a key, and has the models; one request.

Sources: OpenAI's API reference, list models; the servers of vLLM, Ollama and llama.cpp as they answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from runner.doctor.finding import Finding
from runner.doctor.service import document, trouble
from runner.providers.gemini.words import mapping, mappings
from runner.roles import Connection
from runner.text.suggest import did_you_mean
from runner.text.words import number
from runner.values.response import Failure

MAKERS: Mapping[str, str] = {"library": "Ollama", "vllm": "vLLM", "llamacpp": "llama.cpp"}
"""Who answers, by what the list says of the models' owner."""

STARTED: Mapping[int, str] = {
    11434: "Ollama is started with `ollama serve`",
    8000: "vLLM is started with `vllm serve MODEL`",
    8080: "llama.cpp is started with `llama-server -m MODEL.gguf --mmproj MMPROJ.gguf`",
}
"""By the port at which it usually listens."""

USUAL = (
    "http://127.0.0.1:11434/v1 (Ollama), http://127.0.0.1:8000/v1 (vLLM) or"
    " http://127.0.0.1:8080/v1 (llama.cpp)"
)

SHOWN = 5
"""Models that are named of a list."""


def address(url: str | None, *, is_near: bool) -> Finding:
    """The address up to its `/v1`; `is_near` when it is one of this machine or network."""
    if url is None:
        told = "there is none of a server for `provider: openai`"
        how = f"set OPENAI_BASE_URL, or add --base-url, with {USUAL}"
        return Finding("address", "fail", told, how)
    if not _is_web_address(url):
        how = f"write it as {USUAL}"
        return Finding("address", "fail", f"{url} is no web address", how)
    if url.startswith("http://") and not is_near:
        told = f"{url}: the images travel unencrypted, and so does a key"
        return Finding("address", "warn", told, "use https://")
    return Finding("address", "ok", f"{url} (for `provider: openai`)")


def _is_web_address(url: str) -> bool:
    with suppress(ValueError):
        parts = urlsplit(url)
        _ = parts.port
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    return False


async def server(connection: Connection, names: Sequence[str]) -> list[Finding]:
    """What the server says. Nothing is tried twice."""
    from runner.providers.openai.session import refuse
    from runner.transport.client import Channel, open_client

    if refused := refuse(connection):
        return [_named(trouble(refused))]
    root = (connection.base_url or "").rstrip("/")
    async with open_client(connection) as client:
        channel = Channel(
            client,
            connection.policy,
            connection.key,
            key_header="authorization",
            key_scheme="Bearer ",
        )
        reply = await channel.send("GET", f"{root}/models")
    listed = document(reply)
    if isinstance(listed, Failure):
        return [_trouble(listed, root, has_key=connection.key is not None)]
    if "data" not in listed or isinstance(reply, Failure):
        return [_named(trouble(Failure("unreadable", "the answer is no list of models")))]
    models = {str(model.get("id")): model for model in mappings(listed["data"])}
    owners = {str(model.get("owned_by")) for model in models.values()}
    who = next((MAKERS[owner] for owner in sorted(owners) if owner in MAKERS), "the server")
    told = f"{who} answers at {root} after {reply.seconds:.2f} s, and lists"
    key = "" if connection.key else "; it wants no key for that"
    found = Finding("server", "ok", f"{told} {number(len(models), 'model')}{key}")
    return [found, *(_model(name, models, who) for name in names)]


def _model(name: str, models: Mapping[str, Mapping[str, object]], who: str) -> Finding:
    """Whether a model is there under this name."""
    there = models.get(name, models.get(f"{name}:latest"))
    if there is not None:
        length = mapping(there).get("max_model_len")
        context = f"; its context: {length:,} tokens" if isinstance(length, int) else ""
        return Finding("model", "ok", f"{name} is there{context}")
    listed = [*models][:SHOWN]
    if who == "llama.cpp" and listed:
        told = f"{who} was started with {listed[0]}, and answers by any name, such as {name}"
        return Finding("model", "warn", told, "write its own name, so that results tell it")
    more = f" and {len(models) - len(listed)} more" if len(models) > len(listed) else ""
    lists = f"; there are {', '.join(listed)}{more}" if listed else ""
    return Finding("model", "fail", f"{name} is not there{lists}", _how_to_get(name, models, who))


def _how_to_get(name: str, models: Mapping[str, object], who: str) -> str:
    if close := did_you_mean(name, models):
        return f"did you mean {close}?"
    if who == "Ollama" or not models:  # Ollama alone may run without any model
        return f"ollama pull {name}"
    if who == "vLLM":
        return f"write a name that it lists, or start it with --served-model-name {name}"
    return "write a name that it lists"


def _trouble(failure: Failure, root: str, *, has_key: bool) -> Finding:
    """Why a run would not work, and what may help."""
    said = failure.message
    match failure.kind:
        case "credentials" if not has_key:
            how = "set OPENAI_API_KEY, or write OPENAI_API_KEY=… into a file .env"
            return Finding("server", "fail", f"it wants a key: {said}", how)
        case "credentials":
            how = "look at OPENAI_API_KEY: it is the one with which the server was started"
            return Finding("server", "fail", f"the key is not taken: {said}", how)
        case "connect" | "transport":
            usual = STARTED.get(urlsplit(root).port or 0)
            how = f"is it running? {usual}" if usual else "is it running, at this address?"
            return Finding("server", "fail", said, how)
        case "not_found" if not root.endswith("/v1"):
            how = f"the address goes up to its /v1: {root}/v1"
            return Finding("server", "fail", f"no list of models at {root}/models", how)
        case "not_found":
            told = f"no list of models at {root}/models, which not every server has"
            return Finding("server", "warn", told, "try it with --limit 1")
    return _named(trouble(failure))


def _named(found: Finding) -> Finding:
    return Finding("server", found.level, found.says, found.do)
