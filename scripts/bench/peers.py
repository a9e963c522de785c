#!/usr/bin/env python3
"""Times the reference workloads of `glassbox bench` in PyTorch, TensorFlow or Keras, one engine a call.

    python3 -m venv torch && torch/bin/pip install torch numpy
    python3 -m venv tf && tf/bin/pip install tensorflow-cpu keras numpy
    torch/bin/python scripts/bench/peers.py --engine torch --json > torch.json
    tf/bin/python scripts/bench/peers.py --engine tf --json > tf.json
    glassbox bench --against torch.json tf.json

One step is forward, loss, backward and update of one fixed random batch in memory; the median of many. Networks are those of
src/cli/bench/workloads.rs. Engines: torch (eager), torch-compile, keras (train_on_batch), tf (one tf.function).
On the CPU; with CUDA_VISIBLE_DEVICES=0 in the environment on the graphics card, where the library has one.
"""
import argparse
import json
import os
import statistics
import sys
import time

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# Batch size, learning rate, shape of a sample.
WORKLOADS = {
    "toy-2-4-2-1": (10, 0.03, (2,)),
    "mlp-2-8-8-2": (32, 0.01, (2,)),
    "mlp-784": (128, 0.001, (784,)),
    "mlp-batch-4096": (4096, 0.001, (784,)),
    "cnn-28": (64, 0.001, (1, 28, 28)),
    "conv7-32": (32, 0.001, (3, 32, 32)),
    "separable-32": (32, 0.001, (3, 32, 32)),
    "resnet-32": (32, 0.1, (3, 32, 32)),
    "lstm-t50": (32, 0.001, (50, 16)),
    "transformer-t64": (32, 0.001, (64,)),
}
NAMES = list(WORKLOADS)
BATCH, RATE, INPUT = ({name: row[i] for name, row in WORKLOADS.items()} for i in range(3))
# Channels in, filters out and stride of each depthwise and pointwise pair.
SEPARABLE = [(32, 64, 1), (64, 128, 2), (128, 128, 1)]


def batch_of(name):
    """Inputs (channels first) and targets as numpy arrays."""
    import numpy as np

    rng, rows = np.random.default_rng(0), BATCH[name]
    if name == "transformer-t64":
        return rng.integers(0, 64, (rows, 64)), rng.integers(0, 64, (rows, 64))
    x = rng.standard_normal((rows, *INPUT[name])).astype("float32")
    if name == "toy-2-4-2-1":
        return x, rng.standard_normal((rows, 1)).astype("float32")
    return x, np.arange(rows) % (2 if name == "mlp-2-8-8-2" else 10)


