"""A large table of numbers: python large_table.py ROWS COLUMNS FILE, a .csv or a .parquet (needs numpy and pyarrow).

python large_table.py read FILE.csv: the seconds that pandas.read_csv takes for it in chunks (needs pandas).
"""

import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

ROWS = 250_000


def write(rows, columns, path):
    random = np.random.default_rng(1)
    names = [f"x{i}" for i in range(columns - 1)] + ["y"]
    schema = pa.schema([(name, pa.float64()) for name in names])
    if path.endswith(".parquet"):
        writer = pa.parquet.ParquetWriter(path, schema)
    else:
        # Names without quotation marks, as pandas writes them.
        file = open(path, "wb")
        file.write((",".join(names) + "\n").encode())
        options = pa.csv.WriteOptions(include_header=False, quoting_style="none")
        writer = pa.csv.CSVWriter(file, schema, write_options=options)
    with writer:
        for start in range(0, rows, ROWS):
            x = random.uniform(-3, 3, (min(ROWS, rows - start), columns - 1))
            y = np.tanh(x @ (np.arange(columns - 1) % 5 - 2.0)) + random.uniform(0, 0.1, len(x))
            writer.write_table(pa.table([*(np.ascontiguousarray(column) for column in x.T), y], schema=schema))


def read(path):
    import pandas as pd

    began = time.monotonic()
    rows = sum(len(chunk) for chunk in pd.read_csv(path, chunksize=1_000_000))
    print(f"{rows} rows in {time.monotonic() - began:.1f} s")


if sys.argv[1] == "read":
    read(sys.argv[2])
else:
    write(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
