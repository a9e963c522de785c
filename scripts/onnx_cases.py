"""Collects ONNX files with inputs and outputs that are known to be right, for the tests of reading such files.

    python3 scripts/onnx_cases.py FOLDER backend   the cases that the package onnx carries
    python3 scripts/onnx_cases.py FOLDER models    networks of torch and torchvision, exported with random weights

FOLDER/cases.json lists them. Of the node cases of onnx all inputs but the first are made constants where the operator's
own data are meant (kernels, shapes), as they are in networks.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

# Operators of which all inputs are data.
MERGES = {"Add", "Sub", "Mul", "Div", "Max", "Min", "Mean", "Sum", "Concat", "MatMul", "Pow"}


class Cases:
    def __init__(self, folder):
        self.folder, self.all = folder, []

    def array(self, array):
        name = f"{len(list(self.folder.iterdir()))}.bin"
        np.ascontiguousarray(array, dtype="<f4").tofile(self.folder / name)
        return {"file": name, "dims": list(array.shape)}

    def add(self, suite, name, model, inputs, outputs):
        """inputs: by name; outputs: in order. All arrays."""
        file = f"{len(self.all)}.onnx"
        onnx.save(model, self.folder / file)
        operators = sorted({node.op_type for node in model.graph.node if node.op_type != "Constant"})
        case = {"suite": suite, "name": name, "model": file, "operators": operators}
        case["inputs"] = {key: self.array(np.asarray(value)) for key, value in inputs.items()}
        case["outputs"] = [self.array(np.asarray(value)) for value in outputs]
        self.all.append(case)

    def skip(self, suite, name, operators, why):
        self.all.append({"suite": suite, "name": name, "operators": operators, "why": why})

    def write(self):
        (self.folder / "cases.json").write_text(json.dumps(self.all))


def is_plain(values):
    return all(isinstance(value, np.ndarray) and value.dtype.kind in "fiub" for value in values)


def backend(cases):
    data = Path(onnx.__file__).parent / "backend/test/data"
    for suite in ("pytorch-converted", "pytorch-operator"):
        for folder in sorted((data / suite).iterdir()):
            model = onnx.load(folder / "model.onnx")
            first = folder / "test_data_set_0"

            def read(kind, first=first):
                count = len(list(first.glob(f"{kind}_*.pb")))
                paths = (first / f"{kind}_{at}.pb" for at in range(count))
                return [numpy_helper.to_array(onnx.load_tensor(str(path))) for path in paths]

            constants = {constant.name for constant in model.graph.initializer}
            names = [value.name for value in model.graph.input if value.name not in constants]
            cases.add(suite, folder.name, model, dict(zip(names, read("input"))), read("output"))
    nodes(cases)


def nodes(cases):
    from onnx.backend.test.case.node import collect_testcases

    for case in collect_testcases(None):
        model = case.model
        operators = sorted({node.op_type for node in model.graph.node})
        sets = [(tuple(a), tuple(b)) for a, b in case.data_sets or []]
        if len(model.graph.node) != 1 or not sets or not is_plain(sets[0][0]) or not is_plain(sets[0][1]):
            cases.skip("node", case.name, operators, "it isn't one operator on tensors")
            continue
        inputs, outputs = sets[0]
        if any(value.dtype.kind == "f" and value.dtype.itemsize != 4 for value in inputs + outputs):
            cases.skip("node", case.name, operators, "it isn't in single precision")
            continue
        merges = model.graph.node[0].op_type in MERGES
        table = model.graph.node[0].op_type == "Gather" and inputs[0].ndim == 2
        model = onnx.ModelProto.FromString(model.SerializeToString())
        values = list(model.graph.input)
        del model.graph.input[:]
        kept = {}
        for at, (value, array) in enumerate(zip(values, inputs)):
            alike = merges and array.ndim == inputs[0].ndim and array.shape[:1] == inputs[0].shape[:1]
            if (at == 1 if table else at == 0 or alike) and array.ndim > 0:
                model.graph.input.append(value)
                kept[value.name] = array
            else:
                model.graph.initializer.append(numpy_helper.from_array(array, value.name))
        cases.add("node", case.name, model, kept, outputs)


def models(cases):
    import warnings

    import torch
    import torchvision.models as zoo

    warnings.filterwarnings("ignore")
    torch.manual_seed(0)

    def add(name, model, inputs, **options):
        model = model.eval()
        with torch.no_grad():
            for module in model.modules():
                if isinstance(module, torch.nn.BatchNorm2d):
                    module.running_mean.normal_(0, 0.1)
                    module.running_var.uniform_(0.8, 1.2)
            outputs = model(*inputs)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        for dynamo in (False, True):
            path = cases.folder / "exported.onnx"
            names = [f"x{at}" for at in range(len(inputs))]
            try:
                torch.onnx.export(model, inputs, path, input_names=names, dynamo=dynamo, external_data=False, **options)
            except Exception as error:
                cases.skip("models", f"{name} ({dynamo=})", [], str(error)[:200])
                continue
            exported = onnx.load(path)
            path.unlink()
            values = dict(zip(names, (value.numpy() for value in inputs)))
            cases.add("models", f"{name} ({dynamo=})", exported, values, [output.numpy() for output in outputs])

    picture = torch.randn(2, 3, 64, 64)
    for name in ("resnet18", "resnet50", "mobilenet_v2", "mobilenet_v3_small", "squeezenet1_1", "densenet121"):
        add(name, getattr(zoo, name)(weights=None), (picture,))
    add("efficientnet_b0", zoo.efficientnet_b0(weights=None), (picture,))
    add("shufflenet_v2_x0_5", zoo.shufflenet_v2_x0_5(weights=None), (picture,))
    nn = torch.nn
    rows = torch.randn(3, 7, 16)
    add("linear", nn.Sequential(nn.Linear(16, 8), nn.GELU(), nn.LayerNorm(8), nn.SiLU(), nn.Linear(8, 4)), (rows,))
    add("encoder", nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, activation="gelu"), (rows,))

    small = zoo.VisionTransformer(32, 8, num_layers=2, num_heads=4, hidden_dim=32, mlp_dim=64, num_classes=5)
    torch.nn.init.normal_(small.heads.head.weight)
    add("vision transformer", small, (torch.randn(2, 3, 32, 32),))

    class Recurrent(nn.Module):
        def __init__(self, kind, both):
            super().__init__()
            self.inner = kind(16, 5, batch_first=True, bidirectional=both)

        def forward(self, x):
            return self.inner(x)[0]

    for kind in (nn.LSTM, nn.GRU, nn.RNN):
        add(f"{kind.__name__}", Recurrent(kind, False), (rows,))
        add(f"{kind.__name__} both", Recurrent(kind, True), (rows,))

    class Text(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.conv = nn.Embedding(20, 8), nn.Conv1d(8, 6, 3, padding=1, dilation=1)
            self.end = nn.Linear(6, 3)

        def forward(self, x):
            return self.end(torch.relu(self.conv(self.table(x).transpose(1, 2))).max(-1).values)

    add("text", Text(), (torch.randint(0, 20, (3, 9)),))
    norms = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.GroupNorm(4, 8), nn.Hardswish(), nn.InstanceNorm2d(8, affine=True))
    add("norms", nn.Sequential(norms, nn.PReLU(8), nn.Mish(), nn.AdaptiveAvgPool2d((5, 3)), nn.Flatten()), (picture,))
    up = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ConvTranspose2d(4, 4, 3, 2, 1, 1), nn.ReLU6(), nn.Upsample(scale_factor=2))
    add("up", nn.Sequential(up, nn.PixelShuffle(2), nn.Conv2d(1, 2, (1, 5)), nn.AvgPool2d(3, 2, 1, ceil_mode=True)), (picture,))


def main(folder, what):
    folder = Path(folder)
    cases = Cases(folder)
    {"backend": backend, "models": models}[what](cases)
    cases.write()


main(*sys.argv[1:])
