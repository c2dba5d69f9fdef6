"""The first tables: sessions, the journal, the rows last shown and the operation log."""

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
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# MariaDB commits each table by itself: a step that was killed half-way is run again.
REPEATABLE: dict[str, Any] = {"if_not_exists": True, **TABLE_OPTIONS}


def upgrade() -> None:
    _sessions()
    _journal()
    _orders()
    _trades()
    _positions()
    _accounts()
    _equity_samples()
    _strategies()
    _strategy_triggers()
    _operation_log()


def _session() -> sa.Column[int]:
    return sa.Column("session_id", RowNumber, sa.ForeignKey("sessions.session_id"), primary_key=True)


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("session_id", RowNumber, primary_key=True, autoincrement=True),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("world", Characters(20), nullable=False),
        sa.Column("title", Characters(), nullable=False),
        sa.Column("config", Bytes(), nullable=False),
        sa.Column("state", Characters(20), nullable=False),
        sa.Column("ended_cleanly", sa.Boolean(), nullable=False),
        sqlite_autoincrement=True,
        **REPEATABLE,
    )


def _journal() -> None:
    op.create_table(
        "journal",
        _session(),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("time_ns", sa.BigInteger(), nullable=False),
        sa.Column("bar", sa.BigInteger(), nullable=False),
        sa.Column("kind", Characters(64), nullable=False),
        sa.Column("payload", Bytes(), nullable=False),
        sqlite_with_rowid=False,
        **REPEATABLE,
    )


