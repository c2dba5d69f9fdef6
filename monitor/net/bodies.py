"""Bodies of requests: bounded JSON, read strictly, as frozen structs. Nothing is guessed.

What RFC 8259 leaves to the reader is refused here: a name given twice, numbers that no price
and no volume needs, lone surrogates. Owns the limits; knows nothing of engines.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from decimal import Decimal
from enum import EnumMeta
from typing import Annotated, Any, Literal, NoReturn, TypeAlias, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import Meta
from starlette.requests import ClientDisconnect, Request

from monitor.engine.commands import Decision, Resolution
from monitor.engine.orderplan import AUTO_CANCEL_S, LONGEST_DELAY_S, MOST_CONDITIONS
from monitor.engine.values import (
    Direction,
    EngineState,
    FailurePolicy,
    LinkKind,
    Offset,
    OrderType,
    PartialPolicy,
    Priority,
    Side,
    TimeInForce,
)
from monitor.net.guard import MAX_BODY
from monitor.net.problems import Problem, invalid
from monitor.net.queries import MAX_ID, MAX_MS

BODY_S = 10.0
LARGEST_STEP = 15
SMALLEST_STEP = -12
MOST_ORDERS = 1_000
YEAR_S = 366 * 86_400
_LONGEST_NUMBER = 40
_BEYOND = Decimal("1E16")
_JSON = re.compile(r'application/json(\s*;\s*charset="?utf-8"?)?', re.IGNORECASE | re.ASCII)
# No controls, and nothing that turns the direction of a text: it is shown to people.
_PLAIN = "^[^\\x00-\\x1f\\x7f-\\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]*\\Z"

Text: TypeAlias = Annotated[str, Meta(max_length=200, pattern=_PLAIN)]
Symbol: TypeAlias = Annotated[str, Meta(pattern=r"^[\w.\-@/&]{1,64}\Z")]
Account: TypeAlias = Annotated[str, Meta(max_length=64, pattern=_PLAIN)]
Currency: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9]{0,12}\Z")]
ConditionText: TypeAlias = Annotated[str, Meta(max_length=1_000)]
Identity: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_ID)]
Moment: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_MS)]
Seconds: TypeAlias = Annotated[int, Meta(ge=0, le=YEAR_S)]
Metadata: TypeAlias = Annotated[
    dict[Annotated[str, Meta(min_length=1, max_length=64, pattern=_PLAIN)], Text], Meta(max_length=20)
]


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times in milliseconds UTC, money and volumes as numbers."""


class OrderBody(Body, frozen=True, kw_only=True):
    """An order by the names of its row."""

    symbol: Symbol
    side: Side
    type: OrderType
    quantity: Decimal
    offset: Offset = Offset.OPEN
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    trail: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    expires_ms: Moment | None = None
    reduce_only: bool = False
    account_id: Account = ""


class SubmitBody(OrderBody, frozen=True, kw_only=True):
    strategy_id: Identity | None = None
    execute_immediately: bool = False
    priority: Priority = Priority.NORMAL


class AdvancedBody(Body, frozen=True, kw_only=True):
    """By the names of `submit_advanced_order`, and what an order's plan can say beyond them.
    `expiration`: seconds from now after which it gives up waiting; `expires_ms` is a GTD order's."""

    instrument_name: Symbol
    amount: Decimal
    direction: Literal["buy", "sell"]
    order_type: Literal["limit", "market", "stop", "stop_limit", "trailing"] = "limit"
    price: Decimal | None = None
    execute_immediately: bool = False
    priority: Priority = Priority.NORMAL
    conditions: Annotated[tuple[ConditionText, ...], Meta(max_length=MOST_CONDITIONS)] | None = None
    metadata: Metadata | None = None
    expiration: Annotated[int, Meta(ge=1, le=YEAR_S)] | None = None
    latched: bool = False
    delay_s: Annotated[int, Meta(ge=1, le=LONGEST_DELAY_S)] | None = None
    not_before_ms: Moment | None = None
    auto_cancel_s: Seconds = AUTO_CANCEL_S
    partial: PartialPolicy = PartialPolicy.WAIT_REMAINING
    partial_after_s: Seconds = 0
    on_failure: FailurePolicy = FailurePolicy.RETRY
    second_venue: Account = ""
    offset: Offset = Offset.OPEN
    trigger_price: Decimal | None = None
    trail: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    expires_ms: Moment | None = None
    reduce_only: bool = False
    account_id: Account = ""
    strategy_id: Identity | None = None


class LinkedBody(Body, frozen=True, kw_only=True):
    kind: LinkKind
    orders: Annotated[tuple[OrderBody, ...], Meta(min_length=2, max_length=10)]
    strategy_id: Identity | None = None


class CancelBody(Body, frozen=True, kw_only=True):
    reason: Text = "manual"


class CancelManyBody(Body, frozen=True, kw_only=True):
    order_ids: Annotated[tuple[Identity, ...], Meta(min_length=1, max_length=MOST_ORDERS)]
    reason: Text = "manual"
    all: bool = False


class ReplaceBody(Body, frozen=True, kw_only=True):
    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None


class DecideBody(Body, frozen=True, kw_only=True):
    decision: Decision


class ResolveBody(Body, frozen=True, kw_only=True):
    resolution: Resolution


