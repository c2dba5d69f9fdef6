"""`monitor journal verify`: what is sound is called sound; every damage is found and placed."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from database_places import place_of
from hypothesis import HealthCheck, given, settings, strategies as st
from journal_world import CROSSES, DATABASE, HOLDER, Desk, record, recorded

from monitor.engine import events as ev
from monitor.store import Store, archive


def found(desk: Desk, *words: str) -> tuple[int, dict[str, str], str]:
    """Exit code, what each check found, the verdict."""
    code, out, complaints = desk.journal("verify", *words)
    assert complaints == ""
    _, *checks, verdict = out.splitlines()
    told = {line[13:23].strip(): f"{line[2:13].strip()}: {line[25:]}" for line in checks}
    assert list(told) == ["numbers", "contents", "run", "rows"]
    return code, told, verdict


@pytest.fixture
def files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A recording with files of its own, to be changed."""
    return Desk(recorded(tmp_path), capsys)


# Sound --------------------------------------------------------------------------------------
@pytest.mark.parametrize("session", [HOLDER, CROSSES])
def test_a_sound_session_with_counts(desk: Desk, session: int) -> None:
    code, told, verdict = found(desk, "--session", str(session))
    count = len(desk.records(session))
    assert (code, verdict) == (0, f"Session {session} is sound.")
    assert told["numbers"] == f"ok: 1 to {count}, none is missing"
    assert told["contents"].startswith(f"ok: {count} facts of ")
    assert "are the same, byte for byte" in told["run"]
    orders = {HOLDER: 3, CROSSES: 21}[session]
    assert told["rows"].startswith(f"ok: {orders} orders, ")


def test_a_session_killed_before_its_first_fact_is_sound(desk: Desk) -> None:
    for table in ("journal", "orders", "trades", "positions", "accounts", "equity_samples"):
        desk.damage(f"delete from {table} where session_id = 2")
    for table in ("strategies", "strategy_triggers"):
        desk.damage(f"delete from {table} where session_id = 2")
    code, told, verdict = found(desk)
    assert (code, verdict) == (0, "Session 2 is sound.")
    assert told["numbers"] == "ok: there are no facts yet"


def test_nothing_is_written_and_no_lock_is_taken(desk: Desk) -> None:
    before = (desk.folder / DATABASE).read_bytes()
    os.utime(desk.folder / DATABASE, (1, 1))
    for words in (["verify"], ["--sessions"], ["list"], ["export", "-"]):
        assert desk.journal(*words)[0] == 0
    assert (desk.folder / DATABASE).read_bytes() == before
    assert (desk.folder / DATABASE).stat().st_mtime == 1
    assert not (desk.folder / "running.lock").exists()


# The journal damaged ------------------------------------------------------------------------
def test_a_gap_is_named(desk: Desk) -> None:
    desk.damage("delete from journal where session_id = 2 and seq in (7, 8, 20)")
    code, told, verdict = found(desk)
    assert (code, verdict) == (1, "Session 2 is WRONG, first at fact 7: see numbers.")
    assert told["numbers"] == "WRONG: facts 7 to 8 are missing; 1 more gap"
    assert told["run"].startswith("not checked")


def test_the_first_fact_missing_is_a_gap(desk: Desk) -> None:
    desk.damage("delete from journal where session_id = 2 and seq = 1")
    assert found(desk)[1]["numbers"] == "WRONG: fact 1 is missing"


def test_an_end_that_is_missing_is_found(desk: Desk) -> None:
    last = len(desk.records(CROSSES))
    desk.damage("delete from journal where session_id = 2 and seq >= ?", last - 10)
    code, told, _ = found(desk)
    assert code == 1
    assert told["run"].startswith("WRONG: fact ")
    assert told["run"].endswith("the end is missing")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_amount_anywhere_is_found_at_its_fact(
    desk: Desk, recording: Path, data: st.DataObject
) -> None:
    shutil.copy(recording / DATABASE, desk.folder / DATABASE)
    fills = [r for r in desk.records(CROSSES) if r.kind == "TradeExecuted"]
    victim = data.draw(st.sampled_from(fills))
    fill = ev.DECODER.decode(victim.payload)
    field = data.draw(st.sampled_from(["price", "volume", "commission", "slippage"]))
    fields = {name: getattr(fill, name) for name in fill.__struct_fields__}
    fields[field] += data.draw(st.sampled_from([Decimal(1), Decimal("-0.01"), Decimal("0.00")]))
    payload = ev.ENCODER.encode(ev.TradeExecuted(**fields))
    desk.damage("update journal set payload = ? where session_id = 2 and seq = ?", payload, victim.seq)
    code, told, verdict = found(desk)
    assert (code == 0) == (payload == victim.payload)
    if code:
        assert verdict.startswith(f"Session 2 is WRONG, first at fact {victim.seq}: see run")
        assert told["run"] == f"WRONG: fact {victim.seq} is not what the run tells"


def test_a_fact_that_cannot_be_read_is_named(desk: Desk) -> None:
    desk.damage("update journal set payload = x'7b7d' where session_id = 2 and seq in (11, 12)")
    code, told, verdict = found(desk)
    assert (code, verdict) == (1, "Session 2 is WRONG, first at fact 11: see contents.")
    assert "cannot be read; 1 more like that" in told["contents"]


