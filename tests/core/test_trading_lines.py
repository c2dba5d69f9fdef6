"""Lines that are lost and come back, venues that die: compared before anything is sent, nothing sent
twice, and what was given meanwhile leaves later."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from test_trading_core import resting
from trading_desk import desk_at
from venue_world import Truth, venue_here, venue_process

from monitor.engine import commands as cmd
from monitor.engine.values import InnerState, OrderStatus
from monitor.net.venue_sim.script import Mishap, Rule, Script

NO_ANSWER = Script(
    name="no answer",
    rules=(Rule(do=Mishap.DROP, on=("answer:place", "answer:order", "orders", "answer:snapshot")),),
)


def asked_on(truth: Truth, connection: int) -> list[str]:
    return [one["request"] for one in truth.requests if one["connection"] == connection]


async def test_a_new_line_is_compared_before_anything_is_sent(tmp_path: Path) -> None:
    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite") as desk:
        first = await resting(desk)
        await venue.cuts()
        await desk.until(desk.line_lost)
        while_down = await desk.buys("1", "99")
        await desk.until(desk.connected)
        await desk.until_order(while_down, OrderStatus.PLACED)
        truth = await venue.truth()
        asked = asked_on(truth, truth.connections)
        assert asked[:4] == ["hello", "instruments", "subscribe", "snapshot"]
        assert asked.index("place") > asked.index("snapshot")
        assert all(truth.received("place", desk.name(i)) == 1 for i in (first, while_down))


async def test_what_happened_while_the_line_was_down_is_found(tmp_path: Path) -> None:
    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite") as desk:
        filled, canceled, works = [await resting(desk) for _ in range(3)]
        await venue.plays(Script(name="deaf", rules=(Rule(do=Mishap.CUT, on=("answer:hello",), times=3),)))
        await venue.cuts()
        await desk.until(desk.line_lost)
        await venue.fills(desk.name(filled))
        await venue.cancels(desk.name(canceled))
        await desk.until(desk.connected)
        await desk.until_order(filled, OrderStatus.FILLED)
        await desk.until_order(canceled, OrderStatus.CANCELED)
        assert desk.order(works).status is OrderStatus.PLACED
        held = desk.position()
        assert held is not None
        assert held.volume == 1
        assert "reconciliation: position corrected" not in desk.causes()


@pytest.mark.skipif(os.name != "posix", reason="ended by signals")
async def test_a_venue_that_dies_and_comes_back_has_each_order_once(tmp_path: Path) -> None:
    async with (
        venue_process("--manual", "--record", str(tmp_path / "venue.jsonl")) as venue,
        desk_at(venue, tmp_path / "db.sqlite") as desk,
    ):
        orders = [await resting(desk, "1", str(90 + n)) for n in range(5)]
        await venue.ends()
        await desk.until(desk.line_lost)
        orders += [await desk.buys("1", str(95 + n)) for n in range(5)]
        await venue.start()
        for order_id in orders:
            await desk.until_order(order_id, OrderStatus.PLACED)
        truth = await venue.truth()
        assert sorted(one["client_order_id"] for one in truth.live) == sorted(map(desk.name, orders))
        assert not [a for a in desk.causes() if a.startswith("reconciliation: position")]


async def test_an_order_without_an_answer_is_looked_up_and_never_sent_again(tmp_path: Path) -> None:
    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite") as desk:
        await venue.plays(NO_ANSWER)
        order_id = await desk.buys()
        await desk.until(lambda: desk.order(order_id).inner_state is InnerState.UNKNOWN)
        await venue.plays("calm")
        assert (
            await desk.does(cmd.ResolveOrder(order_id=order_id, resolution=cmd.Resolution.LOOK_UP))
        ).accepted
        placed = await desk.until_order(order_id, OrderStatus.PLACED)
        assert placed.inner_state is None
        assert (await venue.truth()).received("place", desk.name(order_id)) == 1


async def test_a_persons_word_ends_an_order_until_the_venue_says_otherwise(tmp_path: Path) -> None:
    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite") as desk:
        await venue.plays(NO_ANSWER)
        order_id = await desk.buys()
        await desk.until(lambda: desk.order(order_id).inner_state is InnerState.UNKNOWN)
        resolved = cmd.ResolveOrder(order_id=order_id, resolution=cmd.Resolution.NEVER_ARRIVED)
        assert (await desk.does(resolved)).accepted
        assert desk.order(order_id).status is OrderStatus.REJECTED
        await venue.plays("calm")
        await venue.fills(desk.name(order_id))
        await desk.until_order(order_id, OrderStatus.FILLED)
        held = desk.position()
        assert held is not None
        assert held.volume == 1


async def test_an_order_that_never_arrived_is_found_missing_and_ends(tmp_path: Path) -> None:
    """The line is cut instead of the request: it cannot be known whether it arrived, so it is looked
    up, and is found missing often enough."""
    async with venue_here() as venue, desk_at(venue, tmp_path / "db.sqlite") as desk:
        await venue.plays(
            Script(name="cut", rules=(Rule(do=Mishap.CUT, on=("requests",), times=1, after=False),))
        )
        order_id = await desk.buys()
        await desk.until(
            lambda: not desk.order(order_id).status.active or desk.order(order_id).venue_order_id
        )
        truth = await venue.truth()
        assert truth.received("place", desk.name(order_id)) == len(truth.orders)
        assert desk.order(order_id).filled_quantity == 0
