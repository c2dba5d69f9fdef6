"""The life cycle: auto-cancel, partial fills, failures, a second venue, cancels that get lost."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, strategies as st

from monitor.engine import events as ev
from monitor.engine.lifecycle import LifeCycle, LifeCycleTerms
from monitor.engine.lifecycle.terms import cancel_pause_ns, retry_pause_ns
from monitor.engine.lifecycle.timers import Timers
from monitor.engine.orderplan import FOREVER, OrderPlan
from monitor.engine.orders import VERDICTS
from monitor.engine.values import (
    NS_PER_SECOND,
    EngineState,
    FailurePolicy,
    LinkState,
    OrderType,
    Origin,
    PartialPolicy,
    Priority,
)
from tests.order_bench import SECOND, SECOND_ACCOUNT, VENUE, Bench

AUTO = "auto-cancel after 3,600 s"


@pytest.fixture
def bench() -> Bench:
    return Bench(LifeCycle)


def cancels(bench: Bench) -> list[str]:
    return [fact.reason for fact in bench.all_made(ev.CancelRequested)]


# Auto-cancel -----------------------------------------------------------------------------------
def test_an_order_that_works_too_long_is_asked_back_once(bench: Bench) -> None:
    bench.working()
    bench.wait(3599.9)
    assert bench.made == []
    bench.wait(0.2)
    bench.canceled()
    bench.wait(10_000)
    assert cancels(bench) == [AUTO]
    assert bench.times_made(ev.CancelRequested) == [3600.0]


def test_the_deadline_is_that_of_the_first_sending_and_is_told_exactly(bench: Bench) -> None:
    bench.order(auto_cancel_s=100)
    bench.wait(2)
    bench.refused()
    bench.wait(20)
    bench.sent(attempt=2)
    bench.placed()
    assert bench.due_ns() == bench.now_ns + 78 * NS_PER_SECOND
    bench.wait(79)
    assert bench.times_made(ev.CancelRequested) == [100.0]


def test_none_when_it_finished_first(bench: Bench) -> None:
    bench.working(1)
    bench.filled("10", 1)
    bench.working(2)
    bench.canceled(2)
    bench.working(3, auto_cancel_s=FOREVER)
    bench.wait(100_000)
    assert bench.made == []
    assert bench.parts[0].due_ns() is None
    assert len(bench.parts[0]) == 1


def test_none_beside_a_cancel_that_somebody_asked_for(bench: Bench) -> None:
    bench.working(auto_cancel_s=10)
    bench.wait(9.5)
    bench.tell(ev.CancelRequested(order_id=1, reason="by hand"))
    bench.wait(60)
    assert set(cancels(bench)) == {"asked again: by hand"}


def test_back_in_the_queue_it_is_cancelled_here(bench: Bench) -> None:
    bench.order(auto_cancel_s=6)
    bench.wait(4)
    bench.refused()
    bench.wait(10)
    assert bench.times_made(ev.OrderCanceled) == [6.0]
    assert cancels(bench) == []


def test_a_lost_order_is_asked_back_as_well(bench: Bench) -> None:
    bench.order(auto_cancel_s=60)
    bench.tell(ev.OrderLost(order_id=1, reason="timeout"))
    bench.wait(61)
    assert cancels(bench)[0] == "auto-cancel after 60 s"


def test_found_at_the_venue_it_has_no_deadline(bench: Bench) -> None:
    bench.order(origin=Origin.EXTERNAL, sent=False, client_order_id="")
    bench.placed()
    bench.wait(100_000)
    assert bench.made == []


@given(before=st.floats(0, 3700), sent_after=st.floats(0, 100))
def test_a_restart_at_any_moment_changes_no_deadline(before: float, sent_after: float) -> None:
    bench = Bench(LifeCycle)
    bench.order(sent=False)
    bench.wait(sent_after)
    bench.sent()
    bench.placed()
    bench.wait(before)
    again = bench.restarted()
    assert again.made == []
    bench.wait(4000 - before)
    again.wait(4000 - before)
    assert bench.made[-len(again.made) :] == again.made
    assert [reason for reason in cancels(bench) if reason == AUTO] == [AUTO]


# Cancels that do not get through ------------------------------------------------------------------
def test_a_cancel_without_an_answer_is_asked_again_with_growing_pauses(bench: Bench) -> None:
    bench.working()
    bench.tell(ev.CancelRequested(order_id=1, reason="by hand"))
    bench.wait(300)
    assert bench.times_made(ev.CancelRequested) == [2.0, 6.0, 14.0, 30.0, 62.0, 122.0, 182.0, 242.0]
    bench.canceled()
    bench.wait(300)
    assert len(bench.made) == 8


def test_a_refused_cancel_is_asked_again_later_and_one_that_is_gone_much_later(bench: Bench) -> None:
    bench.working(1)
    bench.tell(ev.CancelRequested(order_id=1, reason="by hand"))
    bench.wait(1)
    bench.tell(ev.CancelRejected(order_id=1, reason="too many requests"))
    bench.wait(2)
    assert bench.times_made(ev.CancelRequested) == [3.0]
    bench.tell(ev.CancelRejected(order_id=1, reason="not found", gone=True))
    bench.wait(59)
    assert len(bench.made) == 1
    bench.wait(2)
    assert len(bench.made) == 2


def test_nothing_is_asked_while_the_line_is_down(bench: Bench) -> None:
    bench.working()
    bench.tell(ev.CancelRequested(order_id=1, reason="by hand"))
    bench.line(LinkState.LOST)
    bench.wait(600)
    assert bench.made == []
    bench.line(LinkState.LIVE)
    bench.wait(60)
    assert cancels(bench)[0] == "asked again: by hand"


def test_a_cancel_outlives_the_refusal_of_the_order(bench: Bench) -> None:
    """Asked back in flight, then refused: it must not be sent again."""
    bench.order()
    bench.tell(ev.CancelRequested(order_id=1, reason="by hand"))
    bench.refused()
    assert bench.all_made(ev.OrderQueued) == []
    assert [fact.reason for fact in bench.all_made(ev.OrderCanceled)] == ["by hand"]


def test_while_halted_the_pauses_stay_short(bench: Bench) -> None:
    bench.working()
    bench.stop()
    bench.tell(ev.CancelRequested(order_id=1, reason="emergency stop"))
    bench.wait(60)
    times = bench.times_made(ev.CancelRequested)
    assert max(later - sooner for sooner, later in pairwise(times)) == 5.0


def test_an_order_thought_gone_that_turns_up_is_asked_back_again(bench: Bench) -> None:
    bench.working(auto_cancel_s=50)
    bench.tell(ev.CancelRequested(order_id=1, reason="by hand"))
    bench.canceled(provisional=True)
    bench.wait(40)
    assert bench.made == []
    bench.tell(ev.OrderReopened(order_id=1, venue_order_id="v1"))
    assert cancels(bench) == ["asked again: by hand"]


def test_a_cancel_of_an_orphan_is_that_of_the_order_it_was(bench: Bench) -> None:
    bench.order(1)
    bench.tell(ev.OrderLost(order_id=1, reason="timeout"))
    bench.order(2, origin=Origin.EXTERNAL, sent=False, client_order_id="")
    bench.placed(2)
    bench.tell(ev.CancelRequested(order_id=2, reason="by hand"))
    bench.tell(ev.OrdersMerged(order_id=1, orphan_id=2))
    bench.wait(2)
    assert [(fact.order_id, fact.reason) for fact in bench.all_made(ev.CancelRequested)] == [
        (1, "asked again: by hand")
    ]


# Partial fills ------------------------------------------------------------------------------------
def test_the_rest_of_a_partly_filled_order_is_cancelled_once(bench: Bench) -> None:
    bench.working(partial=PartialPolicy.CANCEL_REMAINING, partial_after_s=30)
    bench.wait(5)
    bench.filled("3")
    bench.wait(20)
    bench.filled("3")
    bench.wait(11)
    bench.canceled()
    bench.wait(1000)
    assert bench.times_made(ev.CancelRequested) == [35.0]


def test_at_once_when_no_time_is_given_and_never_when_told_to_wait(bench: Bench) -> None:
    bench.working(1, partial=PartialPolicy.CANCEL_REMAINING)
    bench.working(2, partial=PartialPolicy.WAIT_REMAINING)
    bench.filled("3", 1)
    bench.filled("3", 2)
    assert [fact.order_id for fact in bench.all_made(ev.CancelRequested)] == [1]


def test_not_when_the_rest_was_filled_in_time(bench: Bench) -> None:
    bench.working(partial=PartialPolicy.CANCEL_REMAINING, partial_after_s=30)
    bench.filled("3")
    bench.wait(29)
    bench.filled("7")
    bench.wait(1000)
    assert bench.made == []


def test_a_fill_that_was_a_wrong_guess_does_not_count(bench: Bench) -> None:
    bench.working(partial=PartialPolicy.CANCEL_REMAINING, partial_after_s=30)
    bench.filled("3", venue_trade_id="guess", provisional=True)
    bench.tell(ev.FillCorrected(order_id=1, venue_trade_id="guess"))
    bench.wait(100)
    assert bench.made == []
    bench.filled("2")
    bench.wait(31)
    assert bench.times_made(ev.CancelRequested) == [130.0]


# Failures -----------------------------------------------------------------------------------------
def test_three_retries_with_growing_pauses_then_rejected(bench: Bench) -> None:
    bench.order()
    for attempt in range(1, 5):
        bench.refused(attempt=attempt)
        if attempt < 4:
            queued = bench.all_made(ev.OrderQueued)[-1]
            pause = (queued.not_before_ns - bench.now_ns) / NS_PER_SECOND
            assert 5 * 2 ** (attempt - 1) <= pause <= 5 * 2 ** (attempt - 1) * 1.25
            bench.wait(pause)
            bench.sent(attempt=attempt + 1)
    assert len(bench.all_made(ev.OrderQueued)) == 3
    assert [fact.reason for fact in bench.all_made(ev.OrderRejected)] == ["busy (tried 4 times)"]


@pytest.mark.parametrize(
    ("policy", "retryable", "answer"),
    [
        (FailurePolicy.RETRY, True, ev.OrderQueued),
        (FailurePolicy.RETRY, False, ev.OrderRejected),
        (FailurePolicy.CANCEL, True, ev.OrderCanceled),
        (FailurePolicy.MANUAL, True, ev.OrderHandedOver),
        (FailurePolicy.MANUAL, False, ev.OrderHandedOver),
    ],
)
def test_each_policy_has_its_answer(
    bench: Bench, policy: FailurePolicy, retryable: bool, answer: type[ev.Event]
) -> None:
    bench.order(on_failure=policy)
    bench.refused(retryable=retryable)
    assert [type(fact) for fact, _ in bench.made] == [answer]


def test_a_refusal_that_a_restart_interrupted_is_answered_after_it() -> None:
    bench = Bench(LifeCycle)
    bench.order()
    bench._take(ev.OrderRefused(order_id=1, reason="busy", retryable=True))
    again = bench.restarted()
    assert again.due_ns() == again.now_ns
    again.settle()
    assert len(again.all_made(ev.OrderQueued)) == 1
    again.settle()
    assert len(again.made) == 1


def test_a_person_gives_it_a_new_life(bench: Bench) -> None:
    bench.order(on_failure=FailurePolicy.MANUAL, auto_cancel_s=100)
    bench.refused()
    bench.wait(1000)
    assert len(bench.made) == 1, "what waits for a person is not cancelled"
    bench.tell(ev.OrderTakenBack(order_id=1))
    bench.sent(attempt=2)
    bench.placed()
    bench.wait(101)
    assert bench.times_made(ev.CancelRequested) == [1100.0]


def test_after_a_loss_nothing_is_sent_again_until_it_is_certain(bench: Bench) -> None:
    bench.order()
    bench.tell(ev.OrderLost(order_id=1, reason="timeout", attempt=1))
    for _ in range(5):
        bench.wait(30)
        bench.tell(ev.OrderAbsent(order_id=1, polled_ns=bench.now_ns))
    assert bench.made == []
    bench.refused(attempt=1)
    assert len(bench.all_made(ev.OrderQueued)) == 1


def test_a_late_refusal_of_an_old_attempt_changes_nothing(bench: Bench) -> None:
    bench.order()
    bench.refused(attempt=1)
    bench.sent(attempt=2)
    bench.refused(attempt=1)
    assert len(bench.made) == 1
    bench.refused(attempt=2)
    assert len(bench.made) == 2


def test_a_refusal_of_what_the_venue_has_shown_is_not_believed(bench: Bench) -> None:
    bench.working(1)
    bench.refused(1)
    bench.order(2)
    bench.filled("1", 2)
    bench.refused(2)
    assert bench.made == []


def test_a_doubled_refusal_is_answered_once(bench: Bench) -> None:
    bench.order()
    bench.refused()
    bench.refused()
    assert len(bench.made) == 1


# A second venue -----------------------------------------------------------------------------------
def elsewhere(bench: Bench) -> tuple[ev.OrderCreated, ev.OrderCanceled | ev.OrderRejected]:
    """The order that took another's place, and the end of that one, in this order."""
    heir, end = (fact for fact, _ in bench.made if isinstance(fact, (ev.OrderCreated, *VERDICTS)))
    assert isinstance(heir, ev.OrderCreated)
    assert isinstance(end, ev.OrderCanceled | ev.OrderRejected)
    return heir, end


