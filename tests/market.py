"""A small market for the engine's tests: bars in few words, a strategy that does what a test says.

`trade(bars, {0: lambda s: s.buy(99)})` gives a run in which the order is sent at the close of
bar 0; `fills(run)` tells what became of it as (bar, side, price, volume).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, TypeAlias

from monitor.engine.host import StrategySpec
from monitor.engine.klines.series import BarSeries, make_bars
from monitor.engine.ledger import PositionMode
from monitor.engine.options import Matching
from monitor.engine.rows import OrderRow, TradeRow
from monitor.engine.session import Plan
from monitor.engine.simulation import Simulation
from monitor.engine.strategy import Bar, Strategy
from monitor.engine.terms import Terms
from monitor.engine.values import Instrument, OrderStatus

BarOf: TypeAlias = tuple[float, float, float, float, float]
Act: TypeAlias = Callable[[Any], object]
Plans: TypeAlias = Mapping[int, Act]

MINUTE = 60_000_000_000


def bar(open_: float, high: float, low: float, close: float, volume: float = 10_000) -> BarOf:
    return (open_, high, low, close, volume)


def flat(price: float = 100, volume: float = 10_000) -> BarOf:
    return bar(price, price, price, price, volume)


def series_of(bars: Sequence[BarOf], tick: str = "0.1", **terms: Any) -> BarSeries:
    return make_bars(bars, tick=Decimal(tick), **terms)


class Script(Strategy):
    """Does at the close of bar n what `at[n]` says, and answers orders and trades as told."""

    at: ClassVar[Plans] = {}
    hears_trade: Callable[[Any, TradeRow], object] | None = None
    hears_order: Callable[[Any, OrderRow], object] | None = None
    starts: Act | None = None

    def on_start(self) -> None:
        self.bars = 0
        self.heard: list[OrderRow] = []
        if self.starts is not None:
            type(self).starts(self)  # type: ignore[misc]

    def on_bar(self, bar: Bar) -> None:
        act = self.at.get(self.bars)
        self.bars += 1
        if act is not None:
            act(self)

    def on_order(self, order: OrderRow) -> None:
        self.heard.append(order)
        if self.hears_order is not None:
            type(self).hears_order(self, order)  # type: ignore[misc]

    def on_trade(self, trade: TradeRow) -> None:
        if self.hears_trade is not None:
            type(self).hears_trade(self, trade)  # type: ignore[misc]


def scripted(
    at: Plans | None = None,
    *,
    on_trade: Callable[[Any, TradeRow], object] | None = None,
    on_order: Callable[[Any, OrderRow], object] | None = None,
    on_start: Act | None = None,
) -> type[Strategy]:
    told = {"at": at or {}, "hears_trade": on_trade, "hears_order": on_order, "starts": on_start}
    return type("Scripted", (Script,), told)


def plan(
    bars: BarSeries | Sequence[BarOf],
    kind: type[Strategy] | Sequence[type[Strategy]],
    *,
    matching: Matching = Matching.STANDARD,
    hedging: bool = True,
    participation: str = "1",
    slippage: str = "0",
    capital: str = "1000000",
    tick: str = "0.1",
    multiplier: str = "10",
    rate: str = "0",
    per_lot: str = "0",
    today_rate: str | None = None,
    today_per_lot: str | None = None,
    settles: bool = False,
    margin_rate: str = "0.1",
    parameters: dict[str, Any] | None = None,
) -> Plan:
    """Everything a run needs. Long and short stand apart unless the market nets them."""
    series = bars if isinstance(bars, BarSeries) else series_of(bars, tick)
    instrument = Instrument(
        symbol=series.symbol,
        tick=Decimal(tick),
        multiplier=Decimal(multiplier),
        commission_rate=Decimal(rate),
        commission_per_lot=Decimal(per_lot),
        close_today_rate=None if today_rate is None else Decimal(today_rate),
        close_today_per_lot=None if today_per_lot is None else Decimal(today_per_lot),
        margin_rate=Decimal(margin_rate),
    )
    terms = Terms(
        matching=matching,
        capital=Decimal(capital),
        slippage=Decimal(slippage),
        participation=Decimal(participation),
        position_mode=PositionMode.HEDGING if hedging else PositionMode.NETTING,
        settles=settles,
    )
    kinds = [kind] if isinstance(kind, type) else kind
    specs = tuple(
        StrategySpec(
            strategy_id=number, name=f"script {number}", source="", kind=each, parameters=parameters or {}
        )
        for number, each in enumerate(kinds, start=1)
    )
    return Plan(series=series, instrument=instrument, terms=terms, strategies=specs)


def trade(
    bars: BarSeries | Sequence[BarOf],
    at: Plans | None = None,
    *,
    on_trade: Callable[[Any, TradeRow], object] | None = None,
    on_order: Callable[[Any, OrderRow], object] | None = None,
    on_start: Act | None = None,
    **terms: Any,
) -> Simulation:
    """The run of a script over all bars. A script that raises fails the test."""
    run = plan(bars, scripted(at, on_trade=on_trade, on_order=on_order, on_start=on_start), **terms).run()
    run.start()
    run.advance(len(run.series))
    assert all(not host.error for host in run.hosts.values()), run.notes
    return run


def bar_of(run: Simulation, time_ns: int) -> int:
    """Which bar a fill happened in."""
    return int((time_ns - int(run.series.time_ns[0])) // run.series.interval_ns)


def fills(run: Simulation) -> list[tuple[int, str, float, float]]:
    return [(bar_of(run, t.time_ns), t.side.lower(), float(t.price), float(t.volume)) for t in run.trades]


def order(run: Simulation, order_id: int = 1) -> OrderRow:
    return run.book.orders[order_id].row()


def status(run: Simulation, order_id: int = 1) -> OrderStatus:
    return order(run, order_id).status
