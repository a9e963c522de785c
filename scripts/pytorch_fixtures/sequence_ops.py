"""Axes, windows along a sequence, recurrent layers, embedding and attention."""

import torch
import torch.nn.functional as F

from record import case, random, write

FUNCTIONS = {
    "tanh": torch.tanh, "relu": F.relu, "sigmoid": torch.sigmoid,
    # The gradient of F.hardsigmoid has a sixth in single precision only.
    "hard sigmoid": lambda x: F.relu6(x + 3) / 6,
}


def main():
    axes()
    recurrent()
    tables()
    attention()


def axes():
    x = random(301, 2, 3, 4)
    write("permute", [
        case(lambda x, order: x.permute(0, *(axis + 1 for axis in order)), [x], {"order": [1, 0]}),
        case(lambda x, order: x.permute(0, *(axis + 1 for axis in order)), [random(302, 2, 3, 1, 4)], {"order": [2, 0, 1]}),
    ])

    def part(x, axis, start, length, drop_axis):
        y = x.narrow(axis, start, length)
        return y.squeeze(axis) if drop_axis else y

    write("slice", [
        case(part, [x], {"axis": 1, "start": 2, "length": 1, "drop_axis": True}),
        case(part, [x], {"axis": 2, "start": 1, "length": 2, "drop_axis": False}),
        case(part, [random(303, 5, 3)], {"axis": 0, "start": 1, "length": 3, "drop_axis": False}, fixed=(0,)),
    ])
    padded = lambda x, axis, before, after: F.pad(x, [0, 0] * (x.dim() - 1 - axis) + [before, after])
    write("pad", [case(padded, [x], {"axis": axis, "before": before, "after": after})
                  for axis, before, after in [(1, 2, 0), (2, 1, 3)]])
    write("mean_over", [case(lambda x, axis: x.mean(axis), [x], {"axis": axis}) for axis in (1, 2)])
    ties = torch.tensor([[[1.0, 2.0], [3.0, 2.0], [3.0, 0.0]]], dtype=torch.float64)
    largest = lambda x, axis: tuple(x.max(axis))
    write("max_over", [case(largest, [x], {"axis": axis}) for axis in (1, 2)] + [case(largest, [ties], {"axis": 1})])

    def windows(x, kernel, stride, before, after, dilation=1):
        padded = F.pad(x, (0, 0, before, after))
        return padded.unfold(1, (kernel - 1) * dilation + 1, stride)[..., ::dilation].flatten(2)

    write("windows", [
        case(windows, [random(304, 2, 7, 3)], {"kernel": 3, "stride": 1, "before": 1, "after": 1}),
        case(windows, [random(305, 1, 9, 2)], {"kernel": 4, "stride": 3, "before": 0, "after": 2}),
        case(windows, [random(306, 2, 8, 2)], {"kernel": 3, "stride": 2, "before": 4, "after": 0, "dilation": 2}),
    ])


