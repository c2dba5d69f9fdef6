"""P6: venue messages through tracker, state table and ledger, in messages per second.

20,000 orders of ours, each acknowledged, filled in two parts and reported filled: in the venue's
order, and shuffled within windows of a thousand messages; and orders of a watched address, fills
and final status only. All facts are made, signals too, and folded; nothing is written. Run as
`python -m benchmarks.tracker [orders]`; prints one JSON line per figure.
"""

from __future__ import annotations

import gc
import math
import random
import sys
import time
from decimal import Decimal

from benchmarks.figures import print_figure
from monitor.engine import events as ev
from monitor.engine.ledger import Ledger, PositionMode
from monitor.engine.orders import Book
from monitor.engine.tracker import Tracker, TrackerTerms
from monitor.engine.tracker.tracker import Taker
from monitor.engine.values import (
    FillDirection,
    Instrument,
    Offset,
    OrderType,
    Side,
    SignalKind,
    TimeInForce,
)
from monitor.engine.venue import FillReport, OrderReport, VenueMessage, VenueStatus

ORDERS = 20_000
GOAL = 150_000
RUNS = 3
WINDOW = 1_000
STEP_NS = 20_000  # between two messages: well below any grace
PEER = {
    "ccxt.pro": 9_000,
    "note": "given figure, measured on another 2-core machine, losing 75 % of the states; not run here",
}
INSTRUMENT = Instrument(symbol="BTC", tick=Decimal("0.1"), lot=Decimal("0.001"), currency="USDC")
LOT, PART, REST = Decimal("0.5"), Decimal("0.2"), Decimal("0.3")
FEE = Decimal("0.01")


class Engine:
    """As little as a tracker needs around it: a book, a ledger, counters that facts move on."""

    def __init__(self) -> None:
        self.book = Book()
        self.ledger = Ledger("a", Decimal(1_000_000), PositionMode.NETTING)
        self.signals: dict[SignalKind, int] = dict.fromkeys(SignalKind, 0)
        self._profits: dict[int, Decimal] = {}
        self._order = self._trade = self._signal = self._alert = 0
        self.now_ns = 0
        self.tracker = Tracker(self, TrackerTerms())
        own: dict[type, Taker] = dict.fromkeys(ev.ORDER_EVENTS, self.book.apply)
        own[ev.SignalEmitted] = self._signalled
        own[ev.TradeExecuted] = self._traded
        own[ev.OrderCreated] = self._created
        told = self.tracker.kinds
        self._takers = {
            kind: tuple(table[kind] for table in (own, told) if kind in table) for kind in ev.KINDS.values()
        }

    def instrument(self, symbol: str) -> Instrument:
        return INSTRUMENT

    def last_price(self, symbol: str) -> Decimal | None:
        return None

    def next_order_id(self) -> int:
        return self._order + 1

    def next_trade_id(self) -> int:
        return self._trade + 1

    def next_signal_id(self) -> int:
        return self._signal + 1

    def next_alert_id(self) -> int:
        return self._alert + 1

    def profit_of(self, order_id: int) -> Decimal | None:
        return self._profits.get(order_id)

    def hear(self, message: VenueMessage) -> None:
        self.now_ns += STEP_NS
        for fact in self.tracker.hear(message, self.now_ns):
            self.record(fact)
        for fact in self.tracker.decide(self.now_ns):
            self.record(fact)

    def record(self, fact: ev.AnyEvent) -> None:
        for take in self._takers[type(fact)]:
            take(fact, self.now_ns)

    def _signalled(self, fact: ev.SignalEmitted, _: int) -> None:
        self._signal = fact.signal_id
        self.signals[fact.kind] += 1

    def _created(self, fact: ev.OrderCreated, _: int) -> None:
        self._order = fact.order_id
        self.book.apply(fact, self.now_ns)

    def _traded(self, fill: ev.TradeExecuted, _: int) -> None:
        self._trade = fill.trade_id
        new = self.book.is_new_fill(fill)
        self.book.apply(fill, self.now_ns)
        if not new:
            return
        intent = self.book.orders[fill.order_id].intent
        profit = self.ledger.post(
            INSTRUMENT,
            intent.side,
            intent.offset,
            fill.price,
            fill.volume,
            fill.commission,
            fill.slippage,
            self.now_ns,
        )
        self._profits[fill.order_id] = self._profits.get(fill.order_id, Decimal(0)) + profit