def test_what_the_first_venue_refuses_is_a_new_order_at_the_second(bench: Bench) -> None:
    bench.order(7, second_venue=SECOND, priority=Priority.HIGH, metadata={"note": "mine"})
    bench.refused(7, retryable=False)
    heir, end = elsewhere(bench)
    assert (heir.order_id, heir.client_order_id) == (8, "t-8")
    assert (heir.venue, heir.account_id, heir.quantity, heir.price) == (SECOND, SECOND_ACCOUNT, 10, 400)
    assert heir.plan == OrderPlan(
        priority=Priority.HIGH, instead_of=7, metadata={"note": "mine", "instead_of": "7"}
    )
    assert isinstance(end, ev.OrderRejected)
    assert end.reason == "first refused it: busy; given to second as order 8"
    bench.sent(8, venue=SECOND)
    bench.refused(8, retryable=False)
    assert [fact.order_id for fact in bench.all_made(ev.OrderRejected)] == [7, 8]
    assert len(bench.all_made(ev.OrderCreated)) == 1


def test_retries_come_before_the_second_venue_and_count_anew_there(bench: Bench) -> None:
    bench.order(second_venue=SECOND)
    for attempt in range(2, 5):
        bench.refused()
        bench.sent(attempt=attempt)
    bench.refused()
    _, end = elsewhere(bench)
    assert end.reason == "first refused it: busy (tried 4 times); given to second as order 2"
    bench.sent(2, venue=SECOND)
    for attempt in range(2, 5):
        bench.refused(2)
        bench.sent(2, attempt=attempt, venue=SECOND)
    bench.refused(2)
    assert [fact.venue for fact in bench.all_made(ev.OrderQueued)] == [VENUE] * 3 + [SECOND] * 3
    assert [fact.order_id for fact in bench.all_made(ev.OrderRejected)] == [1, 2]


