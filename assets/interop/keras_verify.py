"""Proves that Keras computes what Glassbox computed: python verify.py

Compared with proof.safetensors, relative to each tensor's largest magnitude: the answers to validation samples and the
gradients of the first step in single precision, and ten steps of training in double precision. On TensorFlow.
"""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf

import compare
import data
import keras_run
import train
from compare import proof
from model import build_model

# __WHY__
LIMITS = {"forward": 1e-5, "gradients": 1e-4, "steps": __STEPS__}
samples = data.load("train")
inputs, targets = train.arranged(*samples)
validation, _ = train.arranged(*data.load("validation"))
comparison = compare.Comparison()


def model_in(dtype):
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    model = build_model()
    model.load_weights("model.keras")
    draws = keras_run.Draws(model, train.SEED, getattr(train, "DRAWS", {}))
    train.compile_model(model)
    return model, draws


def picked(part, rows, dtype):
    def pick(array):
        return array[rows] if array.dtype == np.int32 else array[rows].astype(dtype)

    return keras.tree.map_structure(pick, part)


def batches(dtype):
    for rows in compare.rows(train.SEED, len(samples[0]), train.BATCH_SIZE):
        yield picked(inputs, rows, dtype), picked(targets, rows, dtype)


def first(outputs):
    return outputs[__ANSWER__] if isinstance(outputs, (list, tuple)) else outputs


def weight(model, name):
    layer, place = name.rsplit(".", 1)
    return model.get_layer(layer).weights[int(place)]


keras.config.set_floatx("float32")
keras.config.set_dtype_policy("float32")
opened = keras.models.load_model("model.keras")
some = picked(validation, slice(len(proof["f32/answers"])), "float32")
for what, model in (("file", opened), ("code", model_in("float32")[0])):
    answers = keras.ops.convert_to_numpy(first(model(some, training=False)))
    answers = np.moveaxis(answers, -1, 1) if answers.ndim == 4 else answers
    pairs = [("answer", answers, proof["f32/answers"].reshape(answers.shape))]
    what = f"Answers of the {what}, single precision"
    comparison.compare(what, pairs, LIMITS["forward"])

model, _ = model_in("float32")
x, y = next(batches("float32"))
with tf.GradientTape() as tape:
    outputs = model(x, training=True)
    total = model.compute_loss(x, y, outputs)
loss = float(total) - float(sum(model.losses))
pairs = [("loss", loss, proof["f32/loss"])]
comparison.compare("Loss, single precision", pairs, LIMITS["forward"])
variables = [v.value for v in model.trainable_variables]
zero = tf.UnconnectedGradients.ZERO
slopes = tape.gradient(total, variables, unconnected_gradients=zero)
slopes = [tf.convert_to_tensor(slope) for slope in slopes]
found = {v.path: slope for v, slope in zip(model.trainable_variables, slopes)}
recorded, idle = compare.gradients()
pairs = [
    (name, found[weight(model, name).path], recorded[name])
    for name in sorted(recorded.keys() - idle)
]
slopes_differ = comparison.compare("Gradients, single precision", pairs, None)

for dtype, word in (("float64", "double"), ("float32", "single")):
    model, draws = model_in(dtype)
    for step, (x, y) in enumerate(batches(dtype)):
        draws.at(step)
        train.pace(model.optimizer, step)
        model.train_on_batch(x, y)
    pairs = [
        (
            name,
            keras.ops.convert_to_numpy(weight(model, name)),
            proof[f"f64/after/{name}"],
        )
        for name in compare.names
        if name not in idle
    ]
    limit = LIMITS["steps"] if word == "double" else None
    what = f"{compare.steps} steps, {word} precision"
    worst = comparison.compare(what, pairs, limit)
    if word == "double":
        comparison.kink(slopes_differ, LIMITS["gradients"], worst <= limit)
keras.config.set_floatx("float32")
keras.config.set_dtype_policy("float32")
comparison.end("Keras")
