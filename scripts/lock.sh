#!/usr/bin/env bash
# Resolve the dependencies of pyproject.toml in a fresh environment and write what came out to constraints.txt.
set -euo pipefail
cd "$(dirname "$0")/.."
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
bash scripts/make_venv.sh "${PYTHON:-python3}" "$fresh/venv"
"$fresh/venv/bin/python" -m pip install -qq --disable-pip-version-check -e '.[dev]'
{
    echo "# Exact versions for make run, make test and CI; written by: make lock"
    "$fresh/venv/bin/python" -m pip freeze --exclude-editable
} >"$fresh/constraints.txt"
cp "$fresh/constraints.txt" constraints.txt
echo "constraints.txt: $(grep -c == constraints.txt) packages"