def test_a_venue_that_is_down_too_long_is_passed_by(bench: Bench) -> None:
    bench.line(LinkState.LOST)
    bench.wait(10)
    bench.order(second_venue=SECOND, sent=False)
    bench.wait(29)
    assert bench.made == []
    bench.wait(2)
    assert bench.times_made(ev.OrderCreated) == [40.0]
    heir, end = elsewhere(bench)
    assert heir.venue == SECOND
    assert isinstance(end, ev.OrderCanceled)
    assert end.reason == "first was not reachable for 30 s; given to second as order 2"


def test_a_line_that_goes_down_later_counts_from_then(bench: Bench) -> None:
    bench.order(second_venue=SECOND, sent=False)
    bench.wait(100)
    bench.line(LinkState.LOST)
    bench.wait(60)
    assert bench.times_made(ev.OrderCreated) == [130.0]


def test_a_line_that_tries_again_and_again_is_down_since_the_beginning(bench: Bench) -> None:
    bench.order(second_venue=SECOND, sent=False)
    for _ in range(10):
        bench.line(LinkState.LOST)
        bench.wait(4)
        bench.line(LinkState.CONNECTING)
        bench.wait(1)
    assert bench.times_made(ev.OrderCreated) == [30.0]


def test_a_line_that_was_up_again_is_down_anew(bench: Bench) -> None:
    bench.order(second_venue=SECOND, sent=False)
    for state in (LinkState.LOST, LinkState.LIVE, LinkState.LOST):
        bench.line(state)
        bench.wait(20)
    bench.wait(20)
    assert bench.times_made(ev.OrderCreated) == [70.0]


