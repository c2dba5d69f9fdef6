"""`python -m benchmarks [P7 table ...]`: runs the benchmarks, each in a process of its own.

A benchmark is a module here whose docstring begins with its number (`P7: ...`) if it has one. It
prints a JSON line per figure; nothing else goes to stdout. Without names all are run.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent


def benchmarks() -> dict[str, str]:
    """First line of the docstring by module name."""
    modules = sorted(path for path in HERE.glob("*.py") if not path.name.startswith("_"))
    titles = {
        path.stem: ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "" for path in modules
    }
    return {name: title.partition("\n")[0] for name, title in titles.items()}


def chosen(known: dict[str, str], words: Iterable[str]) -> list[str]:
    """Modules by name or number. Raises KeyError with a word that is neither."""
    names: list[str] = []
    for word in words:
        found = [
            name for name, title in known.items() if word == name or re.match(rf"{re.escape(word)}\b", title)
        ]
        if not found:
            raise KeyError(word)
        names += found
    return names


def main(words: list[str]) -> int:
    known = benchmarks()
    try:
        names = chosen(known, words) if words else list(known)
    except KeyError as error:
        print(f"there is no benchmark {error}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    failed = []
    for name in names:
        print(f"{name}: {known[name]}", file=sys.stderr, flush=True)
        if subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}"], cwd=HERE.parent, check=False
        ).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
