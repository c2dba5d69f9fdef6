"""Which columns of a K-line file mean what: header lines of TqSdk, bitfinex, vn.py, MetaTrader
and generic CSV are mapped to one `Layout`. Sees the header and the first row, never the data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from monitor.engine.klines.report import KlineError

ALIASES: dict[str, tuple[str, ...]] = {
    "open": ("open", "open_price", "o", "开盘价", "开盘"),
    "high": ("high", "high_price", "h", "最高价", "最高"),
    "low": ("low", "low_price", "l", "最低价", "最低"),
    "close": ("close", "close_price", "c", "收盘价", "收盘"),
    "volume": ("volume", "vol", "v", "tickvol", "tick_volume", "成交量"),
    "open_interest": ("close_oi", "open_interest", "openinterest", "oi", "持仓量"),
}
TIMES = (
    "datetime_ns", "datetime_nano", "timestamp_ns", "timestamp_us", "timestamp_ms", "open_time",
    "datetime", "timestamp", "date_time", "time", "date", "ts", "t", "日期时间", "时间", "日期",
)  # fmt: skip
DATES = ("date", "日期", "trading_date")
PRICES = ("open", "high", "low", "close")


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Where the columns are. `clock` is the column of the time of day when `time` is only a date."""

    dialect: str
    delimiter: str
    names: tuple[str, ...]
    time: int
    clock: int | None
    open: int
    high: int
    low: int
    close: int
    volume: int
    open_interest: int | None
    symbol: str
    symbol_columns: tuple[int, ...]

    @property
    def numbers(self) -> tuple[int, ...]:
        """Columns that must be numbers, in the order open, high, low, close, volume, interest."""
        wanted = (self.open, self.high, self.low, self.close, self.volume)
        return wanted if self.open_interest is None else (*wanted, self.open_interest)


def read_layout(file: str, line: int, header: str, symbol: str) -> Layout:
    """The layout that a header line announces; `symbol` chooses when a file holds several.

    `KlineError` for missing, doubled or unreadable columns.
    """
    delimiter = max(",;\t", key=header.count)
    raw = [cell.strip().strip("\"'").strip("<>") for cell in header.split(delimiter)]
    if looks_like_data(raw):
        raise KlineError(f"{file}, line {line}: the first line must name the columns, but holds numbers")
    prefixes = tuple(dict.fromkeys(p for p in map(price_prefix, raw) if p))
    chosen = choose_prefix(file, prefixes, symbol)
    names = tuple(plain_name(cell, chosen) for cell in raw)
    time, clock = time_columns(file, line, names)
    found = {key: find(file, line, names, key) for key in (*PRICES, "volume")}
    interest = [i for i, name in enumerate(names) if name in ALIASES["open_interest"]]
    return Layout(
        dialect=dialect_of(names, names[time], clock),
        delimiter=delimiter,
        names=names,
        time=time,
        clock=clock,
        open_interest=interest[0] if interest else None,
        symbol=chosen,
        symbol_columns=tuple(names.index(n) for n in ("exchange", "symbol") if names.count(n) == 1),
        **found,
    )


def looks_like_data(cells: Sequence[str]) -> bool:
    return sum(bool(re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", cell, re.I)) for cell in cells) >= 4


def price_prefix(cell: str) -> str:
    """`SHFE.au2512` of `SHFE.au2512.open`, "" of a plain name."""
    head, dot, tail = cell.rpartition(".")
    return head if dot and tail.lower() == "open" else ""


def choose_prefix(file: str, prefixes: Sequence[str], symbol: str) -> str:
    if not prefixes:
        return ""
    if symbol in prefixes:
        return symbol
    if len(prefixes) > 1:
        raise KlineError(f"{file} holds several symbols, name one of them: {', '.join(prefixes)}")
    return prefixes[0]


def plain_name(cell: str, prefix: str) -> str:
    name = cell.removeprefix(f"{prefix}.") if prefix else cell
    return name.lower().replace(" ", "_")


def time_columns(file: str, line: int, names: Sequence[str]) -> tuple[int, int | None]:
    """The column of the time, and that of the time of day if date and time are apart."""
    name = next((name for name in TIMES if name in names), None)
    if name is None:
        raise KlineError(
            f"{file}, line {line}: no column holds the time (datetime, timestamp_ms, date, time, …)"
        )
    date = next((d for d in DATES if d in names), None)
    clock = next((c for c in ("time", "时间") if c in names), None)
    if name in ("time", "时间", *DATES) and date is not None and clock is not None:
        return single(file, line, names, date), single(file, line, names, clock)
    return single(file, line, names, name), None


def find(file: str, line: int, names: Sequence[str], key: str) -> int:
    for alias in ALIASES[key]:
        if alias in names:
            return single(file, line, names, alias)
    raise KlineError(f"{file}, line {line}: the column '{key}' is missing")


def single(file: str, line: int, names: Sequence[str], name: str) -> int:
    if names.count(name) > 1:
        raise KlineError(f"{file}, line {line}: the column '{name}' appears {names.count(name)} times")
    return names.index(name)


def dialect_of(names: Sequence[str], time: str, clock: int | None) -> str:
    """A name for the report; it decides nothing."""
    if time in ("datetime_ns", "datetime_nano") or {"open_oi", "close_oi"} <= set(names):
        return "TqSdk"
    if {"symbol", "exchange", "datetime"} <= set(names):
        return "vn.py"
    if "tickvol" in names:
        return "MetaTrader"
    if time == "timestamp_ms":
        return "bitfinex"
    return "date and time" if clock is not None else "generic"
