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
PRECISION = "__PRECISION__"
LIMITS = {"forward": 1e-5, "gradients": 1e-4, "steps": __STEPS__}
samples = data.load("train")
augmentation = getattr(train, "AUGMENTATION", None)
validation, *_ = train.arranged(*data.load("validation"))
comparison = compare.Comparison("Keras")


def model_in(dtype, seed=None):
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    model = build_model()
    model.load_weights("model.keras")
    precision = PRECISION if dtype == "float64" else dtype
    weights = model.get_weights()
    model.set_weights([compare.shaken(one, seed, precision) for one in weights])
    draws = keras_run.Draws(model, train.SEED, getattr(train, "DRAWS", {}))
    train.compile_model(model)
    return model, draws


def typed(part, dtype, seed=None):
    def typed(array):
        array = array if array.dtype == np.int32 else array.astype(dtype)
        return compare.shaken(array, seed)

    return keras.tree.map_structure(typed, part)


def batches(dtype, seed=None):
    for epoch, rows in compare.rows(train.SEED, len(samples[0]), train.BATCH_SIZE):
        some = [part[rows] for part in samples]
        if augmentation:
            some = augmentation.batch(*some, rows, epoch, True, dtype=dtype)
        x, *truths = train.arranged(*some)
        yield typed(x, dtype, seed), *(typed(part, dtype) for part in truths)


def first(outputs):
    return outputs[__ANSWER__] if isinstance(outputs, (list, tuple)) else outputs


def weight(model, name):
    layer, place = name.rsplit(".", 1)
    return model.get_layer(layer).weights[int(place)]


def first_gradients(seed=None):
    model, _ = model_in("float32", seed)
    x, y, *w = next(batches("float32", seed))
    with tf.GradientTape() as tape:
        outputs = model(x, training=True)
        total = model.compute_loss(x, y, outputs, *w)
    loss = float(total) - float(sum(model.losses))
    variables = [v.value for v in model.trainable_variables]
    zero = tf.UnconnectedGradients.ZERO
    found = tape.gradient(total, variables, unconnected_gradients=zero)
    found = [tf.convert_to_tensor(slope) for slope in found]
    found = {v.path: slope for v, slope in zip(model.trainable_variables, found)}
    return loss, [(name, found[weight(model, name).path]) for name in slopes]


def train_in(dtype, seed=None):
    """The weights after all steps."""
    model, draws = model_in(dtype, seed)
    for step, (x, *truths) in enumerate(batches(dtype, seed)):
        draws.at(step)
        train.pace(model.optimizer, step)
        model.train_on_batch(x, *truths)
    number = keras.ops.convert_to_numpy
    return [(name, number(weight(model, name))) for name in kept]


keras.config.set_floatx("float32")
keras.config.set_dtype_policy("float32")
opened = keras.models.load_model("model.keras")
some = keras.tree.map_structure(lambda a: a[: len(proof["f32/answers"])], validation)
some = typed(some, "float32")
for what, model in (("file", opened), ("code", model_in("float32")[0])):
    answers = keras.ops.convert_to_numpy(first(model(some, training=False)))
    answers = np.moveaxis(answers, -1, 1) if answers.ndim == 4 else answers
    pairs = [("answer", answers, proof["f32/answers"].reshape(answers.shape))]
    what = f"Answers of the {what}, single precision"
    comparison.compare(what, pairs, LIMITS["forward"])

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

after = [proof[f"f64/after/{name}"] for name in kept]
for dtype, word in (("float64", "double"), ("float32", "single")):
    comparison.compare(
        f"{compare.steps} steps, {word} precision",
        [(n, ours, right) for (n, ours), right in zip(train_in(dtype), after)],
        LIMITS["steps"] if word == "double" else None,
        again=lambda seed: train_in("float64", seed),
    )
keras.config.set_floatx("float32")
keras.config.set_dtype_policy("float32")
comparison.end()
