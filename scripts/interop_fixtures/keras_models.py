#!/usr/bin/env python3
"""Models of Keras with what they answer, for src/interop/keras/read.

    keras_models.py fixtures                 writes tests/fixtures/keras (small models, .keras and .h5)
    keras_models.py random FOLDER SEED N     writes N random models with what they answer
    keras_models.py applications FOLDER      writes networks of keras.applications with random weights
    keras_models.py record MODEL OUT.json    what a model that exists answers to sines

Needs keras 3 with any backend.
"""

import json
import os
import pathlib
import random
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np
import keras
from keras import layers as L

APPLICATIONS = ["ResNet50", "ResNet50V2", "MobileNet", "MobileNetV2", "MobileNetV3Small", "EfficientNetB0"]
APPLICATIONS += ["DenseNet121", "Xception", "NASNetMobile", "InceptionV3", "ConvNeXtTiny"]

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent.parent / "tests" / "fixtures" / "keras"


def numbers(shape, rng, whole=None):
    size = (2, *shape)
    if whole:
        return rng.integers(0, whole, size=size).astype("float32")
    return rng.normal(size=size).astype("float32")


def shaken(model, rng):
    """Weights, statistics included, that are not what they start as."""
    for weight in model.weights:
        value = np.asarray(weight)
        if value.dtype.kind != "f":
            continue
        drawn = rng.normal(scale=0.4, size=value.shape).astype("float32")
        if "variance" in weight.path:
            drawn = np.abs(drawn) + 0.5
        if "gamma" in weight.path or "alpha" in weight.path:
            drawn = drawn + 1.0
        weight.assign(drawn)


def answer(model, path, rng, whole=None):
    inputs = [numbers([d or 32 for d in i.shape[1:]], rng, whole) for i in model.inputs]
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    record = {
        "model": path.name,
        "inputs": [{"dims": list(i.shape), "data": i.ravel().tolist()} for i in inputs],
        "outputs": [{"dims": list(o.shape), "data": np.asarray(o, "float32").ravel().tolist()} for o in outputs],
    }
    path.with_name(path.name + ".json").write_text(json.dumps(record))


def write(folder, name, model, seed, endings=(".keras",), whole=None):
    rng = np.random.default_rng(seed)
    shaken(model, rng)
    for ending in endings:
        path = folder / (name + ending)
        model.save(path)
        answer(model, path, np.random.default_rng(seed + 1), whole)


def chain(shape, *layers):
    return keras.Sequential([keras.Input(shape), *layers])


def pictures():
    i = keras.Input((9, 8, 3))
    x = L.Rescaling(1 / 3.0, offset=-0.5)(i)
    x = L.Conv2D(4, 3, padding="same", strides=2, activation="relu")(x)
    x = L.BatchNormalization()(x)
    y = L.SeparableConv2D(4, 3, padding="same", depth_multiplier=2, use_bias=False)(x)
    y = L.LayerNormalization()(y)
    y = L.DepthwiseConv2D(3, padding="same", activation="relu6")(y)
    x = L.Add()([x, y])
    x = L.Concatenate()([x, L.Conv2D(2, 1, activation="leaky_relu")(x)])
    x = L.UpSampling2D(2, interpolation="bilinear")(x)
    x = L.Conv2DTranspose(3, 3, strides=2, padding="same", activation="elu")(x)
    x = L.MaxPooling2D(3, 2, padding="same")(x)
    x = L.AveragePooling2D(2, padding="same")(x)
    x = L.Flatten()(x)
    x = L.Dense(6, activation="hard_sigmoid")(x)
    return keras.Model(i, L.Dense(3, activation="softmax")(x))


def squeeze():
    """A gate on channels, axes moved about."""
    i = keras.Input((6, 6, 4))
    s = L.GlobalAveragePooling2D(keepdims=True)(i)
    s = L.Dense(4, activation="sigmoid")(s)
    x = L.Multiply()([i, s])
    x = L.Permute((2, 3, 1))(x)
    x = L.Reshape((12, 12))(x)
    x = L.PReLU(shared_axes=[1])(x)
    x = L.BatchNormalization()(x)
    x = L.Reshape((6, 3, 8))(x)
    x = L.PReLU(shared_axes=[1, 2])(x)
    x = L.GroupNormalization(4)(x)
    x = L.Cropping2D(((1, 0), (0, 1)))(x)
    x = L.ZeroPadding2D((1, 2))(x)
    a, b = L.GlobalMaxPooling2D()(x), L.Flatten()(x)
    return keras.Model(i, L.Concatenate()([a, b]))


