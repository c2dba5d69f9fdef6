"""The audit trail of positions: one row per change, numbered, each with its cause.

A fold: noting the same changes gives the same rows with the same ids, so a restart rebuilds
them from the journal's facts. Keeps the newest rows only; all of them are the store's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import TypeAlias

import msgspec

from monitor.engine.rows import PositionRecordRow
from monitor.engine.trading.parts import PositionChange
from monitor.engine.values import Direction, RecordType

PositionKey: TypeAlias = tuple[str, str, Direction]
"""(account_id, symbol, direction): what a trail is of."""

KEPT = 10_000
FOR_REVIEW = "for review: "
"""How the note of a record begins that does not add up with the one before it."""


class PositionRecords:
    """`next_id` when the fold starts after a snapshot instead of at the beginning."""

    def __init__(self, *, next_id: int = 1, keep: int = KEPT) -> None:
        self.next_id = next_id
        self._from_start = next_id == 1
        self._newest: deque[PositionRecordRow] = deque(maxlen=keep)
        self._last: dict[PositionKey, PositionRecordRow] = {}
        self._changed: dict[int, PositionRecordRow] = {}
        self._for_review: list[PositionRecordRow] = []

    def note(
        self,
        change: PositionChange,
        *,
        time_ns: int,
        account_id: str,
        strategy_id: int,
        type: RecordType,
        order_id: int | None = None,
        trade_id: int | None = None,
        by: str,
        note: str = "",
    ) -> PositionRecordRow:
        """Record one change. The trail may miss nothing and a fold may not fail, so what lacks a
        cause (an execution its order and trade, anything else who did it), cannot be, or does
        not follow from the position's last record is recorded all the same, and marked for a
        person to review.
        """
        row = PositionRecordRow(
            record_id=self.next_id,
            time_ns=time_ns,
            account_id=account_id,
            strategy_id=strategy_id,
            symbol=change.symbol,
            direction=change.direction,
            type=type,
            change=change.change,
            price=change.price,
            volume=change.volume,
            average_price=change.average_price,
            realised_profit=change.realised_profit,
            commission=change.commission,
            order_id=order_id,
            trade_id=trade_id,
            by=by,
            note=note,
        )
        return self._take(row)

    def take_up(self, last: Iterable[PositionRecordRow], next_id: int) -> None:
        """Go on after a checkpoint: the last record of each position that was open then."""
        self.next_id = next_id
        self._from_start = False
        self._last = {position_of(row): row for row in last}

    def rows_changed(self) -> dict[int, PositionRecordRow]:
        """Those noted since this was last asked, by id."""
        changed, self._changed = self._changed, {}
        return changed

    @property
    def for_review(self) -> bool:
        """Whether any are waiting to be told."""
        return bool(self._for_review)

    def rows_for_review(self) -> list[PositionRecordRow]:
        """Those marked for review since this was last asked: each is worth an alert."""
        doubtful, self._for_review = self._for_review, []
        return doubtful

    def newest(self, count: int = KEPT) -> dict[int, PositionRecordRow]:
        """The newest that are kept in memory, by id, oldest first."""
        first = max(0, len(self._newest) - count)
        return {row.record_id: row for row in islice(self._newest, first, None)}

    def current(self, account_id: str = "") -> list[PositionRecordRow]:
        """The last record of each position that is open, of one account or ("") all."""
        return [
            row
            for row in self._last.values()
            if row.volume and (not account_id or row.account_id == account_id)
        ]

    def _take(self, row: PositionRecordRow) -> PositionRecordRow:
        before = self._last.get(position_of(row))
        doubt = impossible(row) or does_not_follow(before, row)
        if not doubt and before is None and self._from_start and row.volume != row.change:
            doubt = f"{row.volume - row.change} were held before the first record"
        if doubt:
            row = _marked(row, doubt)
            self._for_review.append(row)
        self.next_id += 1
        self._last[position_of(row)] = row
        self._newest.append(row)
        self._changed[row.record_id] = row
        return row


def verify(rows: Iterable[PositionRecordRow], *, whole: bool = True) -> list[str]:
    """What is wrong with a trail, one sentence each; empty when it is sound. One pass.

    `rows` by id. The records of one position add up: volume = volume before + change. The first
    of each is believed, because older ones may be in the archive. `whole`: no id is missing;
    say False for the records of one account, symbol or time.
    """
    wrong: list[str] = []
    last: dict[PositionKey, PositionRecordRow] = {}
    previous: int | None = None
    for row in rows:
        if previous is not None and (row.record_id <= previous or (whole and row.record_id != previous + 1)):
            wrong.append(f"record {row.record_id} follows record {previous}")
        previous = row.record_id
        reason = impossible(row) or does_not_follow(last.get(position_of(row)), row)
        if reason:
            wrong.append(f"record {row.record_id}, {_named(row)}: {reason}")
        last[position_of(row)] = row
    return wrong


def position_of(row: PositionRecordRow) -> PositionKey:
    return row.account_id, row.symbol, row.direction


def impossible(row: PositionRecordRow) -> str:
    """Why this cannot be a record, or ""."""
    if row.type is RecordType.EXECUTION and (row.order_id is None or row.trade_id is None):
        return "an execution has an order and a trade"
    if not row.by:
        return "nobody is named who changed it"
    if row.volume < 0:
        return f"the volume is {row.volume}"
    if row.volume - row.change < 0:
        return f"a change of {row.change} cannot lead to {row.volume}"
    return ""


def does_not_follow(before: PositionRecordRow | None, row: PositionRecordRow) -> str:
    """Why a record cannot come after this one of the same position, or ""."""
    if before is None or before.volume + row.change == row.volume:
        return ""
    return f"{before.volume} and a change of {row.change} are not {row.volume}"


def _marked(row: PositionRecordRow, doubt: str) -> PositionRecordRow:
    note = f"{FOR_REVIEW}{doubt}" + (f"; {row.note}" if row.note else "")
    return msgspec.structs.replace(row, note=note)


def _named(row: PositionRecordRow) -> str:
    return f"{row.account_id} {row.symbol} {row.direction.lower()}"