def test_a_fact_under_a_wrong_name_or_bar_is_named(desk: Desk) -> None:
    seq = desk.seq_of(CROSSES, ev.TradeExecuted)
    desk.damage("update journal set kind = 'OrderPlaced' where session_id = 2 and seq = ?", seq)
    assert f"fact {seq} (OrderPlaced) is in truth TradeExecuted" in found(desk)[1]["contents"]
    progress = desk.seq_of(HOLDER, ev.BarsReplayed)
    desk.damage("update journal set bar = 17 where session_id = 1 and seq = ?", progress)
    assert "tells of bar 16, its record of bar 17" in found(desk, "--session", "1")[1]["contents"]


def test_a_changed_command_is_found_by_what_followed(desk: Desk) -> None:
    seq = max(r.seq for r in desk.records(HOLDER) if r.kind == "CommandTaken")
    old = next(r.payload for r in desk.records(HOLDER) if r.seq == seq)
    new = old.replace(b'"type":"MARKET"', b'"type":"LIMIT"').replace(
        b'"price":null,"max', b'"price":"500","max'
    )
    assert new != old
    desk.damage("update journal set payload = ? where session_id = 1 and seq = ?", new, seq)
    code, _, verdict = found(desk, "--session", "1")
    assert code == 1
    assert f"first at fact {seq}" in verdict or f"first at fact {seq + 3}" in verdict


# The rows damaged ---------------------------------------------------------------------------
DAMAGES = {
    "update orders set status = 'Canceled' where HERE and order_id = 3": "order 3 has status",
    "update orders set filled_quantity = '7' where HERE and order_id = 3": "order 3 has filled_quantity 7",
    "delete from orders where HERE and order_id = 3": "order 3 is missing in the database",
    "update trades set price = '1.5' where HERE and trade_id = 4": "trade 4 has price 1.5 in the database",
    "update trades set realised_profit = '9' where HERE and trade_id = 4": "trade 4 has realised_profit 9",
    "update trades set trade_id = 99 where HERE and trade_id = 4": "trade 4 is missing",
    "update positions set volume = '5' where HERE": "position sim-1.SHFE.test.",
    "update accounts set balance = '1' where HERE": "account sim-1 has balance 1 in the database",
    "update strategies set trade_count = 0 where HERE": "strategy 1 has trade_count 0 in the database",
    "update strategy_triggers set price = '1' where HERE and trigger_id = 2": "trigger 2 has price 1",
    "update orders set flags = '[\"stale\"]' where HERE and order_id = 3": "order 3 has flags",
    "update trades set void = 1 where HERE and trade_id = 4": "trade 4 has void True in the database",
    "insert into alerts select session_id, 7, 1, 'error', 'x', 'x', null, '', '', null, '' from sessions "
    "where HERE": "alert 7 is in the database, but never was",
    "update equity_samples set equity = 0 where HERE and sample = 44": "equity sample 44 of sim-1",
    "delete from equity_samples where HERE and sample = 3": "equity sample 3 of sim-1",
}


@pytest.mark.parametrize("statement", DAMAGES)
def test_a_changed_row_is_found(desk: Desk, statement: str) -> None:
    desk.damage(statement.replace("HERE", "session_id = 2"))
    code, told, verdict = found(desk)
    assert code == 1
    assert told["run"].startswith("ok")
    assert DAMAGES[statement] in told["rows"]
    assert verdict.startswith("Session 2 is WRONG")
    assert verdict.endswith("see rows.")


def test_a_changed_row_is_placed_at_the_fact_that_made_it(desk: Desk) -> None:
    desk.damage("update trades set price = '1.5' where session_id = 2 and trade_id = 1")
    assert f"first at fact {desk.seq_of(CROSSES, ev.TradeExecuted)}:" in found(desk)[2]


def test_a_row_that_cannot_be_read_is_wrong(desk: Desk) -> None:
    desk.damage("update orders set status = 'XX' where session_id = 2 and order_id = 3")
    code, told, _ = found(desk)
    assert code == 1
    assert told["run"].startswith("ok")
    assert told["rows"].startswith("WRONG: The database cannot be read")


def test_how_a_session_was_made_is_needed(desk: Desk) -> None:
    desk.damage("update sessions set config = x'7b' where session_id = 2")
    code, told, _ = found(desk)
    assert code == 1
    assert told["run"].startswith("WRONG: how the session was made cannot be read")


# The files ----------------------------------------------------------------------------------
def test_a_changed_data_file_is_wrong(files: Desk) -> None:
    text = (files.folder / "bars.csv").read_text()
    (files.folder / "bars.csv").write_text(text.replace("1000", "1001", 1))
    code, told, verdict = found(files)
    assert code == 1
    assert told["run"] == "WRONG: bars.csv is not the file that was replayed"
    assert verdict == "Session 2 is WRONG: see run."
    (files.folder / "bars.csv").write_text("no bars at all")
    assert found(files)[1]["run"].startswith("WRONG: bars.csv is not the file that was replayed: ")


