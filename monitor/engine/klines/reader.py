"""`read_klines`: a K-line file becomes a checked `BarSeries`, or one clear sentence of refusal.

Ties the parts together and decides what the file itself leaves open: symbol and zone.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from os import PathLike
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.engine.klines import checks
from monitor.engine.klines.dialects import Layout, read_layout
from monitor.engine.klines.report import DataReport, KlineError, counted
from monitor.engine.klines.series import BarSeries, infer_interval
from monitor.engine.klines.table import Columns, Lines, load_lines, parse

SHANGHAI = "Asia/Shanghai"
CHINESE = frozenset({"SHFE", "DCE", "CZCE", "CFFEX", "INE", "GFEX", "SSE", "SZSE", "KQ"})


def read_klines(
    path: str | PathLike[str],
    *,
    symbol: str = "",
    tick: Decimal | None = None,
    zone: str = "",
    strict: bool = False,
) -> BarSeries:
    """The bars of a CSV file, plain or gz, checked; `series.report` tells what was found.

    `zone` (IANA) is that of times written without one and the zone to count days in; when "",
    it is what the file's comments say, else Shanghai for Chinese exchanges, else UTC. `symbol`
    is taken from the file when "", `tick` from its comments when None. Repairs are made unless
    `strict`, which refuses disorder, conflicting duplicates, impossible and unreadable rows.
    `KlineError` in one sentence.
    """
    where = Path(path)
    lines = load_lines(where)
    layout = read_layout(lines.file, lines.header_line, lines.header, symbol)
    if not lines.rows:
        raise KlineError(f"{lines.file} has a header but no bars")
    labels = read_labels(lines.comments)
    name = symbol or labels.get("symbol", "") or layout.symbol or named_in(lines, layout)
    place = check_zone(zone or labels.get("zone", "") or default_zone(name))
    step = tick if tick is not None else labelled_tick(labels)
    report = DataReport(file=lines.file, dialect=layout.dialect)
    columns = parse(lines, layout, place)
    if columns.zone_assumed and not zone:
        report.notes.append(f"times without a zone were read as {place}")
    columns = mend(columns, report, strict)
    return assemble(columns, lines, layout, report, name, place, step)


def mend(columns: Columns, report: DataReport, strict: bool) -> Columns:
    checks.check_unreadable(columns, report, strict)
    columns = checks.drop_impossible(columns, report, strict)
    columns = checks.sort_rows(columns, report, strict)
    return checks.drop_duplicates(columns, report, strict)


def assemble(
    columns: Columns,
    lines: Lines,
    layout: Layout,
    report: DataReport,
    symbol: str,
    zone: str,
    tick: Decimal | None,
) -> BarSeries:
    interval = infer_interval(columns.time_ns)
    checks.find_gaps(columns.time_ns, interval, report)
    open_, high, low, close, volume = columns.numbers[:5]
    report.bars, report.interval_ns = len(columns.time_ns), interval
    report.zero_volume = int((volume == 0).sum())
    series = BarSeries.from_arrays(
        symbol=symbol,
        time_ns=columns.time_ns,
        open=open_,
        high=high,
        low=low,
        close=close,
        volume=volume,
        open_interest=columns.numbers[5] if layout.open_interest is not None else None,
        tick=tick,
        interval_ns=interval,
        zone=zone,
        source=lines.file,
        digest=lines.digest,
        synthetic=any("synthetic" in comment.lower() for comment in lines.comments),
        report=report,
    )
    given = ((series.open, open_), (series.high, high), (series.low, low), (series.close, close))
    if rounded := sum(int((exact != read).sum()) for exact, read in given):
        report.repairs.append(f"{counted(rounded, 'price')} rounded to {series.digits} decimals")
    return series


def read_labels(comments: list[str]) -> dict[str, str]:
    """`key: value` comments of our own files."""
    pairs = (comment.partition(":") for comment in comments)
    return {key.strip().lower(): value.strip() for key, colon, value in pairs if colon}


def labelled_tick(labels: dict[str, str]) -> Decimal | None:
    """The tick that a comment names; a comment that names none is just a comment."""
    try:
        tick = Decimal(labels.get("tick", ""))
    except InvalidOperation:
        return None
    return tick if tick.is_finite() and tick > 0 else None


def named_in(lines: Lines, layout: Layout) -> str:
    """The symbol that the first row names, else the one that the file's name starts with."""
    cells = [cell.strip() for cell in lines.rows[0].split(layout.delimiter)]
    parts = [cells[column] for column in layout.symbol_columns if column < len(cells)]
    if parts and all(parts):
        return ".".join(parts)
    words = lines.file.split(".")
    coded = len(words) > 2 and words[0].isupper() and re.fullmatch(r"[A-Za-z]+\d{3,4}", words[1])
    return f"{words[0]}.{words[1]}" if coded else words[0]


def default_zone(symbol: str) -> str:
    return SHANGHAI if symbol.partition(".")[0] in CHINESE else "UTC"


def check_zone(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise KlineError(f"there is no time zone named '{zone}'") from error
    return zone
