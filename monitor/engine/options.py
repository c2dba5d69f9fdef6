"""What a replay or back-test is made of: one frozen value that reproduces it exactly."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec


class Matching(StrEnum):
    """`vnpy`: vn.py's conventions (next bar, touch fills, no volume limit, slippage as a cost,
    days of Shanghai), so that its results can be reproduced. `standard`: ours (orders.md)."""

    STANDARD = "standard"
    VNPY = "vnpy"


class ReplayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`rate` is commission as a fraction of the traded money, `slippage` is in price units per
    lot for vnpy and in ticks for standard, `participation` the share of a bar's volume
    that our orders may take (standard only). None means: choose by the data.
    `close_today_*` are `rate` and `commission_per_lot` of closing what was opened the same trading
    day (standard only), None: as any other. `settle`: positions are settled at each trading
    day's end where the exchange does so (standard only).
    `parameters` are those of the strategy, as text."""

    file: str
    strategy: str
    parameters: dict[str, str] = msgspec.field(default_factory=dict)
    symbol: str = ""
    matching: Matching = Matching.STANDARD
    capital: Decimal = Decimal(1_000_000)
    rate: Decimal = Decimal(0)
    commission_per_lot: Decimal = Decimal(0)
    slippage: Decimal = Decimal(0)
    multiplier: Decimal = Decimal(1)
    tick: Decimal | None = None
    margin_rate: Decimal = Decimal("0.1")
    currency: str = "CNY"
    zone: str = ""
    participation: Decimal = Decimal("0.1")
    strict: bool = False
    close_today_rate: Decimal | None = None
    close_today_per_lot: Decimal | None = None
    settle: bool = False


class VenueOptions(msgspec.Struct, frozen=True, kw_only=True):
    """A venue to trade at: its address, without any secret; `further` are those of others in the same
    session. `accounts`: those to trade on; empty means all that are offered."""

    url: str
    further: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()

    @property
    def urls(self) -> tuple[str, ...]:
        return (self.url, *self.further)
