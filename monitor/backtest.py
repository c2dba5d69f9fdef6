"""`monitor backtest`: one run as fast as possible, a table of statistics, and a JSON file.

Owns the shape of that file. The run itself is the engine's, the same as in a replay.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from monitor.engine.klines.report import counted
from monitor.engine.options import Matching, ReplayOptions
from monitor.engine.plans import make_plan
from monitor.engine.readside import order_rows
from monitor.engine.rows import OrderRow, TradeRow
from monitor.engine.session import Plan
from monitor.engine.simulation import Simulation
from monitor.engine.statistics import DailyResult, Statistics, daily_results, statistics
from monitor.engine.values import ZERO, OrderStatus, Side, StrategyState
from monitor.errors import UserError
from monitor.wholefile import check_writable, whole_file

_SLICES = 200
_MOST_REMARKS = 5
_UNWANTED = {OrderStatus.REJECTED, OrderStatus.CANCELED, OrderStatus.EXPIRED}
_OWN_REASONS = {"strategy", "strategy stopped", "strategy failed"}
_NS = 1_000_000_000
_JSON = msgspec.json.Encoder(decimal_format="number")


def run_backtest(options: ReplayOptions, json_out: Path | None, quiet: bool) -> int:
    """Run, report, and write `json_out` whole or not at all.

    Raises UserError when that is impossible, and, after the report, when the strategy failed.
    """
    if json_out is not None:
        check_writable(json_out)
    plan = make_plan(options)
    console = Console(quiet=quiet)
    console.print(plan.series.report.summary(plan.series.zone), highlight=False)
    console.print(_terms(plan, options), highlight=False)
    run = plan.run()
    seconds = _replay(run, console)
    daily, figures = results(run, options)
    failed = next((host for host in run.hosts.values() if host.state is StrategyState.FAILED), None)
    console.print(_table(figures, run))
    for remark in remarks(run):
        console.print(remark, style="yellow", highlight=False)
    console.print(f"{len(plan.series):,} bars in {seconds:.2f} s: {len(plan.series) / seconds:,.0f} bars/s")
    if json_out is not None:
        with whole_file(json_out) as file:
            file.write(_JSON.encode(document(plan, options, run, daily, figures)))
        console.print(f"written to {json_out}", highlight=False)
    if failed is not None:
        raise UserError(f"strategy {failed.spec.name} failed: {failed.error}")
    return 0


def _terms(plan: Plan, options: ReplayOptions) -> str:
    """What the figures depend on, so that a multiplier forgotten is seen."""
    instrument = plan.instrument
    guessed = " (taken from the prices; --tick names it)" if plan.series.tick is None else ""
    return (
        f"{instrument.symbol}: tick {instrument.tick:f}{guessed}, multiplier {instrument.multiplier:f}, "
        f"commission {options.rate:f} of the money and {options.commission_per_lot:f} per lot"
        f"{_today_terms(options)}, "
        f"slippage {options.slippage:f}, {options.matching} matching, days of {instrument.zone}"
        f"{_settling(plan, options)}"
    )


def _today_terms(options: ReplayOptions) -> str:
    rate, per_lot = options.close_today_rate, options.close_today_per_lot
    if rate is None and per_lot is None:
        return ""
    rate = options.rate if rate is None else rate
    per_lot = options.commission_per_lot if per_lot is None else per_lot
    return f", {rate:f} and {per_lot:f} to close the same day"


def _settling(plan: Plan, options: ReplayOptions) -> str:
    if not options.settle:
        return ""
    exchange = plan.instrument.exchange or plan.instrument.symbol
    return ", settled daily" if plan.terms.settles else f", never settled: {exchange} does not settle by day"


def remarks(run: Simulation) -> list[str]:
    """What somebody who reads only the figures would miss: orders that came to nothing, and why."""
    if not run.book.orders:
        return ["The strategy gave no order."]
    reasons = Counter(
        f"{order.status.value.lower()}: {order.reason}"
        for order in run.book.orders.values()
        if order.status in _UNWANTED and order.reason not in _OWN_REASONS
    )
    found = [
        f"{counted(count, 'order')} {'was' if count == 1 else 'were'} {reason}"
        for reason, count in reasons.most_common(_MOST_REMARKS)
    ]
    log = [f"{note.source}: {note.message}" for note in run.notes[-_MOST_REMARKS:]]
    if len(run.notes) > len(log):
        log.insert(0, f"the last {len(log)} of {len(run.notes):,} lines logged (all are in the JSON):")
    return found + log


def _replay(run: Simulation, console: Console) -> float:
    """Advance to the end under a progress bar; returns seconds."""
    bars = len(run.series)
    step = max(1, bars // _SLICES)
    columns = (TextColumn("replaying"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=console.quiet) as progress:
        task = progress.add_task("replaying", total=bars)
        begin = time.perf_counter()
        run.start()
        while run.bar < bars:
            run.advance(run.bar + step)
            progress.update(task, completed=run.bar)
        seconds = time.perf_counter() - begin
    run.mark()
    return max(seconds, 1e-9)


class _Booked(msgspec.Struct, frozen=True):
    """A trade with the commission that was booked; rows are rounded for showing."""

    time_ns: int
    side: Side
    price: Decimal
    volume: Decimal
    commission: Decimal


def _booked(run: Simulation, trade: TradeRow) -> _Booked:
    fill = run.book.orders[trade.order_id].fills[trade.venue_trade_id]
    return _Booked(trade.time_ns, trade.side, trade.price, trade.volume, fill.commission)


def results(run: Simulation, options: ReplayOptions) -> tuple[list[DailyResult], Statistics]:
    """Days and statistics. With standard matching slippage is in the prices already."""
    vnpy = options.matching is Matching.VNPY
    daily = daily_results(
        run.series.time_ns,
        run.series.close,
        [_booked(run, trade) for trade in run.trades],
        capital=options.capital,
        multiplier=options.multiplier,
        slippage=options.slippage if vnpy else ZERO,
        zone=run.instrument.zone,
    )
    return daily, statistics(daily, options.capital)


def document(
    plan: Plan, options: ReplayOptions, run: Simulation, daily: list[DailyResult], figures: Statistics
) -> dict[str, Any]:
    """What `--json` writes. Times are ISO 8601 in the data's zone, money is exact."""
    zone = ZoneInfo(run.instrument.zone)
    ambiguous, gain = run.ambiguous_gain
    settled = {"settlements": _settlements(run, zone)} if options.settle else {}
    return {
        "trades": [trade_document(trade, zone) for trade in run.trades],
        "daily": [msgspec.to_builtins(day, builtin_types=(dt.date, type(ZERO))) for day in daily],
        "equity": _equity(run, zone),
        **settled,
        "statistics": {
            **figures,
            "ambiguous_bars": ambiguous,
            "best_end_balance": run.ledger.balance() + gain,
            "worst_end_balance": run.ledger.balance(),
        },
        "log": [
            {
                "datetime": _iso(note.time_ns, zone),
                "level": note.level,
                "source": note.source,
                "message": note.message,
            }
            for note in run.notes
        ],
        "orders": [order_document(row, zone) for row in order_rows(run.book.orders.values())],
        "parameters": _parameters(plan, options, run),
        "data": _data(plan, zone),
    }


