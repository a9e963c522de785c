"""Proves that TensorFlow computes what Glassbox computed: python verify.py

Compared with proof.safetensors, relative to each tensor's largest magnitude: the answers to validation samples and the
gradients of the first step in single precision, and ten steps of training in double precision.
"""

import sys

import numpy as np
import tensorflow as tf

import reproduce
import tensorflow_run
import train
from model import __CLASS__ as Network

LIMITS = {"forward": 1e-5, "gradients": 1e-4, "steps": 1e-8}
proof = reproduce.tensors("proof.safetensors")
names = sorted(name[len("f64/after/") :] for name in proof if name.startswith("f64/after/"))
steps = len(proof["f64/losses"])
x, y = tensorflow_run.samples("train", classes=__CLASSES__)
validation, _ = tensorflow_run.samples("validation", classes=__CLASSES__)
comparison = reproduce.Comparison()


def in_type(array, dtype):
    return tf.constant(array if array.dtype == np.int32 else array.astype(dtype))


def batches(dtype):
    """The first batches, in the order that numpy computes; compared with the rows that Glassbox used."""
    orders, epoch, at = {}, 0, 0
    for step in range(steps):
        if epoch not in orders:
            orders[epoch] = reproduce.epoch_order(train.SEED, epoch, len(x))
        rows = orders[epoch][at : at + train.BATCH_SIZE]
        at += len(rows)
        if at >= len(x):
            epoch, at = epoch + 1, 0
        if not np.array_equal(rows, proof[f"rows/{step}"]):
            sys.exit(f"Step {step + 1} uses other samples here than in Glassbox.")
        yield in_type(x[rows], dtype), in_type(y[rows], dtype)


def network_in(dtype):
    network = Network(tensorflow_run.weights(dtype=dtype))
    return network, tensorflow_run.Draws(network, train.SEED)


network, _ = network_in(np.float32)
count = len(proof["f32/answers"])
outputs = network(in_type(validation[:count], np.float32))
answers = (outputs[__ANSWER__] if isinstance(outputs, tuple) else outputs).numpy()
answers = np.moveaxis(answers, -1, 1) if answers.ndim == 4 else answers
recorded = proof["f32/answers"].reshape(answers.shape)
comparison.compare("Answers, single precision", [("answer", answers, recorded)], LIMITS["forward"])

batch = next(batches(np.float32))
_, loss, gradients = train.gradients(network, *batch)
comparison.compare("Loss, single precision", [("loss", loss, proof["f32/loss"])], LIMITS["forward"])
found = dict(zip((id(v) for v in network.trainable_variables), gradients))
recorded = {name[len("f32/grad/") :]: a for name, a in proof.items() if name.startswith("f32/grad/")}
# What the loss does not depend on has gradients that are rounding only, which Adam and others make whole steps of.
largest = max((np.abs(a).max(initial=0.0) for a in recorded.values()), default=0.0)
idle = {name for name, a in recorded.items() if np.abs(a).max(initial=0.0) < 1e-5 * largest}
if idle:
    print("Without effect on the loss, and not compared:", ", ".join(sorted(idle)))
pairs = [
    (name, found[id(getattr(network, name))], recorded[name])
    for name in sorted(recorded)
    if name not in idle
]
slopes_differ = comparison.compare("Gradients, single precision", pairs, None)

for dtype, word in ((np.float64, "double"), (np.float32, "single")):
    network, draws = network_in(dtype)
    optimizer, losses = train.make_optimizer(network), []
    for step, batch in enumerate(batches(dtype)):
        draws.step.assign(step)
        _, loss = train.train_step(network, optimizer, *batch, *train.pace(optimizer, step, dtype))
        losses.append(float(loss))
    pairs = [("loss", losses, proof["f64/losses"])]
    pairs += [
        (name, getattr(network, name).numpy(), proof[f"f64/after/{name}"])
        for name in names
        if name not in idle
    ]
    limit = LIMITS["steps"] if word == "double" else None
    worst = comparison.compare(f"{steps} steps, {word} precision", pairs, limit)
    if word == "double" and slopes_differ > LIMITS["gradients"]:
        # Rounding may put a number beside 0 on the other side of a ReLU.
        agree = worst <= limit
        print(f"Gradients: more than {LIMITS['gradients']:.0e}", end=", ")
        print("a kink: the steps in double precision agree" if agree else "DOES NOT HOLD")
        comparison.failed |= not agree

if comparison.failed:
    sys.exit("TensorFlow does not compute the same.")
print("TensorFlow computes the same.")
