"""An order that takes another's place at a second venue: it waits here until that one has ended, and
never leaves when that one turns out to be at its venue."""

from __future__ import annotations

from decimal import Decimal

from lobby import Lobby

from monitor.engine import events as ev
from monitor.engine.values import OrderStatus, WaitingKind


def ends(lobby: Lobby, order_id: int = 1) -> None:
    lobby.record(ev.OrderRejected(order_id=order_id, reason="given away", cumulative=Decimal(0)))


def waiting_pair() -> Lobby:
    """Order 1 at a venue that refused it, and 2 that is to take its place elsewhere."""
    lobby = Lobby()
    lobby.give(1)
    lobby.record(ev.OrderRefused(order_id=1, reason="no money"))
    lobby.give(2, venue="w", instead_of=1)
    return lobby


def test_it_leaves_when_the_other_has_ended() -> None:
    lobby = waiting_pair()
    lobby.wait(60)
    assert lobby.sent == [1]
    row = lobby.row(2)
    assert (row.kind, row.detail) == (WaitingKind.LINKED, "until order 1 has ended")
    ends(lobby)
    assert lobby.sent == [1, 2]
    assert lobby.of(ev.OrderReleased)[-1].reason == "order 1 has ended"


def test_it_is_judged_again_when_it_leaves() -> None:
    """Guards look at what waited."""
    assert waiting_pair().market.book.orders[2].waited


def test_the_other_does_not_leave_any_more() -> None:
    lobby = Lobby()
    lobby.market.unreachable.add("v")
    lobby.give(1)
    lobby.give(2, venue="w", instead_of=1)
    lobby.market.unreachable.clear()
    lobby.wait(60)
    assert lobby.sent == []
    ends(lobby)
    assert lobby.sent == [2]


def test_after_a_restart_it_waits_on() -> None:
    again = waiting_pair().restarted()
    again.wait(60)
    assert again.sent == [1]
    ends(again)
    assert again.sent == [1, 2]


def test_one_whose_other_turns_up_at_its_venue_does_not_leave() -> None:
    lobby = waiting_pair()
    lobby.market.unreachable.add("w")
    ends(lobby)
    lobby.places(1)
    assert lobby.market.book.orders[2].status is OrderStatus.CANCELED
    assert lobby.of(ev.OrderCanceled)[-1].reason == "order 1 is at its venue after all"
    lobby.market.unreachable.clear()
    lobby.wait(60)
    assert lobby.sent == [1]


def test_what_was_forgotten_has_ended() -> None:
    lobby = Lobby()
    lobby.give(2, instead_of=1)
    assert lobby.sent == [2]
