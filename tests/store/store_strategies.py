"""Hypothesis strategies for every kind of row that the store keeps."""

from __future__ import annotations

import sys
from decimal import Decimal
from enum import StrEnum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import numpy as np
from hypothesis import strategies as st

from monitor.engine.changes import Changes, EquityChunk
from monitor.engine.rows import (
    AccountRow,
    AlertRow,
    ExecutionRow,
    OperationRow,
    OrderRow,
    PositionRecordRow,
    PositionRow,
    Scalar,
    SignalRow,
    StrategyRow,
    TradeRow,
    TriggerRow,
)

LONGEST = 2**63 - 1
INTEGERS = st.integers(-LONGEST - 1, LONGEST)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False) | st.from_regex(
    r"\A-?[0-9]{1,40}(\.[0-9]{1,40})?\Z"
).map(Decimal)
# MariaDB keeps infinity as the largest number.
FLOATS = st.floats(allow_nan=False).filter(lambda number: abs(number) != sys.float_info.max)
SCALARS = st.none() | st.booleans() | INTEGERS | FLOATS | st.text(max_size=20)


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a row's field."""
    if hint == dict[str, Scalar]:
        return st.dictionaries(st.text(max_size=10), SCALARS, max_size=4)
    if hint == dict[str, str]:
        return st.dictionaries(st.text(max_size=10), st.text(max_size=20), max_size=4)
    if get_origin(hint) is tuple:
        return st.lists(values(get_args(hint)[0]), max_size=3).map(tuple)
    if get_origin(hint) in (Union, UnionType):
        return st.one_of(*(values(kind) for kind in get_args(hint)))
    simple: dict[Any, st.SearchStrategy[Any]] = {
        int: INTEGERS,
        float: FLOATS,
        bool: st.booleans(),
        str: st.text(max_size=20),
        bytes: st.binary(max_size=200),
        Decimal: DECIMALS,
        type(None): st.none(),
    }
    return st.sampled_from(hint) if issubclass(hint, StrEnum) else simple[hint]


def rows(kind: type[msgspec.Struct], /, **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{name: values(hints[name]) for name in kind.__struct_fields__} | fixed)


FEW_IDS = st.integers(1, 5)
FEW_NAMES = st.sampled_from(["a", "策略:au2512", "Ünï'\"; DROP TABLE orders"])
EQUITY = st.builds(
    lambda account_id, start, curve: EquityChunk(
        account_id, start, np.arange(start, start + len(curve), dtype=np.int64), np.array(curve, dtype=float)
    ),
    FEW_NAMES,
    st.integers(0, 6),
    st.lists(FLOATS, max_size=5),
)


def keyed(kind: type[msgspec.Struct], key: str, keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    listed = st.lists(rows(kind, **{key: keys}), max_size=3)
    return listed.map(lambda found: {getattr(row, key): row for row in found})


def told_once(found: dict[int, SignalRow]) -> dict[int, SignalRow]:
    """No two of an order, kind and key."""
    return {i: msgspec.structs.replace(row, key=f"{row.key[:20]} {i}") for i, row in found.items()}


def changes(operation_ids: st.SearchStrategy[int] = FEW_IDS) -> st.SearchStrategy[Changes]:
    """Few ids, so that rows are changed again and again; positions that are gone included."""
    gone = st.just(Decimal(0)) | DECIMALS
    held = st.lists(rows(PositionRow, position_id=FEW_NAMES, volume=gone), max_size=3)
    return st.builds(
        Changes,
        cleared=st.sampled_from([False, False, False, True]),
        orders=keyed(OrderRow, "order_id", FEW_IDS),
        trades=keyed(TradeRow, "trade_id", FEW_IDS),
        positions=held.map(lambda found: {row.position_id: row for row in found}),
        accounts=keyed(AccountRow, "account_id", FEW_NAMES),
        strategies=keyed(StrategyRow, "strategy_id", FEW_IDS),
        triggers=keyed(TriggerRow, "trigger_id", FEW_IDS),
        signals=keyed(SignalRow, "signal_id", FEW_IDS).map(told_once),
        executions=keyed(ExecutionRow, "order_id", FEW_IDS),
        records=keyed(PositionRecordRow, "record_id", FEW_IDS),
        alerts=keyed(AlertRow, "alert_id", FEW_IDS),
        equity=st.lists(EQUITY, max_size=2),
        operations=st.lists(rows(OperationRow, operation_id=operation_ids), max_size=2),
    )
