"""Somebody who trades through a program that may die at any moment: gives commands of all kinds, each
with a key, notes every answer, and gives again, with the same key, what was not answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
from trading_child import Answered, Shown
from trading_desk import order
from trading_program import Gone, TradingProgram
from venue_world import GOLD, SYMBOL

from monitor.engine import commands as cmd, events as ev
from monitor.engine.closing import see
from monitor.engine.commands import AnyCommand, OrderRequest, Reply, SubmitOrder
from monitor.engine.orderplan import OrderPlan
from monitor.engine.trading.taken import MOST_KEYS
from monitor.engine.values import LinkKind, Offset, OrderType, Side, TimeInForce

NET, HEDGED = "net", "hedged"
TERMS = """
venue = "sim"
pace_ms = 20
[[accounts]]
account_id = "net"
currency = "USD"
balance = "100000000"
[[accounts]]
account_id = "hedged"
currency = "CNY"
balance = "100000000"
hedged = true
"""
"""Of the venue it trades at: one net account for coins, one that keeps long and short apart for gold."""

_TICKS = {SYMBOL: Decimal("0.5"), GOLD: Decimal("0.02")}
_LOTS = {SYMBOL: Decimal("0.001"), GOLD: Decimal(1)}
_AT_ONCE = 4


class Client:
    """`given` is every command by its key; `answers` what was said to it, if anything was."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.given: dict[str, AnyCommand] = {}
        self.answers: dict[str, Reply] = {}
        self._shown: Shown | None = None
        self._wishes: list[tuple[int, Callable[[], AnyCommand | None]]] = [
            (4, self._market),
            (5, self._limit),
            (1, self._at_once_or_never),
            (1, self._delayed),
            (2, self._conditional),
            (1, self._pair),
            (2, self._bracket),
            (3, self._cancel),
            (3, self._replace),
            (2, self._close),
        ]

    # What is wanted --------------------------------------------------------------------------
    def _next(self) -> tuple[str, AnyCommand]:
        key = f"k{len(self.given)}"
        weights, wishes = zip(*self._wishes, strict=True)
        while (wish := self.random.choices(wishes, weights)[0]()) is None:
            pass
        self.given[key] = msgspec.structs.replace(wish, key=key, origin="client")
        return key, self.given[key]

    def _order(self, near: int | None = 0, **fields: Any) -> SubmitOrder:
        """`near` ticks from the last price, on a whim; None: at the market."""
        symbol, account = self.random.choice([(SYMBOL, NET), (GOLD, HEDGED)])
        price = None
        if near is not None:
            price = str(self._price(symbol) + self.random.randint(-near, near) * _TICKS[symbol])
        lots = str(self.random.randint(1, 5) * _LOTS[symbol])
        usual = {"symbol": symbol, "account_id": account, "side": self.random.choice(list(Side))}
        return order(lots, price, **{**usual, **fields})

    def _price(self, symbol: str) -> Decimal:
        assert self._shown is not None
        return self._shown.prices.get(symbol, Decimal(60_000 if symbol == SYMBOL else 780))

    def _market(self) -> AnyCommand:
        return self._order(None)

    def _limit(self) -> AnyCommand:
        return self._order(40)

    def _at_once_or_never(self) -> AnyCommand:
        return self._order(5, time_in_force=self.random.choice([TimeInForce.IOC, TimeInForce.FOK]))

    def _delayed(self) -> AnyCommand:
        return self._order(10, plan=OrderPlan(delay_s=1))

    def _conditional(self) -> AnyCommand:
        symbol = self.random.choice([SYMBOL, GOLD])
        level = self._price(symbol) + self.random.randint(-30, 30) * _TICKS[symbol]
        return self._order(None, plan=OrderPlan(conditions=(f"last({symbol}) >= {level}",)))

    def _pair(self) -> AnyCommand:
        one = _request(self._order(30))
        assert one.price is not None
        other = msgspec.structs.replace(one, price=one.price - 5 * _TICKS[one.symbol])
        return cmd.SubmitLinked(strategy_id=0, kind=LinkKind.OCO, orders=(one, other))

    def _bracket(self) -> AnyCommand:
        entry = self._order(None)
        up = 1 if entry.side is Side.BUY else -1
        price, tick = self._price(entry.symbol), _TICKS[entry.symbol]
        exits = {"side": entry.side.opposite, "offset": Offset.CLOSE}
        target = msgspec.structs.replace(
            _request(entry), type=OrderType.LIMIT, price=price + 8 * up * tick, **exits
        )
        stop = msgspec.structs.replace(
            _request(entry), type=OrderType.STOP, trigger_price=price - 8 * up * tick, **exits
        )
        return cmd.SubmitLinked(strategy_id=0, kind=LinkKind.BRACKET, orders=(_request(entry), target, stop))

    def _cancel(self) -> AnyCommand | None:
        number = self._known()
        return None if number is None else cmd.CancelOrder(order_id=number)

    def _replace(self) -> AnyCommand | None:
        number = self._known()
        row = self._shown.orders.get(number) if self._shown is not None and number is not None else None
        if row is None:
            return None
        if self.random.random() < 0.5 or row.price is None:
            return cmd.ReplaceOrder(order_id=row.order_id, quantity=row.quantity + _LOTS[row.symbol])
        ticks = self.random.randint(-20, 20) * _TICKS[row.symbol]
        return cmd.ReplaceOrder(order_id=row.order_id, price=row.price + ticks)

    def _close(self) -> AnyCommand | None:
        shown = self._shown
        held = [row for row in shown.positions.values() if row.volume] if shown is not None else []
        if shown is None or not held:
            return None
        row = self.random.choice(held)
        return cmd.ClosePosition(seen=see(row, shown.orders.values()), volume=row.volume, max_ticks=1000)

    def _known(self) -> int | None:
        """One of the newest orders it has heard of, alive or not."""
        numbers = sorted({i for reply in self.answers.values() for i in reply.order_ids})
        return self.random.choice(numbers[-15:]) if numbers else None

    # Giving ----------------------------------------------------------------------------------
    async def looks(self, child: TradingProgram) -> None:
        self._shown = await child.shown()

    async def asks_again(self, child: TradingProgram) -> None:
        """What was not answered; and of what was, one whose key is still remembered: it gets the same
        answer."""
        for key in [key for key in self.given if key not in self.answers]:
            self.notes(key, await child.gives(self.given[key]))
        answered = [key for key, reply in self.answers.items() if reply.accepted][-(MOST_KEYS // 2) :]
        if answered:
            key = self.random.choice(answered)
            again = (await child.gives(self.given[key])).reply
            assert again is not None
            assert (again.accepted, again.order_ids) == (True, self.answers[key].order_ids), (key, again)

    def gives(self, child: TradingProgram) -> tuple[str, asyncio.Future[Answered]]:
        key, command = self._next()
        return key, child.gives(command)

    def notes(self, key: str, answered: Answered) -> None:
        assert answered.reply is not None
        self.answers[key] = answered.reply

    async def trades(self, child: TradingProgram, number: int) -> None:
        """So many commands, each answered."""
        for turn in range(number):
            if turn % 5 == 4:
                await self.looks(child)
            key, answer = self.gives(child)
            self.notes(key, await answer)

    async def trades_on(self, child: TradingProgram) -> None:
        """Several at once, until the program is gone."""
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(self._trades_until_gone(child))

    async def _trades_until_gone(self, child: TradingProgram) -> None:
        try:
            while True:
                await self.trades(child, 1)
        except Gone:
            return

    # Judging ---------------------------------------------------------------------------------
    def was_answered_truly(self, facts: list[ev.AnyEvent]) -> list[str]:
        """What was accepted is in the journal with its orders, once; what was refused is not."""
        taken: dict[str, int] = {}
        created: dict[int, ev.OrderCreated] = {}
        for fact in facts:
            if isinstance(fact, ev.CommandTaken) and fact.command.key:
                taken[fact.command.key] = taken.get(fact.command.key, 0) + 1
            elif isinstance(fact, ev.OrderCreated):
                created[fact.order_id] = fact
        wrong = [f"{key} was taken {n} times" for key, n in taken.items() if n > 1]
        for key, reply in self.answers.items():
            if reply.accepted != (key in taken):
                wrong.append(f"{key}: answered {reply}, taken {key in taken}")
            wrong += [f"{key}: order {i} is lost" for i in reply.order_ids if i not in created]
        given = [
            i
            for key, reply in self.answers.items()
            if _makes_orders(self.given[key])
            for i in reply.order_ids
        ]
        wrong += [f"order {i} was given as an answer twice" for i in set(given) if given.count(i) > 1]
        return wrong


def _makes_orders(command: AnyCommand) -> bool:
    return isinstance(command, SubmitOrder | cmd.SubmitLinked | cmd.ClosePosition)


def _request(order: SubmitOrder) -> OrderRequest:
    return OrderRequest(**{name: getattr(order, name) for name in OrderRequest.__struct_fields__})
