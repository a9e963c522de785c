"""Which cell finds which thing, and what is compared there."""

import torch
import torch.nn.functional as F

from record import case, random, write


def main():
    write("cell_truth", [
        case(cell_truth, [things(1, 3, 6)], {"rows": 4, "columns": 5, "classes": 3}, constant=(0,)),
        case(cell_truth, [things(2, 2, 20)], {"rows": 3, "columns": 3, "classes": 2}, constant=(0,)),
        case(cell_truth, [things(3, 1, 1)], {"rows": 1, "columns": 1, "classes": 1}, constant=(0,)),
    ])
    write("cell_boxes", [case(cell_boxes, [random(4, 2, 4, 3, 5) * 2]), case(cell_boxes, [random(5, 1, 4, 1, 1) * 6])])
    grids = [cell_truth(things(seed, 2, 6), 4, 5, 3) for seed in (6, 7)]
    write("giou", [
        case(giou, [cell_boxes(random(8 + i, 2, 4, 4, 5)).detach(), boxes, held, share], constant=(1, 2, 3))
        for i, (held, boxes, classes, share) in enumerate(grids)
    ])
    write("objectness", [
        case(objectness, [random(10 + i, 2, 1, 4, 5) * 2, held, share], {"gamma": gamma}, constant=(1, 2))
        for i, (gamma, (held, boxes, classes, share)) in enumerate(zip((2.0, 0.5), grids))
    ])
    write("cell_class", [
        case(cell_class, [random(12 + i, 2, 3, 4, 5) * 2, classes, held, share], constant=(1, 2, 3))
        for i, (held, boxes, classes, share) in enumerate(grids)
    ])


def things(seed, pictures, most):
    """Class, left, top, right, bottom; some are none."""
    centres = torch.sigmoid(random(seed, pictures, most, 2) * 1.5)
    sizes = torch.sigmoid(random(seed + 100, pictures, most, 2)) * 0.6 + 0.02
    classes = (random(seed + 200, pictures, most, 1) * 2).round().clamp(-1, 2)
    numbers = torch.cat([classes, centres - sizes / 2, centres + sizes / 2], 2)
    return torch.round(numbers * 1024) / 1024


def cell_truth(y, rows, columns, classes):
    """As YOLOv5 assigns: the centre's cell and the closest neighbour along each axis; where a centre lies is computed in the
    type of the numbers."""
    held = torch.zeros(len(y), 1, rows, columns, dtype=torch.float64)
    boxes, kinds = torch.zeros(len(y), 4, rows, columns, dtype=torch.float64), torch.zeros_like(held)
    for b, of_picture in enumerate(y.detach()):
        claims = {}
        for kind, left, top, right, bottom in (thing.unbind() for thing in of_picture):
            area = ((right - left) * (bottom - top)).item()
            if kind < 0 or kind >= classes or area <= 0:
                continue
            x, y_ = ((left + right) / 2 * columns).item(), ((top + bottom) / 2 * rows).item()
            column, row = min(max(int(x), 0), columns - 1), min(max(int(y_), 0), rows - 1)
            beside = column - 1 if x - column < 0.5 else column + 1
            above = row - 1 if y_ - row < 0.5 else row + 1
            for cell, is_neighbour in (((row, column), 0), ((row, beside), 1), ((above, column), 1)):
                claims.setdefault(cell, []).append((is_neighbour, area, (kind, left, top, right, bottom)))
        for (row, column), some in claims.items():
            if 0 <= row < rows and 0 <= column < columns:
                kind, *edges = min(some, key=lambda claim: claim[:2])[2]
                held[b, 0, row, column], kinds[b, 0, row, column] = 1, kind
                boxes[b, :, row, column] = torch.tensor(edges, dtype=torch.float64)
    share = 1 / held.sum((1, 2, 3), keepdim=True).clamp(min=1)
    return held, boxes, kinds, share


def cell_boxes(x):
    rows, columns = x.shape[2:]
    down, across = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    centre_x = (across + 2 * torch.sigmoid(x[:, 0]) - 0.5) / columns
    centre_y = (down + 2 * torch.sigmoid(x[:, 1]) - 0.5) / rows
    largest = torch.log(torch.tensor(62.5, dtype=torch.float64))
    width = torch.exp(torch.minimum(x[:, 2], largest)) / columns
    height = torch.exp(torch.minimum(x[:, 3], largest)) / rows
    return torch.stack([centre_x - width / 2, centre_y - height / 2, centre_x + width / 2, centre_y + height / 2], 1)


def giou(x, t, held, share):
    """As torchvision's generalized_box_iou, of pairs."""
    shared = (torch.minimum(x[:, 2:], t[:, 2:]) - torch.maximum(x[:, :2], t[:, :2])).clamp(min=0).prod(1, keepdim=True)
    around = (torch.maximum(x[:, 2:], t[:, 2:]) - torch.minimum(x[:, :2], t[:, :2])).prod(1, keepdim=True)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(1, keepdim=True) for boxes in (x, t)]
    united = areas[0] + areas[1] - shared
    found = (shared / united - (around - united) / around) * held
    return ((held - found) * share).sum() / len(x), found


def objectness(x, held, share, gamma):
    """As torchvision's sigmoid_focal_loss without alpha."""
    error = F.binary_cross_entropy_with_logits(x, held, reduction="none")
    p = torch.sigmoid(x)
    right = p * held + (1 - p) * (1 - held)
    return ((1 - right) ** gamma * error * share).sum() / len(x)


def cell_class(x, classes, held, share):
    error = F.cross_entropy(x, classes.squeeze(1).long(), reduction="none").unsqueeze(1)
    return (error * held * share).sum() / len(x), F.log_softmax(x, 1)


if __name__ == "__main__":
    main()
