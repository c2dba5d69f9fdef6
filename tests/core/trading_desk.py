"""A real core that trades at a scripted venue over real sockets: what tests of trading are written in.

    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite") as desk:
        order_id = await desk.buys("0.5", at="100")
        await desk.until_order(order_id, OrderStatus.PLACED)
        await venue.fills(desk.name(order_id))
        await desk.until_order(order_id, OrderStatus.FILLED)

Whoever waits looks again at whatever the core says next, or fails after PATIENCE_S.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from venue_world import ACCOUNT, PATIENCE_S, QUICK, SYMBOL, VenueControl

from monitor.core.connect import Venues
from monitor.core.core import Core
from monitor.core.live import LiveSession
from monitor.engine import commands as cmd
from monitor.engine.changes import Changes
from monitor.engine.commands import Reply, SubmitOrder
from monitor.engine.guards import GuardLimits
from monitor.engine.lifecycle import LifeCycleTerms
from monitor.engine.options import ReplayOptions, VenueOptions
from monitor.engine.rows import OrderRow, PositionRow
from monitor.engine.tracker import TrackerTerms
from monitor.engine.trading.terms import TradingTerms
from monitor.engine.values import LinkState, Offset, OrderStatus, OrderType, Side
from monitor.engine.waiting import QueueTerms
from monitor.net.venues.terms import GatewayTerms
from monitor.store.store import Store

FREE = GuardLimits(
    unknown_order="off",
    duplicate="off",
    order_rate="off",
    stale_quote="off",
    stale_account="off",
    price_band="off",
    wide_spread="off",
    thin_book="off",
    working_orders="off",
    margin="off",
)
"""Whatever is asked is done: for tests that are about the way, not the wisdom."""
HURRIED = TrackerTerms(
    grace_s=0.3,
    absence_count=2,
    absence_s=1.0,
    fresh_s=0.3,
    stale_s=2.0,
    look_up_again_s=0.2,
    look_up_most_s=1.0,
)
"""The tracker's patience, in the same order as the usual one, a tenth as long."""
EAGER = LifeCycleTerms(retry_after_s=1, cancel_again_s=1, cancel_longest_s=2, second_venue_after_s=1)
PROMPT = QueueTerms(batch=100, interval_s=0.05, evaluate_every_s=0.5)
LINE = msgspec.structs.replace(QUICK, request_timeout_s=2.0, degraded_s=5.0, cut_s=10.0)
NOTHING = ReplayOptions(file="", strategy="")


class QuickVenues(Venues):
    """Venues as they are, with less patience: a test does not wait half a minute for an answer that
    a script has dropped."""

    def __init__(
        self,
        guards: GuardLimits = FREE,
        *,
        line: GatewayTerms = LINE,
        tracker: TrackerTerms = HURRIED,
        life: LifeCycleTerms = EAGER,
        queue: QueueTerms = PROMPT,
    ) -> None:
        super().__init__(guards, line)
        self._changes = {"tracker": tracker, "life": life, "queue": queue}

    def terms(self, offered: TradingTerms) -> TradingTerms:
        return msgspec.structs.replace(super().terms(offered), **self._changes)


def order(
    quantity: str = "1",
    at: str | None = "100",
    side: Side = Side.BUY,
    offset: Offset = Offset.OPEN,
    **fields: Any,
) -> SubmitOrder:
    """`at` None is the market."""
    price = None if at is None else Decimal(at)
    usual: dict[str, Any] = {"strategy_id": 0, "symbol": SYMBOL, "account_id": ACCOUNT}
    type_ = OrderType.MARKET if price is None else OrderType.LIMIT
    return SubmitOrder(
        side=side,
        offset=offset,
        quantity=Decimal(quantity),
        price=price,
        **{**usual, "type": type_, **fields},
    )


