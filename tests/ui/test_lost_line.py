"""A line to a venue is lost: what the window says of it, of its prices, and when it is back."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from desk_rows import execution, link
from driver import account, moment, position, session
from pilot import Pilot
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from monitor.engine.changes import Changes
from monitor.engine.rows import LinkRow
from monitor.engine.values import NS_PER_SECOND, LinkSide, LinkState, World
from monitor.models.cells import Role
from monitor.models.columns import Tone

Make = Callable[..., Pilot]
THEN = moment(100)


def both(state: LinkState, **given: object) -> dict[str, LinkRow]:
    rows = [link(side, state, last_message_ns=THEN, **given) for side in LinkSide]
    return {row.link_id: row for row in rows}


@pytest.fixture
def ui(make_pilot: Make) -> Pilot:
    return make_pilot(
        Changes(
            session=session(world=World.LIVE),
            accounts={"sim-1": account(updated_ns=THEN)},
            positions={"p": position("p", quote_ns=THEN, unrealised_profit=Decimal(5))},
            links=both(LinkState.LIVE),
        )
    )


def later(ui: Pilot, seconds: int) -> None:
    """The clock of day stands at so many seconds after the last message."""
    ui.window.desk.pass_time(THEN + seconds * NS_PER_SECOND)
    ui.window.telling.show_notice()


def cell(ui: Pilot, column: str) -> tuple[str, Tone]:
    rows = ui.window.desk.positions
    at = rows.spec.index(column)
    assert at is not None
    index = rows.index(0, at)
    return str(rows.data(index)), Tone(rows.data(index, Role.TONE))


def test_a_lost_line_is_told_with_its_age_until_it_is_back(ui: Pilot) -> None:
    later(ui, 2)
    assert ui.window.notice.isHidden()
    ui.tell(Changes(links=both(LinkState.LOST)))
    later(ui, 12)
    text = "Line to deribit lost 12 s ago: prices are old, orders wait. Shift+F5 tries again now."
    assert ui.window.notice.text() == text
    assert ui.window.notice.property("tone") == "error"
    ui.tell(Changes(links=both(LinkState.CONNECTING, attempt=2)))
    later(ui, 15)
    assert "lost 15 s ago" in ui.window.notice.text(), "trying again is not being back"
    ui.tell(Changes(links=both(LinkState.LIVE)))
    later(ui, 16)
    assert ui.window.notice.isHidden()


@pytest.mark.parametrize(
    ("side", "said"),
    [
        (LinkSide.MARKET, "Market line to deribit lost 12 s ago: prices are old."),
        (LinkSide.ORDERS, "Order line to deribit lost 12 s ago: orders wait."),
    ],
)
def test_one_side_alone_is_told_as_such(ui: Pilot, side: LinkSide, said: str) -> None:
    row = link(side, LinkState.LOST, last_message_ns=THEN)
    ui.tell(Changes(links={row.link_id: row}))
    later(ui, 12)
    assert ui.window.notice.text().startswith(said)
    assert cell(ui, "unrealised")[1] is (Tone.STALE if side is LinkSide.MARKET else Tone.GAIN)


def test_put_away_it_stays_away_while_its_age_grows_and_is_told_anew_the_next_time(ui: Pilot) -> None:
    ui.tell(Changes(links=both(LinkState.LOST)))
    later(ui, 12)
    QTest.mouseClick(ui.window.notice.close_button, Qt.MouseButton.LeftButton)
    later(ui, 13)
    assert ui.window.notice.isHidden()
    ui.tell(Changes(links=both(LinkState.LIVE)))
    later(ui, 14)
    ui.tell(Changes(links=both(LinkState.LOST)))
    later(ui, 20)
    assert ui.window.notice.isVisible()


def test_prices_of_a_lost_line_say_of_when_they_are(ui: Pilot) -> None:
    later(ui, 3)
    assert cell(ui, "quote_age") == ("3 s", Tone.MUTED)
    assert cell(ui, "last")[1] is Tone.PLAIN
    ui.tell(Changes(links=both(LinkState.LOST)))
    later(ui, 4)
    assert cell(ui, "quote_age") == ("as of 10:41:00", Tone.WARN)
    assert {cell(ui, name)[1] for name in ("last", "unrealised", "percent")} == {Tone.STALE}
    ui.tell(Changes(links=both(LinkState.LIVE)))
    later(ui, 5)
    assert cell(ui, "quote_age") == ("5 s", Tone.MUTED)
    assert cell(ui, "unrealised")[1] is Tone.GAIN


def test_of_two_venues_only_the_lost_ones_prices_are_old(ui: Pilot) -> None:
    other = LinkRow(link_id="sim.market", venue="sim", side=LinkSide.MARKET, state=LinkState.LOST)
    ui.tell(Changes(links={"sim.market": other}))
    later(ui, 3)
    assert cell(ui, "last")[1] is Tone.PLAIN, "nobody knows where the account trades"
    ui.tell(Changes(executions={1: execution(1, venue="sim")}))
    assert cell(ui, "last")[1] is Tone.STALE
    ui.tell(Changes(executions={2: execution(2, venue="deribit")}))
    assert cell(ui, "last")[1] is Tone.PLAIN


def test_a_line_that_is_made_for_the_first_time_is_not_lost(make_pilot: Make) -> None:
    ui = make_pilot(Changes(session=session(world=World.LIVE)))
    row = link(LinkSide.ORDERS, LinkState.CONNECTING)
    ui.tell(Changes(links={row.link_id: row}))
    later(ui, 1)
    assert ui.window.notice.isHidden()
