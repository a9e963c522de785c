"""The loss of finding things in pictures: at every cell whether there is something, its box, and its class."""

import math

from keras import ops

# The logarithm of the largest box, in cells.
LARGEST = math.log(62.5)


def cell_truth(things, rows, columns, classes):
    """Whether a cell is to find something, the box and class of it, and how much a cell of each picture counts.

    A thing belongs to the cell of its centre and to the two neighbours closest to it; of several the one whose centre
    a cell holds has it, of these the smallest. `things`: class (-1 where there is none), left, top, right, bottom.
    """
    kind, left, top, right, bottom = (things[:, :, i, None, None] for i in range(5))
    area = (right - left) * (bottom - top)
    is_thing = (kind >= 0) & (kind < classes) & (area > 0) & ops.isfinite(area)

    def along(low, high, cells, shape):
        at = (low + high) * 0.5 * cells
        own = ops.minimum(ops.floor(ops.maximum(at, 0)), cells - 1)
        neighbour = ops.where(at - own < 0.5, own - 1, own + 1)
        places = ops.reshape(ops.arange(cells, dtype=things.dtype), shape)
        return ops.equal(own, places), ops.equal(neighbour, places)

    column, beside = along(left, right, columns, (1, 1, 1, columns))
    row, above = along(top, bottom, rows, (1, 1, rows, 1))
    own = row & column & is_thing
    near = ((row & beside) | (above & column)) & is_thing
    claims = ops.where(ops.any(own, 1, keepdims=True), own, near)
    held = ops.cast(ops.any(claims, 1), things.dtype)[..., None]
    area = ops.where(claims, area, ops.full_like(area, math.inf))
    owner = ops.reshape(ops.argmin(area, 1), (-1, rows * columns, 1))
    numbers = ops.take_along_axis(things, ops.repeat(owner, 5, 2), 1)
    numbers = ops.reshape(numbers, (-1, rows, columns, 5))
    numbers = ops.where(held > 0, numbers, ops.zeros_like(numbers))
    share = 1 / ops.maximum(ops.sum(held, (1, 2, 3), keepdims=True), 1)
    return held, numbers[..., 1:], ops.cast(numbers[..., 0], "int32"), share


def cell_boxes(place):
    """Left, top, right and bottom of the box that each cell means."""
    rows, columns = place.shape[1:3]
    across = ops.arange(columns, dtype=place.dtype)
    down = ops.arange(rows, dtype=place.dtype)[:, None]
    x = (across + 2 * ops.sigmoid(place[..., 0]) - 0.5) / columns
    y = (down + 2 * ops.sigmoid(place[..., 1]) - 0.5) / rows
    width = ops.exp(ops.minimum(place[..., 2], LARGEST)) / (2 * columns)
    height = ops.exp(ops.minimum(place[..., 3], LARGEST)) / (2 * rows)
    return ops.stack([x - width, y - height, x + width, y + height], -1)


def giou(boxes, truth):
    """Generalised intersection over union (Rezatofighi et al., 2019), pair by pair."""
    own, other = (boxes[..., :2], boxes[..., 2:]), (truth[..., :2], truth[..., 2:])
    shared = ops.minimum(own[1], other[1]) - ops.maximum(own[0], other[0])
    shared = ops.prod(ops.maximum(shared, 0), -1, keepdims=True)
    around = ops.maximum(own[1], other[1]) - ops.minimum(own[0], other[0])
    around = ops.maximum(ops.prod(around, -1, keepdims=True), 1e-12)
    areas = [ops.prod(high - low, -1, keepdims=True) for low, high in (own, other)]
    union = ops.maximum(areas[0] + areas[1] - shared, 1e-12)
    return shared / union + union / around - 1


def loss(answer, things, gamma, box_weight):
    """Of each picture objectness, boxes and classes; each counts over the cells that hold something."""
    rows, columns, numbers = answer.shape[1:]
    there, place, kind = answer[..., :1], answer[..., 1:5], answer[..., 5:]
    things = ops.cast(things, answer.dtype)
    held, boxes, classes, share = cell_truth(things, rows, columns, numbers - 5)
    right = there * (2 * held - 1)
    objectness = ops.sigmoid(-right) ** gamma * ops.softplus(-right)
    box = (1 - giou(cell_boxes(place), boxes)) * held
    total = objectness + box_weight * box
    if numbers > 6:
        truth = ops.one_hot(classes, numbers - 5, dtype=answer.dtype)
        error = -ops.sum(truth * ops.log_softmax(kind), -1, keepdims=True)
        total = total + error * held
    return ops.sum(total * share, (1, 2, 3))
