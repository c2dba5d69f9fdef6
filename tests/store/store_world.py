"""Rows for the store's tests: one deterministic stream of batches that a child process and its
judge can both make, the fold they are judged by. Imports nothing slow.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
import numpy as np

from monitor.engine.changes import Changes, EquityChunk
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
from monitor.engine.values import (
    Direction,
    FillDirection,
    LogLevel,
    Offset,
    OrderFlag,
    OrderStatus,
    OrderType,
    RecordType,
    Side,
    SignalKind,
    StrategyState,
    TimeInForce,
    TriggerAction,
    TriggerResult,
)
from monitor.store import Batch, Store
from monitor.store.batch import KEPT
from monitor.store.schema import HEAD


def fold(parts: Iterable[Changes]) -> dict[str, Any]:
    """What must be shown after these changes, one after the other, in comparable form."""
    shown: dict[str, dict[Any, Any]] = {name: {} for name in (*KEPT, "equity")}
    for part in parts:
        if part.cleared:
            for name in set(shown) - {"operations"}:
                shown[name].clear()
        for name in set(shown) - {"equity", "operations"}:
            shown[name].update(getattr(part, name))
        shown["operations"].update({row.operation_id: row for row in part.operations})
        for chunk in part.equity:
            for sample, pair in enumerate(zip(chunk.time_ns.tolist(), chunk.equity.tolist(), strict=True)):
                shown["equity"][chunk.account_id, chunk.start + sample] = pair
    shown["positions"] = {key: row for key, row in shown["positions"].items() if row.volume}
    return {name: exactly(found) for name, found in shown.items()}


def exactly(found: dict[Any, Any]) -> dict[Any, Any]:
    """Decimals as text: 1.0 and 1.00 are equal as numbers, but not what was stored."""
    return {key: _exact(row) if isinstance(row, msgspec.Struct) else row for key, row in found.items()}


def _exact(row: msgspec.Struct) -> dict[str, Any]:
    fields = msgspec.structs.asdict(row)
    return {name: _said(value) for name, value in fields.items()}


def _said(value: Any) -> Any:
    if isinstance(value, Decimal):
        return _digits(value)
    # PostgreSQL keeps the picture of NUL instead of it.
    return value.replace("\0", "\u2400") if isinstance(value, str) else value


def _digits(value: Decimal) -> str:
    """As it would be written by hand: 1E+3 and 1000 are the same amount, 1.0 and 1.00 are not
    the same price."""
    return format(value if value else abs(value), "f")


def records(first: int, count: int = 1) -> list[JournalRecord]:
    numbers = range(first, first + count)
    return [JournalRecord(seq, seq * 1000, seq, "bar", f'{{"n":{seq}}}'.encode()) for seq in numbers]


def order(order_id: int, **fields: Any) -> OrderRow:
    usual: dict[str, Any] = {
        "strategy_id": 1,
        "account_id": "sim",
        "symbol": "SHFE.au2512",
        "side": Side.BUY,
        "offset": Offset.OPEN,
        "type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "quantity": Decimal(2),
        "created_ns": order_id,
        "updated_ns": order_id,
    }
    return OrderRow(order_id=order_id, **usual | fields)


def trade(trade_id: int, **fields: Any) -> TradeRow:
    usual: dict[str, Any] = {
        "order_id": trade_id,
        "strategy_id": 1,
        "account_id": "sim",
        "symbol": "SHFE.au2512",
        "side": Side.BUY,
        "offset": Offset.OPEN,
        "price": Decimal("980.02"),
        "volume": Decimal(1),
        "commission": Decimal("0.10"),
        "slippage": Decimal(0),
        "realised_profit": Decimal(0),
        "time_ns": trade_id,
    }
    return TradeRow(trade_id=trade_id, **usual | fields)


def position(volume: Decimal, version: int) -> PositionRow:
    return PositionRow(
        position_id=f"sim-au-{version % 3}",
        account_id="sim",
        strategy_id=1,
        symbol="SHFE.au2512",
        direction=Direction.LONG,
        volume=volume,
        volume_today=volume,
        frozen=Decimal(0),
        average_price=Decimal("980.02"),
        last_price=None,
        unrealised_profit=None,
        realised_profit=Decimal("-0.50"),
        margin=Decimal(100),
        multiplier=Decimal(1000),
        price_digits=2,
        tick=Decimal("0.02"),
        quote_ns=None,
        opened_ns=1,
        updated_ns=version,
        version=version,
    )


async def begin(store: Store) -> int:
    return await store.begin_session(created_ns=1, world="REPLAY", title="au2512 · 回放", config=b'{"a":1}')


RECORDS_PER_BATCH = 3
BATCHES_PER_LIFE = 97


def nth_batch(session_id: int, number: int, version: str = HEAD) -> Batch:
    """The same batch in every process: an event with rows that earlier and later ones share,
    and a reset now and then. `version`: with what a database of that version could keep."""
    dice = Random(number)
    since_clear = number % BATCHES_PER_LIFE
    status = dice.choice(list(OrderStatus))
    curve = np.array([1_000_000 + dice.random()])
    part = Changes(
        cleared=number > 0 and since_clear == 0,
        orders={i: order(i, status=status, updated_ns=number) for i in dice.sample(range(1, 30), 3)},
        trades={since_clear: trade(since_clear, price=Decimal(dice.randrange(10**6)) / 100)},
        positions={row.position_id: row for row in [position(Decimal(dice.randrange(3)), number)]},
        equity=[EquityChunk("sim", since_clear, np.array([number]), curve)],
        strategies={1: strategy(number)},
        triggers={since_clear: trigger(since_clear)},
        operations=[operation(number % 400)] if number % 10 == 0 else [],
    )
    if version >= "0002":
        part.absorb(_order_truth(number, since_clear))
    return Batch(session_id, records(number * RECORDS_PER_BATCH + 1, RECORDS_PER_BATCH), part)


def _order_truth(number: int, since_clear: int) -> Changes:
    dice = Random(-number)
    flags = tuple(dice.sample(list(OrderFlag), 2))
    mine = order(40, client_order_id=f"m-{number}", flags=flags, updated_ns=number)
    fill = trade(200, fee_currency="BTC", direction=FillDirection.OPEN_LONG, void=dice.random() < 0.5)
    money = Decimal(dice.randrange(10**6)) / 100
    return Changes(
        orders={40: mine},
        trades={200: fill},
        accounts={"sim": account(transferred=money, funding=-money, foreign={"BTC": f"-{money}"})},
        signals={since_clear: signal(since_clear, volume=money)},
        executions={since_clear % 7: execution(since_clear % 7, updated_ns=number)},
        records={since_clear: record(since_clear, change=-money)},
        alerts={since_clear % 5: alert(since_clear % 5, settled_ns=dice.choice([None, number]))},
    )


def signal(signal_id: int, **fields: Any) -> SignalRow:
    usual: dict[str, Any] = {
        "order_id": signal_id,
        "account_id": "sim",
        "symbol": "SHFE.au2512",
        "kind": SignalKind.FINISHED,
        "key": "",
        "status": OrderStatus.FILLED,
        "volume": Decimal(2),
        "average_price": Decimal("980.02"),
        "commission": {"CNY": "0.10"},
        "realised_profit": None,
        "directions": (FillDirection.OPEN_LONG, FillDirection.CLOSE_SHORT),
        "first_ns": signal_id,
        "last_ns": signal_id,
        "time_ns": signal_id,
    }
    return SignalRow(signal_id=signal_id, **usual | fields)


def execution(order_id: int, **fields: Any) -> ExecutionRow:
    usual: dict[str, Any] = {
        "account_id": "sim",
        "symbol": "SHFE.au2512",
        "side": Side.BUY,
        "quantity": Decimal(2),
        "filled_quantity": Decimal(1),
        "arrival_price": Decimal("980.00"),
        "average_price": Decimal("980.02"),
        "slippage": Decimal("20.00"),
        "commission": Decimal("0.10"),
        "attempts": 1,
        "venue": "simulated",
        "queue_wait_s": 0.25,
        "acknowledged_s": 0.001,
        "first_fill_s": None,
        "last_fill_s": None,
        "updated_ns": order_id,
    }
    return ExecutionRow(order_id=order_id, **usual | fields)


def record(record_id: int, **fields: Any) -> PositionRecordRow:
    usual: dict[str, Any] = {
        "time_ns": record_id,
        "account_id": "sim",
        "strategy_id": 1,
        "symbol": "SHFE.au2512",
        "direction": Direction.LONG,
        "type": RecordType.EXECUTION,
        "change": Decimal(1),
        "price": Decimal("980.02"),
        "volume": Decimal(1),
        "average_price": Decimal("980.02"),
        "realised_profit": Decimal(0),
        "commission": Decimal("0.10"),
        "order_id": record_id,
        "trade_id": record_id,
        "by": "double_ma",
    }
    return PositionRecordRow(record_id=record_id, **usual | fields)


def alert(alert_id: int, **fields: Any) -> AlertRow:
    usual: dict[str, Any] = {
        "time_ns": alert_id,
        "level": LogLevel.WARNING,
        "cause": "fills missing",
        "message": "订单 7 的成交还缺 1 手",
    }
    return AlertRow(alert_id=alert_id, **usual | fields)


def account(**fields: Any) -> AccountRow:
    whole = ("static_balance", "balance", "available", "margin", "frozen", "commission", "slippage")
    profits = ("realised_profit", "unrealised_profit", "today_profit")
    money = dict.fromkeys((*whole, *profits), Decimal("1000000.00"))
    measures = {"risk_ratio": 0.1, "drawdown": 0.0, "max_drawdown": 0.25}
    return AccountRow(account_id="sim", currency="CNY", updated_ns=1, **{**money, **measures, **fields})


def strategy(count: int) -> StrategyRow:
    return StrategyRow(
        strategy_id=1,
        name="double_ma",
        source="double_ma",
        account_id="sim",
        symbol="SHFE.au2512",
        state=StrategyState.RUNNING,
        parameters={"fast": 10, "slow": 20, "note": None},
        position=Decimal(1),
        net_profit=Decimal(count),
        trade_count=count,
        trigger_count=count,
    )


def trigger(trigger_id: int) -> TriggerRow:
    return TriggerRow(
        trigger_id=trigger_id,
        strategy_id=1,
        time_ns=trigger_id,
        condition="fast crosses slow",
        price=Decimal("980.02"),
        action=TriggerAction.BUY,
        result=TriggerResult.SUCCESS,
    )


def operation(operation_id: int) -> OperationRow:
    return OperationRow(
        operation_id=operation_id,
        time_ns=operation_id,
        origin="window",
        command="ClosePosition",
        detail="au2512 2 手",
        accepted=True,
    )
