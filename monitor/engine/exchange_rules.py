"""How venues close positions: which lots an offset may take, which go first, what is settled.

A table by exchange and pure functions over it, for ledgers, simulated venues and guards alike.
Knows no orders and no accounts.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from monitor.engine.values import ZERO, Offset


class LotOrder(StrEnum):
    """Which lots a plain CLOSE takes first where it may take all."""

    OLDEST_FIRST = "oldest_first"
    TODAY_FIRST = "today_first"


class MarginBasis(StrEnum):
    """What margin is a fraction of. COST: what was paid for today's lots, the last settlement
    for older ones, so that it stands still all day. LAST: the newest (mark) price."""

    COST = "cost"
    LAST = "last"


class ExchangeRules(msgspec.Struct, frozen=True, kw_only=True):
    """`splits`: CLOSE_TODAY and CLOSE_YESTERDAY are different orders. `settled`: profit is paid
    out at the settlement price each day. `chained`: a fill's `chain` is the position before it
    (signed); otherwise a running number."""

    splits: bool = False
    lots: LotOrder = LotOrder.OLDEST_FIRST
    settled: bool = False
    margin: MarginBasis = MarginBasis.COST
    chained: bool = False


_ANY = ExchangeRules()
_FUTURES = ExchangeRules(settled=True)
_SPLIT = ExchangeRules(settled=True, splits=True)

RULES: dict[str, ExchangeRules] = {
    "SHFE": _SPLIT,
    "INE": _SPLIT,
    "CFFEX": ExchangeRules(settled=True, lots=LotOrder.TODAY_FIRST),
    "DCE": _FUTURES,
    "CZCE": _FUTURES,
    "GFEX": _FUTURES,
    "SIM": _FUTURES,
    "DERIBIT": ExchangeRules(settled=True, margin=MarginBasis.LAST),
    "HYPERLIQUID": ExchangeRules(margin=MarginBasis.LAST, chained=True),
}
"""Which lots leave first, and where that is said.

SHFE, INE: CTP's CloseToday takes today's lots and nothing else; Close and CloseYesterday take
yesterday's and nothing else ("CTP: not enough of yesterday's position" is the answer otherwise);
vn.py's PositionHolding and DIFF's CLOSE/CLOSETODAY say the same.

CFFEX: one CLOSE; today's lots first. The exchange counts the close-today fee fill by fill as
"first what was opened on the day, then older positions" (CFFEX's FAQ on the fee, repeated by
brokers), and TqSdk documents that order for its positions.

DCE, CZCE, GFEX: one CLOSE; oldest first, as their clearing and CTP's position details have it
(`TimeFirstVolume` of DCE: what "first opened, first closed" has left; CTP's `CloseStyleType`
'0' opened first closed first, '1' today first). vn.py and TqSdk's own simulator count today's
first here too: a today volume of theirs may differ from ours, totals and profit never do.
"""


def rules_of(exchange: str) -> ExchangeRules:
    """An exchange that is not in the table closes oldest first and settles nothing."""
    return RULES.get(exchange, _ANY)


def closable(rules: ExchangeRules, offset: Offset, today: Decimal, yesterday: Decimal) -> Decimal:
    """How many lots of a position an order with this offset may close at the venue."""
    if offset is Offset.OPEN:
        return ZERO
    if not rules.splits:
        return today + yesterday
    return today if offset is Offset.CLOSE_TODAY else yesterday


def today_part(
    rules: ExchangeRules, offset: Offset, volume: Decimal, today: Decimal, yesterday: Decimal
) -> Decimal:
    """How many of `volume` closed lots were opened today. When the offset names fewer lots than
    were closed the others follow: what the venue has filled is not argued with."""
    named = offset is Offset.CLOSE_TODAY and rules.splits
    if named or rules.lots is LotOrder.TODAY_FIRST:
        return min(volume, today)
    return max(ZERO, volume - yesterday)


def offsets_to_close(
    rules: ExchangeRules, volume: Decimal, today: Decimal, yesterday: Decimal
) -> list[tuple[Offset, Decimal]]:
    """The orders that close `volume` of a position, oldest lots first: one CLOSE, or one for
    each kind of lots where the venue tells them apart. Never more than there is."""
    volume = min(volume, today + yesterday)
    if not rules.splits:
        return [(Offset.CLOSE, volume)] if volume else []
    older = min(volume, yesterday)
    parts = [(Offset.CLOSE_YESTERDAY, older), (Offset.CLOSE_TODAY, volume - older)]
    return [(offset, part) for offset, part in parts if part]
