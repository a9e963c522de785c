"""A large table of numbers: python large_table.py ROWS COLUMNS FILE (needs numpy and pandas)."""

import sys

import numpy as np
import pandas as pd

ROWS = 250_000


def main(rows, columns, path):
    random = np.random.default_rng(1)
    names = [f"x{i}" for i in range(columns - 1)]
    for start in range(0, rows, ROWS):
        x = random.uniform(-3, 3, (min(ROWS, rows - start), columns - 1))
        table = pd.DataFrame(x, columns=names)
        table["y"] = np.tanh(x @ (np.arange(columns - 1) % 5 - 2.0)) + random.uniform(0, 0.1, len(x))
        table.to_csv(path, index=False, header=start == 0, mode="w" if start == 0 else "a")


main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
