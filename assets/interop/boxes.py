"""Things found in pictures, read and scored as Glassbox does."""

import numpy as np

# Less certain finds are left out; two of a class that overlap by more are one.
LEAST, SAME, MOST = 0.01, 0.5, 100
# The logarithm of the largest box, in cells.
LARGEST = 4.135166556742356


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def overlaps(box, others):
    """Shared area by the area covered together."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = np.clip(high - low, 0, None).prod(1)
    areas = [
        np.clip(all[..., 2:] - all[..., :2], 0, None).prod(-1) for all in (box, others)
    ]
    return np.where(
        shared > 0, shared / np.maximum(areas[0] + areas[1] - shared, 1e-300), 0
    )


def read(answer):
    """Scores, classes and boxes (left, top, right, bottom), most certain first. `answer`: [5 + classes, rows, columns]."""
    answer = np.asarray(answer, np.float64)
    _, rows, columns = answer.shape
    kinds = np.exp(answer[5:] - answer[5:].max(0))
    scores = (
        (sigmoid(answer[0]) * kinds.max(0) / kinds.sum(0)).astype(np.float32).ravel()
    )
    classes = answer[5:].argmax(0).ravel()
    down, across = np.mgrid[:rows, :columns]
    x = (across + 2 * sigmoid(answer[1]) - 0.5) / columns
    y = (down + 2 * sigmoid(answer[2]) - 0.5) / rows
    width = np.exp(np.minimum(answer[3], LARGEST)) / columns / 2
    height = np.exp(np.minimum(answer[4], LARGEST)) / rows / 2
    boxes = np.stack([x - width, y - height, x + width, y + height], -1).reshape(-1, 4)
    boxes, kept = boxes.astype(np.float32).astype(np.float64), []
    for at in np.argsort(-scores, kind="stable"):
        if len(kept) == MOST or not scores[at] >= LEAST:
            break
        same = [other for other in kept if classes[other] == classes[at]]
        if not same or overlaps(boxes[at], boxes[same]).max() <= SAME:
            kept.append(at)
    return scores[kept], classes[kept], boxes[kept]


def map50(answers, targets, channels_last=False):
    """Mean average precision of boxes that overlap the true ones by half, as pycocotools has it."""
    answers, targets = np.asarray(answers), np.asarray(targets, np.float64)
    if channels_last:
        answers = np.moveaxis(answers, -1, 1)
    found = [read(answer) for answer in answers]
    precisions = []
    for kind in range(answers.shape[1] - 5):
        scores, right, things = [], [], 0
        for (all_scores, classes, boxes), target in zip(found, targets):
            truth = target[target[:, 0] == kind][:, 1:]
            things, free = things + len(truth), np.ones(len(truth), bool)
            for at in np.flatnonzero(classes == kind):
                scores.append(all_scores[at])
                overlap = (
                    np.where(free, overlaps(boxes[at], truth), -1)
                    if len(truth)
                    else np.zeros(0)
                )
                best = len(overlap) - 1 - overlap[::-1].argmax() if len(overlap) else -1
                is_right = best >= 0 and overlap[best] >= 0.5 - 1e-10
                right.append(is_right)
                if is_right:
                    free[best] = False
        if things == 0:
            continue
        right = np.array(right, float)[np.argsort(-np.array(scores), kind="stable")]
        hits = right.cumsum()
        recall, precision = hits / things, hits / np.arange(1, len(hits) + 1)
        precision = np.maximum.accumulate(precision[::-1])[::-1]
        places = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
        precisions.append(
            np.append(precision, 0)[np.minimum(places, len(precision))].mean()
        )
    return float(np.mean(precisions)) if precisions else 0.0
