"""Errors as the service tells them, in the two shapes that it has.

The Interactions API answers `{"error": {"code": "invalid_request", "message": …}}`, everything else
the shape of google.rpc. Source: ai.google.dev, Interactions error reference; google.rpc.Status.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.providers.simulator.reply import Reply, json_reply
from runner.values.request import Family

_RPC = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    416: "OUT_OF_RANGE",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

_WORDS = {
    400: "invalid_request",
    401: "authentication",
    402: "payment_required",
    403: "permission_denied",
    404: "not_found",
    409: "already_exists",
    416: "out_of_range",
    429: "rate_limit_exceeded",
    499: "cancelled",
    500: "api_error",
    501: "unimplemented",
    503: "service_unavailable",
    504: "deadline_exceeded",
}


@dataclass(eq=False)  # not frozen: Python writes the traceback into exceptions
class ApiError(Exception):
    """A request that is refused, in the service's words.

    `word` is the code of the Interactions API where it is not the usual one of the status, `rpc`
    that of google.rpc. `details` are google.rpc details; the Interactions API has none.
    """

    status: int
    message: str
    word: str | None = None
    rpc: str | None = None
    details: tuple[Mapping[str, object], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def reply(self, family: Family) -> Reply:
        """The error in the shape of this endpoint."""
        if family == "interactions":
            body: dict[str, object] = {
                "code": self.word or _WORDS.get(self.status, "api_error"),
                "message": self.message,
            }
        else:
            rpc = self.rpc or _RPC.get(self.status, "UNKNOWN")
            body = {"code": self.status, "message": self.message, "status": rpc}
            if self.details:
                body["details"] = list(self.details)
        return json_reply({"error": body}, self.status, self.headers)


def unknown_name(name: str, at: str) -> ApiError:
    """The refusal of a field that the request's type does not have."""
    where = f" at '{at}'" if at else ""
    message = f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.'
    return ApiError(400, message, word="parameter_unknown")


def bad_key() -> ApiError:
    """A key that the service does not know."""
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"},
    }
    message = "API key not valid. Please pass a valid API key."
    return ApiError(400, message, details=(detail,))


def no_file(name: str) -> ApiError:
    """A file that is unknown, expired or someone else's: the service does not say which."""
    message = f"You do not have permission to access the File {name} or it may not exist."
    return ApiError(403, message)


def no_model(name: str, version: str, verb: str = "generateContent") -> ApiError:
    """A model that there is not."""
    message = (
        f"models/{name} is not found for API version {version}, or is not supported for {verb}. "
        "Call ListModels to see the list of available models and their supported methods."
    )
    return ApiError(404, message, word="model_not_found")


def beyond_simulation(what: str) -> ApiError:
    """Something that the real service can do and the simulator cannot."""
    return ApiError(501, f"The simulator cannot do this: {what}.")
