"""A venue and the books of its customer, as small models: what is true, and what was heard of it.

The venue nets positions per symbol and keeps everything. The books know what they heard; they hold
evidence as sets and maxima, so that arrival order cannot matter, and fold positions in the venue's
order with corrections as absolute words, as the accounts of the engine do.
"""

from __future__ import annotations

from decimal import Decimal

from monitor.engine import events as ev
from monitor.engine.reconcile import KnownOrder, LookUp
from monitor.engine.reconcile.facts import PositionKey
from monitor.engine.values import NS_PER_SECOND, ZERO, Direction, Side
from monitor.engine.venue import FillReport, OrderReport, VenuePosition, VenueSnapshot, VenueStatus

ACCOUNT = "a1"
SECOND = NS_PER_SECOND


class VenueOrder:
    def __init__(self, number: int, client_id: str, symbol: str, side: Side, quantity: int) -> None:
        self.venue_id = f"V{number}"
        self.client_id = client_id
        self.symbol = symbol
        self.side = side
        self.quantity = Decimal(quantity)
        self.filled = ZERO
        self.price = Decimal(100)
        self.status = VenueStatus.OPEN
        self.changed_ns = 0

    def report(self) -> OrderReport:
        return OrderReport(
            account_id=ACCOUNT,
            status=self.status,
            venue_order_id=self.venue_id,
            client_order_id=self.client_id,
            symbol=self.symbol,
            side=self.side,
            quantity=self.quantity,
            price=self.price,
            cumulative=self.filled,
            time_ns=self.changed_ns,
        )


class ModelVenue:
    """`said`: what it pushed, in its order. Time passes with `wait` only."""

    def __init__(self) -> None:
        self.now_ns = 1_000_000 * SECOND
        self.orders: list[VenueOrder] = []
        self.fills: list[FillReport] = []
        self.said: list[OrderReport | FillReport] = []
        self.balance: Decimal | None = None

    def wait(self, seconds: int = 10) -> None:
        self.now_ns += seconds * SECOND

    def place(
        self, client_id: str = "", symbol: str = "X", side: Side = Side.BUY, quantity: int = 5
    ) -> VenueOrder:
        order = VenueOrder(len(self.orders) + 1, client_id, symbol, side, quantity)
        self.orders.append(order)
        self._say(order)
        return order

    def fill(self, order: VenueOrder, volume: int) -> None:
        assert order.status is VenueStatus.OPEN
        order.filled += volume
        fill = FillReport(
            account_id=ACCOUNT,
            venue_order_id=order.venue_id,
            client_order_id=order.client_id,
            venue_trade_id=f"T{len(self.fills) + 1}",
            symbol=order.symbol,
            side=order.side,
            price=Decimal(100),
            volume=Decimal(volume),
            time_ns=self.now_ns,
        )
        self.fills.append(fill)
        self.said.append(fill)
        if order.filled >= order.quantity:
            order.status = VenueStatus.FILLED
        self._say(order)

    def cancel(self, order: VenueOrder) -> None:
        order.status = VenueStatus.CANCELED
        self._say(order)

    def amend(self, order: VenueOrder, price: int) -> None:
        order.price = Decimal(price)
        self._say(order)

    def net(self, symbol: str) -> Decimal:
        signed = (f.volume if f.side is Side.BUY else -f.volume for f in self.fills if f.symbol == symbol)
        return sum(signed, ZERO)

    def snapshot(self, since_ns: int | None = None) -> VenueSnapshot:
        nets = {symbol: self.net(symbol) for symbol in sorted({order.symbol for order in self.orders})}
        return VenueSnapshot(
            account_id=ACCOUNT,
            polled_ns=self.now_ns,
            open_orders=tuple(o.report() for o in self.orders if o.status is VenueStatus.OPEN),
            fills=tuple(f for f in self.fills if since_ns is None or (f.time_ns or 0) >= since_ns),
            positions=tuple(
                VenuePosition(symbol=symbol, long=net > 0, volume=abs(net), average_price=Decimal(99))
                for symbol, net in nets.items()
                if net
            ),
            fills_since_ns=since_ns,
            balance=self.balance,
            currency="USD",
        )

    def answer(self, venue_id: str, client_id: str) -> list[OrderReport | FillReport]:
        """To a look-up: the order and all its fills, or nothing for one that never arrived."""
        for order in self.orders:
            if venue_id == order.venue_id or (client_id and client_id == order.client_id):
                fills = [fill for fill in self.fills if fill.venue_order_id == order.venue_id]
                return [order.report(), *fills]
        return []

    def _say(self, order: VenueOrder) -> None:
        order.changed_ns = self.now_ns
        self.said.append(order.report())


class BookOrder:
    def __init__(self, order_id: int, symbol: str, quantity: Decimal, sent_ns: int) -> None:
        self.order_id = order_id
        self.symbol = symbol
        self.quantity = quantity
        self.price: Decimal | None = Decimal(100)
        self.price_ns = 0
        self.venue_id = ""
        self.acknowledged = False
        self.total = ZERO
        self.fills: dict[str, FillReport] = {}
        self.verdict: VenueStatus | None = None
        self.inferred = False
        self.active_ns = sent_ns

    @property
    def filled(self) -> Decimal:
        return sum((fill.volume for fill in self.fills.values()), ZERO)

    @property
    def ended(self) -> bool:
        return self.verdict is not None or bool(self.quantity and self.filled >= self.quantity)

    def known(self) -> KnownOrder:
        return KnownOrder(
            order_id=self.order_id,
            symbol=self.symbol,
            ended=self.ended,
            inferred=self.inferred,
            acknowledged=self.acknowledged,
            venue_order_id=self.venue_id,
            quantity=self.quantity,
            cumulative=max(self.total, self.filled),
            price=self.price,
            fills_missing=self.filled < self.total,
            active_ns=self.active_ns,
        )


