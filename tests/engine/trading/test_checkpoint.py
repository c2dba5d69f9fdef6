"""Checkpoints: what they keep is enough, what they forget is told, and their size is bounded."""

from __future__ import annotations

from decimal import Decimal

import pytest
from trading_world import ACCOUNT, SYMBOL, S, World

from monitor.engine.trading import checkpoint as module
from monitor.engine.trading.checkpoint import decoded
from monitor.engine.values import Direction, Side
from monitor.engine.venue import FillReport


def traded(world: World, orders: int) -> None:
    for _ in range(orders):
        world.submit(1)
        world.wait(1)
        while world.pushed:
            world.deliver()
        for order in world.venue.working:
            world.pushed += world.venue.fill(order, order.quantity, world.now_ns)
        while world.pushed:
            world.deliver()


def test_what_is_no_checkpoint_is_refused() -> None:
    with pytest.raises(ValueError, match="not a checkpoint"):
        decoded(b"anything")


def test_old_orders_are_forgotten_and_positions_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_REMEMBERED", 5)
    world = World()
    traded(world, 20)
    again = world.restored_from(world.checkpoint())
    assert len(again.state.book.orders) == 5
    assert again.state.position(ACCOUNT, SYMBOL, Direction.LONG) == 20
    assert again.state.account(ACCOUNT).ledger.commission == Decimal(10)
    assert again.state.next_order_id() == 21
    assert again.records.next_id == 21


def test_a_doubled_fill_of_a_forgotten_order_is_told_and_not_booked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_REMEMBERED", 5)
    world = World()
    traded(world, 20)
    again = world.restored_from(world.checkpoint())
    for fill in world.venue.fills:
        again.hear(fill, world.now_ns + S)
    assert again.state.position(ACCOUNT, SYMBOL, Direction.LONG) == 20
    assert [a.cause for a in again.state.alerts.values()] == ["too old"]


def test_what_is_new_is_booked_after_a_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_REMEMBERED", 5)
    world = World()
    traded(world, 20)
    again = world.restored_from(world.checkpoint())
    new = FillReport(
        account_id=ACCOUNT,
        venue_order_id="V900",
        venue_trade_id="T900",
        symbol=SYMBOL,
        side=Side.BUY,
        price=Decimal(100),
        volume=Decimal(3),
        time_ns=world.now_ns + S,
    )
    again.hear(new, world.now_ns + S)
    assert again.state.position(ACCOUNT, SYMBOL, Direction.LONG) == 23


def test_one_checkpoint_builds_on_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_REMEMBERED", 5)
    world = World()
    traded(world, 8)
    first = world.checkpoint()
    traded(world, 8)
    second = world.checkpoint(first)
    straight = world.checkpoint()
    assert [fact.seq for fact in second.kept] == [fact.seq for fact in straight.kept]
    assert len(second.kept) < 60
