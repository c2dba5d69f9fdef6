"""One deterministic run over a bar series: bars in, venue messages, fills and rows out.

The same input gives the same journal, byte for byte: no clock, no randomness, no I/O. Owns
the order book, the ledger, the matcher and the strategies' hosts; going back in time is the
session's business (`session.py`), which simply makes a new run.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from monitor.engine import events as ev
from monitor.engine.calendar import day_starts
from monitor.engine.changes import EquityChunk
from monitor.engine.curve import EquityCurve
from monitor.engine.feed import bars_of
from monitor.engine.held import HeldOrders, concerns
from monitor.engine.host import Host, StrategySpec
from monitor.engine.journal import Journal
from monitor.engine.klines.series import BarSeries
from monitor.engine.ledger import Ledger, PositionMode
from monitor.engine.matching.resting import Resting
from monitor.engine.matching.standard import StandardMatcher
from monitor.engine.options import Matching
from monitor.engine.orders import Book, Order
from monitor.engine.placing import (
    WATCHED,
    frozen_volume,
    matcher_of,
    objection_to_close,
    objection_to_form,
    resting_of,
    trade_of,
)
from monitor.engine.records.days import trading_day
from monitor.engine.rows import TradeRow
from monitor.engine.settlement import Settlement, settlement_price
from monitor.engine.terms import Terms
from monitor.engine.values import (
    ZERO,
    Instrument,
    LogLevel,
    Offset,
    Origin,
    Side,
    StrategyState,
    TimeInForce,
)

ACCOUNT_ID = "sim-1"
MOST_WORKING = 1_000


class Note(msgspec.Struct, frozen=True):
    """A line of a run's log. `time_ns` is the engine's clock."""

    time_ns: int
    level: LogLevel
    source: str
    message: str


_CHUNK = 8192

# Bound once: looking a member up in its Enum is a Python call on 3.11, and these are asked per bar or order.
_RUNNING = StrategyState.RUNNING
_DAY, _NETTING, _STRATEGY = TimeInForce.DAY, PositionMode.NETTING, Origin.STRATEGY
_BUY, _SELL = Side.BUY, Side.SELL


class Simulation:
    """A run. `bar` bars are done; `time_ns` is the engine's clock. Without `journal` no
    facts are recorded (a back-test needs none; a rewind has them already)."""

    def __init__(
        self,
        series: BarSeries,
        instrument: Instrument,
        terms: Terms,
        strategies: Iterable[StrategySpec],
        *,
        journal: Journal | None = None,
    ) -> None:
        self.series = series
        self.instrument = instrument
        self.terms = terms
        self.digits = series.digits
        self.bar = 0
        self.time_ns = int(series.time_ns[0])
        self.journal = journal
        self.book = Book()
        self.ledger = Ledger(ACCOUNT_ID, terms.capital, terms.position_mode)
        self.trades: list[TradeRow] = []
        self.notes: list[Note] = []
        self.changed_orders: dict[int, None] = {}
        self.changed_strategies: dict[int, None] = {}
        self.curve = EquityCurve(series.close, float(terms.capital))
        self.day_starts = day_starts(series, instrument)
        self.settlements: list[Settlement] = []
        self.held: HeldOrders | None = None
        self._matcher = matcher_of(self, series, instrument, terms)
        self._today_costs_other = terms.matching is Matching.STANDARD and instrument.close_today_differs
        self._last_units: int | None = None
        self._day_began = 0
        self._day_orders: list[int] = []
        self._deadlines: dict[int, int] = {}
        self._next_order = self._next_trade = self._next_trigger = 0
        self.hosts = {spec.strategy_id: Host(self, spec, self.ledger) for spec in strategies}

    @property
    def ambiguous_gain(self) -> tuple[int, Decimal]:
        """(bars that only the assumed path decided, money the best path would have made more)."""
        if not isinstance(self._matcher, StandardMatcher):
            return 0, ZERO
        found = self._matcher.ambiguous
        gain = sum((self.series.to_price(a.gain_units) * a.volume for a in found), ZERO)
        return len({a.time_ns for a in found}), gain * self.instrument.multiplier

    # Bars ----------------------------------------------------------------------------------
    def start(self) -> None:
        """Start all strategies. Before the first bar, once."""
        for host in self.hosts.values():
            host.start()

    def advance(self, to_bar: int) -> None:
        """Replay until `to_bar` bars are done (clamped to the series)."""
        to_bar = min(to_bar, len(self.series))
        while self.bar < to_bar:
            stop = self._next_day_start(min(to_bar, self.bar + _CHUNK))
            self._run(stop, new_day=self.bar in self.day_starts)

    def _next_day_start(self, limit: int) -> int:
        return next((i for i in range(self.bar + 1, limit) if i in self.day_starts), limit)

    def _run(self, stop: int, *, new_day: bool) -> None:
        """Bars up to `stop`. Facts carry the bar under way, so that a rewind keeps whole bars."""
        interval = self.series.interval_ns
        matcher = self._matcher
        for bar in bars_of(self.series, self.bar, stop):
            self.bar += 1
            self.time_ns = bar.time_ns
            if new_day:
                self._new_day()
                new_day = False
            if self._deadlines:
                self._expire_due(bar.time_ns)
            if matcher.working:
                matcher.match(bar)
            self._last_units = bar.close_units
            self.time_ns = bar.time_ns + interval
            if self.held is not None:
                self.held.bar_closed()
            for host in self.hosts.values():
                if host.state is _RUNNING:
                    try:
                        host.on_bar(bar)
                    except KeyboardInterrupt:  # the user's
                        raise
                    except BaseException as error:  # noqa: BLE001 foreign code: it is stopped alone
                        host.fail(error)

    def _new_day(self) -> None:
        """A trading day begins: day orders expire, positions become yesterday's, or are settled
        where that is asked for."""
        self.mark()
        self.ledger.begin_day()
        for order_id in self._day_orders:
            self._expire(order_id, "the trading day ended")
        self._day_orders.clear()
        first = self.bar - 1  # of the day; it is under way
        if self.terms.settles:
            self._settle(first)
        else:
            self.ledger.new_day()
        self._day_began = first

    def _settle(self, first: int) -> None:
        """The day before bar index `first` is paid out at its settlement price, a fact. What the account is
        worth at any price stays as it was, so the curve's line goes on."""
        price = settlement_price(self.series, self._day_began, first, self.instrument)
        self.settlements.append(Settlement(self.time_ns, price))
        symbol = self.instrument.symbol
        day = trading_day(self.time_ns, symbol, self.instrument)
        self.emit(ev.DayRolled(day=day, prices={symbol: price}))
        self.ledger.settle({symbol: price}, self.time_ns)
        self.mark()

    def _expire_due(self, now_ns: int) -> None:
        for order_id, deadline in list(self._deadlines.items()):
            if deadline <= now_ns:
                del self._deadlines[order_id]
                self._expire(order_id, "good till date")

    def _expire(self, order_id: int, reason: str) -> None:
        order = self.book.active.get(order_id)
        if order is not None:
            self._matcher.remove(order_id)
            self.take_fact(ev.OrderExpired(order_id=order_id, reason=reason, cumulative=order.filled))

    def mark(self) -> None:
        """Value the account at the last close."""
        price = self.last_price()
        if price is not None:
            self.ledger.last_prices[self.instrument.symbol] = price

    # What a host asks (Run) ------------------------------------------------------------------
    def next_order_id(self) -> int:
        self._next_order += 1
        return self._next_order

    @property
    def last_order_id(self) -> int:
        return self._next_order

    def next_trigger_id(self) -> int:
        self._next_trigger += 1
        return self._next_trigger

    def active_orders(self, strategy_id: int) -> list[Order]:
        """Those that the strategy gave itself: a person's closing order is not its to cancel."""
        return [o for o in self.book.active.values() if _is_of(o, strategy_id)]

    def has_active_orders(self, strategy_id: int) -> bool:
        return any(_is_of(order, strategy_id) for order in self.book.active.values())

    def last_price(self) -> Decimal | None:
        """The last close, or our own fill after it, exactly; None before the first bar."""
        return None if self._last_units is None else self.series.to_price(self._last_units)

    def note(self, level: LogLevel, source: str, message: str) -> None:
        """A line for people; it is not part of the state."""
        self.notes.append(Note(self.time_ns, level, source, message))

    def strategy_changed(self, strategy_id: int) -> None:
        self.changed_strategies[strategy_id] = None

    def waiting_orders(self) -> HeldOrders:
        """Those that wait, from now on."""
        if self.held is None:
            self.held = HeldOrders(self)
        return self.held

    def submit(self, intent: ev.OrderCreated) -> None:
        """Our intent, then the venue's answer: refused now, or resting from the next bar on. What
        waits for something is held, and sent when that has come."""
        waits = concerns(intent.plan)
        if waits:
            self.waiting_orders()
        self.take_fact(intent)
        if intent.time_in_force is _DAY:
            self._day_orders.append(intent.order_id)
        if intent.expires_ns is not None:
            self._deadlines[intent.order_id] = intent.expires_ns
        if not waits:
            self.place(intent.order_id)

    def place(self, order_id: int) -> Resting | None:
        """Send an order to the simulated exchange: refused at once (None), or resting."""
        order = self.book.orders[order_id]
        intent = order.intent
        if order.target != intent.quantity:  # a child of what is partly filled
            intent = msgspec.structs.replace(intent, quantity=order.target)
        objection = self._objection(intent)
        if objection:
            self.take_fact(ev.OrderRejected(order_id=order_id, reason=objection, cumulative=ZERO))
            return None
        resting = resting_of(order, self.series, self.last_price())
        self._matcher.add(resting)
        return resting

    def cancel(self, order_id: int, reason: str) -> None:
        """Ask the simulated exchange to cancel; what waits is cancelled at once. An order that
        ended is left alone."""
        order = self.book.active.get(order_id)
        if order is None or order.cancel_pending:
            return
        if self.is_held(order_id):
            self.take_fact(ev.OrderCanceled(order_id=order_id, reason=reason, cumulative=ZERO))
            return
        self.take_fact(ev.CancelRequested(order_id=order_id, reason=reason))
        self._matcher.cancel(order_id, reason)

    def is_held(self, order_id: int) -> bool:
        """Whether it waits, and the exchange does not have it."""
        return self.held is not None and self.held.room.holds(order_id)

    def _objection(self, intent: ev.OrderCreated) -> str:
        """Why a venue would refuse this order now, or ""."""
        objection = self.objection_to_form(intent)
        working = len(self.book.active) - (len(self.held.room) if self.held is not None else 0)
        if not objection and working > MOST_WORKING:
            return f"{MOST_WORKING:,} orders are working already"
        if objection or intent.offset is Offset.OPEN or self.terms.matching is Matching.VNPY:
            return objection
        held = self.ledger.closable(self.instrument, intent.side)
        if intent.type in WATCHED:
            return "" if held else "there is no position to close"
        free = held - self.frozen(intent.side) + intent.quantity  # its own volume is already frozen
        return objection_to_close(intent, free, self._closable(intent))

    def objection_to_form(self, intent: ev.OrderCreated) -> str:
        """Why a venue would refuse this order at any time, or ""."""
        return objection_to_form(intent, self.instrument, self.terms.matching)

    def _closable(self, intent: ev.OrderCreated) -> Decimal:
        """A plain CLOSE takes all lots here, oldest first, also where the exchange wants them named."""
        offset = None if intent.offset in (Offset.OPEN, Offset.CLOSE) else intent.offset
        return self.ledger.closable(self.instrument, intent.side, offset)

    def frozen(self, closing_side: Side) -> Decimal:
        """Volume of positions held by working orders that close on this side."""
        return frozen_volume(self.book.active.values(), closing_side, self.is_held)

    # What a matcher says (Floor) -------------------------------------------------------------
    def placed(self, order_id: int) -> None:
        self.take_fact(ev.OrderPlaced(order_id=order_id, venue_order_id=f"S{order_id}"))

    def triggered(self, order_id: int) -> None:
        self.take_fact(ev.OrderTriggered(order_id=order_id))

    def trigger_moved(self, order_id: int, units: int) -> None:
        price = self.series.to_price(units)
        self.take_fact(ev.TriggerMoved(order_id=order_id, trigger_price=price))

    def canceled(self, order_id: int, reason: str) -> None:
        filled = self.book.orders[order_id].filled
        self.take_fact(ev.OrderCanceled(order_id=order_id, reason=reason, cumulative=filled))

    def allowed(self, order: Resting, units: int, volume: Decimal) -> Decimal:
        """A close never exceeds the position; an opening needs its margin at fill time.

        Netted, an opening against a position closes first: that part needs no margin.
        """
        side = _BUY if order.is_buy else _SELL
        held = self.ledger.closable(self.instrument, side)
        if order.closing:
            held = self._closable(self.book.orders[order.order_id].intent)
            if not held:
                self.canceled(order.order_id, "there is nothing left to close")
            return min(volume, held)
        closed = min(volume, held) if self.ledger.mode is _NETTING else ZERO
        if closed == volume or self._margin_suffices(units, volume - closed, side if closed else None):
            return volume
        if not closed:
            self.canceled(order.order_id, "not enough money for the margin")
        return closed

    def _margin_suffices(self, units: int, volume: Decimal, closing_side: Side | None) -> bool:
        """Whether this much may be opened; `closing_side` when all that it closes goes first."""
        self.mark()
        instrument, ledger = self.instrument, self.ledger
        needed = self.series.to_price(units) * instrument.multiplier * instrument.margin_rate * volume
        bound = ZERO if closing_side is not None else ledger.margin()
        return needed <= ledger.balance() - bound

    def filled(self, order_id: int, units: int, volume: Decimal) -> None:
        self._next_trade += 1
        self._last_units = units
        price = self.series.to_price(units)
        slippage = ZERO
        if self.terms.matching is Matching.VNPY:
            slippage = self.terms.slippage * volume * self.instrument.multiplier
        self.take_fact(
            ev.TradeExecuted(
                order_id=order_id,
                trade_id=self._next_trade,
                venue_trade_id=str(self._next_trade),
                price=price,
                volume=volume,
                commission=self._commission(order_id, price, volume),
                slippage=slippage,
            )
        )

    def _commission(self, order_id: int, price: Decimal, volume: Decimal) -> Decimal:
        """Of a fill that is not booked yet: closing what was opened the same day may cost another fee."""
        today = ZERO
        if self._today_costs_other:
            intent = self.book.orders[order_id].intent
            today = self.ledger.closes_today(self.instrument, intent.side, intent.offset, volume)
        return self.instrument.commission(price, volume, today)

    # Events --------------------------------------------------------------------------------
    def emit(self, event: ev.AnyEvent) -> None:
        """Write a fact into the journal."""
        if self.journal is not None:
            self.journal.append(event, self.time_ns, self.bar)

    def take_fact(self, event: ev.OrderEvent) -> None:
        """Journal it, fold it into orders and money, tell the strategy, then those that wait."""
        self._fold(event)
        if self.held is not None:
            self.held.settle()

    def _fold(self, event: ev.OrderEvent) -> None:
        self.emit(event)
        kind = type(event)
        fill = event if isinstance(event, ev.TradeExecuted) and self.book.is_new_fill(event) else None
        anomaly = self.book.apply(event, self.time_ns)
        order = self.book.orders[event.order_id]
        self.changed_orders[event.order_id] = None
        if anomaly:
            self.note(LogLevel.WARNING, "orders", anomaly)
        trade = self._post(order, fill) if fill is not None else None
        if self.held is not None:
            self.held.apply(event)
        if kind is ev.OrderCreated or kind is ev.CancelRequested:
            return  # its own doing: a strategy is told what others do
        host = self.hosts[order.intent.strategy_id]
        host.order_changed(order)
        if trade is not None:
            host.traded(trade)

    def _post(self, order: Order, fill: ev.TradeExecuted) -> TradeRow:
        intent = order.intent
        profit = self.ledger.post(
            self.instrument,
            intent.side,
            intent.offset,
            fill.price,
            fill.volume,
            fill.commission,
            fill.slippage,
            self.time_ns,
        )
        self.curve.note(self.bar - 1, self.ledger.exposure())
        trade = trade_of(intent, fill, profit, self.time_ns)
        self.trades.append(trade)
        return trade

    def equity_chunk(self, start: int) -> EquityChunk:
        """Samples of the bars from index `start` to the present."""
        times = self.series.time_ns[start : self.bar] + self.series.interval_ns
        return EquityChunk(self.ledger.account_id, start, times, self.curve.equity(start, self.bar))


def _is_of(order: Order, strategy_id: int) -> bool:
    return order.intent.strategy_id == strategy_id and order.intent.origin is _STRATEGY
