"""Rows for tests of the window, with sensible values where a test does not care."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from monitor.engine.rows import (
    AccountRow,
    AlertRow,
    EvidenceRow,
    ExecutionRow,
    LinkRow,
    OrderRow,
    PositionRecordRow,
    PositionRow,
    ReplayRow,
    SessionRow,
    SignalRow,
    StrategyRow,
    TradeRow,
    WaitingRow,
)
from monitor.engine.values import (
    Direction,
    EngineState,
    FillDirection,
    LinkSide,
    LinkState,
    LogLevel,
    Offset,
    OrderStatus,
    OrderType,
    Priority,
    RecordType,
    ReplayState,
    Side,
    SignalKind,
    StrategyState,
    TimeInForce,
    WaitingKind,
    World,
)

SECOND = 1_000_000_000
START = 1_560_306_600 * SECOND  # 2019-06-12 10:30:00 in Shanghai


def order(order_id: int, **given: Any) -> OrderRow:
    at = START + order_id * SECOND + 5_000_000
    fields: dict[str, Any] = {
        "strategy_id": 1,
        "account_id": "sim-1",
        "symbol": "SHFE.au2512",
        "side": Side.BUY,
        "offset": Offset.OPEN,
        "type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "quantity": Decimal(2),
        "price": Decimal("752.30"),
        "created_ns": at,
        "updated_ns": at,
    }
    return OrderRow(order_id=order_id, **{**fields, **given})


def trade(trade_id: int, **given: Any) -> TradeRow:
    fields: dict[str, Any] = {
        "order_id": trade_id,
        "strategy_id": 1,
        "account_id": "sim-1",
        "symbol": "SHFE.au2512",
        "side": Side.SELL,
        "offset": Offset.CLOSE,
        "price": Decimal("752.50"),
        "volume": Decimal(1),
        "commission": Decimal("3.25"),
        "slippage": Decimal(0),
        "realised_profit": Decimal("-1240.00"),
        "time_ns": START + trade_id * SECOND,
    }
    return TradeRow(trade_id=trade_id, **{**fields, **given})


def position(position_id: str, **given: Any) -> PositionRow:
    fields: dict[str, Any] = {
        "account_id": "sim-1",
        "strategy_id": 1,
        "symbol": "SHFE.au2512",
        "direction": Direction.LONG,
        "volume": Decimal(3),
        "volume_today": Decimal(2),
        "frozen": Decimal(0),
        "average_price": Decimal("752.316"),
        "last_price": Decimal("752.50"),
        "unrealised_profit": Decimal("552.00"),
        "realised_profit": Decimal(0),
        "margin": Decimal("180600.00"),
        "multiplier": Decimal(1000),
        "price_digits": 2,
        "tick": Decimal("0.02"),
        "quote_ns": START,
        "opened_ns": START,
        "updated_ns": START,
        "version": 1,
    }
    return PositionRow(position_id=position_id, **{**fields, **given})


def account(balance: str = "1012340.50", **given: Any) -> AccountRow:
    fields: dict[str, Any] = dict.fromkeys(
        (
            "margin",
            "frozen",
            "commission",
            "slippage",
            "realised_profit",
            "unrealised_profit",
            "today_profit",
        ),
        Decimal(0),
    )
    fields |= {
        "account_id": "sim-1",
        "currency": "CNY",
        "static_balance": Decimal(1_000_000),
        "balance": Decimal(balance),
        "available": Decimal(balance),
        "risk_ratio": 0.0,
        "drawdown": 0.0,
        "max_drawdown": 0.0,
        "updated_ns": START,
    }
    return AccountRow(**{**fields, **given})


def strategy(strategy_id: int = 1, **given: Any) -> StrategyRow:
    fields: dict[str, Any] = {
        "name": "double_ma",
        "source": "double_ma",
        "account_id": "sim-1",
        "symbol": "SHFE.au2512",
        "state": StrategyState.RUNNING,
        "parameters": {"fast": 10, "slow": 20},
        "position": Decimal(1),
        "net_profit": Decimal("2310.00"),
        "trade_count": 12,
        "trigger_count": 14,
    }
    return StrategyRow(strategy_id=strategy_id, **{**fields, **given})


def waiting(order_id: int, kind: WaitingKind = WaitingKind.CONDITIONAL, **given: Any) -> WaitingRow:
    fields: dict[str, Any] = {
        "strategy_id": 0,
        "account_id": "sim-1",
        "symbol": "SHFE.au2512",
        "priority": Priority.NORMAL,
        "detail": "waits",
        "since_ns": START,
    }
    return WaitingRow(order_id=order_id, kind=kind, **{**fields, **given})


def record(record_id: int, **given: Any) -> PositionRecordRow:
    fields: dict[str, Any] = {
        "time_ns": START + record_id * SECOND,
        "account_id": "sim-1",
        "strategy_id": 1,
        "symbol": "SHFE.au2512",
        "direction": Direction.LONG,
        "type": RecordType.EXECUTION,
        "change": Decimal(1),
        "price": Decimal("752.30"),
        "volume": Decimal(3),
        "average_price": Decimal("752.316"),
        "realised_profit": Decimal(0),
        "commission": Decimal("3.25"),
    }
    return PositionRecordRow(record_id=record_id, **{**fields, **given})


def signal(signal_id: int, **given: Any) -> SignalRow:
    fields: dict[str, Any] = {
        "order_id": signal_id,
        "account_id": "sim-1",
        "symbol": "SHFE.au2512",
        "kind": SignalKind.FINISHED,
        "key": "",
        "status": OrderStatus.FILLED,
        "volume": Decimal(2),
        "average_price": Decimal("752.30"),
        "commission": {"CNY": "3.25"},
        "realised_profit": None,
        "directions": (FillDirection.OPEN_LONG,),
        "first_ns": START,
        "last_ns": START + SECOND,
        "time_ns": START + signal_id * SECOND,
    }
    return SignalRow(signal_id=signal_id, **{**fields, **given})


def alert(alert_id: int, **given: Any) -> AlertRow:
    fields: dict[str, Any] = {
        "time_ns": START + alert_id * SECOND,
        "level": LogLevel.WARNING,
        "cause": "fills swept",
        "message": "Order 3 ended with fills missing.",
    }
    return AlertRow(alert_id=alert_id, **{**fields, **given})


def evidence(evidence_id: str, **given: Any) -> EvidenceRow:
    fields: dict[str, Any] = {
        "kind": "held status",
        "account_id": "sim-1",
        "symbol": "SHFE.au2512",
        "venue_order_id": "ETH-349271",
        "order_id": None,
        "since_ns": START,
        "until_ns": START + 600 * SECOND,
        "detail": "cancelled, 1 of 2 filled",
    }
    return EvidenceRow(evidence_id=evidence_id, **{**fields, **given})


def link(side: LinkSide = LinkSide.ORDERS, state: LinkState = LinkState.LIVE, **given: Any) -> LinkRow:
    return LinkRow(link_id=f"deribit.{side}", venue="deribit", side=side, state=state, **given)


def execution(order_id: int, **given: Any) -> ExecutionRow:
    fields: dict[str, Any] = {
        "account_id": "sim-1",
        "symbol": "SHFE.au2512",
        "side": Side.BUY,
        "quantity": Decimal(2),
        "filled_quantity": Decimal(2),
        "arrival_price": Decimal("752.30"),
        "average_price": Decimal("752.32"),
        "slippage": Decimal("40.00"),
        "commission": Decimal("6.50"),
        "attempts": 1,
        "venue": "deribit",
        "queue_wait_s": None,
        "acknowledged_s": 0.034,
        "first_fill_s": 1.2,
        "last_fill_s": 75.0,
        "updated_ns": START,
    }
    return ExecutionRow(order_id=order_id, **{**fields, **given})


def replay(bar: int, time_ns: int | None = None) -> ReplayRow:
    return ReplayRow(
        file="au.csv",
        symbol="SHFE.au2512",
        bar=bar,
        bars=10_000,
        time_ns=START + bar * 60 * SECOND if time_ns is None else time_ns,
        first_ns=START,
        last_ns=START + 600_000 * SECOND,
        state=ReplayState.PLAYING,
        speed=1.0,
        bars_per_second=10.0,
    )


def session(
    zone: str = "Asia/Shanghai",
    world: World = World.REPLAY,
    state: EngineState = EngineState.NORMAL,
    why: str = "",
) -> SessionRow:
    return SessionRow(
        session_id=1, world=world, engine_state=state, title="au.csv", zone=zone, engine_reason=why
    )
