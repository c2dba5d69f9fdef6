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


def _last_tone(position: PositionRow, context: Context) -> Tone:
    age = context.age_of(position.quote_ns)
    return Tone.STALE if age is not None and age > STALE_NS else Tone.PLAIN


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
            width=64,
        ),
        c.profit("unrealised", "unrealised", lambda p: p.unrealised_profit, aliases=("pnl", "profit")),
        c.figure(
            "percent",
            "+/\u2212 %",
            profit_fraction,
            _fraction_text,
            tone=lambda p, _: c.profit_tone(p.unrealised_profit),
            width=62,
            help="Unrealised profit in per cent of the cost",
        ),
        c.volume("frozen", "frozen", lambda p: p.frozen, help="Held by working closing orders"),
        c.profit("realised", "realised", lambda p: p.realised_profit),
        c.money("margin", "margin", lambda p: p.margin, width=84),
        strategy_column(),
        c.age("quote_age", "quote", lambda p: p.quote_ns, help="Age of the last price"),
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
