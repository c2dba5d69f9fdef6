"""Going to a venue: the session that was had there before, or a new one on what the venue offers.

Knows how gateways are made; which one it is follows from the address.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from monitor.core.live import LiveConfig, LiveSession
from monitor.core.sessions import Opened, begin_live, restore
from monitor.engine.guards import GuardLimits
from monitor.engine.options import VenueOptions
from monitor.engine.trading.terms import AccountTerms, TradingTerms, VenueTerms
from monitor.engine.values import World
from monitor.engine.venue import VenueMessage
from monitor.net.venues import VenueGateway
from monitor.net.venues.gateway import Gateway
from monitor.net.venues.hello import VenueHello, ask_hello
from monitor.store.store import SavedSession, Store

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
NS_PER_MS = 1_000_000


class Venues:
    """How venues are reached. `guards` are the risk limits of sessions begun here."""

    def __init__(self, guards: GuardLimits | None = None) -> None:
        self.guards = guards or GuardLimits()

    def gateway(
        self, live: LiveSession, venue: str, on_message: Callable[[VenueMessage], None]
    ) -> VenueGateway:
        accounts = tuple(a.account_id for a in live.config.terms.accounts if a.venue == venue)
        return Gateway(venue, live.config.options.url, accounts, on_message, time.time_ns)

    async def hello(self, options: VenueOptions) -> VenueHello:
        """What a venue offers. Raises `VenueError` with a sentence when it cannot be reached."""
        return await ask_hello(options.url)

    def terms(self, offered: TradingTerms) -> TradingTerms:
        """How a session on what a venue offers is traded: it keeps this for its whole life."""
        return msgspec.structs.replace(offered, guards=self.guards)


async def connect(store: Store, venues: Venues, options: VenueOptions, now_ns: int) -> Opened:
    """The session that was had at this address, brought back, or a new one. Raises VenueError,
    StoreError, and ValueError when the venue does not offer what is asked."""
    saved = await _had_before(store, options)
    if saved is not None:
        return await restore(store, saved)
    hello = await venues.hello(options)
    return await begin_live(store, _config(hello, options, venues, now_ns), now_ns)


async def _had_before(store: Store, options: VenueOptions) -> SavedSession | None:
    for listed in await store.sessions():
        if listed.world == World.REPLAY:
            continue
        saved = await store.session(listed.session_id)
        if saved is None:
            continue
        config = msgspec.json.decode(saved.config, type=LiveConfig)
        if config.options.url == options.url:
            return saved
    return None


def _config(hello: VenueHello, options: VenueOptions, venues: Venues, now_ns: int) -> LiveConfig:
    offered = {account.account_id: account for account in hello.accounts}
    missing = [account_id for account_id in options.accounts if account_id not in offered]
    if missing:
        known = ", ".join(offered) or "none"
        raise ValueError(f"{hello.venue} has no account {', '.join(missing)}; it has {known}.")
    accounts = tuple(
        AccountTerms(
            account_id=account.account_id,
            venue=hello.venue,
            currency=account.currency,
            mode=account.mode,
            balance=account.balance,
        )
        for account in offered.values()
        if not options.accounts or account.account_id in options.accounts
    )
    terms = TradingTerms(
        prefix=f"tm{_base36(now_ns // NS_PER_MS)}",
        venues=(VenueTerms(name=hello.venue, native=hello.native),),
        accounts=accounts,
        zone=hello.zone,
    )
    return LiveConfig(options=options, terms=venues.terms(terms), world=hello.world)


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
