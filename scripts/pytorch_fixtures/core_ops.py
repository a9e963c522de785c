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
    write("relu", [case(F.relu, [x])])
    write("leaky_relu", [case(F.leaky_relu, [x], {"negative_slope": 0.2})])
    write("elu", [case(F.elu, [x], {"alpha": 0.7})])
    write("gelu", [case(F.gelu, [x])])
    write("silu", [case(F.silu, [x])])
    write("softplus", [case(F.softplus, [x])])
    write("tanh", [case(torch.tanh, [x])])
    write("sigmoid", [case(torch.sigmoid, [x])])
    write("softmax", [case(lambda x: F.softmax(x, -1), [x]), case(lambda x: F.softmax(x, -1), [random(7, 2, 3, 4)])])
    losses()


def losses():
    logits, truth = random(8, 6, 5) * 4, torch.tensor([0.0, 4, 2, 2, 1, 3], dtype=torch.float64)

    def cross_entropy(x, t):
        return F.cross_entropy(x, t.long()), F.softmax(x, -1)

    write("cross_entropy", [case(cross_entropy, [logits, truth], constant=(1,))])
    yes = (random(9, 6, 5) > 0).double()
    write("bce", [case(F.binary_cross_entropy_with_logits, [logits, yes], constant=(1,))])
    target = random(10, 6, 5)
    for name, loss in [("mse", F.mse_loss), ("mae", F.l1_loss), ("huber", F.huber_loss)]:
        write(name, [case(loss, [logits, target], constant=(1,))])


if __name__ == "__main__":
    main()
