"""When an account is compared with its venue, which answers count, and what is told once."""

from __future__ import annotations

from decimal import Decimal

import pytest
from model_desk import Desk, held_elsewhere, sent
from model_venue import ACCOUNT, SECOND, ModelBooks, ModelVenue

from monitor.engine import events as ev
from monitor.engine.reconcile import LookUp, Reconciler
from monitor.engine.reconcile.reconciler import (
    ANSWER_WITHIN_NS,
    EVERY_NS,
    LOOK_BACK_NS,
    TRIES_AT_CONNECT,
    Work,
)
from monitor.engine.values import LinkSide, LinkState
from monitor.engine.venue import VenueStatus


@pytest.fixture
def venue() -> ModelVenue:
    return ModelVenue()


@pytest.fixture
def desk(venue: ModelVenue) -> Desk:
    return Desk(venue, ModelBooks())


def names(work: list[Work]) -> list[str]:
    return [type(step).__name__ for step in work]


def alerts(desk: Desk) -> list[str]:
    return [fact.message for fact in desk.facts if isinstance(fact, ev.AlertRaised)]


def settled_alerts(desk: Desk) -> list[int]:
    return [fact.alert_id for fact in desk.facts if isinstance(fact, ev.AlertSettled)]


def wanted(desk: Desk) -> list[str]:
    return desk.reconciler.wants_snapshot(desk.venue.now_ns)


# When --------------------------------------------------------------------------------------------
def test_it_asks_when_the_line_comes_up_and_then_each_minute(desk: Desk, venue: ModelVenue) -> None:
    assert wanted(desk) == [ACCOUNT]
    assert not desk.reconciler.settled(ACCOUNT)
    assert names(desk.take(desk.ask())) == ["Reconciled"]
    assert desk.reconciler.settled(ACCOUNT)
    assert wanted(desk) == []
    assert desk.reconciler.due_ns() == venue.now_ns + EVERY_NS
    venue.wait(60)
    assert wanted(desk) == [ACCOUNT]


def test_it_asks_nothing_while_the_line_is_down(desk: Desk, venue: ModelVenue) -> None:
    desk.take(desk.ask())
    desk.line(LinkState.LOST)
    assert (wanted(desk), desk.reconciler.due_ns()) == ([], None)
    assert not desk.reconciler.settled(ACCOUNT)
    desk.line(LinkState.LIVE)
    assert wanted(desk) == [ACCOUNT]


def test_the_line_of_market_data_or_of_another_venue_is_nothing_to_it(desk: Desk) -> None:
    desk.take(desk.ask())
    for venue, side in (("sim", LinkSide.MARKET), ("other", LinkSide.ORDERS)):
        desk.reconciler.apply(ev.LinkChanged(venue=venue, side=side, state=LinkState.LOST), 0)
    assert desk.reconciler.settled(ACCOUNT)


def test_it_asks_on_demand_and_once(desk: Desk) -> None:
    desk.take(desk.ask())
    desk.reconciler.want()
    assert wanted(desk) == [ACCOUNT]
    desk.take(desk.ask())
    assert wanted(desk) == []
    desk.reconciler.want("another")
    assert wanted(desk) == []


