"""Proves that TensorFlow computes what Glassbox computed: python verify.py

Compared with proof.safetensors, relative to each tensor's largest magnitude: the answers to validation samples and the
gradients of the first step in single precision, and ten steps of training in double precision.
"""

import numpy as np
import tensorflow as tf

import compare
import data
import tensorflow_run
import train
from compare import proof
from model import __CLASS__ as Network

LIMITS = {"forward": 1e-5, "gradients": 1e-4, "steps": 1e-8}
x, y, *weights = data.load("train")
validation, *_ = data.load("validation")
augmentation = getattr(train, "AUGMENTATION", None)
strategy = tf.distribute.get_strategy()
comparison = compare.Comparison("TensorFlow")


def in_type(array, dtype, seed=None):
    typed = array if array.dtype == np.int32 else array.astype(dtype)
    return tf.constant(compare.shaken(typed, seed))


def batches(dtype, seed=None):
    for epoch, rows in compare.rows(train.SEED, len(x), train.BATCH_SIZE):
        some = [part[rows] for part in (x, y, *weights)]
        if augmentation:
            some = augmentation.batch(*some, rows, epoch, True, dtype=dtype)
        mixed, *others = some
        yield in_type(mixed, dtype, seed), *(in_type(part, dtype) for part in others)


def network_in(dtype, seed=None):
    weights = tensorflow_run.weights(dtype=dtype)
    weights = {name: compare.shaken(array, seed) for name, array in weights.items()}
    network = Network(weights)
    return network, tensorflow_run.Draws(train.SEED, network)


def first(outputs):
    return outputs[__ANSWER__] if isinstance(outputs, tuple) else outputs


def first_gradients(seed=None):
    network, _ = network_in(np.float32, seed)
    _, loss, gradients = train.gradients(network, *next(batches(np.float32, seed)))
    found = dict(zip((id(v) for v in network.trainable_variables), gradients))
    return loss, [(name, found[id(getattr(network, name))]) for name in slopes]


def train_in(dtype, seed=None):
    """The loss of each step, and the weights after all."""
    network, draws = network_in(dtype, seed)
    optimizer, losses = train.make_optimizer(network), []
    for step, batch in enumerate(batches(dtype, seed)):
        draws.step.assign(step)
        rate = train.pace(optimizer, step, dtype)
        loss, *_ = train.train_step(strategy, network, optimizer, *batch, rate)
        losses.append(float(loss))
    return [("loss", losses)] + [(n, getattr(network, n).numpy()) for n in kept]


network, _ = network_in(np.float32)
some = tf.constant(validation[: len(proof["f32/answers"])])
answers = first(network(some)).numpy()
answers = np.moveaxis(answers, -1, 1) if answers.ndim == 4 else answers
pairs = [("answer", answers, proof["f32/answers"].reshape(answers.shape))]
comparison.compare("Answers, single precision", pairs, LIMITS["forward"])

recorded, idle = compare.gradients()
kept = [name for name in compare.names if name not in idle]
slopes = sorted(recorded.keys() - idle)
loss, found = first_gradients()
pairs = [("loss", loss, proof["f32/loss"])]
comparison.compare("Loss, single precision", pairs, LIMITS["forward"])
comparison.compare(
    "Gradients, single precision",
    [(name, ours, recorded[name]) for name, ours in found],
    LIMITS["gradients"],
    again=lambda seed: first_gradients(seed)[1],
)

after = [proof["f64/losses"]] + [proof[f"f64/after/{name}"] for name in kept]
for dtype, word in ((np.float64, "double"), (np.float32, "single")):
    comparison.compare(
        f"{compare.steps} steps, {word} precision",
        [(n, ours, right) for (n, ours), right in zip(train_in(dtype), after)],
        LIMITS["steps"] if word == "double" else None,
        again=lambda seed: train_in(np.float64, seed),
    )
comparison.end()
