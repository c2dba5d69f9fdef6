"""The queue: who is first, how many at a time, who may not leave, and what is counted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st
from lobby import START, Lobby, dec

from monitor.engine import events as ev
from monitor.engine.orderplan import OrderPlan
from monitor.engine.values import (
    NS_PER_SECOND,
    EngineState,
    Offset,
    Origin,
    Priority,
    Side,
    WaitingKind,
)
from monitor.engine.waiting import QueueTerms
from monitor.engine.waiting.queue import OrderQueue


def test_an_order_without_a_plan_leaves_at_once_with_its_arrival_price() -> None:
    lobby = Lobby()
    lobby.quote(last=99, bid=100, ask=103)
    lobby.give(1)
    (sent,) = lobby.of(ev.OrderSent)
    assert (sent.order_id, sent.attempt, sent.venue, sent.arrival) == (1, 1, "v", dec("101.5"))
    assert not lobby.room.holds(1)


def test_batches_of_ten_leave_a_second_apart() -> None:
    lobby = Lobby()
    lobby.market.unreachable.add("v")
    for order_id in range(1, 26):
        lobby.give(order_id)
    lobby.market.unreachable.clear()
    lobby.settle()
    assert lobby.sent == list(range(1, 11))
    assert lobby.room.due_ns() == START + NS_PER_SECOND
    lobby.wait(0.999)
    assert len(lobby.sent) == 10
    lobby.wait(0.001)
    assert lobby.sent == list(range(1, 21))
    lobby.wait(1)
    assert lobby.sent == list(range(1, 26))


def test_high_before_normal_before_low_and_at_once_before_all() -> None:
    lobby = Lobby(batch=2)
    lobby.market.unreachable.add("v")
    lobby.give(1, priority=Priority.LOW)
    lobby.give(2)
    lobby.give(3, priority=Priority.HIGH)
    lobby.give(4, priority=Priority.LOW, execute_immediately=True)
    assert [lobby.row(i).place for i in (4, 3, 2, 1)] == [1, 2, 3, 4]
    lobby.market.unreachable.clear()
    lobby.settle()
    assert lobby.sent == [4, 3, 2]
    lobby.wait(1)
    assert lobby.sent == [4, 3, 2, 1]


def test_a_low_order_is_passed_only_by_what_came_soon_after_it() -> None:
    lobby = Lobby()
    lobby.market.unreachable.add("v")
    lobby.give(1, priority=Priority.LOW)
    lobby.wait(59)
    lobby.give(2, priority=Priority.HIGH)
    lobby.wait(2)
    lobby.give(3, priority=Priority.HIGH)
    lobby.market.unreachable.clear()
    lobby.settle()
    assert lobby.sent == [2, 1, 3]


arrivals = st.lists(st.tuples(st.floats(0, 100), st.sampled_from(Priority)), min_size=1, max_size=40)


@given(arrivals)
def test_order_of_the_queue(came: list[tuple[float, Priority]]) -> None:
    """Invariant 19: FIFO inside a class, no lower class before a higher one that came earlier,
    nobody passed by what came a minute later."""
    queue = OrderQueue(QueueTerms())
    came = sorted(came, key=lambda one: one[0])
    for number, (second, priority) in enumerate(came):
        queue.add(number, priority, at_once=False, from_ns=round(second * NS_PER_SECOND))
    rank = {Priority.HIGH: 0, Priority.NORMAL: 1, Priority.LOW: 2}
    order = queue.candidates(200 * NS_PER_SECOND)
    assert sorted(order) == list(range(len(came)))
    place = {number: index for index, number in enumerate(order)}
    for early in range(len(came)):
        for late in range(early + 1, len(came)):
            if rank[came[early][1]] <= rank[came[late][1]] or came[late][0] > came[early][0] + 60:
                assert place[early] < place[late]


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 4), st.lists(st.sampled_from(Priority), min_size=1, max_size=20))
def test_a_low_order_is_not_starved_by_high_ones_without_end(batch: int, others: list[Priority]) -> None:
    """As many high orders come each second as leave: the low one still goes within a minute."""
    lobby = Lobby(batch=batch)
    lobby.market.unreachable.add("v")
    for number, priority in enumerate(others):
        lobby.give(1000 + number, priority=priority)
    lobby.give(1, priority=Priority.LOW)
    lobby.market.unreachable.clear()
    lobby.settle()
    number = 2000
    for _ in range(62 + len(others) // batch):
        for _ in range(batch):
            number += 1
            lobby.give(number, priority=Priority.HIGH)
        lobby.wait(1)
    assert 1 in lobby.sent


def test_a_thousand_may_wait_and_not_one_more() -> None:
    lobby = Lobby()
    lobby.market.unreachable.add("v")
    for order_id in range(1, 1001):
        assert lobby.room.refusal(OrderPlan(), START) is None
        fact = lobby.intent(order_id)
        lobby.market.book.apply(fact, START)
        lobby.room.apply(fact, START)
    reply = lobby.room.refusal(OrderPlan(), START)
    assert reply is not None
    assert (reply.accepted, reply.guard) == (False, "queue-full")
    assert reply.reason == "1,000 of 1,000 orders wait already."
    lobby.cancel(7)
    assert lobby.room.refusal(OrderPlan(), START) is None
    assert lobby.room.refusal(OrderPlan(), START, count=2) is not None


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (OrderPlan(delay_s=301), "at most 300 s"),
        (OrderPlan(delay_s=0), "above 0"),
        (OrderPlan(delay_s=-1), "above 0"),
        (OrderPlan(conditions=("last(X) => 5",)), "Equal is written ==.\nlast(X) => 5\n        ^"),
        (OrderPlan(conditions=("last(X) > 5",) * 6), "at most 5 conditions"),
        (OrderPlan(expires_ns=START), "give up"),
        (OrderPlan(delay_s=100, expires_ns=START + 99 * NS_PER_SECOND), "give up"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_in_words(plan: OrderPlan, says: str) -> None:
    reply = Lobby().room.refusal(plan, START)
    assert reply is not None
    assert reply.guard == "invalid"
    assert says in reply.reason


def test_a_moment_may_be_any_time_ahead() -> None:
    assert Lobby().room.refusal(OrderPlan(not_before_ns=START + 10**15), START) is None


# Who may not leave ------------------------------------------------------------------------------
def test_one_whose_venue_is_out_of_reach_lets_the_others_pass() -> None:
    lobby = Lobby()
    lobby.market.unreachable.add("v")
    lobby.give(1, priority=Priority.HIGH)
    lobby.give(2, venue="w")
    assert lobby.sent == [2]
    lobby.market.unreachable.clear()
    lobby.settle()
    assert lobby.sent == [2, 1]


@pytest.mark.parametrize(
    ("state", "leave"),
    [
        (EngineState.NORMAL, [1, 2, 3]),
        (EngineState.REDUCE_ONLY, [2, 3]),
        (EngineState.HALTED, [2, 3]),
    ],
)
def test_what_leaves_in_which_state_of_the_engine(state: EngineState, leave: list[int]) -> None:
    lobby = Lobby()
    lobby.market.engine_state = state
    lobby.give(1)
    lobby.give(2, side=Side.SELL, offset=Offset.CLOSE)
    lobby.give(3, side=Side.SELL, offset=Offset.CLOSE, reduce_only=True)
    assert lobby.sent == leave
    lobby.market.engine_state = EngineState.NORMAL
    lobby.settle()
    assert sorted(lobby.sent) == [1, 2, 3]


def test_an_order_found_at_a_venue_waits_for_nothing() -> None:
    lobby = Lobby()
    lobby.give(1, origin=Origin.EXTERNAL)
    assert lobby.sent == []
    assert not lobby.room.holds(1)


# Delays, ends, retries --------------------------------------------------------------------------
def test_a_delayed_order_leaves_at_its_time_and_a_restart_does_not_change_it() -> None:
    lobby = Lobby()
    lobby.give(1, delay_s=300)
    assert lobby.row(1).kind is WaitingKind.DELAYED
    assert lobby.row(1).not_before_ns == lobby.room.due_ns() == START + 300 * NS_PER_SECOND
    lobby.wait(200)
    after = lobby.restarted()
    after.settle()
    assert after.row(1).not_before_ns == START + 300 * NS_PER_SECOND
    after.wait(99.999)
    assert after.sent == []
    after.wait(0.001)
    assert after.sent == [1]


def test_a_waiting_order_is_cancelled_at_once_and_nothing_is_sent() -> None:
    lobby = Lobby()
    lobby.give(1, delay_s=10)
    lobby.cancel(1, "manual")
    assert [(f.order_id, f.reason) for f in lobby.of(ev.OrderCanceled)] == [(1, "manual")]
    lobby.wait(20)
    assert lobby.sent == []
    assert len(lobby.room) == 0


def test_waiting_ends_at_its_time() -> None:
    lobby = Lobby()
    lobby.give(1, conditions=("last(SHFE.x1) > 5",), expires_ns=START + 60 * NS_PER_SECOND)
    lobby.wait(59)
    assert lobby.of(ev.OrderExpired) == []
    lobby.wait(1)
    assert [fact.order_id for fact in lobby.of(ev.OrderExpired)] == [1]
    lobby.quote(last=6)
    assert lobby.sent == []


def refuse(lobby: Lobby, order_id: int) -> None:
    lobby.record(ev.OrderRefused(order_id=order_id, reason="too many requests", retryable=True))


def test_a_retry_waits_for_its_time_and_counts_its_attempts() -> None:
    lobby = Lobby()
    lobby.give(1)
    refuse(lobby, 1)
    assert not lobby.room.holds(1)
    lobby.record(ev.OrderQueued(order_id=1, not_before_ns=START + 5 * NS_PER_SECOND, reason="again"))
    lobby.wait(4.9)
    assert lobby.sent == [1]
    after = lobby.restarted()
    after.wait(0.1)
    assert [(f.order_id, f.attempt) for f in after.of(ev.OrderSent)] == [(1, 1), (1, 2)]
    assert after.room.queue_row().refused == after.room.queue_row().retried == 1


def test_an_order_for_a_person_waits_until_one_decides() -> None:
    lobby = Lobby()
    lobby.give(1)
    refuse(lobby, 1)
    lobby.record(ev.OrderHandedOver(order_id=1, reason="not enough money"))
    lobby.wait(1_000)
    assert lobby.sent == [1]
    assert lobby.row(1).kind is WaitingKind.MANUAL
    assert lobby.row(1).detail == "for a person: not enough money"
    assert lobby.room.queue_row().manual == 1
    lobby.record(ev.OrderTakenBack(order_id=1))
    assert lobby.sent == [1, 1]


def test_an_order_for_a_person_can_be_cancelled() -> None:
    lobby = Lobby()
    lobby.give(1)
    refuse(lobby, 1)
    lobby.record(ev.OrderHandedOver(order_id=1, reason="no"))
    lobby.cancel(1)
    assert lobby.canceled == [1]


# What is told -----------------------------------------------------------------------------------
def test_statistics() -> None:
    lobby = Lobby(batch=1)
    lobby.give(1)
    lobby.give(2, priority=Priority.HIGH)
    lobby.give(3, priority=Priority.LOW)
    lobby.give(4, delay_s=100)
    lobby.give(5, conditions=("last(SHFE.x1) > 5",))
    row = lobby.room.queue_row()
    assert (row.length, row.high, row.normal, row.low) == (2, 1, 0, 1)
    assert (row.held, row.conditional, row.manual, row.capacity) == (1, 1, 0, 1000)
    lobby.wait(2)
    lobby.wait(1)
    row = lobby.room.queue_row()
    assert (row.sent, row.length) == (3, 0)
    assert (row.longest_wait_s, row.average_wait_s) == (3.0, pytest.approx(5 / 3))
    assert row.rate == 3 / 60
    lobby.wait(58)
    assert lobby.room.queue_row().rate == 2 / 60


def test_statistics_outlive_the_facts_behind_them() -> None:
    lobby = Lobby(batch=1)
    lobby.give(1)
    lobby.give(2)
    lobby.wait(1)
    kept = lobby.restarted()
    kept.room.restore_totals(lobby.room.totals())
    assert kept.room.queue_row() == lobby.room.queue_row()
    forgotten = Lobby(batch=1)
    forgotten.room.restore_totals(lobby.room.totals())
    forgotten.give(3)
    row = forgotten.room.queue_row()
    assert (row.sent, row.longest_wait_s, row.average_wait_s) == (3, 1.0, pytest.approx(1 / 3))


def test_rows_are_told_when_they_change_and_when_they_are_over() -> None:
    lobby = Lobby()
    lobby.give(1, conditions=("last(SHFE.x1) > 5",))
    lobby.give(2)
    assert {i: row.over for i, row in lobby.room.rows_changed().items()} == {1: False}
    assert lobby.room.rows_changed() == {}
    lobby.quote(last=5)
    assert lobby.room.rows_changed()[1].truth == (False,)
    lobby.quote(last=5)
    assert lobby.room.rows_changed() == {}
    lobby.quote(last=6)
    assert {i: row.over for i, row in lobby.room.rows_changed().items()} == {1: True}
    assert lobby.room.rows_changed() == lobby.room.all_rows() == {}
