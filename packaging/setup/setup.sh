#!/bin/sh
# Prepares .venv: a Python environment with the locked dependencies and this project in it.
# Called by every target of the Makefile; does nothing when nothing changed. On Debian and
# Ubuntu it also installs Qt's system libraries, when it may. PYTHON=/path/to/python3 chooses
# the interpreter.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
cd -- "$root"
venv=$root/.venv
stamp=$venv/setup.stamp
log=$venv/setup.log

say() { printf 'setup: %s\n' "$*"; }
fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

# --- a Python that is new enough ------------------------------------------------------------

is_suitable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

version_of() { "$1" -c 'import sys; print(sys.version)' 2>/dev/null; }

# The environment has a sound pip and was made at this place: its scripts hold absolute paths.
is_intact() {
    [ -f "$venv/bin/pip" ] && grep -qF "$venv/bin/python" "$venv/bin/pip" &&
        is_suitable "$venv/bin/python" && "$venv/bin/python" -m pip --version >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        is_suitable "$PYTHON" || fail "PYTHON=$PYTHON is not Python 3.11 or newer."
        printf '%s' "$PYTHON"
        return
    fi
    if is_intact; then
        printf '%s' "$venv/bin/python"
        return
    fi
    for name in python3.13 python3.12 python3.11 python3 python3.14; do
        if is_suitable "$name"; then
            command -v "$name"
            return
        fi
    done
    found=$(python3 --version 2>/dev/null || echo 'no Python at all')
    fail "Python 3.11 or newer is needed, here is $found. Install it" \
        "(sudo apt-get install python3.11 python3.11-venv) or name one: make setup PYTHON=/path/to/python3"
}

# --- packages of the system -----------------------------------------------------------------

# As root, or by a sudo that asks nothing.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

may_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null
}

apt_install() {
    may_install || return 1
    say "installing system packages: $*"
    system_log=$(mktemp)
    set -- env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
    # The package lists of a fresh machine are empty or old: fetch them once, then try again.
    if as_root "$@" >"$system_log" 2>&1 ||
        { as_root apt-get update >>"$system_log" 2>&1 && as_root "$@" >>"$system_log" 2>&1; }; then
        rm -f "$system_log"
        return 0
    fi
    tail -n 3 "$system_log" >&2
    rm -f "$system_log"
    return 1
}

# Nothing here may stop the set-up: a machine without a screen does not need a window.
ensure_libraries() {
    packages=$("$venv/bin/python" -B -m monitor.machine) || return 0
    [ -n "$packages" ] || return 0
    # shellcheck disable=SC2086  # one word per package
    apt_install $packages && return 0
    say "some system libraries of Qt are missing. Please run:"
    printf '    sudo apt-get install --no-install-recommends %s\n' "$packages"
    return 0
}

ensure_venv_module() {
    "$python" -c 'import venv, ensurepip' >/dev/null 2>&1 && return
    minor=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    # The first name is Debian's for every version it ships; the second comes with its own python3.
    apt_install "python$minor-venv" || apt_install python3-venv ||
        fail "this Python cannot make virtual environments. Please run: sudo apt-get install python$minor-venv"
    "$python" -c 'import venv, ensurepip' >/dev/null 2>&1 ||
        fail "the module venv of $python is incomplete; choose another: make setup PYTHON=/path/to/python3"
}

# --- the environment ------------------------------------------------------------------------

# What the environment was made from. It holds absolute paths, so its place counts too.
fingerprint() {
    "$1" - "$root" <<'PYTHON'
import hashlib, pathlib, sys
digest = hashlib.sha256(repr((sys.argv[1], sys.version)).encode())
for name in ("requirements.lock", "pyproject.toml", "packaging/setup/setup.sh"):
    digest.update(pathlib.Path(name).read_bytes())
print(digest.hexdigest())
PYTHON
}

is_ready() {
    [ -x "$venv/bin/python" ] && [ -f "$stamp" ] || return 1
    # A PYTHON that was named counts; otherwise the environment's own is as good as any.
    chosen=${PYTHON:-$venv/bin/python}
    [ "$(fingerprint "$chosen" 2>/dev/null)" = "$(cat "$stamp")" ]
}

pip_install() {
    "$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check "$@" >>"$log" 2>&1 && return
    tail -n 8 "$log" >&2
    fail "the dependencies could not be installed; is the network reachable? All of it is in $log; then run this again."
}

make_environment() {
    python=$(find_python)
    rm -f "$stamp"
    if ! is_intact || [ "$(version_of "$venv/bin/python")" != "$(version_of "$python")" ]; then
        ensure_venv_module
        say "making .venv with $("$python" --version) ($python)"
        "$python" -m venv --clear "$venv" || fail "could not make $venv; remove that folder and run this again."
    fi
    : >"$log"
    say "installing the locked dependencies (some 300 MB to download the first time: a minute or two)"
    pip_install --require-hashes --only-binary :all: -r requirements.lock
    say "installing Trading Monitor itself, editable"
    pip_install --no-deps --no-build-isolation --editable .
    ensure_libraries
    fingerprint "$venv/bin/python" >"$stamp"
    say "ready. make run starts the application, make test tests it; without make: .venv/bin/monitor"
}

is_ready || make_environment
