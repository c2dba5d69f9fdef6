"""`monitor journal`: what is listed, in which words, and what every combination of filters leaves."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from journal_world import CROSSES, DATABASE, HOLDER, Desk

from monitor.engine import events as ev
from monitor.engine.journal import JournalRecord

SHANGHAI = ZoneInfo("Asia/Shanghai")


# What is shown ------------------------------------------------------------------------------
def test_the_last_session_newest_last_and_no_more_than_asked(desk: Desk) -> None:
    every = [record.seq for record in desk.records(CROSSES)]
    assert desk.seqs() == desk.seqs("list") == every[-50:]
    assert desk.seqs("--limit", "7") == every[-7:]
    assert desk.seqs("--all") == every
    shown = desk.lines("--limit", "3")
    assert shown[0] == "Session 2: SHFE.test double_ma on bars.csv, times of Asia/Shanghai"
    assert shown[-1].startswith("There are earlier ones")
    assert "earlier" not in desk.lines("--limit", str(len(every)))[-1]


def test_one_line_a_fact_in_plain_words(desk: Desk) -> None:
    shown = "\n".join(desk.lines("--session", "1", "--all"))
    assert "order 1: BUY 2 SHFE.test at market to open, given by the strategy" in shown
    assert "order 1 filled 2 at 100, fee 0" in shown
    assert "order 2: SELL 2 SHFE.test limit 1100 to close, given by the strategy" in shown
    assert "window asked: close 1 of sim-1.SHFE.test.LONG at market" in shown
    assert "went back to bar 40: what came after it is void" in shown
    assert "        1         0  2019-07-05 09:00:00.000  StrategyStarted" in shown


def test_sessions_with_what_they_reached(desk: Desk) -> None:
    desk.damage("update sessions set state = 'open', ended_cleanly = 0 where session_id = 2")
    head, first, second = desk.lines("--sessions")
    assert head.split()[0] == "id"
    assert first.split()[0] == "1"
    assert first.split()[3:6] == ["70", str(len(desk.records(HOLDER))), "cleanly"]
    assert second.split()[3:6] == ["180", str(len(desk.records(CROSSES))), "open"]
    assert second.endswith("SHFE.test double_ma on bars.csv")


def test_words_of_a_strategy_cannot_break_a_line_or_steer_the_terminal(desk: Desk) -> None:
    event = ev.StrategyFailed(strategy_id=1, error="bad\n  1 forged \x1b[2J\u202eline")
    seq = len(desk.records(CROSSES))
    desk.damage(
        "update journal set kind = 'StrategyFailed', payload = ? where session_id = 2 and seq = ?",
        ev.ENCODER.encode(event),
        seq,
    )
    *_, last = desk.lines("--since-seq", str(seq))
    assert last.endswith("strategy 1 failed: bad   1 forged  [2J line")


def test_a_fact_that_cannot_be_read_does_not_hide_the_others(desk: Desk) -> None:
    desk.damage("update journal set payload = x'ff00' where session_id = 2 and seq = 5")
    shown = desk.lines("--all")
    assert "cannot be read: see monitor journal verify" in shown[2 + 4]
    assert len(shown) == 2 + len(desk.records(CROSSES))


def test_what_matches_nothing_is_said(desk: Desk) -> None:
    assert desk.lines("--kind", "StrategyFailed") == ["None of the 89 facts of session 2 is like that."]
    assert desk.lines("--order", "4711", "--all") == ["None of the 89 facts of session 2 is like that."]


# Filters ------------------------------------------------------------------------------------
def orders_named(event: ev.AnyEvent) -> set[int]:
    named = event.command if isinstance(event, ev.CommandTaken) else event
    return {getattr(named, "order_id", None), *getattr(named, "order_ids", ())} - {None}


def of_strategy(records: list[JournalRecord], strategy_id: int) -> set[int]:
    """Facts that name the strategy, and those of the orders that it had given by then."""
    owner: dict[int, int] = {}
    found = set()
    for record in records:
        event = ev.DECODER.decode(record.payload)
        named = event.command if isinstance(event, ev.CommandTaken) else event
        if isinstance(event, ev.OrderCreated):
            owner[event.order_id] = event.strategy_id
        mine = getattr(named, "strategy_id", None)
        owners = {mine} if mine is not None else {owner.get(order) for order in orders_named(event)}
        if strategy_id in owners:
            found.add(record.seq)
    return found


WHEN = dt.datetime(2019, 7, 5, 9, tzinfo=SHANGHAI)
MINUTES = st.none() | st.integers(-5, 200)
SMALL = st.none() | st.integers(0, 110)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    session=st.sampled_from([HOLDER, CROSSES]),
    kinds=st.lists(st.sampled_from(list(ev.KINDS)), max_size=4),
    order=st.none() | st.integers(1, 24),
    strategy=st.none() | st.integers(0, 2),
    since=SMALL,
    bars=st.tuples(SMALL, SMALL),
    minutes=st.tuples(MINUTES, MINUTES),
    limit=st.none() | st.integers(1, 30),
)
def test_filters_combine_like_plain_conditions(
    desk: Desk,
    session: int,
    kinds: list[str],
    order: int | None,
    strategy: int | None,
    since: int | None,
    bars: tuple[int | None, int | None],
    minutes: tuple[int | None, int | None],
    limit: int | None,
) -> None:
    records = desk.records(session)
    expected = records
    words = ["--session", str(session), *(("--limit", str(limit)) if limit else ("--all",))]
    for kind in kinds:
        words += ["--kind", kind]
    if kinds:
        expected = [r for r in expected if r.kind in kinds]
    if order is not None:
        words += ["--order", str(order)]
        expected = [r for r in expected if order in orders_named(ev.DECODER.decode(r.payload))]
    if strategy is not None:
        words += ["--strategy", str(strategy)]
        expected = [r for r in expected if r.seq in of_strategy(records, strategy)]
    if since is not None:
        words += ["--since-seq", str(since)]
        expected = [r for r in expected if r.seq >= since]
    for option, bar, minute in zip(("--from", "--to"), bars, minutes, strict=True):
        later = option == "--from"
        if bar is not None:
            words += [option, f"bar:{bar}"]
            expected = [r for r in expected if (r.bar >= bar if later else r.bar <= bar)]
        elif minute is not None:
            time = WHEN + dt.timedelta(minutes=minute)
            words += [option, time.replace(tzinfo=None).isoformat()]
            edge = int(time.timestamp()) * 10**9
            expected = [r for r in expected if (r.time_ns >= edge if later else r.time_ns <= edge)]
    seqs = [r.seq for r in expected]
    if None not in bars and bars > bars[::-1]:
        assert "nothing can be between them" in desk.refusal(*words)
    else:
        assert desk.seqs(*words) == (seqs[-limit:] if limit else seqs)


def test_a_date_is_its_whole_day_and_an_offset_counts(desk: Desk) -> None:
    every = desk.seqs("--all")
    assert desk.seqs("--all", "--from", "2019-07-05", "--to", "2019-07-05") == every
    assert desk.seqs("--all", "--to", "2019-07-04") == []
    assert desk.seqs("--all", "--from", "2019-07-05T03:56Z") == desk.seqs(
        "--all", "--from", "2019-07-05T11:56"
    )
    assert desk.seqs("--all", "--from", "2019-07-05T11:56") != every


def test_an_order_number_given_again_after_a_rewind_belongs_to_who_gave_it_last(desk: Desk) -> None:
    seq = max(r.seq for r in desk.records(HOLDER) if r.kind == "OrderCreated")
    desk.damage(
        "update journal set payload = replace(payload, '\"strategy_id\":1', '\"strategy_id\":7') "
        "where session_id = 1 and seq = ?",
        seq,
    )
    desk.damage("update journal set payload = cast(payload as blob) where session_id = 1")
    assert desk.seqs("--session", "1", "--strategy", "7") == [seq, seq + 1, seq + 2]


# What is refused ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("--kind TradeExecutde", "is not one of OrderCreated, OrderReleased"),
        ("--kind TradeExecutde", "did you mean TradeExecuted?"),
        ("--order one", "--order: 'one' is not a whole number from 1 on"),
        ("--since-seq -1", "--since-seq"),
        ("--limit 0", "--limit: '0' is not a whole number from 1 on"),
        ("--limit 5 --all", "not allowed with argument"),
        ("--from tomorrow", "'tomorrow' is not a time"),
        ("--to bar:x", "'x' is not a whole number"),
        ("--from bar:9 --to bar:3", "--from bar:9 is after --to bar:3"),
        ("--session 9", "there is no session 9; there are 1, 2"),
        ("--session 99999999999999999999", "is not a whole number"),
        ("exprot", "there are list, export, verify; did you mean export?"),
        ("export FOLDER/x.txt", "is neither a .jsonl nor a .csv file"),
        ("export FOLDER/none/x.csv", "there is no folder"),
        ("export - --limit 3", "--limit is not understood here"),
    ],
)
def test_a_slip_is_one_sentence(desk: Desk, words: str, part: str) -> None:
    assert part in desk.refusal(*words.replace("FOLDER", str(desk.folder)).split())


def test_without_a_database_there_is_a_sentence_and_none_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path / "nowhere", capsys)
    for words in ([], ["--sessions"], ["verify"], ["export", "-"]):
        assert "there is no database yet at" in desk.refusal(*words)
    assert not desk.folder.exists()


def test_a_database_that_cannot_be_used_is_refused(desk: Desk) -> None:
    desk.damage("update alembic_version set version_num = '9999'")
    assert "written by a newer Trading Monitor (version 9999" in desk.refusal()
    desk.damage("delete from alembic_version")
    assert "the database is empty" in desk.refusal().lower()
    (desk.folder / DATABASE).write_text("no database at all, but a text that is long enough")
    assert "the file is not a database" in desk.refusal()


def test_a_database_without_sessions(desk: Desk) -> None:
    with sqlite3.connect(desk.folder / DATABASE) as emptied:
        for table in ("journal", "sessions"):
            emptied.execute(f"delete from {table}")
    emptied.close()
    assert "holds no session yet" in desk.refusal("verify")
    assert desk.lines("--sessions") == ["No session was recorded yet."]
