"""What the window says about the moment: the most important sentence, once, and what to press."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from driver import account, replay, session, whole_replay
from pilot import Pilot

from monitor.boundary import CoreStats
from monitor.engine.changes import Changes
from monitor.engine.values import ReplayState
from monitor.ui.notice import Situation, notices

Make = Callable[..., Pilot]
FINE = CoreStats(mirror_url="http://127.0.0.1:8765")


def situation(**different: object) -> Situation:
    now = Situation(session(), replay(), account(), FINE, "double_ma")
    return msgspec.structs.replace(now, **different)


def said(now: Situation) -> list[str]:
    return [one.text for one in notices(now)]


def test_a_newcomer_reads_what_this_is_and_how_to_pause() -> None:
    (text,) = said(situation(welcome=True))
    assert "made-up prices" in text
    assert "double_ma" in text
    assert "no order reaches a market" in text
    assert "Space pauses" in text
    assert "? shows all keys" in text
    (paused,) = said(situation(welcome=True, replay=replay(2, state=ReplayState.PAUSED, synthetic=False)))
    assert "Space plays" in paused
    assert "recorded prices" in paused


def test_nothing_is_said_when_there_is_nothing_to_say() -> None:
    assert said(situation()) == []


def test_the_most_important_comes_first() -> None:
    broken = msgspec.structs.replace(FINE, journal_error="Disk full.", mirror_error="port 8765 is in use.")
    finished = replay(10_215, state=ReplayState.FINISHED)
    told = notices(
        situation(stats=broken, session=session(notice="Restored at bar 80."), welcome=True, replay=finished)
    )
    words = ["Not saved. Disk full.", "Restored", "This is a replay", "is finished", "port 8765"]
    assert all(word in one.text for one, word in zip(told, words, strict=True))
    assert [one.tone for one in told] == ["error", "info", "info", "info", "warn"]


def test_a_finished_replay_says_the_result_and_what_now() -> None:
    (text,) = said(situation(replay=replay(10_215, state=ReplayState.FINISHED)))
    assert "+12,340.50 CNY" in text
    assert "Ctrl+Home starts again" in text


def test_the_welcome_goes_with_the_first_command_and_does_not_come_back(make_pilot: Make) -> None:
    first = make_pilot(whole_replay())
    assert "made-up prices" in first.window.notice.text()
    assert first.window.notice.isVisible()
    first.press(" ")
    assert not first.window.notice.isVisible()
    first.window.finish()
    second = make_pilot(whole_replay())
    assert not second.window.notice.isVisible()


def test_a_notice_put_away_stays_away_and_the_next_one_shows(ui: Pilot) -> None:
    ui.door.health = CoreStats(mirror_error="port 8765 is in use by another program.")
    ui.window._look()
    ui.window.notice.close_button.click()
    ui.window._look()
    assert "port 8765" in ui.window.notice.text()
    ui.window.notice.close_button.click()
    ui.window._look()
    assert not ui.window.notice.isVisible()
    ui.door.health = CoreStats(journal_error="The database cannot be written: disk full.")
    ui.window._look()
    assert ui.window.notice.isVisible()
    assert "disk full" in ui.window.notice.text()
    ui.door.health = FINE
    ui.window._look()
    assert not ui.window.notice.isVisible()


def test_a_read_only_session_offers_nothing_it_would_refuse(make_pilot: Make, tmp_path: Path) -> None:
    whole = whole_replay()
    whole.replay = None
    whole.session = session(notice="This session cannot go on: bars.csv does not exist.", read_only=True)
    ui = make_pilot(whole)
    ui.window._look()
    assert "monitor replay FILE" in ui.window.notice.text()
    assert "READ-ONLY" in ui.window.banner.strip.text
    assert "close" not in ui.window.status.keys.text()
    assert not any(line.toggle.isEnabled() for line in ui.window.strategies.list.lines.values())
    before = len(ui.sent)
    for id in ("close_position", "close_all", "cancel_all", "stop_strategy"):
        ui.window.actions_table.bind(id, lambda: pytest.fail("it would be refused"))
        assert not ui.window.run_command(id)
        assert "read-only" in ui.said
    assert len(ui.sent) == before
    assert "recorded" in ui.window.replay_bar.state.text()


def test_empty_tables_name_the_key_only_while_nothing_moves(make_pilot: Make) -> None:
    ui = make_pilot(Changes(session=session(), replay=replay(2)))
    assert "Space" not in ui.window.positions.view._empty_text
    ui.tell(Changes(replay=replay(2, state=ReplayState.PAUSED)))
    assert "Space plays" in ui.window.positions.view._empty_text
    assert "Space plays" in ui.window.orders.active.view._empty_text
