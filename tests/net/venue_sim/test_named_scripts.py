"""Each shipped script, and a gateway in the middle of it: a hundred orders, then the truth.

Whatever happened on the way, every request was settled by an answer or by one `RequestLost`, no
order exists twice, nothing that was heard contradicts the exchange, and a snapshot tells the rest.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random

import msgspec
import pytest
from venue_world import HASTY, TERMS, Listening, Truth, VenueHere, gateway_to, venue_here

from monitor.engine.values import Side, TimeInForce
from monitor.engine.venue import FillReport, OrderReport, PlaceRefused, RequestKind, RequestLost
from monitor.net.venue_sim.script import NAMED

ORDERS = 100
BUSY = msgspec.structs.replace(TERMS, pace_ms=5)
PATIENT = msgspec.structs.replace(HASTY, malformed_in_a_row=30)


async def trade(gateway: Listening, dice: Random) -> list[str]:
    """Orders of all kinds, in bursts, some cancelled; their names once each is settled."""
    names = []
    for number in range(ORDERS):
        name = f"c{number}"
        names.append(name)
        kind = dice.choice([TimeInForce.GTC, TimeInForce.IOC, TimeInForce.GTC])
        side, lots = dice.choice(list(Side)), Decimal(dice.randint(1, 30)) / 1000
        price = dice.choice([None, "59995.0", "60005.0", "50000.0"])
        await gateway.until(lambda: gateway.line_up)
        gateway.places(name, price, side=side, quantity=lots, time_in_force=kind)
        if dice.random() < 0.3:
            gateway.cancels(name)
        if number % 10 == 9:
            await gateway.until(lambda: settled(gateway) >= set(names))
    return names


def settled(gateway: Listening) -> set[str]:
    """Names of orders whose placing was answered, heard of or lost."""
    return {
        one.client_order_id
        for one in gateway.said
        if isinstance(one, (OrderReport, PlaceRefused))
        or (isinstance(one, RequestLost) and one.request is RequestKind.PLACE)
    }


async def comes_to_rest(venue: VenueHere, gateway: Listening) -> Truth:
    """Calm, a new line, and nothing left at the venue that could change."""
    await venue.halts()
    await venue.plays("calm")
    after = len(gateway.said)
    await venue.cuts()
    await gateway.is_live(after)
    for order in (await venue.truth()).live:
        await venue.cancels(order["venue_order_id"])
    return await venue.truth()


def assert_nothing_false_was_heard(gateway: Listening, truth: Truth) -> None:
    fills = {one["venue_trade_id"]: one for one in truth.fills}
    for fill in gateway.of(FillReport):
        true = fills[fill.venue_trade_id]
        assert (fill.venue_order_id, fill.client_order_id) == (
            true["venue_order_id"],
            true["client_order_id"],
        )
        assert (fill.price, fill.volume) == (Decimal(true["price"]), Decimal(true["volume"]))
    orders = {one["venue_order_id"]: one for one in truth.orders}
    for report in gateway.of(OrderReport):
        true = orders[report.venue_order_id]
        assert report.client_order_id == true["client_order_id"]
        assert report.cumulative is None or report.cumulative <= Decimal(true["cumulative"])
        assert not report.status.final or report.status == true["status"]
    known = {one["client_order_id"] for one in truth.orders}
    for lost in gateway.of(RequestLost):
        assert not (lost.never_sent and lost.request is RequestKind.PLACE and lost.client_order_id in known)
    assert not {one.client_order_id for one in gateway.of(PlaceRefused)} & known


@pytest.mark.parametrize(
    "script", [pytest.param(one, marks=pytest.mark.slow if one == "silent" else ()) for one in NAMED]
)
async def test_a_hundred_orders_and_then_the_truth(script: str) -> None:
    async with venue_here(BUSY, script, seed=7) as venue, gateway_to(venue, PATIENT) as gateway:
        names = await trade(gateway, Random(script))
        truth = await comes_to_rest(venue, gateway)
        assert all(
            truth.received("place", name) <= 2 for name in names
        )  # twice only where the script doubled it
        assert len({one["client_order_id"] for one in truth.orders}) == len(truth.orders)
        assert_nothing_false_was_heard(gateway, truth)
        snapshot = await gateway.snapshot()
        assert snapshot.open_orders == ()
        assert {one.venue_trade_id for one in snapshot.fills} == {
            one["venue_trade_id"] for one in truth.fills
        }
        account = truth.accounts["acc"]
        assert snapshot.balance == Decimal(account["balance"])
        assert [(one.symbol, one.long, one.volume) for one in snapshot.positions] == [
            (one["symbol"], one["long"], Decimal(one["volume"])) for one in account["positions"]
        ]
        assert truth.fills  # how many, depends on which messages were corrupted and when
