"""The tables as they are now. Columns are the fields of the engine's rows, so a field cannot
be forgotten; a test compares them with what the migrations build.

Knows the shape of rows, not what they mean. Everything belongs to a session.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    MetaData,
    Table,
)
from sqlalchemy.types import TypeEngine

from monitor.engine.journal import JournalRecord
from monitor.engine.rows import (
    AccountRow,
    AlertRow,
    ExecutionRow,
    OperationRow,
    OrderRow,
    PositionRecordRow,
    PositionRow,
    SignalRow,
    StrategyRow,
    TradeRow,
    TriggerRow,
)
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

# Other databases want a length for text in a key or an index; all other text is unbounded.
LENGTHS = {"account_id": 64, "symbol": 64, "position_id": 200, "kind": 64, "key": 200}

metadata = MetaData()

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", RowNumber, primary_key=True, autoincrement=True),
    Column("created_ns", BigInteger, nullable=False),
    Column("world", Characters(20), nullable=False),
    Column("title", Characters(), nullable=False),
    Column("config", Bytes(), nullable=False),
    Column("state", Characters(20), nullable=False),
    Column("ended_cleanly", Boolean, nullable=False),
    sqlite_autoincrement=True,
    **TABLE_OPTIONS,
)


def _column_type(name: str, kind: Any) -> TypeEngine[Any]:
    simple: dict[Any, TypeEngine[Any]] = {
        Decimal: ExactDecimal(),
        bool: Boolean(),
        int: BigInteger(),
        float: Measure(),
        bytes: Bytes(),
    }
    if kind in simple:
        return simple[kind]
    if get_origin(kind) is dict:
        return Scalars()
    if get_origin(kind) is tuple:
        return Words()
    if issubclass(kind, StrEnum):
        return Word()
    return Characters(LENGTHS.get(name))


def _column(name: str, hint: Any, key: str) -> Column[Any]:
    optional = get_origin(hint) in (Union, UnionType)
    kind = next(arg for arg in get_args(hint) if arg is not type(None)) if optional else hint
    return Column(name, _column_type(name, kind), primary_key=name == key, nullable=optional)


def _session_column() -> Column[int]:
    return Column("session_id", RowNumber, ForeignKey("sessions.session_id"), primary_key=True)


def _row_table(name: str, row: type[msgspec.Struct], key: str, *indexes: Index) -> Table:
    """A table of `row`'s fields, keyed by session and `key`. Without a row id of SQLite's own,
    which would write every row into two trees."""
    hints = get_type_hints(row)
    columns = [_column(field, hints[field], key) for field in row.__struct_fields__]
    for column in columns:
        column.autoincrement = False
    session = _session_column()
    return Table(name, metadata, session, *columns, *indexes, sqlite_with_rowid=False, **TABLE_OPTIONS)


journal = _row_table("journal", JournalRecord, "seq")
orders = _row_table(
    "orders", OrderRow, "order_id", Index("orders_by_time", "session_id", "updated_ns", "order_id")
)
trades = _row_table(
    "trades",
    TradeRow,
    "trade_id",
    Index("trades_by_time", "session_id", "time_ns", "trade_id"),
    Index("trades_by_order", "session_id", "order_id"),
)
positions = _row_table("positions", PositionRow, "position_id")
accounts = _row_table("accounts", AccountRow, "account_id")
strategies = _row_table("strategies", StrategyRow, "strategy_id")
triggers = _row_table("strategy_triggers", TriggerRow, "trigger_id")
operations = _row_table("operation_log", OperationRow, "operation_id")
equity = Table(
    "equity_samples",
    metadata,
    _session_column(),
    Column("account_id", Characters(LENGTHS["account_id"]), primary_key=True),
    Column("sample", BigInteger, primary_key=True, autoincrement=False),
    Column("time_ns", BigInteger, nullable=False),
    # NaN, an unknown measurement, is NULL in a database.
    Column("equity", Measure()),
    sqlite_with_rowid=False,
    **TABLE_OPTIONS,
)

signals = _row_table(
    "signals",
    SignalRow,
    "signal_id",
    # What makes a signal one that is told once.
    Index("signals_by_key", "session_id", "order_id", "kind", "key", unique=True),
    Index("signals_by_time", "session_id", "time_ns", "signal_id"),
)
executions = _row_table(
    "executions",
    ExecutionRow,
    "order_id",
    Index("executions_by_time", "session_id", "updated_ns", "order_id"),
)
alerts = _row_table(
    "alerts", AlertRow, "alert_id", Index("alerts_by_time", "session_id", "time_ns", "alert_id")
)


def _records_table(name: str) -> Table:
    indexes = [
        Index(f"{name}_by_time", "session_id", "time_ns", "record_id"),
        Index(f"{name}_by_account", "session_id", "account_id", "time_ns", "record_id"),
        Index(f"{name}_by_symbol", "session_id", "symbol", "time_ns", "record_id"),
    ]
    return _row_table(name, PositionRecordRow, "record_id", *indexes)


position_records = _records_table("position_records")
# Where `retention` moves what is old.
position_records_archive = _records_table("position_records_archive")

# A checkpoint is there when its head is: the parts are written first.
checkpoints = Table(
    "checkpoints",
    metadata,
    _session_column(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("time_ns", BigInteger, nullable=False),
    Column("format", BigInteger, nullable=False),
    Column("parts", BigInteger, nullable=False),
    Column("digest", Characters(64), nullable=False),
    sqlite_with_rowid=False,
    **TABLE_OPTIONS,
)
checkpoint_parts = Table(
    "checkpoint_parts",
    metadata,
    _session_column(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("part", BigInteger, primary_key=True, autoincrement=False),
    Column("payload", Bytes(), nullable=False),
    # Half a megabyte a row does not belong into the tree of a key.
    **TABLE_OPTIONS,
)

# What `Changes.cleared` voids. The operation log, the journal and the checkpoints, which are made
# of the journal alone, outlive it.
CLEARED = (
    orders,
    trades,
    positions,
    accounts,
    strategies,
    triggers,
    equity,
    signals,
    executions,
    alerts,
    position_records,
    position_records_archive,
)