@pytest.mark.parametrize(
    "fate", ["sent", "lost", "held", "trigger", "both down", "manual", "no second venue", "no account"]
)
def test_it_goes_nowhere_else_while_it_is_not_certain_or_not_its_turn(bench: Bench, fate: str) -> None:
    second = {"no second venue": "", "no account": "third"}.get(fate, SECOND)
    waits: dict[str, Any] = {"conditions": ("last >= 1",)} if fate == "held" else {}
    if fate == "trigger":
        bench.native_types = frozenset({OrderType.LIMIT})
        waits = {"type": OrderType.STOP, "price": None, "trigger_price": Decimal(410)}
    policy = FailurePolicy.MANUAL if fate == "manual" else FailurePolicy.RETRY
    bench.order(second_venue=second, sent=fate in ("sent", "lost"), on_failure=policy, **waits)
    if fate == "lost":
        bench.tell(ev.OrderLost(order_id=1, reason="timeout"))
    if fate == "manual":
        bench.tell(ev.OrderHandedOver(order_id=1, reason="test"))
    bench.line(LinkState.LOST)
    if fate == "both down":
        bench.line(LinkState.LOST, SECOND)
    bench.wait(600)
    assert bench.made == []
    if fate == "both down":
        bench.line(LinkState.LIVE, SECOND)
        bench.wait(6)
        assert elsewhere(bench)


