"""One Trading Monitor per data folder: two of them would write into one session.

Holds a lock of the operating system on a file in the folder. It goes with the process, however
that ends, so a killed one leaves nothing to clean up.
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
