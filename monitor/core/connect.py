"""Going to venues: the session that was had there before, or a new one on what the venues offer.

Knows how gateways are made; which one it is follows from the address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from monitor.core.live import LiveConfig, LiveSession
from monitor.core.sessions import Opened, begin_live, restore
from monitor.engine.guards import GuardLimits
from monitor.engine.options import VenueOptions
from monitor.engine.trading.terms import AccountTerms, TradingTerms, VenueTerms
from monitor.engine.values import World
from monitor.engine.venue import VenueMessage
from monitor.net.venues import OnMessage, VenueGateway
from monitor.net.venues.gateway import Gateway
from monitor.net.venues.hello import VenueError, VenueHello, ask_hello
from monitor.net.venues.naming import NamedGateway, names_inside
from monitor.net.venues.terms import GatewayTerms
from monitor.store.store import SavedSession, Store

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
NS_PER_MS = 1_000_000


class Venues:
    """How venues are reached. `guards` are the risk limits of sessions begun here, `line` how patient
    a line to a venue is."""

    def __init__(self, guards: GuardLimits | None = None, line: GatewayTerms | None = None) -> None:
        self.guards = guards or GuardLimits()
        self.line = line or GatewayTerms()

    def gateway(
        self, live: LiveSession, venue: str, on_message: Callable[[VenueMessage], None]
    ) -> VenueGateway:
        """One line each. Where there are several, names of accounts are made to differ."""
        config = live.config
        mine = [account for account in config.terms.accounts if account.venue == venue]
        inside = {account.venue_account or account.account_id: account.account_id for account in mine}

        def make(on_message: OnMessage) -> Gateway:
            return Gateway(venue, config.url_of(venue), tuple(inside), on_message, live.clock_ns, self.line)

        if len(config.terms.venues) == 1:
            return make(on_message)
        return NamedGateway(venue, inside, on_message, make)

    async def hello(self, url: str) -> VenueHello:
        """What a venue offers. Raises `VenueError` with a sentence when it cannot be reached."""
        return await ask_hello(url)

    def terms(self, offered: TradingTerms) -> TradingTerms:
        """How a session on what a venue offers is traded: it keeps this for its whole life."""
        return msgspec.structs.replace(offered, guards=self.guards)


async def connect(store: Store, venues: Venues, options: VenueOptions, now_ns: int) -> Opened:
    """The session that was had at these addresses, brought back whether they answer or not, or a new
    one. Raises StoreError, and VenueError when one cannot be reached or does not offer what is asked."""
    saved = await _had_before(store, options)
    if saved is not None:
        _check_same_accounts(saved, options)
        return await restore(store, saved)
    hellos = await _greet(venues, options)
    return await begin_live(store, _config(hellos, options, venues, now_ns), now_ns)


async def _had_before(store: Store, options: VenueOptions) -> SavedSession | None:
    for listed in await store.sessions():
        if listed.world == World.REPLAY:
            continue
        saved = await store.session(listed.session_id)
        if saved is None:
            continue
        if set(_config_of(saved).options.urls) == set(options.urls):
            return saved
    return None


def _config_of(saved: SavedSession) -> LiveConfig:
    return msgspec.json.decode(saved.config, type=LiveConfig)


def _check_same_accounts(saved: SavedSession, options: VenueOptions) -> None:
    """A session keeps its accounts for its whole life: others are never traded in their place."""
    kept = [account.account_id for account in _config_of(saved).terms.accounts if not account.watched]
    if options.accounts and set(options.accounts) != set(kept):
        raise VenueError(
            f"The session that is kept for {', '.join(options.urls)} trades {', '.join(kept)}, "
            f"not {', '.join(options.accounts)}: name no account or these, or use another database."
        )


async def _greet(venues: Venues, options: VenueOptions) -> list[VenueHello]:
    """All of them: a session is not begun on a part of what was asked for."""
    answers = await asyncio.gather(*map(venues.hello, options.urls), return_exceptions=True)
    hellos = []
    for url, answer in zip(options.urls, answers, strict=True):
        if isinstance(answer, VenueError):
            raise answer if url in str(answer) else VenueError(f"{url}: {answer}")
        if isinstance(answer, BaseException):
            raise answer
        hellos.append(answer)
    return hellos


def _config(hellos: Sequence[VenueHello], options: VenueOptions, venues: Venues, now_ns: int) -> LiveConfig:
    _check_together(hellos, options)
    offered = _offered(hellos)
    missing = [name for name in options.accounts if name not in {a.account_id for a in offered}]
    if missing:
        known = ", ".join(account.account_id for account in offered) or "none"
        who = " and ".join(hello.venue for hello in hellos)
        raise VenueError(
            f"{who} {'has' if len(hellos) == 1 else 'have'} no account {', '.join(missing)}, only {known}."
        )
    terms = TradingTerms(
        prefix=f"tm{_base36(now_ns // NS_PER_MS)}",
        venues=tuple(VenueTerms(name=hello.venue, native=hello.native) for hello in hellos),
        accounts=tuple(a for a in offered if not options.accounts or a.account_id in options.accounts),
        zone=hellos[0].zone,
    )
    return LiveConfig(options=options, terms=venues.terms(terms), world=hellos[0].world)


def _check_together(hellos: Sequence[VenueHello], options: VenueOptions) -> None:
    """Whether venues can be told apart, and are of one world."""
    known: dict[str, str] = {}
    for hello, url in zip(hellos, options.urls, strict=True):
        if hello.venue in known:
            raise VenueError(
                f"{known[hello.venue]} and {url} both call themselves {hello.venue}: start one with --name."
            )
        known[hello.venue] = url
        if hello.world is not hellos[0].world:
            raise VenueError(
                f"{hellos[0].venue} is {hellos[0].world}, {hello.venue} is {hello.world}: "
                "one session is of one world."
            )


def _offered(hellos: Sequence[VenueHello]) -> list[AccountTerms]:
    """All accounts, each with a name of its own."""
    offered: list[AccountTerms] = []
    for hello in hellos:
        taken = [account.account_id for account in offered]
        inside = names_inside(hello.venue, (a.account_id for a in hello.accounts), taken)
        for account in hello.accounts:
            name = inside[account.account_id]
            offered.append(
                AccountTerms(
                    account_id=name,
                    venue=hello.venue,
                    venue_account="" if name == account.account_id else account.account_id,
                    currency=account.currency,
                    mode=account.mode,
                    balance=account.balance,
                )
            )
    return offered


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
