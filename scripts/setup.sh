#!/usr/bin/env bash
# Prepares a fresh clone, as far as the purpose named needs it: system packages, virtual environment, locked
# Python packages, deskguard itself, model weights. Every step looks first whether it is done, so that running
# this again costs a second and needs no network.
#
#   scripts/setup.sh demo | desk | night | hub | test | dev
#
# demo and desk: what `deskguard demo` and `deskguard listen` need; night: what scoring and reviewing recordings
# needs; hub: what the hall's server needs, no weights; test: what the tests need; dev: the same without system packages and weights, for linting.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

purpose=${1:-}
log=build/setup.log
python=.venv/bin/python
stamps=.venv/stamps
apt_is_updated=

say() { printf 'setup: %s\n' "$*"; }

fail() {
    printf 'setup: %s\nFix: %s\n' "$1" "$2" >&2
    exit 2
}

# Runs a command with its talk in the log; when it fails, shows the end of that and the remedy given first.
quietly() {
    local remedy=$1
    shift
    printf '\n$ %s\n' "$*" >>"$log"
    if ! "$@" >>"$log" 2>&1 </dev/null; then
        tail -n 15 "$log" >&2
        fail "this failed: $* (the whole log is $log)" "$remedy"
    fi
}

# ---- system packages ----

is_root() { [ "$(id -u)" = 0 ]; }

# Without a terminal nobody could type a password.
can_sudo() { command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; }

as_root() {
    if is_root; then "$@"; else sudo "$@"; fi
}

missing_packages() {
    local one
    for one in "$@"; do
        dpkg-query -W -f='${db:Status-Status}' "$one" 2>/dev/null | grep -qx installed || printf ' %s' "$one"
    done
}

# need_packages REASON PACKAGE...
need_packages() {
    local reason=$1 missing
    shift
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        say "no apt here; if they are missing, install what Debian calls: $* ($reason)."
        return
    fi
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    is_root || can_sudo || fail "these system packages are missing:$missing ($reason), and this user is neither \
root nor may use sudo without a password." "ask an administrator to run: apt-get install$missing"
    say "installing system packages through apt:$missing ($reason)"
    if [ -z "$apt_is_updated" ]; then
        quietly "check the network and apt's sources, then run this again." \
            as_root apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 update
        apt_is_updated=yes
    fi
    # shellcheck disable=SC2086 # a list of names
    quietly "run apt-get install$missing by hand and see what it says." \
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
        install -y --no-install-recommends $missing
}

# ---- Python ----

is_supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' >/dev/null 2>&1
}

# The newest is not the first choice: 3.11 is what the measurements were made with.
find_python() {
    local one
    for one in ${PYTHON:+"$PYTHON"} python3.11 python3 python3.12 python3.13 python3.14; do
        if is_supported "$one"; then
            command -v "$one"
            return
        fi
    done
    fail "no Python from 3.11 to 3.14 was found (python3 is $(python3 --version 2>&1 || true))." \
        "install one (Debian: apt-get install python3.11), or name it: make $purpose PYTHON=/path/to/python3"
}

make_environment() {
    if is_supported "$python" && "$python" -m pip --version >/dev/null 2>&1; then
        return
    fi
    local base
    base=$(find_python)
    if ! "$base" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        need_packages "virtual environments" \
            "$("$base" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    fi
    say "making the virtual environment .venv with $("$base" --version 2>&1) ($base)"
    quietly "check that $base can make virtual environments: $base -m venv /tmp/try" \
        "$base" -m venv --clear .venv
}

# What an environment was made from; anything else and it is brought up to date.
key_of() {
    {
        cat requirements/build.txt "requirements/$1.txt" pyproject.toml src/deskguard/__init__.py
        "$python" --version
        pwd
    } | sha256sum | cut -d' ' -f1
}

is_stamped() { [ "$(cat "$stamps/$1" 2>/dev/null)" = "$(key_of "$1")" ]; }

pip_install() {
    local remedy=$1
    shift
    quietly "$remedy" "$python" -m pip --disable-pip-version-check --no-input install --require-virtualenv "$@"
}

install_packages() {
    local lock=$1 online="check the network and pip's settings ($python -m pip config list), then run this again."
    # The developers' lock holds all of the desk's.
    if is_stamped dev || is_stamped "$lock"; then
        return
    fi
    rm -rf "$stamps"
    say "installing the Python packages of requirements/$lock.txt, each by its hash (some 150 MB, a few minutes)"
    pip_install "$online" --no-deps --require-hashes --only-binary :all: -r requirements/build.txt
    # jieba has no wheel. It is built with the tools just installed, so that nothing without a hash comes in.
    pip_install "$online" --no-deps --require-hashes --no-build-isolation --only-binary :all: \
        --no-binary jieba -r "requirements/$lock.txt"
    say "installing deskguard itself, editable"
    pip_install "see whether the clone is whole: git status" \
        --no-deps --no-build-isolation --no-index --editable .
    quietly "make the locks again: make lock" "$python" -m pip --disable-pip-version-check check
    mkdir -p "$stamps"
    key_of "$lock" >"$stamps/$lock"
}

# ---- all of it ----

mkdir -p build
: >"$log"
case $purpose in
demo) ;;
desk)
    need_packages "the microphone" libportaudio2
    ;;
test)
    need_packages "a microphone and a sound server to test with" \
        libportaudio2 pulseaudio pulseaudio-utils libasound2-plugins
    need_packages "a browser to test the staff page with" chromium chromium-driver fonts-noto-cjk
    need_packages "a database to test the stores of night and hall with" postgresql
    ;;
night | hub | dev) ;;
*) fail "\"$purpose\" is not a purpose; known are demo, desk, night, hub, test and dev." "scripts/setup.sh demo" ;;
esac
make_environment
case $purpose in
demo | desk) install_packages desk ;;
night) install_packages night ;;
hub) install_packages hub ;;
*) install_packages dev ;;
esac
if [ "$purpose" != dev ] && [ "$purpose" != hub ]; then
    say "looking for the model weights (fetched once, 133 MB, and verified)"
    .venv/bin/deskguard models get base
fi
say "ready"
