"""What broke an attempt before a whole answer was there: exceptions as failures.

httpx-aiohttp tells a reset connection as `ConnectTimeout`, and lets pass what it does not know, so
the cause from aiohttp is asked first. Nothing here repeats the repr of an exception: aiohttp's show
the headers of the request.
"""

from __future__ import annotations

import os

import aiohttp

from runner.roles import ImageError
from runner.transport.body import Sending, TooLong, UnknownEncoding
from runner.transport.http import httpx
from runner.transport.recording import NotRecorded, RecordingError
from runner.transport.surroundings import SurroundingsError
from runner.values.request import Policy
from runner.values.response import Failure

CUT_WHILE_SENDING = "cut_while_sending"
"""The code of a failure in which the service hung up before it had the whole request: what many
servers do to a request that is too large."""

_ADDRESS = (
    httpx.InvalidURL,
    httpx.UnsupportedProtocol,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
    ValueError,  # a host that IDNA cannot spell, a user name within the address
)
_NOT_CONNECTED = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
)
_NOT_HTTP = (aiohttp.ClientResponseError, httpx.RemoteProtocolError, httpx.DecodingError)


def failure_of_exception(error: Exception, policy: Policy, sending: Sending) -> Failure:
    """The failure that an exception of httpx, of aiohttp or of this room means."""
    if sending.unreadable is not None:  # what became of the connection for it says nothing
        return Failure("image", sending.unreadable)
    cause = error.__cause__ if isinstance(error.__cause__, aiohttp.ClientError) else error
    words = str(cause)[:300]
    match cause:
        case TooLong():
            most = policy.max_answer_bytes / (1 << 20)
            return Failure(
                "unreadable", f"the answer is longer than {most:g} MB", maybe_billed=True
            )
        case ImageError():
            return Failure("image", str(cause))
        case NotRecorded():
            return Failure("not_recorded", str(cause))
        case RecordingError():  # like any disk that is full or file that is damaged
            return Failure("quota", str(cause), stops_run=True)
        case UnknownEncoding():
            return Failure("unreadable", f"the answer is {words}", maybe_billed=True)
        case SurroundingsError():
            return Failure("connect", words, stops_run=True)
        case aiohttp.ClientConnectorCertificateError():  # a ValueError, too
            return Failure("connect", f"no secure connection: {words}", stops_run=True)
        case _ if isinstance(cause, _ADDRESS):
            return Failure("connect", f"not a web address: {words}", stops_run=True)
        case aiohttp.ClientHttpProxyError():
            wants = cause.status == 407
            why = (
                "the proxy wants a user and a password: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT"
            )
            refusal = f"the proxy does not let it through: {cause.status} {cause.message}"
            return Failure("connect", why if wants else refusal, stops_run=wants)
        case aiohttp.ClientConnectorDNSError():
            why = f"no server named {cause.host} is found; is this machine online?"
            return Failure("connect", f"no connection: {why}")
        case aiohttp.ClientConnectorError() if not isinstance(cause, aiohttp.ClientSSLError):
            number = cause.os_error.errno
            why = os.strerror(number).lower() if number and number > 0 else "nobody answers"
            return Failure("connect", f"no connection: {cause.host}:{cause.port}: {why}")
        case _ if isinstance(cause, _NOT_CONNECTED):
            return Failure("connect", f"no connection: {words or 'it took too long'}")
        case _ if isinstance(cause, _NOT_HTTP):
            return Failure("unreadable", "the service does not speak HTTP", maybe_billed=True)
        case TimeoutError():
            why, code = f"no whole answer within {policy.timeout_seconds:g} seconds", None
        case _:
            why, code = f"the connection broke: {words or type(cause).__name__}", CUT_WHILE_SENDING
    if sending.length and not sending.sent:
        return Failure("connect", why)
    if sending.is_partly_sent:
        why += f" ({sending.sent:,} of {sending.length:,} bytes of the request were sent)"
        return Failure("transport", why, code=code)
    return Failure("transport", why, maybe_billed=True)
