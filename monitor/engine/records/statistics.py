"""What position records add up to: results, turnover, holding times; in all and by symbol, trading
day, strategy and direction. One pass; memory is one entry per open lot and per group.

Profit is the ledger's (`realised_profit`), never computed again; lots are closed first in, first
out, for holding times and for the commission that a closing's lots had cost at their opening.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import TypeAlias

import msgspec

from monitor.engine.advanced_errors import PositionRecordingError
from monitor.engine.records.days import trading_day
from monitor.engine.records.holding import HoldingTimes
from monitor.engine.records.lots import Lots
from monitor.engine.records.trail import PositionKey, position_of
from monitor.engine.rows import PositionRecordRow
from monitor.engine.values import ZERO, Direction, Instrument, RecordType

DayOf: TypeAlias = Callable[[PositionRecordRow], str]


class RecordFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Money is in `currency` ("" when no instrument tells); None when several currencies are mixed.

    A result is a closing's profit less its commission and that of the lots' opening, with what
    they had gained at settlements. `win_rate`: lots closed with a gain among those closed with a
    gain or a loss, so that filling in parts does not count. `profit_factor`: gains / losses,
    None without a loss. A round trip is from nothing held to nothing held, without a correction
    in between; `best` and `worst` are results of round trips. `turnover` is traded money.
    Holding times are seconds of lots that were opened and closed by trades.
    What belongs to a closing counts where it was closed: its day, its strategy.
    """

    records: int
    corrections: int
    currency: str
    opened_lots: Decimal
    closed_lots: Decimal
    turnover_lots: Decimal
    turnover: Decimal | None
    realised_profit: Decimal | None
    commission: Decimal | None
    win_rate: float | None
    profit_factor: float | None
    round_trips: int
    best: Decimal | None
    worst: Decimal | None
    average_held_s: float | None
    median_held_s: float | None
    longest_held_s: float | None


class RecordStatistics(msgspec.Struct, frozen=True, kw_only=True):
    total: RecordFigures
    by_symbol: dict[str, RecordFigures]
    by_day: dict[str, RecordFigures]
    by_strategy: dict[int, RecordFigures]
    by_direction: dict[Direction, RecordFigures]


def record_statistics(
    rows: Iterable[PositionRecordRow],
    instruments: Mapping[str, Instrument] | None = None,
    *,
    day_of: DayOf | None = None,
) -> RecordStatistics:
    """Over records in the order of their ids, of any accounts and symbols.

    `instruments` by symbol are needed for turnover in money and for currencies. `day_of` tells
    a record's trading day where holidays matter. Records may begin in the middle: what was held
    before has no known opening, so it has a result but no holding time and no round trip.
    PositionRecordingError for records out of order or doubled: lots would be closed wrongly.
    """
    fold = StatisticsFold(instruments, day_of=day_of)
    for row in rows:
        fold.add(row)
    return fold.result()


class StatisticsFold:
    """The same, record by record."""

    def __init__(
        self, instruments: Mapping[str, Instrument] | None = None, *, day_of: DayOf | None = None
    ) -> None:
        self._instruments = instruments or {}
        self._day_of = day_of or self._plain_day
        self._open: dict[PositionKey, _Round] = {}
        self._last_id = 0
        self._total = _Sums()
        self._symbols: defaultdict[str, _Sums] = defaultdict(_Sums)
        self._days: defaultdict[str, _Sums] = defaultdict(_Sums)
        self._strategies: defaultdict[int, _Sums] = defaultdict(_Sums)
        self._directions: defaultdict[Direction, _Sums] = defaultdict(_Sums)

    def add(self, row: PositionRecordRow) -> None:
        if row.record_id <= self._last_id:
            raise PositionRecordingError(f"record {row.record_id} follows record {self._last_id}")
        self._last_id = row.record_id
        effect = self._effect(row)
        for sums in (
            self._total,
            self._symbols[row.symbol],
            self._days[self._day_of(row)],
            self._strategies[row.strategy_id],
            self._directions[row.direction],
        ):
            sums.add(row, effect)

    def result(self) -> RecordStatistics:
        return RecordStatistics(
            total=self._total.figures(),
            by_symbol={key: sums.figures() for key, sums in self._symbols.items()},
            by_day={key: sums.figures() for key, sums in self._days.items()},
            by_strategy={key: sums.figures() for key, sums in self._strategies.items()},
            by_direction={key: sums.figures() for key, sums in self._directions.items()},
        )

    def _plain_day(self, row: PositionRecordRow) -> str:
        return trading_day(row.time_ns, row.symbol, self._instruments.get(row.symbol))

    def _effect(self, row: PositionRecordRow) -> _Effect:
        key = position_of(row)
        round_ = self._open.get(key)
        if round_ is None:
            round_ = self._open[key] = _Round(row.volume - row.change)
        effect = round_.take(row)
        instrument = self._instruments.get(row.symbol)
        effect.currency = instrument.currency if instrument else ""
        effect.turnover = _traded_money(row, instrument)
        if not round_.lots.volume:
            del self._open[key]
        return effect


