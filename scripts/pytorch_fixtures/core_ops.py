"""Linear, activations and losses."""

import torch
import torch.nn.functional as F

from record import case, random, write


def main():
    write("linear", [
        case(F.linear, [random(1, 4, 3), random(2, 5, 3), random(3, 5)], fixed=(1, 2)),
        case(F.linear, [random(4, 1, 7), random(5, 2, 7)], fixed=(1,)),
        case(F.linear, [random(21, 2, 3, 5), random(22, 4, 5), random(23, 4)], fixed=(1, 2)),
    ])
    x = random(6, 4, 9) * 3
    write("relu", [case(F.relu, [x])])
    write("leaky_relu", [case(F.leaky_relu, [x], {"negative_slope": 0.2})])
    write("elu", [case(F.elu, [x], {"alpha": 0.7})])
    write("selu", [case(F.selu, [x])])
    corners = torch.cat([x, torch.tensor([[-3.0, 3, 0, -3.5, 3.5, -2.5, 2.5, 6, -6]], dtype=torch.float64)])
    write("hard_swish", [case(F.hardswish, [corners])])
    ends = torch.cat([x, torch.tensor([[-1.0, 1, 0, 6, -6, 0.5, -0.5, 7, -0.75]], dtype=torch.float64)])
    write("hard_tanh", [case(lambda x, low, high: F.hardtanh(x, low, high), [ends], {"low": low, "high": high})
                        for low, high in [(-1.0, 1.0), (0.0, 6.0)]])
    write("threshold", [case(lambda x, threshold: F.threshold(x, threshold, 0.0), [ends], {"threshold": threshold})
                        for threshold in (1.0, -0.75)])
    write("mish", [case(F.mish, [x])])
    picture = random(17, 2, 3, 4, 5)
    picture[0, 0, 0, :2] = 0.0
    write("prelu", [
        case(F.prelu, [x, random(18, 1)], fixed=(1,)),
        case(F.prelu, [random(19, 3, 5), random(20, 5)], fixed=(1,)),
        case(F.prelu, [picture, random(21, 3)], fixed=(1,)),
    ])
    write("gelu", [case(F.gelu, [x])])
    write("silu", [case(F.silu, [x])])
    write("softplus", [case(F.softplus, [x])])
    write("tanh", [case(torch.tanh, [x])])
    write("sigmoid", [case(torch.sigmoid, [x])])
    write("softmax", [case(lambda x: F.softmax(x, -1), [x]), case(lambda x: F.softmax(x, -1), [random(7, 2, 3, 4)])])
    write("log_softmax", [case(lambda x: F.log_softmax(x, -1), [inputs]) for inputs in (x, random(7, 2, 3, 4))])
    losses()
    row_weights()
    several_inputs()
    mixup()
    penalties()
    targets()
    clipping()


def several_inputs():
    a, b, c = random(11, 4, 3, 2), random(12, 4, 3, 2), random(13, 4, 5, 2)
    write("add", [case(lambda *x: sum(x), [a, b]), case(lambda *x: sum(x), [a, b, a * 2])])
    write("mul", [case(torch.mul, [a, b]), case(lambda a, b, c: a * b * c, [a, b, a - b])])
    write("concat", [case(lambda *x, axis: torch.cat(x, axis), [a, c, b], {"axis": 1}),
                     case(lambda *x, axis: torch.cat(x, axis), [a, b, a - b], {"axis": 2})])
    write("reshape", [case(lambda x, dims: x.reshape(-1, *dims), [a], {"dims": [2, 3]})])


def mixup():
    """Each sample mixed with the one before it, and the loss of the mixture as in the paper's own code."""
    picture, own = random(24, 5, 2, 3, 4), torch.tensor([0.5, 1, 0.75, 0.9, 0.625], dtype=torch.float64)

    def mixed(x, own):
        own = own.reshape(-1, *[1] * (x.dim() - 1))
        return own * x + (1 - own) * x.roll(1, 0)

    write("mixup", [case(mixed, [picture, own], constant=(0, 1)), case(mixed, [picture[:1], own[:1]], constant=(0, 1))])
    write("partner", [case(lambda x: x.roll(1, 0), [x], constant=(0,)) for x in (picture, own, own[:1])])
    mixup_losses()


