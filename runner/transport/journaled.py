"""Every attempt is written down: that it is about to be sent, before it is; what came of it, before
anything is made of that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from runner.roles import Ask, Journal, Kept, Log
from runner.values.event import answered, asked, missed
from runner.values.image import Prepared
from runner.values.question import Question
from runner.values.request import Request
from runner.values.response import Failure, Response


@dataclass(slots=True)
class UnderWay:
    """A question that is being asked: the tries so far, the dollars set aside for the next one, and
    what was really sent of each image, by the image's digest."""

    question: Question
    tries: int = 0
    reserved_usd: float = 0.0
    sent: dict[str, Prepared] = field(default_factory=dict)


def journaled(
    ask: Ask,
    journal: Journal,
    under_way: Callable[[], UnderWay],
    log: Log,
    cost: Callable[[Request, Response], float | None],
) -> Ask:
    """An `Ask` that makes one attempt, remembers it and logs it.

    An attempt that is cancelled, or whose process is killed, has a beginning in the journal and no
    end: it may have been paid for. When the journal cannot be written nothing is sent: `not_sent`,
    for all requests of the run; a response that cannot be kept is such a failure, too.
    """

    async def ask_and_remember(request: Request) -> Response | Failure:
        now = under_way()
        try:
            attempt = await journal.sending(now.question, now.reserved_usd)
        except OSError as error:
            return Failure("not_sent", str(error), stops_run=True)
        now.tries += 1
        log(asked(now.question, now.tries, request.model))
        reply = await ask(request)
        try:
            if isinstance(reply, Failure):
                await journal.missed(attempt, reply)
            else:
                kept = Kept(reply, dict(now.sent))
                await journal.received(attempt, now.question.key, kept, cost(request, reply))
        except OSError as error:
            return Failure("not_sent", str(error), maybe_billed=True, stops_run=True)
        if isinstance(reply, Failure):
            log(missed(now.question, now.tries, reply))
        else:
            log(answered(now.question, now.tries, reply, cost(request, reply)))
        return reply

    return ask_and_remember
