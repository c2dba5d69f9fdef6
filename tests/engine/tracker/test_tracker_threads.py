"""What users of other systems reported, each as a test here (order model, part c), and the
failures measured of peers. Named by their threads."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tracker_world import Venue, World

from monitor.engine import events as ev
from monitor.engine.values import (
    InnerState,
    OrderFlag,
    OrderStatus,
    Origin,
    Side,
    SignalKind,
)
from monitor.engine.venue import (
    CancelRefused,
    OrderUnknown,
    PlaceRefused,
    ReplaceRefused,
    RequestKind,
    RequestLost,
    VenueStatus,
)

S = OrderStatus


def ours(quantity: object = 1, **more: object) -> tuple[World, Venue, int]:
    """A world with an order of ours on its way, and the venue that will have it as `7`."""
    world = World()
    order = world.sends(quantity, **more)  # type: ignore[arg-type]
    return world, Venue(client=f"c{order}", quantity=quantity), order


def polled(world: World) -> dict[str, int]:
    return {"polled_ns": world.now_ns}


# Fills and cancels -------------------------------------------------------------------------------
def test_nautilus_1587_fills_while_a_cancel_is_asked_for() -> None:
    world, venue, order = ours()
    world.hear(venue.accepts(0))
    world.cancels(order)
    world.hear(venue.fills("t1", "0.4"))
    row = world.row(order)
    assert (row.status, row.inner_state) == (S.PARTIAL, InnerState.CANCEL_IN_FLIGHT)
    assert row.flags == (OrderFlag.CANCEL_PENDING,)
    world.hear(venue.cancels("0.4"))
    assert (world.row(order).status, world.finished(order)) == (S.CANCELED, Decimal("0.4"))


def test_nautilus_4157_and_ibx_360_an_old_cancel_after_the_order_was_filled() -> None:
    world, venue, order = ours()
    stale = venue.cancels(1)
    world.hear(venue.accepts(0), venue.fills("t1", 1), venue.done(1))
    world.hear(stale, venue.accepts(0))
    assert world.row(order).status is S.FILLED
    assert (world.finished(order), world.corrections(order)) == (1, [])


def test_nautilus_3797_a_trade_after_the_cancel_does_not_open_the_order_again() -> None:
    world, venue, order = ours()
    world.hear(venue.accepts(0), venue.cancels(0))
    assert world.finished(order) == 0
    world.hear(venue.fills("late", "0.4"))
    row = world.row(order)
    assert (row.status, row.filled_quantity) == (S.CANCELED, Decimal("0.4"))
    assert order not in world.book.active
    assert world.money[order] == Decimal("0.4")
    assert (world.finished(order), world.corrections(order)) == (0, [Decimal("0.4")])


def test_nautilus_3770_a_total_and_its_fill_are_not_added() -> None:
    world, venue, order = ours(20)
    world.hear(venue.accepts(20), venue.fills("t1", 20))
    assert world.row(order).filled_quantity == 20
    assert OrderFlag.OVERFILL not in world.row(order).flags


def test_nautilus_3869_a_fill_that_was_never_delivered_is_asked_for_and_then_inferred() -> None:
    world, venue, order = ours()
    world.hear(venue.accepts(0), venue.fills("t1", "0.4"), venue.done(1))
    assert world.row(order).flags == (OrderFlag.FILLS_MISSING,)
    assert world.row(order).inner_state is InnerState.UNKNOWN
    world.pass_time(2)
    assert world.look_ups() == [order]
    world.hear(venue.done(1, **polled(world)))
    world.pass_time(3)
    assert world.row(order).status is S.FILLED
    assert OrderFlag.PROVISIONAL in world.row(order).flags
    assert world.finished(order) == 1
    assert world.money[order] == 1


def test_nautilus_3493_the_real_fill_takes_the_place_of_the_inferred_one() -> None:
    world, venue, order = ours()
    world.hear(venue.accepts(0), venue.done(1))
    world.pass_time(3)
    world.look_ups()
    world.hear(venue.done(1, **polled(world)))
    world.pass_time(3)
    assert world.finished(order) == 1
    world.hear(venue.fills("real", 1, 98))
    row = world.row(order)
    assert (row.status, row.filled_quantity, row.average_price) == (S.FILLED, 1, 98)
    assert OrderFlag.PROVISIONAL not in row.flags
    assert world.money[order] == 1
    assert world.count(ev.FillCorrected) == 1
    (corrected,) = world.signals(order, SignalKind.CORRECTED)
    assert corrected.average_price == 98


def test_nautilus_3878_the_same_inference_has_the_same_id_in_every_process() -> None:
    def inferred() -> str:
        world, venue, order = ours()
        world.hear(venue.done(1))
        world.pass_time(3)
        world.hear(venue.done(1, **polled(world)))
        world.pass_time(3)
        (fill,) = world.order(order).fills
        return fill

    assert inferred() == inferred()
    assert inferred().startswith("inferred-")


def test_nautilus_4626_and_4787_what_an_ioc_leaves_unfilled_closes_it() -> None:
    world, venue, order = ours()
    world.hear(venue.fills("t1", "0.6"), venue.done("0.6"))
    row = world.row(order)
    assert (row.status, row.reason, row.filled_quantity) == (S.CANCELED, "underfilled", Decimal("0.6"))
    assert world.finished(order) == Decimal("0.6")


def test_nautilus_1205_and_quantdinger_232_told_again_after_a_restart_nothing_is_booked_twice() -> None:
    world, venue, order = ours()
    words = [venue.accepts(0), venue.fills("t1", "0.4"), venue.fills("t2", "0.6"), venue.done(1)]
    world.hear(*words)
    after = world.dies()
    after.hear(*words)
    assert after.money == {order: 1}
    assert after.facts == world.facts


def test_nautilus_3085_two_fills_under_one_id_keep_the_first_and_tell_somebody_once() -> None:
    world, venue, order = ours()
    world.hear(venue.accepts(0))
    world.hear(venue.fills("t1", "0.4"), venue.fills("t1", "0.5"), venue.fills("t1", "0.5"))
    assert world.row(order).filled_quantity == Decimal("0.4")
    assert world.money[order] == Decimal("0.4")
    assert OrderFlag.CONFLICT in world.row(order).flags
    assert world.alerts() == ["conflict"]
    assert world.said_fills(order) == ["t1"]


def test_nautilus_3450_one_trade_id_for_two_orders_of_ours_is_two_fills() -> None:
    world = World()
    buy, sell = world.sends(1, side=Side.BUY), world.sends(1, side=Side.SELL)
    bought = Venue(oid="7", client=f"c{buy}")
    sold = Venue(oid="8", client=f"c{sell}", side=Side.SELL)
    world.hear(bought.accepts(0), sold.accepts(0), bought.fills("t1", 1), sold.fills("t1", 1))
    assert world.money == {buy: 1, sell: -1}


def test_both_sides_under_one_venue_id_are_two_orders_and_told_of() -> None:
    world = World()
    buyer, seller = Venue(), Venue(side=Side.SELL)
    world.hear(buyer.fills("t1", 1), seller.fills("t1", 1), seller.fills("t1", 1))
    assert sorted(world.money.values()) == [-1, 1]
    assert world.alerts() == ["both sides"]


def test_metamask_27906_fills_alike_but_for_their_id_are_two() -> None:
    world, venue, order = ours()
    world.hear(venue.accepts(0), venue.fills("t1", "0.5"), venue.fills("t2", "0.5"))
    assert world.row(order).status is S.FILLED


def test_an_overfill_is_booked_flagged_and_told_once() -> None:
    world, venue, order = ours()
    world.hear(venue.accepts(0), venue.fills("t1", 1))
    assert world.finished(order) == 1
    world.hear(venue.fills("t2", "0.5"), venue.accepts(0))
    assert OrderFlag.OVERFILL in world.row(order).flags
    assert world.corrections(order) == [Decimal("1.5")]
    assert world.alerts() == ["overfill"]


def test_lean_1799_an_acknowledgement_does_not_undo_a_fill() -> None:
    world, venue, order = ours()
    world.hear(venue.fills("t1", 1), venue.accepts(0), venue.says(VenueStatus.TRIGGERED, 0))
    assert world.row(order).status is S.FILLED


def test_lean_alpaca_61_new_and_fill_three_times_after_a_reconnect() -> None:
    world, venue, order = ours()
    words = [venue.accepts(0), venue.fills("t1", "0.4")]
    world.hear(*words, *words, *words)
    assert world.row(order).filled_quantity == Decimal("0.4")
    assert len(world.signals(order, SignalKind.ACCEPTED)) == 1


# Rejections ---------------------------------------------------------------------------------------
def test_nautilus_4479_the_rest_of_a_partly_filled_order_is_rejected() -> None:
    world, venue, order = ours()
    world.hear(venue.accepts(0), venue.fills("t1", "0.4"))
    world.hear(venue.rejects(cumulative=Decimal("0.4"), reason="post only"))
    row = world.row(order)
    assert (row.status, row.reason) == (S.CANCELED, "post only")
    assert world.finished(order) == Decimal("0.4")
    assert OrderFlag.CONFLICT not in row.flags


def test_a_fill_of_what_was_rejected_without_one_is_booked_and_a_conflict() -> None:
    world, venue, order = ours()
    world.hear(venue.rejects(cumulative=Decimal(0)), venue.fills("t1", 1))
    assert world.money[order] == 1
    assert OrderFlag.CONFLICT in world.row(order).flags
    assert world.alerts() == ["conflict"]


def test_a_rejection_without_an_id_is_found_by_our_own() -> None:
    world, venue, order = ours()
    world.hear(venue.rejects(cumulative=Decimal(0), oid="", reason="no money"))
    assert (world.row(order).status, world.row(order).reason) == (S.REJECTED, "no money")
    assert world.finished(order) == 0


def test_an_unknown_word_closes_nothing_and_is_told_once() -> None:
    world, venue, order = ours()
    strange = venue.says(VenueStatus.OTHER, 0, raw_status="scheduledCancel")
    world.hear(strange, strange)
    assert world.row(order).status is S.PLACED
    assert world.alerts() == ["unknown status"]


# Requests that fail or get lost ---------------------------------------------------------------------
def refused(order: int, **more: object) -> PlaceRefused:
    return PlaceRefused(account_id="a", client_order_id=f"c{order}", reason="busy", **more)  # type: ignore[arg-type]


def lost(order: int, request: str = RequestKind.PLACE, **more: object) -> RequestLost:
    told: dict[str, object] = {"account_id": "a", "client_order_id": f"c{order}", "reason": "time-out"}
    return RequestLost(request=RequestKind(request), **(told | more))  # type: ignore[arg-type]


def unknown(world: World, order: int) -> OrderUnknown:
    return OrderUnknown(account_id="a", client_order_id=f"c{order}", polled_ns=world.now_ns)


def test_nautilus_4152_a_lost_request_is_looked_up_and_never_its_end() -> None:
    world, _, order = ours()
    world.hear(lost(order))
    row = world.row(order)
    assert (row.status, row.inner_state) == (S.CREATED, InnerState.UNKNOWN)
    assert world.look_ups() == [order]
    assert world.look_ups() == []
    world.pass_time(2)
    assert world.look_ups() == [order]
    world.pass_time(3)
    assert world.look_ups() == []
    world.pass_time(1)
    assert world.look_ups() == [order]
    world.pass_time(24)
    assert world.alerts() == ["unknown state"]
    assert world.count(ev.OrderSent) == 1


def test_a_request_that_never_left_was_refused_for_certain() -> None:
    world, _, order = ours()
    world.hear(lost(order, never_sent=True))
    (refusal,) = [fact for fact, _ in world.facts if isinstance(fact, ev.OrderRefused)]
    assert refusal.retryable
    assert world.row(order).inner_state is InnerState.QUEUED


@pytest.mark.parametrize("question", [RequestKind.LOOK_UP, RequestKind.SNAPSHOT])
def test_a_question_that_never_left_says_nothing_of_the_order(question: RequestKind) -> None:
    """Else an order in flight would count as refused, and be sent a second time."""
    world, _, order = ours()
    before = len(world.facts)
    world.hear(lost(order, question, never_sent=True), lost(order, question))
    assert len(world.facts) == before
    assert world.row(order).inner_state is InnerState.IN_FLIGHT


def test_pysystemtrade_1580_a_late_refusal_of_an_old_attempt_does_not_undo_the_new_one() -> None:
    world, _, order = ours()
    world.hear(refused(order, retryable=True, attempt=1))
    world.record(ev.OrderSent(order_id=order, attempt=2))
    world.hear(refused(order, retryable=True, attempt=1))
    assert world.row(order).inner_state is InnerState.IN_FLIGHT
    assert world.count(ev.OrderRefused) == 1


def test_a_refusal_of_what_the_venue_has_is_not_believed() -> None:
    world, venue, order = ours()
    world.hear(venue.accepts(0), refused(order), lost(order))
    assert world.row(order).status is S.PLACED
    assert world.count(ev.OrderRefused) == world.count(ev.OrderLost) == 0


def asked_until_gone(world: World, order: int, times: int = 3) -> None:
    world.pass_time(6)
    for _ in range(times):
        world.hear(unknown(world, order))
        world.pass_time(15)


def test_nautilus_3879_and_hummingbot_7294_what_seemed_never_to_arrive_comes_back() -> None:
    world, venue, order = ours()
    world.hear(lost(order))
    asked_until_gone(world, order)
    row = world.row(order)
    assert (row.status, row.flags) == (S.REJECTED, (OrderFlag.PROVISIONAL,))
    world.pass_time(3)
    assert world.finished(order) == 0
    world.hear(venue.accepts(0))
    assert world.row(order).status is S.PLACED
    assert world.count(ev.OrderReopened) == 1
    world.hear(venue.fills("t1", 1))
    assert world.row(order).status is S.FILLED
    assert world.finished(order) == 0
    assert world.corrections(order)[-1] == 1
    assert len(world.book.orders) == 1


def test_absence_ends_an_acknowledged_order_as_canceled_and_its_fills_stay() -> None:
    world, venue, order = ours()
    world.hear(venue.accepts(0), venue.fills("t1", "0.4"))
    asked_until_gone(world, order)
    row = world.row(order)
    assert (row.status, row.filled_quantity) == (S.CANCELED, Decimal("0.4"))
    assert row.flags == (OrderFlag.PROVISIONAL,)


def test_absence_never_beats_a_recent_word() -> None:
    world, venue, order = ours()
    question = unknown(world, order)
    world.hear(venue.accepts(0), question, question, question)
    world.pass_time(40)
    world.hear(question)
    world.hear(venue.accepts(0))
    world.hear(unknown(world, order))
    assert world.count(ev.OrderAbsent) == 0
    assert world.row(order).status is S.PLACED


def test_absence_must_last() -> None:
    world, _, order = ours()
    world.hear(lost(order))
    world.pass_time(6)
    for _ in range(5):
        world.hear(unknown(world, order))
        world.pass_time(1)
    assert world.row(order).status is S.CREATED


def test_nautilus_4730_an_unanswered_cancel_is_looked_up() -> None:
    world, venue, order = ours()
    world.hear(venue.accepts(0))
    world.cancels(order)
    world.pass_time(10)
    assert world.look_ups() == [order]
    world.hear(venue.cancels(0, **polled(world)))
    assert world.row(order).status is S.CANCELED
    assert world.look_ups() == []


def test_a_lost_cancel_that_the_venue_does_not_know_of_may_be_tried_again() -> None:
    world, venue, order = ours()
    world.hear(venue.accepts(0))
    world.cancels(order)
    world.hear(lost(order, "cancel"))
    assert OrderFlag.STALE in world.row(order).flags
    assert world.look_ups() == [order]
    world.pass_time(1)
    world.hear(venue.accepts(0, **polled(world)))
    assert world.row(order).flags == ()
    assert world.count(ev.CancelRejected) == 1


def test_a_cancel_refused_because_it_is_gone_is_looked_up() -> None:
    world, venue, order = ours()
    world.hear(venue.accepts(0))
    world.cancels(order)
    world.hear(CancelRefused(account_id="a", venue_order_id="7", reason="not found", gone=True))
    assert world.row(order).inner_state is None
    assert world.look_ups() == [order]


def test_nautilus_1130_after_a_restart_what_was_in_flight_is_uncertain() -> None:
    world, _, order = ours()
    after = world.dies()
    for fact in after.tracker.restarted(after.now_ns):
        after.record(fact)
    assert after.row(order).inner_state is InnerState.UNKNOWN
    after.settle()
    assert after.look_ups() == [order]


# Changes --------------------------------------------------------------------------------------------
def test_nautilus_3827_a_change_gives_a_new_id_and_the_old_ones_cancel_is_not_the_orders() -> None:
    for canceled_first in (True, False):
        world, venue, order = ours()
        world.hear(venue.accepts(0), venue.fills("t1", "0.3"))
        world.replaces(order, quantity=2, price=101)
        assert world.row(order).inner_state is InnerState.REPLACE_IN_FLIGHT
        words = [venue.cancels("0.3"), venue.accepts(0, oid="9", price=Decimal(101))]
        world.hear(*(words if canceled_first else reversed(words)))
        row = world.row(order)
        assert (row.status, row.quantity, row.price) == (S.PARTIAL, 2, 101)
        assert (row.venue_order_id, row.flags) == ("9", ())
        assert world.finished(order) is None
        world.hear(venue.fills("t2", "1.7", oid="9"), venue.done("1.7", oid="9"))
        assert (world.row(order).status, world.finished(order)) == (S.FILLED, 2)
        assert world.money[order] == 2


def test_nautilus_3972_while_a_change_is_under_way_a_cancel_of_the_leg_ends_nothing() -> None:
    world, venue, order = ours()
    world.hear(venue.accepts(0))
    world.replaces(order, price=99)
    world.hear(venue.cancels(0))
    assert world.row(order).status is S.PLACED
    world.hear(ReplaceRefused(account_id="a", venue_order_id="7", reason="filled or canceled"))
    assert world.row(order).status is S.CANCELED
    assert world.finished(order) == 0


def test_a_change_that_keeps_the_id_is_known_by_its_terms() -> None:
    world, venue, order = ours(10)
    world.hear(venue.accepts(0))
    world.replaces(order, quantity=4)
    world.hear(venue.accepts(0))
    assert world.row(order).flags == (OrderFlag.REPLACE_PENDING,)
    world.hear(venue.accepts(0, quantity=Decimal(4)))
    assert (world.row(order).quantity, world.row(order).flags) == (4, ())
    world.hear(venue.fills("t1", 4))
    assert world.row(order).status is S.FILLED


def test_deribit_a_triggered_stop_goes_on_under_a_new_id() -> None:
    world, venue, order = ours()
    world.hear(venue.accepts())
    world.hear(venue.says(VenueStatus.OPEN, 0, oid="USDC-2", replaces="7", client_order_id=""))
    assert world.row(order).venue_order_id == "USDC-2"
    world.hear(venue.fills("t1", 1, oid="USDC-2"), venue.done(1, oid="USDC-2"))
    assert world.row(order).status is S.FILLED


def test_after_several_changes_all_legs_count_once() -> None:
    world, venue, order = ours(3)
    world.hear(venue.accepts(0))
    for n, oid in enumerate(("8", "9", "10")):
        world.hear(venue.fills(f"t{n}", "0.5", oid=("7", "8", "9")[n]))
        world.replaces(order, price=101 + n)
        world.hear(venue.cancels("0.5", oid=("7", "8", "9")[n]), venue.accepts(0, oid=oid))
    assert world.row(order).filled_quantity == Decimal("1.5")
    world.hear(venue.cancels(0, oid="10"))
    assert (world.row(order).status, world.finished(order)) == (S.CANCELED, Decimal("1.5"))


# Orders that are not ours -----------------------------------------------------------------------------
def test_lean_ib_189_a_fill_before_we_know_the_id_is_held_and_claimed() -> None:
    world, venue, order = ours()
    world.hear(venue.fills("t1", "0.4"))
    assert [row.kind for row in world.tracker.evidence_rows().values()] == ["unclaimed"]
    assert world.row(order).filled_quantity == 0
    world.hear(venue.accepts(0))
    assert world.row(order).filled_quantity == Decimal("0.4")
    assert world.count(ev.EvidenceClaimed) == 1
    (row,) = world.tracker.evidence_rows().values()
    assert row.over
    assert len(world.book.orders) == 1


def test_what_nobody_claims_within_the_grace_is_adopted_and_merged_when_it_was_ours() -> None:
    world, venue, order = ours()
    world.hear(venue.fills("t1", "0.4"))
    world.pass_time(2)
    orphan = world.external("7")
    assert world.row(orphan).flags == (OrderFlag.ADOPTED,)
    assert world.row(orphan).filled_quantity == Decimal("0.4")
    world.hear(venue.accepts(0), venue.fills("t2", "0.6"), venue.done(1))
    assert (world.row(order).status, world.row(order).filled_quantity) == (S.FILLED, 1)
    assert (world.row(orphan).status, world.row(orphan).filled_quantity) == (S.CANCELED, 0)
    assert (world.finished(order), world.finished(orphan)) == (1, None)
    assert sum(world.money.values()) == 1


def test_with_nothing_of_ours_under_way_it_is_adopted_at_once_and_kept() -> None:
    world = World()
    venue = Venue()
    world.hear(venue.accepts(0))
    order = world.external("7")
    intent = world.order(order).intent
    assert (intent.origin, intent.strategy_id, intent.quantity) == (Origin.EXTERNAL, 0, 1)
    world.pass_time(86_400)
    world.hear(venue.fills("t1", 1))
    assert world.row(order).status is S.FILLED


def test_a_word_that_tells_neither_symbol_nor_side_waits_for_one_that_does() -> None:
    world = World()
    venue = Venue()
    world.hear(venue.done(1, symbol="", side=None))
    assert world.book.orders == {}
    assert [row.kind for row in world.tracker.evidence_rows().values()] == ["unknown order"]
    world.pass_time(3600)
    world.hear(venue.fills("t1", 1))
    assert world.finished(world.external("7")) == 1


@pytest.mark.parametrize("deaths", range(8))
def test_killed_while_evidence_is_claimed_nothing_of_it_is_lost(deaths: int) -> None:
    world, venue, order = ours()
    before = len(world.facts)
    world.hear(venue.fills("t1", "0.4"), venue.accepts(0))
    after = world.dies(before + deaths)
    after.settle()
    after.hear(venue.accepts(0))
    assert after.row(order).filled_quantity == (Decimal("0.4") if deaths else 0)
    assert after.money.get(order, 0) == (Decimal("0.4") if deaths else 0)
