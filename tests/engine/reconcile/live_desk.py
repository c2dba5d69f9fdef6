"""The real engine of trading at the model venue: book, accounts, tracker and reconciler as they are."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from model_venue import ACCOUNT, ModelVenue, VenueOrder

from monitor.engine import events as ev
from monitor.engine.trading.terms import AccountTerms, TradingTerms, VenueTerms
from monitor.engine.trading.trading import Trading
from monitor.engine.values import (
    Instrument,
    LinkSide,
    LinkState,
    Offset,
    OrderType,
    Origin,
    Side,
    TimeInForce,
)
from monitor.engine.venue import (
    AnyRequest,
    CancelRequest,
    FillReport,
    InstrumentReport,
    LinkReport,
    LookUpRequest,
    OrderReport,
    OrderUnknown,
    PlaceRequest,
    SnapshotRequest,
)

TERMS = TradingTerms(
    prefix="t",
    venues=(VenueTerms(name="sim"),),
    accounts=(AccountTerms(account_id=ACCOUNT, venue="sim", currency="USD"),),
)


class LiveDesk:
    """What the venue pushes is delivered by the test; questions and requests are answered by `run`."""

    def __init__(self, venue: ModelVenue, look_back_s: int | None = None) -> None:
        self.venue = venue
        self.look_back_s = look_back_s
        self.trading = Trading(TERMS)
        symbols = ("X", "Y")
        instruments = tuple(Instrument(symbol=symbol, currency="USD") for symbol in symbols)
        self.trading.hear(InstrumentReport(instruments=instruments), venue.now_ns)
        self.line(LinkState.LIVE)
        self.asked: list[AnyRequest] = []

    def line(self, state: LinkState) -> None:
        self.trading.hear(LinkReport(venue="sim", side=LinkSide.ORDERS, state=state), self.venue.now_ns)

    def send(self, symbol: str, side: Side, quantity: int, *, arrives: bool = True) -> VenueOrder | None:
        """An order leaves. `arrives`: or is lost on its way, and nobody says so."""
        trading = self.trading
        trading.tick(self.venue.now_ns)
        order_id = trading.state.next_order_id()
        trading.record(
            ev.OrderCreated(
                order_id=order_id,
                strategy_id=1,
                account_id=ACCOUNT,
                symbol=symbol,
                side=side,
                offset=Offset.OPEN,
                type=OrderType.LIMIT,
                time_in_force=TimeInForce.GTC,
                quantity=Decimal(quantity),
                price=Decimal(100),
                origin=Origin.STRATEGY,
                client_order_id=trading.state.client_order_id(order_id),
                venue="sim",
            )
        )
        trading.record(ev.OrderSent(order_id=order_id, attempt=1, venue="sim"))
        (request,) = trading.take_requests()
        assert isinstance(request, PlaceRequest)
        return self._place(request) if arrives else None

    def hear(self, message: OrderReport | FillReport) -> None:
        self.trading.hear(message, self.venue.now_ns)

    def run(self, seconds: int, step: int = 3) -> None:
        """Time passes; every question is answered at once, every request is carried out."""
        for _ in range(seconds // step):
            self.venue.wait(step)
            self.trading.tick(self.venue.now_ns)
            for asked in [*self.trading.take_requests(), *self.trading.questions()]:
                self.asked.append(asked)
                self._answer(asked)

    def facts(self) -> list[ev.AnyEvent]:
        """Since the last call."""
        return [ev.DECODER.decode(record.payload) for record in self.trading.take_records()]

    def _answer(self, asked: AnyRequest) -> None:
        now_ns = self.venue.now_ns
        if isinstance(asked, SnapshotRequest):
            since_ns = asked.fills_since_ns if self.look_back_s is None else now_ns - self.look_back_s * 10**9
            self.trading.hear(self.venue.snapshot(since_ns), now_ns)
        elif isinstance(asked, LookUpRequest):
            self._look_up(asked)
        elif isinstance(asked, PlaceRequest):
            order = self._place(asked)
            self.hear(order.report())
        elif isinstance(asked, CancelRequest):
            for order in self.venue.orders:
                if order.client_id == asked.client_order_id and not order.status.final:
                    self.venue.cancel(order)
                    self.hear(order.report())

    def _look_up(self, asked: LookUpRequest) -> None:
        answers = self.venue.answer(asked.venue_order_id, asked.client_order_id)
        for message in answers:
            if isinstance(message, OrderReport):
                message = msgspec.structs.replace(message, polled_ns=self.venue.now_ns)
            self.hear(message)
        if not answers:
            unknown = OrderUnknown(
                account_id=ACCOUNT,
                client_order_id=asked.client_order_id,
                venue_order_id=asked.venue_order_id,
                polled_ns=self.venue.now_ns,
            )
            self.trading.hear(unknown, self.venue.now_ns)

    def _place(self, request: PlaceRequest) -> VenueOrder:
        return self.venue.place(request.client_order_id, request.symbol, request.side, int(request.quantity))
