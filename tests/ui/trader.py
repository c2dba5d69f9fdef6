"""A window that trades at a venue, with its tickets: made-up rows, a clock that stands still."""

from __future__ import annotations

from pathlib import Path

from desk_rows import waiting
from driver import order, session, whole_replay
from pilot import ALT, Pilot
from PySide6.QtCore import Qt

from monitor.engine.changes import Changes
from monitor.engine.values import NS_PER_SECOND, InnerState, OrderStatus, WaitingKind, World
from monitor.ui.tickets.binding import attach_tickets
from monitor.ui.tickets.desk import TicketDesk

Key = Qt.Key
NOON = 1_560_312_000 * NS_PER_SECOND


class StillClock:
    """Moves by `pass_ms` only."""

    def __init__(self) -> None:
        self.now = 5_000 * NS_PER_SECOND

    def monotonic_ns(self) -> int:
        return self.now

    def wall_ns(self) -> int:
        return NOON


class Trader(Pilot):
    """A window that trades at a venue, with its tickets, by a clock that stands still."""

    def __init__(self, state_dir: Path, size: tuple[int, int] = (1440, 900)) -> None:
        super().__init__(state_dir, size)
        self.clock = StillClock()
        self.window.order_form._clock = self.clock
        self.tickets: TicketDesk = attach_tickets(self.window, clock=self.clock)

    def after(self, milliseconds: int) -> None:
        for _ in range(max(1, milliseconds // 10)):
            self.clock.now += min(milliseconds, 10) * 1_000_000
            self.frame()
            if self.tickets.panel is not None:
                self.tickets.panel.repaint()

    def go(self, number: int) -> None:
        self.press(Key(Key.Key_0.value + number), ALT)


def live() -> Changes:
    """Trading at a venue: nothing is replayed."""
    changes = whole_replay()
    changes.replay = None
    changes.session = session(world=World.LIVE)
    changes.orders = {1: order(1), 2: order(2)}
    return changes


def held(order_id: int, inner: InnerState = InnerState.HELD) -> Changes:
    kind = WaitingKind.MANUAL if inner is InnerState.MANUAL else WaitingKind.CONDITIONAL
    return Changes(
        orders={order_id: order(order_id, inner_state=inner, status=OrderStatus.CREATED)},
        waiting={order_id: waiting(order_id, kind)},
    )


def unknown(order_id: int = 7) -> Changes:
    return Changes(orders={order_id: order(order_id, inner_state=InnerState.UNKNOWN)})
