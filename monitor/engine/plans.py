"""From options to a plan: reads the K-line file, finds the strategy, checks the numbers.

Raises KlineError, StrategyError, ParameterError or PlanError, each one clear sentence.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from monitor.engine.host import StrategySpec
from monitor.engine.klines.reader import read_klines
from monitor.engine.klines.series import BarSeries, infer_tick
from monitor.engine.loading import load_strategy
from monitor.engine.options import Matching, ReplayOptions
from monitor.engine.session import Plan
from monitor.engine.strategy import read_parameters
from monitor.engine.terms import instrument_of, terms_of, zone_of

_NOT_NEGATIVE = (
    "rate",
    "commission_per_lot",
    "slippage",
    "margin_rate",
    "close_today_rate",
    "close_today_per_lot",
)
LARGEST_NUMBER = 10**15  # beyond, floats of curves and statistics lose cents


class PlanError(ValueError):
    """Options that make no sense together; one clear sentence."""


def make_plan(options: ReplayOptions) -> Plan:
    """Everything that a run of these options needs."""
    _check_numbers(options)
    name, kind = load_strategy(options.strategy)
    parameters = read_parameters(kind, dict(options.parameters))
    series = _read(options)
    tick = options.tick if options.tick is not None else infer_tick(series)
    spec = StrategySpec(strategy_id=1, name=name, source=options.strategy, kind=kind, parameters=parameters)
    instrument = instrument_of(options, series.symbol, tick)
    return Plan(series=series, instrument=instrument, terms=terms_of(options, instrument), strategies=(spec,))


def _read(options: ReplayOptions) -> BarSeries:
    """The data with a symbol: as asked, as the file says, else the file's name."""
    zone = zone_of(options, options.symbol) if options.symbol or options.zone else ""
    series = read_klines(
        options.file, symbol=options.symbol, tick=options.tick, zone=zone, strict=options.strict
    )
    if series.symbol:
        return series
    symbol = Path(options.file).name.split(".csv")[0]
    return read_klines(options.file, symbol=symbol, tick=options.tick, zone=zone, strict=options.strict)


def _check_numbers(options: ReplayOptions) -> None:
    positive = {"capital": options.capital, "multiplier": options.multiplier}
    if options.tick is not None:
        positive["tick"] = options.tick
    for name, value in positive.items():
        if not value.is_finite() or value <= 0:
            raise PlanError(f"{name} must be above 0, not {value}")
        if value > LARGEST_NUMBER:
            raise PlanError(f"{name} is above {LARGEST_NUMBER:,}: {value}")
    for name in _NOT_NEGATIVE:
        value = getattr(options, name)
        if value is not None and (not value.is_finite() or value < 0):
            raise PlanError(f"{name.replace('_', ' ')} must not be negative: {value}")
    if options.matching is Matching.VNPY:
        _check_vnpy(options)
    if options.matching is Matching.STANDARD and options.slippage % 1:
        raise PlanError(f"slippage of standard matching is in whole ticks, not {options.slippage}")
    if not options.participation.is_finite() or not Decimal(0) < options.participation <= 1:
        raise PlanError(f"participation is a share above 0 and at most 1, not {options.participation}")


def _check_vnpy(options: ReplayOptions) -> None:
    """What vn.py's back-test does not have would change its results."""
    if options.close_today_rate is not None or options.close_today_per_lot is not None:
        raise PlanError("vn.py's matching has no close-today fees; they need standard matching")
    if options.settle:
        raise PlanError("vn.py's matching settles nothing; that needs standard matching")
