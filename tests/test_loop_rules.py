"""No landmine of the event loop lies in the house, the house keeps its limits of size, and each
of these rules is shown to find what it forbids."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from loop_rules import findings, imported_at_start

HOUSE = Path(__file__).resolve().parents[1]
MODULES = sorted((HOUSE / "monitor").rglob("*.py"))
NAMES = [str(path.relative_to(HOUSE)) for path in MODULES]
LONGEST_FILE = 500
LONGEST_FUNCTION = 60


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_no_module_steps_on_a_landmine(path: Path) -> None:
    assert findings(path.read_text("utf-8"), path.relative_to(HOUSE).as_posix()) == []


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_every_module_keeps_the_limits_of_the_house(path: Path) -> None:
    assert broken_limits(path.read_text("utf-8")) == []


@pytest.mark.parametrize("start", ["monitor.__main__", "monitor.cli", "monitor.app", "monitor.ui.window"])
def test_starting_imports_no_pyqtgraph(start: str) -> None:
    """It costs 0.6 s: nothing that is imported on the way to the first window leads to it."""
    reached = reachable(start)
    assert len(reached) > 3
    assert [name for name in sorted(reached) if name.partition(".")[0] == "pyqtgraph"] == []


def test_an_import_of_pyqtgraph_would_be_found() -> None:
    assert "pyqtgraph" in reachable("monitor.ui.charts.plot")


# -- the rules find what they forbid

BAD = {
    "dialog.exec()": "nested loop",
    "dialog.exec_()": "nested loop",
    "menu.exec(point)": "nested loop",
    "app.exec()": "nested loop",
    "QMenu().exec(point)": "nested loop",
    "QApplication.processEvents()": "nested loop",
    "QTest.qWait(10)": "nested loop",
    "QMessageBox.question(self, 'a', 'b')": "QMessageBox.question",
    "QtWidgets.QMessageBox.warning(self, 'a', 'b')": "QMessageBox.warning",
    "ask = QMessageBox.critical": "QMessageBox.critical",
    "QFileDialog.getOpenFileName(self)": "QFileDialog.getOpenFileName",
    "QInputDialog.getText(self, 'a', 'b')": "QInputDialog.getText",
    "from PySide6.QtWidgets import QProgressDialog": "QProgressDialog",
    "QtWidgets.QProgressDialog()": "QProgressDialog",
    "splash = QSplashScreen(pixmap)": "QSplashScreen",
    "loop = QEventLoop()": "QEventLoop",
    "class Proxy(QSortFilterProxyModel): pass": "QSortFilterProxyModel",
    "from qasync import asyncSlot": "asyncSlot",
    "@qasync.asyncSlot()\ndef slot(): pass": "asyncSlot",
    "@asyncClose\ndef close(): pass": "asyncClose",
    "app.setQuitOnLastWindowClosed(True)": "setQuitOnLastWindowClosed",
    "app.setQuitOnLastWindowClosed(wanted)": "setQuitOnLastWindowClosed",
    "loop = asyncio.get_event_loop()": "get_event_loop",
    "from asyncio import get_event_loop": "get_event_loop",
    "asyncio.create_task(work())": "must be kept",
    "loop.create_task(work())": "must be kept",
    "asyncio.ensure_future(work())": "must be kept",
    "import time\ntime.sleep(1)": "stops the loop",
    "import time as t\nt.sleep(1)": "stops the loop",
    "from time import sleep\nsleep(1)": "stops the loop",
    "from time import sleep as rest\nrest(1)": "stops the loop",
    "import pyqtgraph as pg": "monitor/ui/charts only",
    "def draw():\n    from pyqtgraph import PlotItem": "monitor/ui/charts only",
}

GOOD = [
    "dialog.open()",
    "loop = qasync.QEventLoop(application)",
    "menu.popup(point)",
    "exec('1 + 1')",
    "box = QMessageBox(self)",
    "app.setQuitOnLastWindowClosed(False)",
    "loop = asyncio.get_running_loop()",
    "task = asyncio.create_task(work())",
    "self.tasks.append(asyncio.create_task(work()))",
    "async def run():\n    async with asyncio.TaskGroup() as group:\n        group.create_task(work())",
    "def run(group: asyncio.TaskGroup):\n    group.create_task(work())",
    "async def rest():\n    await asyncio.sleep(1)",
]


@pytest.mark.parametrize(("source", "found"), BAD.items(), ids=list(BAD))
def test_each_landmine_is_found(source: str, found: str) -> None:
    (finding, *_) = findings(source, "monitor/ui/bad.py")
    assert found in finding


@pytest.mark.parametrize("source", GOOD)
def test_what_is_sound_is_left_alone(source: str) -> None:
    assert findings(source, "monitor/ui/good.py") == []


@pytest.mark.parametrize("layer", ["ui/a.py", "models/a.py", "net/a.py", "core.py", "core/a.py"])
def test_sleeping_is_forbidden_where_there_is_a_loop(layer: str) -> None:
    assert findings("import time\ntime.sleep(1)", f"monitor/{layer}")


def test_sleeping_is_allowed_where_there_is_none() -> None:
    assert findings("import time\ntime.sleep(1)", "monitor/store/writer.py") == []


def test_charts_may_import_pyqtgraph() -> None:
    assert findings("import pyqtgraph", "monitor/ui/charts/equity.py") == []
    assert findings("import pyqtgraph", "monitor/ui/charts_elsewhere.py") != []


def test_imports_inside_functions_and_for_types_are_not_at_start() -> None:
    source = (
        "import a.b\nfrom c import d\nif TYPE_CHECKING:\n    import e\n"
        "try:\n    import f\nexcept ImportError: pass\ndef later():\n    import g\n"
        "class House:\n    import h\n"
    )
    assert imported_at_start(source) == {"a.b", "c", "c.d", "f", "h"}


def test_limits_find_long_files_long_functions_and_missing_docstrings() -> None:
    long_function = '"""Doc."""\ndef f():\n' + "    x = 1\n" * LONGEST_FUNCTION
    assert broken_limits("x = 1") == ["no module docstring"]
    assert broken_limits('"""Doc."""\n' * (LONGEST_FILE + 1)) == [f"{LONGEST_FILE + 1} lines"]
    assert broken_limits(long_function) == [f"f is {LONGEST_FUNCTION + 1} lines long"]
    assert broken_limits("") == []


# -- how it is measured


def broken_limits(source: str) -> list[str]:
    """What of the house's limits this source breaks. An empty file marks a package only."""
    tree = ast.parse(source)
    if not tree.body:
        return []
    found = [] if ast.get_docstring(tree) else ["no module docstring"]
    count = len(source.splitlines())
    if count > LONGEST_FILE:
        found.append(f"{count} lines")
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                found.append(f"{node.name} is {length} lines long")
    return found


def reachable(start: str) -> set[str]:
    """Every module that importing `start` imports, through the modules of the house."""
    seen: set[str] = set()
    pending = [start]
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        path = module_file(name)
        if path is not None:
            pending.extend(imported_at_start(path.read_text("utf-8")))
            if "." in name:
                pending.append(name.rpartition(".")[0])
    return seen


def module_file(name: str) -> Path | None:
    if name.partition(".")[0] != "monitor":
        return None
    base = HOUSE.joinpath(*name.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.exists()), None)
