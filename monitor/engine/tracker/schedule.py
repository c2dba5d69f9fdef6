"""When orders are to be looked at again, and which of them the venue must be asked about.

Kept in a heap and a set, both made anew by looking at the orders; nothing here is a fact.
"""

from __future__ import annotations

from heapq import heappop, heappush

from monitor.engine.tracker.concluding import Concluder
from monitor.engine.tracker.shown import Shown
from monitor.engine.tracker.waiting import Times, is_quiet, next_look_up, wants_look_up
from monitor.engine.tracker.watch import Watch

NEVER = 1 << 63


class Schedule:
    """`due_ns` is the first moment at which an order's time comes, `clean_ns` when to clean next."""

    def __init__(self, times: Times, concluder: Concluder, shown: Shown) -> None:
        self._times = times
        self._concluder = concluder
        self._shown = shown
        self._due: list[tuple[int, int, Watch]] = []
        self._seeking: dict[int, Watch] = {}
        self.clean_ns = 0
        self.due_ns = NEVER

    def pop(self) -> Watch:
        """The order whose time comes first."""
        watch = heappop(self._due)[2]
        watch.due_ns = None
        self.due_ns = self._due[0][0] if self._due else NEVER
        return watch

    def plan(self, watch: Watch, now_ns: int) -> None:
        """After an order was looked at: when again, and whether somebody must ask about it."""
        order = watch.order
        order_id = order.intent.order_id
        if is_quiet(watch):
            if watch.looked_up or order_id in self._seeking:
                watch.looked_up = 0
                self._seeking.pop(order_id, None)
            self._shown.drop_order(order_id)
            return
        wait = self._concluder.waits(watch, now_ns)
        self._shown.order(order, wait)
        due = self._concluder.due_ns(watch, wait, now_ns)
        wanted = wants_look_up(watch, self._times) if order.dossier.merged_into is None else None
        if wanted is None:
            watch.looked_up = 0
            self._seeking.pop(order_id, None)
        else:
            self._seeking[order_id] = watch
            at = next_look_up(watch, self._times, wanted)
            if at > now_ns:
                due = at if due is None else min(due, at)
        if due is not None and (watch.due_ns is None or due < watch.due_ns):
            watch.due_ns = due
            heappush(self._due, (due, order_id, watch))
            self.due_ns = min(self.due_ns, due)

    def seek(self, watch: Watch) -> None:
        """Somebody wants to know, now."""
        watch.seek = True
        watch.looked_up = 0
        self._seeking[watch.order.order_id] = watch

    def lookups(self, now_ns: int) -> list[int]:
        asked = []
        for order_id, watch in list(self._seeking.items()):
            wanted = wants_look_up(watch, self._times)
            if wanted is None:
                del self._seeking[order_id]
            elif next_look_up(watch, self._times, wanted) <= now_ns:
                asked.append(order_id)
        return asked

    def clean(self, now_ns: int) -> None:
        """Each minute: moments that another one has overtaken are forgotten."""
        self.clean_ns = now_ns + self._times.clean_every
        current = {entry[1]: entry for entry in self._due if entry[0] == entry[2].due_ns}
        self._due = sorted(current.values(), key=_moment)
        self.due_ns = self._due[0][0] if self._due else NEVER


def _moment(entry: tuple[int, int, Watch]) -> tuple[int, int]:
    return entry[:2]
