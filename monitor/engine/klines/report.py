"""What the checks of a K-line file found: gaps, duplicates, disorder, impossible bars, repairs.

Values and words only; finding them is `checks`' business. Knows nothing of files or numpy.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

NS_PER_SECOND = 1_000_000_000


class KlineError(ValueError):
    """A K-line file cannot be used: one sentence naming the file and, if known, line and column."""


class Gap(msgspec.Struct, frozen=True):
    """Bars missing inside a session: after the bar at `after_ns`, before the one at `before_ns`."""

    after_ns: int
    before_ns: int
    missing: int


class BadRow(msgspec.Struct, frozen=True):
    """A row that was left out. `line` counts from 1, comments and header included."""

    line: int
    reason: str


class DataReport(msgspec.Struct, kw_only=True):
    """What a file holds and what had to be mended before it could be replayed.

    `gaps` and the two row lists keep the first `LISTED` entries; the counts beside them are
    complete. `session_breaks` are pauses that recur at the same time of day (nights, noon,
    weekends, holidays): nothing is missing there.
    """

    file: str = ""
    dialect: str = ""
    bars: int = 0
    interval_ns: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    gaps: list[Gap] = msgspec.field(default_factory=list)
    gap_count: int = 0
    missing_bars: int = 0
    session_breaks: int = 0
    duplicates: int = 0
    conflicts: int = 0
    disorder: int = 0
    impossible: list[BadRow] = msgspec.field(default_factory=list)
    impossible_count: int = 0
    unreadable: list[BadRow] = msgspec.field(default_factory=list)
    unreadable_count: int = 0
    zero_volume: int = 0
    repairs: list[str] = msgspec.field(default_factory=list)
    notes: list[str] = msgspec.field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing had to be repaired. Gaps and zero-volume bars are facts, not repairs."""
        return not self.repairs

    def summary(self, zone: str = "UTC") -> str:
        """A few short lines for a terminal or a log, times in `zone`."""
        if self.first_ns is None or self.last_ns is None:
            return f"{self.file}: no bars"
        lines = [
            f"{self.file}: {counted(self.bars, 'bar')} of {interval_text(self.interval_ns)}, "
            f"{minute_text(self.first_ns, zone)} to {minute_text(self.last_ns, zone)} {zone} ({self.dialect})"
        ]
        if self.gap_count:
            gaps = counted(self.gap_count, "gap")
            lines.append(f"{gaps} inside sessions, {counted(self.missing_bars, 'bar')} missing")
        if self.zero_volume:
            lines.append(f"{counted(self.zero_volume, 'bar')} without volume")
        return "\n".join([*lines, *self.repairs, *self.notes])


LISTED = 1000
"""How many gaps or bad rows a report spells out."""


def counted(count: int, noun: str) -> str:
    """`1 bar`, `33,969 bars`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def minute_text(time_ns: int, zone: str) -> str:
    """A time in a zone to the minute."""
    return f"{datetime.fromtimestamp(time_ns // NS_PER_SECOND, ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def interval_text(interval_ns: int) -> str:
    """`1 min`, `5 s`, `1 h`, `1 d`: the largest unit that divides the interval."""
    for seconds, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, rest = divmod(interval_ns, seconds * NS_PER_SECOND)
        if count and not rest:
            return f"{count} {unit}"
    return f"{interval_ns} ns"