def mixup_losses():
    """A whole step of a layer: its gradients, where each sample has its own share."""
    x, weight, bias = random(25, 5, 2, 2, 2), random(26, 3, 8), random(27, 3)
    own = torch.tensor([0.5, 1, 0.75, 0.9, 0.625], dtype=torch.float64)
    classes, numbers = torch.tensor([0.0, 2, 1, 1, 2], dtype=torch.float64), random(28, 5, 3)

    def criterion(loss):
        def of(weight, bias, x, own, t):
            each = own.reshape(-1, 1, 1, 1)
            answer = F.linear((each * x + (1 - each) * x.roll(1, 0)).flatten(1), weight, bias)
            return (own * loss(answer, t) + (1 - own) * loss(answer, t.roll(1, 0))).mean()

        return of

    def entropy(y, t):
        return F.cross_entropy(y, t.long(), reduction="none")

    for name, loss, t in [
        ("cross_entropy", entropy, classes),
        ("mse", lambda y, t: F.mse_loss(y, t, reduction="none").mean(-1), numbers),
    ]:
        write(f"mixup_{name}", [case(criterion(loss), [weight, bias, x, own, t], constant=(2, 3, 4), fixed=(0, 1))])


def penalties():
    w = random(14, 5, 4)
    write("l1", [case(lambda w, strength: strength * w.abs().sum(), [w], {"strength": 0.25}, fixed=(0,))])
    write("l2", [case(lambda w, strength: strength * w.square().sum(), [w], {"strength": 0.25}, fixed=(0,))])


def targets():
    classes = torch.tensor([1.0, 0, 1, 1, 0], dtype=torch.float64)
    write("one_hot", [case(lambda t, classes: F.one_hot(t.long(), classes).double(), [classes + 1],
                           {"classes": 4}, constant=(0,))])
    write("signs", [case(lambda t: (2 * t - 1).unsqueeze(1), [classes], constant=(0,))])
    write("column", [case(lambda t: t.unsqueeze(1), [classes], constant=(0,))])


def clipping():
    def norm(*gradients, max):
        leaves = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
        for leaf, gradient in zip(leaves, gradients):
            leaf.grad = gradient.detach().clone()
        total = torch.nn.utils.clip_grad_norm_(leaves, max)
        return (total, *(leaf.grad for leaf in leaves))

    def value(gradient, max):
        leaf = torch.nn.Parameter(torch.zeros_like(gradient))
        leaf.grad = gradient.detach().clone()
        torch.nn.utils.clip_grad_value_([leaf], max)
        return leaf.grad

    a, b = random(15, 3, 4), random(16, 3)
    write("clip_norm", [case(norm, [a, b], {"max": max}, constant=(0, 1), fixed=(0, 1)) for max in (0.5, 50.0)])
    write("clip_value", [case(value, [a], {"max": 0.7}, constant=(0,), fixed=(0,))])


def row_weights():
    """Losses in which each sample counts for as much as its weight says."""
    weights = torch.tensor([0.0, 0.5, 1, 2, 3.25, 0.125], dtype=torch.float64)
    logits, truth = random(8, 6, 5) * 4, torch.tensor([0.0, 4, 2, 2, 1, 3], dtype=torch.float64)
    numbers, yes, signs = random(10, 6, 5), (random(9, 6, 5) > 0).double(), (random(9, 6, 5) > 0).double() * 2 - 1

    def mean(loss):
        return lambda x, t, w: (w * loss(x, t).mean(-1)).mean()

    def cross_entropy(x, t, w):
        return (w * F.cross_entropy(x, t.long(), reduction="none")).mean(), F.softmax(x, -1)

    def by_class(x, t, w, weights, smoothing):
        each = torch.tensor(weights, dtype=torch.float64)
        loss = F.cross_entropy(x, t.long(), weight=each, label_smoothing=smoothing, reduction="none")
        return (w * loss).sum() / each[t.long()].sum(), F.softmax(x, -1)

    def focal(x, t, w, gamma, weights):
        log = F.log_softmax(x, -1).gather(1, t.long().unsqueeze(1)).squeeze(1)
        own = torch.tensor(weights, dtype=torch.float64)[t.long()]
        return (w * own * (1 - log.exp()) ** gamma * -log).sum() / own.sum(), F.log_softmax(x, -1)

    def kl_divergence(x, t, w):
        return (w * F.kl_div(F.log_softmax(x, -1), t, reduction="none").sum(-1)).mean(), F.softmax(x, -1)

    some = [1.0, 4.0, 0.5, 2.0, 0.25]
    for name, loss, target, params in [
        ("mse", mean(lambda x, t: F.mse_loss(x, t, reduction="none")), numbers, {}),
        ("mae", mean(lambda x, t: F.l1_loss(x, t, reduction="none")), numbers, {}),
        ("huber", mean(lambda x, t: F.huber_loss(x, t, reduction="none")), numbers, {}),
        ("bce", mean(lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction="none")), yes, {}),
        ("hinge", mean(lambda x, t: F.relu(1 - t * x)), signs, {}),
        ("cross_entropy", cross_entropy, truth, {}),
        ("weighted_cross_entropy", by_class, truth, {"weights": some, "smoothing": 0.2}),
        ("focal", focal, truth, {"gamma": 2.0, "weights": some}),
        ("kl_divergence", kl_divergence, F.softmax(numbers, -1), {}),
    ]:
        write(f"row_weights_{name}", [case(loss, [logits, target, weights], params, constant=(1, 2))])


