"""Whatever somebody does in a session, it is sound at every moment: `verify` never cries wolf."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings, strategies as st

from monitor.engine import commands as cmd
from monitor.engine.closing import see
from monitor.engine.values import Offset, OrderType, Side
from monitor.journal.verify import Finding, check, read_kept
from monitor.store.archive import open_archive

sys.path.insert(0, str(Path(__file__).parents[1] / "core"))
from core_world import CoreWorld, core_world, options, wave, write_bars

PRICES = st.integers(85, 112).map(Decimal)
COMMON = {
    "strategy_id": st.just(1),
    "symbol": st.just("SHFE.test"),
    "side": st.sampled_from(Side),
    "quantity": st.integers(1, 300).map(Decimal),  # more than a bar trades
}
OPENING = st.just(Offset.OPEN)
ANY = st.sampled_from([Offset.OPEN, Offset.CLOSE])
DEALS = st.one_of(
    st.builds(cmd.SubmitOrder, **COMMON, offset=ANY, type=st.just(OrderType.MARKET)),
    st.builds(cmd.SubmitOrder, **COMMON, offset=OPENING, type=st.just(OrderType.LIMIT), price=PRICES),
    st.builds(cmd.SubmitOrder, **COMMON, offset=OPENING, type=st.just(OrderType.STOP), trigger_price=PRICES),
)
DEEDS = st.one_of(
    DEALS,
    st.builds(cmd.SeekReplay, bar=st.integers(0, 200)),
    st.builds(cmd.StepReplay, bars=st.integers(-20, 40).filter(bool)),
    st.sampled_from(
        [
            cmd.StopStrategy(strategy_id=1),
            cmd.StartStrategy(strategy_id=1),
            cmd.ResetReplay(),
            "cancel",
            "close",
        ]
    ),
)


async def do(world: CoreWorld, deed: cmd.AnyCommand | str) -> None:
    """Refused or not is all one here."""
    position, working = world.position(), world.active_orders()
    if deed == "cancel":
        deed = cmd.CancelOrders(order_ids=tuple(working)[:2])
    elif deed == "close":
        if position is None:
            return
        deed = cmd.ClosePosition(seen=see(position, working.values()), volume=position.volume)
    assert not isinstance(deed, str)
    await world.does(deed)


async def looked_at(database: str) -> list[Finding]:
    async with open_archive(database) as archive:
        return check(await read_kept(archive, (await archive.sessions())[-1]))


async def live(folder: Path, deeds: list[cmd.AnyCommand | str]) -> None:
    start = options(write_bars(folder / "bars.csv", wave(200)))
    database = f"sqlite:///{folder}/monitor.sqlite"
    async with core_world(folder / "monitor.sqlite", start) as world:
        await world.does(cmd.SeekReplay(bar=50))
        for deed in deeds:
            await do(world, deed)
            for finding in await looked_at(database):
                assert finding.sound, f"after {deed}: {finding}"
    for finding in await looked_at(database):
        assert finding.sound, finding


@settings(max_examples=12, deadline=None)
@given(st.lists(DEEDS, min_size=1, max_size=12))
def test_a_session_is_sound_after_every_deed(deeds: list[cmd.AnyCommand | str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live(Path(folder), deeds))
