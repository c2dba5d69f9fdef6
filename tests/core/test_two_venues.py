"""Two venues, each a process of its own, in one session: an order that the first refuses or cannot take
is tried at the second, on the account there, and by nobody twice."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from trading_child import Shown
from trading_desk import Desk, desk_at, order
from trading_program import Gone, TradingProgram, trading_program
from trading_truth import kept, sent_twice
from venue_world import ACCOUNT, VenueProcess, venue_process

from monitor.engine.commands import SubmitOrder
from monitor.engine.orderplan import OrderPlan
from monitor.engine.rows import OrderRow
from monitor.engine.values import InnerState, LinkState, OrderStatus
from monitor.net.venue_sim.script import Mishap, Rule, Script
from monitor.net.venues.hello import VenueError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="ended by signals")

SECOND = "sim2"
OTHER = f"{SECOND}:{ACCOUNT}"
ELSEWHERE = OrderPlan(second_venue=SECOND)
NO_ANSWER = Script(
    name="no answer",
    rules=(Rule(do=Mishap.DROP, on=("answer:place", "answer:order", "orders", "answer:snapshot")),),
)


@pytest.fixture
async def first() -> AsyncIterator[VenueProcess]:
    async with venue_process("--manual") as venue:
        yield venue


@pytest.fixture
async def second() -> AsyncIterator[VenueProcess]:
    async with venue_process("--manual", "--name", SECOND) as venue:
        yield venue


def accounts_of(desk: Desk) -> set[str]:
    return {account.account_id for account in desk.live.config.terms.accounts}


async def down(desk: Desk, venue: VenueProcess) -> None:
    await venue.ends()
    await desk.until(desk.line_lost)


async def test_what_the_first_refuses_the_second_fills(
    tmp_path: Path, first: VenueProcess, second: VenueProcess
) -> None:
    async with desk_at(first, tmp_path / "db.sqlite", further=(second,)) as desk:
        assert accounts_of(desk) == {ACCOUNT, OTHER}
        await first.refuses_next()
        old = await desk.buys("2", plan=ELSEWHERE)
        rejected = await desk.until_order(old, OrderStatus.REJECTED)
        new = old + 1
        assert rejected.reason.endswith(f"given to {SECOND} as order {new}")
        await desk.until_order(new, OrderStatus.PLACED)
        await second.fills(desk.name(new), at="100")
        filled = await desk.until_order(new, OrderStatus.FILLED)
        assert (filled.account_id, filled.filled_quantity) == (OTHER, 2)
        held = desk.position()
        assert held is not None
        assert (held.account_id, held.volume) == (OTHER, 2)
        there, here = await second.truth(), await first.truth()
        assert not here.orders
        for account_id, truth in ((ACCOUNT, here), (OTHER, there)):
            row = desk.now.accounts[account_id]
            theirs = truth.accounts[ACCOUNT]
            assert row.balance - row.unrealised_profit == Decimal(theirs["balance"])
            fees = {currency: Decimal(fee) for currency, fee in row.foreign.items()}
            assert fees == {currency: Decimal(fee) for currency, fee in theirs["foreign"].items()}
        trades = {trade.account_id for trade in desk.now.trades.values()}
        assert trades == {OTHER}
    assert (await kept(tmp_path / "db.sqlite")).wrong == []


async def test_what_the_first_is_down_for_goes_to_the_second_after_its_time(
    tmp_path: Path, first: VenueProcess, second: VenueProcess
) -> None:
    async with desk_at(first, tmp_path / "db.sqlite", further=(second,)) as desk:
        await down(desk, first)
        stays = await desk.buys()
        goes = await desk.buys(plan=ELSEWHERE)
        await desk.until(lambda: goes + 1 in desk.now.orders)
        await desk.until_order(goes + 1, OrderStatus.PLACED)
        assert desk.order(goes).status is OrderStatus.CANCELED
        assert "was not reachable for 1 s" in desk.order(goes).reason
        assert [one["client_order_id"] for one in (await second.truth()).live] == [desk.name(goes + 1)]
        await first.start()
        await desk.until_order(stays, OrderStatus.PLACED)
        assert [one["client_order_id"] for one in (await first.truth()).orders] == [desk.name(stays)]


async def test_what_nobody_knows_the_state_of_never_goes_elsewhere(
    tmp_path: Path, first: VenueProcess, second: VenueProcess
) -> None:
    """A later order is given away meanwhile: the time for it has come."""
    async with desk_at(first, tmp_path / "db.sqlite", further=(second,)) as desk:
        await first.plays(NO_ANSWER)
        doubtful = await desk.buys(plan=ELSEWHERE)
        await desk.until(lambda: desk.order(doubtful).inner_state is InnerState.UNKNOWN)
        await down(desk, first)
        certain = await desk.buys(plan=ELSEWHERE)
        await desk.until(lambda: desk.order(certain).status is OrderStatus.CANCELED)
        assert desk.order(doubtful).inner_state is InnerState.UNKNOWN
        await desk.until_order(certain + 1, OrderStatus.PLACED)
        placed = [one for one in (await second.truth()).requests if one["request"] == "place"]
        assert [one["client_order_id"] for one in placed] == [desk.name(certain + 1)]


async def test_the_session_is_found_by_its_addresses_and_begins_without_its_venues(
    tmp_path: Path, first: VenueProcess, second: VenueProcess
) -> None:
    database = tmp_path / "db.sqlite"
    async with desk_at(first, database, further=(second,)) as desk:
        session = desk.now.session
        order_id = await desk.buys()
        await desk.until_order(order_id, OrderStatus.PLACED)
    await second.ends()
    async with desk_at(second, database, further=(first,), connected=False) as desk:
        assert desk.now.session is not None
        assert session is not None
        assert desk.now.session.session_id == session.session_id
        await desk.until(lambda: desk.reaches("sim"))
        assert desk.order(order_id).status is OrderStatus.PLACED
        assert not desk.reaches(SECOND)
        worst = {link.venue: link.state for link in desk.now.links.values() if link.state is LinkState.LOST}
        assert set(worst) <= {SECOND}
        await second.start()
        await desk.until(desk.connected)
    async with desk_at(first, database) as desk:
        assert desk.now.session is not None
        assert desk.now.session.session_id != session.session_id, "one venue is another session"


async def test_a_venue_that_cannot_be_reached_is_named_and_nothing_begins(
    tmp_path: Path, first: VenueProcess, second: VenueProcess
) -> None:
    await second.ends()
    with pytest.raises(VenueError, match=second.url):
        async with desk_at(first, tmp_path / "db.sqlite", further=(second,)):
            pass


async def test_venues_of_one_name_cannot_be_told_apart(tmp_path: Path, first: VenueProcess) -> None:
    async with venue_process("--manual") as namesake:
        with pytest.raises(VenueError, match="both call themselves sim: start one with --name"):
            async with desk_at(first, tmp_path / "db.sqlite", further=(namesake,)):
                pass


async def test_accounts_are_chosen_by_their_names_inside(
    tmp_path: Path, first: VenueProcess, second: VenueProcess
) -> None:
    database = tmp_path / "db.sqlite"
    with pytest.raises(VenueError, match=f"sim and sim2 have no account other, only {ACCOUNT}, {OTHER}"):
        async with desk_at(first, database, further=(second,), accounts=("other",)):
            pass
    async with desk_at(first, database, further=(second,), accounts=(ACCOUNT,)) as desk:
        reply = await desk.does(order(plan=ELSEWHERE))
        assert reply.reason == f"There is no account to trade on at {SECOND}."


# kill -9 ------------------------------------------------------------------------------------------
def intents(first_number: int, count: int) -> list[SubmitOrder]:
    """Orders that are wanted, each with a key; its number is its price's."""
    return [
        order(at=str(100 + number), key=f"intent {number}", plan=ELSEWHERE)
        for number in range(first_number, first_number + count)
    ]


