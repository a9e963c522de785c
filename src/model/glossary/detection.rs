//! Things in pictures.

use super::{Term, term};

pub(super) const TERMS: &[Term] = &[
    term(
        "Bounding box",
        &["box", "boxes", "rectangle"],
        "",
        "The smallest upright rectangle around a thing in a picture.",
    ),
    term(
        "Box weight",
        &["box loss"],
        "",
        "How much the place and size of boxes count in the loss, beside whether something is there and what it is.",
    ),
    term(
        "Detection",
        &["object detection", "detector", "detection loss", "find things"],
        "L = objectness + box weight · (1 − GIoU) + class",
        "Finding things in a picture: where each one is (a box) and what it is. The network answers for every cell of a \
            grid: is there something, where are its edges, which class is it. The loss adds up what is wrong with each.",
    ),
    term(
        "GIoU",
        &["generalised intersection over union", "generalized intersection over union"],
        "IoU − (C − union) / C",
        "IoU that also tells how far apart boxes are that don't touch: the empty part of the smallest box around both (C) \
            is subtracted. From −1 to 1.",
    ),
    term(
        "IoU",
        &["intersection over union", "overlap", "Jaccard index"],
        "shared area / area covered together",
        "How well two boxes agree: 1 where they are the same, 0 where they don't touch.",
    ),
    term(
        "Mean average precision",
        &["mAP", "map50", "mAP@0.5", "AP@0.5"],
        "",
        "How well things are found, in one number from 0 to 1: the average precision of each class, and the mean over the \
            classes. mAP@0.5 counts a box as right if it overlaps the true one by half; plain mAP averages over stricter \
            and stricter overlaps, as the COCO challenge does.",
    ),
    term(
        "Non-maximum suppression",
        &["NMS", "suppression"],
        "",
        "Neighbouring cells often find the same thing. Of finds of one class that overlap by more than half, only the most \
            certain is kept.",
    ),
    term(
        "Objectness",
        &["confidence of a box"],
        "σ(x)",
        "How sure the network is that there is something at a cell, whatever it is.",
    ),
];
