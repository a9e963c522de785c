"""Trajectories of the optimisers: given weights and gradients, the weights after each step.

tests/fixtures/optimisers.json: {"gradients": [steps][n], "cases": [{"optimiser": as in a project file, "learning_rate",
"start": [n], "weights": [steps][n]}]}
"""

import json

import torch

from lion import Lion
from record import FIXTURES, random

# NAdam keeps a product in the default type.
torch.set_default_dtype(torch.float64)


STEPS = 50
GRADIENTS = [random(30 + step, 7) for step in range(STEPS)]


def trajectory(spec, make, learning_rate=0.05):
    start = random(21, 7)
    weights = torch.nn.Parameter(start.clone())
    optimiser = make([weights], learning_rate)
    after = []
    for gradient in GRADIENTS:
        # Some optimisers add the weight decay in place.
        weights.grad = gradient.clone()
        optimiser.step()
        after.append(weights.detach().tolist())
    return {"optimiser": spec, "learning_rate": learning_rate, "start": start.tolist(), "weights": after}


def sgd(momentum, nesterov, weight_decay):
    spec = {"type": "sgd", "momentum": momentum, "nesterov": nesterov, "weight_decay": weight_decay}
    return trajectory(spec, lambda p, lr: torch.optim.SGD(
        p, lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay))


def adam(kind, make, weight_decay, betas=(0.8, 0.95), epsilon=1e-6):
    spec = {"type": kind, "beta1": betas[0], "beta2": betas[1], "epsilon": epsilon, "weight_decay": weight_decay}
    return trajectory(spec, lambda p, lr: make(p, lr, betas=betas, eps=epsilon, weight_decay=weight_decay))


def rms_prop(momentum, weight_decay, alpha=0.9, epsilon=1e-6):
    spec = {"type": "rms_prop", "alpha": alpha, "epsilon": epsilon, "momentum": momentum, "weight_decay": weight_decay}
    return trajectory(spec, lambda p, lr: torch.optim.RMSprop(
        p, lr, alpha=alpha, eps=epsilon, momentum=momentum, weight_decay=weight_decay))


def adagrad(rate_decay, start, weight_decay, epsilon=1e-6):
    spec = {"type": "adagrad", "rate_decay": rate_decay, "start": start, "epsilon": epsilon, "weight_decay": weight_decay}
    return trajectory(spec, lambda p, lr: torch.optim.Adagrad(
        p, lr, lr_decay=rate_decay, weight_decay=weight_decay, initial_accumulator_value=start, eps=epsilon))


def nadam(weight_decay, momentum_decay, betas=(0.8, 0.95), epsilon=1e-6):
    spec = {"type": "nadam", "beta1": betas[0], "beta2": betas[1], "epsilon": epsilon, "weight_decay": weight_decay,
            "momentum_decay": momentum_decay}
    # Until PyTorch 2 the one-tensor path multiplies by one momentum too many; foreach never did.
    return trajectory(spec, lambda p, lr: torch.optim.NAdam(
        p, lr, betas=betas, eps=epsilon, weight_decay=weight_decay, momentum_decay=momentum_decay, foreach=True))


def lion(weight_decay, betas=(0.8, 0.95)):
    spec = {"type": "lion", "beta1": betas[0], "beta2": betas[1], "weight_decay": weight_decay}
    return trajectory(spec, lambda p, lr: Lion(p, lr, betas, weight_decay))


def main():
    """Every option by itself and together with the others, at its defaults and away from them."""
    cases = [
        sgd(0.0, False, 0.0), sgd(0.0, False, 0.1), sgd(0.9, False, 0.0), sgd(0.9, True, 0.0), sgd(0.9, False, 0.05),
        sgd(0.9, True, 0.05),
        rms_prop(0.0, 0.0), rms_prop(0.0, 0.1), rms_prop(0.7, 0.0), rms_prop(0.7, 0.1), rms_prop(0.0, 0.0, 0.99, 1e-8),
        adagrad(0.0, 0.0, 0.0), adagrad(0.2, 0.0, 0.0), adagrad(0.0, 0.3, 0.0), adagrad(0.0, 0.0, 0.1),
        adagrad(0.2, 0.3, 0.1), adagrad(0.0, 0.0, 0.0, 1e-2),
        nadam(0.0, 0.004), nadam(0.1, 0.004), nadam(0.0, 0.05), nadam(0.1, 0.05), nadam(0.0, 0.0),
        nadam(0.0, 0.004, (0.9, 0.999), 1e-8),
        lion(0.0), lion(0.1), lion(0.0, (0.0, 0.99)),
    ]
    for kind, make in (("adam", torch.optim.Adam), ("adam_w", torch.optim.AdamW)):
        cases += [adam(kind, make, 0.0), adam(kind, make, 0.1), adam(kind, make, 0.01, (0.9, 0.999), 1e-8),
                  adam(kind, make, 0.0, (0.0, 0.9), 1e-2)]
    body = {"pytorch": torch.__version__, "gradients": [gradient.tolist() for gradient in GRADIENTS], "cases": cases}
    (FIXTURES / "optimisers.json").write_text(json.dumps(body, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
