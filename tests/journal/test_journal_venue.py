"""`monitor journal verify` of sessions at a venue: what is sound is called sound, at every moment and
on every database; every damage is found and named with table, key, field and both values."""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path

import msgspec
import pytest
from database_places import KINDS, place_of
from hypothesis import given, settings, strategies as st
from journal_world import Desk
from venue_sessions import (
    BOUGHT,
    DEEDS,
    KeptWorld,
    TradingDesk,
    VenueControl,
    desk_at,
    finished,
    kept_world,
    one_round,
    venue_process,
    verified,
    wrong,
)

from monitor.engine import events as ev
from monitor.engine.trading import checkpoint as checkpoint_module


def complaints(desk: Desk, *words: str) -> list[str]:
    """What `verify` found wrong; the exit code says the same."""
    code, out, said = desk.journal("verify", *words)
    found = [line[15:] for line in out.splitlines() if line.startswith("  WRONG")]
    assert (code, said) == (int(bool(found)), "")
    assert out.splitlines()[-1].startswith("Session 1 is WRONG") == bool(found)
    return [" ".join(line.split()) for line in found]


# Sound --------------------------------------------------------------------------------------
def test_a_session_with_a_restart_is_sound(venue_desk: Desk) -> None:
    code, out, _ = venue_desk.journal("verify", "--every", "10")
    head, *checks, verdict = out.splitlines()
    count = len(venue_desk.records(1))
    assert (code, verdict) == (0, "Session 1 is sound.")
    assert head == f"Session 1: sim: acc, {count} facts"
    told = {line.split()[1]: " ".join(line.split()[2:]) for line in checks}
    assert told["numbers"] == f"1 to {count}, none is missing"
    assert told["run"] == f"folded to fact {count}"
    assert told["rows"].startswith("8 orders, 6 trades, 0 alerts, 6 executions, 1 positions, 1 accounts")
    assert told["records"] == "6 follow and add up"
    assert told["signals"].endswith("one finished for each order that ended")
    assert told["books"] == f"the books add up at {count // 10 + 1} moments"
    assert told["starts"] == "2 checkpoints, each with its tail the same as all facts"


def test_a_session_killed_before_its_first_fact_is_sound(venue_desk: Desk) -> None:
    for table in ("journal", "checkpoints"):
        venue_desk.damage(f"delete from {table}")
    assert complaints(venue_desk) == []


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 40)), max_size=50), st.integers(0, 50))
def test_whatever_happens_it_is_sound(deeds: list[tuple[str, int]], at: int) -> None:
    """Lost and doubled messages, crashes, orders nobody knew: with a checkpoint anywhere."""

    async def live(database: str) -> None:
        async with kept_world(database, lost=0.2) as kept:
            for number, (deed, which) in enumerate(deeds):
                kept.does(deed, which)
                if number == at:
                    await kept.checkpoint()
            assert wrong(await kept.verified(every=20)) == []
            kept.model.settle()
            kept.keep()
            await kept.checkpoint()
            assert wrong(await kept.verified()) == []

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live(f"sqlite:///{folder}/monitor.sqlite"))


@pytest.mark.parametrize("kind", KINDS)
async def test_on_every_database(kind: str, tmp_path: Path) -> None:
    async with place_of(kind, tmp_path) as place, kept_world(place.address) as kept:
        kept.trade(3)
        await kept.checkpoint()
        kept.trade()
        kept.crash()
        kept.trade()
        assert wrong(await kept.verified(every=25)) == []


async def test_checkpoints_that_forgot_old_orders_are_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint_module, "MOST_REMEMBERED", 2)
    monkeypatch.setattr(checkpoint_module, "MOST_OF_HOURS", 2)
    async with kept_world(f"sqlite:///{tmp_path}/monitor.sqlite") as kept:
        for _ in range(5):
            kept.trade(2)
            await kept.checkpoint()
        assert wrong(await kept.verified()) == []


async def test_beside_a_program_that_trades(tmp_path: Path) -> None:
    """One state is read; what is newer than it is no difference."""
    database = f"sqlite:///{tmp_path}/monitor.sqlite"
    async with venue_process("--manual") as venue, desk_at(venue, tmp_path / "monitor.sqlite") as desk:
        trading = asyncio.create_task(rounds(venue, desk))
        looks = 0
        while not trading.done() or not looks:
            assert wrong(await verified(database)) == []
            looks += 1
        await trading
        assert len(finished(desk)) == 9


