#!/usr/bin/env bash
# Make the virtual environment, or say in plain words what the machine lacks. Usage: make_venv.sh PYTHON FOLDER
set -euo pipefail
python=$1 folder=$2

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

command -v "$python" >/dev/null || fail "There is no $python here. Install Python 3.11 or later, or name one: make PYTHON=/path/to/python3"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail \
    "$("$python" --version) is too old: Interlock needs Python 3.11 or later. Name another one: make PYTHON=python3.12"
"$python" -c 'import ensurepip, venv' 2>/dev/null || fail \
    "$python cannot make virtual environments (its venv or ensurepip module is missing)." \
    "On Debian and Ubuntu: apt-get install python3-venv"

echo "Making a virtual environment in $folder ..."
"$python" -m venv "$folder"