def sequences():
    i = keras.Input((10, 5))
    x = L.Bidirectional(L.LSTM(4, return_sequences=True))(i)
    x = L.Dropout(0.3)(x)
    x = L.GRU(6, return_sequences=True)(x)
    x = L.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True)
    x = L.LayerNormalization()(x)
    x = L.TimeDistributed(L.Dense(5, activation="tanh"))(x)
    x = L.SeparableConv1D(6, 3, padding="same", depth_multiplier=2)(x)
    x = L.Conv1D(4, 2, dilation_rate=2, activation="silu")(x)
    x = L.MaxPooling1D(2, padding="same")(x)
    x = L.Concatenate(axis=1)([x, L.AveragePooling1D(2, padding="same")(x)])
    x = L.SimpleRNN(4, return_sequences=True)(x)
    a = L.GlobalMaxPooling1D()(x)
    b = L.RepeatVector(3)(a)
    return keras.Model(i, L.Bidirectional(L.GRU(2))(b))


def nested():
    inner = keras.Sequential([keras.Input((7, 4)), L.Conv1D(4, 3, padding="same"), L.BatchNormalization(), L.ReLU(max_value=2.0, negative_slope=0.1, threshold=0.2)], name="inner")
    i = keras.Input((7, 4))
    x = inner(i) / 2.5 - 1.0
    shared = L.Dense(4, name="shared")
    x = L.Subtract()([shared(x), shared(L.Activation("gelu")(x))])
    x = L.Flatten()(x)
    return keras.Model(i, L.Dense(2, activation=L.LeakyReLU(negative_slope=0.1))(x))


def words():
    i = keras.Input((12,))
    x = L.Embedding(20, 6)(i)
    x = L.LSTM(5)(x)
    return keras.Model(i, L.Dense(3)(x))


def several():
    a, b, c = keras.Input((6, 5), name="left"), keras.Input((4,), name="middle"), keras.Input((4, 4, 2), name="right")
    x = L.Flatten()(L.Conv1D(3, 2)(a))
    z = L.Flatten()(L.Conv2D(2, 3)(c))
    return keras.Model([a, b, c], L.Dense(3)(L.Concatenate()([x, L.Dense(4, activation="relu")(b), z])))


@keras.saving.register_keras_serializable("elsewhere")
class Wave(L.Layer):
    """What Glassbox has no layer for."""

    def call(self, x):
        return keras.ops.sin(x) * x


def fixtures():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    both = (".keras", ".h5")
    write(FIXTURES, "pictures", pictures(), 1, both)
    write(FIXTURES, "squeeze", squeeze(), 2)
    write(FIXTURES, "sequences", sequences(), 3, both)
    write(FIXTURES, "nested", nested(), 4, both)
    write(FIXTURES, "words", words(), 5, whole=20)
    write(FIXTURES, "several", several(), 6)
    foreign = chain((5,), L.Dense(4, activation="tanh"), Wave(), L.Dense(2))
    write(FIXTURES, "foreign", foreign, 7)


FUNCTIONS = ["linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus", "tanh", "sigmoid",
             "hard_sigmoid", "hard_silu", "mish", "exponential", "softsign", "log_sigmoid", "hard_tanh", "celu",
             "tanh_shrink", "squareplus", "soft_shrink", "hard_shrink", "softmax", "log_softmax"]