def test_what_never_comes_is_asked_again_and_told(desk: Desk, venue: ModelVenue) -> None:
    for _ in range(5):
        assert wanted(desk) == [ACCOUNT]
        desk.ask()
        assert wanted(desk) == []
        venue.wait(ANSWER_WITHIN_NS // SECOND)
        for fact in desk.reconciler.decide(venue.now_ns):
            desk.carry_out(fact)
    assert alerts(desk) == ["a1: the venue has not answered 4 requests to compare"]
    desk.take(desk.ask())
    assert settled_alerts(desk) == [1]
    assert list(desk.reconciler.decide(venue.now_ns)) == []


def test_fills_are_wanted_since_the_last_comparison_and_an_hour(desk: Desk, venue: ModelVenue) -> None:
    assert desk.reconciler.fills_since(ACCOUNT, venue.now_ns) == venue.now_ns - LOOK_BACK_NS
    desk.take(desk.ask())
    compared = venue.now_ns
    venue.wait(86_400)  # a day without a line
    assert desk.reconciler.fills_since(ACCOUNT, venue.now_ns) == compared - LOOK_BACK_NS


# Answers -----------------------------------------------------------------------------------------
def test_an_answer_to_an_older_question_is_ignored(desk: Desk, venue: ModelVenue) -> None:
    old = desk.ask()
    venue.wait(20)
    new = desk.ask()
    assert desk.take(old) == []
    assert not desk.reconciler.settled(ACCOUNT)
    assert names(desk.take(new)) == ["Reconciled"]
    assert desk.take(new) == []  # doubled


def test_an_answer_over_a_line_that_is_gone_is_ignored(desk: Desk) -> None:
    snapshot = desk.ask()
    desk.line(LinkState.LOST)
    desk.line(LinkState.LIVE)
    assert desk.take(snapshot) == []


def test_a_snapshot_of_an_account_that_is_not_ours_is_ignored(desk: Desk, venue: ModelVenue) -> None:
    other = Reconciler({"b": "sim"}, desk.books, lambda: 1)
    assert list(other.take(venue.snapshot(), venue.now_ns)) == []


def test_at_connect_nothing_is_settled_while_an_order_is_looked_up(desk: Desk, venue: ModelVenue) -> None:
    order = sent(venue, desk.books)
    venue.fill(order, 2)
    venue.cancel(order)
    venue.wait(10)
    assert names(desk.take(desk.ask(venue.now_ns))) == ["LookUp", "AlertRaised"]
    assert wanted(desk) == []
    venue.wait(1)
    assert wanted(desk) == [ACCOUNT]
    assert names(desk.take(desk.ask(venue.now_ns))) == ["AlertSettled", "Reconciled"]
    assert desk.books.net("X") == 2


def test_at_connect_a_position_is_confirmed_while_an_order_works(desk: Desk, venue: ModelVenue) -> None:
    held_elsewhere(venue, 3)
    sent(venue, desk.books)
    venue.wait(10)
    first = desk.take(desk.ask(venue.now_ns))
    assert names(first) == ["OrderReport", "AlertRaised"]
    assert not desk.reconciler.settled(ACCOUNT)
    venue.wait(1)
    assert names(desk.take(desk.ask(venue.now_ns))) == [
        "PositionCorrected",
        "AlertRaised",
        "AlertSettled",
        "Reconciled",
    ]
    assert alerts(desk) == [
        "X long: venue 3, ours 0",
        "X long: venue 3, ours 0; corrected to the venue's",
    ]
    assert desk.facts[-1] == ev.Reconciled(account_id=ACCOUNT, corrections=1, polled_ns=venue.now_ns)


def test_what_stays_open_does_not_hold_up_trading_for_ever(desk: Desk, venue: ModelVenue) -> None:
    desk.books.send("c1", "X", 5, venue.now_ns)  # never arrived, and nobody concludes that here
    tries = 0
    while not desk.reconciler.settled(ACCOUNT):
        venue.wait(15)
        assert wanted(desk) == [ACCOUNT]
        assert LookUp(order_id=1) in desk.take(desk.ask())
        tries += 1
    assert tries == TRIES_AT_CONNECT
    assert alerts(desk) == ["order 1: open for us, not among the venue's open orders"]


# Alerts ------------------------------------------------------------------------------------------
def differing(desk: Desk) -> None:
    """Books whose balance differs from the venue's, compared once."""
    desk.take(desk.ask())
    desk.books.money, desk.venue.balance = Decimal(1), Decimal(2)
    desk.take(desk.ask())


def test_a_difference_that_lasts_is_told_once_and_settled_when_it_is_gone(desk: Desk) -> None:
    differing(desk)
    desk.take(desk.ask())
    assert alerts(desk) == ["a1 balance: venue 2 USD, ours 1 USD"]
    desk.books.money = Decimal(2)
    desk.take(desk.ask())
    assert settled_alerts(desk) == [1]


def test_one_that_comes_back_is_another_alert(desk: Desk, venue: ModelVenue) -> None:
    differing(desk)
    desk.books.money = Decimal(2)
    desk.take(desk.ask())
    venue.wait()
    desk.books.money = Decimal(3)
    desk.take(desk.ask())
    raised = [fact for fact in desk.facts if isinstance(fact, ev.AlertRaised)]
    assert [fact.alert_id for fact in raised] == [1, 2]
    assert len({fact.key for fact in raised}) == 2


def test_what_a_person_took_note_of_is_not_told_again_until_it_was_gone(desk: Desk) -> None:
    differing(desk)
    desk.reconciler.apply(ev.AlertSettled(alert_id=1, by="person"), 0)
    desk.take(desk.ask())
    assert len(alerts(desk)) == 1
    desk.books.money = Decimal(2)
    desk.take(desk.ask())
    assert settled_alerts(desk) == []
    desk.books.money = Decimal(1)
    desk.take(desk.ask())
    assert len(alerts(desk)) == 2


# Restart -----------------------------------------------------------------------------------------
def test_a_restart_compares_anew_and_knows_what_stands(desk: Desk, venue: ModelVenue) -> None:
    differing(desk)
    again = Desk(venue, desk.books)
    for fact in desk.facts:
        again.reconciler.apply(fact, 0)
    again.alerts = desk.alerts
    again.line(LinkState.CONNECTING)
    assert not again.reconciler.settled(ACCOUNT)
    again.line(LinkState.LIVE)
    assert again.reconciler.fills_since(ACCOUNT, venue.now_ns + EVERY_NS) == venue.now_ns - LOOK_BACK_NS
    again.take(again.ask())
    assert alerts(again) == []
    desk.books.money = Decimal(2)
    again.take(again.ask())
    assert settled_alerts(again) == [1]


def test_a_checkpoint_that_forgot_its_lines_is_not_settled(desk: Desk, venue: ModelVenue) -> None:
    fresh = Reconciler({ACCOUNT: "sim"}, desk.books, lambda: 1)
    fresh.apply(ev.Reconciled(account_id=ACCOUNT, corrections=0, polled_ns=venue.now_ns), 0)
    assert not fresh.settled(ACCOUNT)
    assert fresh.fills_since(ACCOUNT, venue.now_ns + EVERY_NS) == venue.now_ns - LOOK_BACK_NS


def test_a_cancelled_order_is_not_revived_by_a_snapshot_asked_before(desk: Desk, venue: ModelVenue) -> None:
    order = sent(venue, desk.books)
    venue.wait(60)
    snapshot = desk.ask()
    venue.wait(1)
    venue.cancel(order)
    desk.books.hear(order.report(), venue.now_ns)
    assert names(desk.take(snapshot)) == ["Reconciled"]
    assert desk.books.orders[1].verdict is VenueStatus.CANCELED
