"""The rules of the house: which room may use what, and what nobody may do.

The import contracts are in pyproject.toml. Here is what they cannot say: which room a library
belongs to, what may not be read, and that the tools are as strict as promised. The landmines of
the loop and the limits of size have a test of their own (`test_loop_rules`).
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parents[1]
SOURCES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "monitor").rglob("*.py"))
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# Each library has the rooms that may import it, themselves.
ROOMS = {
    "PySide6": ("monitor.app", "monitor.models", "monitor.ui"),
    "shiboken6": ("monitor.app", "monitor.models", "monitor.ui"),
    "qasync": ("monitor.app",),
    "pyqtgraph": ("monitor.ui.charts",),
    "sqlalchemy": ("monitor.store",),
    "aiosqlite": ("monitor.store",),
    "alembic": ("monitor.store",),
    "starlette": ("monitor.net",),
    "uvicorn": ("monitor.net",),
    "websockets": ("monitor.net",),
    "httptools": ("monitor.net",),
}


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every absolute import of a module, inside functions too, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno


def is_in(module: str, rooms: tuple[str, ...]) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def test_the_import_contracts_hold(capsys: pytest.CaptureFixture[str]) -> None:
    code = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True)
    shown = capsys.readouterr().out
    assert code == 0, shown
    assert f"{len(PROJECT['tool']['importlinter']['contracts'])} kept, 0 broken" in shown


@pytest.mark.parametrize("library", ROOMS)
def test_a_library_is_imported_in_its_rooms_only(library: str) -> None:
    elsewhere = [
        f"{module}, line {line}"
        for module, tree in SOURCES.items()
        for name, line in imports(tree)
        if name.partition(".")[0] == library and not is_in(module, ROOMS[library])
    ]
    assert elsewhere == []


def test_charts_are_loaded_when_they_are_first_seen() -> None:
    """pyqtgraph takes more than half a second: the window must not wait for it."""
    code = "import sys, monitor.ui.window; sys.exit('pyqtgraph' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_engine_reads_no_clock() -> None:
    reads = [
        f"{module}, line {node.lineno}"
        for module, tree in SOURCES.items()
        if is_in(module, ("monitor.engine",))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") in {"now", "today", "utcnow", "uuid4"}
    ]
    assert reads == []


def test_warnings_fail_and_types_are_strict() -> None:
    tools = PROJECT["tool"]
    assert tools["pytest"]["ini_options"]["filterwarnings"][0] == "error"
    assert "--strict-markers" in tools["pytest"]["ini_options"]["addopts"]
    assert tools["pytest"]["ini_options"]["qt_log_level_fail"] == "WARNING"
    assert tools["mypy"]["strict"] is True
    strict = {"monitor/engine", "monitor/store", "monitor/net", "monitor/models", "monitor/*.py"}
    assert strict <= set(tools["mypy"]["files"])
    assert tools["ruff"]["lint"]["mccabe"]["max-complexity"] == 10


def test_the_fatal_qt_cannot_be_locked() -> None:
    assert "PySide6-Essentials==6.11.*" in PROJECT["project"]["dependencies"]
    assert "pyside6-essentials==6.11." in (ROOT / "requirements.lock").read_text(encoding="utf-8")
