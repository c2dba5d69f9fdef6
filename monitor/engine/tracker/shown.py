"""What the tracker waits for, as rows: flags and waiting things are shown, not only kept."""

from __future__ import annotations

import msgspec

from monitor.engine.orders import Order
from monitor.engine.rows import EvidenceRow
from monitor.engine.tracker.waiting import Wait
from monitor.engine.tracker.watch import Held


class Shown:
    def __init__(self) -> None:
        self._rows: dict[str, EvidenceRow] = {}
        self._changed: dict[str, EvidenceRow] = {}

    def take(self) -> dict[str, EvidenceRow]:
        changed, self._changed = self._changed, {}
        return changed

    def all(self) -> dict[str, EvidenceRow]:
        return dict(self._rows)

    def order(self, order: Order, wait: Wait | None) -> None:
        if wait is None:
            self.drop_order(order.order_id)
            return
        told = "" if order.venue_total is None else f" of {order.venue_total}"
        self._put(
            EvidenceRow(
                evidence_id=f"order-{order.order_id}",
                kind=wait.kind,
                account_id=order.intent.account_id,
                symbol=order.intent.symbol,
                venue_order_id=order.venue_order_id,
                order_id=order.order_id,
                since_ns=wait.since_ns,
                until_ns=wait.until_ns,
                detail=f"fills of {order.filled}{told} are known",
            )
        )

    def drop_order(self, order_id: int) -> None:
        if self._rows:
            self._drop(f"order-{order_id}")

    def held(self, held: Held, may_be_ours: bool) -> None:
        self._put(
            EvidenceRow(
                evidence_id=_held_id(held),
                kind="unclaimed" if may_be_ours else "unknown order",
                account_id=held.account_id,
                symbol=held.symbol,
                venue_order_id=held.venue_order_id,
                order_id=None,
                since_ns=held.since_ns,
                until_ns=held.until_ns,
                detail=f"{len(held.messages)} message{'s' if len(held.messages) > 1 else ''}",
            )
        )

    def released(self, held: Held) -> None:
        self._drop(_held_id(held))

    def _put(self, row: EvidenceRow) -> None:
        if self._rows.get(row.evidence_id) != row:
            self._rows[row.evidence_id] = self._changed[row.evidence_id] = row

    def _drop(self, evidence_id: str) -> None:
        row = self._rows.pop(evidence_id, None)
        if row is not None:
            self._changed[evidence_id] = _over(row)


def _held_id(held: Held) -> str:
    return f"{held.account_id}:{held.venue_order_id or f':{held.client_order_id}'}"


def _over(row: EvidenceRow) -> EvidenceRow:
    return msgspec.structs.replace(row, over=True)
