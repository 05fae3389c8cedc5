"""The service: whether it is reached, takes the key, and has the models; one request, and one more for
a model that is not in its list. Source: ai.google.dev, API reference of models.list and models.get."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from runner.catalogue import catalogue
from runner.doctor.finding import Finding
from runner.providers.gemini import BASE_URL
from runner.providers.gemini.words import mapping, mappings
from runner.roles import Connection
from runner.transport.reply import Reply
from runner.values.response import Failure

CLOCK_SECONDS = 120
"""So far may this machine's clock be from the service's: its times have no fractions, and answers
take their time."""

MOST_LISTED = 1000
"""The most models that a list gives at once."""

NEEDED = "generateContent"
COUNTING = "countTokens"

Resource = Mapping[str, object]


async def service(connection: Connection, names: Sequence[str]) -> list[Finding]:
    """What the service says. Nothing is tried twice."""
    from runner.providers.gemini.session import refuse
    from runner.transport.client import Channel, open_client

    if refused := refuse(connection):
        return [trouble(refused)]
    root = f"{(connection.base_url or BASE_URL).rstrip('/')}/{connection.api_version}"
    async with open_client(connection) as client:
        channel = Channel(client, connection.policy, connection.key)
        reply = await channel.send("GET", f"{root}/models?pageSize={MOST_LISTED}")
        now, listed = datetime.now(UTC), document(reply)
        found = [*_clock(reply, now)]
        if isinstance(listed, Failure):
            return [trouble(listed), *found]
        models = {str(model.get("name")): model for model in mappings(listed.get("models"))}
        if "models" not in listed:
            why = "the answer is no list of models"
            return [trouble(Failure("unreadable", why)), *found]
        found.insert(0, _reached(reply, connection, len(models)))
        for name in names:
            model: Resource | Failure | None = models.get(f"models/{name}")
            if model is None:
                url = f"{root}/models/{quote(name, safe='')}"
                model = document(await channel.send("GET", url))
            found += _model(name, model)
    return found


def document(reply: Reply | Failure) -> Resource | Failure:
    """The JSON object of an answer, or why there is none."""
    from runner.transport.classify import failure_of, json_object

    if isinstance(reply, Failure):
        return reply
    return failure_of(reply) or json_object(reply.body)


def _reached(reply: Reply | Failure, connection: Connection, models: int) -> Finding:
    simulated = isinstance(reply, Reply) and "x-askpix-simulated" in reply.headers
    where = connection.base_url or BASE_URL
    who = "a simulator" if simulated else "the service"
    told = (
        f"{who} answers at {where} after {reply.seconds:.2f} s, takes the key, and lists {models}"
    )
    return Finding("service", "ok", f"{told} models")


def trouble(failure: Failure) -> Finding:
    """Why a run would not work, and what may help."""
    said = failure.message
    match failure.kind:
        case "credentials":
            told, how = f"the key is not taken: {said}", "see https://aistudio.google.com/apikey"
        case "rate_limit":
            told = f"the key works, but too much was asked: {said}"
            return Finding("service", "warn", told, "wait a minute; a run waits by itself")
        case "quota":
            told, how = f"the key works, but its quota is used up: {said}", "wait, or raise it"
        case "connect" if "certificate" in said.lower() or "secure" in said:
            told, how = (
                said,
                (
                    "look at the clock of this machine; where a proxy reads along, name its certificate"
                    " in SSL_CERT_FILE"
                ),
            )
        case "connect" | "transport":
            told, how = said, "look at the network, a firewall, HTTPS_PROXY and --base-url"
        case "overloaded":
            told, how = f"the service has trouble: {said}", "try again in some minutes"
        case "not_found":
            told, how = f"no Gemini API there: {said}", "look at --base-url and --api-version"
        case _:
            told = f"something else answers: {said}"
            how = "a login page of the network, a proxy, or a wrong --base-url"
    return Finding("service", "fail", told, how)


def _model(name: str, model: Resource | Failure) -> Iterator[Finding]:
    """Whether a model is there, answers, and has the limits that are known."""
    if isinstance(model, Failure):
        if model.kind == "not_found":
            close = catalogue().close(name)
            how = f"did you mean {close[0]}?" if close and close[0] != name else "askpix models"
            yield Finding("model", "fail", f"{name} is not there for this key", how)
        else:
            yield Finding("model", "fail", f"{name}: {model.message}", "try again")
        return
    methods = model.get("supportedGenerationMethods")
    known = [str(method) for method in methods] if isinstance(methods, list) else []
    if NEEDED not in known:
        told = f"{name} is there, but does not take {NEEDED}"
        yield Finding("model", "fail", told, "choose another: askpix models")
        return
    limits = (_number(model, "inputTokenLimit"), _number(model, "outputTokenLimit"))
    shown = " in, ".join("?" if limit is None else f"{limit:,}" for limit in limits)
    counts = "" if COUNTING in known else f"; no {COUNTING}: plan --exact will not work"
    yield Finding("model", "ok", f"{name} takes {NEEDED}; tokens: {shown} out{counts}")
    yield from _other_limits(name, limits)


def _other_limits(name: str, limits: tuple[int | None, int | None]) -> Iterator[Finding]:
    """Where the service's limits are not those by which workflows are validated."""
    known = catalogue().model(name)
    if not known.known:
        told = f"{name} is not in the catalogue: its price and settings are not known here"
        yield Finding("model", "warn", told, "look at the cost yourself; max_requests holds")
        return
    for what, said, ours in (
        ("input", limits[0], known.input_limit),
        ("output", limits[1], known.output_limit),
    ):
        if said is not None and said != ours:
            told = f"{name}: {said:,} tokens of {what}; the catalogue of this version says {ours:,}"
            yield Finding("model", "warn", told, "the service is right; a newer askpix may know")


def _clock(reply: Reply | Failure, now: datetime) -> Iterator[Finding]:
    """How far this machine's clock is from that of who answered."""
    date = reply.headers.get("date", "") if isinstance(reply, Reply) else ""
    with suppress(ValueError, TypeError):
        theirs = parsedate_to_datetime(date).replace(tzinfo=UTC)
        off = now - theirs
        if abs(off) <= timedelta(seconds=CLOCK_SECONDS):
            yield Finding("clock", "ok", f"within {CLOCK_SECONDS} s of the service's")
            return
        which = "ahead of" if off > timedelta(0) else "behind"
        told = f"this machine is {_span(abs(off))} {which} the service"
        how = "set the clock: secure connections and uploaded files go by it"
        yield Finding("clock", "warn", told, how)
        return
    yield Finding("clock", "skip", "nobody told the time")


def _span(off: timedelta) -> str:
    minutes = round(off.total_seconds() / 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 2880 else f"{minutes // 1440} days"


def _number(model: Resource, name: str) -> int | None:
    value = mapping(model).get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
