"""The codec of `monitor-venue/1`: requests to frames, frames to messages. Sans-I/O, and total:
no frame makes it raise.

Holds the requests that are under way, because an answer has no more than a number. Knows
neither sockets nor clocks: it is told the time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from monitor.engine.values import Quote
from monitor.engine.venue import (
    KIND_OF,
    AnyRequest,
    CancelRefused,
    CancelRequest,
    FillReport,
    InstrumentReport,
    LookUpRequest,
    MoneyReport,
    OrderReport,
    OrderUnknown,
    PlaceRefused,
    PlaceRequest,
    QuoteReport,
    ReplaceRefused,
    ReplaceRequest,
    RequestLost,
    SettlementReport,
    SnapshotRequest,
    VenueMessage,
    VenuePosition,
    VenueSnapshot,
    VenueStatus,
)
from monitor.net.venues import frames
from monitor.net.venues.frames import Malformed

PROTOCOL = "monitor-venue/1"
WORLD = "SIMULATED"
MOST_LATE = 2_000

# Nobody knows what became of the request: the order may be there.
_UNCERTAIN = frozenset({"duplicate_client_order_id", "internal_error", "timeout"})
# Certain: the venue has looked at the request and will not do it.
_CERTAIN = frozenset(
    {
        "malformed",
        "unknown_account",
        "unknown_symbol",
        "unknown_order",
        "order_closed",
        "unsupported_type",
        "bad_price",
        "bad_quantity",
        "bad_time_in_force",
        "price_limit",
        "reduce_only",
        "no_position",
        "no_price",
        "insufficient_margin",
        "too_many_requests",
        "restarting",
        "rejected",
    }
)

_GONE = frozenset({"unknown_order", "order_closed"})


class Greeting(msgspec.Struct, frozen=True):
    """What the gateway itself asks: hello, instruments, subscribe, ping."""

    request: str
    frame: dict[str, Any]


class Greeted(msgspec.Struct, frozen=True):
    """The answer to a greeting. `reason` says why it failed, "" when it did not."""

    request: str
    reason: str = ""
    asked_ns: int = 0


Received: TypeAlias = VenueMessage | Greeted | Malformed


class UnderWay(msgspec.Struct, frozen=True):
    """A request that was written: `asked_ns` of our clock."""

    request: AnyRequest | Greeting
    asked_ns: int


def lost(request: AnyRequest, reason: str, *, never_sent: bool) -> RequestLost:
    return RequestLost(
        account_id=request.account_id,
        client_order_id="" if isinstance(request, SnapshotRequest) else request.client_order_id,
        request=KIND_OF[type(request)],
        reason=reason,
        never_sent=never_sent,
        attempt=request.attempt if isinstance(request, PlaceRequest) else 0,
    )


class SimCodec:
    """Of one gateway. Numbers of requests are never used again, so an answer cannot be taken for
    another's. `accounts` are ours: what is said of others is malformed."""

    def __init__(self, venue: str, accounts: tuple[str, ...]) -> None:
        self.venue = venue
        self.symbols: tuple[str, ...] = ()
        self._accounts = frozenset(accounts)
        self._number = 0
        self._under_way: dict[int, UnderWay] = {}
        self._late: dict[int, UnderWay] = {}

    # Out -------------------------------------------------------------------------------------
    def encode(self, request: AnyRequest | Greeting, now_ns: int) -> tuple[int, str]:
        """Its number and its frame. From now on it is under way."""
        self._number += 1
        self._under_way[self._number] = UnderWay(request, now_ns)
        return self._number, _ENCODER.encode({"id": self._number, **_frame(request)}).decode()

    def give_up(self, number: int) -> AnyRequest | Greeting | None:
        """Wait for its answer no longer; one that comes late is still understood."""
        asked = self._under_way.pop(number, None)
        if asked is None:
            return None
        self._late[number] = asked
        if len(self._late) > MOST_LATE:
            del self._late[next(iter(self._late))]
        return asked.request

    def give_up_all(self) -> list[AnyRequest | Greeting]:
        """The line is gone, and with it every answer."""
        asked = [one.request for one in self._under_way.values()]
        self._under_way.clear()
        self._late.clear()
        return asked

    # In --------------------------------------------------------------------------------------
    def decode(self, frame: str | bytes, now_ns: int) -> list[Received]:
        """What a frame says, in order; [] for what was said before. `now_ns`: received."""
        outside = frames.outside(frame)
        if isinstance(outside, Malformed):
            return [outside]
        if outside.channel:
            return [self._push(outside, now_ns)]
        if outside.id is None:
            return [self._complaint(outside)]
        asked = self._under_way.pop(outside.id, None) or self._late.pop(outside.id, None)
        if asked is None:
            return []
        return self._answer(asked, outside)

    def answered(self, number: int) -> bool:
        return number not in self._under_way

    def _push(self, outside: frames.Frame, now_ns: int) -> Received:
        match outside.channel:
            case "orders":
                return self._ours(_translate(outside.data, frames.OrderFrame, order_report))
            case "fills":
                return self._ours(_translate(outside.data, frames.FillFrame, fill_report))
            case "money":
                return self._ours(_translate(outside.data, frames.MoneyFrame, _money))
            case "settlement":
                return _translate(outside.data, frames.SettlementFrame, _settlement)
            case "quotes":
                return _translate(outside.data, frames.QuoteFrame, lambda one: _quote(one, now_ns))
            case _:
                return Malformed(f"a channel nobody knows: {outside.channel[:40]!r}")

    def _ours(self, message: Received) -> Received:
        account_id = getattr(message, "account_id", None)
        if account_id is None or account_id in self._accounts:
            return message
        return Malformed(f"about an account that is not ours: {account_id[:40]!r}")

    def _complaint(self, outside: frames.Frame) -> Malformed:
        error = frames.read(outside.error, frames.VenueError) if outside.ok is False else None
        if isinstance(error, frames.VenueError):
            return Malformed(f"the venue could not read a request: {error.message}")
        return Malformed("neither an answer nor a channel")

    def _answer(self, asked: UnderWay, outside: frames.Frame) -> list[Received]:
        request = asked.request
        if outside.ok is False:
            error = frames.read(outside.error, frames.VenueError)
            if isinstance(error, Malformed):
                return self._unreadable(asked, error)
            if isinstance(request, Greeting):
                return [Greeted(request.request, error.message or error.code, asked.asked_ns)]
            return [refusal(request, error, asked.asked_ns)]
        said = self._result(asked, outside.result) if outside.ok else Malformed("an answer without ok")
        if isinstance(said, Malformed):
            return self._unreadable(asked, said)
        return said

    def _unreadable(self, asked: UnderWay, why: Malformed) -> list[Received]:
        if isinstance(asked.request, Greeting):
            return [why, Greeted(asked.request.request, why.reason, asked.asked_ns)]
        reason = f"the answer could not be read: {why.reason}"
        return [why, lost(asked.request, reason, never_sent=False)]

    def _result(self, asked: UnderWay, raw: msgspec.Raw) -> list[Received] | Malformed:
        request = asked.request
        if isinstance(request, Greeting):
            return self._greeted(request, asked.asked_ns, raw)
        if isinstance(request, SnapshotRequest):
            said = frames.read(raw, frames.SnapshotFrame)
            return said if isinstance(said, Malformed) else self._all_ours([_snapshot(request, said, asked)])
        if isinstance(request, LookUpRequest):
            legs = frames.read(raw, frames.Legs)
            if isinstance(legs, Malformed):
                return legs
            reports = [order_report(one, asked.asked_ns) for one in legs.orders]
            return self._all_ours([*reports, *map(fill_report, legs.fills)])
        answer = frames.read(raw, frames.OneOrder)
        if isinstance(answer, Malformed):
            return answer
        replaced = [answer.replaced] if answer.replaced is not None else []
        return self._all_ours([order_report(one) for one in (answer.order, *replaced)])

    def _all_ours(self, messages: list[Received]) -> list[Received] | Malformed:
        checked = [self._ours(one) for one in messages]
        return next((one for one in checked if isinstance(one, Malformed)), checked)

    def _greeted(self, greeting: Greeting, asked_ns: int, raw: msgspec.Raw) -> list[Received] | Malformed:
        done = Greeted(greeting.request, asked_ns=asked_ns)
        if greeting.request == "hello":
            hello = frames.read(raw, frames.HelloFrame)
            return hello if isinstance(hello, Malformed) else [self._welcome(hello, asked_ns)]
        if greeting.request == "instruments":
            listed = frames.read(raw, frames.InstrumentsFrame)
            if isinstance(listed, Malformed):
                return listed
            self.symbols = tuple(one.symbol for one in listed.instruments)
            return [InstrumentReport(instruments=listed.instruments), done]
        return [done]

    def _welcome(self, hello: frames.HelloFrame, asked_ns: int) -> Greeted:
        """Whether this is the venue we mean, in the world we mean, with our accounts."""
        known = {one.account_id for one in hello.accounts}
        missing = sorted(self._accounts - known)
        reason = ""
        if hello.protocol != PROTOCOL:
            reason = f"it speaks {hello.protocol}, not {PROTOCOL}"
        elif hello.world != WORLD:
            reason = f"its world is {hello.world}, not {WORLD}"
        elif hello.venue != self.venue:
            reason = f"it is {hello.venue}, not {self.venue}"
        elif missing:
            reason = f"it has no account {', '.join(missing)}"
        return Greeted("hello", reason, asked_ns)


