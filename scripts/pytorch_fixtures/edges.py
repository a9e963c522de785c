"""What PyTorch makes of numbers at the edge: not a number, infinite, huge, zero, and where a curve has a corner.

tests/fixtures/edges.json: {"x": [...], "ops": {name: {"f32": {"y", "dx", "dx_of_nan"}, "f64": {...}}},
"pairs": [[x, t]], "losses": {name: {"f32": {"y", "dx"}, "f64": {...}}}}, numbers as text, since JSON knows no NaN.
"""

import json
import math

import torch
import torch.nn.functional as F

from record import FIXTURES

X = [float("nan"), float("inf"), float("-inf"), 1e30, -1e30, 100.0, -100.0, 20.0, -20.0, 0.0, -0.0, 1e-30, 3.0, -3.0, -1.5, 1.0, -1.0]
PAIRS = [(x, t) for x in (math.nan, math.inf, -math.inf, 3e38, -2e19, 1e-30, 0.0, 1.0) for t in (math.nan, math.inf, 0.0, 1.0)]
LOSSES = {"mse": F.mse_loss, "mae": F.l1_loss, "huber": F.huber_loss}
OPS = {
    "relu": F.relu,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
    "elu": lambda x: F.elu(x, 0.7),
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "hard_swish": F.hardswish,
    "hard_tanh": F.hardtanh,
    "threshold": lambda x: F.threshold(x, 1.0, 0.0),
    "mish": F.mish,
    "softplus": F.softplus,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "abs": torch.abs,
    "sign": torch.sign,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "reciprocal": lambda x: 1.0 / x,
    "at_least": lambda x: torch.clamp(x, min=1.0),
    "at_most": lambda x: torch.clamp(x, max=1.0),
}


def texts(tensor):
    return [repr(float(v)) for v in tensor.detach().to(torch.float64)]


def record(function, dtype):
    # Eight copies: PyTorch's vector units and its leftovers differ in corners, and a tensor of any size uses the former.
    x = torch.tensor(X, dtype=dtype).repeat_interleave(8).requires_grad_(True)

    def gradient(dy):
        return texts(torch.autograd.grad(function(x), x, torch.full_like(x, dy))[0][::8])

    return {"y": texts(function(x)[::8]), "dx": gradient(1.0), "dx_of_nan": gradient(math.nan)}


def record_loss(function, dtype):
    """Each pair by itself."""
    y, dx = [], []
    for x, t in PAIRS:
        x, t = torch.tensor([x], dtype=dtype, requires_grad=True), torch.tensor([t], dtype=dtype)
        y.append(function(x, t))
        dx.append(torch.autograd.grad(y[-1], x)[0])
    return {"y": texts(torch.stack(y)), "dx": texts(torch.cat(dx))}


ops = {name: {"f32": record(f, torch.float32), "f64": record(f, torch.float64)} for name, f in OPS.items()}
losses = {name: {"f32": record_loss(f, torch.float32), "f64": record_loss(f, torch.float64)} for name, f in LOSSES.items()}
pairs = [[repr(v) for v in pair] for pair in PAIRS]
body = {"pytorch": torch.__version__, "x": [repr(v) for v in X], "ops": ops, "pairs": pairs, "losses": losses}
(FIXTURES / "edges.json").write_text(json.dumps(body, separators=(",", ":")) + "\n")
