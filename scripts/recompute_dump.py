"""Computes the step of a dump again in PyTorch: python3 recompute_dump.py STEP.safetensors

The dump (`glassbox debug FILE --steps N --dump STEP.safetensors`) must be of a chain of dense, conv2d, max_pool2d, flatten,
dropout, reshape and lstm layers with a class as target, trained by Adam. Exits with 1 and names what differs. Needs torch,
nothing else. Gradients may differ by 1e-4 of their tensor's largest element, all else by 1e-5.
"""

import json
import struct
import sys

import torch
from torch.nn import functional as F

ACTIVATIONS = {"none": lambda x: x, "relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}


def read(path):
    """Tensors and metadata; the format is small enough to need no package."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(length)), file.read()
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        numbers = struct.unpack(f"<{(end - start) // 4}f", data[start:end])
        tensors[name] = torch.tensor(numbers, dtype=torch.float32).reshape(entry["shape"])
    return tensors, json.loads(metadata["glassbox_step"])


def forward(layers, tensors, parameters):
    x = tensors["%x"]
    masks = iter(sorted((name for name in tensors if name.endswith(".mask")), key=lambda name: int(name[1:-5])))
    for layer in layers:
        slug = layer["name"].lower().replace(" ", "_").replace("-", "_")
        part = lambda name: parameters.get(f"{slug}.{name}")
        kind = layer["kind"]
        if kind == "dense":
            x = ACTIVATIONS[layer["activation"]](F.linear(x, part("weight"), part("bias")))
        elif kind == "conv2d":
            x = F.conv2d(x, part("weight"), part("bias"), stride=layer["stride"], padding=layer["kernel"] // 2)
            x = ACTIVATIONS[layer["activation"]](x)
        elif kind == "max_pool2d":
            x = F.max_pool2d(x, layer["kernel"], layer["stride"])
        elif kind == "flatten":
            x = x.flatten(1)
        elif kind == "reshape":
            x = x.reshape(x.shape[0], *(int(size) for size in layer["shape"].split("x")))
        elif kind == "dropout":
            x = x * tensors[next(masks)] / (1 - layer["rate"])
        elif kind == "lstm":
            start = torch.zeros(1, x.shape[0], layer["units"])
            weights = [part(name) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
            x = torch.lstm(x, (start, start), weights, True, 1, 0.0, True, False, True)[0][:, -1]
        else:
            sys.exit(f"The layer {kind} is not known here.")
    return x


def main():
    tensors, place = read(sys.argv[1])
    project = json.loads(place["project"])
    layers = [layer for layer in project["graph"]["layers"] if layer["kind"] not in ("input", "loss")]
    names = [name[: -len(".grad")] for name in tensors if name.endswith(".grad") and f"{name[:-5]}.before" in tensors]
    parameters = {name: tensors[f"{name}.before"].clone().requires_grad_() for name in names}
    loss = F.cross_entropy(forward(layers, tensors, parameters), tensors["%y"].long())
    loss.backward()
    wrong, largest = [], 0.0

    def compare(name, ours, theirs, tolerance):
        nonlocal largest
        share = ((ours - theirs).abs().max() / theirs.abs().max().clamp(min=1e-12)).item()
        largest = max(largest, share)
        if not share <= tolerance:
            wrong.append(f"{name} differs by {share:.1e} of its largest element")

    compare("loss", tensors["loss"].reshape(()), loss.detach(), 1e-5)
    adam = project["training"]["optimiser"]
    for name, parameter in parameters.items():
        compare(f"{name}.grad", tensors[f"{name}.grad"], parameter.grad, 1e-4)
        # The update follows from the dumped gradient.
        optimiser = torch.optim.Adam([parameter], place["learning_rate"], (adam["beta1"], adam["beta2"]), adam["epsilon"])
        parameter.grad = tensors[f"{name}.grad"]
        moments = {key: tensors[f"{name}.adam_{key}.before"].clone() for key in "mvt"}
        state = {"step": moments["t"].reshape(()), "exp_avg": moments["m"], "exp_avg_sq": moments["v"]}
        optimiser.state[parameter] = state
        optimiser.step()
        compare(name, tensors[name], parameter.detach(), 1e-5)
        compare(f"{name}.adam_m", tensors[f"{name}.adam_m"], state["exp_avg"], 1e-5)
        compare(f"{name}.adam_v", tensors[f"{name}.adam_v"], state["exp_avg_sq"], 1e-5)
    if wrong or not parameters:
        sys.exit("\n".join(wrong) or "There are no gradients in this dump.")
    print(f"step {place['step']}: loss, {len(parameters)} gradients and updates agree (largest difference {largest:.1e})")


main()