_ENCODER = msgspec.json.Encoder(decimal_format="string")


def _frame(request: AnyRequest | Greeting) -> dict[str, Any]:
    """A request as the protocol writes it, without its number."""
    if isinstance(request, Greeting):
        return {"request": request.request, **request.frame}
    said = msgspec.structs.asdict(request)
    given = {name: said[name] for name in said if name not in _OURS and said[name] is not None}
    plain = {name: format(one, "f") if name in _NUMBERS else one for name, one in given.items()}
    return {"request": _WORDS[type(request)], **plain}


_OURS = frozenset({"venue", "seq", "attempt"})
_NUMBERS = frozenset({"quantity", "price", "trigger_price"})
_WORDS: dict[type, str] = {
    PlaceRequest: "place",
    CancelRequest: "cancel",
    ReplaceRequest: "replace",
    LookUpRequest: "order",
    SnapshotRequest: "snapshot",
}


def refusal(request: AnyRequest, error: frames.VenueError, asked_ns: int) -> VenueMessage:
    """What an error means for the request. A code we do not know is no certainty, and neither is
    that an order of this name is there already: it may be ours."""
    reason = f"{error.code}: {error.message}" if error.message else error.code
    certain = error.code in _CERTAIN or (error.retryable and error.code not in _UNCERTAIN)
    if isinstance(request, LookUpRequest) and error.code == "unknown_order":
        return OrderUnknown(
            account_id=request.account_id,
            client_order_id=request.client_order_id,
            venue_order_id=request.venue_order_id,
            polled_ns=asked_ns,
        )
    if not certain or isinstance(request, (LookUpRequest, SnapshotRequest)):
        return lost(request, reason, never_sent=False)
    if isinstance(request, PlaceRequest):
        return PlaceRefused(
            account_id=request.account_id,
            client_order_id=request.client_order_id,
            reason=reason,
            retryable=error.retryable,
            attempt=request.attempt,
        )
    refused = {
        "account_id": request.account_id,
        "client_order_id": request.client_order_id,
        "venue_order_id": request.venue_order_id,
        "reason": reason,
    }
    if isinstance(request, CancelRequest):
        return CancelRefused(**refused, gone=error.code in _GONE)
    return ReplaceRefused(**refused)


