"""The journal in memory: one fact, numbered without gaps, as bytes; and which facts still hold.

Where the bytes go is the store's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest

import msgspec

from monitor.engine import events as ev


class JournalRecord(msgspec.Struct, frozen=True, gc=False):
    """`seq` grows by one from 1 within a session; `bar` is the number of bars replayed when the
    fact arose; `time_ns` the engine's clock; `kind` the fact's name; `payload` its JSON."""

    seq: int
    time_ns: int
    bar: int
    kind: str
    payload: bytes


class Journal:
    """Facts that were not yet taken away to be kept."""

    def __init__(self, seq: int = 0) -> None:
        self.seq = seq
        self._waiting: list[JournalRecord] = []

    def append(self, event: ev.AnyEvent, time_ns: int, bar: int) -> None:
        self.seq += 1
        payload = ev.ENCODER.encode(event)
        self._waiting.append(JournalRecord(self.seq, time_ns, bar, type(event).__name__, payload))

    def take(self) -> list[JournalRecord]:
        records, self._waiting = self._waiting, []
        return records


def holding(records: Iterable[JournalRecord]) -> list[JournalRecord]:
    """The facts that still hold after every rewind, without the rewinds themselves."""
    result: list[JournalRecord] = []
    for record in records:
        if record.kind != ev.Rewound.__name__:
            result.append(record)
            continue
        rewound = ev.DECODER.decode(record.payload)
        if isinstance(rewound, ev.Rewound):
            result = [] if rewound.reset else [r for r in result if r.bar <= rewound.bar]
    return result


def reached_bar(records: Iterable[JournalRecord]) -> int:
    """How far the replay had come, by its facts."""
    bar = 0
    for record in records:
        if record.kind == ev.Rewound.__name__:
            bar = record.bar
        elif record.kind == ev.BarsReplayed.__name__:
            bar = max(bar, record.bar)
    return bar


def commands_in(records: Iterable[JournalRecord]) -> list[tuple[int, ev.CommandTaken]]:
    """(bar, command) of every command among these facts."""
    taken = []
    for record in records:
        if record.kind == ev.CommandTaken.__name__:
            event = ev.DECODER.decode(record.payload)
            if isinstance(event, ev.CommandTaken):
                taken.append((record.bar, event))
    return taken


def first_difference(one: Iterable[JournalRecord], other: Iterable[JournalRecord]) -> JournalRecord | None:
    """The first fact of either that the other does not tell the same, byte for byte, apart from
    how bars were grouped. None when they tell the same."""
    for mine, theirs in zip_longest(_compared(one), _compared(other)):
        if mine is None or theirs is None or _told(mine) != _told(theirs):
            return theirs or mine
    return None


def _compared(records: Iterable[JournalRecord]) -> Iterator[JournalRecord]:
    return (record for record in records if record.kind != ev.BarsReplayed.__name__)


def _told(record: JournalRecord) -> tuple[int, int, bytes]:
    return record.time_ns, record.bar, record.payload