class Desk:
    """An open core, its driver running, and all it has said."""

    def __init__(self, core: Core, store: Store) -> None:
        self.core, self.store = core, store
        self.seen = Changes()
        self._news = asyncio.Event()
        self.moments: list[Changes] | None = None
        core.subscribe(self._hear)

    def _hear(self, changes: Changes) -> None:
        self.seen.absorb(changes)
        if self.moments is not None and (not self.moments or changes.seq > self.moments[-1].seq):
            self.moments.append(self.core.snapshot())
        self._news.set()

    # Asking ----------------------------------------------------------------------------------
    async def does(self, command: cmd.AnyCommand) -> Reply:
        async with asyncio.timeout(PATIENCE_S):
            return await self.core.submit(command)

    async def gives(self, command: cmd.AnyCommand) -> int:
        """An order that must be accepted; its number."""
        reply = await self.does(command)
        assert reply.accepted, reply
        return reply.order_ids[0]

    async def buys(self, quantity: str = "1", at: str | None = "100", **fields: Any) -> int:
        return await self.gives(order(quantity, at, **fields))

    async def sells(self, quantity: str = "1", at: str | None = "100", **fields: Any) -> int:
        return await self.gives(order(quantity, at, Side.SELL, **fields))

    async def cancels(self, order_id: int) -> Reply:
        return await self.does(cmd.CancelOrder(order_id=order_id))

    # Looking ---------------------------------------------------------------------------------
    @property
    def now(self) -> Changes:
        return self.core.snapshot()

    def order(self, order_id: int) -> OrderRow:
        return self.now.orders[order_id]

    def name(self, order_id: int) -> str:
        """What the venue knows it by."""
        return self.order(order_id).client_order_id

    def position(self, symbol: str = SYMBOL) -> PositionRow | None:
        return next((p for p in self.now.positions.values() if p.symbol == symbol and p.volume), None)

    @property
    def live(self) -> LiveSession:
        live = self.core.live
        assert live is not None
        return live

    def connected(self) -> bool:
        """Up, and compared: orders can leave."""
        return all(self.reaches(venue.name) for venue in self.live.config.terms.venues)

    def reaches(self, venue: str) -> bool:
        return self.live.trading.state.reachable(venue)

    def line_lost(self) -> bool:
        return any(link.state is LinkState.LOST for link in self.now.links.values())

    def causes(self, *, standing: bool = False) -> list[str]:
        alerts = self.now.alerts.values()
        return [a.cause for a in alerts if not standing or a.settled_ns is None]

    # Waiting ---------------------------------------------------------------------------------
    async def until(self, so: Callable[[], Any], patience_s: float = PATIENCE_S) -> None:
        try:
            async with asyncio.timeout(patience_s):
                while not so():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            orders = [msgspec.structs.asdict(row) for row in self.now.orders.values()][-4:]
            raise AssertionError(f"never so; the last orders: {orders}; {self.now.links}") from None

    async def until_order(self, order_id: int, status: OrderStatus) -> OrderRow:
        await self.until(lambda: self.order(order_id).status is status)
        return self.order(order_id)


@asynccontextmanager
async def desk_at(
    venue: VenueControl,
    database: Path | str,
    *,
    venues: Venues | None = None,
    further: Sequence[VenueControl] = (),
    accounts: tuple[str, ...] = (),
    kill_file: Path | None = None,
    connected: bool = True,
    window: bool = False,
    checkpoint_every: int = 25_000,
    lock_wait_s: float = 1.0,
) -> AsyncIterator[Desk]:
    """Live and compared (unless told otherwise), closed cleanly afterwards. A database that somebody
    has locked says nothing for `lock_wait_s`."""
    store = await Store.open(database, lock_wait_s=lock_wait_s)
    try:
        core = Core(
            store,
            window=window,
            venues=venues or QuickVenues(),
            kill_file=kill_file,
            checkpoint_every=checkpoint_every,
        )
        desk = Desk(core, store)
        await core.open(
            VenueOptions(url=venue.url, further=tuple(v.url for v in further), accounts=accounts), NOTHING
        )
        running = asyncio.create_task(core.run())
        try:
            if connected:
                await desk.until(desk.connected)
            yield desk
        finally:
            core.stop()
            try:
                await running
            finally:
                await core.close()
    finally:
        await store.close()
