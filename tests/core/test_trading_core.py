"""Trading through the whole core: from an order to rows on disk, and what is refused on the way."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from trading_desk import desk_at, order
from venue_world import SYMBOL, venue_here

from monitor.engine import commands as cmd
from monitor.engine.values import OrderStatus


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
