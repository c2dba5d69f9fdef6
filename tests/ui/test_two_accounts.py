"""Two accounts in one window: whose a row, a figure and a new order is, and which account is shown."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest
from driver import account, moment, order, position, session, trade, whole_replay
from pilot import ALT, Pilot
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from trader import Trader

from monitor.engine.changes import Changes, EquityChunk
from monitor.engine.commands import SubmitOrder
from monitor.engine.values import OrderType, World
from monitor.ui.tables import TablePanel

Key = Qt.Key
Make = Callable[..., Pilot]
FIRST = account(account_id="sim-1", balance=Decimal(1_000))
SECOND = account(account_id="sim-2", balance=Decimal(2_000), currency="USD")


def two_accounts() -> Changes:
    return Changes(
        session=session(world=World.SIMULATED),
        accounts={"sim-2": SECOND, "sim-1": FIRST},
        positions={name: position(name, account_id=name) for name in ("sim-1", "sim-2")},
        orders={1: order(1), 2: order(2, account_id="sim-2")},
        trades={1: trade(1)},
        equity=[curve("sim-1", 1_000.0), curve("sim-2", 2_000.0, 2_010.0)],
    )


def curve(name: str, *equity: float) -> EquityChunk:
    return EquityChunk(name, 0, np.array([moment(at) for at in range(len(equity))]), np.array(equity))


@pytest.fixture
def two(make_pilot: Make) -> Pilot:
    return make_pilot(two_accounts())


def columns(panel: TablePanel) -> list[str]:
    """The visible columns, from left to right."""
    head = panel.view.horizontalHeader()
    order = [head.logicalIndex(at) for at in range(head.count())]
    return [panel.view.rows.columns[at].id for at in order if not head.isSectionHidden(at)]


def shown(ui: Pilot) -> tuple[str, str, str, list[float]]:
    """Name, balance and caption of the account shown, and its curve."""
    window = ui.window
    curve = list(window.equity._series.equity)
    return (
        window.account.chooser.currentText(),
        window.account.value("Balance"),
        window.banner.equity.caption,
        curve,
    )


def test_with_two_accounts_the_tables_say_whose_a_row_is(two: Pilot) -> None:
    window = two.window
    for panel in (window.positions, *window.orders.pages[:2], window.trades):
        assert columns(panel).index("account") == columns(panel).index("symbol") + 1
    two.tell(Changes(cleared=True, accounts={"sim-1": FIRST}, positions={"sim-1": position("sim-1")}))
    assert "account" not in columns(window.positions)


def test_with_one_account_it_is_not_said_in_every_row(ui: Pilot) -> None:
    assert "account" not in columns(ui.window.positions)
    assert ui.window.account.name.text() == "sim-1 · CNY"
    assert ui.window.equity.account.text() == "sim-1 · CNY"
    assert ui.window.banner.equity.caption == "equity"
    ui.press(Key.Key_A, ALT)
    assert "there is one account only" in ui.said


def test_a_key_shows_the_next_account_in_panel_curve_and_banner(two: Pilot) -> None:
    assert shown(two) == ("sim-1 · CNY", "1,000.00", "sim-1 CNY", [1_000.0])
    two.press(Key.Key_A, ALT)
    assert shown(two) == ("sim-2 · USD", "2,000.00", "sim-2 USD", [2_000.0, 2_010.0])
    assert two.window.equity.account.text() == "sim-2 · USD"
    two.press(Key.Key_A, ALT)
    assert shown(two)[0] == "sim-1 · CNY"


def test_the_chooser_shows_another_account(two: Pilot) -> None:
    chooser = two.window.account.chooser
    chooser.setFocus()
    two.press(Key.Key_Down)
    assert shown(two)[:2] == ("sim-2 · USD", "2,000.00")


def test_the_chosen_account_stays_while_others_change_and_over_a_reset(two: Pilot) -> None:
    two.press(Key.Key_A, ALT)
    two.tell(Changes(accounts={"sim-1": account(balance=Decimal(5))}))
    assert shown(two)[1] == "2,000.00"
    cleared = two_accounts()
    cleared.cleared = True
    two.tell(cleared)
    assert shown(two)[1] == "2,000.00"


def test_the_next_start_shows_the_account_that_was_chosen(make_pilot: Make) -> None:
    first = make_pilot(two_accounts())
    first.press(Key.Key_A, ALT)
    first.window.finish()
    again = make_pilot(two_accounts())
    assert shown(again)[:2] == ("sim-2 · USD", "2,000.00")
    again.tell(Changes(cleared=True, accounts={"sim-1": FIRST}))
    assert again.window.account.value("Balance") == "1,000.00"


def test_money_in_other_currencies_has_a_line_each(two: Pilot) -> None:
    label = two.window.account.foreign
    assert label.isHidden()
    two.tell(Changes(accounts={"sim-1": account(foreign={"USDT": "-12.5", "BTC": "0.00025", "EUR": "0"})}))
    assert label.text().splitlines() == ["In BTC  0.00025", "In USDT  \u221212.50"]
    two.tell(Changes(accounts={"sim-1": FIRST}))
    assert label.isHidden()


def test_a_replay_is_not_touched_by_a_choice_made_elsewhere(make_pilot: Make) -> None:
    first = make_pilot(two_accounts())
    first.press(Key.Key_A, ALT)
    first.window.finish()
    replay = make_pilot(whole_replay())
    assert replay.window.banner.equity.text == "1,012,340.50"


# -- the form for a new order


def write(ui: Trader, volume: str = "2") -> None:
    form = ui.window.order_form
    QTest.mouseClick(form.buy, Qt.MouseButton.LeftButton)
    form.type.setCurrentIndex(form.type.findData(OrderType.MARKET))
    form.volume.setFocus()
    ui.type(volume)


def send(ui: Trader) -> SubmitOrder:
    ui.after(400)
    ui.press(Key.Key_Return)
    sent = ui.sent[-1]
    assert isinstance(sent, SubmitOrder)
    return sent


@pytest.fixture
def trading(make_pilot: Make) -> Trader:
    pilot = make_pilot(two_accounts(), kind=Trader)
    assert isinstance(pilot, Trader)
    return pilot


def test_a_new_order_is_for_the_account_of_the_row_in_hand(trading: Trader) -> None:
    trading.window.positions.view.setFocus()
    trading.window.positions.view.select_row("sim-2")
    trading.press(Key.Key_N)
    assert trading.window.order_form.account.currentText() == "account sim-2"
    write(trading)
    assert send(trading).account_id == "sim-2"


def test_without_a_row_it_is_for_the_account_shown_and_can_be_chosen(trading: Trader) -> None:
    trading.press(Key.Key_A, ALT)
    trading.press(Key.Key_N)
    form = trading.window.order_form
    assert form.account.currentText() == "account sim-2"
    form.symbol.setFocus()
    trading.type("SHFE.au1912")
    write(trading)
    form.account.setFocus()
    trading.press(Key.Key_Up)
    assert send(trading).account_id == "sim-1"


def test_what_was_begun_for_one_account_stays_with_it_over_a_look_at_the_past(trading: Trader) -> None:
    trading.window.positions.view.setFocus()
    trading.window.positions.view.select_row("sim-2")
    trading.press(Key.Key_N)
    write(trading)
    trading.window.order_form.put_away()
    trading.window.positions.view.select_row("sim-1")
    trading.press(Key.Key_N)
    trading.tell(Changes(accounts={"sim-3": account(account_id="sim-3")}))
    assert trading.window.order_form.account.currentText() == "account sim-2"
    assert send(trading).account_id == "sim-2"


def test_with_one_account_there_is_nothing_to_choose(trader: Trader) -> None:
    trader.press(Key.Key_N)
    form = trader.window.order_form
    assert (form.account.currentText(), form.account.isEnabled()) == ("account sim-1", False)
