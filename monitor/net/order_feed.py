"""The order-table protocol of one client: add, update, remove, clear (mirror.md, seed 0).

Knows which orders its client has been shown and which of them changed since. The rule it
keeps: never add what is shown, never update or remove what is not.
"""

from __future__ import annotations

from collections.abc import Iterable

from monitor.engine.rows import OrderRow
from monitor.net.feeds import asleep
from monitor.net.present import Present
from monitor.net.wire import Wire, changed_fields, encode, now_ms, to_wire

# Orders that lived and died while the client did not read. Above this the whole list is
# shorter to send than their story, and memory stays bounded.
MAX_UNSEEN = 1_000


class OrderFeed:
    def __init__(
        self, present: Present, strategy_id: int, *, delta: bool = False, batch: bool = False
    ) -> None:
        self.strategy_id = strategy_id
        self.wake = asleep
        self._present = present
        self._delta = delta
        self._batch = batch
        self._seq = 0
        self._shown: dict[int, OrderRow] = {}
        self._changed: dict[int, None] = {}
        self._unseen: dict[int, OrderRow] = {}
        self._clear = False
        self.restart()

    def restart(self) -> None:
        """Begin again: clear, then every active order, oldest first."""
        self._shown.clear()
        self._unseen.clear()
        self._changed = dict.fromkeys(row.order_id for row in self._present.oldest_first(self.strategy_id))
        self._clear = True
        self.wake()

    def note(self, rows: Iterable[OrderRow]) -> None:
        """These orders are new or different; the present already has them."""
        for row in rows:
            self._changed[row.order_id] = None
            if not row.status.active and row.order_id not in self._shown:
                self._unseen[row.order_id] = row
        if len(self._unseen) > MAX_UNSEEN:
            self.restart()
        elif self._changed:
            self.wake()

    def take(self, budget: int) -> list[bytes]:
        frames: list[bytes] = []
        size = 0
        while size < budget and (messages := self._next()):
            for message in messages:
                frames.append(encode(message))
                size += len(frames[-1])
        if self._batch and frames:
            return [b"[" + b",".join(frames) + b"]"]
        return frames

    def heartbeat(self) -> None:
        """The protocol has no word for it: WebSocket pings say it."""

    def _next(self) -> list[Wire]:
        """The messages of the next change that still means something to the client."""
        if self._clear:
            self._clear = False
            return [self._message("clear")]
        active = self._present.active_orders(self.strategy_id)
        while self._changed:
            order_id = next(iter(self._changed))
            del self._changed[order_id]
            if messages := self._tell(order_id, active.get(order_id)):
                return messages
        return []

    def _tell(self, order_id: int, row: OrderRow | None) -> list[Wire]:
        shown = self._shown.pop(order_id, None)
        unseen = self._unseen.pop(order_id, None)
        if row is None:
            if shown is not None:
                return [self._message("remove", order_id=order_id)]
            if unseen is not None:
                added = self._message("add", order=to_wire(unseen))
                return [added, self._message("remove", order_id=order_id)]
            return []
        self._shown[order_id] = row
        if shown is None:
            return [self._message("add", order=to_wire(row))]
        if shown == row:
            return []
        order = changed_fields(shown, row, "order_id") if self._delta else to_wire(row)
        return [self._message("update", order=order)]

    def _message(self, action: str, **content: object) -> Wire:
        self._seq += 1
        return {
            "action": action,
            **content,
            "strategy_id": self.strategy_id,
            "timestamp": now_ms(),
            "seq": self._seq,
        }