def _translate(raw: msgspec.Raw, as_: type[frames.T], say: Callable[[frames.T], Received]) -> Received:
    said = frames.read(raw, as_)
    return said if isinstance(said, Malformed) else say(said)


def order_report(frame: frames.OrderFrame, polled_ns: int | None = None) -> OrderReport:
    status = frames.status_of(frame.status)
    return OrderReport(
        account_id=frame.account_id,
        status=status,
        venue_order_id=frame.venue_order_id,
        client_order_id=frame.client_order_id,
        symbol=frame.symbol,
        side=frame.side,
        offset=frame.offset,
        type=frame.type,
        quantity=frame.quantity,
        price=frame.price,
        trigger_price=frame.trigger_price,
        cumulative=frame.cumulative,
        reason=frame.reason,
        raw_status=frame.status if status is VenueStatus.OTHER else "",
        replaces=frame.replaces,
        time_ns=frame.time_ns,
        polled_ns=polled_ns,
    )


def fill_report(frame: frames.FillFrame) -> FillReport:
    return FillReport(
        account_id=frame.account_id,
        venue_order_id=frame.venue_order_id,
        venue_trade_id=frame.venue_trade_id,
        symbol=frame.symbol,
        side=frame.side,
        price=frame.price,
        volume=frame.volume,
        direction=frame.direction,
        offset=frame.offset,
        client_order_id=frame.client_order_id,
        fee=frame.fee,
        fee_currency=frame.fee_currency,
        profit=frame.profit,
        chain=frame.chain,
        liquidation=frame.liquidation,
        time_ns=frame.time_ns,
    )


def _money(frame: frames.MoneyFrame) -> MoneyReport:
    return MoneyReport(**msgspec.structs.asdict(frame))


def _settlement(frame: frames.SettlementFrame) -> SettlementReport:
    return SettlementReport(**msgspec.structs.asdict(frame))


def _quote(frame: frames.QuoteFrame, now_ns: int) -> QuoteReport:
    return QuoteReport(quote=Quote(**msgspec.structs.asdict(frame), received_ns=now_ns))


def _snapshot(request: SnapshotRequest, said: frames.SnapshotFrame, asked: UnderWay) -> VenueSnapshot:
    return VenueSnapshot(
        account_id=request.account_id,
        polled_ns=asked.asked_ns,
        open_orders=tuple(order_report(one, asked.asked_ns) for one in said.orders),
        fills=tuple(fill_report(one) for one in said.fills),
        positions=tuple(VenuePosition(**msgspec.structs.asdict(one)) for one in said.positions),
        fills_since_ns=request.fills_since_ns,
        balance=said.balance,
        currency=said.currency,
    )