def _orders() -> None:
    op.create_table(
        "orders",
        _session(),
        sa.Column("order_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("strategy_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", Characters(64), nullable=False),
        sa.Column("symbol", Characters(64), nullable=False),
        sa.Column("side", Word(), nullable=False),
        sa.Column("offset", Word(), nullable=False),
        sa.Column("type", Word(), nullable=False),
        sa.Column("time_in_force", Word(), nullable=False),
        sa.Column("quantity", ExactDecimal(), nullable=False),
        sa.Column("price", ExactDecimal(), nullable=True),
        sa.Column("trigger_price", ExactDecimal(), nullable=True),
        sa.Column("filled_quantity", ExactDecimal(), nullable=False),
        sa.Column("average_price", ExactDecimal(), nullable=True),
        sa.Column("status", Word(), nullable=False),
        sa.Column("inner_state", Word(), nullable=True),
        sa.Column("priority", Word(), nullable=False),
        sa.Column("reduce_only", sa.Boolean(), nullable=False),
        sa.Column("origin", Word(), nullable=False),
        sa.Column("created_ns", sa.BigInteger(), nullable=False),
        sa.Column("updated_ns", sa.BigInteger(), nullable=False),
        sa.Column("executed_ns", sa.BigInteger(), nullable=True),
        sa.Column("reason", Characters(), nullable=False),
        sa.Column("venue_order_id", Characters(), nullable=False),
        sqlite_with_rowid=False,
        **REPEATABLE,
    )
    op.create_index("orders_by_time", "orders", ["session_id", "updated_ns", "order_id"], if_not_exists=True)


def _trades() -> None:
    op.create_table(
        "trades",
        _session(),
        sa.Column("trade_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("strategy_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", Characters(64), nullable=False),
        sa.Column("symbol", Characters(64), nullable=False),
        sa.Column("side", Word(), nullable=False),
        sa.Column("offset", Word(), nullable=False),
        sa.Column("price", ExactDecimal(), nullable=False),
        sa.Column("volume", ExactDecimal(), nullable=False),
        sa.Column("commission", ExactDecimal(), nullable=False),
        sa.Column("slippage", ExactDecimal(), nullable=False),
        sa.Column("realised_profit", ExactDecimal(), nullable=False),
        sa.Column("time_ns", sa.BigInteger(), nullable=False),
        sa.Column("venue_trade_id", Characters(), nullable=False),
        sqlite_with_rowid=False,
        **REPEATABLE,
    )
    op.create_index("trades_by_order", "trades", ["session_id", "order_id"], if_not_exists=True)
    op.create_index("trades_by_time", "trades", ["session_id", "time_ns", "trade_id"], if_not_exists=True)


def _positions() -> None:
    op.create_table(
        "positions",
        _session(),
        sa.Column("position_id", Characters(200), primary_key=True),
        sa.Column("account_id", Characters(64), nullable=False),
        sa.Column("strategy_id", sa.BigInteger(), nullable=False),
        sa.Column("symbol", Characters(64), nullable=False),
        sa.Column("direction", Word(), nullable=False),
        sa.Column("volume", ExactDecimal(), nullable=False),
        sa.Column("volume_today", ExactDecimal(), nullable=False),
        sa.Column("frozen", ExactDecimal(), nullable=False),
        sa.Column("average_price", ExactDecimal(), nullable=False),
        sa.Column("last_price", ExactDecimal(), nullable=True),
        sa.Column("unrealised_profit", ExactDecimal(), nullable=True),
        sa.Column("realised_profit", ExactDecimal(), nullable=False),
        sa.Column("margin", ExactDecimal(), nullable=False),
        sa.Column("multiplier", ExactDecimal(), nullable=False),
        sa.Column("price_digits", sa.BigInteger(), nullable=False),
        sa.Column("tick", ExactDecimal(), nullable=False),
        sa.Column("quote_ns", sa.BigInteger(), nullable=True),
        sa.Column("opened_ns", sa.BigInteger(), nullable=False),
        sa.Column("updated_ns", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("close_commission", ExactDecimal(), nullable=True),
        sqlite_with_rowid=False,
        **REPEATABLE,
    )


def _accounts() -> None:
    op.create_table(
        "accounts",
        _session(),
        sa.Column("account_id", Characters(64), primary_key=True),
        sa.Column("currency", Characters(), nullable=False),
        sa.Column("static_balance", ExactDecimal(), nullable=False),
        sa.Column("balance", ExactDecimal(), nullable=False),
        sa.Column("available", ExactDecimal(), nullable=False),
        sa.Column("margin", ExactDecimal(), nullable=False),
        sa.Column("frozen", ExactDecimal(), nullable=False),
        sa.Column("commission", ExactDecimal(), nullable=False),
        sa.Column("slippage", ExactDecimal(), nullable=False),
        sa.Column("realised_profit", ExactDecimal(), nullable=False),
        sa.Column("unrealised_profit", ExactDecimal(), nullable=False),
        sa.Column("today_profit", ExactDecimal(), nullable=False),
        sa.Column("risk_ratio", Measure(), nullable=False),
        sa.Column("drawdown", Measure(), nullable=False),
        sa.Column("max_drawdown", Measure(), nullable=False),
        sa.Column("updated_ns", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
        **REPEATABLE,
    )


def _equity_samples() -> None:
    op.create_table(
        "equity_samples",
        _session(),
        sa.Column("account_id", Characters(64), primary_key=True),
        sa.Column("sample", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("time_ns", sa.BigInteger(), nullable=False),
        sa.Column("equity", Measure(), nullable=True),
        sqlite_with_rowid=False,
        **REPEATABLE,
    )


def _strategies() -> None:
    op.create_table(
        "strategies",
        _session(),
        sa.Column("strategy_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("name", Characters(), nullable=False),
        sa.Column("source", Characters(), nullable=False),
        sa.Column("account_id", Characters(64), nullable=False),
        sa.Column("symbol", Characters(64), nullable=False),
        sa.Column("state", Word(), nullable=False),
        sa.Column("parameters", Scalars(), nullable=False),
        sa.Column("position", ExactDecimal(), nullable=False),
        sa.Column("net_profit", ExactDecimal(), nullable=False),
        sa.Column("trade_count", sa.BigInteger(), nullable=False),
        sa.Column("trigger_count", sa.BigInteger(), nullable=False),
        sa.Column("error", Characters(), nullable=False),
        sqlite_with_rowid=False,
        **REPEATABLE,
    )


def _strategy_triggers() -> None:
    op.create_table(
        "strategy_triggers",
        _session(),
        sa.Column("trigger_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("strategy_id", sa.BigInteger(), nullable=False),
        sa.Column("time_ns", sa.BigInteger(), nullable=False),
        sa.Column("condition", Characters(), nullable=False),
        sa.Column("price", ExactDecimal(), nullable=True),
        sa.Column("action", Word(), nullable=False),
        sa.Column("result", Word(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("error", Characters(), nullable=False),
        sqlite_with_rowid=False,
        **REPEATABLE,
    )


def _operation_log() -> None:
    op.create_table(
        "operation_log",
        _session(),
        sa.Column("operation_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("time_ns", sa.BigInteger(), nullable=False),
        sa.Column("origin", Characters(), nullable=False),
        sa.Column("command", Characters(), nullable=False),
        sa.Column("detail", Characters(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("reason", Characters(), nullable=False),
        sqlite_with_rowid=False,
        **REPEATABLE,
    )
