"""Proves that Keras computes what Glassbox computed: python verify.py

Compared with proof.safetensors, relative to each tensor's largest magnitude: the answers to validation samples and the
gradients of the first step in single precision, and ten steps of training in double precision. On TensorFlow.
"""

import os
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf

import keras_run
import reproduce
import train
from model import build_model

# __WHY__
LIMITS = {"forward": 1e-5, "gradients": 1e-4, "steps": __STEPS__}
proof = reproduce.tensors("proof.safetensors")
names = sorted(name[len("f64/after/") :] for name in proof if name.startswith("f64/after/"))
steps = len(proof["f64/losses"])
data = keras_run.samples("train", classes=__CLASSES__)
validation, _ = keras_run.samples("validation", classes=__CLASSES__)
comparison = reproduce.Comparison()


def model_in(dtype):
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    model = build_model()
    model.load_weights("model.keras")
    draws = keras_run.Draws(model, train.SEED, getattr(train, "DRAWS", {}))
    train.compile_model(model)
    return model, draws


def batches(dtype):
    """The first batches, in the order that numpy computes; compared with the rows that Glassbox used."""
    order, place = keras_run.Batches(data, lambda x, y: y, train.BATCH_SIZE, train.SEED), 0
    for step in range(steps):
        rows = order.rows[place * train.BATCH_SIZE :][: train.BATCH_SIZE]
        if not np.array_equal(rows, proof[f"rows/{step}"]):
            sys.exit(f"Step {step + 1} uses other samples here than in Glassbox.")
        place += 1
        if place == len(order):
            order.set_epoch(order.epoch + 1)
            place = 0
        x, y = (part[rows] for part in data)
        x, y = x.astype(dtype), y if y.dtype == np.int32 else y.astype(dtype)
        yield x, train.compared(x, y)


def first(outputs):
    return outputs[__ANSWER__] if isinstance(outputs, (list, tuple)) else outputs


def weight(model, name):
    layer, place = name.rsplit(".", 1)
    return model.get_layer(layer).weights[int(place)]


keras.config.set_floatx("float32")
keras.config.set_dtype_policy("float32")
opened = keras.models.load_model("model.keras")
count = len(proof["f32/answers"])
for what, model in (("file", opened), ("code", model_in("float32")[0])):
    answers = keras.ops.convert_to_numpy(first(model(validation[:count], training=False)))
    answers = np.moveaxis(answers, -1, 1) if answers.ndim == 4 else answers
    recorded = proof["f32/answers"].reshape(answers.shape)
    pairs = [("answer", answers, recorded)]
    comparison.compare(f"Answers of the {what}, single precision", pairs, LIMITS["forward"])

model, _ = model_in("float32")
x, y = next(batches("float32"))
with tf.GradientTape() as tape:
    outputs = model(x, training=True)
    total = model.compute_loss(x, y, outputs)
penalties = float(sum(model.losses)) if model.losses else 0.0
pairs = [("loss", float(total) - penalties, proof["f32/loss"])]
comparison.compare("Loss, single precision", pairs, LIMITS["forward"])
variables = [v.value for v in model.trainable_variables]
slopes = tape.gradient(total, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
found = {v.path: tf.convert_to_tensor(g) for v, g in zip(model.trainable_variables, slopes)}
recorded = {name[len("f32/grad/") :]: a for name, a in proof.items() if name.startswith("f32/grad/")}
# What the loss does not depend on has gradients that are rounding only, which Adam and others make whole steps of.
largest = max((np.abs(a).max(initial=0.0) for a in recorded.values()), default=0.0)
idle = {name for name, a in recorded.items() if np.abs(a).max(initial=0.0) < 1e-5 * largest}
if idle:
    print("Without effect on the loss, and not compared:", ", ".join(sorted(idle)))
pairs = [
    (name, found[weight(model, name).path], recorded[name])
    for name in sorted(recorded)
    if name not in idle
]
slopes_differ = comparison.compare("Gradients, single precision", pairs, None)

for dtype, word in (("float64", "double"), ("float32", "single")):
    model, draws = model_in(dtype)
    for step, (x, y) in enumerate(batches(dtype)):
        draws.at(step)
        train.pace(model.optimizer, step)
        model.train_on_batch(x, y)
    pairs = [
        (name, keras.ops.convert_to_numpy(weight(model, name)), proof[f"f64/after/{name}"])
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
keras.config.set_floatx("float32")
keras.config.set_dtype_policy("float32")

if comparison.failed:
    sys.exit("Keras does not compute the same.")
print("Keras computes the same.")
