"""The table of signals: what was told of an order, each once."""

from __future__ import annotations

from monitor.engine.rows import SignalRow
from monitor.models import columns as c, format as fmt
from monitor.models.columns import TableSpec
from monitor.models.context import Context
from monitor.models.orders import ACCOUNT, SYMBOL


def fees(row: SignalRow) -> str:
    """By currency: 3.25 CNY, 0.0001 BTC."""
    return ", ".join(f"{amount} {currency}".strip() for currency, amount in row.commission.items())


def _average(row: SignalRow, context: Context) -> str:
    return context.average(row.symbol, row.average_price)


SIGNALS = TableSpec(
    id="signals",
    title="Signals",
    key=lambda signal: signal.signal_id,
    columns=(
        c.time("time", "time", lambda signal: signal.time_ns),
        c.word("kind", "signal", lambda signal: signal.kind, width=84),
        c.identity("order_id", "order", lambda signal: signal.order_id, aliases=("id",), width=56),
        SYMBOL,
        c.word("status", "status", lambda signal: signal.status, width=72),
        c.text(
            "directions",
            "direction",
            lambda signal: ", ".join(fmt.words(one) for one in signal.directions),
            width=110,
            help="What its fills did, each once",
        ),
        c.volume("volume", "volume", lambda signal: signal.volume, help="Everything the order filled"),
        c.figure("average", "average", lambda signal: signal.average_price, _average, width=76),
        c.profit("realised", "realised", lambda signal: signal.realised_profit, aliases=("pnl", "profit")),
        c.text("fee", "fee", fees, width=110),
        c.time("first", "first fill", lambda signal: signal.first_ns),
        c.time("last", "last fill", lambda signal: signal.last_ns),
        c.text("reason", "reason", lambda signal: signal.reason, width=220, stretch=True),
        c.text("key", "key", lambda signal: signal.key, hidden=True),
        ACCOUNT,
        c.identity("signal_id", "signal id", lambda signal: signal.signal_id, hidden=True),
    ),
    sort=(("time", True),),
    cap=500,
)
