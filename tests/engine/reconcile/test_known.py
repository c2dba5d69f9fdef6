"""What a comparison reads from book and tracker, and which words of a venue are news to it."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from live_desk import LiveDesk
from model_venue import ACCOUNT, ModelVenue

from monitor.engine import events as ev
from monitor.engine.reconcile import Known, KnownOrder
from monitor.engine.reconcile.comparison import brings_news
from monitor.engine.values import Direction, Instrument, LinkState, Side
from monitor.engine.venue import InstrumentReport, OrderReport, RequestKind, RequestLost, VenueStatus

KNOWN = KnownOrder(
    order_id=1,
    symbol="X",
    ended=False,
    acknowledged=True,
    venue_order_id="V1",
    quantity=Decimal(5),
    cumulative=Decimal(2),
    price=Decimal(100),
)
WORD = OrderReport(
    account_id=ACCOUNT,
    status=VenueStatus.OPEN,
    venue_order_id="V1",
    quantity=Decimal(5),
    cumulative=Decimal(2),
    price=Decimal(100),
)


@pytest.mark.parametrize(
    ("known", "word", "news"),
    [
        ({}, {}, False),
        ({"acknowledged": False}, {}, True),
        ({"uncertain": True}, {}, True),
        ({"ended": True, "inferred": True}, {}, True),
        ({}, {"status": VenueStatus.CANCELED}, True),
        ({}, {"status": VenueStatus.OTHER, "raw_status": "pending_cancel"}, False),
        ({}, {"status": VenueStatus.TRIGGERED}, True),
        ({"triggered": True}, {"status": VenueStatus.TRIGGERED}, False),
        ({}, {"venue_order_id": "V2"}, True),
        ({}, {"venue_order_id": ""}, False),
        ({}, {"cumulative": Decimal(3)}, True),
        ({}, {"cumulative": Decimal(1)}, False),
        ({}, {"cumulative": None}, False),
        ({}, {"price": Decimal(101)}, True),
        ({"changing": True}, {"price": Decimal(101)}, False),
        ({"price": None}, {"price": Decimal(101)}, False),
        ({}, {"quantity": Decimal(4)}, True),
        ({}, {"quantity": Decimal(1)}, False),  # below what was filled: an older word
        ({"quantity": None}, {"quantity": Decimal(4)}, False),
    ],
)
def test_only_what_changes_our_view_is_heard(
    known: dict[str, object], word: dict[str, object], news: bool
) -> None:
    assert brings_news(msgspec.structs.replace(WORD, **word), msgspec.structs.replace(KNOWN, **known)) is news


@pytest.fixture
def desk() -> LiveDesk:
    return LiveDesk(ModelVenue())


def known(desk: LiveDesk, report: OrderReport) -> KnownOrder:
    found = Known(desk.trading.state, desk.trading.tracker).order_of(report)
    assert found is not None
    return found


def test_an_order_is_known_by_its_own_id_before_the_venue_named_it(desk: LiveDesk) -> None:
    order = desk.send("X", Side.BUY, 5)
    assert order is not None
    before = known(desk, order.report())
    assert (before.acknowledged, before.ended, before.active_ns) == (False, False, desk.venue.now_ns)
    desk.hear(order.report())
    assert known(desk, order.report()).acknowledged
    assert not brings_news(order.report(), known(desk, order.report()))


def test_an_order_that_waits_here_is_not_at_the_venue(desk: LiveDesk) -> None:
    sent = desk.send("X", Side.BUY, 5)
    assert sent is not None
    desk.trading.record(
        ev.OrderCreated(
            **{
                name: getattr(desk.trading.state.book.orders[1].intent, name)
                for name in ev.OrderCreated.__struct_fields__
            }
            | {"order_id": 2, "client_order_id": "t-2"}
        )
    )
    live = Known(desk.trading.state, desk.trading.tracker).live(ACCOUNT)
    assert [order.order_id for order in live] == [1]


def test_a_lost_request_makes_the_next_word_news(desk: LiveDesk) -> None:
    order = desk.send("X", Side.BUY, 5)
    assert order is not None
    desk.hear(order.report())
    desk.trading.record(ev.CancelRequested(order_id=1, reason="asked"))
    desk.trading.hear(
        RequestLost(account_id=ACCOUNT, client_order_id="t-1", request=RequestKind.CANCEL, reason="time-out"),
        desk.venue.now_ns,
    )
    assert known(desk, order.report()).uncertain
    assert brings_news(order.report(), known(desk, order.report()))


def test_what_was_filled_is_told_for_each_of_the_venues_ids(desk: LiveDesk) -> None:
    """A change gave the order a new id, whose total begins at nothing."""
    order = desk.send("X", Side.BUY, 5)
    assert order is not None
    desk.venue.fill(order, 2)
    for message in desk.venue.said:
        desk.hear(message)
    successor = msgspec.structs.replace(
        order.report(), venue_order_id="V9", replaces="V1", cumulative=Decimal(0)
    )
    desk.hear(successor)
    filled = msgspec.structs.replace(successor, cumulative=Decimal(1))
    assert not brings_news(successor, known(desk, successor))
    assert brings_news(filled, known(desk, filled))  # 1 under the new id, though 2 are known in all


def test_a_position_in_what_is_not_listed_yet_is_corrected_once_and_booked_when_it_is(
    desk: LiveDesk,
) -> None:
    desk.venue.fill(desk.venue.place("", "Z", Side.BUY, 3), 3)
    desk.venue.wait(86_400)
    desk.line(LinkState.LOST)
    desk.line(LinkState.LIVE)
    desk.run(200)
    facts = [fact for fact in desk.facts() if isinstance(fact, ev.PositionCorrected)]
    assert [(fact.symbol, fact.volume) for fact in facts] == [("Z", 3)]
    desk.trading.hear(InstrumentReport(instruments=(Instrument(symbol="Z"),)), desk.venue.now_ns)
    assert desk.trading.state.position(ACCOUNT, "Z", Direction.LONG) == 3
