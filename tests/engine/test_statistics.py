"""Daily results and statistics agree with vn.py's own, and keep their identities on any trades."""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest
from hypothesis import given, strategies as st

from monitor.engine.klines import read_klines
from monitor.engine.statistics import DailyResult, daily_results, statistics
from monitor.engine.values import Side

SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE = 60_000_000_000
DAY = 1440 * MINUTE
NINE = 1_562_288_400_000_000_000  # 2019-07-05 09:00 in Shanghai
CAPITAL = Decimal(100_000)


class Fill(msgspec.Struct, frozen=True):
    time_ns: int
    side: Side
    price: Decimal
    volume: Decimal
    commission: Decimal = Decimal(0)


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000_000


def exact(value: float) -> Decimal:
    return Decimal(repr(value))


def fill_of(trade: dict[str, Any], terms: dict[str, Any]) -> Fill:
    side = Side.BUY if trade["direction"] == "LONG" else Side.SELL
    price, volume = exact(trade["price"]), exact(trade["volume"])
    commission = price * volume * exact(terms["size"]) * exact(terms["rate"])
    return Fill(ns(trade["datetime"]), side, price, volume, commission)


@pytest.fixture(scope="module")
def reference(shared_data: Path) -> dict[str, Any]:
    with (shared_data / "reference" / "m2005_DoubleMaStrategy.json").open() as file:
        found: dict[str, Any] = json.load(file)
    return found


@pytest.fixture(scope="module")
def reference_days(shared_data: Path, reference: dict[str, Any]) -> list[DailyResult]:
    series = read_klines(shared_data / "klines" / "DCE.m2005.1m.csv")
    params = reference["params"]
    return daily_results(
        series.time_ns,
        series.close,
        [fill_of(trade, params) for trade in reference["trades"]],
        capital=exact(params["capital"]),
        multiplier=exact(params["size"]),
        slippage=exact(params["slippage"]),
    )


def test_every_day_is_vnpys_to_the_cent(reference: dict[str, Any], reference_days: list[DailyResult]) -> None:
    assert [day.date.isoformat() for day in reference_days] == [day["date"] for day in reference["daily"]]
    for mine, theirs in zip(reference_days, reference["daily"], strict=True):
        for key in theirs.keys() - {"date"}:
            assert float(getattr(mine, key)) == pytest.approx(theirs[key], abs=1e-6), (mine.date, key)


def test_every_statistic_is_vnpys(reference: dict[str, Any], reference_days: list[DailyResult]) -> None:
    found = statistics(reference_days, Decimal(reference["params"]["capital"]))
    assert list(found) == list(reference["statistics"])
    for key, theirs in reference["statistics"].items():
        assert found[key] == (theirs if isinstance(theirs, str) else pytest.approx(theirs, rel=1e-9)), key


def days(*profits: str, start: date = date(2020, 1, 30), capital: Decimal = CAPITAL) -> list[DailyResult]:
    """Days whose net results are given, nothing else happening."""
    found, balance = [], capital
    for number, profit in enumerate(profits):
        balance += Decimal(profit)
        zero = Decimal(0)
        found.append(
            DailyResult(
                date=date.fromordinal(start.toordinal() + number),
                close_price=Decimal(1),
                trade_count=2,
                start_pos=zero,
                end_pos=zero,
                turnover=Decimal(100),
                commission=Decimal(1),
                slippage=Decimal("0.5"),
                trading_pnl=zero,
                holding_pnl=zero,
                total_pnl=zero,
                net_pnl=Decimal(profit),
                balance=balance,
            )
        )
    return found