def recurrent():
    def over_time(run, gates):
        """Forwards, or backwards with the answers where their steps are."""
        def function(x, *weights, reverse, **more):
            start = torch.zeros(1, len(x), weights[1].shape[1], dtype=torch.float64)
            x = x.flip(1) if reverse else x
            y = run(x, start, list(weights), len(weights) == 4, **more)[0]
            return y.flip(1) if reverse else y

        def weights(seed, features, h, bias=True):
            shapes = [(gates * h, features), (gates * h, h)] + [(gates * h,)] * (2 if bias else 0)
            return [random(seed + i, *shape) / 2 for i, shape in enumerate(shapes)]

        return function, weights

    def cases(seed, run, gates, **more):
        function, weights = over_time(run, gates)
        forwards, backwards = {"reverse": False, **more}, {"reverse": True, **more}
        return [
            case(function, [random(seed, 3, 5, 4), *weights(seed + 1, 4, 6)], forwards, fixed=(1, 2, 3, 4)),
            case(function, [random(seed + 5, 2, 4, 1), *weights(seed + 6, 1, 3)], backwards, fixed=(1, 2, 3, 4)),
            case(function, [random(seed + 10, 2, 3, 2), *weights(seed + 11, 2, 2, bias=False)], forwards, fixed=(1, 2)),
        ]

    options = (1, 0.0, False, False, True)

    def by_hand(cell):
        """With functions that PyTorch's own have not, step by step."""
        def run(x, start, w, bias, gate, state):
            biases = w[2:] if bias else (torch.zeros(len(w[0]), dtype=x.dtype),) * 2
            h, c, all_of_them = start[0], start[0], []
            for t in range(x.shape[1]):
                sums = F.linear(x[:, t], w[0], biases[0]), F.linear(h, w[1], biases[1])
                h, c = cell(*sums, h, c, FUNCTIONS[gate], FUNCTIONS[state])
                all_of_them.append(h)
            return (torch.stack(all_of_them, 1),)
        return run

    def lstm_cell(of_input, of_state, h, c, gate, state):
        i, f, g, o = (of_input + of_state).chunk(4, 1)
        c = gate(f) * c + gate(i) * state(g)
        return gate(o) * state(c), c

    def gru_cell(of_input, of_state, h, c, gate, state):
        (ri, zi, ni), (rs, zs, ns) = of_input.chunk(3, 1), of_state.chunk(3, 1)
        z = gate(zi + zs)
        return (1 - z) * state(ni + gate(ri + rs) * ns) + z * h, c

    def rnn(x, start, w, bias, squash):
        return (torch.rnn_tanh if squash == "tanh" else torch.rnn_relu)(x, start, w, bias, *options)

    def others(seed, cell, gates):
        return (cases(seed, by_hand(cell), gates, gate="hard sigmoid", state="relu")
                + cases(seed + 20, by_hand(cell), gates, gate="tanh", state="sigmoid"))

    write("lstm", cases(310, lambda x, start, w, bias: torch.lstm(x, (start, start), w, bias, *options), 4)
          + others(650, lstm_cell, 4))
    write("gru", cases(330, lambda x, start, w, bias: torch.gru(x, start, w, bias, *options), 3) + others(700, gru_cell, 3))
    write("rnn", cases(350, rnn, 1, squash="tanh") + cases(370, rnn, 1, squash="relu"))


def tables():
    indices = torch.tensor([[0.0, 3, 3], [5, 1, 0]], dtype=torch.float64)
    write("embedding", [case(lambda i, w: F.embedding(i.long(), w), [indices, random(390, 6, 4)], constant=(0,), fixed=(1,))])
    write("offset", [case(torch.add, [random(391, 2, 3, 4), random(392, 3, 4)], fixed=(1,))])


def attention():
    """nn.MultiheadAttention with projections that change nothing, so that what is between them is recorded."""
    def three(q, k, v, heads, causal):
        width = q.shape[2]
        module = torch.nn.MultiheadAttention(width, heads, bias=False, batch_first=True, dtype=torch.float64)
        with torch.no_grad():
            module.in_proj_weight.copy_(torch.eye(width, dtype=torch.float64).repeat(3, 1))
            module.out_proj.weight.copy_(torch.eye(width, dtype=torch.float64))
        hidden = torch.ones(q.shape[1], k.shape[1], dtype=torch.bool).triu(1) if causal else None
        return module(q, k, v, attn_mask=hidden, average_attn_weights=False)

    def packed(x, heads, causal):
        return three(*x.chunk(3, 2), heads=heads, causal=causal)

    write("attention", [
        case(packed, [random(400, 2, 5, 18)], {"heads": 3, "causal": False}),
        case(packed, [random(401, 1, 4, 12)], {"heads": 1, "causal": True}),
        case(three, [random(402, 2, 3, 4), random(403, 2, 5, 4), random(404, 2, 5, 4)], {"heads": 2, "causal": False}),
        case(three, [random(405, 2, 4, 6), random(406, 2, 4, 6), random(407, 2, 4, 6)], {"heads": 2, "causal": True}),
        case(packed, [random(408, 2, 4, 12)], {"heads": 2, "causal": True}, through=(0, 1)),
        case(three, [random(409, 2, 3, 4), random(410, 2, 5, 4), random(411, 2, 5, 4)], {"heads": 2, "causal": False}, through=(0, 1)),
    ])


if __name__ == "__main__":
    main()
