"""Computes the step of each dump again in PyTorch: python3 recompute_dump.py STEP.safetensors ...

A dump (`glassbox debug FILE --steps N --dump STEP.safetensors`) brings the listing of its program. The forward and loss
instructions are read from it and computed by PyTorch from the batch, the parameters as they were before the step and the
masks of dropout; PyTorch's autograd does the rest. Compared are every value, every gradient, and the updates that follow from
the dumped gradients (Adam). Exits with 1 and names what differs: gradients may by 1e-4 of their tensor's largest element, all
else by 1e-5. Where a network magnifies rounding (a number lies right beside the kink of a ReLU), a gradient may differ by ten times
what PyTorch's own does when the last bits of the batch and the parameters change. Needs torch, nothing else.
"""

import json
import pathlib
import re
import struct
import sys

try:
    import torch
    from torch.nn import functional as F

    sys.path.insert(0, str(pathlib.Path(__file__).parent / "pytorch_fixtures"))
    import detection_ops as detection
except ImportError as missing:
    install = f"Install it there: {sys.executable} -m pip install torch"
    sys.exit(f"{sys.executable} has no PyTorch, which computes the step again ({missing}). {install}")


HOW = "Write one with: glassbox debug FILE --steps 5 --dump STEP.safetensors"


def read(path):
    """Tensors and metadata; the format is small enough to need no package."""
    try:
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            # A header is some kilobytes; what tells of more is another file.
            header, data = json.loads(file.read(min(length, 1 << 27))), file.read()
        place = json.loads(header.pop("__metadata__")["glassbox_step"])
        tensors = {}
        for name, entry in header.items():
            numbers = torch.frombuffer(bytearray(data[slice(*entry["data_offsets"])]), dtype=torch.float32)
            tensors[name] = numbers.reshape(entry["shape"])
    except OSError as error:
        sys.exit(f"{path} cannot be read: {error.strerror}. {HOW}")
    except (struct.error, ValueError, KeyError, AttributeError, RuntimeError):
        sys.exit(f"{path} is not a safetensors file with a whole step inside. {HOW}")
    return tensors, place


LINE = re.compile(r"(?P<outputs>\S.*?) = (?P<op>\S+)(?: \[(?P<settings>[^\]]*)\])? (?P<inputs>.*?)(?:   \(.*\))?$")


def instructions(listing):
    """Outputs, operation, settings and inputs of the forward and loss phases."""
    phase = None
    for line in listing.splitlines():
        word, rest = line[:9].strip(), line[9:].strip()
        phase = word or phase
        found = LINE.match(rest) if phase in ("forward", "loss") else None
        if found:
            yield found["outputs"].split(", "), found["op"], found["settings"] or "", found["inputs"].split(", ")


def setting(settings, name, default):
    """`zeros 1` of `stride 2, zeros 1`; numbers only."""
    found = re.search(rf"\b{name} ([\d.e-]+)(?:,|$)", settings)
    return type(default)(found[1]) if found else default


def sizes(settings):
    return [int(size) for size in settings.split(" × ")]


def lstm(x, *weights):
    start = torch.zeros(1, x.shape[0], weights[1].shape[1])
    return torch.lstm(x, (start, start), weights, len(weights) == 4, 1, 0.0, True, False, True)[0]


