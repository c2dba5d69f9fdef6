"""How well orders were executed: slippage by contract, waits, fees, attempts, the summary."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, strategies as st

from monitor.engine import events as ev
from monitor.engine.execution import ExecutionQuality, slippage
from monitor.engine.values import ContractKind, Instrument, Origin, Side
from tests.order_bench import GOLD, SECOND, SYMBOL, VENUE, Bench


@pytest.fixture
def bench() -> Bench:
    return Bench(ExecutionQuality)


def quality(bench: Bench) -> ExecutionQuality:
    part = bench.parts[0]
    assert isinstance(part, ExecutionQuality)
    return part


PRICES = st.decimals("0.5", "100000", places=2)
VOLUMES = st.decimals("0.1", "1000", places=1)


# Slippage -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("contract", "side", "cost"),
    [
        (ContractKind.LINEAR, Side.BUY, "20"),
        (ContractKind.LINEAR, Side.SELL, "-20"),
        (ContractKind.QUANTO, Side.BUY, "40"),
        (ContractKind.INVERSE, Side.BUY, "0.1"),
        (ContractKind.INVERSE, Side.SELL, "-0.1"),
    ],
)
def test_what_a_worse_price_costs(contract: ContractKind, side: Side, cost: str) -> None:
    """Two lots of ten at 101 instead of 100; of the inverse contract at 200 instead of 100."""
    instrument = Instrument(symbol="X", multiplier=Decimal(10), contract=contract, quanto_rate=Decimal(2))
    average = Decimal(200) if contract is ContractKind.INVERSE else Decimal(101)
    assert slippage(side, instrument, Decimal(100), average, Decimal(2)) == Decimal(cost)


@given(
    contract=st.sampled_from(ContractKind),
    arrival=PRICES,
    average=PRICES,
    volume=VOLUMES,
    side=st.sampled_from(Side),
)
def test_worse_costs_better_pays_and_the_other_side_pays_what_this_one_costs(
    contract: ContractKind, arrival: Decimal, average: Decimal, volume: Decimal, side: Side
) -> None:
    instrument = msgspec.structs.replace(GOLD, contract=contract)
    cost = slippage(side, instrument, arrival, average, volume)
    worse = average > arrival if side is Side.BUY else average < arrival
    assert (cost > 0) is worse
    assert (cost == 0) is (arrival == average)
    assert slippage(side.opposite, instrument, arrival, average, volume) == -cost


# Rows ---------------------------------------------------------------------------------------------
def test_the_row_of_an_order_tells_its_story(bench: Bench) -> None:
    bench.order(sent=False)
    bench.wait(2)
    bench.sent(arrival="400")
    bench.wait(0.5)
    bench.placed()
    bench.wait(1)
    bench.filled("4", price="400.1")
    bench.wait(3)
    bench.filled("6", price="400.2")
    (row,) = quality(bench).all_rows()
    assert row.average_price == Decimal("400.16")
    assert row.slippage == 1600  # 0.16 x 10 lots x 1000
    assert row.commission == 1
    waits = (row.queue_wait_s, row.acknowledged_s, row.first_fill_s, row.last_fill_s)
    assert waits == (2, 0.5, 1.5, 4.5)
    assert (row.attempts, row.venue, row.filled_quantity) == (1, VENUE, 10)


def test_the_wait_in_the_queue_counts_from_the_release(bench: Bench) -> None:
    bench.order(sent=False, conditions=("last >= 1",))
    bench.wait(100)
    bench.tell(ev.OrderReleased(order_id=1))
    bench.wait(3)
    bench.sent()
    (row,) = quality(bench).all_rows()
    assert row.queue_wait_s == 3


def test_attempts_count_and_the_first_arrival_price_counts(bench: Bench) -> None:
    bench.order()
    bench.refused()
    bench.tell(ev.OrderQueued(order_id=1, not_before_ns=bench.now_ns, venue=VENUE))
    bench.wait(5)
    bench.sent(attempt=2, arrival="410")
    bench.wait(1)
    bench.filled("10", price="410")
    (row,) = quality(bench).all_rows()
    assert (row.attempts, row.venue, row.arrival_price) == (2, VENUE, 400)
    assert (row.acknowledged_s, row.first_fill_s) == (1, 6)
    assert row.slippage == 100_000


def test_doubled_and_wrongly_guessed_fills_do_not_count(bench: Bench) -> None:
    bench.working()
    bench.filled("4", venue_trade_id="a")
    bench.filled("4", venue_trade_id="a")
    bench.filled("3", price="500", venue_trade_id="guess", provisional=True)
    bench.tell(ev.FillCorrected(order_id=1, venue_trade_id="guess"))
    (row,) = quality(bench).all_rows()
    assert (row.filled_quantity, row.average_price, row.slippage) == (4, 400, 0)


def test_what_was_changed_counts_as_it_was_changed(bench: Bench) -> None:
    bench.working(quantity="10")
    bench.tell(ev.ReplaceRequested(order_id=1, quantity=Decimal(4)))
    bench.tell(ev.OrderReplaced(order_id=1, quantity=Decimal(4)))
    bench.filled("4")
    (row,) = quality(bench).all_rows()
    assert (row.quantity, row.filled_quantity) == (4, 4)
    assert quality(bench).summary().total.fill_ratio == 1


def test_fees_in_other_currencies_are_left_out_and_unknown_is_none(bench: Bench) -> None:
    bench.order(symbol="X")
    bench.filled("1", fee_currency="BNB")
    (row,) = quality(bench).all_rows()
    assert (row.commission, row.slippage) == (0, None)


def test_fills_that_an_orphan_had_are_the_orders(bench: Bench) -> None:
    bench.order(1)
    bench.order(2, origin=Origin.EXTERNAL, sent=False, client_order_id="")
    bench.wait(2)
    bench.filled("4", 2)
    bench.tell(ev.OrdersMerged(order_id=1, orphan_id=2))
    (row,) = quality(bench).all_rows()
    assert (row.order_id, row.filled_quantity, row.first_fill_s) == (1, 4, 2)


def test_changed_rows_are_told_once_and_only_of_orders_that_were_sent(bench: Bench) -> None:
    bench.order(1)
    bench.order(2, sent=False)
    bench.placed(1)
    assert [row.order_id for row in quality(bench).rows_changed()] == [1]
    assert quality(bench).rows_changed() == []
    bench.canceled(1)
    bench.canceled(2)
    assert [row.order_id for row in quality(bench).rows_changed()] == [1]
    assert len(quality(bench)) == 1, "one that never left is not kept"


# Memory and summary -------------------------------------------------------------------------------
def test_only_the_newest_finished_orders_are_kept_and_all_are_summed_up() -> None:
    bench = Bench(lambda view: ExecutionQuality(view, most_finished=5))
    for order_id in range(1, 21):
        bench.order(order_id, quantity="2")
        bench.wait(1)
        bench.filled("2" if order_id % 2 else "1", order_id, price="400.1")
        if not order_id % 2:
            bench.canceled(order_id)
    bench.working(21, quantity="2")
    kept = quality(bench)
    assert [row.order_id for row in kept.all_rows()] == [16, 17, 18, 19, 20, 21]
    total = kept.summary().total
    assert (total.orders, total.filled, total.attempts) == (21, 10, 21)
    assert (total.quantity, total.filled_quantity) == (42, 30)
    assert total.fill_ratio == pytest.approx(30 / 42)
    assert (total.slippage, total.slippage_per_lot, total.commission) == (3000, 100, 10)
    assert total.first_fill_s == 1
    assert kept.summary() == kept.summary()


def test_a_late_fill_of_a_kept_order_still_counts(bench: Bench) -> None:
    bench.working()
    bench.canceled()
    quality(bench).rows_changed()
    bench.filled("3")
    (row,) = quality(bench).rows_changed()
    assert row.filled_quantity == 3


def test_groups_are_by_symbol_and_venue_and_mixed_currencies_have_no_sum(bench: Bench) -> None:
    bench.instruments["BTC"] = Instrument(symbol="BTC", currency="USD")
    bench.working(1)
    bench.filled("10", 1, price="401")
    bench.order(2, symbol="BTC", sent=False)
    bench.sent(2, venue=SECOND, arrival="100")
    bench.filled("10", 2, price="99")
    summary = quality(bench).summary()
    assert [(group.symbol, group.venue) for group in summary.groups] == [("BTC", SECOND), (SYMBOL, VENUE)]
    money = [(group.figures.currency, group.figures.slippage) for group in summary.groups]
    assert money == [("USD", -10), ("CNY", 10_000)]
    assert (summary.total.orders, summary.total.slippage, summary.total.commission) == (2, None, None)


def test_nothing_yet_has_a_summary_too(bench: Bench) -> None:
    total = quality(bench).summary().total
    assert (total.orders, total.fill_ratio, total.slippage, total.queue_wait_s) == (0, None, None, None)


@given(st.permutations(range(5)), st.integers(1, 4))
def test_rows_do_not_depend_on_the_order_in_which_messages_came(order: list[int], doubled: int) -> None:
    """All at one moment: then waits are the same as well."""
    facts = [
        ev.OrderPlaced(order_id=1, venue_order_id="v1"),
        fill("a", "3", "400.1"),
        fill("b", "2", "400.3"),
        ev.OrderReported(order_id=1, venue_order_id="v1", cumulative=Decimal(5)),
        ev.OrderCanceled(order_id=1, venue_order_id="v1", cumulative=Decimal(5)),
    ]
    plain, mixed = Bench(ExecutionQuality), Bench(ExecutionQuality)
    for bench, sequence in ((plain, range(5)), (mixed, [*order, *order[:doubled]])):
        bench.order()
        for index in sequence:
            bench.tell(facts[index])
    assert quality(mixed).all_rows() == quality(plain).all_rows()
    assert quality(mixed).summary() == quality(plain).summary()


def fill(name: str, volume: str, price: str) -> ev.TradeExecuted:
    return ev.TradeExecuted(
        order_id=1,
        trade_id=1,
        venue_trade_id=name,
        price=Decimal(price),
        volume=Decimal(volume),
        commission=Decimal("0.5"),
        slippage=Decimal(0),
        venue_order_id="v1",
    )
