"""What the options of the command line accept: numbers, speeds, zones, files, NAME=VALUE.

Each reader takes a text and gives a value, or raises ArgumentTypeError with what is allowed.
Knows nothing of which option uses it.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo


def _number(allowed: str, accepts: Callable[[Decimal], bool]) -> Callable[[str], Decimal]:
    """A reader of exact numbers that says what is allowed."""

    def read(text: str) -> Decimal:
        try:
            number = Decimal(text.strip())
        except InvalidOperation:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number; allowed is {allowed}") from None
        if not number.is_finite() or not accepts(number):
            raise argparse.ArgumentTypeError(f"{text} is not allowed; it must be {allowed}")
        return number

    return read


positive = _number("a number above 0", lambda number: number > 0)
not_negative = _number("0 or more", lambda number: number >= 0)
fraction = _number("a fraction from 0 up to 1, such as 0.0001", lambda number: 0 <= number < 1)
share = _number("a fraction above 0 and up to 1, such as 0.1", lambda number: 0 < number <= 1)


def speed(text: str) -> float | None:
    if text.strip().lower() == "max":
        return None
    try:
        return float(positive(text))
    except argparse.ArgumentTypeError:
        message = f"{text!r} is not a speed; allowed is a number above 0 or max"
        raise argparse.ArgumentTypeError(message) from None


def zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, LookupError, ValueError):
        message = f"there is no time zone {name!r}; allowed is a name such as Asia/Shanghai or UTC"
        raise argparse.ArgumentTypeError(message) from None
    return name


def data_file(text: str) -> str:
    path = Path(text).expanduser()
    if not path.exists():
        raise argparse.ArgumentTypeError(f"there is no file {text}")
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a folder; a K-line file is needed")
    if not os.access(path, os.R_OK):
        raise argparse.ArgumentTypeError(f"{text} cannot be read: permission denied")
    return str(path)


def output_file(text: str) -> Path:
    path = Path(text).expanduser()
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a folder; the name of a file is needed")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {path.parent}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text} cannot be written: permission denied")
    return path


def parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE, such as fast=10")
    return name.strip(), value.strip()


def venue_url(text: str) -> str:
    """The address of a venue: ws:// or wss://, without anything secret in it."""
    parts = urlsplit(text)
    if parts.scheme not in {"ws", "wss"} or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address such as ws://127.0.0.1:8770")
    if parts.password or parts.query:
        raise argparse.ArgumentTypeError("an address holds no secrets: leave out the password")
    return text
