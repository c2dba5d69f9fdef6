"""Everything a user may set: frozen, documented structs and where their values come from.

Defaults < `config.toml` in the data folder < `MONITOR_*` variables < command line. A wrong value
is a `UserError` that names its place, its key and what is allowed; nothing is guessed.
Knows nothing of who uses a setting.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec
import platformdirs
from msgspec import Meta

from monitor.engine.guards.limits import GuardLimits
from monitor.errors import UserError

CONFIG_FILE = "config.toml"
DATABASE_FILE = "monitor.sqlite"
ENVIRONMENT_PREFIX = "MONITOR_"
_SWITCHES = {"yes": True, "on": True, "no": False, "off": False}


def default_data_dir() -> Path:
    """Where this system keeps the data of a user's programs."""
    return Path(platformdirs.user_data_dir("trading-monitor", appauthor=False))


def without_password(url: str) -> str:
    """A URL as it may be shown. Of one that is not quite a URL, rather too much is hidden."""
    masked = re.sub(r"(:/*[^/@:]*):.*@", r"\1:***@", url, flags=re.DOTALL)
    return re.sub(r"(?i)(pass\w*=)[^&]*", r"\1***", masked)


def _documented(description: str, allowed: str, **limits: Any) -> Meta:
    return Meta(description=description, extra={"allowed": allowed}, **limits)


