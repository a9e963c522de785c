"""compare.py A B: whether two folders of fixtures say the same. Processors and versions of PyTorch differ in the last digits."""
import json
import math
import sys
from pathlib import Path


def number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def is_close(a, b):
    return a == b or (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-5)


def differences(a, b, place):
    """Where two values differ: paths into the file."""
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return [found for key in a if key != "pytorch" for found in differences(a[key], b[key], f"{place}.{key}")]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return [found for i, (x, y) in enumerate(zip(a, b)) for found in differences(x, y, f"{place}[{i}]")]
    if a == b:
        return []
    one, other = number(a), number(b)
    return [] if one is not None and other is not None and is_close(one, other) else [f"{place}: {a!r} and {b!r}"]


def main():
    here, there = (Path(folder) for folder in sys.argv[1:3])
    files = (path for folder in (here, there) for path in folder.iterdir() if path.is_file())
    names = sorted({path.name for path in files})
    different = []
    for name in names:
        if not ((here / name).exists() and (there / name).exists()):
            different.append(f"{name} is in one of the folders only")
        elif name.endswith(".json"):
            different += differences(*(json.loads((folder / name).read_text()) for folder in (here, there)), name)
        elif (here / name).read_bytes() != (there / name).read_bytes():
            different.append(f"{name}: the bytes differ")
    print("\n".join(different[:20]) or f"All {len(names)} fixtures are what PyTorch says.")
    sys.exit(bool(different))


main()
