"""Proves that PyTorch computes what Glassbox computed: python verify.py

Compared with proof.safetensors, relative to each tensor's largest magnitude: the answers to validation samples and the
gradients of the first step in single precision, and ten steps of training in double precision.
"""

import numpy as np
import torch

import compare
import data
import torch_run
import train
from compare import proof
from model import __CLASS__ as Network

LIMITS = {"forward": 1e-5, "gradients": 1e-4, "steps": 1e-8}
draws = getattr(train, "DRAWS", {})
augmentation = getattr(train, "AUGMENTATION", None)
inputs, targets, *weights = data.load("train")
validation, *_ = data.load("validation")
comparison = compare.Comparison("PyTorch")


def first(outputs):
    return outputs[__ANSWER__] if isinstance(outputs, tuple) else outputs


def shaken(tensor, dtype, seed):
    if not tensor.is_floating_point():
        return tensor
    return torch.from_numpy(compare.shaken(tensor.detach().to(dtype).numpy(), seed))


def network_in(dtype, seed=None):
    network = Network()
    network.load_state_dict(torch_run.weights())
    network.to(dtype).train()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(shaken(parameter, dtype, seed))
    return network


def batches(dtype, seed=None):
    for epoch, rows in compare.rows(train.SEED, len(inputs), train.BATCH_SIZE):
        some = [part[rows] for part in (inputs, targets, *weights)]
        if augmentation:
            some = (part.numpy() for part in some)
            real = np.float64 if dtype == torch.float64 else np.float32
            some = augmentation.batch(*some, rows, epoch, dtype=real)
            some = [torch.from_numpy(part) for part in some]
        x, *others = some
        yield shaken(x, dtype, seed), *(shaken(part, dtype, None) for part in others)


def first_gradients(seed=None):
    network = network_in(torch.float32, seed)
    torch_run.Replay(network, train.SEED, draws)
    x, y, *w = next(batches(torch.float32, seed))
    outputs = network(x)
    loss = __LOSS__
    whole = loss + train.penalty(network) if hasattr(train, "penalty") else loss
    whole.backward()
    found = dict(network.named_parameters())
    return loss.item(), [(name, found[name].grad.numpy()) for name in slopes]


def train_in(dtype, seed=None):
    """The loss of each step, and the weights after all."""
    network, losses = network_in(dtype, seed), []
    optimizer = train.make_optimizer(network)
    replay = torch_run.Replay(network, train.SEED, draws)
    for replay.step, some in enumerate(batches(dtype, seed)):
        _, loss = train.train_step(network, network, optimizer, *some, replay.step)
        losses.append(loss.item())
    found = network.state_dict()
    return [("loss", losses)] + [(name, found[name].numpy()) for name in kept]


with torch.no_grad():
    some = validation[: len(proof["f32/answers"])]
    answers = first(network_in(torch.float32).eval()(some)).numpy()
pairs = [("answer", answers, proof["f32/answers"].reshape(answers.shape))]
comparison.compare("Answers, single precision", pairs, LIMITS["forward"])

recorded, idle = compare.gradients()
kept = [name for name in compare.names if name not in idle]
slopes = sorted(recorded.keys() - idle)
loss, found = first_gradients()
pairs = [("loss", loss, proof["f32/loss"])]
comparison.compare("Loss, single precision", pairs, LIMITS["forward"])
comparison.compare(
    "Gradients, single precision",
    [(name, ours, recorded[name]) for name, ours in found],
    LIMITS["gradients"],
    again=lambda seed: first_gradients(seed)[1],
)

after = [proof["f64/losses"]] + [proof[f"f64/after/{name}"] for name in kept]
for dtype, word in ((torch.float64, "double"), (torch.float32, "single")):
    comparison.compare(
        f"{compare.steps} steps, {word} precision",
        [(n, ours, right) for (n, ours), right in zip(train_in(dtype), after)],
        LIMITS["steps"] if word == "double" else None,
        floor=1e-2,
        again=lambda seed: train_in(torch.float64, seed),
    )
comparison.end()
