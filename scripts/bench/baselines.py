#!/usr/bin/env python3
"""What scikit-learn's simple models reach on the very numbers that Glassbox gives its own: the recorded scores of
src/data/baselines/tests.rs.

    mkdir numbers
    GLASSBOX_BASELINES=$PWD/numbers cargo test --release write_what_is_compared -- --ignored --nocapture
    python3 scripts/bench/baselines.py numbers
"""

import sys
from pathlib import Path

import numpy as np
import sklearn
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor


def load(folder: Path, name: str, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets of a part."""
    return np.load(folder / f"{name}-{part}-x.npy").astype(np.float64), np.load(folder / f"{name}-{part}-y.npy")


def main() -> None:
    folder = Path(sys.argv[1])
    print(f"scikit-learn {sklearn.__version__}")
    for path in sorted(folder.glob("*-train-x.npy")):
        name = path.name.removesuffix("-train-x.npy")
        x, y = load(folder, name, "train")
        if np.array_equal(y, np.round(y)) and len(np.unique(y)) < 50:
            models = [DummyClassifier(), LogisticRegression(max_iter=10_000, tol=1e-8), KNeighborsClassifier()]
        else:
            models = [DummyRegressor(), Ridge(), KNeighborsRegressor()]
        # Of neighbours only some samples are asked.
        parts = ["validation", "validation", "asked"]
        scores = [model.fit(x, y).score(*load(folder, name, part)) for model, part in zip(models, parts)]
        print(f"{name}: {[round(float(score), 6) for score in scores]}")


if __name__ == "__main__":
    main()