def test_what_is_released_while_its_venue_is_down_goes_elsewhere(bench: Bench) -> None:
    bench.order(second_venue=SECOND, sent=False, conditions=("last >= 1",))
    bench.line(LinkState.LOST)
    bench.wait(300)
    bench.tell(ev.OrderReleased(order_id=1))
    bench.wait(31)
    assert bench.times_made(ev.OrderCreated) == [330.0]
    assert elsewhere(bench)[0].plan.conditions == ()


def test_a_stop_that_was_pulled_here_is_not_waited_for_again(bench: Bench) -> None:
    bench.native_types = frozenset({OrderType.LIMIT, OrderType.MARKET})
    limit = {"type": OrderType.STOP_LIMIT, "price": Decimal(411), "trigger_price": Decimal(410)}
    bench.order(second_venue=SECOND, sent=False, **limit)
    bench.tell(ev.OrderReleased(order_id=1, reason="triggered"))
    bench.sent()
    bench.refused(retryable=False)
    heir, _ = elsewhere(bench)
    assert (heir.type, heir.price, heir.trigger_price) == (OrderType.LIMIT, 411, None)


def test_a_stop_of_the_venue_stays_one_at_the_second(bench: Bench) -> None:
    bench.order(second_venue=SECOND, type=OrderType.STOP, price=None, trigger_price=Decimal(410))
    bench.refused(retryable=False)
    heir, _ = elsewhere(bench)
    assert (heir.type, heir.price, heir.trigger_price) == (OrderType.STOP, None, 410)


