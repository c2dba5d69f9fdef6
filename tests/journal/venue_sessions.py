"""Sessions at a venue to be read back: a real core's at a real `monitor venue-sim` in a process of its
own, and storms of the model world written into a real store as the core writes them."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from monitor.core.checkpoints import write_checkpoint
from monitor.core.live import LiveConfig, not_voided
from monitor.engine.options import VenueOptions
from monitor.engine.orderplan import OrderPlan
from monitor.engine.trading.checkpoint import Checkpoint, encoded, take_present
from monitor.engine.values import Offset, OrderStatus, Side, World
from monitor.journal.findings import Finding
from monitor.journal.venue_fold import check_at_venue
from monitor.store import Batch, Store
from monitor.store.archive import open_archive

sys.path.insert(0, str(Path(__file__).parents[1] / "core"))
sys.path.insert(0, str(Path(__file__).parents[1] / "engine" / "trading"))
from test_trading_storm import DEEDS as DEEDS, _do as does
from trading_desk import Desk as TradingDesk, desk_at
from trading_world import TERMS, World as VenueModel
from venue_world import MANUAL, VenueControl, venue_process

DATABASE = "monitor.sqlite"
BOUGHT, WITHDRAWN, WAITING, SOLD = 1, 2, 3, 4  # the orders of the first round


# A real one ---------------------------------------------------------------------------------
async def record_at_venue(folder: Path) -> None:
    """Two rounds of trading with a restart between them; a checkpoint at the end of each."""
    terms = folder / "venue.json"
    terms.write_bytes(msgspec.json.encode(MANUAL))
    async with venue_process("--terms", str(terms)) as venue:
        for _ in range(2):
            async with desk_at(venue, folder / DATABASE) as desk:
                await one_round(venue, desk)
                await checkpoint(desk)


async def one_round(venue: VenueControl, desk: TradingDesk) -> None:
    """Buys in two parts, takes an order back, leaves one waiting for its price, sells a part."""
    bought = await desk.buys("2", at="100")
    await desk.until_order(bought, OrderStatus.PLACED)
    await venue.fills(desk.name(bought), "0.5", at="99.5")
    await venue.fills(desk.name(bought))
    await desk.until_order(bought, OrderStatus.FILLED)
    withdrawn = await desk.sells("1", at="130", offset=Offset.CLOSE)
    await desk.until_order(withdrawn, OrderStatus.PLACED)
    await desk.cancels(withdrawn)
    await desk.until_order(withdrawn, OrderStatus.CANCELED)
    await desk.buys("1", at="50", plan=OrderPlan(conditions=("last(SIM.BTC-PERP) <= 1",)))
    sold = await desk.sells("1", at=None, offset=Offset.CLOSE)
    await desk.until_order(sold, OrderStatus.PLACED)
    await venue.fills(desk.name(sold), at="101")
    await desk.until_order(sold, OrderStatus.FILLED)
    await desk.until(lambda: {bought, withdrawn, sold} <= finished(desk))


def finished(desk: TradingDesk) -> set[int]:
    return {signal.order_id for signal in desk.seen.signals.values() if signal.kind == "finished"}


async def checkpoint(desk: TradingDesk) -> None:
    session = desk.now.session
    assert session is not None
    async with desk.core.turn:
        desk.core.publish()
        present = take_present(desk.live.trading)
    await write_checkpoint(desk.store, session.session_id, present)


# A model of one -----------------------------------------------------------------------------
class KeptWorld:
    """An engine at the model of a venue, and the store that keeps what it says."""

    def __init__(self, store: Store, database: str, session_id: int, model: VenueModel) -> None:
        self.store, self.session_id, self.model = store, session_id, model
        self._database = database
        self._kept = 0
        self._checkpoint: Checkpoint | None = None
        self.keep()

    def crash(self) -> None:
        """Facts and rows are kept together: what is durable has both. The start tells its rows before
        the line is up."""
        self.keep()
        model = self.model
        model.pushed.clear()
        model.trading = model.restored()
        model.trading.resume(model.now_ns)
        self.keep()
        model.connect()
        self.keep()

    def keep(self) -> None:
        """Facts with their rows in one batch."""
        self.model.keep()
        records = self.model.records[self._kept :]
        self._kept += len(records)
        changes = not_voided(self.model.trading.take_changes())
        self.store.write(Batch(self.session_id, records, changes))

    async def checkpoint(self) -> None:
        self.keep()
        made = self._checkpoint = self.model.checkpoint(self._checkpoint)
        present = made.present
        await self.store.put_checkpoint(self.session_id, present.seq, present.time_ns, encoded(made))

    def does(self, deed: str, number: int) -> None:
        """One of `DEEDS`."""
        if deed == "crash":
            self.crash()
        else:
            does(self.model, deed, number)
            self.keep()

    def trade(self, rounds: int = 1) -> None:
        """Buys, is filled, sells again."""
        for _ in range(rounds):
            for side in (Side.BUY, Side.SELL):
                self.model.submit(2, side)
                self.deliver()
                for order in self.model.venue.working:
                    fills = self.model.venue.fill(order, order.quantity, self.model.now_ns)
                    self.model.pushed += fills
                self.deliver()
                self.model.wait(2)
                self.keep()

    def deliver(self) -> None:
        while self.model.pushed:
            self.model.deliver()

    async def verified(self, every: int = 0) -> list[Finding]:
        await self.store.flush()
        return await verified(self._database, every)


@asynccontextmanager
async def kept_world(database: str, lost: float = 0.0) -> AsyncIterator[KeptWorld]:
    store = await Store.open(database)
    try:
        config = LiveConfig(options=VenueOptions(url="ws://model"), terms=TERMS, world=World.SIMULATED)
        session_id = await store.begin_session(
            created_ns=1, world=World.SIMULATED, title="a model", config=msgspec.json.encode(config)
        )
        yield KeptWorld(store, database, session_id, VenueModel(lost=lost))
    finally:
        await store.close()


async def verified(database: str, every: int = 0) -> list[Finding]:
    """What `verify` finds in the last session, whoever writes into it meanwhile."""
    async with open_archive(database) as archive:
        return await check_at_venue(archive, (await archive.sessions())[-1], every)


def wrong(findings: list[Finding]) -> list[str]:
    return [f"{finding.subject}: {finding.text}" for finding in findings if finding.sound is not True]
