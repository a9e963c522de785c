"""The loss of finding things in pictures: at every cell whether there is something, its box, and its class."""

import math

import tensorflow as tf

# The logarithm of the largest box, in cells.
LARGEST = math.log(62.5)


def cell_truth(things, rows, columns, classes):
    """Whether a cell is to find something, the box and class of it, and how much a cell of each picture counts.

    A thing belongs to the cell of its centre and to the two neighbours closest to it; of several the one whose centre
    a cell holds has it, of these the smallest. `things`: class (-1 where there is none), left, top, right, bottom.
    """
    kind, left, top, right, bottom = (things[:, :, i, None, None] for i in range(5))
    area = (right - left) * (bottom - top)
    is_thing = (kind >= 0) & (kind < classes) & (area > 0) & tf.math.is_finite(area)

    def along(low, high, cells, shape):
        at = (low + high) * 0.5 * cells
        own = tf.minimum(tf.floor(tf.maximum(at, 0)), cells - 1)
        neighbour = tf.where(at - own < 0.5, own - 1, own + 1)
        places = tf.reshape(tf.range(cells, dtype=things.dtype), shape)
        return tf.equal(own, places), tf.equal(neighbour, places)

    column, beside = along(left, right, columns, (1, 1, 1, columns))
    row, above = along(top, bottom, rows, (1, 1, rows, 1))
    own = row & column & is_thing
    near = ((row & beside) | (above & column)) & is_thing
    claims = tf.where(tf.reduce_any(own, 1, keepdims=True), own, near)
    held = tf.cast(tf.reduce_any(claims, 1), things.dtype)[..., None]
    area = tf.where(claims, area, tf.constant(math.inf, area.dtype))
    numbers = tf.gather(things, tf.argmin(area, 1), batch_dims=1)
    numbers = tf.where(held > 0, numbers, tf.zeros_like(numbers))
    share = 1 / tf.maximum(tf.reduce_sum(held, (1, 2, 3), keepdims=True), 1)
    return held, numbers[..., 1:], tf.cast(numbers[..., 0], tf.int32), share


def cell_boxes(place):
    """Left, top, right and bottom of the box that each cell means."""
    rows, columns = place.shape[1:3]
    across = tf.range(columns, dtype=place.dtype)
    down = tf.range(rows, dtype=place.dtype)[:, None]
    x = (across + 2 * tf.sigmoid(place[..., 0]) - 0.5) / columns
    y = (down + 2 * tf.sigmoid(place[..., 1]) - 0.5) / rows
    width = tf.exp(tf.minimum(place[..., 2], LARGEST)) / (2 * columns)
    height = tf.exp(tf.minimum(place[..., 3], LARGEST)) / (2 * rows)
    return tf.stack([x - width, y - height, x + width, y + height], -1)


def giou(boxes, truth):
    """Generalised intersection over union (Rezatofighi et al., 2019), pair by pair."""
    own, other = (boxes[..., :2], boxes[..., 2:]), (truth[..., :2], truth[..., 2:])
    shared = tf.minimum(own[1], other[1]) - tf.maximum(own[0], other[0])
    shared = tf.reduce_prod(tf.maximum(shared, 0), -1, keepdims=True)
    around = tf.maximum(own[1], other[1]) - tf.minimum(own[0], other[0])
    around = tf.maximum(tf.reduce_prod(around, -1, keepdims=True), 1e-12)
    areas = [
        tf.reduce_prod(high - low, -1, keepdims=True) for low, high in (own, other)
    ]
    union = tf.maximum(areas[0] + areas[1] - shared, 1e-12)
    return shared / union + union / around - 1


def loss(answer, things, gamma, box_weight):
    """The mean over pictures of objectness, boxes and classes; each counts over the cells that hold something."""
    rows, columns, numbers = answer.shape[1:]
    there, place, kind = answer[..., :1], answer[..., 1:5], answer[..., 5:]
    things = tf.cast(things, answer.dtype)
    held, boxes, classes, share = cell_truth(things, rows, columns, numbers - 5)
    right = there * (2 * held - 1)
    objectness = tf.sigmoid(-right) ** gamma * tf.nn.softplus(-right)
    box = (1 - giou(cell_boxes(place), boxes)) * held
    total = objectness + box_weight * box
    if numbers > 6:
        error = tf.nn.sparse_softmax_cross_entropy_with_logits(classes, kind)
        total = total + error[..., None] * held
    return tf.reduce_mean(tf.reduce_sum(total * share, (1, 2, 3)))