VNPY_CASES = [
    (
        ["-1055.96"],
        0.0,
        {
            "daily_return": -1.0615748194189625,
            "return_std": 0.0,
            "sharpe_ratio": 0.0,
            "ewm_sharpe": 0.0,
            "return_drawdown_ratio": 0,
            "rgr_ratio": 0.0,
            "max_ddpercent": 0.0,
        },
    ),
    (
        ["995.87", "187.61"],
        0.0,
        {
            "daily_return": 0.5882658216637305,
            "return_std": 0.5694727894705381,
            "sharpe_ratio": 16.00317888807238,
            "ewm_sharpe": 15.971541280498863,
            "return_drawdown_ratio": 0,
            "rgr_ratio": 0.0,
            "max_ddpercent": 0.0,
        },
    ),
    (
        ["-659.49", "135.79", "-1126.49"],
        0.0,
        {
            "daily_return": -0.5546524343614232,
            "return_std": 0.6444393863811011,
            "sharpe_ratio": -13.33350932057924,
            "ewm_sharpe": -13.340370035993448,
            "return_drawdown_ratio": -1.457223725883052,
            "rgr_ratio": 0.0,
            "max_ddpercent": -1.1324204860856357,
        },
    ),
    (
        ["10.0", "10.0", "10.0"],
        0.0,
        {
            "daily_return": 0.009998500299930494,
            "return_std": 9.997000844077303e-07,
            "sharpe_ratio": 154942.57028745822,
            "ewm_sharpe": 154942.9712581675,
            "return_drawdown_ratio": 0,
            "rgr_ratio": 0.0,
            "max_ddpercent": 0.0,
        },
    ),
    (
        ["1092.72", "-263.54", "-261.9", "-542.69", "1289.92"],
        0.03,
        {
            "daily_return": 0.26118905832366107,
            "return_std": 0.8530034037672114,
            "sharpe_ratio": 4.708449549742502,
            "ewm_sharpe": 4.705955786486983,
            "return_drawdown_ratio": 1.244112527194252,
            "rgr_ratio": 18.531700556246427,
            "max_ddpercent": -1.0565844899612995,
        },
    ),
    (
        [
            "-1083.23",
            "388.05",
            "147.18",
            "397.93",
            "171.46",
            "-74.68",
            "-746.99",
            "11.37",
            "705.32",
            "143.64",
        ],
        0.0,
        {
            "daily_return": 0.006003197720226172,
            "return_std": 0.5417033015148586,
            "sharpe_ratio": 0.17168279926969252,
            "ewm_sharpe": 0.246146980091255,
            "return_drawdown_ratio": 0.07309850024340735,
            "rgr_ratio": 0.3453957532053347,
            "max_ddpercent": -0.8214942823729986,
        },
    ),
]
"""What calculate_statistics of vnpy_ctastrategy 1.4.1 gave for daily net results on a capital of 100,000."""


@pytest.mark.parametrize(("profits", "risk_free", "expected"), VNPY_CASES)
def test_short_runs_are_vnpys_too(profits: list[str], risk_free: float, expected: dict[str, float]) -> None:
    found = statistics(days(*profits), CAPITAL, risk_free=risk_free)
    for key, theirs in expected.items():
        assert found[key] == pytest.approx(theirs, rel=1e-9, abs=1e-12), key


def test_no_days() -> None:
    found = statistics([], CAPITAL)
    assert found["capital"] == 100_000
    assert found["start_date"] == ""
    assert found["end_balance"] == 0


@pytest.mark.parametrize("last", ["-60000", "-90000"])
def test_ruin_leaves_no_statistics(last: str) -> None:
    found = statistics(days("-40000", last, "500000"), CAPITAL)
    assert set(found.values()) == {0, "", 100_000.0}


def test_no_trades_and_no_change() -> None:
    times = np.array([NINE, NINE + DAY])
    found = statistics(daily_results(times, np.array([10.0, 11.0]), [], capital=CAPITAL), CAPITAL)
    assert (found["total_days"], found["end_balance"], found["total_trade_count"]) == (2, 100_000, 0)
    assert (found["sharpe_ratio"], found["return_std"], found["rgr_ratio"]) == (0, 0, 0)


def test_drawdown_lasts_from_the_peak_to_the_deepest_fall() -> None:
    found = statistics(days("1000", "0", "-300", "100", "-500", "2000", "-100"), CAPITAL)
    assert found["max_drawdown"] == -700
    assert found["max_drawdown_duration"] == 4
    assert found["max_ddpercent"] == pytest.approx(-700 / 101_000 * 100)


