"""Axes, windows along a sequence, recurrent layers, embedding and attention."""

import torch
import torch.nn.functional as F

from record import case, random, write


def main():
    axes()


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
    write("mean_over", [case(lambda x, axis: x.mean(axis), [x], {"axis": axis}) for axis in (1, 2)])
    ties = torch.tensor([[[1.0, 2.0], [3.0, 2.0], [3.0, 0.0]]], dtype=torch.float64)
    largest = lambda x, axis: tuple(x.max(axis))
    write("max_over", [case(largest, [x], {"axis": axis}) for axis in (1, 2)] + [case(largest, [ties], {"axis": 1})])

    def windows(x, kernel, stride, before, after):
        padded = F.pad(x, (0, 0, before, after))
        return padded.unfold(1, kernel, stride).flatten(2)

    write("windows", [
        case(windows, [random(304, 2, 7, 3)], {"kernel": 3, "stride": 1, "before": 1, "after": 1}),
        case(windows, [random(305, 1, 9, 2)], {"kernel": 4, "stride": 3, "before": 0, "after": 2}),
    ])


if __name__ == "__main__":
    main()