def test_a_data_file_that_is_gone_is_said_and_the_rest_verified(files: Desk) -> None:
    (files.folder / "bars.csv").unlink()
    code, told, verdict = found(files)
    assert (code, verdict) == (0, "Session 2: nothing is wrong, but not everything could be checked.")
    assert told["run"] == f"not checked: the data file {files.folder / 'bars.csv'} is not there any more"
    assert told["rows"] == "ok: 21 orders and 21 fills are what the facts say, the rest needs the run"
    files.damage("update trades set price = '1.5' where session_id = 2 and trade_id = 4")
    code, told, _ = found(files)
    assert code == 1
    assert "trade 4 has price 1.5 in the database" in told["rows"]


def test_a_fact_that_cannot_be_is_found_without_the_run(files: Desk) -> None:
    (files.folder / "bars.csv").unlink()
    seq = files.seq_of(CROSSES, ev.TradeExecuted)
    files.damage(
        "update journal set payload = cast(replace(payload, '\"order_id\":1,', '\"order_id\":77,') as blob) "
        "where session_id = 2 and seq = ?",
        seq,
    )
    code, told, verdict = found(files)
    assert code == 1
    assert f"fact {seq} cannot follow what is before it: order 77 filled" in told["rows"]
    assert f"first at fact {seq}:" in verdict


def test_a_strategy_file_that_is_gone_or_changed_is_said(files: Desk) -> None:
    file = files.folder / "test_strategies.py"
    source = file.read_text()
    file.write_text(source + "\n# a remark\n")
    code, told, verdict = found(files, "--session", "1")
    assert (code, verdict) == (0, "Session 1 is sound.")
    assert "test_strategies.py has changed since, to no effect" in told["run"]
    file.write_text(source.replace("volume=2", "volume=3"))
    code, told, _ = found(files, "--session", "1")
    assert code == 0
    assert told["run"] == (
        "not checked: test_strategies.py has changed since, and would have traded differently"
    )
    file.write_text("this is not Python")
    assert "cannot be loaded any more" in found(files, "--session", "1")[1]["run"]
    file.unlink()
    code, told, _ = found(files, "--session", "1")
    assert code == 0
    assert told["run"] == f"not checked: the strategy file {file} is not there any more"
    assert told["rows"].startswith("ok: 3 orders and 2 fills")


# Other places -------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
async def test_the_same_on_a_server_while_it_is_in_use(kind: str, tmp_path: Path) -> None:
    async with place_of(kind, tmp_path) as place:
        await record(tmp_path, place.address)
        holder = await Store.open(place.address)
        command = [sys.executable, "-m", "monitor", "--data-dir", str(tmp_path), "journal"]
        environment = {**os.environ, "MONITOR_DATABASE": place.address}
        for words, part in (
            (["verify", "--session", "1"], "Session 1 is sound."),
            (["verify"], "Session 2 is sound."),
            (["--limit", "2"], "BarsReplayed"),
            (["export", "-", "--order", "3"], '"order_id":3'),
            (["--sessions"], "double_ma"),
        ):
            assert part in await said([*command, *words], environment)
        await holder.close()


async def said(command: list[str], environment: dict[str, str]) -> str:
    """What a process printed that had nothing to complain of."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=pipe, stderr=pipe)
    out, complaints = await process.communicate()
    assert (process.returncode, complaints) == (0, b"")
    return out.decode()


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A program that writes as fast as it can, into the last session."""
    command = [sys.executable, "-m", "monitor", "--data-dir", str(tmp_path), "--port", "0", "serve"]
    data = recorded(tmp_path) / "bars.csv"
    words = ["--replay", str(data), "--symbol", "SHFE.test", "--tick", "1", "--speed", "50"]
    with subprocess.Popen([*command, *words], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert "http://" in process.stdout.readline()
            yield process
        finally:
            process.kill()


@pytest.mark.skipif(os.name != "posix", reason="ended by a signal")
def test_beside_a_running_program(serving: subprocess.Popen[str], tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "monitor", "--data-dir", str(tmp_path), "journal"]
    for _ in range(3):
        done = subprocess.run([*command, "verify"], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith("Session 3 is sound.\n")
    listed = subprocess.run([*command, "--sessions"], capture_output=True, text=True, check=True).stdout
    assert "open" in listed.splitlines()[-1]
    assert serving.poll() is None
    serving.send_signal(signal.SIGKILL)
    serving.wait(timeout=30)
    done = subprocess.run([*command, "verify"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(os.name != "posix", reason="a pipe that is closed")
def test_a_reader_that_goes_is_no_error(desk: Desk) -> None:
    command = f"{sys.executable} -m monitor --data-dir {desk.folder} journal --all | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


def test_a_folder_where_nothing_may_be_written(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no place for the files that SQLite keeps beside a database in use."""
    before = set(os.listdir(desk.folder))
    monkeypatch.setattr(archive.os, "access", lambda *_: False)
    assert found(desk)[2] == "Session 2 is sound."
    assert set(os.listdir(desk.folder)) == before
