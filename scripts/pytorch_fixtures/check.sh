#!/bin/sh
# Records the fixtures once more, elsewhere, and compares: what tests/fixtures/ says is what PyTorch says. 3 where no Python
# has torch (PYTHON names one; Debian's python3-torch, version 1.13, is what they were recorded with).
set -eu
cd "$(dirname "$0")/../.."
for python in "${PYTHON:-python3}" /usr/bin/python3; do
    if "$python" -c "import torch" 2>/dev/null; then found=$python; break; fi
done
[ -n "${found:-}" ] || { echo "not run: the fixtures against PyTorch (no Python with torch)"; exit 3; }
again=$(mktemp -d)
trap 'rm -rf "$again"' EXIT
mkdir -p "$again/scripts" "$again/tests"
cp -r scripts/pytorch_fixtures "$again/scripts/"
cp -r tests/fixtures "$again/tests/"
PYTHON=$found sh "$again/scripts/pytorch_fixtures/make.sh"
"$found" scripts/pytorch_fixtures/compare.py tests/fixtures "$again/tests/fixtures"
