"""Queue and conditions, position records and system in the whole window: what keys mean there."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from desk_rows import alert, evidence, execution, link, record, waiting
from driver import order, session
from pilot import CTRL, SHIFT, Pilot
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from trader import Trader, held, live, unknown

from monitor.commands import DOCKS, command
from monitor.engine.changes import Changes
from monitor.engine.commands import (
    AcknowledgeAlert,
    CancelOrder,
    DecideOrder,
    Decision,
    Reconcile,
    Resolution,
    ResolveOrder,
    SetEngineState,
)
from monitor.engine.rows import QueueRow
from monitor.engine.values import (
    NS_PER_SECOND,
    EngineState,
    InnerState,
    LinkSide,
    LinkState,
    LogLevel,
    OrderFlag,
    OrderStatus,
    World,
)
from monitor.ui.docks import LATER
from monitor.ui.layout import FIRST_DOCKS
from monitor.ui.tickets.binding import attach_tickets

Key = Qt.Key
Make = Callable[..., Pilot]


# -- emergency stop


def press_stop(trader: Trader) -> None:
    trader.press(Key.Key_F12, CTRL | SHIFT)
    trader.after(400)


def test_the_key_opens_a_ticket_and_a_held_enter_stops_all(trader: Trader) -> None:
    press_stop(trader)
    assert trader.sent == []
    QTest.keyPress(trader.focus(), Key.Key_Return)
    trader.after(900)
    assert trader.sent == []
    trader.after(150)
    QTest.keyRelease(trader.focus(), Key.Key_Return)
    (sent,) = trader.sent
    assert isinstance(sent, SetEngineState)
    assert sent.state is EngineState.HALTED


def test_a_tap_stops_nothing_and_the_word_does(trader: Trader) -> None:
    press_stop(trader)
    trader.press(Key.Key_Return)
    trader.after(1_500)
    assert trader.sent == []
    trader.type("STOP")
    trader.press(Key.Key_Return)
    assert [type(one) for one in trader.sent] == [SetEngineState]


def test_holding_the_key_of_the_stop_stops_nothing(trader: Trader) -> None:
    trader.hold(Key.Key_F12, 60, CTRL | SHIFT)
    trader.after(3_000)
    assert trader.sent == []
    assert trader.tickets.panel is not None


def test_in_a_replay_there_is_nothing_to_stop(ui: Pilot) -> None:
    attach_tickets(ui.window)
    ui.press(Key.Key_F12, CTRL | SHIFT)
    assert "this is a replay: no order reaches a venue" in ui.said
    assert ui.window.ticket_host.ticket is None


def test_the_banner_says_halted_and_who_has_not_obeyed(trader: Trader) -> None:
    pending = order(1, flags=(OrderFlag.CANCEL_PENDING,))
    trader.tell(
        Changes(
            session=session(world=World.LIVE, engine_state=EngineState.HALTED, engine_reason="by hand."),
            orders={1: pending},
        )
    )
    window = trader.window
    assert window.banner.strip.text == "LIVE · HALTED · 1 straggler"
    assert window.system.state.text() == "■ HALTED"
    assert window.system.why.text().startswith("1 cancel is not confirmed yet.")
    assert window.system.why.text().endswith("By hand.")
    assert [row.order_id for row in window.system.stragglers.view.rows.shown()] == [1]
    trader.tell(Changes(orders={1: order(1, status=OrderStatus.CANCELED)}))
    assert window.banner.strip.text == "LIVE · HALTED"


def test_buttons_are_grey_with_the_reason(trader: Trader) -> None:
    trader.tell(Changes(session=session(world=World.LIVE, engine_state=EngineState.HALTED)))
    trader.window._look()
    buttons = trader.window.system.buttons
    able = {id for id, button in buttons.items() if button.isEnabled()}
    assert able == {"compare_now", "back_to_normal", "reduce_only"}
    assert "the engine is halted already" in buttons["emergency_stop"].toolTip()


# -- what waits


def test_d_cancels_the_waiting_order_that_is_selected(trader: Trader) -> None:
    trader.tell(held(7))
    trader.tell(held(8))
    trader.go(1)
    trader.window.queue.table.view.select_row(8)
    trader.press(Key.Key_D)
    trader.after(400)
    trader.press(Key.Key_Return)
    (sent,) = trader.sent
    assert isinstance(sent, CancelOrder)
    assert sent.order_id == 8


def test_a_waiting_order_that_went_never_means_another(trader: Trader) -> None:
    trader.tell(held(7))
    trader.go(1)
    trader.window.queue.table.view.select_row(7)
    trader.tell(Changes(waiting={7: waiting(7, over=True)}, orders={7: order(7, status=OrderStatus.FILLED)}))
    trader.press(Key.Key_D)
    trader.after(400)
    assert trader.tickets.panel is None
    assert "that order is finished" in trader.said


def test_e_asks_before_an_order_that_failed_is_sent(trader: Trader) -> None:
    trader.press(Key.Key_E)
    assert "no order waits for your decision" in trader.said
    trader.tell(held(7))
    trader.tell(held(9, InnerState.MANUAL))
    assert trader.window.queue.send.isVisibleTo(trader.window.queue)
    trader.press(Key.Key_E)
    trader.after(400)
    trader.press(Key.Key_Return)
    (sent,) = trader.sent
    assert isinstance(sent, DecideOrder)
    assert (sent.order_id, sent.decision) == (9, Decision.SEND)


def test_the_line_says_how_the_queue_is(trader: Trader) -> None:
    assert trader.window.queue.line.text().replace("\xa0", " ") == "Nothing is queued."
    trader.tell(Changes(queue=QueueRow(length=1_000, normal=1_000)))
    assert trader.window.queue.line.text().replace("\xa0", " ").startswith("1,000 of 1,000 queued")
    assert trader.window.queue.line.property("tone") == "error"


# -- unknown orders, alerts, comparing


def test_l_asks_the_venue_again(trader: Trader) -> None:
    trader.press(Key.Key_L)
    assert "no order is unknown" in trader.said
    trader.tell(unknown())
    trader.press(Key.Key_L)
    assert trader.sent == [ResolveOrder(order_id=7, resolution=Resolution.LOOK_UP)]


@pytest.mark.parametrize(
    ("typed", "resolution"),
    [("never arrived", Resolution.NEVER_ARRIVED), ("has ended", Resolution.ENDED)],
)
def test_a_persons_word_goes_through_the_palette_and_a_ticket(
    trader: Trader, typed: str, resolution: Resolution
) -> None:
    trader.tell(unknown())
    trader.press(Key.Key_K, CTRL)
    trader.type(typed)
    trader.press(Key.Key_Return)
    trader.after(400)
    assert trader.sent == []
    trader.press(Key.Key_Return)
    (sent,) = trader.sent
    assert isinstance(sent, ResolveOrder)
    assert (sent.order_id, sent.resolution) == (7, resolution)


def test_of_two_unknown_orders_one_must_be_selected(trader: Trader) -> None:
    trader.tell(unknown(7))
    trader.tell(unknown(8))
    trader.tell(Changes(evidence={"e": evidence("e", kind="unknown order", order_id=8)}))
    trader.press(Key.Key_L)
    assert trader.sent == []
    assert "select one unknown order first" in trader.said
    trader.go(3)
    trader.window.system.tables.bring(trader.window.system.evidence)
    trader.window.system.evidence.view.setFocus()
    trader.window.system.evidence.view.select_row("e")
    trader.press(Key.Key_L)
    assert trader.sent == [ResolveOrder(order_id=8, resolution=Resolution.LOOK_UP)]


def test_the_system_page_offers_what_can_be_said_of_an_unknown_order(trader: Trader) -> None:
    trader.go(3)
    buttons = trader.window.system.buttons
    assert not buttons["never_arrived"].isVisible()
    trader.tell(unknown())
    assert trader.window.system.unknown.text().startswith("? Unknown since ")
    QTest.mouseClick(buttons["look_up_order"], Qt.MouseButton.LeftButton)
    assert trader.sent == [ResolveOrder(order_id=7, resolution=Resolution.LOOK_UP)]


def test_a_takes_note_of_the_only_alert_and_of_the_selected_ones(trader: Trader) -> None:
    trader.press(Key.Key_A)
    assert "no alert stands" in trader.said
    trader.tell(Changes(alerts={1: alert(1)}))
    trader.press(Key.Key_A)
    assert trader.sent == [AcknowledgeAlert(alert_id=1)]
    trader.tell(Changes(alerts={2: alert(2), 3: alert(3)}))
    trader.press(Key.Key_A)
    assert "select an alert first" in trader.said
    trader.go(3)
    trader.window.system.tables.bring(trader.window.system.alerts)
    trader.window.system.alerts.view.setFocus()
    trader.window.system.alerts.view.select_row(3)
    trader.press(Key.Key_A)
    assert trader.sent[1:] == [AcknowledgeAlert(alert_id=3)]


def test_a_new_alert_is_told_once_where_the_eye_is(trader: Trader) -> None:
    trader.tell(Changes(alerts={1: alert(1), 2: alert(2, level=LogLevel.ERROR, message="Order 7 is lost.")}))
    assert trader.said.endswith("Order 7 is lost. (Alt+3)")
    trader.window.show_message("something else")
    trader.tell(Changes(alerts={2: alert(2, level=LogLevel.ERROR, message="Order 7 is lost.")}))
    assert trader.said.endswith("something else")


def test_the_status_line_offers_the_key_that_matters_now(trader: Trader) -> None:
    trader.tell(unknown())
    trader.window._look()
    assert trader.window.status.keys.text().startswith("l ask about the unknown order")


def test_execution_has_a_tab_once_something_was_executed(trader: Trader) -> None:
    tabs = trader.window.orders.tabs
    assert not tabs.isTabVisible(2)
    trader.tell(Changes(executions={1: execution(1)}))
    assert tabs.tabText(2) == "Execution 1"
    tabs.setCurrentIndex(2)
    assert trader.window.orders.shown is trader.window.orders.execution


def test_f5_compares_with_the_venue(trader: Trader) -> None:
    trader.press(Key.Key_F5)
    assert trader.sent == [Reconcile()]


def test_tabs_count_what_stands(trader: Trader) -> None:
    trader.tell(
        Changes(
            alerts={1: alert(1), 2: alert(2, settled_ns=NS_PER_SECOND)},
            evidence={"e": evidence("e")},
            links={"deribit.orders": link(), "deribit.market": link(LinkSide.MARKET)},
        )
    )
    tabs = trader.window.system.tables.tabs
    told = [tabs.tabText(at) for at in range(tabs.count())]
    assert told == ["Links 2", "Alerts 1", "Evidence 1", "Stragglers", "Signals"]


def test_the_banner_tells_the_worst_line_of_each_side(trader: Trader) -> None:
    dots = trader.window.banner.venues
    assert not any(dot.isVisible() for dot in dots.values())
    lost = link(state=LinkState.LOST, reason="closed (1006)")
    trader.tell(Changes(links={"deribit.orders": lost, "deribit.market": link(LinkSide.MARKET)}))
    assert [dot.link.word for dot in dots.values()] == ["live", "lost"]
    assert "closed (1006)" in dots[LinkSide.ORDERS].toolTip()


def test_records_say_how_far_back_they_reach_and_whoever_has_older_ones_is_asked(trader: Trader) -> None:
    asked: list[int] = []
    panel = trader.window.records
    trader.go(2)
    trader.tell(Changes(records={5: record(5), 6: record(6)}))
    panel.set_older(lambda oldest: asked.append(oldest.record_id))
    QTest.mouseClick(panel.more, Qt.MouseButton.LeftButton)
    assert asked == [5]
    assert panel.reach.text().startswith("Back to 2019-06-12 10:30:05")


# -- commands and layouts


def test_the_new_docks_have_their_keys() -> None:
    assert [command(f"dock_{name}").keys for name in LATER] == [("Alt+1",), ("Alt+2",), ("Alt+3",)]
    assert (*FIRST_DOCKS, *LATER) == tuple(sorted((name for name, _ in DOCKS), key=_rank))


def _rank(name: str) -> int:
    return [*FIRST_DOCKS, *LATER].index(name)


class OldDocks:
    """Takes the docks of today away before a layout is saved, as if they had never been."""

    @staticmethod
    def save(pilot: Pilot, file: Path) -> None:
        area = pilot.window.dock_area
        for name in LATER:
            dock = area.docks.pop(name)
            area.removeDockWidget(dock)
            dock.setParent(None)
            dock.deleteLater()
        state = base64.b64encode(area.saveState(1).data()).decode()
        pilot.window.finish()
        saved = json.loads(file.read_text())
        del saved["known"]
        file.write_text(json.dumps({**saved, "docks": state}))


@pytest.mark.parametrize("size", [(1440, 900), (1024, 640)])
def test_a_layout_from_before_has_the_new_docks_behind_the_log(
    make_pilot: Make, tmp_path: Path, qtbot: QtBot, size: tuple[int, int]
) -> None:
    first = make_pilot(live(), size)
    OldDocks.save(first, tmp_path / "layout.json")
    second = make_pilot(live(), size)
    area = second.window.dock_area
    behind = {dock.objectName() for dock in area.tabifiedDockWidgets(area.docks["log"])}
    assert behind >= set(LATER)
    assert "cannot be used" not in second.said
    second.window.grab()
    front = "trades" if size[0] > 1_280 else "orders"
    qtbot.waitUntil(lambda: not area.docks[front].visibleRegion().isEmpty())
    assert area.docks["system"].visibleRegion().isEmpty()


def test_a_layout_without_the_log_gives_them_a_place(make_pilot: Make, tmp_path: Path) -> None:
    first = make_pilot(live())
    for name in ("log", "trades", "orders"):
        first.window.dock_area.docks[name].close()
    OldDocks.save(first, tmp_path / "layout.json")
    area = make_pilot(live()).window.dock_area
    shown = {name for name, dock in area.docks.items() if not dock.isHidden()}
    assert shown >= set(LATER)
    assert shown.isdisjoint({"log", "trades", "orders"})


def test_a_layout_of_today_keeps_what_was_put_away(make_pilot: Make) -> None:
    first = make_pilot(live())
    first.window.dock_area.docks["records"].close()
    first.window.finish()
    second = make_pilot(live())
    assert second.window.dock_area.docks["records"].isHidden()
    assert not second.window.dock_area.docks["system"].isHidden()
