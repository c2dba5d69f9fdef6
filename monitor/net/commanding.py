"""Commands that come over the mirror: who asks, once per key, and what the answer is in HTTP.

Knows the core only by its door. What a refusal means is the engine's; here it gets a status.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import OrderedDict

from starlette.requests import Request

from monitor.boundary import ServerDoor
from monitor.engine.commands import AnyCommand, Reply
from monitor.engine.guards.assess import GUARDS
from monitor.net.problems import Problem

PATIENCE_S = 10.0
REMEMBERED_KEYS = 1_000
_KEY = re.compile(r"[!-~]{1,100}", re.ASCII)

_STATUS_OF_GUARD = {
    **{guard.name: 403 for guard in GUARDS},
    "halted": 403,
    "reduce-only": 403,
    "read-only": 403,
    "unknown": 404,
    "changed": 409,
    "duplicate": 409,
    "finished": 409,
    "gone": 409,
    "moved": 409,
    "stale": 409,
    "invalid": 422,
    "queue-full": 429,
    "no-answer": 503,
    "not-durable": 503,
    "stopped": 503,
    "unreachable": 503,
}


def status_of(guard: str) -> int:
    """Conflict for words nobody has given a status: the state is not what the asker thought."""
    return _STATUS_OF_GUARD.get(guard, 409)


def refusal_of(reply: Reply) -> Problem:
    """`type` is the guard's word; orders that were made and refused at once are named."""
    guard = reply.guard or "refused"
    detail = reply.reason or "The engine refused."
    return Problem(status_of(guard), guard, detail, accepted=False, order_ids=reply.order_ids)


def origin_of(request: Request) -> str:
    return f"mirror {request.client.host if request.client else 'unknown'}"


class Commander:
    def __init__(self, door: ServerDoor) -> None:
        self._door = door
        self._bodies: OrderedDict[str, bytes] = OrderedDict()

    async def submit(self, command: AnyCommand) -> Reply:
        """The engine's answer; a `Problem` when there is none for long."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._door.submit(command)
        except TimeoutError:
            detail = self._door.stats().journal_error or "The engine is busy."
            detail += " The command was given and may still be carried out: look at the state."
            raise Problem(503, "no-answer", detail) from None

    def key_of(self, request: Request, body: bytes) -> str:
        """The command's key from `Idempotency-Key`, "" without one. The same key with another
        request is a mistake that is refused, as far back as is remembered: the engine would
        give the answer of the first."""
        keys = request.headers.getlist("idempotency-key")
        if not keys:
            return ""
        if len(keys) != 1 or not _KEY.fullmatch(keys[0]):
            raise Problem(
                422,
                "invalid-value",
                "Idempotency-Key must be given once: 1 to 100 printable ASCII characters without spaces.",
                field="Idempotency-Key",
            )
        digest = hashlib.sha256(request.url.path.encode() + b"\0" + body).digest()
        if self._bodies.setdefault(keys[0], digest) != digest:
            detail = "This key was used for another request before: take a new one."
            raise Problem(422, "key-reused", detail, field="Idempotency-Key")
        self._bodies.move_to_end(keys[0])
        if len(self._bodies) > REMEMBERED_KEYS:
            self._bodies.popitem(last=False)
        return f"mirror {keys[0]}"
