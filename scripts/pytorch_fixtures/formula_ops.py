"""Functions of one or two numbers that formulas are made of."""

import torch

from record import case, random, write


def main():
    x = random(1, 4, 5) * 2
    positive = random(2, 4, 5).abs() + 0.25
    apart = random(3, 4, 5)
    apart = apart + torch.sign(apart)
    for name, function, inputs in [
        ("exp", torch.exp, x),
        ("log", torch.log, positive),
        ("sqrt", torch.sqrt, positive),
        ("abs", torch.abs, torch.cat([x, torch.zeros(1, 5, dtype=torch.float64)])),
        ("sin", torch.sin, x),
        ("cos", torch.cos, x),
        ("erf", torch.erf, x),
        ("sign", torch.sign, x),
    ]:
        write(name, [case(function, [inputs])])
    # torch.heaviside has no gradient; this has the same values, and PyTorch's zeros for a slope.
    write("step", [case(lambda x: (torch.sign(x) + 1) / 2, [x])])

    def recorded(name, function, inputs, *params):
        write(name, [case(function, inputs, p) for p in params])

    recorded("scale_shift", lambda x, scale, shift: x * scale + shift, [x], {"scale": -2.5, "shift": 0.75})
    recorded("reciprocal", lambda x, numerator: numerator / x, [apart], {"numerator": -2.5})
    recorded("power", lambda x, exponent: x**exponent, [positive], {"exponent": 2.0}, {"exponent": -1.5})
    recorded("at_least", lambda x, least: torch.clamp(x, min=least), [x], {"least": 0.4999})
    recorded("at_most", lambda x, most: torch.clamp(x, max=most), [x], {"most": 0.4999})
    other = random(4, 4, 5) * 2
    other[0, :2] = x[0, :2]
    recorded("subtract", torch.sub, [x, other], {})
    recorded("divide", torch.div, [x, apart], {})
    recorded("pow", torch.pow, [positive, other], {})
    recorded("maximum", torch.maximum, [x, other], {})
    recorded("minimum", torch.minimum, [x, other], {})


if __name__ == "__main__":
    main()
