"""Refusals on the wire: application/problem+json (RFC 9457) with a stable type, a sentence and
the field at fault. Knows nothing of what was asked for.
"""

from __future__ import annotations

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from monitor.net.wire import Wire, encode


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """A refusal. `type` is a stable word a program may test; `detail` a sentence for people."""

    def __init__(self, status: int, type: str, detail: str, *, field: str = "", **extra: object) -> None:
        super().__init__(detail)
        self.status = status
        self.type = type
        self.field = field
        self.extra = extra

    def body(self) -> Wire:
        content: Wire = {
            "type": self.type,
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": str(self),
        }
        if self.field:
            content["field"] = self.field
        return content | self.extra

    def response(self) -> Response:
        return Response(encode(self.body()), self.status, media_type="application/problem+json")


def invalid(field: str, detail: str) -> Problem:
    return Problem(422, "invalid-value", detail, field=field)


async def answer_problem(_request: Request, error: Exception) -> Response:
    """Starlette's handler of `Problem`."""
    assert isinstance(error, Problem)
    return error.response()


async def answer_unavailable(_request: Request, error: Exception) -> Response:
    """The core cannot answer at present, and said why."""
    return Problem(503, "unavailable", str(error)).response()


async def answer_http_error(request: Request, error: Exception) -> Response:
    """Starlette's handler of what its own router refuses."""
    assert isinstance(error, HTTPException)
    match error.status_code:
        case 404:
            problem = unknown_route(request.url.path)
        case 405:
            problem = Problem(405, "method-not-allowed", f"{request.method} is not offered here.")
        case status:
            problem = Problem(status, "refused", str(error.detail))
    response = problem.response()
    response.headers.update(error.headers or {})
    return response


async def answer_failure(_request: Request, _error: Exception) -> Response:
    """Starlette's handler of the unexpected; the error itself goes to the log."""
    return Problem(500, "internal-error", "The mirror failed to answer; its log says why.").response()


def unknown_route(path: str) -> Problem:
    return Problem(404, "unknown-route", f"There is nothing at {path[:200]}.")