def random_layer(chance, shape):
    """A layer that takes such a shape, or none."""
    function = lambda: chance.choice(FUNCTIONS)
    side = lambda: (chance.randint(1, 4), chance.randint(1, 4))
    anywhere = [
        lambda: L.Activation(function()),
        lambda: L.ReLU(max_value=chance.choice([None, 1.5]), negative_slope=chance.choice([0, 0.2]), threshold=chance.choice([0, 0.3])),
        lambda: L.LeakyReLU(negative_slope=chance.choice([0.05, 0.4])),
        lambda: L.ELU(alpha=chance.choice([1.0, 0.5])),
        lambda: L.Softmax(),
        lambda: L.Dropout(0.2),
        lambda: L.GaussianNoise(0.1),
        lambda: L.BatchNormalization(scale=chance.random() < 0.7, center=chance.random() < 0.7, momentum=0.9),
        lambda: L.LayerNormalization(scale=chance.random() < 0.7, center=chance.random() < 0.7),
        lambda: L.RMSNormalization(),
        lambda: L.Rescaling(chance.choice([0.5, -2.0]), chance.choice([0.0, -0.1])),
        lambda: L.Dense(chance.randint(2, 6), activation=function(), use_bias=chance.random() < 0.7),
        lambda: L.Flatten(),
        lambda: L.PReLU(shared_axes=chance.choice([None, list(range(1, len(shape)))]) or None),
        lambda: L.Normalization(mean=[0.1] * shape[-1], variance=[2.0] * shape[-1]) if chance.random() < 0.5 else L.Normalization(axis=None, mean=0.2, variance=3.0),
    ]
    own = {
        1: [
            lambda: L.RepeatVector(chance.randint(1, 4)),
            lambda: L.Reshape((1, 1, shape[0])),
            lambda: L.Reshape((shape[0], 1)),
        ],
        2: [
            lambda: L.Conv1D(chance.randint(2, 5), chance.randint(1, 3), padding=chance.choice(["same", "valid", "causal"]), activation=function(), strides=chance.randint(1, 2)),
            lambda: L.Conv1D(3, 2, padding="same", dilation_rate=2),
            lambda: L.SeparableConv1D(3, 2, padding="same", depth_multiplier=2, activation=function()),
            lambda: L.MaxPooling1D(2, padding=chance.choice(["same", "valid"])),
            lambda: L.AveragePooling1D(3, 2, padding="same"),
            lambda: L.GlobalAveragePooling1D(keepdims=chance.random() < 0.5),
            lambda: L.GlobalMaxPooling1D(),
            lambda: L.LSTM(3, return_sequences=chance.random() < 0.5, activation=chance.choice(["tanh", "relu"]), recurrent_activation=chance.choice(["sigmoid", "hard_sigmoid"])),
            lambda: L.GRU(3, return_sequences=chance.random() < 0.5, use_bias=chance.random() < 0.7),
            lambda: L.SimpleRNN(3, return_sequences=chance.random() < 0.5),
            lambda: L.Bidirectional(chance.choice([L.LSTM, L.GRU, L.SimpleRNN])(2, return_sequences=chance.random() < 0.5)),
            lambda: L.TimeDistributed(L.Dense(3, activation=function())),
            lambda: L.ZeroPadding1D((1, 2)),
            lambda: L.Cropping1D((1, 0)),
            lambda: L.Permute((2, 1)),
            lambda: L.SpatialDropout1D(0.2),
            lambda: L.GroupNormalization(1),
            lambda: L.Reshape((-1,)),
        ],
        3: [
            lambda: L.Conv2D(chance.randint(2, 5), side(), padding=chance.choice(["same", "valid"]), activation=function(), strides=chance.randint(1, 2)),
            lambda: L.DepthwiseConv2D(side(), padding=chance.choice(["same", "valid"]), dilation_rate=chance.randint(1, 2)),
            lambda: L.Conv2D(chance.randint(2, 5), chance.randint(1, 3), padding=chance.choice(["same", "valid"]), activation=function(), strides=chance.randint(1, 2), use_bias=chance.random() < 0.7),
            lambda: L.Conv2D(4, 2, padding="same", dilation_rate=2),
            lambda: L.DepthwiseConv2D(chance.randint(1, 3), padding="same", depth_multiplier=chance.randint(1, 2), activation=function()),
            lambda: L.SeparableConv2D(3, chance.randint(1, 3), padding="same", strides=chance.randint(1, 2)),
            lambda: L.Conv2DTranspose(3, chance.randint(1, 4), strides=chance.randint(1, 3), padding=chance.choice(["same", "valid"]), activation=function()),
            lambda: L.MaxPooling2D(2, padding=chance.choice(["same", "valid"])),
            lambda: L.AveragePooling2D(3, 2, padding="same"),
            lambda: L.GlobalAveragePooling2D(keepdims=chance.random() < 0.5),
            lambda: L.GlobalMaxPooling2D(keepdims=chance.random() < 0.5),
            lambda: L.ZeroPadding2D(((1, 0), (2, 1))),
            lambda: L.Cropping2D(((0, 1), (1, 0))),
            lambda: L.UpSampling2D(2, interpolation=chance.choice(["nearest", "bilinear"])),
            lambda: L.Permute(chance.choice([(2, 1, 3), (3, 1, 2), (1, 3, 2)])),
            lambda: L.SpatialDropout2D(0.2),
            lambda: L.GroupNormalization(shape[-1]),
            lambda: L.LayerNormalization(axis=[1, 2, 3]),
            lambda: L.Reshape((shape[0] * shape[1], shape[2])),
            lambda: L.Reshape((-1,)),
        ],
    }
    return chance.choice(anywhere if chance.random() < 0.35 else own[len(shape)])()


