"""In a replay of Shanghai's futures an order may name the lots it closes; a plain CLOSE takes all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from market import MINUTE, flat, order, plan, scripted, series_of

from monitor.engine.events import OrderCreated
from monitor.engine.simulation import Simulation
from monitor.engine.values import Direction, Offset, OrderStatus, OrderType, Side, TimeInForce

NINE = 1_562_288_400_000_000_000  # Friday, 2019-07-05 09:00 in Shanghai


def close(run: Simulation, offset: Offset, volume: int) -> int:
    number = run.next_order_id()
    run.submit(
        OrderCreated(
            order_id=number,
            strategy_id=1,
            account_id="sim-1",
            symbol=run.instrument.symbol,
            side=Side.SELL,
            offset=offset,
            type=OrderType.MARKET,
            time_in_force=TimeInForce.GTC,
            quantity=Decimal(volume),
        )
    )
    return number


def three_old_two_new(symbol: str) -> Simulation:
    """Six-hour bars: 09:00, 15:00, then 21:00 of the next trading day and on."""
    bars = series_of([flat(100)] * 6, symbol=symbol, start_ns=NINE, interval_ns=6 * 60 * MINUTE)
    run = plan(bars, scripted({0: lambda s: s.buy(volume=3), 1: lambda s: s.buy(volume=2)})).run()
    run.start()
    run.advance(3)
    held = run.ledger.position(run.instrument, Direction.LONG)
    assert (held.volume_today, held.volume_yesterday) == (2, 3)
    return run


@pytest.mark.parametrize(
    ("symbol", "offset", "volume", "reason"),
    [
        ("SHFE.x1", Offset.CLOSE_TODAY, 3, "CLOSE_TODAY of 3 where 2 can be closed so"),
        ("SHFE.x1", Offset.CLOSE_YESTERDAY, 4, "CLOSE_YESTERDAY of 4 where 3 can be closed so"),
        ("SHFE.x1", Offset.CLOSE, 6, "closing 6 of 5 that can be closed"),
        ("DCE.x1", Offset.CLOSE_TODAY, 6, "closing 6 of 5 that can be closed"),
    ],
)
def test_more_than_the_lots_that_are_named_is_refused(
    symbol: str, offset: Offset, volume: int, reason: str
) -> None:
    run = three_old_two_new(symbol)
    number = close(run, offset, volume)
    assert order(run, number).reason == reason


@pytest.mark.parametrize(
    ("symbol", "offset", "volume", "left"),
    [
        ("SHFE.x1", Offset.CLOSE_TODAY, 2, (0, 3)),
        ("SHFE.x1", Offset.CLOSE_YESTERDAY, 3, (2, 0)),
        ("SHFE.x1", Offset.CLOSE, 4, (1, 0)),
        ("DCE.x1", Offset.CLOSE_TODAY, 4, (1, 0)),
        ("CFFEX.x1", Offset.CLOSE, 4, (0, 1)),
    ],
)
def test_the_lots_that_are_named_are_closed(
    symbol: str, offset: Offset, volume: int, left: tuple[int, int]
) -> None:
    run = three_old_two_new(symbol)
    number = close(run, offset, volume)
    run.advance(4)
    assert order(run, number).status is OrderStatus.FILLED
    held = run.ledger.position(run.instrument, Direction.LONG)
    assert (held.volume_today, held.volume_yesterday) == left
