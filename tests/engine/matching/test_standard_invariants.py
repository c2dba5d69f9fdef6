"""What holds for any bars and any orders: prices, volumes, mirrored markets, no look-ahead."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any, NamedTuple

from hypothesis import given, settings, strategies as st
from market import BarOf, bar_of, flat, plan as plan_of, scripted, trade

from monitor.engine.klines.series import BarSeries
from monitor.engine.simulation import Simulation
from monitor.engine.strategy import Strategy
from monitor.engine.values import OrderType, Side, TimeInForce

PIVOT = 1000  # prices are whole ticks; a mirrored market turns around here


class Ask(NamedTuple):
    """An order to send at the close of a bar, in whole ticks."""

    at: int
    buys: bool
    kind: OrderType
    volume: int
    limit: int
    trigger: int
    trail: int
    tif: TimeInForce

    def send(self, s: Strategy) -> int:
        act = s.buy if self.buys else s.short
        terms: dict[str, Any] = {"volume": self.volume, "time_in_force": self.tif}
        if self.kind in {OrderType.LIMIT, OrderType.STOP_LIMIT}:
            terms["price"] = self.limit
        if self.kind in {OrderType.STOP, OrderType.STOP_LIMIT}:
            terms["stop"] = self.trigger
        if self.kind is OrderType.TRAILING:
            terms["trail"] = self.trail
        return act(**terms)

    def mirrored(self) -> Ask:
        return self._replace(
            buys=not self.buys, limit=2 * PIVOT - self.limit, trigger=2 * PIVOT - self.trigger
        )


prices = st.integers(PIVOT - 12, PIVOT + 12)
tifs = st.sampled_from([TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK])
asks = st.builds(
    Ask,
    st.integers(0, 5),
    st.booleans(),
    st.sampled_from(OrderType),
    st.integers(1, 30),
    prices,
    prices,
    st.integers(1, 8),
    tifs,
)


@st.composite
def bars(draw: st.DrawFn) -> BarOf:
    """A bar whose nearer extreme is never in doubt: only such a bar has one mirrored path."""
    low, high = sorted((draw(prices), draw(prices)))
    open_ = draw(st.integers(low, high))
    close = draw(st.integers(low, high))
    if high - open_ == open_ - low:
        high += 1
    return (open_, high, low, close, draw(st.sampled_from([0, 50, 120, 400])))


markets = st.lists(bars(), min_size=3, max_size=9)


def run_of(market: list[BarOf], wanted: list[Ask], **terms: Any) -> Simulation:
    """One run of orders that are only opened: positions and money bind nobody."""
    plans: dict[int, list[Ask]] = defaultdict(list)
    for ask in wanted:
        plans[ask.at].append(ask)
    at = {bar: (lambda s, batch=batch: [ask.send(s) for ask in batch]) for bar, batch in plans.items()}
    usual = {"tick": "1", "capital": "1000000000", "participation": "0.25"}
    return trade([flat(PIVOT), *market], at, **(usual | terms))


def bar_at(run: Simulation, index: int) -> tuple[Decimal, Decimal, Decimal]:
    series: BarSeries = run.series
    columns = (series.open_units, series.high_units, series.low_units)
    open_, high, low = (series.to_price(int(column[index])) for column in columns)
    return open_, high, low


@given(markets, st.lists(asks, max_size=6), st.sampled_from(["0", "2"]))
def test_every_fill_has_a_price_that_the_bar_saw(
    market: list[BarOf], wanted: list[Ask], slippage: str
) -> None:
    run = run_of(market, wanted, slippage=slippage)
    for found in run.trades:
        _, high, low = bar_at(run, bar_of(run, found.time_ns))
        assert low <= found.price <= high


@given(markets, st.lists(asks, max_size=6), st.sampled_from(["0", "2"]))
def test_a_limit_is_never_worse_and_a_stop_never_better_than_asked(
    market: list[BarOf], wanted: list[Ask], slippage: str
) -> None:
    run = run_of(market, wanted, slippage=slippage)
    for found in run.trades:
        intent = run.book.orders[found.order_id].intent
        sign = 1 if found.side is Side.BUY else -1
        if intent.price is not None:
            assert sign * (intent.price - found.price) >= 0
        if intent.type is OrderType.STOP and intent.trigger_price is not None:
            open_, _, _ = bar_at(run, bar_of(run, found.time_ns))
            best = min(sign * intent.trigger_price, sign * open_)
            assert sign * found.price >= best


@given(markets, st.lists(asks, max_size=6))
def test_all_orders_together_take_no_more_than_their_share_of_a_bar(
    market: list[BarOf], wanted: list[Ask]
) -> None:
    run = run_of(market, wanted)
    taken: dict[int, Decimal] = defaultdict(Decimal)
    for found in run.trades:
        taken[bar_of(run, found.time_ns)] += found.volume
    for index, volume in taken.items():
        assert volume <= Decimal(run.series.volume[index]) / 4


@given(markets, st.lists(asks, max_size=6))
def test_no_fill_comes_before_the_bar_after_its_order(market: list[BarOf], wanted: list[Ask]) -> None:
    run = run_of(market, wanted)
    for found in run.trades:
        assert found.time_ns >= run.book.orders[found.order_id].created_ns


@given(markets, st.lists(asks, max_size=6))
def test_an_order_is_never_filled_above_its_volume_and_fill_or_kill_not_in_part(
    market: list[BarOf], wanted: list[Ask]
) -> None:
    run = run_of(market, wanted)
    for order in run.book.orders.values():
        filled = sum((t.volume for t in run.trades if t.order_id == order.order_id), Decimal(0))
        assert order.filled == filled <= order.intent.quantity
        if order.intent.time_in_force is TimeInForce.FOK:
            assert filled in {0, order.intent.quantity}
        if order.intent.time_in_force is not TimeInForce.GTC and order.placed:
            assert len({t.time_ns for t in run.trades if t.order_id == order.order_id}) <= 1
    assert run.notes == []  # the venue never contradicted itself


@given(markets, st.lists(asks, max_size=6), st.sampled_from(["0", "2"]))
@settings(max_examples=200)
def test_a_mirrored_market_gives_mirrored_fills(
    market: list[BarOf], wanted: list[Ask], slippage: str
) -> None:
    turned = [
        (2 * PIVOT - o, 2 * PIVOT - low, 2 * PIVOT - high, 2 * PIVOT - c, volume)
        for o, high, low, c, volume in market
    ]
    one = run_of(market, wanted, slippage=slippage)
    other = run_of(turned, [ask.mirrored() for ask in wanted], slippage=slippage)
    assert [(t.time_ns, t.order_id, t.side, 2 * PIVOT - t.price, t.volume) for t in one.trades] == [
        (t.time_ns, t.order_id, t.side.opposite, t.price, t.volume) for t in other.trades
    ]


@given(markets, st.lists(asks, max_size=6), st.data())
def test_the_future_does_not_reach_back(market: list[BarOf], wanted: list[Ask], data: st.DataObject) -> None:
    """Other bars later change nothing of what happened before them."""
    keep = data.draw(st.integers(0, len(market)))
    later = data.draw(st.lists(bars(), min_size=len(market) - keep, max_size=len(market) - keep))
    one, other = run_of(market, wanted), run_of([*market[:keep], *later], wanted)
    cut = int(one.series.time_ns[keep]) if keep < len(market) else one.time_ns
    assert [t for t in one.trades if t.time_ns <= cut] == [t for t in other.trades if t.time_ns <= cut]


class Reply(NamedTuple):
    """What a strategy does when it hears of a trade."""

    ask: Ask
    cancels: int


replies_ = st.lists(st.builds(Reply, asks, st.integers(0, 6)), max_size=5)


@given(
    markets,
    st.lists(asks, min_size=1, max_size=4),
    st.lists(st.builds(Reply, asks, st.integers(0, 6)), max_size=5),
)
@settings(max_examples=200)
def test_strategies_that_act_inside_bars_break_nothing(
    market: list[BarOf], wanted: list[Ask], replies: list[Reply]
) -> None:
    """Closes, opens and cancels given from on_trade: the venue stays consistent with itself."""
    plans: dict[int, list[Ask]] = defaultdict(list)
    for ask in wanted:
        plans[ask.at].append(ask)

    def answer(s: Any, _: Any) -> None:
        if s.answers:
            reply = s.answers.pop(0)
            s.cancel(reply.cancels)
            reply.ask.send(s)
            held = s.position
            if held > 0:
                s.sell(reply.ask.limit, held)
                s.sell(stop=reply.ask.trigger, volume=held)
            elif held < 0:
                s.cover(reply.ask.limit, -held)
                s.cover(stop=reply.ask.trigger, volume=-held)

    at = {bar: (lambda s, batch=batch: [ask.send(s) for ask in batch]) for bar, batch in plans.items()}
    kind = scripted(at, on_trade=answer, on_start=lambda s: setattr(s, "answers", list(replies)))
    run = plan_of([flat(PIVOT), *market], kind, tick="1", capital="1000000000", participation="0.25").run()
    run.start()
    run.advance(len(run.series))
    assert not run.hosts[1].error
    assert run.notes == []
    taken: dict[int, Decimal] = defaultdict(Decimal)
    for found in run.trades:
        index = bar_of(run, found.time_ns)
        _, high, low = bar_at(run, index)
        assert low <= found.price <= high
        taken[index] += found.volume
    assert all(volume <= Decimal(run.series.volume[index]) / 4 for index, volume in taken.items())
    assert set(run.book.active) == set(run._matcher._book.orders)  # type: ignore[attr-defined]
