"""A new order as it is written: what is missing, what it says, and the command it becomes."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from monitor.engine.commands import OrderRequest, SubmitLinked, SubmitOrder
from monitor.engine.orderplan import PLAIN, OrderPlan
from monitor.engine.values import LinkKind, Offset, OrderType, Side
from monitor.engine.waiting.linking import linked
from monitor.ui.draft import Draft

PLAIN_ORDER = Draft(symbol="X", side=Side.BUY, volume="2", price="100")


def but(**given: object) -> Draft:
    return msgspec.structs.replace(PLAIN_ORDER, **given)


def test_an_order_without_a_condition_goes_to_the_venue_at_once() -> None:
    assert PLAIN_ORDER.problem() is None
    assert not PLAIN_ORDER.waits
    command = PLAIN_ORDER.command("k", 5)
    assert isinstance(command, SubmitOrder)
    assert (command.plan, command.price, command.key) == (PLAIN, Decimal(100), "k")
    assert but(delay="3").waits
    assert but(condition="last(X) > 3").waits


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (but(symbol=" "), "symbol"),
        (but(side=None), "side"),
        (but(volume="0"), "volume"),
        (but(price=""), "price"),
        (but(type=OrderType.STOP), "trigger"),
        (but(type=OrderType.TRAILING), "trail"),
        (but(target="110"), "stop"),
        (but(stop="90"), "target"),
        (but(stop="90", target="110", offset=Offset.CLOSE), "offset"),
        (but(delay="301"), "delay"),
        (but(condition="last(X) >"), "condition"),
    ],
)
def test_what_is_missing_is_named_with_its_field(draft: Draft, field: str) -> None:
    problem = draft.problem()
    assert problem is not None
    assert problem.field == field


def test_a_trailing_stop_has_its_distance() -> None:
    draft = but(type=OrderType.TRAILING, trail="1.5", side=Side.SELL, offset=Offset.CLOSE)
    assert draft.problem() is None
    assert draft.sentence() == "Sell 2 X trailing stop 1.5 behind, close"
    command = draft.command("k", 5)
    assert isinstance(command, SubmitOrder)
    assert (command.trail, command.price, command.trigger_price) == (Decimal("1.5"), None, None)


@pytest.mark.parametrize(("side", "target", "stop"), [(Side.BUY, "110", "90"), (Side.SELL, "90", "110")])
def test_a_target_and_a_stop_make_a_bracket_that_the_engine_takes(side: Side, target: str, stop: str) -> None:
    draft = but(side=side, target=target, stop=stop)
    assert draft.problem() is None
    assert draft.sentence().endswith(f"then target {target} or stop {stop}")
    command = draft.command("k", 5, "acc")
    assert isinstance(command, SubmitLinked)
    assert command.kind is LinkKind.BRACKET
    assert {type(order) for order in command.orders} == {OrderRequest}
    plans = linked(command.kind, command.orders, 7)
    assert not isinstance(plans, str), plans
    assert [plan.parent_id for plan in plans] == [None, 7, 7]
    entry, first, second = command.orders
    assert entry.plan == OrderPlan()
    assert (first.type, first.price) == (OrderType.LIMIT, Decimal(target))
    assert (second.type, second.trigger_price) == (OrderType.STOP, Decimal(stop))
    assert {first.side, second.side} == {side.opposite}