def random_model(chance):
    shape = chance.choice([(7,), (9, 4), (8, 7, 3), (6, 6, 1)])
    x = i = keras.Input(shape)
    for _ in range(chance.randint(2, 7)):
        before = x
        for _ in range(20):
            try:
                candidate = random_layer(chance, tuple(x.shape[1:]))(x)
            except Exception:
                continue
            dims = candidate.shape[1:]
            if all(dims) and int(np.prod(dims)) <= 3000:
                x = candidate
                break
        if x.shape == before.shape and x is not before and chance.random() < 0.4:
            x = chance.choice([L.Add, L.Multiply, L.Average, L.Maximum, L.Minimum, L.Subtract])()([x, before])
        elif len(x.shape) == len(before.shape) and x is not before and chance.random() < 0.3:
            for axis in chance.sample(range(1, len(x.shape)), len(x.shape) - 1):
                try:
                    x = L.Concatenate(axis=axis)([x, before])
                    break
                except Exception:
                    continue
    return keras.Model(i, x)


def random_models(folder, seed, count):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        chance = random.Random(seed * 100000 + number)
        keras.utils.set_random_seed(seed * 1000 + number)
        model = random_model(chance)
        write(folder, f"random_{number}", model, seed * 1000 + number, (chance.choice([".keras", ".keras", ".h5"]),))
        keras.backend.clear_session()


def applications(folder):
    folder = pathlib.Path(folder)
    sides = {"Xception": 96, "InceptionV3": 96}
    for name in APPLICATIONS:
        keras.utils.set_random_seed(1)
        side = sides.get(name, 64)
        model = getattr(keras.applications, name)(weights=None, input_shape=(side, side, 3), classes=10)
        rng = np.random.default_rng(2)
        for weight in model.weights:
            if "moving_variance" in weight.path:
                weight.assign(rng.uniform(0.5, 1.5, weight.shape))
            elif "moving_mean" in weight.path:
                weight.assign(rng.normal(scale=0.1, size=weight.shape))
        path = folder / f"{name}.keras"
        model.save(path)
        record(path, folder / f"{name}.keras.json")
        keras.backend.clear_session()


def record(source, target):
    """The inputs are sines, so that they needn't be kept."""
    model = keras.models.load_model(source, compile=False)
    inputs = []
    for number, entry in enumerate(model.inputs):
        shape = (2, *[d or 32 for d in entry.shape[1:]])
        inputs.append(np.sin(0.37 * np.arange(np.prod(shape)) + number).astype("float32").reshape(shape))
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    sines = [{"dims": list(i.shape), "data": []} for i in inputs]
    text = [{"dims": list(o.shape), "data": np.asarray(o, "float32").ravel().tolist()} for o in outputs]
    record = {"model": pathlib.Path(source).name, "inputs": sines, "outputs": text}
    pathlib.Path(target).write_text(json.dumps(record))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["fixtures"]:
            fixtures()
        case ["random", folder, seed, count]:
            random_models(folder, int(seed), int(count))
        case ["applications", folder]:
            applications(folder)
        case ["record", source, target]:
            record(source, target)
        case _:
            sys.exit(__doc__)
