"""A waiting room with a market that a test sets and a venue that says what a test says.

`lobby.give(1, conditions=("last(X) >= 5",))`, `lobby.quote("X", 6)`, `lobby.sent == [1]`. Every fact
is kept, so `lobby.restarted()` is the same lobby after its program was killed.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from monitor.engine import events as ev
from monitor.engine.orderplan import OrderPlan
from monitor.engine.orders import Book
from monitor.engine.rows import WaitingRow
from monitor.engine.values import (
    NS_PER_SECOND,
    Direction,
    EngineState,
    Instrument,
    Offset,
    OrderType,
    Origin,
    Quote,
    Side,
    TimeInForce,
)
from monitor.engine.waiting import QueueTerms, WaitingRoom

START = 1_794_097_600 * NS_PER_SECOND
"""2026-11-08 00:26:40 UTC, 08:26:40 in Shanghai."""

PLAN_FIELDS = frozenset(OrderPlan.__struct_fields__)
X = "SHFE.x1"
MOST_FACTS = 20_000


def dec(number: float | str | Decimal) -> Decimal:
    return Decimal(str(number))


class Market:
    """What parts may look at."""

    def __init__(self) -> None:
        self.now_ns = START
        self.book = Book()
        self.engine_state = EngineState.NORMAL
        self.quotes: dict[str, Quote] = {}
        self.instruments = {X: Instrument(symbol=X), "SHFE.y1": Instrument(symbol="SHFE.y1")}
        self.positions: dict[tuple[str, str, Direction], Decimal] = {}
        self.profits: dict[str, Decimal] = {}
        self.bars: dict[str, list[float]] = {}
        self.unreachable: set[str] = set()
        self.types = frozenset({OrderType.MARKET, OrderType.LIMIT})
        self.alerts = 0
        self.reserving = True

    def quote(self, symbol: str) -> Quote | None:
        return self.quotes.get(symbol)

    def instrument(self, symbol: str) -> Instrument | None:
        return self.instruments.get(symbol)

    def position(self, account_id: str, symbol: str, direction: Direction) -> Decimal:
        return self.positions.get((account_id, symbol, direction), Decimal(0))

    def profit(self, account_id: str) -> Decimal | None:
        return self.profits.get(account_id)

    def closes(self, symbol: str, count: int) -> Sequence[float]:
        return self.bars.get(symbol, [])[-count:]

    def reachable(self, venue: str) -> bool:
        return venue not in self.unreachable

    def native(self, _venue: str, type_: OrderType) -> bool:
        return type_ in self.types

    def reserves(self, _venue: str) -> bool:
        return self.reserving

    def next_alert_id(self) -> int:
        return self.alerts + 1


class Lobby:
    def __init__(self, **terms: Any) -> None:
        self.market = Market()
        self.terms = QueueTerms(**terms)
        self.room = WaitingRoom(self.market, self.terms, zone="Asia/Shanghai")
        self.facts: list[tuple[int, ev.AnyEvent]] = []
        self.lasts: list[Decimal | None] = []
        self._fills = 0

    # Facts ---------------------------------------------------------------------------------------
    def record(self, *facts: ev.AnyEvent) -> None:
        for fact in facts:
            self.facts.append((self.market.now_ns, fact))
            self._fold(fact, self.market.now_ns)
        self.settle()

    def settle(self) -> None:
        before = len(self.facts)
        while True:
            count = len(self.facts)
            for fact in self.room.decide(self.market.now_ns):
                self.facts.append((self.market.now_ns, fact))
                self._fold(fact, self.market.now_ns)
                assert len(self.facts) - before < MOST_FACTS, "it never comes to rest"
            if len(self.facts) == count:
                return

    def _fold(self, fact: ev.AnyEvent, time_ns: int) -> None:
        quote = self.market.quotes.get(X)
        self.lasts.append(None if quote is None else quote.last)
        if isinstance(fact, ev.AlertRaised):
            self.market.alerts = fact.alert_id
        elif not isinstance(fact, ev.PricesMarked):
            self.market.book.apply(fact, time_ns)  # type: ignore[arg-type]
        self.room.apply(fact, time_ns)

    def restarted(self) -> Lobby:
        """Another program that only has the facts, and the market as it is."""
        other = Lobby()
        other.terms = self.terms
        other.market.__dict__.update(self.market.__dict__, book=Book(), alerts=0)
        other.room = WaitingRoom(other.market, other.terms, zone="Asia/Shanghai")
        other._fills = self._fills
        now_ns = self.market.now_ns
        for time_ns, fact in self.facts:
            other.market.now_ns = time_ns
            other.facts.append((time_ns, fact))
            other._fold(fact, time_ns)
        other.market.now_ns = now_ns
        return other

    # What a person does ----------------------------------------------------------------------------
    def intent(self, order_id: int, **fields: Any) -> ev.OrderCreated:
        plan = OrderPlan(**{name: fields.pop(name) for name in list(fields) if name in PLAN_FIELDS})
        defaults: dict[str, Any] = {
            "strategy_id": 0,
            "account_id": "a",
            "symbol": X,
            "side": Side.BUY,
            "offset": Offset.OPEN,
            "type": OrderType.LIMIT,
            "time_in_force": TimeInForce.GTC,
            "quantity": Decimal(1),
            "origin": Origin.USER,
            "client_order_id": f"t-{order_id}",
            "venue": "v",
        }
        if fields.get("type", OrderType.LIMIT) in {OrderType.LIMIT, OrderType.STOP_LIMIT}:
            defaults["price"] = Decimal(100)
        for name in ("quantity", "price", "trigger_price", "trail"):
            if fields.get(name) is not None:
                fields[name] = dec(fields[name])
        return ev.OrderCreated(order_id=order_id, plan=plan, **(defaults | fields))

    def give(self, order_id: int, **fields: Any) -> None:
        self.record(self.intent(order_id, **fields))

    def cancel(self, order_id: int, reason: str = "manual") -> None:
        self.record(ev.CancelRequested(order_id=order_id, reason=reason))

    # What the world does ---------------------------------------------------------------------------
    def quote(self, symbol: str = X, last: float | str | None = None, **fields: Any) -> None:
        numbers = {name: dec(value) for name, value in fields.items()}
        price = None if last is None else dec(last)
        self.market.quotes[symbol] = Quote(symbol=symbol, last=price, **numbers)
        self.room.moved((symbol,))
        self.settle()

    def wait(self, seconds: float) -> None:
        self.market.now_ns += round(seconds * NS_PER_SECOND)
        self.settle()

    def places(self, *order_ids: int) -> None:
        self.record(*(ev.OrderPlaced(order_id=i, venue_order_id=f"V{i}") for i in order_ids))

    def fills(self, order_id: int, volume: float | str = 1, price: float = 100) -> None:
        self._fills += 1
        self.record(
            ev.TradeExecuted(
                order_id=order_id,
                trade_id=self._fills,
                venue_trade_id=f"T{self._fills}",
                venue_order_id=f"V{order_id}",
                price=dec(price),
                volume=dec(volume),
                commission=Decimal(0),
                slippage=Decimal(0),
            )
        )

    def cancels(self, order_id: int) -> None:
        filled = self.market.book.orders[order_id].filled
        self.record(
            ev.OrderCanceled(
                order_id=order_id, venue_order_id=f"V{order_id}", cumulative=filled, reason="venue"
            )
        )

    # What came of it -------------------------------------------------------------------------------
    def of(self, kind: type[ev.Event]) -> list[Any]:
        return [fact for _, fact in self.facts if type(fact) is kind]

    @property
    def sent(self) -> list[int]:
        return [fact.order_id for fact in self.of(ev.OrderSent)]

    @property
    def released(self) -> list[int]:
        return [fact.order_id for fact in self.of(ev.OrderReleased)]

    @property
    def canceled(self) -> list[int]:
        return [fact.order_id for fact in self.of(ev.OrderCanceled)]

    @property
    def asked_to_cancel(self) -> list[int]:
        return [fact.order_id for fact in self.of(ev.CancelRequested)]

    def row(self, order_id: int) -> WaitingRow:
        return self.room.all_rows()[order_id]

    def folded(self) -> tuple[Any, ...]:
        """The room's state without what was only observed."""
        rows = [
            msgspec.structs.replace(row, truth=(), error="", evaluated_ns=None, detail="")
            for row in self.room.all_rows().values()
        ]
        return sorted(rows, key=lambda row: row.order_id), self.room.queue_row()
