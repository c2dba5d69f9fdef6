"""What must hold of an account at any moment, told in sentences when it does not.

Computed from fills and positions by other ways than the account keeps its figures, so that a
mistake there shows here. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby

from monitor.engine.accounts.account import Account
from monitor.engine.accounts.entries import Correction, Entry, Fill, text_key
from monitor.engine.accounts.history import History
from monitor.engine.ledger import Ledger, Position
from monitor.engine.values import ZERO, Direction, Offset, Side

TOLERANCE = Decimal("1E-12")
"""Relative above 1. Sums are exact in the account; an inverse contract's worth in one piece differs
from that of its fills by half of 1E-18 each."""

_LONG, _SHORT = Direction.LONG, Direction.SHORT


def identities(account: Account, frozen: Decimal = ZERO) -> list[str]:
    """Every accounting identity that is broken; empty when all hold."""
    broken = [text for ledger in account.ledgers.values() for text in _of_money(account, ledger, frozen)]
    for history in account.histories.values():
        broken += _of_volume(history)
        broken += _of_worth(history)
        for position in (history.long, history.short):
            broken += _of_position(position)
    return broken


def _of_money(account: Account, ledger: Ledger, frozen: Decimal) -> Iterator[str]:
    own = [history for history in account.histories.values() if history.ledger is ledger]
    unrealised = margin = ZERO
    for position in (p for history in own for p in (history.long, history.short)):
        last = ledger.last_prices.get(position.instrument.symbol)
        margin += position.margin(last)
        if last is not None:
            unrealised += position.unrealised(last)
    expected = ledger.static_balance + ledger.realised + unrealised - ledger.commission - ledger.slippage
    yield from _same("balance", ledger.balance(), expected)
    yield from _same("available", ledger.available(frozen), expected - margin - frozen)
    realised = sum((history.realised for history in own), ZERO) + ledger.funding
    yield from _same("realised", ledger.realised, realised)
    yield from _same("slippage", ledger.slippage, sum((history.slippage for history in own), ZERO))
    foreign = sum((_foreign_fees(h, account, ledger) for h in account.histories.values()), ZERO)
    fees = sum((history.commission for history in own), ZERO) + ledger.charges + foreign
    if not any(history.base_ns for history in account.histories.values()):
        yield from _same("commission", ledger.commission, fees)


def _foreign_fees(history: History, account: Account, ledger: Ledger) -> Decimal:
    own = history.instrument.currency
    fees = (
        entry.commission
        for entry in history.entries
        if isinstance(entry, Fill)
        and entry.fee_currency not in ("", own)
        and account.ledger_of(entry.fee_currency) is ledger
    )
    return sum(fees, ZERO)


def _of_volume(history: History) -> Iterator[str]:
    """What is held is the sum of the fills since the beginning, or since the newest correction."""
    symbol, held, excess = history.instrument.symbol, _by_direction(history), history.excess
    if history.follows and history.chain_end is not None:
        yield from _same(f"{symbol} net volume", held[_LONG] - held[_SHORT], history.chain_end)
    elif history.follows:  # the venue's last word was no position
        return
    elif history.netted:
        yield from _same(f"{symbol} net volume", held[_LONG] - held[_SHORT], _net_volume(history))
    elif not (history.chained and any(isinstance(e, Fill) and e.chain for e in history.entries)):
        lots = _Lots(history)
        for direction in Direction:
            yield from _same(f"{symbol} {direction} volume", held[direction], lots.held[direction])
            yield from _same(f"{symbol} {direction} excess", excess[direction], lots.excess[direction])


def _by_direction(history: History) -> dict[Direction, Decimal]:
    return {_LONG: history.long.volume, _SHORT: history.short.volume}


def _found_lots(history: History) -> bool:
    """Whether some came or went because the venue says so."""
    held = _by_direction(history)
    unsaid = any(isinstance(entry, Fill) and not entry.chain for entry in history.entries)
    return unsaid or bool(history.gaps) or held[_LONG] - held[_SHORT] != _net_volume(history)


def _net_volume(history: History) -> Decimal:
    base = history.base
    net = base.long.volume - base.short.volume
    for entry in history.entries:
        if isinstance(entry, Fill):
            net += entry.signed
        elif isinstance(entry, Correction) and (entry.volume or net * entry.direction.sign > 0):
            net = entry.volume * entry.direction.sign
    return net


class _Lots:
    """Volumes of both directions, told from what was opened and closed in each instant as a whole, or
    under each running number of it: no lot is missing there that was opened in it too."""

    def __init__(self, history: History) -> None:
        base = history.base
        self.held = {_LONG: base.long.volume, _SHORT: base.short.volume}
        self.excess = {_LONG: base.excess_long, _SHORT: base.excess_short}
        for _, together in groupby(sorted(history.entries, key=_instant), key=_instant):
            self._take(list(together))

    def _take(self, entries: list[Entry]) -> None:
        closed = {_LONG: ZERO, _SHORT: ZERO}
        for entry in entries:
            if isinstance(entry, Correction):
                self.held[entry.direction] = entry.volume
                self.excess[entry.direction] = ZERO
            elif isinstance(entry, Fill) and entry.offset is Offset.OPEN:
                self.held[_LONG if entry.side is Side.BUY else _SHORT] += entry.volume
            elif isinstance(entry, Fill):
                closed[_SHORT if entry.side is Side.BUY else _LONG] += entry.volume
        for direction, volume in closed.items():
            self.excess[direction] += max(ZERO, volume - self.held[direction])
            self.held[direction] = max(ZERO, self.held[direction] - volume)


def _instant(entry: Entry) -> tuple[int, int, tuple[int, Decimal, str]]:
    if isinstance(entry, Fill):
        return (entry.time_ns, 0, text_key(entry.chain))
    return (entry.time_ns, 1, text_key(""))


def _of_worth(history: History) -> Iterator[str]:
    """Paid, received, and what is held at any price: no notion of cost, average or day. Not
    where lots came or went without a price."""
    base, long = history.base, history.long
    told = all(isinstance(e, Fill) for e in history.entries if not hasattr(e, "last"))
    told = told and not (history.follows and _found_lots(history))
    if not told or any(history.excess.values()) or base.long.volume or base.short.volume:
        return
    flow = net = fees = slippage = ZERO
    for entry in history.entries:
        if isinstance(entry, Fill):
            flow -= long.value(entry.price, entry.signed)
            net += entry.signed
            slippage += entry.slippage
            if entry.fee_currency in ("", history.instrument.currency):
                fees += entry.commission
    price = history.ledger.last_prices.get(history.instrument.symbol, history.instrument.tick)
    worth = (flow + long.value(price, net)) * long.unit - fees - slippage
    kept = history.settled + history.realised - history.commission - history.slippage
    kept += long.unrealised(price) + history.short.unrealised(price)
    start = base.settled + base.realised - base.commission - base.slippage
    yield from _same(f"{history.instrument.symbol} worth", kept - start, worth)


def _of_position(position: Position) -> Iterator[str]:
    name = f"{position.instrument.symbol} {position.direction}"
    if not ZERO <= position.volume_today <= position.volume:
        yield f"{name}: {position.volume_today} of today in {position.volume}"
    if not position.volume and (position.cost or position.shift or position.unpriced):
        yield f"{name}: flat, but it cost {position.cost}, shifted by {position.shift}"


def _same(name: str, found: Decimal, expected: Decimal) -> Iterator[str]:
    if abs(found - expected) > TOLERANCE * max(Decimal(1), abs(expected)):
        yield f"{name} is {found}, its parts make {expected}"
