"""One account at a venue: all its money and positions, a fold over facts in venue order.

Holds a `Ledger` for each currency and a `History` for each symbol. The same set of facts gives
the same account whatever order the fills arrived in: a late fill is folded in where it
belongs. Knows no orders, no venue and no clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from itertools import chain

import msgspec

from monitor.engine import events as ev
from monitor.engine.accounts.entries import Booking, Correction, Entry, Fill, Roll
from monitor.engine.accounts.history import History, Holding
from monitor.engine.ledger import Ledger, Position, PositionMode
from monitor.engine.trading.parts import PositionChange
from monitor.engine.values import ZERO, Direction, Instrument, MoneyKind, Offset


class Rolled(msgspec.Struct, frozen=True, kw_only=True):
    """A trading day's end as this account took it. `marks` is what positions were worth then."""

    time_ns: int
    day: str
    prices: dict[str, Decimal]
    marks: dict[str, Decimal]

    @property
    def exchanges(self) -> set[str]:
        """Those that told settlement prices."""
        return {exchange_of(symbol) for symbol in self.prices}


class MoneyState(msgspec.Struct, frozen=True, kw_only=True):
    """What of a ledger is not of one symbol; the symbols' share comes from their histories."""

    static_balance: Decimal
    commission: Decimal
    funding: Decimal
    charges: Decimal
    day_balance: Decimal
    day_flow: Decimal


class HistoryState(msgspec.Struct, frozen=True, kw_only=True):
    instrument: Instrument
    base: Holding
    base_ns: int | None
    since: int | None
    entries: tuple[Entry, ...]


