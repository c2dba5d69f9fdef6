"""The table of position records: every change of every position, with its cause."""

from __future__ import annotations

from decimal import Decimal

from monitor.engine.rows import PositionRecordRow
from monitor.engine.values import Direction, RecordType
from monitor.models import columns as c, format as fmt
from monitor.models.columns import Column, TableSpec, Tone
from monitor.models.context import Context
from monitor.models.orders import ACCOUNT, SYMBOL, strategy_column

TYPE_TONES = {RecordType.CORRECTION: Tone.WARN, RecordType.ADJUSTMENT: Tone.ACCENT}


def closed_profit(row: PositionRecordRow) -> Decimal | None:
    """What a change realised; None for one that closed nothing."""
    return None if row.change >= 0 and not row.realised_profit else row.realised_profit


def _change(row: PositionRecordRow, _: Context) -> str:
    return f"+{fmt.volume(row.change)}" if row.change > 0 else fmt.volume(row.change)


def _who(row: PositionRecordRow, context: Context) -> str:
    return row.by or context.strategy(row.strategy_id)


RECORDS = TableSpec(
    id="records",
    title="Position records",
    key=lambda r: r.record_id,
    columns=(
        c.time("time", "time", lambda r: r.time_ns),
        SYMBOL,
        c.word(
            "direction",
            "direction",
            lambda r: r.direction,
            tone=lambda r, _: Tone.BUY if r.direction is Direction.LONG else Tone.SELL,
            aliases=("dir", "side"),
            width=62,
        ),
        c.word(
            "type", "type", lambda r: r.type, tone=lambda r, _: TYPE_TONES.get(r.type, Tone.PLAIN), width=88
        ),
        c.figure("change", "change", lambda r: r.change, _change, width=60, help="In lots of this direction"),
        c.figure("price", "price", lambda r: r.price, lambda r, _: fmt.price(r.price), width=68),
        c.volume("volume", "volume", lambda r: r.volume, help="What was held afterwards"),
        c.figure(
            "average",
            "average",
            lambda r: r.average_price,
            lambda r, context: context.average(r.symbol, r.average_price, r.price),
            aliases=("avg",),
            width=68,
            help="Average price of what was held afterwards",
        ),
        c.profit(
            "realised",
            "realised",
            closed_profit,
            amount=lambda r: r.realised_profit,
            aliases=("pnl", "profit"),
            help="What this change closed, before fees",
        ),
        c.money("fee", "fee", lambda r: r.commission, width=64),
        c.identity("order_id", "order", lambda r: r.order_id, width=56),
        c.identity("trade_id", "trade", lambda r: r.trade_id, width=56),
        Column(
            id="who",
            title="who",
            value=lambda r: (r.by, r.strategy_id),
            text=_who,
            sort=_who,
            aliases=("by",),
            width=110,
            search=True,
            help="A strategy, a person, the venue or reconciliation",
        ),
        c.text("note", "note", lambda r: r.note, width=200, tone=lambda r, _: Tone.MUTED, stretch=True),
        strategy_column(hidden=True),
        ACCOUNT,
        c.identity("record_id", "record", lambda r: r.record_id, aliases=("id",), hidden=True),
    ),
    sort=(("time", True),),
    cap=20_000,
)
