"""Daily results and performance statistics of a run, as vn.py 4.5.0 with vnpy_ctastrategy 1.4.1
defines them, so that results can be laid side by side.

Money is summed exactly as Decimal; only ratios are floats. A day is the natural date in a zone.
Knows nothing of orders, accounts or files: closes and trades in, numbers out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from monitor.engine.klines.series import FloatArray, IntArray
from monitor.engine.klines.times import local_days
from monitor.engine.values import ZERO, Side

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
DOWNSIDE_FLOOR = 1e-6
COMBINED_RISK_FLOOR = 1e-9
DOWNSIDE_DAYS = 252
"""vn.py annualises downside risk with 252 days whatever `annual_days` is."""

Statistics = dict[str, float | int | str]


class TradeLike(Protocol):
    """What the statistics need of a trade; `TradeRow` is one."""

    @property
    def time_ns(self) -> int: ...
    @property
    def side(self) -> Side: ...
    @property
    def price(self) -> Decimal: ...
    @property
    def volume(self) -> Decimal: ...
    @property
    def commission(self) -> Decimal: ...


class DailyResult(msgspec.Struct, frozen=True, kw_only=True):
    """One day, marked to its close. Positions are in lots, short is negative; costs are positive.

    `trading_pnl` is what the day's trades earned up to the close, `holding_pnl` what the
    position from the day before earned from close to close, `total_pnl` both together,
    `net_pnl` without commission and slippage, `balance` the capital and all net results so far.
    """

    date: date
    close_price: Decimal
    trade_count: int
    start_pos: Decimal
    end_pos: Decimal
    turnover: Decimal
    commission: Decimal
    slippage: Decimal
    trading_pnl: Decimal
    holding_pnl: Decimal
    total_pnl: Decimal
    net_pnl: Decimal
    balance: Decimal


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """What a trade does not tell itself. `slippage` is in price units and costs
    volume x multiplier x slippage."""

    multiplier: Decimal = Decimal(1)
    slippage: Decimal = ZERO


def daily_results(
    times_ns: IntArray,
    closes: FloatArray,
    trades: Iterable[TradeLike],
    *,
    capital: Decimal,
    multiplier: Decimal = Decimal(1),
    slippage: Decimal = ZERO,
    zone: str = "Asia/Shanghai",
) -> list[DailyResult]:
    """One result for each date that has a bar, in order. `times_ns` rise, UTC.

    ValueError for a trade on a date without bars: it cannot be marked to a close.
    """
    costs = Costs(multiplier=multiplier, slippage=slippage)
    days, last = last_of_days(times_ns, zone)
    by_day: dict[int, list[TradeLike]] = {day: [] for day in days}
    for trade, day in with_days(list(trades), zone):
        if day not in by_day:
            raise ValueError(f"a trade on {date.fromordinal(day + EPOCH_ORDINAL)}, a date without bars")
        by_day[day].append(trade)
    results: list[DailyResult] = []
    close, position, balance = ZERO, ZERO, capital
    for day, index in zip(days, last, strict=True):
        before, close = close, Decimal(repr(float(closes[index])))
        result = day_result(day, before, close, position, balance, by_day[day], costs)
        position, balance = result.end_pos, result.balance
        results.append(result)
    return results


def last_of_days(times_ns: IntArray, zone: str) -> tuple[list[int], list[int]]:
    """The dates (days since 1970) that occur, and the index of the last bar of each."""
    found, index = np.unique(local_days(times_ns, zone)[::-1], return_index=True)
    return found.tolist(), (len(times_ns) - 1 - index).tolist()


def with_days(trades: Sequence[TradeLike], zone: str) -> Iterable[tuple[TradeLike, int]]:
    times = np.array([trade.time_ns for trade in trades], dtype=np.int64)
    return zip(trades, local_days(times, zone).tolist(), strict=True)


def day_result(
    day: int,
    before: Decimal,
    close: Decimal,
    position: Decimal,
    balance: Decimal,
    trades: Sequence[TradeLike],
    costs: Costs,
) -> DailyResult:
    """Mark one day to its close: `before` is the last close, `position` and `balance` those of
    the evening before. A trade earns signed volume x (close - price) x multiplier."""
    signed = [trade.volume if trade.side is Side.BUY else -trade.volume for trade in trades]
    volume = sum((trade.volume for trade in trades), ZERO)
    turnover = sum((trade.volume * trade.price for trade in trades), ZERO) * costs.multiplier
    moved = zip(signed, trades, strict=True)
    trading = sum((change * (close - trade.price) for change, trade in moved), ZERO) * costs.multiplier
    holding = position * (close - before) * costs.multiplier
    commission = sum((trade.commission for trade in trades), ZERO)
    slippage = volume * costs.multiplier * costs.slippage
    net = trading + holding - commission - slippage
    return DailyResult(
        date=date.fromordinal(day + EPOCH_ORDINAL),
        close_price=close,
        trade_count=len(trades),
        start_pos=position,
        end_pos=position + sum(signed, ZERO),
        turnover=turnover,
        commission=commission,
        slippage=slippage,
        trading_pnl=trading,
        holding_pnl=holding,
        total_pnl=trading + holding,
        net_pnl=net,
        balance=balance + net,
    )


def statistics(
    daily: Sequence[DailyResult],
    capital: Decimal,
    annual_days: int = 240,
    risk_free: float = 0.0,
    half_life: int = 120,
) -> Statistics:
    """The 28 statistics of vn.py; money in the account's currency, returns in per cent.

    Without days, or when the balance was ever zero or below (ruin), all but `capital` are zero
    and the dates "". Ratios that are not finite are zero.
    """
    if not daily or min(day.balance for day in daily) <= 0:
        return blank(capital)
    returns = log_returns(daily, capital)
    found: Statistics = {
        "start_date": daily[0].date.isoformat(),
        "end_date": daily[-1].date.isoformat(),
        "total_days": len(daily),
        "profit_days": sum(day.net_pnl > 0 for day in daily),
        "loss_days": sum(day.net_pnl < 0 for day in daily),
        "capital": float(capital),
        "end_balance": float(daily[-1].balance),
        **drawdown(daily),
        **totals(daily),
    }
    total_return = float((daily[-1].balance / capital - 1) * 100)
    worst = float(found["max_ddpercent"])
    annual_return = total_return / len(daily) * annual_days
    found |= {
        "total_return": total_return,
        "annual_return": annual_return,
        **sharpe_ratios(returns, annual_days, risk_free, half_life),
        "return_drawdown_ratio": -total_return / worst if worst else 0.0,
        "rgr_ratio": rgr_ratio(returns, annual_return / 100, worst),
    }
    return {key: finite(value) for key, value in found.items()}


KEYS = (
    "total_days", "profit_days", "loss_days", "capital", "end_balance", "max_drawdown", "max_ddpercent",
    "max_drawdown_duration", "total_net_pnl", "daily_net_pnl", "total_commission", "daily_commission",
    "total_slippage", "daily_slippage", "total_turnover", "daily_turnover", "total_trade_count",
    "daily_trade_count", "total_return", "annual_return", "daily_return", "return_std", "sharpe_ratio",
    "ewm_sharpe", "return_drawdown_ratio", "rgr_ratio",
)  # fmt: skip


def blank(capital: Decimal) -> Statistics:
    return {"start_date": "", "end_date": "", **dict.fromkeys(KEYS, 0), "capital": float(capital)}


def finite(value: float | int | str) -> float | int | str:
    return 0.0 if isinstance(value, float) and not math.isfinite(value) else value


def totals(daily: Sequence[DailyResult]) -> dict[str, float]:
    """Sums over all days and their means per day."""
    parts: dict[str, Callable[[DailyResult], Decimal | int]] = {
        "net_pnl": lambda day: day.net_pnl,
        "commission": lambda day: day.commission,
        "slippage": lambda day: day.slippage,
        "turnover": lambda day: day.turnover,
        "trade_count": lambda day: day.trade_count,
    }
    found: dict[str, float] = {}
    for name, part in parts.items():
        total = sum((part(day) for day in daily), ZERO)
        found[f"total_{name}"] = int(total) if name == "trade_count" else float(total)
        found[f"daily_{name}"] = float(total / len(daily))
    return found


def drawdown(daily: Sequence[DailyResult]) -> dict[str, float]:
    """The deepest fall below the highest balance so far (the capital itself is no peak).

    Money and per cent are the lowest of their own series; the duration is the calendar days from
    the first day of the highest balance until then to the first day of the deepest fall in money.
    """
    peak, peak_date = daily[0].balance, daily[0].date
    deepest, percent, duration = ZERO, 0.0, 0
    for day in daily:
        if day.balance > peak:
            peak, peak_date = day.balance, day.date
        fall = day.balance - peak
        percent = min(percent, float(fall / peak * 100))
        if fall < deepest:
            deepest, duration = fall, (day.date - peak_date).days
    return {
        "max_drawdown": float(deepest),
        "max_ddpercent": percent,
        "max_drawdown_duration": duration,
    }


def log_returns(daily: Sequence[DailyResult], capital: Decimal) -> FloatArray:
    """ln(balance / balance of the day before); the first day against the capital."""
    balances = np.array([float(capital), *(float(day.balance) for day in daily)], dtype=np.float64)
    returns: FloatArray = np.log(balances[1:] / balances[:-1])
    return returns


def sharpe_ratios(
    returns: FloatArray, annual_days: int, risk_free: float, half_life: int
) -> dict[str, float]:
    """Mean and sample deviation of daily returns in per cent, and the yearly ratios of the two.

    Sharpe = (mean - r) / deviation x sqrt(annual_days) with r = risk_free / sqrt(annual_days) as
    vn.py has it; the EWM one weights a day by 0.5 ** (age / half_life). Zero without deviation.
    """
    mean, deviation = float(np.mean(returns)) * 100, sample_deviation(returns) * 100
    year = math.sqrt(annual_days)
    free = risk_free / year
    sharpe = ewm_sharpe = 0.0
    if deviation:
        sharpe = (mean - free) / deviation * year
        ewm_mean, ewm_deviation = weighted_moments(returns, half_life)
        ewm_sharpe = ratio(ewm_mean * 100 - free, ewm_deviation * 100) * year
    return {
        "daily_return": mean,
        "return_std": deviation,
        "sharpe_ratio": sharpe,
        "ewm_sharpe": ewm_sharpe,
    }


def ratio(value: float, by: float) -> float:
    return value / by if by else math.nan


def sample_deviation(values: FloatArray) -> float:
    """With n - 1 in the denominator; NaN for one value."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan


