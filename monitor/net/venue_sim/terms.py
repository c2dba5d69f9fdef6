"""What a scripted venue is: its name, accounts, instruments, habits, seed.

Plain values, read from a TOML or JSON file or made by tests. Opens nothing.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from monitor.engine.values import ContractKind, Instrument, OrderType

PROTOCOL = "monitor-venue/1"
WORLD = "SIMULATED"


class AccountTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`hedged`: long and short are kept apart, and today's from yesterday's. Else one net position."""

    account_id: str
    balance: Decimal = Decimal(1_000_000)
    currency: str = "CNY"
    hedged: bool = False


class VenueTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`native`: order types the venue works itself, others are refused. `replace_keeps_id`: a
    change keeps the venue's id instead of making a new order. `trigger_new_id`: a stop that
    triggers goes on under a new id. `manual`: nothing is quoted or filled by itself.
    `prices`: where quotes begin, by symbol. `pace_ms`: between two quotes of a symbol.
    `touch_lots`: most lots at the touch of one quote."""

    venue: str = "sim"
    accounts: tuple[AccountTerms, ...] = ()
    instruments: tuple[Instrument, ...] = ()
    prices: dict[str, Decimal] = {}
    native: tuple[OrderType, ...] = (
        OrderType.MARKET,
        OrderType.LIMIT,
        OrderType.STOP,
        OrderType.STOP_LIMIT,
    )
    replace_keeps_id: bool = False
    trigger_new_id: bool = False
    manual: bool = False
    seed: int = 1
    pace_ms: int = 200
    touch_lots: int = 20


GOLD = Instrument(
    symbol="SIM.au9999",
    tick=Decimal("0.02"),
    multiplier=Decimal(1000),
    margin_rate=Decimal("0.08"),
    commission_per_lot=Decimal(10),
    close_today_per_lot=Decimal(0),
    max_volume=Decimal(500),
)
COIN = Instrument(
    symbol="SIM.BTC-PERP",
    tick=Decimal("0.5"),
    lot=Decimal("0.001"),
    margin_rate=Decimal("0.05"),
    commission_rate=Decimal("0.0005"),
    currency="USD",
    zone="UTC",
    min_volume=Decimal("0.001"),
    max_volume=Decimal(100),
)
INVERSE = Instrument(
    symbol="SIM.BTC-INV",
    tick=Decimal("0.5"),
    lot=Decimal(10),
    margin_rate=Decimal("0.05"),
    commission_rate=Decimal("0.0005"),
    currency="BTC",
    zone="UTC",
    contract=ContractKind.INVERSE,
)
DEFAULT_INSTRUMENTS = (GOLD, COIN, INVERSE)
DEFAULT_PRICES = {
    "SIM.au9999": Decimal("780.00"),
    "SIM.BTC-PERP": Decimal("60000.0"),
    "SIM.BTC-INV": Decimal("60000.0"),
}
DEFAULT_ACCOUNTS = (
    AccountTerms(account_id="sim-1", hedged=True),
    AccountTerms(account_id="sim-2", currency="USD"),
)


def completed(terms: VenueTerms) -> VenueTerms:
    """The same with the usual instruments and accounts where none are named."""
    instruments = terms.instruments or DEFAULT_INSTRUMENTS
    return msgspec.structs.replace(
        terms,
        instruments=instruments,
        accounts=terms.accounts or DEFAULT_ACCOUNTS,
        prices={one.symbol: start_price(terms, one) for one in instruments},
    )


def start_price(terms: VenueTerms, instrument: Instrument) -> Decimal:
    asked = terms.prices.get(instrument.symbol) or DEFAULT_PRICES.get(instrument.symbol)
    return instrument.price(asked) if asked is not None else instrument.tick * 5_000
