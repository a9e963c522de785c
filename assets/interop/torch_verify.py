"""Proves that PyTorch computes what Glassbox computed: python verify.py

Compared with proof.safetensors, relative to each tensor's largest magnitude: the answers to validation samples and the
gradients of the first step in single precision, and ten steps of training in double precision.
"""

import sys

import numpy as np
import torch

import reproduce
import torch_run
import train
from model import __CLASS__ as Network

LIMITS = {"forward": 1e-5, "gradients": 1e-4, "steps": 1e-8}
proof = reproduce.tensors("proof.safetensors")
names = sorted(
    name[len("f64/after/") :] for name in proof if name.startswith("f64/after/")
)
steps = len(proof["f64/losses"])


def first(outputs):
    return outputs[__ANSWER__] if isinstance(outputs, tuple) else outputs


def network_in(dtype):
    network = Network()
    network.load_state_dict(torch_run.weights())
    return network.to(dtype)


def arrays(network):
    """Parameters and running statistics by name."""
    state = network.state_dict()
    return {name: state[name].numpy() for name in names}


def batches(dtype):
    """The first batches, in the order that numpy computes; compared with the rows that Glassbox used."""
    orders, epoch, at = {}, 0, 0
    x, y = data.tensors
    for step in range(steps):
        if epoch not in orders:
            orders[epoch] = reproduce.epoch_order(train.SEED, epoch, len(x))
        rows = orders[epoch][at : at + train.BATCH_SIZE]
        at += len(rows)
        if at >= len(x):
            epoch, at = epoch + 1, 0
        if not np.array_equal(rows, proof[f"rows/{step}"]):
            sys.exit(f"Step {step + 1} uses other samples here than in Glassbox.")
        yield x[rows].to(dtype), (
            y[rows] if y.dtype == torch.int64 else y[rows].to(dtype)
        )


def train_in(dtype):
    """The network after all steps, and the loss of each."""
    network = network_in(dtype)
    optimizer = train.make_optimizer(network)
    network.train()
    replay = torch_run.Replay(network, train.SEED, draws) if draws else None
    losses = []
    for step, (x, y) in enumerate(batches(dtype)):
        if replay:
            replay.step = step
        _, loss = train.train_step(network, network, optimizer, x, y, step)
        losses.append(loss.item())
    return network, losses


draws = getattr(train, "DRAWS", {})
data = torch_run.samples("train", classes=__CLASSES__)
validation = torch_run.samples("validation", classes=__CLASSES__).tensors[0]
comparison = reproduce.Comparison()

with torch.no_grad():
    count = len(proof["f32/answers"])
    answers = first(network_in(torch.float32).eval()(validation[:count])).numpy()
recorded = proof["f32/answers"].reshape(answers.shape)
comparison.compare(
    "Answers, single precision", [("answer", answers, recorded)], LIMITS["forward"]
)

network = network_in(torch.float32).train()
if draws:
    torch_run.Replay(network, train.SEED, draws)
x, y = next(batches(torch.float32))
outputs = network(x)
loss = __LOSS__
(loss + train.penalty(network) if hasattr(train, "penalty") else loss).backward()
comparison.compare(
    "Loss, single precision",
    [("loss", loss.item(), proof["f32/loss"])],
    LIMITS["forward"],
)
found = {
    name: p.grad.numpy() for name, p in network.named_parameters() if p.grad is not None
}
recorded = {
    name[len("f32/grad/") :]: a
    for name, a in proof.items()
    if name.startswith("f32/grad/")
}
# In front of a batch norm a shift changes nothing, so its gradient is rounding and nothing else.
largest = max((np.abs(a).max(initial=0.0) for a in recorded.values()), default=0.0)
idle = {
    name for name, a in recorded.items() if np.abs(a).max(initial=0.0) <= 1e-5 * largest
}
if idle:
    print(
        f"Not compared, since their gradients are only rounding: {', '.join(sorted(idle))}"
    )
pairs = [(name, found[name], recorded[name]) for name in sorted(set(recorded) - idle)]
comparison.compare("Gradients, single precision", pairs, LIMITS["gradients"])

for dtype, word in ((torch.float64, "double"), (torch.float32, "single")):
    network, losses = train_in(dtype)
    found = arrays(network)
    pairs = [("loss", losses, proof["f64/losses"])]
    kept = [name for name in names if name not in idle]
    pairs += [(name, found[name], proof[f"f64/after/{name}"]) for name in kept]
    limit = LIMITS["steps"] if word == "double" else None
    comparison.compare(f"{steps} steps, {word} precision", pairs, limit, floor=1e-2)

if comparison.failed:
    sys.exit("PyTorch does not compute the same.")
print("PyTorch computes the same.")
