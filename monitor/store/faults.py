"""What a failure of a database means: whether trying again may help, and how it reads.

Owns the error numbers of SQLite, PostgreSQL and MariaDB. Knows neither tables nor retries.
"""

from __future__ import annotations

import os
import sqlite3

from sqlalchemy.exc import (
    DatabaseError,
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
    TimeoutError as PoolTimeoutError,
)


class StoreError(Exception):
    """What is wrong with the database, in one sentence for the user."""


class InUseError(OSError):
    """Another program holds this database."""


# SQLSTATEs of PostgreSQL that are the world's: whole classes (connection, not authorised, no such
# database, rolled back, resources, state, operator, system, internal) and single ones. A table that
# is missing was there at the start: somebody has taken it away, and may put it back.
POSTGRESQL_CLASSES = ("08", "28", "3D", "40", "53", "55", "57", "58", "XX")
POSTGRESQL_STATES = {
    "25006": "it is read-only",
    "42P01": "a table of it is gone",
    "42501": "the user may not write to it",
    "55P03": "another program has locked it",
    "53100": "the disk of the server is full",
    "53300": "the server has no connection left",
    "57014": "the server broke the statement off",
    "57P01": "the server broke the connection off",
    "57P02": "the server has crashed",
    "57P03": "the server is starting or stopping",
    "28P01": "the server does not accept the user or the password",
    "28000": "the server does not accept the user or the password",
    "3D000": "there is no such database on the server",
    "40P01": "another program has locked it",
}

# Numbers of MariaDB and MySQL that its drivers call operational, but that are our mistakes: a
# column that does not fit, a wrong statement.
MARIADB_OURS = {1054, 1060, 1064, 1072, 1091, 1136}
MARIADB_TABLE_GONE = 1146
MARIADB_NUMBERS = {
    1021: "the disk of the server is full",
    1114: "the disk of the server is full",
    1040: "the server has no connection left",
    1044: "the user may not use it",
    1045: "the server does not accept the user or the password",
    1049: "there is no such database on the server",
    1053: "the server is stopping",
    1142: "the user may not write to it",
    1143: "the user may not write to it",
    1153: "the server takes no packet as large as this",
    MARIADB_TABLE_GONE: "a table of it is gone",
    1205: "another program has locked it",
    1213: "another program has locked it",
    1290: "it is read-only",
    1317: "the server broke the statement off",
    1698: "the server does not accept the user or the password",
    1792: "it is read-only",
    1836: "it is read-only",
    1927: "the server broke the connection off",
    2003: "the server does not answer",
    2006: "the connection to the server is gone",
    2013: "the connection to the server is gone",
}

SQLITE_TEXTS = {
    "locked": "another program has locked it",
    "disk is full": "the disk is full",
    "disk i/o error": "the disk reports an error",
    "readonly": "it is read-only",
    "unable to open": "the file cannot be opened",
    "not a database": "the file is not a database",
    "malformed": "the file is damaged",
}


def passing(error: Exception) -> bool:
    """Whether trying again may help: the world's failures, as opposed to ours."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, OSError | PoolTimeoutError)
    if error.connection_invalidated:
        return True
    if (number := _mariadb_number(error)) is not None:
        return number == MARIADB_TABLE_GONE or (number not in MARIADB_OURS and _worldly(error))
    if (state := _state(error)) is not None:
        return state in POSTGRESQL_STATES or state.startswith(POSTGRESQL_CLASSES)
    # What asyncpg cannot encode it calls an error of the interface; the cause tells.
    if isinstance(getattr(error.orig, "__cause__", None), ValueError | TypeError):
        return False
    # SQLite calls a wrong statement operational, too.
    return _sqlite_code(error) != sqlite3.SQLITE_ERROR and _worldly(error)


def _worldly(error: DBAPIError) -> bool:
    """By the class of the error. A plain DatabaseError is a damaged file, which can be put
    back; its other subclasses say that what we wrote is wrong."""
    return isinstance(error, OperationalError | InternalError | InterfaceError) or (
        type(error) is DatabaseError
    )


def locked(error: Exception) -> bool:
    """Whether somebody else holds what we need."""
    if isinstance(error, InUseError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    return (
        (_sqlite_code(error) or 0) & 0xFF == sqlite3.SQLITE_BUSY
        or _state(error) in ("55P03", "40P01")
        or _mariadb_number(error) in (1205, 1213)
    )


def _sqlite_code(error: DBAPIError) -> int | None:
    return getattr(error.orig, "sqlite_errorcode", None)


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _mariadb_number(error: DBAPIError) -> int | None:
    arguments = getattr(error.orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else None


def reason(error: BaseException) -> str:
    """Why, as the end of a sentence."""
    if isinstance(error, DBAPIError):
        return _reason_of_database(error)
    if isinstance(error, FileNotFoundError):
        return "its file has been moved, deleted or replaced"
    if isinstance(error, ConnectionRefusedError):
        return "the server does not answer"
    if isinstance(error, TimeoutError):
        return "the server does not answer in time"
    return _by_text(str(error)) or _system_reason(error) or str(error).rstrip(".")


def _reason_of_database(error: DBAPIError) -> str:
    number, state = _mariadb_number(error), _state(error)
    if number is not None:
        return MARIADB_NUMBERS.get(number) or str(error.orig.args[-1]).rstrip(".")  # type: ignore[union-attr]
    if state is not None and state in POSTGRESQL_STATES:
        return POSTGRESQL_STATES[state]
    if error.connection_invalidated or (state or "").startswith("08"):
        return "the connection to the server is gone"
    return _by_text(str(error.orig)) or str(error.orig).splitlines()[0].rstrip(".")


def _by_text(text: str) -> str:
    known = (plain for part, plain in SQLITE_TEXTS.items() if part in text.lower())
    return next(known, "")


def _system_reason(error: BaseException) -> str:
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else ""