def test_a_position_held_over_night_earns_from_close_to_close() -> None:
    times = np.array([NINE, NINE + MINUTE, NINE + DAY])
    fill = Fill(NINE + MINUTE, Side.SELL, Decimal("100.5"), Decimal(2), Decimal("3.201"))
    first, second = daily_results(
        times,
        np.array([100.0, 101.0, 99.0]),
        [fill],
        capital=CAPITAL,
        multiplier=Decimal(10),
        slippage=Decimal("0.2"),
    )
    assert (first.trading_pnl, first.holding_pnl, first.end_pos) == (-10, 0, -2)
    assert (first.turnover, first.commission, first.slippage) == (2010, Decimal("3.201"), 4)
    assert first.net_pnl == Decimal("-17.201")
    assert (second.start_pos, second.holding_pnl, second.trade_count) == (-2, 40, 0)
    assert second.balance == Decimal("100022.799")


def test_a_day_is_the_date_in_the_zone() -> None:
    midnight = ns("2019-07-06T00:00:00+08:00")
    times = np.array([midnight - MINUTE, midnight])
    closes = np.array([1.0, 2.0])
    fill = Fill(midnight, Side.BUY, Decimal(2), Decimal(1))
    shanghai = daily_results(times, closes, [fill], capital=CAPITAL, zone="Asia/Shanghai")
    assert [(day.date.day, day.trade_count) for day in shanghai] == [(5, 0), (6, 1)]
    utc = daily_results(times, closes, [fill], capital=CAPITAL, zone="UTC")
    assert [(day.date.day, day.close_price, day.trade_count) for day in utc] == [(5, 2, 1)]


def test_a_trade_on_a_date_without_bars_cannot_be_marked() -> None:
    fill = Fill(NINE + 3 * DAY, Side.BUY, Decimal(1), Decimal(1))
    with pytest.raises(ValueError, match="2019-07-08, a date without bars"):
        daily_results(np.array([NINE]), np.array([1.0]), [fill], capital=CAPITAL)


FILLS = st.lists(
    st.builds(
        Fill,
        time_ns=st.integers(0, 9).map(lambda bar: NINE + bar * DAY // 2),
        side=st.sampled_from(Side),
        price=st.integers(1, 10**6).map(lambda ticks: Decimal(ticks) * Decimal("0.05")),
        volume=st.integers(1, 50).map(Decimal),
        commission=st.integers(0, 10**9).map(lambda units: Decimal(units).scaleb(-4)),
    ),
    max_size=20,
).map(lambda fills: sorted(fills, key=lambda fill: fill.time_ns))


@given(fills=FILLS, closes=st.lists(st.integers(1, 10**6), min_size=10, max_size=10))
def test_all_days_together_are_cash_and_position_at_the_last_close(
    fills: list[Fill], closes: list[int]
) -> None:
    times = np.array([NINE + bar * DAY // 2 for bar in range(10)])
    results = daily_results(
        times,
        np.array(closes) / 20,
        fills,
        capital=CAPITAL,
        multiplier=Decimal(10),
        slippage=Decimal("0.05"),
    )
    cash, position = CAPITAL, Decimal(0)
    for fill in fills:
        signed = fill.volume if fill.side is Side.BUY else -fill.volume
        money = signed * fill.price * 10
        position += signed
        cash -= money + fill.commission + fill.volume * 10 * Decimal("0.05")
    assert results[-1].end_pos == position
    assert results[-1].balance == cash + position * 10 * Decimal(closes[-1]) / 20
    assert sum(day.trade_count for day in results) == len(fills)
    assert sum(day.commission for day in results) == sum(fill.commission for fill in fills)
    found = statistics(results, CAPITAL)
    assert all(math.isfinite(value) for value in found.values() if not isinstance(value, str))
    if min(day.balance for day in results) > 0:
        assert found["total_net_pnl"] == float(results[-1].balance - CAPITAL)
