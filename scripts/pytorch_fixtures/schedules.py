"""What torch.optim.lr_scheduler makes of the learning rate, step by step (plateaus: epoch by epoch, after each result).

tests/fixtures/schedules.json: [{"schedule": as in a project file, "base", "rates", "momenta"?, "results"?}]
"""

import json
import math

import torch
from torch.optim import lr_scheduler

from record import FIXTURES, random

BASE = 0.3
ONE_CYCLE = {
    "steps": 30, "rise": 0.3, "linear": False, "start_divisor": 25.0, "end_divisor": 1e4, "three_phases": False,
    "cycle_momentum": True, "low_momentum": 0.85, "high_momentum": 0.95,
}
PLATEAU = {
    "watch": "loss", "factor": 0.1, "patience": 10, "threshold": 1e-4, "relative": True, "cooldown": 0,
    "least_rate": 0.0, "least_cut": 1e-8,
}


def make(spec, optimiser, base):
    kind = spec["type"]
    if kind == "step":
        return lr_scheduler.StepLR(optimiser, spec["every"], spec["factor"])
    if kind == "exponential":
        return lr_scheduler.ExponentialLR(optimiser, spec["factor"])
    if kind == "cosine":
        return lr_scheduler.CosineAnnealingLR(optimiser, spec["steps"], eta_min=base * spec["floor"])
    if kind == "one_cycle":
        return lr_scheduler.OneCycleLR(
            optimiser, base, total_steps=spec["steps"], pct_start=spec["rise"],
            anneal_strategy="linear" if spec["linear"] else "cos", cycle_momentum=spec["cycle_momentum"],
            base_momentum=spec["low_momentum"], max_momentum=spec["high_momentum"], div_factor=spec["start_divisor"],
            final_div_factor=spec["end_divisor"], three_phase=spec["three_phases"])
    return lr_scheduler.ReduceLROnPlateau(
        optimiser, mode="min" if spec["watch"] == "loss" else "max", factor=spec["factor"], patience=spec["patience"],
        threshold=spec["threshold"], threshold_mode="rel" if spec["relative"] else "abs", cooldown=spec["cooldown"],
        min_lr=spec["least_rate"], eps=spec["least_cut"])


def record(spec, results=None):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([parameter], BASE, momentum=0.5)
    schedule = make(spec, optimiser, BASE)
    group, rates, momenta = optimiser.param_groups[0], [], []
    steps = len(results) if results else spec["steps"] if spec["type"] == "one_cycle" else 30
    for step in range(steps):
        if results:
            optimiser.step()
            schedule.step(results[step])
        rates.append(group["lr"])
        momenta.append(group["momentum"])
        if not results and step + 1 < steps:
            optimiser.step()
            schedule.step()
    case = {"schedule": spec, "base": BASE, "rates": rates}
    if spec.get("cycle_momentum"):
        case["momenta"] = momenta
    return {**case, "results": results} if results else case


def one_cycle(**more):
    return record({"type": "one_cycle", **ONE_CYCLE, **more})


def plateau(results, **more):
    return record({"type": "plateau", **PLATEAU, **more}, results)


def main():
    falling = [2.0 * math.exp(-i / 6) + 0.3 + 0.05 * abs(x) for i, x in enumerate(random(5, 60).tolist())]
    rising = [-0.5 + 1.2 * i / (i + 8) + 0.05 * x for i, x in enumerate(random(6, 60).tolist())]
    cases = [
        record({"type": "step", "every": 7, "factor": 0.5}),
        record({"type": "exponential", "factor": 0.9}),
        record({"type": "cosine", "steps": 29, "floor": 0.1}),
        one_cycle(),
        one_cycle(steps=47, rise=0.25, linear=True, start_divisor=10.0, end_divisor=100.0),
        one_cycle(three_phases=True, cycle_momentum=False, steps=40),
        one_cycle(three_phases=True, linear=True, low_momentum=0.7, high_momentum=0.99, steps=33, rise=0.4),
        plateau(falling, patience=2),
        plateau(falling, patience=0, factor=0.5, cooldown=3, least_rate=0.01),
        plateau(falling, patience=1, factor=0.7, threshold=0.02, relative=False, least_cut=1e-3),
        plateau(rising, watch="score", patience=1, factor=0.5, threshold=0.05),
        plateau(rising, watch="score", patience=3, factor=0.9, threshold=0.01, relative=False, cooldown=1),
        plateau([1.0] * 12 + [float(i) for i in range(12)], patience=3, factor=0.5),
    ]
    (FIXTURES / "schedules.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