class _Effect:
    """What one record did, computed once for all groups."""

    __slots__ = ("closed", "currency", "held", "result", "trip", "turnover")

    def __init__(self) -> None:
        self.closed = ZERO
        self.held: list[tuple[int, Decimal]] = []
        self.result: Decimal | None = None
        self.trip: Decimal | None = None
        self.turnover: Decimal | None = ZERO
        self.currency = ""


class _Round:
    """One position since it was last nothing."""

    __slots__ = ("lots", "money", "traded_only")

    def __init__(self, held_before: Decimal) -> None:
        self.lots = Lots()
        self.money = ZERO
        self.traded_only = held_before == 0
        if held_before > 0:
            self.lots.open(held_before, None)

    def take(self, row: PositionRecordRow) -> _Effect:
        effect = _Effect()
        traded = row.type is RecordType.EXECUTION
        if not traded and row.change:
            self.traded_only = False
        self.money += row.realised_profit - row.commission
        if row.change > 0:
            self.lots.open(row.change, row.time_ns if traded else None, -row.commission)
        elif row.change < 0:
            self._close(row, effect, traded)
        elif self.lots.volume:
            self.lots.settle(row.realised_profit - row.commission)
        if row.change < 0 and not self.lots.volume and self.traded_only:
            effect.trip = self.money
        return effect

    def _close(self, row: PositionRecordRow, effect: _Effect, traded: bool) -> None:
        volume = -row.change
        if volume > self.lots.volume:  # the trail does not add up here: `verify` says so
            self.lots.open(volume - self.lots.volume, None)
            self.traded_only = False
        carried = ZERO
        for part in self.lots.close(volume, row.time_ns):
            carried += part.carried
            if traded and part.held_ns is not None:
                effect.held.append((part.held_ns, part.volume))
        if traded:
            effect.closed = volume
            effect.result = row.realised_profit - row.commission + carried


class _Sums:
    """The sums of one group."""

    __slots__ = (
        "best",
        "closed",
        "commission",
        "corrections",
        "currencies",
        "gained",
        "held",
        "lost",
        "lots_gained",
        "lots_lost",
        "opened",
        "realised",
        "records",
        "trips",
        "turnover",
        "worst",
    )

    def __init__(self) -> None:
        self.records = self.corrections = self.trips = 0
        self.currencies: set[str] = set()
        self.opened = self.closed = ZERO
        self.turnover: Decimal | None = ZERO
        self.realised = self.commission = ZERO
        self.gained = self.lost = self.lots_gained = self.lots_lost = ZERO
        self.best: Decimal | None = None
        self.worst: Decimal | None = None
        self.held = HoldingTimes()

    def add(self, row: PositionRecordRow, effect: _Effect) -> None:
        self.records += 1
        self.currencies.add(effect.currency)
        self.realised += row.realised_profit
        self.commission += row.commission
        if row.type in (RecordType.ADJUSTMENT, RecordType.CORRECTION):
            self.corrections += 1
        elif row.change > 0:
            self.opened += row.change
        self.closed += effect.closed
        if self.turnover is not None:
            self.turnover = None if effect.turnover is None else self.turnover + effect.turnover
        for held_ns, volume in effect.held:
            self.held.add(held_ns, volume)
        self._count(effect)

    def _count(self, effect: _Effect) -> None:
        if effect.result is not None and effect.result > 0:
            self.gained += effect.result
            self.lots_gained += effect.closed
        elif effect.result is not None and effect.result < 0:
            self.lost -= effect.result
            self.lots_lost += effect.closed
        if effect.trip is not None:
            self.trips += 1
            self.best = effect.trip if self.best is None else max(self.best, effect.trip)
            self.worst = effect.trip if self.worst is None else min(self.worst, effect.trip)

    def figures(self) -> RecordFigures:
        mixed = len(self.currencies) > 1
        decided = self.lots_gained + self.lots_lost
        return RecordFigures(
            records=self.records,
            corrections=self.corrections,
            currency="" if mixed else next(iter(self.currencies), ""),
            opened_lots=self.opened,
            closed_lots=self.closed,
            turnover_lots=self.opened + self.closed,
            turnover=None if mixed else self.turnover,
            realised_profit=None if mixed else self.realised,
            commission=None if mixed else self.commission,
            win_rate=float(self.lots_gained / decided) if decided else None,
            profit_factor=float(self.gained / self.lost) if self.lost and not mixed else None,
            round_trips=self.trips,
            best=None if mixed else self.best,
            worst=None if mixed else self.worst,
            average_held_s=self.held.average_s,
            median_held_s=self.held.median_s,
            longest_held_s=self.held.longest_s,
        )


def _traded_money(row: PositionRecordRow, instrument: Instrument | None) -> Decimal | None:
    """The money that changed hands; None when the instrument or the price is not known."""
    if row.type is not RecordType.EXECUTION or not row.change:
        return ZERO
    if instrument is None or not row.price:
        return None
    return instrument.notional(row.price, abs(row.change))
