"""What the guards look at, as one frozen value, and how it is gathered.

The engine gathers from its own state, a ticket from rows it shows; both go through `facts_of`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Protocol

import msgspec

from monitor.engine.orderplan import OrderPlan
from monitor.engine.orders import Book
from monitor.engine.rows import OrderRow
from monitor.engine.values import (
    NS_PER_SECOND,
    ZERO,
    Direction,
    EngineState,
    InnerState,
    Instrument,
    Offset,
    OrderType,
    Quote,
    Side,
)

RECENT_NS = 60 * NS_PER_SECOND


class OrderIntent(Protocol):
    """An order to be: a request, a command, or the creation of an order that waited."""

    @property
    def account_id(self) -> str: ...
    @property
    def symbol(self) -> str: ...
    @property
    def side(self) -> Side: ...
    @property
    def offset(self) -> Offset: ...
    @property
    def type(self) -> OrderType: ...
    @property
    def quantity(self) -> Decimal: ...
    @property
    def price(self) -> Decimal | None: ...
    @property
    def trigger_price(self) -> Decimal | None: ...
    @property
    def reduce_only(self) -> bool: ...
    @property
    def plan(self) -> OrderPlan: ...


class AccountFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Of one account, in its currency. `today_profit` since the day's start. `drawdown` is the
    present one, a fraction. `compared_ns`: when it was last compared with its venue. None is
    unknown, and what is unknown is not judged. `netting`: long and short make up for each other."""

    account_id: str
    available: Decimal | None = None
    today_profit: Decimal | None = None
    drawdown: float | None = None
    compared_ns: int | None = None
    netting: bool = False


class GuardFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`opposite` is the position that the order closes, or nets with; `same` the one it adds to;
    `adding` what working opening orders may still add there. `recent`: orders of the symbol of
    the last minute. `unknown`: ids of those whose state nobody knows. `leaving`: the order was
    judged when it was given, waited, and is judged again now that it is to be sent."""

    now_ns: int
    state: EngineState = EngineState.NORMAL
    instrument: Instrument | None = None
    quote: Quote | None = None
    account: AccountFigures | None = None
    opposite: Decimal = ZERO
    same: Decimal = ZERO
    adding: Decimal = ZERO
    working: int = 0
    last_second: int = 0
    recent: tuple[OrderRow, ...] = ()
    unknown: tuple[int, ...] = ()
    leaving: bool = False


class GuardView(Protocol):
    """What `gather` needs of an engine."""

    @property
    def now_ns(self) -> int: ...
    @property
    def book(self) -> Book: ...
    @property
    def engine_state(self) -> EngineState: ...
    def quote(self, symbol: str) -> Quote | None: ...
    def instrument(self, symbol: str) -> Instrument | None: ...
    def position(self, account_id: str, symbol: str, direction: Direction) -> Decimal: ...

    def figures(self, account_id: str) -> AccountFigures | None:
        """Of that account; "" is the one that orders go to unless they say otherwise."""
        ...


def gather(view: GuardView, order: OrderIntent) -> GuardFacts:
    """What is so now, for an order to be, or for one in the book that is to leave."""
    figures = view.figures(order.account_id)
    account_id = figures.account_id if figures is not None else order.account_id
    own = getattr(order, "order_id", None)
    return facts_of(
        order,
        now_ns=view.now_ns,
        state=view.engine_state,
        instrument=view.instrument(order.symbol),
        quote=view.quote(order.symbol),
        account=figures,
        long=view.position(account_id, order.symbol, Direction.LONG),
        short=view.position(account_id, order.symbol, Direction.SHORT),
        working=sum(o.intent.account_id == account_id for o in view.book.active.values()) - (own is not None),
        last_second=0 if own is not None else _last_second(view, account_id),
        rows=_rows(view, account_id, order.symbol, own),
        leaving=own is not None,
    )


def _rows(view: GuardView, account_id: str, symbol: str, own: int | None) -> list[OrderRow]:
    """Orders of the symbol that work, and those of the last minute."""
    found = {
        o.order_id: o
        for o in view.book.active.values()
        if o.intent.symbol == symbol and o.intent.account_id == account_id
    }
    for order in reversed(view.book.orders.values()):
        if view.now_ns - order.created_ns > RECENT_NS:
            break
        if order.intent.symbol == symbol and order.intent.account_id == account_id:
            found[order.order_id] = order
    found.pop(own if own is not None else 0, None)
    return [order.row() for order in found.values()]


def _last_second(view: GuardView, account_id: str) -> int:
    count = 0
    for order in reversed(view.book.orders.values()):
        if view.now_ns - order.created_ns >= NS_PER_SECOND:
            break
        count += order.intent.account_id == account_id
    return count


def facts_of(
    order: OrderIntent,
    *,
    now_ns: int,
    state: EngineState,
    instrument: Instrument | None,
    quote: Quote | None,
    account: AccountFigures | None,
    long: Decimal,
    short: Decimal,
    working: int,
    rows: Iterable[OrderRow],
    last_second: int = 0,
    leaving: bool = False,
) -> GuardFacts:
    """From plain values, as a ticket has them too: volumes held `long` and `short`, the number of
    `working` orders of the account, and the `rows` of the symbol's orders there."""
    rows = tuple(rows)
    buys = order.side is Side.BUY
    return GuardFacts(
        now_ns=now_ns,
        state=state,
        instrument=instrument,
        quote=quote,
        account=account,
        opposite=short if buys else long,
        same=long if buys else short,
        adding=sum((_rest(row) for row in _adding(order, rows)), ZERO),
        working=working,
        last_second=last_second,
        recent=() if leaving else tuple(row for row in rows if now_ns - row.created_ns <= RECENT_NS),
        unknown=tuple(sorted(row.order_id for row in rows if row.inner_state is InnerState.UNKNOWN)),
        leaving=leaving,
    )


def _adding(order: OrderIntent, rows: Iterable[OrderRow]) -> Iterator[OrderRow]:
    for row in rows:
        opens = row.offset is Offset.OPEN and not row.reduce_only
        if row.status.active and opens and row.side is order.side:
            yield row


def _rest(row: OrderRow) -> Decimal:
    return max(ZERO, row.quantity - row.filled_quantity)
