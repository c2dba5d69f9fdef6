"""What changed, as one value: the only thing that travels from the engine to a front end.

All effects of one event are in one `Changes`, so nobody ever sees a fill without its
position. Front ends merge as many as they like; the result is the same as applying each.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from monitor.engine.rows import (
    AccountRow,
    AlertRow,
    EvidenceRow,
    ExecutionRow,
    LinkRow,
    LogRow,
    OperationRow,
    OrderRow,
    PositionRecordRow,
    PositionRow,
    QueueRow,
    ReplayRow,
    SessionRow,
    SignalRow,
    StrategyRow,
    TradeRow,
    TriggerRow,
    WaitingRow,
)

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


class EquityChunk(msgspec.Struct, frozen=True):
    """Consecutive equity samples of one account, one per bar.

    `start` is the index of the first sample in the account's curve; `time_ns` and `equity`
    have equal length. A chunk that starts at the end of what one has is appended.
    """

    account_id: str
    start: int
    time_ns: IntArray
    equity: FloatArray

    def __len__(self) -> int:
        return len(self.time_ns)


class Changes(msgspec.Struct, kw_only=True):
    """Rows that are new or different, keyed by their id, in order of first change.

    `cleared` says that everything known before is void (reset, seek back, another session):
    drop all rows and curves first, then take these. `seq` is the journal sequence reached.
    Triggers, signals, records, log and operations only ever grow. A waiting or evidence row with
    `over` is gone.
    """

    seq: int = 0
    cleared: bool = False
    orders: dict[int, OrderRow] = msgspec.field(default_factory=dict)
    trades: dict[int, TradeRow] = msgspec.field(default_factory=dict)
    positions: dict[str, PositionRow] = msgspec.field(default_factory=dict)
    accounts: dict[str, AccountRow] = msgspec.field(default_factory=dict)
    strategies: dict[int, StrategyRow] = msgspec.field(default_factory=dict)
    triggers: dict[int, TriggerRow] = msgspec.field(default_factory=dict)
    signals: dict[int, SignalRow] = msgspec.field(default_factory=dict)
    waiting: dict[int, WaitingRow] = msgspec.field(default_factory=dict)
    executions: dict[int, ExecutionRow] = msgspec.field(default_factory=dict)
    records: dict[int, PositionRecordRow] = msgspec.field(default_factory=dict)
    alerts: dict[int, AlertRow] = msgspec.field(default_factory=dict)
    evidence: dict[str, EvidenceRow] = msgspec.field(default_factory=dict)
    links: dict[str, LinkRow] = msgspec.field(default_factory=dict)
    queue: QueueRow | None = None
    equity: list[EquityChunk] = msgspec.field(default_factory=list)
    log: list[LogRow] = msgspec.field(default_factory=list)
    operations: list[OperationRow] = msgspec.field(default_factory=list)
    replay: ReplayRow | None = None
    session: SessionRow | None = None

    def absorb(self, later: Changes) -> None:
        """Merge what came after into this one; `later` wins row by row."""
        if later.cleared:
            self._drop_rows()
            self.cleared = True
        self.seq = later.seq
        self.orders.update(later.orders)
        self.trades.update(later.trades)
        self.positions.update(later.positions)
        self.accounts.update(later.accounts)
        self.strategies.update(later.strategies)
        self.triggers.update(later.triggers)
        for mine, theirs in zip(self._further(), later._further(), strict=True):
            mine.update(theirs)
        self.queue = later.queue or self.queue
        self.equity.extend(later.equity)
        self.log.extend(later.log)
        self.operations.extend(later.operations)
        self.replay = later.replay or self.replay
        self.session = later.session or self.session

    def _further(self) -> tuple[dict[Any, Any], ...]:
        """Rows that only trading has."""
        return (
            self.signals,
            self.waiting,
            self.executions,
            self.records,
            self.alerts,
            self.evidence,
            self.links,
        )

    def _drop_rows(self) -> None:
        """Void what a clear makes void. The log and the operations outlive it."""
        for rows in (self.orders, self.trades, self.positions, self.accounts):
            rows.clear()
        self.strategies.clear()
        self.triggers.clear()
        for rows in self._further():
            rows.clear()
        self.queue = None
        self.equity.clear()


def merged(changes: Iterable[Changes]) -> Changes | None:
    """All of them as one, or None when there are none."""
    result: Changes | None = None
    for change in changes:
        if result is None:
            result = Changes()
        result.absorb(change)
    return result
