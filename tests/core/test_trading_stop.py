"""The emergency stop through the whole core: by command and by a file, and what it leaves possible."""

from __future__ import annotations

from pathlib import Path

from test_trading_core import holding, quoted, resting
from trading_desk import desk_at, order
from venue_world import venue_here

from monitor.core.killswitch import KILL_FILE
from monitor.engine import commands as cmd
from monitor.engine.closing import see
from monitor.engine.emergency import STRAGGLERS
from monitor.engine.orderplan import OrderPlan
from monitor.engine.values import EngineState, OrderStatus
from monitor.net.venue_sim.script import Mishap, Rule, Script

_WORDS = ("orders", "answer:cancel", "answer:order", "answer:snapshot")
NO_WORD = Script(name="no word", rules=(Rule(do=Mishap.DROP, on=_WORDS),))
"""Of what became of any order."""


async def test_a_stop_cancels_what_works_and_lets_positions_be_closed(tmp_path: Path) -> None:
    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite") as desk:
        await holding(desk, venue)
        working = [await resting(desk, at="90"), await resting(desk, at="91")]
        waiting = await desk.buys(plan=OrderPlan(delay_s=200))
        assert (await desk.does(cmd.SetEngineState(state=EngineState.HALTED, reason="enough"))).accepted
        for order_id in (*working, waiting):
            await desk.until_order(order_id, OrderStatus.CANCELED)
        assert (await desk.does(order())).guard == "halted"
        session = desk.now.session
        assert session is not None
        assert (session.engine_state, session.engine_reason) == (EngineState.HALTED, "enough")
        held = desk.position()
        assert held is not None
        await quoted(desk, venue, "99.5", "100.5")
        seen = see(held, desk.now.orders.values())
        closing = await desk.gives(cmd.ClosePosition(seen=seen, volume=held.volume))
        await desk.until_order(closing, OrderStatus.PLACED)
        await venue.fills(desk.name(closing))
        await desk.until_order(closing, OrderStatus.FILLED)
        assert (await desk.does(cmd.SetEngineState(state=EngineState.NORMAL))).accepted
        await resting(desk)


async def test_a_stop_outlives_the_program(tmp_path: Path) -> None:
    async with venue_here() as venue:
        async with desk_at(venue, tmp_path / "db.sqlite") as desk:
            await desk.does(cmd.SetEngineState(state=EngineState.HALTED, reason="enough"))
        async with desk_at(venue, tmp_path / "db.sqlite") as desk:
            assert (await desk.does(order())).guard == "halted"
            session = desk.now.session
            assert session is not None
            assert session.engine_reason == "enough"


async def test_a_file_named_kill_halts_and_keeps_it_so(tmp_path: Path) -> None:
    kill = tmp_path / KILL_FILE
    normal = cmd.SetEngineState(state=EngineState.NORMAL)
    async with venue_here() as venue:
        async with desk_at(venue, tmp_path / "db.sqlite", kill_file=kill) as desk:
            working = await resting(desk)
            kill.write_text("the window hangs\nand more", encoding="utf-8")
            await desk.until_order(working, OrderStatus.CANCELED)
            session = desk.now.session
            assert session is not None
            assert session.engine_state is EngineState.HALTED
            assert "the window hangs" in session.engine_reason
            assert (await desk.does(normal)).guard == "halted"
        async with desk_at(venue, tmp_path / "db.sqlite", kill_file=kill) as desk:
            assert (await desk.does(normal)).guard == "halted"
            kill.unlink()
            assert (await desk.does(order())).guard == "halted"
            assert (await desk.does(normal)).accepted
            await resting(desk)


async def test_a_file_that_is_there_at_the_start_halts_at_once(tmp_path: Path) -> None:
    kill = tmp_path / KILL_FILE
    kill.touch()
    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite", kill_file=kill) as desk:
        await desk.until(lambda: desk.live.trading.state.engine_state is EngineState.HALTED)
        assert not (await venue.truth()).orders


async def test_with_the_file_there_nothing_that_was_due_leaves(tmp_path: Path) -> None:
    """The stop is a fact before a line is opened."""
    kill = tmp_path / KILL_FILE
    async with venue_here() as venue:
        async with desk_at(venue, tmp_path / "db.sqlite", kill_file=kill) as desk:
            waiting = [await desk.buys(plan=OrderPlan(delay_s=1)) for _ in range(3)]
        kill.write_text("enough", encoding="utf-8")
        async with desk_at(venue, tmp_path / "db.sqlite", kill_file=kill, connected=False) as desk:
            session = desk.now.session
            assert session is not None
            assert session.engine_state is EngineState.HALTED
            assert {desk.order(one).status for one in waiting} == {OrderStatus.CANCELED}
            assert [one.origin for one in desk.seen.operations] == ["KILL file"]
            await desk.until(desk.connected)
            assert not [r for r in (await venue.truth()).requests if r["request"] == "place"]


async def test_the_same_stop_asked_again_is_carried_out_again(tmp_path: Path) -> None:
    halt = cmd.SetEngineState(state=EngineState.HALTED, key="the button")
    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite") as desk:
        for _ in range(2):
            working = await resting(desk)
            assert (await desk.does(halt)).accepted
            await desk.until_order(working, OrderStatus.CANCELED)
            assert (await desk.does(cmd.SetEngineState(state=EngineState.NORMAL))).accepted


async def test_what_does_not_let_itself_be_cancelled_is_told(tmp_path: Path) -> None:
    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite") as desk:
        working = await resting(desk)
        await venue.plays(NO_WORD)
        await desk.does(cmd.SetEngineState(state=EngineState.HALTED))
        await desk.until(lambda: STRAGGLERS in desk.causes(standing=True))
        await venue.plays("calm")
        await desk.until_order(working, OrderStatus.CANCELED)
        await desk.until(lambda: STRAGGLERS not in desk.causes(standing=True))
