"""Tables as a user meets them: a view, its cells, its quick filter and its columns' menu."""

from monitor.ui.tables.panel import TablePanel
from monitor.ui.tables.view import TableView

__all__ = ["TablePanel", "TableView"]
