#!/bin/sh
# Records tests/fixtures/ anew from PyTorch (Debian's python3-torch is enough). PYTHON chooses the interpreter.
set -eu
cd "$(dirname "$0")"
for script in *.py; do
    case "$script" in record.py | lion.py | compare.py | shipped.py | state_dicts.py) continue ;; esac
    "${PYTHON:-python3}" "$script"
done
