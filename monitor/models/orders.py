"""The tables of orders and trades: which columns, in which order, with which words.

Owns how an uncertain state is said ("Cancelling?") and what risk its tooltip names: a question
mark is what the venue has not confirmed, an exclamation mark what contradicts itself.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from monitor.engine.rows import OrderRow, TradeRow
from monitor.engine.values import InnerState, Offset, OrderFlag, OrderStatus, Priority, Side
from monitor.models import columns as c, format as fmt
from monitor.models.columns import Align, Column, TableSpec, Tone
from monitor.models.context import Context

INNER = {
    InnerState.HELD: (
        "Held",
        "It waits here, not at the venue, for a time, a condition or another order.",
    ),
    InnerState.QUEUED: ("Queued", "It waits here for its turn. The venue does not know it yet."),
    InnerState.MANUAL: (
        "Your decision",
        "Sending it failed and it waits here for you: send it now or cancel it.",
    ),
    InnerState.IN_FLIGHT: (
        "Sending?",
        "Sent, but not yet confirmed by the venue. It may already be working.",
    ),
    InnerState.REPLACE_IN_FLIGHT: (
        "Replacing?",
        "A change was sent, but the venue has not confirmed it. It may fill on its old or its new terms.",
    ),
    InnerState.CANCEL_IN_FLIGHT: (
        "Cancelling?",
        "A cancel was sent, but the venue has not confirmed it. The order can still be filled.",
    ),
    InnerState.UNKNOWN: (
        "Unknown?",
        "The venue's answer is missing. The order may be working or filled: do not send it again.",
    ),
}
PENDING = {
    OrderFlag.CANCEL_PENDING: INNER[InnerState.CANCEL_IN_FLIGHT],
    OrderFlag.REPLACE_PENDING: INNER[InnerState.REPLACE_IN_FLIGHT],
}
"""Flags that are said instead of the status, as what is under way."""
MARKS = {
    OrderFlag.OVERFILL: ("!", "overfilled", "More was filled than was ordered: look at the position."),
    OrderFlag.CONFLICT: ("!", "conflict", "The venue contradicted itself about this order."),
    OrderFlag.FILLS_MISSING: ("?", "fills missing", "The venue counts more than the fills that arrived."),
    OrderFlag.PROVISIONAL: ("?", "provisional", "Inferred, not said by the venue: it can still change."),
    OrderFlag.STALE: ("?", "stale", "No word of it from the venue for too long."),
}
"""Flags that mark the status: a mark, a word, a risk."""
FLAG_WORDS = {
    OrderFlag.TRIGGERED: "triggered",
    OrderFlag.CANCEL_PENDING: "cancel pending",
    OrderFlag.REPLACE_PENDING: "change pending",
    OrderFlag.ADOPTED: "found at the venue",
    **{flag: word for flag, (_, word, _) in MARKS.items()},
}
STATUS_TONES = {
    OrderStatus.FILLED: Tone.PLAIN,
    OrderStatus.PARTIAL: Tone.ACCENT,
    OrderStatus.PLACED: Tone.PLAIN,
    OrderStatus.CREATED: Tone.MUTED,
    OrderStatus.CANCELED: Tone.MUTED,
    OrderStatus.EXPIRED: Tone.MUTED,
    OrderStatus.REJECTED: Tone.ERROR,
}
# Where a status stands in an order's life, so that sorting by it is not alphabetical.
STATUS_RANK = {status: rank for rank, status in enumerate(OrderStatus)}
PRIORITY_RANK = {Priority.HIGH: 0, Priority.NORMAL: 1, Priority.LOW: 2}


def status_text(order: OrderRow) -> str:
    """The status in a word, or what is under way or not certain about it with its mark."""
    under_way = _under_way(order)
    if under_way is not None:
        return under_way[0]
    marks = {MARKS[flag][0] for flag in order.flags if flag in MARKS}
    return f"{order.status}{min(marks, default='')}"  # "!" comes before "?"


def status_tip(order: OrderRow) -> str:
    """The plain status, the risk of what is not certain, and why it is so."""
    under_way = _under_way(order)
    risks = [under_way[1]] if under_way is not None else []
    risks += [MARKS[flag][2] for flag in order.flags if flag in MARKS]
    return (
        f"{order.status}. {' '.join((*risks, order.reason))}".strip()
        if risks or order.reason
        else order.status
    )


def status_tone(order: OrderRow) -> Tone:
    inner = order.inner_state
    marked = any(flag in PENDING or flag in MARKS for flag in order.flags)
    if inner is InnerState.MANUAL or marked or (inner is not None and not inner.certain):
        return Tone.WARN
    return STATUS_TONES[order.status]


def flags_text(order: OrderRow) -> str:
    """What stands beside the status, in words; a dash for nothing."""
    return ", ".join(FLAG_WORDS[flag] for flag in order.flags) or fmt.DASH


def is_straggler(order: OrderRow) -> bool:
    """Whether its end was asked for, or its state is unknown, and the venue has not said."""
    unsaid = order.inner_state in (InnerState.CANCEL_IN_FLIGHT, InnerState.UNKNOWN)
    return order.status.active and (unsaid or OrderFlag.CANCEL_PENDING in order.flags)


def order_terms(order: OrderRow) -> str:
    """What is to be done, at which price: Buy 2 at 752.30, open."""
    limit = "" if order.price is None else f" at {fmt.price(order.price)}"
    stop = "" if order.trigger_price is None else f" {fmt.words(order.type)} {fmt.price(order.trigger_price)}"
    how = f"{stop}{limit}" or " at market"
    return f"{order.side.title()} {fmt.volume(order.quantity)}{how}, {fmt.words(order.offset)}"


def _under_way(order: OrderRow) -> tuple[str, str] | None:
    if order.inner_state is not None:
        return INNER[order.inner_state]
    if not order.status.active:
        return None
    return next((said for flag, said in PENDING.items() if flag in order.flags), None)


def filled_text(order: OrderRow) -> str:
    """n/N: what is filled of what was asked for."""
    return f"{fmt.volume(order.filled_quantity)}/{fmt.volume(order.quantity)}"


def filled_part(order: OrderRow) -> float:
    return float(order.filled_quantity / order.quantity) if order.quantity else 0.0


def side_tone(row: OrderRow | TradeRow, _: Context) -> Tone:
    return Tone.BUY if row.side is Side.BUY else Tone.SELL


def order_price(order: OrderRow, context: Context) -> str:
    if order.price is None and order.trigger_price is None:
        return "market"
    return context.price(order.symbol, order.price)


def _trade_price(trade: TradeRow, context: Context) -> str:
    return context.price(trade.symbol, trade.price)


def average_price(order: OrderRow, context: Context) -> str:
    return context.average(order.symbol, order.average_price, order.price or order.trigger_price)


def closed_profit(trade: TradeRow) -> Decimal | None:
    """What a trade realised; None for one that opened, since it realised nothing at all."""
    return None if trade.offset is Offset.OPEN else trade.realised_profit


def _strategy(row: OrderRow | TradeRow, context: Context) -> str:
    return context.strategy(row.strategy_id)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def strategy_column(**more: Any) -> Column:
    """The strategy by its name; sorted and found by name, too."""
    defaults = {"text": _strategy, "sort": _strategy, "width": 126, "search": True}
    return Column(id="strategy", title="strategy", value=lambda row: row.strategy_id, **{**defaults, **more})


def _by_hand(row: OrderRow | TradeRow, context: Context) -> bool:
    """Whether a person gave the order. Asked of the context, since a trade knows only its order."""
    return row.order_id in context.by_hand


def _giver(row: OrderRow | TradeRow, context: Context) -> str:
    return "by hand" if _by_hand(row, context) else _strategy(row, context)


def _giver_tip(row: OrderRow | TradeRow, context: Context) -> str:
    name = _strategy(row, context)
    return f"Given by hand, for the strategy {name}" if _by_hand(row, context) else name


def _giver_tone(row: OrderRow | TradeRow, context: Context) -> Tone:
    return Tone.ACCENT if _by_hand(row, context) else Tone.PLAIN


STATUS = Column(
    id="status",
    title="status",
    value=lambda o: (o.status, o.inner_state, o.flags),
    text=lambda o, _: status_text(o),
    sort=lambda o, _: STATUS_RANK[o.status],
    tone=lambda o, _: status_tone(o),
    tip=lambda o, _: status_tip(o),
    width=104,
    search=True,
    help="A question mark means: not confirmed by the venue; an exclamation mark: it contradicts itself",
)
FILLED = Column(
    id="filled",
    title="filled",
    value=lambda o: (o.filled_quantity, o.quantity),
    text=lambda o, _: filled_text(o),
    sort=lambda o, _: filled_part(o),
    fill=filled_part,
    align=Align.RIGHT,
    width=68,
    help="Filled volume of the order's volume",
)
SIDE = c.word("side", "side", lambda o: o.side, tone=side_tone, width=44)
OFFSET = c.word("offset", "offset", lambda o: o.offset, width=74)
SYMBOL = c.text("symbol", "symbol", lambda o: o.symbol, aliases=("sym",), width=98, whole=True)
ACCOUNT = c.text("account", "account", lambda o: o.account_id, width=58, hidden=True, whole=True)
"""Hidden while there is one account: `TableView.show_accounts`."""

GIVER = strategy_column(
    text=_giver,
    sort=_giver,
    tip=_giver_tip,
    tone=_giver_tone,
    help="The strategy that gave the order, or: by hand",
)

ORDER_COLUMNS: tuple[Column, ...] = (
    c.time("time", "time", lambda o: o.created_ns, help="When the order was made"),
    c.identity("order_id", "order", lambda o: o.order_id, aliases=("id",), width=48),
    SYMBOL,
    ACCOUNT,
    SIDE,
    OFFSET,
    c.word("type", "type", lambda o: o.type, width=60),
    c.figure("price", "price", lambda o: o.price, order_price, width=66),
    c.figure(
        "trigger",
        "trigger",
        lambda o: o.trigger_price,
        lambda o, context: context.price(o.symbol, o.trigger_price),
        width=66,
        help="Where a stop order becomes active",
    ),
    c.volume("volume", "volume", lambda o: o.quantity, amount=lambda o: o.quantity, counted=True),
    FILLED,
    c.figure("average", "average", lambda o: o.average_price, average_price, aliases=("avg",), width=66),
    STATUS,
    c.age("age", "age", lambda o: o.created_ns, help="Since the order was made, by the engine's clock"),
    c.text("reason", "reason", lambda o: o.reason, width=126, tone=lambda o, _: Tone.MUTED),
    GIVER,
    Column(
        id="priority",
        title="priority",
        value=lambda o: o.priority,
        text=lambda o, _: str(o.priority),
        sort=lambda o, _: PRIORITY_RANK[o.priority],
        width=64,
        hidden=True,
        search=True,
    ),
    c.text("flags", "flags", flags_text, width=120, hidden=True, help="What stands beside the status"),
    c.text("venue_id", "venue order", lambda o: o.venue_order_id, width=110, hidden=True),
    c.text("client_id", "client order", lambda o: o.client_order_id, width=110, hidden=True),
)
_AT_END = c.time("ended", "ended", lambda o: o.updated_ns, help="When the order was finished")

ACTIVE_ORDERS = TableSpec(
    id="active_orders",
    title="Active",
    key=lambda o: o.order_id,
    columns=ORDER_COLUMNS,
    sort=(("time", True),),
)
STRAGGLERS = TableSpec(
    id="stragglers",
    title="Stragglers",
    key=lambda o: o.order_id,
    columns=ORDER_COLUMNS,
    sort=(("time", False),),
)
ORDER_HISTORY = TableSpec(
    id="order_history",
    title="History",
    key=lambda o: o.order_id,
    columns=(
        ORDER_COLUMNS[0],
        _AT_END,
        *(column for column in ORDER_COLUMNS[1:] if column.id != "age"),
    ),
    sort=(("ended", True),),
    cap=100_000,
)
TRADES = TableSpec(
    id="trades",
    title="Trades",
    key=lambda t: t.trade_id,
    columns=(
        c.time("time", "time", lambda t: t.time_ns),
        SYMBOL,
        ACCOUNT,
        SIDE,
        OFFSET,
        c.figure("price", "price", lambda t: t.price, _trade_price, width=66),
        c.volume("volume", "volume", lambda t: t.volume, amount=lambda t: t.volume, counted=True),
        c.money("fee", "fee", lambda t: t.commission, width=64),
        c.money("slippage", "slippage", lambda t: t.slippage, width=72, hidden=True),
        c.profit(
            "realised",
            "realised",
            closed_profit,
            amount=lambda t: t.realised_profit,
            aliases=("pnl", "profit"),
            help="What this trade closed, before fees; opening closes nothing",
        ),
        GIVER,
        c.identity("order_id", "order", lambda t: t.order_id, width=64),
        c.identity("trade_id", "trade", lambda t: t.trade_id, aliases=("id",), width=64),
        c.text("venue_id", "venue trade", lambda t: t.venue_trade_id, width=110, hidden=True),
    ),
    sort=(("time", True),),
    cap=100_000,
)