def test_only_what_was_released_goes_on(bench: Bench) -> None:
    bench.order(second_venue=SECOND, sent=False, conditions=("last >= 1",))
    bench.tell(ev.OrderReleased(order_id=1, quantity=Decimal(4)))
    bench.sent()
    bench.refused(retryable=False)
    assert elsewhere(bench)[0].quantity == 4


@pytest.mark.parametrize("wanted", [False, True])
def test_a_person_who_wants_it_back_gets_it_back(bench: Bench, wanted: bool) -> None:
    bench.order(second_venue=SECOND)
    if wanted:
        bench.tell(ev.CancelRequested(order_id=1, reason="by hand"))
    bench.refused(retryable=False)
    assert len(bench.all_made(ev.OrderCreated)) == (0 if wanted else 1)


def test_a_restart_between_the_two_facts_ends_the_first_before_anything_else(bench: Bench) -> None:
    bench.order(second_venue=SECOND)
    bench.refused(retryable=False)
    for kept in range(len(bench.journal) + 1):
        again = bench.restarted(kept)
        again.settle()
        if kept >= 3:  # created, sent and refused
            assert [o.order_id for o in again.book.active.values()] == [2]
            assert len([f for f, _ in again.journal if isinstance(f, ev.OrderCreated)]) == 2


# Pauses and timers --------------------------------------------------------------------------------
@given(order_id=st.integers(1, 10**9), retry=st.integers(1, 3))
def test_jitter_is_the_same_in_every_run_and_at_most_a_quarter(order_id: int, retry: int) -> None:
    terms = LifeCycleTerms()
    pause = retry_pause_ns(terms, order_id, retry)
    base = 5 * 2 ** (retry - 1) * NS_PER_SECOND
    assert base <= pause <= base * 1.25
    assert pause == retry_pause_ns(LifeCycleTerms(), order_id, retry)


def test_jitter_tells_orders_apart() -> None:
    assert len({retry_pause_ns(LifeCycleTerms(), number, 1) for number in range(100)}) > 90


@given(asked=st.integers(1, 10**6))
def test_pauses_of_cancels_grow_to_a_longest(asked: int) -> None:
    terms = LifeCycleTerms()
    pause = cancel_pause_ns(terms, asked, EngineState.NORMAL)
    assert pause <= cancel_pause_ns(terms, asked + 1, EngineState.NORMAL) <= 60 * NS_PER_SECOND
    assert cancel_pause_ns(terms, asked, EngineState.HALTED) <= 5 * NS_PER_SECOND


@given(st.lists(st.tuples(st.integers(0, 9), st.one_of(st.none(), st.integers(0, 50))), max_size=300))
def test_timers_are_a_table_of_times(steps: list[tuple[int, int | None]]) -> None:
    timers, table = Timers(), dict[int, int]()
    for key, when in steps:
        if when is None:
            timers.drop(key)
            table.pop(key, None)
        else:
            timers.set(key, when)
            table[key] = when
        assert timers.next_ns() == min(table.values(), default=None)
        assert len(timers) == len(table)
        due = timers.due(25)
        first = min(((when, key) for key, when in table.items()), default=None)
        assert due == (first[1] if first is not None and first[0] <= 25 else None)


def test_timers_do_not_keep_what_was_dropped() -> None:
    timers = Timers()
    for key in range(10_000):
        timers.set(key, key)
        timers.drop(key)
    assert len(timers._heap) < 100


def test_finished_orders_are_forgotten(bench: Bench) -> None:
    for order_id in range(1, 200):
        bench.working(order_id, quantity="1")
        bench.filled("1", order_id)
    assert len(bench.parts[0]) == 0
    assert bench.due_ns() is None
    assert bench.book.orders[1].filled == Decimal(1)