def weighted_moments(values: FloatArray, half_life: int) -> tuple[float, float]:
    """Exponentially weighted mean and unbiased deviation at the last value: the weighted variance
    times (sum w)**2 / ((sum w)**2 - sum w**2). The deviation of one value is NaN."""
    weights = 0.5 ** (np.arange(len(values))[::-1] / half_life)
    total, squares = float(weights.sum()), float((weights**2).sum())
    mean = float((weights * values).sum()) / total
    variance = float((weights * (values - mean) ** 2).sum()) / total
    freedom = total**2 - squares
    return mean, math.sqrt(variance * total**2 / freedom) if freedom > 0 else math.nan


def rgr_ratio(returns: FloatArray, yearly: float, worst_percent: float) -> float:
    """vn.py's risk-adjusted growth ratio: gain x stability x skew x tail / risk, where

    gain = sign x ln(1 + |yearly|), stability = 1 / (1 + deviation), skew = 1 + 0.1 tanh(skewness),
    tail = 1 / (1 + 0.05 max(excess kurtosis - 3, 0)), risk = 0.5 yearly downside deviation
    + 0.3 deepest drawdown + 0.2 mean of the worst 5 % of days (half the drawdown if that is 0).
    """
    deviation = sample_deviation(returns)
    gain = math.copysign(math.log1p(abs(yearly)), yearly)
    stability = 1 / (1 + deviation) if deviation > 0 else 0.0
    tail = 1 / (1 + 0.05 * max(excess_kurtosis(returns) - 3, 0))
    downside = math.sqrt(float(np.mean(np.minimum(returns, 0.0) ** 2))) * math.sqrt(DOWNSIDE_DAYS)
    fall = abs(worst_percent) / 100
    worst_days = float(np.mean(np.sort(returns)[: math.ceil(len(returns) * 0.05)]))
    tail_loss = abs(worst_days) if worst_days else fall * 0.5
    risk = 0.5 * max(downside, DOWNSIDE_FLOOR) + 0.3 * fall + 0.2 * tail_loss
    skew = 1 + 0.1 * math.tanh(skewness(returns))
    return gain * stability * skew * tail / max(risk, COMBINED_RISK_FLOOR)


def central_sums(values: FloatArray, *powers: int) -> list[float]:
    centred: npt.NDArray[np.float64] = values - np.mean(values)
    return [float(np.sum(centred**power)) for power in powers]


def skewness(values: FloatArray) -> float:
    """Adjusted Fisher-Pearson G1; NaN below three values, 0 when they are all alike."""
    n = len(values)
    if n < 3:
        return math.nan
    second, third = central_sums(values, 2, 3)
    return n * math.sqrt(n - 1) / (n - 2) * third / second**1.5 if second else 0.0


def excess_kurtosis(values: FloatArray) -> float:
    """Adjusted Fisher-Pearson G2; NaN below four values, 0 when they are all alike."""
    n = len(values)
    if n < 4:
        return math.nan
    second, fourth = central_sums(values, 2, 4)
    if not second:
        return 0.0
    scaled = n * (n + 1) * (n - 1) * fourth / ((n - 2) * (n - 3) * second**2)
    return scaled - 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))
