"""Linear, activations and losses."""

import torch
import torch.nn.functional as F

from record import case, random, write


def main():
    write("linear", [
        case(F.linear, [random(1, 4, 3), random(2, 5, 3), random(3, 5)], fixed=(1, 2)),
        case(F.linear, [random(4, 1, 7), random(5, 2, 7)], fixed=(1,)),
    ])
    x = random(6, 4, 9) * 3
    write("tanh", [case(torch.tanh, [x])])


if __name__ == "__main__":
    main()
