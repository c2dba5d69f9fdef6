"""What the web page follows: one snapshot, then patches of what changed since.

Remembers keys and one index per equity curve, so a client that reads slowly, or not at all,
costs the same as one that keeps up. Orders are not here: they have their own protocol.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from monitor.engine.changes import Changes
from monitor.engine.rows import AccountRow, PositionRow, StrategyRow, TradeRow
from monitor.net.curve import EquityCurve, thinned
from monitor.net.feeds import asleep
from monitor.net.present import LATEST_TRADES, Present
from monitor.net.wire import NS_PER_MS, Wire, encode, now_ms, to_wire

SNAPSHOT_POINTS = 2_000
PATCH_POINTS = 400


class LiveFeed:
    def __init__(self, present: Present) -> None:
        self.wake = asleep
        self._present = present
        self._seq = 0
        self._reached: dict[str, tuple[int, int]] = {}
        self._trades: deque[TradeRow] = deque(maxlen=LATEST_TRADES)
        self._forget()
        self._restart = True

    def note(self, changes: Changes) -> None:
        """These rows are new or different; the present already has them."""
        if changes.cleared:
            self._restart = self._cleared = True
        self._session |= changes.session is not None
        self._replay |= changes.replay is not None
        self._accounts.update(changes.accounts)
        self._positions.update(changes.positions)
        self._strategies.update(changes.strategies)
        self._trades.extend(changes.trades.values())
        self._equity |= bool(changes.equity)
        if self._pending:
            self.wake()

    @property
    def _pending(self) -> bool:
        return bool(
            self._restart
            or self._session
            or self._replay
            or self._accounts
            or self._positions
            or self._strategies
            or self._trades
            or self._equity
        )

    def take(self, budget: int) -> list[bytes]:
        """One frame at most: it says everything."""
        if not self._pending:
            return []
        message = self._snapshot() if self._restart else self._patch()
        self._forget()
        return [encode(message)]

    def heartbeat(self) -> bytes:
        return encode(self._message("heartbeat"))

    def _forget(self) -> None:
        self._restart = self._cleared = self._session = self._replay = self._equity = False
        self._accounts: dict[str, AccountRow] = {}
        self._positions: dict[str, PositionRow] = {}
        self._strategies: dict[int, StrategyRow] = {}
        self._trades.clear()

    def _message(self, kind: str) -> Wire:
        self._seq += 1
        return {"type": kind, "seq": self._seq, "time_ms": now_ms(), "journal_seq": self._present.seq}

    def _snapshot(self) -> Wire:
        present = self._present
        self._reached = {name: (curve.epoch, curve.end) for name, curve in present.curves.items()}
        return self._message("snapshot") | {
            "cleared": self._cleared,
            "session": present.session and to_wire(present.session),
            "replay": present.replay and to_wire(present.replay),
            "accounts": _rows(present.accounts.values()),
            "positions": _rows(present.positions.values()),
            "strategies": _rows(present.strategies.values()),
            "trades": _rows(reversed(present.trades)),
            "equity": {
                name: _samples(curve, curve.start, SNAPSHOT_POINTS) for name, curve in present.curves.items()
            },
        }

    def _patch(self) -> Wire:
        """Values as they are now, not as they were when they were noted."""
        present = self._present
        patch = self._message("patch")
        if self._session and present.session:
            patch["session"] = to_wire(present.session)
        if self._replay and present.replay:
            patch["replay"] = to_wire(present.replay)
        if self._accounts:
            patch["accounts"] = _rows(present.accounts[key] for key in self._accounts)
        if self._positions:
            gone = self._positions
            patch["positions"] = _rows(present.positions.get(key, gone[key]) for key in gone)
        if self._strategies:
            patch["strategies"] = _rows(present.strategies[key] for key in self._strategies)
        if self._trades:
            patch["trades"] = _rows(reversed(self._trades))
        if self._equity:
            patch |= self._equity_news()
        return patch

    def _equity_news(self) -> Wire:
        """Samples to append, and curves to begin again because their past changed."""
        appended, replaced = {}, {}
        for name, curve in self._present.curves.items():
            epoch, end = self._reached.get(name, (None, 0))
            self._reached[name] = (curve.epoch, curve.end)
            if epoch != curve.epoch:
                replaced[name] = _samples(curve, curve.start, SNAPSHOT_POINTS)
            elif end < curve.end:
                appended[name] = _samples(curve, end, PATCH_POINTS)
        news: Wire = {}
        if appended:
            news["equity"] = appended
        if replaced:
            news["equity_replaced"] = replaced
        return news


def _rows(rows: Iterable[AccountRow | PositionRow | StrategyRow | TradeRow]) -> list[Wire]:
    return [to_wire(row) for row in rows]


def _samples(curve: EquityCurve, first: int, points: int) -> Wire:
    """Samples from index `first` on. The index is told because times have nights in them."""
    times, values = curve.since(first)
    kept = thinned(values, points)
    return {
        "index": (kept + first).tolist(),
        "time_ms": (times[kept] // NS_PER_MS).tolist(),
        "equity": values[kept].tolist(),
    }
