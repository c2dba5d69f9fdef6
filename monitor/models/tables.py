"""The tables of positions, strategies, triggers, log and operations: columns as plain data."""

from __future__ import annotations

from monitor.engine.rows import LogRow, PositionRow, StrategyRow, TriggerRow
from monitor.engine.values import (
    NS_PER_SECOND,
    Direction,
    LogLevel,
    StrategyState,
    TriggerAction,
    TriggerResult,
)
from monitor.models import columns as c, format as fmt
from monitor.models.columns import Column, TableSpec, Tone
from monitor.models.context import Context
from monitor.models.orders import ACCOUNT, SYMBOL, strategy_column

STALE_NS = 10 * NS_PER_SECOND

STATE_TONES = {
    StrategyState.RUNNING: Tone.GAIN,
    StrategyState.STOPPED: Tone.MUTED,
    StrategyState.FAILED: Tone.ERROR,
}
STATE_MARKS = {StrategyState.RUNNING: "●", StrategyState.STOPPED: "○", StrategyState.FAILED: "▲"}
ACTION_TONES = {
    TriggerAction.BUY: Tone.BUY,
    TriggerAction.SELL: Tone.SELL,
    TriggerAction.CLOSE: Tone.PLAIN,
    TriggerAction.HOLD: Tone.MUTED,
}
RESULT_TONES = {
    TriggerResult.SUCCESS: Tone.PLAIN,
    TriggerResult.FAILED: Tone.ERROR,
    TriggerResult.PENDING: Tone.WARN,
}
LEVEL_TONES = {LogLevel.INFO: Tone.MUTED, LogLevel.WARNING: Tone.WARN, LogLevel.ERROR: Tone.ERROR}
LEVEL_RANK = {LogLevel.ERROR: 0, LogLevel.WARNING: 1, LogLevel.INFO: 2}


def profit_fraction(position: PositionRow) -> float | None:
    """Unrealised profit as a part of what the position cost; None when either is unknown."""
    cost = position.average_price * position.volume * position.multiplier
    if position.unrealised_profit is None or not cost:
        return None
    return float(position.unrealised_profit / abs(cost))


def volume_text(position: PositionRow, _: Context) -> str:
    """The volume, and what of it is from today and from before: 3 (2/1)."""
    if not position.volume:
        return "closed"
    before = position.volume - position.volume_today
    total = fmt.volume(position.volume)
    return f"{total} ({fmt.volume(position.volume_today)}/{fmt.volume(before)})" if before else total


def _is_stale(position: PositionRow, context: Context) -> bool:
    """Whether its price is old: it has not moved for long, or the line it came by is lost."""
    age = context.age_of(position.quote_ns)
    return (age is not None and age > STALE_NS) or context.lines.no_prices(position.account_id)


def _last_tone(position: PositionRow, context: Context) -> Tone:
    return Tone.STALE if _is_stale(position, context) else Tone.PLAIN


def _profit_tone(position: PositionRow, context: Context) -> Tone:
    """What a lost line's price makes of a position is as old as that price."""
    if context.lines.no_prices(position.account_id):
        return Tone.STALE
    return c.profit_tone(position.unrealised_profit)


def _quote_text(position: PositionRow, context: Context) -> str:
    """How old the price is; while its line is lost, of when."""
    if position.quote_ns is None or not context.lines.no_prices(position.account_id):
        return fmt.age(context.age_of(position.quote_ns))
    return f"as of {fmt.clock(position.quote_ns, context.zone)[:8]}"


def _quote_tone(position: PositionRow, context: Context) -> Tone:
    return Tone.WARN if context.lines.no_prices(position.account_id) else Tone.MUTED


def _fraction_text(position: PositionRow, _: Context) -> str:
    part = profit_fraction(position)
    return fmt.DASH if part is None else f"{fmt.signed(part * 100)} %"


def _parameters(strategy: StrategyRow) -> str:
    return " ".join(f"{name}={value}" for name, value in strategy.parameters.items())


def _long_short(position: PositionRow, _: Context) -> Tone:
    return Tone.BUY if position.direction is Direction.LONG else Tone.SELL


