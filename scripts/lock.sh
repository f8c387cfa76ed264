#!/usr/bin/env bash
# Makes requirements/*.txt again from pyproject.toml and requirements/build.in: every package with the hash of
# each of its files, for Linux and Windows and every supported Python, and not a word on where they come from.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools=build/lock-tools
if [ ! -x "$tools/bin/uv" ]; then
    .venv/bin/python -m venv --clear "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check 'uv>=0.5'
fi

# lock NAME SOURCE [OPTION...]
lock() {
    local name=$1 source=$2
    shift 2
    "$tools/bin/uv" pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 \
        --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
        "$@" "$source" --output-file "build/$name.txt"
    {
        printf '# Made by make lock; do not edit.\n'
        cat "build/$name.txt"
    } >"requirements/$name.txt"
    printf 'lock: requirements/%s.txt, %s packages\n' "$name" "$(grep -c '^[a-z]' "requirements/$name.txt")"
}

mkdir -p build
# Without an old output to keep to, everything is resolved anew.
rm -f build/build.txt build/desk.txt build/night.txt build/hub.txt build/dev.txt
lock build requirements/build.in
lock desk pyproject.toml --extra desk --constraint requirements/build.txt
lock night pyproject.toml --extra night --constraint requirements/build.txt --constraint requirements/desk.txt
lock hub pyproject.toml --extra hub --constraint requirements/build.txt --constraint requirements/desk.txt \
    --constraint requirements/night.txt
lock dev pyproject.toml --extra dev --constraint requirements/build.txt --constraint requirements/desk.txt \
    --constraint requirements/night.txt --constraint requirements/hub.txt
