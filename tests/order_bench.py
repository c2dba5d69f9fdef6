"""A bench for parts of trading: a real book, a clock that a test turns, and the parts on it.

Facts are told in few words (`bench.sent(7)`), time passes from deadline to deadline exactly as the
parts name them, and what the parts proposed is kept in `made`. `restarted` is the same bench with
new parts that folded the same facts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeVar, get_args

from monitor.engine import events as ev
from monitor.engine.guards import AccountFigures
from monitor.engine.orderplan import OrderPlan
from monitor.engine.orders import Book
from monitor.engine.trading.parts import Part
from monitor.engine.values import (
    NS_PER_SECOND,
    ZERO,
    Direction,
    EngineState,
    Instrument,
    LinkSide,
    LinkState,
    Offset,
    OrderType,
    Origin,
    Quote,
    Side,
    TimeInForce,
)

E = TypeVar("E", bound=ev.Event)
SYMBOL, ACCOUNT, VENUE = "SHFE.au2512", "acc", "first"
SECOND, SECOND_ACCOUNT = "second", "second:acc"
START = 1_700_000_000 * NS_PER_SECOND
GOLD = Instrument(symbol=SYMBOL, tick=Decimal("0.02"), multiplier=Decimal(1000))


def seconds(number: float) -> int:
    return int(number * NS_PER_SECOND)


class Bench:
    """A `View` and a `GuardView`; its lines to both venues are up until a test takes them down."""

    def __init__(self, *parts: Callable[[Any], Part]) -> None:
        self._kinds = parts
        self.now_ns = START
        self.book = Book()
        self.engine_state = EngineState.NORMAL
        self.quotes: dict[str, Quote] = {}
        self.instruments = {SYMBOL: GOLD}
        self.positions: dict[tuple[str, str, Direction], Decimal] = {}
        self.accounts: dict[str, AccountFigures] = {}
        self.down: set[str] = set()
        self.alerts = self.orders = 0
        self.native_types = frozenset(OrderType)
        self.journal: list[tuple[ev.AnyEvent, int]] = []
        self.made: list[tuple[ev.AnyEvent, float]] = []
        self.parts: list[Any] = [kind(self) for kind in parts]

    # View --------------------------------------------------------------------------------------
    def quote(self, symbol: str) -> Quote | None:
        return self.quotes.get(symbol)

    def instrument(self, symbol: str) -> Instrument | None:
        return self.instruments.get(symbol)

    def position(self, account_id: str, symbol: str, direction: Direction) -> Decimal:
        return self.positions.get((account_id, symbol, direction), ZERO)

    def profit(self, account_id: str) -> Decimal | None:
        return None

    def closes(self, symbol: str, count: int) -> Sequence[float]:
        return ()

    def reachable(self, venue: str) -> bool:
        return venue not in self.down

    def figures(self, account_id: str) -> AccountFigures | None:
        return self.accounts.get(account_id or ACCOUNT)

    def next_alert_id(self) -> int:
        return self.alerts + 1

    def native(self, venue: str, type_: OrderType) -> bool:
        return type_ in self.native_types

    def account_at(self, venue: str) -> str:
        return {VENUE: ACCOUNT, SECOND: SECOND_ACCOUNT}.get(venue, "")

    def next_order_id(self) -> int:
        return self.orders + 1

    def client_order_id(self, order_id: int) -> str:
        return f"t-{order_id}"

    # Facts -------------------------------------------------------------------------------------
    def tell(self, *facts: ev.AnyEvent) -> None:
        """Facts happen now, and the parts answer."""
        for fact in facts:
            self._take(fact)
        self.settle()

    def _take(self, fact: ev.AnyEvent) -> None:
        self.journal.append((fact, self.now_ns))
        self._fold(fact)

    def _fold(self, fact: ev.AnyEvent) -> None:
        if isinstance(fact, ev.EngineStateChanged):
            self.engine_state = fact.state
        if isinstance(fact, ev.AlertRaised):
            assert fact.alert_id > self.alerts, "an alert's number is given once"
            self.alerts = fact.alert_id
        if isinstance(fact, ev.LinkChanged):
            (self.down.discard if fact.state is LinkState.LIVE else self.down.add)(fact.venue)
        if isinstance(fact, ev.OrderCreated):
            self.orders = max(self.orders, fact.order_id)
        if isinstance(fact, ORDER_FACTS):
            self.book.apply(fact, self.now_ns)
        for part in self.parts:
            part.apply(fact, self.now_ns)

    def settle(self) -> None:
        for _ in range(1000):
            if not sum(self._decided(part) for part in self.parts):
                return
        raise AssertionError("the parts never come to rest")

    def _decided(self, part: Part) -> int:
        count = 0
        for fact in part.decide(self.now_ns):
            self.made.append((fact, (self.now_ns - START) / NS_PER_SECOND))
            self._take(fact)
            count += 1
        return count

    def wait(self, duration_s: float) -> None:
        """Time passes; the parts are asked when they said, and at the end."""
        end = self.now_ns + seconds(duration_s)
        self.settle()
        while (due := self.due_ns()) is not None and due < end:
            assert due > self.now_ns, "a part stays due although it was asked"
            self.now_ns = due
            self.settle()
        self.now_ns = end
        self.settle()

    def due_ns(self) -> int | None:
        return min((due for part in self.parts if (due := part.due_ns()) is not None), default=None)

    def restarted(self, kept: int | None = None) -> Bench:
        """What a new program knows that folded the journal (or only so many facts of it), before it
        decides anything."""
        new = Bench(*self._kinds)
        for fact, time_ns in self.journal[:kept]:
            new.now_ns = time_ns
            new.journal.append((fact, time_ns))
            new._fold(fact)
        new.now_ns, new.down, new.native_types = self.now_ns, set(self.down), self.native_types
        new.quotes, new.positions, new.accounts = self.quotes, self.positions, self.accounts
        return new

    # In few words ------------------------------------------------------------------------------
    def order(self, order_id: int = 1, *, quantity: str = "10", sent: bool = True, **fields: Any) -> int:
        """An order is created, and sent unless it is to wait."""
        plan = OrderPlan(**{name: fields.pop(name) for name in OrderPlan.__struct_fields__ if name in fields})
        usual: dict[str, Any] = {
            "strategy_id": 0,
            "account_id": ACCOUNT,
            "symbol": SYMBOL,
            "side": Side.BUY,
            "offset": Offset.OPEN,
            "type": OrderType.LIMIT,
            "time_in_force": TimeInForce.GTC,
            "price": Decimal(400),
            "origin": Origin.USER,
            "client_order_id": f"t-{order_id}",
            "venue": VENUE,
            "plan": plan,
        }
        created = ev.OrderCreated(order_id=order_id, quantity=Decimal(quantity), **{**usual, **fields})
        self.tell(created)
        if sent:
            self.sent(order_id)
        return order_id

    def sent(self, order_id: int = 1, attempt: int = 1, venue: str = VENUE, arrival: str = "400") -> None:
        fact = ev.OrderSent(order_id=order_id, attempt=attempt, venue=venue, arrival=Decimal(arrival))
        self.tell(fact)

    def placed(self, order_id: int = 1) -> None:
        self.tell(ev.OrderPlaced(order_id=order_id, venue_order_id=f"v{order_id}"))

    def working(self, order_id: int = 1, **fields: Any) -> int:
        """An order that the venue has acknowledged."""
        self.order(order_id, **fields)
        self.placed(order_id)
        return order_id

    def refused(self, order_id: int = 1, *, retryable: bool = True, attempt: int = 0) -> None:
        self.tell(ev.OrderRefused(order_id=order_id, reason="busy", retryable=retryable, attempt=attempt))

    def filled(self, volume: str, order_id: int = 1, price: str = "400", **fields: Any) -> None:
        count = sum(isinstance(fact, ev.TradeExecuted) for fact, _ in self.journal) + 1
        fill = ev.TradeExecuted(
            order_id=order_id,
            trade_id=count,
            venue_trade_id=fields.pop("venue_trade_id", f"f{count}"),
            price=Decimal(price),
            volume=Decimal(volume),
            commission=Decimal("0.5"),
            slippage=ZERO,
            **fields,
        )
        self.tell(fill)

    def canceled(self, order_id: int = 1, **fields: Any) -> None:
        filled = self.book.orders[order_id].filled
        self.tell(ev.OrderCanceled(order_id=order_id, cumulative=filled, **fields))

    def line(self, state: LinkState, venue: str = VENUE) -> None:
        self.tell(ev.LinkChanged(venue=venue, side=LinkSide.ORDERS, state=state))

    def stop(self, state: EngineState = EngineState.HALTED) -> None:
        self.tell(ev.EngineStateChanged(state=state, reason="test", by="test"))

    # What the parts proposed -------------------------------------------------------------------
    def all_made(self, kind: type[E]) -> list[E]:
        return [fact for fact, _ in self.made if isinstance(fact, kind)]

    def times_made(self, kind: type[ev.Event]) -> list[float]:
        """Seconds after the start at which facts of this kind were proposed."""
        return [when for fact, when in self.made if isinstance(fact, kind)]


ORDER_FACTS = get_args(ev.OrderEvent)
