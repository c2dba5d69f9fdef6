"""Orders, facts and limits for tests of the risk guards, in few words.

`order("60")` is a plain opening order, `facts(quote=None)` a quiet moment with one thing changed,
`limits(order_size="refuse", max_order_size=50)` only the guards that are named.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from monitor.engine.commands import OrderRequest
from monitor.engine.guards import AccountFigures, Assessment, GuardFacts, GuardLimits
from monitor.engine.rows import OrderRow
from monitor.engine.values import NS_PER_SECOND, Offset, OrderStatus, OrderType, Quote, Side, TimeInForce
from tests.order_bench import ACCOUNT, GOLD, START, SYMBOL

NOW = START
QUIET = GuardLimits(
    **{
        name: "off"
        for name, field in zip(
            GuardLimits.__struct_fields__, msgspec.structs.fields(GuardLimits), strict=True
        )
        if isinstance(field.default, str) and name != "over_close"
    }
)
"""No guard but the two that cannot be switched off."""


def limits(**fields: Any) -> GuardLimits:
    """Only the guards that are named."""
    return msgspec.structs.replace(QUIET, **fields)


def order(quantity: str = "10", **fields: Any) -> OrderRequest:
    usual: dict[str, Any] = {
        "symbol": SYMBOL,
        "side": Side.BUY,
        "offset": Offset.OPEN,
        "type": OrderType.LIMIT,
        "price": Decimal(400),
    }
    if fields.get("type") is OrderType.MARKET:
        usual["price"] = None
    return OrderRequest(quantity=Decimal(quantity), **{**usual, **fields})


def quote(**fields: Any) -> Quote:
    prices = {"last": "400", "bid": "399.9", "ask": "400.1", "bid_volume": "100", "ask_volume": "100"}
    decimals = {name: Decimal(text) if text else None for name, text in {**prices, **fields}.items()}
    received = decimals.pop("received_ns", None)
    return Quote(symbol=SYMBOL, received_ns=NOW if received is None else int(received), **decimals)


def facts(**fields: Any) -> GuardFacts:
    usual: dict[str, Any] = {"now_ns": NOW, "instrument": GOLD, "quote": quote()}
    return GuardFacts(**{**usual, **fields})


def figures(**fields: Any) -> AccountFigures:
    return AccountFigures(account_id=ACCOUNT, **fields)


def row(order_id: int = 7, age_s: float = 1, **fields: Any) -> OrderRow:
    usual: dict[str, Any] = {
        "strategy_id": 0,
        "account_id": ACCOUNT,
        "symbol": SYMBOL,
        "side": Side.BUY,
        "offset": Offset.OPEN,
        "type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "quantity": Decimal(10),
        "price": Decimal(400),
        "status": OrderStatus.PLACED,
        "created_ns": NOW - int(age_s * NS_PER_SECOND),
        "updated_ns": NOW,
    }
    return OrderRow(order_id=order_id, **{**usual, **fields})


def refusals(assessment: Assessment) -> list[str]:
    return [verdict.guard for verdict in assessment.refusals]


def warnings(assessment: Assessment) -> list[str]:
    return [verdict.guard for verdict in assessment.warnings]


def old(seconds: str) -> Quote:
    return quote(received_ns=str(NOW - int(Decimal(seconds) * NS_PER_SECOND)))


MARKET = {"type": OrderType.MARKET}
CLOSE = {"side": Side.SELL, "offset": Offset.CLOSE}
