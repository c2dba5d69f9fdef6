"""What an account is folded from, and the order in which it is: fills, day rolls, corrections.

Owns venue order. An entry's key depends on what the venue said and never on when we heard it,
so that any order of arrival folds to the same account.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TypeAlias

import msgspec

from monitor.engine import events as ev
from monitor.engine.offsets import offset_of
from monitor.engine.trading.parts import PositionChange
from monitor.engine.values import ZERO, Direction, Offset, Side


class Fill(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="fill"):
    """One execution on an account. `time_ns` is the venue's time, ours where it told none.

    `trade_id` is ours. `chain` and `trade_key` (the venue's id of the trade) order fills of one
    instant. `commission` is signed, a rebate is below 0; `fee_currency` "" is the instrument's.
    """

    trade_id: int
    symbol: str
    side: Side
    offset: Offset
    price: Decimal
    volume: Decimal
    time_ns: int
    commission: Decimal = ZERO
    slippage: Decimal = ZERO
    fee_currency: str = ""
    chain: str = ""
    trade_key: str = ""

    @property
    def signed(self) -> Decimal:
        return self.volume if self.side is Side.BUY else -self.volume


class Roll(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="roll"):
    """A trading day ended, this symbol at the settlement `price` (None: not told). `last` is what
    it was valued at then. `settles`: its exchange told settlement prices for this day."""

    time_ns: int
    settles: bool = False
    price: Decimal | None = None
    last: Decimal | None = None


class Correction(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="correction"):
    """At this time the account had `volume` of it, whatever fills before say."""

    time_ns: int
    direction: Direction
    volume: Decimal
    average_price: Decimal | None = None


Other: TypeAlias = Roll | Correction
Entry: TypeAlias = Fill | Other
Key: TypeAlias = tuple[int, tuple[int, Decimal, str], int, tuple[int, Decimal, str], int]

_FILL, _OTHER = 0, 1
_NOTHING = (0, ZERO, "")


def text_key(text: str) -> tuple[int, Decimal, str]:
    """Numbers by their value and before words, so that trade 10 comes after trade 9. A prefix
    that numbers share (`ETH-9`, `ETH-10`) counts as a word of its own."""
    if not text:
        return _NOTHING
    head = text.rstrip("0123456789")
    digits = text[len(head) :]
    if not digits:
        return (2, ZERO, text)
    try:
        return (1, Decimal(text), "")
    except InvalidOperation:
        return (2, Decimal(digits), head)


def key_of(entry: Entry, *, chained: bool, netted: bool) -> Key:
    """The order inside one instant: fills by the venue's running number, then by the trade's own
    id; rolls and corrections come after all of them. Where `chain` is a start position it
    cannot be sorted by: `chain.walk` orders such an instant.

    Where long and short stand side by side, lots are opened before they are closed when nothing
    tells otherwise: an id may be a hash, and no venue closes what is not there yet.
    """
    if not isinstance(entry, Fill):
        return (_OTHER, _NOTHING, 0, _NOTHING, 0)
    chain = _NOTHING if chained else text_key(entry.chain)
    name = text_key(entry.trade_key) if entry.trade_key else (0, Decimal(entry.trade_id), "")
    closes = 0 if netted or entry.offset is Offset.OPEN else 1
    return (_FILL, chain, closes, name, 0 if entry.side is Side.BUY else 1)


def fill_of(
    trade: ev.TradeExecuted, intent: ev.OrderCreated, time_ns: int, offset: Offset | None = None
) -> Fill:
    """The fill that a fact tells, of the order it belongs to; `time_ns` is ours, `offset` the order's
    where it is another than was created.

    The venue's word on this fill beats the order's: one found there may have none of ours.
    """
    return Fill(
        trade_id=trade.trade_id,
        symbol=intent.symbol,
        side=intent.side,
        offset=offset_of(trade, intent.offset if offset is None else offset),
        price=trade.price,
        volume=trade.volume,
        time_ns=time_ns if trade.venue_ns is None else trade.venue_ns,
        commission=trade.commission,
        slippage=trade.slippage,
        fee_currency=trade.fee_currency,
        chain=trade.chain,
        trade_key=trade.venue_trade_id,
    )


class Booking(msgspec.Struct, frozen=True, kw_only=True):
    """What one fill did. `profit` is its own, before fees. `changes`: of positions, compared with
    before. `reprofited`: other trades whose profit is another one now, because this fill
    came before them in venue order. `anomaly`: what somebody should look at, "" nothing. `found`:
    changes before those, of what the venue held already by its word, see `Account`."""

    profit: Decimal = ZERO
    changes: tuple[PositionChange, ...] = ()
    reprofited: dict[int, Decimal] = msgspec.field(default_factory=dict)
    anomaly: str = ""
    found: tuple[PositionChange, ...] = ()