def sent(count: int) -> Engine:
    """An engine that has sent so many orders."""
    engine = Engine()
    for n in range(1, count + 1):
        engine.record(
            ev.OrderCreated(
                order_id=n,
                strategy_id=1,
                account_id="a",
                symbol="BTC",
                side=_side(n),
                offset=Offset.OPEN,
                type=OrderType.LIMIT,
                time_in_force=TimeInForce.GTC,
                quantity=LOT,
                price=Decimal(60_000 + n % 100),
                client_order_id=f"c{n}",
            )
        )
        engine.record(ev.OrderSent(order_id=n))
    for fact in engine.tracker.decide(0):
        engine.record(fact)
    return engine


def _side(n: int) -> Side:
    return Side.BUY if n % 2 else Side.SELL


def words(count: int, *, ours: bool) -> list[VenueMessage]:
    """Ten orders at a time are under way, their messages mixed as several channels mix them."""
    found: list[VenueMessage] = []
    for first in range(1, count + 1, 10):
        orders = [_words_of(n, ours=ours) for n in range(first, min(first + 10, count + 1))]
        for step in zip(*orders, strict=True):
            found += step
    return found


def _words_of(n: int, *, ours: bool) -> list[VenueMessage]:
    client = f"c{n}" if ours else ""
    oid = str(77_000_000 + n)

    def report(status: VenueStatus, cumulative: Decimal, tick: int) -> OrderReport:
        return OrderReport(
            account_id="a",
            status=status,
            venue_order_id=oid,
            client_order_id=client,
            symbol="BTC",
            side=_side(n),
            quantity=LOT,
            price=Decimal(60_000 + n % 100),
            cumulative=cumulative,
            time_ns=n * 1_000 + tick,
        )

    def fill(tid: int, volume: Decimal) -> FillReport:
        return FillReport(
            account_id="a",
            venue_order_id=oid,
            venue_trade_id=f"{n}-{tid}",
            symbol="BTC",
            side=_side(n),
            price=Decimal(60_000 + n % 100),
            volume=volume,
            direction=FillDirection.OPEN_LONG,
            fee=FEE,
            fee_currency="USDC",
            time_ns=n * 1_000 + tid,
        )

    end = report(VenueStatus.FILLED, LOT, 9)
    if not ours:
        return [fill(1, PART), fill(2, REST), end]
    return [report(VenueStatus.OPEN, Decimal(0), 0), fill(1, PART), fill(2, REST), end]


def shuffled(messages: list[VenueMessage]) -> list[VenueMessage]:
    mixed = random.Random(7)
    found: list[VenueMessage] = []
    for first in range(0, len(messages), WINDOW):
        window = messages[first : first + WINDOW]
        mixed.shuffle(window)
        found += window
    return found


def seconds(count: int, messages: list[VenueMessage], *, ours: bool) -> tuple[float, float]:
    """By the clock and of the processor. The best of some runs: what the machine does besides only
    ever adds."""
    best = used = math.inf
    for _ in range(RUNS):
        engine = sent(count if ours else 0)
        gc.collect()
        begin, begin_used = time.perf_counter(), time.process_time()
        for message in messages:
            engine.hear(message)
        best = min(best, time.perf_counter() - begin)
        used = min(used, time.process_time() - begin_used)
        engine.now_ns += 10_000_000_000
        for fact in engine.tracker.decide(engine.now_ns):
            engine.record(fact)
        assert engine.signals[SignalKind.FINISHED] == count, engine.signals
        assert engine.signals[SignalKind.FILL] == 2 * count, engine.signals
        assert engine.signals[SignalKind.CORRECTED] == 0, engine.signals
    return best, used


def main(orders: int) -> None:
    for name, ours, mix in (
        ("our orders, in the venue's order", True, False),
        ("our orders, shuffled in windows of 1,000", True, True),
        ("a watched address, fills and status", False, False),
    ):
        timed = {}
        for count in (orders // 10, orders):
            messages = words(count, ours=ours)
            if mix:
                messages = shuffled(messages)
            timed[count] = *seconds(count, messages, ours=ours), len(messages)
        (_, few_used, _), (many, used, heard) = timed.values()
        print_figure(
            "P6",
            f"venue messages through tracker, state table and ledger: {name}",
            heard / many,
            "messages/s",
            goal=f">= {GOAL:,}",
            microseconds=many / heard * 1e6,
            processor_microseconds=used / heard * 1e6,
            exponent=round(math.log(used / few_used, 10), 2),
            orders=orders,
            peer=PEER,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ORDERS)
