"""Weights of Keras 3 without their network, an input and what comes out: tests/fixtures/state_dicts.

Run in an environment with Keras 3: python3 keras_weights.py FOLDER MODELS
MODELS has the weights that mhcnuggets ships, of a network that is rebuilt here.
"""

import json
import pathlib
import sys

import h5py
import keras
import numpy as np
from keras import layers

folder, models = (pathlib.Path(argument) for argument in sys.argv[1:])
folder.mkdir(parents=True, exist_ok=True)
keras.utils.set_random_seed(5)

picture = keras.Input((6, 5, 3))
y = layers.Conv2D(4, 3, name="conv_b", padding="same", activation="relu")(picture)
y = layers.BatchNormalization(name="norm")(y)
y = layers.DepthwiseConv2D(3, name="depth")(y)
y = layers.SeparableConv2D(5, 3, padding="same", name="apart")(y)
y = layers.PReLU(shared_axes=[1, 2], name="slopes")(y)
y = layers.Flatten()(y)
y = layers.Dense(3, name="head")(y)
pictures = keras.Model(picture, y)

text = keras.Input((6,))
x = layers.Embedding(9, 8, name="words")(text)
x = layers.MultiHeadAttention(2, 4, name="attend")(x, x)
x = layers.LayerNormalization(name="level", epsilon=1e-5)(x)
x = layers.Conv1D(4, 3, name="conv", padding="same")(x)
x = layers.Bidirectional(layers.LSTM(3, return_sequences=True), name="both")(x)
x = layers.GRU(5, name="gates")(x)
x = layers.Dense(2, name="head")(x)
sequences = keras.Model(text, x)

rng = np.random.default_rng(3)
recorded = {}
for name, model, data in [
    ("pictures", pictures, rng.normal(size=(2, 6, 5, 3)).astype("float32")),
    ("sequences", sequences, rng.integers(0, 9, size=(2, 6)).astype("float32")),
]:
    for weight in model.weights:
        value = rng.normal(size=weight.shape).astype("float32") * 0.4
        weight.assign(np.abs(value) + 0.5 if "variance" in weight.name else value)
    model.save_weights(folder / f"keras_{name}.weights.h5")
    out = model(data, training=False).numpy()
    # Glassbox has pictures as channels x rows x columns.
    given = data.transpose(0, 3, 1, 2) if data.ndim == 4 else data
    recorded[name] = {"input": given.flatten().tolist(), "output": out.flatten().tolist()}
peptide = keras.Input((9, 21))
z = layers.LSTM(64, name="lstm_1")(peptide)
z = layers.Dense(64, activation="tanh", name="dense_1")(z)
binding = keras.Model(peptide, layers.Dense(1, activation="sigmoid", name="dense_2")(z))
with h5py.File(models / "mhcnuggets_HLA-A02-01.h5") as file:
    for name in ["lstm_1", "dense_1", "dense_2"]:
        group = file[name]
        weights = [group[weight.decode()][()] for weight in group.attrs["weight_names"]]
        binding.get_layer(name).set_weights(weights)
numbers = ((np.arange(189) * 7919 % 255 - 127.0) / 128).astype("float32").reshape(1, 9, 21)
recorded["mhcnuggets"] = {"output": binding(numbers).numpy().flatten().tolist()}
(folder / "keras.json").write_text(json.dumps(recorded) + "\n")
