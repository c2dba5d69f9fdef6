"""Each risk guard at its boundary: what just passes, what just does not, and the sentence."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from monitor.engine.commands import OrderRequest
from monitor.engine.guards import (
    GUARDS,
    Assessment,
    GuardFacts,
    GuardLimits,
    assess,
)
from monitor.engine.guards.facts import Alike
from monitor.engine.values import (
    NS_PER_SECOND,
    ContractKind,
    Instrument,
    OrderType,
    Side,
)
from tests.guard_world import (
    CLOSE,
    MARKET,
    NOW,
    facts,
    figures,
    limits,
    old,
    order,
    quote,
    refusals,
    warnings,
)
from tests.order_bench import SYMBOL

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
