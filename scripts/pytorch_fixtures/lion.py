"""Lion as in its paper (Chen et al., 2023, algorithm 2), in numpy: PyTorch has none."""

import numpy
import torch


def step(weights, gradient, momentum, rate, beta1, beta2, weight_decay):
    """The weights and the momentum after one step."""
    vote = beta1 * momentum + (1 - beta1) * gradient
    weights = weights - rate * (numpy.sign(vote) + weight_decay * weights)
    return weights, beta2 * momentum + (1 - beta2) * gradient


class Lion(torch.optim.Optimizer):
    """The same as an optimiser of PyTorch, so that schedules can drive it."""

    def __init__(self, parameters, rate, betas, weight_decay):
        super().__init__(parameters, {"lr": rate, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                momentum = state.get("momentum", numpy.zeros(tuple(parameter.shape)))
                weights, state["momentum"] = step(
                    parameter.numpy(), parameter.grad.numpy(), momentum, group["lr"], *group["betas"],
                    group["weight_decay"])
                parameter.copy_(torch.from_numpy(numpy.asarray(weights)))
