"""Which orders belong together, and how much of a child its parent's fills allow.

A fold over creations and fills; what is to be done about it is decided in `linkage.py`.
"""

from __future__ import annotations

from decimal import Decimal

from monitor.engine import events as ev
from monitor.engine.values import ZERO


class Links:
    """`winner` of a group is the member that was filled first; `dirty` are parents and groups of
    which something was heard since they were looked at."""

    def __init__(self) -> None:
        self.children: dict[int, list[int]] = {}
        self.parent: dict[int, int] = {}
        self.members: dict[int, list[int]] = {}
        self.group: dict[int, int] = {}
        self.winner: dict[int, int] = {}
        self.dirty_parents: dict[int, None] = {}
        self.dirty_groups: dict[int, None] = {}
        self._meant: dict[int, Decimal] = {}

    def __bool__(self) -> bool:
        """Whether any orders were ever linked."""
        return bool(self._meant)

    def __contains__(self, order_id: int) -> bool:
        return order_id in self.children or order_id in self.parent or order_id in self.group

    def add(self, intent: ev.OrderCreated) -> None:
        plan, order_id = intent.plan, intent.order_id
        self._meant[order_id] = intent.quantity
        if plan.parent_id is not None:
            self.parent[order_id] = plan.parent_id
            self.children.setdefault(plan.parent_id, []).append(order_id)
            self.dirty_parents[plan.parent_id] = None
        if plan.group_id is not None:
            self.group[order_id] = plan.group_id
            self.members.setdefault(plan.group_id, []).append(order_id)

    def heard(self, order_id: int) -> None:
        """Something happened to an order."""
        if order_id in self.children:
            self.dirty_parents[order_id] = None
        if order_id in self.parent:
            self.dirty_parents[self.parent[order_id]] = None
        if order_id in self.group:
            self.dirty_groups[self.group[order_id]] = None

    def relatives(self, order_id: int) -> set[int]:
        """Parent, children and group of an order, as far as they matter to it."""
        found = set(self.children.get(order_id, ()))
        if order_id in self.parent:
            found |= {self.parent[order_id], *self.children[self.parent[order_id]]}
        if order_id in self.group:
            found |= set(self.members[self.group[order_id]])
        return found

    def filled(self, order_id: int) -> None:
        group = self.group.get(order_id)
        if group is not None:
            self.winner.setdefault(group, order_id)
        self.heard(order_id)

    def allotment(self, child_id: int, filled: Decimal) -> Decimal:
        """How much of a child may work when its parent is filled so far.

        Children are served in the order they were given, so their sum never exceeds `filled`; those
        of one group count once, because only one of them will trade.
        """
        return min(self._meant[child_id], self.share(child_id, filled))

    def share(self, child_id: int, filled: Decimal) -> Decimal:
        """The same of a child and those of its group together, however little it was meant to be."""
        rest = filled
        served: set[int] = set()
        for other in self.children[self.parent[child_id]]:
            group = self.group.get(other)
            if group is not None and group in served:
                continue
            unit = self.members[group] if group is not None else [other]
            part = min(rest, max(self._meant[each] for each in unit))
            if child_id in unit:
                return part
            rest -= part
            if group is not None:
                served.add(group)
        return ZERO

    def meant_together(self, order_id: int) -> Decimal:
        """What a group was meant to trade: as much as its largest order."""
        return max(self._meant[each] for each in self.members[self.group[order_id]])