class MirrorSettings(msgspec.Struct, frozen=True, kw_only=True):
    enabled: Annotated[bool, _documented("Serve the web page, REST and WebSocket.", "true or false")] = True
    host: Annotated[
        str,
        _documented(
            "Address the mirror listens on; only this machine can reach it.",
            "a loopback address: 127.0.0.1, ::1 or localhost",
            pattern=r"^(localhost|::1|127\.0\.0\.1)$",
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        _documented(
            "Port of the mirror; 0 takes any free one.", "a whole number from 0 to 65535", ge=0, le=65535
        ),
    ] = 8765
    trading: Annotated[
        bool,
        _documented(
            "Let programs on this machine give orders: whoever can run one here may then trade.",
            "true or false",
        ),
    ] = False


class WindowSettings(msgspec.Struct, frozen=True, kw_only=True):
    theme: Annotated[Literal["dark"], _documented("Colours of the window.", "dark")] = "dark"


class ClosingSettings(msgspec.Struct, frozen=True, kw_only=True):
    max_ticks: Annotated[
        int,
        _documented(
            "Refuse to close when the price has moved more ticks than this since it was asked.",
            "a whole number from 0 to 1000",
            ge=0,
            le=1000,
        ),
    ] = 5
    arm_ms: Annotated[
        int,
        _documented(
            "A ticket takes no confirmation before this many milliseconds.",
            "a whole number from 0 to 5000",
            ge=0,
            le=5000,
        ),
    ] = 350
    expire_s: Annotated[
        float,
        _documented(
            "A ticket nobody touches goes away after this many seconds.",
            "a number of seconds from 1 to 3600",
            ge=1,
            le=3600,
        ),
    ] = 30.0
    stale_s: Annotated[
        float,
        _documented(
            "Refuse to close on a price older than this many seconds.",
            "a number of seconds from 0.1 to 3600",
            ge=0.1,
            le=3600,
        ),
    ] = 2.0


class RecordsSettings(msgspec.Struct, frozen=True, kw_only=True):
    keep_days: Annotated[
        int,
        _documented(
            "Position records older than this many days move to the archive; 0 keeps them in place for ever.",
            "a whole number from 0 to 36500",
            ge=0,
            le=36_500,
        ),
    ] = 90


class LogSettings(msgspec.Struct, frozen=True, kw_only=True):
    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        _documented("The least that is logged.", "debug, info, warning or error"),
    ] = "info"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`database` is never empty: without one it is the SQLite file in `data_dir`."""

    data_dir: Annotated[
        Path, _documented("Folder of database, layout and config.toml.", "the path of a folder")
    ] = msgspec.field(default_factory=default_data_dir)
    database: Annotated[
        str,
        _documented(
            "URL of the database; empty is a SQLite file in the data folder.",
            "a URL such as sqlite:////folder/monitor.sqlite, postgresql://user@host/name "
            "or mariadb://user@host/name",
            pattern=r"^$|^sqlite(\+aiosqlite)?:///.+$|^(postgresql|mysql|mariadb)(\+\w+)?://.+$",
        ),
    ] = ""
    mirror: MirrorSettings = MirrorSettings()
    window: WindowSettings = WindowSettings()
    closing: ClosingSettings = ClosingSettings()
    guards: GuardLimits = GuardLimits()
    records: RecordsSettings = RecordsSettings()
    log: LogSettings = LogSettings()

    def __post_init__(self) -> None:
        if self.database and not self.database.startswith("sqlite"):
            return
        path = self.database.partition(":///")[2] or str(self.data_dir / DATABASE_FILE)
        msgspec.structs.force_setattr(self, "database", f"sqlite+aiosqlite:///{path}")

    @property
    def database_file(self) -> Path | None:
        """None for a database on a server."""
        return Path(self.database.partition(":///")[2]) if self.database.startswith("sqlite") else None

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        shown["database"] = without_password(self.database)
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


class SettingField(msgspec.Struct, frozen=True, kw_only=True):
    """One setting, as help and documentation show it. `key` is dotted as in the file."""

    key: str
    type: Any
    default: str | int | float
    description: str
    allowed: str

    @property
    def variable(self) -> str:
        return ENVIRONMENT_PREFIX + self.key.replace(".", "_").upper()


def setting_fields(struct: type[msgspec.Struct] = Settings, prefix: str = "") -> Iterator[SettingField]:
    """Every setting there is, in the order of the structs."""
    hints = get_type_hints(struct, include_extras=True)
    for field in msgspec.structs.fields(struct):
        hint, key = hints[field.name], prefix + field.name
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            yield from setting_fields(hint, f"{key}.")
            continue
        meta = next(argument for argument in get_args(hint) if isinstance(argument, Meta))
        yield SettingField(
            key=key,
            type=hint,
            default=""
            if field.default is msgspec.NODEFAULT
            else msgspec.to_builtins(field.default, str_keys=True),
            description=meta.description or "",
            allowed=(meta.extra or {})["allowed"],
        )


FIELDS = {field.key: field for field in setting_fields()}


def load_settings(
    overrides: Mapping[str, object] | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """The settings in force. `overrides` (of the command line) are keyed like "mirror.port".

    Raises UserError for a file that cannot be read and for every wrong key or value.
    """
    asked = {
        key: _checked(FIELDS[key], value, "the command line", shown=_option(key))
        for key, value in (overrides or {}).items()
    }
    variables = dict(_from_environment(os.environ if environment is None else environment))
    data_dir = (variables | asked).get("data_dir", default_data_dir())
    assert isinstance(data_dir, Path)
    values = dict(_from_file(data_dir / CONFIG_FILE)) | variables | asked
    return _built(values | {"data_dir": data_dir})


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, object]]:
    by_variable = {field.variable: field for field in FIELDS.values()}
    for name, text in environment.items():
        if field := by_variable.get(name):
            yield field.key, _checked(field, text, "the environment", shown=name)
        # Other programs may use the prefix too: only what looks like a slip is refused.
        elif name.startswith(ENVIRONMENT_PREFIX) and (near := _nearest(name, by_variable)):
            raise UserError(f"the environment: {name} is not a setting; did you mean {near}?")


def _from_file(path: Path) -> Iterator[tuple[str, object]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {_reason(error)}.") from error
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path} is not valid TOML: {error}.") from error
    for key, value in _leaves(tables):
        place = f"{path}, line {_line_of(key, text)}"
        if key == "data_dir":
            raise UserError(f"{place}: data_dir cannot be set here; use --data-dir or MONITOR_DATA_DIR.")
        if key not in FIELDS:
            raise UserError(f"{place}: {key} is not a setting{_hint(key)}.")
        yield key, _checked(FIELDS[key], value, place)


def _leaves(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, dict) and prefix + name not in FIELDS:
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _line_of(key: str, text: str) -> int:
    """The line a dotted key is set on; tomllib does not tell, so its plain spellings are tried."""
    table, _, name = key.rpartition(".")
    current = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            current = header[1].strip()
        elif found := re.match(r"\s*([\w.\-\"']+)\s*=", line):
            written = found[1].strip("\"'")
            full = f"{current}.{written}" if current else written
            if full == key or (full == table and name in line):
                return number
    return 1


def _checked(field: SettingField, value: object, place: str, shown: str = "") -> object:
    """The value in its type; texts (of variables and options) are converted."""
    if isinstance(value, str) and field.type.__origin__ is bool:
        value = _SWITCHES.get(value.lower(), value.lower())
    if field.type.__origin__ is Path:
        if not isinstance(value, str | Path) or not str(value).strip():
            raise UserError(_refusal(field, value, place, shown))
        return Path(value).expanduser().absolute()
    try:
        converted: object = msgspec.convert(value, field.type, strict=not isinstance(value, str))
    except msgspec.ValidationError as error:
        raise UserError(_refusal(field, value, place, shown)) from error
    return converted


def _option(key: str) -> str:
    return "--" + key.rpartition(".")[2].replace("_", "-")


def _refusal(field: SettingField, value: object, place: str, shown: str) -> str:
    told = without_password(value) if isinstance(value, str) else value
    return f"{place}: {shown or field.key} is {told!r}; allowed is {field.allowed}."


def _hint(key: str) -> str:
    near = _nearest(key, FIELDS)
    return f"; did you mean {near}?" if near else f"; there are {', '.join(FIELDS)}"


def _nearest(name: str, known: Mapping[str, object]) -> str:
    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.75)), "")


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8 text"


def _built(values: Mapping[str, object]) -> Settings:
    tree: dict[str, Any] = {}
    for key, value in values.items():
        table, dot, name = key.rpartition(".")
        (tree.setdefault(table, {}) if dot else tree)[name] = value
    for field in msgspec.structs.fields(Settings):
        if isinstance(field.default, msgspec.Struct):
            tree[field.name] = msgspec.structs.replace(field.default, **tree.get(field.name, {}))
    return Settings(**tree)