def attention(packed, heads):
    """Of queries, keys and values side by side."""
    batch, places, width = packed.shape
    q, k, v = packed.reshape(batch, places, 3, heads, width // 3 // heads).permute(2, 0, 3, 1, 4)
    weights = torch.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, -1)
    return (weights @ v).transpose(1, 2).reshape(batch, places, width // 3), weights


def norm(x, weight, bias, settings):
    return F.layer_norm(x, weight.shape, weight, bias, setting(settings, "epsilon", 1e-5))


def convolve(x, weight, bias, settings):
    if "down" in settings:
        sys.exit(f"A convolution with {settings} is not known here.")
    stride, zeros = setting(settings, "stride", 1), setting(settings, "zeros", 0)
    sides = re.search(r"zeros (\d+) above, (\d+) below, (\d+) left, (\d+) right", settings)
    if sides:
        above, below, left, right = map(int, sides.groups())
        x, zeros = F.pad(x, (left, right, above, below)), 0
    return F.conv2d(x, weight, bias, stride, zeros, setting(settings, "dilation", 1), setting(settings, "groups", 1))


def batch_norm(x, weight, bias, settings):
    return F.batch_norm(x, None, None, weight, bias, True, 0.0, setting(settings, "epsilon", 1e-5))


def pool(x, settings):
    return F.max_pool2d(x, setting(settings, "window", 2), setting(settings, "stride", setting(settings, "window", 2)))


def part(x, settings):
    """`axis 1, index 0` or `axis 1, indices 1 to 4`"""
    axis, several = setting(settings, "axis", 1), re.search(r"\bindices (\d+) to (\d+)", settings)
    if several:
        first, last = map(int, several.groups())
        return x.narrow(axis, first, last - first + 1)
    return x.select(axis, setting(settings, "index", 0))


def cell_truth(settings, y):
    rows, columns, classes = map(int, re.findall(r"\d+", settings))
    return tuple(part.float() for part in detection.cell_truth(y, rows, columns, classes))


def objectness(settings, x, held, share):
    return detection.objectness(x.reshape(held.shape), held, share, setting(settings, "gamma", 1.0))


OPERATIONS = {
    "linear": lambda s, x, w, b=None: F.linear(x, w.flatten(1), b),
    "conv2d": lambda s, x, w, b=None: convolve(x, w, b, s),
    "max_pool2d": lambda s, x: pool(x, s),
    "reshape": lambda s, x: x.reshape(x.shape[0], *sizes(s)),
    "add": lambda s, *all: sum(all[1:], all[0]),
    "scale_shift": lambda s, x: x * setting(s, "scale", 1.0) + setting(s, "shift", 0.0),
    "l2": lambda s, w: setting(s, "strength", 1.0) * (w * w).sum(),
    "one_hot": lambda s, y: F.one_hot(y.long(), int(s.split(" ")[0])).float(),
    "offset": lambda s, x, w: x + w,
    "slice": lambda s, x: part(x, s),
    "mean_over": lambda s, x: x.mean(setting(s, "axis", 1)),
    "batch_norm": lambda s, x, w, b: batch_norm(x, w, b, s),
    "global_avg_pool": lambda s, x: x.mean((2, 3)),
    "layer_norm": lambda s, x, w, b: norm(x, w, b, s),
    "lstm": lambda s, x, *weights: lstm(x, *weights),
    "attention": lambda s, x: attention(x, int(s.split(" ")[0])),
    "relu": lambda s, x: torch.relu(x),
    "tanh": lambda s, x: torch.tanh(x),
    "sigmoid": lambda s, x: torch.sigmoid(x),
    "gelu": lambda s, x: F.gelu(x),
    "cross_entropy": lambda s, x, y: F.cross_entropy(x, y.long()),
    "mse": lambda s, x, y: F.mse_loss(x, y),
    "cell_truth": cell_truth,
    "cell_boxes": lambda s, x: detection.cell_boxes(x).float(),
    "objectness": objectness,
    "giou": lambda s, *all: detection.giou(*all),
    "cell_class": lambda s, *all: detection.cell_class(*all),
}


def forward(listing, tensors, parameters):
    """Every value that the forward and loss phases make, by name; of attention its weights too, else only the first output."""
    values = {"%x": tensors["%x"], "%y": tensors["%y"], **parameters}
    for outputs, op, settings, inputs in instructions(listing):
        operands = [values[name] for name in inputs]
        if op == "dropout":
            # The mask is a drawn number of the step, and holds 1 where a number was kept.
            value = operands[0] * tensors[outputs[1]] / (1 - setting(settings, "rate", 0.0))
        elif op in OPERATIONS:
            value = OPERATIONS[op](settings, *operands)
        else:
            sys.exit(f"The operation {op} is not known here.")
        for name, value in zip(outputs, value if isinstance(value, tuple) else (value,)):
            if value.requires_grad:
                value.retain_grad()
            values[name] = value
    return values


def shaken(tensor, seed):
    """With its last bits changed; whole numbers stay."""
    by = torch.rand(tensor.shape, generator=torch.Generator().manual_seed(seed)) * 16 - 8
    moved = tensor.detach() * (1 + by * torch.finfo(tensor.dtype).eps)
    return torch.where(tensor == tensor.round(), tensor, moved).detach()


def gradients(listing, tensors, parameters):
    """Every value, and the gradients of those that have one."""
    values = forward(listing, tensors, parameters)
    values["loss"].backward()
    return values, {
        name: value.grad for name, value in values.items() if value.requires_grad and value.grad is not None
    }


SHAKES = 8


class Rounding:
    """How far gradients are off where numbers are shaken in their last bits; computed when it is asked for."""

    def __init__(self, listing, tensors, parameters, right):
        self.step, self.right, self.made = (listing, tensors, parameters), right, None

    def of(self, name):
        if self.made is None:
            listing, tensors, parameters = self.step
            batches = [{**tensors, "%x": shaken(tensors["%x"], seed)} for seed in range(SHAKES)]
            moved = [{n: shaken(p, seed).requires_grad_() for n, p in parameters.items()} for seed in range(SHAKES)]
            self.made = [gradients(listing, *one)[1] for one in zip(batches, moved)]
        return max(deviation(made[name], self.right[name]) for made in self.made)


def deviation(ours, theirs):
    theirs = theirs.detach().reshape(ours.shape)
    return ((ours - theirs).abs().max() / theirs.abs().max().clamp(min=1e-12)).item()


class Comparison:
    def __init__(self, rounding):
        self.rounding = rounding
        self.wrong, self.largest, self.count = [], 0.0, 0

    def gradient(self, name, of, ours, theirs):
        """`of`: the value that it is the gradient of."""
        share = deviation(ours, theirs)
        self.of(name, ours, theirs, 1e-4 if share <= 1e-4 else max(1e-4, 10 * self.rounding.of(of)))

    def of(self, name, ours, theirs, tolerance):
        share = deviation(ours, theirs)
        self.largest, self.count = max(self.largest, share), self.count + 1
        if not share <= tolerance:
            self.wrong.append(f"{name} differs by {share:.1e} of its largest element")


def update(compare, name, tensors, parameter, place, adam):
    """The update follows from the dumped gradient."""
    optimiser = torch.optim.Adam([parameter], place["learning_rate"], (adam["beta1"], adam["beta2"]), adam["epsilon"])
    parameter.grad = tensors.get(f"{name}.grad.clipped", tensors[f"{name}.grad"]).clone()
    moments = {key: tensors[f"{name}.adam_{key}.before"].clone() for key in "mvt"}
    state = {"step": moments["t"].reshape(()), "exp_avg": moments["m"], "exp_avg_sq": moments["v"]}
    optimiser.state[parameter] = state
    optimiser.step()
    compare.of(name, tensors[name], parameter, 1e-5)
    compare.of(f"{name}.adam_m", tensors[f"{name}.adam_m"], state["exp_avg"], 1e-5)
    compare.of(f"{name}.adam_v", tensors[f"{name}.adam_v"], state["exp_avg_sq"], 1e-5)


def recompute(path):
    tensors, place = read(path)
    training = json.loads(place["project"])["training"]
    names = [name[: -len(".grad")] for name in tensors if name.endswith(".grad") and f"{name[:-5]}.before" in tensors]
    parameters = {name: tensors[f"{name}.before"].clone().requires_grad_() for name in names}
    # The updates change parameters in place.
    before = {name: parameter.detach().clone() for name, parameter in parameters.items()}
    values, found = gradients(place["listing"], tensors, parameters)
    found = {name: gradient.clone() for name, gradient in found.items()}
    compare = Comparison(Rounding(place["listing"], tensors, before, found))
    by_adam = training["optimiser"]["type"] == "adam" and not training["optimiser"]["weight_decay"]
    for name, value in values.items():
        if name in parameters:
            compare.gradient(f"{name}.grad", name, tensors[f"{name}.grad"], value.grad)
            if by_adam:
                update(compare, name, tensors, value, place, training["optimiser"])
        elif value.grad_fn is not None:
            compare.of(name, tensors[name], value, 1e-5)
            if f"d{name}" in tensors and value.grad is not None:
                compare.gradient(f"d{name}", name, tensors[f"d{name}"], value.grad)
    if compare.wrong or not parameters:
        sys.exit(f"{path}: " + ("\n".join(compare.wrong) or "There are no gradients in this dump."))
    agree = f"{compare.count} tensors agree (largest difference {compare.largest:.1e})"
    what = "values, gradients and updates" if by_adam else "values and gradients (only Adam's updates are known here)"
    print(f"{path}: step {place['step']}: {what}: {agree}")


if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
    print(__doc__.strip(), file=sys.stderr if len(sys.argv) < 2 else sys.stdout)
    sys.exit(2 if len(sys.argv) < 2 else 0)
for path in sys.argv[1:]:
    recompute(path)
