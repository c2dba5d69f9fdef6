"""Files that are written whole or not at all: beside their place first, then in it.

Owns the temporary name and the sentences when that is impossible. Knows nothing of what is in
them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from monitor.errors import UserError


def check_writable(path: Path) -> None:
    """Before minutes of work, not after. UserError says why not."""
    if path.is_dir():
        raise UserError(f"{path} is a folder, not a file to write")
    if not path.parent.is_dir():
        raise UserError(f"the folder {path.parent} for {path.name} does not exist")
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise UserError(f"{path} cannot be written: permission denied")


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, in its place only when the block ends well; until then, and after any
    exception, what was there before is untouched. A device or a pipe is written directly.

    UserError when the system refuses.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as device:
            yield device
        return
    name = ""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            yield file
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError as error:
        raise UserError(f"{path} could not be written: {error.strerror or error}") from error
    finally:
        if name:
            Path(name).unlink(missing_ok=True)
