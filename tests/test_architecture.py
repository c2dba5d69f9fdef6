"""The rules of the house: which room may use what, and what nobody may do.

The import contracts are in pyproject.toml. Here is what they cannot say: which room a library
belongs to, the calls that lose tasks of the event loop, and the size of things.
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

# Each runs an event loop inside the event loop: every task that wakes meanwhile is lost.
NESTING_METHODS = {"exec", "exec_", "processEvents", "qWait", "showMessageBox"}
NESTING_STATICS = {
    "QMessageBox": {"about", "aboutQt", "critical", "information", "question", "warning"},
    "QFileDialog": {"getExistingDirectory", "getOpenFileName", "getOpenFileNames", "getSaveFileName"},
    "QInputDialog": {"getDouble", "getInt", "getItem", "getMultiLineText", "getText"},
    "QColorDialog": {"getColor"},
    "QFontDialog": {"getFont"},
}
NESTING_CLASSES = {"QProgressDialog", "QSplashScreen"}

LONGEST_FILE, LONGEST_FUNCTION = 500, 60


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every absolute import of a module, inside functions too, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno


def is_in(module: str, rooms: tuple[str, ...]) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def nested_loops(tree: ast.AST) -> Iterator[str]:
    """The calls in a tree that run a nested event loop."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        owner = getattr(called.value, "id", "") if isinstance(called, ast.Attribute) else ""
        if (isinstance(called, ast.Attribute) and name in NESTING_METHODS) or name in NESTING_CLASSES:
            yield f"line {node.lineno}: {name}()"
        elif name in NESTING_STATICS.get(owner, ()):
            yield f"line {node.lineno}: {owner}.{name}()"


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


def test_no_loop_runs_inside_the_loop() -> None:
    found = {module: list(nested_loops(tree)) for module, tree in SOURCES.items()}
    assert {module: calls for module, calls in found.items() if calls} == {}


@pytest.mark.parametrize(
    "line",
    [
        "dialog.exec()",
        "QApplication.processEvents()",
        "QMessageBox.question(window, 'a', 'b')",
        "QFileDialog.getOpenFileName()",
        "menu.exec(point)",
        "QTest.qWait(5)",
        "QProgressDialog('a', 'b', 0, 1)",
    ],
)
def test_that_rule_sees_what_it_is_to_see(line: str) -> None:
    assert list(nested_loops(ast.parse(line)))


@pytest.mark.parametrize(
    "line", ["dialog.open()", "menu.popup(point)", "QMessageBox(window)", "box.question('a')"]
)
def test_that_rule_lets_the_good_ones_pass(line: str) -> None:
    assert not list(nested_loops(ast.parse(line)))


def test_closing_a_dialog_never_quits() -> None:
    """`setQuitOnLastWindowClosed(True)` would end the loop with a lone dialog."""
    for module, tree in SOURCES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "setQuitOnLastWindowClosed":
                assert [ast.unparse(argument) for argument in node.args] == ["False"], module


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


@pytest.mark.parametrize("module", SOURCES)
def test_a_module_says_what_it_owns_and_is_readable(module: str) -> None:
    tree = SOURCES[module]
    if not tree.body:
        return
    assert ast.get_docstring(tree), f"{module} has no docstring"
    assert max(node.end_lineno or 0 for node in tree.body) <= LONGEST_FILE
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{module}.{node.name} has {length} lines"


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
