"""A person's commands on a run: what is refused, with which word, and what an accepted one does."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from market import bar, fills, flat, plan, scripted, status

from monitor.engine import commands as cmd
from monitor.engine.closing import see
from monitor.engine.commands import Reply, SeenPosition
from monitor.engine.journal import Journal
from monitor.engine.options import Matching
from monitor.engine.orders_desk import carry_out
from monitor.engine.readside import order_rows, position_row
from monitor.engine.simulation import Simulation
from monitor.engine.values import Offset, OrderStatus, OrderType, Origin, Side, StrategyState

SYMBOL = "TEST.x1"
LONG, SHORT = f"sim-1.{SYMBOL}.LONG", f"sim-1.{SYMBOL}.SHORT"


def at_bar(bars: int, at: Any = None, *, prices: list[Any] | None = None, **terms: Any) -> Simulation:
    """A run after some bars; by default three lots were bought at 100 in the second."""
    acts = {0: lambda s: s.buy(volume=3)} if at is None else at
    run = plan(prices or [flat(100)] * 8, scripted(acts), **terms).run(Journal())
    run.start()
    run.advance(bars)
    return run


def seen(run: Simulation, position_id: str = LONG) -> SeenPosition:
    rows = [position_row(run, p) for p in run.ledger.positions.values() if p.volume]
    row = next(row for row in rows if row.position_id == position_id)
    return see(row, order_rows(run.book.active.values()))


def close(run: Simulation, volume: int | str = 3, **terms: Any) -> Reply:
    what = terms.pop("what", None) or seen(run)
    return carry_out(run, cmd.ClosePosition(seen=what, volume=Decimal(volume), **terms))


def refused_without_a_trace(run: Simulation, command: cmd.AnyCommand) -> Reply:
    """Nothing is journalled, ordered or cancelled by a refused command."""
    assert run.journal is not None
    before = (run.journal.seq, set(run.book.orders), set(run.book.active))
    reply = carry_out(run, command)
    assert not reply.accepted
    assert reply.reason.endswith(".")
    assert (run.journal.seq, set(run.book.orders), set(run.book.active)) == before
    return reply


# Closing one position -----------------------------------------------------------------------
@pytest.mark.parametrize("hedging", [True, False])
def test_a_close_is_a_market_order_that_only_reduces(hedging: bool) -> None:
    run = at_bar(3, hedging=hedging)
    reply = close(run)
    assert reply.accepted
    (order_id,) = reply.order_ids
    row = run.book.orders[order_id].row()
    assert (row.side, row.offset, row.type, row.quantity) == (Side.SELL, Offset.CLOSE, OrderType.MARKET, 3)
    assert (row.reduce_only, row.origin) == (True, Origin.USER)
    run.advance(4)
    assert run.ledger.net_volume(SYMBOL) == 0


def test_a_part_may_be_closed_at_a_limit() -> None:
    run = at_bar(3, prices=[*[flat(100)] * 3, bar(100, 103, 99, 100)])
    reply = close(run, 2, type=OrderType.LIMIT, price=Decimal(102))
    assert reply.accepted
    run.advance(4)
    assert fills(run)[-1] == (3, "sell", 102, 2)
    assert run.ledger.net_volume(SYMBOL) == 1


def test_a_short_is_closed_by_buying() -> None:
    run = at_bar(3, {0: lambda s: s.short(volume=2)})
    assert close(run, 2, what=seen(run, SHORT)).accepted
    run.advance(4)
    assert fills(run)[-1] == (3, "buy", 100, 2)


def test_the_orders_that_would_close_it_are_canceled_first() -> None:
    def protect(s: Any) -> None:
        s.sell(110, 3)
        s.sell(stop=90, volume=3)
        s.buy(80)

    run = at_bar(4, {0: lambda s: s.buy(volume=3), 2: protect})
    assert seen(run).working_orders == (2, 3)
    assert close(run).accepted
    assert [status(run, n) for n in (2, 3, 4)] == [
        OrderStatus.CANCELED,
        OrderStatus.CANCELED,
        OrderStatus.PLACED,
    ]


@pytest.mark.parametrize("vnpy", [False, True])
def test_a_close_never_turns_a_netted_position(vnpy: bool) -> None:
    """The strategy's own order closes in the same bar: what is left to the person's is nothing."""
    run = at_bar(
        3,
        {0: lambda s: s.buy(volume=3), 2: lambda s: s.short(volume=2)},
        hedging=False,
        matching=Matching.VNPY if vnpy else Matching.STANDARD,
    )
    reply = close(run)
    assert reply.accepted
    run.advance(5)
    assert run.ledger.net_volume(SYMBOL) == 0
    assert status(run, reply.order_ids[0]) is OrderStatus.CANCELED


def changed(what: SeenPosition, **fields: Any) -> SeenPosition:
    return msgspec.structs.replace(what, **fields)


@pytest.mark.parametrize(
    ("fields", "guard"),
    [
        ({"position_id": SHORT}, "gone"),
        ({"position_id": "elsewhere"}, "gone"),
        ({"volume": Decimal(2)}, "changed"),
        ({"version": 99}, "changed"),
        ({"working_orders": (7,)}, "changed"),
        ({"price": Decimal("99.4")}, "moved"),
        ({"price": None}, "moved"),
    ],
)
def test_a_close_of_what_is_no_longer_so_is_refused(fields: dict[str, Any], guard: str) -> None:
    run = at_bar(3)
    command = cmd.ClosePosition(seen=changed(seen(run), **fields), volume=Decimal(3))
    assert refused_without_a_trace(run, command).guard == guard


def test_a_price_that_moved_as_far_as_allowed_is_accepted() -> None:
    run = at_bar(3)
    assert close(run, what=changed(seen(run), price=Decimal("99.5"))).accepted
    run = at_bar(3)
    assert close(run, what=changed(seen(run), price=Decimal("99.4")), max_ticks=6).accepted


def test_a_position_closed_meanwhile_is_gone() -> None:
    run = at_bar(3)
    what = seen(run)
    close(run)
    run.advance(4)
    assert refused_without_a_trace(run, cmd.ClosePosition(seen=what, volume=Decimal(3))).guard == "gone"


@pytest.mark.parametrize(
    "terms",
    [
        {"volume": Decimal(0)},
        {"volume": Decimal(-1)},
        {"volume": Decimal(4)},
        {"volume": Decimal("1.5")},
        {"volume": Decimal("NaN")},
        {"type": OrderType.STOP},
        {"type": OrderType.LIMIT},
        {"price": Decimal(100)},
        {"type": OrderType.LIMIT, "price": Decimal("100.05")},
        {"type": OrderType.LIMIT, "price": Decimal(0)},
        {"type": OrderType.LIMIT, "price": Decimal("Infinity")},
        {"type": OrderType.LIMIT, "price": Decimal("NaN")},
    ],
    ids=str,
)
def test_a_close_that_makes_no_sense_is_invalid(terms: dict[str, Any]) -> None:
    run = at_bar(3)
    command = cmd.ClosePosition(**{"seen": seen(run), "volume": Decimal(3), **terms})
    assert refused_without_a_trace(run, command).guard == "invalid"


# Closing all --------------------------------------------------------------------------------
def both(run: Simulation) -> tuple[SeenPosition, ...]:
    return (seen(run, LONG), seen(run, SHORT))


BOTH = {0: lambda s: [s.buy(volume=3), s.short(volume=2)]}


def test_all_positions_are_closed_together() -> None:
    run = at_bar(3, BOTH)
    reply = carry_out(run, cmd.CloseAllPositions(seen=both(run)))
    assert reply.accepted
    assert len(reply.order_ids) == 2
    run.advance(4)
    assert all(not position.volume for position in run.ledger.positions.values())


def test_closing_all_is_all_or_nothing() -> None:
    run = at_bar(3, BOTH)
    one_is_old = (seen(run, LONG), changed(seen(run, SHORT), version=9))
    assert refused_without_a_trace(run, cmd.CloseAllPositions(seen=one_is_old)).guard == "changed"


def test_closing_all_must_name_all() -> None:
    run = at_bar(3, BOTH)
    assert refused_without_a_trace(run, cmd.CloseAllPositions(seen=both(run)[:1])).guard == "changed"
    assert refused_without_a_trace(run, cmd.CloseAllPositions(seen=())).guard == "invalid"


# Cancelling ---------------------------------------------------------------------------------
THREE = {0: lambda s: [s.buy(90), s.buy(91), s.buy(92)]}


def test_an_order_is_canceled_with_the_reason_given() -> None:
    run = at_bar(2, THREE)
    assert carry_out(run, cmd.CancelOrder(order_id=2, reason="changed my mind")).accepted
    row = run.book.orders[2].row()
    assert (row.status, row.reason) == (OrderStatus.CANCELED, "changed my mind")
    assert set(run.book.active) == {1, 3}


def test_what_cannot_be_canceled_is_refused() -> None:
    run = at_bar(2, THREE)
    assert refused_without_a_trace(run, cmd.CancelOrder(order_id=9)).guard == "unknown"
    carry_out(run, cmd.CancelOrder(order_id=2))
    assert refused_without_a_trace(run, cmd.CancelOrder(order_id=2)).guard == "gone"
    assert refused_without_a_trace(run, cmd.CancelOrders(order_ids=(1, 9))).guard == "unknown"
    assert refused_without_a_trace(run, cmd.CancelOrders(order_ids=())).guard == "invalid"


def test_canceling_all_is_refused_when_others_work_by_now() -> None:
    run = at_bar(2, THREE)
    assert refused_without_a_trace(run, cmd.CancelOrders(order_ids=(1, 2), all=True)).guard == "changed"
    assert carry_out(run, cmd.CancelOrders(order_ids=(1, 2, 3), all=True)).accepted
    assert not run.book.active


def test_canceling_some_leaves_those_alone_that_ended() -> None:
    run = at_bar(2, THREE)
    carry_out(run, cmd.CancelOrder(order_id=1))
    assert carry_out(run, cmd.CancelOrders(order_ids=(1, 2))).accepted
    assert set(run.book.active) == {3}


# Orders by hand -----------------------------------------------------------------------------
def by_hand(**terms: Any) -> cmd.SubmitOrder:
    usual: dict[str, Any] = {
        "strategy_id": 1,
        "symbol": SYMBOL,
        "side": Side.BUY,
        "offset": Offset.OPEN,
        "type": OrderType.LIMIT,
        "quantity": Decimal(1),
        "price": Decimal(99),
    }
    return cmd.SubmitOrder(**usual | terms)


def test_an_order_by_hand_works_like_any_other() -> None:
    run = at_bar(2, {}, prices=[*[flat(100)] * 2, bar(100, 100, 98, 99)])
    reply = carry_out(run, by_hand())
    assert reply.accepted
    assert run.book.orders[1].row().origin is Origin.USER
    run.advance(3)
    assert fills(run) == [(2, "buy", 99, 1)]


@pytest.mark.parametrize(
    ("terms", "guard"),
    [
        ({"strategy_id": 7}, "unknown"),
        ({"symbol": "SHFE.au1912"}, "unknown"),
        ({"quantity": Decimal("NaN")}, "invalid"),
        ({"price": Decimal("Infinity")}, "invalid"),
    ],
)
def test_an_order_by_hand_that_nobody_can_take_is_refused(terms: dict[str, Any], guard: str) -> None:
    assert refused_without_a_trace(at_bar(2, {}), by_hand(**terms)).guard == guard


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"quantity": Decimal(0)}, "volume 0 is not above 0"),
        ({"price": None}, "a LIMIT order needs a price"),
        ({"type": OrderType.MARKET}, "a MARKET order has no price"),
        ({"type": OrderType.STOP, "price": None}, "a STOP order needs a trigger price"),
        ({"trigger_price": Decimal(98)}, "a LIMIT order has no trigger price"),
        ({"price": Decimal("99.05")}, "price 99.05 is not a multiple of the tick 0.1"),
        ({"offset": Offset.CLOSE}, "closing 1 of 0 that can be closed"),
    ],
)
def test_what_the_venue_refuses_is_answered_in_its_words_and_kept(terms: dict[str, Any], reason: str) -> None:
    run = at_bar(2, {})
    reply = carry_out(run, by_hand(**terms))
    assert (reply.accepted, reply.reason, reply.guard, reply.order_ids) == (False, reason, "invalid", (1,))
    assert status(run) is OrderStatus.REJECTED
    run.advance(5)
    assert fills(run) == []


# Strategies ---------------------------------------------------------------------------------
def test_a_strategy_is_stopped_its_orders_canceled_its_position_kept() -> None:
    run = at_bar(4, {0: lambda s: s.buy(volume=3), 2: lambda s: s.sell(110)})
    assert carry_out(run, cmd.StopStrategy(strategy_id=1)).accepted
    assert run.hosts[1].state is StrategyState.STOPPED
    assert not run.book.active
    assert run.ledger.net_volume(SYMBOL) == 3


def test_a_stopped_strategy_hears_no_bars_until_it_is_started_anew() -> None:
    run = at_bar(1, {0: lambda s: s.buy(99)})
    carry_out(run, cmd.StopStrategy(strategy_id=1))
    run.advance(4)
    assert set(run.book.orders) == {1}
    assert carry_out(run, cmd.StartStrategy(strategy_id=1)).accepted
    run.advance(5)
    assert set(run.book.orders) == {1, 2}  # its memory began empty: bar 0 again


def test_starting_and_stopping_twice_is_refused() -> None:
    run = at_bar(1)
    assert refused_without_a_trace(run, cmd.StartStrategy(strategy_id=1)).guard == "changed"
    carry_out(run, cmd.StopStrategy(strategy_id=1))
    assert refused_without_a_trace(run, cmd.StopStrategy(strategy_id=1)).guard == "changed"
    for command in (cmd.StartStrategy(strategy_id=5), cmd.StopStrategy(strategy_id=5)):
        assert refused_without_a_trace(run, command).guard == "unknown"


def test_a_command_about_the_replay_itself_is_not_for_a_run() -> None:
    assert refused_without_a_trace(at_bar(1), cmd.PlayReplay()).guard == "invalid"


def test_an_accepted_command_is_journalled_before_its_effects() -> None:
    run = at_bar(3)
    assert run.journal is not None
    run.journal.take()
    close(run)
    assert [record.kind for record in run.journal.take()] == ["CommandTaken", "OrderCreated"]
