"""Trajectories of the optimisers: given weights and gradients, the weights after each step.

tests/fixtures/optimisers.json: {"cases": [{"optimiser": as in a project file, "learning_rate", "start": [n],
"gradients": [steps][n], "weights": [steps][n]}]}
"""

import torch

from lion import Lion
from record import random, write

# NAdam keeps a product in the default type.
torch.set_default_dtype(torch.float64)


def trajectory(spec, make, learning_rate=0.05, steps=6):
    start = random(21, 7)
    weights = torch.nn.Parameter(start.clone())
    optimiser = make([weights], learning_rate)
    gradients, after = [], []
    for step in range(steps):
        weights.grad = random(30 + step, 7)
        # Some optimisers add the weight decay in place.
        gradients.append(weights.grad.tolist())
        optimiser.step()
        after.append(weights.detach().tolist())
    return {"optimiser": spec, "learning_rate": learning_rate, "start": start.tolist(),
            "gradients": gradients, "weights": after}


def sgd(momentum, nesterov, weight_decay):
    spec = {"type": "sgd", "momentum": momentum, "nesterov": nesterov, "weight_decay": weight_decay}
    return trajectory(spec, lambda p, lr: torch.optim.SGD(
        p, lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay))


def adam(kind, make, weight_decay):
    spec = {"type": kind, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-6, "weight_decay": weight_decay}
    return trajectory(spec, lambda p, lr: make(p, lr, betas=(0.8, 0.95), eps=1e-6, weight_decay=weight_decay))


def rms_prop(momentum, weight_decay):
    spec = {"type": "rms_prop", "alpha": 0.9, "epsilon": 1e-6, "momentum": momentum, "weight_decay": weight_decay}
    return trajectory(spec, lambda p, lr: torch.optim.RMSprop(
        p, lr, alpha=0.9, eps=1e-6, momentum=momentum, weight_decay=weight_decay))


def adagrad(rate_decay, start, weight_decay):
    spec = {"type": "adagrad", "rate_decay": rate_decay, "start": start, "epsilon": 1e-6, "weight_decay": weight_decay}
    return trajectory(spec, lambda p, lr: torch.optim.Adagrad(
        p, lr, lr_decay=rate_decay, weight_decay=weight_decay, initial_accumulator_value=start, eps=1e-6))


def nadam(weight_decay, momentum_decay):
    spec = {"type": "nadam", "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-6, "weight_decay": weight_decay,
            "momentum_decay": momentum_decay}
    # Until PyTorch 2 the one-tensor path multiplies by one momentum too many; foreach never did.
    return trajectory(spec, lambda p, lr: torch.optim.NAdam(
        p, lr, betas=(0.8, 0.95), eps=1e-6, weight_decay=weight_decay, momentum_decay=momentum_decay, foreach=True))


def lion(weight_decay):
    spec = {"type": "lion", "beta1": 0.8, "beta2": 0.95, "weight_decay": weight_decay}
    return trajectory(spec, lambda p, lr: Lion(p, lr, (0.8, 0.95), weight_decay))


write("optimisers", [
    sgd(0.0, False, 0.0), sgd(0.0, False, 0.1), sgd(0.9, False, 0.0), sgd(0.9, True, 0.05),
    adam("adam", torch.optim.Adam, 0.0), adam("adam", torch.optim.Adam, 0.1),
    adam("adam_w", torch.optim.AdamW, 0.0), adam("adam_w", torch.optim.AdamW, 0.1),
    rms_prop(0.0, 0.0), rms_prop(0.7, 0.1),
    adagrad(0.0, 0.0, 0.0), adagrad(0.2, 0.3, 0.1),
    nadam(0.0, 0.004), nadam(0.1, 0.05),
    lion(0.0), lion(0.1),
])