def torch_network(name):
    from torch import nn

    def stack(sizes, between, last=None):
        layers = []
        for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
            layers += [nn.Linear(a, b)] + ([between()] if i < len(sizes) - 2 else [])
        return nn.Sequential(*layers, *([last()] if last else []))

    def normed(i, o, kernel, stride=1, groups=1):
        conv = nn.Conv2d(i, o, kernel, stride, kernel // 2, groups=groups, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(o))

    class Block(nn.Module):
        def __init__(self, i, o, stride):
            super().__init__()
            self.main = nn.Sequential(normed(i, o, 3, stride), nn.ReLU(), normed(o, o, 3))
            self.skip = nn.Conv2d(i, o, 1, stride, bias=False) if stride > 1 else nn.Identity()
            self.relu = nn.ReLU()

        def forward(self, x):
            return self.relu(self.main(x) + self.skip(x))

    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.head = nn.LSTM(16, 64, batch_first=True), nn.Linear(64, 10)

        def forward(self, x):
            return self.head(self.lstm(x)[0][:, -1])

    def transformer():
        layer = nn.TransformerEncoderLayer(64, 4, 256, 0.0, "gelu", batch_first=True, norm_first=True)
        encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        return nn.Sequential(nn.Embedding(64, 64), encoder, nn.Linear(64, 64))

    if name == "cnn-28":
        conv = lambda i, o: [nn.Conv2d(i, o, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        return nn.Sequential(*conv(1, 32), *conv(32, 64), nn.Flatten(), stack([3136, 128, 10], nn.ReLU))
    if name == "conv7-32":
        pictures = [nn.Conv2d(3, 32, 7, padding=3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 7, padding=3), nn.ReLU()]
        return nn.Sequential(*pictures, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    if name == "separable-32":
        layers = [normed(3, 32, 3), nn.ReLU()]
        for i, o, stride in SEPARABLE:
            layers += [normed(i, i, 3, stride, i), nn.ReLU(), normed(i, o, 1), nn.ReLU()]
        return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))
    if name == "resnet-32":
        blocks = [Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2)]
        head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)]
        return nn.Sequential(normed(3, 16, 3), nn.ReLU(), *blocks, *head)
    return {
        "toy-2-4-2-1": lambda: stack([2, 4, 2, 1], nn.Tanh, nn.Tanh),
        "mlp-2-8-8-2": lambda: stack([2, 8, 8, 2], nn.Tanh),
        "mlp-784": lambda: stack([784, 512, 256, 10], nn.ReLU),
        "mlp-batch-4096": lambda: stack([784, 256, 256, 10], nn.ReLU),
        "lstm-t50": Recurrent,
        "transformer-t64": transformer,
    }[name]()


def torch_step(name, compiled):
    import torch
    import torch.nn.functional as F

    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    net = torch_network(name).to(device)
    rate, parameters = RATE[name], list(net.parameters())
    if name in ("toy-2-4-2-1", "resnet-32"):
        optimiser = torch.optim.SGD(parameters, lr=rate, momentum=0.9 if name == "resnet-32" else 0.0)
    else:
        optimiser = torch.optim.Adam(parameters, lr=rate)
    x, y = (torch.from_numpy(part).to(device) for part in batch_of(name))
    loss_of = F.mse_loss if name == "toy-2-4-2-1" else F.cross_entropy
    run = torch.compile(net) if compiled else net

    def step():
        optimiser.zero_grad()
        out = run(x)
        loss = loss_of(out.transpose(1, 2) if out.dim() == 3 else out, y)
        loss.backward()
        optimiser.step()
        return loss.item()

    return step


def keras_network(name):
    import keras
    from keras import layers as L

    shape = INPUT[name]
    start = x = L.Input(shape[1:] + shape[:1] if len(shape) == 3 else shape)
    dense = lambda x, widths, activation: [x := L.Dense(w, activation)(x) for w in widths][-1]

    def normed(x, filters, kernel, stride=1):
        return L.BatchNormalization()(L.Conv2D(filters, kernel, stride, padding="same", use_bias=False)(x))

    if name == "toy-2-4-2-1":
        x = dense(x, [4, 2, 1], "tanh")
    elif name == "mlp-2-8-8-2":
        x = L.Dense(2)(dense(x, [8, 8], "tanh"))
    elif name == "mlp-784":
        x = L.Dense(10)(dense(x, [512, 256], "relu"))
    elif name == "mlp-batch-4096":
        x = L.Dense(10)(dense(x, [256, 256], "relu"))
    elif name == "cnn-28":
        for filters in (32, 64):
            x = L.MaxPool2D()(L.Conv2D(filters, 3, padding="same", activation="relu")(x))
        x = L.Dense(10)(L.Dense(128, "relu")(L.Flatten()(x)))
    elif name == "conv7-32":
        x = L.MaxPool2D()(L.Conv2D(32, 7, padding="same", activation="relu")(x))
        x = L.Conv2D(64, 7, padding="same", activation="relu")(x)
        x = L.Dense(10)(L.GlobalAveragePooling2D()(x))
    elif name == "separable-32":
        x = L.ReLU()(normed(x, 32, 3))
        for _, filters, stride in SEPARABLE:
            x = L.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(x)
            x = L.ReLU()(L.BatchNormalization()(x))
            x = L.ReLU()(normed(x, filters, 1))
        x = L.Dense(10)(L.GlobalAveragePooling2D()(x))
    elif name == "resnet-32":
        x = L.ReLU()(normed(x, 16, 3))
        for filters, stride in ((16, 1), (32, 2), (64, 2)):
            main = normed(L.ReLU()(normed(x, filters, 3, stride)), filters, 3)
            skip = L.Conv2D(filters, 1, stride, use_bias=False)(x) if stride > 1 else x
            x = L.ReLU()(L.Add()([main, skip]))
        x = L.Dense(10)(L.GlobalAveragePooling2D()(x))
    elif name == "lstm-t50":
        x = L.Dense(10)(L.LSTM(64)(x))
    else:
        x = L.Embedding(64, 64)(x)
        for _ in range(2):
            normal = L.LayerNormalization()(x)
            x = L.Add()([x, L.MultiHeadAttention(4, 16)(normal, normal)])
            x = L.Add()([x, L.Dense(64)(L.Dense(256, "gelu")(L.LayerNormalization()(x)))])
        x = L.Dense(64)(L.LayerNormalization()(x))
    return keras.Model(start, x)