def _parameters(plan: Plan, options: ReplayOptions, run: Simulation) -> dict[str, Any]:
    return {
        "strategy": plan.strategies[0].name,
        "symbol": run.instrument.symbol,
        "matching": options.matching,
        "capital": options.capital,
        "rate": options.rate,
        "commission_per_lot": options.commission_per_lot,
        "close_today_rate": options.close_today_rate,
        "close_today_per_lot": options.close_today_per_lot,
        "settle": options.settle,
        "slippage": options.slippage,
        "multiplier": options.multiplier,
        "tick": run.instrument.tick,
        "margin_rate": options.margin_rate,
        "participation": options.participation,
        "zone": run.instrument.zone,
        "setting": plan.strategies[0].parameters,
    }


def _data(plan: Plan, zone: ZoneInfo) -> dict[str, Any]:
    report = plan.series.report
    return {
        "file": report.file,
        "bars": len(plan.series),
        "gaps": [
            {"after": _iso(g.after_ns, zone), "before": _iso(g.before_ns, zone), "missing": g.missing}
            for g in report.gaps
        ],
        "first": _iso(int(plan.series.time_ns[0]), zone),
        "last": _iso(int(plan.series.time_ns[-1]), zone),
        "gap_count": report.gap_count,
        "missing_bars": report.missing_bars,
        "duplicates": report.duplicates,
        "impossible": report.impossible_count,
        "zero_volume": report.zero_volume,
        "repairs": report.repairs,
        "digest": plan.series.digest,
    }


def trade_document(trade: TradeRow, zone: ZoneInfo) -> dict[str, Any]:
    """`direction` is the trade's own: LONG for a buy, SHORT for a sell (vn.py's words)."""
    return {
        "datetime": _iso(trade.time_ns, zone),
        "symbol": trade.symbol,
        "direction": "LONG" if trade.side is Side.BUY else "SHORT",
        "offset": trade.offset,
        "price": trade.price,
        "volume": trade.volume,
        "order_id": trade.order_id,
        "trade_id": trade.trade_id,
        "commission": trade.commission,
        "realised_profit": trade.realised_profit,
    }


def order_document(row: OrderRow, zone: ZoneInfo) -> dict[str, Any]:
    fields = msgspec.structs.asdict(row)
    for name in ("created", "updated", "executed"):
        time_ns = fields.pop(f"{name}_ns")
        fields[f"{name}_time"] = None if time_ns is None else _iso(time_ns, zone)
    return fields


def _equity(run: Simulation, zone: ZoneInfo) -> list[dict[str, Any]]:
    """One sample per bar, at its close."""
    chunk = run.equity_chunk(0)
    return [
        {"datetime": _iso(time_ns, zone), "equity": equity}
        for time_ns, equity in zip(chunk.time_ns.tolist(), chunk.equity.tolist(), strict=True)
    ]


def _settlements(run: Simulation, zone: ZoneInfo) -> list[dict[str, Any]]:
    """At what price each trading day ended, with the time of the first bar after it."""
    return [{"datetime": _iso(day.time_ns, zone), "price": day.price} for day in run.settlements]


def _iso(time_ns: int, zone: ZoneInfo) -> str:
    return dt.datetime.fromtimestamp(time_ns / _NS, zone).isoformat()


def _table(figures: Statistics, run: Simulation) -> Table:
    table = Table(title=f"{run.instrument.symbol}  {next(iter(run.hosts.values())).spec.name}", box=None)
    table.add_column("statistic", style="cyan")
    table.add_column("value", justify="right")
    for name, value in figures.items():
        shown = f"{value:,.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        table.add_row(name.replace("_", " "), shown)
    bars, _ = run.ambiguous_gain
    if bars:
        table.add_row("ambiguous bars (stop before target)", str(bars))
    return table
