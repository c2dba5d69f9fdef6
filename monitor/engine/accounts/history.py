"""One symbol of one account: its fills in venue order, folded into two positions and money.

Owns the entries, checkpoints between them, and the share of the ledger's figures that came from
this symbol. Knows nothing of other symbols. An entry at the end costs a step; one that comes
late folds the entries after it again, from the last checkpoint before it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from monitor.engine.accounts.chain import is_own_trade, start_of, starts_of, walk
from monitor.engine.accounts.entries import Booking, Correction, Entry, Fill, Key, Other, Roll, key_of
from monitor.engine.ledger import Ledger, Position, PositionMode, PositionState, book_fill
from monitor.engine.trading.parts import PositionChange
from monitor.engine.values import ZERO, Direction, Instrument, Offset, Side

CHECKPOINT_EVERY = 64
RECENT, RECENT_EVERY = 6, 8  # most late fills are only a little late


class Holding(msgspec.Struct, frozen=True, gc=False):
    """What a history has come to at one entry. `settled` is what went into the static balance,
    `day_worth` the symbol's share of the balance when the day began. `excess_*`: lots closed
    beyond what we knew of. `chain_end`: the position the venue's chain of fills has reached.
    """

    long: PositionState = PositionState()
    short: PositionState = PositionState()
    realised: Decimal = ZERO
    commission: Decimal = ZERO
    slippage: Decimal = ZERO
    settled: Decimal = ZERO
    day_worth: Decimal = ZERO
    excess_long: Decimal = ZERO
    excess_short: Decimal = ZERO
    chain_end: Decimal | None = None


class History:
    """`follows`: where the venue tells what was held before a fill, that is held."""

    def __init__(
        self,
        instrument: Instrument,
        ledger: Ledger,
        base: Holding | None = None,
        base_ns: int | None = None,
        *,
        follows: bool = False,
    ) -> None:
        self.instrument = instrument
        self.ledger = ledger
        self.netted = ledger.mode is PositionMode.NETTING
        self.long = ledger.position(instrument, Direction.LONG)
        self.short = ledger.position(instrument, Direction.SHORT)
        self.chained = self.long.rules.chained
        self.follows = follows and self.chained and self.netted
        self.entries: list[Entry] = []
        self.times: list[int] = []
        self.profits: dict[int, Decimal] = {}
        self.gaps: dict[int, Decimal] = {}
        self.realised = self.commission = self.slippage = self.settled = self.day_worth = ZERO
        self.excess = {Direction.LONG: ZERO, Direction.SHORT: ZERO}
        self.chain_end: Decimal | None = None
        self._leg: Fill | None = None  # the fill before, in venue order
        self._starts: set[Decimal] | None = None  # of the newest instant, while nothing is missing there
        self.base_ns = base_ns
        self.since: int | None = None
        self._checkpoints: list[tuple[int, Holding]] = [(0, base or Holding())]
        self._recent: deque[tuple[int, Holding]] = deque(maxlen=RECENT)
        if base is not None:
            self._restore(base)

    @property
    def base(self) -> Holding:
        """What the history begins with."""
        return self._checkpoints[0][1]

    def holding(self) -> Holding:
        return Holding(
            self.long.state(),
            self.short.state(),
            self.realised,
            self.commission,
            self.slippage,
            self.settled,
            self.day_worth,
            self.excess[Direction.LONG],
            self.excess[Direction.SHORT],
            self.chain_end,
        )

    # What comes ------------------------------------------------------------------------------
    def book(self, fill: Fill) -> Booking:
        """Take a fill in at its place in venue order."""
        times = self.times
        if not times or fill.time_ns > times[-1]:
            return self._append(fill)
        first, index = self._place(fill)
        if index == len(times) and not self.chained:
            return self._append(fill)
        if self._continues(fill):
            self.entries.insert(index, fill)
            times.append(fill.time_ns)
            return self._booked(fill)
        before = self._sides()
        self.entries.insert(index, fill)
        times.insert(index, fill.time_ns)
        reprofited = self._fold_again(first if self.chained else index)
        profit = reprofited.pop(fill.trade_id)
        changes = self._changes(before, fill.price, fill.commission)
        return Booking(profit=profit, changes=changes, reprofited=reprofited, anomaly=self._excess_text(fill))

    def fill(self, trade_id: int) -> Fill | None:
        return next((e for e in self.entries if isinstance(e, Fill) and e.trade_id == trade_id), None)

    def void(self, trade_id: int) -> Booking:
        """Take a fill out again. Raises KeyError when it was never booked."""
        fill = self.fill(trade_id)
        if fill is None:
            raise KeyError(trade_id)
        index = self.entries.index(fill)
        before = self._sides()
        del self.entries[index], self.times[index]
        profit = self.profits.pop(trade_id)
        self.gaps.pop(trade_id, None)
        first = bisect_left(self.times, fill.time_ns)
        reprofited = self._fold_again(first if self.chained else index)
        changes = self._changes(before, fill.price, -fill.commission)
        return Booking(profit=-profit, changes=changes, reprofited=reprofited)

    def take_offset(self, trade_id: int, offset: Offset) -> Booking | None:
        """Book a fill anew, with this offset, in its place. None: it has it already."""
        old = self.fill(trade_id)
        if old is None or old.offset is offset:
            return None
        before = self._sides()
        index = self.entries.index(old)
        del self.entries[index], self.times[index]
        fill = msgspec.structs.replace(old, offset=offset)
        first, index = self._place(fill)
        self.entries.insert(index, fill)
        self.times.insert(index, fill.time_ns)
        reprofited = self._fold_again(first)
        profit = reprofited.pop(trade_id, self.profits[trade_id])
        return Booking(
            profit=profit,
            changes=self._changes(before, fill.price, ZERO),
            reprofited=reprofited,
            anomaly=self._excess_text(fill),
        )

    def insert(self, entries: Iterable[Other], instead: Other | None = None) -> tuple[PositionChange, ...]:
        """Take in what ends a day or puts a position right, after its instant's fills; `instead` goes."""
        before = self._sides()
        if instead is not None and instead in self.entries:
            index = self.entries.index(instead)
            del self.entries[index], self.times[index]
            self._fold_again(index)
        for entry in entries:
            index = bisect_right(self.times, entry.time_ns)
            self.entries.insert(index, entry)
            self.times.insert(index, entry.time_ns)
            if index == len(self.times) - 1:
                self._checkpoint(index)
                self._fold_other(entry)
            else:
                self._fold_again(index)
        price = entry.average_price if isinstance(entry, Correction) else entry.price
        return self._changes(before, price, ZERO)

    def take(self, entries: Iterable[Entry]) -> None:
        """Entries in venue order, all after what is here."""
        index = len(self.entries)
        self.entries += entries
        self.times = [entry.time_ns for entry in self.entries]
        self._fold(index)

    def adopt(self, instrument: Instrument) -> None:
        """Go on under these terms; a contract that is worth something else is folded anew."""
        old, self.instrument = self.instrument, instrument
        self.long.adopt(instrument)
        self.short.adopt(instrument)
        worth = ("multiplier", "contract", "quanto_rate")
        if any(getattr(old, name) != getattr(instrument, name) for name in worth):
            self._fold_again(0)

    def keep_from(self, time_ns: int) -> list[Fill]:
        """Forget the entries before this time: what they came to is the beginning now. Fills
        from before it that still come are booked at the beginning. Returns the ones that went."""
        index = bisect_left(self.times, time_ns)
        if not index:
            return []
        entries, times = self.entries[index:], self.times[index:]
        del self.entries[index:], self.times[index:]
        self._fold_again(index)
        gone = self._fills(0)
        for fill in gone:
            self.profits.pop(fill.trade_id, None)
            self.gaps.pop(fill.trade_id, None)
        self._checkpoints = [(0, self.holding())]
        self._recent.clear()
        self.base_ns = time_ns
        self.entries, self.times = entries, times
        self._fold(0)
        return gone

    def foreign_fees(self, after_ns: int) -> Iterator[tuple[str, Decimal]]:
        """(currency, fee) of fills after this time that were paid in another currency."""
        for fill in self._fills(bisect_right(self.times, after_ns)):
            if fill.fee_currency not in ("", self.instrument.currency):
                yield fill.fee_currency, fill.commission

    # Where it belongs ------------------------------------------------------------------------
    def _place(self, fill: Fill) -> tuple[int, int]:
        """(first index of its instant, its own index)."""
        first = index = bisect_left(self.times, fill.time_ns)
        last = bisect_right(self.times, fill.time_ns)
        key = self._key(fill)
        while index < last and self._key(self.entries[index]) <= key:
            index += 1
        return first, index

    def _key(self, entry: Entry) -> Key:
        return key_of(entry, chained=self.chained, netted=self.netted)

    def _append(self, fill: Fill) -> Booking:
        index = len(self.entries)
        self.entries.append(fill)
        self.times.append(fill.time_ns)
        self._note(index)
        if self.chained:
            self._starts = starts_of([fill], self.chain_end)
        return self._booked(fill)

    def _continues(self, fill: Fill) -> bool:
        """Whether a fill of a chained venue comes next in the newest instant, and there is no other
        way to walk it: no two of its fills start at one position, and it is no circle."""
        starts, start = self._starts, start_of(fill) if self.chained else None
        if starts is None or start is None or start != self.chain_end or start in starts:
            return False
        if start + fill.signed in starts:
            return False
        if fill.time_ns != self.times[-1] or not isinstance(self.entries[-1], Fill):
            return False
        starts.add(start)
        return True

    def _booked(self, fill: Fill) -> Booking:
        """Fold a fill that is the newest in venue order."""
        found = self._follow(fill) if self.follows else ()
        profit, closed, left = self._fold_fill(fill)
        return Booking(
            profit=profit,
            changes=self._told(fill, profit, closed, left),
            anomaly=self._excess_text(fill) if left else "",
            found=found,
        )

    # Folding ---------------------------------------------------------------------------------
    def _fold_again(self, index: int) -> dict[int, Decimal]:
        """Fold from `index` on anew; returns the profits that are others now."""
        start = self._restore_before(index)
        old = {e.trade_id: self.profits.pop(e.trade_id, None) for e in self._fills(start)}
        for trade_id in old:
            self.gaps.pop(trade_id, None)
        self._fold(start)
        return {i: self.profits[i] for i, profit in old.items() if self.profits[i] != profit}

    def _fills(self, start: int) -> list[Fill]:
        return [entry for entry in self.entries[start:] if isinstance(entry, Fill)]

    def _restore_before(self, index: int) -> int:
        """Go back to the last checkpoint at or before `index`; returns where it is."""
        while self._checkpoints[-1][0] > index:
            self._checkpoints.pop()
        while self._recent and self._recent[-1][0] > index:
            self._recent.pop()
        start, holding = self._checkpoints[-1]
        if self._recent and self._recent[-1][0] > start:
            start, holding = self._recent[-1]
        self._restore(holding)
        return start

    def _restore(self, holding: Holding) -> None:
        ledger = self.ledger
        self._starts = None
        ledger.realised += holding.realised - self.realised
        ledger.commission += holding.commission - self.commission
        ledger.slippage += holding.slippage - self.slippage
        ledger.static_balance += holding.settled - self.settled
        ledger.day_balance += holding.day_worth - self.day_worth
        self.realised, self.commission = holding.realised, holding.commission
        self.slippage, self.settled = holding.slippage, holding.settled
        self.day_worth, self.chain_end = holding.day_worth, holding.chain_end
        self.excess = {Direction.LONG: holding.excess_long, Direction.SHORT: holding.excess_short}
        self.long.restore(holding.long)
        self.short.restore(holding.short)

    def _note(self, index: int) -> None:
        """Remember the state before this entry now and then. An instant of a chained venue is
        folded as a whole, so there it is remembered before each."""
        self._leg = None
        if index - self._checkpoints[-1][0] >= CHECKPOINT_EVERY:
            self._checkpoint(index)
        elif self.chained or index % RECENT_EVERY == 0:
            self._recent.append((index, self.holding()))

    def _checkpoint(self, index: int) -> None:
        if self._checkpoints[-1][0] != index:
            self._checkpoints.append((index, self.holding()))

    def _fold(self, index: int) -> None:
        entries = self.entries
        while index < len(entries):
            entry = entries[index]
            if not isinstance(entry, Fill):
                self._checkpoint(index)
                self._fold_other(entry)
                index += 1
                continue
            self._note(index)
            if self.chained:
                index = self._fold_instant(index)
            else:
                self._fold_fill(entry)
                index += 1

    def _fold_instant(self, index: int) -> int:
        end = bisect_right(self.times, self.times[index])
        fills = [entry for entry in self.entries[index:end] if isinstance(entry, Fill)]
        position = self.chain_end
        ordered = walk(fills, position) if len(fills) > 1 else fills
        for fill in ordered:
            self._fold_fill(fill)
        self._starts = starts_of(ordered, position)
        return index + len(fills)  # fills come first in an instant

    def _fold_fill(self, fill: Fill) -> tuple[Decimal, Decimal, Decimal]:
        """(profit, volume closed, volume closed beyond what is held)."""
        if self.follows:
            self._follow(fill)
        opening, closing = self._ordered(fill.side)
        offset = None if self.netted else fill.offset
        booked = book_fill(opening, closing, offset, fill.price, fill.volume, fill.time_ns)
        profit, _, left = booked
        if left:
            self.excess[closing.direction] += left
        if self.chained:
            self._follow_chain(fill)
        ledger = self.ledger
        self.profits[fill.trade_id] = profit
        self.realised += profit
        ledger.realised += profit
        self.slippage += fill.slippage
        ledger.slippage += fill.slippage
        if not fill.fee_currency or fill.fee_currency == self.instrument.currency:
            self.commission += fill.commission
            ledger.commission += fill.commission
        return booked

    def _follow(self, fill: Fill) -> tuple[PositionChange, ...]:
        """Hold what the venue held before this fill, if it tells that and it is not what we have."""
        start, leg = start_of(fill), self._leg
        if start is None or start == self.long.volume - self.short.volume:
            return ()
        if leg is not None and is_own_trade(leg, fill):
            return ()
        before = self._sides()
        for position, volume in ((self.long, max(ZERO, start)), (self.short, max(ZERO, -start))):
            if position.volume != volume:
                position.correct(volume, None, fill.time_ns)
        return self._changes(before, None, ZERO)

    def _follow_chain(self, fill: Fill) -> None:
        """Where the venue says that we are. A trade with oneself is two fills from one start."""
        start, leg = start_of(fill), self._leg
        self._leg = fill
        if start is None:
            start = self.chain_end
        elif leg is not None and is_own_trade(leg, fill):
            self.chain_end = start
            return
        elif self.chain_end is not None and start != self.chain_end:
            self.gaps[fill.trade_id] = start - self.chain_end
        self.chain_end = None if start is None else start + fill.signed

    def _fold_other(self, entry: Roll | Correction) -> None:
        if isinstance(entry, Correction):
            self._correct(entry)
            return
        if entry.settles and self.long.rules.settled:
            self._settle(entry)
        else:
            self.long.new_day()
            self.short.new_day()
        worth = self.settled + self.realised - self.commission - self.slippage
        price = entry.last if entry.price is None else entry.price
        if price is not None:
            worth += self.long.unrealised(price) + self.short.unrealised(price)
        self.ledger.day_balance += worth - self.day_worth
        self.day_worth = worth

    def _settle(self, roll: Roll) -> None:
        """What was made since the last roll becomes static; see `Ledger.settle`."""
        paid = ZERO
        for position in (self.long, self.short):
            if roll.price is None:
                position.realised = ZERO
                position.new_day()
            else:
                paid += position.settle(roll.price, roll.time_ns)
        ledger = self.ledger
        amount = self.realised + paid - self.commission - self.slippage
        self.settled += amount
        ledger.static_balance += amount
        ledger.realised -= self.realised
        ledger.commission -= self.commission
        ledger.slippage -= self.slippage
        self.realised = self.commission = self.slippage = ZERO

    def _correct(self, correction: Correction) -> None:
        """A netted account that holds one direction holds nothing of the other."""
        own, other = self._ordered(Side.BUY if correction.direction is Direction.LONG else Side.SELL)
        own.correct(correction.volume, correction.average_price, correction.time_ns)
        self.excess[own.direction] = ZERO
        if self.netted and correction.volume and other.volume:
            other.correct(ZERO, None, correction.time_ns)
        if self.chained:
            self.chain_end = self.long.volume - self.short.volume

    # What is told ----------------------------------------------------------------------------
    def _ordered(self, side: Side) -> tuple[Position, Position]:
        """(what this side opens, what it closes)."""
        return (self.long, self.short) if side is Side.BUY else (self.short, self.long)

    def _told(
        self, fill: Fill, profit: Decimal, closed: Decimal, left: Decimal
    ) -> tuple[PositionChange, ...]:
        """Of a fill at the end. A fill through zero is two changes that share its commission."""
        opening, closing = self._ordered(fill.side)
        opened = fill.volume - closed - left
        fee = fill.commission
        changes = []
        if closed:
            share = fee * closed / fill.volume if opened else fee
            fee -= share
            changes.append(_change(closing, -closed, fill.price, profit, share))
        if opened:
            changes.append(_change(opening, opened, fill.price, ZERO, fee))
        return tuple(changes)

    def _sides(self) -> tuple[PositionState, PositionState, Decimal]:
        return self.long.state(), self.short.state(), self.settled + self.realised

    def _changes(
        self,
        before: tuple[PositionState, PositionState, Decimal],
        price: Decimal | None,
        commission: Decimal,
    ) -> tuple[PositionChange, ...]:
        """The difference to `before`; what was realised and the commission stand with the first."""
        realised = self.settled + self.realised - before[2]
        changes = []
        for position, old in ((self.long, before[0]), (self.short, before[1])):
            if (position.volume, position.cost, position.shift) != (old.volume, old.cost, old.shift):
                change = position.volume - old.volume
                changes.append(_change(position, change, price, realised, commission))
                realised = commission = ZERO
        return tuple(changes)

    def _excess_text(self, fill: Fill) -> str:
        _, closing = self._ordered(fill.side)
        excess = self.excess[closing.direction]
        if not excess:
            return ""
        symbol, direction = self.instrument.symbol, closing.direction
        return f"{symbol}: {excess} {direction} closed beyond what is known to be held"


def _change(
    position: Position, change: Decimal, price: Decimal | None, realised: Decimal, commission: Decimal
) -> PositionChange:
    average = position.average_price
    return PositionChange(
        symbol=position.instrument.symbol,
        direction=position.direction,
        change=change,
        price=price,
        volume=position.volume,
        average_price=average if position.volume and not position.unpriced else None,
        realised_profit=realised,
        commission=commission,
    )