POSITIONS = TableSpec(
    id="positions",
    title="Positions",
    key=lambda p: p.position_id,
    columns=(
        SYMBOL,
        ACCOUNT,
        c.word(
            "direction",
            "direction",
            lambda p: p.direction,
            tone=_long_short,
            aliases=("dir", "side"),
            width=62,
        ),
        Column(
            id="volume",
            title="volume",
            value=lambda p: (p.volume, p.volume_today),
            text=volume_text,
            sort=lambda p, _: float(p.volume),
            align=c.Align.RIGHT,
            width=56,
            amount=lambda p: p.volume,
            counted=True,
            help="Volume (of today / of days before)",
        ),
        c.figure(
            "cost",
            "cost",
            lambda p: p.average_price,
            lambda p, _: fmt.price(p.average_price, p.price_digits),
            width=64,
            help="Average price of the position",
        ),
        c.figure(
            "last",
            "last",
            lambda p: p.last_price,
            lambda p, _: fmt.price(p.last_price, p.price_digits),
            tone=_last_tone,
            tip=lambda p, context: f"{fmt.price(p.last_price, p.price_digits)}  {_quote_text(p, context)}",
            ages=True,
            width=64,
        ),
        c.profit(
            "unrealised",
            "unrealised",
            lambda p: p.unrealised_profit,
            tone=_profit_tone,
            aliases=("pnl", "profit"),
        ),
        c.figure(
            "percent",
            "+/\u2212 %",
            profit_fraction,
            _fraction_text,
            tone=_profit_tone,
            width=62,
            help="Unrealised profit in per cent of the cost",
        ),
        c.age(
            "quote_age",
            "quote",
            lambda p: p.quote_ns,
            text=_quote_text,
            tone=_quote_tone,
            help="Age of the last price; of when it is while the line to its venue is lost",
        ),
        c.volume("frozen", "frozen", lambda p: p.frozen, help="Held by working closing orders"),
        c.profit("realised", "realised", lambda p: p.realised_profit),
        c.money("margin", "margin", lambda p: p.margin, width=84),
        strategy_column(),
        c.age("held", "held", lambda p: p.opened_ns, help="Since the position was opened"),
    ),
    sort=(("symbol", False), ("direction", False)),
)
STRATEGIES = TableSpec(
    id="strategies",
    title="Strategies",
    key=lambda s: s.strategy_id,
    columns=(
        c.text("name", "strategy", lambda s: s.name, width=110),
        c.text(
            "state",
            "state",
            lambda s: f"{STATE_MARKS[s.state]} {s.state}",
            tone=lambda s, _: STATE_TONES[s.state],
            tip=lambda s, _: s.error,
        ),
        SYMBOL,
        c.figure("position", "position", lambda s: s.position, lambda s, _: fmt.volume(s.position), width=64),
        c.profit("net", "net profit", lambda s: s.net_profit, aliases=("pnl", "profit")),
        c.volume("trades", "trades", lambda s: s.trade_count),
        c.volume("triggers", "triggers", lambda s: s.trigger_count, width=64),
        c.text("parameters", "parameters", _parameters, width=200, tone=lambda s, _: Tone.MUTED),
        c.text("source", "source", lambda s: s.source, hidden=True),
        ACCOUNT,
        c.text("error", "error", lambda s: s.error, width=200, tone=lambda s, _: Tone.ERROR),
        c.identity("strategy_id", "id", lambda s: s.strategy_id, hidden=True),
    ),
)


def _trigger_price(trigger: TriggerRow, _: Context) -> str:
    return fmt.price(trigger.price)


TRIGGERS = TableSpec(
    id="triggers",
    title="Triggers",
    key=lambda t: t.trigger_id,
    columns=(
        c.time("time", "time", lambda t: t.time_ns),
        strategy_column(),
        c.text("condition", "condition", lambda t: t.condition, width=170),
        c.figure("price", "price", lambda t: t.price, _trigger_price, width=62),
        c.word("action", "action", lambda t: t.action, tone=lambda t, _: ACTION_TONES[t.action], width=52),
        c.word("result", "result", lambda t: t.result, tone=lambda t, _: RESULT_TONES[t.result], width=72),
        c.identity("order_id", "order", lambda t: t.order_id, width=64),
        c.text("error", "error", lambda t: t.error, width=200, tone=lambda t, _: Tone.ERROR),
        c.identity("trigger_id", "trigger", lambda t: t.trigger_id, hidden=True),
    ),
    sort=(("time", True),),
    cap=20_000,
)


def _level(row: LogRow, _: Context) -> Tone:
    return LEVEL_TONES[row.level]


LOG = TableSpec(
    id="log",
    title="Log",
    key=lambda r: r.log_id,
    columns=(
        c.time("time", "time", lambda r: r.time_ns, wall=True, help="By the clock of this computer"),
        Column(
            id="level",
            title="level",
            value=lambda r: r.level,
            text=lambda r, _: str(r.level),
            sort=lambda r, _: LEVEL_RANK[r.level],
            tone=_level,
            width=72,
            search=True,
        ),
        c.text("source", "source", lambda r: r.source, tone=lambda r, _: Tone.MUTED),
        c.text("message", "message", lambda r: r.message, width=320, stretch=True),
        c.identity("log_id", "id", lambda r: r.log_id, hidden=True),
    ),
    sort=(("time", True),),
    cap=10_000,
)
OPERATIONS = TableSpec(
    id="operations",
    title="Operations",
    key=lambda o: o.operation_id,
    columns=(
        c.time("time", "time", lambda o: o.time_ns, wall=True, help="By the clock of this computer"),
        c.text("origin", "from", lambda o: o.origin),
        c.text("command", "command", lambda o: o.command, width=130),
        c.text("detail", "detail", lambda o: o.detail, width=280, tone=lambda o, _: Tone.MUTED),
        c.text(
            "answer",
            "answer",
            lambda o: "accepted" if o.accepted else "refused",
            tone=lambda o, _: Tone.PLAIN if o.accepted else Tone.ERROR,
        ),
        c.text("reason", "reason", lambda o: o.reason, width=220),
        c.identity("operation_id", "id", lambda o: o.operation_id, hidden=True),
    ),
    sort=(("time", True),),
    cap=10_000,
)
