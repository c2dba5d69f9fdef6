"""The banner names the world beyond doubt, and health is told by shape, colour and word."""

from __future__ import annotations

from decimal import Decimal

import pytest
from driver import account, replay, session, whole_replay
from pilot import Pilot
from PySide6.QtGui import QColor

from monitor.boundary import CoreStats
from monitor.engine.changes import Changes
from monitor.engine.values import EngineState, ReplayState, World
from monitor.ui.links import LinkState, journal_link, mirror_link
from monitor.ui.theme import DARK, LIGHT, Theme


def test_a_replay_says_its_date_and_is_hatched(ui: Pilot) -> None:
    assert ui.window.banner.strip.text == "REPLAY  2019-06-30 11:44:00"
    assert ui.window.banner.strip.hatched
    colours = {ui.window.banner.strip.grab().toImage().pixelColor(x, 3).name() for x in range(120, 160)}
    assert QColor(DARK.strip_replay).name() in colours
    assert len(colours) > 2, "the hatching is painted, not only claimed"


def test_the_replay_time_follows(ui: Pilot) -> None:
    ui.tell(Changes(replay=replay(4_214)))
    assert ui.window.banner.strip.text == "REPLAY  2019-06-30 11:45:00"


@pytest.mark.parametrize(
    ("different", "text", "colour"),
    [
        ({"world": World.SIMULATED}, "SIMULATED", DARK.strip_simulated),
        ({"world": World.LIVE}, "LIVE", DARK.strip_live),
        ({"world": World.LIVE, "read_only": True}, "LIVE · READ-ONLY", DARK.strip_live),
        (
            {"world": World.SIMULATED, "engine_state": EngineState.REDUCE_ONLY},
            "SIMULATED · REDUCE-ONLY",
            DARK.strip_reduce,
        ),
        (
            {"world": World.LIVE, "engine_state": EngineState.HALTED},
            "LIVE · HALTED",
            DARK.strip_halted,
        ),
    ],
)
def test_other_worlds_have_words_and_colours(
    ui: Pilot, different: dict[str, object], text: str, colour: str
) -> None:
    ui.tell(Changes(session=session(**different)))
    strip = ui.window.banner.strip
    assert strip.text == text
    assert not strip.hatched
    assert strip.grab().toImage().pixelColor(4, 3) == QColor(colour)


def test_synthetic_data_is_called_synthetic(ui: Pilot) -> None:
    title = ui.window.banner.title
    assert title.text().startswith("synthetic data"), "what matters is not cut off in a narrow window"
    ui.window.resize(1024, 640)
    ui.window.grab()
    assert title.shown.startswith("synthetic data")


@pytest.mark.parametrize("world", list(World))
def test_it_is_said_whether_orders_reach_a_market(ui: Pilot, world: World) -> None:
    ui.tell(Changes(session=session(world=world)))
    said = ui.window.status.message.text()
    assert ("reaches a market" in said) == (world is not World.LIVE)
    assert ("made-up" in said) == (world is World.REPLAY)
    assert ui.window.status.message.property("tone") == "idle"
    ui.window.show_message("The engine refused.", "error")
    ui.tell(Changes(session=session(world=world)))
    assert "refused" in ui.said, "a message is not wiped away"


def test_figures_of_the_account(ui: Pilot) -> None:
    banner = ui.window.banner
    assert (banner.equity.text, banner.today.text, banner.margin.text) == (
        "1,012,340.50",
        "+3,120.00",
        "12.5 %",
    )
    ui.tell(Changes(accounts={"sim-1": account(today_profit=Decimal("-12.50"))}))
    assert banner.today.text == "−12.50"
    assert ui.window.account.value("Today") == "−12.50"


def test_a_reset_empties_the_figures(ui: Pilot) -> None:
    ui.tell(Changes(cleared=True, session=session(), replay=replay(0, state=ReplayState.PAUSED)))
    assert ui.window.banner.equity.text == "–"
    assert ui.window.orders.tabs.tabText(0) == "Active 0"
    assert ui.window.strategies.list.current is None
    assert ui.window.replay_bar.bar.text() == "bar 0 / 10,215"


def test_the_notice_is_a_line_of_its_own_only_when_there_is_one(ui: Pilot) -> None:
    ui.window.notice.close_button.click()
    assert not ui.window.notice.isVisible()
    ui.tell(Changes(session=session(notice="Made-up sample data. Space pauses.")))
    assert ui.window.notice.isVisible()
    assert ui.window.notice.text() == "Made-up sample data. Space pauses."


@pytest.mark.parametrize(
    ("stats", "state", "word"),
    [
        (CoreStats(), LinkState.CONNECTING, "empty"),
        (CoreStats(journal_seq=9, durable_seq=9), LinkState.LIVE, "ok"),
        (CoreStats(journal_seq=9, durable_seq=4), LinkState.LIVE, "ok"),
        (CoreStats(journal_seq=9_999, durable_seq=4), LinkState.DEGRADED, "behind"),
        (CoreStats(journal_seq=9, durable_seq=4, journal_error="disk full"), LinkState.LOST, "failed"),
    ],
)
def test_the_journal_tells_how_it_is(stats: CoreStats, state: LinkState, word: str) -> None:
    link = journal_link(stats)
    assert (link.state, link.word) == (state, word)
    assert stats.journal_error in link.tip


@pytest.mark.parametrize(
    ("stats", "state", "word"),
    [
        (CoreStats(), LinkState.OFF, "off"),
        (CoreStats(mirror_url="http://127.0.0.1:8765"), LinkState.LIVE, "on"),
        (CoreStats(mirror_url="http://127.0.0.1:8765", mirror_clients=2), LinkState.LIVE, "2 viewers"),
        (CoreStats(mirror_error="port 8765 is taken"), LinkState.LOST, "failed"),
    ],
)
def test_the_mirror_tells_how_it_is(stats: CoreStats, state: LinkState, word: str) -> None:
    link = mirror_link(stats)
    assert (link.state, link.word) == (state, word)


def test_dots_follow_the_health_of_the_core(make_pilot) -> None:  # type: ignore[no-untyped-def]
    pilot = make_pilot(whole_replay())
    pilot.door.health = CoreStats(journal_seq=9, durable_seq=4, journal_error="disk full")
    for _ in range(15):
        pilot.frame()
    dot = pilot.window.banner.journal
    assert dot.link.state is LinkState.LOST
    assert "disk full" in dot.toolTip()
    assert dot.accessibleName() == "journal: failed"


def luminance(colour: str) -> float:
    parts = (channel / 255 for channel in QColor(colour).getRgb()[:3])  # type: ignore[index]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_words_can_be_read_on_their_grounds(theme: Theme) -> None:
    for world in World:
        assert contrast(theme.strip_text, theme.strip(world)) >= 4.5
    assert contrast(theme.strip_text, theme.strip_halted) >= 4.5
    assert contrast(theme.strip_text, theme.strip_past) >= 4.5
    for colour in (theme.text, theme.muted, theme.gain, theme.loss, theme.warn, theme.error):
        assert contrast(colour, theme.surface) >= 4.5, colour
    for colour in (theme.text, theme.gain, theme.loss):
        assert contrast(colour, theme.mixed(theme.accent, 0.18)) >= 3.5, colour
