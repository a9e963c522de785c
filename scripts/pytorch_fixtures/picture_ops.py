"""Convolution, pooling and normalisation."""

import torch
import torch.nn.functional as F

from record import case, random, write


def conv2d(x, w, b=None, *, kernel, stride, before, after, dilation, groups):
    # F.pad counts from the last axis.
    x = F.pad(x, (before[1], after[1], before[0], after[0]))
    return F.conv2d(x, w, b, stride=stride, dilation=dilation, groups=groups)


def conv_case(seed, batch, channels, size, filters, kernel, stride=(1, 1), before=(0, 0), after=(0, 0), bias=True,
              dilation=(1, 1), groups=1):
    inputs = [random(seed, batch, channels, *size), random(seed + 1, filters, channels // groups, *kernel)]
    if bias:
        inputs.append(random(seed + 2, filters))
    params = {"kernel": kernel, "stride": stride, "before": before, "after": after, "dilation": dilation,
              "groups": groups}
    return case(conv2d, inputs, params, fixed=(1, 2))


def transposed(seed, batch, channels, size, filters, kernel, stride=(1, 1), padding=(0, 0), output_padding=(0, 0)):
    inputs = [random(seed, batch, channels, *size), random(seed + 1, channels, filters, *kernel), random(seed + 2, filters)]
    params = {"x": size, "kernel": kernel, "stride": stride, "padding": padding, "output_padding": output_padding}

    def function(x, w, b, /, **_):
        return F.conv_transpose2d(x, w, b, stride=stride, padding=padding, output_padding=output_padding)

    return case(function, inputs, params, fixed=(1, 2))


def group_norm(x, weight, bias, groups, epsilon):
    rows = x.reshape(x.shape[0], groups, -1)
    y = F.group_norm(x, groups, weight, bias, eps=epsilon)
    return y, rows.mean(2), rows.var(2, unbiased=False)


def max_pool2d(x, kernel, stride):
    y, argmax = F.max_pool2d(x, kernel, stride, return_indices=True)
    return y, argmax.to(torch.float64)


def batch_norm(x, weight, bias, epsilon):
    axes = [0] + list(range(2, x.dim()))
    y = F.batch_norm(x, None, None, weight, bias, training=True, eps=epsilon)
    return y, x.mean(axes), x.var(axes, unbiased=False)


def batch_norm_predict(x, weight, bias, mean, var, epsilon):
    return F.batch_norm(x, mean, var, weight, bias, training=False, eps=epsilon)


def layer_norm(x, weight, bias, epsilon):
    axes = list(range(1, x.dim()))
    y = F.layer_norm(x, x.shape[1:], weight, bias, eps=epsilon)
    return y, x.mean(axes), x.var(axes, unbiased=False)


def rms_norm(x, weight, epsilon):
    """By its definition, which PyTorch has as nn.RMSNorm since 2.4."""
    axes = list(range(x.dim() - weight.dim(), x.dim()))
    square = x.square().mean(axes)
    root = (square + epsilon).sqrt().reshape(*square.shape, *[1] * len(axes))
    return x / root * weight, square


def running_case(seed, dims, momentum):
    """Not differentiable: what nn.BatchNorm's buffers become after one batch."""
    x = random(seed, *dims)
    axes = [0] + list(range(2, len(dims)))
    mean, var = random(seed + 1, dims[1]), random(seed + 2, dims[1]).abs()
    new_mean, new_var = mean.clone(), var.clone()
    F.batch_norm(x, new_mean, new_var, training=True, momentum=momentum)
    inputs = [mean, var, x.mean(axes), x.var(axes, unbiased=False), x]
    return {
        "params": {"momentum": momentum},
        "inputs": [{"dims": list(t.shape), "data": t.flatten().tolist(), "batched": i == 4} for i, t in enumerate(inputs)],
        "outputs": [{"dims": list(t.shape), "data": t.tolist()} for t in (new_mean, new_var)],
        "cotangents": [None, None],
        "grads": [None] * 5,
    }


def padded_pool(seed, dims, kernel, stride, pad, ceil, counted=None):
    """With zeros around and the remainder kept: what this makes of the windows is told by how many there are."""
    function = F.max_pool2d if counted is None else F.avg_pool2d
    more = {} if counted is None else {"count_include_pad": counted}
    rows = function(random(seed, *dims), kernel, stride, pad, ceil_mode=ceil, **more).shape[2:]
    after = [(n - 1) * stride + kernel - size - pad for n, size in zip(rows, dims[2:])]
    params = {"kernel": kernel, "stride": stride, "before": [pad, pad], "after": [max(n, 0) for n in after]}
    if counted:
        params["counted"] = [pad, pad]

    def run(x, **_):
        if counted is None:
            y, argmax = F.max_pool2d(x, kernel, stride, pad, ceil_mode=ceil, return_indices=True)
            return y, argmax.to(torch.float64)
        return F.avg_pool2d(x, kernel, stride, pad, ceil, counted)

    return case(run, [random(seed, *dims)], params)


def pooling():
    pools = [((2, 3, 4, 6), 2, 2), ((1, 2, 5, 7), 2, 2), ((2, 2, 7, 5), 3, 2), ((1, 1, 6, 4), 3, 1), ((1, 1, 7, 8), 2, 3)]
    # Equal numbers: PyTorch takes the first in reading order.
    ties = torch.tensor([[[[1.0, 1, 0], [1, 1, 2], [0, 2, 2], [2, 2, 2]]]], dtype=torch.float64)
    padded = [((2, 2, 5, 6), 3, 2, 1, False), ((1, 2, 6, 5), 3, 2, 1, True), ((1, 1, 5, 7), 2, 2, 0, True),
              ((1, 1, 4, 5), 4, 3, 2, True), ((1, 1, 3, 3), 4, 2, 0, True)]
    cases = {
        name: [
            case(
                lambda x, kernel, stride, function=function: function(x, kernel, stride),
                [random(20 + i, *dims)],
                {"kernel": kernel, "stride": stride},
            )
            for i, (dims, kernel, stride) in enumerate(pools)
        ]
        for name, function in [("max_pool2d", max_pool2d), ("avg_pool2d", F.avg_pool2d)]
    }
    cases["max_pool2d"] += [case(max_pool2d, [ties], {"kernel": 2, "stride": 1})]
    cases["max_pool2d"] += [padded_pool(600 + i, *settings) for i, settings in enumerate(padded)]
    for counted in (True, False):
        cases["avg_pool2d"] += [padded_pool(610 + i, *settings, counted) for i, settings in enumerate(padded)]
    for parts in [(2, 3), (1, 1), (5, 5), (7, 4)]:
        adaptive = lambda x, parts: F.adaptive_avg_pool2d(x, parts)
        cases["avg_pool2d"].append(case(adaptive, [random(620, 2, 2, 5, 7)], {"parts": parts}))
    for name, all_of_it in cases.items():
        write(name, all_of_it)


def main():
    write("conv2d", [
        conv_case(1, 1, 1, (1, 1), 1, (1, 1)),
        conv_case(4, 2, 3, (6, 5), 4, (3, 3), before=(1, 1), after=(1, 1)),
        conv_case(7, 2, 2, (8, 6), 3, (3, 2), stride=(2, 3), before=(0, 1), after=(1, 0), bias=False),
        conv_case(10, 1, 2, (5, 9), 2, (4, 4), stride=(2, 1), before=(1, 1), after=(2, 2)),
        conv_case(13, 3, 4, (3, 4), 5, (1, 1)),
        conv_case(16, 2, 1, (7, 7), 2, (2, 2), stride=(3, 3)),
        conv_case(81, 2, 2, (9, 8), 3, (3, 2), stride=(2, 1), before=(1, 2), after=(2, 0), dilation=(2, 3)),
        conv_case(84, 2, 4, (6, 5), 6, (3, 3), before=(1, 1), after=(1, 1), groups=2),
        conv_case(87, 2, 3, (7, 6), 6, (3, 2), stride=(2, 1), before=(1, 0), after=(1, 1), groups=3, dilation=(1, 2)),
        conv_case(90, 1, 5, (4, 9), 5, (2, 3), groups=5, bias=False),
    ])
    write("conv_transpose2d", [
        transposed(100, 2, 3, (4, 3), 2, (2, 2), stride=(2, 2)),
        transposed(103, 1, 2, (3, 5), 4, (3, 2), stride=(2, 3), padding=(1, 0), output_padding=(1, 2)),
        transposed(106, 2, 1, (5, 4), 1, (4, 3), stride=(1, 2), padding=(2, 1), output_padding=(0, 1)),
        transposed(109, 1, 1, (1, 1), 1, (1, 1)),
        transposed(112, 2, 2, (2, 2), 3, (1, 1), stride=(3, 2), output_padding=(2, 1)),
    ])
    for name, mode in [("upsample_nearest", "nearest"), ("upsample_bilinear", "bilinear")]:
        corners = {} if mode == "nearest" else {"align_corners": False}
        write(name, [
            case(
                lambda x, factor, mode=mode, corners=corners: F.interpolate(x, scale_factor=factor, mode=mode, **corners),
                [random(120 + i, *dims)],
                {"factor": factor},
            )
            for i, (dims, factor) in enumerate([((2, 3, 4, 5), 2), ((1, 2, 1, 7), 3), ((2, 1, 3, 2), 1), ((1, 1, 5, 3), 4)])
        ])
    write("group_norm", [
        case(
            group_norm,
            [random(130 + i, *dims), random(131 + i, dims[1]), random(132 + i, dims[1])],
            {"groups": groups, "epsilon": 1e-5},
            fixed=(1, 2),
        )
        for i, (dims, groups) in enumerate([((2, 4, 3, 5), 2), ((3, 6, 2, 2), 6), ((2, 6, 3, 1), 1), ((4, 6), 2)])
    ])
    pooling()
    write("rms_norm", [
        case(rms_norm, [random(630 + i, *dims), random(640 + i, *weight)], {"epsilon": epsilon}, fixed=(1,))
        for i, (dims, weight, epsilon) in enumerate([
            ((3, 5), (5,), 1e-6), ((2, 4, 3), (3,), 1e-3), ((2, 2, 3, 4), (2, 3, 4), 1e-6)])
    ])
    write("global_avg_pool", [case(lambda x: x.mean((2, 3)), [random(30, 2, 3, 4, 5)])])
    shapes = [(5, 3), (2, 3, 4, 5), (4, 2, 1, 3)]
    write("batch_norm", [
        case(batch_norm, [random(40 + i, *dims), random(41 + i, dims[1]), random(42 + i, dims[1])], {"epsilon": 1e-5}, fixed=(1, 2))
        for i, dims in enumerate(shapes)
    ])
    write("batch_norm_predict", [
        case(
            batch_norm_predict,
            [random(50 + i, *dims)] + [random(51 + i + j, dims[1]) for j in range(3)] + [random(57 + i, dims[1]).abs()],
            {"epsilon": 1e-3},
            constant=(3, 4),
            fixed=(1, 2, 3, 4),
        )
        for i, dims in enumerate(shapes)
    ])
    write("running_statistics", [running_case(60 + i, dims, 0.1 + 0.2 * i) for i, dims in enumerate(shapes)])
    write("layer_norm", [
        case(layer_norm, [random(70 + i, *dims), random(71 + i, *dims[1:]), random(72 + i, *dims[1:])], {"epsilon": 1e-5}, fixed=(1, 2))
        for i, dims in enumerate([(4, 7), (2, 3, 4, 5), (3, 2)])
    ])


if __name__ == "__main__":
    main()
