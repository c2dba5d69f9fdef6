"""Linked orders and local triggers: what one order's fill does to the others (invariant 21)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st
from lobby import Lobby, X, dec

from monitor.engine import events as ev
from monitor.engine.commands import OrderRequest
from monitor.engine.values import Direction, LinkKind, Offset, OrderType, Side, WaitingKind
from monitor.engine.waiting import exits_reduce, linked


def request(**fields: Any) -> OrderRequest:
    defaults: dict[str, Any] = {
        "symbol": X,
        "side": Side.BUY,
        "offset": Offset.OPEN,
        "type": OrderType.LIMIT,
        "quantity": Decimal(5),
        "price": Decimal(100),
    }
    return OrderRequest(**(defaults | fields))


ENTRY = request()
TARGET = request(side=Side.SELL, offset=Offset.CLOSE, price=Decimal(110))
STOP = request(
    side=Side.SELL, offset=Offset.CLOSE, type=OrderType.STOP, price=None, trigger_price=Decimal(95)
)


def oco(lobby: Lobby, *order_ids: int, **fields: Any) -> None:
    for order_id in order_ids:
        lobby.give(order_id, group_id=order_ids[0], **fields)


def bracket(lobby: Lobby, quantity: int = 5) -> None:
    """1 is the entry, 2 the target, 3 the stop; the venue knows stops and lets both rest (a replay's)."""
    lobby.market.reserving = False
    lobby.market.types = frozenset(OrderType)
    lobby.give(1, quantity=quantity)
    close = {"side": Side.SELL, "offset": Offset.CLOSE, "reduce_only": True, "quantity": quantity}
    lobby.give(2, parent_id=1, group_id=2, price=110, **close)
    lobby.give(3, parent_id=1, group_id=2, type=OrderType.STOP, trigger_price=95, **close)
    lobby.places(1)


# One cancels the others -------------------------------------------------------------------------
def test_any_fill_of_one_cancels_the_others_at_once() -> None:
    lobby = Lobby()
    oco(lobby, 1, 2, 3, quantity=5)
    lobby.places(1, 2)
    lobby.fills(2, 1)
    assert lobby.asked_to_cancel == [1, 3]
    assert lobby.of(ev.AlertRaised) == []
    lobby.fills(2, 4)
    assert lobby.asked_to_cancel == [1, 3]


def test_one_that_has_not_left_is_simply_cancelled() -> None:
    lobby = Lobby()
    lobby.give(1, group_id=1)
    lobby.give(2, group_id=1, conditions=("last(SHFE.x1) > 5",))
    lobby.fills(1)
    assert lobby.canceled == [2]
    assert lobby.asked_to_cancel == []
    lobby.quote(last=6)
    assert lobby.sent == [1]


def test_when_both_were_filled_both_stay_and_somebody_is_told_once() -> None:
    lobby = Lobby()
    oco(lobby, 1, 2)
    lobby.fills(1)
    lobby.fills(2)
    (alert,) = lobby.of(ev.AlertRaised)
    assert (alert.cause, alert.order_id) == ("oco-both-filled", 2)
    assert lobby.canceled == []
    assert lobby.restarted().facts == lobby.facts
    after = lobby.restarted()
    after.wait(10)
    assert len(after.of(ev.AlertRaised)) == 1


def test_a_cancel_or_a_refusal_of_one_leaves_the_others() -> None:
    lobby = Lobby()
    oco(lobby, 1, 2, 3)
    lobby.places(1, 2, 3)
    lobby.cancels(1)
    lobby.record(ev.OrderRejected(order_id=2, reason="no"))
    assert lobby.market.book.orders[3].status.active
    assert lobby.asked_to_cancel == []


# One triggers the others ------------------------------------------------------------------------
def test_a_child_waits_for_its_parents_fill() -> None:
    lobby = Lobby()
    lobby.give(1)
    lobby.give(2, parent_id=1)
    assert lobby.row(2).kind is WaitingKind.LINKED
    assert lobby.row(2).detail == "until order 1 is filled"
    lobby.places(1)
    assert lobby.sent == [1]
    lobby.fills(1)
    assert lobby.sent == [1, 2]


def test_children_share_what_was_filled_in_the_order_they_were_given() -> None:
    lobby = Lobby()
    lobby.give(1, quantity=10)
    lobby.give(2, parent_id=1, quantity=4)
    lobby.give(3, parent_id=1, quantity=6)
    lobby.fills(1, 3)
    assert [(f.order_id, f.quantity) for f in lobby.of(ev.OrderReleased)] == [(2, 3)]
    lobby.places(2)
    lobby.fills(1, 3)
    assert [(f.order_id, f.quantity) for f in lobby.of(ev.ReplaceRequested)] == [(2, 4)]
    assert [(f.order_id, f.quantity) for f in lobby.of(ev.OrderReleased)] == [(2, 3), (3, 2)]


def test_a_child_that_still_queues_grows_without_a_request() -> None:
    lobby = Lobby()
    lobby.give(1, quantity=5)
    lobby.give(2, parent_id=1, quantity=5)
    lobby.market.unreachable.add("v")
    lobby.fills(1, 2)
    lobby.fills(1, 2)
    assert [(f.order_id, f.quantity) for f in lobby.of(ev.OrderReleased)] == [(2, 2), (2, 4)]
    assert lobby.of(ev.ReplaceRequested) == []


def test_a_child_is_not_enlarged_before_the_venue_has_it() -> None:
    lobby = Lobby()
    lobby.give(1, quantity=5)
    lobby.give(2, parent_id=1, quantity=5)
    lobby.fills(1, 2)
    lobby.fills(1, 2)
    assert lobby.of(ev.ReplaceRequested) == []
    lobby.places(2)
    assert [(f.order_id, f.quantity) for f in lobby.of(ev.ReplaceRequested)] == [(2, 4)]


def test_children_that_cancel_each_other_count_once() -> None:
    lobby = Lobby()
    lobby.give(1, quantity=10)
    lobby.give(2, parent_id=1, group_id=2, quantity=6)
    lobby.give(3, parent_id=1, group_id=2, quantity=5)
    lobby.give(4, parent_id=1, quantity=4)
    lobby.fills(1, 10)
    assert [(f.order_id, f.quantity) for f in lobby.of(ev.OrderReleased)] == [(2, None), (3, None), (4, None)]


def test_an_enlargement_waits_for_the_one_before_and_a_refused_one_is_told() -> None:
    lobby = Lobby()
    bracket(lobby)
    lobby.fills(1, 1)
    lobby.places(2, 3)
    lobby.fills(1, 1)
    lobby.fills(1, 1)
    asked = [(f.order_id, f.quantity) for f in lobby.of(ev.ReplaceRequested)]
    assert asked == [(2, 2), (3, 2)]
    lobby.record(ev.OrderReplaced(order_id=2, quantity=Decimal(2)))
    lobby.record(ev.ReplaceRejected(order_id=3, reason="no"))
    asked = [(f.order_id, f.quantity) for f in lobby.of(ev.ReplaceRequested)]
    assert asked == [(2, 2), (3, 2), (2, 3)]
    (alert,) = lobby.of(ev.AlertRaised)
    assert (alert.cause, alert.order_id) == ("exit-too-small", 3)


def test_a_parent_that_ends_unfilled_takes_its_children_with_it() -> None:
    lobby = Lobby()
    bracket(lobby)
    lobby.cancels(1)
    assert lobby.canceled == [1, 2, 3]
    assert lobby.sent == [1]


def test_a_parent_that_never_left_takes_its_children_with_it() -> None:
    lobby = Lobby()
    lobby.give(1, delay_s=10)
    lobby.give(2, parent_id=1)
    lobby.give(3, parent_id=2)
    lobby.cancel(1)
    assert lobby.canceled == [1, 2, 3]


def test_a_parent_that_ends_partly_filled_leaves_exits_of_that_size() -> None:
    lobby = Lobby()
    bracket(lobby)
    lobby.fills(1, 2)
    lobby.places(2, 3)
    lobby.cancels(1)
    assert [(f.order_id, f.quantity) for f in lobby.of(ev.OrderReleased)] == [(2, 2), (3, 2)]
    assert lobby.canceled == [1]


def test_whose_facts_a_checkpoint_must_keep() -> None:
    lobby = Lobby()
    bracket(lobby)
    lobby.give(9)
    lobby.fills(9)
    lobby.give(10, conditions=("order(9) is Canceled",))
    lobby.fills(1, 5)
    assert lobby.room.needed() >= {1, 2, 3, 9}
    lobby.fills(2, 5)
    lobby.cancels(3)
    lobby.cancel(10)
    assert lobby.room.needed() == set()


# Brackets ---------------------------------------------------------------------------------------
def test_a_bracket_from_entry_to_exit() -> None:
    lobby = Lobby()
    bracket(lobby)
    lobby.fills(1, 5)
    assert lobby.sent == [1, 2, 3]
    lobby.places(2, 3)
    lobby.fills(2, 5, price=110)
    assert lobby.asked_to_cancel == [3]
    lobby.cancels(3)
    assert lobby.of(ev.AlertRaised) == []


def test_an_exit_that_trades_ends_the_entry() -> None:
    lobby = Lobby()
    bracket(lobby)
    lobby.fills(1, 2)
    lobby.places(2, 3)
    lobby.fills(3, 1, price=95)
    assert sorted(lobby.asked_to_cancel) == [1, 2]


fills = st.lists(st.tuples(st.sampled_from([1, 2, 3]), st.integers(1, 3)), max_size=8)


@given(fills, st.lists(st.sampled_from(["place", "replace", "reject", "restart", "wait"]), max_size=8))
def test_exits_never_exceed_what_was_entered(traded: list[tuple[int, int]], between: list[str]) -> None:
    """Invariant 21 after every fact, whatever the venue does and whenever the program is killed."""
    lobby = Lobby()
    bracket(lobby, 6)
    steps = iter(between)
    for order_id, volume in traded:
        order = lobby.market.book.orders[order_id]
        if order.attempt == 0 or not order.status.active:
            continue
        lobby.fills(order_id, min(Decimal(volume), order.target - order.filled))
        step = next(steps, "place")
        if step == "place":
            lobby.places(*(i for i in (2, 3) if i in lobby.sent))
        elif step in {"replace", "reject"}:
            _answer(lobby, accept=step == "replace")
        elif step == "restart":
            lobby = lobby.restarted()
            lobby.settle()
        else:
            lobby.wait(1)
        _check(lobby)


def _answer(lobby: Lobby, *, accept: bool) -> None:
    answered = {f.order_id for f in [*lobby.of(ev.OrderReplaced), *lobby.of(ev.ReplaceRejected)]}
    for asked in lobby.of(ev.ReplaceRequested):
        if asked.order_id in answered:
            continue
        kind = ev.OrderReplaced(order_id=asked.order_id, quantity=asked.quantity)
        lobby.record(kind if accept else ev.ReplaceRejected(order_id=asked.order_id, reason="no"))
        return


def _check(lobby: Lobby) -> None:
    book = lobby.market.book
    entered = book.orders[1].filled
    for kind in (ev.OrderReleased, ev.ReplaceRequested):
        for fact in lobby.of(kind):
            assert (fact.quantity or Decimal(6)) <= entered
    exits = [book.orders[i] for i in (2, 3)]
    touched = [order for order in exits if order.filled]
    for order in exits:
        if touched and order is not touched[0] and not order.filled:
            assert not order.status.active or order.cancel_pending
    if len(touched) == 2:
        assert len(lobby.of(ev.AlertRaised)) >= 1
    if touched:
        entry = book.orders[1]
        assert not entry.status.active or entry.cancel_pending


# Local triggers ---------------------------------------------------------------------------------
@pytest.mark.parametrize(("side", "before", "at"), [(Side.BUY, 99, 100), (Side.SELL, 101, 100)])
def test_a_stop_the_venue_does_not_know_is_watched_here(side: Side, before: float, at: float) -> None:
    lobby = Lobby()
    lobby.give(1, type=OrderType.STOP, side=side, trigger_price=100)
    lobby.quote(last=before)
    assert lobby.row(1).kind is WaitingKind.TRIGGER
    assert lobby.sent == []
    lobby.quote(last=at)
    assert [f.reason for f in lobby.of(ev.OrderReleased)] == ["triggered at 100"]
    assert lobby.sent == [1]


def test_a_stop_the_venue_knows_is_not() -> None:
    lobby = Lobby()
    lobby.market.types = frozenset(OrderType)
    lobby.give(1, type=OrderType.STOP, trigger_price=100)
    assert lobby.sent == [1]


def test_a_trailing_stop_follows_and_goes_on_following_after_a_restart() -> None:
    lobby = Lobby()
    lobby.give(1, type=OrderType.TRAILING, side=Side.SELL, trail=3)
    for last in (100, 102, 101, 99.5):
        lobby.quote(last=last)
    assert [f.trigger_price for f in lobby.of(ev.TriggerMoved)] == [97, 99]
    after = lobby.restarted()
    after.quote(last=103)
    assert after.row(1).detail == "for the price 100"
    after.quote(last=100)
    assert after.sent == [1]


def test_conditions_arm_a_trigger_for_good() -> None:
    lobby = Lobby()
    lobby.give(1, type=OrderType.STOP, trigger_price=100, conditions=("last(SHFE.x1) < 90",))
    lobby.quote(last=100)
    assert lobby.sent == []
    lobby.quote(last=89)
    after = lobby.restarted()
    after.quote(last=95)
    assert after.row(1).kind is WaitingKind.TRIGGER
    after.quote(last=100)
    assert after.sent == [1]


def test_a_stop_of_a_bracket_that_is_watched_here_waits_for_its_price_once_the_entry_is_filled() -> None:
    lobby = Lobby()
    lobby.quote(last=100)
    lobby.give(1, quantity=3)
    exit_ = {"side": Side.SELL, "offset": Offset.CLOSE, "quantity": 3, "parent_id": 1, "group_id": 2}
    lobby.give(2, price=110, **exit_)
    lobby.give(3, type=OrderType.STOP, trigger_price=95, **exit_)
    assert lobby.row(3).kind is WaitingKind.LINKED
    lobby.fills(1, 2)
    assert (lobby.row(3).kind, lobby.row(3).detail) == (WaitingKind.TRIGGER, "for the price 95")
    assert lobby.restarted().row(3).kind is WaitingKind.TRIGGER
    lobby.quote(last=95)
    assert lobby.sent == [1, 2]
    assert sorted(lobby.asked_to_cancel) == [1, 2]
    lobby.cancels(2)
    assert lobby.sent == [1, 2, 3]
    assert [f.quantity for f in lobby.of(ev.OrderReleased)] == [2, 2]


def test_a_trailing_exit_of_a_bracket_begins_to_follow_when_it_is_released() -> None:
    lobby = Lobby()
    lobby.quote(last=100)
    lobby.give(1, quantity=1)
    exit_ = {"side": Side.SELL, "offset": Offset.CLOSE, "trail": 3, "trigger_price": 118}
    lobby.give(2, parent_id=1, type=OrderType.TRAILING, **exit_)
    lobby.quote(last=120)
    assert lobby.of(ev.TriggerMoved) == []
    lobby.fills(1, 1, price=120)
    assert [f.trigger_price for f in lobby.of(ev.TriggerMoved)] == [117]
    lobby.quote(last=117)
    assert lobby.sent == [1, 2]


# At command time --------------------------------------------------------------------------------
def test_plans_of_linked_orders() -> None:
    plans = linked(LinkKind.OCO, (ENTRY, ENTRY), 7)
    assert [(p.parent_id, p.group_id) for p in plans if not isinstance(p, str)] == [(None, 7), (None, 7)]
    plans = linked(LinkKind.OTO, (ENTRY, request(quantity=Decimal(2)), request(quantity=Decimal(3))), 7)
    assert [(p.parent_id, p.group_id) for p in plans if not isinstance(p, str)] == [
        (None, None),
        (7, None),
        (7, None),
    ]
    plans = linked(LinkKind.BRACKET, (ENTRY, TARGET, STOP), 7)
    assert [(p.parent_id, p.group_id) for p in plans if not isinstance(p, str)] == [
        (None, None),
        (7, 8),
        (7, 8),
    ]
    assert [r.reduce_only for r in exits_reduce(LinkKind.BRACKET, (ENTRY, TARGET, STOP))] == [
        False,
        True,
        True,
    ]
    assert exits_reduce(LinkKind.OTO, (ENTRY, TARGET)) == (ENTRY, TARGET)


def but(order: OrderRequest, **fields: Any) -> OrderRequest:
    return msgspec.structs.replace(order, **fields)


@pytest.mark.parametrize(
    ("kind", "orders", "says"),
    [
        (LinkKind.OCO, (ENTRY,), "OCO takes 2 to 10 orders, not 1."),
        (LinkKind.OTO, (ENTRY, request(quantity=Decimal(6))), "are 6 together, the first only 5"),
        (LinkKind.BRACKET, (ENTRY, TARGET), "an entry, a target and a stop, not 2 orders"),
        (LinkKind.BRACKET, (ENTRY, TARGET, but(STOP, symbol="SHFE.y1")), "of one symbol"),
        (LinkKind.BRACKET, (ENTRY, but(TARGET, side=Side.BUY), STOP), "of a BUY are SELL"),
        (LinkKind.BRACKET, (ENTRY, but(TARGET, offset=Offset.OPEN), STOP), "target and stop close"),
        (LinkKind.BRACKET, (ENTRY, STOP, TARGET), "The target is a limit"),
        (LinkKind.BRACKET, (ENTRY, but(TARGET, price=Decimal(99)), STOP), "target of a BUY is above"),
        (LinkKind.BRACKET, (ENTRY, TARGET, but(STOP, trigger_price=Decimal(101))), "the stop below"),
        (LinkKind.BRACKET, (ENTRY, TARGET, but(STOP, quantity=dec(6))), "at most the 5 of the entry"),
        (LinkKind.OCO, (ENTRY, but(ENTRY, quantity=dec("NaN"))), "a volume above 0"),
    ],
)
def test_links_that_make_no_sense_are_refused_in_words(
    kind: LinkKind, orders: tuple[OrderRequest, ...], says: str
) -> None:
    refusal = linked(kind, orders, 1)
    assert isinstance(refusal, str)
    assert says in refusal
    assert refusal.endswith(".")


def test_an_order_belongs_to_one_link() -> None:
    plans = linked(LinkKind.OCO, (ENTRY, ENTRY), 7)
    assert not isinstance(plans, str)
    assert linked(LinkKind.OCO, (but(ENTRY, plan=plans[0]), ENTRY), 9) == "An order belongs to one link only."


# Exits at a venue that reserves what they close ---------------------------------------------------
CLOSING = {"side": Side.SELL, "offset": Offset.CLOSE}


def test_of_two_limits_that_close_the_same_the_second_waits_for_the_end_of_the_first() -> None:
    lobby = Lobby()
    oco(lobby, 1, 2, quantity=5, **CLOSING)
    assert lobby.sent == [1]
    lobby.places(1)
    lobby.fills(1, 2)
    assert (lobby.sent, lobby.asked_to_cancel) == ([1], [])
    lobby.cancels(1)
    assert lobby.sent == [1, 2]
    assert lobby.market.book.orders[2].remaining == 3


def test_an_exit_whose_conditions_are_met_takes_the_place_of_one_that_has_not_left() -> None:
    lobby = Lobby()
    lobby.market.unreachable.add("v")
    lobby.give(1, group_id=1, **CLOSING)
    lobby.give(2, group_id=1, conditions=("last(SHFE.x1) < 95",), type=OrderType.MARKET, **CLOSING)
    lobby.quote(last=94)
    assert lobby.canceled == [1]
    lobby.market.unreachable.clear()
    lobby.wait(1)
    assert lobby.sent == [2]


@pytest.mark.parametrize("reserving", [True, False])
def test_an_exit_that_expires_is_told_while_its_position_is_open(reserving: bool) -> None:
    lobby = Lobby()
    lobby.market.reserving = reserving
    lobby.give(1, quantity=1)
    lobby.give(2, parent_id=1, **CLOSING)
    lobby.market.positions["a", X, Direction.LONG] = Decimal(1)
    lobby.fills(1)
    lobby.places(2)
    lobby.record(ev.OrderExpired(order_id=2, reason="end of day", cumulative=Decimal(0)))
    (alert,) = lobby.of(ev.AlertRaised)
    assert (alert.cause, alert.order_id, alert.symbol) == ("exit-refused", 2, X)
    assert alert.message == (
        "Order 2, the target of SHFE.x1, ended Expired: end of day. The position has no target now."
    )


def test_an_exit_that_is_cancelled_on_a_wish_or_has_nothing_to_close_is_not_told() -> None:
    lobby = Lobby()
    lobby.give(1, quantity=1)
    lobby.give(2, parent_id=1, **CLOSING)
    lobby.fills(1)
    lobby.record(ev.OrderRejected(order_id=2, reason="nothing to close"))
    lobby.give(3, quantity=1)
    lobby.give(4, parent_id=3, **CLOSING)
    lobby.fills(3)
    lobby.market.positions["a", X, Direction.SHORT] = Decimal(1)
    lobby.places(4)
    lobby.cancel(4)
    lobby.cancels(4)
    assert lobby.of(ev.AlertRaised) == []
