"""The look as values: colours, sizes and the style sheet and palette made from them.

Owns every colour of the window. Knows nothing of the engine, of rows or of which widget is
where; widgets ask the theme, nobody writes a colour elsewhere.
"""

from __future__ import annotations

from string import Template

import msgspec
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from monitor.engine.values import EngineState, World

GRID = 4
ROW_HEIGHT = 22
HEADER_FONT_SIZE, HEADER_PADDING = 12, 6
"""Of tables' headers, in pixels."""
TEXT_PIXELS = 13
HEADER_PIXELS = 12
FIGURE_PIXELS = 18
FAMILIES = ("Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "WenQuanYi Micro Hei", "DejaVu Sans")


class Theme(msgspec.Struct, frozen=True, kw_only=True):
    """Colours as '#rrggbb'. `strip_*` are the grounds of the banner, one per world;
    `strip_text` is readable on all of them. gain and loss follow the chosen convention."""

    name: str
    dark: bool
    ground: str
    surface: str
    raised: str
    line: str
    line_strong: str
    text: str
    muted: str
    faint: str
    accent: str
    gain: str
    loss: str
    warn: str
    error: str
    stale: str
    strip_live: str
    strip_simulated: str
    strip_replay: str
    strip_reduce: str
    strip_halted: str
    strip_past: str
    strip_text: str

    def strip(self, world: World, state: EngineState = EngineState.NORMAL) -> str:
        """Ground of the banner: an engine that is held back outranks the world it lives in."""
        if state is not EngineState.NORMAL:
            return self.strip_halted if state is EngineState.HALTED else self.strip_reduce
        return {
            World.LIVE: self.strip_live,
            World.SIMULATED: self.strip_simulated,
            World.REPLAY: self.strip_replay,
        }[world]

    def mixed(self, colour: str, share: float, ground: str | None = None) -> str:
        """`share` (0..1) of `colour` laid over `ground` (the surface by default), opaque."""
        top, under = QColor(colour), QColor(ground or self.surface)
        pairs = zip(_channels(top), _channels(under), strict=True)
        return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def _channels(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()


DARK = Theme(
    name="dark",
    dark=True,
    ground="#0E1116",
    surface="#151A21",
    raised="#1C232C",
    line="#242C36",
    line_strong="#35404D",
    text="#E6EDF3",
    muted="#93A1AF",
    faint="#66727E",
    accent="#4C9AFF",
    gain="#2EBD85",
    loss="#F6465D",
    warn="#E3B341",
    error="#E05BB0",
    stale="#66727E",
    strip_live="#1F5FB8",
    strip_simulated="#3F6B9C",
    strip_replay="#8A6D1F",
    strip_reduce="#9C4A00",
    strip_halted="#B3261E",
    strip_past="#6A4A9C",
    strip_text="#FFFFFF",
)

LIGHT = Theme(
    name="light",
    dark=False,
    ground="#F3F5F7",
    surface="#FFFFFF",
    raised="#FFFFFF",
    line="#DDE2E7",
    line_strong="#C3CBD3",
    text="#1B2127",
    muted="#56616C",
    faint="#7D8893",
    accent="#0A66C2",
    gain="#0B7D4F",
    loss="#C5283D",
    warn="#8A6100",
    error="#A8287F",
    stale="#7D8893",
    strip_live="#1A56A8",
    strip_simulated="#365C87",
    strip_replay="#755C19",
    strip_reduce="#8A4200",
    strip_halted="#9A201A",
    strip_past="#583C86",
    strip_text="#FFFFFF",
)


def interface_font() -> QFont:
    """The window's font: 13 px, digits of equal width where the family offers them."""
    font = QFont(list(FAMILIES))
    font.setPixelSize(TEXT_PIXELS)
    font.setFeature(QFont.Tag.fromString("tnum"), 1)
    return font


def palette(theme: Theme) -> QPalette:
    """For everything that a style sheet does not reach (item views, painted cells)."""
    role = QPalette.ColorRole
    roles = {
        role.Window: theme.ground,
        role.WindowText: theme.text,
        role.Base: theme.surface,
        role.AlternateBase: theme.raised,
        role.Text: theme.text,
        role.PlaceholderText: theme.faint,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.Highlight: theme.mixed(theme.accent, 0.18),
        role.HighlightedText: theme.text,
        role.Link: theme.accent,
        role.Mid: theme.line,
        role.Dark: theme.line,
        role.Light: theme.line_strong,
    }
    result = QPalette()
    for colour_role, colour in roles.items():
        result.setColor(colour_role, QColor(colour))
    for colour_role in (role.Text, role.WindowText, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, colour_role, QColor(theme.faint))
    return result


SHEET = Template("""
QMainWindow, QDialog { background: $ground; }
QWidget { color: $text; font-size: 13px; }
QMainWindow::separator { background: $ground; width: 4px; height: 4px; }
QMainWindow::separator:hover { background: $accent; }
QToolTip { background: $raised; color: $text; border: 1px solid $line_strong; padding: 4px; }

QDockWidget { titlebar-close-icon: none; titlebar-normal-icon: none; color: $muted; }
QDockWidget > QWidget { background: $surface; }
#dockTitle { background: $surface; border-bottom: 1px solid $line; }
#dockTitle[active="true"] { border-bottom: 1px solid $accent; }
#dockTitle QLabel { color: $muted; font-size: 12px; }
#dockTitle[active="true"] QLabel { color: $text; }
#dockTitle QToolButton { color: $faint; border: none; padding: 0 4px; background: transparent; }
#dockTitle QToolButton:hover { color: $text; }

QTabBar { background: $ground; }
QTabBar::tab { background: transparent; color: $muted; padding: 4px 10px; border: none;
  border-bottom: 2px solid transparent; font-size: 12px; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:focus { color: $accent; }
QTabWidget::pane { border: none; border-top: 1px solid $line; }

QAbstractItemView { background: $surface; color: $text; border: none; gridline-color: $line;
  selection-background-color: $selection; selection-color: $text; outline: none; }
QHeaderView { background: $surface; }
QHeaderView::section { background: $surface; color: $muted; font-size: ${header_font_size}px;
  padding: 2px ${header_padding}px; border: none; border-bottom: 1px solid $line; }
QTableCornerButton::section { background: $surface; border: none; }

QPushButton, #controls QToolButton { background: $raised; color: $text; border: 1px solid $line_strong;
  border-radius: 4px; padding: 3px 10px; min-height: 16px; }
QPushButton:hover, #controls QToolButton:hover { border-color: $muted; }
QPushButton:pressed, #controls QToolButton:pressed { background: $line; }
QPushButton:focus, #controls QToolButton:focus { border: 2px solid $accent; padding: 2px 9px; }
QPushButton:disabled, #controls QToolButton:disabled { color: $faint; border-color: $line;
  background: $surface; }
QPushButton[tone="danger"] { border-color: $loss; color: $loss; }
QPushButton[tone="primary"] { border-color: $accent; }

QLineEdit { background: $ground; color: $text; border: 1px solid $line_strong; border-radius: 4px;
  padding: 4px 8px; selection-background-color: $accent; selection-color: $ground; }
QLineEdit:focus { border: 2px solid $accent; padding: 3px 7px; }

QMenuBar { background: $ground; color: $muted; padding: 0 4px; }
QMenuBar::item { padding: 4px 8px; background: transparent; }
QMenuBar::item:selected { color: $text; background: $raised; border-radius: 4px; }
QMenu { background: $raised; border: 1px solid $line_strong; padding: 4px; }
QMenu::item { padding: 4px 24px 4px 12px; border-radius: 4px; }
QMenu::item:selected { background: $selection; }
QMenu::item:disabled { color: $faint; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $line_strong; border-radius: 3px; margin: 2px; min-width: 24px;
  min-height: 24px; }
QScrollBar::handle:hover { background: $faint; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {
  background: none; border: none; width: 0; height: 0; }

QSlider { background: transparent; min-height: 24px; }
QSlider::groove:horizontal { background: $line_strong; height: 4px; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $faint; height: 4px; border-radius: 2px; }
QSlider::handle:horizontal { background: $text; width: 8px; height: 16px; margin: -6px 0;
  border-radius: 2px; }
QSlider::handle:horizontal:focus { background: $accent; }
QSlider::handle:horizontal:disabled { background: $faint; }

#panel { background: $surface; }
#popup { background: $raised; border: 1px solid $line_strong; border-radius: 4px; }
#popup QAbstractItemView { background: $raised; }
#muted { color: $muted; }
#caption { color: $muted; font-size: 12px; }
#figure { font-size: 18px; }
#heading { font-size: 13px; font-weight: 600; color: $text; }
#keycap { color: $text; background: $ground; border: 1px solid $line_strong; border-radius: 3px;
  padding: 1px 6px; font-size: 12px; }
#replayBar, #statusLine, #ticketHost { background: $surface; border-top: 1px solid $line; }
#ticketHost { border-top: 2px solid $accent; }
#notice { background: $notice_info; border-bottom: 1px solid $line; }
#notice[tone="warn"] { background: $notice_warn; }
#notice[tone="error"] { background: $notice_error; }
#notice QLabel { background: transparent; }
#notice QToolButton { color: $muted; border: none; padding: 0 6px; background: transparent; }
#notice QToolButton:hover { color: $text; }
#found { color: $muted; }
#found[tone="warn"] { color: $warn; }
#message[tone="idle"] { color: $muted; }
#message[tone="info"] { color: $text; }
#message[tone="good"] { color: $gain; }
#message[tone="warn"] { color: $warn; }
#message[tone="error"] { color: $error; }
""")


def style_sheet(theme: Theme) -> str:
    names = {name: getattr(theme, name) for name in theme.__struct_fields__}
    return SHEET.substitute(
        names,
        header_font_size=HEADER_FONT_SIZE,
        header_padding=HEADER_PADDING,
        selection=theme.mixed(theme.accent, 0.18),
        notice_info=theme.mixed(theme.accent, 0.16),
        notice_warn=theme.mixed(theme.warn, 0.16),
        notice_error=theme.mixed(theme.error, 0.28),
    )


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Dress the whole application once at start. Fusion is the one style that looks the same
    on every system and obeys a palette fully."""
    app.setStyle("Fusion")
    app.setFont(interface_font())
    app.setPalette(palette(theme))
    app.setStyleSheet(style_sheet(theme))


def set_tone(widget: QWidget, tone: str) -> None:
    """Give a widget another `tone` (see the style sheet) and repaint it in it."""
    if widget.property("tone") == tone:
        return
    widget.setProperty("tone", tone)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
