"""Finds a strategy class: one that is shipped, by name, or one in a Python file.

A strategy file is a program: it runs with the user's rights.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from monitor.engine.host import safe_text
from monitor.engine.strategies import SHIPPED
from monitor.engine.strategy import Strategy


class StrategyError(ValueError):
    """A strategy that cannot be found or loaded; one clear sentence."""


def load_strategy(source: str) -> tuple[str, type[Strategy]]:
    """(name, class) for a shipped name, `FILE.py` or `FILE.py:ClassName`."""
    if source in SHIPPED:
        return source, SHIPPED[source]
    path_text, _, class_name = source.partition(":") if ".py:" in source else (source, "", "")
    if not path_text.endswith(".py"):
        known = ", ".join(SHIPPED)
        raise StrategyError(f"there is no strategy {source!r}; shipped are {known}, or give a FILE.py")
    path = Path(path_text)
    if not path.is_file():
        raise StrategyError(f"strategy file {path} does not exist")
    found = _strategies_in(_import_file(path))
    if class_name:
        if class_name not in found:
            raise StrategyError(f"{path} has no strategy {class_name}; it has: {', '.join(found) or 'none'}")
        return class_name, found[class_name]
    if len(found) != 1:
        what = "no class derived from Strategy" if not found else f"several: {', '.join(found)}"
        raise StrategyError(f"{path} has {what}; name one as {path.name}:ClassName")
    return next(iter(found.items()))


class _FreshLoader(SourceFileLoader):
    """Compiles what is in the file now. Python's cache tells versions apart by second and size,
    so an edit of one digit would run as it was before."""

    def get_code(self, fullname: str) -> CodeType:
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def _import_file(path: Path) -> ModuleType:
    """Import afresh each time, so that an edited file is what runs."""
    name = f"monitor_strategy_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path, loader=_FreshLoader(name, str(path)))
    if spec is None or spec.loader is None:
        raise StrategyError(f"strategy file {path} cannot be read as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except KeyboardInterrupt:  # the user's
        raise
    except BaseException as error:  # a strategy file is foreign code
        raise StrategyError(f"strategy file {path}: {type(error).__name__}: {safe_text(error)}") from error
    return module


def _strategies_in(module: ModuleType) -> dict[str, type[Strategy]]:
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, Strategy) and value.__module__ == module.__name__
    }