class AccountState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an account is, to write down and to go on from."""

    account_id: str
    mode: PositionMode
    currency: str
    money: dict[str, MoneyState]
    histories: tuple[HistoryState, ...]
    waiting: dict[str, tuple[Entry, ...]]
    rolls: tuple[Rolled, ...]
    moved: tuple[tuple[MoneyKind, str], ...]
    last_prices: dict[str, Decimal]
    watched: bool = False


class Account:
    """`currency` is the one the account is shown in: `ledger` is its ledger, `ledgers` has all.
    `capital` is what it begins with. Profit and fees of an instrument are in the
    instrument's currency, money of another kind never touches it.

    `watched`: others trade on it, and began before we looked. Where the venue tells what was held
    before a fill, that is so, at a price nobody knows.
    """

    def __init__(
        self,
        account_id: str,
        mode: PositionMode,
        currency: str,
        capital: Decimal = ZERO,
        *,
        watched: bool = False,
    ) -> None:
        self.account_id = account_id
        self.mode = mode
        self.watched = watched
        self.currency = currency
        self.last_prices: dict[str, Decimal] = {}
        self.ledgers: dict[str, Ledger] = {}
        self.histories: dict[str, History] = {}
        self._waiting: dict[str, list[Entry]] = {}
        self._rolls: list[Rolled] = []
        self._moved: set[tuple[MoneyKind, str]] = set()
        self._symbols: dict[int, str] = {}
        self.ledger = self._open_ledger(currency, capital)

    # Facts -----------------------------------------------------------------------------------
    def list_instruments(self, instruments: Iterable[Instrument]) -> dict[int, Booking]:
        """Learn or renew terms. Fills that waited for one are booked: by their trade id."""
        booked: dict[int, Booking] = {}
        for instrument in instruments:
            history = self.histories.get(instrument.symbol)
            if history is not None:
                history.adopt(instrument)
                continue
            for entry in self._waiting.pop(instrument.symbol, ()):
                if isinstance(entry, Fill):
                    booked[entry.trade_id] = self._book(self._history(instrument), entry)
                else:
                    self._insert(self._history(instrument), entry)
        return booked

    def book(self, fill: Fill, instrument: Instrument | None) -> Booking:
        """One fill; the same `trade_id` again changes nothing. Without an instrument it is kept,
        and booked when `list_instruments` brings it.

        A HEDGING close of more than is held closes what there is: the venue is right, and what
        we miss may still come. The rest opens nothing and stays visible in `excess`.
        """
        if fill.trade_id in self._symbols:
            return Booking()
        if instrument is not None and instrument.symbol != fill.symbol:
            raise ValueError(f"{fill.symbol} by the terms of {instrument.symbol}")
        self._symbols[fill.trade_id] = fill.symbol
        history = self.histories.get(fill.symbol)
        if history is None:
            if instrument is None:
                self._waiting.setdefault(fill.symbol, []).append(fill)
                return Booking(anomaly=f"{fill.symbol} is not known: its fill waits for the instrument")
            history = self._history(instrument)
        return self._book(history, fill)

    def void(self, trade_id: int) -> Booking:
        """An inferred fill was none: as if it had never been. `profit` is what that takes away."""
        symbol = self._symbols.pop(trade_id, None)
        if symbol is None:
            return Booking(anomaly=f"trade {trade_id} is not known")
        history = self.histories.get(symbol)
        if history is None:
            waiting = self._waiting[symbol]
            kept = [e for e in waiting if not (isinstance(e, Fill) and e.trade_id == trade_id)]
            self._waiting[symbol] = kept
            return Booking()
        fill = history.fill(trade_id)
        assert fill is not None  # what is forgotten is not in `_symbols`
        self._pay_foreign_fee(history, fill, -fill.commission)
        return history.void(trade_id)

    def take_offset(self, trade_id: int, offset: Offset) -> Booking | None:
        """A fill took these lots, as was told after it was booked: it is booked anew in its place.
        None when that changes nothing, or the fill is forgotten. `profit` is its own, as it is now."""
        symbol = self._symbols.get(trade_id)
        if symbol is None:
            return None
        history = self.histories.get(symbol)
        if history is not None:
            return history.take_offset(trade_id, offset)
        self._waiting[symbol] = [
            msgspec.structs.replace(entry, offset=offset)
            if isinstance(entry, Fill) and entry.trade_id == trade_id
            else entry
            for entry in self._waiting[symbol]
        ]
        return None

    def move(self, event: ev.MoneyMoved) -> tuple[PositionChange, ...]:
        """Money without a trade; the same (kind, venue_id) once. No position changes."""
        key = (event.kind, event.venue_id)
        if event.venue_id:
            if key in self._moved:
                return ()
            self._moved.add(key)
        self.ledger_of(event.currency).move(event.amount, event.kind)
        return ()

    def roll(self, event: ev.DayRolled, time_ns: int) -> tuple[PositionChange, ...]:
        """A trading day ends at `time_ns`; the same day ends once for each symbol. Fills before it
        that come later are still of the old day. Where an exchange that settles tells prices its
        symbols are settled; without any, lots only grow older. Prices that are told later for the
        same day (by another venue, or in another message) end it for their symbols then instead."""
        known = [rolled for rolled in self._rolls if rolled.day == event.day]
        prices = {s: p for s, p in event.prices.items() if all(s not in rolled.prices for rolled in known)}
        if known and not prices:
            return ()
        before = {symbol: self._ended(event.day, symbol) for symbol in self.histories}
        marks = {**self.last_prices, **prices}
        rolled = Rolled(time_ns=time_ns, day=event.day, prices=prices, marks=marks)
        self._rolls.append(rolled)
        for symbol, price in prices.items():
            self.mark(symbol, price)
        changes: list[PositionChange] = []
        exchanges = rolled.exchanges
        for symbol, history in self.histories.items():
            if self._ended(event.day, symbol) is not rolled:
                continue
            was = before[symbol]
            instead = None if was is None else _roll_of(was, symbol, was.exchanges)
            changes += history.insert([_roll_of(rolled, symbol, exchanges)], instead)
        for ledger in self.ledgers.values():
            own = [history for history in self.histories.values() if history.ledger is ledger]
            self._settle_money(ledger, own, exchanges)
            if not known:
                self._begin_day(ledger, own)
        if known:
            return tuple(changes)
        for history in self.histories.values():
            for currency, fee in history.foreign_fees(time_ns):  # already of the new day
                self.ledger_of(currency).day_balance += fee
        return tuple(changes)

    def correct(
        self, event: ev.PositionCorrected, time_ns: int, instrument: Instrument | None = None
    ) -> tuple[PositionChange, ...]:
        """The position is what the fact says at `time_ns` (when the venue was asked). Fills from
        before it that come later change money and profit, the volume no more."""
        correction = Correction(
            time_ns=time_ns,
            direction=event.direction,
            volume=event.volume,
            average_price=event.average_price,
        )
        history = self.histories.get(event.symbol)
        if history is None:
            if instrument is None:
                self._waiting.setdefault(event.symbol, []).append(correction)
                return ()
            history = self._history(instrument)
        return self._insert(history, correction)

    def mark(self, symbol: str, price: Decimal) -> None:
        """The newest price: what open positions are valued at."""
        self.last_prices[symbol] = price

    def forget(self, before_ns: int) -> int:
        """Fold what lies before this time into where each history begins. Returns how many fills
        went: they can no longer be taken back, nor told from new ones by their id."""
        newest = self._rolls[-1].day if self._rolls else ""
        self._rolls = [r for r in self._rolls if r.time_ns >= before_ns or r.day == newest]
        gone = [fill for history in self.histories.values() for fill in history.keep_from(before_ns)]
        for fill in gone:
            del self._symbols[fill.trade_id]
        return len(gone)

    def knows(self, kind: MoneyKind, venue_id: str) -> bool:
        """Whether money by this name was moved already."""
        return (kind, venue_id) in self._moved

    # Figures ---------------------------------------------------------------------------------
    def position(self, symbol: str, direction: Direction) -> Position | None:
        history = self.histories.get(symbol)
        if history is None:
            return None
        return history.long if direction is Direction.LONG else history.short

    def positions(self) -> list[Position]:
        """All with a volume."""
        both = (p for history in self.histories.values() for p in (history.long, history.short))
        return [position for position in both if position.volume]

    def volume(self, symbol: str, direction: Direction) -> Decimal:
        position = self.position(symbol, direction)
        return position.volume if position is not None else ZERO

    def profit_of(self, trade_id: int) -> Decimal | None:
        """What a trade realised, as far as is known now."""
        history = self.histories.get(self._symbols.get(trade_id, ""))
        return history.profits.get(trade_id) if history is not None else None

    @property
    def excess(self) -> dict[tuple[str, Direction], Decimal]:
        """Lots the venue closed that we never saw opened."""
        return {
            (symbol, direction): volume
            for symbol, history in self.histories.items()
            for direction, volume in history.excess.items()
            if volume
        }

    @property
    def gaps(self) -> dict[str, dict[int, Decimal]]:
        """Fills that do not start where the one before ended, with the volume that is missing
        between (signed). Only of venues that tell a fill's start position."""
        return {symbol: dict(h.gaps) for symbol, h in self.histories.items() if h.gaps}

    @property
    def waiting(self) -> dict[str, int]:
        """Entries that wait for their instrument, by symbol."""
        return {symbol: len(entries) for symbol, entries in self._waiting.items() if entries}

    def ledger_of(self, currency: str) -> Ledger:
        """The ledger of this currency, "" the account's own; opened when it is new."""
        return self.ledgers.get(currency or self.currency) or self._open_ledger(currency, ZERO)

    # Writing down ----------------------------------------------------------------------------
    def state(self) -> AccountState:
        return AccountState(
            account_id=self.account_id,
            mode=self.mode,
            currency=self.currency,
            money={currency: self._money_state(ledger) for currency, ledger in self.ledgers.items()},
            histories=tuple(
                HistoryState(
                    instrument=h.instrument,
                    base=h.base,
                    base_ns=h.base_ns,
                    since=h.since,
                    entries=tuple(h.entries),
                )
                for h in self.histories.values()
            ),
            waiting={symbol: tuple(entries) for symbol, entries in self._waiting.items()},
            rolls=tuple(self._rolls),
            moved=tuple(sorted(self._moved)),
            last_prices=dict(self.last_prices),
            watched=self.watched,
        )

    @classmethod
    def from_state(cls, state: AccountState) -> Account:
        """The same account; its histories are folded again from where they begin."""
        account = cls(state.account_id, state.mode, state.currency, watched=state.watched)
        account.last_prices.update(state.last_prices)
        for currency, money in state.money.items():
            ledger = account.ledger_of(currency)
            for name in MoneyState.__struct_fields__:
                setattr(ledger, name, getattr(money, name))
            ledger.realised = money.funding
        for kept in state.histories:
            ledger = account.ledger_of(kept.instrument.currency)
            history = History(kept.instrument, ledger, kept.base, kept.base_ns, follows=state.watched)
            history.since = kept.since
            history.take(kept.entries)
            account.histories[kept.instrument.symbol] = history
        account._waiting = {symbol: list(entries) for symbol, entries in state.waiting.items()}
        account._rolls = list(state.rolls)
        kept_entries = [history.entries for history in account.histories.values()]
        for entry in chain.from_iterable([*kept_entries, *account._waiting.values()]):
            if isinstance(entry, Fill):
                account._symbols[entry.trade_id] = entry.symbol
        account._moved = set(state.moved)
        return account

    def _money_state(self, ledger: Ledger) -> MoneyState:
        own = [history for history in self.histories.values() if history.ledger is ledger]
        return MoneyState(
            static_balance=ledger.static_balance - sum((h.settled for h in own), ZERO),
            commission=ledger.commission - sum((h.commission for h in own), ZERO),
            funding=ledger.funding,
            charges=ledger.charges,
            day_balance=ledger.day_balance - sum((h.day_worth for h in own), ZERO),
            day_flow=ledger.day_flow,
        )

    # Inside ----------------------------------------------------------------------------------
    def _open_ledger(self, currency: str, capital: Decimal) -> Ledger:
        ledger = Ledger(self.account_id, capital, self.mode)
        ledger.last_prices = self.last_prices
        self.ledgers[currency] = ledger
        return ledger

    def _history(self, instrument: Instrument) -> History:
        found = self.histories.get(instrument.symbol)
        if found is None:
            found = History(instrument, self.ledger_of(instrument.currency), follows=self.watched)
            self.histories[instrument.symbol] = found
        return found

    def _book(self, history: History, fill: Fill) -> Booking:
        self._reach(history, fill.time_ns)
        self._pay_foreign_fee(history, fill, fill.commission)
        return history.book(fill)

    def _insert(self, history: History, correction: Correction | Roll) -> tuple[PositionChange, ...]:
        self._reach(history, correction.time_ns)
        return history.insert([correction])

    def _reach(self, history: History, time_ns: int) -> None:
        """A history has the day rolls since its first entry: when an earlier one comes, more."""
        if history.since is not None and time_ns >= history.since:
            return
        symbol, until = history.instrument.symbol, history.since
        history.since = time_ns
        for rolled in self._rolls:
            if rolled.time_ns < time_ns or (until is not None and rolled.time_ns >= until):
                continue
            if self._ended(rolled.day, symbol) is rolled:
                history.insert([_roll_of(rolled, symbol, rolled.exchanges)])

    def _pay_foreign_fee(self, history: History, fill: Fill, fee: Decimal) -> None:
        """A fee in another currency than the instrument's is that currency's alone."""
        if not fill.fee_currency or fill.fee_currency == history.instrument.currency:
            return
        ledger = self.ledger_of(fill.fee_currency)
        ledger.commission += fee
        day = self._rolls[-1].day if self._rolls else ""
        if fill.time_ns <= next((rolled.time_ns for rolled in self._rolls if rolled.day == day), -1):
            ledger.day_balance -= fee

    def _ended(self, day: str, symbol: str) -> Rolled | None:
        """What ended the day for a symbol: what told its price, else the first that told any of its
        exchange, else the first of all. None: nothing yet."""
        rolls = [rolled for rolled in self._rolls if rolled.day == day]
        if len(rolls) < 2:
            return rolls[0] if rolls else None
        exchange = exchange_of(symbol)
        priced = (rolled for rolled in rolls if symbol in rolled.prices)
        told = (rolled for rolled in rolls if exchange in rolled.exchanges)
        return next(chain(priced, told, rolls))

    def _settle_money(self, ledger: Ledger, own: list[History], exchanges: set[str]) -> None:
        """What was paid and charged besides trades becomes static, as their profit does."""
        if any(h.long.rules.settled and h.instrument.exchange in exchanges for h in own):
            ledger.static_balance += ledger.funding - ledger.charges
            ledger.realised -= ledger.funding
            ledger.commission -= ledger.charges
            ledger.funding = ledger.charges = ZERO

    def _begin_day(self, ledger: Ledger, own: list[History]) -> None:
        """The day of money that is not of one symbol."""
        money = self._money_state(ledger)
        worth = sum((history.day_worth for history in own), ZERO)
        ledger.day_balance = money.static_balance + money.funding - money.commission + worth
        ledger.day_flow = ZERO


def exchange_of(symbol: str) -> str:
    return symbol.partition(".")[0] if "." in symbol else ""


def _roll_of(rolled: Rolled, symbol: str, exchanges: set[str]) -> Roll:
    return Roll(
        time_ns=rolled.time_ns,
        settles=exchange_of(symbol) in exchanges,
        price=rolled.prices.get(symbol),
        last=rolled.marks.get(symbol),
    )
