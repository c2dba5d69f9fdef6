"""The checks of a K-line file: order, duplicates, impossible bars, gaps. Pure functions over
arrays; each writes what it found into the `DataReport` and returns which rows stay.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from monitor.engine.klines.report import LISTED, BadRow, DataReport, Gap, KlineError, counted
from monitor.engine.klines.series import FloatArray, IntArray
from monitor.engine.klines.table import Columns

DAY_NS = 86_400_000_000_000
RECURRING = 0.1
SHORTEST_BREAK_NS = 600_000_000_000
"""A pause is a session break when it lasts ten minutes at least, and begins and ends at times of
day at which pauses begin and end on at least `RECURRING` of the days."""


def check_unreadable(columns: Columns, report: DataReport, strict: bool) -> None:
    """Report the rows that could not be read; too many of them mean that the file is none of ours."""
    bad, good = columns.bad, len(columns.time_ns)
    if not bad:
        return
    if strict or len(bad) > max(good, 3) or not good:
        raise KlineError(f"{report.file}, line {bad[0].line}: {bad[0].reason}")
    report.unreadable, report.unreadable_count = bad[:LISTED], len(bad)
    report.repairs.append(f"{counted(len(bad), 'unreadable row')} left out, first in line {bad[0].line}")


def drop_impossible(columns: Columns, report: DataReport, strict: bool) -> Columns:
    """Without the bars that cannot have happened. Negative and zero prices count as such."""
    open_, high, low, close, volume = columns.numbers[:5]
    with np.errstate(invalid="ignore"):
        faults: list[tuple[str, npt.NDArray[np.bool_]]] = [
            ("a price or volume is not a finite number", ~np.isfinite(open_ + high + low + close + volume)),
            ("a price is zero or negative", np.minimum.reduce([open_, high, low, close]) <= 0),
            ("the volume is negative", volume < 0),
            ("the high is below the low", high < low),
            ("the open is outside high and low", (open_ > high) | (open_ < low)),
            ("the close is outside high and low", (close > high) | (close < low)),
            ("the time is not after 1970", columns.time_ns <= 0),
        ]
    bad = np.logical_or.reduce([mask for _, mask in faults])
    rows = np.flatnonzero(bad)
    if not len(rows):
        return columns
    listed = [BadRow(int(columns.lines[row]), reason_of(faults, int(row))) for row in rows[:LISTED]]
    if strict or len(rows) == len(bad):
        raise KlineError(f"{report.file}, line {listed[0].line}: impossible bar, {listed[0].reason}")
    report.impossible, report.impossible_count = listed, len(rows)
    report.repairs.append(
        f"{counted(len(rows), 'impossible bar')} left out, first in line {listed[0].line}: {listed[0].reason}"
    )
    return choose(columns, np.flatnonzero(~bad))


def reason_of(faults: list[tuple[str, npt.NDArray[np.bool_]]], row: int) -> str:
    return next(reason for reason, mask in faults if mask[row])


def sort_rows(columns: Columns, report: DataReport, strict: bool) -> Columns:
    """In rising time; rows of equal time keep the file's order."""
    back = np.flatnonzero(columns.time_ns[1:] < np.maximum.accumulate(columns.time_ns)[:-1])
    if not len(back):
        return columns
    line = int(columns.lines[back[0] + 1])
    if strict:
        raise KlineError(f"{report.file}, line {line}: the bar is older than one before it")
    report.disorder = len(back)
    report.repairs.append(f"{counted(len(back), 'row')} out of order sorted, first in line {line}")
    return choose(columns, np.argsort(columns.time_ns, kind="stable"))


def drop_duplicates(columns: Columns, report: DataReport, strict: bool) -> Columns:
    """One bar for each time: the last of those that the file gives. Rows must be in order."""
    same = columns.time_ns[1:] == columns.time_ns[:-1]
    if not same.any():
        return columns
    differs = np.logical_or.reduce([unlike(column[1:], column[:-1]) for column in columns.numbers])
    conflict = np.flatnonzero(same & differs)
    if strict and len(conflict):
        first, second = columns.lines[conflict[0]], columns.lines[conflict[0] + 1]
        raise KlineError(f"{report.file}, lines {first} and {second}: two different bars of one time")
    report.conflicts = len(conflict)
    report.duplicates = int(same.sum())
    if identical := report.duplicates - report.conflicts:
        report.repairs.append(f"{counted(identical, 'repeated bar')} dropped")
    if len(conflict):
        line = int(columns.lines[conflict[0] + 1])
        report.repairs.append(
            f"{counted(len(conflict), 'bar')} given twice with different numbers, the last one kept, "
            f"first in line {line}"
        )
    return choose(columns, np.flatnonzero(np.append(~same, True)))


def unlike(left: FloatArray, right: FloatArray) -> npt.NDArray[np.bool_]:
    differs: npt.NDArray[np.bool_] = (left != right) & ~(np.isnan(left) & np.isnan(right))
    return differs


def choose(columns: Columns, rows: npt.NDArray[np.intp]) -> Columns:
    return msgspec.structs.replace(
        columns,
        time_ns=columns.time_ns[rows],
        numbers=[column[rows] for column in columns.numbers],
        lines=columns.lines[rows],
    )


def find_gaps(times: IntArray, interval_ns: int, report: DataReport) -> None:
    """Count the bars missing inside sessions, and apart from them the breaks between sessions."""
    before = np.flatnonzero(np.diff(times) > interval_ns)
    if not len(before):
        return
    ends, starts = times[before], times[before + 1]
    long = starts - ends - interval_ns >= SHORTEST_BREAK_NS
    pause = long & recurs(ends, times, interval_ns) & recurs(starts, times, interval_ns)
    report.session_breaks = int(pause.sum())
    ends, starts = ends[~pause], starts[~pause]
    missing = np.maximum((starts - ends) // interval_ns - 1, 1)
    report.gap_count, report.missing_bars = len(ends), int(missing.sum())
    triples = zip(ends[:LISTED].tolist(), starts[:LISTED].tolist(), missing[:LISTED].tolist(), strict=True)
    report.gaps = [Gap(*triple) for triple in triples]


def recurs(moments: IntArray, times: IntArray, interval_ns: int) -> npt.NDArray[np.bool_]:
    """Which moments stand at a time of day (of the week, for daily bars) that comes up again and again."""
    period = DAY_NS if interval_ns < DAY_NS else 7 * DAY_NS
    _, index, counts = np.unique(moments % period, return_inverse=True, return_counts=True)
    periods = len(np.unique(times // period))
    frequent: npt.NDArray[np.bool_] = counts[index] >= max(2, RECURRING * periods)
    return frequent