class StopBody(Body, frozen=True, kw_only=True):
    state: EngineState = EngineState.HALTED
    reason: Text = ""


class ReconcileBody(Body, frozen=True, kw_only=True):
    account_id: Account = ""


class EmptyBody(Body, frozen=True, kw_only=True):
    pass


class AdjustBody(Body, frozen=True, kw_only=True):
    account_id: Account
    symbol: Symbol
    direction: Direction
    volume: Decimal
    reason: Text
    average_price: Decimal | None = None


class TransferBody(Body, frozen=True, kw_only=True):
    account_id: Account
    amount: Decimal
    currency: Currency = ""
    note: Text = ""


class ConditionBody(Body, frozen=True, kw_only=True):
    condition: ConditionText


B = TypeVar("B", bound=Body)


async def received(request: Request) -> bytes:
    """The whole body of a request that says it is JSON: a page's form cannot say so."""
    types = request.headers.getlist("content-type")
    if len(types) != 1 or not _is_json(types[0]):
        detail = "The body must be JSON: send Content-Type: application/json."
        raise Problem(415, "not-json", detail, field="Content-Type")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "encoded-body", "The body must not be compressed.", field="Content-Encoding")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY:
                    raise Problem(413, "body-too-large", f"A body may have {MAX_BODY} bytes at most.")
    except TimeoutError:
        raise Problem(408, "body-too-slow", "The body did not come in time.") from None
    except ClientDisconnect:
        raise Problem(400, "body-cut-off", "The body broke off.") from None
    return bytes(body)


def decoded(body: bytes, kind: type[B]) -> B:
    """The body as that struct; none at all is an empty object. Raises `Problem`."""
    body = body or b"{}"
    source = _syntax(body)
    try:
        found = msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        _refuse(error, kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _malformed(str(error)) from None
    _exact(found, source)
    return found


def _is_json(content_type: str) -> bool:
    return (
        re.fullmatch(r'application/json(\s*;\s*charset="?utf-8"?)?', content_type.strip(), re.I) is not None
    )


def _syntax(body: bytes) -> Any:
    """The JSON itself, without what readers understand differently."""
    try:
        return json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_once,
            parse_int=_bounded,
            parse_float=_bounded,
            parse_constant=_no_constant,
        )
    except RecursionError:
        raise _malformed("it is nested too deep") from None
    except ValueError as error:
        raise _malformed(str(error)) from None


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    for name, value in pairs:
        name.encode()  # a lone surrogate is no text
        if isinstance(value, str):
            value.encode()
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise Problem(422, "repeated-field", f"{twice[:40]!r} is given twice.", field=twice[:40])
    return found


def _bounded(text: str) -> Decimal:
    """A number that money, volumes and ids may have, before anything is computed with it."""
    try:
        number = Decimal(text) if len(text) <= _LONGEST_NUMBER else _BEYOND
    except ArithmeticError:
        number = _BEYOND
    exponent = number.as_tuple().exponent
    if number.adjusted() <= LARGEST_STEP and isinstance(exponent, int) and exponent >= SMALLEST_STEP:
        return number
    detail = f"{text[:40]} is not a number that is taken here: below 1E16, at most 12 decimals."
    raise Problem(422, "invalid-value", detail)


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _exact(found: msgspec.Struct, source: Any) -> None:
    """msgspec takes texts for decimals; here a number is a number."""
    for name in found.__struct_fields__:
        value = getattr(found, name)
        if isinstance(value, Decimal) and isinstance(source.get(name), str):
            raise invalid(name, f"{name} must be a number, not a text.")
        if isinstance(value, tuple) and value and isinstance(value[0], Body):
            for part, of in zip(value, source[name], strict=True):
                _exact(part, of)


def _malformed(why: str) -> Problem:
    return Problem(400, "malformed-body", f"The body is not JSON that can be read: {why[:200]}.")


def _refuse(error: msgspec.ValidationError, kind: type[Body]) -> NoReturn:
    """msgspec's finding as a sentence, with the field at fault."""
    said, _, path = str(error).partition(" - at ")
    field = path.removeprefix("`key` in ").strip("`$").lstrip(".")
    if (unknown := re.fullmatch(r"Object contains unknown field `(.*)`", said, re.DOTALL)) is not None:
        name = unknown[1][:40]
        where = f"{field}.{name}" if field else name
        raise Problem(422, "unknown-field", f"{where} is not a field of this route.", field=where) from None
    if (missing := re.fullmatch(r"Object missing required field `(.*)`", said)) is not None:
        where = f"{field}.{missing[1]}" if field else missing[1]
        raise Problem(422, "missing-field", f"{where} is needed.", field=where) from None
    words = _words(kind, field)
    detail = f"must be one of {', '.join(words)}" if words else said[:1].lower() + said[1:]
    raise invalid(field, f"{field or 'The body'}: {detail}.") from None


def _words(kind: type[Body], field: str) -> tuple[str, ...]:
    """What may stand in a field of few words."""
    name = field.rpartition(".")[2]
    for struct in (kind, OrderBody):
        hint = get_type_hints(struct).get(name)
        if isinstance(hint, EnumMeta):
            return tuple(hint.__members__[name].value for name in hint.__members__)
        if hint is not None and all(isinstance(word, str) for word in get_args(hint)):
            return get_args(hint)
    return ()
