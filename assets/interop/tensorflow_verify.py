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
x, y = data.load("train")
validation, _ = data.load("validation")
strategy = tf.distribute.get_strategy()
comparison = compare.Comparison()


def in_type(array, dtype):
    return tf.constant(array if array.dtype == np.int32 else array.astype(dtype))


def batches(dtype):
    for rows in compare.rows(train.SEED, len(x), train.BATCH_SIZE):
        yield in_type(x[rows], dtype), in_type(y[rows], dtype)


def network_in(dtype):
    network = Network(tensorflow_run.weights(dtype=dtype))
    return network, tensorflow_run.Draws(train.SEED, network)


def first(outputs):
    return outputs[__ANSWER__] if isinstance(outputs, tuple) else outputs


network, _ = network_in(np.float32)
some = tf.constant(validation[: len(proof["f32/answers"])])
answers = first(network(some)).numpy()
answers = np.moveaxis(answers, -1, 1) if answers.ndim == 4 else answers
pairs = [("answer", answers, proof["f32/answers"].reshape(answers.shape))]
comparison.compare("Answers, single precision", pairs, LIMITS["forward"])

_, loss, gradients = train.gradients(network, *next(batches(np.float32)))
pairs = [("loss", loss, proof["f32/loss"])]
comparison.compare("Loss, single precision", pairs, LIMITS["forward"])
found = dict(zip((id(v) for v in network.trainable_variables), gradients))
recorded, idle = compare.gradients()
pairs = [
    (name, found[id(getattr(network, name))], recorded[name])
    for name in sorted(recorded.keys() - idle)
]
slopes_differ = comparison.compare("Gradients, single precision", pairs, None)

for dtype, word in ((np.float64, "double"), (np.float32, "single")):
    network, draws = network_in(dtype)
    optimizer, losses = train.make_optimizer(network), []
    for step, batch in enumerate(batches(dtype)):
        draws.step.assign(step)
        rate = train.pace(optimizer, step, dtype)
        loss, *_ = train.train_step(strategy, network, optimizer, *batch, rate)
        losses.append(float(loss))
    pairs = [("loss", losses, proof["f64/losses"])]
    pairs += [
        (name, getattr(network, name).numpy(), proof[f"f64/after/{name}"])
        for name in compare.names
        if name not in idle
    ]
    limit = LIMITS["steps"] if word == "double" else None
    what = f"{compare.steps} steps, {word} precision"
    worst = comparison.compare(what, pairs, limit)
    if word == "double":
        comparison.kink(slopes_differ, LIMITS["gradients"], worst <= limit)
comparison.end("TensorFlow")
