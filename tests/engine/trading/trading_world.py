"""An engine that trades against a model of a venue, with a line between them that can be bad.

The venue keeps the truth. What it says waits in `pushed` until a test delivers it: late, doubled, in
any order, or never. Requests reach it at once, or get lost on their way or on the way back.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from random import Random

import msgspec

from monitor.engine import commands as cmd
from monitor.engine.changes import Changes
from monitor.engine.commands import OrderRequest, Reply
from monitor.engine.guards import GuardLimits
from monitor.engine.journal import JournalRecord
from monitor.engine.orderplan import PLAIN, OrderPlan
from monitor.engine.trading.checkpoint import (
    Checkpoint,
    KeptFact,
    compaction,
    decoded,
    encoded,
    load,
    take_present,
)
from monitor.engine.trading.terms import AccountTerms, TradingTerms, VenueTerms
from monitor.engine.trading.trading import Trading
from monitor.engine.values import (
    NS_PER_SECOND,
    ZERO,
    Instrument,
    LinkSide,
    LinkState,
    Offset,
    OrderType,
    Quote,
    Side,
)
from monitor.engine.venue import (
    KIND_OF,
    AnyRequest,
    CancelRefused,
    CancelRequest,
    FillReport,
    InstrumentReport,
    LinkReport,
    LookUpRequest,
    OrderReport,
    OrderUnknown,
    PlaceRefused,
    PlaceRequest,
    QuoteReport,
    ReplaceRefused,
    ReplaceRequest,
    RequestLost,
    SnapshotRequest,
    VenueMessage,
    VenuePosition,
    VenueSnapshot,
    VenueStatus,
)

S = NS_PER_SECOND
ACCOUNT = "a1"
SYMBOL = "X.one"
START = 1_700_000_000 * S
OPEN_LIMITS = GuardLimits(duplicate="off", order_rate="off", stale_quote="off", price_band="off")
TERMS = TradingTerms(
    prefix="t",
    venues=(VenueTerms(name="sim"),),
    accounts=(AccountTerms(account_id=ACCOUNT, venue="sim", currency="USD", balance=Decimal(1_000_000)),),
    guards=OPEN_LIMITS,
)


class VenueOrder:
    def __init__(self, venue_id: str, client_id: str, side: Side, quantity: Decimal) -> None:
        self.venue_id, self.client_id = venue_id, client_id
        self.side, self.quantity, self.filled = side, quantity, ZERO
        self.status = VenueStatus.OPEN


class Venue:
    """What is true. `received` counts how often each client id asked for an order."""

    def __init__(self, account_id: str = ACCOUNT) -> None:
        self.account_id = account_id
        self.orders: dict[str, VenueOrder] = {}
        self.fills: list[FillReport] = []
        self.received: dict[str, int] = {}
        self.reject_next = ""
        self._numbers = count(1)

    def place(self, request: PlaceRequest, now_ns: int) -> VenueMessage:
        self.received[request.client_order_id] = self.received.get(request.client_order_id, 0) + 1
        if request.client_order_id in self.orders:
            return PlaceRefused(
                account_id=self.account_id, client_order_id=request.client_order_id, reason="twice"
            )
        if self.reject_next:
            reason, self.reject_next = self.reject_next, ""
            return PlaceRefused(
                account_id=self.account_id,
                client_order_id=request.client_order_id,
                reason=reason,
                retryable=reason == "busy",
                attempt=request.attempt,
            )
        order = VenueOrder(f"V{next(self._numbers)}", request.client_order_id, request.side, request.quantity)
        self.orders[order.client_id] = order
        return self.report(order, now_ns)

    def replace(self, _: ReplaceRequest, __: int) -> VenueMessage | None:
        """It never answers to that."""
        return None

    def external(self, side: Side, quantity: int, now_ns: int) -> VenueMessage:
        name = f"V{next(self._numbers)}"
        self.orders[name] = order = VenueOrder(name, "", side, Decimal(quantity))
        return self.report(order, now_ns)

    def fill(self, order: VenueOrder, volume: Decimal, now_ns: int) -> list[VenueMessage]:
        order.filled += volume
        if order.filled >= order.quantity:
            order.status = VenueStatus.FILLED
        fill = FillReport(
            account_id=self.account_id,
            venue_order_id=order.venue_id,
            venue_trade_id=f"T{next(self._numbers)}",
            symbol=SYMBOL,
            side=order.side,
            price=Decimal(100) + len(self.fills) % 7,
            volume=volume,
            fee=Decimal("0.5"),
            chain=str(len(self.fills)),
            time_ns=now_ns,
        )
        self.fills.append(fill)
        return [fill, self.report(order, now_ns)]

    def end(self, order: VenueOrder, status: VenueStatus, now_ns: int) -> VenueMessage:
        order.status = status
        return self.report(order, now_ns)

    def report(self, order: VenueOrder, now_ns: int, polled_ns: int | None = None) -> OrderReport:
        return OrderReport(
            account_id=self.account_id,
            status=order.status,
            venue_order_id=order.venue_id,
            client_order_id=order.client_id,
            symbol=SYMBOL,
            side=order.side,
            quantity=order.quantity,
            cumulative=order.filled,
            time_ns=now_ns,
            polled_ns=polled_ns,
        )

    def named(self, client_order_id: str, venue_order_id: str) -> VenueOrder | None:
        by_venue_id = (o for o in self.orders.values() if o.venue_id == venue_order_id)
        return self.orders.get(client_order_id) or next(by_venue_id, None)

    @property
    def working(self) -> list[VenueOrder]:
        return [order for order in self.orders.values() if order.status is VenueStatus.OPEN]

    @property
    def net(self) -> Decimal:
        return sum((f.volume if f.side is Side.BUY else -f.volume for f in self.fills), ZERO)

    def snapshot(self, now_ns: int) -> VenueSnapshot:
        net = self.net
        position = VenuePosition(symbol=SYMBOL, long=net > 0, volume=abs(net))
        return VenueSnapshot(
            account_id=self.account_id,
            polled_ns=now_ns,
            open_orders=tuple(self.report(order, now_ns) for order in self.working),
            fills=tuple(self.fills),
            positions=(position,) if net else (),
            currency="USD",
        )


class ReservingVenue(Venue):
    """A resting order that closes reserves what it may close: what is beyond that is refused, and
    `refused` tells of it. Only ever long."""

    def __init__(self, account_id: str = ACCOUNT) -> None:
        super().__init__(account_id)
        self.refused: list[str] = []

    @property
    def reserved(self) -> Decimal:
        return sum((o.quantity - o.filled for o in self.working if o.side is Side.SELL), ZERO)

    def place(self, request: PlaceRequest, now_ns: int) -> VenueMessage:
        free = self.net - self.reserved
        known = request.client_order_id in self.orders
        if request.side is Side.SELL and not known and not self.reject_next and request.quantity > free:
            self.refused.append(f"{request.client_order_id}: {free} can be closed, not {request.quantity}")
            self.reject_next = "reduce_only"
        return super().place(request, now_ns)

    def replace(self, request: ReplaceRequest, now_ns: int) -> VenueMessage | None:
        order = self.named(request.client_order_id, request.venue_order_id)
        quantity = request.quantity
        assert quantity is not None
        grows = ZERO if order is None else quantity - order.quantity
        free = self.net - self.reserved
        if order is None or order.status is not VenueStatus.OPEN or quantity <= order.filled or grows > free:
            return ReplaceRefused(
                account_id=self.account_id, client_order_id=request.client_order_id, reason="no"
            )
        order.quantity = quantity
        return self.report(order, now_ns)


class World:
    """`lost`: the share of requests, and of answers, that never arrive. One model for each venue of
    the terms, with its first account; `venue` is the first."""

    def __init__(
        self,
        seed: int = 0,
        lost: float = 0.0,
        terms: TradingTerms = TERMS,
        kind: type[Venue] = Venue,
    ) -> None:
        self.random = Random(seed)
        self.lost = lost
        self.terms = terms
        self.venues = {one.venue: kind(one.account_id) for one in reversed(terms.accounts)}
        self.venue = self.venues[terms.venues[0].name]
        self.now_ns = START
        self.pushed: list[VenueMessage] = []
        self.records: list[JournalRecord] = []
        self.trading = Trading(self.terms)
        self.trading.resume(self.now_ns)
        self.connect()

    # Life ------------------------------------------------------------------------------------
    def connect(self, *names: str) -> None:
        """These, or all."""
        for name in names or self.venues:
            for side in LinkSide:
                self.hear(LinkReport(venue=name, side=side, state=LinkState.LIVE))
        self.hear(InstrumentReport(instruments=(Instrument(symbol=SYMBOL, currency="USD", zone="UTC"),)))
        self.quote(100)

    def disconnect(self, *names: str) -> None:
        for name in names or self.venues:
            for side in LinkSide:
                self.hear(LinkReport(venue=name, side=side, state=LinkState.LOST, reason="cut"))

    def crash(self) -> None:
        """`kill -9`: what was pushed and not heard is gone, only the journal is left."""
        self.keep()
        self.pushed.clear()
        self.trading = self.restored()
        self.trading.resume(self.now_ns)
        self.connect()

    def restored(self) -> Trading:
        trading = Trading(self.terms)
        for _ in trading.restore(self.records):
            pass
        return trading

    def restored_from(self, checkpoint: Checkpoint) -> Trading:
        """From a checkpoint, written down and read, and the tail of the journal."""
        trading = Trading(self.terms)
        for _ in load(trading, decoded(encoded(checkpoint))):
            pass
        for _ in trading.restore(r for r in self.records if r.seq > checkpoint.present.seq):
            pass
        return trading

    def checkpoint(self, before: Checkpoint | None = None) -> Checkpoint:
        self.keep()
        present = take_present(self.trading)
        sorting = compaction(present)
        first = 1
        if before is not None:
            sorting.take(before.kept)
            first = before.present.seq + 1
        sorting.take_records(r for r in self.records if first <= r.seq <= present.seq)
        kept: list[KeptFact] = sorting.kept()
        return Checkpoint(present=present, kept=tuple(kept))

    def keep(self) -> None:
        """Make durable what happened; only then do requests leave."""
        self.records += self.trading.take_records()
        for request in self.trading.take_requests():
            self._leave(request)
        for question in self.trading.questions():
            self._leave(question)
        self.records += self.trading.take_records()

    # Time and messages -----------------------------------------------------------------------
    def wait(self, seconds: float) -> None:
        self.now_ns += round(seconds * S)
        self.trading.tick(self.now_ns)
        self.keep()

    def hear(self, message: VenueMessage) -> None:
        self.trading.hear(message, self.now_ns)
        self.keep()

    def quote(self, last: int) -> None:
        price = Decimal(last)
        quote = Quote(
            symbol=SYMBOL, last=price, bid=price - 1, ask=price + 1, bid_volume=price, ask_volume=price
        )
        self.hear(QuoteReport(quote=quote))

    def deliver(self, number: int = 0) -> None:
        """One of the messages on their way arrives."""
        if self.pushed:
            self.hear(self.pushed.pop(number % len(self.pushed)))

    def settle(self) -> None:
        """The line is good again: everything arrives, everything is compared, time passes."""
        self.lost = 0.0
        while self.pushed:
            self.deliver()
        self.disconnect()
        self.connect()
        for _ in range(60):
            self.wait(7)
            while self.pushed:
                self.deliver()

    # What somebody does ------------------------------------------------------------------------
    def submit(
        self, quantity: int = 4, side: Side = Side.BUY, key: str = "", plan: OrderPlan = PLAIN
    ) -> Reply:
        request = OrderRequest(
            symbol=SYMBOL,
            side=side,
            offset=Offset.OPEN,
            type=OrderType.LIMIT,
            quantity=Decimal(quantity),
            price=Decimal(100),
            plan=plan,
        )
        return self.do(cmd.SubmitOrder(strategy_id=0, key=key, **msgspec.structs.asdict(request)))

    def do(self, command: cmd.AnyCommand) -> Reply:
        reply = self.trading.handle(command, self.now_ns)
        self.keep()
        return reply

    def present(self) -> Changes:
        return self.trading.snapshot()

    # Inside ----------------------------------------------------------------------------------
    def _leave(self, request: AnyRequest) -> None:
        arrives = self.random.random() >= self.lost
        answered = self.random.random() >= self.lost
        venue = self.venues[request.venue]
        if arrives and isinstance(request, PlaceRequest):
            answer: VenueMessage | None = venue.place(request, self.now_ns)
        elif arrives and isinstance(request, CancelRequest):
            answer = self._cancel(venue, request)
        elif arrives and isinstance(request, ReplaceRequest):
            answer = venue.replace(request, self.now_ns)
        elif arrives and isinstance(request, LookUpRequest):
            self._look_up(venue, request, answered)
            return
        elif arrives and isinstance(request, SnapshotRequest):
            answer = venue.snapshot(self.now_ns)
        else:
            answer = None
        if answer is not None and answered:
            self.pushed.append(answer)
        elif not isinstance(request, SnapshotRequest):
            self.pushed.append(
                RequestLost(
                    account_id=venue.account_id,
                    client_order_id=request.client_order_id,
                    request=KIND_OF[type(request)],
                    reason="no answer",
                )
            )

    def _cancel(self, venue: Venue, request: CancelRequest) -> VenueMessage:
        order = venue.named(request.client_order_id, request.venue_order_id)
        if order is None or order.status is not VenueStatus.OPEN:
            return CancelRefused(
                account_id=venue.account_id, client_order_id=request.client_order_id, gone=True
            )
        return venue.end(order, VenueStatus.CANCELED, self.now_ns)

    def _look_up(self, venue: Venue, request: LookUpRequest, answered: bool) -> None:
        order = venue.named(request.client_order_id, request.venue_order_id)
        if not answered:
            return
        if order is None:
            self.pushed.append(
                OrderUnknown(
                    account_id=venue.account_id,
                    client_order_id=request.client_order_id,
                    polled_ns=self.now_ns,
                )
            )
            return
        self.pushed.append(venue.report(order, self.now_ns, polled_ns=self.now_ns))
        self.pushed += [fill for fill in venue.fills if fill.venue_order_id == order.venue_id]
