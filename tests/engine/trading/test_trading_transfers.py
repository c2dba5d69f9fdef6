"""Money that comes or goes is no profit and no loss, and money of another currency is no money of this."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, strategies as st
from test_trading_leaving import everything_arrives, give, world
from trading_world import ACCOUNT, World

from monitor.engine import commands as cmd
from monitor.engine.trading.equity import Curve
from monitor.engine.values import EngineState, MoneyKind, OrderType, Side
from monitor.engine.venue import MoneyReport


def transfer(there: World, amount: int, currency: str = "USD", name: str = "m1") -> None:
    kind = MoneyKind.DEPOSIT if amount > 0 else MoneyKind.WITHDRAWAL
    there.hear(
        MoneyReport(account_id=ACCOUNT, amount=Decimal(amount), currency=currency, kind=kind, venue_id=name)
    )


def valued(there: World, *prices: int) -> None:
    for price in prices:
        there.quote(price)
        there.wait(2)
        everything_arrives(there)


def drawdown(there: World) -> float:
    figures = there.trading.state.figures(ACCOUNT)
    assert figures is not None
    assert figures.drawdown is not None
    return figures.drawdown


def test_a_withdrawal_is_no_drawdown() -> None:
    there = world(drawdown="refuse", max_drawdown=0.3)
    valued(there, 100, 101)
    transfer(there, -500_000)
    valued(there, 102, 103)
    assert drawdown(there) == 0
    give(there, price=Decimal(103))


def test_a_withdrawal_between_two_samples_and_a_crash_is_none_either() -> None:
    there = world()
    valued(there, 100, 101)
    transfer(there, -500_000)
    kept = there.checkpoint()
    transfer(there, -250_000, name="m2")
    there.crash()
    copy = there.restored_from(kept)
    valued(there, 103)
    assert drawdown(there) == 0
    assert copy.state.equity.curves[ACCOUNT].peak == there.trading.state.equity.curves[ACCOUNT].peak


def test_money_of_another_currency_is_not_added_to_the_accounts_own() -> None:
    there = world()
    transfer(there, 1_000_000, currency="JPY")
    transfer(there, 300, name="m2")
    transfer(there, 300, name="m2")
    row = there.present().accounts[ACCOUNT]
    assert (row.transferred, row.balance) == (300, 1_000_300)
    account = there.trading.state.accounts[ACCOUNT]
    assert account.ledger_of("JPY").balance() == 1_000_000


@given(st.lists(st.tuples(st.booleans(), st.integers(-30, 50)), max_size=20))
def test_only_gains_and_losses_move_the_drawdown(steps: list[tuple[bool, int]]) -> None:
    """Against a unit of the account, bought at its worth: what a fund tells its owners."""
    curve, equity, unit, best, worst = Curve(), 1000.0, 1.0, 1.0, 0.0
    curve.add(0, equity)
    for number, (is_gain, percent) in enumerate(steps, 1):
        change = equity * percent / 100
        if is_gain:
            unit *= 1 + percent / 100
        else:
            curve.move(change)
        equity += change
        curve.add(number, equity)
        best = max(best, unit)
        worst = max(worst, 1 - unit / best)
        assert abs(curve.drawdown - (1 - unit / best)) < 1e-9
    assert abs(curve.max_drawdown - worst) < 1e-9


def test_an_account_that_begins_with_nothing_counts_from_its_first_money() -> None:
    curve = Curve()
    curve.add(0, 0.0)
    curve.move(1000.0)
    curve.add(1, 900.0)
    assert abs(curve.drawdown - 0.1) < 1e-12


def test_a_stop_that_is_said_again_stops_again() -> None:
    there = world()
    halt = cmd.SetEngineState(state=EngineState.HALTED, key="stop")
    assert there.do(halt).accepted
    assert there.do(cmd.SetEngineState(state=EngineState.NORMAL, key="go")).accepted
    there.crash()
    everything_arrives(there)
    assert there.do(halt).accepted
    assert there.trading.state.engine_state is EngineState.HALTED


def test_an_old_word_does_not_lift_a_newer_stop() -> None:
    there = world()
    normal = cmd.SetEngineState(state=EngineState.NORMAL, key="go")
    there.do(cmd.SetEngineState(state=EngineState.REDUCE_ONLY))
    assert there.do(normal).accepted
    assert there.do(normal).accepted  # it is so
    there.do(cmd.SetEngineState(state=EngineState.HALTED))
    assert there.do(normal).guard == "changed"
    assert there.trading.state.engine_state is EngineState.HALTED
    assert there.do(cmd.SetEngineState(state=EngineState.NORMAL, key="go on")).accepted


def test_a_deed_that_is_said_again_is_not_done_again() -> None:
    there = world()
    first = there.submit(2, Side.BUY, key="once")
    assert there.submit(2, Side.BUY, key="once").order_ids == first.order_ids
    assert there.trading.state.book.orders[first.order_ids[0]].intent.type is OrderType.LIMIT
    assert len(there.trading.state.book.orders) == 1
