"""What a trading session is made of, as one frozen value: it is kept with the session and
reproduces its engine after a restart. Knows no address and no secret of a venue.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from monitor.engine.guards import GuardLimits
from monitor.engine.ledger import PositionMode
from monitor.engine.lifecycle import LifeCycleTerms
from monitor.engine.tracker import TrackerTerms
from monitor.engine.values import ZERO, OrderType
from monitor.engine.waiting import QueueTerms


class AccountTerms(msgspec.Struct, frozen=True, kw_only=True):
    """`balance` is what the books begin with; the first comparison with the venue corrects it.
    `watched`: somebody else's, orders are seen but never given there. `venue_account` is what the
    venue calls it, "" the same."""

    account_id: str
    venue: str
    venue_account: str = ""
    currency: str = "CNY"
    mode: PositionMode = PositionMode.NETTING
    balance: Decimal = ZERO
    watched: bool = False


class VenueTerms(msgspec.Struct, frozen=True, kw_only=True):
    """`native`: the order types that it takes itself; others are held here and sent when due."""

    name: str
    native: frozenset[OrderType] = frozenset({OrderType.MARKET, OrderType.LIMIT})


class TradingTerms(msgspec.Struct, frozen=True, kw_only=True):
    """`prefix` begins every client order id of the session and is never used by another one.
    `zone` is the IANA zone of days and of times in conditions."""

    prefix: str
    venues: tuple[VenueTerms, ...]
    accounts: tuple[AccountTerms, ...]
    zone: str = "Asia/Shanghai"
    guards: GuardLimits = GuardLimits()
    tracker: TrackerTerms = TrackerTerms()
    queue: QueueTerms = QueueTerms()
    life: LifeCycleTerms = LifeCycleTerms()

    def account(self, account_id: str) -> AccountTerms | None:
        """By its id; "" is the first that orders may be given for."""
        for account in self.accounts:
            if account.account_id == account_id or (not account_id and not account.watched):
                return account
        return None

    def venue(self, name: str) -> VenueTerms | None:
        return next((venue for venue in self.venues if venue.name == name), None)
