"""What pycocotools says of found boxes: tests/fixtures/average_precision.json.

Run in an environment with pycocotools: python3 average_precision.py
A case is {"classes", "pictures": [{"things": [[class, left, top, right, bottom]], "found": [[class, score, left, top,
right, bottom]]}], "map", "map50", "of_classes": [null or {"ap", "ap50", "precision", "scores"}], "shown_from",
"matches"}: `matches` has for each found box of each picture the thing that it is, -1 for none, null for a score below
`shown_from`. Coordinates and scores are exact in 32 bits.
"""

import contextlib
import io
import json
import random
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

FIXTURE = Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "average_precision.json"


def picture(chance, classes, most, steps, score_steps):
    """Things on a coarse grid, so that overlaps tie; found boxes near them, twice, elsewhere and of other classes."""

    def place(low, high):
        from_, to = sorted(chance.sample(range(low, high + 1), 2))
        return from_ / steps, to / steps

    def extent():
        (left, right), (top, bottom) = place(0, steps), place(0, steps)
        return [left, top, right, bottom]

    things = [[chance.choice(classes), *extent()] for _ in range(chance.randint(0, most))]
    found = []
    for thing in things:
        for _ in range(chance.choice([0, 1, 1, 2, 3])):
            box = [value + chance.choice([-1, 0, 0, 0, 1]) / steps for value in thing[1:]]
            if box[2] > box[0] and box[3] > box[1]:
                kind = thing[0] if chance.random() < 0.8 else chance.choice(classes)
                found.append([kind, chance.randint(1, score_steps) / score_steps, *box])
    for _ in range(chance.randint(0, 4)):
        found.append([chance.choice(classes), chance.randint(1, score_steps) / score_steps, *extent()])
    chance.shuffle(found)
    return {"things": things, "found": found}


def evaluated(classes, pictures):
    def box(extent):
        left, top, right, bottom = extent
        return [left, top, right - left, bottom - top]

    truth, results, number = [], [], 0
    for image, content in enumerate(pictures, 1):
        for kind, *extent in content["things"]:
            shape = box(extent)
            number += 1
            area = shape[2] * shape[3]
            truth.append(
                {"id": number, "image_id": image, "category_id": kind, "bbox": shape, "area": area, "iscrowd": 0}
            )
        for kind, score, *extent in content["found"]:
            results.append({"image_id": image, "category_id": kind, "bbox": box(extent), "score": score})
    coco = COCO()
    coco.dataset = {
        "images": [{"id": image} for image in range(1, len(pictures) + 1)],
        "annotations": truth,
        "categories": [{"id": kind, "name": str(kind)} for kind in range(classes)],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation


def matches(classes, pictures, shown_from):
    shown = [
        {**content, "found": [found for found in content["found"] if found[1] >= shown_from]} for content in pictures
    ]
    evaluation = evaluated(classes, shown)
    of = {}
    for entry in evaluation.evalImgs:
        if entry is not None and entry["aRng"] == [0, 1e10]:
            for detection, match in zip(entry["dtIds"], entry["dtMatches"][0]):
                of[detection] = int(match)
    all_matches, first, detection = [], 1, 0
    for content in pictures:
        row = []
        for found in content["found"]:
            if found[1] < shown_from:
                row.append(None)
                continue
            detection += 1
            match = of.get(detection, 0)
            row.append(match - first if match > 0 else -1)
        first += len(content["things"])
        all_matches.append(row)
    return all_matches


def case(seed, classes, without_truth, count, most, steps, score_steps, shown_from):
    chance = random.Random(seed)
    pictures = [picture(chance, range(classes), most, steps, score_steps) for _ in range(count)]
    for content in pictures:
        content["things"] = [thing for thing in content["things"] if thing[0] not in without_truth]
    return recorded(classes, pictures, shown_from)


def crowded():
    """More than 100 of a class in one picture: the least certain do not count."""
    chance = random.Random(6)
    pictures = [picture(chance, range(2), 4, 8, 8) for _ in range(3)]
    things, found = pictures[0]["things"], pictures[0]["found"]
    things.append([0, 0.25, 0.25, 0.5, 0.5])
    found += [[0, i % 32 / 32 + 1 / 64, 0.25, 0.25, 0.5, 0.5] for i in range(130)]
    found += [[0, 1 / 128, *thing[1:]] for thing in things]
    return recorded(2, pictures, 0.5)


def recorded(classes, pictures, shown_from):
    evaluation = evaluated(classes, pictures)
    precision, scores = evaluation.eval["precision"], evaluation.eval["scores"]
    of_classes = []
    for kind in range(classes):
        values = precision[:, :, kind, 0, -1]
        if (values < 0).all():
            of_classes.append(None)
            continue
        of_classes.append(
            {
                "ap": float(np.mean(values)),
                "ap50": float(np.mean(values[0])),
                "precision": values[0].tolist(),
                "scores": scores[0, :, kind, 0, -1].tolist(),
            }
        )
    return {
        "classes": classes,
        "pictures": pictures,
        "map": evaluation.stats[0],
        "map50": evaluation.stats[1],
        "of_classes": of_classes,
        "shown_from": shown_from,
        "matches": matches(classes, pictures, shown_from),
    }


cases = [
    case(1, 3, [], 12, 12, 16, 8, 0.5),
    case(2, 4, [1], 10, 6, 8, 4, 0.25),
    case(3, 2, [], 8, 12, 1024, 1024, 0.5),
    case(4, 1, [], 6, 3, 8, 2, 0.75),
    case(5, 5, [0, 4], 15, 9, 8, 64, 0.125),
    crowded(),
]
FIXTURE.write_text(json.dumps({"cases": cases}, separators=(",", ":")) + "\n")
