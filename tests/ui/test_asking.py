"""What the window asks of what is kept: older records, and what happened to an order; and the dots of
venues, that try lost lines again."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from decimal import Decimal

import msgspec
import pytest
from desk_rows import START, link, record, signal
from driver import moment, order, session, whole_replay
from pilot import ALT, SHIFT, Pilot
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from monitor.boundary import OrderFact, RecordPage, RecordQuery, Unavailable
from monitor.engine import events as ev
from monitor.engine.changes import Changes
from monitor.engine.commands import ReconnectVenue
from monitor.engine.rows import LinkRow
from monitor.engine.values import NS_PER_SECOND, LinkSide, LinkState, OrderStatus, World
from monitor.ui.links import venue_link

Key = Qt.Key
Make = Callable[..., Pilot]


@pytest.fixture
def live(make_pilot: Make) -> Pilot:
    changes = whole_replay()
    changes.replay = None
    changes.session = session(world=World.LIVE)
    changes.orders = {1: order(1), 2: order(2)}
    return make_pilot(changes)


# -- older position records


def page(*ids: int) -> RecordPage:
    return RecordPage(records=[record(id) for id in ids], total=len(ids), page=1, size=500)


def test_older_records_are_fetched_before_the_oldest_that_is_held(live: Pilot) -> None:
    live.tell(Changes(records={7: record(7), 8: record(8)}))
    live.press(Key.Key_2, ALT)
    assert live.window.records.more.isVisible()
    live.window.records.more.click()
    live.window.records.more.click()
    expected = RecordQuery(to_ns=record(7).time_ns, size=500, include_archive=True)
    assert live.door.queries == [expected], "one question at a time"
    live.door.looks.popleft().set_result(page(7, 6, 5))
    live.frame()
    assert sorted(row.record_id for row in live.window.desk.records.rows()) == [5, 6, 7, 8]
    live.window.records.more.click()
    assert live.door.queries[-1].to_ns == record(5).time_ns
    live.door.looks.popleft().set_result(page(5))
    live.frame()
    assert "all records that are kept" in live.said


def test_records_that_cannot_be_read_are_told(live: Pilot) -> None:
    live.tell(Changes(records={7: record(7)}))
    live.press(Key.Key_2, ALT)
    live.window.records.more.click()
    live.door.looks.popleft().set_exception(Unavailable("The database does not answer."))
    live.frame()
    assert "The database does not answer." in live.said
    live.window.records.more.click()
    assert len(live.door.queries) == 2


# -- what happened to an order


def facts(*events: ev.AnyEvent) -> tuple[OrderFact, ...]:
    return tuple(OrderFact(at, moment(4_000 + at), event) for at, event in enumerate(events, 1))


def open_details(ui: Pilot, order_id: int = 1) -> Future[tuple[OrderFact, ...]]:
    view = ui.window.orders.active.view
    view.setFocus()
    ui.press(Key.Key_J)
    ui.press("G")
    while view.current_row().order_id != order_id:
        ui.press(Key.Key_K)
    ui.press(Key.Key_Return)
    future: Future[tuple[OrderFact, ...]] = ui.door.looks.popleft()
    return future


def test_details_of_an_order_tell_what_happened_to_it(live: Pilot) -> None:
    told = open_details(live, 2)
    assert live.door.histories == [(2, order(2).created_ns, None)]
    assert live.window.details.story.text() == "loading …"
    told.set_result(facts(ev.OrderPlaced(order_id=2), ev.OrderTriggered(order_id=2)))
    live.frame()
    first, second = live.window.details.story.text().splitlines()
    assert first.endswith("OrderPlaced")
    assert first.split("  ")[0] < second.split("  ")[0]


def test_the_story_follows_the_order_one_question_at_a_time(live: Pilot) -> None:
    first = open_details(live, 2)
    for filled in ("0.5", "1"):
        row = order(2, status=OrderStatus.PARTIAL, filled_quantity=Decimal(filled))
        live.tell(Changes(orders={2: row}))
        live.window.details.refresh()
    assert len(live.door.histories) == 1
    first.set_result(facts(ev.OrderPlaced(order_id=2)))
    live.frame()
    assert len(live.door.histories) == 2, "it has changed while the answer was under way"
    live.door.looks.popleft().set_exception(Unavailable("The journal has a gap: 17 is missing."))
    live.frame()
    assert live.window.details.story.text() == "The journal has a gap: 17 is missing."
    live.window.details.refresh()
    assert len(live.door.histories) == 2


def test_an_answer_about_another_order_is_dropped(live: Pilot) -> None:
    late = open_details(live, 2)
    live.press(Key.Key_Escape)
    now = open_details(live, 1)
    late.set_result(facts(ev.OrderTriggered(order_id=2)))
    live.frame()
    assert live.window.details.story.text() == "loading …"
    now.set_result(facts(ev.OrderPlaced(order_id=1)))
    live.frame()
    assert "OrderPlaced" in live.window.details.story.text()


def test_in_the_past_the_story_ends_at_the_moment(live: Pilot) -> None:
    changes = whole_replay()
    changes.replay = None
    changes.orders = {2: order(2)}
    changes.session = session(world=World.LIVE, past_seq=77, past_ns=moment(4_213))
    live.tell(changes)
    open_details(live, 2)
    assert live.door.histories == [(2, order(2).created_ns, 77)]


def test_a_row_without_an_order_has_no_story(live: Pilot) -> None:
    live.window.positions.view.setFocus()
    live.press(Key.Key_J)
    live.press(Key.Key_Return)
    assert live.window.details.isVisible()
    assert not live.window.details.story.isVisible()
    assert live.door.histories == []


# -- lines to venues


def links(*rows: LinkRow) -> Changes:
    return Changes(links={row.link_id: row for row in rows})


def test_a_click_on_a_dot_tries_the_lost_line_again(live: Pilot) -> None:
    lost = link(LinkSide.ORDERS, LinkState.LOST, reason="refused")
    live.tell(links(link(LinkSide.MARKET), lost))
    dot = live.window.banner.venues[LinkSide.ORDERS]
    QTest.mouseClick(dot, Qt.MouseButton.LeftButton, pos=QPoint(4, 10))
    assert live.sent == [ReconnectVenue(venue="deribit")]
    live.press(Key.Key_F5, SHIFT)
    assert live.sent == [ReconnectVenue(venue="deribit")] * 2


def test_live_lines_are_left_alone(live: Pilot) -> None:
    live.tell(links(link(LinkSide.MARKET), link(LinkSide.ORDERS)))
    dot = live.window.banner.venues[LinkSide.MARKET]
    QTest.mouseClick(dot, Qt.MouseButton.LeftButton, pos=QPoint(4, 10))
    assert live.sent == []
    assert "all lines to venues are live" in live.said


def test_hovering_tells_age_round_trip_tries_and_next_try() -> None:
    row = link(LinkSide.ORDERS, LinkState.LOST, reason="refused", attempt=3, round_trip_ms=1.25)
    row = msgspec.structs.replace(row, last_message_ns=START, next_try_ns=START + 16 * NS_PER_SECOND)
    tip = venue_link(LinkSide.ORDERS, [row], START + 12 * NS_PER_SECOND).tip
    assert tip == (
        "deribit orders: lost, refused · last message 12 s ago · round trip 1.2 ms · 3 tries · "
        "next try in 4 s\nClick to try again now."
    )
    assert "Click" not in venue_link(LinkSide.ORDERS, [link()]).tip


# -- signals


def test_signals_are_listed_on_the_system_page_the_newest_first(live: Pilot) -> None:
    live.tell(Changes(signals={1: signal(1), 2: signal(2, commission={"CNY": "6.50", "BTC": "0.0001"})}))
    system = live.window.system
    assert system.tables.tabs.tabText(4) == "Signals 2"
    system.tables.bring(system.signals)
    rows = system.signals.view.rows
    assert [rows.row_at(at).signal_id for at in range(2)] == [2, 1]
    assert rows.columns[rows.spec.index("fee")].text(signal(2), rows.context) == "3.25 CNY"
