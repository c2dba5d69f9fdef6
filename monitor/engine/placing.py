"""What the simulated exchange makes of an order: a refusal in words, or what its matcher keeps,
and the trade that a fill becomes.

Pure functions of the order and of the figures it is judged by; objections are "" when there are
none. Knows no run and no ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from monitor.engine.events import OrderCreated, TradeExecuted
from monitor.engine.klines.series import BarSeries
from monitor.engine.matching.resting import Floor, Matcher, Resting
from monitor.engine.matching.standard import Rules, StandardMatcher
from monitor.engine.matching.vnpy import VnpyMatcher
from monitor.engine.options import Matching
from monitor.engine.orders import Order
from monitor.engine.rows import TradeRow
from monitor.engine.terms import Terms, beyond_vnpy, malformed
from monitor.engine.values import ZERO, Instrument, Offset, OrderType, Side, tidy

LARGEST_VOLUME = 1_000_000_000
WATCHED = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING})
"""Until they are triggered they hold nothing of a position."""


def matcher_of(floor: Floor, series: BarSeries, instrument: Instrument, terms: Terms) -> Matcher:
    """The exchange itself; `floor` is told what happens there."""
    if terms.matching is Matching.VNPY:
        return VnpyMatcher(floor)
    rules = Rules(
        tick=series.to_units(instrument.tick),
        slippage=series.to_units(terms.slippage * instrument.tick),
        participation=terms.participation,
        lot=instrument.lot,
    )
    return StandardMatcher(floor, rules)


def objection_to_form(intent: OrderCreated, instrument: Instrument, matching: Matching) -> str:
    """Why a venue would refuse this order at any time."""
    quantity, lot, tick = intent.quantity, instrument.lot, instrument.tick
    if not quantity.is_finite() or quantity <= 0:
        return f"volume {quantity} is not above 0"
    if quantity > LARGEST_VOLUME:
        return f"volume {quantity} is above {LARGEST_VOLUME:,}"
    for name, price in (("price", intent.price), ("trigger", intent.trigger_price)):
        if price is not None and (not price.is_finite() or price % tick):
            return f"{name} {price} is not a multiple of the tick {tick}"
    wrong = malformed(intent)
    if wrong:
        return wrong
    if matching is Matching.VNPY:
        return beyond_vnpy(intent)
    if quantity % lot:
        return f"volume {quantity} is not a multiple of the lot {lot}"
    return ""


def objection_to_close(intent: OrderCreated, free: Decimal, named: Decimal) -> str:
    """Why a venue would refuse to close now: other orders leave `free` lots, and the order's
    offset may take `named`."""
    if intent.quantity > free:
        return f"closing {intent.quantity} of {max(ZERO, free)} that can be closed"
    if intent.quantity > named and intent.offset is not Offset.CLOSE:
        return f"{intent.offset} of {intent.quantity} where {named} can be closed so"
    return ""


def frozen_volume(orders: Iterable[Order], closing_side: Side, is_held: Callable[[int], bool]) -> Decimal:
    """Volume of positions held by working orders that close on this side."""
    return sum(
        (
            order.remaining
            for order in orders
            if order.intent.side is closing_side
            and order.intent.offset is not Offset.OPEN
            and (order.triggered or order.intent.trigger_price is None)
            and not is_held(order.order_id)
        ),
        ZERO,
    )


def resting_of(order: Order, series: BarSeries, last: Decimal | None) -> Resting:
    """What the matcher keeps of an order; a trailing stop follows from the `last` price on."""
    intent = order.intent
    units = series.to_units
    return Resting(
        order_id=intent.order_id,
        is_buy=intent.side is Side.BUY,
        type=intent.type,
        time_in_force=intent.time_in_force,
        closing=intent.offset is not Offset.OPEN,
        reduce_only=intent.reduce_only,
        remaining=order.target,
        limit=None if intent.price is None else units(intent.price),
        trigger=None if order.trigger_price is None else units(order.trigger_price),
        trail=None if intent.trail is None else units(intent.trail),
        watermark=None if intent.trail is None or last is None else units(last),
    )


def trade_of(intent: OrderCreated, fill: TradeExecuted, profit: Decimal, time_ns: int) -> TradeRow:
    """A fill of this order that realised `profit`, before fees."""
    return TradeRow(
        trade_id=fill.trade_id,
        order_id=fill.order_id,
        strategy_id=intent.strategy_id,
        account_id=intent.account_id,
        symbol=intent.symbol,
        side=intent.side,
        offset=intent.offset,
        price=fill.price,
        volume=fill.volume,
        commission=tidy(fill.commission),
        slippage=tidy(fill.slippage),
        realised_profit=tidy(profit),
        time_ns=time_ns,
        venue_trade_id=fill.venue_trade_id,
    )
