"""How a case is recorded: PyTorch in double precision computes outputs and gradients of given inputs.

A file of tests/fixtures/ is {"op": ..., "pytorch": version, "cases": [case]}, a case
    {"params": {...},
     "inputs": [{"dims", "data", "batched"}],          in the op's order
     "outputs": [{"dims", "data"}],                    compared as far as recorded
     "cotangents": [{"dims", "data"} or null],         gradient given to each output
     "grads": [{"dims", "data"} or null]}              gradient found for each input
src/engine/ops/check.rs reads them.
"""

import json
from pathlib import Path

import torch

FIXTURES = Path(__file__).resolve().parents[2] / "tests" / "fixtures"


def random(seed, *dims):
    """Numbers rounded to 1/1024, so that they are exact in f32 and short in the file."""
    generator = torch.Generator().manual_seed(seed)
    return torch.round(torch.randn(dims, generator=generator, dtype=torch.float64) * 1024) / 1024


def plain(tensor):
    if tensor is None:
        return None
    return {"dims": list(tensor.shape), "data": tensor.detach().to(torch.float64).flatten().tolist()}


def case(function, inputs, params=None, constant=(), fixed=(), through=(0,)):
    """`function(*inputs, **params)` gives a tensor or a tuple of them; the gradient enters through the first, or `through` these.

    `constant`: inputs (by index) without a gradient (all of them: nothing is differentiated); `fixed`: inputs without a batch axis.
    """
    params = params or {}
    leaves = [x.clone().requires_grad_(i not in constant) for i, x in enumerate(inputs)]
    outputs = function(*leaves, **params)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    cotangents = [None] * len(outputs)
    if outputs[0].requires_grad:
        for i in through:
            cotangents[i] = random(99 + 1000 * i, *outputs[i].shape)
        torch.autograd.backward([outputs[i] for i in through], [cotangents[i] for i in through])
    return {
        "params": params,
        "inputs": [{**plain(x), "batched": i not in fixed} for i, x in enumerate(inputs)],
        "outputs": [plain(y) for y in outputs],
        "cotangents": [plain(cotangent) for cotangent in cotangents],
        "grads": [plain(leaf.grad) for leaf in leaves],
    }


def write(name, cases):
    FIXTURES.mkdir(parents=True, exist_ok=True)
    body = {"op": name, "pytorch": torch.__version__, "cases": cases}
    (FIXTURES / f"{name}.json").write_text(json.dumps(body, separators=(",", ":")) + "\n")
