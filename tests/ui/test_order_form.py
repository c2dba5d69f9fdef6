"""The form for a new order under the hand: what is typed, what is sent, what is left behind."""

from __future__ import annotations

import pytest
from driver import SYMBOL
from pilot import SHIFT
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from trader import NOON, Trader

from monitor.engine.commands import SubmitOrder, accepted, refused
from monitor.engine.orderplan import OrderPlan
from monitor.engine.values import NS_PER_SECOND, Offset, OrderType, Priority, Side
from monitor.ui.draft import Draft

Key = Qt.Key


def fill(trader: Trader, condition: str = f"last({SYMBOL}) >= 320") -> None:
    """What somebody types, from field to field by Tab."""
    form = trader.window.order_form
    trader.press(Key.Key_N)
    form.symbol.setFocus()
    form.symbol.clear()
    trader.type(SYMBOL)
    QTest.mouseClick(form.buy, Qt.MouseButton.LeftButton)
    form.volume.setFocus()
    trader.type("2")
    trader.press(Key.Key_Tab)
    trader.type("319.50")
    form.condition.setFocus()
    trader.type(condition)


def test_an_order_that_waits_is_written_and_sent(trader: Trader) -> None:
    fill(trader)
    trader.window.order_form.delay.setFocus()
    trader.type("5")
    trader.after(400)
    trader.press(Key.Key_Return)
    (sent,) = trader.sent
    assert isinstance(sent, SubmitOrder)
    assert (sent.symbol, sent.side) == (SYMBOL, Side.BUY)
    kept = (sent.type is OrderType.LIMIT, sent.offset is Offset.OPEN, sent.plan.priority is Priority.NORMAL)
    assert kept == (True, True, True), "the engine compares by identity"
    assert (str(sent.quantity), str(sent.price), sent.key != "") == ("2", "319.50", True)
    conditions = (f"last({SYMBOL}) >= 320",)
    assert sent.plan == OrderPlan(conditions=conditions, not_before_ns=NOON + 5 * NS_PER_SECOND)
    trader.frame()
    assert trader.window.order_form.status.text().startswith("Accepted")
    trader.press(Key.Key_Return)
    assert len(trader.sent) == 1, "a second Enter sends nothing"


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (f"last({SYMBOL}) >= 320 und", "Character "),
        ("lust(x) > 1", "Character 1: "),
    ],
)
def test_what_is_wrong_is_said_while_it_is_typed(trader: Trader, condition: str, said: str) -> None:
    fill(trader, condition)
    trader.after(400)
    assert trader.window.order_form.status.text().startswith(said)
    assert not trader.window.order_form.verb.isEnabled()
    trader.press(Key.Key_Return)
    assert trader.sent == []


def test_a_refusal_is_said_and_what_was_typed_stays(trader: Trader) -> None:
    trader.door.reply = refused("1,000 orders wait already.", "queue-full")
    fill(trader)
    trader.after(400)
    trader.press(Key.Key_Return)
    trader.frame()
    form = trader.window.order_form
    assert form.status.text() == "Refused: 1,000 orders wait already."
    assert form.volume.text() == "2"
    trader.door.reply = accepted(31)
    trader.after(400)
    trader.press(Key.Key_Return)
    trader.frame()
    assert form.status.text() == "Accepted: order #31 waits."
    assert len({one.key for one in trader.sent}) == 2


def test_nothing_is_sent_twice_while_the_answer_is_awaited(trader: Trader) -> None:
    trader.door.reply = None
    fill(trader)
    trader.after(400)
    trader.press(Key.Key_Return)
    trader.press(Key.Key_Return)
    trader.press(Key.Key_Escape)
    trader.press(Key.Key_N)
    trader.after(400)
    trader.press(Key.Key_Return)
    assert len(trader.sent) == 1


def test_a_held_key_types_and_sends_nothing(trader: Trader) -> None:
    trader.hold(Key.Key_N, 20, SHIFT)
    trader.after(400)
    form = trader.window.order_form
    assert "N" not in form.symbol.text().replace(SYMBOL, "")
    fill(trader)
    trader.after(400)
    QTest.simulateEvent(trader.focus(), True, Key.Key_Return, Qt.KeyboardModifier.NoModifier, "", True)
    assert trader.sent == []


def test_escape_leaves_the_form_for_the_table(trader: Trader) -> None:
    trader.go(1)
    trader.press(Key.Key_N)
    assert trader.window.order_form.isVisible()
    trader.press(Key.Key_Escape)
    assert not trader.window.order_form.isVisible()
    assert trader.focus() is trader.window.queue.table.view


def test_a_new_order_has_nothing_of_the_one_that_was_left(trader: Trader) -> None:
    fill(trader)
    form = trader.window.order_form
    form.type.setCurrentIndex(form.type.findData(OrderType.STOP))
    form.priority.setCurrentIndex(form.priority.findData(Priority.LOW))
    trader.press(Key.Key_Escape)
    trader.press(Key.Key_N)
    draft = form.draft()
    assert draft == Draft(symbol=draft.symbol)


@pytest.mark.parametrize("prefilled", ["", SYMBOL])
def test_what_is_typed_first_is_the_symbol(trader: Trader, prefilled: str) -> None:
    trader.window.order_form.open(prefilled)
    trader.type("SIM.au9999")
    draft = trader.window.order_form.draft()
    assert (draft.symbol, draft.volume) == ("SIM.au9999", "")


def test_an_order_in_sight_is_gone_on_with(trader: Trader) -> None:
    fill(trader)
    trader.window.order_form.open("SHFE.rb2001")
    assert trader.window.order_form.draft().symbol == SYMBOL
    assert trader.window.order_form.draft().volume == "2"
