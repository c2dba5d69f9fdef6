"""What happens to an account, in few words, and whether two accounts are the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from monitor.engine import events as ev
from monitor.engine.accounts import Account, Booking, Fill
from monitor.engine.ledger import PositionMode
from monitor.engine.trading.parts import PositionChange
from monitor.engine.values import (
    ZERO,
    ContractKind,
    Direction,
    Instrument,
    MoneyKind,
    Offset,
    RecordType,
    Side,
)

GOLD = Instrument(
    symbol="SHFE.au2012",
    tick=Decimal("0.02"),
    multiplier=Decimal(1000),
    margin_rate=Decimal("0.05"),
)
MEAL = Instrument(symbol="DCE.m2005", multiplier=Decimal(10), margin_rate=Decimal("0.07"))
PERPETUAL = Instrument(
    symbol="DERIBIT.BTC-PERPETUAL",
    tick=Decimal("0.5"),
    lot=Decimal(10),
    margin_rate=Decimal("0.02"),
    currency="BTC",
    contract=ContractKind.INVERSE,
)
SUI = Instrument(
    symbol="HYPERLIQUID.SUI", tick=Decimal("0.0001"), lot=Decimal("0.1"), currency="USDC", zone="UTC"
)
LONG, SHORT = Direction.LONG, Direction.SHORT
numbers = itertools.count(1)


def fill(
    side: Side,
    price: str | int | Decimal,
    volume: str | int | Decimal = 1,
    *,
    at: int,
    of: Instrument = GOLD,
    offset: Offset = Offset.OPEN,
    **more: Any,
) -> Fill:
    number = next(numbers)
    more.setdefault("trade_key", f"T{number}")
    return Fill(
        trade_id=number,
        symbol=of.symbol,
        side=side,
        offset=offset,
        price=Decimal(price),
        volume=Decimal(volume),
        time_ns=at,
        **{name: Decimal(v) if name in ("commission", "slippage") else v for name, v in more.items()},
    )


def buy(price: str | int, volume: str | int = 1, **more: Any) -> Fill:
    return fill(Side.BUY, price, volume, **more)


def sell(price: str | int, volume: str | int = 1, **more: Any) -> Fill:
    return fill(Side.SELL, price, volume, **more)


def netted(currency: str = "CNY", capital: int = 1_000_000, *, watched: bool = False) -> Account:
    return Account("a1", PositionMode.NETTING, currency, Decimal(capital), watched=watched)


def hedged(currency: str = "CNY", capital: int = 1_000_000) -> Account:
    return Account("a1", PositionMode.HEDGING, currency, Decimal(capital))


def book(account: Account, *fills: Fill, of: Instrument = GOLD) -> list[Booking]:
    return [account.book(one, of) for one in fills]


def roll(
    account: Account, at: int, day: str = "2020-01-02", **prices: str | int
) -> tuple[PositionChange, ...]:
    """`au="400"` settles SHFE.au2012, `m=2700` DCE.m2005."""
    names = {"au": GOLD.symbol, "m": MEAL.symbol, "btc": PERPETUAL.symbol, "sui": SUI.symbol}
    told = {names[name]: Decimal(price) for name, price in prices.items()}
    return account.roll(ev.DayRolled(day=day, prices=told), at)


def moved(
    account: Account, amount: str | int, kind: MoneyKind, currency: str = "", name: str | None = None
) -> None:
    account.move(
        ev.MoneyMoved(
            account_id="a1",
            amount=Decimal(amount),
            currency=currency or account.currency,
            kind=kind,
            venue_id=f"M{next(numbers)}" if name is None else name,
        )
    )


def correct(
    account: Account,
    direction: Direction,
    volume: str | int,
    average: str | int | None,
    *,
    at: int,
    of: Instrument = GOLD,
) -> tuple[PositionChange, ...]:
    fact = ev.PositionCorrected(
        account_id="a1",
        symbol=of.symbol,
        direction=direction,
        volume=Decimal(volume),
        average_price=None if average is None else Decimal(average),
        type=RecordType.CORRECTION,
        reason="the venue says so",
        by="reconciliation",
    )
    return account.correct(fact, at, of)


def volumes(account: Account, of: Instrument = GOLD) -> tuple[Decimal, Decimal]:
    return account.volume(of.symbol, LONG), account.volume(of.symbol, SHORT)


def lots(account: Account, direction: Direction, of: Instrument = GOLD) -> tuple[Decimal, Decimal]:
    """(today's, yesterday's)."""
    found = account.position(of.symbol, direction)
    return (ZERO, ZERO) if found is None else (found.volume_today, found.volume_yesterday)


def figures(account: Account) -> dict[str, Any]:
    """All that an account says of itself."""
    said: dict[str, Any] = {"excess": account.excess, "gaps": account.gaps, "waiting": account.waiting}
    for currency, ledger in account.ledgers.items():
        said[currency] = (
            ledger.static_balance,
            ledger.realised,
            ledger.commission,
            ledger.slippage,
            ledger.balance(),
            ledger.floating(),
            ledger.margin(),
            ledger.today_profit(),
        )
    for symbol, history in account.histories.items():
        said[symbol] = (history.long.state(), history.short.state(), dict(sorted(history.profits.items())))
    return said


def same_whatever_order(account: Account, other: Account) -> bool:
    return figures(account) == figures(other)


def folded(account: Account, fills: Iterable[Fill], of: Instrument = GOLD) -> Account:
    for one in fills:
        account.book(one, of)
    return account
