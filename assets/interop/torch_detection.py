"""The loss of finding things in pictures: at every cell whether there is something, its box, and its class."""

import math

import torch
from torch.nn import functional as F

# The logarithm of the largest box, in cells.
LARGEST = math.log(62.5)


def cell_truth(things, rows, columns, classes):
    """Whether a cell is to find something, the box and class of it, and how much a cell of each picture counts.

    A thing belongs to the cell of its centre and to the two neighbours closest to it; of several the one whose centre
    a cell holds has it, of these the smallest. `things`: class (-1 where there is none), left, top, right, bottom.
    """
    kind, left, top, right, bottom = things[..., None, None].unbind(2)
    area = (right - left) * (bottom - top)
    is_thing = (kind >= 0) & (kind < classes) & (area > 0) & area.isfinite()

    def along(low, high, cells, shape):
        at = (low + high) * 0.5 * cells
        own = at.clamp(min=0).floor().clamp(max=cells - 1)
        neighbour = torch.where(at - own < 0.5, own - 1, own + 1)
        places = torch.arange(cells, device=things.device).view(shape)
        return own == places, neighbour == places

    column, beside = along(left, right, columns, (1, 1, 1, columns))
    row, above = along(top, bottom, rows, (1, 1, rows, 1))
    own = row & column & is_thing
    near = ((row & beside) | (above & column)) & is_thing
    claims = torch.where(own.any(1, keepdim=True), own, near)
    held = claims.any(1, keepdim=True)
    owner = torch.where(claims, area, math.inf).argmin(1).flatten(1)
    numbers = things.gather(1, owner[..., None].expand(-1, -1, 5))
    numbers = numbers.transpose(1, 2).reshape(len(things), 5, rows, columns)
    numbers = torch.where(held, numbers, torch.zeros_like(numbers))
    held = held.to(things.dtype)
    share = 1 / held.sum((1, 2, 3), keepdim=True).clamp(min=1)
    return held, numbers[:, 1:], numbers[:, 0].long(), share


def cell_boxes(place):
    """Left, top, right and bottom of the box that each cell means."""
    rows, columns = place.shape[2:]
    across = torch.arange(columns, device=place.device)
    down = torch.arange(rows, device=place.device)[:, None]
    x = (across + 2 * torch.sigmoid(place[:, 0]) - 0.5) / columns
    y = (down + 2 * torch.sigmoid(place[:, 1]) - 0.5) / rows
    width = place[:, 2].clamp(max=LARGEST).exp() / (2 * columns)
    height = place[:, 3].clamp(max=LARGEST).exp() / (2 * rows)
    return torch.stack([x - width, y - height, x + width, y + height], 1)


def giou(boxes, truth):
    """Generalised intersection over union (Rezatofighi et al., 2019), pair by pair."""
    low = torch.maximum(boxes[:, :2], truth[:, :2]), torch.minimum(
        boxes[:, :2], truth[:, :2]
    )
    high = torch.minimum(boxes[:, 2:], truth[:, 2:]), torch.maximum(
        boxes[:, 2:], truth[:, 2:]
    )
    shared = (high[0] - low[0]).clamp(min=0).prod(1, keepdim=True)
    around = (high[1] - low[1]).prod(1, keepdim=True).clamp(min=1e-12)
    areas = [(all[:, 2:] - all[:, :2]).prod(1, keepdim=True) for all in (boxes, truth)]
    union = (areas[0] + areas[1] - shared).clamp(min=1e-12)
    return shared / union + union / around - 1


def loss(answer, things, gamma, box_weight):
    """The mean over pictures of objectness, boxes and classes; each counts over the cells that hold something."""
    rows, columns = answer.shape[2:]
    there, place, kind = answer[:, :1], answer[:, 1:5], answer[:, 5:]
    held, boxes, classes, share = cell_truth(things, rows, columns, kind.shape[1])
    right = there * (2 * held - 1)
    objectness = torch.sigmoid(-right) ** gamma * F.softplus(-right)
    box = (1 - giou(cell_boxes(place), boxes)) * held
    total = objectness + box_weight * box
    if kind.shape[1] > 1:
        total = total + F.cross_entropy(kind, classes, reduction="none")[:, None] * held
    return (total * share).sum() / len(answer)
