"""State dicts as PyTorch writes them, and what is in them: tests/fixtures/state_dicts.

Run by the PyTorch of each version that is wanted: python3 state_dicts.py FOLDER
"""

import collections
import json
import pathlib
import sys

import torch

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
version = "_".join(torch.__version__.split(".")[:2])
torch.manual_seed(7)

grid = torch.randn(4, 6)
state = collections.OrderedDict()
state["plain.weight"] = torch.randn(3, 2)
state["plain.bias"] = torch.nn.Parameter(torch.randn(3))
state["turned"] = grid.t()
state["part"] = grid[1:4:2, 2:5]
state["tied.one"] = grid[0]
state["tied.two"] = grid[0]
state["spread"] = torch.tensor([1.5, -2.5]).reshape(2, 1).expand(2, 3)
state["permuted"] = torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1)
state["half"] = torch.tensor([1.0, -0.1, 6.1e-5, 1e-7, 65504.0]).half()
state["brain"] = torch.tensor([1.0, -0.1, 3e38]).bfloat16()
state["double"] = torch.tensor([0.1, 1e300], dtype=torch.float64)
state["long"] = torch.tensor([5, -(2**40)], dtype=torch.int64)
state["int"] = torch.tensor([5, -(2**30) - 1], dtype=torch.int32)
state["short"] = torch.tensor([5, -300], dtype=torch.int16)
state["char"] = torch.tensor([5, -100], dtype=torch.int8)
state["byte"] = torch.tensor([5, 200], dtype=torch.uint8)
state["bool"] = torch.tensor([True, False])
state["scalar"] = torch.tensor(2.5)
state["count"] = torch.tensor(17)
state["empty"] = torch.zeros(0, 3)
state["huge"] = torch.tensor([2**53 + 1])
if hasattr(torch, "uint16"):
    state["unsigned"] = torch.tensor([5, 60000], dtype=torch.uint16)
    state["eighth"] = torch.tensor([0.5, -448.0, 0.002]).to(torch.float8_e4m3fn)

wrapped = {
    "epoch": 3,
    "state_dict": state,
    "optimizer": {"state": {0: {"step": 4, "exp_avg": torch.ones(3)}}, "param_groups": [{"lr": 0.1, "params": [0]}]},
    "best": 0.25,
}
torch.save(state, folder / f"zip_{version}.pt")
torch.save(wrapped, folder / f"wrapped_{version}.pt")
torch.save(state, folder / f"legacy_{version}.pt", _use_new_zipfile_serialization=False)
small = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))
small = {f"module.{name}": weight for name, weight in small.state_dict().items()}
torch.save(small, folder / f"small_{version}.pt")


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)


torch.save(Net(), folder / f"whole_{version}.pt")


def told(tensor):
    numbers = tensor.detach().to(torch.float64) if tensor.dtype != torch.int64 else tensor
    flat = numbers.contiguous().flatten().tolist()
    return {"dims": list(tensor.shape), "dtype": str(tensor.dtype).split(".")[1], "numbers": flat}


expected = {name: told(tensor) for name, tensor in state.items()}
(folder / f"expected_{version}.json").write_text(json.dumps(expected, indent=0) + "\n")