async def rounds(venue: VenueControl, desk: TradingDesk) -> None:
    for _ in range(3):
        await one_round(venue, desk)


# Rows damaged -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "update orders set filled_quantity = '9' where order_id = 1",
            "rows orders 1: filled_quantity is 9 in the database, 2.0 by the facts",
        ),
        (
            "update orders set status = 'Filled' where order_id = 2",
            "rows orders 2: status is Filled in the database, Canceled by the facts",
        ),
        ("delete from orders where order_id = 4", "rows orders 4 is missing in the database"),
        (
            "update trades set price = '98' where trade_id = 1",
            "rows trades 1: price is 98 in the database, 99.5 by the facts",
        ),
        ("delete from trades where trade_id = 3", "rows trades 3 is missing in the database"),
        (
            "update positions set volume = '3'",
            "rows positions acc.SIM.BTC-PERP.LONG: volume is 3 in the database, 2.0 by the facts",
        ),
        (
            "update accounts set commission = '0'",
            "rows accounts acc: commission is 0 in the database, 0.30075 by the facts",
        ),
        (
            "update accounts set available = '5', balance = '5'",
            "rows accounts acc: balance is 5 in the database, its parts are 1000001.94925",
        ),
        (
            "update executions set attempts = 2 where order_id = 1",
            "rows executions 1: attempts is 2 in the database, 1 by the facts",
        ),
        (
            "update signals set volume = '7' where signal_id = 4",
            "signals signals 4: volume is 7 in the database, 2.0 by the facts",
        ),
        ("delete from signals where signal_id = 2", "signals signals 2 is missing in the database"),
        (
            "update signals set signal_id = 99 where signal_id = 2",
            "signals signals 99 is in the database, but never was",
        ),
        (
            "update position_records set volume = '9' where record_id = 2",
            "records record 2, acc SIM.BTC-PERP long: 0.5 and a change of 1.5 are not 9",
        ),
        (
            "update position_records set realised_profit = '1' where record_id = 2",
            "records records 2: realised_profit is 1 in the database, 0 by the facts",
        ),
        ("delete from position_records where record_id = 6", "records records 6 is missing in the database"),
        (
            "insert into alerts (session_id, alert_id, time_ns, level, cause, message, account_id, symbol, "
            "by) values (1, 5, 1, 'error', 'c', 'm', '', '', '')",
            "rows alerts 5 is in the database, but never was",
        ),
        (
            "insert into equity_samples values (1, 'acc', 8, 1, 2.0)",
            "rows equity acc 8 is in the database, but never was",
        ),
    ],
)
def test_a_damaged_row_is_named(venue_desk: Desk, statement: str, told: str) -> None:
    venue_desk.damage(statement)
    assert told in complaints(venue_desk)


def test_of_many_differences_some_are_told_and_all_are_counted(venue_desk: Desk) -> None:
    venue_desk.damage("update orders set reason = 'x', symbol = 'y', client_order_id = 'z'")
    told = complaints(venue_desk)
    assert len(told) == 21
    assert told[-1] == "rows and 4 more like that"


# The journal damaged ------------------------------------------------------------------------
def test_a_gap_is_named(venue_desk: Desk) -> None:
    venue_desk.damage("delete from journal where seq in (12, 13)")
    assert complaints(venue_desk) == ["numbers facts 12 to 13 are missing"]


def test_an_end_that_is_missing_is_seen_by_the_rows_and_the_checkpoint(venue_desk: Desk) -> None:
    last = len(venue_desk.records(1))
    venue_desk.damage("delete from journal where seq > ?", last - 4)
    told = complaints(venue_desk)
    assert f"starts the checkpoint at fact {last} is ahead of the journal's {last - 4}" in told
    assert any(line.startswith("signals signals") and line.endswith("never was") for line in told)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("price", b'"price":"98.5"', "rows trades 1: price is 99.5 in the database, 98.5 by the facts"),
        (
            "commission",
            b'"commission":"7"',
            "rows trades 1: commission is 0.024875 in the database, 7 by the facts",
        ),
    ],
)
def test_a_changed_fact_is_seen_by_its_rows_and_checkpoints(
    venue_desk: Desk, field: str, value: bytes, told: str
) -> None:
    seq = venue_desk.seq_of(1, ev.TradeExecuted)
    payload = next(r.payload for r in venue_desk.records(1) if r.seq == seq)
    before, _, rest = payload.partition(f'"{field}":'.encode())
    rest = rest[rest.index(b'"', 1) + 1 :]
    venue_desk.damage("update journal set payload = ? where seq = ?", before + value + rest, seq)
    found = complaints(venue_desk)
    assert told in found
    assert any(line.startswith("starts accounts acc") and "from the checkpoint" in line for line in found)


