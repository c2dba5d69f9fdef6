"""The emergency stop: what each state allows, how a stop is carried out, who is told."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from monitor.engine import events as ev
from monitor.engine.emergency import Emergency, allowed, closes
from monitor.engine.lifecycle import LifeCycle
from monitor.engine.values import EngineState, Offset, Origin
from tests.order_bench import Bench

HALTED, REDUCE_ONLY, NORMAL = EngineState.HALTED, EngineState.REDUCE_ONLY, EngineState.NORMAL


@pytest.fixture
def bench() -> Bench:
    return Bench(Emergency, LifeCycle)


def emergency(bench: Bench) -> Emergency:
    part = bench.parts[0]
    assert isinstance(part, Emergency)
    return part


def asked(bench: Bench) -> list[int]:
    return [fact.order_id for fact in bench.all_made(ev.CancelRequested)]


def cancelled_here(bench: Bench) -> list[int]:
    return [fact.order_id for fact in bench.all_made(ev.OrderCanceled)]


class Intent(msgspec.Struct, frozen=True):
    offset: Offset
    reduce_only: bool = False


# What is allowed ----------------------------------------------------------------------------------
@given(offset=st.sampled_from(Offset), reduce_only=st.booleans(), state=st.sampled_from(EngineState))
def test_every_close_passes_in_every_state_and_opening_only_in_normal(
    offset: Offset, reduce_only: bool, state: EngineState
) -> None:
    intent = Intent(offset, reduce_only)
    assert closes(intent) is (reduce_only or offset is not Offset.OPEN)
    assert (allowed(state, intent) == "") is (state is NORMAL or closes(intent))


def test_a_refusal_says_what_is_still_possible() -> None:
    opening = Intent(Offset.OPEN)
    assert allowed(HALTED, opening) == "The engine is halted: only orders that close a position are taken."
    assert allowed(REDUCE_ONLY, opening).startswith("The engine only reduces")


# HALTED -------------------------------------------------------------------------------------------
def test_a_stop_cancels_everything_that_works_or_waits(bench: Bench) -> None:
    bench.working(1)
    bench.working(2, offset=Offset.CLOSE)
    bench.order(3)
    bench.order(4, sent=False)
    bench.order(5, sent=False, conditions=("last >= 1",))
    bench.order(6)
    bench.tell(ev.OrderLost(order_id=6, reason="timeout"))
    bench.order(7, origin=Origin.EXTERNAL, sent=False, client_order_id="")
    bench.placed(7)
    bench.working(8)
    bench.filled("10", 8)
    bench.stop()
    assert asked(bench) == [1, 2, 3, 6, 7]
    assert cancelled_here(bench) == [4, 5]


def test_it_asks_until_the_venue_confirms_and_tells_who_did_not(bench: Bench) -> None:
    bench.working(1)
    bench.working(2)
    bench.stop()
    bench.canceled(1)
    bench.tell(ev.CancelRejected(order_id=2, reason="too many requests"))
    bench.wait(4.9)
    assert bench.all_made(ev.AlertRaised) == []
    bench.wait(0.2)
    (alert,) = bench.all_made(ev.AlertRaised)
    assert alert.message == "1 order is not confirmed as cancelled 5 s after it was asked."
    bench.wait(60)
    (straggler,) = emergency(bench).stragglers()
    assert (straggler.order_id, straggler.answer) == (2, "too many requests")
    assert straggler.asked == len([fact for fact in bench.all_made(ev.CancelRequested) if fact.order_id == 2])
    assert straggler.asked > 10
    bench.canceled(2)
    assert emergency(bench).stragglers() == []
    assert [fact.alert_id for fact in bench.all_made(ev.AlertSettled)] == [alert.alert_id]
    count = len(bench.made)
    bench.wait(600)
    assert len(bench.made) == count


def test_a_straggler_that_is_filled_is_one_no_longer(bench: Bench) -> None:
    bench.working()
    bench.stop()
    bench.wait(6)
    bench.filled("10")
    assert emergency(bench).stragglers() == []
    assert len(bench.all_made(ev.AlertSettled)) == 1


def test_an_alert_that_somebody_noted_is_not_raised_again_for_the_same(bench: Bench) -> None:
    bench.working()
    bench.stop()
    bench.wait(6)
    (alert,) = bench.all_made(ev.AlertRaised)
    bench.tell(ev.AlertSettled(alert_id=alert.alert_id, by="somebody"))
    bench.wait(100)
    bench.canceled()
    assert len(bench.all_made(ev.AlertRaised)) == 1
    assert bench.all_made(ev.AlertSettled) == []


def test_alerts_of_two_stops_are_two(bench: Bench) -> None:
    for order_id in (1, 2):
        bench.working(order_id)
        bench.stop()
        bench.wait(6)
        bench.canceled(order_id)
        bench.stop(NORMAL)
    first, second = bench.all_made(ev.AlertRaised)
    assert first.key != second.key
    assert first.alert_id != second.alert_id


def test_what_turns_up_during_a_stop_is_cancelled_too(bench: Bench) -> None:
    bench.stop()
    bench.order(1, origin=Origin.EXTERNAL, sent=False, client_order_id="")
    bench.placed(1)
    assert asked(bench) == [1]


def test_a_close_chosen_during_a_stop_is_left_to_work(bench: Bench) -> None:
    bench.stop()
    bench.working(1, offset=Offset.CLOSE)
    bench.working(2, reduce_only=True)
    bench.wait(100)
    assert bench.made == []
    bench.stop(HALTED)
    assert bench.made == [], "the same stop said again is no new stop"


def test_an_order_in_flight_that_is_refused_during_a_stop_is_not_sent_again(bench: Bench) -> None:
    bench.order()
    bench.stop()
    bench.refused()
    assert bench.all_made(ev.OrderQueued) == []
    assert cancelled_here(bench) == [1]


def test_an_order_waiting_for_its_retry_is_cancelled_here(bench: Bench) -> None:
    bench.order()
    bench.refused()
    bench.stop()
    assert cancelled_here(bench) == [1]


# REDUCE_ONLY and back -----------------------------------------------------------------------------
def test_reduce_only_takes_back_our_opening_orders_and_keeps_what_protects(bench: Bench) -> None:
    bench.working(1)
    bench.working(2, offset=Offset.CLOSE)
    bench.working(3, reduce_only=True)
    bench.order(4, sent=False)
    bench.order(5, sent=False, offset=Offset.CLOSE)
    bench.order(6, origin=Origin.EXTERNAL, sent=False, client_order_id="")
    bench.placed(6)
    bench.stop(REDUCE_ONLY)
    assert asked(bench) == [1]
    assert cancelled_here(bench) == [4]
    bench.stop(HALTED)
    assert asked(bench)[1:] == [1, 2, 3, 6], "a harder stop takes the rest, and asks again"
    assert cancelled_here(bench) == [4, 5]


def test_from_halted_to_reduce_only_nothing_more_is_cancelled(bench: Bench) -> None:
    bench.stop()
    bench.working(1, offset=Offset.CLOSE)
    bench.stop(REDUCE_ONLY)
    assert bench.made == []


def test_back_to_normal_nothing_is_sent_again_and_stragglers_stay_listed(bench: Bench) -> None:
    bench.working(1)
    bench.stop()
    bench.stop(NORMAL)
    assert [s.order_id for s in emergency(bench).stragglers()] == [1]
    bench.working(2)
    assert asked(bench) == [1]
    bench.canceled(1)
    assert emergency(bench).stragglers() == []
    bench.tell(ev.CancelRequested(order_id=2, reason="by hand"))
    assert emergency(bench).stragglers() == [], "a cancel in normal times is no straggler of a stop"


# Restart ------------------------------------------------------------------------------------------
def test_a_stop_that_a_restart_interrupted_is_carried_out_after_it() -> None:
    bench = Bench(Emergency, LifeCycle)
    bench.working(1)
    bench.working(2)
    bench._take(ev.EngineStateChanged(state=HALTED, reason="test", by="test"))
    bench._take(ev.CancelRequested(order_id=1, reason="emergency stop"))
    again = bench.restarted()
    again.settle()
    assert asked(again) == [2]
    assert {s.order_id for s in emergency(again).stragglers()} == {1, 2}


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["work", "wait", "close", "fill", "cancel", "refuse cancel", "state", "time"]),
        st.integers(1, 8),
    ),
    max_size=40,
)


def play(bench: Bench, deeds: list[tuple[str, int]]) -> None:
    for deed, number in deeds:
        active = [i for i, order in bench.book.active.items() if not order.never_left]
        target = active[number % len(active)] if active else None
        next_id = max(bench.book.orders, default=0) + 1
        if deed == "work" and bench.engine_state is NORMAL:
            bench.working(next_id)
        elif deed == "wait" and bench.engine_state is NORMAL:
            bench.order(next_id, sent=False)
        elif deed == "close":
            bench.working(next_id, offset=Offset.CLOSE)
        elif deed == "state":
            bench.stop(list(EngineState)[number % 3])
        elif deed == "time":
            bench.wait(number * 1.7)
        elif target is not None and deed == "fill":
            bench.filled("4", target)
        elif target is not None and deed == "cancel":
            bench.canceled(target)
        elif target is not None and deed == "refuse cancel":
            bench.tell(ev.CancelRejected(order_id=target, reason="busy"))


@settings(max_examples=150)
@given(deeds=DEEDS, later=st.lists(st.integers(1, 20), max_size=5))
def test_whatever_happens_a_restart_knows_the_same_and_only_a_person_changes_the_state(
    deeds: list[tuple[str, int]], later: list[int]
) -> None:
    bench = Bench(Emergency, LifeCycle)
    play(bench, deeds)
    again = bench.restarted()
    assert emergency(again).stragglers() == emergency(bench).stragglers()
    bench.made.clear()
    for pause in later:
        bench.wait(pause)
        again.wait(pause)
    assert again.made == bench.made
    assert emergency(again).stragglers() == emergency(bench).stragglers()
    assert bench.all_made(ev.EngineStateChanged) == []


@settings(max_examples=150)
@given(deeds=DEEDS)
def test_after_a_stop_nothing_works_whose_cancel_is_not_asked(deeds: list[tuple[str, int]]) -> None:
    bench = Bench(Emergency, LifeCycle)
    play(bench, deeds)
    bench.stop(NORMAL)
    bench.stop(HALTED)
    listed = {s.order_id for s in emergency(bench).stragglers()}
    assert listed == set(bench.book.active)
    bench.wait(6)
    standing = len(bench.all_made(ev.AlertRaised)) - len(bench.all_made(ev.AlertSettled))
    assert standing == (1 if listed else 0)
