"""A person's order in a replay: written in the same form, for a strategy of the replay, waiting included."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from driver import SYMBOL, moment, replay, session, strategy, whole_replay
from market import flat, plan, scripted
from pilot import Pilot
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from trader import Trader

from monitor.engine.changes import Changes
from monitor.engine.commands import SubmitOrder
from monitor.engine.session import ReplaySession
from monitor.engine.values import NS_PER_SECOND, OrderStatus, World

Key = Qt.Key
Make = Callable[..., Pilot]


@pytest.fixture
def replayer(make_pilot: Make) -> Trader:
    pilot = make_pilot(whole_replay(), kind=Trader)
    assert isinstance(pilot, Trader)
    return pilot


def written(ui: Trader, condition: str = "", delay: str = "") -> SubmitOrder:
    """Press n and write an order to buy 2 at a limit of 319.50."""
    ui.press(Key.Key_N)
    form = ui.window.order_form
    QTest.mouseClick(form.buy, Qt.MouseButton.LeftButton)
    for field, text in (
        (form.volume, "2"),
        (form.price, "319.50"),
        (form.condition, condition),
        (form.delay, delay),
    ):
        field.setFocus()
        ui.type(text)
    ui.after(400)
    ui.press(Key.Key_Return)
    (sent,) = ui.sent
    assert isinstance(sent, SubmitOrder)
    return sent


def test_n_writes_an_order_for_the_replays_strategy_and_symbol(replayer: Trader) -> None:
    sent = written(replayer, f"last({SYMBOL}) >= 318", "60")
    assert (sent.strategy_id, sent.symbol, sent.quantity) == (1, SYMBOL, Decimal(2))
    assert sent.plan.conditions == (f"last({SYMBOL}) >= 318",)
    assert sent.plan.not_before_ns == moment(4_213) + 60 * NS_PER_SECOND, "by the clock of the replay"


def test_what_the_form_says_waits_in_a_real_replay_and_goes_when_it_is_true(replayer: Trader) -> None:
    replayer.tell(Changes(replay=replay(symbol="TEST.x1")))
    sent = written(replayer, "last(TEST.x1) >= 105")
    run = ReplaySession(plan([flat(100)] * 4 + [flat(110)] * 4, scripted()))
    run.advance(2)
    reply = run.handle(sent)
    assert reply.accepted, reply.reason
    (order_id,) = reply.order_ids
    run.advance(1)
    assert run.run.book.orders[order_id].status is OrderStatus.CREATED
    run.advance(5)
    assert run.run.book.orders[order_id].status is OrderStatus.FILLED


def test_it_says_where_the_order_goes(replayer: Trader) -> None:
    replayer.press(Key.Key_N)
    form = replayer.window.order_form
    assert form.symbol.text() == SYMBOL
    QTest.mouseClick(form.buy, Qt.MouseButton.LeftButton)
    for field, text in ((form.volume, "2"), (form.price, "319.50")):
        field.setFocus()
        replayer.type(text)
    assert form.status.text() == "Enter places it: it goes to the simulated exchange at once."
    form.delay.setFocus()
    replayer.type("5")
    assert form.status.text() == "Enter places it: it waits here, not at the simulated exchange."


def test_of_several_strategies_the_current_one_is_meant(replayer: Trader) -> None:
    replayer.tell(Changes(strategies={2: strategy(2, name="other")}))
    replayer.window.dock_area.docks["strategies"].bring()
    QApplication.processEvents()  # the new line is laid out
    replayer.window.strategies.list.lines[2].setFocus()
    assert written(replayer).strategy_id == 2


def test_without_a_strategy_it_is_refused_with_the_reason(make_pilot: Make) -> None:
    changes = whole_replay()
    changes.strategies = {}
    ui = make_pilot(changes)
    ui.press(Key.Key_N)
    assert "no strategy is loaded that the order would be of" in ui.said
    assert not ui.window.order_form.isVisible()


def test_a_recorded_session_takes_none(make_pilot: Make) -> None:
    changes = whole_replay()
    changes.session = session(read_only=True)
    ui = make_pilot(changes)
    ui.press(Key.Key_N)
    assert not ui.window.order_form.isVisible()


def test_the_queue_says_how_to_make_an_order_that_waits(replayer: Trader) -> None:
    assert "n makes one" in replayer.window.queue.table.view._empty_text


@pytest.mark.parametrize("world", [World.LIVE, World.SIMULATED])
def test_at_a_venue_the_strategies_panel_says_that_none_runs_there(make_pilot: Make, world: World) -> None:
    ui = make_pilot(Changes(session=session(world=world)))
    assert ui.window.strategies.list.empty.text().startswith("Strategies do not run at a venue yet")