def test_a_fact_that_cannot_be_read_or_be_is_named(venue_desk: Desk) -> None:
    seq = venue_desk.seq_of(1, ev.OrderSent)
    forged = ev.ENCODER.encode(ev.OrderSent(order_id=77))
    venue_desk.damage("update journal set payload = ? where seq = ?", forged, seq)
    (told,) = complaints(venue_desk)
    assert told == f"run fact {seq} cannot follow what is before it: order 77 sent, attempt 1"
    venue_desk.damage("update journal set kind = 'OrderDone' where seq = ?", seq)
    assert complaints(venue_desk) == [f"contents fact {seq} (OrderDone) is in truth OrderSent"]
    venue_desk.damage("update journal set payload = x'00' where seq = ?", seq)
    assert complaints(venue_desk) == [f"contents fact {seq} (OrderDone) cannot be read"]


def test_a_finished_signal_said_twice_or_never_is_named(venue_desk: Desk) -> None:
    signals = [r for r in venue_desk.records(1) if r.kind == "SignalEmitted"]
    first = next(r for r in signals if b'"finished"' in r.payload)
    other = next(r for r in signals if b'"fill"' in r.payload)
    own = f'"signal_id":{ev.DECODER.decode(other.payload).signal_id}'.encode()
    doubled = re.sub(rb'"signal_id":\d+', own, first.payload)
    venue_desk.damage("update journal set payload = ? where seq = ?", doubled, other.seq)
    assert f"signals orders {BOUGHT} has 2 finished signals" in complaints(venue_desk)
    for record in (first, other):
        mute = record.payload.replace(b'"kind":"finished"', b'"kind":"alert"')
        venue_desk.damage("update journal set payload = ? where seq = ?", mute, record.seq)
    told = complaints(venue_desk)
    assert f"signals orders {BOUGHT} is Filled, but has no finished signal" in told


# Checkpoints damaged ------------------------------------------------------------------------
def test_a_damaged_checkpoint_is_named(venue_desk: Desk) -> None:
    venue_desk.damage(
        "update checkpoint_parts set payload = x'00' where seq = (select min(seq) from checkpoints)"
    )
    (told,) = complaints(venue_desk)
    assert told.endswith("is damaged: its parts are not what its digest says")


async def test_a_checkpoint_of_another_state_is_named(tmp_path: Path) -> None:
    async with kept_world(f"sqlite:///{tmp_path}/monitor.sqlite") as kept:
        kept.trade(2)
        await kept.checkpoint()
        await forged(kept)
        told = wrong(await kept.verified())
    assert any("starts: accounts a1: static_balance is" in line for line in told)
    assert all(line.startswith("starts: ") and "from the checkpoint at fact" in line for line in told)


async def forged(kept: KeptWorld) -> None:
    """The checkpoint says that there is more money than there is."""
    kept.trade()
    made = kept.model.checkpoint()
    account = made.present.accounts[0]
    ledger = account.money["USD"]
    richer = msgspec.structs.replace(ledger, static_balance=ledger.static_balance + 1)
    account = msgspec.structs.replace(account, money={"USD": richer})
    present = msgspec.structs.replace(made.present, accounts=(account,))
    payload = checkpoint_module.encoded(msgspec.structs.replace(made, present=present))
    await kept.store.put_checkpoint(kept.session_id, present.seq, present.time_ns, payload)


def test_a_checkpoint_of_another_version_is_not_checked(venue_desk: Desk) -> None:
    venue_desk.damage("update checkpoints set format = 7")
    code, out, _ = venue_desk.journal("verify")
    assert code == 0
    assert "2 checkpoints of another version of the program" in out
    assert out.endswith("nothing is wrong, but not everything could be checked.\n")