class ModelBooks:
    """Implements `Facts`."""

    def __init__(self, opening: Decimal | None = None) -> None:
        self.orders: dict[int, BookOrder] = {}
        self.ours: dict[str, int] = {}
        self.now_ns = 0
        self.money = opening
        self.corrected: list[tuple[int, ev.PositionCorrected]] = []
        self.news: list[ev.TradeExecuted] = []

    def send(self, client_id: str, symbol: str, quantity: int, now_ns: int) -> BookOrder:
        order = BookOrder(len(self.orders) + 1, symbol, Decimal(quantity), now_ns)
        self.orders[order.order_id] = order
        self.ours[client_id] = order.order_id
        return order

    # What it hears -----------------------------------------------------------------------------
    def hear(self, message: OrderReport | FillReport, now_ns: int) -> None:
        self.now_ns = now_ns
        order = self._find(message.venue_order_id, message.client_order_id) or self._adopt(message)
        order.venue_id = message.venue_order_id
        order.acknowledged = True
        if isinstance(message, FillReport):
            if message.venue_trade_id not in order.fills:
                order.fills[message.venue_trade_id] = message
                order.active_ns = now_ns
                self.news.append(_trade(order.order_id, message))
            return
        order.total = max(order.total, message.cumulative or ZERO)
        order.quantity = message.quantity or order.quantity
        if (message.time_ns or 0) >= order.price_ns:
            order.price, order.price_ns = message.price, message.time_ns or 0
        if message.status.final:
            order.verdict = message.status
            order.inferred = False
        elif order.inferred:
            order.verdict, order.inferred = None, False
        order.active_ns = now_ns

    def take(self, fact: ev.PositionCorrected | ev.MoneyMoved) -> None:
        if isinstance(fact, ev.MoneyMoved):
            self.money = (self.money or ZERO) + fact.amount
        else:
            self.corrected.append((fact.polled_ns or self.now_ns, fact))

    def _find(self, venue_id: str, client_id: str) -> BookOrder | None:
        if client_id in self.ours:
            return self.orders[self.ours[client_id]]
        return next(
            (order for order in self.orders.values() if venue_id and order.venue_id == venue_id), None
        )

    def _adopt(self, message: OrderReport | FillReport) -> BookOrder:
        order = BookOrder(len(self.orders) + 1, message.symbol, ZERO, self.now_ns)
        self.orders[order.order_id] = order
        return order

    # Facts -------------------------------------------------------------------------------------
    def live(self, account_id: str) -> list[KnownOrder]:
        known = [order.known() for order in self.orders.values()]
        return [order for order in known if not order.ended or order.fills_missing]

    def order_of(self, report: OrderReport) -> KnownOrder | None:
        found = self._find(report.venue_order_id, report.client_order_id)
        return found.known() if found is not None else None

    def has_fill(self, fill: FillReport) -> bool:
        order = self._find(fill.venue_order_id, fill.client_order_id)
        return order is not None and fill.venue_trade_id in order.fills

    def positions(self, account_id: str) -> dict[PositionKey, Decimal]:
        found: dict[PositionKey, Decimal] = {}
        for symbol in {order.symbol for order in self.orders.values()} | {
            f.symbol for _, f in self.corrected
        }:
            net = self.net(symbol)
            if net:
                found[symbol, Direction.LONG if net > 0 else Direction.SHORT] = abs(net)
        return found

    def net(self, symbol: str) -> Decimal:
        """Fills in the venue's order; a correction is what was held then, whatever came before."""
        fills = [f for order in self.orders.values() for f in order.fills.values() if f.symbol == symbol]
        entries: list[tuple[int, int, FillReport | ev.PositionCorrected]] = [
            *((f.time_ns or 0, 0, f) for f in fills),
            *((time_ns, 1, fact) for time_ns, fact in self.corrected if fact.symbol == symbol),
        ]
        long = short = ZERO
        for _, _, entry in sorted(entries, key=lambda entry: entry[:2]):
            if isinstance(entry, FillReport):
                net = long - short + (entry.volume if entry.side is Side.BUY else -entry.volume)
                long, short = max(net, ZERO), max(-net, ZERO)
            elif entry.direction is Direction.LONG:
                long = entry.volume
            else:
                short = entry.volume
        return long - short

    def balance(self, account_id: str, currency: str) -> Decimal | None:
        return self.money

    def unbooked(self, account_id: str) -> set[str]:
        return set()

    def subject(self, order_id: int) -> tuple[str, str]:
        return ACCOUNT, self.orders[order_id].symbol

    def look_up(self, step: LookUp, venue: ModelVenue) -> list[OrderReport | FillReport]:
        order = self.orders[step.order_id]
        client_id = next((name for name, id_ in self.ours.items() if id_ == step.order_id), "")
        return venue.answer(order.venue_id, client_id)


def _trade(order_id: int, fill: FillReport) -> ev.TradeExecuted:
    return ev.TradeExecuted(
        order_id=order_id,
        trade_id=order_id,
        venue_trade_id=fill.venue_trade_id,
        price=fill.price,
        volume=fill.volume,
        commission=fill.fee,
        slippage=ZERO,
    )
