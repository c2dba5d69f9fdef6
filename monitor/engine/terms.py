"""The terms of a run: what `ReplayOptions` and the data together decide, as typed values.

Also which orders make sense at all under them, as pure predicates over an intent.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from monitor.engine.events import OrderCreated
from monitor.engine.exchange_rules import rules_of
from monitor.engine.ledger import PositionMode
from monitor.engine.options import Matching, ReplayOptions
from monitor.engine.values import Instrument, OrderType, TimeInForce

CHINESE_EXCHANGES = frozenset({"SHFE", "INE", "DCE", "CZCE", "CFFEX", "GFEX", "SIM"})
SHANGHAI = "Asia/Shanghai"


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """`slippage`: money per unit and lot for vnpy, ticks for standard. `settles`: profit is paid out
    at each trading day's settlement price."""

    matching: Matching
    capital: Decimal
    slippage: Decimal
    participation: Decimal
    position_mode: PositionMode
    settles: bool = False


def terms_of(options: ReplayOptions, instrument: Instrument) -> Terms:
    """Chinese futures exchanges keep long and short apart; vn.py's results are netted."""
    hedging = options.matching is Matching.STANDARD and instrument.exchange in CHINESE_EXCHANGES
    return Terms(
        matching=options.matching,
        capital=options.capital,
        slippage=options.slippage,
        participation=options.participation,
        position_mode=PositionMode.HEDGING if hedging else PositionMode.NETTING,
        settles=options.settle and rules_of(instrument.exchange).settled,
    )


def zone_of(options: ReplayOptions, symbol: str) -> str:
    """The zone whose days are counted. vn.py counts days of Shanghai whatever the exchange."""
    if options.zone:
        return options.zone
    exchange = symbol.partition(".")[0]
    if options.matching is Matching.VNPY or exchange in CHINESE_EXCHANGES:
        return SHANGHAI
    return "UTC"


def instrument_of(options: ReplayOptions, symbol: str, tick: Decimal) -> Instrument:
    return Instrument(
        symbol=symbol,
        tick=tick,
        multiplier=options.multiplier,
        margin_rate=options.margin_rate,
        commission_rate=options.rate,
        commission_per_lot=options.commission_per_lot,
        close_today_rate=options.close_today_rate,
        close_today_per_lot=options.close_today_per_lot,
        currency=options.currency,
        zone=zone_of(options, symbol),
    )


_PRICED = {OrderType.LIMIT, OrderType.STOP_LIMIT}
_TRIGGERED = {OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING}


def malformed(intent: OrderCreated) -> str:
    """Why an intent is no order of its type, or ""."""
    type_ = intent.type
    if type_ is OrderType.TRAILING:
        if intent.trail is None or not intent.trail > 0 or intent.trigger_price is None:
            return "a trailing stop needs a distance above 0 and a last price"
    elif (intent.trigger_price is not None) is not (type_ in _TRIGGERED):
        return f"a {type_} order {'needs a' if type_ in _TRIGGERED else 'has no'} trigger price"
    if (intent.price is not None) is not (type_ in _PRICED):
        return f"a {type_} order {'needs a' if type_ in _PRICED else 'has no'} price"
    if (intent.expires_ns is not None) is not (intent.time_in_force is TimeInForce.GTD):
        return "a date to expire at belongs to GTD orders, and only to them"
    return ""


def beyond_vnpy(intent: OrderCreated) -> str:
    """Why vn.py's matching, which knows limits and stops only, cannot take this order, or ""."""
    if intent.type in {OrderType.STOP_LIMIT, OrderType.TRAILING}:
        return f"vn.py's matching has no {intent.type} orders"
    if intent.time_in_force in {TimeInForce.IOC, TimeInForce.FOK}:
        return f"vn.py's matching has no {intent.time_in_force} orders"
    return ""
