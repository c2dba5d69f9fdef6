"""From options to a plan: the conventions that options and data decide, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from kline_files import kept
from market import bar, flat

from monitor.engine.klines.report import KlineError
from monitor.engine.ledger import PositionMode
from monitor.engine.loading import StrategyError
from monitor.engine.options import Matching, ReplayOptions
from monitor.engine.plans import PlanError, make_plan
from monitor.engine.session import Plan
from monitor.engine.strategy import ParameterError

BARS = [flat(100), bar(100, 100.4, 99.8, 100.2)]


def planned(folder: Path, **options: Any) -> Plan:
    usual: dict[str, Any] = {"strategy": "double_ma", "symbol": "SHFE.x1"}
    return make_plan(ReplayOptions(file=kept(folder, BARS), **usual | options))


@pytest.mark.parametrize(
    ("symbol", "matching", "mode", "zone"),
    [
        ("SHFE.x1", Matching.STANDARD, PositionMode.HEDGING, "Asia/Shanghai"),
        ("SHFE.x1", Matching.VNPY, PositionMode.NETTING, "Asia/Shanghai"),
        ("BINANCE.BTCUSDT", Matching.STANDARD, PositionMode.NETTING, "UTC"),
        ("BINANCE.BTCUSDT", Matching.VNPY, PositionMode.NETTING, "Asia/Shanghai"),  # vn.py's days
    ],
)
def test_exchange_and_matching_decide_positions_and_days(
    symbol: str, matching: Matching, mode: PositionMode, zone: str, tmp_path: Path
) -> None:
    plan = planned(tmp_path, symbol=symbol, matching=matching)
    assert plan.terms.position_mode is mode
    assert plan.instrument.zone == zone


def test_a_tick_that_is_not_given_is_read_from_the_prices(tmp_path: Path) -> None:
    assert planned(tmp_path).instrument.tick == Decimal("0.2")
    assert planned(tmp_path, tick=Decimal("0.1")).instrument.tick == Decimal("0.1")


@pytest.mark.parametrize(
    ("symbol", "settle", "settles"),
    [("SHFE.x1", True, True), ("SHFE.x1", False, False), ("BINANCE.BTCUSDT", True, False)],
)
def test_only_what_settles_by_day_is_settled_and_only_when_asked(
    symbol: str, settle: bool, settles: bool, tmp_path: Path
) -> None:
    assert planned(tmp_path, symbol=symbol, settle=settle).terms.settles is settles


def test_fees_of_closing_the_same_day_are_the_instruments(tmp_path: Path) -> None:
    plan = planned(tmp_path, close_today_rate=Decimal("0.0001"), close_today_per_lot=Decimal(3))
    assert (plan.instrument.close_today_rate, plan.instrument.close_today_per_lot) == (Decimal("0.0001"), 3)
    assert not planned(tmp_path).instrument.close_today_differs


def test_a_symbol_that_is_not_given_is_the_files_name(tmp_path: Path) -> None:
    assert planned(tmp_path, symbol="").instrument.symbol == "bars"


def test_all_parameters_are_in_the_plan(tmp_path: Path) -> None:
    (spec,) = planned(tmp_path, parameters={"fast_window": "5"}).strategies
    assert spec.parameters == {"fast_window": 5, "slow_window": 20, "volume": 1}


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"capital": Decimal(0)}, PlanError, "capital must be above 0, not 0"),
        ({"multiplier": Decimal("NaN")}, PlanError, "multiplier must be above 0, not NaN"),
        ({"tick": Decimal(-1)}, PlanError, "tick must be above 0, not -1"),
        ({"rate": Decimal(-1)}, PlanError, "rate must not be negative: -1"),
        ({"commission_per_lot": Decimal("Infinity")}, PlanError, "commission per lot must not be negative"),
        ({"participation": Decimal(0)}, PlanError, "participation is a share above 0 and at most 1, not 0"),
        ({"participation": Decimal("NaN")}, PlanError, "participation is a share"),
        ({"slippage": Decimal("0.5")}, PlanError, "slippage of standard matching is in whole ticks, not 0.5"),
        ({"close_today_rate": Decimal(-1)}, PlanError, "close today rate must not be negative: -1"),
        ({"close_today_per_lot": Decimal("NaN")}, PlanError, "close today per lot must not be negative"),
        (
            {"close_today_per_lot": Decimal(0), "matching": Matching.VNPY},
            PlanError,
            "vn.py's matching has no close-today fees; they need standard matching",
        ),
        (
            {"settle": True, "matching": Matching.VNPY},
            PlanError,
            "vn.py's matching settles nothing; that needs standard matching",
        ),
        ({"parameters": {"lots": "1"}}, ParameterError, "DoubleMa has no parameter 'lots'"),
        ({"strategy": "nothing"}, StrategyError, "there is no strategy 'nothing'"),
        ({"file": "nowhere.csv"}, KlineError, "nowhere.csv"),
    ],
)
def test_options_that_cannot_be_are_refused(
    options: dict[str, Any], error: type[Exception], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(error) as refusal:
        make_plan(
            ReplayOptions(
                **{"file": kept(tmp_path, BARS), "strategy": "double_ma", "symbol": "SHFE.x1", **options}
            )
        )
    assert sentence in str(refusal.value)


def test_slippage_of_vnpy_is_money_and_may_be_any(tmp_path: Path) -> None:
    plan = planned(tmp_path, slippage=Decimal("0.5"), matching=Matching.VNPY)
    assert plan.terms.slippage == Decimal("0.5")
