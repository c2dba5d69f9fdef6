"""What the guards look at, as one frozen value, and how it is gathered.

The engine gathers from its own state, a ticket from rows it shows; both go through `facts_of`.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple, Protocol

import msgspec

from monitor.engine.events import OrderCreated
from monitor.engine.orderplan import OrderPlan
from monitor.engine.orders import Book, Order
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


class Alike(NamedTuple):
    """An order with the same terms."""

    order_id: int
    created_ns: int


class GuardFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`opposite` is the position that the order closes, or nets with; `same` the one it adds to;
    `adding` what working opening orders may still add there; `closing` what working closing ones
    of the same side may still take away; both but those that it is linked with. `alike`: orders
    of the last minute with the same terms. `unknown`: ids of those whose state nobody knows.
    `leaving`: the order was judged when it was given, waited, and is judged
    again now that it is to be sent."""

    now_ns: int
    state: EngineState = EngineState.NORMAL
    instrument: Instrument | None = None
    quote: Quote | None = None
    account: AccountFigures | None = None
    opposite: Decimal = ZERO
    same: Decimal = ZERO
    adding: Decimal = ZERO
    closing: Decimal = ZERO
    working: int = 0
    last_second: int = 0
    alike: tuple[Alike, ...] = ()
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
        orders=_orders(view, account_id, order.symbol, own),
        leaving=own is not None,
    )


def _orders(view: GuardView, account_id: str, symbol: str, own: int | None) -> list[Order]:
    """Of the symbol: those that work, and those of the last minute."""
    found = {o.order_id: o for o in view.book.active.values() if _is_of(o, account_id, symbol)}
    for order in reversed(view.book.orders.values()):
        if view.now_ns - order.created_ns > RECENT_NS:
            break
        if _is_of(order, account_id, symbol):
            found[order.order_id] = order
    if own is not None:
        found.pop(own, None)
    return list(found.values())


def _is_of(order: Order, account_id: str, symbol: str) -> bool:
    return order.intent.symbol == symbol and order.intent.account_id == account_id


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
    orders: Iterable[Order | OrderRow],
    last_second: int = 0,
    leaving: bool = False,
) -> GuardFacts:
    """From plain values, as a ticket has them too: volumes held `long` and `short`, the number of
    `working` orders of the account, and the `orders` of the symbol there: those that work, and
    those of the last minute."""
    adding, closing, unknown, alike = ZERO, ZERO, [], []
    buys, terms = order.side is Side.BUY, terms_of(order)
    for other in orders:
        intent = other if isinstance(other, OrderRow) else other.intent
        recent = not leaving and now_ns - other.created_ns <= RECENT_NS
        if recent and intent.quantity == order.quantity and terms_of(intent) == terms:
            alike.append(Alike(other.order_id, other.created_ns))
        if not other.status.active:
            continue
        if other.inner_state is InnerState.UNKNOWN:
            unknown.append(other.order_id)
        if intent.side is not order.side:
            continue
        if not isinstance(other, OrderRow) and _linked(order.plan, other.intent.plan):
            continue
        if intent.offset is Offset.OPEN and not intent.reduce_only:
            adding += _rest(other)
        else:
            closing += _rest(other)
    return GuardFacts(
        now_ns=now_ns,
        state=state,
        instrument=instrument,
        quote=quote,
        account=account,
        opposite=short if buys else long,
        same=long if buys else short,
        adding=adding,
        closing=closing,
        working=working,
        last_second=last_second,
        alike=tuple(alike),
        unknown=tuple(sorted(unknown)),
        leaving=leaving,
    )


def terms_of(order: OrderIntent | OrderRow | OrderCreated) -> tuple[object, ...]:
    """What makes two orders the same."""
    return (order.side, order.offset, order.type, order.quantity, order.price, order.trigger_price)


def _linked(plan: OrderPlan, other: OrderPlan) -> bool:
    """Whether one of the two is cancelled when the other is filled."""
    return plan.group_id is not None and plan.group_id == other.group_id


def _rest(order: Order | OrderRow) -> Decimal:
    if isinstance(order, OrderRow):
        return max(ZERO, order.quantity - order.filled_quantity)
    return order.remaining
