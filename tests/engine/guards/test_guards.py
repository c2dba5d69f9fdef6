"""Risk guards: each at its boundary, their order, what binds a closing order, what a clamp leaves."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from monitor.engine.commands import OrderRequest
from monitor.engine.guards import (
    GUARDS,
    AccountFigures,
    Assessment,
    GuardFacts,
    GuardLimits,
    assess,
    facts_of,
)
from monitor.engine.guards.checks import whole_lots
from monitor.engine.guards.facts import Alike
from monitor.engine.orderplan import OrderPlan
from monitor.engine.rows import OrderRow
from monitor.engine.values import (
    NS_PER_SECOND,
    ContractKind,
    EngineState,
    InnerState,
    Instrument,
    Offset,
    OrderStatus,
    OrderType,
    Quote,
    Side,
    TimeInForce,
)
from tests.order_bench import ACCOUNT, GOLD, START, SYMBOL

NOW = START
QUIET = GuardLimits(
    **{
        name: "off"
        for name, field in zip(
            GuardLimits.__struct_fields__, msgspec.structs.fields(GuardLimits), strict=True
        )
        if isinstance(field.default, str) and name != "over_close"
    }
)
"""No guard but the two that cannot be switched off."""


def limits(**fields: Any) -> GuardLimits:
    """Only the guards that are named."""
    return msgspec.structs.replace(QUIET, **fields)


def order(quantity: str = "10", **fields: Any) -> OrderRequest:
    usual: dict[str, Any] = {
        "symbol": SYMBOL,
        "side": Side.BUY,
        "offset": Offset.OPEN,
        "type": OrderType.LIMIT,
        "price": Decimal(400),
    }
    if fields.get("type") is OrderType.MARKET:
        usual["price"] = None
    return OrderRequest(quantity=Decimal(quantity), **{**usual, **fields})


def quote(**fields: Any) -> Quote:
    prices = {"last": "400", "bid": "399.9", "ask": "400.1", "bid_volume": "100", "ask_volume": "100"}
    decimals = {name: Decimal(text) if text else None for name, text in {**prices, **fields}.items()}
    received = decimals.pop("received_ns", None)
    return Quote(symbol=SYMBOL, received_ns=NOW if received is None else int(received), **decimals)


def facts(**fields: Any) -> GuardFacts:
    usual: dict[str, Any] = {"now_ns": NOW, "instrument": GOLD, "quote": quote()}
    return GuardFacts(**{**usual, **fields})


def figures(**fields: Any) -> AccountFigures:
    return AccountFigures(account_id=ACCOUNT, **fields)


def row(order_id: int = 7, age_s: float = 1, **fields: Any) -> OrderRow:
    usual: dict[str, Any] = {
        "strategy_id": 0,
        "account_id": ACCOUNT,
        "symbol": SYMBOL,
        "side": Side.BUY,
        "offset": Offset.OPEN,
        "type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "quantity": Decimal(10),
        "price": Decimal(400),
        "status": OrderStatus.PLACED,
        "created_ns": NOW - int(age_s * NS_PER_SECOND),
        "updated_ns": NOW,
    }
    return OrderRow(order_id=order_id, **{**usual, **fields})


def refusals(assessment: Assessment) -> list[str]:
    return [verdict.guard for verdict in assessment.refusals]


def warnings(assessment: Assessment) -> list[str]:
    return [verdict.guard for verdict in assessment.warnings]


# Each at its boundary -----------------------------------------------------------------------------
Case = tuple[str, GuardLimits, OrderRequest, GuardFacts, OrderRequest, GuardFacts, str]
"""A guard; its limits; what just passes; what just does not; the sentence."""


def case(
    guard: str,
    limit: dict[str, Any],
    sentence: str,
    *,
    passes: dict[str, Any] | None = None,
    fires: dict[str, Any] | None = None,
    of: dict[str, Any] | None = None,
    quiet: dict[str, Any] | None = None,
    loud: dict[str, Any] | None = None,
) -> Any:
    """`passes`, `fires`: fields of the order; `quiet`, `loud`: facts; `of`: fields of both orders."""
    of = of or {}
    return pytest.param(
        guard,
        limits(**{guard: "refuse", **limit}),
        order(**of, **(passes or {})),
        facts(**(quiet or {})),
        order(**of, **(fires or {})),
        facts(**(loud if loud is not None else quiet or {})),
        sentence,
        id=f"{guard}: {sentence[:30]}",
    )


def old(seconds: str) -> Quote:
    return quote(received_ns=str(NOW - int(Decimal(seconds) * NS_PER_SECOND)))


MARKET = {"type": OrderType.MARKET}
CLOSE = {"side": Side.SELL, "offset": Offset.CLOSE}
CASES = [
    case(
        "order_size",
        {"max_order_size": 50.0},
        "60 lots are more than the 50 allowed at once.",
        passes={"quantity": "50"},
        fires={"quantity": "60"},
    ),
    case(
        "order_size",
        {"max_order_size": 0.3},
        "0.31 lots are more than the 0.3 allowed at once.",
        passes={"quantity": "0.3"},
        fires={"quantity": "0.31"},
    ),
    case(
        "notional",
        {"max_notional": 4_000_000.0},
        "The order is worth 4,400,000, more than the 4,000,000 allowed.",
        passes={"quantity": "10"},
        fires={"quantity": "11"},
    ),
    case(
        "notional",
        {"max_notional": 1000.0},
        "The order is worth 1,010, more than the 1,000 allowed.",
        passes={"quantity": "100"},
        fires={"quantity": "101"},
        quiet={
            "instrument": Instrument(
                symbol=SYMBOL, multiplier=Decimal(10), contract=ContractKind.INVERSE, currency="BTC"
            )
        },
    ),
    case(
        "position",
        {"max_position": 30.0},
        f"The position in {SYMBOL} could grow to 31 lots, more than the 30 allowed.",
        passes={"quantity": "10"},
        fires={"quantity": "11"},
        quiet={"same": Decimal(15), "adding": Decimal(5), "opposite": Decimal(50)},
    ),
    case(
        "position",
        {"max_position": 30.0},
        f"The position in {SYMBOL} could grow to 31 lots, more than the 30 allowed.",
        passes={"quantity": "80"},
        fires={"quantity": "81"},
        quiet={"opposite": Decimal(50), "account": figures(netting=True)},
    ),
    case(
        "working_orders",
        {"max_working_orders": 5},
        "5 orders are working already, 5 are allowed.",
        quiet={"working": 4},
        loud={"working": 5},
    ),
    case(
        "order_rate",
        {"max_orders_per_s": 3},
        "3 orders were given within a second, 3 are allowed.",
        quiet={"last_second": 2},
        loud={"last_second": 3},
    ),
    case(
        "duplicate",
        {"duplicate_s": 10.0},
        "Order 7 is the same and 9.9 s old.",
        quiet={"alike": (Alike(7, NOW - 10 * NS_PER_SECOND),)},
        loud={"alike": (Alike(6, NOW - 10 * NS_PER_SECOND), Alike(7, NOW - 9_900_000_000))},
    ),
    case(
        "price_band",
        {"max_price_worse": 0.02},
        "408.02 is 2.0% above 400, more than the 2.0% allowed.",
        passes={"price": Decimal(408)},
        fires={"price": Decimal("408.02")},
    ),
    case(
        "price_band",
        {"max_price_worse": 0.02},
        "391 is 2.2% below 400, more than the 2.0% allowed.",
        of={"side": Side.SELL},
        passes={"price": Decimal(500)},
        fires={"price": Decimal(391)},
    ),
    case(
        "price_band",
        {"max_price_worse": 0.02},
        "520 is 4.0% above 500, more than the 2.0% allowed.",
        of={"type": OrderType.STOP_LIMIT, "trigger_price": Decimal(500)},
        passes={"price": Decimal(510)},
        fires={"price": Decimal(520)},
    ),
    case(
        "wide_spread",
        {"max_spread": 0.005},
        "The spread is 0.55%, wider than 0.50%.",
        of=MARKET,
        quiet={"quote": quote(bid="399", ask="401")},
        loud={"quote": quote(bid="398.9", ask="401.1")},
    ),
    case(
        "thin_book",
        {},
        "The best price has 9 lots, the order takes 10.",
        of=MARKET,
        quiet={"quote": quote(ask_volume="10", bid_volume="1")},
        loud={"quote": quote(ask_volume="9")},
    ),
    case(
        "stale_quote",
        {"max_quote_age_s": 10.0},
        f"The quote of {SYMBOL} is 10 s old.",
        of=MARKET,
        quiet={"quote": old("10")},
        loud={"quote": old("10.5")},
    ),
    case("stale_quote", {}, f"There is no quote of {SYMBOL}.", of=MARKET, quiet={}, loud={"quote": None}),
    case(
        "stale_account",
        {"max_account_age_s": 180.0},
        "The account was last compared with its venue 181 s ago.",
        quiet={"account": figures(compared_ns=NOW - 180 * NS_PER_SECOND)},
        loud={"account": figures(compared_ns=NOW - 181 * NS_PER_SECOND)},
    ),
    case(
        "unknown_order",
        {},
        f"Nobody knows the state of order 12 in {SYMBOL}.",
        quiet={},
        loud={"unknown": (12,)},
    ),
    case(
        "margin",
        {},
        "It needs 440,000 of margin, 400,000 are available.",
        passes={"quantity": "10"},
        fires={"quantity": "11"},
        quiet={"account": figures(available=Decimal(400_000))},
    ),
    case(
        "margin",
        {},
        "It needs 440,000 of margin, 400,000 are available.",
        passes={"quantity": "30"},
        fires={"quantity": "31"},
        quiet={
            "account": figures(available=Decimal(400_000), netting=True),
            "opposite": Decimal(20),
        },
    ),
    case(
        "daily_loss",
        {"max_daily_loss": 5000.0},
        "Today's loss of 5,000 has reached the limit of 5,000.",
        quiet={"account": figures(today_profit=Decimal("-4999.99"))},
        loud={"account": figures(today_profit=Decimal(-5000))},
    ),
    case(
        "drawdown",
        {"max_drawdown": 0.2},
        "The drawdown of 20.0% has reached the limit of 20.0%.",
        quiet={"account": figures(drawdown=0.19)},
        loud={"account": figures(drawdown=0.2)},
    ),
    case(
        "over_close",
        {},
        "6 lots are more than the 5 held.",
        of=CLOSE,
        passes={"quantity": "5"},
        fires={"quantity": "6"},
        quiet={"opposite": Decimal(5)},
    ),
    case(
        "over_close",
        {},
        f"There is no position in {SYMBOL} that this could close.",
        of={"reduce_only": True},
        quiet={"opposite": Decimal(10)},
        loud={},
    ),
]


@pytest.mark.parametrize(("guard", "limit", "good", "calm", "bad", "danger", "sentence"), CASES)
def test_a_guard_lets_pass_up_to_its_limit_and_says_what_is_beyond(
    guard: str,
    limit: GuardLimits,
    good: OrderRequest,
    calm: GuardFacts,
    bad: OrderRequest,
    danger: GuardFacts,
    sentence: str,
) -> None:
    assert assess(good, calm, limit) == Assessment()
    refused = assess(bad, danger, limit)
    assert [(v.guard, v.action, v.message) for v in refused.refusals] == [(guard, "refuse", sentence)]
    if guard != "over_close":
        warned = assess(bad, danger, msgspec.structs.replace(limit, **{guard: "warn"}))
        assert (refusals(warned), warnings(warned)) == ([], [guard])
        assert warned.passes
        assert assess(bad, danger, msgspec.structs.replace(limit, **{guard: "off"})) == Assessment()


def test_every_guard_has_a_case_and_an_action_of_its_name() -> None:
    covered = {parameters.values[0] for parameters in CASES}
    assert covered == {guard.name for guard in GUARDS}
    assert covered <= set(GuardLimits.__struct_fields__)


def test_the_order_of_the_guards_is_fixed() -> None:
    assert [guard.name for guard in GUARDS] == [
        "over_close",
        "unknown_order",
        "stale_account",
        "stale_quote",
        "order_size",
        "notional",
        "position",
        "working_orders",
        "order_rate",
        "duplicate",
        "price_band",
        "wide_spread",
        "thin_book",
        "margin",
        "daily_loss",
        "drawdown",
    ]


def test_the_state_of_the_engine_comes_first_and_cannot_be_switched_off() -> None:
    stopped = assess(
        order("60"), facts(state=EngineState.HALTED), limits(order_size="refuse", max_order_size=50)
    )
    assert refusals(stopped) == ["halted", "order_size"]
    assert refusals(assess(order(), facts(state=EngineState.REDUCE_ONLY), QUIET)) == ["reduce-only"]


def test_a_limit_order_under_an_old_quote_is_worth_a_warning() -> None:
    warned = assess(order(), facts(quote=old("60")), limits(stale_quote="refuse"))
    assert (refusals(warned), warnings(warned)) == ([], ["stale_quote"])


def test_what_is_unknown_is_not_judged() -> None:
    nothing = GuardFacts(now_ns=NOW)
    every = limits(**dict.fromkeys(("notional", "margin", "daily_loss", "drawdown", "price_band"), "refuse"))
    tight = msgspec.structs.replace(every, max_notional=1.0, max_daily_loss=1.0, max_drawdown=0.01)
    assert assess(order(), nothing, tight) == Assessment()


def test_a_zero_limit_is_none() -> None:
    assert assess(order("1000000", price=Decimal(400)), facts(), GuardLimits()) == Assessment()


# Closing ------------------------------------------------------------------------------------------
BAD_TIMES = {
    "quote": None,
    "opposite": Decimal(100),
    "same": Decimal(10_000),
    "working": 10_000,
    "last_second": 1000,
    "unknown": (1, 2),
    "account": figures(available=Decimal(-1), today_profit=Decimal(-(10**9)), drawdown=0.99, compared_ns=0),
}
TIGHT = GuardLimits(
    max_order_size=1.0, max_notional=1.0, max_position=1.0, max_daily_loss=1.0, max_drawdown=0.01
)


@given(
    quantity=st.integers(1, 100),
    by=st.sampled_from([{"offset": Offset.CLOSE}, {"offset": Offset.CLOSE_TODAY}, {"reduce_only": True}]),
    type_=st.sampled_from([OrderType.MARKET, OrderType.LIMIT]),
    state=st.sampled_from(EngineState),
)
def test_in_the_worst_of_times_every_pure_close_passes(
    quantity: int, by: dict[str, Any], type_: OrderType, state: EngineState
) -> None:
    close = order(str(quantity), side=Side.SELL, type=type_, **by)
    assert assess(close, facts(state=state, **BAD_TIMES), TIGHT).passes


def test_a_closing_limit_far_through_the_market_is_refused_with_its_reason() -> None:
    slip = order("1", **CLOSE, price=Decimal(40))
    assert refusals(assess(slip, facts(opposite=Decimal(1)), GuardLimits())) == ["price_band"]
    assert assess(
        order("1", **CLOSE, type=OrderType.MARKET), facts(opposite=Decimal(1)), GuardLimits()
    ).passes


def test_a_close_that_waits_is_judged_when_it_leaves() -> None:
    child = order("5", **CLOSE, plan=OrderPlan(parent_id=3))
    assert assess(child, facts(), GuardLimits()).passes
    assert refusals(assess(child, facts(leaving=True), GuardLimits())) == ["over_close"]
    assert assess(child, facts(leaving=True, opposite=Decimal(5)), GuardLimits()).passes


def test_closing_the_same_lots_twice_is_worth_a_warning_unless_the_venue_sees_to_it() -> None:
    half = facts(opposite=Decimal(5), closing=Decimal(3))
    assert assess(order("2", **CLOSE), half, QUIET) == Assessment()
    twice = assess(order("3", **CLOSE), half, QUIET)
    assert [verdict.message for verdict in twice.warnings] == [
        "3 of the 5 lots held are being closed already: all together would turn the position over."
    ]
    assert twice.passes
    assert assess(order("3", **CLOSE, reduce_only=True), half, QUIET) == Assessment()


@given(
    quantity=st.integers(1, 50),
    held=st.integers(0, 50),
    other=st.integers(0, 50),
    action=st.sampled_from(["refuse", "clamp"]),
    side=st.sampled_from(Side),
)
def test_a_close_never_turns_a_position_over(
    quantity: int, held: int, other: int, action: str, side: Side
) -> None:
    close = order(str(quantity), side=side, reduce_only=True)
    said = assess(
        close,
        facts(opposite=Decimal(held), same=Decimal(other)),
        msgspec.structs.replace(QUIET, over_close=action),
    )
    if said.passes:
        assert (said.quantity or close.quantity) <= held
    else:
        assert quantity > held


# Clamps -------------------------------------------------------------------------------------------
CLAMPS = GuardLimits(
    order_size="clamp", notional="clamp", position="clamp", margin="clamp", over_close="clamp"
)


@given(data=st.data())
def test_a_clamp_never_enlarges_keeps_whole_lots_and_then_passes(data: st.DataObject) -> None:
    lot = Decimal(data.draw(st.sampled_from(["1", "0.1", "5", "0.001"])))
    quantity = data.draw(st.integers(1, 1000)) * lot
    most = data.draw(st.sampled_from([0.0, 0.07, 1.5, 3.0, 12.0, 77.7]))
    money = data.draw(st.sampled_from([0.0, 1000.0, 123_456.0, 5e6]))
    least = data.draw(st.sampled_from([None, lot, 3 * lot]))
    limit = msgspec.structs.replace(CLAMPS, max_order_size=most, max_position=most, max_notional=money)
    here = facts(
        instrument=msgspec.structs.replace(GOLD, lot=lot, min_volume=least),
        same=Decimal(data.draw(st.integers(0, 20))),
        account=figures(available=Decimal(data.draw(st.integers(-1000, 10**7)))),
    )
    asked = order(str(quantity))
    said = assess(asked, here, limit)
    if said.quantity is not None:
        assert 0 < said.quantity < quantity
        assert said.quantity % lot == 0
        assert least is None or said.quantity >= least
        assert "clamp" in [verdict.action for verdict in said.warnings]
    if said.passes:
        again = assess(order(str(said.quantity or quantity)), here, limit)
        assert again == Assessment(), "what was left passes without another word"


def test_a_clamp_that_leaves_nothing_refuses() -> None:
    full = facts(same=Decimal(30))
    said = assess(order("5"), full, limits(position="clamp", max_position=30.0))
    assert refusals(said) == ["position"]
    assert said.quantity is None


def test_the_next_guard_sees_what_a_clamp_left() -> None:
    said = assess(
        order("60"),
        facts(),
        limits(order_size="clamp", max_order_size=50.0, notional="refuse", max_notional=20_000_000.0),
    )
    assert said.quantity == 50
    assert refusals(said) == []
    (told,) = said.warnings
    assert told.message == "60 lots are more than the 50 allowed at once. It is cut to 50."


@given(most=st.decimals(0, 1000, places=4), lot=st.sampled_from([Decimal(1), Decimal("0.01"), Decimal(7)]))
def test_whole_lots_are_the_most_that_fit(most: Decimal, lot: Decimal) -> None:
    lots = whole_lots(most, Instrument(symbol=SYMBOL, lot=lot))
    assert lots <= most < lots + lot
    assert lots % lot == 0


def test_what_a_ticket_gathers_from_its_rows() -> None:
    rows = [
        row(1, inner_state=InnerState.UNKNOWN),
        row(2),
        row(3, side=Side.SELL),
        row(4, age_s=61),
        row(5, price=Decimal(401), filled_quantity=Decimal(4)),
        row(6, status=OrderStatus.CANCELED),
        row(7, offset=Offset.CLOSE),
        row(8, reduce_only=True, quantity=Decimal(1)),
    ]
    found = facts_of(
        order(),
        now_ns=NOW,
        state=EngineState.NORMAL,
        instrument=GOLD,
        quote=None,
        account=None,
        long=Decimal(3),
        short=Decimal(4),
        working=4,
        orders=rows,
    )
    assert found.unknown == (1,)
    assert (found.same, found.opposite, found.adding, found.closing) == (3, 4, 36, 11)
    assert [other.order_id for other in found.alike] == [1, 2, 6]
