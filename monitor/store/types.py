"""Column types that mean the same on SQLite, PostgreSQL and MariaDB.

Owns how an exact number, a word of a fixed vocabulary and a small dictionary are written
down. Knows no table.
"""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from math import copysign, inf, isinf
from typing import Any

from sqlalchemy import BigInteger, Dialect, Double, Integer, LargeBinary, Numeric, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

LARGEST = sys.float_info.max

# SQLite numbers rows itself only for a key called exactly INTEGER.
RowNumber = BigInteger().with_variant(Integer, "sqlite")


# Options of every table: MariaDB would use what its server was set up with, where "a" may be
# "A" and half of Unicode missing; and another engine has no transactions.
TABLE_OPTIONS: dict[str, Any] = {
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mysql_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_nopad_bin",
    "mariadb_engine": "InnoDB",
}


def _is_mariadb(dialect: Dialect) -> bool:
    return dialect.name in ("mysql", "mariadb")


class Bytes(TypeDecorator[bytes]):
    """Any bytes."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if not _is_mariadb(dialect):
            return dialect.type_descriptor(LargeBinary())
        from sqlalchemy.dialects.mysql import LONGBLOB  # its BLOB ends at 64 kB

        return dialect.type_descriptor(LONGBLOB())


class Characters(TypeDecorator[str]):
    """Any text; with a length where it is part of a key. The one character that PostgreSQL
    cannot store, NUL, is written there as its picture (U+2400)."""

    impl = String
    cache_ok = True

    def __init__(self, length: int | None = None) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        length = self.length
        if length is None and _is_mariadb(dialect):
            from sqlalchemy.dialects.mysql import LONGTEXT  # its TEXT ends at 64 kB

            return dialect.type_descriptor(LONGTEXT())
        return dialect.type_descriptor(Text() if length is None else String(length))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or dialect.name != "postgresql":
            return value
        return value.replace("\0", "\u2400")


class Measure(TypeDecorator[float]):
    """A float64. MariaDB knows no infinity: there the largest number stands for it."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:
        if value is None or not _is_mariadb(dialect) or not isinf(value):
            return value
        return copysign(LARGEST, value)

    def process_result_value(self, value: float | None, dialect: Dialect) -> float | None:
        if value is None or not _is_mariadb(dialect) or abs(value) < LARGEST:
            return value
        return copysign(inf, value)


class ExactDecimal(TypeDecorator[Decimal]):
    """A finite Decimal: its value and the zeros at its end.

    Text where the database's own number would round or pad (SQLite, MariaDB), unbounded
    NUMERIC on PostgreSQL, which writes 1E+3 as 1000 and -0 as 0. Anything but a finite
    Decimal raises: money is never guessed.
    """

    impl = String(100)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        native = dialect.name == "postgresql"
        return dialect.type_descriptor(Numeric() if native else String(100))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if not isinstance(value, Decimal):
            raise TypeError(f"a Decimal was expected, not {value!r}")
        if not value.is_finite():
            raise ValueError(f"{value} is not an amount")
        return value if dialect.name == "postgresql" else str(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return value if value is None or isinstance(value, Decimal) else Decimal(value)


class Word(TypeDecorator[str]):
    """The value of a StrEnum as plain text, because drivers accept only real `str`."""

    impl = String(20)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)


class Scalars(TypeDecorator[dict[str, Any]]):
    """A dictionary of numbers, texts, truths and None as JSON text."""

    impl = Characters
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> dict[str, Any] | None:
        return None if value is None else dict(json.loads(value))


class Words(TypeDecorator[tuple[str, ...]]):
    """Values of a StrEnum, in their order, as a JSON list of plain texts."""

    impl = Characters
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps([str(word) for word in value])

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(json.loads(value))
