"""What an address of a database means: which kind, which driver, and how to show it to people.

Owns the names of the drivers and the rule that a password is never shown. Connects to nothing.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

# What each kind of database is spoken to with (docs/decisions/0005), and the extra that brings it.
DRIVERS = {"sqlite": "aiosqlite", "postgresql": "asyncpg", "mysql": "asyncmy", "mariadb": "asyncmy"}
EXTRAS = {"asyncpg": "postgresql", "asyncmy": "mariadb"}
SERVERS = ("postgresql", "mysql", "mariadb")


def understand(url: str | Path) -> URL:
    """The address with its driver named. ArgumentError says what is wrong with it, without
    repeating it: it may hold a password."""
    address = URL.create("sqlite", database=str(url)) if isinstance(url, Path) else make_url(url)
    kind, _, driver = address.drivername.partition("+")
    if not driver and kind in DRIVERS:
        address = address.set(drivername=f"{kind}+{DRIVERS[kind]}")
    if kind in SERVERS:
        _check_server(address)
    return address


def _check_server(address: URL) -> None:
    driver = address.drivername.partition("+")[2]
    extra = EXTRAS.get(driver)
    if extra is None:
        raise ArgumentError(f"the driver {driver} is not one of ours: leave it out of the address")
    if find_spec(driver) is None:
        raise ArgumentError(
            f"the driver {driver} is not installed: pip install 'trading-monitor[{extra}]' brings it"
        )
    if not address.database:
        raise ArgumentError("it names a server but no database on it")


def shown(url: str) -> str:
    """The address for people: a password, in its place or among the options, is stars."""
    try:
        address = make_url(url)
    except ArgumentError:
        return "an address that cannot be read"
    secrets = [name for name in address.query if "pass" in name.lower()]
    return address.update_query_dict(dict.fromkeys(secrets, "***")).render_as_string(hide_password=True)
