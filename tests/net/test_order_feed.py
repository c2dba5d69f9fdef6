"""The order-table protocol without sockets: whatever happens, the client's table converges."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st
from memory_door import MemoryDoor, account, order
from mirror_clients import TableClient

from monitor.engine.values import OrderStatus
from monitor.net.hub import Hub
from monitor.net.live_feed import LiveFeed
from monitor.net.order_feed import MAX_UNSEEN, OrderFeed
from monitor.net.present import Present
from monitor.net.wire import encode, to_wire

# One Changes: which order (an index past the end is a new one) gets which status; None: a clear.
events = st.lists(
    st.one_of(
        st.none(),
        st.lists(st.tuples(st.integers(0, 12), st.sampled_from(OrderStatus)), min_size=1, max_size=4),
        st.integers(0, 700),
    ),
    max_size=40,
)


class World:
    """A door, a hub and one client, without sockets between."""

    def __init__(self, **options: bool) -> None:
        self.door = MemoryDoor()
        self.present = Present()
        self.hub = Hub(self.present)
        self.door.subscribe(self.hub.publish)
        self.feed = OrderFeed(self.present, 1, **options)
        self.hub._orders[1] = {self.feed}
        self.client = TableClient()
        self.newest = 0

    def move(self, transitions: list[tuple[int, OrderStatus]]) -> None:
        rows = {}
        for index, status in transitions:
            if index >= self.newest:
                self.newest += 1
                index = self.newest
            rows[index] = order(index, status, reason=f"change {self.door.whole.seq}")
        self.door.change(orders=list(rows.values()))

    def clear(self) -> None:
        self.newest = 0
        self.door.change(cleared=True, accounts=[account()])

    def read(self, budget: int = 10**9) -> None:
        for frame in self.feed.take(budget):
            self.client.hear(frame)

    def expected(self) -> dict[int, Any]:
        return {key: json.loads(encode(to_wire(row))) for key, row in self.door.active(1).items()}


@given(events, st.booleans(), st.booleans())
def test_any_stream_read_at_any_pace_converges(
    stream: list[list[tuple[int, OrderStatus]] | int | None], delta: bool, batch: bool
) -> None:
    world = World(delta=delta, batch=batch)
    for event in stream:
        if event is None:
            world.clear()
        elif isinstance(event, int):
            world.read(event)
        else:
            world.move(event)
    world.read()
    assert world.client.orders == world.expected()
    assert world.feed.take(10**9) == []


def test_an_order_born_and_finished_in_one_change_is_added_and_removed() -> None:
    world = World()
    world.read()
    world.door.change(orders=[order(1, OrderStatus.FILLED)])
    world.read()
    assert world.client.actions == ["clear", "add", "remove"]


def test_late_news_of_a_finished_order_says_nothing() -> None:
    world = World()
    world.door.change(orders=[order(1)])
    world.door.change(orders=[order(1, OrderStatus.FILLED)])
    world.read()
    said = list(world.client.actions)
    world.door.change(orders=[order(1, OrderStatus.FILLED, reason="fee corrected")])
    world.read()
    assert world.client.actions == said


@pytest.mark.parametrize(
    ("status", "action"),
    [
        (OrderStatus.PLACED, "update"),
        (OrderStatus.PARTIAL, "update"),
        (OrderStatus.FILLED, "remove"),
        (OrderStatus.CANCELED, "remove"),
        (OrderStatus.REJECTED, "remove"),
        (OrderStatus.EXPIRED, "remove"),
    ],
)
def test_each_status_has_its_action(status: OrderStatus, action: str) -> None:
    world = World()
    world.door.change(orders=[order(1)])
    world.read()
    world.door.change(orders=[order(1, status)])
    world.read()
    assert world.client.actions == ["clear", "add", action]


def test_an_order_that_is_as_before_is_not_told_again() -> None:
    world = World()
    world.door.change(orders=[order(1)])
    world.read()
    world.door.change(orders=[order(1)])
    assert world.feed.take(10**9) == []


def test_delta_carries_what_changed_and_the_id() -> None:
    world = World(delta=True)
    world.door.change(orders=[order(1)])
    world.read()
    world.door.change(orders=[order(1, OrderStatus.PLACED)])
    (frame,) = world.feed.take(10**9)
    assert json.loads(frame)["order"] == {"order_id": 1, "status": "Placed"}


def test_updates_of_a_slow_reader_merge_into_the_latest() -> None:
    world = World()
    world.door.change(orders=[order(1)])
    world.read()
    for number in range(50):
        world.door.change(orders=[order(1, OrderStatus.PLACED, reason=str(number))])
    world.read()
    assert world.client.actions == ["clear", "add", "update"]
    assert world.client.orders[1]["reason"] == "49"


def test_who_does_not_read_costs_a_bounded_amount_and_gets_the_list_anew() -> None:
    world = World()
    world.door.change(orders=[order(1)])
    world.read()
    for number in range(2, 10 * MAX_UNSEEN):
        world.door.change(orders=[order(number, OrderStatus.FILLED)])
        assert len(world.feed._unseen) <= MAX_UNSEEN
    world.read()
    assert "clear" in world.client.actions[2:]
    assert world.client.orders == world.expected()


def test_a_clear_reaches_the_client_before_what_follows() -> None:
    world = World()
    world.door.change(orders=[order(1), order(2)])
    world.read()
    world.door.change(cleared=True, orders=[order(1, OrderStatus.PLACED), order(2, OrderStatus.FILLED)])
    world.read()
    assert world.client.actions == ["clear", "add", "add", "clear", "add"]
    assert world.client.orders == world.expected()


def test_other_strategies_orders_are_not_told() -> None:
    world = World()
    world.door.change(orders=[order(1, strategy_id=2)])
    world.read()
    assert world.client.actions == ["clear"]


def test_feeds_wake_their_sender_when_there_is_news() -> None:
    world = World()
    world.read()
    live = LiveFeed(world.present)
    world.hub._live.add(live)
    live.take(1)
    woken: list[str] = []
    world.feed.wake = lambda: woken.append("orders")
    live.wake = lambda: woken.append("live")
    world.door.change(orders=[order(1)])
    world.door.change(accounts=[account()])
    assert woken == ["orders", "live"]
