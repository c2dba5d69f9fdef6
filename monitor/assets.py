"""Finds the files that ship with the program: icons, themes, sample data, the web page.

In a checkout they lie in `resources/` beside the package, in an installed wheel in
`monitor/resources/`. Knows nothing of what is in them.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource_path(*parts: str) -> Path:
    """The path of a shipped file or folder.

    Raises FileNotFoundError when it does not exist: that is a broken installation.
    """
    for root in (_PACKAGE.parent / "resources", _PACKAGE / "resources"):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    wanted = "/".join(parts) or "resources"
    raise FileNotFoundError(f"{wanted} is not among the files of this installation")
