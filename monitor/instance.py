"""One Trading Monitor per data folder and per database file: two would write into one session.

Holds a lock of the operating system on a file in the folder or beside the database. It goes with
the process, however that ends, so a killed one leaves nothing to clean up. A database on a server
is held by the store.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from monitor.errors import UserError

LOCK_FILE = "running.lock"


@contextmanager
def data_folder_held(folder: Path) -> Iterator[None]:
    """Nobody else may hold `folder` meanwhile; it is made when it does not exist.

    Raises UserError when it is held already or cannot be used.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK_FILE).open("a+", encoding="ascii")
    except OSError as error:
        raise UserError(f"the data folder {folder} cannot be used: {error.strerror}") from error
    with file:
        if not _lock(file):
            raise UserError(
                f"Trading Monitor is already running with the data folder {folder} (process "
                f"{_holder(file)}): use that one, end it, or choose another folder with --data-dir"
            )
        _sign(file)
        yield


@contextmanager
def database_file_held(file: Path | None) -> Iterator[None]:
    """Nobody else may hold the database meanwhile, whatever data folder they have. Nothing to do
    for None, a database on a server.

    Raises UserError when it is held already or its folder cannot be used.
    """
    if file is None:
        yield
        return
    lock = file.with_name(f"{file.name}.lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        held = lock.open("a+", encoding="ascii")
    except OSError as error:
        raise UserError(f"the database {file} cannot be used: {error.strerror}") from error
    with held:
        if not _lock(held):
            raise UserError(
                f"another Trading Monitor (process {_holder(held)}) is using the database {file}: end "
                "that one, or choose another database with MONITOR_DATABASE"
            )
        _sign(held)
        yield


def holder(folder: Path) -> str:
    """The process id of who holds the folder; "" when nobody does."""
    try:
        file = (folder / LOCK_FILE).open("r+", encoding="ascii")
    except OSError:
        return ""
    with file:
        return "" if _lock(file) else _holder(file)


def _holder(file: IO[str]) -> str:
    file.seek(0)
    return file.read(20).strip() or "unknown"


def _sign(file: IO[str]) -> None:
    file.seek(0)
    file.truncate()
    file.write(f"{os.getpid()}\n")
    file.flush()


if sys.platform == "win32":
    import msvcrt

    # Far behind the text: on Windows a locked byte cannot be read by others.
    _LOCKED_BYTE = 1_000_000

    def _lock(file: IO[str]) -> bool:
        file.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(file: IO[str]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
