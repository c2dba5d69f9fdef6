"""Trading through the whole core: from an order to rows on disk, and what is refused on the way."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from trading_desk import Desk, desk_at, order
from venue_world import ACCOUNT, MANUAL, SYMBOL, VenueControl, VenueHere, venue_here

from monitor.engine import commands as cmd
from monitor.engine.closing import quote_is_stale, see
from monitor.engine.commands import ClosePosition
from monitor.engine.orderplan import OrderPlan
from monitor.engine.values import OrderStatus, Side, SignalKind
from monitor.net.venue_sim.terms import AccountTerms, VenueTerms
from monitor.net.venues.hello import VenueError


async def test_an_order_becomes_a_fill_a_position_and_rows(tmp_path: Path) -> None:
    async with venue_here() as venue:
        async with desk_at(venue, tmp_path / "db.sqlite") as desk:
            order_id = await desk.buys("2", at="100")
            await desk.until_order(order_id, OrderStatus.PLACED)
            await venue.fills(desk.name(order_id), "0.5", at="99.5")
            partial = await desk.until_order(order_id, OrderStatus.PARTIAL)
            assert partial.filled_quantity == Decimal("0.5")
            await venue.fills(desk.name(order_id))
            filled = await desk.until_order(order_id, OrderStatus.FILLED)
            assert filled.average_price == Decimal("99.875")
            held = desk.position()
            assert held is not None
            assert (held.volume, held.average_price) == (2, Decimal("99.875"))
            await desk.until(lambda: [s for s in desk.seen.signals.values() if s.kind == "finished"])
            session, shown = desk.now.session, desk.now
        assert session is not None
        async with desk_at(venue, tmp_path / "db.sqlite", connected=False) as again:
            assert again.now.orders == shown.orders
            assert again.now.trades == shown.trades
            rows = await again.store.rows(session.session_id)
            assert (rows.orders, rows.trades) == (shown.orders, shown.trades)
            assert [(s.kind, s.order_id) for s in rows.signals.values()] == [
                ("accepted", 1),
                ("fill", 1),
                ("fill", 1),
                ("finished", 1),
            ]


async def test_other_accounts_than_the_sessions_are_refused(tmp_path: Path) -> None:
    both = VenueTerms(accounts=tuple(AccountTerms(account_id=i, currency="USD") for i in "AB"), manual=True)
    async with venue_here(both) as venue:
        async with desk_at(venue, tmp_path / "db.sqlite", accounts=("A",)):
            pass
        for others in (("B",), ("A", "B")):
            with pytest.raises(VenueError, match=r"trades A, not"):
                async with desk_at(venue, tmp_path / "db.sqlite", accounts=others):
                    pass
        for same in ((), ("A",)):
            async with desk_at(venue, tmp_path / "db.sqlite", accounts=same) as desk:
                assert set(desk.now.accounts) == {"A"}


async def test_what_makes_no_order_is_refused_with_a_sentence(tmp_path: Path) -> None:
    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite") as desk:
        wrong = {
            "unknown": order(symbol="SIM.nothing"),
            "invalid": order("1.0005"),
        }
        for guard, command in wrong.items():
            reply = await desk.does(command)
            assert (reply.accepted, reply.guard) == (False, guard)
            assert reply.reason.endswith(".")
        assert (await desk.does(cmd.CancelOrder(order_id=7))).guard == "unknown"
        assert not desk.now.orders
        assert not (await venue.truth()).orders
        assert SYMBOL in {i.symbol for i in desk.live.trading.state.instruments.values()}


async def resting(desk: Desk, quantity: str = "1", at: str = "100", **fields: Any) -> int:
    """An order at the venue."""
    order_id = await desk.buys(quantity, at, **fields)
    await desk.until_order(order_id, OrderStatus.PLACED)
    return order_id


async def holding(desk: Desk, venue: VenueControl, quantity: str = "2") -> int:
    """A long position at 100, just quoted; its order."""
    order_id = await desk.buys(quantity, "100")
    await desk.until_order(order_id, OrderStatus.PLACED)
    await venue.fills(desk.name(order_id))
    await desk.until_order(order_id, OrderStatus.FILLED)
    await quoted(desk, venue, "99.5", "100.5")
    return order_id


async def quoted(desk: Desk, venue: VenueControl, bid: str, ask: str) -> None:
    last = (Decimal(bid) + Decimal(ask)) / 2
    await venue.quotes(SYMBOL, bid, ask, str(last))
    await desk.until(lambda: desk.live.trading.state.last_price(SYMBOL) == last)


async def test_a_cancel_reaches_the_venue_and_comes_back(tmp_path: Path) -> None:
    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite") as desk:
        order_id = await resting(desk)
        assert (await desk.cancels(order_id)).accepted
        canceled = await desk.until_order(order_id, OrderStatus.CANCELED)
        assert canceled.filled_quantity == 0
        (there,) = (await venue.truth()).orders
        assert there["status"] == "canceled"
        assert (await desk.cancels(order_id)).guard == "gone"


async def test_a_change_goes_on_under_the_venues_new_name(tmp_path: Path) -> None:
    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite") as desk:
        order_id = await resting(desk, "2")
        name = desk.name(order_id)
        await venue.fills(name, "0.5")
        await desk.until_order(order_id, OrderStatus.PARTIAL)
        change = cmd.ReplaceOrder(order_id=order_id, price=Decimal(101), quantity=Decimal(3))
        assert (await desk.does(change)).accepted
        await desk.until(
            lambda: desk.order(order_id).price == 101 and desk.order(order_id).inner_state is None
        )
        assert (desk.order(order_id).quantity, desk.order(order_id).filled_quantity) == (3, Decimal("0.5"))
        first, second = (await venue.truth()).legs(name)
        assert (second["replaces"], second["quantity"]) == (first["venue_order_id"], "2.5")
        await venue.fills(name)
        filled = await desk.until_order(order_id, OrderStatus.FILLED)
        assert filled.filled_quantity == 3
        finished = [s for s in desk.seen.signals.values() if s.kind is SignalKind.FINISHED]
        assert [s.order_id for s in finished] == [order_id]


async def test_what_the_venue_refuses_for_good_is_rejected_and_what_may_pass_is_tried_again(
    tmp_path: Path,
) -> None:
    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite") as desk:
        await venue.refuses_next()
        rejected = await desk.until_order(await desk.buys(), OrderStatus.REJECTED)
        assert "refused by the script" in rejected.reason
        await venue.refuses_next(code="too_many_requests", retryable=True)
        again = await desk.buys()
        await desk.until_order(again, OrderStatus.PLACED)
        truth = await venue.truth()
        assert truth.received("place", rejected.client_order_id) == 1
        assert truth.received("place", desk.name(again)) == 2


async def test_a_close_is_what_was_seen_or_refused(tmp_path: Path) -> None:
    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite") as desk:
        await holding(desk, venue)
        held = desk.position()
        assert held is not None
        seen = see(held, desk.now.orders.values())
        await quoted(desk, venue, "109.5", "110.5")
        assert (await desk.does(ClosePosition(seen=seen, volume=seen.volume))).guard == "moved"
        resting_exit = await desk.sells("1", at="120", offset="CLOSE", reduce_only=True)
        await desk.until_order(resting_exit, OrderStatus.PLACED)
        assert (await desk.does(ClosePosition(seen=seen, volume=seen.volume))).guard == "changed"
        held = desk.position()
        assert held is not None
        seen = see(held, desk.now.orders.values())
        await quoted(desk, venue, "109.5", "110.5")
        closing = await desk.gives(ClosePosition(seen=seen, volume=seen.volume))
        await desk.until_order(closing, OrderStatus.PLACED)
        await venue.fills(desk.name(closing))
        await desk.until_order(closing, OrderStatus.FILLED)
        await desk.until_order(resting_exit, OrderStatus.CANCELED)
        await desk.until(lambda: desk.position() is None)
        assert not (await venue.truth()).accounts[ACCOUNT]["positions"]
        assert (await desk.does(ClosePosition(seen=seen, volume=seen.volume))).guard == "gone"


async def test_a_close_by_an_old_quote_is_refused(tmp_path: Path) -> None:
    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite") as desk:
        await holding(desk, venue)
        held = desk.position()
        assert held is not None
        await desk.until(lambda: quote_is_stale(held, time.time_ns()))
        seen = see(held, desk.now.orders.values())
        assert (await desk.does(ClosePosition(seen=seen, volume=seen.volume))).guard == "stale"


async def test_a_key_is_carried_out_once_also_over_a_restart(tmp_path: Path) -> None:
    async with venue_here() as venue:
        command = order(key="ticket 1")
        async with desk_at(venue, tmp_path / "db.sqlite") as desk:
            first = await desk.does(command)
            assert await desk.does(command) == first
            await desk.until_order(first.order_ids[0], OrderStatus.PLACED)
            name = desk.name(first.order_ids[0])
        async with desk_at(venue, tmp_path / "db.sqlite") as desk:
            again = await desk.does(command)
            assert (again.accepted, again.order_ids) == (True, first.order_ids)
            assert "before" in again.reason
            assert len(desk.now.orders) == 1
        assert (await venue.truth()).received("place", name) == 1


async def test_an_order_nobody_wants_any_more_is_cancelled_by_itself(tmp_path: Path) -> None:
    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite") as desk:
        order_id = await resting(desk, plan=OrderPlan(auto_cancel_s=1))
        await desk.until_order(order_id, OrderStatus.CANCELED)
        (there,) = (await venue.truth()).orders
        assert there["status"] == "canceled"


@pytest.fixture
async def two_accounts() -> Any:
    accounts = (AccountTerms(account_id="a", currency="USD"), AccountTerms(account_id="b", currency="USD"))
    async with venue_here(msgspec.structs.replace(MANUAL, accounts=accounts)) as venue:
        yield venue


async def test_two_accounts_have_their_own_orders_positions_and_money(
    tmp_path: Path, two_accounts: VenueHere
) -> None:
    venue = two_accounts
    async with desk_at(venue, tmp_path / "db.sqlite") as desk:
        bought = await desk.gives(order("2", "100", account_id="a"))
        sold = await desk.gives(order("1", "100", Side.SELL, account_id="b"))
        for order_id in (bought, sold):
            await desk.until_order(order_id, OrderStatus.PLACED)
            await venue.fills(desk.name(order_id), at="100")
            await desk.until_order(order_id, OrderStatus.FILLED)
        held = {(p.account_id, p.direction): p.volume for p in desk.now.positions.values() if p.volume}
        assert held == {("a", "LONG"): 2, ("b", "SHORT"): 1}
        truth = await venue.truth()
        for account_id, row in desk.now.accounts.items():
            assert row.balance - row.unrealised_profit == Decimal(truth.accounts[account_id]["balance"])
    async with desk_at(venue, tmp_path / "other.sqlite", accounts=("b",)) as desk:
        assert set(desk.now.accounts) == {"b"}
        assert (await desk.does(order(account_id="a"))).guard == "unknown"
