"""Settings: which source wins, and how a wrong one is refused."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, strategies as st

from monitor.errors import UserError
from monitor.settings import FIELDS, Settings, load_settings


def write_config(folder: Path, text: str) -> None:
    (folder / "config.toml").write_text(text, encoding="utf-8")


def load(folder: Path, environment: dict[str, str] | None = None, **overrides: object) -> Settings:
    asked = {key.replace("__", "."): value for key, value in overrides.items()}
    return load_settings({"data_dir": str(folder), **asked}, environment or {})


def test_defaults_without_any_source(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.mirror.enabled
    assert (settings.mirror.host, settings.mirror.port) == ("127.0.0.1", 8765)
    assert settings.closing.arm_ms == 350
    assert settings.database_file == tmp_path / "monitor.sqlite"


def test_file_beats_default_environment_beats_file_command_line_beats_all(tmp_path: Path) -> None:
    write_config(tmp_path, '[mirror]\nport = 9001\n[closing]\nmax_ticks = 7\n[log]\nlevel = "debug"\n')
    variables = {"MONITOR_MIRROR_PORT": "9002", "MONITOR_CLOSING_MAX_TICKS": "8"}

    settings = load(tmp_path, variables, mirror__port="9003")

    assert settings.log.level == "debug"
    assert settings.closing.max_ticks == 8
    assert settings.mirror.port == 9003


def test_data_folder_comes_from_its_variable_and_holds_the_file(tmp_path: Path) -> None:
    write_config(tmp_path, "closing.arm_ms = 500\n")
    settings = load_settings({}, {"MONITOR_DATA_DIR": str(tmp_path)})
    assert settings.data_dir == tmp_path
    assert settings.closing.arm_ms == 500


def test_guards_are_set_by_file_and_variables(tmp_path: Path) -> None:
    write_config(tmp_path, '[guards]\nmax_order_size = 50\norder_size = "clamp"\nduplicate_s = 2.5\n')
    guards = load(tmp_path, {"MONITOR_GUARDS_DUPLICATE": "warn", "MONITOR_GUARDS_MAX_NOTIONAL": "1e6"}).guards
    assert (guards.max_order_size, guards.order_size) == (50, "clamp")
    assert (guards.duplicate_s, guards.duplicate, guards.max_notional) == (2.5, "warn", 1_000_000)
    assert guards.price_band == "refuse"


def test_how_long_records_stay_is_set(tmp_path: Path) -> None:
    assert load(tmp_path, {}).records.keep_days == 90
    write_config(tmp_path, "[records]\nkeep_days = 0\n")
    assert load(tmp_path, {}).records.keep_days == 0
    with pytest.raises(UserError, match="allowed is a whole number from 0 to 36500"):
        load(tmp_path, {"MONITOR_RECORDS_KEEP_DAYS": "-1"})


def test_database_by_url(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/else.sqlite"
    settings = load(tmp_path, {"MONITOR_DATABASE": url})
    assert settings.database == f"sqlite+aiosqlite:///{tmp_path}/else.sqlite"
    assert settings.database_file == tmp_path / "else.sqlite"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (
            "[mirror]\nport = 70000\n",
            "line 2: mirror.port is 70000; allowed is a whole number from 0 to 65535",
        ),
        ("[mirror]\n\nhost = '0.0.0.0'\n", "line 3: mirror.host is '0.0.0.0'; allowed is a loopback address"),
        ("closing.stale_s = 'soon'\n", "line 1: closing.stale_s is 'soon'; allowed is a number of seconds"),
        ("closing.stale_s = nan\n", "closing.stale_s is nan"),
        ("[mirror]\nenabled = 3\n", "mirror.enabled is 3; allowed is true or false"),
        ("[window]\ntheme = 'pink'\n", "window.theme is 'pink'; allowed is dark"),
        ("mirror = 5\n", "line 1: mirror is not a setting"),
        (
            "# port\n[mirror]\nprot = 9000\n",
            "line 3: mirror.prot is not a setting; did you mean mirror.port?",
        ),
        ("[mirror]\nport = {a = 1}\n", "mirror.port is {'a': 1}"),
        (
            "[guards]\norder_size = 'block'\n",
            "line 2: guards.order_size is 'block'; allowed is off, warn, refuse or clamp",
        ),
        (
            "guards.price_band = 'clamp'\n",
            "line 1: guards.price_band is 'clamp'; allowed is off, warn or refuse",
        ),
        ("[guards]\nmax_price_worse = 2\n", "guards.max_price_worse is 2; allowed is a fraction from 0 to 1"),
        ("guards.max_notional = -1\n", "guards.max_notional is -1; allowed is a number from 0"),
        ("guards.max_position = nan\n", "guards.max_position is nan"),
        ("guards.max_order_size = inf\n", "guards.max_order_size is inf"),
        ("guards.max_order = 5\n", "guards.max_order is not a setting"),
        ("data_dir = '/x'\n", "line 1: data_dir cannot be set here; use --data-dir or MONITOR_DATA_DIR"),
        ("[mirror\n", "is not valid TOML: Expected ']' at the end of a table declaration (at line 1"),
    ],
)
def test_a_wrong_file_is_refused_by_place_key_and_what_is_allowed(
    tmp_path: Path, text: str, place: str
) -> None:
    write_config(tmp_path, text)
    with pytest.raises(UserError) as refusal:
        load(tmp_path)
    assert str(tmp_path / "config.toml") in str(refusal.value)
    assert place in str(refusal.value)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=r"config\.toml cannot be read: it is not UTF-8 text"):
        load(tmp_path)


def test_a_file_with_a_byte_order_mark_is_fine(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xef\xbb\xbfmirror.port = 1234\n")
    assert load(tmp_path).mirror.port == 1234


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the environment: MONITOR_MIRROR_PORT is 'x'; allowed is a whole"):
        load(tmp_path, {"MONITOR_MIRROR_PORT": "x"})


def test_a_misspelt_variable_is_refused_but_another_programs_is_not(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match="MONITOR_MIROR_PORT is not a setting; did you mean MONITOR_MIRROR_PORT"
    ):
        load(tmp_path, {"MONITOR_MIROR_PORT": "1"})
    assert load(tmp_path, {"MONITOR_ZEBRA": "1"}) == load(tmp_path)


def test_a_wrong_option_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the command line: --port is '-1'"):
        load(tmp_path, mirror__port="-1")


@pytest.mark.parametrize(("word", "meaning"), [("true", True), ("ON", True), ("0", False), ("no", False)])
def test_switches_are_read_from_words(tmp_path: Path, word: str, meaning: bool) -> None:
    assert load(tmp_path, {"MONITOR_MIRROR_ENABLED": word}).mirror.enabled is meaning


@given(port=st.integers(-100_000, 100_000))
def test_a_port_is_taken_or_refused_never_changed(port: int) -> None:
    try:
        settings = load_settings({}, {"MONITOR_DATA_DIR": "/nowhere", "MONITOR_MIRROR_PORT": str(port)})
    except UserError:
        assert not 0 <= port <= 65535
    else:
        assert settings.mirror.port == port


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    with pytest.raises(AttributeError):
        load(tmp_path).mirror.port = 1  # type: ignore[misc]


def test_every_field_is_documented() -> None:
    leaves = set()
    for name in Settings.__struct_fields__:
        value = getattr(Settings(), name)
        is_table = isinstance(value, msgspec.Struct)
        leaves |= {f"{name}.{leaf}" for leaf in value.__struct_fields__} if is_table else {name}
    assert set(FIELDS) == leaves
    assert all(field.description.endswith(".") and field.allowed for field in FIELDS.values())


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("postgresql://me:hunter2@host/trading", "hunter2"),
        ("mariadb://me:hun@ter:2@host:3306/trading", "ter:2"),
        ("mysql+asyncmy://me@host/trading?password=hunter2&x=1", "hunter2"),
        ("postgresql+asyncpg://me@host/trading", ""),
    ],
)
def test_a_database_on_a_server_is_taken_as_it_is_and_its_password_never_shown(
    tmp_path: Path, url: str, secret: str
) -> None:
    settings = load_settings({"data_dir": str(tmp_path)}, {"MONITOR_DATABASE": url})
    assert settings.database == url
    assert settings.database_file is None
    assert "host" in repr(settings)
    assert not secret or secret not in repr(settings)


@pytest.mark.parametrize("url", ["oracle://me:hunter2@host/x", "postgresql:/me:hunter2@host/x"])
def test_an_address_that_is_none_is_refused_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(UserError, match="MONITOR_DATABASE is") as refusal:
        load_settings({"data_dir": str(tmp_path)}, {"MONITOR_DATABASE": url})
    assert "hunter2" not in str(refusal.value)
    assert "postgresql://user@host/name" in str(refusal.value)