def keras_step(name, as_function):
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    net, rate = keras_network(name), RATE[name]
    if name in ("toy-2-4-2-1", "resnet-32"):
        optimiser = keras.optimizers.SGD(rate, momentum=0.9 if name == "resnet-32" else 0.0)
    else:
        optimiser = keras.optimizers.Adam(rate)
    loss = keras.losses.MeanSquaredError() if name == "toy-2-4-2-1" else None
    loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    x, y = batch_of(name)
    if x.ndim == 4:
        x = x.transpose(0, 2, 3, 1).copy()
    if not as_function:
        net.compile(optimizer=optimiser, loss=loss)
        return lambda: net.train_on_batch(x, y)
    optimiser.build(net.trainable_variables)
    x, y = tf.constant(x), tf.constant(y)

    @tf.function
    def once():
        with tf.GradientTape() as tape:
            value = loss(y, net(x, training=True))
        optimiser.apply(tape.gradient(value, net.trainable_variables), net.trainable_variables)
        return value

    return lambda: once().numpy()


def median_ms(step, seconds):
    """After a warm-up of a fifth of the time, and at least five steps."""
    begin = time.perf_counter()
    for _ in range(5):
        step()
    while time.perf_counter() - begin < seconds / 5:
        step()
    times, begin = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        step()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def need(*packages):
    """Ends with what to install, where a package is missing."""
    for package in packages:
        try:
            __import__(package)
        except ImportError as missing:
            wheel = {"tensorflow": "tensorflow-cpu"}.get(package, package)
            sys.exit(f"{sys.executable} has no {package} ({missing}). Install it there: {sys.executable} -m pip install {wheel}")


def positive(text):
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError("a number above 0 is needed")
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", required=True, choices=["torch", "torch-compile", "keras", "tf"])
    parser.add_argument("--only", choices=NAMES)
    parser.add_argument("--seconds", type=positive, default=2.0, help="how long to measure each workload")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    torch_engine = options.engine.startswith("torch")
    need("numpy", *(["torch"] if torch_engine else ["tensorflow", "keras"]))
    make = torch_step if torch_engine else keras_step
    second = options.engine in ("torch-compile", "tf")
    medians = {}
    for name in NAMES if options.only is None else [options.only]:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        medians[name] = round(median_ms(make(name, second), options.seconds), 5)
    library = __import__("torch" if torch_engine else "tensorflow")
    if options.json:
        print(json.dumps({"engine": options.engine, "version": library.__version__, "ms_per_step": medians}))
    else:
        for name, ms in medians.items():
            print(f"{options.engine:14} {name:16} {ms:9.3f} ms/step")


if __name__ == "__main__":
    main()
