"""Which facts of a journal still matter: what a checkpoint keeps of it, and what it forgets.

Pure: from what the last checkpoint kept and the records since to what the next one keeps. An
order that is open or among the newest keeps all its facts; of older ones nothing stays, and
a horizon tells from when on everything is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from monitor.engine import events as ev
from monitor.engine.journal import JournalRecord
from monitor.engine.tracker.holding import Key, key_of
from monitor.engine.trading.taken import MOST_KEYS

_ORDER_KINDS = frozenset(kind.__name__ for kind in ev.ORDER_EVENTS) | {"SignalEmitted"}
_FORGOTTEN = frozenset(
    {
        "PricesMarked",
        "LinkChanged",
        "GuardFired",
        "InstrumentsListed",
        "MoneyMoved",
        "DayRolled",
        "PositionCorrected",
    }
)
"""What they led to is in the accounts and the state that a checkpoint holds besides."""


class KeptFact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    seq: int
    time_ns: int
    payload: msgspec.Raw


class Compaction:
    """Takes facts in, in their order; `kept` is what is left. `forget` says it of an order,
    `open_alerts` are those that still stand."""

    def __init__(self, forget: Callable[[int], bool], open_alerts: frozenset[int]) -> None:
        self._forget = forget
        self._open_alerts = open_alerts
        self._result: list[KeptFact] = []
        self._held: dict[Key, list[KeptFact]] = {}
        self._compared: dict[str, KeptFact] = {}
        self._commands: list[KeptFact] = []

    def take(self, facts: Iterable[KeptFact]) -> None:
        for fact in facts:
            self._sort(fact, ev.DECODER.decode(fact.payload))

    def take_records(self, records: Iterable[JournalRecord]) -> None:
        self.take(
            KeptFact(record.seq, record.time_ns, msgspec.Raw(record.payload))
            for record in records
            if record.kind not in _FORGOTTEN
        )

    def kept(self) -> list[KeptFact]:
        held = (fact for facts in self._held.values() for fact in facts)
        everything = [*self._result, *held, *self._compared.values(), *self._commands[-MOST_KEYS:]]
        return sorted(everything, key=lambda fact: fact.seq)

    def _sort(self, fact: KeptFact, event: ev.AnyEvent) -> None:
        if isinstance(event, ev.EvidenceHeld):
            self._held.setdefault(key_of(event.message), []).append(fact)
        elif isinstance(event, ev.EvidenceClaimed):
            self._held.pop((event.account_id, event.venue_order_id, event.client_order_id), None)
        elif isinstance(event, ev.Reconciled):
            self._compared[event.account_id] = fact
        elif isinstance(event, ev.CommandTaken):
            if event.command.key:
                self._commands.append(fact)
        elif self._matters(event):
            self._result.append(fact)

    def _matters(self, event: ev.AnyEvent) -> bool:
        if isinstance(event, ev.AlertRaised | ev.AlertSettled):
            return event.alert_id in self._open_alerts
        if type(event).__name__ in _ORDER_KINDS:
            order_id: int = getattr(event, "order_id")  # noqa: B009 every fact of an order has one
            return not self._forget(order_id)
        return True
