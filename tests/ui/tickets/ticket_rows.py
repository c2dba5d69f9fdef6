"""Rows to ask about: one long position of three, a paused replay, a strategy that runs."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from monitor.engine.rows import AccountRow, OrderRow, PositionRow, ReplayRow, SessionRow, StrategyRow
from monitor.engine.values import (
    Direction,
    EngineState,
    Offset,
    OrderStatus,
    OrderType,
    ReplayState,
    Side,
    StrategyState,
    TimeInForce,
    World,
)

SECOND = 1_000_000_000
NOON = 1_560_312_000 * SECOND
SYMBOL = "DCE.m2005"


def position(**changed: object) -> PositionRow:
    row = PositionRow(
        position_id="m2005-long",
        account_id="sim-1",
        strategy_id=1,
        symbol=SYMBOL,
        direction=Direction.LONG,
        volume=Decimal(3),
        volume_today=Decimal(3),
        frozen=Decimal(0),
        average_price=Decimal(2650),
        last_price=Decimal(2671),
        unrealised_profit=Decimal(630),
        realised_profit=Decimal(0),
        margin=Decimal(8013),
        multiplier=Decimal(10),
        price_digits=0,
        tick=Decimal(1),
        quote_ns=NOON,
        opened_ns=NOON,
        updated_ns=NOON,
        version=7,
    )
    return msgspec.structs.replace(row, **changed)


def order(order_id: int, **changed: object) -> OrderRow:
    row = OrderRow(
        order_id=order_id,
        strategy_id=1,
        account_id="sim-1",
        symbol=SYMBOL,
        side=Side.SELL,
        offset=Offset.CLOSE,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal(3),
        price=Decimal(2700),
        status=OrderStatus.PLACED,
        created_ns=NOON,
        updated_ns=NOON,
    )
    return msgspec.structs.replace(row, **changed)


def strategy(**changed: object) -> StrategyRow:
    row = StrategyRow(
        strategy_id=1,
        name="double_ma",
        source="double_ma",
        account_id="sim-1",
        symbol=SYMBOL,
        state=StrategyState.RUNNING,
        parameters={},
        position=Decimal(3),
        net_profit=Decimal(0),
        trade_count=1,
        trigger_count=1,
    )
    return msgspec.structs.replace(row, **changed)


def replay(**changed: object) -> ReplayRow:
    row = ReplayRow(
        file="sample.csv",
        symbol=SYMBOL,
        bar=100,
        bars=1000,
        time_ns=NOON,
        first_ns=NOON - 6000 * SECOND,
        last_ns=NOON + 54_000 * SECOND,
        state=ReplayState.PAUSED,
        speed=1.0,
        bars_per_second=0.0,
    )
    return msgspec.structs.replace(row, **changed)


def session(world: World = World.REPLAY, engine_state: EngineState = EngineState.NORMAL) -> SessionRow:
    return SessionRow(
        session_id=1,
        world=world,
        engine_state=engine_state,
        title="sample",
        zone="Asia/Shanghai",
    )


def account() -> AccountRow:
    zero = Decimal(0)
    return AccountRow(
        account_id="sim-1",
        currency="CNY",
        static_balance=Decimal(1_000_000),
        balance=Decimal(1_000_630),
        available=Decimal(992_617),
        margin=Decimal(8013),
        frozen=zero,
        commission=zero,
        slippage=zero,
        realised_profit=zero,
        unrealised_profit=Decimal(630),
        today_profit=Decimal(630),
        risk_ratio=0.008,
        drawdown=0.0,
        max_drawdown=0.0,
        updated_ns=NOON,
    )
