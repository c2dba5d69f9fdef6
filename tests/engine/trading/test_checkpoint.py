"""Checkpoints: what they keep is enough, what they forget is told, and their size is bounded."""

from __future__ import annotations

from decimal import Decimal

import pytest
from trading_world import ACCOUNT, SYMBOL, S, World

from monitor.engine.guards import GuardLimits
from monitor.engine.trading import checkpoint as module
from monitor.engine.trading.checkpoint import decoded
from monitor.engine.values import Direction, Side
from monitor.engine.venue import FillReport


def short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_REMEMBERED", 5)
    monkeypatch.setattr(module, "MOST_OF_HOURS", 5)


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
    short_memory(monkeypatch)
    world = World()
    traded(world, 20)
    again = world.restored_from(world.checkpoint())
    assert len(again.state.book.orders) == 5
    assert again.state.position(ACCOUNT, SYMBOL, Direction.LONG) == 20
    assert again.state.account(ACCOUNT).ledger.commission == Decimal(10)
    assert again.state.next_order_id() == 21
    assert again.records.next_id == 21


def test_a_doubled_fill_of_a_forgotten_order_is_told_and_not_booked(monkeypatch: pytest.MonkeyPatch) -> None:
    short_memory(monkeypatch)
    world = World()
    traded(world, 20)
    again = world.restored_from(world.checkpoint())
    for fill in world.venue.fills:
        again.hear(fill, world.now_ns + S)
    assert again.state.position(ACCOUNT, SYMBOL, Direction.LONG) == 20
    assert [a.cause for a in again.state.alerts.values()] == ["too old"]


def test_what_is_new_is_booked_after_a_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    short_memory(monkeypatch)
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
    short_memory(monkeypatch)
    world = World()
    traded(world, 8)
    first = world.checkpoint()
    traded(world, 8)
    second = world.checkpoint(first)
    straight = world.checkpoint()
    assert [fact.seq for fact in second.kept] == [fact.seq for fact in straight.kept]
    assert len(second.kept) < 60


def test_the_running_engine_forgets_as_a_restart_does(monkeypatch: pytest.MonkeyPatch) -> None:
    short_memory(monkeypatch)
    world = World()
    traded(world, 20)
    again = world.restored_from(world.checkpoint())
    state = world.trading.state
    assert set(state.book.orders) == set(again.state.book.orders)
    assert set(state.trades) == set(again.state.trades)
    assert len(state.book.orders) == 5
    for fill in world.venue.fills:
        world.hear(fill)
    assert state.position(ACCOUNT, SYMBOL, Direction.LONG) == 20
    traded(world, 3)
    assert state.position(ACCOUNT, SYMBOL, Direction.LONG) == 23


def test_what_is_in_doubt_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """An order that was lost on its way, and is not told of yet, stays whatever ended after it."""
    short_memory(monkeypatch)
    world = World()
    while world.pushed:
        world.deliver()
    world.trading.guards = GuardLimits(unknown_order="off", duplicate="off", order_rate="off")
    world.lost = 1.0
    world.submit(1)
    world.lost = 0.0
    traded(world, 40)
    world.checkpoint()
    kept = world.trading.state.book.orders
    assert 1 in kept
    assert len(kept) == 6
