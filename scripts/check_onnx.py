"""Runs ONNX files in ONNX Runtime and compares what leaves them with what Glassbox computed.

    python3 scripts/check_onnx.py FOLDER

FOLDER/cases.json lists the files with their inputs and outputs (float32 in files of their own). Every file must pass
onnx.checker; deviations are relative to the largest magnitude of an output. Needs: pip install onnx onnxruntime
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

LARGEST = 1e-5
# Where single precision itself is further off than that, as Glassbox found beside double precision: times this.
ROUNDING = 10


def numbers(folder, told):
    return np.fromfile(folder / told["file"], dtype="<f4").reshape(told["dims"])


def deviation(got, wanted):
    if got.shape != wanted.shape:
        return float("inf"), f"shape {got.shape}, not {wanted.shape}"
    finite = np.isfinite(wanted)
    if not np.array_equal(np.isfinite(got), finite) or not np.array_equal(np.isnan(got), np.isnan(wanted)):
        return float("inf"), "other numbers are NaN or infinite"
    if not finite.any():
        return 0.0, ""
    scale = max(np.abs(wanted[finite]).max(), 1e-3)
    return float(np.abs(got[finite] - wanted[finite]).max() / scale), ""


def main(folder):
    failed, worst = [], (0.0, "")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    cases = json.loads((folder / "cases.json").read_text())
    for case in cases:
        try:
            model = onnx.load(folder / case["model"])
            onnx.checker.check_model(model, full_check=True)
            path = str(folder / case["model"])
            session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            inputs = {name: numbers(folder, told) for name, told in case["inputs"].items()}
            got = session.run(None, inputs)
        except Exception as error:
            failed.append(f"{case['name']}: {str(error)[:400]}")
            continue
        for i, (told, values) in enumerate(zip(case["outputs"], got, strict=True)):
            differs, why = deviation(values, numbers(folder, told))
            worst = max(worst, (differs, f"{case['name']}, output {i}"))
            if not differs <= max(LARGEST, ROUNDING * told.get("own", 0)):
                failed.append(f"{case['name']}: output {i} differs by {differs:.1e} {why}")
    print(f"{len(cases)} files, {len(failed)} wrong; the largest deviation is {worst[0]:.1e} ({worst[1]})")
    print("\n".join(failed[:60]))
    return bool(failed)


sys.exit(main(Path(sys.argv[1])))