async def one_life(child: TradingProgram, wanted: list[SubmitOrder], after_s: float) -> None:
    for command in wanted:
        child.gives(command)
    await asyncio.sleep(after_s)  # when the plug is pulled is chance
    await child.kill()


async def killed_between(
    tmp_path: Path, first: VenueProcess, second: VenueProcess, *, lives: int, seed: int
) -> None:
    random, database, log = Random(seed), tmp_path / "db.sqlite", tmp_path / "log"
    further, each = (second.url,), 4
    await first.refuses_next(10_000)
    for life in range(lives):
        async with trading_program(database, first.url, log, further=further) as child:
            await _connected(child)
            await one_life(child, intents(life * each, each), random.random() * 0.3)
    wanted = intents(0, lives * each)
    async with trading_program(database, first.url, log, further=further) as child:
        for command in wanted:
            assert (await child.does(command)).accepted
        await _until(child, lambda shown: all(_is_settled(row) for row in _newest(shown).values()))
        shown = await child.shown()
        assert await child.stop() == 0
    newest = _newest(shown)
    assert set(newest) == {command.price for command in wanted}
    placed = {price for price, row in newest.items() if row.status is OrderStatus.PLACED}
    truth = await second.truth()
    assert Counter(Decimal(one["price"]) for one in truth.orders) == dict.fromkeys(placed, 1)
    assert not (await first.truth()).orders
    assert sent_twice(truth) == []
    assert (await kept(database)).wrong == []
    assert placed


def _newest(shown: Shown) -> dict[Decimal | None, OrderRow]:
    """The order that each intent stands by."""
    return {row.price: row for _, row in sorted(shown.orders.items())}


def _is_settled(row: OrderRow) -> bool:
    """At the second venue; or killed between being written and being sent: nobody knew, so it was looked
    up and ended, and went nowhere else."""
    if row.status is OrderStatus.REJECTED:
        return row.reason == "it never arrived at the venue"
    return row.status is OrderStatus.PLACED and row.account_id == OTHER


async def _connected(child: TradingProgram) -> None:
    await _until(child, lambda shown: shown.connected)


async def _until(child: TradingProgram, so: Callable[[Shown], bool]) -> None:
    try:
        async with asyncio.timeout(60):
            shown = await child.shown()
            while not so(shown):
                await asyncio.sleep(0.05)
                shown = await child.shown()
    except TimeoutError:
        raise AssertionError(f"never so: {(await child.shown()).orders}") from None
    except Gone:
        raise AssertionError("the program ended by itself") from None


@pytest.mark.timeout(180)
async def test_killed_between_the_two_an_order_is_at_one_of_them(
    tmp_path: Path, first: VenueProcess, second: VenueProcess
) -> None:
    await killed_between(tmp_path, first, second, lives=3, seed=3)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(3))
async def test_nor_after_many_kills(
    tmp_path: Path, first: VenueProcess, second: VenueProcess, seed: int
) -> None:
    await killed_between(tmp_path, first, second, lives=25, seed=seed)