def losses():
    logits, truth = random(8, 6, 5) * 4, torch.tensor([0.0, 4, 2, 2, 1, 3], dtype=torch.float64)

    def cross_entropy(x, t):
        return F.cross_entropy(x, t.long()), F.softmax(x, -1)

    def cross_entropy_at(x, t):
        return F.cross_entropy(x.transpose(1, 2), t.long()), F.softmax(x, -1)

    write("cross_entropy", [
        case(cross_entropy, [logits, truth], constant=(1,)),
        case(cross_entropy_at, [random(17, 2, 3, 5) * 4, truth.reshape(2, 3)], constant=(1,)),
    ])
    yes = (random(9, 6, 5) > 0).double()
    shaped_losses(logits, truth)
    write("bce", [case(F.binary_cross_entropy_with_logits, [logits, yes], constant=(1,))])
    target = random(10, 6, 5)
    for name, loss in [("mse", F.mse_loss), ("mae", F.l1_loss), ("huber", F.huber_loss)]:
        # Exact answers and errors of exactly 1 stand on the corners.
        corners = target + torch.tensor([0.0, 1, -1, 0.5, 0], dtype=torch.float64)
        write(name, [case(loss, [logits, target], constant=(1,)), case(loss, [corners, target], constant=(1,))])


def shaped_losses(logits, truth):
    """Where classes count differently, the truth is spread, or sure answers count less."""

    def weights_of(weights):
        return torch.tensor(weights, dtype=torch.float64)

    def flat(x, t):
        return x.reshape(-1, x.shape[-1]), t.reshape(-1).long()

    def weighted(x, t, weights, smoothing):
        loss = F.cross_entropy(*flat(x, t), weight=weights_of(weights), label_smoothing=smoothing)
        return loss, F.softmax(x, -1)

    def focal(x, t, gamma, weights):
        rows, classes = flat(x, t)
        log = F.log_softmax(rows, -1).gather(1, classes.unsqueeze(1)).squeeze(1)
        own = weights_of(weights)[classes]
        return (own * (1 - log.exp()) ** gamma * -log).sum() / own.sum(), F.log_softmax(x, -1)

    def kl_divergence(x, t):
        loss = F.kl_div(F.log_softmax(x, -1), t, reduction="sum") / (x.numel() / x.shape[-1])
        return loss, F.softmax(x, -1)

    at = random(17, 2, 3, 5) * 4, truth.reshape(2, 3)
    some, alike = [1.0, 4.0, 0.5, 2.0, 0.25], [1.0] * 5
    write("weighted_cross_entropy", [
        case(weighted, [logits, truth], {"weights": some, "smoothing": 0.0}, constant=(1,)),
        case(weighted, [logits, truth], {"weights": some, "smoothing": 0.2}, constant=(1,)),
        case(weighted, [*at], {"weights": alike, "smoothing": 0.1}, constant=(1,)),
    ])
    write("focal", [
        case(focal, [logits, truth], {"gamma": 2.0, "weights": alike}, constant=(1,)),
        case(focal, [*at], {"gamma": 0.5, "weights": some}, constant=(1,)),
    ])
    shares = torch.softmax(random(22, 6, 5), -1)
    shares[0] = torch.tensor([0.0, 1, 0, 0, 0], dtype=torch.float64)
    write("kl_divergence", [
        case(kl_divergence, [logits, shares], constant=(1,)),
        case(kl_divergence, [at[0], shares.reshape(2, 3, 5)], constant=(1,)),
    ])
    signs = torch.sign(random(23, 6, 5))
    write("hinge", [case(lambda x, t: F.relu(1 - t * x).mean(), [logits, signs], constant=(1,))])


if __name__ == "__main__":
    main()
