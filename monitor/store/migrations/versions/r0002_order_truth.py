"""Order truth: signals, executions, position records with their archive, alerts, checkpoints; and
what orders, trades and accounts say more since there are venues.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from monitor.store.types import (
    TABLE_OPTIONS,
    Bytes,
    Characters,
    ExactDecimal,
    Measure,
    RowNumber,
    Scalars,
    Word,
    Words,
)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# MariaDB commits each table by itself: a step that was killed half-way is run again.
REPEATABLE: dict[str, Any] = {"if_not_exists": True, **TABLE_OPTIONS}


def upgrade() -> None:
    _more_columns()
    _signals()
    _executions()
    _alerts()
    for name in ("position_records", "position_records_archive"):
        _position_records(name)
    _checkpoints()


def _more_columns() -> None:
    """Rows of before get what a replay says of itself."""
    amount, word = ExactDecimal(), Word()
    _add("orders", sa.Column("client_order_id", Characters(), nullable=False, server_default=_text("")))
    _add("orders", sa.Column("flags", Words(), nullable=False, server_default=_text("[]")))
    _add("trades", sa.Column("fee_currency", Characters(), nullable=False, server_default=_text("")))
    _add("trades", sa.Column("direction", word, nullable=True))
    _add("trades", sa.Column("void", sa.Boolean(), nullable=False, server_default=sa.false()))
    _add("accounts", sa.Column("transferred", amount, nullable=False, server_default="0"))
    _add("accounts", sa.Column("funding", amount, nullable=False, server_default="0"))
    _add("accounts", sa.Column("foreign", Scalars(), nullable=False, server_default=_text("{}")))


def _add(table: str, column: sa.Column[Any]) -> None:
    there = {found["name"] for found in sa.inspect(op.get_bind()).get_columns(table)}
    if column.name not in there:
        op.add_column(table, column)


def _text(value: str) -> Any:
    """A default of unbounded text: MySQL wants an expression, SQLite will not have one."""
    return sa.text(f"('{value}')") if op.get_bind().dialect.name in ("mysql", "mariadb") else value


def _session() -> sa.Column[int]:
    return sa.Column("session_id", RowNumber, sa.ForeignKey("sessions.session_id"), primary_key=True)


def _signals() -> None:
    op.create_table(
        "signals",
        _session(),
        sa.Column("signal_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", Characters(64), nullable=False),
        sa.Column("symbol", Characters(64), nullable=False),
        sa.Column("kind", Word(), nullable=False),
        sa.Column("key", Characters(200), nullable=False),
        sa.Column("status", Word(), nullable=False),
        sa.Column("volume", ExactDecimal(), nullable=False),
        sa.Column("average_price", ExactDecimal(), nullable=True),
        sa.Column("commission", Scalars(), nullable=False),
        sa.Column("realised_profit", ExactDecimal(), nullable=True),
        sa.Column("directions", Words(), nullable=False),
        sa.Column("first_ns", sa.BigInteger(), nullable=True),
        sa.Column("last_ns", sa.BigInteger(), nullable=True),
        sa.Column("time_ns", sa.BigInteger(), nullable=False),
        sa.Column("reason", Characters(), nullable=False),
        sqlite_with_rowid=False,
        **REPEATABLE,
    )
    by_key = ["session_id", "order_id", "kind", "key"]
    op.create_index("signals_by_key", "signals", by_key, unique=True, if_not_exists=True)
    _index("signals", "time", "time_ns", "signal_id")


def _executions() -> None:
    op.create_table(
        "executions",
        _session(),
        sa.Column("order_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("account_id", Characters(64), nullable=False),
        sa.Column("symbol", Characters(64), nullable=False),
        sa.Column("side", Word(), nullable=False),
        sa.Column("quantity", ExactDecimal(), nullable=False),
        sa.Column("filled_quantity", ExactDecimal(), nullable=False),
        sa.Column("arrival_price", ExactDecimal(), nullable=True),
        sa.Column("average_price", ExactDecimal(), nullable=True),
        sa.Column("slippage", ExactDecimal(), nullable=True),
        sa.Column("commission", ExactDecimal(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("venue", Characters(), nullable=False),
        sa.Column("queue_wait_s", Measure(), nullable=True),
        sa.Column("acknowledged_s", Measure(), nullable=True),
        sa.Column("first_fill_s", Measure(), nullable=True),
        sa.Column("last_fill_s", Measure(), nullable=True),
        sa.Column("updated_ns", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
        **REPEATABLE,
    )
    _index("executions", "time", "updated_ns", "order_id")


def _alerts() -> None:
    op.create_table(
        "alerts",
        _session(),
        sa.Column("alert_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("time_ns", sa.BigInteger(), nullable=False),
        sa.Column("level", Word(), nullable=False),
        sa.Column("cause", Characters(), nullable=False),
        sa.Column("message", Characters(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("account_id", Characters(64), nullable=False),
        sa.Column("symbol", Characters(64), nullable=False),
        sa.Column("settled_ns", sa.BigInteger(), nullable=True),
        sa.Column("by", Characters(), nullable=False),
        sqlite_with_rowid=False,
        **REPEATABLE,
    )
    _index("alerts", "time", "time_ns", "alert_id")


def _position_records(name: str) -> None:
    op.create_table(
        name,
        _session(),
        sa.Column("record_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("time_ns", sa.BigInteger(), nullable=False),
        sa.Column("account_id", Characters(64), nullable=False),
        sa.Column("strategy_id", sa.BigInteger(), nullable=False),
        sa.Column("symbol", Characters(64), nullable=False),
        sa.Column("direction", Word(), nullable=False),
        sa.Column("type", Word(), nullable=False),
        sa.Column("change", ExactDecimal(), nullable=False),
        sa.Column("price", ExactDecimal(), nullable=True),
        sa.Column("volume", ExactDecimal(), nullable=False),
        sa.Column("average_price", ExactDecimal(), nullable=True),
        sa.Column("realised_profit", ExactDecimal(), nullable=False),
        sa.Column("commission", ExactDecimal(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("trade_id", sa.BigInteger(), nullable=True),
        sa.Column("by", Characters(), nullable=False),
        sa.Column("note", Characters(), nullable=False),
        sqlite_with_rowid=False,
        **REPEATABLE,
    )
    _index(name, "time", "time_ns", "record_id")
    _index(name, "account", "account_id", "time_ns", "record_id")
    _index(name, "symbol", "symbol", "time_ns", "record_id")


def _checkpoints() -> None:
    op.create_table(
        "checkpoints",
        _session(),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("time_ns", sa.BigInteger(), nullable=False),
        sa.Column("format", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.BigInteger(), nullable=False),
        sa.Column("digest", Characters(64), nullable=False),
        sqlite_with_rowid=False,
        **REPEATABLE,
    )
    op.create_table(
        "checkpoint_parts",
        _session(),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("part", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("payload", Bytes(), nullable=False),
        **REPEATABLE,
    )


def _index(table: str, by: str, *columns: str) -> None:
    op.create_index(f"{table}_by_{by}", table, ["session_id", *columns], if_not_exists=True)
