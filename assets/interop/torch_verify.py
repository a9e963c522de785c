"""Proves that PyTorch computes what Glassbox computed: python verify.py

Compared with proof.safetensors, relative to each tensor's largest magnitude: the answers to validation samples and the
gradients of the first step in single precision, and ten steps of training in double precision.
"""

import torch

import compare
import data
import torch_run
import train
from compare import proof
from model import __CLASS__ as Network

LIMITS = {"forward": 1e-5, "gradients": 1e-4, "steps": 1e-8}
draws = getattr(train, "DRAWS", {})
inputs, targets = data.load("train")
validation, _ = data.load("validation")
comparison = compare.Comparison()


def first(outputs):
    return outputs[__ANSWER__] if isinstance(outputs, tuple) else outputs


def network_in(dtype):
    network = Network()
    network.load_state_dict(torch_run.weights())
    return network.to(dtype).train()


def batches(dtype):
    for rows in compare.rows(train.SEED, len(inputs), train.BATCH_SIZE):
        x, y = inputs[rows], targets[rows]
        yield x.to(dtype), y.to(dtype) if y.is_floating_point() else y


def train_in(dtype):
    """The network after all steps, and the loss of each."""
    network, losses = network_in(dtype), []
    optimizer = train.make_optimizer(network)
    replay = torch_run.Replay(network, train.SEED, draws)
    for replay.step, (x, y) in enumerate(batches(dtype)):
        _, loss = train.train_step(network, network, optimizer, x, y, replay.step)
        losses.append(loss.item())
    return network.state_dict(), losses


with torch.no_grad():
    some = validation[: len(proof["f32/answers"])]
    answers = first(network_in(torch.float32).eval()(some)).numpy()
pairs = [("answer", answers, proof["f32/answers"].reshape(answers.shape))]
comparison.compare("Answers, single precision", pairs, LIMITS["forward"])

network = network_in(torch.float32)
torch_run.Replay(network, train.SEED, draws)
x, y = next(batches(torch.float32))
outputs = network(x)
loss = __LOSS__
(loss + train.penalty(network) if hasattr(train, "penalty") else loss).backward()
pairs = [("loss", loss.item(), proof["f32/loss"])]
comparison.compare("Loss, single precision", pairs, LIMITS["forward"])
found = {n: p.grad.numpy() for n, p in network.named_parameters() if p.grad is not None}
recorded, idle = compare.gradients()
pairs = [(name, found[name], recorded[name]) for name in sorted(recorded.keys() - idle)]
comparison.compare("Gradients, single precision", pairs, LIMITS["gradients"])

for dtype, word in ((torch.float64, "double"), (torch.float32, "single")):
    found, losses = train_in(dtype)
    pairs = [("loss", losses, proof["f64/losses"])]
    kept = [name for name in compare.names if name not in idle]
    pairs += [(n, found[n].numpy(), proof[f"f64/after/{n}"]) for n in kept]
    limit = LIMITS["steps"] if word == "double" else None
    what = f"{compare.steps} steps, {word} precision"
    comparison.compare(what, pairs, limit, floor=1e-2)
comparison.end("PyTorch")
