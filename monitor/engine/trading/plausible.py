"""What no venue can mean: numbers that would end arithmetic. Found before anything is made of them.

Pure. A gateway's codec refuses what is no number; only the engine knows contracts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from monitor.engine.values import ContractKind, Instrument
from monitor.engine.venue import FillReport, QuoteReport, SettlementReport, VenueMessage, VenueSnapshot

Instruments: TypeAlias = Mapping[str, Instrument]
Sifted: TypeAlias = tuple[VenueMessage | None, str]


def sifted(message: VenueMessage, instruments: Instruments) -> Sifted:
    """The message without what cannot be, None when nothing is left of it, and what that was."""
    sift = _SIFTS.get(type(message))
    return sift(message, instruments) if sift is not None else (message, "")


def _price(symbol: str, price: Decimal | None, instruments: Instruments) -> str:
    if price is None:
        return ""
    if not price.is_finite():
        return f"{symbol} at {price}"
    instrument = instruments.get(symbol)
    if price <= 0 and instrument is not None and instrument.contract is ContractKind.INVERSE:
        return f"{symbol}, an inverse contract, at {price}"
    return ""


def _fill(fill: FillReport, instruments: Instruments) -> str:
    if not (fill.volume.is_finite() and fill.volume > 0 and fill.fee.is_finite()):
        return f"a fill of {fill.volume} {fill.symbol} with the fee {fill.fee}"
    return _price(fill.symbol, fill.price, instruments)


def _one_fill(fill: FillReport, instruments: Instruments) -> Sifted:
    wrong = _fill(fill, instruments)
    return (None, wrong) if wrong else (fill, "")


def _quote(report: QuoteReport, instruments: Instruments) -> Sifted:
    wrong = _price(report.quote.symbol, report.quote.last, instruments)
    return (None, wrong) if wrong else (report, "")


def _settlement(report: SettlementReport, instruments: Instruments) -> Sifted:
    wrong = {s: told for s, price in report.prices.items() if (told := _price(s, price, instruments))}
    if not wrong:
        return report, ""
    prices = {symbol: price for symbol, price in report.prices.items() if symbol not in wrong}
    return msgspec.structs.replace(report, prices=prices), "; ".join(wrong.values())


def _snapshot(snapshot: VenueSnapshot, instruments: Instruments) -> Sifted:
    wrong = [told for fill in snapshot.fills if (told := _fill(fill, instruments))]
    if not wrong:
        return snapshot, ""
    fills = tuple(fill for fill in snapshot.fills if not _fill(fill, instruments))
    return msgspec.structs.replace(snapshot, fills=fills), "; ".join(wrong)


_SIFTS: dict[type, Callable[[Any, Instruments], Sifted]] = {
    FillReport: _one_fill,
    QuoteReport: _quote,
    SettlementReport: _settlement,
    VenueSnapshot: _snapshot,
}
