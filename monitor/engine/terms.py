"""The terms of a run: what `ReplayOptions` and the data together decide, as typed values."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from monitor.engine.ledger import PositionMode
from monitor.engine.options import Matching, ReplayOptions
from monitor.engine.values import Instrument

CHINESE_EXCHANGES = frozenset({"SHFE", "INE", "DCE", "CZCE", "CFFEX", "GFEX", "SIM"})
SHANGHAI = "Asia/Shanghai"


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """`slippage`: money per unit and lot for vnpy, ticks for standard."""

    matching: Matching
    capital: Decimal
    slippage: Decimal
    participation: Decimal
    position_mode: PositionMode


def terms_of(options: ReplayOptions, instrument: Instrument) -> Terms:
    """Chinese futures exchanges keep long and short apart; vn.py's results are netted."""
    hedging = options.matching is Matching.STANDARD and instrument.exchange in CHINESE_EXCHANGES
    return Terms(
        matching=options.matching,
        capital=options.capital,
        slippage=options.slippage,
        participation=options.participation,
        position_mode=PositionMode.HEDGING if hedging else PositionMode.NETTING,
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
        currency=options.currency,
        zone=zone_of(options, symbol),
    )
