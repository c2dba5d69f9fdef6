"""The landmines of the event loop as rules over syntax trees (architecture.md, "The loop").

Each rule yields the line and a sentence for what it forbids. The tests of the rules themselves
are beside the test of the house.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

Finding = tuple[int, str]
Rule = Callable[[ast.Module, PurePosixPath], Iterator[Finding]]

STATIC_DIALOGS = {
    "QMessageBox": {"about", "aboutQt", "critical", "information", "question", "warning"},
    "QFileDialog": {
        "getExistingDirectory",
        "getExistingDirectoryUrl",
        "getOpenFileName",
        "getOpenFileNames",
        "getOpenFileUrl",
        "getOpenFileUrls",
        "getSaveFileName",
        "getSaveFileUrl",
        "getOpenFileContent",
        "saveFileContent",
    },
    "QInputDialog": {"getDouble", "getInt", "getItem", "getMultiLineText", "getText"},
    "QColorDialog": {"getColor"},
    "QFontDialog": {"getFont"},
}
NESTED_LOOPS = {"exec", "exec_", "processEvents", "qWait", "qWaitFor", "qWaitForWindowActive"}
FORBIDDEN_NAMES = {
    "QSortFilterProxyModel": "a sort proxy costs 37 ms per update: the model owns its order",
    "QProgressDialog": "a modal progress dialog runs a nested loop",
    "QSplashScreen": "QSplashScreen.showMessage runs a nested loop",
    "QEventLoop": "a nested loop loses every other task",
    "asyncSlot": "asyncSlot loses exceptions: start a named task",
    "asyncClose": "asyncClose spins: close in steps",
    "get_event_loop": "asyncio.get_event_loop may make a loop nobody runs: get_running_loop",
}
NO_SLEEP = ("ui", "models", "net", "core", "core.py")
CHARTS = "monitor/ui/charts"


def nested_loops(tree: ast.Module, _path: PurePosixPath) -> Iterator[Finding]:
    """Calls that run a loop inside the loop. A bare `exec(...)` is Python's own, not Qt's."""
    for call in _calls(tree):
        name = called(call)
        if isinstance(call.func, ast.Attribute) and name in NESTED_LOOPS:
            yield call.lineno, f"{name}() runs a nested loop: use open() or popup()"


def static_dialogs(tree: ast.Module, _path: PurePosixPath) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = _last_name(node.value)
            if node.attr in STATIC_DIALOGS.get(owner, ()):
                yield node.lineno, f"{owner}.{node.attr} runs a nested loop: use open_dialog"


def forbidden_names(tree: ast.Module, _path: PurePosixPath) -> Iterator[Finding]:
    for node in ast.walk(tree):
        for name in _names_used(node):
            if name in FORBIDDEN_NAMES:
                yield node.lineno, f"{name}: {FORBIDDEN_NAMES[name]}"


def _names_used(node: ast.AST) -> list[str]:
    """Names as they are used or imported. qasync's QEventLoop is the loop itself, not a nested one."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        own = node.attr == "QEventLoop" and _last_name(node.value) == "qasync"
        return [] if own else [node.attr]
    if isinstance(node, ast.ImportFrom | ast.Import):
        return [alias.name.rpartition(".")[2] for alias in node.names]
    return []


def quitting_by_last_window(tree: ast.Module, _path: PurePosixPath) -> Iterator[Finding]:
    """Only the literal False is allowed: quitting is a command."""
    for call in _calls(tree):
        if called(call) == "setQuitOnLastWindowClosed":
            value = call.args[0] if call.args else None
            if not (isinstance(value, ast.Constant) and value.value is False):
                yield call.lineno, "setQuitOnLastWindowClosed must be False"


def dropped_tasks(tree: ast.Module, _path: PurePosixPath) -> Iterator[Finding]:
    """A task that nobody keeps may be collected while it runs. A task group keeps its own."""
    groups = set(_task_groups(tree))
    for node in ast.walk(tree):
        value = node.value if isinstance(node, ast.Expr) else None
        if isinstance(value, ast.Call) and called(value) in {"create_task", "ensure_future"}:
            owner = value.func.value if isinstance(value.func, ast.Attribute) else None
            if owner is None or _dotted(owner) not in groups:
                yield node.lineno, "a task must be kept, or belong to a task group"


def sleeping(tree: ast.Module, path: PurePosixPath) -> Iterator[Finding]:
    """`time.sleep` holds the loop up wherever there is one."""
    if len(path.parts) < 2 or path.parts[1] not in NO_SLEEP:
        return
    clocks = _names_of_module(tree, "time")
    for call in _calls(tree):
        func = call.func
        by_module = isinstance(func, ast.Attribute) and func.attr == "sleep" and _dotted(func.value) in clocks
        by_name = isinstance(func, ast.Name) and func.id in _imported_from(tree, "time", "sleep")
        if by_module or by_name:
            yield call.lineno, "time.sleep stops the loop"


def pyqtgraph_outside_charts(tree: ast.Module, path: PurePosixPath) -> Iterator[Finding]:
    """Importing it costs 0.6 s: in chart modules only."""
    if str(path).startswith(f"{CHARTS}/"):
        return
    for node in ast.walk(tree):
        if any(name == "pyqtgraph" for name in _roots(node)):
            yield node.lineno, "pyqtgraph is imported in monitor/ui/charts only"


RULES: tuple[Rule, ...] = (
    nested_loops,
    static_dialogs,
    forbidden_names,
    quitting_by_last_window,
    dropped_tasks,
    sleeping,
    pyqtgraph_outside_charts,
)


def findings(source: str, path: str) -> list[str]:
    """What is wrong in one file, as "path:line: sentence". `path` is relative to the checkout."""
    place = PurePosixPath(path)
    tree = ast.parse(source, filename=path)
    return [f"{path}:{line}: {text}" for rule in RULES for line, text in sorted(rule(tree, place))]


def imported_at_start(source: str) -> set[str]:
    """Modules that importing this source imports: not those inside functions or for types only."""
    found: set[str] = set()
    pending: list[ast.AST] = list(ast.parse(source).body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            pending.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        pending.extend(ast.iter_child_nodes(node))
    return found


def called(call: ast.Call) -> str:
    return _last_name(call.func)


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _dotted(node: ast.expr) -> str:
    return ast.unparse(node)


def _roots(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module.partition(".")[0]]
    return []


def _names_of_module(tree: ast.AST, module: str) -> set[str]:
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.Import))
    return {alias.asname or alias.name for node in imports for alias in node.names if alias.name == module}


def _imported_from(tree: ast.AST, module: str, name: str) -> set[str]:
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == module)
    return {alias.asname or alias.name for node in imports for alias in node.names if alias.name == name}


def _task_groups(tree: ast.AST) -> Iterator[str]:
    """Names that hold a task group: `async with TaskGroup() as g`, `self.g = TaskGroup()`,
    and parameters or attributes annotated with it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncWith):
            for item in node.items:
                if item.optional_vars is not None and _is_group(item.context_expr):
                    yield _dotted(item.optional_vars)
        elif isinstance(node, ast.Assign) and _is_group(node.value):
            yield from (_dotted(target) for target in node.targets)
        elif isinstance(node, ast.AnnAssign) and "TaskGroup" in _dotted(node.annotation):
            yield _dotted(node.target)
        elif isinstance(node, ast.arg) and node.annotation and "TaskGroup" in _dotted(node.annotation):
            yield node.arg


def _is_group(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and called(node) == "TaskGroup"
